"""Section on nowcasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from forecast.core import months as mm
from forecast.core.output_files import segment
from forecast.core.registry import section
from forecast.core.schema import group_rows
from forecast.report.blocks import Block, FigureBlock, Heading, Prose
from forecast.report.event_key import event_key, events_of_panel, letter_events
from forecast.report.figures.fan_charts import HISTORY_MONTHS, fan_panel
from forecast.report.nowcast_blocks import nowcast_rows, question_blocks
from forecast.report.numbers import day, series_name
from forecast.report.run_data import RunData


@section
@dataclass(frozen=True)
class NowcastSection:
    """What is happening now: unpublished months, what moved their nowcasts, and the next releases."""

    order: ClassVar[float] = 30
    needs: ClassVar[tuple[str, ...]] = ()

    def blocks(self, data: RunData) -> list[Block]:
        """Empty unless the run has nowcasts."""
        if not data.nowcasts:
            return []
        out: list[Block] = [
            Heading("What is happening now", 2, "now", "Now"),
            Prose(
                "Months whose figures were not out on the day of the question. Bands hold 80 % of the draws. Where a figure "
                "has come out since, it stands beside the nowcast, which did not know it. “What moved it” adds up to the "
                "change between the two days: figures new or revised, events, time passing, parameters fitted anew."
            ),
        ]
        for row in data.nowcasts:
            out += [*question_blocks(data, row), *_figure(data, row)]
        return out


def figure_stem(name: str) -> str:
    """File stem of a nowcast's figure, safe for any name of a question."""
    return segment(f"now_{name}")


def _figure(data: RunData, row: dict[str, Any]) -> list[Block]:
    """Fan charts of the nowcast months, with figures published since drawn over them."""
    groups = group_rows((r for r in nowcast_rows(data, row) if "/" not in r.month), lambda r: r.series)
    if not groups:
        return []
    stands = next(iter(groups.values()))[0].cutoff
    until = mm.ordinal(stands[:7])
    events = letter_events(data, groups, until - HISTORY_MONTHS, until)
    panels = tuple(fan_panel(data.histories[s], own, stands, events_of_panel(events, s)) for s, own in groups.items())
    caption = (
        f"Blue: median, 80 and 95 % bands of {row['models'][0]}, standing on {day(stands)}. Solid: published figures, those "
        "that came out later too (dotted: mean of months known only as a sum). Letters: events in force."
    )
    name, alt = str(row["name"]), "Nowcasts of " + "; ".join(map(series_name, groups))
    return [FigureBlock(figure_stem(name), name, panels, 3, caption, alt, event_key(events))]
