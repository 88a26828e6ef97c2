"""Answers to questions on events, their variations and the parts of joint events, in display units."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from forecast.core import schema
from forecast.core.products import display_unit, mineral_of
from forecast.core.schema import EffectRow
from forecast.core.series import SeriesKey
from forecast.core.time_axis import MONTHS, Steps
from forecast.report.numbers import capitalize, join_with_and, listed_months, window


@dataclass(frozen=True, kw_only=True)
class EffectAnswer(EffectRow):
    """A row of the effects table in display units; a count that it lacks is 0.

    steps : the time axis; that of a run is of months
    names : the treated series as a table in memory calls them, where a name may hold the "+" that joins names in a table
    """

    lag_months: int = 0
    n_clean: int = 0
    n_span: int = 0
    n_placebo: int = 0
    n_space: int = 0
    n_apart: int = 0
    steps: Steps = MONTHS
    names: tuple[str, ...] = ()

    @property
    def events(self) -> tuple[str, ...]:
        """The event asked about, or the events of a cluster."""
        return tuple(e for e in self.event.split("+") if e)

    @property
    def treated(self) -> tuple[str, ...]:
        """The treated series."""
        return self.names or tuple(self.series.split("+"))

    @property
    def first_series(self) -> str:
        """The treated series, or the first of several."""
        return self.treated[0]

    @property
    def window(self) -> str:
        """The months asked about, in words."""
        return window(self.months_from, self.months_to)

    @property
    def unknown_months(self) -> tuple[str, ...]:
        """The months asked about that no figure determines, where others are known."""
        if not (self.months_observed and self.months_from) or not math.isfinite(self.observed_total):
            return ()
        known = {m for one in self.months_observed.split(" and ") for m in range(*self._bounds(*one.partition("/")[::2]))}
        return tuple(self.steps.label(m) for m in range(*self._bounds(self.months_from, self.months_to)) if m not in known)

    @property
    def n_known(self) -> int:
        """The number of months asked about that figures determine."""
        return self.n_months - len(self.unknown_months)

    @property
    def known_window(self) -> str:
        """The months asked about, in words, and which of them have no figure."""
        holes = self.unknown_months
        if not holes:
            return self.window
        have = "has" if len(holes) == 1 else "have"
        return f"{self.window}, {self.n_known} of {self.n_months} months ({self._list_in_words(holes)} {have} no figure)"

    def _list_in_words(self, labels: tuple[str, ...]) -> str:
        return listed_months(labels) if self.steps.unit == "month" else join_with_and(labels)

    @property
    def n_months(self) -> int:
        """The number of months asked about; 0 where an unanswered question names none."""
        if not (self.months_from and self.months_to):
            return 0
        first, after = self._bounds(self.months_from, self.months_to)
        return after - first

    def _bounds(self, first: str, last: str) -> tuple[int, int]:
        """The first step of a period, and the one after its last."""
        return self.steps.ordinal(first), self.steps.ordinal(last or first) + 1

    @property
    def has_estimate(self) -> bool:
        """Whether the row has an estimate with its bounds."""
        return all(math.isfinite(v) for v in (self.estimate, self.lo95, self.hi95))

    @property
    def has_ledger(self) -> bool:
        """Whether the row splits its estimate into anticipation and net effect."""
        return self.has_estimate and math.isfinite(self.anticipation) and math.isfinite(self.net)

    @property
    def family_word(self) -> str:
        """The verdict over all questions of the run where it differs from the question's own, else nothing."""
        return self.verdict_family if self.verdict_family not in ("", self.verdict) else ""

    @property
    def family_text(self) -> str:
        """The same in a few words, to stand beside the question's own."""
        return f"over the whole run: {self.family_word}" if self.family_word else ""

    @property
    def mde_share(self) -> float:
        """Effect found with power 80 %, as a fraction of the counterfactual."""
        if self.measure == "relative":
            return self.mde80
        whole = self.observed_total - self.estimate
        return self.mde80 / whole if whole > 0 and self.measure != "share" else math.nan

    @property
    def has_baseline(self) -> bool:
        """Whether the description compares with a baseline (else it is a last published level)."""
        return math.isfinite(self.desc_estimate) and not self.baseline.startswith("none") and self.baseline != ""


@dataclass(frozen=True)
class VariedAnswer:
    """An answer after one change to its question: what was changed, to which value, and the new answer."""

    what: str
    value: str
    answer: EffectAnswer


def effect_answer(row: EffectRow, divided: bool = False, steps: Steps = MONTHS, names: tuple[str, ...] = ()) -> EffectAnswer:
    """A row of the effects table in display units.

    divided : it is a value over a quantity
    names : the treated series of a table in memory, whose figures keep their unit, whatever they are called
    """
    first = row.series.split("+")[0]
    shown, scale = display_unit(first) if SeriesKey.maybe(first) and not names else (row.level_unit, 1.0)
    level = scale if row.unit in ("kg", "") and row.measure != "share" else 1.0  # amounts are stored in archive units
    scaled = schema.divide_figures(row, 1.0 if row.measure == "relative" else level)
    cells = schema.record(schema.divide_figures(scaled, level, "level_unit"))
    answer = EffectAnswer(**cells | {name: 0 for name, cell in cells.items() if cell is None})
    series = f"{row.series}_per_kg" if divided and row.series.endswith(":usd") else row.series
    unit = shown if series == row.series else "USD/kg"
    return replace(
        answer, id=row.id or row.job, role=row.role or "headline", series=series, unit=unit, steps=steps, names=names
    )


def varied_answer(what: str, value: str, row: EffectRow, asked: EffectRow) -> VariedAnswer:
    """An answer of the sensitivity table, completed from the row of the effects table that it varies."""
    row = replace(
        row, question=asked.question, event=asked.event, series=asked.series, unit=asked.unit, basis=asked.basis,
        lag_months=asked.lag_months, estimand=asked.estimand, measure=asked.measure, role=asked.role, note=asked.note,
    )  # fmt: skip
    return VariedAnswer(what, value, effect_answer(row))


def mineral_title(answer: EffectAnswer) -> str:
    """The mineral a question is about."""
    key = SeriesKey.maybe(answer.first_series)
    if key is None:
        return "Questions"
    mineral = mineral_of(key.product)
    return {"magnets": "Rare-earth magnets"}.get(mineral, capitalize(mineral.replace("_", " ")))
