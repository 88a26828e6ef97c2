"""Series keys for the labels of a table, as a first guess: who reports, which way, with whom, what."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from forecast.core.bundled_data import bundled_rows
from forecast.core.errors import DataError
from forecast.core.series import SeriesKey

REPORTER_NAME = re.compile(r"(?i).*(reporter|declarant).*")
FLOW_NAME = re.compile(r"(?i).*(flow|direction|trade_?type|imp_?exp).*")
PARTNER_NAME = re.compile(r"(?i).*(partner|country|countries|cty|destination|origin|region|pays|land|pa[ií]s|伙伴).*")
EXPORTS = re.compile(r"(?i)x|2|exp.*|出口")
IMPORTS = re.compile(r"(?i)m|1|imp.*|进口")
SUFFIXES = {"quantity": "", "": "", "usd": ":usd", "usd_per_kg": ":usd_per_kg"}


def product_word(label: str, fallback: str) -> str:
    """A label as the product of a key: lower case, digits and underscores, without what stands in brackets."""
    plain = re.sub(r"[(\[][^)\]]*[)\]]", " ", label)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40].strip("_") or fallback


def country_word(label: str, fallback: str) -> str:
    """A label as the reporter or partner of a key: capitals, digits and underscores, three at least."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().upper()
    plain = re.sub(r"[^A-Z0-9]+", "_", plain).strip("_")[:20]
    if not plain:
        return fallback
    if len(label) == 2:
        plain = _three_letters().get(label.upper(), plain)
    plain = plain if plain[0].isalpha() else f"C{plain}"
    return plain if len(plain) > 2 else f"{plain}{'_' * (3 - len(plain))}"


@functools.cache
def _three_letters() -> dict[str, str]:
    """ISO alpha-2 codes of countries -> alpha-3, by which keys name them."""
    return {code: row["code"] for row in bundled_rows("countries.csv") for code in row["iso2"].split("|") if code}


def as_key(label: str) -> SeriesKey | None:
    """The key that a label already is, None for any other label."""
    try:
        return SeriesKey.maybe(label.strip())
    except DataError:
        return None


def keys_of_labels(labels: Iterable[tuple[str, ...]], columns: Sequence[str]) -> dict[tuple[str, ...], str]:
    """A key for each combination of labels of the columns, no two alike; a label that is a key already stays one."""
    made: dict[tuple[str, ...], str] = {}
    for i, parts in enumerate(labels, 1):
        told = dict(zip(columns, parts, strict=True))
        made[parts] = _free(_key(told, i), made.values())
    return made


def _key(parts: Mapping[str, str], number: int) -> str:
    if written := next(filter(None, map(as_key, parts.values())), None):
        return str(written)
    reporter, flow, partner, goods = "OWN", "export", "WLD", []
    for name, text in parts.items():
        if FLOW_NAME.fullmatch(name) and (EXPORTS.fullmatch(text) or IMPORTS.fullmatch(text)):
            flow = "export" if EXPORTS.fullmatch(text) else "import"
        elif REPORTER_NAME.fullmatch(name):
            reporter = country_word(text, f"R{number:02d}")
        elif PARTNER_NAME.fullmatch(name):
            partner = "WLD" if text.lower() in ("world", "w00", "total", "0") else country_word(text, f"P{number:02d}")
        else:
            goods.append(product_word(text, f"good_{number}"))
    return f"{reporter}.{flow}.{partner}.{'_'.join(goods) or 'goods'}"


def _free(key: str, taken: Iterable[str]) -> str:
    """A key that is not taken yet."""
    known = set(taken)
    number, free = 2, key
    while free in known:
        free, number = f"{key}_{number}", number + 1
    return free


def keys_of_columns(names: Iterable[str], measures: Mapping[str, str]) -> dict[str, str]:
    """A key for each column of figures, by its name and what it measures; a name that is a key already stays one."""
    made: dict[str, str] = {}
    for i, name in enumerate(names, 1):
        suffix = SUFFIXES[measures[name]]
        if written := as_key(name):
            made[name] = str(written) if written.measure != "quantity" else f"{written}{suffix}"
            continue
        word = _free(f"OWN.export.WLD.{product_word(name, f'good_{i}')}", (key.partition(":")[0] for key in made.values()))
        made[name] = word + suffix
    return made
