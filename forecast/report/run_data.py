"""Facts: a run folder as the report needs it, in the reader's units; with `answers` it alone knows the tables' columns."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from forecast.core import months as mm
from forecast.core.events import Event, EventCalendar, bundled_events, event_from
from forecast.core.products import display_unit
from forecast.core.run import Run
from forecast.report.effect_rows import (
    EffectRow,
    EventPart,
    VariedAnswer,
    as_unit_value,
    baseline_name,
    effect_row,
    event_part,
    varied_answer,
)

if TYPE_CHECKING:
    import pandas as pd


OPTIONAL_TABLES = ("parts", "sensitivity", "scenarios", "news", "calendar")  # tables that runs of earlier versions do not have


@dataclass(frozen=True)
class ObservedSeries:
    """One series as the run saw it, in display units: single months, sums over spans, and the state of each month.

    `sums` holds (first, last, value) for spans; `steps` the mean of months known only through a sum, as (months, mean).
    """

    series: str
    unit: str
    values: dict[int, float]
    sums: tuple[tuple[int, int, float], ...]
    status: dict[int, str]

    @functools.cached_property
    def steps(self) -> tuple[tuple[tuple[int, ...], float], ...]:
        """What is left of each sum, shortest first, spread evenly over the months not known singly."""
        known = dict(self.values)
        out = []
        for first, last, total in sorted(self.sums, key=lambda s: (s[1] - s[0], s[0])):
            unknown = tuple(m for m in range(first, last + 1) if m not in known)
            rest = total - sum(known[m] for m in range(first, last + 1) if m in known)
            if unknown and rest >= 0:
                mean = rest / len(unknown)
                out.append((unknown, mean))
                known.update(dict.fromkeys(unknown, mean))
        return tuple(sorted(out))

    @property
    def first(self) -> int:
        """First month with a figure, single or inside a sum."""
        return min([*self.values, *(s[0] for s in self.sums)])

    @property
    def last(self) -> int:
        """Last month with a figure, single or inside a sum."""
        return max([*self.values, *(s[1] for s in self.sums)])

    def total(self, first: int, last: int) -> float:
        """Sum over a window where the data determine it: single months, or a sum with the same ends; else NaN."""
        if all(m in self.values for m in range(first, last + 1)):
            return sum(self.values[m] for m in range(first, last + 1))
        exact = [v for a, b, v in self.sums if (a, b) == (first, last)]
        return exact[0] if exact else math.nan

    def only_summed(self, month: int) -> bool:
        """Whether a month is known only inside a sum."""
        return month not in self.values and any(a <= month <= b for a, b, _ in self.sums)


@dataclass(frozen=True)
class RunData:
    """The run with its tables read once, and the answers, histories and events drawn from them."""

    run: Run
    _tables: dict[str, Any] = field(default_factory=dict, repr=False)

    def table(self, name: str) -> pd.DataFrame:
        """A table of the run; empty where the run is older than the table."""
        if name not in self._tables:
            missing = name in OPTIONAL_TABLES and not (self.run.folder / f"{name}.parquet").exists()
            self._tables[name] = empty_table() if missing else self.run.table(name)
        found: pd.DataFrame = self._tables[name]
        return found

    @property
    def config(self) -> dict[str, Any]:
        """The resolved config."""
        found: dict[str, Any] = self.run.info.get("config") or {}
        return found

    @property
    def as_of(self) -> str:
        """The day the run stands on."""
        return str(self.run.info["as_of"])

    @functools.cached_property
    def calendar(self) -> EventCalendar:
        """Events as known on that day: the run's own list where it keeps one, else the bundled ones."""
        rows = self.run.info.get("events")
        if rows is None:
            return bundled_events().known_on(mm.parse_day(self.as_of))
        verified = self.run.info.get("events_verified_to")
        return EventCalendar(tuple(event_from(row) for row in rows), mm.parse_day(verified) if verified else None)

    @functools.cached_property
    def answers(self) -> tuple[EffectRow, ...]:
        """All rows of the effects table, in the config's order of questions."""
        asked = [row for row in self.config.get("effects") or () if isinstance(row, dict)]
        place = {str(row.get("id")): i for i, row in enumerate(asked)}
        listed = {str(row.get("id")): tuple(baseline_name(b) for b in row.get("baselines") or ()) for row in asked}
        divided = {str(row.get("id")) for row in asked if row.get("share_of") and ":" not in str(row["share_of"])}
        read = [effect_row(row) for row in self.table("effects").to_dict("records")]
        rows = [as_unit_value(replace(a, baselines=a.baselines or listed.get(a.id, ())), a.id in divided) for a in read]
        return tuple(sorted(rows, key=lambda a: (place.get(a.id, len(place)), _question_order(a.id), a.role != "headline")))

    @functools.cached_property
    def variations(self) -> dict[str, tuple[VariedAnswer, ...]]:
        """The questions asked otherwise, by the id of the question, in the order of the headline rows."""
        asked = {str(row["job"]): row for row in self.table("effects").to_dict("records")}
        found: dict[str, list[VariedAnswer]] = {}
        for row in self.table("sensitivity").to_dict("records"):
            if str(row["job"]) in asked:
                one = varied_answer(row, asked[str(row["job"])])
                found.setdefault(one.answer.id, []).append(one)
        order = [a.id for a in self.headline if a.id in found]
        return {name: tuple(found[name]) for name in order}

    def parts(self, answer: EffectRow) -> tuple[EventPart, ...]:
        """What each event of a cluster contributed to an answer, where the method tells them apart."""
        table = self.table("parts")
        own = table[table["job"] == answer.job] if len(table) else table
        return tuple(event_part(row, answer) for row in own.to_dict("records"))

    @property
    def headline(self) -> tuple[EffectRow, ...]:
        """The rows that answer a question; the others show how much the answer depends on the method."""
        return tuple(a for a in self.answers if a.role != "sensitivity")

    @functools.cached_property
    def histories(self) -> dict[str, ObservedSeries]:
        """Every observed series."""
        table = self.table("observations")
        return (
            {str(name): _observed_series(str(name), group) for name, group in table.groupby("series", sort=True)}
            if len(table)
            else {}
        )

    @functools.cached_property
    def outlook(self) -> pd.DataFrame:
        """Forecasts standing on the run's own day, in display units; nowcasts have groups of their own."""
        table = self.table("forecasts")
        if len(table) and "group" in table:
            table = table[~table["group"].isin([name for row in self.nowcasts for name in nowcast_groups(row)])]
        return in_display_units(table[table["cutoff"].astype(str) == self.as_of] if len(table) else table)

    @property
    def nowcasts(self) -> list[dict[str, Any]]:
        """The nowcast questions of the config."""
        return [row for row in self.config.get("nowcast") or () if isinstance(row, dict)]

    @property
    def default_model(self) -> str:
        """The model whose forecasts the report shows first: the config's word, else a combination, else the first."""
        models = sorted(self.outlook["model"].unique()) if len(self.outlook) else []
        named = [
            self.config.get("default_model"),
            *(v.get("default_model") for v in self.config.values() if isinstance(v, dict)),
        ]
        for name in (*named, "mean", "combine", "combine_mean"):
            if name in models:
                return str(name)
        return models[0] if models else ""

    @property
    def default_words(self) -> str:
        """The default model for a reader."""
        return self.words_of(self.default_model)

    def words_of(self, name: str) -> str:
        """A model for a reader: its name, or its members where it combines others."""
        specs = [
            s for s in self.config.get("models") or () if isinstance(s, dict) and name == str(s.get("name") or s.get("use"))
        ]
        members = [str(m) for s in specs for m in s.get("members", ())]
        if len(members) < 2:
            return name
        return f"{specs[0].get('how', 'combination')} of {', '.join(members[:-1])} and {members[-1]}"

    def ordered(self, series: Iterable[str]) -> list[str]:
        """Series in the order in which the config asks for them, patterns with `*` spelled out; the rest A to Z."""
        part = self.config.get("forecast")
        patterns = [str(p) for p in part.get("series", ())] if isinstance(part, dict) else []
        place = {s: next((i for i, p in enumerate(patterns) if fnmatchcase(s, p)), len(patterns)) for s in series}
        return sorted(place, key=lambda s: (place[s], s))

    def events_on(self, series: Iterable[str], since: int, until: int) -> list[Event]:
        """Events of the default calendar that touch the series and take effect in a stretch of months."""
        found = {
            e.id: e
            for s in series
            for e in self.calendar.touching(s.partition(":")[0], ("default",))
            if e.in_force and since <= e.start <= until
        }
        return sorted(found.values(), key=lambda e: (e.effective or e.announced, e.id))

    def event_title(self, event_id: str) -> str:
        """An event's title, or its id in words."""
        return self.calendar[event_id].title if event_id in self.calendar else event_id.replace("_", " ")


def nowcast_groups(nowcast: dict[str, Any]) -> tuple[str, str]:
    """The groups of a nowcast's own months and of the earlier ones."""
    name = str(nowcast["name"])
    return name, f"{name}: earlier months"


def in_display_units(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of forecasts.parquet with their figures in display units."""
    made = table.copy()
    for name in ("mean", "q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975", "truth"):
        if len(made) and name in made:
            made[name] = made[name] / made["series"].map(lambda s: display_unit(s)[1])
    return made


def _question_order(question: str) -> tuple[float, str]:
    head = "".join(c for c in question if c.isdigit())
    return (float(head) if head else math.inf, question)


def empty_table() -> pd.DataFrame:
    """A table without rows."""
    import pandas as pd

    return pd.DataFrame()


def _observed_series(series: str, table: pd.DataFrame) -> ObservedSeries:
    unit, scale = display_unit(series)
    values: dict[int, float] = {}
    sums: list[tuple[int, int, float]] = []
    status: dict[int, str] = {}
    for period, value, state in zip(table["period"], table["value"], table["status"], strict=True):
        first, last = mm.parse_period(str(period))
        if state in ("missing", "suppressed") or value is None or math.isnan(value):
            status.update(dict.fromkeys(range(first, last + 1), str(state)))
        elif first == last:
            values[first], status[first] = float(value) / scale, str(state)
        elif state == "zero":
            values.update({m: 0.0 for m in range(first, last + 1) if m not in values})
            status.update({m: "zero" for m in range(first, last + 1) if m not in status})
        else:
            sums.append((first, last, float(value) / scale))
    for first, last, _ in sums:
        status.update({m: "span" for m in range(first, last + 1) if m not in status})
    return ObservedSeries(series, unit, values, tuple(sorted(sums)), status)
