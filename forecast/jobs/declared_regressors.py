"""The real-time view of a config's data: its archive with the publication lags and regressors that it declares."""

from __future__ import annotations

import fnmatch
import math
from pathlib import Path

from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, DataError, nearest, with_place
from forecast.core.input_files import InputFile, describe_fault, parse_number
from forecast.core.months import label, ordinal
from forecast.jobs.config import Config, RegressorConfig
from forecast.jobs.load import display_path, resolve_path
from forecast.study.data.real_time import RealTimeView, Regressor


def real_time_view(config: Config, archive: Archive) -> RealTimeView:
    """The archive as questions see it on each day, with the publication lags and regressors that the config declares."""
    place = display_path(config.origin)
    for i, row in enumerate(config.regressors):
        if row.of and row.of not in archive.series:
            hint = nearest(row.of, archive.series)
            raise ConfigError(f"no series is called '{row.of}'", where=f"{place}, [[regressors]] {i + 1}, of", hint=hint)
    for pattern in config.lags:
        if not fnmatch.filter(archive.series, pattern):
            hint = nearest(pattern, archive.series)
            raise ConfigError(f"no series is called '{pattern}'", where=f"{place}, [lags]", hint=hint)
    return RealTimeView(archive, config.lags, tuple(_regressor(config, row) for row in config.regressors))


def _regressor(config: Config, row: RegressorConfig) -> Regressor:
    values = _read_values(Path(resolve_path(config, row.path))) if row.path else row.values
    return Regressor(row.name, row.known, row.lag_months, values, row.series, row.of)


def _read_values(path: Path) -> dict[str, float]:
    file = InputFile(path, "file of values", hint="a CSV of the columns period and value", error=ConfigError)
    out: dict[str, float] = {}
    for line, cells in file.records(("period", "value")):
        where = f"{path}, row {line}"
        with with_place(where):
            month = label(ordinal(cells["period"]))
        if month in out:
            raise DataError(f"the month {month} stands twice", where=where, hint="one line a month")
        out[month] = parse_number(cells["value"])
        if math.isnan(out[month]):
            raise DataError(
                f"'{cells['value']}' {describe_fault(cells['value'])}", where=where, hint="a plain figure; no line if unknown"
            )
    return out
