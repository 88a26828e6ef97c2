"""Random-effects meta-analysis: estimates of several units as draws from one population."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.arrays import Floats


@dataclass(frozen=True)
class Population:
    """Mean of the population, its variance, the variance between units, and the number of units."""

    mean: float
    mean_variance: float
    between: float
    count: int

    @property
    def spread(self) -> float:
        """Predictive variance of a further unit about `mean`: between units, plus that of the mean."""
        return self.between + self.mean_variance


def dersimonian_laird(estimates: Floats, variances: Floats) -> Population:
    """The moment estimate of DerSimonian and Laird (1986, Control. Clin. Trials 7:177, eq. 4 to 8); both arguments (n,).

    With w = 1 / v and Q = sum w (b - b_w)^2: between = max(0, (Q - (n - 1)) / (sum w - sum w^2 / sum w)); the mean has weights
    1 / (v + between).
    """
    w = 1.0 / variances
    common = float(w @ estimates / w.sum())
    q = float(w @ (estimates - common) ** 2)
    room = float(w.sum() - (w**2).sum() / w.sum())
    between = max(0.0, (q - (len(estimates) - 1)) / room) if room > 0 else 0.0
    weights = 1.0 / (variances + between)
    return Population(float(weights @ estimates / weights.sum()), float(1.0 / weights.sum()), between, len(estimates))
