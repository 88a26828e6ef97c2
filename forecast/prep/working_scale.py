"""Working scales of the models: logarithm, power, inverse hyperbolic sine or none, with their inverses.

Forecasts are drawn on the working scale and transformed back draw by draw, so nothing is read off a transformed mean.
Quantities are cut at zero: a negative draw is a month without trade.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats
from forecast.core.errors import TooShortError
from forecast.kernels.remembered_answers import remember_answers

LUMPY_SHARE = 0.1  # of the median: with smaller months a logarithm is dominated by the smallest shipments
NEXT_TO_NOTHING = 0.05  # of the median: five normal standard deviations below it in the lumpiest of the bundled flows
CAP_FACTOR = 10.0  # times the largest known figure
POWERS = (0.25, 0.5)  # of Box and Cox, beside the logarithm
FEWEST_FOR_POWER = 12  # figures
POWER_EVIDENCE = 3.0  # log-likelihood that a power must gain over the logarithm


@dataclass(frozen=True)
class WorkingScale:
    """A monotone scale: `log`, `power`, `asinh` (linear near zero, so zeros are allowed), all of y / unit, or `none`.

    power : exponent of Box and Cox (1964, J. R. Stat. Soc. B 26:211), ((y / unit)^power - 1) / power
    """

    name: str
    unit: float = 1.0
    nonnegative: bool = True
    top: float = np.inf
    power: float = 0.0

    def forward(self, y: Floats) -> Floats:
        """Transform quantities to the working scale."""
        if self.name == "log":
            return np.log(y / self.unit)
        if self.name == "power":
            return np.asarray(((y / self.unit) ** self.power - 1.0) / self.power)
        return np.arcsinh(y / self.unit) if self.name == "asinh" else np.asarray(y / self.unit, float)

    def inverse(self, z: Floats) -> Floats:
        """Transform back to quantities, capped at `top` and cut at zero where they cannot be negative."""
        with np.errstate(over="ignore"):
            if self.name == "log":
                y = np.exp(z)
            elif self.name == "power":
                y = np.maximum(1.0 + self.power * z, 0.0) ** (1.0 / self.power)
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


@remember_answers(256)
def trade_floor(values: Floats) -> float:
    """The largest figure that counts as a month without trade: a twentieth of the median month above zero.

    A kilogram in a flow of hundreds is a sample or a correction. On logarithms it would set the spread of all other months.
    """
    positive = values[np.isfinite(values) & (values > 0)]
    return NEXT_TO_NOTHING * float(np.median(positive)) if len(positive) else 0.0


@remember_answers(256)
def amount_scale(values: Floats, columns: Floats | None = None) -> WorkingScale:
    """The scale of the amounts of a two-part model, months with trade: `log`, or a power where logarithms are skewed.

    A few very small shipments skew logarithms to the left, and their spread then promises months that no history holds. A power
    of `POWERS` is taken where it raises the likelihood of Box and Cox (1964, eq. 7) by `POWER_EVIDENCE` or more. With the
    `columns` (n, k) of a regression it is the likelihood of the residuals: a change that the columns hold is no skewness.
    """
    used = np.isfinite(values) & (values > trade_floor(values))
    positive = values[used]
    scale = choose_scale(positive, True, "log")
    width = 1 if columns is None else columns.shape[1]
    if len(positive) - width + 1 < FEWEST_FOR_POWER or np.ptp(positive) == 0:
        return scale
    logs = np.log(positive / scale.unit)
    powers = np.array([0.0, *POWERS])
    found = _box_cox_loglikes(logs, powers, None if columns is None else columns[used])
    found[0] += POWER_EVIDENCE
    power = float(powers[found.argmax()])
    return replace(scale, name="power", power=power) if power else scale


def _box_cox_loglikes(logs: Floats, powers: Floats, x: Floats | None) -> Floats:
    """Box and Cox's log-likelihoods of powers (p,), the first of which is zero, of figures with logarithms (n,), given x."""
    z = np.column_stack([logs, np.expm1(logs[:, None] * powers[1:]) / powers[1:]])
    left = z - (z.mean(axis=0) if x is None else x @ np.linalg.lstsq(x, z, rcond=None)[0])
    squares = np.maximum((left**2).mean(axis=0), 1e-300)
    found: Floats = -0.5 * len(logs) * np.log(squares) + (powers - 1.0) * logs.sum()
    return found
