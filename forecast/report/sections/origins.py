"""Gallium, germanium, antimony in the United States: declared Chinese origin against other origins, and the unit value."""

from __future__ import annotations

import math
from collections.abc import Sequence

from forecast.core import months as mm
from forecast.core.products import display, mineral_of
from forecast.core.series import SeriesKey
from forecast.report.blocks import MISSING, Block, Callout, Cell, Column, Figure, Heading, Prose, Table
from forecast.report.effect_rows import Answer
from forecast.report.numbers import NBSP, percent, period, product_name, window
from forecast.report.prose import amount, between, change, level, spelled
from forecast.report.run_data import Facts
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
    out += records(facts)
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


def records(facts: Facts) -> list[Block]:
    """The ban in each record of the trade, side by side with each verdict: exporter's, arrivals by origin, all arrivals."""
    rows: list[tuple[Cell, ...]] = []
    differ = []
    for mineral in MINERALS:
        legs = _legs(facts, mineral)
        if sum(leg is not None for leg in legs.values()) < 2:
            continue
        rows.append((Cell(mineral[:1].upper() + mineral[1:], tone="group"),))
        rows += [_leg(name, leg) for name, leg in legs.items()]
        rows += [(Cell(words, tone="sentence"),) for words in _apart(facts, [leg for leg in legs.values() if leg])]
        if len({leg.verdict for leg in legs.values() if leg}) > 1:
            differ.append(mineral)
    if not rows:
        return []
    text = (
        "The same ban in three records: what China's customs say was sent to the United States, what US customs say came from "
        "China by declared origin, and what the United States imported from all origins. The first two count by different "
        "rules (last known destination against origin), so they are two ledgers with a verdict each and no number is made of "
        "both; the third also holds what other suppliers sent."
    )
    if differ:
        text += f" The verdicts differ between the records for {_listed(differ)}."
    columns = (Column("Record"), Column("Observed less baseline"), Column("Estimate"), Column("Verdict"))
    return [Prose(text), Table("The ban by record, the longest window asked of each.", columns, tuple(rows), stacked=True)]


def _legs(facts: Facts, mineral: str) -> dict[str, Answer | None]:
    """The longest question on the ban in each record of one mineral, in quantities; the total of the good seen by origin."""
    bans = {e.id for e in facts.calendar if e.instrument == "ban"}
    asked = [
        a
        for a in facts.headline
        if bans & set(a.events) and a.measure in ("cumulative", "net") and mineral_of(_key(a).product) == mineral
    ]
    asked = [a for a in asked if _key(a).measure == "quantity" and "USA" in (_key(a).reporter, _key(a).partner)]
    by = {basis: [a for a in asked if a.basis == basis] for basis in ("export", "import_origin", "import_total")}
    origin = max(by["import_origin"], key=_months, default=None)
    good = _key(origin).product if origin else ""
    totals = [a for a in by["import_total"] if not good or _key(a).product == good]
    return {
        "China's record: exports to the US": max(by["export"], key=_months, default=None),
        "US record: arrivals of declared Chinese origin": origin,
        "US record: arrivals of all origins": max(totals, key=_months, default=None),
    }


def _leg(name: str, a: Answer | None) -> tuple[Cell, ...]:
    if a is None:
        return Cell(name), Cell(MISSING, "not asked"), Cell(MISSING), Cell(MISSING)
    fraction = change(a)
    described = Cell(MISSING, "no baseline")
    if a.compared:
        share = f" ({percent(fraction)})" if math.isfinite(fraction) else ""
        described = Cell(amount(a, a.desc) + share, f"{level(a, a.observed)} against the {a.baseline}")
    elif math.isfinite(a.desc):
        described = Cell(level(a, a.desc), f"last published level, {period(a.baseline.partition('level, ')[2])}; no baseline")
    estimated = Cell(MISSING, "the checks allow none")
    if a.estimated:
        estimated = Cell(amount(a, a.estimate), f"80{NBSP}% {between(a, a.lo80, a.hi80)}")
    good = product_name(_key(a).product)
    return Cell(name, f"{a.id}. {good}, {window(a.first, a.last)}"), described, estimated, Cell(a.verdict, tone=a.verdict)


def _apart(facts: Facts, legs: Sequence[Answer]) -> list[str]:
    """How far the two sides of one trade lie apart before the event, where the mirror gate could compare them."""
    table = facts.table("gates")
    for leg in legs if len(table) else ():
        found = table[(table["job"] == leg.job) & (table["gate"] == "mirror") & (table["outcome"] != "not run")]
        if len(found):
            words = spelled(facts, leg, str(found["reason"].iloc[0]))
            return [f"Seen from {leg.id}, before the event: {words[:1].lower() + words[1:]}."]
    return []


def _key(answer: Answer) -> SeriesKey:
    return SeriesKey.parse(answer.series.split("+")[0])


def _months(answer: Answer) -> int:
    return mm.ordinal(answer.last) - mm.ordinal(answer.first)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
