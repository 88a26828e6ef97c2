"""Data of a run folder as the report needs them, in display units."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

from forecast.core import months as mm, registry, schema
from forecast.core.cells import UNHELD
from forecast.core.default_model import default_model
from forecast.core.errors import ConfigError
from forecast.core.events import Event, EventCalendar
from forecast.core.products import display_unit
from forecast.core.run import Run
from forecast.core.schema import EffectRow, ForecastRow, ObservationRow, PartRow, ScenarioForecastRow, SensitivityRow, SumRow
from forecast.report.effect_rows import EffectAnswer, VariedAnswer, effect_answer, varied_answer
from forecast.report.flow_history import FlowHistory, observed_history
from forecast.report.numbers import join_with_and
from forecast.report.run_calendar import day_of_outcomes, known_calendar, learned_calendar

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
F = TypeVar("F", ForecastRow, ScenarioForecastRow, SumRow)
MORE_THAN_NOWCASTS = "more than nowcasts"  # a need of sections: effects are asked, or neither nowcasts nor ledgers
OWN = "own data"  # publisher of own figures whose config names none
# missing from runs of earlier versions
OPTIONAL_TABLES = (
    "parts", "recovered", "mirror_gaps", "sensitivity", "scenarios", "news", "calendar", "destinations", "ledger",
)  # fmt: skip


@dataclass(frozen=True)
class RunData:
    """A run with its tables read once, and the answers, series and events derived from them."""

    run: Run
    _tables: dict[str, Any] = field(default_factory=dict, repr=False)
    _rows: dict[type, Any] = field(default_factory=dict, repr=False)

    def rows(self, row: type[T]) -> list[T]:
        """The rows of a table by their class; none if the run is older than the table."""
        if row not in self._rows:
            self._rows[row] = schema.rows_of(row, self.table(schema.table_of(row)))
        found: list[T] = self._rows[row]
        return found

    def table(self, name: str) -> pd.DataFrame:
        """A table of the run; empty if the run is older than the table, with null in a column that is newer than the run."""
        if name not in self._tables:
            missing = name in OPTIONAL_TABLES and not (self.run.folder / f"{name}.parquet").exists()
            held = schema.frame(schema.ROWS[name], ()) if missing else self.run.table(name)
            self._tables[name] = held.reindex(columns=list(schema.COLUMNS[name]))
        found: pd.DataFrame = self._tables[name]
        return found

    def holds(self, need: str) -> bool:
        """Whether the run has what a section needs: a table with rows, by its name, or `MORE_THAN_NOWCASTS`."""
        if need == MORE_THAN_NOWCASTS:
            return bool(self.config.get("effects")) or not (self.nowcasts or self.config.get("ledger"))
        return (self.run.folder / f"{need}.parquet").exists() and len(self.table(need)) > 0

    def asks(self, *tables: str) -> bool:
        """Whether the config asks a question by one of its tables, such as `forecast`; a run that does not say may have."""
        if "forecast" not in self.config:
            return True
        said = [self.config.get(name) for name in tables]
        return any(table.get("series") if isinstance(table, dict) else table for table in said)

    @property
    def config(self) -> dict[str, Any]:
        """The resolved config."""
        found: dict[str, Any] = self.run.info.get("config") or {}
        return found

    @property
    def bundled(self) -> bool:
        """Whether bundled figures are among the run's data: they are all of them, or own ones were joined to them."""
        data = self._source
        return data.get("use", "published") == "published" or data.get("join") is True

    @property
    def _only_bundled(self) -> bool:
        """Whether all figures are bundled ones, so that words for them are true of every series."""
        return self.bundled and "join" not in self._source

    @property
    def held(self) -> str:
        """What the figures of the run are, in a word."""
        return "bundle" if self._only_bundled else "data"

    @property
    def unheld(self) -> str:
        """The state of a month that the data have no row of, in words."""
        return "not bundled" if self._only_bundled else UNHELD

    @property
    def unknown(self) -> str:
        """That a month has no figure, in words."""
        return "without a bundled figure" if self._only_bundled else "without a figure"

    def is_own(self, publisher: str) -> bool:
        """Whether a publisher's figures are the config's own, not bundled ones."""
        return not self.bundled or ("join" in self._source and publisher == str(self._source.get("publisher", OWN)))

    @property
    def _source(self) -> dict[str, Any]:
        """The source of the figures in the config's words."""
        found: dict[str, Any] = self.config.get("data") or {}
        return found

    @functools.cached_property
    def publishers(self) -> dict[str, tuple[str, ...]]:
        """Who published the figures of each observed series, most of them first."""
        counts = Counter((row.series, row.source) for row in self.rows(ObservationRow) if row.source)
        found: dict[str, list[str]] = {}
        for series, source in sorted(counts, key=lambda pair: (-counts[pair], pair)):
            found.setdefault(series, []).append(source)
        return {series: tuple(names) for series, names in found.items()}

    @property
    def as_of(self) -> str:
        """The day whose information the run uses."""
        return str(self.run.info["as_of"])

    @functools.cached_property
    def calendar(self) -> EventCalendar:
        """Events and notes known on that day: the run's own list if it has one, else the bundled ones."""
        return known_calendar(self.run.info)

    @functools.cached_property
    def learned(self) -> EventCalendar:
        """Events and notes that became known later; no number of the run rests on them."""
        return learned_calendar(self.run.info)

    @property
    def outcomes_known_to(self) -> str:
        """The day to which it is known whether a measure began or ended as announced."""
        return day_of_outcomes(self.run.info, self.calendar)

    @functools.cached_property
    def answers(self) -> tuple[EffectAnswer, ...]:
        """All rows of the effects table, in the config's order of questions."""
        asked = {str(row.get("id")): row for row in self.config.get("effects") or () if isinstance(row, dict)}
        place = {name: i for i, name in enumerate(asked)}
        divided = {name for name, row in asked.items() if row.get("share_of") and ":" not in str(row["share_of"])}
        rows = [effect_answer(row, row.id in divided) for row in self.rows(EffectRow)]
        return tuple(sorted(rows, key=lambda a: (place.get(a.id, len(place)), _question_order(a.id), a.role != "headline")))

    @functools.cached_property
    def variations(self) -> dict[str, tuple[VariedAnswer, ...]]:
        """Sensitivity answers by the id of their question, in the order of the headline rows."""
        asked = {row.job: row for row in self.rows(EffectRow)}
        answers = schema.rows_of(EffectRow, self.table("sensitivity"))
        found: dict[str, list[VariedAnswer]] = {}
        for changed, row in zip(self.rows(SensitivityRow), answers, strict=True):
            if row.job in asked:
                one = varied_answer(changed.what, changed.value, row, asked[row.job])
                found.setdefault(one.answer.id, []).append(one)
        return {a.id: tuple(found[a.id]) for a in self.headline if a.id in found}

    def parts(self, answer: EffectAnswer) -> list[PartRow]:
        """Contribution of each event of a cluster to an answer, where the method separates them."""
        scale = 1.0 if answer.measure == "share" else display_unit(answer.first_series)[1]
        return [schema.divide_figures(row, scale) for row in self.rows(PartRow) if row.job == answer.job]

    @property
    def headline(self) -> tuple[EffectAnswer, ...]:
        """Rows that answer a question; the others show how the answer depends on the method."""
        return tuple(a for a in self.answers if a.role != "sensitivity")

    @functools.cached_property
    def histories(self) -> dict[str, FlowHistory]:
        """Every observed series, A to Z."""
        by_series = schema.group_rows(self.rows(ObservationRow), lambda row: row.series)
        return {name: observed_history(name, by_series[name]) for name in sorted(by_series)}

    @functools.cached_property
    def outlook(self) -> list[ForecastRow]:
        """Forecasts of single months made on the run's own day, without nowcasts, in display units."""
        return in_display_units(schema.rows_of(ForecastRow, self.ahead))

    @property
    def ahead(self) -> pd.DataFrame:
        """The same rows as they stand in the table."""
        table = self.table("forecasts")
        return table[self._is_ahead(table)]

    @functools.cached_property
    def outlook_sums(self) -> list[SumRow]:
        """Forecasts of sums of months made on that day, in no scenario and without nowcasts, in display units."""
        table = self.table("sums")
        return in_display_units(schema.rows_of(SumRow, table[_without_scenario(table) & self._is_ahead(table)]))

    def _is_ahead(self, table: pd.DataFrame) -> pd.Series:
        """Which forecasts were made on the run's own day and are no nowcasts."""
        other = {name for asked in self.nowcasts for name in nowcast_groups(asked)}
        return (table["cutoff"] == self.as_of) & ~table["group"].isin(other)

    def forecasts_in(self, groups: Iterable[str]) -> list[ForecastRow]:
        """Forecasts of some groups of questions, of single months and of those that are published as one figure."""
        months, sums, wanted = self.table("forecasts"), self.table("sums"), list(groups)
        joint = sums[_without_scenario(sums) & sums["group"].isin(wanted)]
        return [*schema.rows_of(ForecastRow, months[months["group"].isin(wanted)]), *schema.rows_of(SumRow, joint)]

    @functools.cached_property
    def scenario_sums(self) -> list[SumRow]:
        """Sums of months under each scenario, in display units; a scenario of one month is its own sum."""
        courses = schema.group_rows(self.rows(ScenarioForecastRow), lambda r: r.job)
        alone = [SumRow(**schema.cells_of(SumRow, schema.record(own[0]))) for own in courses.values() if len(own) == 1]
        table = self.table("sums")
        return in_display_units([*schema.rows_of(SumRow, table[~_without_scenario(table)]), *alone])

    @property
    def nowcasts(self) -> list[dict[str, Any]]:
        """The nowcast questions of the config."""
        return [row for row in self.config.get("nowcast") or () if isinstance(row, dict)]

    @property
    def backtests(self) -> list[dict[str, Any]]:
        """The backtest groups of the config."""
        return [row for row in self.config.get("backtest") or () if isinstance(row, dict)]

    @functools.cached_property
    def default_model(self) -> str:
        """The model shown first: the config's default, else a combination, else the first by name."""
        return default_model([str(self.config.get("default_model") or "")], {r.model for r in self.outlook})

    @property
    def default_model_text(self) -> str:
        """The default model in words."""
        return self.model_text(self.default_model)

    def model_text(self, name: str) -> str:
        """A model in words: its name, or its members if it is a combination."""
        specs = [
            s for s in self.config.get("models") or () if isinstance(s, dict) and name == str(s.get("name") or s.get("use"))
        ]
        members = [str(m) for s in specs for m in s.get("members", ())]
        if len(members) < 2:
            return name
        return f"{specs[0].get('how', 'combination')} of {join_with_and(members)}"

    def model_description(self, name: str) -> str:
        """What a model is, in brackets: its members, or its sentence in the registry."""
        if (words := self.model_text(name)) != name:
            return f" ({words})"
        spec = next((m for m in self.config.get("models") or () if name == (m.get("name") or m.get("use"))), {"use": name})
        try:
            text = registry.sentence("model", str(spec["use"])).rstrip(".")
        except ConfigError:  # the run was made by a package that had more models
            return ""
        return f" ({text[:1].lower()}{text[1:]})"

    def in_config_order(self, series: Iterable[str]) -> list[str]:
        """Series in the order of the config, whose patterns may hold `*`; the rest A to Z."""
        part = self.config.get("forecast")
        patterns = [str(p) for p in part.get("series", ())] if isinstance(part, dict) else []
        place = {s: next((i for i, p in enumerate(patterns) if fnmatchcase(s, p)), len(patterns)) for s in series}
        return sorted(place, key=lambda s: (place[s], s))

    def events_on(self, series: Iterable[str], since: int, until: int) -> list[Event]:
        """Events of the default calendar that affect the series and take effect between two months."""
        found = {
            e.id: e
            for s in series
            for e in self.calendar.touching(s.partition(":")[0], ("default",))
            if e.in_force and since <= e.start <= until
        }
        return sorted(found.values(), key=lambda e: (e.effective or e.announced, e.id))

    @functools.cached_property
    def marked_events(self) -> tuple[str, ...]:
        """Ids of the events that the run's figures may mark, in order of effective day."""
        return tuple(e.id for e in self.events_on(self.histories, 0, mm.ordinal(self.as_of[:7])))

    def event_title(self, event_id: str) -> str:
        """An event's title, or its id in words."""
        return self.calendar[event_id].title if event_id in self.calendar else event_id.replace("_", " ")


def _without_scenario(sums: pd.DataFrame) -> pd.Series:
    return sums["scenario"].isna() | (sums["scenario"] == "")


def nowcast_groups(nowcast: dict[str, Any]) -> tuple[str, str]:
    """Names of the groups of a nowcast's own months and of the earlier ones."""
    name = str(nowcast["name"])
    return name, f"{name}: earlier months"


def in_display_units(rows: Iterable[F]) -> list[F]:
    """Forecasts in display units."""
    return [schema.divide_figures(row, display_unit(row.series)[1]) for row in rows]


def _question_order(question: str) -> tuple[float, str]:
    head = "".join(c for c in question if c.isdigit())
    return (float(head) if head else math.inf, question)
