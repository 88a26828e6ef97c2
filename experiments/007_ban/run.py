"""The ban benchmark: what a model says when a series collapses to 3 % of its level, partly, with leaks, or for a time only.

    python experiments/007_ban/run.py --data FOLDER [--out DIR] [--series N] [--only PART ...] [--workers N]

FOLDER holds train.csv of the monthly M3 series (columns unique_id, ds, y). Writes results.csv: one row per variant, what the
calendar says, months seen and model. What is finished of a series is kept in DIR/parts and not run again.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from forecast.core import months as mm, registry
from forecast.core.events import Event, EventCalendar
from forecast.core.identity import identity
from forecast.core.questions import Task
from forecast.core.results import Forecast
from forecast.core.vintage import Cell, Vintage
from forecast.kernels import covariance, gaussian
from forecast.study.ask import answer

SERIES = "IDN.export.WLD.nickel_ore"  # a name outside China, so that no Lunar New Year enters
LEAST, COUNT, AHEAD, SEEN, DRAWS = 110, 120, 6, (0, 1, 2, 3, 6), 1000
FIRST = mm.ordinal("2000-01")
LASTED = 6  # months until the reversal
FIFTH = 5  # the other settings are asked of every fifth series
LEVELS = {"full": 0.03, "partial": 0.4, "leaking": 0.03, "reversed": 0.03}
TOLD = {
    "full": ("as full", "depth unknown", "not told"),
    "partial": ("as partial", "as full", "depth unknown", "not told"),
    "leaking": ("as full", "not told"),
    "reversed": ("end told", "end not told"),
}
STOPPED = {"as full": 1.0, "as partial": 0.6, "end told": 1.0, "end not told": 1.0}
OURS = {"menu": "menu"}
SETTINGS: dict[str, tuple[object, tuple[int, ...]]] = {  # other settings, and after how many months each is asked
    "menu, leak = 0.15": ({"use": "menu", "leak": 0.15}, (0, 1)),
    "menu, mixture alone": ({"use": "menu", "devices": ["mixture"]}, (6,)),
}
STEPPED = "airline with step dummy"
DEVICES = ("last value", "post-break mean", "ratio x last pre-ban season", STEPPED)
MODELS = {"ets": "ets", "theta": "theta", "airline": "sarimax", "seasonal naive": "seasonal_naive"}


@dataclass(frozen=True)
class Case:
    """One question: figures with a break at place `ban`, standing when `seen` months of the last regime are known."""

    name: str
    variant: str
    told: str
    seen: int
    figures: np.ndarray
    ban: int
    since: int

    @property
    def known(self) -> int:
        """Number of months known."""
        return self.since + self.seen

    @property
    def truth(self) -> np.ndarray:
        return self.figures[self.known : self.known + AHEAD]

    @property
    def usual(self) -> float:
        """Mean of the twelve months before the ban."""
        return float(self.figures[self.ban - 12 : self.ban].mean())

    def vintage(self, calendar: bool = True) -> Vintage:
        """What was known on the day after the last known month came out."""
        cells = [Cell(FIRST + i, FIRST + i, float(v), released=out(i)) for i, v in enumerate(self.figures)]
        events = EventCalendar(tuple(self.events()) if calendar else ())

        def as_of(day: dt.date) -> Vintage:
            seen = tuple(c for c in cells if c.released <= day)
            return Vintage(day, {SERIES: seen}, events.known_on(day), past=as_of)

        return as_of(out(self.known - 1))

    def events(self) -> Iterator[Event]:
        if self.told == "not told":
            return
        ban = mm.last_day(FIRST + self.ban - 1) + dt.timedelta(days=1)
        end = None
        if self.told == "end told":
            end = mm.last_day(FIRST + self.since - 1) + dt.timedelta(days=1)
        yield Event(
            "ban", "a ban", announced=ban - dt.timedelta(days=5), effective=ban, imposed_by=("IDN",), products=("nickel_ore",),
            instrument="ban", role="default", share_stopped=STOPPED.get(self.told), end=end, end_announced=end,
        )  # fmt: skip


def out(place: int) -> dt.date:
    """The day a month's figure is released: the 20th of the month after."""
    return mm.last_day(FIRST + place) + dt.timedelta(days=20)


def left(variant: str, months: int) -> np.ndarray:
    """Share of the old level in each month since the ban."""
    at = np.arange(months)
    share = np.full(months, LEVELS[variant])
    if variant == "leaking":  # 3 % growing to 15 % in a year
        share = 0.03 * 5.0 ** np.minimum(at / 11.0, 1.0)
    if variant == "reversed":
        share = np.where(at < LASTED, share, 1.0)
    return share


def cases(name: str, y: np.ndarray) -> Iterator[Case]:
    """All questions on one series; the ban falls where the last question just has its truth."""
    for variant, told in TOLD.items():
        lasted = LASTED if variant == "reversed" else 0
        ban = len(y) - lasted - max(SEEN) - AHEAD
        figures = y.copy()
        figures[ban:] *= left(variant, len(y) - ban)
        for how in told:
            for seen in SEEN:
                if how == told[0] or how == told[-1] or seen < 2:
                    yield Case(name, variant, how, seen, figures, ban, ban + lasted)


def devices(case: Case) -> dict[str, np.ndarray]:
    """The simple devices, which have no spread: their path alone, (1, AHEAD)."""
    y, k = case.figures[: case.known], case.seen
    last = np.full((1, AHEAD), y[-1])
    since = y[case.since : case.known]
    before = y[case.ban - 12 : case.ban]
    made = {"last value": last}
    made["post-break mean"] = np.full((1, AHEAD), since.mean()) if k else last
    season = np.array([before[(case.known + h - case.ban) % 12] for h in range(AHEAD)])
    if k:
        same = np.array([before[(i - case.ban) % 12] for i in range(case.since, case.known)])
        made["ratio x last pre-ban season"] = (since.sum() / same.sum() * season)[None]
    else:
        made["ratio x last pre-ban season"] = season[None]
    return made


def stepped(case: Case) -> np.ndarray:
    """Draws (DRAWS, AHEAD) of the airline model of the figures themselves, with a step at the ban (and back at the end)."""
    y = case.figures[: case.known]
    size = len(y) + AHEAD
    family, start = covariance.airline(size, 12)
    step = np.zeros(size)
    step[case.ban : case.since if case.since > case.ban else None] = 1.0
    rows = np.arange(len(y))
    fitted = gaussian.fit(y / case.usual, rows, np.column_stack([start, step]), family, polish=False)
    return gaussian.predict(fitted, np.arange(len(y), size), DRAWS, np.random.default_rng(7)) * case.usual


def asked(case: Case, spec: object, calendar: bool, memo: dict[object, np.ndarray]) -> np.ndarray:
    """A model's draws; questions that look the same on their day (a ban not yet begun, whatever it will be) are asked once."""
    key = (str(spec), case.figures[: case.known].tobytes(), tuple(map(identity, case.events())) if calendar else ())
    if key not in memo:
        memo[key] = drawn(case, spec, calendar)
    return memo[key]


def drawn(case: Case, spec: object, calendar: bool) -> np.ndarray:
    vintage = case.vintage(calendar)
    labels = [mm.label(FIRST + case.known + h) for h in range(AHEAD)]
    made = answer(registry.build("model", spec), vintage, Task(vintage.day, SERIES, labels, draws=DRAWS))
    if not isinstance(made, Forecast):
        raise RuntimeError(f"{case.name}, {case.variant}, {case.told}, {case.seen}: {made}")
    return made.draws[:, 0]


def marked(draws: np.ndarray, case: Case) -> tuple[float, float, float]:
    """MAE of the median in % of the pre-ban mean, share of months within 80 % bands, share of negative draws."""
    low, middle, high = np.quantile(draws, [0.1, 0.5, 0.9], axis=0)
    error = 100.0 * float(np.abs(middle - case.truth).mean()) / case.usual
    inside = float(((low <= case.truth) & (case.truth <= high)).mean()) if len(draws) > 1 else float("nan")
    return error, 100.0 * inside, 100.0 * float((draws < 0).mean())


def row(case: Case, told: str, label: str, make: Callable[[], np.ndarray]) -> tuple:
    """One model's row on one question, with its processor seconds."""
    begun = time.process_time()
    draws = make()
    return (case.name, case.variant, told, case.seen, label, *marked(draws, case), time.process_time() - begun)


def of_menu(name: str, y: np.ndarray) -> list[tuple]:
    """The menu on every question."""
    return _with_calendar(name, y, {label: (spec, SEEN) for label, spec in OURS.items()})


def of_settings(name: str, y: np.ndarray) -> list[tuple]:
    """Other settings of it, on some questions."""
    return _with_calendar(name, y, SETTINGS)


def _with_calendar(name: str, y: np.ndarray, specs: dict[str, tuple[object, tuple[int, ...]]]) -> list[tuple]:
    memo: dict[object, np.ndarray] = {}
    return [
        row(case, case.told, label, partial(asked, case, spec, True, memo))
        for case in cases(name, y)
        for label, (spec, seen) in specs.items()
        if case.seen in seen
    ]


def of_devices(name: str, y: np.ndarray) -> list[tuple]:
    """The simple devices; they read no calendar, so each question is asked once."""
    rows = []
    for case in (case for case in cases(name, y) if case.told == TOLD[case.variant][0]):
        rows += [row(case, "", label, partial(np.asarray, draws)) for label, draws in devices(case).items()]
        if case.seen:
            rows.append(row(case, "", STEPPED, partial(stepped, case)))
    return rows


def of_models(name: str, y: np.ndarray) -> list[tuple]:
    """The other models, without a calendar."""
    memo: dict[object, np.ndarray] = {}
    plain = [case for case in cases(name, y) if case.told == TOLD[case.variant][0]]
    return [row(case, "", label, partial(asked, case, spec, False, memo)) for case in plain for label, spec in MODELS.items()]


PARTS = {"menu": of_menu, "settings": of_settings, "devices": of_devices, "models": of_models}


def read(folder: Path) -> dict[str, np.ndarray]:
    """At most COUNT series with at least LEAST months, evenly over the file's order."""
    table: dict[str, list[float]] = {}
    with (folder / "train.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            table.setdefault(row["unique_id"], []).append(float(row["y"]))
    long = [name for name, y in table.items() if len(y) >= LEAST]
    chosen = [long[int(i)] for i in np.linspace(0, len(long) - 1, min(COUNT, len(long)))]
    return {name: np.array(table[name]) for name in chosen}


def mean_and_error(x: np.ndarray) -> tuple[float, float]:
    """Mean over series and its standard error; NaN for the error of one."""
    return float(x.mean()), float(x.std(ddof=1) / np.sqrt(len(x))) if len(x) > 1 else float("nan")


def summary(rows: list[tuple]) -> list[dict[str, object]]:
    """Means over series with standard errors; of ours also the paired difference from the best device on these series."""
    groups: dict[tuple, dict[str, tuple]] = {}
    for name, *key, error, inside, negative, seconds in rows:
        groups.setdefault(tuple(key), {})[name] = (error, inside, negative, seconds)
    table = []
    for (variant, told, seen, label), found in groups.items():
        error, inside, negative, seconds = np.array(list(found.values()), dtype=float).T
        simple = {d: groups[variant, "", seen, d] for d in DEVICES if (variant, "", seen, d) in groups}
        best, apart = "", (np.nan, np.nan)
        if (label in OURS or label in SETTINGS) and simple:
            best = min(simple, key=lambda d: np.mean([simple[d][name][0] for name in found]))
            apart = mean_and_error(np.array([found[name][0] - simple[best][name][0] for name in found]))
        numbers = {
            "mae": mean_and_error(error), "cov80": mean_and_error(inside), "difference": apart,
        }  # fmt: skip
        row: dict[str, object] = {"variant": variant, "told": told, "seen": seen, "model": label}
        for what, (mean, se) in numbers.items():
            if what == "difference":
                row["best_device"] = best
            row |= {what: _text(mean), f"{what}_se": _text(se)}
        table.append(row | {"negative": _text(negative.mean()), "series": len(found), "seconds": f"{seconds.mean():.3f}"})
    return table


def _text(x: float) -> str:
    return "" if np.isnan(x) else f"{x:.2f}"


def done(name: str, y: np.ndarray, part: str, folder: Path) -> list[tuple]:
    """One part of one series, from its file where that is finished."""
    path = folder / f"{name}.{part}.json"
    if not path.exists():
        path.with_suffix(".unfinished").write_text(json.dumps(PARTS[part](name, y)), encoding="utf-8")
        path.with_suffix(".unfinished").rename(path)
    return [tuple(row) for row in json.loads(path.read_text(encoding="utf-8"))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--series", type=int, default=COUNT, help="only so many of them, spread over all")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args()
    from joblib import Parallel, delayed

    chosen = list(read(options.data).items())
    spread = sorted(range(len(chosen)), key=lambda i: f"{i:07b}"[::-1])  # any first part of them is spread over the file
    parts = options.out / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    made = Parallel(n_jobs=options.workers)(
        delayed(done)(*chosen[i], part, parts)
        for part in options.only
        for i in spread[: options.series // FIFTH if part == "settings" else options.series]
    )
    table = summary([row for rows in made for row in rows])
    with (options.out / "results.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, fieldnames=list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


if __name__ == "__main__":
    main()
