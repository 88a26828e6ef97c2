"""The pictures by name: `fc.plot.forecast(f)`, `fc.plot.news(table)`, ...; each takes axes or makes them, and returns them.

A line or a band is told from another by its style and a label at its end, not by its colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from forecast.core.destinations import Destinations
    from forecast.core.effects import Effect
    from forecast.core.results import Forecast


def forecast(made: Forecast, ax: Axes | None = None, series: str | None = None) -> Axes:
    """The history of a series and its fan: median, 80 and 95 % bands.

    Parameters
    ----------
    made : Forecast
        the forecast
    ax : Axes, optional
        matplotlib axes to draw on (default: new ones)
    series : str, optional
        default: the first

    Returns
    -------
    Axes
        in the unit of the report (tonnes for kg), over months

    Raises
    ------
    ConfigError
        where the forecast has no such series

    Examples
    --------
    >>> import pandas as pd
    >>> import forecast as fc
    >>> tonnes = pd.Series(range(100, 124), pd.period_range("2023-01", periods=24, freq="M"), name="tonnes")
    >>> ax = fc.plot.forecast(fc.forecast(tonnes, 6, model="drift", unit="t"))
    >>> len(ax.lines) > 0
    True
    """
    from forecast.plots.answer_pictures import plot_forecast

    return plot_forecast(made, ax, series)


def effect(made: Effect, ax: Axes | None = None, difference: bool = False) -> Axes:
    """Observed figures beside the counterfactual with its bands.

    Parameters
    ----------
    made : Effect
        the effect
    ax : Axes, optional
        matplotlib axes to draw on (default: new ones)
    difference : bool, default False
        instead what lies between the two, added up

    Returns
    -------
    Axes
        in the unit of the report (tonnes for kg), over months

    Raises
    ------
    ConfigError
        where no figure of the window is known

    Examples
    --------
    >>> import pandas as pd
    >>> import forecast as fc
    >>> months = pd.period_range("2020-01", periods=60, freq="M")
    >>> tonnes = pd.Series([100.0 + i % 5 for i in range(57)] + [20.0, 25.0, 22.0], months, name="tonnes")
    >>> ax = fc.plot.effect(fc.effect(tonnes, start="2024-10", unit="t", placebos=5))
    >>> len(ax.lines) > 0
    True
    """
    from forecast.plots.answer_pictures import plot_effect

    return plot_effect(made, ax, difference)


def scenarios(fans: Sequence[Any], ax: Axes | None = None) -> Axes:
    """The fans of one series under several scenarios, as `fc.scenarios` returns them.

    Parameters
    ----------
    fans : sequence of Fan
        the fans of one series
    ax : Axes, optional
        matplotlib axes to draw on (default: new ones)

    Returns
    -------
    Axes
        in the unit of the report (tonnes for kg), over months

    Raises
    ------
    ConfigError
        where the fans are of several series, or none has draws

    Examples
    --------
    >>> import forecast as fc
    >>> vintage = fc.load_archive().latest
    >>> task = fc.Task(vintage.day, "CHN.export.WLD.re_magnets", fc.months("2026-10", "2026-12"), draws=200)
    >>> ax = fc.plot.scenarios(fc.scenarios("mean12", vintage, task, [fc.Scenario("as written")]))
    >>> len(ax.lines) > 0
    True
    """
    from forecast.plots.answer_pictures import plot_scenarios

    return plot_scenarios(fans, ax)


def backtest(
    made: Any, ax: Axes | None = None, series: str | None = None, models: Sequence[str] | None = None, ahead: int = 1
) -> Axes:
    """Figures as published, and what models had said some months ahead.

    Parameters
    ----------
    made : Backtest
        the backtest
    ax : Axes, optional
        matplotlib axes to draw on (default: new ones)
    series : str, optional
        default: the first
    models : sequence of str, optional
        default: the first four
    ahead : int, default 1
        months after the last known one

    Returns
    -------
    Axes
        in the unit of the report (tonnes for kg), over months

    Raises
    ------
    ConfigError
        where the backtest has no such series or model, or no answer so far ahead

    Examples
    --------
    >>> import forecast as fc
    >>> archive, days = fc.load_archive(), fc.cutoffs("2024-10", "2025-03")
    >>> ax = fc.plot.backtest(fc.backtest(archive, days, ["mean12"], "CHN.export.WLD.rare_earths_total", [1], draws=100))
    >>> len(ax.lines) > 0
    True
    """
    from forecast.plots.backtest_picture import plot_backtest

    return plot_backtest(made, ax, series, models, ahead)


def news(frame: pd.DataFrame, ax: Axes | None = None, target: str | None = None, month: str | None = None) -> Axes:
    """What moved a nowcast, release by release.

    Parameters
    ----------
    frame : DataFrame
        the table of `fc.news`
    ax : Axes, optional
        matplotlib axes to draw on (default: new ones)
    target : str, optional
        a series (default: the first of the table)
    month : str, optional
        "YYYY-MM" (default: the first of the table)

    Returns
    -------
    Axes
        in the unit of the report (tonnes for kg)

    Raises
    ------
    ConfigError
        where the table has no such target or month
    DataError
        where it is no table of news, or has no row

    Examples
    --------
    >>> import forecast as fc
    >>> task = fc.Task("2025-03-31", "CHN.export.WLD.re_magnets", fc.months("2025-05", "2025-05"), draws=200)
    >>> ax = fc.plot.news(fc.news("seasonal_naive", fc.load_archive(), task, "2025-03-31", "2025-04-21"))
    >>> len(ax.patches) > 0
    True
    """
    from forecast.plots.news_picture import plot_news

    return plot_news(frame, ax, target, month)


def destinations(made: Destinations, ax: Axes | None = None) -> Axes:
    """A flow's months, stacked by partner; months without a figure are empty.

    Parameters
    ----------
    made : Destinations
        the answer of `fc.destinations`
    ax : Axes, optional
        matplotlib axes to draw on (default: new ones)

    Returns
    -------
    Axes
        in the unit of the report (tonnes for kg), over months

    Raises
    ------
    ConfigError
        where no single month of a partner is known

    Examples
    --------
    >>> import forecast as fc
    >>> ax = fc.plot.destinations(fc.destinations(fc.load_archive(), exporter="CHN", product="gallium"))
    >>> len(ax.patches) > 0
    True
    """
    from forecast.plots.destinations_picture import plot_destinations

    return plot_destinations(made, ax)
