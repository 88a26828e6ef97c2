# ruff: noqa: E501
"""Annual figures of the US Geological Survey: spans with the step to which each was rounded; beside the archive, in no series."""
import csv
from decimal import Decimal

COLUMNS = ["series", "mineral", "measure", "period", "value", "unit", "status", "step", "released", "publisher", "url", "note"]
# the survey's names of goods within a chapter, in the bundle's
SHARES = {
    "antimony:Ore and concentrates": "antimony_ore", "antimony:Oxide": "antimony_oxide", "antimony:Unwrought metal and powder": "antimony_unwrought",
    "antimony:Total metal and oxide": "antimony_metal_and_oxide", "gallium:Metal": "gallium", "germanium:Germanium metal": "germanium_metal",
    "germanium:Germanium dioxide (Ge content)": "germanium_dioxide", "germanium:Combined total": "germanium_metal_and_dioxide",
    "rare earths:Rare-earth compounds and metals": "rare_earth_compounds_and_metals",
}
PARTNERS = {"Mexico": "MEX", "Italy": "ITA", "China": "CHN", "Belgium": "BEL", "Bolivia": "BOL", "France": "FRA", "India": "IND", "Thailand": "THA", "Vietnam": "VNM",
            "Canada": "CAN", "Japan": "JPN", "Germany": "DEU", "Russia": "RUS", "Malaysia": "MYS", "Estonia": "EST", "Other countries": "OTHER"}
OUT = {"2026-02": "2026-02-28", "2020-01": "2020-01-31"}  # the month of the edition is known, its day is not: the last one is taken


def step_of(value):
    """One unit of the last digit that is not zero: never finer than the survey's three significant digits."""
    number = Decimal(value).normalize()
    _, digits, exponent = number.as_tuple()
    assert len(digits) <= 4, value
    return format(Decimal(10) ** exponent, "f")


def named(series):
    """(series, measure) in the bundle's words."""
    head, _, rest = series.partition(".")
    if head == "price":
        return series.removeprefix("price."), "price"
    if head == "unit_value":
        return rest, "unit_value"
    reporter, flow, *more = series.split(".", 3)
    if flow == "import_share":
        return f"{reporter}.import.{PARTNERS[more[0]]}.{SHARES[more[1]]}", "share"
    return series, "consumption" if flow == "consumption" else "quantity"


def rows(table):
    for r in table:
        series, measure = named(r["series"])
        first, _, last = r["period"].partition("/")
        estimated = r["note"].startswith("estimated")
        mineral = next(m for m in ("antimony", "gallium", "germanium", "rare_earth") if m in series).replace("earth", "earths")
        yield dict(series=series, mineral=mineral, measure=measure, period=f"{first}-01/{last or first}-12", value=r["value"], unit=r["unit"],
                   status="provisional" if estimated else "value", step="1" if measure == "share" else step_of(r["value"]), released=OUT[r["published"]],
                   publisher=r["publisher"], url=r["address"].partition(" ")[0],
                   note="estimate of the survey" if estimated else "mean of four years, share of imports for consumption" if measure == "share" else "")


def write(table, path):
    made = sorted(rows(table), key=lambda r: (r["series"], r["measure"], r["period"], r["released"]))
    keys = [(r["series"], r["measure"], r["period"], r["released"]) for r in made]
    assert len(set(keys)) == len(keys)
    with open(path, "w", encoding="utf-8", newline="") as f:
        w = csv.DictWriter(f, COLUMNS, lineterminator="\n")
        w.writeheader()
        w.writerows(made)
    return len(made)
