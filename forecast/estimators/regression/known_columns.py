"""Transfer functions without rates to estimate: the columns are known, and the likelihood of the noise has a fast form.

With structural and airline noise the kernels give likelihood, coefficients and their covariances without forming a matrix of
the figures (`kernels.variance_components`, `kernels.airline_filter`). The general form of `transfer_function` gives the same
numbers.
"""

from __future__ import annotations

import numpy as np

from forecast.arrays import Floats
from forecast.estimators.regression.transfer_function import (
    NodePosterior,
    TransferFunctionFit,
    TransferFunctionModel,
    log_prior,
    noise_nodes,
)
from forecast.kernels import grid_search


def fit_known_columns(model: TransferFunctionModel) -> TransferFunctionFit | None:
    """Maximum of the restricted likelihood, and the posterior over its nodes; None where the noise has no faster form."""
    structure = model.family.structure
    if structure is None or model.ranges or not model.restricted:
        return None
    own = model.own(np.empty((1, 0)))[0]
    likelihood = structure.likelihood(model.rows, np.column_stack([model.fixed, own]), model.y, fixed_scale=False)
    if likelihood is None:
        return None
    nodes, weights, best = noise_nodes(model, lambda tried: likelihood.loglike(tried) + log_prior(model, tried))
    beta, covariance, sigma2, loglike = likelihood.estimates(best)
    values = likelihood.loglike(nodes) + weights
    keep = values > values.max() - grid_search.LOGLIKE_CUTOFF
    share = np.exp(values[keep] - values.max())
    found, spread, rss = likelihood.coefficients(nodes[keep])
    d, c, q = model.diffuse, model.fixed.shape[1], len(best)
    posterior = NodePosterior(
        share / share.sum(), np.empty((len(share), 0)), found[:, c:], _upper_roots(spread[:, c:, c:]), rss,
        len(model.rows) - found.shape[1],
    )  # fmt: skip
    unknown, none = np.full((q, q), np.nan), np.zeros((len(beta) - d, q))
    return TransferFunctionFit(best, np.empty(0), unknown, none, beta[d:], covariance[d:, d:], sigma2, loglike, posterior)


def _upper_roots(covariances: Floats) -> Floats:
    """Upper triangles R (g, k, k) with R R' the covariances and a positive diagonal, as the general form draws with."""
    return np.asarray(np.linalg.cholesky(covariances[:, ::-1, ::-1])[:, ::-1, ::-1], dtype=np.float64)
