"""Reconciliation against hierarchicalforecast 1.5.3 (MinTrace; clarabel for the non-negative ones) on a made two-level tree."""

import numpy as np
import pytest

from forecast.models.reconciled.reconciliation import reconcile, reconcile_nonnegative, shrunk_correlation

SUMS = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]], float)
BASE = np.array([[20, 12, 9, 5, 6, 4, 3], [10, 9, 4, 1, 2, 0.5, 6], [8, 9, 1, 0.2, 5, 4, 0.1]])
ERRORS = np.array([
    [2.7, 2.1, 0.3, -0.2, 2.9, -1.4, 1.5], [1.4, 3.4, -1.7, 3.5, -0.8, -1.9, 0.3], [7.1, 4.7, 1.8, 2.7, 1.3, 1.6, 1.5],
    [-5.8, -3.2, -2.5, -1.8, -0.8, -2.1, -0.8], [-5.1, -1.9, -2.9, -0.5, -0.1, -3.5, -0.3],
    [-5.3, -2.4, -1.8, -2.5, 0.0, -2.5, -1.6], [-3.7, -0.5, -3.9, -0.4, -0.9, -2.3, -0.4],
    [-0.8, -0.2, -0.5, -0.7, 0.0, -1.1, 2.0], [-0.2, 2.4, -1.3, 2.0, 0.3, -1.9, -0.1],
    [-5.6, -4.5, -1.7, -3.5, 0.0, -1.3, -1.4],
])  # fmt: skip
THEIRS = {
    ("ols", False): [
        [5.333333, 6.333333, 4.666667, 3.666667], [2.738095, 3.738095, -0.595238, 4.904762],
        [1.214286, 6.014286, 2.714286, -1.185714],
    ],
    ("ols", True): [
        [5.333333, 6.333333, 4.666667, 3.666667], [2.692308, 3.692308, 0.0, 4.538461], [1.123077, 5.923077, 1.984615, 0.0],
    ],
    ("wls_struct", False): [
        [5.291667, 6.291667, 4.541667, 3.541667], [2.395833, 3.395833, -0.229167, 5.270833],
        [1.0125, 5.8125, 3.0875, -0.8125],
    ],
    ("wls_struct", True): [
        [5.291667, 6.291667, 4.541667, 3.541667], [2.382353, 3.382353, 0.0, 5.176471], [0.964706, 5.764706, 2.752941, 0.0],
    ],
    ("wls_var", False): [
        [5.374428, 6.099561, 4.882633, 3.288648], [2.886294, 2.50157, -0.601603, 5.639742],
        [1.312323, 5.295769, 2.602468, -0.357036],
    ],
    ("wls_var", True): [
        [5.374428, 6.099561, 4.882633, 3.288648], [2.834077, 2.487685, 0.0, 5.47446], [1.292526, 5.290505, 2.410855, 0.0],
    ],
    ("mint_shrink", False): [
        [6.017088, 6.179836, 4.809304, 3.942764], [0.886033, 2.525543, -0.77163, 4.690394],
        [-0.581694, 5.263203, 2.550518, -1.476005],
    ],
    ("mint_shrink", True): [
        [6.017088, 6.179836, 4.809304, 3.942764], [1.147104, 2.829799, 0.0, 4.791947], [0.470707, 6.112919, 2.81115, 0.0],
    ],
}  # fmt: skip


def metric(how):
    if how == "mint_shrink":
        made, _ = shrunk_correlation(ERRORS)
        sd = ERRORS.std(axis=0, ddof=1)
        return made * np.outer(sd, sd)
    return {
        "ols": np.ones(7),
        "wls_struct": np.concatenate([SUMS.sum(axis=1), np.ones(4)]),
        "wls_var": (ERRORS**2).mean(axis=0),
    }[how]


@pytest.mark.parametrize(("how", "positive"), THEIRS)
def test_the_numbers_of_other_software(how, positive):
    ours = (reconcile_nonnegative if positive else reconcile)(BASE, SUMS, metric(how))
    assert ours == pytest.approx(np.array(THEIRS[how, positive]), abs=3e-6)  # their solver stops at about 1e-6


def test_the_projection_is_the_published_formula():
    """(S' W^-1 S)^-1 S' W^-1 y, eq. 9 of Wickramasuriya, Athanasopoulos and Hyndman (2019), where W can be inverted."""
    weight = metric("mint_shrink")
    summing, inverse = np.vstack([SUMS, np.eye(4)]), np.linalg.inv(weight)
    plain = np.linalg.solve(summing.T @ inverse @ summing, summing.T @ inverse @ BASE.T).T
    assert reconcile(BASE, SUMS, weight) == pytest.approx(plain, rel=1e-9)
