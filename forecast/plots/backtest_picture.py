"""Picture of a backtest: what was published, and what each model had said of it so many months before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from forecast.core.errors import ConfigError, nearest
from forecast.core.plurals import pluralize
from forecast.core.results import Forecast
from forecast.core.time_axis import MONTHS
from forecast.core.vintage import Vintage
from forecast.plots.house_axes import (
    MARKERS,
    ROOM,
    EndLabel,
    draw_history,
    history_of,
    house_axes,
    label_ends,
    per_step,
    set_time_axis,
    set_values,
    shown_unit,
    titles,
)
from forecast.report.figures.canvas import C
from forecast.report.figures.scenarios import COLORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

MOST_MODELS = 4


class AnsweredBacktest(Protocol):
    """A backtest as the picture needs it."""

    @property
    def answered(self) -> Sequence[Any]:
        """Old questions, each with a model's answer."""

    @property
    def archive(self) -> Any:
        """What was known on each day."""


def plot_backtest(
    backtest: AnsweredBacktest, ax: Axes | None, series: str | None, models: Sequence[str] | None, ahead: int
) -> Axes:
    """One series: figures as last published, and each model's median and 80 % interval `ahead` months after the last known."""
    known = list(dict.fromkeys(a.past.series for a in backtest.answered))
    if not known:
        raise ConfigError("the backtest holds no question", where="plot", hint="fc.backtest(archive, cutoffs, models=[...])")
    name = series or known[0]
    if name not in known:
        raise ConfigError(f"the backtest has no series '{name}'", where="plot", hint=nearest(name, known))
    every = list(dict.fromkeys(a.model for a in backtest.answered))
    shown = list(models) if models else every[:MOST_MODELS]
    if missing := [m for m in shown if m not in every]:
        raise ConfigError(f"the backtest has no model '{missing[0]}'", where="plot", hint=nearest(missing[0], every))
    unit, scale = shown_unit(name)
    steps = MONTHS
    points: dict[str, list[tuple[int, float, float, float]]] = {model: [] for model in shown}
    for one in backtest.answered:
        if one.past.series != name or one.model not in points or not isinstance(one.answer, Forecast):
            continue
        target = one.past.last + ahead
        steps = one.answer.steps
        when = [steps.ordinal(m) for m in one.answer.task.months]
        if target in when:
            low, middle, high = np.quantile(one.answer.of(name)[:, when.index(target)] / scale, [0.1, 0.5, 0.9])
            points[one.model].append((target, float(low), float(middle), float(high)))
    drawn = {model: sorted(found) for model, found in points.items() if found}
    if not drawn:
        raise ConfigError(
            f"no model answered {pluralize(ahead, 'month')} after the last known one",
            where=name,
            hint="ahead=1, or a longer horizon",
        )
    title, flow = titles(name)
    rest = f", {len(every) - len(shown)} more models not shown" if len(every) > len(shown) else ""
    words = f"{pluralize(ahead, steps.noun)} after the last known one: median and 80 % interval{rest}"
    ax = house_axes(ax, title, "; ".join(filter(None, (flow, words))), per_step(unit, steps))
    months = [at for found in drawn.values() for at, *_ in found]
    first, last = min(months) - 6, max(months)
    latest: Vintage = backtest.archive.latest
    history = history_of(latest, name, unit, scale)
    values = draw_history(ax, history, first, last)
    seen = [m for m in history.values if m <= last]
    labels = [EndLabel("published", history.values[max(seen)], "ink")] if seen else []
    for i, (model, found) in enumerate(drawn.items()):
        color, (marker, sign) = C[COLORS[i % len(COLORS)]], list(MARKERS.items())[i % len(MARKERS)]
        at, low, middle, high = np.array(found).T
        x = at + 0.5 + 0.5 * (i + 0.5 - len(drawn) / 2) / len(drawn)
        ax.vlines(x, low, high, color=color, lw=1.0, alpha=0.75, zorder=3.1)
        ax.plot(x, middle, lw=0, marker=marker, ms=4.2, color=color, mfc="white", mew=1.3, zorder=3.3)
        values += [*low, *high]
        labels.append(EndLabel(f"{sign} {model}", float(middle[-1]), COLORS[i % len(COLORS)]))
    set_values(ax, values)
    set_time_axis(ax, first, last, steps, ROOM)
    label_ends(ax, labels, last)
    return ax
