"""The pictures by name: `fc.plot.forecast(f)`, `fc.plot.news(table)`, ...; each takes axes or makes them, and returns them.

A line or a band is told from another by its style and a label at its end, not by its colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from forecast.core.effects import Effect
    from forecast.core.results import Forecast


def forecast(made: Forecast, ax: Axes | None = None, series: str | None = None) -> Axes:
    """The history of a series (default: the first) and its fan: median, 80 and 95 % bands."""
    from forecast.plots.answer_pictures import plot_forecast

    return plot_forecast(made, ax, series)


def effect(made: Effect, ax: Axes | None = None, difference: bool = False) -> Axes:
    """Observed figures beside the counterfactual with its bands; with `difference` what lies between them, added up."""
    from forecast.plots.answer_pictures import plot_effect

    return plot_effect(made, ax, difference)


def scenarios(fans: Sequence[Any], ax: Axes | None = None) -> Axes:
    """The fans of one series under several scenarios, as `fc.scenarios` returns them."""
    from forecast.plots.answer_pictures import plot_scenarios

    return plot_scenarios(fans, ax)


def backtest(
    made: Any, ax: Axes | None = None, series: str | None = None, models: Sequence[str] | None = None, ahead: int = 1
) -> Axes:
    """Figures as published, and what models had said `ahead` months after the last known one (default: four models)."""
    from forecast.plots.backtest_picture import plot_backtest

    return plot_backtest(made, ax, series, models, ahead)


def news(frame: pd.DataFrame, ax: Axes | None = None, target: str | None = None, month: str | None = None) -> Axes:
    """What moved a nowcast, release by release, from the table of `fc.news`; default: its first target and month."""
    from forecast.plots.news_picture import plot_news

    return plot_news(frame, ax, target, month)
