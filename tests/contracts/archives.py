"""Small synthetic archives whose truth is known: monthly figures, sums of months, events, each with the day it came out."""

import datetime as dt
from dataclasses import asdict

import numpy as np
import pandas as pd

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.archive_table import ArchiveRow
from forecast.core.events import Event, EventCalendar

SERIES = "CHN.export.WLD.re_magnets"
FIRST = "2018-01"
LAG = 20  # days from the end of a month to its release


def released(last: int) -> dt.date:
    """The day on which a figure that ends in month `last` comes out."""
    return months.last_day(last) + dt.timedelta(days=LAG)


def day_after(label: str) -> dt.date:
    """A day on which the figure of a month is the newest."""
    return released(months.ordinal(label)) + dt.timedelta(days=1)


def monthly(n: int = 72, level: float = 1000.0, seed: int = 1) -> np.ndarray:
    """A level that drifts, a season, noise: all positive, in kg."""
    rng = np.random.default_rng(seed)
    at = np.arange(n)
    walk = np.cumsum(0.02 * rng.standard_normal(n))
    return level * np.exp(walk + 0.15 * np.sin(2 * np.pi * at / 12) + 0.08 * rng.standard_normal(n))


def row(series: str, first: int, last: int, value: float, day: dt.date) -> dict:
    released = day.isoformat()
    made = ArchiveRow(
        series, months.period_label(first, last), float(value), released=released, publisher="test", article_date=released
    )
    return asdict(made)


def rows(values, series: str = SERIES, first: str = FIRST, spans=()) -> list[dict]:
    """Rows of one series: NaN months are left out; `spans` are (first label, last label, value)."""
    start = months.ordinal(first)
    made = [row(series, start + i, start + i, v, released(start + i)) for i, v in enumerate(values) if np.isfinite(v)]
    for a, b, value in spans:
        made.append(row(series, months.ordinal(a), months.ordinal(b), value, released(months.ordinal(b))))
    return made


def archive(values=None, series: str = SERIES, first: str = FIRST, spans=(), events=()) -> Archive:
    """An archive of one series."""
    values = monthly() if values is None else values
    return Archive(pd.DataFrame(rows(values, series, first, spans)), EventCalendar(tuple(events)))


def event(name: str = "ban", announced: str = "2021-03-01", effective: str = "2021-04-01", **more) -> Event:
    """A step against all partners."""
    return Event(
        id=name, title=name, announced=dt.date.fromisoformat(announced), effective=dt.date.fromisoformat(effective),
        products=("re_magnets",), instrument="licence", role="default", **more,
    )  # fmt: skip
