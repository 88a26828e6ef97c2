"""Picture of news: from one nowcast to the next, release by release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecast.core.errors import ConfigError, DataError, nearest
from forecast.core.series import SeriesKey
from forecast.plots.house_axes import house_axes, shown_unit, titles
from forecast.report.figures.canvas import C
from forecast.report.numbers import decimal, digits, flow_name, good_name, period, quantity

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MOST = 10  # releases drawn; the others are one bar
NEEDED = ("target", "ref_month", "nowcast_from", "nowcast_to", "series", "release_month", "kind", "impact")


def plot_news(frame: pd.DataFrame, ax: Axes | None, target: str | None, month: str | None) -> Axes:
    """The old nowcast, each release's impact after the last, and the new nowcast, for one target and month."""
    lacking = [column for column in NEEDED if column not in frame.columns]
    if lacking:
        raise DataError(f"this is no table of news: it lacks {', '.join(lacking)}", where="plot.news", hint="fc.news(...)")
    if not len(frame):
        raise DataError("nothing was released between the two days", where="plot.news", hint="a later day")
    target = _chosen("target", target, frame)
    own = frame[frame.target == target]
    month = _chosen("ref_month", month, own)
    own = own[own.ref_month == month]
    unit, scale = shown_unit(target)
    before, after = float(own.nowcast_from.iloc[0]) / scale, float(own.nowcast_to.iloc[0]) / scale
    bars = sorted(
        (
            (_cause(str(series), str(when), str(kind), target), float(impact) / scale)
            for series, when, kind, impact in zip(
                own.series.fillna(""), own.release_month.fillna(""), own.kind, own.impact, strict=True
            )
        ),
        key=lambda bar: -abs(bar[1]),
    )
    rest = bars[MOST:]
    bars = bars[:MOST] + ([(f"{len(rest)} smaller ones together", sum(v for _, v in rest))] if rest else [])
    title, flow = titles(target)
    ax = house_axes(ax, f"What moved the nowcast of {period(month)}", "; ".join(filter(None, (title, flow))), "")
    _draw_bars(ax, [("nowcast before", before), *bars, ("nowcast now", after)], before, unit)
    return ax


def _chosen(column: str, asked: str | None, frame: pd.DataFrame) -> str:
    """The value asked for, or the first of the table."""
    known = list(dict.fromkeys(frame[column]))
    if asked is not None and asked not in known:
        raise ConfigError(f"the news have no {column} '{asked}'", where="plot.news", hint=nearest(asked, known))
    return str(asked if asked is not None else known[0])


def _cause(series: str, month: str, kind: str, target: str) -> str:
    """A release in words: the good, the flow and the month, and what it is besides a new figure."""
    names = [_name(one, target) for one in series.split("+") if one]
    what = "; ".join(names[:1]) + (f" and {len(names) - 1} more" if len(names) > 1 else "")
    text = ", ".join(filter(None, (what, period(month))))
    return text if kind == "new" else f"{kind}: {text}" if text else kind


def _name(series: str, target: str) -> str:
    if series == target:
        return "its own figure"
    return f"{good_name(series)}, {flow_name(series, most=26)}" if SeriesKey.maybe(series) else series


def _draw_bars(ax: Axes, rows: list[tuple[str, float]], before: float, unit: str) -> None:
    """Two levels as points, and between them bars that each begin where the last one ended."""
    at, last = before, len(rows) - 1
    spread = [before]
    for i, (_, value) in enumerate(rows):
        y = last - i
        if i in (0, last):
            ax.plot([value], [y], marker="D", ms=6, color=C["ink"], zorder=3)
            text, end = quantity(value, unit), value
        else:
            rising = value >= 0
            ax.barh(
                y, value, left=at, height=0.62, color=C["blue" if rising else "orange"], alpha=0.85, zorder=2,
                hatch="" if rising else "////", edgecolor="white", lw=0,
            )  # fmt: skip
            text, end = decimal(value, digits(value, unit), sign=True), at + value
        if i < last:
            ax.plot([end, end], [y, y - 1], color=C["muted"], lw=0.8, zorder=1.5)
        right = max(at, end) if i not in (0, last) else value
        ax.annotate(text, (right, y), (6, 0), textcoords="offset points", va="center", fontsize=8.6, color=C["ink"])
        at = end
        spread.append(end)
    low, high = min(spread), max(spread)
    room = 0.08 * (high - low or abs(high) or 1.0)
    _set_number_marks(ax, low - room, high + 3.2 * room)
    ax.set_yticks(range(last, -1, -1), [name if len(name) < 58 else f"{name[:57]}…" for name, _ in rows])
    ax.tick_params(axis="y", labelcolor=C["ink"], labelsize=8.6)
    ax.set_ylim(-0.7, last + 0.7)
    ax.set_xlabel(unit, fontsize=9, color=C["muted"])
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x", color=C["grid"], linewidth=0.8)


def _set_number_marks(ax: Axes, low: float, high: float) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.set_xlim(low, high)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: decimal(value, 0 if high - low > 4 else 2)))
