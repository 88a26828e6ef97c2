"""Defective inputs from the file to the forecast: handled and told, never a wrong number."""

import warnings

import numpy as np
import pytest
from contracts.archives import SERIES, archive, day_after, event, monthly

from forecast.core import registry
from forecast.core.months import label, months, ordinal
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast
from forecast.study.evaluate.backtest import backtest
from forecast.study.evaluate.score import score

KEY = "CHL.export.WLD.lithium_carbonate"
MODELS = ("seasonal_naive", "mean12", "ets", "theta", "structural")  # every model has its contract tests besides
ASKED = months("2024-01", "2024-06")


def read(tmp_path, rows, **options):
    path = tmp_path / "own.csv"
    path.write_text("period,value\n" + "".join(f"{period},{value}\n" for period, value in rows), "utf-8")
    return registry.build("source", {"use": "csv", "path": str(path), "key": KEY, **options}).read()


def answer(known, name):
    method = registry.build("model", name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from forecast.study.ask import answer as ask

        made = ask(method, known.latest, Task(known.latest.day, KEY, ASKED, draws=200))
    assert isinstance(made, Forecast), made
    return made


def rows(values, first="2019-01"):
    return [(label(ordinal(first) + i), v) for i, v in enumerate(values)]


def steady(n=60):
    return np.round(100 + 5 * np.random.default_rng(1).standard_normal(n), 2).tolist()


DEFECTS = {
    "an empty cell": lambda r: [(p, "" if i == 30 else v) for i, (p, v) in enumerate(r)],
    "NaN in words": lambda r: [(p, "NaN" if i == 30 else v) for i, (p, v) in enumerate(r)],
    "a missing row": lambda r: r[:30] + r[31:],
    "two missing rows": lambda r: r[:30] + r[32:],
    "month ends": lambda r: [(f"{p}-28", v) for p, v in r],
    "rows in another order": lambda r: r[::-1],
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_level_of_a_hundred_stays_one(name, defect, tmp_path):
    made = answer(read(tmp_path, DEFECTS[defect](rows(steady()))), name)
    middle = np.median(made.draws, axis=0)
    assert (np.abs(middle - 100) < 25).all(), middle
    lost = {"an empty cell": 1, "NaN in words": 1, "a missing row": 1, "two missing rows": 2}.get(defect, 0)
    assert made.used[0].filled in (lost, 0)  # told, where the model needs a series without holes


@pytest.mark.parametrize("defect", ["a missing row", "two missing rows", "an empty cell"])
def test_a_hole_does_not_move_the_season(defect, tmp_path):
    season = [200.0 if m % 12 == 0 else 100.0 for m in range(60)]  # every January twice the rest
    for name in ("seasonal_naive", "ets", "structural"):
        made = answer(read(tmp_path, DEFECTS[defect](rows(season))), name)
        middle = np.median(made.draws, axis=0)[0]
        assert middle[0] == pytest.approx(200, rel=0.1), name
        np.testing.assert_allclose(middle[1:], 100, rtol=0.1, err_msg=name)


@pytest.mark.parametrize("name", MODELS)
def test_serial_days_are_the_same_months(name, tmp_path):
    import datetime as dt

    def serial(period):
        return (dt.date(int(period[:4]), int(period[5:]), 1) - dt.date(1899, 12, 30)).days

    plain = read(tmp_path, rows(steady()))
    days = read(tmp_path, [(serial(p), v) for p, v in rows(steady())])
    assert days.latest.fingerprint() == plain.latest.fingerprint()
    np.testing.assert_array_equal(answer(days, name).draws, answer(plain, name).draws)


def test_thousands_are_the_same_numbers(tmp_path):
    plain = read(tmp_path, rows([1234.5, 987, 12345.25] * 12))
    spelled = {
        ",": [f'"{v:,}"' for v in (1234.5, 987, 12345.25)],
        " ": [f"{v:,}".replace(",", " ") for v in (1234.5, 987, 12345.25)],
        ".": [f'"{v:,}"'.translate(str.maketrans(",.", ".,")) for v in (1234.5, 987, 12345.25)],
    }
    for mark, cells in spelled.items():
        made = read(tmp_path, rows(cells * 12), thousands=mark, decimal="," if mark == "." else "")
        assert made.latest.fingerprint() == plain.latest.fingerprint(), mark


@pytest.mark.parametrize("name", MODELS)
def test_twelve_zero_months_bring_no_negative_draw_and_no_old_level(name, tmp_path):
    made = answer(read(tmp_path, rows([*steady(48), *[0] * 12])), name)
    assert (made.draws >= 0).all()
    assert np.median(made.draws) < 30  # tonnes of a hundred: the lower bounds of other packages are negative here


@pytest.mark.parametrize("name", MODELS)
def test_a_constant_series_is_forecast_as_it_is(name, tmp_path):
    made = answer(read(tmp_path, rows([100.0] * 60)), name)
    np.testing.assert_allclose(np.median(made.draws, axis=0), 100, rtol=0.02)
    assert np.isfinite(made.draws).all()


@pytest.mark.parametrize("name", ["sarimax", "structural", "regression"])
def test_an_event_that_has_not_begun_in_a_training_window_is_dropped_and_told(name):
    """A regressor that is constant inside a window fails many a library; here it is dropped there and taken later."""
    known = archive(monthly(72), events=[event("ban", "2022-02-10", "2022-03-01")])
    days = [day_after(m) for m in ("2021-12", "2022-01", "2022-03", "2022-04", "2022-09")]
    made = backtest(known, days, [name], SERIES, [1, 2], draws=50)
    assert made.failures == {name: 0}
    used = [a.answer.used[0] for a in made.answered]
    assert ["ban" in u.regressors for u in used] == [False, False, False, False, True]
    assert ["ban" in u.dropped for u in used] == [False, True, True, True, False]  # on the first day it was not announced


def test_a_failure_is_a_row_and_leaves_the_others_their_scores():
    known = archive(monthly(72))
    days = [day_after(m) for m in ("2018-12", "2021-12", "2022-12")]
    made = backtest(known, days, ["seasonal_naive", "drift"], SERIES, [1], min_months=6, draws=50)
    assert made.failures == {"seasonal_naive": 1, "drift": 0}
    failed = next(a.answer for a in made.answered if isinstance(a.answer, Failure))
    assert "14 are needed" in failed.reason
    scores = score(made, "latest", ["mae"])
    assert scores.table.groupby("model").size().to_dict() == {"drift": 3, "seasonal_naive": 2}
    summary = scores.summary().set_index("model")
    assert summary["n"].tolist() == [2, 2]  # both on the two questions that both answered
    assert summary.loc["seasonal_naive", "failures"] == 1
