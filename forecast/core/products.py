"""Products: the good behind a name, its HS codes, element content, control notice and dilution."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from forecast.core.bundled_data import bundled_rows
from forecast.core.units import KILOGRAMS


@dataclass(frozen=True)
class Product:
    """One good; `dilution` says how much wider the statistical code is than the controlled item."""

    product: str
    name: str
    mineral: str
    form: str
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


def mineral_of(product: str) -> str:
    """The mineral a product belongs to; a product not in the concordance is its own mineral."""
    known = products().get(product)
    return known.mineral if known else product
