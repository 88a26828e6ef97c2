"""Fan chart by scenario: history, then a mean line and 80 % band per scenario, labelled at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from forecast.core import months as mm
from forecast.core.events import Event
from forecast.report.blocks import FigurePanel
from forecast.report.figures.canvas import C, add_axes, finish_panel, new_panel, set_value_axis
from forecast.report.figures.timeline import draw_flow, mark_events, set_year_axis
from forecast.report.numbers import flow_name, product_name
from forecast.report.run_data import ObservedSeries

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

HISTORY_MONTHS = 26  # months of history shown
COLORS = ("blue", "orange", "purple", "green", "gold")
STYLES = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (6, 1.6, 1.2, 1.6)), (0, (2.6, 1.2)))
NAMES = 96  # points reserved for labels at the lines' ends


def line_styles(names: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Colour and line style of each scenario, equal in all panels; colours repeat with another style."""
    return {name: (COLORS[i % len(COLORS)], (i + i // len(COLORS)) % len(STYLES)) for i, name in enumerate(names)}


def scenario_panel(
    history: ObservedSeries, ahead: pd.DataFrame, looks: Mapping[str, tuple[str, int]], lost: Sequence[str], as_of: str,
    events: Sequence[Event], letters: Mapping[str, str],
) -> FigurePanel:  # fmt: skip
    """One series; `ahead` has a row per scenario and month with mean, q10, q90 in display units; `lost` have no fan."""
    when = sorted({mm.ordinal(str(m)) for m in ahead["month"]})
    first, last = max(history.first, when[0] - HISTORY_MONTHS), when[-1]
    title = product_name(history.series.partition(":")[0].rsplit(".", 1)[-1])
    title = title if title[:2].isupper() else title[:1].upper() + title[1:]
    figure = new_panel(
        344,
        244,
        title if len(title) < 47 else title[:45] + "…",
        f"{flow_name(history.series, most=48)}; {history.unit} a month",
    )
    ax = add_axes(figure, top=54, right=NAMES)
    past = min(mm.ordinal(as_of[:7]), last + 1)
    if past > history.last + 1:
        ax.axvspan(history.last + 1, past, color=C["shade"], lw=0, zorder=0)
    top = draw_flow(ax, history, first, last)
    ends: dict[str, float] = {}
    drawn: list[pd.DataFrame] = []
    for name, (color, style) in looks.items():
        whole = ahead[ahead["scenario"] == name].sort_values("month")
        if not len(whole):
            continue
        own = whole.iloc[_first_own_month(whole, drawn) :]
        drawn.append(whole)
        x = np.array([mm.ordinal(str(m)) for m in own["month"]]) + 0.5
        ax.fill_between(x, own["q10"], own["q90"], color=C[color], alpha=0.10, lw=0, zorder=2)
        ax.plot(x, own["q90"], color=C[color], lw=0.6, alpha=0.7, zorder=2.2)
        ax.plot(x, own["mean"], color=C[color], lw=1.9, ls=STYLES[style], zorder=3.2)
        ends[name] = float(whole["mean"].iloc[-1])
        top = max(top, float(own["q90"].max()))
    set_value_axis(ax, 1.06 * top)
    set_year_axis(ax, first, last)
    mark_events(ax, events, letters)
    _name_lines(ax, ends, looks, lost)
    return finish_panel(figure)


def _first_own_month(own: pd.DataFrame, drawn: Sequence[pd.DataFrame]) -> int:
    """Index of the last month that a fan shares with an earlier one; months before it are not drawn twice."""
    values = own[["mean", "q10", "q90"]].to_numpy(float)
    shared = [0]
    for other in drawn:
        held = other[["mean", "q10", "q90"]].to_numpy(float)
        same = (values == held).all(axis=1) if held.shape == values.shape else np.zeros(1, dtype=bool)
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
