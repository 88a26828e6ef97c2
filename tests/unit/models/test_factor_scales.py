"""A series whose scale turns only when two of its figures arrive together is no matter of one look."""

import numpy as np
import pytest

from forecast.models.factor.arrivals import FEW, _keeps_scale
from forecast.models.factor.panel_layout import StandardSeries

KNOWN = np.tile([100.0, 120.0], 20)


def series(*arrived):
    now = np.r_[KNOWN, arrived]
    return StandardSeries.of("x", now, np.r_[KNOWN, np.full(len(arrived), np.nan)], True, same_day=False)


def keeps(*values):
    none = np.full(len(values), np.nan)
    return _keeps_scale(series(*none), 40 + np.arange(len(values)), np.column_stack([none, values]))


def test_sets_of_two_are_tried_too():
    scales = {pair: series(*pair).scale.name for pair in [(10.5, 150.0, np.nan), (10.5, 150.0, 50.0), (10.5, np.nan, np.nan)]}
    assert list(scales.values()) == ["asinh", "log", "log"], "only the pair turns it"
    assert keeps(10.5, 150.0, 50.0) is False
    assert keeps(101.0, 119.0, 100.5) is True


@pytest.mark.parametrize("count", [FEW, FEW + 1])
def test_of_more_than_a_few_it_is_not_said(count):
    assert keeps(*[110.0] * count) is (count == FEW)
