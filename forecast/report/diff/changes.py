"""The changes between two finished runs, as data."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from forecast.core.run import Run
from forecast.core.schema import NewsRow
from forecast.report.diff.figures import FigureChange
from forecast.report.diff.forecasts import ForecastMove, ForecastOutcome
from forecast.report.diff.settings import EventChange, SettingChange
from forecast.report.diff.verdicts import VerdictMove
from forecast.report.run_data import RunData


@dataclass(frozen=True, repr=False)
class Changes:
    """The changes from one run to another; amounts in display units, forecasts and verdicts ranked by how far they moved.

    forecast_anew, forecast_no_more : series with months ahead in one of the runs only
    outcomes : months ahead of the earlier run whose figure the later run has
    attributed : contributions to the change of one series' forecast (`--attribute`), or `unattributed`, why there are none
    """

    old: Run
    new: Run
    figures: tuple[FigureChange, ...]
    events: tuple[EventChange, ...]
    config: tuple[SettingChange, ...]
    versions: tuple[SettingChange, ...]
    forecasts: tuple[ForecastMove, ...]
    forecast_anew: tuple[str, ...]
    forecast_no_more: tuple[str, ...]
    outcomes: tuple[ForecastOutcome, ...]
    nowcasts: tuple[ForecastMove, ...]
    verdicts: tuple[VerdictMove, ...]
    attributed: tuple[NewsRow, ...] = ()
    unattributed: str = ""

    def __bool__(self) -> bool:
        """Whether anything changed but versions."""
        return any((self.figures, self.events, self.config, self.forecasts, self.nowcasts, self.verdicts, self.forecast_anew,
                    self.forecast_no_more, self.outcomes))  # fmt: skip

    @functools.cached_property
    def data(self) -> RunData:
        """The tables of the later run."""
        return RunData(self.new)

    @functools.cached_property
    def default_model(self) -> str:
        """The model whose forecasts are told first: the later run's default."""
        return self.data.default_model
