"""Predictors of a synthetic control: means of the outcome or of named columns over stated windows before an event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.errors import ConfigError, NotIdentifiedError, TooShortError, nearest
from forecast.core.questions import Design
from forecast.core.vintage import Vintage
from forecast.prep.donor_pool import DonorTable

OUTCOME = "outcome"
EQUAL = 1e-9  # relative difference below which a predictor is the same for all units
Label = str | int
PredictorSpec = str | tuple[Label, ...]  # a name; with one month, or the first and last of a window


@dataclass(frozen=True)
class Predictors:
    """Their names, as "retprice 1980 to 1988", values (p, 1 + k) of the treated unit and the donors, and notes."""

    names: tuple[str, ...]
    values: Floats
    notes: tuple[str, ...] = ()

    @property
    def standardised(self) -> Floats:
        """The values divided by each predictor's standard deviation over all units, so that none counts for its unit."""
        scaled: Floats = self.values / self.values.std(axis=1, ddof=1, keepdims=True)
        return scaled


def check_spec(spec: PredictorSpec) -> None:
    """A ConfigError where a predictor is no name with at most two months."""
    words = (spec,) if isinstance(spec, str) else spec
    if not 1 <= len(words) <= 3 or not isinstance(words[0], str) or not words[0]:
        hint = '"income", ["income", "1980"] or ["income", "1980", "1988"]'
        raise ConfigError(f"a predictor is a name and at most two months, not {spec!r}", hint=hint)


def build_predictors(
    specs: Sequence[PredictorSpec], vintage: Vintage, design: Design, table: DonorTable, outcomes: Floats
) -> Predictors:
    """The predictors of the treated unit (the mean of several) and the donors of `table`.

    "outcome" is read from `outcomes` (T, 1 + k), the figures of the clean months on their working scale; any other name is a
    column of the panel. No month from the event on is read: a window that reaches there is cut, which a note says. Unknown
    months of a window are left out of its mean.
    """
    names, values, notes = [], list[Floats](), list[str]()
    last = design.window(vintage).hole - 1
    for spec in specs:
        name, *window = (spec,) if isinstance(spec, str) else spec
        label = " to ".join(vintage.steps.label(vintage.steps.ordinal(str(w))) for w in window)
        names.append(f"{name} {label}".rstrip())
        begin, end = _window_bounds(vintage, window, table)
        if end > last:
            notes.append(f"predictor {names[-1]}: cut after {vintage.steps.label(last)}, the last month before the event")
        months = np.arange(begin, min(end, last) + 1)
        if name == OUTCOME:
            row = outcomes[np.isin(table.months, months)]
            means = row.mean(axis=0) if len(row) else np.full(outcomes.shape[1], np.nan)
        else:
            _require_column(vintage, str(name))
            treated = np.mean([_column_mean(vintage, unit, str(name), months) for unit in design.treated])
            means = np.array([treated, *(_column_mean(vintage, unit, str(name), months) for unit in table.donors)])
        if not np.isfinite(means).all():
            unit = (design.treated[0], *table.donors)[int(np.argmin(np.isfinite(means)))]
            raise NotIdentifiedError(f"the predictor {names[-1]} of {unit} is unknown before the event", hint="another window")
        if not np.ptp(means) > EQUAL * np.abs(means).max():
            raise NotIdentifiedError(f"the predictor {names[-1]} is the same for all units", hint="another window")
        values.append(means)
    if len(set(names)) < len(names):
        raise ConfigError("a predictor is named twice", hint=", ".join(n for n in names if names.count(n) > 1))
    return Predictors(tuple(names), np.array(values).reshape(len(names), outcomes.shape[1]), tuple(notes))


def fitted_months(fit: Sequence[Label], vintage: Vintage, table: DonorTable, fewest: int) -> Bools:
    """Which of the clean months (T,) lie in the fit window; all where none is given."""
    if not fit:
        return np.ones(len(table.months), dtype=bool)
    begin, end = (vintage.steps.ordinal(str(w)) for w in fit)
    inside: Bools = (table.months >= begin) & (table.months <= end)
    if int(inside.sum()) < fewest:
        raise TooShortError(f"the fit window holds {int(inside.sum())} clean months, weights need {fewest}")
    return inside


def _window_bounds(vintage: Vintage, window: Sequence[Label], table: DonorTable) -> tuple[int, int]:
    """First and last month of a window; the clean months where none is named."""
    if not window:
        return int(table.months[0]), int(table.months[-1])
    bounds = [vintage.steps.ordinal(str(w)) for w in window]
    return bounds[0], bounds[-1]


def _column_mean(vintage: Vintage, unit: str, column: str, months: Ints) -> float:
    """Mean of the known months of a column, NaN where there is none."""
    known = vintage.controls_of(unit, [column], months)
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else float("nan")


def _require_column(vintage: Vintage, column: str) -> None:
    columns = sorted({name for _, name in vintage.controls})
    if column not in columns:
        near = nearest(column, [OUTCOME, *columns])
        raise ConfigError(
            f"no column is called '{column}'", hint=near or f"'{OUTCOME}', or fc.panel(..., controls=['{column}'])"
        )
