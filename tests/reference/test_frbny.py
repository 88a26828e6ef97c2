"""Log-likelihoods, smoothed panels and news of the New York Fed's programs, given the same parameters and initial state.

Results of the Fed's MATLAB code (BSD-3) as stored with statsmodels' tests; log-likelihoods as published there. The news are
those between the vintages of 29 June and 29 July 2016 for GDP growth of 2016Q3. They go through the package's own engine, which
knows of the model only that it answers questions. A quarter's figure stands in the quarter's last month.
"""

import datetime as dt
import functools
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecast.core import months
from forecast.core.events import EventCalendar
from forecast.core.panel import panel
from forecast.core.questions import Task
from forecast.core.results import Forecast, Used
from forecast.study.nowcast.news import news

FOLDER = "oracles/nowcast/statsmodels_frbny"
BEFORE, AFTER = dt.date(2016, 6, 29), dt.date(2016, 7, 29)
MONTHLY, QUARTERLY = ("CPIAUCSL", "UNRATE", "PAYEMS", "RSAFS", "TTLCONS", "TCU"), ("GDPC1", "ULCNFB")
LOGLIKE = {
    "111": -200.29820323, "112": -183.92128226, "11F": -153.35797299,
    "221": -194.56111892, "222": -175.6574864, "22F": -144.41549997,
    "blocks_111": -444.22801012, "blocks_112": -420.31635058, "blocks_221": -407.84980741, "blocks_222": -405.39013802,
}  # fmt: skip
REVISIONS = {"112": -0.06745933, "222": -0.0313344, "blocks_112": -0.04898661, "blocks_222": -0.04735205}
TABLE_112 = {  # forecast, actual, weight, impact
    "CPIAUCSL": (0.21373, 0.21595, 0.23971, 0.00053), "UNRATE": (0.01782, 0.2, -1.7488, -0.31859),
    "PAYEMS": (88.470, 287.0, 0.0026221, 0.52056), "GDPC1": (2.0879, 1.2182, 0.24761, -0.21533),
}  # fmt: skip
BLOCKS = {
    "CPIAUCSL": ["global", "test1"], "UNRATE": ["global", "test2"], "PAYEMS": ["global", "test2"],
    "RSAFS": ["global", "test1", "test2"], "TTLCONS": ["global", "test1"], "TCU": ["global", "test2"],
    "GDPC1": ["global", "test1", "test2"], "ULCNFB": ["global"],
}  # fmt: skip


def rates(path):
    """Monthly and quarterly growth rates of a vintage from 2000 on; one table by month, quarters in their last month."""
    table = pd.read_csv(path)
    table.index = pd.PeriodIndex(pd.to_datetime(table.pop("Date"), format="%m/%d/%y"), freq="M")
    made = pd.DataFrame(
        {
            name: table[name].diff() if name in ("UNRATE", "PAYEMS", "TCU") else 100 * (table[name] / table[name].shift() - 1)
            for name in MONTHLY
        }
    )
    levels = table[list(QUARTERLY)].groupby(table.index.asfreq("Q")).last()
    growth = 100 * ((levels / levels.shift()) ** 4 - 1)
    growth.index = growth.index.asfreq("M", "end")
    made = made.join(growth).loc["2000":]
    return made.loc[: made.last_valid_index()]


@pytest.fixture(scope="module")
def figures(shared):
    """The growth rates known on either day."""
    return {day: rates(shared(f"{FOLDER}/{day}.csv")) for day in (BEFORE, AFTER)}


@functools.cache
def loaded(path):
    from scipy.io import loadmat

    return loadmat(path)


def of_run(shared, kind, run):
    return loaded(shared(f"{FOLDER}/test_{kind}_{run}.mat"))


def columns_of(run):
    return (*MONTHLY[: 6 if run.startswith("blocks") else 3], *QUARTERLY)


def laid(shared, kind, run, z):
    """The Fed's model of standardised months (T, N) at its initial state, its parameters, and what its program found."""
    from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

    found = of_run(shared, kind, run)
    count, order = int(found["Spec"]["k"][0, 0][0, 0]), int(found["Spec"]["p"][0, 0][0, 0])
    blocks = run.startswith("blocks")
    # the Fed orders the own parts of the two quarterly series otherwise
    states = 3 * count * max(5, order) + 6 if blocks else count * max(5, order) + 3
    place = np.r_[np.arange(states), states + np.arange(10).reshape(2, 5).ravel(order="F")]
    names = ("global", "test1", "test2")
    made = DynamicFactorMQ(
        pd.DataFrame(z, pd.period_range("2000-01", periods=len(z), freq="M"), columns_of(run)),
        k_endog_monthly=len(columns_of(run)) - len(QUARTERLY),
        factors=BLOCKS if blocks else count,
        factor_orders=dict.fromkeys(names, count) if blocks else (order if count == 1 else {("0", "1"): order}),
        factor_multiplicities=dict.fromkeys(names, 2) if blocks and count == 2 else None,
        idiosyncratic_ar1=True,
        init_t0=True,
        obs_cov_diag=True,
        standardize=False,
    )
    made.initialize_known(found["Res"]["Z_0"][0, 0][:, 0][place], found["Res"]["V_0"][0, 0][place][:, place])
    return made, found["params"][:, 0], found["Res"][0, 0]


def smoothed_figures(fed_model, params, rows, columns):
    """Log-likelihood, and the smoothed figures of series `columns` in months `rows`."""
    made = fed_model.smooth(params, transformed=True, cov_type="none")
    design = np.asarray(fed_model["design"])[columns]
    return made.llf, (design * np.asarray(made.filter_results.smoothed_state)[:, rows].T).sum(axis=1)


@pytest.mark.parametrize("run", LOGLIKE)
def test_loglikelihood_and_smoothed_months_are_the_feds(shared, figures, run):
    known = figures[BEFORE][list(columns_of(run))]
    z = ((known - known.mean()) / known.std()).to_numpy()
    fed_model, params, found = laid(shared, "dfm", run, z)
    smoothed = found["x_sm"]
    rows = np.arange(len(smoothed) - 5, len(smoothed) - 1)
    loglike, mean = smoothed_figures(fed_model, params, rows + 1, np.zeros(len(rows), dtype=np.int64))
    own = loglike - fed_model.loglike_constant
    assert own == pytest.approx(LOGLIKE[run], abs=1e-4)
    assert own == pytest.approx(found["loglik"][0, 0], abs=1e-4)
    assert np.allclose(mean, smoothed[rows, 0], atol=1e-4)


# --- news -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fixed:
    """The Fed's model at its parameters, on the scale of the first vintage: smoothed means of the asked months."""

    run: str
    lay: Any
    centre: tuple[float, ...]
    width: tuple[float, ...]
    name: str = "fixed"

    def predict(self, vintage, task, rng, answers=()):
        columns = columns_of(self.run)
        first, asked = months.ordinal("2000-01"), np.array([months.ordinal(m) for m in task.months])
        last = max([*asked, *(vintage.last_month(name) for name in columns)])
        known = np.column_stack([vintage.observed(name).at(first, last) for name in columns])
        centre, width = np.array(self.centre), np.array(self.width)
        fed_model, params = self.lay((known - centre) / width)
        places = np.array([columns.index(name) for name in task.series])
        rows, cells = np.tile(asked - first + 1, len(places)), np.repeat(places, len(asked))
        _, z = smoothed_figures(fed_model, params, rows, cells)
        mean = (centre[cells] + width[cells] * z).reshape(len(places), len(asked))
        return Forecast(task, np.tile(mean, (2, 1, 1)), tuple(Used("fixed") for _ in task.series), vintage.steps)


@dataclass(frozen=True)
class TwoVintages:
    """The plain panels known on either day, by the real_time that news ask through."""

    known: dict[dt.date, Any]
    events: EventCalendar = field(default_factory=EventCalendar)

    @property
    def series(self):
        return self.known[AFTER].series

    def states(self, series):
        return self.known[AFTER].cells[series]

    def as_of(self, day):
        made = self.known[max(d for d in self.known if d <= day)]
        return replace(made, day=day, past=self.as_of)


def door_of(figures, run):
    known = {}
    for day, table in figures.items():
        long = table[list(columns_of(run))].rename_axis("month").reset_index()
        long["month"] = long["month"].astype(str)
        known[day] = panel(long.melt("month", var_name="series").dropna(), unit="series", time="month", value="value")
    return TwoVintages(known)


@pytest.fixture(scope="module")
def told(shared, figures):
    """The news of a run, and the Fed's."""

    @functools.cache
    def of(run):
        found = of_run(shared, "news", run)["Res"][0, 0]
        scale = (tuple(found[name].ravel().tolist()) for name in ("Mx", "Wx"))
        method = Fixed(run, lambda z: laid(shared, "news", run, z)[:2], *scale)
        return news(method, door_of(figures, run), Task(AFTER, "GDPC1", ["2016-09"], draws=2), BEFORE, AFTER), found

    return of


@pytest.mark.parametrize("run", REVISIONS)
def test_news_of_gdp_are_the_feds(told, run):
    table, found = told(run)
    rows = table[table["kind"] == "new"].set_index("series")
    wanted = pd.DataFrame(found["news_table"], columns_of(run), ["expected", "actual", "weight", "impact"]).dropna()
    assert set(rows.index) == set(wanted.index)
    np.testing.assert_allclose(rows.loc[wanted.index, list(wanted)].astype(float), wanted, rtol=1e-5, atol=1e-6)
    revised = table.loc[table["kind"] == "revision", "impact"].sum()
    assert revised == pytest.approx(REVISIONS[run], abs=1e-6)
    assert revised == pytest.approx(found["impact_revisions"].item(), abs=1e-6)
    assert set(table["kind"]) == {"new", "revision"}
    change = table["nowcast_to"].iloc[0] - table["nowcast_from"].iloc[0]
    assert table["impact"].sum() == pytest.approx(change, abs=1e-8)


def test_the_published_table(told):
    rows = told("112")[0].query("kind == 'new'").set_index("series")
    for name, figures_of in TABLE_112.items():
        mine = rows.loc[name, ["expected", "actual", "weight", "impact"]].astype(float)
        np.testing.assert_allclose(mine, figures_of, rtol=1e-4, atol=1e-4)
