"""Own series from a CSV file, by a mapping in the config."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from forecast.core import months
from forecast.core.archive import Archive, bundled_archive
from forecast.core.archive_table import VALID_YEARS, ArchiveRow, table_of
from forecast.core.errors import ConfigError, DataError, with_place
from forecast.core.input_files import MAX_FIGURE, InputFile, describe_fault, parse_number
from forecast.core.registry import source
from forecast.core.series import SeriesKey
from forecast.core.units import KILOGRAMS, MONEY

EMPTY = ("", "na", "n/a", "nan", "null", "-", "..", ":")
SERIAL = dt.date(1899, 12, 30)  # day zero of spreadsheet dates
SEPARATORS = ("", ",", ".", " ", "'")
DOTTED = re.compile(r"[-+]?[1-9]\d{0,2}\.\d{3}")  # 1.234: a decimal, or a thousand where points group digits
FEWEST_POINTS = 3  # such figures from which their meaning must be declared, where there is no other


@source
@dataclass(frozen=True)
class Csv:
    """Own monthly figures from a CSV file: which columns hold period, value and series, and in what unit.

    Events of the figures belong in the config (`events`).

    Parameters
    ----------
    path : str, optional
        the file, relative to the config
    period : str, default "period"
        column of the months
    value : str, default "value"
        column of the figures
    series : str, optional
        column of series keys, or of labels that `keys` turns into keys
    key : str, optional
        the one series of a file without such a column
    keys : mapping of str to str, optional
        label -> series key
    unit : str, default "kg"
        of the figures: kg, t, kt, g, lb, st; USD, kUSD, mUSD
    unit_column : str, optional
        column that names the unit, where it differs by row
    thousands : str, optional
        separator of thousands, none by default
    decimal : str, optional
        "." or ",", a point by default, required where every figure has three decimals
    delimiter : str, default ","
        between the columns
    released : str, optional
        column of release days; without it a figure is out `lag_days` after the month's end
    lag_days : int, default 30
        days from the month's end until a figure is out
    publisher : str, default "own data"
        whom the report credits
    join : bool, default False
        add the bundled data set and its calendar
    """

    path: str = ""
    period: str = "period"
    value: str = "value"
    series: str = ""
    key: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    unit: str = "kg"
    unit_column: str = ""
    thousands: str = ""
    decimal: str = ""
    delimiter: str = ","
    released: str = ""
    lag_days: int = 30
    publisher: str = "own data"
    join: bool = False

    def __post_init__(self) -> None:
        if not self.path:
            raise ConfigError("a csv source needs the path of its file", where="[data]", hint='path = "figures.csv"')
        if bool(self.series) == bool(self.key):
            raise ConfigError(
                "a csv source needs either a column of series or one series key", where="[data]",
                hint='series = "column", or key = "CHN.export.WLD.re_magnets"',
            )  # fmt: skip
        if self.thousands not in SEPARATORS:
            raise ConfigError(
                f"'{self.thousands}' cannot separate thousands", where="[data], thousands", hint="one of , . ' or a space"
            )
        if self.decimal not in ("", ".", ",") or self.thousands == (self.decimal or ".") != "":
            raise ConfigError(
                f"decimals cannot be written with '{self.decimal or '.'}' where '{self.thousands}' parts thousands",
                where="[data], decimal", hint='thousands = "." with decimal = ",", or thousands = "," with decimal = "."',
            )  # fmt: skip
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n\0':
            raise ConfigError(f"'{self.delimiter}' cannot part cells", where="[data], delimiter", hint="one of , ; or a tab")
        if not 0 <= self.lag_days <= 3660:
            raise ConfigError(
                f"figures cannot be released {self.lag_days} days after their month ends", where="[data], lag_days",
                hint="0 to 3660",
            )  # fmt: skip

    @classmethod
    def example(cls, folder: Path) -> Csv:
        """Four months of a flow, one of them a true zero and one missing."""
        path = folder / "figures.csv"
        path.write_text("period,value\n2024-01,12.5\n2024-02,0\n2024-03,\n2024-04,11\n", "utf-8")
        return cls(path=str(path), key="COD.export.WLD.cobalt", unit="t")

    def read(self) -> Archive:
        """The file as an archive; quantities in kg, values in USD."""
        wanted = (self.period, self.value, *filter(None, (self.series, self.unit_column, self.released)))
        given = InputFile(Path(self.path), hint="path is read from the folder of the config")
        lines = list(given.records(wanted, self.delimiter))
        self._refuse_ambiguous_points([(line, cells[self.value]) for line, cells in lines])
        rows = [self._row(line, cells) for line, cells in lines]
        if all(row.status == "missing" for row in rows):
            raise DataError("the file holds no figure", where=self.path, hint="a header and at least one row with a number")
        self._refuse_duplicates([line for line, _ in lines], rows)
        if self.join:
            return bundled_archive().append(table_of(rows))
        return Archive.of(rows, pseudo=not self.released)

    def _row(self, line: int, cells: dict[str, str]) -> ArchiveRow:
        """One row of the archive."""
        series = self._key(line, cells)
        first, last = self._period(line, cells[self.period])
        figure = self._number(line, cells[self.value])
        unit = cells[self.unit_column] if self.unit_column else self.unit
        archive_unit = SeriesKey.parse(series).unit
        factors = {"kg": KILOGRAMS, "USD": MONEY}.get(archive_unit, {archive_unit: 1.0})
        if unit not in factors:
            raise DataError(
                f"unit '{unit}' does not fit {series}, which is held in {archive_unit}",
                where=self._at(line, self.unit_column or self.value), hint=f"one of {', '.join(factors)}",
            )  # fmt: skip
        value = float("nan") if figure is None else figure * factors[unit]
        if value < 0 and archive_unit == "kg":
            raise DataError(
                f"a quantity of {cells[self.value]} cannot be negative", where=self._at(line, self.value),
                hint="correct the figure, or leave the cell empty if it is unknown",
            )  # fmt: skip
        if abs(value) > MAX_FIGURE:
            hint = f"at most {MAX_FIGURE:g} {archive_unit}"
            raise DataError(f"{cells[self.value]} {unit} is too large", where=self._at(line, self.value), hint=hint)
        return ArchiveRow(
            series=series,
            period=months.period_label(first, last),
            value=value,
            released=self._release_day(line, cells, last),
            basis="actual" if self.released else "rule",
            publisher=self.publisher,
        )

    def _at(self, line: int, column: str) -> str:
        return f"{self.path}, row {line}, column '{column}'"

    def _key(self, line: int, cells: dict[str, str]) -> str:
        """The series key of a row."""
        label = cells[self.series] if self.series else self.key
        key = self.keys.get(label, label)
        if SeriesKey.maybe(key) is None:
            raise DataError(
                f"'{key}' does not spell a series", where=self._at(line, self.series) if self.series else "[data], key",
                hint="REPORTER.flow.PARTNER.product, or a row of [data.keys] that turns the label into one",
            )  # fmt: skip
        return key

    def _period(self, line: int, text: str) -> tuple[int, int]:
        """First and last month of a cell: YYYY-MM, YYYYMM, a span, any day of the month, or a spreadsheet's serial day."""
        try:
            first, last = self._months(text)
        except DataError as error:
            hint = "YYYY-MM, YYYY-MM-DD or YYYY-MM/YYYY-MM; day/month/year can be read two ways"
            raise DataError(error.problem, where=self._at(line, self.period), hint=hint) from None
        if first // 12 not in VALID_YEARS or last // 12 not in VALID_YEARS:
            raise DataError(
                f"'{text}' lies outside the years {VALID_YEARS[0]} to {VALID_YEARS[-1]}", where=self._at(line, self.period),
                hint="a spreadsheet's serial day has five digits",
            )  # fmt: skip
        return first, last

    def _months(self, text: str) -> tuple[int, int]:
        """First and last month of a cell's text."""
        if re.fullmatch(r"\d{5}(\.0+)?", text):
            month = months.ordinal(SERIAL + dt.timedelta(days=int(float(text))))
            return month, month
        if re.fullmatch(r"(19|20)\d{2}(0[1-9]|1[0-2])", text):
            text = f"{text[:4]}-{text[4:]}"
        match = re.fullmatch(r"(\d{4})[/.](\d{1,2})(?:[/.](\d{1,2}))?", text)
        if match:
            text = "-".join([match[1], *(f"{int(part):02d}" for part in match.groups()[1:] if part)])
        if re.match(r"\d{4}-\d{2}-\d{2}(?!/)", text):
            month = months.ordinal(months.parse_day(text))
            return month, month
        return months.parse_period(text)

    def _number(self, line: int, text: str) -> float | None:
        """The number of a cell; None where it is empty."""
        if text.lower() in EMPTY:
            return None
        plain = text = text.replace("\u00a0", " ").replace("\u202f", " ")  # no-break spaces
        point = self.decimal or "."
        if self.thousands:
            mark = re.escape(self.thousands)
            if self.thousands in text and not re.fullmatch(rf"[-+]?\d{{1,3}}({mark}\d{{3}})+({re.escape(point)}\d+)?", text):
                raise DataError(
                    f"'{text}' is not grouped in threes by '{self.thousands}'", where=self._at(line, self.value),
                    hint=f"'{point}' before decimals, and the separator between thousands only",
                )  # fmt: skip
            plain = text.replace(self.thousands, "")
        other = "," if point == "." else "."
        if other in plain:
            named, right = ("comma", "point") if other == "," else ("point", "comma")
            raise DataError(
                f"'{text}' has a {named}, which may mean decimals or thousands", where=self._at(line, self.value),
                hint=f'write decimals with a {right}; set thousands = "{other}" or decimal = "{other}" if it is one',
            )  # fmt: skip
        plain = plain.replace(point, ".")
        figure = parse_number(plain)
        if math.isnan(figure):
            mark = next((c for c in " '" if re.fullmatch(rf"[-+]?\d{{1,3}}({c}\d{{3}})+([.,]\d+)?", text)), "")
            hint = f'thousands = "{mark}"' if mark else "a number, empty where unknown"
            raise DataError(f"'{text}' {describe_fault(plain)}", where=self._at(line, self.value), hint=hint)
        return figure

    def _refuse_ambiguous_points(self, texts: list[tuple[int, str]]) -> None:
        """Refuse figures that all have three digits after the point: 1.234 may be a decimal or a thousand."""
        if self.thousands or self.decimal:
            return
        pointed = [(line, text) for line, text in texts if "." in text]
        if len(pointed) >= FEWEST_POINTS and all(DOTTED.fullmatch(text) for _, text in pointed):
            line, text = pointed[0]
            raise DataError(
                f"'{text}' has three digits behind its point, as all figures have: decimals or thousands?",
                where=self._at(line, self.value), hint='decimal = "." for decimals; thousands = "." with decimal = "," if not',
            )  # fmt: skip

    def _release_day(self, line: int, cells: dict[str, str], last: int) -> str:
        """Release day of a row, never before its last month has begun."""
        if not self.released:
            return (months.last_day(last) + dt.timedelta(days=self.lag_days)).isoformat()
        with with_place(self._at(line, self.released)):
            day = months.parse_day(cells[self.released])
        if months.ordinal(day) < last or day.year > VALID_YEARS[-1]:
            problem = f"before {months.label(last)} began" if months.ordinal(day) < last else f"after {VALID_YEARS[-1]}"
            raise DataError(f"released on {day}, {problem}", where=self._at(line, self.released), hint="check the day")
        return day.isoformat()

    def _refuse_duplicates(self, lines: list[int], rows: list[ArchiveRow]) -> None:
        """Refuse two figures of one series and period in one release."""
        seen: dict[tuple[str, str, str], int] = {}
        for line, row in zip(lines, rows, strict=True):
            cell = row.series, row.period, row.released
            if cell in seen:
                raise DataError(
                    f"{row.series} has two figures for {row.period}",
                    where=f"{self.path}, rows {seen[cell]} and {line}",
                    hint="keep one row per series and month (and release day)",
                )  # fmt: skip
            seen[cell] = line
