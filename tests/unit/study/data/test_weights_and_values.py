"""Weight against value of one flow: zero weights beside money, slips of a point, and changes of unit are told."""

import numpy as np
import pytest

from forecast.core.archive import Archive
from forecast.core.archive_table import ArchiveRow
from forecast.core.months import months
from forecast.study.data.audit import audit

KEY = "BOL.export.WLD.tin"


def told(weights, values):
    labels = months("2020-01", "2023-12")
    rows = [ArchiveRow(KEY, m, w, released="2024-02-01") for m, w in zip(labels, weights, strict=True)]
    rows += [ArchiveRow(f"{KEY}:usd", m, v, released="2024-02-01") for m, v in zip(labels, values, strict=True)]
    return [f.text for f in audit(Archive.of(rows)) if f.topic == "unit value"]


@pytest.fixture
def flow():
    draw = np.random.default_rng(1)
    weights = 1000 * draw.lognormal(0, 0.2, 48)
    return weights, 20 * weights * draw.lognormal(0, 0.1, 48)


def test_prices_that_move_as_prices_do_are_no_finding(flow):
    weights, values = flow
    assert told(weights, values) == []
    assert told(weights, values * np.linspace(1, 4, 48)) == []  # a price that quadruples over four years


def test_a_weight_of_zero_beside_money(flow):
    weights, values = flow
    weights[[5, 9]] = 0
    assert told(weights, values) == [
        "a weight of 0 beside money in 2020-06, 2020-10: a weight that is not known is missing, not zero"
    ]


def test_a_slip_of_the_point(flow):
    weights, values = flow
    weights[30] /= 1000
    (text,) = told(weights, values)
    assert "times off its neighbours in 2022-07" in text


def test_a_unit_that_changed(flow):
    weights, values = flow
    weights[24:] /= 1000
    (text,) = told(weights, values)
    assert text.startswith("from 2022-01 on the unit value is")


def test_a_sample_may_cost_anything(flow):
    weights, values = flow
    weights[7], values[7] = 1, 3000
    assert told(weights, values) == []
