"""Quarterly US GDP by data vintage, 2005-2010, against the errors published with UNCTAD's nowcasting benchmark (MIT).

Published: Hopp, nowcasting_benchmark, notebooks model_ols and model_elasticnet (root mean squared errors of quarterly growth,
times 10 000, by months from the end of the quarter). There one rule is fitted on mean-filled data and serves all vintages; here
each vintage has its own rule, trained on the columns it has, with nothing filled.
"""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from forecast.core import registry
from forecast.core.questions import Task
from forecast.core.time_axis import Steps
from forecast.core.vintage import Cell, Vintage

OLS = {-2: 91, -1: 99, 0: 67, 1: 92, 2: 60}
ELASTIC_NET = {-2: 82, -1: 72, 0: 69, 1: 76, 2: 43}
TARGET = "gdpc1"
QUARTERS = pd.date_range("2005-03-01", "2010-03-01", freq="3MS")


@pytest.fixture(scope="module")
def benchmark(shared):
    folder = "oracles/nowcast/unctad_benchmark"
    table = pd.read_csv(shared(f"{folder}/data_tf.csv"), parse_dates=["date"])
    when = [d.year * 12 + d.month - 1 for d in table.date]
    cells = {
        name: tuple(Cell(m, m, float(v)) for m, v in zip(when, table[name], strict=True) if np.isfinite(v))
        for name in table.columns[1:]
    }
    delays = pd.read_csv(shared(f"{folder}/meta_data.csv"))
    return cells, dict(zip(delays.series, delays.months_lag.tolist(), strict=True))


def vintage(benchmark, quarter, lag):
    """What was out `lag` months after the quarter's end: the last `months_lag + 1 - lag` months of each series are not."""
    cells, delay = benchmark
    end = quarter.year * 12 + quarter.month - 1
    known = {}
    for name, every in cells.items():
        last = min(end, end - delay[name] + lag - 1)  # the published vintages end with the quarter, whatever came after
        known[name] = tuple(c for c in every if c.first <= last)
    return Vintage(dt.date.max, {k: v for k, v in known.items() if v}, steps=Steps("month", None), nonnegative=False)


def error(benchmark, quarter, lag, learner):
    then = vintage(benchmark, quarter, lag)
    method = registry.build("model", {"use": "adl", "learner": learner, "transform": "none"})
    made = method.predict(then, Task(then.day, TARGET, [f"{quarter:%Y-%m}"], draws=400), np.random.default_rng(1))
    end = quarter.year * 12 + quarter.month - 1
    return float(made.mean[0, 0]) - next(c.value for c in benchmark[0][TARGET] if c.first == end)


@pytest.mark.parametrize(
    ("learner", "lag", "published"),
    [(name, lag, rmse) for name, table in (("ols", OLS), ("elastic_net", ELASTIC_NET)) for lag, rmse in table.items()],
)
def test_errors_by_vintage_are_the_published_ones_or_less(benchmark, learner, lag, published):
    missed = np.array([error(benchmark, quarter, lag, learner) for quarter in QUARTERS])
    assert 1e4 * np.sqrt(np.mean(missed**2)) <= 1.1 * published
