"""A file or a DataFrame as an archive, in one call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.core import registry
from forecast.core.archive import Archive
from forecast.core.errors import DataError
from forecast.tables.own_table import OwnTable

if TYPE_CHECKING:
    import pandas as pd


def read_table(data: str | Path | pd.DataFrame, **words: Any) -> Archive:
    """The figures of a file, or of a DataFrame, as an archive, under the words of the source `table`.

    Parameters
    ----------
    data : str, Path or DataFrame
        path of a CSV, Excel or Parquet file, or a DataFrame with months down or across
    **words : Any
        as in [data] of a config: period, value, key, series, unit, marks, ...

    Returns
    -------
    Archive
        quantities in kg, values in USD, each figure with its day of release

    Raises
    ------
    DataError
        where the table can be read in two ways; it names the words to write
    ConfigError
        where a word is not known

    Examples
    --------
    >>> import forecast as fc
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"month": ["Jan-24", "Feb-24"], "tonnes": ["1.234,5", "987,0"]})
    >>> archive = fc.read_table(frame, key="CHL.export.WLD.salt", unit="t")
    >>> archive.latest.observed("CHL.export.WLD.salt").values.tolist()
    [1234500.0, 987000.0]
    """
    path = str(data) if isinstance(data, str | Path) else "the table"
    table: OwnTable = registry.build("source", {"use": "table", "path": path, **words})
    if isinstance(data, str | Path):
        return table.read()
    if not hasattr(data, "columns"):
        hint = "a path, or a pandas DataFrame; of a Series, series.to_frame()"
        raise DataError(f"a table is not read from a {type(data).__name__}", where="data", hint=hint)
    return table.read_frame(data)
