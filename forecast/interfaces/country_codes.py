"""Countries as offices number them, and as the package spells them: ISO 3166-1 alpha-3, `WLD` the world."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from forecast.core.bundled_data import bundled_rows
from forecast.core.errors import ConfigError, nearest

SCHEMES = ("iso2", "schedule_c", "m49")


@functools.cache
def country_of(scheme: str) -> dict[str, str]:
    """Code of an office (`SCHEMES`) -> country; a country may have several."""
    return {code: row["code"] for row in bundled_rows("countries.csv") for code in row[scheme].split("|") if code}


@functools.cache
def codes_of(scheme: str) -> dict[str, tuple[str, ...]]:
    """Country -> its codes at an office; only countries that the office has."""
    rows = bundled_rows("countries.csv")
    return {row["code"]: tuple(row[scheme].split("|")) for row in rows if row[scheme]}


def check_countries(scheme: str, countries: Iterable[str], option: str) -> None:
    """Refuse a country that an office has no code for, naming the nearest."""
    for country in countries:
        if country not in codes_of(scheme):
            raise ConfigError(
                f"'{country}' is no country that this source knows", where=option,
                hint=f"ISO 3166-1 alpha-3, such as CHN: {nearest(country, codes_of(scheme))}",
            )  # fmt: skip
