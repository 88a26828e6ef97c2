"""Fan chart by scenario: history, then a median line and 80 % band per scenario, labelled at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from forecast.arrays import Floats
from forecast.core import months as mm
from forecast.core.events import Event
from forecast.core.schema import ScenarioForecastRow, group_rows
from forecast.report.blocks import FigurePanel
from forecast.report.figures.canvas import C, finish_panel, set_value_axis
from forecast.report.figures.fan_charts import open_fan
from forecast.report.figures.timeline import draw_flow, mark_events, set_year_axis
from forecast.report.flow_history import FlowHistory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HISTORY_MONTHS = 26  # months of history shown
COLORS = ("blue", "orange", "purple", "green", "gold")
STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (6, 1.6, 1.2, 1.6)), (0, (2.6, 1.2)))
NAMES = 96  # points reserved for labels at the lines' ends


def line_styles(names: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Colour and line style of each scenario, equal in all panels; colours repeat with another style."""
    return {name: (COLORS[i % len(COLORS)], (i + i // len(COLORS)) % len(STYLES)) for i, name in enumerate(names)}


def scenario_panel(
    history: FlowHistory, ahead: Sequence[ScenarioForecastRow], looks: Mapping[str, tuple[str, int]], lost: Sequence[str],
    as_of: str, events: Mapping[str, Event],
) -> FigurePanel:  # fmt: skip
    """One series; `ahead` has a row per scenario and single month in display units; `lost` have no fan."""
    fans = group_rows(sorted(ahead, key=lambda r: r.month), lambda r: r.scenario)
    when = [mm.ordinal(r.month) for r in ahead]
    first, last = max(history.first, min(when) - HISTORY_MONTHS), max(when)
    figure, ax = open_fan(history, last, as_of, 244, NAMES)
    top = draw_flow(ax, history, first, last)
    ends: dict[str, float] = {}
    drawn: list[Floats] = []
    for name in (name for name in looks if name in fans):
        color, style = looks[name]
        whole = np.array([(r.q50, r.q10, r.q90) for r in fans[name]])
        start = _first_own_month(whole, drawn)
        drawn.append(whole)
        middle, q10, q90 = whole[start:].T
        x = np.array([mm.ordinal(r.month) for r in fans[name][start:]]) + 0.5
        ax.fill_between(x, q10, q90, color=C[color], alpha=0.10, lw=0, zorder=2)
        ax.plot(x, q90, color=C[color], lw=0.6, alpha=0.7, zorder=2.2)
        ax.plot(x, middle, color=C[color], lw=1.9, ls=STYLES[style], zorder=3.2)
        ends[name] = float(middle[-1])
        top = max(top, float(q90.max()))
    set_value_axis(ax, 1.06 * top)
    set_year_axis(ax, first, last)
    mark_events(ax, events)
    _name_lines(ax, ends, looks, lost)
    return finish_panel(figure)


def _first_own_month(own: Floats, drawn: Sequence[Floats]) -> int:
    """Index of the last month that a fan shares with an earlier one; months before it are not drawn twice."""
    shared = [0]
    for other in drawn:
        same = (own == other).all(axis=1) if own.shape == other.shape else np.zeros(1, dtype=bool)
        shared.append(int(np.argmin(same)) - 1 if not same.all() else len(same) - 1)
    return max(shared)


def _name_lines(ax: Axes, ends: Mapping[str, float], looks: Mapping[str, tuple[str, int]], lost: Sequence[str]) -> None:
    """Labels at the lines' ends, moved apart; scenarios without a fan are listed beneath the title."""
    low, high = ax.get_ylim()
    step = (high - low) * 11.5 / (ax.get_position().height * 244)
    y = -np.inf
    for name in sorted(ends, key=lambda n: ends[n]):
        y = max(ends[name], y + step)
        ax.annotate(
            name if len(name) < 19 else name[:18] + "…", (ax.get_xlim()[1], y), (5, 0), textcoords="offset points",
            va="center", fontsize=8.6, color=C[looks[name][0]], fontweight="bold", annotation_clip=False,
        )  # fmt: skip
    for i, text in enumerate(("not identified:", *lost) if lost else ()):
        ax.annotate(
            text if len(text) < 19 else text[:18] + "…", (1, 1), (5, -5 - 11 * i), "axes fraction", "offset points",
            va="center", fontsize=8.2, color=C["muted"], annotation_clip=False,
        )  # fmt: skip
