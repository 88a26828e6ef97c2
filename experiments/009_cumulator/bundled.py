"""The structural model on the bundled flows with sums as observations and with sums split: `python .../bundled.py`.

Writes bundled.csv: one row per group of series and setting of `sums`.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

import forecast as fc
from forecast.core import registry
from forecast.study.ask import METHOD_ERRORS
from forecast.study.evaluate.backtest import Backtest, BacktestAnswer, backtest_questions

FIRST, HORIZON, FEWEST, DRAWS = "2019-01", 3, 18, 500
LONG = "CHN.export.WLD.rare_earths_total"
OTHERS = [f"CHN.export.{flow}" for flow in ("WLD.re_magnets", "WLD.gallium", "WLD.germanium", "USA.re_magnets")]
SUMS = (0, 3, 12)  # months of the longest sum taken as an observation
COLUMNS = ("group", "asked", "sums", "n", "cutoffs", "ratio", "se", "cover80")


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


def scores() -> pd.DataFrame:
    """CRPS and cover (series, cutoff, month, metric) x sums, of months that were published singly."""
    archive, tables = fc.load_archive(), []
    models = {str(sums): {"use": "structural", "sums": sums} for sums in SUMS}
    for series in (LONG, *OTHERS):
        past = common(archive, [series], list(fc.cutoffs(FIRST, series=series)), models)
        metrics = ["crps", {"use": "coverage", "name": "coverage", "level": 80}]
        tables.append(fc.score(past, truth=archive.latest, metrics=metrics).table)
    long = pd.concat(tables)
    long = long[~long["month"].str.contains("/")]
    return long.pivot_table(index=["series", "cutoff", "month", "metric"], columns="model", values="value").dropna()


def rows(table: pd.DataFrame) -> list[list[object]]:
    """Ratios of CRPS to the split, series weighted alike, cutoffs as independent units."""
    out: list[list[object]] = []
    crps, cover = (table.xs(metric, level="metric") for metric in ("crps", "coverage"))
    crps = crps.div(crps["0"].groupby("series").transform("mean"), axis=0)
    series = crps.index.get_level_values("series")
    spring = crps.index.get_level_values("month").str[5:7].isin(["03", "04", "05"])
    for group, chosen in ((LONG, series == LONG), ("four other exports of China", series != LONG)):
        for asked, when in (("all months", np.full(len(crps), True)), ("March to May", spring)):
            use = chosen & when
            sums = crps[use].groupby("cutoff").sum()
            for name in map(str, SUMS):
                ratio = sums[name].sum() / sums["0"].sum()
                se = np.sqrt(((sums[name] - ratio * sums["0"]) ** 2).sum()) / sums["0"].sum()
                out.append([group, asked, name, int(use.sum()), len(sums), ratio, se, 100 * cover[use][name].mean()])
    return out


def main() -> None:
    """Ask, mark, write."""
    with (Path(__file__).parent / "bundled.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows(scores()):
            writer.writerow([f"{x:.4g}" if isinstance(x, float) else x for x in row])


if __name__ == "__main__":
    main()
