"""Gallium, germanium, antimony in the United States: declared Chinese origin against other origins, and the unit value."""

from __future__ import annotations

from forecast.core.products import display, mineral_of
from forecast.core.series import SeriesKey
from forecast.report.blocks import Block, Callout, Figure, Heading, Prose
from forecast.report.facts import Facts
from forecast.report.numbers import product_name
from forecast.report.sections.outlook import key

MINERALS = ("gallium", "germanium", "antimony")


def blocks(facts: Facts) -> list[Block]:
    """Nothing where no US import by origin is in the run."""
    totals = [s for s in facts.histories if _wanted(s) and len(facts.histories[s].values) >= 12]
    if not totals:
        return []
    from forecast.report.figures.origins import stacked
    from forecast.report.figures.timeline import letters

    totals.sort(
        key=lambda s: (MINERALS.index(mineral_of(s.rsplit(".", 1)[-1])), s.rsplit(".", 1)[-1] != "germanium_unwrought", s)
    )
    first = min(facts.histories[s].first for s in totals)
    last = max(facts.histories[s].last for s in totals)
    probes = [s.replace(".WLD.", ".CHN.") for s in totals]
    events = facts.events_on(probes, first, last)
    named = letters(events)
    panels = []
    for series in totals:
        own = series.replace(".WLD.", ".CHN.")
        name = product_name(series.rsplit(".", 1)[-1])
        title = name[:1].upper() + name[1:] + ("" if own in facts.histories else " (no split by origin)")
        panels.append(
            stacked(
                title, facts.histories.get(own), facts.histories[series], facts.histories.get(f"{series}:usd"),
                display(series)[1], facts.events_on([own], first, last), named,
            )
        )  # fmt: skip
    out: list[Block] = [
        Heading("Gallium, germanium, antimony in the United States", 2, "origins", "Ga, Ge, Sb in the US"),
        Prose(
            "US general imports by origin as declared to customs. Goods of Chinese origin that arrive while China reports none "
            "may have come by way of a third country or have been long under way: indirect or delayed, which is not “illegal”."
        ),
        Figure(
            "origins", "US imports by declared origin, and their unit value", tuple(panels), 2 if len(panels) in (2, 4) else 3,
            "Bars: orange Chinese origin, grey all other origins. Line: unit value over all origins, USD per kg, as the "
            "ratio of three-month sums (dots: single months); it mixes grades and lags the contract. Source: US Census "
            "Bureau, general imports, HTS 10-digit codes.",
            "Stacked bars of US imports of gallium, germanium and antimony by origin with unit values beneath",
            key(events, named),
        ),
    ]  # fmt: skip
    if any("antimony" in s for s in totals):
        out.append(
            Callout(
                "Antimony here is metal (HTS 8110.10). The oxide trade of the press reports is not in the bundled data: "
                "nothing on this page confirms or denies it."
            )
        )
    return out


def _wanted(series: str) -> bool:
    read = SeriesKey.maybe(series)
    if read is None or read.measure != "quantity" or read.reporter != "USA":
        return False
    return read.basis == "import_total" and mineral_of(read.product) in MINERALS
