"""Decisions still open: measures known to begin or end in the months ahead, and the flows that hang on them."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass

from forecast.core import months as mm
from forecast.core.events import Event
from forecast.core.schema import ForecastRow, ScenarioForecastRow, SumRow, group_rows
from forecast.report.event_status import named_with_status
from forecast.report.numbers import day
from forecast.report.run_data import RunData, in_display_units
from forecast.report.scenario_sums import yearly_sums

MOST_COURSES = 3  # scenarios that a brief tells
UNKNOWN = "what followed is not in our sources"


@dataclass(frozen=True)
class Decision:
    """A day on which a measure ends or begins, as it was announced."""

    event: Event
    day: dt.date
    ends: bool

    @property
    def first_month(self) -> int:
        """The first month that it decides: its own if it falls into the first half of it, else the next."""
        return mm.ordinal(self.day) + (self.day.day > 15)

    def sentence(self, today: dt.date) -> str:
        """When it is due, or was, and that its outcome is not known."""
        verb = "end" if self.ends else "begin"
        name = named_with_status(self.event)
        if self.day <= today:
            return f"{name} was due to {verb} on {day(self.day.isoformat())}; {UNKNOWN}."
        return f"{name} is due to {verb} on {day(self.day.isoformat())}."


@dataclass(frozen=True)
class Horizon:
    """The months ahead of a run as its brief tells them.

    today : the day on which it is read; decisions : those still open, soonest first
    """

    data: RunData
    today: dt.date
    decisions: tuple[Decision, ...]

    @classmethod
    def of(cls, data: RunData, today: dt.date) -> Horizon:
        """The horizon of a run, read on a day."""
        return cls(data, today, open_decisions(data))

    @functools.cached_property
    def fans(self) -> dict[str, list[ForecastRow]]:
        """Months ahead of each series by the default model, in order."""
        rows = sorted((r for r in self.data.outlook if r.model == self.data.default_model), key=lambda r: r.month)
        found = group_rows(rows, lambda r: r.series)
        return {s: found[s] for s in self.data.in_config_order(found) if s in self.data.histories}

    @functools.cached_property
    def courses(self) -> dict[str, dict[str, SumRow]]:
        """Of each series whose scenarios differ, the sum over a year under the first ones, both in the config's order."""
        sums = yearly_sums(self.data.scenario_sums)
        asked = [str(row["name"]) for row in self.data.config.get("scenarios") or () if isinstance(row, dict)]
        named = (self.data.config.get("scenario_forecast") or {}).get("series") or ()
        out: dict[str, dict[str, SumRow]] = {}
        for series in dict.fromkeys([*named, *(s for s, _ in sums)]):
            own = {name: sums[series, name] for name in asked if (series, name) in sums}
            if len({(r.q10, r.q50, r.q90) for r in own.values()}) > 1 and series in self.data.histories:
                out[series] = dict(list(own.items())[:MOST_COURSES])
        return out

    @functools.cached_property
    def _first_difference(self) -> dict[str, int]:
        """The first month in which the scenarios of a series differ."""
        rows = group_rows(self._scenario_months, lambda r: (r.series, r.month))
        found: dict[str, int] = {}
        for (series, month), own in rows.items():
            if len({(r.q10, r.q50, r.q90) for r in own}) > 1:
                found[series] = min(found.get(series, mm.ordinal(month)), mm.ordinal(month))
        return found

    @functools.cached_property
    def _scenario_months(self) -> list[ScenarioForecastRow]:
        return in_display_units(self.data.rows(ScenarioForecastRow))

    def open_from(self, series: str) -> int | None:
        """The first month of a series that hangs on an open decision: no single forecast of it is told from there on."""
        own = [d.first_month for d in self.decisions if d.event.directed_at(series.partition(":")[0])]
        own += [self._first_difference[series]] if series in self._first_difference else []
        return min(own, default=None)

    def months_told(self, series: str) -> list[ForecastRow]:
        """The months ahead of a series before any that hangs on an open decision; none where scenarios tell the flow."""
        if series in self.courses:
            return []
        until = self.open_from(series)
        return [r for r in self.fans.get(series, ()) if until is None or mm.ordinal(r.month) < until]

    def coming(self, series: str) -> ForecastRow | None:
        """The first month after the day of reading, or the nearest one to it that may be told."""
        rows = self.months_told(series)
        wanted = mm.ordinal(self.today) + 1
        return min(rows, key=lambda r: (abs(mm.ordinal(r.month) - wanted), r.month), default=None)


def open_decisions(data: RunData) -> tuple[Decision, ...]:
    """Ends and beginnings whose outcome was not known on the run's day, on its series and as far as its months ahead reach."""
    ahead = [r.month for r in data.outlook] + [r.month.rpartition("/")[2] for r in data.scenario_sums]
    series = {r.series.partition(":")[0] for r in (*data.outlook, *data.scenario_sums)}
    last = max(map(mm.ordinal, ahead), default=0)
    asked = {name for answer in data.headline for name in answer.events}
    found, known = [], data.outcomes_known_to
    for event in data.calendar:
        if not event.in_force or not (event.role == "default" or event.id in asked):
            continue
        if not any(event.touches(s) for s in series):
            continue
        if event.until and str(event.until) > known:
            found.append(Decision(event, event.until, ends=True))
        elif event.effective and str(event.effective) > known:
            found.append(Decision(event, event.effective, ends=False))
    return tuple(sorted((d for d in found if d.first_month <= last), key=lambda d: (d.day, d.event.id)))
