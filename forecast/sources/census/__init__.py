"""The US Census Bureau's imports and exports by ten-digit code and country, monthly from 2010."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.errors import ConfigError
from forecast.core.products import product_of
from forecast.core.registry import source
from forecast.core.release_clock import bundled_clock
from forecast.interfaces.client import Client
from forecast.interfaces.country_codes import check_countries
from forecast.interfaces.live_source import FetchedPart, fetch_first, first_publication
from forecast.interfaces.service import KeyPlace, Service
from forecast.sources.census.answers import EXPORTS, IMPORTS, TOTAL, Columns, TradeRow, key_refusal, read_months, read_trade
from forecast.sources.census.figures import Commodity

PUBLISHER = {"import": "US Census Bureau, general imports", "export": "US Census Bureau, exports"}
FIRST = "2010-01"


@source
@dataclass(frozen=True)
class Census:
    """Imports or exports of the United States by ten-digit code and country, from the Census Bureau; needs a key.

    Parameters
    ----------
    hs : tuple of str, optional
        codes of four to ten digits; a shorter one stands for all ten-digit codes below it
    partner : tuple of str, optional
        countries (ISO alpha-3), by default every one with a row; the world always comes with them
    flow : {"import", "export"}, default "import"
        import (general imports, customs value) or export (domestic and foreign goods)
    """

    hs: tuple[str, ...] = ()
    partner: tuple[str, ...] = ()
    flow: Literal["import", "export"] = "import"

    key_variable: ClassVar[str] = "CENSUS_API_KEY"
    service: ClassVar[Service] = Service(
        name="census",
        title="the US Census Bureau",
        address="https://api.census.gov",
        key=KeyPlace(
            key_variable, "a free key: https://api.census.gov/data/key_signup.html, activated by the link in its mail",
            parameter="key",
        ),
        pause=0.5,
        refusal=key_refusal,
    )  # fmt: skip

    def __post_init__(self) -> None:
        for code in self.hs:
            if not (code.isascii() and code.isdigit() and len(code) in (4, 6, 8, 10)):
                raise ConfigError(f"'{code}' is no HS code", where="hs", hint="4, 6, 8 or 10 digits, such as 2825800000")
        check_countries("schedule_c", self.partner, "partner")

    def read(self) -> Archive:
        """Refused: figures are fetched into the archive."""
        raise fetch_first("census")

    def fetch(self, since: str, client: Client) -> Iterator[FetchedPart]:
        """Figures from the month `since` on, one part per code: one question tells which months are out, then one per year."""
        if not self.hs:
            raise ConfigError("which goods?", where="--hs", hint="codes of four to ten digits, such as --hs 2825800000,811010")
        since = max(since, FIRST)
        columns = IMPORTS if self.flow == "import" else EXPORTS
        released = self._months_out(since, columns, client)
        months_to_come = [
            months.label(month)
            for month in range(max(released, default=months.ordinal(since) - 1) + 1, months.ordinal(client.today))
        ]
        for code in self.hs:
            rows: list[TradeRow] = []
            for first, last in _years(released):
                rows += client.get(
                    self._path,
                    self._question(columns.asked, first, last, "HS10", code if len(code) == 10 else f"{code}*", columns),
                    lambda answer: read_trade(answer, columns),
                    statuses=(200, 204),
                )
            yield self._part(code, rows, released, months_to_come, columns, client)

    def _part(
        self,
        asked: str,
        rows: Sequence[TradeRow],
        released: Mapping[int, dt.date],
        months_to_come: Sequence[str],
        columns: Columns,
        client: Client,
    ) -> FetchedPart:
        """The figures of a code, or of all ten-digit codes below it."""
        by_code: dict[str, list[TradeRow]] = {asked: []} if len(asked) == 10 else {}
        for row in rows:
            if len(row.commodity) == 10 and row.commodity.startswith(asked):
                by_code.setdefault(row.commodity, []).append(row)
        figures, notes = [], []
        for code, found in sorted(by_code.items()):
            unsure = self._unsure(code, found, released, columns, client)
            commodity = Commodity(code, found, released, unsure)
            product = product_of(code, "HTS10" if self.flow == "import" else "SB10")
            stem = f"USA.{self.flow}.{{partner}}.{product}{{suffix}}"
            url = f"{self.service.address}/{self._path}"
            figures += commodity.figures(stem, self.partner or commodity.countries(), PUBLISHER[self.flow], url)
            notes += commodity.notes
            if unsure:
                years = ", ".join(dict.fromkeys(str(month // 12) for month in sorted(unsure)))
                notes.append(f"{code}: no row of any country in {years}, though its subheading was traded: missing, not zero")
        if not by_code:
            notes.append(f"{asked}: no ten-digit code below it was traded in these months; is the code right?")
        series = dict.fromkeys(row.series for row in figures)
        return FetchedPart(
            question=f"{self.flow}s {asked}",
            rows=figures,
            notes=notes,
            guesses=[guess for row in figures for guess in first_publication(row, _release_day(row.period))],
            not_released=[(one, month) for one in series for month in months_to_come],
            parts=len(self.hs),
        )

    def _months_out(self, since: str, columns: Columns, client: Client) -> dict[int, dt.date]:
        """The months that are out, by the total of a whole chapter, and the day each was last updated."""
        return client.get(
            self._path,
            [
                ("get", f"{columns.commodity},CTY_CODE,{columns.value},LAST_UPDATE"),
                ("time", f"from {since}"),
                ("COMM_LVL", "HS2"),
                (columns.commodity, self.hs[0][:2]),
                ("CTY_CODE", TOTAL),
                ("SUMMARY_LVL", "DET"),
            ],
            lambda answer: read_months(answer, columns),
            statuses=(200, 204),
        )

    def _unsure(
        self, code: str, rows: Sequence[TradeRow], released: Mapping[int, dt.date], columns: Columns, client: Client
    ) -> set[int]:
        """Months of the years without a row of any country, unless the whole subheading was not traded in them either.

        Codes change with the year. A code without a row may be out of force, and its silence is no zero then; but where its
        six-digit subheading, which the code is a part of under any number, has no row either, nothing was traded.
        """
        seen = {row.month // 12 for row in rows}
        unsure: set[int] = set()
        for first, last in _years(released):
            if first // 12 in seen:
                continue
            traded = client.get(
                self._path,
                [
                    ("get", f"{columns.commodity},CTY_CODE,{columns.value},LAST_UPDATE"),
                    ("time", f"from {months.label(first)} to {months.label(last)}"),
                    ("COMM_LVL", "HS6"),
                    (columns.commodity, code[:6]),
                    ("CTY_CODE", TOTAL),
                    ("SUMMARY_LVL", "DET"),
                ],
                lambda answer: read_months(answer, columns),
                statuses=(200, 204),
            )
            if traded:
                unsure |= {month for month in released if first <= month <= last}
        return unsure

    @property
    def _path(self) -> str:
        return f"data/timeseries/intltrade/{self.flow}s/hs"

    def _question(
        self, asked: Sequence[str], first: int, last: int, level: str, commodity: str, columns: Columns
    ) -> list[tuple[str, str]]:
        return [
            ("get", ",".join(asked)),
            ("time", f"from {months.label(first)} to {months.label(last)}"),
            ("COMM_LVL", level),
            (columns.commodity, commodity),
            ("SUMMARY_LVL", "DET"),
        ]


@functools.cache
def _release_day(month: str) -> dt.date:
    """The day on which the office first published a month."""
    return bundled_clock().release_day("USA", "census", months.ordinal(month))[0]


def _years(released: Mapping[int, dt.date]) -> list[tuple[int, int]]:
    """First and last released month of each calendar year."""
    years: dict[int, list[int]] = {}
    for month in sorted(released):
        years.setdefault(month // 12, []).append(month)
    return [(found[0], found[-1]) for found in years.values()]
