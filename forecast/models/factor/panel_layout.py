"""The panel of a factor model: a target and other series on their standard scales, as known today and when it was fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats
from forecast.models.factor.dynamic_factor import MOST
from forecast.prep.histories import GapFreeSeries, SeriesHistory
from forecast.prep.regressors import default_covariates
from forecast.prep.working_scale import WorkingScale, choose_scale

ENOUGH = 12  # figures of another series


@dataclass(frozen=True)
class StandardSeries:
    """Another series: figures as known today and on the day of the parameters, and how they are standardised."""

    name: str
    now: Floats
    past: Floats
    scale: WorkingScale
    centre: float
    width: float

    @classmethod
    def of(cls, name: str, now: Floats, past: Floats, nonnegative: bool, *, same_day: bool) -> StandardSeries:
        """On the scale that suits both samples, in the unit of the day of the parameters."""
        both = np.concatenate([now, past])
        scale = choose_scale(both[np.isfinite(both)], nonnegative)
        if not same_day:
            scale = replace(scale, unit=choose_scale(past, nonnegative, scale.name).unit)
        before = scale.forward(past)
        return cls(name, now, past, scale, float(np.nanmean(before)), float(np.nanstd(before)))

    def standard(self, values: Floats) -> Floats:
        """Figures in standard deviations from the mean."""
        return np.asarray((self.scale.forward(values) - self.centre) / self.width)

    def quantities(self, z: Floats) -> Floats:
        """Figures from standard deviations."""
        return self.scale.inverse(self.centre + self.width * z)


@dataclass(frozen=True)
class StandardPanel:
    """The target first, then the others, over the months from `first` on; `left` names series with too few figures.

    now, past (T, N): as known today and on the day of the parameters, NaN where unknown; centre, width: the target's mean and
    standard deviation, of `count` figures.
    """

    first: int
    others: tuple[StandardSeries, ...]
    left: tuple[str, ...]
    now: Floats
    past: Floats
    centre: float
    width: float
    count: int

    @property
    def names(self) -> tuple[str, ...]:
        """The other series."""
        return tuple(other.name for other in self.others)


def standard_panel(history: SeriesHistory, names: Sequence[str]) -> StandardPanel:
    """The panel of a history with other series (empty: those of the same product and measure), those with most figures.

    A target that does not vary has no scale: its `width` is zero, and its panel empty.
    """
    first = min(history.latest.first, history.training.first)
    size = history.latest.last + history.horizon - first + 1
    own = history.training.z[history.training.known]
    centre, width = float(own.mean()), float(own.std())
    if width == 0.0:
        return StandardPanel(first, (), (), np.empty((0, 0)), np.empty((0, 0)), centre, width, len(own))
    found, left = _other_series(history, names, first, size)
    target, before = (_on_panel_months(part, first, size) for part in (history.latest, history.training))
    now = np.column_stack([(target - centre) / width, *(one.standard(one.now) for one in found)])
    if history.training_vintage is history.vintage:
        past = now
    else:
        past = np.column_stack([(before - centre) / width, *(one.standard(one.past) for one in found)])
    return StandardPanel(first, found, left, now, past, centre, width, len(own))


def _other_series(
    history: SeriesHistory, names: Sequence[str], first: int, size: int
) -> tuple[tuple[StandardSeries, ...], tuple[str, ...]]:
    """The other series by number of figures on the day of the parameters, and the names of those left out."""
    vintage, then = history.vintage, history.training_vintage
    found: list[tuple[int, str, StandardSeries]] = []
    left = []
    for name in names or default_covariates(vintage, history.series):
        if name == history.series:
            continue
        if not (vintage.knows(name) and then.knows(name)):
            left.append(name)
            continue
        now, past = (v.observed(name).at(first, first + size - 1) for v in (vintage, then))
        count = int(np.isfinite(past).sum())
        if count < ENOUGH or np.ptp(past[np.isfinite(past)]) == 0.0:
            left.append(name)
            continue
        found.append((-count, name, StandardSeries.of(name, now, past, vintage.nonnegative, same_day=then is vintage)))
    found.sort(key=lambda one: one[:2])
    left += [name for _, name, _ in found[MOST - 1 :]]
    return tuple(one for *_, one in found[: MOST - 1]), tuple(left)


def _on_panel_months(part: GapFreeSeries, first: int, size: int) -> Floats:
    """The figures of a gap-free series over the months of the panel, NaN where interpolated or unknown."""
    out = np.full(size, np.nan)
    start = part.first - first
    out[start : start + len(part.z)] = np.where(part.known, part.z, np.nan)
    return out
