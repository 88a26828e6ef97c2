"""How often is the truth inside the ledger's bounds, and how often is rerouting found where there is none?

    python experiments/018_ledger/run.py --networks 500

Each kind of network with each number of third countries is a part under `runs/` beside this file, taken up where it stopped;
`results.csv` has a row for each.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from networks import BAN, PRODUCT, Network, network
from threadpoolctl import threadpool_limits

import forecast as fc
from forecast.core.ledger import Ledger

HOME = Path(__file__).resolve().parent
PARTS = HOME / "runs"
KINDS = ("rerouted", "none", "apart")
DRAWS = 1000
WHOLE = 100  # networks asked a second time, with every flow recorded
MUCH = 0.1  # of the loss: a large route


def measured(made: Ledger, truth: Network) -> dict[str, Any]:
    """One ledger against the truth."""
    share, real = made.share, truth.rerouted / truth.loss
    routes = [made.route(country) for country in truth.third]
    found = np.array([route.found for route in routes])
    tested = np.array([np.isfinite(route.p_value) for route in routes])
    went, much = (real > 0) & tested, (real > MUCH) & tested
    return {
        "closed": max(made.closure.values(), default=0.0),
        "defined": not share.undefined,
        "inside": bool(share.lo95 - 1e-9 <= real.sum() <= share.hi95 + 1e-9),
        "real": real.sum(),
        "low": share.lo95,
        "high": share.hi95,
        "found": bool(found.any()),
        "tested_routes": int(went.sum()),
        "found_routes": int((found & went).sum()),
        "tested_large": int(much.sum()),
        "found_large": int((found & much).sum()),
        "contradiction": any(route.contradiction for route in made.routes),
    }


def asked(truth: Network, seed: int) -> Any:
    """The ledger of a network."""
    return fc.ledger(
        truth.vintage, BAN, destination="USA", product=PRODUCT, through=truth.third, own_sources=truth.own,
        ahead=truth.ahead, draws=DRAWS, seed=seed,
    )  # fmt: skip


def one(kind: str, count: int, run: int) -> dict[str, Any]:
    """One network, asked with and without the flows that are not recorded."""
    rows = []
    for missing in (True, False):
        truth = network(kind, count, np.random.default_rng([18, KINDS.index(kind), count, run]), missing)
        began = time.process_time()
        made = asked(truth, run)
        rows.append(measured(made, truth) | {"seconds": time.process_time() - began})
        if kind != "rerouted" or run >= WHOLE:
            break
    whole = {f"whole_{key}": rows[-1][key] for key in ("inside", "low", "high")} if len(rows) > 1 else {}
    return {"kind": kind, "third": count, "run": run} | rows[0] | whole


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """One row per kind and number of third countries: errors, cover, size and power."""
    rows = []
    for (kind, third), part in table.groupby(["kind", "third"]):
        known = part[part.defined]
        row = {
            "kind": kind, "third": third, "networks": len(part), "largest_error": part.closed.max(),
            "share_defined": part.defined.mean(), "truth_inside": known.inside.mean(),
            "width": (known.high - known.low).mean(), "found": part.found.mean(),
            "power": part.found_routes.sum() / max(part.tested_routes.sum(), 1),
            "power_large": part.found_large.sum() / max(part.tested_large.sum(), 1),
            "contradiction": part.contradiction.mean(), "seconds": part.seconds.mean(),
        }  # fmt: skip
        if "whole_low" in part and part.whole_low.notna().any():
            twice = known[known.whole_low.notna()]
            row |= {
                "inside_nothing_missing": twice.whole_inside.astype(bool).mean(),
                "width_some_missing": (twice.high - twice.low).mean(),
                "width_nothing_missing": (twice.whole_high - twice.whole_low).mean(),
            }
        rows.append(row)
    made = pd.DataFrame(rows)
    return made.round(dict.fromkeys(made.columns.drop(["kind", "third", "networks", "largest_error"]), 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=500)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--third", default="5,10")
    parser.add_argument("--fresh", action="store_true", help="run again what is there")
    given = parser.parse_args()
    PARTS.mkdir(exist_ok=True)
    with threadpool_limits(1):
        for kind in given.kinds.split(","):
            for count in map(int, given.third.split(",")):
                part = PARTS / f"{kind}_{count}.csv"
                rows = [] if given.fresh or not part.exists() else pd.read_csv(part).to_dict("records")
                while len(rows) < given.networks:
                    rows.append(one(kind, count, len(rows)))
                    if len(rows) % 50 == 0 or len(rows) == given.networks:
                        pd.DataFrame(rows).to_csv(part, index=False)
    made = summary(pd.concat([pd.read_csv(part) for part in sorted(PARTS.glob("*.csv"))], ignore_index=True))
    made.to_csv(HOME / "results.csv", index=False)
    print(made.T.to_string())


if __name__ == "__main__":
    main()
