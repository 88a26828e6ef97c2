"""Figures of one product: what Comext states for each reporter and partner, and what the absence of a row means."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from forecast.core import months
from forecast.core.archive_table import ArchiveRow
from forecast.core.products import product_of
from forecast.core.release_clock import bundled_clock
from forecast.core.series import partner_groups
from forecast.interfaces.country_codes import codes_of
from forecast.sources.comext.answers import HIDDEN, OUTSIDE, UNITED_KINGDOM, WORLD, ComextRow, country

PUBLISHER = "Eurostat (Comext)"
URL = "https://ec.europa.eu/eurostat/comext"
TOLERANCE = 0.005  # by which partners may miss the row of all of them, relative
FLAGS = {"c": "suppressed", "p": "provisional", "e": "provisional", "s": "provisional"}  # confidential, provisional, estimates
NORTHERN_IRELAND = "XI"


@functools.cache
def members() -> frozenset[str]:
    """The 27 member states since 2020."""
    return partner_groups()["EU27"]


@dataclass(frozen=True)
class ReleasedMonths:
    """What is out: by reporter the months with a total of all goods, and the day of the last update."""

    totals: Mapping[str, Set[int]]
    updated: dt.date

    def months(self, reporter: str) -> list[int]:
        """The months of a reporter that are out."""
        return sorted(self.totals.get(reporter, set()))

    def lacking(self, reporter: str, month: int) -> list[str]:
        """Member states that have not delivered a month yet in which the Union has a total."""
        if reporter != "EU27":
            return []
        return sorted(one for one in members() if month not in self.totals.get(one, set()))


@dataclass
class ProductTrade:
    """The rows of one product.

    in_force : years in which the code was traded anywhere in the Union; suspects : reporter -> partners (all where None) whose
    trade may stand under a hidden code of the same chapter
    """

    code: str
    flow: str
    rows: Sequence[ComextRow]
    coverage: ReleasedMonths
    in_force: Set[int]
    suspects: Mapping[str, Set[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def figures(self, reporters: Iterable[str], wanted: Sequence[str]) -> list[ArchiveRow]:
        """Rows of the archive for all partners together and the wanted ones (by default every one with a row), in kg."""
        held: dict[tuple[str, int], dict[str, ComextRow]] = {}
        for row in self.rows:
            held.setdefault((country(row.reporter) or "", row.month), {})[row.partner] = row
        self._note_codes()
        out = []
        for reporter in reporters:
            partners = wanted or sorted({c for (r, _), found in held.items() if r == reporter for c in self._countries(found)})
            for month in self.coverage.months(reporter):
                found = held.get((reporter, month), {})
                partial = self._is_partial(reporter, month, found, bool(wanted))
                for partner in dict.fromkeys(("WLD", *partners)):
                    out.append(self._row(reporter, partner, month, *self._figure(reporter, partner, month, found, partial)))
        return out

    def _countries(self, found: Mapping[str, ComextRow]) -> Iterator[str]:
        for code in found:
            name = country(code) if len(code) == 2 and code != NORTHERN_IRELAND else None
            if name:
                yield name

    def _figure(
        self, reporter: str, partner: str, month: int, found: Mapping[str, ComextRow], partial: bool
    ) -> tuple[float, str, str]:
        """Weight in kg, status and reason."""
        row = self._held(reporter, partner, found)
        if row is not None:
            status = next((word for flag, word in FLAGS.items() if flag in row.flag), "")
            if math.isnan(row.weight):
                hidden = status == "suppressed"
                return math.nan, "suppressed" if hidden else "missing", "flagged confidential" if hidden else "no weight stated"
            if row.weight == 0 and row.value > 0:
                return math.nan, "missing", f"0 kg beside EUR {row.value:,.0f}"
            lacking = self.coverage.lacking(reporter, month)
            if lacking and row.weight:
                return row.weight, "provisional", f"without {', '.join(lacking)}, not delivered yet"
            return row.weight, "provisional" if status and row.weight else "", f"flag {row.flag}" if status else ""
        if month // 12 not in self.in_force:
            return math.nan, "missing", "the code has no row in the whole Union and year: not in force, or not traded"
        if unnamed := [code for code in HIDDEN if code in found]:
            return math.nan, "suppressed", f"no row, beside trade with partners that are not named ({', '.join(unnamed)})"
        if partner in self.suspects.get(reporter, set()):
            return math.nan, "suppressed", "no row, beside trade under a hidden code of the chapter"
        if partial:
            return math.nan, "missing", "no row in a month whose partners do not add up"
        if self.coverage.lacking(reporter, month):
            return math.nan, "missing", "no row in a month that not all member states have delivered"
        return 0.0, "", ""

    def _held(self, reporter: str, partner: str, found: Mapping[str, ComextRow]) -> ComextRow | None:
        """The row of a partner."""
        if partner == "WLD":
            return found.get(all_partners(reporter))
        codes = UNITED_KINGDOM if partner == "GBR" else [c for c in found if c != NORTHERN_IRELAND and country(c) == partner]
        return next((found[code] for code in codes if code in found), None)

    def _is_partial(self, reporter: str, month: int, found: Mapping[str, ComextRow], only_some: bool) -> bool:
        """Whether a month's partners do not add up to the row of all of them, in an answer that should hold every one."""
        if only_some or not found:
            return False
        total = found.get(all_partners(reporter))
        place = f"{reporter}, {self.code}, {months.label(month)}"
        if total is None:
            self._note(f"{place}: the row of all partners is not there: an answer in part")
            return True
        own = {code: row.value for code, row in found.items() if len(code) == 2 and not math.isnan(row.value)}
        if reporter == "EU27":
            own = {code: value for code, value in own.items() if country(code) not in members() and code != "QY"}
        sums = {sum(own.values()), sum(value for code, value in own.items() if code != NORTHERN_IRELAND)}
        if math.isnan(total.value) or any(abs(one - total.value) <= max(TOLERANCE * total.value, 1.0) for one in sums):
            return False
        self._note(
            f"{place}: partners add up to EUR {max(sums):,.0f}, all of them are {total.value:,.0f}: partners without a row are "
            "missing, not zero"
        )
        return True

    def _note_codes(self) -> None:
        """Say in which years a code was not in force, and which partners were left out."""
        years = {month // 12 for found in self.coverage.totals.values() for month in found}
        if not self.in_force & years:
            self._note(f"{self.code}: no row in any year, in the whole Union: is the code right?")
        elif out := sorted(years - self.in_force):
            before, after = [y for y in out if y < min(self.in_force)], [y for y in out if y > max(self.in_force)]
            if before:
                self._note(f"{self.code}: no row before {min(self.in_force)}: the code began then; missing, not zero")
            if after:
                self._note(f"{self.code}: no row after {max(self.in_force)}-12: the code ended then; missing, not zero")
        if any(row.partner == NORTHERN_IRELAND for row in self.rows):
            self._note(f"{self.code}: goods of Northern Ireland (XI) are not in those of GBR since 2021")

    def _row(self, reporter: str, partner: str, month: int, weight: float, status: str, reason: str) -> ArchiveRow:
        return ArchiveRow(
            series=f"{reporter}.{self.flow}.{partner}.{product_of(self.code, 'EU8')}", period=months.label(month), value=weight,
            status=status, stage="comext", released=max(self.coverage.updated, months.last_day(month)).isoformat(),
            basis="actual", publisher=PUBLISHER, url=URL, note=reason,
        )  # fmt: skip

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def all_partners(reporter: str) -> str:
    """The code of all partners: of the Union those outside it, of a member state every one."""
    return OUTSIDE if reporter == "EU27" else WORLD


def reporter_code(reporter: str) -> str:
    """The code of a reporter in a question."""
    return "EU27_2020" if reporter == "EU27" else codes_of("iso2")[reporter][0]


@functools.cache
def release_day(month: int) -> dt.date:
    """The day by which the Union's figures of a month are out, by the rule."""
    return bundled_clock().release_day("EU27", "comext", month)[0]
