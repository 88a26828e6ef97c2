"""SeriesKey: reporter, flow, partner, product and measure of a series, with one spelling everywhere."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from forecast.core.bundled_data import bundled_rows
from forecast.core.errors import DataError

_KEY = re.compile(r"([A-Z][A-Z0-9_]{2,})\.(export|import)\.([A-Z][A-Z0-9_]{2,})\.([a-z0-9_]+)(?::(usd|usd_per_kg))?")
_UNITS = {"quantity": "kg", "usd": "USD", "usd_per_kg": "USD/kg"}


@dataclass(frozen=True)
class SeriesKey:
    """One series, spelled ``REPORTER.flow.PARTNER.product[:usd|:usd_per_kg]``."""

    reporter: str
    flow: str
    partner: str
    product: str
    measure: str = "quantity"

    @classmethod
    def parse(cls, text: str) -> SeriesKey:
        """Parse a key; anything else is a DataError."""
        match = _KEY.fullmatch(text)
        if not match:
            raise DataError(
                f"'{text}' does not spell a series",
                hint="REPORTER.flow.PARTNER.product, for example CHN.export.WLD.re_magnets",
            )
        reporter, flow, partner, product, measure = match.groups()
        return cls(reporter, flow, partner, product, measure or "quantity")

    @classmethod
    def maybe(cls, text: str) -> SeriesKey | None:
        """The key, or None for a name that is not a key (a unit of a plain panel)."""
        return cls.parse(text) if _KEY.fullmatch(text) else None

    def __str__(self) -> str:
        spelled = f"{self.reporter}.{self.flow}.{self.partner}.{self.product}"
        return spelled if self.measure == "quantity" else f"{spelled}:{self.measure}"

    @property
    def unit(self) -> str:
        """Unit of the archive: kg, USD or USD/kg."""
        return _UNITS[self.measure]

    @property
    def origin(self) -> str:
        """The country of origin (`WLD` where unknown)."""
        return self.reporter if self.flow == "export" else self.partner

    @property
    def destination(self) -> str:
        """The country of destination (`WLD` where unknown)."""
        return self.partner if self.flow == "export" else self.reporter

    @property
    def basis(self) -> str:
        """What is counted: ``export``, ``import_origin`` (declared origin) or ``import_total``."""
        if self.flow == "export":
            return "export"
        return "import_total" if self.partner == "WLD" else "import_origin"


@functools.cache
def partner_groups() -> dict[str, frozenset[str]]:
    """Members of the bundled partner groups (`EU27`, ...), without groups whose publisher does not name their members."""
    return {row["group"]: frozenset(row["members"].split("|")) for row in bundled_rows("groups.csv") if row["members"]}


def countries(partner: str) -> frozenset[str]:
    """Countries of a partner: a group's members, or the country itself."""
    return partner_groups().get(partner, frozenset({partner}))
