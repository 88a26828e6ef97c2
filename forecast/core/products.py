"""Products: the good behind a name, its HS codes, element content, control notice and dilution."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from forecast.core.bundled_data import bundled_rows
from forecast.core.units import KILOGRAMS


@dataclass(frozen=True)
class Product:
    """One good; `dilution` says how much wider the statistical code is than the controlled item.

    `grade` is that of the codes listed: a record by other codes may hold goods of any.
    """

    product: str
    name: str
    mineral: str
    form: str
    grade: str
    element: str
    element_factor: float | None
    hs_codes: str
    classification: str
    valid_from: str
    valid_to: str
    control_event: str
    control_notice: str
    dilution: str
    display_unit: str
    evidence: str

    @property
    def scale(self) -> float:
        """Kilograms in one display unit."""
        return KILOGRAMS[self.display_unit]


@functools.cache
def products() -> dict[str, Product]:
    """The bundled concordance by product id."""
    table = {}
    for row in bundled_rows("products.csv"):
        rest: dict[str, Any] = {**row, "element_factor": float(row["element_factor"]) if row["element_factor"] else None}
        table[row["product"]] = Product(**rest)
    return table


@functools.cache
def codes_of_products(classification: str) -> dict[str, tuple[str, ...]]:
    """Product -> the codes whose sum it is, in a classification such as `CN8` (China's) or `HTS10`.

    Publishers' baskets are left out, whose codes are not the whole basket; of two products with the same codes one is kept,
    the first by name.
    """
    found: dict[tuple[str, ...], str] = {}
    for name, product in sorted(products().items()):
        pairs = (text.partition(":") for text in product.hs_codes.split("|"))
        own = tuple(code for kind, _, code in pairs if kind == classification)
        if own and product.form != "basket":
            found.setdefault(own, name)
    return {name: codes for codes, name in found.items()}


def display_unit(series: str) -> tuple[str, float]:
    """Unit in which reports show a series, and its size in archive units.

    Quantities are in kilograms in the archive and in tonnes (kilograms for minor metals) in reports.
    """
    stem, _, measure = series.partition(":")
    if measure:
        return {"usd": "USD", "usd_per_kg": "USD/kg"}[measure], 1.0
    product = products().get(stem.rsplit(".", 1)[-1])
    if product is None:
        return ("t", 1000.0) if stem.count(".") == 3 else ("", 1.0)
    return product.display_unit, product.scale


@functools.cache
def product_of(code: str, classification: str = "HS6") -> str:
    """The product id of a code, such as `2825800000` of `HTS10`, `28258000` of `CN8` (China's) or `282580` of `HS6`.

    A product of the concordance lists the code, or one of its codes is the whole of the six-digit subheading that the code is
    the whole of too (`282580` and `2825800000` are one good). Of several such products the one with the fewest codes of the
    classification is taken; baskets are not. A code without a product is a product of its own: `hs` and its digits.
    """
    goods = [(one, one.hs_codes.split("|")) for one in products().values() if one.form != "basket" and one.hs_codes]
    found = [(one, codes) for one, codes in goods if f"{classification}:{code}" in codes]
    if not found and len(code) >= 6 and not code[6:].strip("0"):
        whole = code[:6]
        found = [(one, codes) for one, codes in goods if any(_whole_subheading(listed) == whole for listed in codes)]
    if not found:
        return f"hs{code}"

    def breadth(pair: tuple[Product, list[str]]) -> tuple[int, int, str]:
        return sum(listed.startswith(classification) for listed in pair[1]), len(pair[0].product), pair[0].product

    return min(found, key=breadth)[0].product


def _whole_subheading(listed: str) -> str:
    """The six digits of a listed code that is the whole of its subheading; "" for a part of one, or a wider code."""
    digits = listed.partition(":")[2]
    return digits[:6] if len(digits) >= 6 and not digits[6:].strip("0") else ""


def mineral_of(product: str) -> str:
    """The mineral a product belongs to; a product not in the concordance is its own mineral."""
    known = products().get(product)
    return known.mineral if known else product
