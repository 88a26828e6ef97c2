"""The donor pool: which donors of a design are usable, and their figures before and after an event next to the treated ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.effects import Effect
from forecast.core.errors import ConfigError, NotIdentifiedError, TooShortError
from forecast.core.questions import Design
from forecast.core.results import Used
from forecast.core.series import SeriesKey
from forecast.core.spillovers import spillover
from forecast.core.vintage import ObservedSeries, Vintage
from forecast.prep.baselines import ObservedWindow, describe, unit_of
from forecast.prep.pre_period import clean_pre_period
from forecast.prep.spans_and_gaps import split_spans, window_total

MIN_COVERAGE = 0.9  # share of the treated series' clean months for which a donor must have a figure


@dataclass(frozen=True)
class DonorTable:
    """Figures in columns: the treated series first (the mean of several), then the donors.

    months (T,), before (T, 1 + k) : clean months for which all are known
    after (P, 1 + k), sizes (P,) : monthly means of the observed periods of the effect window, and the periods' lengths
    controls : control series for the same cells, before (T, 1 + k, q) and after (P, 1 + k, q)
    barred : excluded candidates with the reason; split : number of months split out of published sums
    """

    donors: tuple[str, ...]
    months: Ints
    before: Floats
    after: Floats
    sizes: Floats
    controls: tuple[Floats, Floats]
    barred: tuple[str, ...] = ()
    split: int = 0


def unestimated_effect(name: str, vintage: Vintage, design: Design, seen: ObservedWindow, reads: str = "causal") -> Effect:
    """An Effect before estimation: the observed figures and their description."""
    stretch = clean_pre_period(vintage, design)
    return Effect(
        estimator=name,
        design=design,
        unit=unit_of(design),
        periods=seen.periods,
        observed=seen.observed,
        counterfactual=None,
        description=describe(vintage, design, seen),
        steps=vintage.steps,
        n_clean=stretch.count,
        n_span=len(stretch.spans),
        reads=reads,
    )


def description_only(made: Effect, *why: str | None) -> Effect:
    """The effect reduced to its description, with notes on why nothing is estimated."""
    return replace(made, used=(Used("description only", notes=tuple(filter(None, why))),))


def candidate_donors(vintage: Vintage, design: Design) -> tuple[str, ...]:
    """Donors that a design names; "all" means every other unit of a plain panel."""
    if design.donors != "all":
        return tuple(design.donors)
    if any(SeriesKey.maybe(s) for s in design.treated):
        raise ConfigError(
            'donors="all" would take flows that the event moved too', hint="fc.untouched(archive, event, like=treated)"
        )
    return tuple(s for s in vintage.series if s not in design.treated and s != design.share_of)


def build_donor_table(vintage: Vintage, design: Design, seen: ObservedWindow, fewest: int) -> DonorTable:
    """The treated series and its usable donors; months in which one of them is unknown are dropped.

    Excluded are flows that the event may reach too (`core.spillovers`) unless the design lets them in, donors unknown in a
    month of the effect window or in more than a tenth of the clean months, and donors that never traded.
    """
    stretches = [clean_pre_period(vintage, design, s) for s in design.treated]
    first = max(s.first for s in stretches)
    last = max(stretches[0].last, first - 1)  # a flow may begin after the event: no month before it
    axis = np.arange(first, last + 1)
    treated, split = _treated_mean(vintage, design, first, last)
    wanted = np.isfinite(treated)
    if int(wanted.sum()) < fewest:
        raise TooShortError(f"{int(wanted.sum())} clean months, weights need {fewest}", where=design.treated[0])
    barred = {donor: _reason_barred(vintage, design, donor) for donor in candidate_donors(vintage, design)}
    tried = [donor for donor, why in barred.items() if not why]
    past, future, cuts = _figures_of(vintage, tried, first, last, seen)
    # each donor needs figures of its own and, where the design names controls, those of every month of the effect window
    barred |= dict(zip(tried, _reasons_unknown(past[wanted], future, vintage.nonnegative), strict=True))
    for donor in tried if design.controls else ():
        if not barred[donor] and not np.isfinite(_control_arrays(vintage, design, donor, axis[:0], seen)[1]).all():
            barred[donor] = "a control is unknown in an asked month"
    usable = np.array([not barred[donor] for donor in tried], dtype=bool)
    kept = [donor for donor in tried if not barred[donor]]
    reasons = tuple(f"{donor}: {why}" for donor, why in barred.items() if why)
    if len(kept) < 2:
        left = "1 donor is" if len(kept) == 1 else f"{len(kept)} donors are"
        raise NotIdentifiedError(f"{left} left, weights need two", hint="; ".join(reasons[:3]))
    units = (design.treated[0], *kept)
    table, (known, asked) = np.column_stack([treated, past[:, usable]]), _control_tables(vintage, design, units, axis, seen)
    after = np.column_stack([seen.observed / len(design.treated) / _period_lengths(seen), future[:, usable]])
    split += int(cuts[usable].sum())
    use = np.isfinite(table).all(axis=1) & np.isfinite(known).all(axis=(1, 2))
    if int(use.sum()) < fewest:
        raise TooShortError(
            f"{int(use.sum())} clean months known of all donors, weights need {fewest}", where=design.treated[0]
        )
    if not np.isfinite(asked[:, 0]).all():
        raise TooShortError("a control of the treated series is unknown in an asked month", where=design.treated[0])
    controls = (known[use], asked)
    return DonorTable(tuple(kept), axis[use], table[use], after, _period_lengths(seen), controls, reasons, split)


def _period_lengths(seen: ObservedWindow) -> Floats:
    return np.array([last - first + 1 for first, last in seen.periods], dtype=float)


def _reason_barred(vintage: Vintage, design: Design, donor: str) -> str:
    """Why a candidate is no valid donor; empty where it is one."""
    if donor in design.treated or donor == design.share_of:
        return "treated itself"
    if not vintage.knows(donor):
        return "no figure is known"
    return "" if donor in design.let_in else spillover(donor, design.treated, design.events, design.diversion)


def _reasons_unknown(past: Floats, future: Floats, nonnegative: bool) -> list[str]:
    """Why the figures of donors, (n, m) before and (P, m) after, do not suffice; empty for those whose do."""
    asked, known = np.isfinite(future).all(axis=0), np.isfinite(past)
    unknown, traded = (~known).sum(axis=0), np.nansum(past, axis=0) > 0
    few = known.mean(axis=0) < MIN_COVERAGE
    return [
        "unknown in an asked month" if not answered
        else f"unknown in {missing} of {len(past)} clean months" if short
        else "zero throughout" if nonnegative and not some
        else ""
        for answered, short, missing, some in zip(*map(np.ndarray.tolist, (asked, few, unknown, traded)), strict=True)
    ]  # fmt: skip


def _monthly_figures(observed: ObservedSeries, first: int, last: int) -> tuple[Floats, int]:
    """Monthly figures from `first` to `last` with short sums split, NaN where unknown; and the number of split months."""
    if not observed.spans:
        return observed.at(first, last), 0
    shared = split_spans(observed)
    inside = [m for m, mark in zip(shared.months, shared.marks, strict=True) if mark == "split" and first <= m <= last]
    return replace(observed, values=shared.values).at(first, last), len(inside)


def _figures_of(
    vintage: Vintage, donors: Sequence[str], first: int, last: int, seen: ObservedWindow
) -> tuple[Floats, Floats, Ints]:
    """Figures of m donors: months from `first` to `last` (n, m), means of the asked periods (P, m), months split (m,)."""
    past, future = np.empty((last - first + 1, len(donors))), np.empty((len(seen.periods), len(donors)))
    cuts, begins = np.zeros(len(donors), dtype=np.int64), [begin - seen.window.first for begin, _ in seen.periods]
    monthly = all(begin == end for begin, end in seen.periods)
    for j, observed in enumerate(map(vintage.observed, donors)):
        past[:, j], cuts[j] = _monthly_figures(observed, first, last)
        future[:, j] = (
            observed.at(seen.window.first, seen.window.last)[begins]
            if monthly and not observed.spans
            else _period_means(observed, seen)
        )
    return past, future, cuts


def _treated_mean(vintage: Vintage, design: Design, first: int, last: int) -> tuple[Floats, int]:
    parts = [_monthly_figures(vintage.observed(s), first, last) for s in design.treated]
    return np.mean([values for values, _ in parts], axis=0), sum(cut for _, cut in parts)


def _period_means(observed: ObservedSeries, seen: ObservedWindow) -> Floats:
    """A donor's monthly mean in every observed period; a month inside a published sum gets its share of it."""
    monthly, _ = _monthly_figures(observed, seen.window.first, seen.window.last)
    out = []
    for first, last in seen.periods:
        total = window_total(observed, first, last)
        shared = monthly[first - seen.window.first : last - seen.window.first + 1].sum()
        out.append((total if np.isfinite(total) else shared) / (last - first + 1))
    return np.array(out)


def _control_tables(
    vintage: Vintage, design: Design, units: Sequence[str], axis: Ints, seen: ObservedWindow
) -> tuple[Floats, Floats]:
    """Controls of m units: monthly before the event (T, m, q), and means of every observed period (P, m, q)."""
    if not design.controls:
        return np.empty((len(axis), len(units), 0)), np.empty((len(seen.periods), len(units), 0))
    before, after = zip(*(_control_arrays(vintage, design, unit, axis, seen) for unit in units), strict=True)
    return np.stack(before, axis=1), np.stack(after, axis=1)


def _control_arrays(vintage: Vintage, design: Design, unit: str, axis: Ints, seen: ObservedWindow) -> tuple[Floats, Floats]:
    """Controls of one unit: monthly before the event (T, q), and means of every observed period (P, q)."""
    before = vintage.controls_of(unit, design.controls, axis)
    after = [
        vintage.controls_of(unit, design.controls, np.arange(first, last + 1)).mean(axis=0) for first, last in seen.periods
    ]
    return before, np.array(after).reshape(len(seen.periods), len(design.controls))
