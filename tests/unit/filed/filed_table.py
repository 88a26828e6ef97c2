"""A config on a table of one's own, and that table as it grows after the config was filed."""

import datetime as dt

import numpy as np
import pandas as pd

import forecast as fc

SERIES = "CHN.export.WLD.re_magnets"
DAY = dt.date(2025, 1, 10)  # November 2024 came out on 20 December, December comes on 20 January (rule: the 20th)
CONFIG = f"""
name = "small"
title = "A small filing"
seed = 3
draws = 200
models = ["mean12", "drift"]
default_model = "mean12"
data = {{ use = "csv", path = "own.csv", key = "{SERIES}", released = "released", unit = "kg" }}

[forecast]
series = ["{SERIES}"]
months = 8

[filed]
until = "2025-05"

[[filed.claims]]
id = "more"
claim = "more than a hundred tonnes in two months"
series = "{SERIES}"
from = "2025-03"
to = "2025-04"
above = 0.2
unit = "t"

[[filed.claims]]
id = "between"
claim = "December stays where it was"
series = "{SERIES}"
from = "2024-12"
to = "2024-12"
above = 50.0
below = 150.0
"""


def history(last="2024-09"):
    """Figures around 100 kg, each out on the 20th of the month after."""
    months = fc.months("2021-01", last)
    rng = np.random.default_rng(0)
    values = 100 + 10 * rng.standard_normal(len(months))
    return pd.DataFrame({"period": months, "value": values.round(1), "released": [release(month) for month in months]})


def release(month, day=20):
    later = pd.Period(month, "M") + 1
    return f"{later}-{day:02d}"


def later(*rows):
    """The table with rows of (period, value, day of release) that came since."""
    known = history()
    return pd.concat([known, pd.DataFrame(rows, columns=list(known))], ignore_index=True) if rows else known
