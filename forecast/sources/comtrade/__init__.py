"""UN Comtrade: monthly imports and exports of most countries by HS code and partner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.archive_table import ArchiveRow
from forecast.core.errors import ConfigError
from forecast.core.registry import source
from forecast.core.series import countries, partner_groups
from forecast.interfaces.client import Client
from forecast.interfaces.country_codes import check_countries, codes_of
from forecast.interfaces.live_source import FetchedPart, fetch_first, first_publication
from forecast.interfaces.service import KeyPlace, Service
from forecast.sources.comtrade.answers import DataSetRelease, FlowRow, read_flows, read_releases, seconds_to_wait
from forecast.sources.comtrade.figures import ReporterFlow

PREVIEW, KEYED = "public/v1/preview/C/M/HS", "data/v1/get/C/M/HS"
LARGEST = {PREVIEW: 500, KEYED: 100_000}  # rows of one answer, behind which it is cut without a word
MOST_MONTHS = {PREVIEW: 1, KEYED: 12}
MOST_CODES = 20  # of one question; addresses of more than 4,096 characters are refused
FLOWS = {"import": "M", "export": "X"}


@source
@dataclass(frozen=True)
class Comtrade:
    """Imports or exports of a country by HS code and partner, from UN Comtrade; small questions need no key.

    Parameters
    ----------
    hs : tuple of str, optional
        codes of two, four or six digits
    reporter : tuple of str, optional
        countries (ISO alpha-3) whose statistics are asked
    partner : tuple of str, optional
        countries, by default every one with a row; the world always comes with them
    flow : {"import", "export"}, default "import"
        import or export
    estimated : bool, default True
        keep weights that the UN estimated; their rows say so
    """

    hs: tuple[str, ...] = ()
    reporter: tuple[str, ...] = ()
    partner: tuple[str, ...] = ()
    flow: Literal["import", "export"] = "import"
    estimated: bool = True

    key_variable: ClassVar[str] = "COMTRADE_API_KEY"
    service: ClassVar[Service] = Service(
        name="comtrade",
        title="UN Comtrade",
        address="https://comtradeapi.un.org",
        key=KeyPlace(
            key_variable, "a free key: register at https://comtradedeveloper.un.org and subscribe to 'comtrade - v1'",
            header="Ocp-Apim-Subscription-Key", required=False,
        ),
        pause=2.0,
        wait=seconds_to_wait,
    )  # fmt: skip

    def __post_init__(self) -> None:
        for code in self.hs:
            if not (code.isascii() and code.isdigit() and len(code) in (2, 4, 6)):
                raise ConfigError(
                    f"'{code}' is no HS code that all countries share", where="hs", hint="2, 4 or 6 digits, such as 282580"
                )
        check_countries("m49", (*self.reporter, *self.partner), "reporter or partner")
        if {"WLD"} & set(self.reporter):
            raise ConfigError("the world reports nothing", where="reporter", hint="a country, such as CHN")
        if grouped := sorted(partner_groups().keys() & set(self.partner)):  # its absence would be read as no trade
            problem = f"countries report their trade with each member of {grouped[0]}, and none with {grouped[0]}"
            raise ConfigError(problem, where="partner", hint=",".join(sorted(countries(grouped[0]))))

    def read(self) -> Archive:
        """Refused: figures are fetched into the archive."""
        raise fetch_first("comtrade")

    def fetch(self, since: str, client: Client) -> Iterator[FetchedPart]:
        """Figures from the month `since` on: by reporter which months are out, then these, then what no row was there for."""
        if not self.hs or not self.reporter:
            raise ConfigError("whose trade in which goods?", where="--hs, --reporter", hint="--hs 282580 --reporter CHN,JPN")
        path = KEYED if client.keyed or client.replays(KEYED) else PREVIEW
        first = months.ordinal(since)
        for reporter in self.reporter:
            number = codes_of("m49")[reporter][0]
            releases = client.get("public/v1/getDA/C/M/HS", [("reporterCode", number)], read_releases)
            releases = {month: release for month, release in sorted(releases.items()) if month >= first}
            flow = ReporterFlow(reporter, self.flow, self.estimated, releases)
            asked = list(releases)
            chunks = [asked[i : i + MOST_MONTHS[path]] for i in range(0, len(asked), MOST_MONTHS[path])]
            series: dict[str, None] = {}
            for chunk in chunks:
                rows = flow.figures(self._rows(client, path, number, chunk, self.hs, flow), self.partner)
                series |= dict.fromkeys(row.series for row in rows)
                told, flow.notes = flow.notes, []
                span = months.period_label(chunk[0], chunk[-1])
                yield FetchedPart(
                    f"{reporter} {self.flow}s, {span}", rows, told, _guesses(rows, releases),
                    parts=(len(chunks) + 1) * len(self.reporter),
                )  # fmt: skip
            rows = flow.absences(self.hs, self.partner)
            series |= dict.fromkeys(row.series for row in rows)
            to_come = [months.label(month) for month in range(first, months.ordinal(client.today)) if month not in releases]
            yield FetchedPart(
                f"{reporter} {self.flow}s, months without a row", rows, flow.notes, _guesses(rows, releases),
                [(one, month) for one in series for month in to_come], (len(chunks) + 1) * len(self.reporter),
            )  # fmt: skip

    def _rows(
        self, client: Client, path: str, reporter: str, chunk: Sequence[int], codes: Sequence[str], flow: ReporterFlow
    ) -> list[FlowRow]:
        """The rows of some months and codes; a question whose answer may be cut is parted by codes, then by months."""
        if len(codes) > MOST_CODES:
            return self._in_halves(client, path, reporter, chunk, codes, flow)
        rows = client.get(
            path,
            [
                ("reporterCode", reporter),
                ("period", ",".join(months.label(month).replace("-", "") for month in chunk)),
                ("cmdCode", ",".join(codes)),
                ("flowCode", FLOWS[self.flow]),
                ("partner2Code", "0"),
                ("customsCode", "C00"),
                ("motCode", "0"),
                ("includeDesc", "false"),
            ],
            lambda answer: read_flows(answer, LARGEST[path]),
        )
        if rows is not None:
            return [row for row in rows if row.commodity in codes and row.month in chunk]
        if len(codes) > 1 or len(chunk) > 1:
            return self._in_halves(client, path, reporter, chunk, codes, flow)
        flow.partial.add((codes[0], chunk[0]))
        flow.notes.append(
            f"{codes[0]}, {months.label(chunk[0])}: {LARGEST[path]:,} rows, cut by UN Comtrade: left out; a key gives more"
        )
        return []

    def _in_halves(
        self, client: Client, path: str, reporter: str, chunk: Sequence[int], codes: Sequence[str], flow: ReporterFlow
    ) -> list[FlowRow]:
        if len(codes) > 1:
            middle = len(codes) // 2
            halves = [(chunk, codes[:middle]), (chunk, codes[middle:])]
        else:
            middle = len(chunk) // 2
            halves = [(chunk[:middle], codes), (chunk[middle:], codes)]
        return [row for half in halves for row in self._rows(client, path, reporter, *half, flow)]


def _guesses(rows: Sequence[ArchiveRow], releases: Mapping[int, DataSetRelease]) -> list[ArchiveRow]:
    """The figures as they probably were on the day a month came out first."""
    return [
        guess
        for row in rows
        for month in (months.ordinal(row.period),)
        for guess in first_publication(row, max(releases[month].first, months.last_day(month)))
    ]
