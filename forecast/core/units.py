"""Units of figures and the factors between them: mass, money, parts of one, and one over another such as USD/kg."""

from __future__ import annotations

from forecast.core.errors import ConfigError, nearest

KILOGRAMS = {"kg": 1.0, "t": 1e3, "kt": 1e6, "g": 1e-3, "lb": 0.45359237, "st": 907.18474}
MONEY = {"USD": 1.0, "kUSD": 1e3, "mUSD": 1e6}
PARTS = {"": 1.0, "%": 0.01, "pp": 0.01}  # a part of one; pp is a difference of two parts
DIMENSIONS = (KILOGRAMS, MONEY, PARTS)


def conversion_factor(unit_from: str, unit: str) -> float:
    """What a figure in `unit_from` is multiplied by to be in `unit`.

    ConfigError where the two do not measure the same, or one of them is not known here.

    >>> conversion_factor("kg", "t"), conversion_factor("USD/kg", "USD/t")
    (0.001, 1000.0)
    """
    if unit == unit_from:
        return 1.0
    above, _, below = unit_from.partition("/")
    wanted_above, _, wanted_below = unit.partition("/")
    if below and wanted_below:
        return conversion_factor(above, wanted_above) / conversion_factor(below, wanted_below)
    for table in DIMENSIONS:
        if unit_from in table and unit in table:
            ratio, inverse = table[unit_from] / table[unit], table[unit] / table[unit_from]
            return 1.0 / inverse if inverse.is_integer() else ratio
    held = f"a figure in {unit_from}" if unit_from else "a figure without a unit"
    raise ConfigError(f"{held} cannot be given in '{unit}'", where="unit", hint=nearest(unit, convertible_to(unit_from)))


def convertible_to(unit_from: str) -> tuple[str, ...]:
    """The units that a figure in `unit_from` can be given in."""
    above, _, below = unit_from.partition("/")
    if below:
        return tuple(f"{a}/{b}" for a in convertible_to(above) for b in convertible_to(below))
    return next((tuple(one for one in table if one) for table in DIMENSIONS if unit_from in table), (unit_from,))
