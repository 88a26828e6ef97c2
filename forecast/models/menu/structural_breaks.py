"""Structural breaks of a series: months shut by a measure or by a collapse, and the regime of each asked month."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.events import Event, EventCalendar
from forecast.core.series import SeriesKey, countries
from forecast.core.vintage import Vintage
from forecast.kernels.remembered_answers import remember_answers
from forecast.prep.policy_measures import MeasuresInForce, declared_share_left, measures_in_force
from forecast.prep.spans_and_gaps import measured_months

Detector = Callable[[Ints, Floats, "int | None"], Bools]
NO_MEASURES: frozenset[str] = frozenset()

SETTLED = 12  # open months after which a return counts as the old regime
NORM = 24  # months after which a collapse without a measure counts as the new normal
GAP = 6  # hidden months that a gap-free history can bridge
LAST = 12  # most recent months of a regime that are used
SAME = 3  # months under identical measures from which only these are used


@dataclass(frozen=True)
class RegimePhase:
    """Asked months in one regime: `open` (the old regime), `now` (the last spell continues) or `next` (another regime).

    start : month in which the regime began or begins
    seen, seen_figures : months of the last spell, if it continues (the last `LAST` at most)
    like, like_figures : months of earlier spells of the same regime
    depth : share of trade left according to the measures' texts, None where they state none
    """

    kind: str
    asked: Ints
    seen: Ints
    seen_figures: Floats
    like: Ints
    like_figures: Floats
    depth: float | None = None
    instruments: frozenset[str] = NO_MEASURES
    shut: bool = True
    start: int = 0


@dataclass(frozen=True)
class SeriesBreaks:
    """The breaks of one series, as far as they matter for the asked months.

    relevant : whether there are any; last : the last known month; shut : whether it is shut
    hidden : known months outside the old regime; typical : median positive figure of the other months
    unexplained : the last spell shows in the figures alone, no measure explains it
    usable : number of months that are not hidden, since the last gap too long to bridge
    words : what the last spell is called in notes
    """

    series: str
    relevant: bool
    last: int
    phases: tuple[RegimePhase, ...] = ()
    hidden: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    typical: float = 1.0
    unexplained: bool = False
    shut: bool = False
    usable: int = 0
    words: str = ""

    @property
    def ongoing(self) -> RegimePhase | None:
        """The phase in which the last spell continues, None where that is the old regime."""
        return next((phase for phase in self.phases if phase.kind == "now"), None)

    @property
    def months_seen(self) -> int:
        """Months of the ongoing phase that are used; 0 in the old regime."""
        return len(self.ongoing.seen) if self.ongoing is not None else 0

    def in_another_regime(self, asked: Ints) -> Bools:
        """Which asked months lie in another regime than the one that continues."""
        going_on = "open" if self.ongoing is None else "now"
        same = {m for phase in self.phases if phase.kind == going_on for m in phase.asked.tolist()}
        return np.array([m not in same for m in asked.tolist()])


@dataclass(frozen=True)
class _Spell:
    """A run of known months of one kind, at positions [first, stop) among them."""

    shut: bool
    closing: frozenset[str]
    first: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.first


def find_breaks(vintage: Vintage, series: str, asked: Ints, detector: Detector) -> SeriesBreaks:
    """The breaks of a series that matter for some asked months, from the vintage alone.

    A month is shut while a closing measure holds, or where the detector finds that trade has collapsed; a month back at the old
    level while the measure still holds is open again. A single collapsed month between open ones is an outlier.
    """
    when, y, _ = measured_months(vintage.observed(series))
    if not len(when):
        return SeriesBreaks(series, False, vintage.last_month(series))
    axis = np.unique(np.concatenate([when, asked]))
    by_month = dict(zip(axis.tolist(), measures_in_force(vintage, series, axis), strict=True))
    flags = detector(when, y, vintage.season) if vintage.nonnegative else np.zeros(len(when), dtype=bool)
    spells = _find_spells([by_month[m].closing for m in when.tolist()], flags)
    last = spells[-1]
    before = spells[-2] if len(spells) > 1 else None
    # a long collapse that no measure explains is the new normal, a short return is not yet the old regime
    norm = last.shut and not last.closing and last.size >= NORM
    returning = not last.shut and before is not None and before.shut and last.size < SETTLED
    # the regime of each asked month: the old one, the one that continues, or another
    closing_now = by_month[int(when[-1])].closing
    broken_now = (last.shut and not norm) or returning
    kinds = [_phase_kind(by_month[int(m)].closing, closing_now, broken_now) for m in asked]
    if not broken_now and "next" not in kinds:
        return SeriesBreaks(series, False, int(when[-1]))
    # months to hide from a model of the old regime
    hidden = np.zeros(len(when), dtype=bool)
    for spell in spells:
        hidden[spell.first : spell.stop] = spell.shut and not (norm and spell is last)
    if returning:
        hidden[last.first : last.stop] = True
    positive = y[~hidden & (y > 0)]
    phases = _build_phases(vintage, asked, kinds, by_month, when, y, spells, returning)
    # a shut spell is explained by a measure in force, a return by a measure that has ended
    unexplained = not last.closing if last.shut else bool(closing_now) or before is None or not before.closing
    words = (
        "a return" if returning else by_month[int(when[-1])].words if last.closing else "a collapse" if last.shut else "none"
    )
    return SeriesBreaks(
        series, True, int(when[-1]), phases, when[hidden], float(np.median(positive)) if len(positive) else 1.0, unexplained,
        last.shut, _months_since_gap(when[~hidden]), words,
    )  # fmt: skip


def log_ratios_under_like_measures(vintage: Vintage, series: str, instruments: frozenset[str], floor: float) -> Floats:
    """Log ratios of mean trade in the first year under measures of the same instruments to the year before.

    One for each other series of the vintage with at least six months before and three after; ratios are at least `floor`.
    """
    out = []
    for start, name in _flows_under(vintage.events, instruments, vintage.series):
        if name != series:
            ratio = _first_year_ratio(vintage.observed(name).at(start - LAST, start + LAST))
            out += [] if ratio is None else [np.log(max(ratio, floor))]
    return np.array(out)


@remember_answers(256)
def _first_year_ratio(window: Floats) -> float | None:
    """Mean of the last year of a window over that of its first, without the month between; None where too few are known."""
    before, after = window[:LAST], window[LAST + 1 :]
    if np.isfinite(before).sum() < LAST / 2 or np.isfinite(after).sum() < 3 or not np.nanmean(before) > 0:
        return None
    return float(np.nanmean(after) / np.nanmean(before))


@functools.lru_cache(64)
def _flows_under(events: EventCalendar, instruments: frozenset[str], names: Sequence[str]) -> list[tuple[int, str]]:
    """The named series on the whole of which a measure of one of the instruments was imposed, each with the first month."""
    measures = [e for e in events if e.role == "default" and e.instrument in instruments and e.in_force]
    return [(event.start, name) for event in measures for name in names if event.directed_at(name)]


def break_event(broken: SeriesBreaks, phase: RegimePhase) -> Event | None:
    """An event for a break that no measure explains; None where a measure does, and on a plain panel."""
    key = SeriesKey.maybe(broken.series)
    if key is None or not broken.unexplained:
        return None
    day = dt.date(phase.start // 12, phase.start % 12 + 1, 1)
    ends = tuple(sorted(countries(key.origin)))
    return Event(
        "break", "a break seen in the figures", announced=day, effective=day, imposed_by=ends, products=(key.product,),
        role="default",
    )  # fmt: skip


def hide_months(vintage: Vintage, series: str, months: Ints) -> Vintage:
    """The vintage with some months of a series hidden, run by run."""
    for run in np.split(months, np.flatnonzero(np.diff(months) > 1) + 1):
        if len(run):
            vintage = vintage.hide(series, int(run[0]), int(run[-1]))
    return vintage


def vintage_at_release(vintage: Vintage, series: str, month: int) -> Vintage:
    """The vintage of the day on which a month was released, with later months of the series hidden."""
    days = [cell.released for cell in vintage.cells[series] if cell.last == month]
    if vintage.past is not None and days and min(days) > min(days).min:
        vintage = vintage.earlier(min(days))
    return vintage.hide(series, month + 1)


def _find_spells(closing: list[frozenset[str]], flags: Bools) -> list[_Spell]:
    """Runs of months of one kind; a lone collapsed month between open ones is an outlier and starts no run."""
    keys: list[tuple[bool, frozenset[str]]] = []
    fallen = False  # whether trade has collapsed at any time under the present measures
    for i, (held, flag) in enumerate(zip(closing, flags.tolist(), strict=True)):
        same = i > 0 and closing[i - 1] == held
        fallen = (fallen if same else False) or flag
        lone = flag and not held and 0 < i < len(flags) - 1 and not flags[i - 1] and not flags[i + 1]
        # under a measure: shut until trade, once it has collapsed, is back; without one: shut where collapsed
        shut = (bool(held) and (flag or not fallen)) or (flag and not lone)
        keys.append((shut, held if shut else NO_MEASURES))
    starts = [0, *(i for i in range(1, len(keys)) if keys[i] != keys[i - 1])]
    return [_Spell(*keys[a], a, b) for a, b in zip(starts, [*starts[1:], len(keys)], strict=True)]


def _months_since_gap(months: Ints) -> int:
    """Number of months since the last gap too long to bridge."""
    wide = np.flatnonzero(np.diff(months) > GAP + 1)
    return len(months) - (int(wide[-1]) + 1 if len(wide) else 0)


def _phase_kind(closing: frozenset[str], closing_now: frozenset[str], broken_now: bool) -> str:
    """Kind of phase of an asked month, given the closing measures in force in it and in the last known month."""
    if closing == closing_now:
        return "now" if broken_now else "open"
    return "next" if closing else "open"


def _build_phases(
    vintage: Vintage, asked: Ints, kinds: list[str], by_month: dict[int, MeasuresInForce], when: Ints, y: Floats,
    spells: list[_Spell], returning: bool,
) -> tuple[RegimePhase, ...]:  # fmt: skip
    """One phase per kind and set of closing measures among the asked months, each with the known months to learn it from."""
    last, out = spells[-1], []
    nothing, empty = np.empty(0, dtype=np.int64), np.empty(0)
    for key in dict.fromkeys((kind, by_month[int(m)].closing) for m, kind in zip(asked, kinds, strict=True)):
        kind, closing = key
        mine = np.array([k == kind and by_month[int(m)].closing == closing for m, k in zip(asked, kinds, strict=True)])
        if kind == "open":
            out.append(RegimePhase("open", asked[mine], nothing, empty, nothing, empty, shut=False))
            continue
        # known months to learn the regime from: those of the last spell if it continues, and earlier spells of the same regime
        seen = slice(last.first, last.stop) if kind == "now" else slice(0, 0)
        earlier = [i for s in spells[:-1] if s.shut and s.closing == closing and closing for i in range(s.first, s.stop)]
        if kind == "now" and not closing and len(spells) > 1:  # no measure: the shut spell just before
            earlier = [i for s in spells[-2:-1] if s.shut for i in range(s.first, s.stop)]
        if kind == "next" and last.shut and last.closing == closing:
            earlier += list(range(last.first, last.stop))
        regime = by_month[int(asked[mine][0])]
        # months under identical measures are better evidence than others under the same ban
        same = [i for i in earlier if by_month[int(when[i])].measures == regime.measures]
        at = np.array((same if len(same) >= SAME else earlier)[-LAST:], dtype=np.int64)
        used = frozenset(vintage.events[name].instrument for name in regime.closing)
        depth = declared_share_left(vintage, regime)
        shut = not (returning and kind == "now")
        start = int(when[last.first]) if kind == "now" else int(asked[mine].min())
        out.append(
            RegimePhase(kind, asked[mine], when[seen][-LAST:], y[seen][-LAST:], when[at], y[at], depth, used, shut, start)
        )
    return tuple(out)


def since_break(seen: Callable[[], Vintage], broken: SeriesBreaks, phase: RegimePhase) -> Vintage:
    """What is seen, without the months of the series before its break."""
    vintage = seen()
    return vintage.hide(broken.series, vintage.observed(broken.series).first, phase.start - 1)
