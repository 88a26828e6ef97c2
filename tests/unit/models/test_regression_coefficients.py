"""Coefficients of a model's own regressors: a user's constant, and what the model reports of controls and events."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.core.events import Event, EventCalendar
from forecast.core.vintage import Cell, Vintage


def table(count=60, seed=3):
    """y = 5 + 2 x + noise, with a column of ones."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(count)
    return pd.DataFrame({"t": range(1, count + 1), "x": x, "one": 1.0, "y": 5 + 2 * x + 0.1 * rng.standard_normal(count)})


def effect(frame, controls, use="counterfactual", **options):
    vintage = fc.panel(frame, time="t", value="y", controls=controls)
    return fc.estimate(fc.estimator(use, **options), vintage, fc.Design.at(49, "y", controls=controls))


def test_sarimax_without_differences_keeps_a_user_s_constant():
    """Least squares on the 48 steps before, by hand."""
    frame = table()
    made = effect(frame, ["one", "x"], model={"use": "sarimax", "order": (0, 0, 0)})
    before = frame[frame["t"] < 49]
    constant, slope = np.linalg.lstsq(before[["one", "x"]].to_numpy(), before["y"].to_numpy(), rcond=None)[0]
    assert made.parameters["one"].estimate == pytest.approx(constant, abs=1e-4)
    assert made.parameters["x"].estimate == pytest.approx(slope, abs=1e-4)
    assert not made.used[0].dropped
    assert abs(made.average.estimate) < 0.1  # 5 where the constant is lost


def test_sarimax_drops_a_constant_that_differences_take_out():
    made = effect(table(), ["one", "x"], model={"use": "sarimax", "order": (0, 1, 1)})
    assert made.used[0].dropped == ("one",)
    assert made.parameters["x"].estimate == pytest.approx(2.0, abs=0.1)


def test_sarimax_keeps_a_trend_once_differenced_and_drops_it_differenced_twice():
    frame = table().assign(trend=np.arange(60.0))
    for order, dropped in (((0, 0, 1), ()), ((0, 1, 1), ()), ((0, 2, 1), ("trend",))):
        assert effect(frame, ["trend"], model={"use": "sarimax", "order": order}).used[0].dropped == dropped


def test_a_regression_has_a_constant_of_its_own():
    """The estimator's own mean stands in for the user's; its name says so."""
    made = effect(table(), ["one", "x"], "regression", noise=((1, 0, 0), (0, 0, 0, 1)))
    assert made.parameters["const"].estimate == pytest.approx(5.0, abs=0.1)
    assert made.used[0].dropped == ("one",)


def test_the_structural_model_shows_its_controls_with_standard_errors():
    """With a fixed level all but still, the coefficient is that of least squares with a constant."""
    frame = table()
    made = effect(frame, ["x"], level_sd=1e-4)
    before = frame[frame["t"] < 49]
    x = np.column_stack([np.ones(48), before["x"]])
    beta = np.linalg.lstsq(x, before["y"].to_numpy(), rcond=None)[0]
    assert made.parameters["x"].estimate == pytest.approx(beta[1], abs=1e-3)
    free = effect(frame, ["x"])
    residual = before["y"] - x @ beta
    error = np.sqrt(residual @ residual / 46 * np.linalg.inv(x.T @ x)[1, 1])
    assert free.parameters["x"].se == pytest.approx(error, rel=0.15)
    assert "x.se" not in [p.name for p in free.parameters]
    twin = effect(frame, ["x"], "regression", noise="level", lunar=False)
    assert free.parameters["x"].estimate == pytest.approx(twin.parameters["x"].estimate, abs=0.02)


def test_the_structural_model_shows_the_coefficients_of_events():
    """A fall by half from month 30 on, on the log scale."""
    rng = np.random.default_rng(1)
    values = 100 * np.exp(0.02 * rng.standard_normal(60)) * np.where(np.arange(60) < 30, 1.0, 0.5)
    first, name = 12 * 2018, "CHN.export.USA.gallium"
    cells = tuple(Cell(first + i, first + i, float(v)) for i, v in enumerate(values))
    event = Event("ban", "", dt.date(2020, 7, 1), dt.date(2020, 7, 1), products=("gallium",), role="default")
    known = Vintage(dt.date(2023, 1, 20), {name: cells}, EventCalendar((event,)))
    made = fc.predict(fc.model("structural"), known, fc.Task(known.day, [name], ["2023-01"])).parameters
    assert made[f"{name} ban"] == pytest.approx(np.log(0.5), abs=0.05)
    assert 0 < made[f"{name} ban.se"] < 0.05
