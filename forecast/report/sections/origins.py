"""Section on US imports of gallium, germanium and antimony by origin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from forecast.core.products import display_unit, mineral_of
from forecast.core.registry import section
from forecast.core.schema import GateRow
from forecast.core.series import SeriesKey
from forecast.report.blocks import MISSING, Block, Callout, Column, FigureBlock, Heading, Prose, TableBlock, TableCell
from forecast.report.effect_rows import EffectAnswer
from forecast.report.event_key import event_key, events_of_panel, letter_events
from forecast.report.figures.origins import origins_panel
from forecast.report.numbers import NBSP, capitalize, good_name, join_with_and, percent, period
from forecast.report.prose import amount, interval_text, level_text, reason_in_words, relative_change
from forecast.report.run_data import MORE_THAN_NOWCASTS, RunData

MINERALS = ("gallium", "germanium", "antimony")


@section
@dataclass(frozen=True)
class OriginsSection:
    """Gallium, germanium and antimony in the United States: by declared origin, with unit values."""

    order: ClassVar[float] = 70
    needs: ClassVar[tuple[str, ...]] = ("observations", MORE_THAN_NOWCASTS)

    def blocks(self, data: RunData) -> list[Block]:
        """Empty unless the run has bundled US imports of these minerals."""
        totals = [s for s in data.histories if _is_us_total(s) and len(data.histories[s].values) >= 12]
        if not totals or not data.bundled:
            return []
        totals.sort(
            key=lambda s: (MINERALS.index(mineral_of(s.rsplit(".", 1)[-1])), s.rsplit(".", 1)[-1] != "germanium_unwrought", s)
        )
        first = min(data.histories[s].first for s in totals)
        last = max(data.histories[s].last for s in totals)
        probes = [s.replace(".WLD.", ".CHN.") for s in totals]
        events = letter_events(data, probes, first, last)
        panels = []
        for series in totals:
            own = series.replace(".WLD.", ".CHN.")
            title = capitalize(good_name(series)) + ("" if own in data.histories else " (no split by origin)")
            panels.append(
                origins_panel(
                    title, data.histories.get(own), data.histories[series], data.histories.get(f"{series}:usd"),
                    display_unit(series)[1], events_of_panel(events, own),
                )
            )  # fmt: skip
        out: list[Block] = [
            Heading("Gallium, germanium, antimony in the United States", 2, "origins", "Ga, Ge, Sb in the US"),
            Prose(
                "US general imports by origin as declared to customs. Goods of Chinese origin that arrive while China reports "
                "none may have come by way of a third country or have been long under way: indirect or delayed, which is not "
                "“illegal”."
            ),
            FigureBlock(
                "origins", "US imports by declared origin, and their unit value", tuple(panels),
                2 if len(panels) in (2, 4) else 3,
                "Bars: orange Chinese origin, grey all other origins. Line: unit value over all origins, USD per kg, as the "
                "ratio of three-month sums (dots: single months); it mixes grades and lags the contract. Source: US Census "
                "Bureau, general imports, HTS 10-digit codes.",
                "Stacked bars of US imports of gallium, germanium and antimony by origin with unit values beneath",
                event_key(events),
            ),
        ]  # fmt: skip
        out += record_blocks(data)
        if any("antimony" in s for s in totals):
            out.append(
                Callout(
                    "Antimony here is metal (HTS 8110.10). The oxide trade of the press reports is not in the bundled data: "
                    "nothing on this page confirms or denies it."
                )
            )
        return out


def _is_us_total(series: str) -> bool:
    read = SeriesKey.maybe(series)
    if read is None or read.measure != "quantity" or read.reporter != "USA":
        return False
    return read.basis == "import_total" and mineral_of(read.product) in MINERALS


def record_blocks(data: RunData) -> list[Block]:
    """The ban in each record of the trade (Chinese exports, US imports by origin, all US imports), each with its verdict."""
    rows: list[tuple[TableCell, ...]] = []
    differ = []
    for mineral in MINERALS:
        legs = _record_rows(data, mineral)
        if sum(leg is not None for leg in legs.values()) < 2:
            continue
        rows.append((TableCell(capitalize(mineral), tone="group"),))
        rows += [_record_cells(name, leg) for name, leg in legs.items()]
        if gap := _mirror_gap_sentence(data, [leg for leg in legs.values() if leg]):
            rows.append((TableCell(gap, tone="sentence"),))
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
        text += f" The verdicts differ between the records for {join_with_and(differ)}."
    columns = (Column("Record"), Column("Observed less baseline"), Column("Estimate"), Column("Verdict"))
    return [Prose(text), TableBlock("The ban by record, the longest window asked of each.", columns, tuple(rows), stacked=True)]


def _record_rows(data: RunData, mineral: str) -> dict[str, EffectAnswer | None]:
    """The longest window asked about the ban in each record of one mineral; the total is of the good seen by origin."""
    bans = {e.id for e in data.calendar if e.instrument == "ban"}
    asked = [
        a
        for a in data.headline
        if bans & set(a.events) and a.measure in ("cumulative", "net") and mineral_of(_series_key(a).product) == mineral
    ]
    asked = [
        a for a in asked if _series_key(a).measure == "quantity" and "USA" in (_series_key(a).reporter, _series_key(a).partner)
    ]
    by = {basis: [a for a in asked if a.basis == basis] for basis in ("export", "import_origin", "import_total")}
    origin = _longest(by["import_origin"])
    good = _series_key(origin).product if origin else ""
    totals = [a for a in by["import_total"] if not good or _series_key(a).product == good]
    return {
        "China's record: exports to the US": _longest(by["export"]),
        "US record: arrivals of declared Chinese origin": origin,
        "US record: arrivals of all origins": _longest(totals),
    }


def _record_cells(name: str, a: EffectAnswer | None) -> tuple[TableCell, ...]:
    if a is None:
        return TableCell(name), TableCell(MISSING, "not asked"), TableCell(MISSING), TableCell(MISSING)
    fraction = relative_change(a)
    described = TableCell(MISSING, "no baseline")
    if a.has_baseline:
        share = f" ({percent(fraction)})" if math.isfinite(fraction) else ""
        described = TableCell(amount(a, a.desc_estimate) + share, f"{level_text(a, a.observed_total)} against the {a.baseline}")
    elif math.isfinite(a.desc_estimate):
        described = TableCell(
            level_text(a, a.desc_estimate), f"last published level, {period(a.baseline.partition('level, ')[2])}; no baseline"
        )
    estimated = TableCell(MISSING, "the checks allow none")
    if a.has_estimate:
        estimated = TableCell(amount(a, a.estimate), f"80{NBSP}% {interval_text(a, a.lo80, a.hi80)}")
    good = good_name(a.first_series)
    return (
        TableCell(name, f"{a.id}. {good}, {a.known_window}"),
        described,
        estimated,
        TableCell(a.verdict, a.family_text, a.verdict),
    )


def _mirror_gap_sentence(data: RunData, legs: Sequence[EffectAnswer]) -> str:
    """Gap between the two sides' records before the event, where the mirror gate could compare them."""
    compared = {g.job: g.reason for g in data.rows(GateRow) if g.gate == "mirror" and g.outcome != "not run"}
    for leg in (leg for leg in legs if leg.job in compared):
        words = reason_in_words(data, leg, compared[leg.job])
        return f"Seen from {leg.id}, before the event: {words[:1].lower() + words[1:]}."
    return ""


def _longest(answers: Sequence[EffectAnswer]) -> EffectAnswer | None:
    return max(answers, key=lambda a: a.n_months, default=None)


def _series_key(answer: EffectAnswer) -> SeriesKey:
    return SeriesKey.parse(answer.first_series)
