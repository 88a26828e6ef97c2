"""Charts of flows: monthly level, cumulative difference from a baseline, share, and counterfactual path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from forecast.core import months as mm
from forecast.core.events import Event
from forecast.core.schema import PathRow
from forecast.report.blocks import FigurePanel
from forecast.report.effect_rows import EffectAnswer
from forecast.report.figures.canvas import C, add_axes, finish_panel, new_panel, set_value_axis
from forecast.report.figures.timeline import (
    consecutive_runs,
    draw_flow,
    mark_events,
    mark_overflow,
    readings,
    set_month_axis,
    set_year_axis,
)
from forecast.report.flow_history import FlowHistory
from forecast.report.numbers import quantity

SIZE = (430, 250)
BEFORE = 24  # months of history drawn before a counterfactual


def level_panel(
    title: str, history: FlowHistory, first: int, last: int, events: Mapping[str, Event],
    expected: tuple[str, float] | None = None,
) -> FigurePanel:  # fmt: skip
    """Monthly level, with sums as dotted steps; `expected` is a (name, level) drawn for comparison."""
    figure = new_panel(*SIZE, title, f"{history.unit} a month; dotted: mean of months known only as a sum")
    ax = add_axes(figure, top=62, left=46)
    top = draw_flow(ax, history, first, last, C["blue"], 1.7)
    if expected:
        name, value = expected
        ax.axhline(value, color=C["orange"], lw=1.1)
        top = max(top, value)
        words = f"— {name}: {quantity(value, history.unit)}"
        figure.text(2 / SIZE[0], 1 - 38 / SIZE[1], words, fontsize=8.8, color=C["orange"], va="baseline")
    set_value_axis(ax, 1.12 * top)
    set_year_axis(ax, first, last)
    mark_events(ax, events)
    return finish_panel(figure, readings(ax, history, first, last))


def cumulative_panel(title: str, history: FlowHistory, answer: EffectAnswer) -> FigurePanel:
    """Cumulative difference from the baseline over the window; the bar at its end is the range over all baselines."""
    first, last = mm.ordinal(answer.months_from), mm.ordinal(answer.months_to)
    per_month = answer.expected / (last - first + 1)
    figure = new_panel(*SIZE, title, f"{answer.unit}; observed less {answer.baseline}, added up")
    ax = add_axes(figure, top=50, left=52, right=64, bottom=34)
    months = [m for m in range(first, last + 1)]
    level = {m: mean for steps, mean in history.steps for m in steps} | history.values
    gaps = np.cumsum([level.get(m, np.nan) - per_month for m in months])
    x = np.array([first, *[m + 1 for m in months]])
    y = np.array([0.0, *gaps])
    ax.axhline(0, color=C["muted"], lw=0.9)
    ax.plot(x, y, color=C["blue"], lw=1.9, marker="o", ms=2.8, zorder=3)
    ax.fill_between(x, y, 0, color=C["blue"], alpha=0.12, lw=0)
    ends = [v for v in (answer.desc_lo, answer.desc_hi) if np.isfinite(v)]
    lowest, highest = np.nanmin([*y, *ends, 0.0]), np.nanmax([*y, *ends, 0.0])
    if len(ends) == 2 and abs(ends[1] - ends[0]) > 0.02 * (highest - lowest):
        ax.plot([last + 1.5] * 2, ends, color=C["orange"], lw=4, alpha=0.75, clip_on=False, solid_capstyle="butt")
    room = 0.1 * max(highest - lowest, 1e-9)
    set_value_axis(ax, highest + room, lowest - room)
    set_month_axis(ax, first, last) if last - first < 18 else set_year_axis(ax, first, last)
    ax.set_xlim(first, last + 2)
    ax.annotate(
        quantity(answer.desc_estimate, answer.unit, sign=True), (last + 2, answer.desc_estimate), (4, 0),
        textcoords="offset points", fontsize=9, va="center", color=C["blue"], annotation_clip=False,
    )  # fmt: skip
    return finish_panel(figure)


def share_panel(
    title: str, part: FlowHistory, whole: FlowHistory, first: int, last: int, events: Mapping[str, Event]
) -> FigurePanel | None:
    """One flow as a share of another in months where both are known; sums as flat steps."""
    single = {m: part.values[m] / whole.values[m] for m in part.values if first <= m <= last and whole.values.get(m)}
    spans = {(a, b): v for a, b, v in whole.sums}
    flat = []
    for a, b, value in part.sums:
        total = spans.get((a, b)) or whole.total(a, b)
        unknown = sum(m not in single for m in range(a, b + 1))
        if np.isfinite(total) and total > 0 and b >= first and unknown > (b - a + 1) / 3:
            flat.append((max(a, first), b, value / total))
    if not single:
        return None
    figure = new_panel(*SIZE, title, "per cent of the month's total; dotted: share over a span published as a sum")
    ax = add_axes(figure, top=50, left=40, right=14)
    when = sorted(single)
    ax.plot(np.array(when) + 0.5, [100 * single[m] for m in when], color=C["blue"], lw=0, marker="o", ms=3.6, zorder=3)
    for run in consecutive_runs(when):
        ax.plot(np.array(run) + 0.5, [100 * single[m] for m in run], color=C["blue"], lw=1.6, zorder=3)
    for a, b, value in flat:
        ax.plot([a, b + 1], [100 * value] * 2, color=C["orange"], lw=1.4, ls=(0, (1, 1.5)))
        if b - a >= 10:
            ax.annotate(
                f"{100 * value:.1f} %", (a, 100 * value), (0, -4), textcoords="offset points",
                fontsize=8.8, color=C["orange"], ha="left", va="top",
            )  # fmt: skip
    set_value_axis(ax, 115 * max([*single.values(), *(f[2] for f in flat)]))
    set_year_axis(ax, first, last)
    mark_events(ax, events)
    return finish_panel(figure)


def counterfactual_panel(
    title: str, unit: str, path: Sequence[PathRow], history: FlowHistory | None, robust: str = ""
) -> FigurePanel:
    """Observed and counterfactual path with its bands, after two years of history; rows in display units.

    Shaded: pointwise 80 and 95 % bands; dashed: the simultaneous 90 % band. robust : a line of text above the frame.
    """
    path = sorted(path, key=lambda r: mm.parse_period(r.month))
    spans = [mm.parse_period(r.month) for r in path]
    width = np.array([b - a + 1 for a, b in spans], float)
    x = np.array([(a + b + 1) / 2 for a, b in spans])
    observed = np.array([r.observed for r in path]) / width
    q025, q975 = np.array([(r.counterfactual_q025, r.counterfactual_q975) for r in path]).T / width
    q10, q90 = np.array([(r.counterfactual_q10, r.counterfactual_q90) for r in path]).T / width
    q50 = np.array([r.counterfactual_q50 for r in path]) / width
    figure = new_panel(344, 226, title, f"{unit} a month")
    ax = add_axes(figure, top=44)
    first = max(spans[0][0] - BEFORE, history.first) if history else spans[0][0]
    top = draw_flow(ax, history, first, spans[-1][1], C["blue"]) if history else 0.0
    ax.fill_between(x, q025, q975, color=C["orange"], alpha=0.16, lw=0)
    ax.fill_between(x, q10, q90, color=C["orange"], alpha=0.26, lw=0)
    ax.plot(x, q50, color=C["orange"], lw=1.6)
    for edge in np.array([(r.effect_band_lo, r.effect_band_hi) for r in path]).T / width:
        if np.isfinite(edge).any():
            ax.plot(x, observed - edge, color=C["orange"], lw=0.9, ls=(0, (4, 2.5)))
    if history is None or any(b > a for a, b in spans):
        ax.plot(x, observed, color=C["blue"], lw=1.8, marker="o", ms=2.8)
    low = min(0.0, float(np.nanmin([*observed, *q10])))
    set_value_axis(ax, 1.08 * max(top, float(np.nanmax([*observed, *q90]))), low)
    set_year_axis(ax, first, spans[-1][1])
    mark_overflow(ax, x, q975, C["orange"])
    if robust:
        ax.annotate(
            robust, (0, 1), (0, 4), ax.transAxes, "offset points", fontsize=8.2, color=C["muted"], annotation_clip=False
        )
    return finish_panel(figure)
