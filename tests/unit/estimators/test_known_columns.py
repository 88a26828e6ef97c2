"""The fast form of a regression with known columns gives the numbers of the general form."""

import numpy as np
import pytest

from forecast.estimators.regression.known_columns import fit_known_columns
from forecast.estimators.regression.noise import noise_model
from forecast.estimators.regression.transfer_function import TransferFunctionModel, fit_transfer_function

SIZE = 72


def a_model(kind: str, seed: int, holes: int = 0) -> TransferFunctionModel:
    """Figures of 72 months with a step, a pulse and a covariate that they depend on."""
    rng = np.random.default_rng(seed)
    noise = noise_model(kind, SIZE, 12, np.arange(SIZE))
    at = np.arange(SIZE)
    rows = np.delete(at, rng.choice(np.arange(1, 50), holes, replace=False))
    own = np.column_stack([at >= 60, at == 50]).astype(float)
    other = rng.normal(size=SIZE)
    y = 5.0 + np.cumsum(rng.normal(size=SIZE)) * 0.05 + rng.normal(size=SIZE) * 0.2 + np.cos(at * np.pi / 6) * 0.3
    y = (y + own @ [-0.8, 0.5] + 0.1 * other)[rows]
    fixed = np.column_stack([noise.diffuse, other])
    return TransferFunctionModel(
        y, rows, fixed, noise.diffuse.shape[1], lambda rates: np.repeat(own[None], len(rates), axis=0), (), noise.family,
        noise.restricted,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["settled", "settled+shrunk", "level", "shrunk", "airline"])
@pytest.mark.parametrize("holes", [0, 7])
def test_equals_the_general_form(kind, holes):
    model = a_model(kind, seed=holes + len(kind), holes=holes)
    fast, general = fit_known_columns(model), fit_transfer_function(model)
    assert fast is not None
    assert fast.loglike == pytest.approx(general.loglike, rel=1e-9)
    np.testing.assert_allclose(fast.noise, general.noise, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(fast.beta, general.beta, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(fast.covariance, general.covariance, rtol=1e-5, atol=1e-10)
    drawn = [fit.posterior.draw_coefficients(500, np.random.default_rng(1))[0] for fit in (fast, general)]
    np.testing.assert_allclose(*drawn, rtol=1e-6, atol=1e-8)


def test_the_general_form_is_asked_where_rates_are_estimated_or_the_noise_has_no_fast_form():
    model = a_model("level", seed=1)
    assert fit_known_columns(TransferFunctionModel(**{**vars(model), "ranges": ((0.1, 0.9),)})) is None
    assert fit_known_columns(TransferFunctionModel(**{**vars(model), "restricted": False})) is None
    assert fit_known_columns(a_model("level+trig", seed=1)) is None
