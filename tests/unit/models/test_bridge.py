"""The bridge on simulated shipments whose lag weights are known; its drift; what it does without shipments."""

import numpy as np
import pytest

from forecast.core import months, registry
from forecast.core.errors import ConfigError
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast
from forecast.core.vintage import Cell, Vintage
from forecast.models.bridge import lag_weights
from forecast.study.ask import answer

TRUE = np.array([0.1, 0.5, 0.3, 0.1])
START = months.ordinal("2018-01")
TARGET, SOURCE = "USA.import.CHN.gallium", "CHN.export.USA.gallium"


def simulated(size, seed, kappa=1.05):
    """Shipments, and arrivals with an error that grows with the root of the month."""
    rng = np.random.default_rng(seed)
    x = 1000 * np.exp(0.4 * rng.standard_normal(size + 3))
    rows = np.column_stack([x[3 - k : len(x) - k] for k in range(4)])
    mean = np.broadcast_to(kappa, size) * (rows @ TRUE)
    return x[3:], rows, np.maximum(mean + 2 * np.sqrt(mean) * rng.standard_normal(size), 0.0)


def vintage_of_pair(arrived, shipped, known, more):
    """Arrivals known for `known` months, shipments for `more`."""
    cells = {
        name: tuple(Cell(START + i, START + i, float(v[i])) for i in range(count))
        for name, v, count in ((TARGET, arrived, known), (SOURCE, shipped, more))
    }
    return Vintage(months.parse_day("2024-06-15"), cells)


def bridged(vintage, first, count=1, **options):
    method = registry.build("model", {"use": "bridge", **options})
    asked = [months.label(START + first + i) for i in range(count)]
    return answer(method, vintage, Task(vintage.day, TARGET, asked, draws=400), 3)


def test_transit_days_make_lag_shares():
    assert lag_weights.transit_shares(0, 0, 2) == pytest.approx([1, 0, 0])
    shares = lag_weights.transit_shares(20, 50, 3)
    assert shares.sum() == pytest.approx(1)
    assert shares @ np.arange(4) == pytest.approx(35 / lag_weights.MONTH, abs=0.01)


def test_known_weights_are_found():
    """Over 20 simulated pairs of 72 months: no bias beyond two standard errors, and near in each."""
    prior = lag_weights.transit_shares(20, 50, 3)
    found = [lag_weights.cross_validate(y, x, prior, 1.0, 0.25)[0] for _, x, y in (simulated(72, seed) for seed in range(20))]
    lags = np.array([f.weights for f in found])
    kappas = np.array([f.kappa for f in found])
    assert np.abs(lags - TRUE).max() < 0.1
    assert np.abs(lags.mean(axis=0) - TRUE).max() < 0.02
    assert abs(kappas.mean() - 1.05) < 0.01
    assert lags.min() >= 0


def test_the_prior_holds_where_the_shipments_never_moved():
    prior = lag_weights.transit_shares(20, 50, 3)
    found = lag_weights.fit_lags(np.full(40, 950.0), np.full((40, 4), 1000.0), prior, 1.0, 0.25, 10.0)
    assert found.weights == pytest.approx(prior, abs=0.02)
    assert found.kappa == pytest.approx(0.95, abs=0.01)


def test_nowcast_from_shipments_beats_the_series_alone_and_covers():
    inside, bridge_error, alone_error = 0, [], []
    for seed in range(12):
        shipped, _, arrived = simulated(61, seed)
        vintage = vintage_of_pair(arrived, shipped, 60, 61)
        made = bridged(vintage, 60)
        low, high = np.quantile(made.draws[:, 0, 0], [0.1, 0.9])
        inside += low <= arrived[60] <= high
        bridge_error.append(made.mean[0, 0] - arrived[60])
        alone_error.append(arrived[48:60].mean() - arrived[60])
    assert np.sqrt(np.mean(np.square(bridge_error))) < 0.5 * np.sqrt(np.mean(np.square(alone_error)))
    assert inside >= 7  # 9.6 expected of 12


def test_a_drift_of_kappa_is_the_mirror_gap():
    for late, moved in ((1.0, False), (0.7, True)):
        shipped, _, arrived = simulated(60, 1, np.where(np.arange(60) < 48, 1.0, late))
        told = bridged(vintage_of_pair(arrived, shipped, 60, 60), 60, inner="mean12").parameters
        assert (abs(told["mirror gap drift"]) > 3 * told["mirror gap drift se"]) == moved
    assert told["kappa last 12"] == pytest.approx(0.7, abs=0.06)


def test_shipments_not_known_widen_the_answer():
    shipped, _, arrived = simulated(64, 2)
    near = bridged(vintage_of_pair(arrived, shipped, 60, 62), 60, 2, inner="mean12")
    far = bridged(vintage_of_pair(arrived, shipped, 60, 60), 60, 2, inner="mean12")
    assert not any("inner" in note for note in near.used[0].notes)
    assert "2 months of shipments are the inner model's" in far.used[0].notes
    assert far.draws[:, 0, 1].std() > 1.5 * near.draws[:, 0, 1].std()


def test_units_scale_and_known_months_stand():
    shipped, _, arrived = simulated(60, 5)
    one, thousand = (bridged(vintage_of_pair(arrived * k, shipped * k, 58, 60), 57, 3, inner="mean12") for k in (1.0, 1e3))
    assert np.allclose(thousand.draws, 1e3 * one.draws, rtol=1e-6)
    assert np.all(one.draws[:, 0, 0] == arrived[57])
    assert one.draws.min() >= 0


def test_without_shipments_the_inner_model_answers_and_says_so():
    shipped, _, arrived = simulated(60, 5)
    alone = Vintage(months.parse_day("2024-06-15"), {TARGET: vintage_of_pair(arrived, shipped, 60, 60).cells[TARGET]})
    made = bridged(alone, 60, inner="mean12")
    assert isinstance(made, Forecast)
    assert made.used[0].notes[0].startswith("no shipments to bridge from")


def test_few_shipments_are_a_failure():
    shipped, _, arrived = simulated(60, 5)
    made = bridged(vintage_of_pair(arrived, shipped, 60, 16), 60, inner="mean12")
    assert isinstance(made, Failure)
    assert "shipments known" in made.reason


def test_options_are_checked():
    with pytest.raises(ConfigError):
        registry.build("model", {"use": "bridge", "transit": [50, 20]})
