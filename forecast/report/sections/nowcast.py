"""Section on nowcasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from forecast.core import months as mm
from forecast.core.output_files import segment
from forecast.core.registry import section
from forecast.report.blocks import Block, FigureBlock, Heading, Prose
from forecast.report.event_key import event_key, event_letters
from forecast.report.figures.fan_charts import fan_panel
from forecast.report.nowcast_blocks import nowcast_rows, question_blocks
from forecast.report.numbers import (
    day,
    series_name,
)
from forecast.report.run_data import RunData

if TYPE_CHECKING:
    pass

HISTORY_MONTHS = 38
STAGES = {"flash": "first figures", "detail": "detailed tables", "census": "general imports"}
BASIS = {
    "actual": "as reported",
    "late": "overdue on the day; it came then",
    "calendar": "published calendar",
    "rule": "rule, not announced",
}
CHANGE_WORDS = {"estimation": "parameters fitted anew", "model": "another model", "calendar": "time passing"}


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
    table = nowcast_rows(data, row)
    table = table[~table["month"].str.contains("/")] if len(table) else table
    shown = [str(s) for s in table["series"].unique()] if len(table) else []
    if not shown:
        return []
    stands = str(table["cutoff"].iloc[0])
    first = mm.ordinal(stands[:7]) - HISTORY_MONTHS
    events = data.events_on(shown, first, mm.ordinal(stands[:7]))
    letters = event_letters(events)
    panels = tuple(
        fan_panel(data.histories[s], table[table["series"] == s], stands,
            data.events_on([s], first, mm.ordinal(stands[:7])), letters)
        for s in shown
    )  # fmt: skip
    caption = (
        f"Blue: median, 80 and 95 % bands of {row['models'][0]}, standing on {day(stands)}. Black: published figures, those "
        "that came out later too (dotted: mean of months known only as a sum). Dashed: events in force."
    )
    return [
        FigureBlock(
            figure_stem(str(row["name"])),
            str(row["name"]),
            panels,
            3,
            caption,
            "Nowcasts of " + "; ".join(series_name(s) for s in shown),
            event_key(events, letters),
        )
    ]
