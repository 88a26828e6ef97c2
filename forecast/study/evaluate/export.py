"""Export of a run's forecasts, unchanged, to the table schemas of other evaluation tools."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from forecast.core import months, schema
from forecast.core.errors import ConfigError, nearest
from forecast.core.presentation import shown
from forecast.core.results import PROBABILITIES, quantile_name
from forecast.core.run import Run
from forecast.core.schema import ObservationRow
from forecast.core.series import SeriesKey
from forecast.study.evaluate.backtest import Backtest
from forecast.study.evaluate.lead_time import nowcast_table, publication_days

if TYPE_CHECKING:
    import pandas as pd

BOE_FORECASTS = ("date", "vintage_date", "variable", "source", "frequency", "forecast_horizon", "value")
BOE_OUTTURNS = ("date", "vintage_date", "variable", "frequency", "forecast_horizon", "value")
HUB = (
    "model_id", "reference_date", "target", "horizon", "location", "target_end_date", "output_type", "output_type_id", "value",
)  # fmt: skip
POINTS = ("mean", "q50")
QUANTILES = {quantile_name(p): p for p in PROBABILITIES}


@shown
class BoeTables(NamedTuple):
    """Forecasts, their quantiles and outturns in the schema of the Bank of England's forecast_evaluation.

    Parameters
    ----------
    forecasts : DataFrame
        point forecasts, a row for each date and cutoff
    densities : DataFrame
        their quantiles, a row each
    outturns : DataFrame
        published figures, with their days of release
    """

    forecasts: pd.DataFrame
    densities: pd.DataFrame
    outturns: pd.DataFrame


@shown
class HubTables(NamedTuple):
    """Model output and target data in the schema of a hubverse hub.

    Parameters
    ----------
    model_out : DataFrame
        quantiles and means, a row each
    target_data : DataFrame
        published figures
    """

    model_out: pd.DataFrame
    target_data: pd.DataFrame


def to_boe(what: Run | Backtest, point: str = "mean") -> BoeTables:
    """Forecasts of a run, or nowcasts by release day, in the schema of forecast_evaluation 0.1.13.

    Parameters
    ----------
    what : Run or Backtest
        a run (its tables are those of `ForecastData` and `DensityForecastData`), or a backtest of nowcasts (`NowcastData`)
    point : {"mean", "q50"}, default "mean"
        the point forecast

    Returns
    -------
    BoeTables
        forecasts, densities and outturns, in the unit of the archive

    Raises
    ------
    ConfigError
        where an argument is of another kind, or `point` is no point forecast

    Notes
    -----
    The columns: `date` is the last day of the month, `vintage_date` the cutoff (of an outturn, its release day), `source` the
    model, `variable` the series, `forecast_horizon` the months after the last one known, from 0 (their convention: target -
    last used - 1). The densities have a row per quantile. The schema has no place for sums of months and totals, which are
    left out.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> import forecast as fc
    >>> table = pd.DataFrame({"period": fc.months("2022-01", "2024-12"), "value": 100.0})
    >>> asked = '''
    ... models = ["mean12"]
    ... data = { use = "csv", path = "own.csv", key = "CHN.export.WLD.re_magnets" }
    ... forecast = { series = ["CHN.export.WLD.re_magnets"], months = 3 }
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table.to_csv(pathlib.Path(folder, "own.csv"), index=False)
    ...     config = pathlib.Path(folder, "small.toml")
    ...     _ = config.write_text(asked)
    ...     tables = fc.to_boe(fc.run(config, out=folder, progress=False))
    >>> tables.forecasts[["source", "forecast_horizon", "value"]].values.tolist()
    [['mean12', 0, 100.0], ['mean12', 1, 100.0], ['mean12', 2, 100.0]]
    """
    return nowcasts_to_boe(what, point) if isinstance(what, Backtest) else boe_tables(what.forecasts, what.observations, point)


def boe_tables(forecasts: pd.DataFrame, observations: pd.DataFrame, point: str = "mean") -> BoeTables:
    """The same from the tables forecasts.parquet and observations.parquet.

    `days_to_publication` of nowcasts (`lead_time.nowcast_table`) is kept in a column after those of the schema.
    """
    import pandas as pd

    if point not in POINTS:
        raise ConfigError(f"'{point}' is no point forecast", hint=nearest(point, POINTS))
    table, seen = _single_months(forecasts), _published_months(observations)
    more = {"days_to_publication": table.days_to_publication} if "days_to_publication" in table else {}
    base = pd.DataFrame(more).assign(
        date=_month_ends(table.month),
        vintage_date=pd.to_datetime(table.cutoff),
        variable=table.series,
        source=table.model,
        frequency="M",
        forecast_horizon=table.h_info.astype("int64") - 1,
    )
    densities = pd.concat([base.assign(value=table[q], quantile=p) for q, p in QUANTILES.items()], ignore_index=True)
    outturns = seen.assign(
        date=_month_ends(seen.period),
        vintage_date=pd.to_datetime(seen.released),
        variable=seen.series,
        frequency="M",
        forecast_horizon=seen.period.map(months.ordinal) - seen.released.map(months.ordinal),
    )
    return BoeTables(
        base.assign(value=table[point])[[*BOE_FORECASTS, *more]].reset_index(drop=True),
        densities[[*BOE_FORECASTS, "quantile", *more]],
        outturns[list(BOE_OUTTURNS)].reset_index(drop=True),
    )


def nowcasts_to_boe(made: Backtest, point: str = "mean") -> BoeTables:
    """Nowcasts (`lead_time.nowcasts`) in the schema of forecast_evaluation's `NowcastData`.

    vintage_date of a forecast is the day it was made, so that a month has several. Outturns contain every release of each month
    with its day; `days_to_publication` counts to the first, there and here. Sums of two months are left out, and figures never
    published by themselves are not outturns.
    """
    table = nowcast_table(made)
    rows = []
    for name in sorted(table.series.unique()):
        own = publication_days(made.archive, name)
        rows += [
            ObservationRow(series=name, period=months.label(c.first), value=c.value, released=c.released.isoformat())
            for c in made.archive.states(name)
            if not c.is_span and c.first in own and math.isfinite(c.value)
        ]
    return boe_tables(table, schema.frame(ObservationRow, rows), point)


def to_hub(run: Run) -> HubTables:
    """A run's forecasts as hubverse model output, and the published figures as its target data.

    Parameters
    ----------
    run : Run
        a finished run

    Returns
    -------
    HubTables
        model output and target data, in the unit of the archive

    Raises
    ------
    ConfigError
        where the argument is no run

    Notes
    -----
    The columns: `reference_date` is the cutoff, `horizon` the months from the cutoff's month to the target's, `location` the
    reporter, `target` the rest of the series' name (of a plain panel: the unit of observation, and "value"), `output_type`
    "quantile" with its probability, or "mean". Series are named `location.target`. Sums of months and totals are left out.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> import forecast as fc
    >>> table = pd.DataFrame({"period": fc.months("2022-01", "2024-12"), "value": 100.0})
    >>> asked = '''
    ... models = ["mean12"]
    ... data = { use = "csv", path = "own.csv", key = "CHN.export.WLD.re_magnets" }
    ... forecast = { series = ["CHN.export.WLD.re_magnets"], months = 3 }
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table.to_csv(pathlib.Path(folder, "own.csv"), index=False)
    ...     config = pathlib.Path(folder, "small.toml")
    ...     _ = config.write_text(asked)
    ...     tables = fc.to_hub(fc.run(config, out=folder, progress=False))
    >>> tables.model_out[["location", "target", "output_type"]].values.tolist()[0]
    ['CHN', 'export.WLD.re_magnets', 'mean']
    """
    import pandas as pd

    table, seen = run.forecasts, _published_months(run.observations)
    base = _locations_and_targets(table.series).assign(
        model_id=table.model,
        reference_date=table.cutoff,
        horizon=table.horizon.astype("int64"),
        target_end_date=_month_ends(table.month).dt.strftime("%Y-%m-%d"),
    )
    kinds = [base.assign(output_type="mean", output_type_id=float("nan"), value=table["mean"])]
    kinds += [base.assign(output_type="quantile", output_type_id=p, value=table[q]) for q, p in QUANTILES.items()]
    target = _locations_and_targets(seen.series).assign(
        target_end_date=_month_ends(seen.period).dt.strftime("%Y-%m-%d"), as_of=seen.released, observation=seen.value
    )
    return HubTables(pd.concat(kinds, ignore_index=True)[list(HUB)], target.reset_index(drop=True))


def _single_months(forecasts: pd.DataFrame) -> pd.DataFrame:
    """The forecasts of single months, among which nowcasts have sums of two."""
    return forecasts[~forecasts.month.str.contains("/")]


def _published_months(observations: pd.DataFrame) -> pd.DataFrame:
    """The published figures of single months."""
    return observations[~observations.period.str.contains("/") & observations.value.notna()]


def _month_ends(labels: pd.Series) -> pd.Series:
    """Last days of months."""
    import pandas as pd

    return pd.to_datetime(labels.map(lambda label: months.last_day(months.ordinal(label))))


def _locations_and_targets(series: pd.Series) -> pd.DataFrame:
    """Location and target of each series."""
    import pandas as pd

    parts = {name: name.split(".", 1) if SeriesKey.maybe(name) else [name, "value"] for name in series.unique()}
    return pd.DataFrame([parts[name] for name in series], columns=["location", "target"], index=series.index)
