"""What every model promises on a ragged edge: nothing from after the day, and news that add up.

The list is the folder `forecast/models`: a new file is tested by being there. Three series of one flow come out on different
days, so that on the day of the question the others are a month ahead of the target.
"""

import datetime as dt
import functools
import importlib.util

import numpy as np
import pandas as pd
import pytest

from contracts.archives import event, monthly, row
from forecast.core import months, registry
from forecast.core.archive import Archive
from forecast.core.events import EventCalendar
from forecast.core.questions import Task
from forecast.core.results import Forecast
from forecast.core.schema import COLUMNS
from forecast.kernels.remembered_answers import remember_answers
from forecast.models import factor
from forecast.models.factor import dynamic_factor
from forecast.study.ask import answer
from forecast.study.data.corrupt_future import corrupt_archive
from forecast.study.nowcast.news import news

LAGS = {
    "USA.import.CHN.re_magnets": 35,
    "CHN.export.USA.re_magnets": 20,
    "KOR.import.CHN.re_magnets": 15,
}  # days after the month
TARGET, SHIPPED, BESIDE = LAGS
COUNT, FIRST = 60, months.ordinal("2018-01")
DAY = dt.date(2022, 12, 26)  # the target is known up to 2022-10, the others up to 2022-11
BEFORE = dt.date(2022, 12, 4)  # the day before the target's 2022-10 came out; all others know 2022-10
REVISED = dt.date(2022, 12, 8)  # the target's 2022-06 and the shipments' 2022-05 are revised, nothing else comes
ASKED = ("2022-11", "2022-12")
EVENTS = (event(), event("lapsing", "2019-05-01", "2019-06-01", end=dt.date(2022, 5, 1), end_announced=dt.date(2023, 1, 9)))
SLOW = {"prophet": "prophet"}  # models whose library is an extra, and starts slowly
QUICK = {  # fewer steps, or cheaper members, of the slow ones
    "combine": {"use": "combine", "members": ["mean12", "ets"]},
    "conformal": {"use": "conformal", "inner": "mean12"},
    "factor": {"use": "factor", "steps": 5},
    "reconciled": {"use": "reconciled", "inner": "mean12"},
}
NOWCASTERS = {
    "adl, elastic net": {"use": "adl", "learner": "elastic_net"},
    "adl, pooled": {"use": "adl", "learner": "pooled"},
    "factor, two of order two": {"use": "factor", "factors": 2, "order": 2, "persistent": False, "steps": 5},
    "combine, weighed": {"use": "combine", "members": ["adl", "mean12"], "how": "inverse"},
    "conformal, adaptive": {"use": "conformal", "inner": "adl", "origins": 10, "step": 1, "adapt": "aci"},
    "menu over conformal": {"use": "menu", "base": {"use": "conformal", "inner": "ets"}},
    "structural, known shipments": {"use": "bridge", "inner": "ets", "longest": 1},
}


@functools.cache
def known(target: float = 1.0, others: float = 1.0) -> Archive:
    """The archive: arrivals are what was shipped this month and the last; `target`, `others` : their units in kilograms."""
    shipped = monthly(COUNT + 1)
    noise = np.exp(0.02 * np.random.default_rng(5).standard_normal(COUNT))
    figures = {
        TARGET: target * noise * (0.5 * shipped[1:] + 0.5 * shipped[:-1]),
        SHIPPED: others * shipped[1:],
        BESIDE: others * 0.3 * shipped[1:] * noise[::-1],
    }
    made = []
    for name, values in figures.items():
        for i, value in enumerate(values):
            made.append(row(name, FIRST + i, FIRST + i, value, months.last_day(FIRST + i) + dt.timedelta(days=LAGS[name])))
        if name in (TARGET, SHIPPED):
            month = months.ordinal("2022-06" if name == TARGET else "2022-05")
            made.append(row(name, month, month, 1.2 * values[month - FIRST], REVISED))
    return Archive(pd.DataFrame(made), EventCalendar(EVENTS))


def spec_of(name):
    return NOWCASTERS.get(name) or QUICK.get(name, name)


def _marked(name):
    if name not in SLOW:
        return name
    gone = importlib.util.find_spec(SLOW[name]) is None
    missing = pytest.mark.skipif(gone, reason=f"the extra '{SLOW[name]}' is not installed")
    return pytest.param(name, marks=[pytest.mark.slow, missing])


every_model = pytest.mark.parametrize("name", [_marked(name) for name in (*registry.names("model"), *NOWCASTERS)])


def nowcast(name, archive, fitted_on=None, day=DAY):
    task = Task(day, TARGET, ASKED, fitted_on, draws=60)
    return answer(registry.build("model", spec_of(name)), archive.as_of(day), task, seed=3)


def moved(name, archive, start, stop):
    method = registry.build("model", spec_of(name))
    return news(method, archive, Task(stop, TARGET, ASKED[:1], draws=60), start, stop, seed=3)


def change(table):
    return table["nowcast_to"].iloc[0] - table["nowcast_from"].iloc[0]


# --- nothing from after the day ---------------------------------------------------------------------------------------


def test_the_day_knows_as_much_as_is_said():
    vintage = known().as_of(DAY)
    assert [months.label(vintage.last_month(name)) for name in LAGS] == ["2022-10", "2022-11", "2022-11"]
    later = corrupt_archive(known(), DAY).as_of("2030-01-01")
    assert all(later.observed(name).values.max() >= 1e9 for name in LAGS)


@every_model
@pytest.mark.parametrize("fitted_on", [None, BEFORE], ids=["fitted on the day", "fitted before"])
def test_figures_not_released_change_no_nowcast(name, fitted_on):
    plain, spoilt = nowcast(name, known(), fitted_on), nowcast(name, corrupt_archive(known(), DAY), fitted_on)
    assert isinstance(plain, Forecast), plain
    assert isinstance(spoilt, Forecast), spoilt
    assert np.array_equal(plain.draws, spoilt.draws)
    assert plain.used == spoilt.used
    assert plain.parameters == spoilt.parameters


@pytest.fixture(scope="module")
def tripled():
    """The archive with all that came out between the day of the parameters and the day of the question three times as large."""
    table = known().table
    late = (table["released"] > BEFORE.isoformat()) & (table["released"] <= DAY.isoformat())
    made = Archive(table.assign(value=table["value"].where(~late, 3.0 * table["value"])), known().events)
    assert made.as_of(BEFORE).fingerprint() == known().as_of(BEFORE).fingerprint()
    return made


@pytest.mark.parametrize("name", ["adl", "adl, elastic net", "adl, pooled", "bridge", "ets", "sarimax", "structural"])
def test_parameters_know_nothing_after_their_day(name, tripled):
    plain, changed = nowcast(name, known(), BEFORE), nowcast(name, tripled, BEFORE)
    assert isinstance(plain, Forecast), plain
    assert isinstance(changed, Forecast), changed
    assert not np.allclose(plain.draws, changed.draws)
    assert plain.parameters.keys() == changed.parameters.keys()
    assert list(plain.parameters.values()) == pytest.approx(list(changed.parameters.values()), rel=1e-12)


def test_a_factor_model_learns_from_its_day_of_parameters_alone(tripled, monkeypatch):
    learned = []
    plain_fit = dynamic_factor.fit_em
    monkeypatch.setattr(factor, "_fit", remember_answers(8)(factor._fit.__wrapped__))  # without what others asked before
    monkeypatch.setattr(dynamic_factor, "fit_em", lambda y, *options: learned.append(y) or plain_fit(y, *options))
    plain, changed = nowcast("factor", known(), BEFORE), nowcast("factor", tripled, BEFORE)
    assert not np.allclose(plain.draws, changed.draws)
    assert len(learned) == 1  # the figures of that day are the same, so their fit is remembered


# --- news -------------------------------------------------------------------------------------------------------------


@every_model
def test_impacts_add_up_to_the_change(name):
    table = moved(name, known(), BEFORE, DAY)
    assert list(table.columns) == list(COLUMNS["news"])
    assert {"new", "revision"} <= set(table["kind"])
    assert np.isfinite(table["impact"]).all()
    assert table["impact"].sum() == pytest.approx(change(table), abs=1e-8)


@every_model
def test_no_release_gives_no_rows(name):
    assert moved(name, known(), REVISED, REVISED + dt.timedelta(days=5)).empty


@every_model
def test_a_revision_alone_is_no_new_figure(name):
    table = moved(name, known(), REVISED - dt.timedelta(days=1), REVISED)
    assert table.loc[table["kind"] == "new", "impact"].sum() == 0.0
    assert "new" not in set(table["kind"])
    if len(table):
        assert table["impact"].sum() == pytest.approx(change(table), abs=1e-8)


@pytest.mark.parametrize("name", ["adl", "ets", "factor", "structural"])
def test_the_unit_of_another_series_changes_nothing(name):
    one, other = (moved(name, known(others=unit), BEFORE, DAY) for unit in (1.0, 1000.0))
    assert one[["series", "kind", "release_month"]].equals(other[["series", "kind", "release_month"]])
    near = {"rtol": 1e-6, "atol": 1e-6 * one["nowcast_to"].iloc[0]}
    np.testing.assert_allclose(other["impact"], one["impact"], **near)
    mine = one["series"] == TARGET
    for column in ("expected", "actual"):
        np.testing.assert_allclose(other.loc[mine, column], one.loc[mine, column], **near)
        np.testing.assert_allclose(other.loc[~mine, column], 1000.0 * one.loc[~mine, column], rtol=1e-5)


@pytest.mark.parametrize("name", ["adl", "ets", "factor", "structural"])
def test_the_unit_of_the_target_is_the_unit_of_the_impacts(name):
    one, other = (moved(name, known(target=unit), BEFORE, DAY) for unit in (1.0, 1000.0))
    assert one[["series", "kind", "release_month"]].equals(other[["series", "kind", "release_month"]])
    np.testing.assert_allclose(other["impact"], 1000.0 * one["impact"], rtol=1e-6, atol=1e-3 * one["nowcast_to"].iloc[0])


def test_a_bridge_has_one_unit_at_both_ends():
    """Its kappa is near one for kilograms against kilograms: both series change their unit together."""
    one, other = (moved("bridge", known(target=unit, others=unit), BEFORE, DAY) for unit in (1.0, 1000.0))
    assert one[["series", "kind", "release_month"]].equals(other[["series", "kind", "release_month"]])
    assert SHIPPED in set(one["series"])
    np.testing.assert_allclose(other["impact"], 1000.0 * one["impact"], rtol=1e-6, atol=1e-3 * one["nowcast_to"].iloc[0])
