"""The working panel of the donor estimator: its sample on one scale, controls partialled out, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.errors import NotIdentifiedError
from forecast.core.questions import Design
from forecast.core.vintage import Vintage
from forecast.estimators.synthetic import synthetic_weights
from forecast.estimators.synthetic.predictors import Predictors
from forecast.estimators.synthetic.sample import WeightingSample
from forecast.prep.baselines import ObservedWindow
from forecast.prep.donor_pool import DonorTable
from forecast.prep.month_factors import month_factors


@dataclass(frozen=True)
class WorkingPanel:
    """The sample on the working scale: months before the event, and monthly means of the P periods after.

    when : the months of each period; unit : one unit of the working scale in that of the treated series; factor (P,) : season
    of the treated in each period; back (P,) : contribution of the controls and of a season in amounts, in the latter unit;
    predictors : with their own units; errors_grow : with the size of a flow
    """

    table: DonorTable
    sample: WeightingSample
    when: tuple[Ints, ...]
    unit: float
    factor: Floats
    back: Floats
    predictors: Predictors
    errors_grow: bool

    @property
    def outcomes(self) -> Floats:
        """Outcomes (T, 1 + k) of the clean months, the treated unit first."""
        return np.column_stack([self.sample.y, self.sample.x])

    def relative_sizes(self, path: Floats, asked: Ints) -> tuple[Floats, Floats]:
        """Sizes of a positive counterfactual `path` (T,) along its exponential trend, about one, and of `asked` months (h,).

        Errors of a flow are a share of its size: one that grew errs by more after the event than before. Ones on plain panels.
        """
        if not self.errors_grow or not (path > 0).all():
            return np.ones(len(path)), np.ones(len(asked))
        middle = self.table.months.mean()
        at = self.table.months - middle
        growth = float(at @ np.log(path)) / float(at @ at)
        return np.exp(growth * at), np.exp(growth * (asked - middle))


def build_working_panel(table: DonorTable, design: Design, seen: ObservedWindow, vintage: Vintage) -> WorkingPanel:
    """The table on its working scale without its season, controls partialled out; all months fitted, no predictors."""
    trade = design.basis != "panel"
    when = tuple(np.arange(first, last + 1) for first, last in seen.periods)
    multiplies = vintage.nonnegative
    seasons = month_factors(table.months, table.before, vintage.season, multiplies=multiplies)
    later = seasons.of_periods(when)
    before, after = seasons.remove(table.before, seasons.before), seasons.remove(table.after, later)
    level = before.mean(axis=0) if trade else np.ones(before.shape[1])
    if not level.all():
        raise NotIdentifiedError("a flow that was zero throughout has no size to compare")
    before, after = before / level, after / level
    season, back = later[:, 0], np.zeros(len(after))
    factor = season if multiplies else np.ones(len(after))
    if design.controls:
        known, asked = table.controls
        open_cells = np.vstack([before, after])
        open_cells[len(before) :, 0] = np.nan
        slope = synthetic_weights.control_coefficients(open_cells, np.concatenate([known, asked]))
        before, after = before - known @ slope, after - asked @ slope
        back = factor * (asked[:, 0] @ slope) * level[0] * table.sizes * len(design.treated)
    if not multiplies:
        back = back + season * table.sizes * len(design.treated)
    share = table.sizes / table.sizes.sum()
    sample = WeightingSample.of_outcomes(before[:, 0], before[:, 1:], after[:, 0], after[:, 1:], share)
    return WorkingPanel(table, sample, when, float(level[0]), factor, back, Predictors((), sample.predictors), trade)
