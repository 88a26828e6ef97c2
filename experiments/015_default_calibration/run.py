"""Do the bands of the default model hold what they say, asked for one series at a time? Simulated flows with known worlds.

    python experiments/015_default_calibration/run.py --seed 0 [--runs 100] [--models default,former] [--out FILE]

Seeds below 100 are for building, 100 to 199 for the figures of the page. One line per model, world and length of history, and
one per model and world over all lengths (`before` = all).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import forecast as fc
from forecast.core import registry

HERE = Path(__file__).parent
AHEAD = 6
LENGTHS = (24, 36, 60)
SERIES = "CHN.export.USA.goodx"
# standard deviation of the noise, its degrees of freedom (0: normal), share of empty months, step of the level, growth a month
WORLDS: dict[str, tuple[float, int, float, float, float]] = {
    "seasonal": (0.25, 0, 0.0, 0.03, 0.0),
    "lumpy": (0.5, 5, 0.1, 0.03, 0.0),
    "zeros": (0.6, 5, 0.3, 0.03, 0.0),
    "fallen": (0.25, 0, 0.0, 0.03, 0.0),
    "growing": (0.15, 0, 0.0, 0.01, 0.015),
}
MODELS: dict[str, Any] = {"default": registry.DEFAULT_MODEL, "former": "combine"}  # the former bands were those of the mean
COLUMNS = ["cover80", "cover95", "zeros", "zero_draws", "above_max", "one_in", "mean_above_q90", "half_off", "crps_ratio"]


def flow(world: str, months: int, rng: np.random.Generator) -> np.ndarray:
    """A monthly flow in kg: level (a random walk) times season times noise; `fallen` lost 70 % six months before the day."""
    sd, freedom, empty, step, growth = WORLDS[world]
    at = np.arange(months)
    pattern = rng.normal(0, 0.2, 12)
    pattern -= pattern.mean()
    noise = rng.standard_t(freedom, months) / np.sqrt(freedom / (freedom - 2)) * sd if freedom else rng.normal(0, sd, months)
    level = rng.normal(np.log(50_000), 1) + growth * at + np.cumsum(rng.normal(0, step, months))
    y = np.exp(level + pattern[at % 12] + noise)
    if world == "fallen":
        y[months - AHEAD - 6 :] *= 0.3
    return np.where(rng.random(months) < empty, 0.0, y) if empty else y


def mean_score(draws: np.ndarray, truth: float) -> float:
    """Continuous ranked probability score of draws (n,)."""
    ordered, n = np.sort(draws), len(draws)
    return float(np.abs(ordered - truth).mean() - (2 * np.arange(1, n + 1) - n - 1) @ ordered / n**2)


def answers(model: str, world: str, before: int, runs: int, seed: int) -> Iterator[dict[str, float]]:
    """One row per run and month ahead."""
    for run in range(runs):
        rng = np.random.default_rng([seed, run, before, list(WORLDS).index(world)])
        y = flow(world, before + AHEAD, rng)
        when = [f"{2015 + i // 12}-{i % 12 + 1:02d}" for i in range(before + AHEAD)]
        known = pd.DataFrame({"time": when[:before], SERIES: y[:before]})
        vintage = fc.panel(known, time="time", value=SERIES, season=12, nonnegative=True)
        task = fc.Task(vintage.day, SERIES, when[before:], draws=1000)
        draws = fc.predict(registry.build("model", MODELS[model]), vintage, task, seed=run).draws[:, 0]
        truth = y[before:]
        # the 12-month mean with its own history as errors
        naive = y[before - 12 : before].mean() * y[:before] / max(y[:before].mean(), 1e-9)
        # randomised probability integral transform: ties at zero are split
        u = (draws < truth).mean(axis=0) + rng.random(AHEAD) * (draws == truth).mean(axis=0)
        middle = np.median(draws, axis=0)
        for h in range(AHEAD):
            yield {
                "run": run,
                "cover80": 0.1 <= u[h] <= 0.9,
                "cover95": 0.025 <= u[h] <= 0.975,
                "zeros": truth[h] == 0,
                "zero_draws": (draws[:, h] == 0).mean(),
                "above_max": (draws[:, h] > y[:before].max()).mean(),
                "one_in": 1.0 / (before + 1),
                "mean_above_q90": draws[:, h].mean() > np.quantile(draws[:, h], 0.9),
                "half_off": abs(middle[h] - truth[h]) > 0.5 * max(truth[h], 1.0),
                "crps": mean_score(draws[:, h], truth[h]),
                "naive": mean_score(naive, truth[h]),
            }


def summary(rows: pd.DataFrame) -> dict[str, float]:
    """Means over the rows; standard errors of the covers count runs, not months."""
    out = {name: float(rows[name].mean()) for name in COLUMNS[:-1]}
    for name in ("cover80", "cover95"):
        by_run = rows.groupby(["before", "run"])[name].mean()
        out[f"{name}_se"] = float(by_run.std(ddof=1) / np.sqrt(len(by_run)))
    return out | {"crps_ratio": float(rows["crps"].sum() / rows["naive"].sum())}


def main() -> None:
    """Ask, mark, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--worlds", default=",".join(WORLDS))
    parser.add_argument("--out", type=Path, default=HERE / "results.csv")
    options = parser.parse_args()
    table = []
    for model in options.models.split(","):
        for world in options.worlds.split(","):
            parts = {n: pd.DataFrame(answers(model, world, n, options.runs, options.seed)).assign(before=n) for n in LENGTHS}
            for before, rows in [*parts.items(), ("all", pd.concat(parts.values()))]:
                key = {"model": model, "world": world, "before": before, "runs": options.runs, "seed": options.seed}
                table.append(key | {name: round(value, 4) for name, value in summary(rows).items()})
            print(*table[-1].values(), sep="\t", flush=True)
    pd.DataFrame(table).to_csv(options.out, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
