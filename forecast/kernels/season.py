"""Month effects of a seasonal series: shrunken means of each month of the cycle, and figures without them, before and after.

    z_t = l_y + b t + s_p + e_t,   y the cycle (counted back from the last month), p the month of the cycle of S months

s_p has the posterior mean of a normal effect with variance tau^2 given k_p figures with noise s^2 around it, c_p times their
mean, c_p = tau^2 / (tau^2 + s^2 / k_p), both variances estimated (Morris 1983, J. Am. Stat. Assoc.
78:47). Shapes: z, months (n,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints

CYCLES = 2  # that a season needs
ROUNDING = 1e-12


@dataclass(frozen=True)
class SeasonalFit:
    """Month effects at the months of the figures, `effects` (n, ...), and by month of the cycle, `pattern` (S, ...).

    Figures less the effects fitted to them vary by s^2 (1 - c / k), those of a later cycle less the same effects by
    s^2 (1 + c / k). `effects` leave the residuals of the former as large as those of the latter, so that what is estimated from
    them holds for a later cycle.
    """

    effects: Floats
    pattern: Floats


def month_effects(z: Floats, months: Ints, season: int) -> Floats:
    """Means of each month of the cycle less the overall mean, shrunk by their share of noise (n,).

    James and Stein's factor 1 - (s^2 / k) / v with s^2 the variance within months of k figures and v that of the means.
    """
    left = z - z.mean()
    if len(z) < CYCLES * season:
        return np.zeros(len(z))
    phase = months % season
    counts = np.maximum(np.bincount(phase, minlength=season), 1)
    means = np.bincount(phase, left, season) / counts
    within = float(((left - means[phase]) ** 2).sum()) / max(len(z) - season, 1)
    between = float(np.mean(means**2))
    factor = max(0.0, 1.0 - within / (len(z) / season) / between) if between > 0 else 0.0
    return np.asarray(factor * means[phase], dtype=float)


def fit_season(z: Floats, months: Ints, season: int) -> SeasonalFit:
    """The season of figures whose level may differ between cycles and grow within them; none below `CYCLES` cycles."""
    made = fit_seasons(z[:, None], months, season)
    return SeasonalFit(made.effects[:, 0], made.pattern[:, 0])


def fit_seasons(z: Floats, months: Ints, season: int) -> SeasonalFit:
    """The seasons of several series (n, m) known in the same months: their columns are the same (`fit_season`)."""
    if not season or len(z) < CYCLES * season:
        return SeasonalFit(np.zeros(z.shape), np.zeros((max(season, 1), z.shape[1])))
    phase, cycle = months % season, (months.max() - months) // season
    counts = np.bincount(phase, minlength=season)
    held, size, at = np.flatnonzero(counts), np.maximum(counts, 1), months - months.mean()
    of_month, of_cycle = (phase[:, None] == held).astype(float), (cycle[:, None] == np.unique(cycle)).astype(float)
    # growth and a level of each cycle together leave a trend of the season open: growth comes first, from all cycles
    growth = np.linalg.lstsq(np.column_stack([at, of_month]), z, rcond=None)[0][0]
    design, grown = np.column_stack([of_cycle, of_month]), z - at[:, None] * growth
    found, _, rank, _ = np.linalg.lstsq(design, grown, rcond=None)
    means = np.zeros((season, z.shape[1]))
    means[held] = found[-len(held) :] - found[-len(held) :].mean(axis=0)
    noisy = grown - design @ found
    noise = (noisy**2).sum(axis=0) / max(len(z) - int(rank) - 1, 1)
    spread = (means**2).sum(axis=0) / max(len(held) - 1, 1) - noise * float((1.0 / counts[held]).mean())
    with np.errstate(divide="ignore", invalid="ignore"):
        share = spread / (spread + noise / size[:, None])
    pattern = share * means
    taken = np.minimum((share / size[:, None])[phase], 1.0 - ROUNDING)
    residuals = noisy + (means - pattern)[phase]
    with np.errstate(invalid="ignore"):
        effects = pattern[phase] - (np.sqrt((1.0 + taken) / (1.0 - taken)) - 1.0) * residuals
    return SeasonalFit(np.where(spread > 0, effects, 0.0), np.where(spread > 0, pattern, 0.0))
