"""Card: what an object shows of itself, as a few lines of text and as a small table for a notebook, from one description."""

from __future__ import annotations

import html
from dataclasses import dataclass

from forecast.core.control_characters import one_line
from forecast.core.plurals import pluralize

MOST_LINES = 10
WIDEST = 112  # characters of a line of text
WIDEST_CELL = 300  # characters of a cell in a notebook
# the page's own colours, so that one table serves light and dark notebooks
_TABLE = "border-collapse:collapse;font-size:0.9em;margin:0.3em 0;color:inherit;background:transparent"
_CELL = "text-align:left;vertical-align:top;padding:0.1em 0.9em 0.1em 0;border:none;background:transparent;color:inherit"
_LABEL = f"{_CELL};opacity:0.75;font-weight:normal;white-space:nowrap"


@dataclass(frozen=True)
class Card:
    """A title and labelled lines; a line with an empty label goes on with the one above."""

    title: str
    lines: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The card as one to ten lines of text."""
        few = self._few()
        width = max((len(label) for label, _ in few), default=0)
        shown = [_cut(one_line(self.title), WIDEST)]
        shown += [_cut(f"  {label:<{width}}  {one_line(value)}".rstrip(), WIDEST) for label, value in few]
        return "\n".join(shown)

    @property
    def html(self) -> str:
        """The card as a table of its own for a notebook: no script, no style sheet, nothing fetched."""
        rows = "".join(
            f'<tr style="background:transparent"><th style="{_LABEL}">{_escape(label)}</th>'
            f'<td style="{_CELL}">{_escape(value)}</td></tr>'
            for label, value in self._few()
        )
        title = f'<div style="font-weight:bold">{_escape(self.title)}</div>'
        return f'<div>{title}<table style="{_TABLE}"><tbody>{rows}</tbody></table></div>' if rows else title

    def _few(self) -> list[tuple[str, str]]:
        lines = [(one_line(label), value) for label, value in self.lines if value]
        if len(lines) < MOST_LINES:
            return lines
        return [*lines[: MOST_LINES - 2], ("", f"and {pluralize(len(lines) - MOST_LINES + 2, 'more line')}")]


def _escape(text: str) -> str:
    return html.escape(_cut(one_line(text), WIDEST_CELL))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1].rstrip()}…"
