"""China's customs: files and pages saved by hand."""

from __future__ import annotations

import datetime as dt
import fnmatch
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from forecast.core import months
from forecast.core.archive import Archive, bundled_archive
from forecast.core.archive_table import ArchiveRow, table_of
from forecast.core.bundled_data import bundled_rows
from forecast.core.errors import ConfigError, DataError
from forecast.core.products import codes_of_products
from forecast.core.registry import source
from forecast.core.release_clock import bundled_clock
from forecast.interfaces.live_source import SAME_PUBLICATION, FetchedPart, first_publication
from forecast.sources.china_customs.figures import one_vintage_each, rows_of_page, rows_of_query
from forecast.sources.china_customs.major_goods import read_major_goods
from forecast.sources.china_customs.query_file import read_query_file

if TYPE_CHECKING:
    from forecast.interfaces.client import Client

PAGES, QUERIES = (".html", ".htm", ".mht", ".mhtml"), (".csv", ".txt")
RARE_EARTHS = ("rare earth", "rare earths", "rare-earth ore, metals, compounds", "rare earth ore, metals, compounds")
SAVED = re.compile(r"(20\d\d-\d\d-\d\d)")  # in a file's name: the day it was saved
MOST_FILES = 2000


@source
@dataclass(frozen=True)
class ChinaCustoms:
    """China's customs: files of the online query and pages of major goods, saved by hand since no robot is let in.

    Parameters
    ----------
    path : str, optional
        a saved file, or a folder of them (.csv of the query, .html of the English pages), relative to the config
    flow : str, optional
        export or import, for query files, which do not say it
    flows : dict of str to str, optional
        pattern of file names -> export or import, where a folder holds both
    products : dict of str to tuple of str, optional
        product -> 8-digit codes whose sum it is, besides the package's own
    items : dict of str to str, optional
        item of a page -> product, besides the rare earths
    units : dict of str to str, optional
        item -> its quantity unit, for a page that lacks the column of units
    partners : dict of str to str, optional
        code or name of a partner -> country, for one that the package does not know
    all_partners : bool, default False
        the query asked for all partners, so that their sum is the world's
    marks : dict of str to str, optional
        mark in a cell of a query file -> missing, suppressed or zero
    join : bool, default False
        add the bundled data set and its calendar
    files : tuple of str, optional
        saved files in place of a path, for `forecast fetch china_customs FILE ...`
    """

    path: str = ""
    flow: str = ""
    flows: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    partners: Mapping[str, str] = field(default_factory=dict)
    all_partners: bool = False
    marks: Mapping[str, str] = field(default_factory=dict)
    join: bool = False
    files: tuple[str, ...] = ()

    service: ClassVar[None] = None
    key_variable: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if not self.path and not self.files:
            raise ConfigError(
                "China's customs are read from files saved by hand",
                where="[data], path",
                hint='path = "saved", a file or a folder',
            )
        for where, flow in {"flow": self.flow, **{f"flows, '{name}'": flow for name, flow in self.flows.items()}}.items():
            if flow not in ("", "export", "import"):
                raise ConfigError(f"'{flow}' is no flow", where=f"[data], {where}", hint="export or import")
        for mark, status in self.marks.items():
            if status not in ("missing", "suppressed", "zero"):
                raise ConfigError(
                    f"the mark '{mark}' cannot mean '{status}'", where="[data], marks", hint="missing, suppressed or zero"
                )

    @classmethod
    def example(cls, folder: Path) -> ChinaCustoms:
        """Two months of exports of antimony oxide to two partners, one of them without trade in the second month."""
        path = folder / "query.csv"
        lines = [
            "数据年月,商品编码,商品名称,贸易伙伴编码,贸易伙伴名称,第一数量,第一计量单位,美元,",
            '202406,28258000,锑的氧化物,502,美国,"1,500",千克,"21,000",',
            '202406,28258000,锑的氧化物,116,日本,"2,000",千克,"29,500",',
            '202407,28258000,锑的氧化物,116,日本,"1,800",千克,"27,100",',
        ]
        path.write_bytes("\r\n".join(lines).encode("gb18030"))
        return cls(path=str(path), flow="export")

    def read(self) -> Archive:
        """All files as an archive; quantities in kg, values in USD."""
        found = [(path, row) for path, rows, _ in self.parts() for row in rows]
        rows = one_vintage_each(found, self._day_of_saving)
        if all(row.status == "missing" for row in rows):
            raise DataError("the files hold no figure", where=self.path, hint="query files by month, or pages of major goods")
        if self.join:
            return bundled_archive().append(table_of(rows))
        return Archive.of(rows)

    def parts(self) -> Iterator[tuple[Path, list[ArchiveRow], list[str]]]:
        """Each file with its rows, and what was found and left out in words."""
        for path in self._files():
            if path.suffix.lower() in PAGES:
                page = read_major_goods(path)
                rows, notes = rows_of_page(page, self._items, self.units)
            else:
                file = read_query_file(path, self.marks)
                rows, notes = rows_of_query(
                    file, self._flow_of(path, file.flow), self._codes, self.products, self._countries, self.all_partners
                )
            yield path, rows, notes

    def fetch(self, since: str, client: Client) -> Iterator[FetchedPart]:
        """Figures from the month `since` on, one part per file: as known on the day the file was saved.

        That day is the one in the file's name, or else the day of its last change.
        """
        known = [(path, [row for row in rows if row.period >= since], notes) for path, rows, notes in self.parts()]
        for path, rows, notes in known:
            client.keep_file(path.name, path.read_bytes())
            day = self._day_of_saving(path) or dt.date.fromtimestamp(path.stat().st_mtime).isoformat()
            dated = [_seen_on(row, day) for row in rows]
            yield FetchedPart(
                question=path.name,
                rows=[row for row, _ in dated],
                notes=notes,
                guesses=[guess for _, guesses in dated for guess in guesses],
                not_released=_to_come(rows, client.today),
                parts=len(known),
            )

    def _files(self) -> list[Path]:
        """The saved files in the order of their names."""
        if self.files:
            return [Path(name) for name in self.files]
        path = Path(self.path)
        if not path.is_dir():
            return [path]
        files = sorted(p for p in path.iterdir() if p.suffix.lower() in PAGES + QUERIES)
        if not files or len(files) > MOST_FILES:
            found = f"{len(files)} files" if files else "no file"
            raise DataError(
                f"the folder holds {found} of customs", where=self.path, hint=f".csv or .html, at most {MOST_FILES}"
            )
        return files

    def _flow_of(self, path: Path, own: str) -> str:
        """The flow of a query file: its own column's, or a pattern's, or the option's."""
        named = [flow for pattern, flow in self.flows.items() if fnmatch.fnmatch(path.name, pattern)]
        given = {*named, *([own] if own else [])} or {self.flow}
        if len(given) > 1 or "" in given:
            problem = (
                "a query file does not say whether it holds exports or imports" if "" in given else "two flows fit the file"
            )
            raise ConfigError(problem, where=str(path), hint='flow = "export", or [data.flows] with "*out*.csv" = "export"')
        return given.pop()

    @functools.cached_property
    def _codes(self) -> dict[str, tuple[str, ...]]:
        """Product -> 8-digit codes."""
        return {**codes_of_products("CN8"), **self.products}

    @functools.cached_property
    def _items(self) -> dict[str, str]:
        """Item of a page, in lower case -> product."""
        return {**dict.fromkeys(RARE_EARTHS, "rare_earths_total"), **{item.lower(): p for item, p in self.items.items()}}

    @functools.cached_property
    def _countries(self) -> dict[str, str]:
        """Code or name of a partner -> country, empty for a rest without one."""
        known: dict[str, str] = {}
        for row in bundled_rows("china_partners.csv"):
            known |= dict.fromkeys([row["code"], *row["names"].split("|")], row["country"])
        return {**known, **self.partners}

    @staticmethod
    def _day_of_saving(path: Path) -> str:
        """The day a file was saved, as its name says; empty if it does not."""
        match = SAVED.search(path.name)
        return match[1] if match else ""


def _seen_on(row: ArchiveRow, day: str) -> tuple[ArchiveRow, list[ArchiveRow]]:
    """A figure of a query as known on the day it was saved, and as it was probably first published; a page has its own day."""
    first = dt.date.fromisoformat(row.released)
    if row.stage != "detail" or day <= (first + dt.timedelta(days=SAME_PUBLICATION)).isoformat():
        return row, []
    seen = replace(row, released=day, basis="actual")
    return seen, first_publication(seen, first, row.basis)


def _to_come(rows: list[ArchiveRow], today: dt.date) -> list[tuple[str, str]]:
    """Series and months behind the last of a file that were not out on a day."""
    clock, out = bundled_clock(), []
    last: dict[tuple[str, str], int] = {}
    for row in rows:
        last[row.series, row.stage] = max(months.parse_period(row.period)[1], last.get((row.series, row.stage), 0))
    for (series, stage), month in last.items():
        later = range(month + 1, months.ordinal(today))
        out += [(series, months.label(m)) for m in later if clock.release_day("CHN", stage, m)[0] > today]
    return out
