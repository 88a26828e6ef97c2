"""Two planted worlds: trade brought forward before an event, and a donor that the event reached.

    python experiments/003_simulation/planted.py --runs 500

Writes `planted.csv`, one row per question.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import worlds

import forecast as fc
from forecast.core import registry
from forecast.core.effects import Effect
from forecast.study.ask import answer
from forecast.study.effects.judge import Evidence

HOME = Path(__file__).resolve().parent
EARLY, FORWARD, FALL = 4, 0.6, -0.5  # months of anticipation, what was added in them, and the fall after
BEFORE, AFTER = 60, 12
DRAWS = 500
RISES = (0.25, 0.5, 1.0)


def ledger(run: int, seed: int = 0) -> dict[str, bool]:
    """Whether the 90 % intervals of A, P and A + P held what was planted in one drifting world."""
    start = BEFORE + EARLY
    flows = worlds.flows("drift", start + AFTER, worlds.rng_of(seed, "drift", BEFORE, AFTER, run))
    y = worlds.planted(flows, start, FALL)
    y[BEFORE:start, 0] *= 1.0 + FORWARD
    gone = y[:, 0] - flows[:, 0]
    truth = {"A": gone[BEFORE:start].sum(), "P": gone[start:].sum(), "A + P": gone.sum()}
    design = worlds.design(start, donors=False, draws=DRAWS, anticipation=EARLY)
    made = answer(fc.estimator("counterfactual"), worlds.panel(y, worlds.UNITS[:1]), design, run)
    assert isinstance(made, Effect)
    assert made.anticipation is not None
    found = {"A": made.anticipation, "P": made.cumulative, "A + P": made.net}
    return {name: bool(found[name].interval(0.9)[0] <= truth[name] <= found[name].interval(0.9)[1]) for name in truth}


def contaminated(run: int, seed: int = 0) -> dict[float, tuple[float, bool]]:
    """By how many standard errors a donor up by so much moves the estimate, and whether the gate withholds it."""
    flows = worlds.flows("common", BEFORE + AFTER, worlds.rng_of(seed, "common", BEFORE, AFTER, run))
    design = worlds.design(BEFORE, donors=True, draws=DRAWS)
    out: dict[float, tuple[float, bool]] = {}
    clean = np.nan
    for rise in (0.0, *RISES):
        reached = flows.copy()
        reached[BEFORE:, 1] *= 1.0 + rise
        seen = worlds.panel(reached)
        made = answer(fc.estimator("synthetic", form="sdid"), seen, design, run)
        assert isinstance(made, Effect)
        gate = registry.build("check", "donors").judge(made, Evidence(seen, design))
        clean = made.cumulative.estimate if rise == 0.0 else clean
        out[rise] = (abs(made.cumulative.estimate - clean) / made.cumulative.se, gate.withholds)
    return out


def row(question: str, hits: list[bool], bar: float = float("nan")) -> dict[str, Any]:
    """Share of worlds that met a question, and its standard error."""
    share = float(np.mean(hits))
    return {"question": question, "runs": len(hits), "share": share, "se": np.sqrt(share * (1 - share) / len(hits)), "bar": bar}


def brought_forward(runs: int) -> list[dict[str, Any]]:
    """The rows of the anticipation ledger."""
    held = [ledger(run) for run in range(runs)]
    return [
        row(f"90 % interval of {name} holds what was planted", [h[name] for h in held], 0.87) for name in ("A", "P", "A + P")
    ]


def reached(runs: int) -> list[dict[str, Any]]:
    """The rows of the donor the event reached."""
    found = [contaminated(run) for run in range(runs)]
    rows = [row("no donor touched: withheld all the same", [f[0.0][1] for f in found])]
    for rise in RISES:
        met = [f[rise][0] <= 1.0 or f[rise][1] for f in found]
        rows.append(row(f"a donor up by {rise:.0%}: moved by at most one standard error, or withheld", met))
        rows.append(row(f"a donor up by {rise:.0%}: withheld", [f[rise][1] for f in found]))
    return rows


def write(rows: list[dict[str, Any]]) -> None:
    """Put rows into `planted.csv`, in the place of those on the same question."""
    path, new = HOME / "planted.csv", pd.DataFrame(rows).round(4)
    old = pd.read_csv(path) if path.exists() else new[:0]
    kept = old[~old["question"].isin(new["question"])]
    (new if kept.empty else pd.concat([kept, new])).to_csv(path, index=False)


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--runs", type=int, default=500)
    words.add_argument("--donor-worlds", type=int, default=200)
    asked = words.parse_args()
    if asked.runs:
        write(brought_forward(asked.runs))
    if asked.donor_worlds:
        write(reached(asked.donor_worlds))
