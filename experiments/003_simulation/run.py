"""Size, power and cover of every estimator in worlds where the truth is known.

    python experiments/003_simulation/run.py --estimators baseline,counterfactual --worlds drift --cells 36x5,84x12 --runs 200

Every (method, world, cell, effect) is one Parquet part under `runs/` beside this file; a part that holds enough runs is left
as it is, one that holds fewer is taken up where it stopped. `--fresh` forgets the named parts (after an estimator changed).
`--stale` names the parts that the code of today does not give again. `--summarise` reads all parts and writes `results.csv`,
`forecast/data/calibration.csv` and the page's tables.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import worlds
from threadpoolctl import threadpool_limits

import forecast as fc
from forecast.core.effects import Effect
from forecast.study.ask import answer
from forecast.study.effects.judge import weigh
from forecast.study.effects.placebo import placebos_in_time

HOME = Path(__file__).resolve().parent
PARTS = HOME / "runs"
LEVELS = (0.8, 0.9, 0.95)
BEFORE, AFTER = (15, 19, 23, 36, 60, 84), (5, 12)
CELLS = tuple((b, a) for b in BEFORE for a in AFTER)
EFFECTS = (0.0, -0.25, -0.5)
DRAWS = 500
PLACEBOS = 16
BATCH = 100  # runs of one job, after which the part is written


@dataclass(frozen=True)
class Method:
    """An estimator as it is asked here: its words, those of the design, and what it needs.

    blind : the counterfactual does not look at the asked months, so one estimate answers for every planted effect: the
        interval of the effect is the observed sum less the same draws
    """

    words: dict[str, Any]
    asks: dict[str, Any]
    donors: bool = False
    blind: bool = False
    placebos: int = 0


METHODS = {
    "baseline": Method({"use": "baseline"}, {"baselines": ("last_12_clean",)}, blind=True),
    "baseline:year_earlier": Method({"use": "baseline"}, {"baselines": ("year_earlier",)}, blind=True),
    "counterfactual": Method({"use": "counterfactual"}, {}, blind=True),
    "regression": Method({"use": "regression"}, {}),
    "synthetic": Method({"use": "synthetic"}, {}, donors=True),
    "synthetic:sc": Method({"use": "synthetic", "form": "sc", "demean": True}, {}, donors=True),
    "synthetic:did": Method({"use": "synthetic", "form": "did"}, {}, donors=True),
    "ppml": Method({"use": "ppml"}, {}, donors=True),
}
METHODS |= {
    f"{name}+placebos": Method(m.words, m.asks, m.donors, m.blind, PLACEBOS)
    for name, m in METHODS.items()
    if name in ("baseline", "counterfactual", "regression", "synthetic", "ppml")
}


def one(
    name: str, world: str, before: int, after: int, effects: tuple[float, ...], seed: int, run: int
) -> list[dict[str, Any]]:
    """The rows of one simulated world: one per planted effect."""
    method = METHODS[name]
    flows = worlds.flows(world, before + after, worlds.rng_of(seed, world, before, after, run))
    rows: list[dict[str, Any]] = []
    made: Any = None
    took = 0.0
    for effect in effects:
        y = worlds.planted(flows, before, effect)
        if made is None or not method.blind:
            units = worlds.UNITS if method.donors else worlds.UNITS[:1]
            vintage = worlds.panel(y, units)
            began = time.process_time()
            made = estimated(method, vintage, before, run)
            took = time.process_time() - began
        rows.append(
            {"run": run, "effect": effect, "seconds": took} | measured(made, float(flows[before:, 0].sum()), y[before:, 0])
        )
    return rows


def estimated(method: Method, vintage: fc.Vintage, before: int, seed: int) -> Any:
    """The estimator's answer, with its placebos in time where they are asked, and no gate: the study is what gates rest on."""
    words = dict(method.words)
    built = fc.estimator(words.pop("use"), **words)
    design = worlds.design(before, method.donors, DRAWS, **method.asks)
    memo: dict[Any, Any] = {}
    made = answer(built, vintage, design, seed, memo)
    if method.placebos and isinstance(made, Effect) and made.counterfactual is not None:
        made = weigh(made, vintage, placebos_in_time(built, vintage, design, seed, memo, most=method.placebos)[0])
    return made


def measured(made: Any, expected: float, observed: Any) -> dict[str, Any]:
    """One answer against the truth: `expected` is the sum without the event, `observed` the months as they were."""
    truth = float(observed.sum()) - expected
    row: dict[str, Any] = {"truth": truth, "expected": expected, "refused": True, "estimate": float("nan")}
    if not isinstance(made, Effect) or made.counterfactual is None:
        return row
    shift = float(observed.sum() - made.observed.sum())  # a blind method's draws stand for every planted effect
    total = made.cumulative
    row |= {"refused": False, "estimate": total.estimate + shift, "p": made.p_value, "floor": made.p_floor}
    row |= {"placebos": sum(p.kind == "time" for p in made.placebos)}
    if shift:
        row |= {"p": float("nan")}
    for level in LEVELS:
        low, high = total.interval(level)
        row |= {f"lo{level * 100:.0f}": low + shift, f"hi{level * 100:.0f}": high + shift}
    return row


def part_of(name: str, world: str, before: int, after: int, effect: float, folder: Path) -> Path:
    """Where the runs of one method, world, cell and effect are kept."""
    return folder / f"{name.replace(':', '-')}__{world}__{before}x{after}__{-effect * 100:.0f}.parquet"


def batch(job: tuple[str, str, int, int, tuple[float, ...], int, range]) -> tuple[Any, pd.DataFrame]:
    """The rows of some runs of one cell."""
    name, world, before, after, effects, seed, runs = job
    rows = [row for run in runs for row in one(name, world, before, after, effects, seed, run)]
    return (name, world, before, after), pd.DataFrame(rows)


def jobs(
    names: Iterable[str], where: Iterable[str], cells: Iterable[tuple[int, int]], effects: tuple[float, ...], seed: int,
    runs: int, folder: Path,
) -> Iterator[tuple[str, str, int, int, tuple[float, ...], int, range]]:  # fmt: skip
    """What is still to be done, in batches."""
    for world in where:
        for before, after in cells:
            for name in names:
                for some in [effects] if METHODS[name].blind else [(e,) for e in effects]:
                    done = min(held(part_of(name, world, before, after, e, folder)) for e in some)
                    for first in range(done, runs, BATCH):
                        yield name, world, before, after, some, seed, range(first, min(first + BATCH, runs))


def held(path: Path) -> int:
    """How many runs a part holds."""
    return len(pd.read_parquet(path, columns=["run"])) if path.exists() else 0


def keep(key: tuple[str, str, int, int], made: pd.DataFrame, folder: Path) -> None:
    """Add rows to their parts; a part is replaced in one step, so a cut run loses a batch at most."""
    for effect, some in made.groupby("effect"):
        path = part_of(*key, float(effect), folder)
        before = [pd.read_parquet(path)] if path.exists() else []
        table = pd.concat([*before, some]).drop_duplicates("run").sort_values("run")
        table.to_parquet(path.with_suffix(".new"), index=False)
        path.with_suffix(".new").replace(path)


def stale(folder: Path, seed: int) -> list[str]:
    """Parts without an effect whose first, second and last run come out otherwise today: their estimator has changed."""
    found = []
    for path in sorted(folder.glob("*__-0.parquet")):
        name, world, cell, _ = path.stem.split("__")
        before, after = (int(word) for word in cell.split("x"))
        kept = pd.read_parquet(path).set_index("run")
        for run in {0, 1, int(kept.index.max())}:
            made = one(name.replace("-", ":"), world, before, after, (0.0,), seed, run)[0]
            if any(abs(made[key] - kept.loc[run, key]) > 1e-6 * made["expected"] for key in ("estimate", "lo90", "hi90")):
                found.append(path.name)
                break
    return found


def listed(text: str, allowed: Iterable[str]) -> list[str]:
    """Names of a comma-separated list, all of them known."""
    found = [word for word in text.split(",") if word]
    unknown = [word for word in found if word not in allowed]
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}; one of {', '.join(allowed)}")
    return found


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--runs", type=int, default=200)
    words.add_argument("--estimators", default="baseline,counterfactual")
    words.add_argument("--worlds", default="drift")
    words.add_argument("--cells", default=",".join(f"{b}x{a}" for b, a in CELLS), help="months before x months after")
    words.add_argument("--effects", default="0", help="planted changes in per cent, e.g. 0,-25,-50")
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--workers", type=int, default=1)
    words.add_argument("--parts", type=Path, default=PARTS)
    words.add_argument("--fresh", action="store_true")
    words.add_argument("--stale", action="store_true")
    words.add_argument("--summarise", action="store_true")
    asked = words.parse_args(argv)
    if asked.stale:
        print("\n".join(stale(asked.parts, asked.seed)))
    elif asked.summarise:
        from summary import write

        write(asked.parts)
    else:
        simulate(asked)


def simulate(asked: argparse.Namespace) -> None:
    """Make what is missing of the named cells."""
    names, where = listed(asked.estimators, METHODS), listed(asked.worlds, worlds.WORLDS)
    cells = [(int(b), int(a)) for b, a in (word.split("x") for word in asked.cells.split(","))]
    effects = tuple(float(word) / 100 for word in asked.effects.split(","))
    asked.parts.mkdir(parents=True, exist_ok=True)
    if asked.fresh:
        for name in names:
            for world in where:
                for before, after in cells:
                    for effect in effects:
                        part_of(name, world, before, after, effect, asked.parts).unlink(missing_ok=True)
    todo = list(jobs(names, where, cells, effects, asked.seed, asked.runs, asked.parts))
    began = time.perf_counter()
    threadpool_limits(1)  # one thread a fit: the workers share the cores
    with ProcessPoolExecutor(asked.workers, initializer=threadpool_limits, initargs=(1,)) as pool:
        for i, (key, made) in enumerate(map(batch, todo) if asked.workers == 1 else pool.map(batch, todo), 1):
            keep(key, made, asked.parts)
            print(f"{i}/{len(todo)} {' '.join(map(str, key))} {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
