"""The working panel of the donor estimator: its sample on one scale, controls partialled out, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.errors import NotIdentifiedError
from forecast.core.questions import Design
from forecast.estimators.synthetic import synthetic_weights
from forecast.estimators.synthetic.predictors import Predictors
from forecast.estimators.synthetic.sample import WeightingSample
from forecast.prep.baselines import ObservedWindow
from forecast.prep.donor_pool import DonorTable


@dataclass(frozen=True)
class WorkingPanel:
    """The sample on the working scale: months before the event, and monthly means of the P periods after.

    when : the months of each period; unit : one unit of the working scale in that of the treated series; back (P,) :
    contribution of the controls, in the latter unit; predictors : with their own units
    """

    table: DonorTable
    sample: WeightingSample
    when: tuple[Ints, ...]
    unit: float
    back: Floats
    predictors: Predictors

    @property
    def outcomes(self) -> Floats:
        """Outcomes (T, 1 + k) of the clean months, the treated unit first."""
        return np.column_stack([self.sample.y, self.sample.x])


def build_working_panel(table: DonorTable, design: Design, seen: ObservedWindow) -> WorkingPanel:
    """The table on its working scale, controls partialled out; all months fitted, no predictors."""
    trade = design.basis != "panel"
    level = table.before.mean(axis=0) if trade else np.ones(table.before.shape[1])
    if not level.all():
        raise NotIdentifiedError("a flow that was zero throughout has no size to compare")
    before, after = table.before / level, table.after / level
    back = np.zeros(len(after))
    if design.controls:
        known, later = table.controls
        open_cells = np.vstack([before, after])
        open_cells[len(before) :, 0] = np.nan
        slope = synthetic_weights.control_coefficients(open_cells, np.concatenate([known, later]))
        before, after = before - known @ slope, after - later @ slope
        back = later[:, 0] @ slope * level[0] * table.sizes * len(design.treated)
    share = table.sizes / table.sizes.sum()
    when = tuple(np.arange(first, last + 1) for first, last in seen.periods)
    sample = WeightingSample.of_outcomes(before[:, 0], before[:, 1:], after[:, 0], after[:, 1:], share)
    return WorkingPanel(table, sample, when, float(level[0]), back, Predictors((), sample.predictors))
