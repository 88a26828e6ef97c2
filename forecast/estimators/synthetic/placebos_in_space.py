"""Placebos in space: every donor as if it were treated, and the rank of the treated unit among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats
from forecast.core.judgement import Placebo
from forecast.estimators.synthetic import synthetic_weights
from forecast.estimators.synthetic.donor_departures import DonorDepartures, donor_departures
from forecast.estimators.synthetic.donors_as_treated import DonorsAsTreated
from forecast.estimators.synthetic.sample import WeightingSample
from forecast.estimators.synthetic.synthetic_weights import SyntheticWeights, WeightRule
from forecast.estimators.synthetic.working_panel import WorkingPanel

MIN_PLACEBOS = 3  # donors for a test in space


@dataclass(frozen=True)
class DonorPlacebos:
    """Placebos in space: gaps after the event (k, P), scaled to the fit of the treated, and RMSPE ratios.

    ratios (k,), own : RMSPE ratios of the donors and of the treated; typical : median RMSPE of the donors before the event;
    departures : of each donor from the others
    """

    names: tuple[str, ...]
    gaps: Floats
    ratios: Floats
    own: float
    typical: float
    departures: DonorDepartures

    def rank(self) -> tuple[float, float, str]:
        """p-value by the rank of the treated unit's RMSPE ratio, the smallest possible one, and a note on it."""
        donors, beyond = len(self.names), int((self.ratios >= self.own * (1 - 1e-9)).sum())
        note = f"{beyond} of {donors} donors moved at least as far from their fit"
        return (1 + beyond) / (1 + donors), 1 / (1 + donors), note

    def as_cumulative(self, share: Floats, start: str, whole: float) -> tuple[Placebo, ...]:
        """The donors' mean gaps as cumulative effects on the scale of the treated."""
        means = (self.gaps @ share).tolist()
        return tuple(Placebo("space", name, start, mean * whole) for name, mean in zip(self.names, means, strict=True))


def fit_placebos(data: WorkingPanel, fitted: SyntheticWeights, rule: WeightRule) -> DonorPlacebos:
    """Each donor as if treated, against the other donors; donors fitted without error have no RMSPE ratio and are left out."""
    sample = data.sample
    treated = DonorsAsTreated.of(sample, rule)
    alike = sample.fitted.all() and not len(sample.predictors) and not rule.selected
    before, after = treated.everyone if alike else gaps_one_by_one(sample, rule)
    own, own_after = sample.gaps(fitted.counterfactual(sample.x), fitted.counterfactual(sample.x_after))
    sizes = np.sqrt((before**2).mean(axis=1))
    size = float(np.sqrt((own**2).mean()))
    use = (sizes > 0) & (size > 0)
    return DonorPlacebos(
        tuple(name for name, ok in zip(data.table.donors, use.tolist(), strict=True) if ok),
        after[use] * (size / sizes[use])[:, None],
        synthetic_weights.rmspe_ratio(before[use], after[use], sample.share),
        float(synthetic_weights.rmspe_ratio(own, own_after, sample.share)),
        float(np.median(sizes)),
        donor_departures(treated, data.table.months, np.concatenate(data.when)),
    )


def gaps_one_by_one(sample: WeightingSample, rule: WeightRule) -> tuple[Floats, Floats]:
    """Gaps of each donor against the others, before (k, T) and after (k, P), with predictors, fit window and selection."""
    found = [synthetic_weights.fitted_gaps(sample.as_treated(j), rule) for j in range(sample.x.shape[1])]
    return np.array([before for before, _ in found]), np.array([after for _, after in found])
