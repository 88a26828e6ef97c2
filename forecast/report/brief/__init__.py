"""The brief: a run on two to four pages in plain words, made from its tables and config by rules; the report is its annex."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from forecast.core.errors import ForecastError
from forecast.core.run import Run
from forecast.core.steps import logger
from forecast.report.blocks import Block, Bullets, Callout, Heading, Prose
from forecast.report.brief.changed import changed_blocks
from forecast.report.brief.courses import decision_blocks
from forecast.report.brief.decisions import Horizon
from forecast.report.brief.limits import limit_blocks
from forecast.report.brief.message import message_blocks
from forecast.report.brief.months_ahead import months_ahead_blocks
from forecast.report.brief.origin import origin_blocks
from forecast.report.diff.run_diff import compare, find_previous
from forecast.report.run_data import RunData

LOG = logger(__name__)


def compose_brief(run: Run, changes: Sequence[str] | None = None, today: dt.date | None = None) -> list[Block]:
    """All Blocks of a run's brief, with figures drawn.

    changes : what is new since an earlier run, a sentence each; without it, since the latest one that lies beside this run
    today : the day on which it is read, from which the coming month and a decision already past follow; without it today
    """
    from forecast.report.figures.canvas import style

    data: RunData = run.quotes.data  # read once for all pages
    horizon = Horizon.of(data, today or dt.date.today())
    chapters: tuple[Callable[[], list[Block]], ...] = (
        lambda: message_blocks(data, horizon),
        lambda: months_ahead_blocks(data, horizon),
        lambda: decision_blocks(data, horizon),
        lambda: changed_blocks(data),
        lambda: limit_blocks(data, horizon),
        lambda: _news_blocks(_changes_since(find_previous(run), data) if changes is None else changes),
        lambda: origin_blocks(data, horizon),
    )
    with style():
        return [block for chapter in chapters for block in _draw(chapter)]


def _draw(chapter: Callable[[], list[Block]]) -> list[Block]:
    """The Blocks of a chapter; an error in it is printed in its place, so that the run keeps its other pages."""
    try:
        return chapter()
    except ForecastError:  # a table that is damaged is no fault of the chapter
        raise
    except Exception as error:
        problem = f"A chapter of the brief could not be drawn ({type(error).__name__}: {error})."
        LOG.warning("%s", problem)
        return [Callout(problem, "warning")]


def _changes_since(earlier: Run | None, data: RunData) -> Sequence[str]:
    return compare(RunData(earlier), data).sentences() if earlier else ()


def _news_blocks(changes: Sequence[str]) -> list[Block]:
    if not changes:
        return []
    return [
        Heading("What changed since the last run", 2, "since", "Since the last run"),
        Bullets(tuple(changes)) if len(changes) > 1 else Prose(changes[0]),
    ]
