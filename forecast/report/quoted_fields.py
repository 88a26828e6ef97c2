"""The figures of an answer by the names of their columns, each with its unit, as text for somebody's own document."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.core.effects import Effect
from forecast.core.errors import ConfigError, nearest
from forecast.core.results import PROBABILITIES, Forecast, quantile_name
from forecast.core.schema import EffectRow
from forecast.report.effect_rows import EffectAnswer
from forecast.report.number_format import format_number
from forecast.report.prose import relative_change
from forecast.report.spoken import effect_answer_of, unit_and_scale

COUNTS = ("months", "count", "days")
SMALLEST_P = 0.0005  # a smaller p-value is "below 0.001", as in the report


@dataclass(frozen=True)
class QuotedField:
    """A figure in its unit, or a text.

    unit : "" is a part of one; shown : the unit in which it is quoted unless another is asked for
    kind : probability, count, own (figures whose unit nobody named), or empty
    """

    value: float | str
    unit: str = ""
    shown: str = ""
    kind: str = ""

    def text(self, unit: str | None = None, digits: int | str | None = None, locale: str = "en") -> str:
        """The figure by `format_number`, or the text as it is."""
        if isinstance(self.value, str):
            return self.value
        if self.kind == "own" and unit:
            problem = f"a figure without a unit cannot be given in '{unit}'"
            raise ConfigError(problem, where="unit", hint="leave the unit out, and write it beside the number")
        if digits is None and self.kind == "probability" and not unit:
            if self.value < SMALLEST_P:
                return f"below {format_number(0.001, digits=3, locale=locale)}"
            digits = 2 if self.value >= 0.095 else 3
        if digits is None and self.kind == "count":
            digits = 0
        return format_number(self.value, self.unit, self.shown if unit is None else unit, digits, locale)


def pick(fields: Mapping[str, QuotedField], name: str, where: str) -> QuotedField:
    """A field by its name; an unknown one is a ConfigError with the most similar name."""
    if name not in fields:
        raise ConfigError(f"there is no field '{name}'", where=where, hint=nearest(name, fields))
    return fields[name]


def effect_fields(answer: EffectAnswer) -> dict[str, QuotedField]:
    """The columns of the effects table, and `relative_change`: observed over the named baseline, less one."""
    fields = row_fields(answer, EffectRow, {"unit": _unit_of_measure(answer), "level_unit": _unit_of_level(answer)})
    return fields | {"relative_change": QuotedField(relative_change(answer), "", "%")}


def _unit_of_measure(answer: EffectAnswer) -> tuple[str, str]:
    if answer.measure in ("relative", "share"):
        return "", "%" if answer.measure == "relative" else "pp"
    return answer.unit, answer.unit


def _unit_of_level(answer: EffectAnswer) -> tuple[str, str]:
    return ("", "%") if answer.measure == "share" else (answer.unit, answer.unit)


def row_fields(row: Any, declared: type, units: Mapping[str, tuple[str, str]]) -> dict[str, QuotedField]:
    """The columns of a row of a table; `units` maps a unit column to the figures' unit and the one they are quoted in."""
    out = {}
    for column in dataclasses.fields(declared):
        value, named = getattr(row, column.name), str(column.metadata.get("unit", ""))
        if isinstance(value, str):
            # figures are in display units here, so their unit is no longer the archive's
            shown = units[column.name][1] if column.name in units and value else value
            out[column.name] = QuotedField(shown)
            continue
        unit, shown = units.get(named, ("", ""))
        kind = "probability" if named == "probability" else "count" if named in COUNTS else ""
        kind = "own" if named in units and not shown else kind
        out[column.name] = QuotedField(math.nan if value is None else float(value), unit, shown, kind)
    return out


def effect_number(
    effect: Effect, field: str, unit: str | None = None, digits: int | str | None = None, locale: str = "en"
) -> str:
    """A figure of an effect in memory."""
    answer = effect_answer_of(effect)
    return pick(effect_fields(answer), field, f"effect on {', '.join(answer.treated)}").text(unit, digits, locale)


def forecast_number(
    forecast: Forecast,
    field: str,
    unit: str | None = None,
    digits: int | str | None = None,
    locale: str = "en",
    month: str | None = None,
    series: str | None = None,
) -> str:
    """A figure of one month of a forecast in memory; month and series may be left out where there is one."""
    task = forecast.task
    where = f"forecast of {', '.join(task.series[:3])}{', ...' if len(task.series) > 3 else ''}"
    series = _the_one(series, task.series, "series", where)
    if reason := forecast.reason_without(series):
        raise ConfigError(f"{series} has no answer: {reason}", where=where, hint="another series, or a longer history")
    month = _the_one(month, forecast.months_of(series), "month", where)
    shown, scale = unit_and_scale(forecast, series)
    draws = forecast.of(series)[:, forecast.months_of(series).index(month)] / scale
    named = {quantile_name(p): float(q) for p, q in zip(PROBABILITIES, np.quantile(draws, PROBABILITIES), strict=True)}
    fields = {
        name: QuotedField(value, shown, shown, "" if shown else "own")
        for name, value in {"mean": float(draws.mean()), **named}.items()
    }
    return pick(fields, field, f"{where}, {month}").text(unit, digits, locale)


def _the_one(asked: str | None, known: tuple[str, ...], what: str, where: str) -> str:
    if asked is None and len(known) > 1:
        raise ConfigError(f"the forecast has {len(known)} of them: which {what}?", where=where, hint=f'{what} = "{known[0]}"')
    if asked is not None and asked not in known:
        raise ConfigError(f"the forecast has no {what} '{asked}'", where=where, hint=nearest(asked, known))
    return asked or known[0]
