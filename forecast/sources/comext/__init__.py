"""Eurostat's Comext: trade of the European Union and its members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.archive_table import ArchiveRow
from forecast.core.errors import ConfigError, DataError
from forecast.core.registry import source
from forecast.interfaces.client import Client
from forecast.interfaces.country_codes import check_countries, codes_of
from forecast.interfaces.live_source import FetchedPart, fetch_first, first_publication
from forecast.interfaces.service import Service
from forecast.sources.comext.answers import OUTSIDE, UNION, VALUE, WEIGHT, WORLD, ComextAnswer, country, read_answer
from forecast.sources.comext.bulk_file import BulkFile, read_bulk_file
from forecast.sources.comext.figures import ProductTrade, ReleasedMonths, all_partners, members, release_day, reporter_code

PATH = "eurostat/api/comext/dissemination/sdmx/2.1/data/DS-045409"
ALL_GOODS = "TOTAL"
FLOW_NUMBERS = {"import": "1", "export": "2"}


@source
@dataclass(frozen=True)
class Comext:
    """Imports or exports of the European Union and its members by CN code and partner in kg, from Eurostat.

    Parameters
    ----------
    hs : tuple of str, optional
        codes of two, four, six or eight digits of the Combined Nomenclature
    reporter : tuple of str, default ("EU27",)
        EU27 or member states (ISO alpha-3)
    partner : tuple of str, optional
        countries, by default every one with a row; all of them together always come with them
    flow : {"import", "export"}, default "import"
        import or export
    files : tuple of str, optional
        monthly bulk files (full_v2_YYYYMM.dat), unpacked, in place of the interface
    """

    hs: tuple[str, ...] = ()
    reporter: tuple[str, ...] = ("EU27",)
    partner: tuple[str, ...] = ()
    flow: Literal["import", "export"] = "import"
    files: tuple[str, ...] = ()

    key_variable: ClassVar[str] = ""
    service: ClassVar[Service] = Service(
        name="comext", title="Eurostat", address="https://ec.europa.eu", pause=1.0, seconds=300.0
    )

    def __post_init__(self) -> None:
        for code in self.hs:
            if not (code.isascii() and code.isdigit() and len(code) in (2, 4, 6, 8)):
                raise ConfigError(f"'{code}' is no code of Comext", where="hs", hint="2, 4, 6 or 8 digits, such as 28258000")
        for one in self.reporter:
            if one != "EU27" and one not in members():
                left = ": it reports to Comext no more" if one == "GBR" else ""
                raise ConfigError(f"'{one}' is no member state{left}", where="reporter", hint="EU27, or a member such as DEU")
        check_countries("iso2", self.partner, "partner")

    def read(self) -> Archive:
        """Refused: figures are fetched into the archive."""
        raise fetch_first("comext")

    def fetch(self, since: str, client: Client) -> Iterator[FetchedPart]:
        """Figures from the month `since` on, one part per code: first which months are out, then each code."""
        if not self.hs or not self.reporter:
            raise ConfigError("whose trade in which goods?", where="--hs, --reporter", hint="--hs 28258000 --reporter EU27,DEU")
        if self.files:
            yield from self._from_files(since)
            return
        coverage = self._coverage(since, client)
        for code in self.hs:
            in_force = self._years_in_force(code, since, client)
            rows = self._ask(client, self._key(code), code, months.ordinal(since), months.ordinal(client.today)).rows
            yield self._part(ProductTrade(code, self.flow, rows, coverage, in_force), since, months.ordinal(client.today))

    def _part(self, trade: ProductTrade, since: str, this_month: int) -> FetchedPart:
        rows = [row for row in trade.figures(self.reporter, self.partner) if row.period >= since[:7]]
        series = dict.fromkeys(row.series for row in rows)
        to_come = {
            one: range(max(trade.coverage.months(one), default=months.ordinal(since) - 1) + 1, this_month)
            for one in self.reporter
        }
        return FetchedPart(
            question=f"{self.flow}s {trade.code}",
            rows=rows,
            notes=[*trade.notes, "values in EUR are not kept: the archive holds USD"],
            guesses=_guesses(rows),
            not_released=[(one, months.label(month)) for one in series for month in to_come[one.partition(".")[0]]],
            parts=len(self.hs),
        )

    def _coverage(self, since: str, client: Client) -> ReleasedMonths:
        """The months that are out, by the total of all goods of each reporter and, for the Union's sake, of each member."""
        asked = {*self.reporter, *(members() if "EU27" in self.reporter else ())}
        reporters = "+".join(sorted(map(reporter_code, asked)))
        key = f"M.{reporters}.{WORLD}+{OUTSIDE}.{ALL_GOODS}.{FLOW_NUMBERS[self.flow]}.{VALUE}"
        answer = self._ask(client, key, ALL_GOODS, months.ordinal(since), months.ordinal(client.today))
        if answer.updated is None:
            raise DataError(
                f"Eurostat has no total of {self.flow}s since {since} of {', '.join(self.reporter)}", where=key,
                hint="an earlier --since, or the same command after the next release",
            )  # fmt: skip
        totals: dict[str, set[int]] = {}
        for row in answer.rows:
            name = country(row.reporter)
            if name is not None and row.value > 0:
                totals.setdefault(name, set()).add(row.month)
        return ReleasedMonths(totals, answer.updated)

    def _years_in_force(self, code: str, since: str, client: Client) -> set[int]:
        """Years in which a code was traded by any member with anyone."""
        key = f"M.{UNION}.{WORLD}+{OUTSIDE}.{code}.{FLOW_NUMBERS[self.flow]}.{VALUE}"
        first = months.ordinal(f"{since[:4]}-01")
        answer = self._ask(client, key, code, first, months.ordinal(client.today))
        return {row.month // 12 for row in answer.rows}

    def _key(self, code: str) -> str:
        """The key of a question: frequency, reporters, partners (all where none is named), product, flow, indicators."""
        partners = ""
        if self.partner:
            totals = {all_partners(one) for one in self.reporter}
            united_kingdom = ("XU",) if "GBR" in self.partner else ()
            named = {code for one in self.partner for code in codes_of("iso2")[one]}
            partners = "+".join(sorted({*totals, *named, *united_kingdom, "QY", "QZ"}))
        reporters = "+".join(map(reporter_code, self.reporter))
        return f"M.{reporters}.{partners}.{code}.{FLOW_NUMBERS[self.flow]}.{VALUE}+{WEIGHT}"

    def _ask(self, client: Client, key: str, product: str, first: int, last: int) -> ComextAnswer:
        """The answer on some months; a question whose answer would be too large is parted in the middle."""
        answer = client.get(
            f"{PATH}/{key}",
            [
                ("startPeriod", months.label(first)),
                ("endPeriod", months.label(last)),
                ("format", "SDMX-CSV"),
                ("compressed", "false"),
            ],
            lambda answer: read_answer(answer, product, self.flow),
            statuses=(200, 400, 404, 413),
        )
        if answer is not None:
            return answer
        if first >= last:
            raise DataError(
                "a single month is too much for one answer", where=key, hint="fewer reporters or partners, or the bulk file"
            )
        middle = (first + last) // 2
        earlier, later = self._ask(client, key, product, first, middle), self._ask(client, key, product, middle + 1, last)
        return ComextAnswer(earlier.rows + later.rows, later.updated or earlier.updated)

    def _from_files(self, since: str) -> Iterator[FetchedPart]:
        """Figures of bulk files, one part per code and file."""
        for name in self.files:
            file: BulkFile = read_bulk_file(Path(name), self.hs, self.flow)
            for code in self.hs:
                trade = file.trade(code, self.flow)
                part = self._part(trade, since, file.month + 1)
                notes = (*part.notes, *file.notes)
                yield FetchedPart(
                    f"{Path(name).name}, {code}", part.rows, notes, part.guesses, parts=len(self.files) * len(self.hs)
                )


def _guesses(rows: Sequence[ArchiveRow]) -> list[ArchiveRow]:
    """The figures as they probably were on the day by which the rule has them out."""
    return [guess for row in rows for guess in first_publication(row, release_day(months.ordinal(row.period)))]
