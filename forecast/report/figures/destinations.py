"""Destinations of a flow: monthly bars stacked by partner, and beneath them which partner has a figure in which month."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecast.core import months as mm
from forecast.core.destinations import Destinations
from forecast.core.events import Event
from forecast.core.products import display_unit
from forecast.report.blocks import FigurePanel
from forecast.report.figures.canvas import C, add_axes, finish_panel, light_frame, new_panel, set_value_axis
from forecast.report.figures.timeline import mark_events, set_year_axis
from forecast.report.numbers import capitalize, country_name, month_of, quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 8  # partners with a colour or grey and a row of their own; further ones are added up
MORE = "more"
COLORS = [(name, alpha) for alpha in (1.0, 0.5) for name in ("blue", "orange", "green", "purple", "gold")]
OTHER = ("muted", 1.0)  # partners beyond those with a colour
WIDTH, LEFT, BARS, ROW = 430, 92, 148, 12.5  # points
WORLD, REST = "WLD", "REST"
Color = tuple[str, float]  # a name of the palette, and its opacity


@dataclass(frozen=True)
class MonthlyVolumes:
    """Volumes of single months in display units: of the total, and of each partner that has one, by month."""

    unit: str
    first: int
    last: int
    total: dict[int, float]
    named: dict[str, dict[int, float]]

    def partner_order(self) -> list[str]:
        """Partners, those with most figures above zero first, further ones together last."""

        def rank(partner: str) -> tuple[bool, int, int, str]:
            values = self.named[partner].values()
            return partner == MORE, -sum(v > 0 for v in values), -len(values), partner

        return sorted(self.named, key=rank)

    def abridge(self) -> MonthlyVolumes:
        """The same with few partners; further ones added up, in the months in which any of them has a figure."""
        order = self.partner_order()
        if len(order) <= MOST:
            return self
        more: dict[int, float] = {}
        for partner in order[MOST - 1 :]:
            for month, value in self.named[partner].items():
                more[month] = more.get(month, 0.0) + value
        return replace(self, named={p: self.named[p] for p in order[: MOST - 1]} | {MORE: more})


def monthly_volumes(made: Destinations) -> MonthlyVolumes:
    """The volumes of a flow's single months; a month without a figure is in neither mapping."""
    unit, scale = display_unit(made.series)
    total: dict[int, float] = {}
    named: dict[str, dict[int, float]] = {}
    window = next(mm.parse_period(row.month) for row in made.of("figures"))
    for row in made.of("volume"):
        if "/" not in row.month and math.isfinite(row.value) and row.partner != REST:
            own = total if row.partner == WORLD else named.setdefault(row.partner, {})
            own[mm.ordinal(row.month)] = row.value / scale
    return MonthlyVolumes(unit, *window, total, named).abridge()


def name_in_figure(partner: str) -> str:
    """A partner's name beside its colour."""
    return {WORLD: "total", MORE: "further ones"}.get(partner) or capitalize(country_name(partner))


def partner_colors(flows: Sequence[Destinations]) -> dict[str, Color]:
    """Colours of partners, the same in every panel: by their number of figures above zero over all flows."""
    counts: dict[str, int] = {}
    for made in flows:
        for partner, own in monthly_volumes(made).named.items():
            counts[partner] = counts.get(partner, 0) + sum(value > 0 for value in own.values())
    order = sorted((p for p, count in counts.items() if count and p != MORE), key=lambda p: (-counts[p], p))
    return dict(zip(order, COLORS, strict=False))


def draw_stacks(ax: Axes, volumes: MonthlyVolumes, colors: Mapping[str, Color]) -> None:
    """Draw the bars, the partner with most figures at the bottom.

    A bar in outline is a total of which no partner is named; a question mark, that the total is not known.
    """
    top = 0.0
    for month in range(volumes.first, volumes.last + 1):
        base = 0.0
        for partner in volumes.partner_order():
            value = volumes.named[partner].get(month, 0.0)
            if value:
                name, alpha = colors.get(partner, OTHER)
                ax.bar(month + 0.5, value, width=0.86, bottom=base, color=C[name], alpha=alpha, lw=0)
                base += value
        total = volumes.total.get(month, math.nan)
        if total > base:
            named = any(month in own for own in volumes.named.values())
            ax.bar(
                month + 0.5, total - base, width=0.86, bottom=base, lw=0.7, edgecolor=C["line"],
                color=C["grid"] if named else "none",
            )  # fmt: skip
        if base and math.isnan(total):
            ax.annotate(
                "?", (month + 0.5, base), (0, 1), textcoords="offset points", ha="center", fontsize=7.6, color=C["muted"]
            )
        top = max(top, base, total if math.isfinite(total) else 0.0)
    set_value_axis(ax, 1.1 * top)


def destinations_panel(title: str, made: Destinations, events: Mapping[str, Event], colors: Mapping[str, Color]) -> FigurePanel:
    """Stacked bars of one flow, and a row of dots for the total and each partner: a dot is a figure, a ring a zero."""
    volumes = monthly_volumes(made)
    rows = [WORLD, *volumes.partner_order()]
    height = round(52 + BARS + 12 + ROW * len(rows) + 22)
    figure = new_panel(WIDTH, height, title, f"{volumes.unit} a month")
    ax = add_axes(figure, top=44, left=LEFT, bottom=height - 44 - BARS)
    draw_stacks(ax, volumes, colors)
    ax.set_xlim(volumes.first, volumes.last + 1)
    ax.set_xticks([], [])
    mark_events(ax, events)
    box = ax.get_position()
    lower = figure.add_axes((box.x0, 24 / height, box.width, ROW * len(rows) / height))
    light_frame(lower)
    lower.grid(visible=False)
    lower.set_ylim(len(rows) - 0.5, -0.5)
    lower.set_yticks([], [])
    for i, partner in enumerate(rows):
        own = volumes.total if partner == WORLD else volumes.named[partner]
        color = ("line", 1.0) if partner == WORLD else colors.get(partner, OTHER)
        _draw_known(lower, i, own, color)
        y = 1 - (i + 0.5) / len(rows)
        for text, left, shown in (("■", 4, color), (name_in_figure(partner), 16, ("muted", 1.0))):
            lower.annotate(
                text, (0, y), (left - LEFT, 0), "axes fraction", "offset points", fontsize=8.4, va="center",
                color=C[shown[0]], alpha=shown[1], annotation_clip=False,
            )  # fmt: skip
    set_year_axis(lower, volumes.first, volumes.last)
    return finish_panel(figure, _readings(ax, volumes))


def _draw_known(ax: Axes, row: int, own: Mapping[int, float], color: Color) -> None:
    name, alpha = color
    ax.axhline(row, color=C["grid"], lw=0.6, zorder=1)
    for ring in (False, True):
        months = [m for m, value in own.items() if (value == 0) == ring]
        ax.plot(
            np.array(months) + 0.5, [row] * len(months), lw=0, marker="o", ms=3.2, color=C[name], alpha=alpha,
            mfc="none" if ring else C[name], mew=0.9, zorder=3,
        )  # fmt: skip


def _readings(ax: Axes, volumes: MonthlyVolumes) -> Sequence[tuple[Axes, float, str]]:
    """The figures of each month in words."""
    out = []
    for month in sorted({*volumes.total, *(m for own in volumes.named.values() for m in own)}):
        parts = [
            f"{name_in_figure(p)} {quantity(own[month], volumes.unit)}"
            for p, own in sorted(volumes.named.items())
            if month in own
        ]
        whole = [f"total {quantity(volumes.total[month], volumes.unit)}"] if month in volumes.total else []
        out.append((ax, month + 0.5, f"{month_of(month)}: {', '.join([*whole, *parts])}"))
    return out
