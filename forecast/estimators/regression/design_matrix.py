"""Design matrix of the intervention regression: figures on the working scale, the event's columns and all other regressors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.errors import NotIdentifiedError, TooShortError
from forecast.core.plurals import pluralize
from forecast.core.questions import Design
from forecast.core.vintage import Vintage
from forecast.estimators.regression.intervention_regressors import (
    EventRegressors,
    ShapeSpec,
    donut_months,
    own_event_regressors,
)
from forecast.prep.regressors import Regressors
from forecast.prep.spans_and_gaps import FilledSeries, split_spans
from forecast.prep.spikes import hide_spikes
from forecast.prep.working_scale import WorkingScale, amount_scale, choose_scale

ColumnScreen = Callable[[Floats, Floats], Ints]  # columns and a base at the observed rows -> the independent columns
MIN_FREEDOM = 4  # residual degrees of freedom
COLLAPSE_SHARE = 0.01  # of its usual level: a flow below it has collapsed
USUAL_MONTHS = 36  # most recent figures without the event that define the usual level


@dataclass(frozen=True, eq=False)
class SeriesFigures:
    """The known figures of one series: `values` at `rows` of `axis`, which runs to the end of the asked window.

    own : the design's events over the axis; affected (N,) : months in which one of them acts; collapsed : the asked periods
    hold less than `COLLAPSE_SHARE` of the usual level, so the affected months carry no information on the counterfactual
    """

    series: str
    axis: Ints
    rows: Ints
    values: Floats
    own: EventRegressors
    affected: Bools
    collapsed: bool
    split: int


@dataclass(frozen=True, eq=False)
class RegressionSample:
    """Figures on the working scale, `z` at `rows` of `axis`, and linearly independent columns.

    fixed : columns of everything but the event; own : the event's, none where the flow collapsed; dropped : names of columns
    left out; lost : events of the design whose columns are linear combinations of others
    """

    axis: Ints
    rows: Ints
    z: Floats
    scale: WorkingScale
    fixed: Regressors
    own: EventRegressors
    dropped: tuple[str, ...]
    lost: tuple[str, ...]
    split: int
    collapsed: bool


def series_figures(
    vintage: Vintage,
    design: Design,
    series: str,
    periods: Floats,
    shapes: Sequence[ShapeSpec],
    floor: float | None = None,
) -> SeriesFigures:
    """The figures of a treated series, without the first `donut` months of an event. periods (P, 3): first, last, sum.

    floor : of a two-part model: only months with more, and no old spikes
    """
    data: FilledSeries = split_spans((vintage if floor is None else hide_spikes(vintage, design)).observed(series))
    known = np.flatnonzero(np.isfinite(data.values))
    if len(known) < MIN_FREEDOM + 2:
        raise TooShortError(f"{len(known)} monthly figures, a regression needs {MIN_FREEDOM + 2}", where=series)
    first = data.first + int(known[0])
    axis = np.arange(first, max(data.first + int(known[-1]), design.window(vintage).last) + 1)
    known = known[~np.isin(data.first + known, sorted(donut_months(vintage, design)))]
    if floor is not None:
        known = known[data.values[known] > floor]
    if len(known) < MIN_FREEDOM + 2:
        raise TooShortError(f"{len(known)} months with trade, a regression needs {MIN_FREEDOM + 2}", where=series)
    rows, values = data.first + known - first, data.values[known]
    own = own_event_regressors(vintage, design, axis, shapes)
    affected = np.abs(own.columns(own.midpoints)[0]).max(axis=1, initial=0.0) > 1e-9
    gone = floor is not None and not affected[rows].any()  # the event left no month with trade to fit
    collapsed = vintage.nonnegative and (gone or _has_collapsed(values[~affected[rows]], periods))
    if collapsed:
        rows, values = rows[~affected[rows]], values[~affected[rows]]
    return SeriesFigures(series, axis, rows, values, own, affected, collapsed, sum(mark == "split" for mark in data.marks))


def build_sample(
    known: SeriesFigures,
    diffuse: Floats,
    before: Regressors,
    others: Regressors,
    nonnegative: bool,
    transform: str,
    independent: ColumnScreen,
) -> RegressionSample:
    """The figures with their columns in order of priority: `diffuse` (N, d), `before`, the event's own, `others`.

    A column that is a linear combination of those of higher priority is dropped.
    """
    rows, own = known.rows, known.own
    two_part = nonnegative and transform == "auto"
    inside = Regressors((), np.empty((len(diffuse), 0)))
    if not known.collapsed:
        inside = Regressors(own.names, own.columns(own.midpoints)[0])
    x = Regressors(
        (*before.names, *inside.names, *others.names), np.column_stack([before.matrix, inside.matrix, others.matrix])
    )
    free = {x.names[int(j)] for j in independent(x.matrix[rows], diffuse[rows])}
    kept = own.select(free & set(inside.names))
    fixed = x.take([j for j, name in enumerate(x.names) if name in free and name not in inside.names])
    scale = choose_scale(known.values, nonnegative, "log" if two_part else transform)
    plain = ~known.affected[rows]
    if two_part and plain.any():  # the scale is that of the figures without the event: what it did is no skewness
        scale = amount_scale(known.values[plain], np.column_stack([diffuse, fixed.matrix])[rows[plain]])
    moving = {owner for j, owner in enumerate(own.owners) if inside.names and np.ptp(inside.matrix[rows, j]) > 0}
    if not kept.names and not known.collapsed:
        raise NotIdentifiedError("the event's regressors are constant or collinear in the sample", where=known.series)
    count = diffuse.shape[1] + len(fixed.names) + len(kept.names) + len(kept.rates)
    if len(rows) - count < MIN_FREEDOM:
        raise TooShortError(f"{len(rows)} figures for {count} coefficients", where=known.series)
    after = int(known.affected[rows].sum())
    if kept.rates and after < len(kept.names) + len(kept.rates) + 1:
        raise NotIdentifiedError(f"{pluralize(after, 'figure')} after the start cannot tell a rate from a size")
    dropped = tuple(name for name in x.names if name not in free)
    lost = tuple(sorted(moving - set(kept.owners)))
    return RegressionSample(
        known.axis, rows, scale.forward(known.values), scale, fixed, kept, dropped, lost, known.split, known.collapsed
    )


def _has_collapsed(usual: Floats, periods: Floats) -> bool:
    """Whether the asked periods hold less than `COLLAPSE_SHARE` of the sum expected from the unaffected figures."""
    months = float((periods[:, 1] - periods[:, 0] + 1).sum())
    expected = float(usual[-USUAL_MONTHS:].mean()) * months if len(usual) else 0.0
    return expected > 0 and float(periods[:, 2].sum()) < COLLAPSE_SHARE * expected
