"""Own figures from a table of any shape: CSV, Excel or Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forecast.core.registry import source
from forecast.tables.mapping import example_file
from forecast.tables.own_table import OwnTable


@source
@dataclass(frozen=True)
class AnyTable(OwnTable):
    """Own figures from a CSV, Excel or Parquet table: months down or across, a column or a row for each series.

    path : the file (.csv, .tsv, .txt, .xlsx, .xls, .parquet), relative to the config; sheet : of a workbook
    encoding, delimiter : of text (default: detected, and said); header : number of the row of the column names (default: found)
    where : column -> the value, or list of values, of the rows that are read
    period : column of the months, or several such as ["year", "month"] (default: the one that holds times)
    across : months stand in the header, or the twelve months' names beside a column of years
    value : column of the figures (default: the one that holds numbers)
    values : columns of figures -> their series key, or, beside series or key, what they measure: quantity, usd, usd_per_kg
    series : column of series keys, or of labels that `keys` turns into keys; several are joined by points, or by the template
    template : how keys are made of columns, such as "CHN.export.{partnerISO}.hs{cmdCode}"
    key : the one series of a file without such a column
    keys : label, or part of one -> series key, or the part as a key spells it
    unit : of the figures: kg, t, "100 kg", "thousand USD", USD/t, ... (default: the one in the column's name, else kg)
    units : column or series -> unit, where they differ
    unit_column : column that names the unit, where it differs by row
    thousands, decimal : separator of thousands, and "." or "," (default: inferred from all figures, refused where two fit)
    marks : sign in place of a figure -> zero, missing or suppressed
    flags : column of flags; statuses : flag, there or behind a figure -> provisional, estimated, suppressed, missing, value
    dates : how times are written, where the whole column can be read in two ways: "day first", "month first", "serial days",
        "year and month joined", "as written", "zeros lost" (2018.1 is October), "same day", "next day" (times before midnight)
    frequency : what a figure under a month's label covers: month, quarter, half-year, year
    sums : "since January" (or another month) where figures are sums to date, "none" where they only look like it
    since, until : first and last month that is read
    add_up : rows of one series and month are parts, to be added up
    released : column of release days; without it a figure is out `lag_days` after the month's end
    revised, revised_on : columns of a later figure, and of the day on which it came out
    lag_days : days from the month's end until a figure is out
    publisher : whom the report credits
    join : add the bundled data set and its calendar

    Events of the figures belong in the config (`events`).
    """

    @classmethod
    def example(cls, folder: Path) -> AnyTable:
        """Four months of a flow, one of them a true zero and one missing."""
        return cls(path=example_file(folder), key="COD.export.WLD.cobalt", unit="t")
