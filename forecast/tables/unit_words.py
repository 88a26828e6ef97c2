"""Units as tables write them ("100 kg", "thousand USD", "$/mt"): what a figure is multiplied by to be in an archive's unit."""

from __future__ import annotations

import functools
import re

TONNE = 1e3
MASSES = {
    "kg": 1.0, "kgs": 1.0, "kgm": 1.0, "kilogram": 1.0, "kilograms": 1.0, "kilo": 1.0, "kilos": 1.0, "kilogramm": 1.0,
    "千克": 1.0, "公斤": 1.0, "g": 1e-3, "gram": 1e-3, "grams": 1e-3, "t": TONNE, "mt": TONNE, "ton": TONNE, "tons": TONNE,
    "tonne": TONNE, "tonnes": TONNE, "metric ton": TONNE, "metric tons": TONNE, "metric tonne": TONNE, "metric tonnes": TONNE,
    "tne": TONNE, "tm": TONNE, "toneladas": TONNE, "tonnen": TONNE, "吨": TONNE, "万吨": 1e7, "kt": 1e6, "lb": 0.45359237,
    "lbs": 0.45359237, "pound": 0.45359237, "pounds": 0.45359237, "st": 907.18474, "short ton": 907.18474,
    "short tons": 907.18474, "long ton": 1016.0469088, "long tons": 1016.0469088, "troy oz": 0.0311034768,
    "troy ounce": 0.0311034768, "troy ounces": 0.0311034768, "toz": 0.0311034768, "oz": 0.028349523125, "cwt": 45.359237,
    "quintal": 100.0, "quintals": 100.0, "dmtu": 10.0,
}  # fmt: skip
MONEYS = {
    "usd": 1.0, "us$": 1.0, "$": 1.0, "u.s.$": 1.0, "dollar": 1.0, "dollars": 1.0, "us dollar": 1.0, "us dollars": 1.0,
    "u.s. dollars": 1.0, "usd fob": 1.0, "cent": 0.01, "cents": 0.01, "us cents": 0.01, "¢": 0.01, "美元": 1.0, "千美元": 1e3,
    "万美元": 1e4, "亿美元": 1e8, "kusd": 1e3, "musd": 1e6, "busd": 1e9,
}  # fmt: skip
MULTIPLES = {
    "thousand": 1e3, "thousands": 1e3, "thousands of": 1e3, "k": 1e3, "'000": 1e3, "000": 1e3, "thous": 1e3, "tausend": 1e3,
    "million": 1e6, "millions": 1e6, "millions of": 1e6, "mln": 1e6, "mn": 1e6, "mio": 1e6, "billion": 1e9, "billions": 1e9,
    "billions of": 1e9, "bn": 1e9, "hundred": 100.0, "ten thousand": 1e4,
}  # fmt: skip
NUMBER = re.compile(r"(\d+(?:[ ,]\d{3})*(?:\.\d+)?)(?: ?[x*×] ?|[ ']*)(?=\D|$)")
OTHER_MONEY = (
    "eur",
    "euro",
    "euros",
    "€",
    "gbp",
    "£",
    "jpy",
    "yen",
    "円",
    "千円",
    "cny",
    "rmb",
    "yuan",
    "元",
    "人民币",
    "inr",
    "krw",
)
SPELLED = {"kg": MASSES, "USD": MONEYS}
EXAMPLES = {
    "kg": 'kg, t, kt, g, lb, st, "100 kg", "thousand tonnes"',
    "USD": 'USD, kUSD, mUSD, "thousand USD", "1.08 USD" for another currency at a rate of yours',
    "USD/kg": "USD/kg, USD/t, USD/lb, cents/lb, USD/troy oz",
}


@functools.cache
def unit_factor(text: str, archive_unit: str) -> float | None:
    """What a figure in a unit is multiplied by to be in kg, USD or USD/kg; None where the unit is not known, or another one.

    >>> unit_factor("100 kg", "kg"), unit_factor("thousand USD", "USD"), unit_factor("$/mt", "USD/kg")
    (100.0, 1000.0, 0.001)
    """
    plain = " ".join(text.replace("_", " ").strip().strip("()[]").split())
    if "/" in archive_unit:
        above, found, below = (
            re.split(r"( ?/ ?| per )", plain, maxsplit=1) if re.search(r" ?/ ?| per ", plain) else (plain, "", "")
        )
        money, mass = unit_factor(above, "USD"), unit_factor(below, "kg") if found else None
        return money / mass if money is not None and mass else None
    table = SPELLED[archive_unit]
    if plain == "Mt":  # million tonnes in energy and mining, a metric ton in trade
        return None
    return _factor(plain.lower() if plain not in table else plain, table)


def _factor(plain: str, table: dict[str, float]) -> float | None:
    """The factor of words, whose first or last may say how many."""
    if plain in table:
        return table[plain]
    count = NUMBER.match(plain)
    if count and (rest := plain[count.end() :].strip(" .'")) and (inner := _factor(rest, table)) is not None:
        return float(count[1].replace(",", "").replace(" ", "")) * inner
    for word, times in sorted(MULTIPLES.items(), key=lambda item: -len(item[0])):
        for rest in (plain.removeprefix(f"{word} "), plain.removesuffix(f" {word}").removesuffix(f", {word}")):
            if rest != plain and (inner := _factor(rest.strip(" ,"), table)) is not None:
                return times * inner
    return None


def multiple_in(text: str) -> float | None:
    """The multiple that a column such as UNIT_MULT or SCALAR_FACTOR names: a power of ten, or a word; None for no such.

    >>> multiple_in("3"), multiple_in("millions"), multiple_in("units"), multiple_in("many")
    (1000.0, 1000000.0, 1.0, None)
    """
    plain = text.strip().lower()
    if re.fullmatch(r"\d{1,2}", plain):
        return float(10 ** int(plain))
    return 1.0 if plain in ("unit", "units") else MULTIPLES.get(plain)


def unit_in_label(label: str) -> str:
    """The unit that the header of a column names in brackets or behind a comma, "in"; a name that is a unit; "" for none.

    >>> [unit_in_label(label) for label in ("Copper ($/mt)", "Quantity, thousand tonnes", "netWgt", "tonnes")]
    ['$/mt', 'thousand tonnes', '', 'tonnes']
    """
    found = re.findall(r"[(\[]([^()\[\]]{1,40})[)\]]", label) + re.findall(r"(?:, | in |_in_)([^,()]{1,40})$", label)
    found += re.findall(r"_IN_([A-Z0-9_]{1,40})$", label)
    found += re.findall(r"(?i)_(kg|kt|tonnes|tons|usd|lb)$", label)
    found += ["t"] if re.fullmatch(r"(?i)(value|qty|quantity|weight|mass|volume|exports?|imports?|menge)_t", label) else []
    whole = [label] if len(label) > 1 else []  # a single letter names much else
    return next((text for text in [*reversed(found), *whole] if measured_by(text)), "")


def measured_by(text: str) -> str:
    """The archive's unit that a unit is one of: kg, USD, USD/kg; "" for none."""
    return next((unit for unit in ("kg", "USD", "USD/kg") if unit_factor(text, unit) is not None), "")
