"""Working scales of the models: logarithm, inverse hyperbolic sine or none, with their inverses.

Forecasts are drawn on the working scale and transformed back draw by draw, so nothing is read off a transformed mean.
Quantities are cut at zero: a negative draw is a month without trade.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats
from forecast.core.errors import TooShortError

LUMPY_SHARE = 0.1  # of the median: with smaller months a logarithm is dominated by the smallest shipments
CAP_FACTOR = 10.0  # times the largest known figure


@dataclass(frozen=True)
class WorkingScale:
    """A monotone scale: `log`, `asinh` (of y / unit; linear near zero, so zeros are allowed) or `none`."""

    name: str
    unit: float = 1.0
    nonnegative: bool = True
    top: float = np.inf

    def forward(self, y: Floats) -> Floats:
        """Transform quantities to the working scale."""
        if self.name == "log":
            return np.log(y / self.unit)
        return np.arcsinh(y / self.unit) if self.name == "asinh" else np.asarray(y / self.unit, float)

    def inverse(self, z: Floats) -> Floats:
        """Transform back to quantities, capped at `top` and cut at zero where they cannot be negative."""
        with np.errstate(over="ignore"):
            if self.name == "log":
                y = np.exp(z)
            else:
                y = np.sinh(z) if self.name == "asinh" else np.asarray(z, float)
            y = np.minimum(y * self.unit, self.top)
        return np.maximum(y, 0.0) if self.nonnegative else y

    def cap_notes(self, y: Floats) -> tuple[str, ...]:
        """Note on the share of draws that reached the cap; none where no draw did."""
        share = float(np.mean(y >= self.top)) if np.isfinite(self.top) else 0.0
        return (f"{share:.1%} of the draws cut at {CAP_FACTOR:g} times the largest known figure",) if share > 0 else ()


def choose_scale(values: Floats, nonnegative: bool, name: str = "auto") -> WorkingScale:
    """The working scale of a series.

    `auto`: log where every known figure is above a tenth of the median, else asinh about the median positive figure (linear
    near zero; on the bundled US imports its CRPS is 1-10 % lower there), none where values may be negative. Quantities are
    capped at ten times the largest known figure: draws beyond have exploded, and the model notes their share (`cap_notes`).
    """
    known = values[np.isfinite(values)]
    if not len(known):
        raise TooShortError("no figure is known", hint="a series with observations")
    if name == "auto":
        name = "none" if not nonnegative else ("log" if known.min() > LUMPY_SHARE * np.median(known) else "asinh")
    if name == "log" and known.min() <= 0:
        raise TooShortError("a logarithm needs positive figures", hint='transform = "auto" or "none"')
    positive = known[known > 0]
    unit = float(np.median(positive)) if nonnegative and len(positive) else 1.0
    top = CAP_FACTOR * float(known.max()) if nonnegative and known.max() > 0 else np.inf
    return WorkingScale(name, unit, nonnegative, top)
