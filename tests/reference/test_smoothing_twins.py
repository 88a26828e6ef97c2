"""Fast smoothing, theta, complex smoothing and ridge against their slow twins, at the same parameters."""

import dataclasses
import warnings

import numpy as np
import pytest

from forecast.core import months as mm, registry
from forecast.core.questions import Task
from forecast.kernels import complex_smoothing, exponential_smoothing, theta
from forecast.prep.histories import pad_series

SEASON, HORIZON = 12, 14
POINTS = {  # alpha, beta*, gamma*, phi
    "ANN": [(0.02, 0, 0, 1), (0.4, 0, 0, 1), (0.99, 0, 0, 1)],
    "AAN": [(0.3, 0.2, 0, 1), (0.8, 0.05, 0, 1)],
    "AAdN": [(0.3, 0.2, 0, 0.85), (0.8, 0.4, 0, 0.97)],
    "ANA": [(0.2, 0, 0.3, 1), (0.7, 0, 0.05, 1)],
    "AAA": [(0.2, 0.1, 0.3, 1), (0.6, 0.02, 0.4, 1)],
    "AAdA": [(0.2, 0.1, 0.3, 0.9), (0.6, 0.3, 0.1, 0.98)],
}


def series(n=67, seed=4):
    rng = np.random.default_rng(seed)
    at = np.arange(n)
    return (
        2.0
        + 0.01 * at
        + np.cumsum(0.05 * rng.standard_normal(n))
        + 0.3 * np.sin(2 * np.pi * at / 12)
        + 0.1 * rng.standard_normal(n)
    )


def statsmodels_ets(y, form, star):
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    data = exponential_smoothing.batch_series([y], [np.ones(len(y), bool)], SEASON)
    level, slope, pattern = (part[0] for part in data.initial(form))
    trend, season = form[1] == "A", form[-1] == "A"
    model = ETSModel(
        y, error="add", trend="add" if trend else None, damped_trend="d" in form, seasonal="add" if season else None,
        seasonal_periods=SEASON if season else None, initialization_method="known", initial_level=level,
        initial_trend=slope if trend else None, initial_seasonal=pattern if season else None,
    )  # fmt: skip
    alpha, beta, gamma, phi = exponential_smoothing.smoothing_coefficients(np.array(star, float))
    return model.smooth(
        np.array([alpha, *([beta] if trend else []), *([gamma] if season else []), *([phi] if "d" in form else [])])
    )


@pytest.mark.parametrize(("form", "star"), [(form, star) for form, stars in POINTS.items() for star in stars])
def test_exponential_smoothing_likelihood_and_forecast(form, star):
    y = series()
    twin = statsmodels_ets(y, form, star)
    data = exponential_smoothing.batch_series([y], [np.ones(len(y), bool)], SEASON)
    point = np.array([star], float)
    sse = exponential_smoothing.squared_error_sums(data, form, point)
    ours = exponential_smoothing.profile_loglike(sse, np.array([[float(len(y))]]))[0, 0]
    assert ours == pytest.approx(twin.llf, rel=1e-6)
    now = exponential_smoothing.final_states(data, np.array([0]), point, np.array([exponential_smoothing.FORMS.index(form)]))
    path = exponential_smoothing.simulate(now, point, np.array([0]), np.zeros((1, HORIZON)))[0]
    assert np.allclose(path, twin.forecast(HORIZON), rtol=1e-4, atol=1e-6)
    assert np.allclose(now.errors[:, 0], twin.resid, atol=1e-9)


def test_the_search_finds_what_statsmodels_finds():
    """Statsmodels' optimiser, started at our point with our initial states, cannot climb any further."""
    from scipy.optimize import minimize

    for seed in (1, 2, 3):
        y = series(seed=seed)
        data = exponential_smoothing.batch_series([y], [np.ones(len(y), bool)], SEASON)
        fitted = exponential_smoothing.fit(data, ("ANN",))[0]
        best = fitted.loglike.max()
        start = float(fitted.star[fitted.best, 0])
        found = minimize(
            lambda a, y=y: -statsmodels_ets(y, "ANN", (float(a[0]), 0, 0, 1)).llf,
            [start],
            bounds=[(1e-4, 0.9999)],
            method="L-BFGS-B",
        )
        assert best >= -found.fun - 1e-3


@pytest.mark.parametrize("gap", [False, True])
def test_ets_engines_agree(vintage_of, gap):
    values = list(np.exp(series()) * 100)
    if gap:
        values[30] = values[31] = None
    vintage = vintage_of(values, first="2015-01")
    task = Task(
        "2030-01-01", vintage.series[0], [mm.label(vintage.last_month(vintage.series[0]) + h) for h in (1, 7, 14)], draws=100
    )
    fast = registry.build("model", {"use": "ets", "forms": ["ANN", "AAdN", "AAA"]})
    slow = dataclasses.replace(fast, engine="reference")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, two = (m.predict(vintage, task, np.random.default_rng(1)) for m in (fast, slow))
    assert np.allclose(one.draws, two.draws, rtol=1e-6)


@pytest.mark.parametrize("season", [0.0, 0.5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_theta_forecast(season, seed):
    from statsmodels.tsa.forecasting.theta import ThetaModel

    y = series(seed=seed) + season * np.cos(2 * np.pi * np.arange(67) / 12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twin = ThetaModel(y, period=SEASON, method="additive").fit()
    assert theta.is_seasonal(y, SEASON) == bool(twin.model._has_seasonality)
    pattern = theta.seasonal_pattern(y, SEASON) if theta.is_seasonal(y, SEASON) else np.zeros(SEASON)
    adjusted = y - np.resize(pattern, len(y))
    ours = theta.fit(adjusted[None], np.ones((1, len(y))), np.array([len(y)]))
    assert ours.alpha[0] == pytest.approx(twin.params["alpha"], abs=2e-3)
    ahead = np.arange(1.0, HORIZON + 1)
    path = ours.last[0] + theta.half_trend(theta.linear_slope(adjusted), ours.alpha[0], float(len(y)), ahead)
    path = path + pattern[(len(y) + np.arange(HORIZON)) % SEASON]
    assert np.allclose(path, twin.forecast(HORIZON), rtol=1e-4)


def test_theta_engines_agree(vintage_of):
    vintage = vintage_of(list(np.exp(series()) * 100), first="2015-01")
    task = Task("2030-01-01", vintage.series[0], [mm.label(vintage.last_month(vintage.series[0]) + 5)], draws=200)
    fast = registry.build("model", "theta")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one, two = (
            m.predict(vintage, task, np.random.default_rng(1)) for m in (fast, dataclasses.replace(fast, engine="reference"))
        )
    assert np.allclose(one.quantiles([0.1, 0.5, 0.9]), two.quantiles([0.1, 0.5, 0.9]), rtol=1e-4)


@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_ridge_engines_agree(vintage_of, strategy):
    vintage = vintage_of(list(np.exp(series()) * 100), first="2015-01")
    asked = [mm.label(vintage.last_month(vintage.series[0]) + h) for h in (1, 2, 3)]
    task = Task("2030-01-01", vintage.series[0], asked, draws=100)
    fast = registry.build("model", {"use": "regression", "strategy": strategy})
    one, two = (
        m.predict(vintage, task, np.random.default_rng(1)) for m in (fast, dataclasses.replace(fast, engine="reference"))
    )
    assert np.allclose(one.draws, two.draws, rtol=1e-6)


# --- dynamic theta ----------------------------------------------------------------------------------------------------


def gapped(y, gap):
    weight = np.ones(len(y))
    if gap:
        weight[[20, 21, 40]] = 0.0
    return weight


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize(("alpha", "w", "start"), [(0.1, 0.5, 2.0), (0.5, 0.9, 1.5), (0.95, 0.0, 2.4)])
def test_dynamic_theta_is_the_recursion_as_printed(alpha, w, start, gap):
    y = series()
    weight = gapped(y, gap)
    size = np.array([len(y)])
    point = [np.array([[v]]) for v in (alpha, w, start)]
    *_, errors = theta.dynamic_final_states(y[None], weight[None], size, *point)
    assert np.allclose(errors[0], theta.reference_dynamic_errors(y, weight, alpha, w, start), atol=1e-10)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_dynamic_theta_solves_its_weight_and_level_outright(seed):
    """No general optimiser, started at our point, gets below our sum of squares."""
    from scipy.optimize import minimize

    y = series(seed=seed)
    ours = theta.fit_dynamic(y[None], np.ones((1, len(y))), np.array([len(y)]))
    sse = float((ours.errors**2).sum())
    one = np.ones(len(y))
    found = minimize(
        lambda p: float((theta.reference_dynamic_errors(y, one, *p) ** 2).sum()),
        [ours.alpha[0, -1], ours.w[0, -1], ours.start[0, -1]],
        bounds=[(1e-6, 1 - 1e-6), (0.0, theta.MAX_W), (None, None)],
        method="L-BFGS-B",
    )
    assert sse <= found.fun * (1 + 1e-4)


def test_dynamic_theta_of_many_series_is_that_of_each_alone_with_its_gaps():
    """Likelihood at every point by the printed recursion, and no optimiser gets below the optimum, over known months alone."""
    from scipy.optimize import lsq_linear, minimize

    every = [series(seed=1), series(n=50, seed=2), series(n=31, seed=3)]
    known = [gapped(y, gap) > 0 for y, gap in zip(every, (True, False, False), strict=True)]
    known[1][[7, 30, 31, 32]] = False
    every[1][[7, 30, 31, 32]] += 5.0  # an interpolated month has no error, whatever stands there
    every[0] += 0.03 * np.arange(67)  # the line counts
    together = theta.fit_dynamic(*pad_series(every, known))
    assert 0.1 < together.w[0, -1] < theta.MAX_W
    for i, (y, ok) in enumerate(zip(every, known, strict=True)):
        weight, n = ok.astype(float), len(y)
        alone = theta.fit_dynamic(y[None], weight[None], np.array([n]))
        for part in ("alpha", "w", "start", "loglike", "level", "mean", "slope"):
            assert getattr(together, part)[i] == pytest.approx(getattr(alone, part)[0], rel=1e-9), part
        assert together.errors[i, :n] == pytest.approx(alone.errors[0])
        assert not together.errors[i, n:].any()

        def squares(point, y=y, weight=weight):
            return float((theta.reference_dynamic_errors(y, weight, *point) ** 2).sum())

        points = np.column_stack([alone.alpha[0], alone.w[0], alone.start[0]])
        by_recursion = np.array([squares(point) for point in points])
        assert alone.loglike[0] == pytest.approx(-weight.sum() / 2 * np.log(by_recursion / weight.sum()), rel=1e-7)
        for (alpha, *_), least in zip(points, by_recursion, strict=True):  # errors are linear in w and in the first level
            none, of_w, of_start = (
                theta.reference_dynamic_errors(y, weight, alpha, *at) for at in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
            )
            design = np.column_stack([of_w - none, of_start - none])
            solved = lsq_linear(design, -none, bounds=([0.0, -np.inf], [theta.MAX_W, np.inf]), tol=1e-14)
            assert least <= 2 * solved.cost * (1 + 1e-9)
        bounds = [(1e-6, 1 - 1e-6), (0.0, theta.MAX_W), (None, None)]
        found = [
            minimize(squares, start, bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-9})
            for start in (points[-1], points[5], points[20], points[38])
        ]
        best = min(found, key=lambda one: one.fun)
        assert by_recursion[-1] <= best.fun * (1 + 1e-6)
        assert alone.alpha[0, -1] == pytest.approx(best.x[0], abs=4e-4)  # half the last step of the search


def test_theta_of_many_series_is_that_of_each_alone_with_its_gaps():
    from scipy.optimize import minimize_scalar

    step, noise = np.random.default_rng(1).standard_normal((2, 67))
    noise += np.cumsum(0.5 * step)
    every = [series(seed=1) + 0.4 * noise, series(n=50, seed=2), series(n=31, seed=3) + 0.4 * noise[:31]]
    known = [gapped(y, gap) > 0 for y, gap in zip(every, (True, False, False), strict=True)]
    together = theta.fit(*pad_series(every, known))
    assert 0.05 < together.alpha[0] < 0.95
    for i, (y, ok) in enumerate(zip(every, known, strict=True)):
        alone = theta.fit(y[None], ok.astype(float)[None], np.array([len(y)]))
        for part in ("alpha", "last", "loglike", "level"):
            assert getattr(together, part)[i] == pytest.approx(getattr(alone, part)[0], rel=1e-9), part
        for point, loglike, last in zip(alone.grid, alone.loglike[0], alone.level[0], strict=True):
            level, squares = y[0], 0.0  # simple exponential smoothing, month by month
            for value, seen in zip(y, ok, strict=True):
                squares += (value - level) ** 2 * seen
                level += point * (value - level) * seen
            assert loglike == pytest.approx(-ok.sum() / 2 * np.log(squares / ok.sum()))
            assert last == pytest.approx(level)
        weight, size = ok.astype(float)[None], np.array([len(y)])
        found = minimize_scalar(
            lambda alpha, y=y, weight=weight, size=size: theta.smooth(y[None], weight, size, np.array([[alpha]]))[0].item(),
            bounds=np.clip(alone.alpha[0] + np.array([-0.02, 0.02]), 1e-6, 1 - 1e-6), method="bounded", options={"xatol": 1e-9},
        )  # fmt: skip
        assert alone.alpha[0] == pytest.approx(found.x, abs=1e-5)
        if alone.alpha[0] < 0.99:  # where rounding leaves it: at the vertex of a parabola
            around = alone.alpha[0] + theta.PARABOLA_WIDTH * np.array([[-1.0, 0.0, 1.0]])
            left, middle, right = theta.smooth(y[None], weight, size, around)[0][0]
            assert theta.PARABOLA_WIDTH * (left - right) / 2 / (left - 2 * middle + right) == pytest.approx(0, abs=1e-9)


def test_dynamic_theta_runs_on_without_noise():
    """Forecasts put in the place of months leave the rest of the path as it is (Fiorucci et al. 2016, sec. 3)."""
    y = series()
    ours = theta.fit_dynamic(y[None], np.ones((1, len(y))), np.array([len(y)]))
    last = [part[0, -1:] for part in (ours.alpha, ours.w, ours.level, ours.mean, ours.slope)]
    path = theta.simulate_dynamic(len(y), *last, np.zeros((1, HORIZON)))[0]
    longer = np.concatenate([y, path[:5]])
    point = [part[:, -1:] for part in (ours.alpha, ours.w, ours.start)]
    level, mean, slope, errors = theta.dynamic_final_states(
        longer[None], np.ones((1, len(longer))), np.array([len(longer)]), *point
    )
    assert np.allclose(errors[0, -5:], 0.0, atol=1e-10)
    again = theta.simulate_dynamic(len(longer), *last[:2], level[0], mean[0], slope[0], np.zeros((1, HORIZON - 5)))[0]
    assert np.allclose(again, path[5:], atol=1e-10)


# --- complex exponential smoothing ------------------------------------------------------------------------------------

COMPLEX = {
    "N": [(1.3, 1.0, 0.0, 1.0), (1.1, 1.05, 0.0, 1.0), (1.6, 0.9, 0.0, 1.0)],
    "S": [(1.3, 1.0, 0.0, 1.0), (1.1, 1.05, 0.0, 1.0)],
    "P": [(1.3, 1.0, 0.1, 1.0), (1.05, 1.0, 0.3, 1.0)],
    "F": [(1.3, 1.0, 0.4, 1.0), (1.1, 0.95, 0.8, 1.05)],
}


def laid(y, weight):
    pattern = theta.seasonal_pattern(y, SEASON)[None]
    return complex_smoothing.CesBatch(y[None], weight[None], np.array([len(y)]), SEASON, pattern)


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize(("form", "point"), [(form, p) for form, points in COMPLEX.items() for p in points])
def test_complex_smoothing_in_real_parts_and_in_complex_numbers(form, point, gap):
    y = 10.0 * series()
    data = laid(y, gapped(y, gap))
    at = np.array([point])
    sse, first = complex_smoothing.squared_error_sums(data, form, at[None])
    one, two = (
        run(data, np.array([0]), form, at, first[0])
        for run in (complex_smoothing.final_states, complex_smoothing.reference_final_states)
    )
    assert np.allclose(one.errors, two.errors, atol=1e-8)
    assert (one.errors**2).sum() == pytest.approx(sse[0, 0], rel=1e-6)
    quiet = np.zeros((1, HORIZON))
    paths = [complex_smoothing.simulate(end, at, np.array([0]), quiet) for end in (one, two)]
    assert np.allclose(*paths, rtol=1e-8)


@pytest.mark.parametrize("form", ["N", "P", "F"])
def test_first_level_and_potential_are_least_squares(form):
    y = 10.0 * series()
    data = laid(y, np.ones(len(y)))
    at = np.array([COMPLEX[form][0]])
    at[:, 1] = 1.05  # at 1 the potential does not touch the level
    sse, first = complex_smoothing.squared_error_sums(data, form, at[None])
    for nudge in ([0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5], [0.5, 0.5]):
        worse = complex_smoothing.final_states(data, np.array([0]), form, at, first[0] + nudge).errors
        assert (worse**2).sum() > sse[0, 0] * (1 + 1e-8)


def test_complex_engines_agree(vintage_of):
    values = list(np.exp(series()) * 100)
    values[30] = None
    vintage = vintage_of(values, first="2015-01")
    asked = [mm.label(vintage.last_month(vintage.series[0]) + h) for h in (1, 7, 14)]
    task = Task("2030-01-01", vintage.series[0], asked, draws=100)
    fast = registry.build("model", "ces")
    one, two = (
        m.predict(vintage, task, np.random.default_rng(1)) for m in (fast, dataclasses.replace(fast, engine="reference"))
    )
    assert np.allclose(one.draws, two.draws, rtol=1e-6)


def test_dynamic_theta_engines_agree(vintage_of):
    vintage = vintage_of(list(np.exp(series()) * 100), first="2015-01")
    asked = [mm.label(vintage.last_month(vintage.series[0]) + h) for h in (1, 7, 14)]
    task = Task("2030-01-01", vintage.series[0], asked, draws=200)
    fast = registry.build("model", "dynamic_theta")
    one, two = (
        m.predict(vintage, task, np.random.default_rng(1)) for m in (fast, dataclasses.replace(fast, engine="reference"))
    )
    assert np.allclose(one.quantiles([0.1, 0.5, 0.9]), two.quantiles([0.1, 0.5, 0.9]), rtol=2e-3)
