"""Breaks of a series: which of its months were shut, by the calendar or by the figures, and what the asked months will be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.events import Event
from forecast.core.series import SeriesKey, countries
from forecast.core.vintage import Vintage
from forecast.prep.policy_measures import MeasuresInForce, declared_share_left, measures_in_force
from forecast.prep.transform import measured_months

Detector = Callable[[Ints, Floats, "int | None"], Bools]
NO_MEASURES: frozenset[str] = frozenset()

SETTLED = 12  # open months after which a return is the old regime again
NORM = 24  # months after which a collapse that no measure explains is the new norm
GAP = 6  # hidden months that a model without gaps can bridge
LAST = 12  # months of a regime that are looked back on
SAME = 3  # of them under the very same measures, from which they stand alone


@dataclass(frozen=True)
class RegimePhase:
    """Some asked months of one kind: `open` (the old regime), `now` (the last spell goes on) or `next` (a regime to come).

    seen, figures : months of the last spell, which goes on (at most the last `LAST` of them, begun in month `begun`)
    like, like_figures : months of earlier spells of the same regime
    depth : share that the measures' texts leave, None where they name none
    """

    kind: str
    asked: Ints
    seen: Ints
    figures: Floats
    like: Ints
    like_figures: Floats
    depth: float | None = None
    instruments: frozenset[str] = NO_MEASURES
    shut: bool = True
    begun: int = 0


@dataclass(frozen=True)
class SeriesBreaks:
    """One series and its breaks.

    hidden : known months outside the old regime; typical : the median positive figure of the others; untold : the last spell
    is known from the figures alone; shut : the last known month is; left : months that are not
    hidden, since the last long gap of them; words : what the last spell is called
    """

    series: str
    handled: bool
    last: int
    phases: tuple[RegimePhase, ...] = ()
    hidden: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    typical: float = 1.0
    untold: bool = False
    shut: bool = False
    left: int = 0
    words: str = ""

    @property
    def now(self) -> RegimePhase | None:
        """The phase of the last spell, where it is broken."""
        return next((phase for phase in self.phases if phase.kind == "now"), None)


@dataclass(frozen=True)
class _Spell:
    """A run of known months of one kind, by places [first, stop) among them."""

    shut: bool
    closing: frozenset[str]
    first: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.first


def find_breaks(vintage: Vintage, series: str, asked: Ints, detector: Detector) -> SeriesBreaks:
    """The breaks of a series that bear on some asked months; nothing but the vintage is looked at.

    A month is shut while a closing measure holds, or the detector says that trade has collapsed; a month back at the old level
    while the measure still holds is open again. A single collapsed month that has passed was an outlier.
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
    norm = last.shut and not last.closing and last.size >= NORM
    returning = not last.shut and before is not None and before.shut and last.size < SETTLED
    closing_now = by_month[int(when[-1])].closing
    broken_now = (last.shut and not norm) or returning
    kinds = [_phase_kind(by_month[int(m)].closing, closing_now, broken_now) for m in asked]
    if not broken_now and "next" not in kinds:
        return SeriesBreaks(series, False, int(when[-1]))
    hidden = np.zeros(len(when), dtype=bool)
    for spell in spells:
        hidden[spell.first : spell.stop] = spell.shut and not (norm and spell is last)
    if returning:
        hidden[last.first : last.stop] = True
    positive = y[~hidden & (y > 0)]
    phases = _build_phases(vintage, asked, kinds, by_month, when, y, spells, returning)
    untold = not last.closing if last.shut else bool(closing_now) or before is None or not before.closing
    words = (
        "a return" if returning else by_month[int(when[-1])].words if last.closing else "a collapse" if last.shut else "none"
    )
    return SeriesBreaks(
        series, True, int(when[-1]), phases, when[hidden], float(np.median(positive)) if len(positive) else 1.0, untold,
        last.shut, _months_since_gap(when[~hidden]), words,
    )  # fmt: skip


def log_ratios_under_like_measures(vintage: Vintage, series: str, instruments: frozenset[str], floor: float) -> Floats:
    """Log ratios of the first year under like measures to the year before, one for each other series of the vintage.

    Means of months; at least six before and three after; a ratio below `floor` counts as that.
    """
    out = []
    for event in vintage.events:
        if event.role != "default" or event.instrument not in instruments or not event.in_force:
            continue
        for name in vintage.series:
            if name == series or not event.directed_at(name):
                continue
            window = vintage.observed(name).at(event.start - LAST, event.start + LAST)
            before, after = window[:LAST], window[LAST + 1 :]
            if np.isfinite(before).sum() < LAST / 2 or np.isfinite(after).sum() < 3 or not np.nanmean(before) > 0:
                continue
            out.append(np.log(max(float(np.nanmean(after) / np.nanmean(before)), floor)))
    return np.array(out)


def break_event(broken: SeriesBreaks, phase: RegimePhase) -> Event | None:
    """A break that no measure tells of as an event of its own; None where one does, and on a plain panel."""
    key = SeriesKey.maybe(broken.series)
    if key is None or not broken.untold:
        return None
    day = dt.date(phase.begun // 12, phase.begun % 12 + 1, 1)
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
    """The vintage of the day on which a month came out, without any later month of the series."""
    days = [cell.released for cell in vintage.cells[series] if cell.last == month]
    if vintage.past is not None and days and min(days) > min(days).min:
        vintage = vintage.earlier(min(days))
    return vintage.hide(series, month + 1)


def _find_spells(closing: list[frozenset[str]], flags: Bools) -> list[_Spell]:
    """Runs of months of one kind; lone collapsed months between open ones are none."""
    keys: list[tuple[bool, frozenset[str]]] = []
    fallen = False
    for i, (held, flag) in enumerate(zip(closing, flags.tolist(), strict=True)):
        same = i > 0 and closing[i - 1] == held
        fallen = (fallen if same else False) or flag
        lone = flag and not held and 0 < i < len(flags) - 1 and not flags[i - 1] and not flags[i + 1]
        shut = (bool(held) and (flag or not fallen)) or (flag and not lone)
        keys.append((shut, held if shut else NO_MEASURES))
    starts = [0, *(i for i in range(1, len(keys)) if keys[i] != keys[i - 1])]
    return [_Spell(*keys[a], a, b) for a, b in zip(starts, [*starts[1:], len(keys)], strict=True)]


def _months_since_gap(months: Ints) -> int:
    """Months since the last gap too long to be bridged."""
    wide = np.flatnonzero(np.diff(months) > GAP + 1)
    return len(months) - (int(wide[-1]) + 1 if len(wide) else 0)


def _phase_kind(closing: frozenset[str], closing_now: frozenset[str], broken_now: bool) -> str:
    if closing == closing_now:
        return "now" if broken_now else "open"
    return "next" if closing else "open"


def _build_phases(
    vintage: Vintage, asked: Ints, kinds: list[str], by_month: dict[int, MeasuresInForce], when: Ints, y: Floats,
    spells: list[_Spell], returning: bool,
) -> tuple[RegimePhase, ...]:  # fmt: skip
    last, out = spells[-1], []
    nothing, empty = np.empty(0, dtype=np.int64), np.empty(0)
    for key in dict.fromkeys((kind, by_month[int(m)].closing) for m, kind in zip(asked, kinds, strict=True)):
        kind, closing = key
        mine = np.array([k == kind and by_month[int(m)].closing == closing for m, k in zip(asked, kinds, strict=True)])
        if kind == "open":
            out.append(RegimePhase("open", asked[mine], nothing, empty, nothing, empty, shut=False))
            continue
        seen = slice(last.first, last.stop) if kind == "now" else slice(0, 0)
        earlier = [i for s in spells[:-1] if s.shut and s.closing == closing and closing for i in range(s.first, s.stop)]
        if kind == "now" and not closing and len(spells) > 1:  # nothing but the figures: the spell just before, where shut
            earlier = [i for s in spells[-2:-1] if s.shut for i in range(s.first, s.stop)]
        if kind == "next" and last.shut and last.closing == closing:
            earlier += list(range(last.first, last.stop))
        regime = by_month[int(asked[mine][0])]
        # months under the very same measures tell more of it than others under the same ban
        same = [i for i in earlier if by_month[int(when[i])].measures == regime.measures]
        at = np.array((same if len(same) >= SAME else earlier)[-LAST:], dtype=np.int64)
        used = frozenset(vintage.events[name].instrument for name in regime.closing)
        depth = declared_share_left(vintage, regime)
        shut = not (returning and kind == "now")
        begun = int(when[last.first]) if kind == "now" else int(asked[mine].min())
        out.append(
            RegimePhase(kind, asked[mine], when[seen][-LAST:], y[seen][-LAST:], when[at], y[at], depth, used, shut, begun)
        )
    return tuple(out)
