"""Which series stand beside another where no names are given."""

from __future__ import annotations

from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage


def default_covariates(vintage: Vintage, series: str) -> list[str]:
    """Other series of the same product and measure that are known; on a plain panel all other units."""
    own = SeriesKey.maybe(series)
    others = [name for name in vintage.series if name != series]
    if own is None:
        return [name for name in others if SeriesKey.maybe(name) is None]
    keys = [key for name in others if (key := SeriesKey.maybe(name)) is not None]
    return [str(key) for key in keys if (key.product, key.measure) == (own.product, own.measure)]
