"""What serves a series: the command that fetches it and no other good under its name, or that no interface has it alone."""

from __future__ import annotations

import functools

from forecast.core.bundled_data import bundled_rows
from forecast.core.ledger_parts import REST
from forecast.core.products import codes_of_products, product_of, products
from forecast.core.series import SeriesKey, countries, partner_groups

OFFICES = {"census": "the US Census Bureau", "comext": "Eurostat", "comtrade": "UN Comtrade"}
COUNTRY_CODES = {"census": "schedule_c", "comext": "iso2", "comtrade": "m49"}  # columns of countries.csv
DIGITS = 8  # of the codes that pages of China's customs list
LENGTHS = {"census": (10,), "comext": (8, 6, 4), "comtrade": (6, 4)}  # digits of codes that become a series of their own


def what_would_fill(series: str) -> str:
    """A series and what serves it, such as "CHN.export.USA.antimony_oxide (forecast fetch comtrade --hs 282580 ...)"."""
    series = series.replace(f".{REST}.", ".WLD.")  # all others are the total less the named
    return f"{series}{way_to(series)}"


def way_to(series: str) -> str:
    """What serves a series, in brackets that follow its name; empty for a name that spells none.

    A shorter code than the good's own, or one of several whose sum it is, would bring other goods, or a part: such a command is
    never given.
    """
    key = SeriesKey.maybe(series)
    if key is None:
        return ""
    source = _interface_of(key)
    code = code_at(key.product, source, key.flow)
    pages = codes_of_products("CN8").get(key.product, ()) if key.reporter == "CHN" else ()
    unknown = [one for one in (key.reporter, key.partner) if not _has(source, one)]
    if unknown:
        return f" ({OFFICES[source]} has no figures of {unknown[0]})"
    if not code and pages and all(len(one) == DIGITS for one in pages):
        return f" (pages of China's customs saved by hand, code{'s' * (len(pages) > 1)} {' and '.join(pages)})"
    if not code:
        return f" ({OFFICES[source]} has it under no code of its own that is known here)"
    partner = "" if key.partner == "WLD" else f" --partner {key.partner}"
    reporter = "" if source == "census" else f" --reporter {key.reporter}"
    flow = " --flow export" if key.flow == "export" else ""
    return f" (forecast fetch {source} --hs {code}{reporter}{partner}{flow})"


def _interface_of(key: SeriesKey) -> str:
    """The interface that has a reporter's own record."""
    if key.reporter == "USA":
        return "census"
    return "comext" if countries(key.reporter) <= countries("EU27") else "comtrade"


def _has(source: str, country: str) -> bool:
    """Whether an interface can be asked about a country, the world, or, where it reports, the Union."""
    if country in partner_groups():
        return source == "comext"
    return country == "WLD" or country in _countries_of(COUNTRY_CODES[source])


@functools.cache
def _countries_of(scheme: str) -> frozenset[str]:
    return frozenset(row["code"] for row in bundled_rows("countries.csv") if row[scheme])


@functools.cache
def code_at(product: str, source: str, flow: str) -> str:
    """The code under which an interface has a good, and nothing else with it; "" where none is known."""
    kind = {"census": "HTS10" if flow == "import" else "SB10", "comext": "EU8", "comtrade": "HS6"}[source]
    known = products().get(product)
    listed = [text.partition(":")[::2] for text in known.hs_codes.split("|")] if known and known.hs_codes else []
    if len([1 for one, _ in listed if one == kind]) > 1:
        return ""  # each code alone is a part
    codes = [product[2:]] if product.startswith("hs") and product[2:].isdigit() else [code for _, code in listed]
    tried = (one for n in LENGTHS[source] for code in codes for one in (code, code[:n].ljust(n, "0")) if len(one) == n)
    return next((code for code in tried if product_of(code, kind) == product), "")
