"""Section on rare-earth magnets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from forecast.core import months as mm
from forecast.core.registry import section
from forecast.report.blocks import Block, FigureBlock, FigurePanel, Heading, Prose
from forecast.report.chosen_answers import longest_window
from forecast.report.event_key import event_key, letter_events
from forecast.report.figures import flows
from forecast.report.flow_history import FlowHistory
from forecast.report.numbers import month_of, share_text
from forecast.report.run_data import MORE_THAN_NOWCASTS, RunData

WORLD, US = "CHN.export.WLD.re_magnets", "CHN.export.USA.re_magnets"
SINCE = mm.ordinal("2022-01")


@section
@dataclass(frozen=True)
class MagnetsSection:
    """Rare-earth magnets: the path, the cumulative shortfall, and the share of the United States."""

    order: ClassVar[float] = 60
    needs: ClassVar[tuple[str, ...]] = ("observations", MORE_THAN_NOWCASTS)

    def blocks(self, data: RunData) -> list[Block]:
        """Empty unless the run has bundled magnet exports."""
        if not data.bundled or WORLD not in data.histories:
            return []
        present = [s for s in (WORLD, US) if s in data.histories]
        last = max(data.histories[s].last for s in present)
        events = letter_events(data, present, SINCE, last)
        panels: list[FigurePanel] = []
        for series, title in ((WORLD, "China to world"), (US, "China to the US")):
            if series not in data.histories:
                continue
            answer = longest_window(data, series)
            expected = (answer.baseline, answer.expected / answer.n_months) if answer else None
            panels.append(flows.level_panel(title, data.histories[series], SINCE, last, events, expected))
            if answer:
                panels.append(flows.cumulative_panel(f"{title}: difference added up", data.histories[series], answer))
        if US in data.histories:
            share = flows.share_panel("Share of the US", data.histories[US], data.histories[WORLD], SINCE, last, events)
            panels += [share] if share else []
        caption = (
            "Monthly exports of rare-earth permanent magnets (HS 8505.11.10), tonnes. Orange: the baseline named in the panel; "
            "the bar at the end of an added-up path is the range over all baselines of that row. Source: China's customs as "
            "reported by the publishers listed under Data."
        )
        return [
            Heading("Rare-earth magnets", 2, "magnets", "Magnets"),
            Prose(
                "Whether trade was lost or only delayed depends on the baseline, so the difference is added up against a named "
                "one and the range over the others stands at its end. A share describes who got the magnets, not how many "
                "there were."
                + _share_sentence(data)
            ),
            FigureBlock(
                "magnets", "Magnets: path, difference added up, US share", tuple(panels), 2, caption,
                "Charts of magnet exports to the world and to the US, cumulative differences and the US share",
                event_key(events),
            ),
        ]  # fmt: skip


def _share_sentence(data: RunData) -> str:
    """How often the US share returned to its level in the year before licensing."""
    part, whole = data.histories.get(US), data.histories.get(WORLD)
    base = _share(part, whole, mm.ordinal("2024-01"), mm.ordinal("2024-12")) if part and whole else math.nan
    if not (part and whole and math.isfinite(base)):
        return ""
    found = {m: _share(part, whole, m, m) for m in part.values if m >= mm.ordinal("2025-04")}
    months = {m: v for m, v in found.items() if math.isfinite(v)}
    if not months:
        return ""
    low, high = min(months, key=lambda m: months[m]), max(months, key=lambda m: months[m])
    back = sum(v >= base for v in months.values())
    often = f"{back} of the" if back else "none of the"
    return (
        f" The US took {share_text(base)} of China's magnet exports in 2024; in {often} {len(months)} months from "
        f"{month_of(min(months))} to {month_of(max(months))} was its share that high again (lowest "
        f"{share_text(months[low])} in {month_of(low)}, highest {share_text(months[high])} in {month_of(high)})."
    )


def _share(part: FlowHistory, whole: FlowHistory, first: int, last: int) -> float:
    total = whole.total(first, last)
    return part.total(first, last) / total if total > 0 else math.nan
