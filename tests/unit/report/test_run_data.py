"""Data of a run in display units."""

from __future__ import annotations

import pytest

from forecast.report.flow_history import FlowHistory
from forecast.report.run_data import RunData


def test_sums_leave_what_the_known_months_do_not_take() -> None:
    history = FlowHistory("x", "t", {0: 1.0, 2: 3.0}, ((0, 3, 10.0), (0, 1, 3.0)), {})
    assert history.steps == (((1,), 2.0), ((3,), 4.0))


def test_units_follow_the_product(data: RunData) -> None:
    gallium = next(a for a in data.headline if a.id == "9")
    assert gallium.unit == "kg"
    assert gallium.observed_total == pytest.approx(1300.0)
    assert next(a for a in data.headline if a.id == "3").observed_total == pytest.approx(5465.0)
