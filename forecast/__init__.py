"""Forecasts, nowcasts and effects of export policy on monthly mineral trade, with honest uncertainty."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Task": "forecast.core.questions",
    "Design": "forecast.core.questions",
    "Event": "forecast.core.events",
    "EventCalendar": "forecast.core.events",
    "Archive": "forecast.core.archive",
    "Vintage": "forecast.core.vintage",
    "SeriesKey": "forecast.core.series",
    "Forecast": "forecast.core.results",
    "Effect": "forecast.core.effects",
    "Failure": "forecast.core.results",
    "Run": "forecast.core.run",
    "Scenario": "forecast.core.scenario",
    "ForecastError": "forecast.core.errors",
    "coming": "forecast.core.release_schedule",
    "months": "forecast.core.months",
    "panel": "forecast.core.panel",
    "read_table": "forecast.tables.read_table",
    **dict.fromkeys(
        (
            "load_archive", "model", "estimator", "predict", "estimate", "backtest", "cutoffs", "score", "placebo",
            "untouched", "vary", "scenarios", "run", "compare", "feasible", "Regressor", "to_boe", "to_hub",
            "news", "forecast", "effect", "diff", "destinations", "file", "follow",
        ),
        "forecast.api",
    ),
    "plot": "forecast.plots",
    "report": "forecast.report",
}  # fmt: skip

_TAKING_ARGUMENTS = {
    "backtest", "coming", "compare", "cutoffs", "destinations", "diff", "effect", "estimate", "feasible", "file", "follow",
    "forecast",
    "load_archive", "months", "news", "panel", "placebo", "predict", "run", "scenarios", "score", "to_boe", "to_hub",
    "untouched", "vary",
}  # fmt: skip

__all__ = ["__version__", *sorted(_HOMES)]

if TYPE_CHECKING:
    from forecast import report as report
    from forecast.api import (
        Regressor as Regressor,
        backtest as backtest,
        compare as compare,
        cutoffs as cutoffs,
        destinations as destinations,
        diff as diff,
        effect as effect,
        estimate as estimate,
        estimator as estimator,
        feasible as feasible,
        file as file,
        follow as follow,
        forecast as forecast,
        load_archive as load_archive,
        model as model,
        news as news,
        placebo as placebo,
        predict as predict,
        run as run,
        scenarios as scenarios,
        score as score,
        to_boe as to_boe,
        to_hub as to_hub,
        untouched as untouched,
        vary as vary,
    )
    from forecast.core.archive import Archive as Archive
    from forecast.core.effects import Effect as Effect
    from forecast.core.errors import ForecastError as ForecastError
    from forecast.core.events import Event as Event, EventCalendar as EventCalendar
    from forecast.core.months import months as months
    from forecast.core.panel import panel as panel
    from forecast.core.questions import Design as Design, Task as Task
    from forecast.core.release_schedule import coming as coming
    from forecast.core.results import Failure as Failure, Forecast as Forecast
    from forecast.core.run import Run as Run
    from forecast.core.scenario import Scenario as Scenario
    from forecast.core.series import SeriesKey as SeriesKey
    from forecast.core.vintage import Vintage as Vintage
    from forecast.plots import plot as plot
    from forecast.tables.read_table import read_table as read_table


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'forecast' has no attribute '{name}'")
    home = _HOMES[name]
    # forecast.report is a callable package: the function and the package have one name
    value = importlib.import_module(home) if home == f"forecast.{name}" else getattr(importlib.import_module(home), name)
    if name in _TAKING_ARGUMENTS:
        from forecast.calls import public

        return globals().setdefault(name, public(name, getattr(importlib.import_module(home), name)))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
