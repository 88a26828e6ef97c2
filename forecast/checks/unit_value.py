"""Unit value: whether the treated series is a quantity."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.registry import check
from forecast.core.series import SeriesKey

NAME = "unit_value"


@check
@dataclass(frozen=True)
class UnitValue:
    """A value over a quantity also moves with grades and arrival lags, not only with prices: description only."""

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """Fails where the treated series is a value or a unit value."""
        measures = {key.measure for key in map(SeriesKey.maybe, evidence.design.treated) if key}
        if measures - {"quantity"}:
            reason = "values and unit values mix prices with grades and arrival lags"
            return Gate(NAME, "fail", reason=reason, cap="descriptive", withholds=True)
        return Gate(NAME, "pass", reason="a quantity")
