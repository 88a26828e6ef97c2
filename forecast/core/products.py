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
