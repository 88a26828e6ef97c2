"""Log-likelihoods and smoothed panels of the New York Fed's programs, given the same parameters and initial state.

Results of the Fed's MATLAB code (BSD-3) as stored with statsmodels' tests; log-likelihoods as published there.
"""

import numpy as np
import pandas as pd
import pytest

from forecast.kernels import dynamic_factor

FOLDER = "oracles/nowcast/statsmodels_frbny"
LOGLIKE = {
    "111": -200.29820323, "112": -183.92128226, "11F": -153.35797299,
    "221": -194.56111892, "222": -175.6574864, "22F": -144.41549997,
    "blocks_111": -444.22801012, "blocks_112": -420.31635058, "blocks_221": -407.84980741, "blocks_222": -405.39013802,
}  # fmt: skip
BLOCKS = {
    "CPIAUCSL": ["global", "test1"], "UNRATE": ["global", "test2"], "PAYEMS": ["global", "test2"],
    "RSAFS": ["global", "test1", "test2"], "TTLCONS": ["global", "test1"], "TCU": ["global", "test2"],
    "GDPC1": ["global", "test1", "test2"], "ULCNFB": ["global"],
}  # fmt: skip


@pytest.fixture(scope="module")
def figures(shared):
    """Monthly and quarterly growth rates of the vintage of 29 June 2016, from 2000 on."""
    table = pd.read_csv(shared(f"{FOLDER}/2016-06-29.csv"))
    table.index = pd.PeriodIndex(pd.to_datetime(table.pop("Date"), format="%m/%d/%y"), freq="M")
    monthly = pd.DataFrame(
        {
            name: table[name].diff() if name in ("UNRATE", "PAYEMS", "TCU") else 100 * (table[name] / table[name].shift() - 1)
            for name in ("CPIAUCSL", "UNRATE", "PAYEMS", "RSAFS", "TTLCONS", "TCU")
        }
    )
    levels = table[["GDPC1", "ULCNFB"]].groupby(table.index.asfreq("Q")).last()
    quarterly = 100 * ((levels / levels.shift()) ** 4 - 1)
    monthly, quarterly = monthly.loc["2000":], quarterly.loc["2000":]
    return monthly.loc[: monthly.last_valid_index()], quarterly.loc[: quarterly.last_valid_index()]


def fed(shared, figures, run):
    """The model at the Fed's parameters and initial state, and what the Fed's program found."""
    from scipy.io import loadmat
    from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

    found = loadmat(shared(f"{FOLDER}/test_dfm_{run}.mat"))
    count, order = int(found["Spec"]["k"][0, 0][0, 0]), int(found["Spec"]["p"][0, 0][0, 0])
    blocks = run.startswith("blocks")
    # the Fed orders the own parts of the two quarterly series otherwise
    states = 3 * count * max(5, order) + 6 if blocks else count * max(5, order) + 3
    place = np.r_[np.arange(states), states + np.arange(10).reshape(2, 5).ravel(order="F")]
    monthly, quarterly = figures
    names = ("global", "test1", "test2")
    fed_model = DynamicFactorMQ(
        monthly.iloc[:, : 6 if blocks else 3],
        endog_quarterly=quarterly,
        factors=BLOCKS if blocks else count,
        factor_orders=dict.fromkeys(names, count) if blocks else (order if count == 1 else {("0", "1"): order}),
        factor_multiplicities=dict.fromkeys(names, 2) if blocks and count == 2 else None,
        idiosyncratic_ar1=True,
        init_t0=True,
        obs_cov_diag=True,
        standardize=True,
    )
    fed_model.initialize_known(found["Res"]["Z_0"][0, 0][:, 0][place], found["Res"]["V_0"][0, 0][place][:, place])
    return fed_model, found["params"][:, 0], found["Res"]["loglik"][0, 0][0, 0], found["Res"]["x_sm"][0, 0]


@pytest.mark.parametrize("run", LOGLIKE)
def test_loglikelihood_and_smoothed_months_are_the_feds(shared, figures, run):
    fed_model, params, loglike, smoothed = fed(shared, figures, run)
    rows = np.arange(len(smoothed) - 5, len(smoothed) - 1)
    ours = dynamic_factor.moments(fed_model, params, rows + 1, np.zeros(len(rows), dtype=np.int64))
    own = ours.loglike - fed_model.loglike_constant
    assert own == pytest.approx(LOGLIKE[run], abs=1e-4)
    assert own == pytest.approx(loglike, abs=1e-4)
    assert np.allclose(ours.mean, smoothed[rows, 0], atol=1e-4)
    assert np.linalg.eigvalsh(ours.covariance).min() > -1e-8
