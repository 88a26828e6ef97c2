"""Does the Lunar New Year column help on the bundled Chinese flows? Each model with it and without it, one month ahead.

    python experiments/011_lunar/run.py [--out DIR]

Writes results.csv: one row per group of series, part of the year and model.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import forecast as fc
from forecast.core import registry
from forecast.study.ask import METHOD_ERRORS
from forecast.study.evaluate.backtest import Backtest, BacktestAnswer, backtest_questions

FIRST, DRAWS, HORIZON = "2022-01", 500, 1
MODELS = {
    "structural": {"use": "structural"},
    "structural, free effects": {"use": "structural", "seasonal": "dummy"},
    "sarimax": {"use": "sarimax"},
    "regression": {"use": "regression"},
    "adl": {"use": "adl"},
}
LONG = "CHN.export.WLD.rare_earths_total"
PARTS = {"all months": range(1, 13), "January to March": range(1, 4), "April to December": range(4, 13)}
FEWEST = 24  # months known before the first question
COLUMNS = ("group", "part", "model", "n", "series", "months", "crps_without", "ratio", "se", "with_column", "failures")


def groups(archive: fc.Archive) -> dict[str, list[str]]:
    """The long series; other exports as China tells them; arrivals of Chinese origin as the United States tell them."""
    latest = archive.latest
    rest = [
        name
        for name in latest.series
        if name != LONG and ":" not in name and "CHN" in name.split(".")[::2] and latest.observed(name).count > FEWEST
    ]
    return {
        LONG: [LONG],
        "other exports of China": [name for name in rest if name.startswith("CHN.export")],
        "US imports from China": [name for name in rest if name.startswith("USA.import")],
    }


def common(archive: fc.Archive, series: list[str], days: list[dt.date], specs: dict[str, dict[str, object]]) -> Backtest:
    """A backtest in which all specs answer a question with the same random numbers, and each question has its own.

    `fc.backtest` seeds by spec and series: then the luck of the draws is shared by all months, and differs between two specs.
    """
    methods = {name: registry.build("model", spec) for name, spec in specs.items()}
    made = []
    for past in backtest_questions(archive, series, days, HORIZON, min_months=FEWEST, draws=DRAWS):
        vintage = past.vintage(archive)
        for name, method in methods.items():
            try:
                answer = method.predict(vintage, past.task, np.random.default_rng(past.task.day.toordinal()))
            except METHOD_ERRORS as error:
                answer = fc.Failure(name, str(past.task.day), past.series, str(error))
            made.append(BacktestAnswer(name, past, answer))
    return Backtest(tuple(made), archive)


def answered(archive: fc.Archive, series: list[str]) -> tuple[pd.DataFrame, dict[str, tuple[int, int]]]:
    """CRPS (series, cutoff, month) x (model, lunar); answers that took the column, and failures, of each model."""
    specs = {f"{name}|{on}": {**spec, "lunar": on} for name, spec in MODELS.items() for on in (True, False)}
    days = {day for name in series for day in fc.cutoffs(FIRST, series=name)}
    past = common(archive, series, sorted(days), specs)
    told = {name: [0, 0] for name in MODELS}
    for one in past.answered:
        name, on = one.model.split("|")
        if isinstance(one.answer, fc.Forecast):
            told[name][0] += on == "True" and "lunar_new_year" in one.answer.used[0].regressors
        else:
            told[name][1] += 1
    scores = fc.score(past, truth=archive.latest, metrics=["crps"]).table
    scores = scores[~scores["month"].str.contains("/")]
    table = scores.pivot_table(index=["series", "cutoff", "month"], columns="model", values="value")
    return table, {name: (a, b) for name, (a, b) in told.items()}


def ratio(on: NDArray[np.float64], off: NDArray[np.float64], when: NDArray[np.str_]) -> tuple[float, float]:
    """Sum of scores with the column over the sum without, and its standard error; months are the independent units."""
    sums = pd.DataFrame({"on": on, "off": off}).groupby(when).sum()
    value = sums["on"].sum() / sums["off"].sum()
    rest = sums["on"] - value * sums["off"]
    n = len(sums)
    return float(value), float(np.sqrt(n / (n - 1) * (rest**2).sum()) / sums["off"].sum()) if n > 1 else float("nan")


def rows(archive: fc.Archive) -> Iterator[list[object]]:
    """Ratios of CRPS by group, part and model."""
    for group, series in groups(archive).items():
        table, told = answered(archive, series)
        size = table.filter(like="|False").groupby("series").transform("mean").mean(axis=1)  # series weigh alike
        month = table.index.get_level_values("month").to_numpy()
        for part, inside in PARTS.items():
            for name in MODELS:
                if f"{name}|True" not in table or f"{name}|False" not in table:
                    continue
                pair = table[[f"{name}|True", f"{name}|False"]].div(size, axis=0)
                use = pair.notna().all(axis=1).to_numpy() & np.array([int(m[5:7]) in inside for m in month])
                on, off = pair.to_numpy()[use].T
                value, se = ratio(on, off, month[use])
                yield [
                    group, part, name, int(use.sum()), table.index[use].get_level_values(0).nunique(), len(set(month[use])),
                    off.mean(), value, se, *told[name],
                ]  # fmt: skip


def main() -> None:
    """Ask, mark, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    with (options.out / "results.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows(fc.load_archive()):
            writer.writerow([f"{x:.4g}" if isinstance(x, float) else x for x in row])


if __name__ == "__main__":
    main()
