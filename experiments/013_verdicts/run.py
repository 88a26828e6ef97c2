"""How often a verdict claims something where nothing happened, and how often it sees what did.

    python experiments/013_verdicts/run.py --cells flows --seed 100 --workers 2
    python experiments/013_verdicts/run.py --summarise

Every world is asked as `fc.estimate` does (`--check` compares), six months after the event. Each
(world, months, estimator) is one CSV of runs under `runs/` beside this file and taken up where it stopped; `--summarise` reads
all and writes `results.csv` and `family.csv`. Seeds below 100 were for building; the page is made from seeds of 100 and more.
"""

from __future__ import annotations

import argparse
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import worlds
from threadpoolctl import threadpool_limits

import forecast as fc
from forecast.study.effects import judge

HOME = Path(__file__).resolve().parent
PARTS = HOME / "runs"
EFFECTS = (0.0, -0.1, -0.25, -0.5, -1.0)
CLAIMS = ("suggestive", "supported")
# (months before, estimators, runs)
CELLS = {
    "flows": ((36, ("counterfactual", "regression", "baseline"), 100), (24, ("counterfactual", "regression"), 40),
              (60, ("counterfactual", "regression"), 40)),
    "donors": ((36, ("synthetic", "ppml"), 40),),
}  # fmt: skip


def ask(
    world: str, before: int, estimator: str, seed: int, run: int, effects: tuple[float, ...] = EFFECTS
) -> list[dict[str, Any]]:
    """The answers of one simulated flow, for every effect."""
    rng = np.random.default_rng([seed, run, before, list(worlds.WORLDS).index(world)])
    clean = worlds.flows(world, before + worlds.AFTER, rng)
    names = ["CHN.export.USA.goodx"] + [f"CHN.export.USA.other{k}" for k in range(worlds.DONORS)]
    when = [f"{2015 + i // 12}-{i % 12 + 1:02d}" for i in range(len(clean))]
    donors = names[1:] if estimator in ("synthetic", "ppml") else None
    out, memo = [], {}
    for effect in effects:
        y = clean.copy()
        y[before:, 0] *= 1 + effect
        table = pd.DataFrame({"unit": np.repeat(names, len(when)), "time": when * len(names), "value": y.T.ravel()})
        vintage = fc.panel(table, unit="unit", season=12, nonnegative=True)
        design = fc.Design.at(when[before], names[0], donors, draws=400)
        # what is asked of months before the event is the same whatever the effect: only answers that see the window are new
        memo = {key: one for key, one in memo.items() if "|()|" not in key[1]}
        made = judge.estimate(fc.estimator(estimator), vintage, design, run, memo=memo)
        row: dict[str, Any] = dict(run=run, seed=seed, effect=effect, verdict=made.verdict.word, estimated=False)
        if made.counterfactual is not None:
            true, whole = float(y[before:, 0].sum() - clean[before:, 0].sum()), float(clean[before:, 0].sum())
            (lo80, hi80), (lo95, hi95) = made.cumulative.interval(0.8), made.cumulative.interval(0.95)
            row |= dict(
                estimated=True, p=made.p_value, estimate=made.cumulative.estimate, true=true, whole=whole,
                in80=lo80 <= true <= hi80, in95=lo95 <= true <= hi95, width80=(hi80 - lo80) / whole if whole else np.nan,
            )  # fmt: skip
        out.append(row)
    return out


def same_as_public(runs: int = 2) -> None:
    """Whether the shortcut of `ask` gives what `fc.estimate` gives."""
    for world in ("zeros", "old spike"):
        for estimator in ("counterfactual", "regression", "baseline"):
            for run in range(runs):
                quick = ask(world, 36, estimator, 0, run)
                slow = [row for effect in EFFECTS for row in ask(world, 36, estimator, 0, run, (effect,))]
                assert [r.get("p") for r in quick] == [r.get("p") for r in slow], (world, estimator, run)
                assert [r["verdict"] for r in quick] == [r["verdict"] for r in slow]


def fill(task: tuple[str, int, str, int, int]) -> str:
    """Ask the runs of one part that are not there yet."""
    world, before, estimator, runs, seed = task
    path = PARTS / f"{world}.{before}.{estimator}.csv".replace(" ", "_")
    held = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["run"])
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for run in range(runs):
            if run not in set(held.run):
                held = pd.concat([held, pd.DataFrame(ask(world, before, estimator, seed, run))], ignore_index=True)
                held.to_csv(path, index=False)
    return path.name


def summarise() -> None:
    """Write the tables from all parts."""
    rows, families = [], []
    parts = {tuple(p.stem.replace("_", " ").rsplit(".", 2)): pd.read_csv(p) for p in sorted(PARTS.glob("*.csv"))}
    for (world, before, estimator), part in parts.items():
        for effect, some in part.groupby("effect", sort=False):
            known = some[some.estimated]
            claimed = some.verdict.isin(CLAIMS)
            right = claimed & (some.estimate < 0) if effect else claimed
            found = some[claimed & (some.true != 0)]
            rows.append(
                dict(
                    world=world, before=before, estimator=estimator, effect=effect, runs=len(some), claims=right.mean(),
                    claims_se=np.sqrt(right.mean() * (1 - right.mean()) / len(some)),
                    supported=(right & (some.verdict == "supported")).mean(),
                    no_material=(some.verdict == "no material effect").mean(),
                    wrong_sign=(claimed & (some.estimate > 0)).mean() if effect else np.nan,
                    exaggeration=(found.estimate / found.true).mean() if effect and len(found) else np.nan,
                    cover80=known.in80.mean(), cover95=known.in95.mean(), width80=known.width80.median(),
                    withheld=len(some) - len(known),
                )
            )  # fmt: skip
    for world, before in sorted({key[:2] for key in parts}):
        asked = {key[2]: part for key, part in parts.items() if key[:2] == (world, before)}
        runs = min(part.run.nunique() for part in asked.values())
        any_claim = np.zeros(runs, dtype=bool)
        for part in asked.values():
            none = part[(part.effect == 0) & (part.run < runs)].sort_values("run")
            any_claim |= none.verdict.isin(CLAIMS).to_numpy()
        families.append(dict(world=world, before=before, methods=" ".join(asked), runs=runs, any_claim=any_claim.mean()))
    pd.DataFrame(rows).round(4).to_csv(HOME / "results.csv", index=False)
    pd.DataFrame(families).round(4).to_csv(HOME / "family.csv", index=False)


def main() -> None:
    """Run or summarise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", default="flows", choices=sorted(CELLS))
    parser.add_argument("--worlds", default=",".join(worlds.WORLDS))
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--share", type=float, default=1.0, help="of the runs of each cell")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--summarise", action="store_true")
    parser.add_argument("--check", action="store_true", help="compare the shared answers with one question at a time")
    words = parser.parse_args()
    PARTS.mkdir(exist_ok=True)
    if words.check:
        same_as_public()
        return
    if words.summarise:
        summarise()
        return
    tasks = [
        (world, before, estimator, max(1, round(runs * words.share)), words.seed)
        for before, estimators, runs in CELLS[words.cells]
        for world in words.worlds.split(",")
        for estimator in estimators
    ]
    with ProcessPoolExecutor(words.workers) as pool:
        for name in pool.map(fill, tasks):
            print(name, flush=True)


if __name__ == "__main__":
    main()
