"""Inputs that hold nothing, or too much at once: every estimator gives a verdict or a failure with a reason, and is quiet."""

import datetime as dt
import math
import warnings

import numpy as np
import pytest

from forecast.core import months, registry
from forecast.core.effects import Effect
from forecast.core.events import Event, EventCalendar
from forecast.core.judgement import VERDICTS
from forecast.core.questions import Design
from forecast.core.results import Failure
from forecast.core.vintage import Cell, Vintage
from forecast.study.effects import judge

ESTIMATORS = registry.names("estimator")
TREATED = "CHN.export.WLD.re_magnets"
DONORS = tuple(f"CHN.export.WLD.good_{letter}" for letter in "abc")
START = months.ordinal("2018-01")


def event(name="toy_ban", day=dt.date(2023, 1, 1), **rest):
    return Event(name, name, day, day, products=("re_magnets",), instrument="ban", role="default", **rest)


BAN, LATE = event(), event("late", dt.date(2029, 6, 1))


def noise(column):
    return 100 * np.exp(0.1 * np.random.default_rng(column).standard_normal(72))


def vintage(treated, donors=None, events=(BAN,)):
    columns = [treated, *(donors if donors is not None else [noise(j) for j in range(1, 4)])]
    cells = {
        name: tuple(
            Cell(START + i, START + i, float(v), "zero" if v == 0 else "value") for i, v in enumerate(y) if math.isfinite(v)
        )
        for name, y in zip((TREATED, *DONORS), columns, strict=True)
    }
    return Vintage(dt.date(2030, 1, 1), {k: v for k, v in cells.items() if v}, EventCalendar(tuple(events)))


def only(*kept, values=None):
    y = np.full(72, np.nan)
    y[list(kept)] = (noise(0) if values is None else values)[list(kept)]
    return y


def odd(figure):
    return only(*range(72), values=np.where(np.arange(72) == 30, figure, noise(0)))


NOTHING = np.full(72, np.nan)
TWIN = event("twin")
CASES = {
    "all zero": (vintage(np.zeros(72)), Design(BAN, TREATED, DONORS)),
    "all zero, donors too": (vintage(np.zeros(72), [np.zeros(72)] * 3), Design(BAN, TREATED, DONORS)),
    "zero before, trade after": (vintage(np.where(np.arange(72) < 60, 0.0, 50.0)), Design(BAN, TREATED, DONORS)),
    "constant": (vintage(np.full(72, 100.0)), Design(BAN, TREATED, DONORS)),
    "constant, donors too": (vintage(np.full(72, 100.0), [np.full(72, 50.0)] * 3), Design(BAN, TREATED, DONORS)),
    "one month, before": (vintage(only(40)), Design(BAN, TREATED, DONORS, stop="2023-03")),
    "one month, after": (vintage(only(60)), Design(BAN, TREATED, DONORS, stop="2023-03")),
    "one month on either side": (vintage(only(40, 61)), Design(BAN, TREATED, DONORS, stop="2023-03")),
    "all missing": (vintage(NOTHING), Design(BAN, TREATED, DONORS)),
    "all missing, donors too": (vintage(NOTHING, [NOTHING] * 3), Design(BAN, TREATED, DONORS)),
    "window missing": (vintage(only(*range(60))), Design(BAN, TREATED, DONORS, stop="2023-06")),
    "two events in one month": (vintage(noise(0), events=(BAN, TWIN)), Design((BAN, TWIN), TREATED, DONORS)),
    "a twin event not named": (vintage(noise(0), events=(BAN, TWIN)), Design(BAN, TREATED, DONORS)),
    "event after the data": (vintage(noise(0), events=(LATE,)), Design(LATE, TREATED, DONORS)),
    "event before the data": (
        vintage(noise(0), events=(event("early", dt.date(2015, 1, 1)),)),
        Design(event("early", dt.date(2015, 1, 1)), TREATED, DONORS),
    ),
    "no donors": (vintage(noise(0)), Design(BAN, TREATED)),
    "one donor": (vintage(noise(0)), Design(BAN, TREATED, DONORS[:1])),
    "a donor that is not there": (vintage(noise(0)), Design(BAN, TREATED, ("CHN.export.WLD.good_z", *DONORS[:2]))),
    "one huge figure": (vintage(odd(1e12)), Design(BAN, TREATED, DONORS)),
    "one tiny figure": (vintage(odd(1e-9)), Design(BAN, TREATED, DONORS)),
    "one month asked": (vintage(noise(0)), Design(BAN, TREATED, DONORS, stop="2023-01")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_verdict_or_a_reason_and_silence(name, case, capfd):
    known, asked = CASES[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = judge.estimate(registry.build("estimator", name), known, asked, 5, placebos=4)
    assert capfd.readouterr() == ("", "")
    if isinstance(made, Failure):
        assert made.reason
        assert made.method == name
        return
    assert isinstance(made, Effect)
    assert made.verdict is not None
    assert made.verdict.word in VERDICTS
    assert made.verdict.because
    assert made.gates
    row = made.frame().iloc[0]
    if made.counterfactual is None:
        assert math.isnan(row["estimate"])
        assert made.verdict.word not in ("supported", "suggestive"), made.verdict
    else:
        assert np.isfinite(made.counterfactual).all()
        assert np.isfinite([row["estimate"], row["lo80"], row["hi95"]]).all()
        assert row["lo95"] <= row["lo80"] <= row["estimate"] <= row["hi80"] <= row["hi95"]


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("case", ["all zero", "one month, before", "one month, after", "all missing", "event after the data"])
def test_nothing_is_claimed_of_nothing(name, case):
    known, asked = CASES[case]
    made = judge.estimate(registry.build("estimator", name), known, asked, 5)
    assert isinstance(made, Failure) or made.verdict.word in ("not identified", "descriptive")
