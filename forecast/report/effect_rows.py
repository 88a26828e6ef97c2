"""Rows of the effects table, of its sensitivity variations and of the parts of joint events, in display units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from forecast.core.products import display_unit, mineral_of
from forecast.core.series import SeriesKey


@dataclass(frozen=True)
class EffectRow:
    """One row of the effects table in display units."""

    id: str
    question: str
    role: str
    job: str
    estimator: str
    events: tuple[str, ...]
    series: str
    unit: str
    basis: str
    lag: int
    first: str
    last: str
    estimand: str
    measure: str
    baseline: str
    estimate: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float
    p_value: float
    p_floor: float
    mde80: float
    n_clean: int
    n_span: int
    n_placebo: int
    n_apart: int
    verdict: str
    reading: str
    because: str
    desc: float
    desc_lo: float
    desc_hi: float
    observed: float
    expected: float
    note: str = ""
    baselines: tuple[str, ...] = ()
    n_space: int = 0
    breakdown: float = math.nan
    anticipation: float = math.nan
    anticipation_lo80: float = math.nan
    anticipation_hi80: float = math.nan
    net: float = math.nan
    net_lo80: float = math.nan
    net_hi80: float = math.nan

    @property
    def has_estimate(self) -> bool:
        """Whether the row has an estimate with its bounds."""
        return all(math.isfinite(v) for v in (self.estimate, self.lo95, self.hi95))

    @property
    def has_ledger(self) -> bool:
        """Whether the row splits its estimate into anticipation and net effect."""
        return self.has_estimate and math.isfinite(self.anticipation) and math.isfinite(self.net)

    @property
    def mde_share(self) -> float:
        """Minimum detectable effect as a fraction of the baseline."""
        if self.measure == "relative":
            return self.mde80
        return self.mde80 / self.expected if self.expected > 0 else math.nan

    @property
    def has_baseline(self) -> bool:
        """Whether the description compares with a baseline (else it is a last published level)."""
        return math.isfinite(self.desc) and not self.baseline.startswith("none") and self.baseline != ""


@dataclass(frozen=True)
class VariedAnswer:
    """An answer after one change to its question: what was changed, to which value, and the new answer."""

    what: str
    value: str
    answer: EffectRow
    months: str = ""


@dataclass(frozen=True)
class EventPart:
    """What one event of a cluster contributed, in the unit of the answer."""

    event: str
    estimate: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float


BASELINE_NAMES = {
    "year_earlier": "same months a year earlier",
    "last_12_clean": "last 12 clean months",
    "last_full_year": "last full clean year",
}


def baseline_name(words: Any) -> str:
    """A baseline of the config in words; one that the config defines by its own name."""
    name = str(words.get("name", "")) if isinstance(words, dict) else str(words)
    return BASELINE_NAMES.get(name, name)


def text_at(row: Mapping[Any, Any], name: str) -> str:
    """A text column of a row, empty where it has none."""
    value = row.get(name)
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


def number_at(row: Mapping[Any, Any], name: str) -> float:
    """A numeric column of a row, NaN where it has none."""
    value = row.get(name)
    return math.nan if value is None or value == "" else float(value)


def effect_row(row: Mapping[Any, Any]) -> EffectRow:
    """A row of the effects table, converted from archive units to display units."""
    series = text_at(row, "series")
    unit, scale = display_unit(series.split("+")[0])
    measure = text_at(row, "measure")
    level = scale if text_at(row, "unit") in ("kg", "") else 1.0  # amounts are stored in archive units
    of_measure = 1.0 if measure in ("relative", "share") else level
    count = {
        n: 0 if math.isnan(number_at(row, n)) else int(number_at(row, n))
        for n in ("lag_months", "n_clean", "n_span", "n_placebo", "n_apart", "n_space")
    }
    amounts = ("estimate", "lo80", "hi80", "lo95", "hi95", "mde80", "desc_estimate", "desc_lo", "desc_hi")
    scaled = {name: number_at(row, name) / of_measure for name in amounts}
    totals = 1.0 if measure == "share" else level
    ledger = {
        f"{part}{end}": number_at(row, f"{part}{end}") / level
        for part in ("anticipation", "net")
        for end in ("", "_lo80", "_hi80")
    }
    return EffectRow(
        id=text_at(row, "id") or text_at(row, "job"),
        question=text_at(row, "question"),
        role=text_at(row, "role") or "headline",
        job=text_at(row, "job"),
        estimator=text_at(row, "estimator"),
        events=tuple(e for e in text_at(row, "event").split("+") if e),
        series=series,
        unit=unit,
        basis=text_at(row, "basis"),
        lag=count["lag_months"],
        first=text_at(row, "months_from"),
        last=text_at(row, "months_to"),
        estimand=text_at(row, "estimand"),
        measure=measure,
        baseline=text_at(row, "baseline"),
        estimate=scaled["estimate"],
        lo80=scaled["lo80"],
        hi80=scaled["hi80"],
        lo95=scaled["lo95"],
        hi95=scaled["hi95"],
        p_value=number_at(row, "p_value"),
        p_floor=number_at(row, "p_floor"),
        mde80=scaled["mde80"],
        n_clean=count["n_clean"],
        n_span=count["n_span"],
        n_placebo=count["n_placebo"],
        n_apart=count["n_apart"],
        verdict=text_at(row, "verdict"),
        reading=text_at(row, "reading"),
        because=text_at(row, "because"),
        desc=scaled["desc_estimate"],
        desc_lo=scaled["desc_lo"],
        desc_hi=scaled["desc_hi"],
        observed=number_at(row, "observed_total") / totals,
        expected=number_at(row, "expected") / totals,
        note=text_at(row, "note"),
        baselines=tuple(b for b in text_at(row, "baselines").split("; ") if b),
        n_space=count["n_space"],
        breakdown=number_at(row, "breakdown"),
        **ledger,
    )


def as_unit_value(answer: EffectRow, divided: bool) -> EffectRow:
    """The row as a unit value, in its name and unit, where a value was divided by a quantity."""
    if not divided or not answer.series.endswith(":usd"):
        return answer
    return replace(answer, series=f"{answer.series}_per_kg", unit="USD/kg")


_FROM_EFFECTS = ("question", "event", "series", "unit", "basis", "lag_months", "estimand", "measure", "role", "note")


def varied_answer(row: Mapping[Any, Any], asked: Mapping[Any, Any]) -> VariedAnswer:
    """A row of the sensitivity table, completed from the row of the effects table that it varies."""
    joined = {**{name: asked.get(name) for name in _FROM_EFFECTS}, **row}
    return VariedAnswer(text_at(row, "what"), text_at(row, "value"), effect_row(joined), text_at(row, "months_observed"))


def event_part(row: Mapping[Any, Any], answer: EffectRow) -> EventPart:
    """A row of the parts table, in the unit of the answer it belongs to."""
    scale = 1.0 if answer.measure == "share" else display_unit(answer.series.split("+")[0])[1]
    return EventPart(
        text_at(row, "event"), *(number_at(row, name) / scale for name in ("estimate", "lo80", "hi80", "lo95", "hi95"))
    )


def mineral_title(answer: EffectRow) -> str:
    """The mineral a question is about."""
    key = SeriesKey.maybe(answer.series.split("+")[0])
    if key is None:
        return "Questions"
    mineral = mineral_of(key.product).replace("_", " ")
    return {"magnets": "Rare-earth magnets"}.get(mineral, mineral[:1].upper() + mineral[1:])
