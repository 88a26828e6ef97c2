"""The words by which a config says what the columns of its own table mean; what is not said is inferred or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter

from forecast.core import months
from forecast.core.errors import ConfigError, with_place
from forecast.tables.number_column import SEPARATORS, check_statuses
from forecast.tables.time_column import WORDS
from forecast.tables.time_steps import LENGTHS, first_month_of_sums

Value = str | int | float
TEMPLATE = '"CHN.export.{partner}.{good}"'
MEASURES = ("quantity", "usd", "usd_per_kg")


@dataclass(frozen=True)
class TableMapping:
    """Which columns of a table hold months, figures and series, and what stands in their cells.

    All words are those of the sources `csv` and `table`.

    Parameters
    ----------
    path : str, optional
        the file (.csv, .tsv, .txt, .xlsx, .xls, .parquet), relative to the config
    sheet : str, optional
        of a workbook
    encoding, delimiter : str, optional
        of text (default: detected, and said)
    header : int, optional
        number of the row of the column names (default: found)
    where : dict of str to Value or list[Value], optional
        column -> the value, or list of values, of the rows that are read
    period : str or list of str, optional
        column of the months, or several such as ["year", "month"] (default: the one that holds times)
    across : bool, default False
        months stand in the header, or the twelve months' names beside a column of years
    value : str, optional
        column of the figures (default: the one that holds numbers)
    values : dict of str to str, optional
        columns of figures -> their series key, or, beside series or key, what they measure: quantity, usd, usd_per_kg
    series : str or list of str, optional
        column of series keys, or of labels that `keys` turns into keys; several are joined by points, or by the
        template
    template : str, optional
        how keys are made of columns, such as "CHN.export.{partnerISO}.hs{cmdCode}"
    key : str, optional
        the one series of a file without such a column
    keys : dict of str to str, optional
        label, or part of one -> series key, or the part as a key spells it
    unit : str, optional
        of the figures: kg, t, "100 kg", "thousand USD", USD/t, ... (default: the one in the column's name, else kg)
    units : dict of str to str, optional
        column or series -> unit, where they differ
    unit_column : str, optional
        column that names the unit, where it differs by row
    thousands, decimal : str, optional
        separator of thousands, and "." or "," (default: inferred from all figures, refused where two fit)
    marks : dict of str to str, optional
        sign in place of a figure -> zero, missing or suppressed
    flags : str, optional
        column of flags
    statuses : dict of str to str, optional
        flag, there or behind a figure -> provisional, estimated, suppressed, missing, value
    dates : str or list of str, optional
        how times are written, where the whole column can be read in two ways: "day first", "month first", "serial
        days", "year and month joined", "as written", "zeros lost" (2018.1 is October), "same day", "next day" (times
        before midnight)
    frequency : str, optional
        what a figure under a month's label covers: month, quarter, half-year, year
    sums : str, optional
        "since January" (or another month) where figures are sums to date, "none" where they only look like it
    since, until : str, optional
        first and last month that is read
    add_up : bool, default False
        rows of one series and month are parts, to be added up
    released : str, optional
        column of release days; without it a figure is out `lag_days` after the month's end
    revised, revised_on : str, optional
        columns of a later figure, and of the day on which it came out
    lag_days : int, default 30
        days from the month's end until a figure is out
    publisher : str, default "own data"
        whom the report credits
    join : bool, default False
        add the bundled data set and its calendar
    """

    path: str = ""
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    header: int = 0
    where: Mapping[str, Value | list[Value]] = field(default_factory=dict)
    period: str | list[str] | None = None
    across: bool = False
    value: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    series: str | list[str] = ""
    template: str = ""
    key: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    unit_column: str = ""
    thousands: str = ""
    decimal: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    flags: str = ""
    statuses: Mapping[str, str] = field(default_factory=dict)
    dates: str | list[str] = ""
    frequency: str = ""
    sums: str = ""
    since: str = ""
    until: str = ""
    add_up: bool = False
    released: str = ""
    revised: str = ""
    revised_on: str = ""
    lag_days: int = 30
    publisher: str = "own data"
    join: bool = False

    def __post_init__(self) -> None:
        if not self.path:
            name = getattr(self, "name", "table")
            raise ConfigError(f"a {name} source needs the path of its file", where="[data]", hint='path = "figures.csv"')
        self._check_series()
        self._check_numbers()
        if len(self.delimiter) > 1 or self.delimiter in tuple('"\r\n\0'):
            raise ConfigError(f"'{self.delimiter}' cannot part cells", where="[data], delimiter", hint="one of , ; or a tab")
        for word in self.ways:
            if word not in WORDS:
                hint = ", ".join(f'"{one}"' for one in WORDS)
                raise ConfigError(f"'{word}' is no way of reading dates", where="[data], dates", hint=hint)
        if self.frequency and self.frequency not in LENGTHS:
            raise ConfigError(f"'{self.frequency}' is no frequency", where="[data], frequency", hint=", ".join(LENGTHS))
        if self.sums:
            first_month_of_sums(self.sums)
        for word, month in (("since", self.since), ("until", self.until)):
            if month:
                with with_place(f"[data], {word}", ConfigError):
                    months.ordinal(month)
        if bool(self.revised) != bool(self.revised_on):
            hint = 'revised = "new value" with revised_on = "day of revision"'
            raise ConfigError("a revised figure needs its day, and a day its figure", where="[data], revised", hint=hint)
        check_statuses(self.marks, "marks")
        check_statuses(self.statuses, "statuses")

    def _check_series(self) -> None:
        named = [bool(self.series or self.template), bool(self.key)]
        if sum(named) > 1 or not (any(named) or self.values):
            name = getattr(self, "name", "table")
            raise ConfigError(
                f"a {name} source needs either a column of series or one series key", where="[data]",
                hint='series = "column", or key = "CHN.export.WLD.re_magnets"',
            )  # fmt: skip
        if any(named):
            for column, measure in self.values.items():
                if measure not in MEASURES:
                    hint = f"one of {', '.join(MEASURES)}: the series stands in {'series' if named[0] else 'key'}"
                    raise ConfigError(f"'{measure}' is no measure", where=f"[data.values], {column}", hint=hint)
        try:
            fields = self.columns_of_template
        except ValueError as error:
            problem = f"the template cannot be read: {error}"
            raise ConfigError(problem, where="[data], template", hint=TEMPLATE) from None
        if any(not name for name in fields):
            raise ConfigError("a template names its columns", where="[data], template", hint=TEMPLATE)

    def _check_numbers(self) -> None:
        if self.thousands not in SEPARATORS:
            raise ConfigError(
                f"'{self.thousands}' cannot separate thousands", where="[data], thousands", hint="one of , . ' or a space"
            )
        if self.decimal not in ("", ".", ",") or self.thousands == (self.decimal or ".") != "":
            raise ConfigError(
                f"decimals cannot be written with '{self.decimal or '.'}' where '{self.thousands}' parts thousands",
                where="[data], decimal", hint='thousands = "." with decimal = ",", or thousands = "," with decimal = "."',
            )  # fmt: skip
        if not 0 <= self.lag_days <= 3660:
            raise ConfigError(
                f"figures cannot be released {self.lag_days} days after their month ends", where="[data], lag_days",
                hint="0 to 3660",
            )  # fmt: skip

    @property
    def ways(self) -> tuple[str, ...]:
        """The declared ways of reading dates."""
        return (self.dates,) if isinstance(self.dates, str) and self.dates else tuple(self.dates)

    @property
    def columns_of_template(self) -> tuple[str, ...]:
        """The columns that the template of keys names."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.template) if name is not None)

    @property
    def columns_of_series(self) -> tuple[str, ...]:
        """The columns that tell the series of a row."""
        named = (self.series,) if isinstance(self.series, str) else tuple(self.series)
        return tuple(dict.fromkeys([*filter(None, named), *self.columns_of_template]))

    @property
    def columns_of_period(self) -> tuple[str, ...]:
        """The columns that tell the month of a row."""
        if self.period is None:
            return ()
        return (self.period,) if isinstance(self.period, str) else tuple(self.period)


def example_file(folder: Path) -> str:
    """Four months of a flow, one of them a true zero and one missing, as a file of the folder."""
    path = folder / "figures.csv"
    path.write_text("period,value\n2024-01,12.5\n2024-02,0\n2024-03,\n2024-04,11\n", "utf-8")
    return str(path)
