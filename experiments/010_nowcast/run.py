"""How long before publication does a model beat the best naive nowcast, for every target of the customs calendar?

    python experiments/010_nowcast/run.py [--parts FOLDER] [--targets WORD,WORD]

Nowcasts of each target are kept in FOLDER (default `runs/010_nowcast`) and taken up where they stopped; results.csv is made
from all of them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import pandas as pd

import forecast as fc
from forecast.study.evaluate.lead_time import ALL, SUM, break_even_days, error_bins, nowcast_table, nowcasts

HERE = Path(__file__).parent
DAYS = (7, 14, 21, 28, 42, 56)
LONG = (7, 21, 28, 56)  # for the total of rare earths, whose history is long and slow to fit
FIRST, LAST = "2018-01", "2026-07"
FEWEST = 18  # months known on the day
DRAWS, SEED = 250, 0
TOTAL, MAGNETS, TO_USA = "CHN.export.WLD.rare_earths_total", "CHN.export.WLD.re_magnets", "CHN.export.USA.re_magnets"
GOODS = {"antimony_unwrought": "", "gallium": "gallium", "germanium_unwrought": "germanium", "graphite_flake": ""}
KEY = ["series", "regime", "jan_mar", "model"]
PAIRS = [
    ("by days to release", "mean of six"),
    ("adl", "adl, own lags"),
    ("structural", "structural, no New Year"),
    ("default in the menu", "default"),
]
NAIVE: dict[str, dict[str, Any]] = {
    "last_value": {"use": "drift", "drift": False},
    "seasonal_naive": {"use": "seasonal_naive"},
    "mean12": {"use": "mean12"},
    "event_mean": {"use": "event_mean"},
    "airline": {"use": "sarimax", "lunar": False, "events": False},
}
COMPANY = {TOTAL: [MAGNETS], MAGNETS: [TOTAL], TO_USA: [MAGNETS, TOTAL]}
SHIPMENTS: dict[str, str] = {}
for good, shipped in GOODS.items():
    for partner, other in (("CHN", "WLD"), ("WLD", "CHN")):
        name = f"USA.import.{partner}.{good}"
        COMPANY[name] = [f"USA.import.{other}.{good}"]
        if shipped:
            SHIPMENTS[name] = f"CHN.export.WLD.{shipped}"
            COMPANY[name].insert(0, SHIPMENTS[name])


def models(target: str) -> list[dict[str, Any]]:
    """The candidates, with the company of a target named."""
    company = COMPANY[target]
    adl = {"use": "adl", "series": company}
    members = ["mean12", NAIVE["last_value"], "ets", "structural", adl, {"use": "factor", "series": company}]
    made = {
        **NAIVE,
        "ets": {"use": "ets"},
        "structural": {"use": "structural"},
        "adl": adl,
        "adl, own lags": {"use": "adl", "series": [target]},
        "adl, elastic net": {**adl, "learner": "elastic_net"},
        "adl, pooled": {**adl, "learner": "pooled"},
        "factor": {"use": "factor", "series": company},
        "default": {"use": "conformal"},
        "default in the menu": {"use": "menu", "base": {"use": "conformal"}},
        "mean of six": {"use": "combine", "members": members},
        "by days to release": {"use": "combine", "members": members, "how": "release_day", "origins": 12},
    }
    if target.startswith("CHN"):
        made["structural, no New Year"] = {"use": "structural", "lunar": False}
    if target in SHIPMENTS:
        made["bridge"] = {"use": "bridge", "shipments": SHIPMENTS[target], "kappa_sd": 1.0}
    if target == TOTAL:
        del made["adl, elastic net"]  # two seconds a nowcast on so long a history
    return [{"name": name, **spec} for name, spec in made.items()]


def asked(parts: Path, wanted: list[str]) -> pd.DataFrame:
    """Nowcasts of every target, answered once."""
    archive = fc.load_archive()
    tables = []
    for target in COMPANY:
        path = parts / f"{target}.parquet"
        if not path.exists() and (not wanted or any(word in target for word in wanted)):
            start = time.monotonic()
            made = nowcasts(
                archive, models(target), target, FIRST, LAST, days=LONG if target == TOTAL else DAYS, min_months=FEWEST,
                draws=DRAWS, seed=SEED,
            )  # fmt: skip
            parts.mkdir(parents=True, exist_ok=True)
            nowcast_table(made).to_parquet(path)
            print(f"{target}: {time.monotonic() - start:.0f} s; unanswered {made.failures}", flush=True)
        if path.exists():
            tables.append(pd.read_parquet(path))
    return pd.concat(tables, ignore_index=True)


def rows(table: pd.DataFrame) -> pd.DataFrame:
    """One row per target, block and model: root mean squares and ratios by bin, the gain nearest to publication, the day.

    hardest : of the naive models the one that did best after the months that choose, on the questions both answered; no one
    could have known it then, but a model that does not beat it has not shown that it beats naive nowcasts.
    """
    marked = error_bins(table, tuple(NAIVE))
    told = break_even_days(marked).set_index(KEY)
    alone = {name: error_bins(table, (name,)) for name in NAIVE}
    others = {name: _nearest(marked) for name, marked in alone.items()}
    days = {name: break_even_days(marked).set_index(KEY)["break_even"] for name, marked in alone.items()}
    out = []
    for place, own in marked.groupby(KEY, sort=False):
        by_bin = own.set_index("days_to").sort_index()
        near = by_bin.iloc[0]
        row = dict(zip(KEY, place, strict=True)) | {name: near[name] for name in ("benchmark", "n_chosen", "n")}
        row |= {f"rmse_{end}": by_bin["rmse"][end] for end in by_bin.index}
        row |= {f"ratio_{end}": by_bin["ratio"][end] for end in by_bin.index}
        row |= {"gain": near["gain"], "gain_se": near["gain_se"]}
        against = {name: t.loc[place] for name, t in others.items() if place in t.index and name != place[-1]}
        hardest = max(against, key=lambda name: against[name]["ratio"])
        row |= {"hardest": hardest} | {f"{word}_hardest": against[hardest][word] for word in ("ratio", "gain", "gain_se")}
        row |= {"break_even_hardest": days[hardest].get(place)}
        out.append(row | {"break_even": told["break_even"].get(place)})
    made = pd.DataFrame(out)
    made = made[made["jan_mar"] != "Apr-Dec"]  # the rest of the year is what January to March leave
    ends = sorted({int(name.split("_")[1]) for name in made if str(name).startswith("rmse_")})
    columns = [
        *KEY,
        "benchmark",
        "n_chosen",
        "n",
        *(f"rmse_{e}" for e in ends),
        *(f"ratio_{e}" for e in ends),
        "gain",
        "gain_se",
    ]
    return made[[*columns, "hardest", "ratio_hardest", "gain_hardest", "gain_se_hardest", "break_even", "break_even_hardest"]]


def _nearest(marked: pd.DataFrame) -> pd.DataFrame:
    """The rows of the bin nearest to publication."""
    return marked[marked["days_to"] == marked.groupby(KEY)["days_to"].transform("min")].set_index(KEY)


def pairs(table: pd.DataFrame) -> pd.DataFrame:
    """One model against another on the questions both answered, bin by bin: what a single change is worth."""
    kept = []
    for model, other in PAIRS:
        own = error_bins(table[table["model"].isin([model, other])], (other,))
        kept.append(own[(own["model"] == model) & (own["regime"] == ALL)].rename(columns={"benchmark": "other"}))
    made = pd.concat(kept, ignore_index=True)
    made = made[made["jan_mar"].isin([ALL, SUM])]
    return made[["model", "other", "series", "jan_mar", "days_to", "n", "ratio", "gain", "gain_se"]]


def as_csv(table: pd.DataFrame) -> str:
    """The table with figures to three digits."""
    made = table.copy()
    for name in made.select_dtypes("float"):
        made[name] = [float(f"{x:.3g}") if pd.notna(x) else x for x in made[name]]
    return made.to_csv(index=False, lineterminator="\n")


def main() -> None:
    """Ask, mark, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=Path, default=Path("runs/010_nowcast"))
    parser.add_argument("--targets", default="")
    options = parser.parse_args()
    table = asked(options.parts, [word for word in options.targets.split(",") if word])
    made = rows(table)
    (HERE / "results.csv").write_text(as_csv(made), "utf-8")
    (HERE / "paired.csv").write_text(as_csv(pairs(table)), "utf-8")
    print(made[(made["regime"] == ALL) & (made["jan_mar"] == ALL)].to_string())


if __name__ == "__main__":
    main()
