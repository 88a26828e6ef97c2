"""Quotes: every number, sentence, table and figure of a run by a key, for documents that outlive the run.

Keys name a row, fields a column of it. What a key says is in display units, as the report prints it.

- ``effect:10b`` is the answer to a question of the effects table, ``effect:10b/regression`` that of one estimator
- ``forecast:SERIES:2026-12`` is the default model's forecast of a month, ``forecast:SERIES:2026-12/ets`` that of another
- ``scenario:NAME:SERIES:2026-12`` is the same under one scenario
- ``observed:SERIES:2026-03`` is a published figure
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from forecast.core import months as mm
from forecast.core.errors import ConfigError, nearest
from forecast.core.products import display_unit
from forecast.core.run import Run
from forecast.core.schema import ForecastRow, ScenarioForecastRow, SumRow, group_rows
from forecast.report.blocks import TableBlock
from forecast.report.effect_rows import EffectAnswer
from forecast.report.numbers import day, period, quantity, series_name
from forecast.report.quoted_fields import QuotedField, effect_fields, pick, row_fields
from forecast.report.run_data import RunData, in_display_units
from forecast.report.spoken import Expectation, answer_sentence, expectation_sentence
from forecast.report.table_blocks import headline_table, months_ahead_table

SHOWN_KEYS = 3  # keys that a hint names
_IMAGE = re.compile(r"!\[((?:\\.|[^\]\\])*)\]\(figures/([^)]+)\.png\)")


@dataclass(frozen=True)
class QuotedFigure:
    """A figure of the report as files, and the text that stands for it where it cannot be seen."""

    name: str
    svg: Path
    png: Path
    alt: str


@dataclass(frozen=True)
class Quotes:
    """What can be quoted of a run."""

    run: Run

    def keys(self) -> tuple[str, ...]:
        """Every key that has numbers and a sentence: effects, forecasts, scenarios, observed figures."""
        return tuple(self._rows)

    def fields(self, key: str) -> Mapping[str, QuotedField]:
        """The fields of a key with their values in display units; an unknown key is a ConfigError with the nearest."""
        row = self._row(key)
        if isinstance(row, EffectAnswer):
            return effect_fields(row)
        if isinstance(row, _Observed):
            return {"value": QuotedField(row.value, row.unit, row.unit), "status": QuotedField(row.status)}
        shown = display_unit(row.series)[0]
        return row_fields(row, type(row), {"unit": (shown, shown), "probability": ("", "%")})

    def number(self, key: str, field: str, unit: str | None = None, digits: int | str | None = None, locale: str = "en") -> str:
        """One figure as text by `number_format.format_number`; a column of words is returned as it is."""
        return pick(self.fields(key), field, key).text(unit, digits, locale)

    def sentence(self, key: str) -> str:
        """What the report says of a key, with its verdict where it has one."""
        row = self._row(key)
        if isinstance(row, EffectAnswer):
            return answer_sentence(self.data, row)
        if isinstance(row, _Observed):
            return f"{series_name(row.series)}, {period(row.period)}: {quantity(row.value, row.unit)}."
        said = [Expectation(row.month, row.q50, row.q10, row.q90)]
        sentence = expectation_sentence(row.series, display_unit(row.series)[0], said, None, row.model, f"of {day(row.cutoff)}")
        scenario = row.scenario if isinstance(row, ScenarioForecastRow | SumRow) else ""
        return f"Under “{scenario}”: {sentence}" if scenario else sentence

    def verdict(self, key: str) -> str:
        """The verdict of an effect; empty for what has none."""
        row = self._row(key)
        return row.verdict if isinstance(row, EffectAnswer) else ""

    def reading(self, key: str) -> str:
        """How an effect may be read: causal, relative, descriptive or none; empty for what is no effect."""
        row = self._row(key)
        return row.reading if isinstance(row, EffectAnswer) else ""

    def tables(self) -> tuple[str, ...]:
        """The names of tables: `effects`, each question `effect:ID`, each series `forecast:SERIES`."""
        return tuple(self._tables)

    def table(self, name: str) -> TableBlock:
        """A table as the report prints it, for any renderer."""
        if name not in self._tables:
            raise ConfigError(
                f"the run has no table '{name}' to quote", where=str(self.run.folder), hint=nearest(name, self._tables)
            )
        return self._tables[name]()

    def figures(self) -> tuple[str, ...]:
        """The names of the report's figures."""
        return tuple(sorted(path.stem for path in (self.run.folder / "figures").glob("*.png")))

    def figure(self, name: str) -> QuotedFigure:
        """A figure of the report as it stands in the run folder."""
        if name not in self.figures():
            hint = nearest(name, self.figures()) or "forecast report RUN"
            raise ConfigError(f"the run has no figure '{name}'", where=str(self.run.folder / "figures"), hint=hint)
        folder = self.run.folder / "figures"
        return QuotedFigure(name, folder / f"{name}.svg", folder / f"{name}.png", self._alternatives.get(name, name))

    @functools.cached_property
    def data(self) -> RunData:
        """The run's tables in display units."""
        return RunData(self.run)

    @functools.cached_property
    def _alternatives(self) -> dict[str, str]:
        page = self.run.folder / "report.md"
        text = page.read_text("utf-8") if page.is_file() else ""
        return {name: re.sub(r"\\(.)", r"\1", alt) for alt, name in _IMAGE.findall(text)}

    @functools.cached_property
    def _tables(self) -> dict[str, Callable[[], TableBlock]]:
        data, out = self.data, dict[str, Callable[[], TableBlock]]()
        if data.headline:
            out["effects"] = functools.partial(headline_table, data, data.headline, "What the measures changed.")
        for name, rows in group_rows(data.headline, lambda a: a.id).items():
            out[f"effect:{name}"] = functools.partial(headline_table, data, rows, f"Question {name}.")
        own = group_rows((r for r in data.outlook if r.model == data.default_model), lambda r: r.series)
        for series, ahead in own.items():
            if series in data.histories:
                history, sums = data.histories[series], [r for r in data.outlook_sums if r.series == series]
                out[f"forecast:{series}"] = functools.partial(months_ahead_table, history, ahead, sums, data.as_of, data.unheld)
        return out

    def _row(self, key: str) -> EffectAnswer | ForecastRow | ScenarioForecastRow | _Observed:
        if key not in self._rows:
            kind, colon, _ = key.partition(":")
            kinds = sorted({known.partition(":")[0] for known in self._rows})
            alike = [known for known in self._rows if known.startswith(kind + colon)]
            hint = nearest(key, alike) if alike and colon else ", ".join(f"{one}:..." for one in kinds)
            if not colon and (named := [known for known in self._rows if re.match(rf"\w+:{re.escape(key)}(?![\w.])", known)]):
                hint = f"{' or '.join(named[:SHOWN_KEYS])}; forecast quote RUN keys lists all"
            elif not colon and (table := self._asked_in(key)):
                problem = f"'{key}' is a question of [[{table}]], and has no figure that can be quoted by a key"
                hint = f"one of the keys that there are: {hint}; forecast quote RUN keys lists all"
                raise ConfigError(problem, where=str(self.run.folder), hint=hint)
            raise ConfigError(f"the run has nothing called '{key}'", where=str(self.run.folder), hint=hint)
        return self._rows[key]

    def _asked_in(self, name: str) -> str:
        """The table of the config that asks a question under a name, "" where none does."""
        tables = {kind: rows for kind, rows in self.data.config.items() if isinstance(rows, list)}
        rows = ((table, row) for table, rows in tables.items() for row in rows if isinstance(row, dict))
        return next((table for table, row in rows if name in (row.get("id"), row.get("name"))), "")

    @functools.cached_property
    def _rows(self) -> dict[str, EffectAnswer | ForecastRow | ScenarioForecastRow | _Observed]:
        """The row behind every key."""
        data, rows = self.data, dict[str, EffectAnswer | ForecastRow | ScenarioForecastRow | _Observed]()
        for answer in (*data.headline, *data.answers):
            rows.setdefault(f"effect:{answer.id}", answer)
            rows.setdefault(f"effect:{answer.id}/{answer.estimator}", answer)
        ahead = [*data.outlook, *data.outlook_sums, *self._nowcasts()]
        for one in sorted(ahead, key=lambda r: r.model != data.default_model):
            if one.model == data.default_model or not data.default_model or one.group in self._nowcast_groups:
                rows.setdefault(f"forecast:{one.series}:{one.month}", one)
            rows.setdefault(f"forecast:{one.series}:{one.month}/{one.model}", one)
        changed: list[ScenarioForecastRow | SumRow] = [*in_display_units(data.rows(ScenarioForecastRow)), *data.scenario_sums]
        for row in changed:
            rows.setdefault(f"scenario:{row.scenario}:{row.series}:{row.month}", row)
        for series, history in data.histories.items():
            known = {mm.label(m): v for m, v in history.values.items()}
            known |= {mm.period_label(first, last): v for first, last, v in history.sums}
            for when, value in sorted(known.items()):
                status = history.status.get(mm.ordinal(when), "") if "/" not in when else "span"
                rows[f"observed:{series}:{when}"] = _Observed(series, when, value, history.unit, status)
        return rows

    @property
    def _nowcast_groups(self) -> tuple[str, ...]:
        return tuple(str(row["name"]) for row in self.data.nowcasts)

    def _nowcasts(self) -> list[ForecastRow]:
        """Nowcasts made on the run's own day; of each the first model of its question stands first."""
        order = {str(row["name"]): [str(m) for m in row.get("models") or ()] for row in self.data.nowcasts}
        made = (r for r in self.data.forecasts_in(order) if r.cutoff == self.data.as_of and not mm.is_span(r.month))
        rows = in_display_units(made)
        return sorted(rows, key=lambda r: order[r.group].index(r.model) if r.model in order[r.group] else len(order[r.group]))


@dataclass(frozen=True)
class _Observed:
    """A published figure in display units."""

    series: str
    period: str
    value: float
    unit: str
    status: str
