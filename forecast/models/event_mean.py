"""Mean since the last event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from forecast.arrays import Floats
from forecast.core import months
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.registry import model
from forecast.core.vintage import Vintage
from forecast.kernels.resample import moving_blocks, spread_inflation
from forecast.prep.batches import Paths, batch_model
from forecast.prep.histories import GapFreeSeries, SeriesHistory

ERRORS = 2  # fewest one-step errors to estimate a spread from
FEWEST = 6  # fewest h-step errors to estimate their growth from


@model
@batch_model
@dataclass(frozen=True)
class EventMean:
    """The mean of the months since the last event that touches the series, flat, with the errors this rule made in the past.

    The sample starts where a measure took effect or ended, as known on the day, once there are `least` months since; without
    such an event it is the last twelve months. The mean is that of the quantities themselves. Errors: past one-step errors of
    the rule on the working scale, resampled in blocks, centred, and inflated with the horizon as its past h-step errors grew.
    Errors across an event are left out, as the rule does not foresee events.

    Parameters
    ----------
    least : int, default 3
        months after an event below which the event before it counts
    window : int, default 12
        months averaged where no event counts
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros
    """

    least: int = 3
    window: int = 12
    transform: Literal["auto", "log", "asinh", "none"] = "auto"

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.window:
            raise ConfigError("least must be a month or more, and no more than window", hint="least = 3, window = 12")

    def fewest_months(self, season: int | None) -> int:
        """`least` months and two errors."""
        return self.least + ERRORS

    def simulate(self, history: SeriesHistory, rng: np.random.Generator) -> Paths:
        """The mean since the last event plus resampled past errors of the same rule."""
        cuts = _event_breaks(history.vintage, history.series)
        last = history.latest.last
        start, why = self._mean_start(cuts, history.latest, last + 1)
        quantities = history.scale.inverse(history.latest.z[start - history.latest.first :])
        middle = float(history.scale.forward(np.array([quantities.mean()]))[0])
        errors = self._past_errors(cuts, history.training, history.horizon)
        if len(errors[0]) < ERRORS:
            problem = f"{len(errors[0])} past errors of the rule away from events where {ERRORS} are needed"
            raise TooShortError(problem, where=history.series, hint="a longer history")
        length = min(len(quantities), 12, max(len(errors[0]) // 3, 1))
        noise = moving_blocks(errors[0], history.draws, history.horizon, length, rng, fair=True)
        noise = noise * spread_inflation(len(errors[0]), history.draws, rng)
        name = f"mean of {len(quantities)} months, {f'since {why}' if why else 'no event'}"
        return Paths(middle + noise * _error_growth(errors), name)

    def _mean_start(self, cuts: Sequence[tuple[int, str]], known: GapFreeSeries, month: int) -> tuple[int, str]:
        """First month of the mean as of just before `month`, and the event that begins it."""
        usable = [(cut, name) for cut, name in cuts if known.first < cut <= month - self.least]
        return usable[-1] if usable else (max(known.first, month - self.window), "")

    def _past_errors(self, cuts: Sequence[tuple[int, str]], past: GapFreeSeries, horizon: int) -> list[Floats]:
        """Errors of the rule by steps ahead, 1 to `horizon`, on the working scale, from past origins without a later event."""
        origins = np.arange(self.least, len(past.z))  # places of the month one step ahead
        starts = [self._mean_start(cuts, past, past.first + int(i))[0] - past.first for i in origins]
        means = np.array([past.z[start:i].mean() for start, i in zip(starts, origins, strict=True)])
        # an error counts only if no event lies between the origin (or its last `least` months) and the target month
        near = [[cut for cut, _ in cuts if cut > past.first + int(i) - self.least] for i in origins]
        clear_until = np.array([min(later, default=past.last + horizon + 1) for later in near]) - past.first
        reach = [origins + h for h in range(horizon)]
        kept = [(at < clear_until) & (at < len(past.z)) for at in reach]
        return [past.z[at[ok]] - means[ok] for at, ok in zip(reach, kept, strict=True)]


def _error_growth(errors: Sequence[Floats]) -> Floats:
    """Root mean square h-step error relative to one step, non-decreasing; the last estimate where errors are few."""
    first = float(np.sqrt(np.mean(errors[0] ** 2)))
    out = np.ones(len(errors))
    for h, missed in enumerate(errors):
        if len(missed) < FEWEST or first == 0.0:
            out[h:] = out[max(h - 1, 0)]
            break
        out[h] = np.sqrt(np.mean(missed**2)) / first
    return np.maximum.accumulate(out)


def _event_breaks(vintage: Vintage, series: str) -> list[tuple[int, str]]:
    """Months in which a measure of the default calendar that touches the series took effect or ended, in order."""
    found: dict[int, str] = {}
    for event in vintage.events.touching(series, ("default",)):
        if event.in_force:
            found.setdefault(event.start, event.id)
            if event.until is not None:
                found.setdefault(months.ordinal(event.until), f"the end of {event.id}")
    return sorted(found.items())
