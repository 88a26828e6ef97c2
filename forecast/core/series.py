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
    """One series, spelled ``REPORTER.flow.PARTNER.product[:usd|:usd_per_kg]``.

    Parameters
    ----------
    reporter : str
        countries by ISO 3166 alpha-3; "WLD" is the world; groups such as "EU27" are declared
    flow : str
        "export" or "import"
    partner : str
        countries by ISO 3166 alpha-3; "WLD" is the world; groups such as "EU27" are declared
    product : str
        its name in the package
    measure : str, default "quantity"
        "quantity" (kg), "usd" (USD) or "usd_per_kg" (USD/kg)

    Examples
    --------
    >>> import forecast as fc
    >>> key = fc.SeriesKey.parse("USA.import.CHN.gallium:usd")
    >>> key.product, key.unit, key.origin, key.basis
    ('gallium', 'USD', 'CHN', 'import_origin')
    """

    reporter: str
    flow: str
    partner: str
    product: str
    measure: str = "quantity"

    @classmethod
    def parse(cls, text: str) -> SeriesKey:
        """The key of a text.

        Parameters
        ----------
        text : str
            such as "CHN.export.WLD.re_magnets"

        Returns
        -------
        SeriesKey
            `str` of it is the text again

        Raises
        ------
        DataError
            where the text spells no series
        """
        key = _key_spelled_by(text)
        if key is None:
            raise DataError(
                f"'{text}' does not spell a series",
                hint="REPORTER.flow.PARTNER.product, for example CHN.export.WLD.re_magnets",
            )
        return key

    @classmethod
    def maybe(cls, text: str) -> SeriesKey | None:
        """The key, or None for a name that is not a key (a unit of a plain panel).

        Parameters
        ----------
        text : str
            any text

        Returns
        -------
        SeriesKey or None
            as `parse`
        """
        return _key_spelled_by(text)

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


@functools.lru_cache(4096)
def _key_spelled_by(text: str) -> SeriesKey | None:
    """The key that a text spells; every event is compared with every series, again for each question."""
    match = _KEY.fullmatch(text)
    if not match:
        return None
    reporter, flow, partner, product, measure = match.groups()
    return SeriesKey(reporter, flow, partner, product, measure or "quantity")


@functools.cache
def partner_groups() -> dict[str, frozenset[str]]:
    """Members of the bundled partner groups (`EU27`, ...), without groups whose publisher does not name their members."""
    return {row["group"]: frozenset(row["members"].split("|")) for row in bundled_rows("groups.csv") if row["members"]}


def countries(partner: str) -> frozenset[str]:
    """Countries of a partner: a group's members, or the country itself."""
    return partner_groups().get(partner, frozenset({partner}))
