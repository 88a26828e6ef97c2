"""Door: an archive or a plain panel as a backtest sees it: publication lags and declared regressors, asked `as_of(day)`."""

from __future__ import annotations

import datetime as dt
import fnmatch
import functools
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, DataError, LookAheadError, nearest
from forecast.core.events import EventCalendar
from forecast.core.vintage import Cell, Vintage

AVAILABILITIES = ("known_future", "observed_only")


def last_complete_month(day: dt.date, lag: int = 0) -> int:
    """The month `lag` before the last one that had ended on a day.

    >>> months.label(last_ended(dt.date(2025, 3, 1))), months.label(last_ended(dt.date(2025, 3, 31), 1))
    ('2025-02', '2025-01')
    """
    return months.ordinal(day) - 1 - lag


@dataclass(frozen=True)
class Regressor:
    """A declared control series: what is known of it on a day.

    known : "known_future", every month on every day (a calendar); "observed_only", months that have ended `lag_months` ago
    values : by month label; empty for a control that the panel holds. series : patterns of the series that it belongs to
    of : a series whose figures are the values, as they were published by the day
    """

    name: str
    known: str
    lag_months: int = 0
    values: Mapping[str, float] = field(default_factory=dict)
    series: tuple[str, ...] = ("*",)
    of: str = ""

    def __post_init__(self) -> None:
        if self.known not in AVAILABILITIES:
            raise ConfigError(
                f"'{self.known}' does not say what is known of '{self.name}'", hint=nearest(self.known, AVAILABILITIES)
            )
        if self.lag_months < 0:
            raise ConfigError(f"'{self.name}' cannot be known {-self.lag_months} months early", hint="0 or more")
        if self.of and self.known == "known_future":
            raise ConfigError(f"'{self.of}' is published month by month, not known in advance", hint='"observed_only"')

    def last(self, day: dt.date) -> int | None:
        """The last month whose value was known on a day; None where all are."""
        return None if self.known == "known_future" else last_complete_month(day, self.lag_months)

    def seen(self, held: Mapping[int, float], day: dt.date) -> dict[int, float]:
        """The values known on a day."""
        last = self.last(day)
        return {month: value for month, value in held.items() if last is None or month <= last}


@dataclass(frozen=True)
class RealTimeView:
    """What could be known on a day of an archive, or of a plain panel of months cut at its publication lags.

    lags : months after a month's end until a figure is out, by series pattern, the first that fits; on top of an archive's own
        release days, alone where a panel has none (default 0: known when the month has ended). Such cutoffs are pseudo.
    regressors : every control must be declared; a realised value of an `observed_only` one passes only after it was out.
    """

    source: Archive | Vintage
    lags: Mapping[str, int] = field(default_factory=dict)
    regressors: tuple[Regressor, ...] = ()

    def __post_init__(self) -> None:
        for pattern, lag in self.lags.items():
            if lag < 0:
                raise ConfigError(f"'{pattern}' cannot be published {-lag} months early", hint="0 or more")
        names = [r.name for r in self.regressors]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"the regressor '{name}' is declared twice", hint="one declaration each")
        if isinstance(self.source, Archive):
            return
        if self.source.steps.unit != "month":
            raise DataError("a backtest needs months", where=f"steps of the panel: {self.source.steps.unit}", hint="YYYY-MM")
        for _, name in sorted(self.source.controls):
            if name not in names:
                raise ConfigError(f"the control '{name}' is not declared", hint=f'Regressor("{name}", "observed_only")')

    def __reduce__(self) -> tuple[Any, ...]:
        return RealTimeView, (self.source, self.lags, self.regressors)  # the vintages already made stay behind

    @functools.cached_property
    def _made(self) -> dict[dt.date, Vintage]:
        return {}

    @property
    def latest(self) -> Vintage:
        """Everything ever published: the truth, not for methods."""
        return self.source.latest if isinstance(self.source, Archive) else self.source

    @property
    def series(self) -> tuple[str, ...]:
        """All series."""
        return self.source.series

    @property
    def events(self) -> EventCalendar:
        """All events, announced or not."""
        return self.source.events

    @property
    def last_release(self) -> dt.date:
        """The last day on which a figure came out."""
        if isinstance(self.source, Archive):
            return self.source.last_release
        return months.last_day(max(self.source.last_month(s) + self._lag(s) for s in self.source.series))

    @functools.cached_property
    def fingerprint(self) -> str:
        """Hash of the source, the lags and the declared regressors."""
        inner = self.source.fingerprint if isinstance(self.source, Archive) else self.source.fingerprint()
        text = repr((inner, sorted(self.lags.items()), self.regressors))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def states(self, series: str) -> tuple[Cell, ...]:
        """Every state in which a figure of a series was ever known."""
        return self.source.states(series) if isinstance(self.source, Archive) else tuple(self.source.cells[series])

    def as_of(self, day: str | dt.date) -> Vintage:
        """What was known on `day`, and nothing else."""
        day = months.parse_day(day)
        if day not in self._made:
            self._made[day] = self._opened(day)
        return self._made[day]

    def _opened(self, day: dt.date) -> Vintage:
        if isinstance(self.source, Archive):
            seen = self.source.as_of(day)
        else:
            seen = replace(self.source, day=day, events=self.source.events.known_on(day), pseudo=True)
        if isinstance(self.source, Archive) and not self.lags and not self.regressors:
            return seen
        cells = {name: self._out(name, seen.cells[name], day) for name in seen.series}
        cells = {name: kept for name, kept in cells.items() if kept}
        return replace(seen, cells=cells, controls=self._controls(replace(seen, cells=cells)), past=self.as_of)

    def _lag(self, series: str) -> int:
        found = (lag for pattern, lag in self.lags.items() if fnmatch.fnmatch(series, pattern))
        return next(found, 0)

    def _out(self, series: str, cells: Iterable[Cell], day: dt.date) -> tuple[Cell, ...]:
        """The figures that were out; of an archive's series without a lag, all that it released."""
        lagged = any(fnmatch.fnmatch(series, pattern) for pattern in self.lags)
        if isinstance(self.source, Archive) and not lagged:
            return tuple(cells)
        last = last_complete_month(day, self._lag(series))
        return tuple(replace(c, basis="lag") for c in cells if c.last <= last)

    def _controls(self, seen: Vintage) -> dict[tuple[str, str], dict[int, float]]:
        """Values of the declared regressors known on a day, by series and name."""
        own = {} if isinstance(self.source, Archive) else self.source.controls
        out: dict[tuple[str, str], dict[int, float]] = {}
        for regressor in self.regressors:
            given = {months.ordinal(label): float(value) for label, value in regressor.values.items()}
            if regressor.of:
                given = _known_values(seen, regressor.of)
            for name in seen.series:
                if any(fnmatch.fnmatch(name, pattern) for pattern in regressor.series):
                    out[name, regressor.name] = regressor.seen(own.get((name, regressor.name), given), seen.day)
        return out


def _known_values(seen: Vintage, series: str) -> dict[int, float]:
    """The figures of a series that were known on the vintage's day, by month; none before the first one."""
    if not seen.knows(series):
        return {}
    observed = seen.observed(series)
    return {int(m): float(v) for m, v in zip(observed.months, observed.values, strict=True) if math.isfinite(v)}


def refuse_look_ahead(vintage: Vintage, regressors: Iterable[Regressor]) -> None:
    """LookAheadError where a vintage holds a realised value of an `observed_only` regressor that was not out on its day."""
    declared = {r.name: r for r in regressors}
    for (series, name), held in sorted(vintage.controls.items()):
        if name not in declared:
            raise LookAheadError(f"nothing says when '{name}' is known", where=series, hint="declare it")
        last = declared[name].last(vintage.day)
        ahead = [month for month in held if last is not None and month > last]
        if ahead:
            raise LookAheadError(
                f"'{name}' of {months.label(max(ahead))} was not known on {vintage.day}", where=series,
                hint='Door(...).as_of(day), or known = "known_future" if it is',
            )  # fmt: skip
