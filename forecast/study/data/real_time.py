"""Real-time view of an archive or a plain panel: what was known on a day, with publication lags and declared regressors."""

from __future__ import annotations

import datetime as dt
import fnmatch
import functools
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, DataError, LookAheadError, nearest
from forecast.core.events import EventCalendar
from forecast.core.identity import identity
from forecast.core.presentation import shown
from forecast.core.recent_vintages import RecentVintages
from forecast.core.step_figures import StepFigures
from forecast.core.vintage import Cell, Vintage

RECENT_DAYS = 128  # vintages that a view keeps at hand: the cutoffs of a backtest, which every model asks for again
AVAILABILITIES = ("known_future", "observed_only")


def last_complete_month(day: dt.date, lag: int = 0) -> int:
    """The last month that had ended on a day, `lag` months back.

    >>> months.label(last_complete_month(dt.date(2025, 3, 1))), months.label(last_complete_month(dt.date(2025, 3, 31), 1))
    ('2025-02', '2025-01')
    """
    return months.ordinal(day) - 1 - lag


def declared_lag(series: str, lags: Mapping[str, int]) -> int | None:
    """The lag of the first pattern that matches a series; None if none does."""
    return next((lag for pattern, lag in lags.items() if fnmatch.fnmatch(series, pattern)), None)


@shown
@dataclass(frozen=True)
class Regressor:
    """A declared regressor, and which of its values are known on a day.

    Parameters
    ----------
    name : str
        of a control of a plain panel, or of one whose `values` are given
    known : {"known_future", "observed_only"}
        "known_future": all months on every day (a calendar variable); "observed_only": months that ended at least
        `lag_months` ago
    lag_months : int, default 0
        from the end of a month to the publication of its value
    values : mapping of str to float, optional
        by month label; empty for a control that the panel holds
    series : tuple of str, default ("*",)
        patterns of the series that it belongs to
    of : str, optional
        a series whose published figures are the values, as known on the day

    Raises
    ------
    ConfigError
        where `known` is none of these, the lag is negative, or a published series is said to be known in advance

    Examples
    --------
    >>> import datetime as dt
    >>> import forecast as fc
    >>> oil = fc.Regressor("oil", "observed_only", lag_months=1)
    >>> oil.last(dt.date(2025, 3, 15)) == 12 * 2025 + 0  # January, as an integer
    True
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
        """The last month whose value is known on a day; None where all are.

        Parameters
        ----------
        day : date
            on which it is asked

        Returns
        -------
        int or None
            the month as an integer
        """
        return None if self.known == "known_future" else last_complete_month(day, self.lag_months)

    def known_on(self, held: Mapping[int, float], day: dt.date) -> dict[int, float]:
        """Those of the values `held`, by month, that are known on a day.

        Parameters
        ----------
        held : mapping of int to float
            values by month, as an integer
        day : date
            on which it is asked

        Returns
        -------
        mapping of int to float
            in their own unit
        """
        last = self.last(day)
        return dict(held) if last is None else {month: value for month, value in held.items() if month <= last}


@shown
@dataclass(frozen=True)
class RealTimeView:
    """Vintages of an archive, or of a plain monthly panel cut at its publication lags.

    Parameters
    ----------
    source : Archive or Vintage
        the figures
    lags : mapping of str to int, optional
        months from the end of a month to the publication of its figure, by series pattern, of which the first match counts.
        They apply on top of an archive's release days; a plain panel has no others (default 0: known when the month has
        ended). Such vintages are pseudo real-time
    regressors : tuple of Regressor, optional
        every control must be declared; a realised value of an `observed_only` one is visible only once published

    Raises
    ------
    ConfigError
        where a lag is negative, or a control is declared twice or not at all
    DataError
        where a panel is not monthly
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
        return RealTimeView, (self.source, self.lags, self.regressors)  # without the cache of vintages

    @functools.cached_property
    def _recent(self) -> RecentVintages:
        return RecentVintages(RECENT_DAYS)

    @functools.cached_property
    def _relabelled(self) -> dict[str, tuple[Cell, ...]]:
        """The cells of a plain panel, known by their lag; shared by all vintages."""
        return {}

    @property
    def latest(self) -> Vintage:
        """Everything ever published: what answers are scored against, never an input to a method."""
        return self.source.latest if isinstance(self.source, Archive) else self.source

    @property
    def series(self) -> tuple[str, ...]:
        """All series."""
        return self.source.series

    @property
    def events(self) -> EventCalendar:
        """All events, whether announced yet or not."""
        return self.source.events

    @property
    def last_release(self) -> dt.date:
        """The last day on which a figure was published."""
        if isinstance(self.source, Archive):
            return self.source.last_release
        return months.last_day(max(self.source.last_month(s) + (declared_lag(s, self.lags) or 0) for s in self.source.series))

    @functools.cached_property
    def fingerprint(self) -> str:
        """Hash of the source, the lags and the declared regressors."""
        inner = self.source.fingerprint if isinstance(self.source, Archive) else self.source.fingerprint()
        text = identity((inner, sorted(self.lags.items()), self.regressors))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def states(self, series: str) -> tuple[Cell, ...]:
        """Every published version of every figure of a series.

        Parameters
        ----------
        series : str
            its key

        Returns
        -------
        tuple of Cell
            in the unit of the archive
        """
        return self.source.states(series) if isinstance(self.source, Archive) else tuple(self.source.cells[series])

    def as_of(self, day: str | dt.date) -> Vintage:
        """What was known on `day`, and nothing else.

        Parameters
        ----------
        day : str or date
            "YYYY-MM-DD", or a date

        Returns
        -------
        Vintage
            without what is published later
        """
        return self._recent.of(months.parse_day(day), self._vintage)

    def _vintage(self, day: dt.date) -> Vintage:
        if isinstance(self.source, Archive):
            seen = self.source.as_of(day)
        else:
            seen = replace(self.source, day=day, events=self.source.events.known_on(day), pseudo=True)
        if isinstance(self.source, Archive) and not self.lags and not self.regressors:
            return seen
        cells = {name: self._published_cells(name, seen.cells[name], day) for name in seen.series}
        cells = {name: kept for name, kept in cells.items() if kept}
        return replace(seen, cells=cells, controls=self._controls(replace(seen, cells=cells)), past=self.as_of)

    def _published_cells(self, series: str, cells: Sequence[Cell], day: dt.date) -> Sequence[Cell]:
        """The figures published by a day; for a series of an archive without a declared lag, all that the archive released."""
        lag = declared_lag(series, self.lags)
        if isinstance(self.source, Archive) and lag is None:
            return cells
        last = last_complete_month(day, lag or 0)
        if isinstance(cells, StepFigures):
            return cells.until(last, "lag")
        if isinstance(self.source, Archive):
            return tuple(replace(c, basis="lag") for c in cells if c.last <= last)
        if series not in self._relabelled:
            self._relabelled[series] = tuple(replace(c, basis="lag") for c in cells)
        whole = self._relabelled[series]
        return whole if all(c.last <= last for c in whole) else tuple(c for c in whole if c.last <= last)

    def _controls(self, seen: Vintage) -> dict[tuple[str, str], dict[int, float]]:
        """Values of the declared regressors known on the vintage's day, by series and name."""
        own = {} if isinstance(self.source, Archive) else self.source.controls
        out: dict[tuple[str, str], dict[int, float]] = {}
        for regressor in self.regressors:
            given = {months.ordinal(label): float(value) for label, value in regressor.values.items()}
            if regressor.of:
                given = _known_values(seen, regressor.of)
            for name in seen.series:
                if any(fnmatch.fnmatch(name, pattern) for pattern in regressor.series):
                    out[name, regressor.name] = regressor.known_on(own.get((name, regressor.name), given), seen.day)
        return out


def _known_values(seen: Vintage, series: str) -> dict[int, float]:
    """The figures of a series known on the vintage's day, by month; empty before the first one."""
    if not seen.knows(series):
        return {}
    observed = seen.observed(series)
    return {int(m): float(v) for m, v in zip(observed.months, observed.values, strict=True) if math.isfinite(v)}


def refuse_look_ahead(vintage: Vintage, regressors: Iterable[Regressor]) -> None:
    """Raise LookAheadError if a vintage holds a value of an `observed_only` regressor not yet published on its day."""
    declared = {r.name: r for r in regressors}
    for (series, name), held in sorted(vintage.controls.items()):
        if name not in declared:
            raise LookAheadError(f"nothing says when '{name}' is known", where=series, hint="declare it")
        last = declared[name].last(vintage.day)
        ahead = [month for month in held if month > last] if last is not None else []
        if ahead:
            raise LookAheadError(
                f"'{name}' of {months.label(max(ahead))} was not known on {vintage.day}", where=series,
                hint='RealTimeView(...).as_of(day), or known = "known_future" if it is',
            )  # fmt: skip
