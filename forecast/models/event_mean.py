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
from forecast.core.results import Forecast
from forecast.core.vintage import Vintage
from forecast.kernels.resample import moving_blocks, spread_inflation
from forecast.prep.batches import GapFreeSeries, Paths, SeriesHistory, VintageTask, batch_model, forecast_batch, simulate_each

ERRORS = 2  # one-step errors below which no spread can be told
FEWEST = 6  # h-step errors below which their growth cannot


@model
@batch_model
@dataclass(frozen=True)
class EventMean:
    """The mean of the months since the last event that touches the series, flat, with the errors this rule made in the past.

    An event cuts where its measure took effect and where it ended, as known on the day, and only once `least` months lie behind
    it; with none the mean is that of the last twelve months. The mean is taken of the quantities themselves. Errors: what the
    rule missed by one step after each past month, on the working scale, drawn in blocks, centred, widened with the horizon as
    its own h-step errors were. Errors across an event are left out: the rule does not foresee events.

    least : months after an event below which the event before it counts
    window : months averaged where no event counts
    """

    least: int = 3
    window: int = 12
    transform: Literal["auto", "log", "asinh", "none"] = "auto"

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.window:
            raise ConfigError("least must be a month or more, and no more than window", hint="least = 3, window = 12")

    def _all(self, questions: Sequence[VintageTask], rngs: Sequence[np.random.Generator]) -> list[Forecast | Exception]:
        """TooShortError below `least` months and two errors."""
        return forecast_batch(questions, rngs, self.transform, lambda season: self.least + ERRORS, simulate_each(self._paths))

    def _paths(self, lane: SeriesHistory, rng: np.random.Generator) -> Paths:
        cuts = _event_breaks(lane.vintage, lane.series)
        last = lane.now.last
        start, why = self._since(cuts, lane.now, last + 1)
        quantities = lane.scale.inverse(lane.now.z[start - lane.now.first :])
        middle = float(lane.scale.forward(np.array([quantities.mean()]))[0])
        errors = self._misses(cuts, lane.training, lane.horizon)
        if len(errors[0]) < ERRORS:
            problem = f"{len(errors[0])} past errors of the rule away from events where {ERRORS} are needed"
            raise TooShortError(problem, where=lane.series, hint="a longer history")
        length = min(len(quantities), 12, max(len(errors[0]) // 3, 1))
        noise = moving_blocks(errors[0], lane.draws, lane.horizon, length, rng, fair=True) * spread_inflation(
            len(errors[0]), lane.draws, rng
        )
        told = f"mean of {len(quantities)} months, {f'since {why}' if why else 'no event'}"
        return Paths(middle + noise * _error_growth(errors), told)

    def _since(self, cuts: Sequence[tuple[int, str]], known: GapFreeSeries, month: int) -> tuple[int, str]:
        """First month of the mean that stands before `month`, and the event that begins it."""
        usable = [(cut, name) for cut, name in cuts if known.first < cut <= month - self.least]
        return usable[-1] if usable else (max(known.first, month - self.window), "")

    def _misses(self, cuts: Sequence[tuple[int, str]], past: GapFreeSeries, horizon: int) -> list[Floats]:
        """Errors of the rule by steps ahead, 1 to `horizon`, on the working scale: from every past month with no event near."""
        origins = np.arange(self.least, len(past.z))  # places of the month one step ahead
        starts = [self._since(cuts, past, past.first + int(i))[0] - past.first for i in origins]
        means = np.array([past.z[start:i].mean() for start, i in zip(starts, origins, strict=True)])
        near = [[cut for cut, _ in cuts if cut > past.first + int(i) - self.least] for i in origins]
        free = np.array([min(later, default=past.last + horizon + 1) for later in near]) - past.first
        reach = [origins + h for h in range(horizon)]
        kept = [(at < free) & (at < len(past.z)) for at in reach]
        return [past.z[at[ok]] - means[ok] for at, ok in zip(reach, kept, strict=True)]


def _error_growth(errors: Sequence[Floats]) -> Floats:
    """Root mean squares of the h-step errors over that of one step, never falling; the last known where there are few."""
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
