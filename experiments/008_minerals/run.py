"""Which one model should answer the minerals questions? Candidates against the best naive model, on the scored groups.

    python experiments/008_minerals/run.py [--parts FOLDER] [--models NAME,NAME]

Answers to each group by each model are kept in FOLDER (default `runs/008_minerals`) and taken up where they stopped;
results.csv is made from all of them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import forecast as fc
from forecast.core.scores import questions_answered_by
from forecast.jobs.load import load, read_archive
from forecast.jobs.plan import make_plan
from forecast.study.evaluate.common_sample import common_sample, drop_infinite

HERE = Path(__file__).parent
GROUPS = 3  # those that the config ranks; the others are descriptions
BLOCK, REPLICATES = 6, 2000
MEAN = {"use": "combine", "members": ["mean12", "ets", "theta", "structural"]}
THIN = {"use": "combine", "members": ["mean12", "ets", "theta", "structural", "hurdle", "tsb"]}
MODELS = {
    "last_value": {"use": "drift", "drift": False},
    "seasonal_naive": {"use": "seasonal_naive"},
    "mean12": {"use": "mean12"},
    "event_mean": {"use": "event_mean"},
    "airline": {"use": "sarimax", "lunar": False, "events": False},
    "prophet": {"use": "prophet"},
    "mean": MEAN,
    "default": {"use": "conformal"},
    "structural": {"use": "structural"},
    "pooled": {"use": "pooled"},
    "menu of structural": {"use": "menu"},
    "menu of default": {"use": "menu", "base": {"use": "conformal"}},
    "conformal thin mean": {"use": "conformal", "inner": THIN},
    "conformal thin mean, 12 origins": {"use": "conformal", "inner": THIN, "origins": 12, "step": 1},
    "default, 12 origins": {"use": "conformal", "origins": 12, "step": 1},
}
METRICS = [
    "crps",
    {"use": "coverage", "name": "coverage_80", "level": 80},
    {"use": "coverage", "name": "coverage_95", "level": 95},
]
COLUMNS = [
    "group", "model", "benchmark", "ratio", "lo90", "hi90", "to_mean", "to_mean_lo90", "to_mean_hi90", "cover80", "cover95",
    "n", "n_series", "n_cutoffs", "failures", "said",
]  # fmt: skip


def scored(parts: Path, chosen: list[str]) -> pd.DataFrame:
    """Scores of every model on every group, answered once."""
    config = load("minerals")
    archive = read_archive(config)
    planned = make_plan(config, archive)  # only its questions are used
    tables = []
    for k, group in enumerate(config.backtest[:GROUPS]):
        pasts = planned.groups[group.name]
        days, series = sorted({p.task.day for p in pasts}), list(dict.fromkeys(p.series for p in pasts))
        for name in chosen:
            path = parts / f"{k}_{name.replace(' ', '_').replace(',', '')}.parquet"
            if not path.exists():
                made = fc.backtest(
                    archive, days, [{"name": name, **MODELS[name]}], series, group.horizons,
                    min_months=group.min_months, draws=config.draws, seed=config.seed,
                )  # fmt: skip
                table = fc.score(made, planned.vintage, METRICS).table
                table = table[table["h_info"].isin(group.horizons)]
                parts.mkdir(parents=True, exist_ok=True)
                table.assign(group=group.name).to_parquet(path)
                print(f"{group.name}: {name}, {len(days)} days", flush=True)
            tables.append(pd.read_parquet(path))
    return pd.concat(tables, ignore_index=True)


def rows(table: pd.DataFrame) -> pd.DataFrame:
    """One row per group and model: the harness's comparison, cover, and the interval where the harness gives none."""
    out = []
    for group, part in table.groupby("group", sort=False):
        compared = fc.compare(part, metrics=("crps",), seed=1).set_index("model")
        benchmark = str(compared["benchmark"].iloc[0])
        over, over_mean = ratios(part, benchmark), ratios(part, "mean")
        for model in part["model"].unique():
            own, row = part[part["model"] == model], compared.loc[model]
            cover = [100 * own.loc[own["metric"] == f"coverage_{level}", "value"].mean() for level in (80, 95)]
            counts = [row[name] for name in ("n", "n_series", "n_cutoffs", "failures")]
            out.append([group, model, benchmark, *over[model], *over_mean[model], *cover, *counts, row["text"]])
    return pd.DataFrame(out, columns=COLUMNS)


def ratios(part: pd.DataFrame, benchmark: str) -> dict[str, list[float]]:
    """Pooled CRPS over the benchmark's, and 90 % bounds by the circular block bootstrap of cutoffs, by model.

    On the cutoffs after the first third, which chose the benchmark; also where there are too few cutoffs for a test.
    """
    scores = drop_infinite(part[part["metric"] == "crps"])
    common = questions_answered_by(scores, list(scores["model"].unique()))
    days = sorted(common["cutoff"].unique())
    held = common_sample(common[~common["cutoff"].isin(days[: len(days) // 3])], benchmark, False)
    n, rng = len(held.days), np.random.default_rng(1)
    starts = rng.integers(0, n, size=(REPLICATES, -(-n // BLOCK)))
    picks = ((starts[:, :, None] + np.arange(BLOCK)) % n).reshape(REPLICATES, -1)[:, :n]
    weights = np.zeros((REPLICATES, n))
    np.add.at(weights, (np.arange(REPLICATES)[:, None], picks), 1.0)
    bounds = [np.nanquantile(held.ratios(i, weights), [0.05, 0.95]) for i in range(len(held.models))]
    return {m: [held.ratio(i), float(b[0]), float(b[1])] for i, (m, b) in enumerate(zip(held.models, bounds, strict=True))}


def main() -> None:
    """Ask, mark, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=Path, default=Path("runs/008_minerals"))
    parser.add_argument("--models", default=",".join(name for name in MODELS if "," not in name))
    parser.add_argument("--ask-only", action="store_true")
    options = parser.parse_args()
    table = scored(options.parts, [name for name in MODELS if name in options.models.split(",") or options.models == "all"])
    if options.ask_only:
        return
    made = rows(table)
    for name in COLUMNS[3:11]:
        made[name] = [float(f"{x:.4g}") if pd.notna(x) else x for x in made[name]]
    (HERE / "results.csv").write_text(made.to_csv(index=False, lineterminator="\n"), "utf-8")


if __name__ == "__main__":
    main()
