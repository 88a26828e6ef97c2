"""Partners of a flow in sentences."""

from __future__ import annotations

from forecast.report.numbers import country_name

WORLD, REST = "WLD", "REST"
OTHERS = "other partners"
NAMED = 6  # partners that a sentence names at most
WITH_ARTICLE = {"ARE", "COD", "CZE", "DOM", "GBR", "NLD", "PHL", "USA"}


def partner_name(code: str) -> str:
    """A partner in a sentence."""
    return OTHERS if code == REST else f"the {country_name(code)}" if code in WITH_ARTICLE else country_name(code)
