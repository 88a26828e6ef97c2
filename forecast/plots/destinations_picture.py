"""Picture of destinations: a flow's months, stacked by partner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecast.core.destinations import Destinations
from forecast.core.errors import ConfigError
from forecast.core.time_axis import MONTHS
from forecast.plots.house_axes import house_axes, set_time_axis, titles
from forecast.report.figures.canvas import C
from forecast.report.figures.destinations import OTHER, draw_stacks, monthly_volumes, name_in_figure, partner_colors

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_destinations(made: Destinations, ax: Axes | None) -> Axes:
    """Monthly bars stacked by partner; in grey what the total leaves for partners without a figure."""
    volumes = monthly_volumes(made)
    if not volumes.named:
        raise ConfigError("no single month of a partner is known", where="plot", hint='frame("volume")')
    title, flow = titles(made.series)
    ax = house_axes(ax, title, f"{flow}, by partner; outlined: no partner has a figure", f"{volumes.unit} a month")
    colors = partner_colors([made])
    draw_stacks(ax, volumes, colors)
    set_time_axis(ax, volumes.first, volumes.last, MONTHS)
    patch: Any = ax.bar
    handles = []
    for partner in volumes.partner_order():
        name, alpha = colors.get(partner, OTHER)
        handles.append(patch(0, 0, color=C[name], alpha=alpha, label=name_in_figure(partner)))
    handles.append(patch(0, 0, color=C["grid"], label="other partners"))
    ax.legend(handles=handles, fontsize=8.4, frameon=False, labelcolor=C["muted"], ncols=3, loc="upper left")
    ax.set_xlim(volumes.first, volumes.last + 1)
    return ax
