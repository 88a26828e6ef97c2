"""A finished run folder opened for reading. A file that has changed since it was written is an error."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.core import manifest
from forecast.core.errors import DataError, nearest
from forecast.core.older_runs import SUMS_APART, table_of_schema_1
from forecast.core.presentation import shown, upper
from forecast.core.schema import COLUMNS, SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import pandas as pd

RUN_KEYS = {"as_of": str, "config": dict, "versions": dict}  # of run.json, without which no report can be drawn
LEADING_COLUMNS = 3  # columns that every version of a table has; others may have been added later
RERUN = "forecast run CONFIG --fresh"
DRAWS = "draws.npz"  # draws of each series (draws, months), and their months under its name and MONTHS_OF_DRAWS
MONTHS_OF_DRAWS = " months"


@shown
@dataclass(frozen=True)
class Run:
    """A run folder: its tables as attributes (`run.forecasts`, `run.effects`, ...), `info` (run.json), `findings`.

    Every file read is checked against the folder's manifest; one that has changed is a DataError. A folder without a manifest
    can be opened too, and `verified` is then False.

    Parameters
    ----------
    folder : Path
        of the run, as `fc.run` and `forecast run` print it

    Raises
    ------
    DataError
        where it is no folder of a finished run, or one of a newer schema

    Notes
    -----
    The tables, as DataFrames with the columns of the guide "run folder": `forecasts`, `sums`, `scores`, `effects`, `paths`,
    `placebos`, `gates`, ...

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
    ...     _ = fc.run(config, out=folder, progress=False)
    ...     run = fc.Run(next(path for path in pathlib.Path(folder).iterdir() if path.is_dir()))
    ...     print(run.info["name"], run.verified, len(run.forecasts))
    small True 3
    """

    folder: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder))
        path = self.folder / "run.json"
        refuse_newer(self.folder)
        if not path.is_file():
            raise DataError("this is not a finished run folder", where=str(self.folder), hint="forecast run CONFIG")
        schema = self.info.get("schema_version")
        if not isinstance(schema, int):
            raise DataError("the file says nothing of a run's schema", where=str(path), hint=RERUN)
        missing = [name for name, kind in RUN_KEYS.items() if not isinstance(self.info.get(name), kind)]
        if missing:
            raise DataError(f"the file does not hold a run's {', '.join(missing)}", where=str(path), hint=RERUN)

    @functools.cached_property
    def info(self) -> dict[str, Any]:
        """Config, fingerprints, versions, timings and counts."""
        loaded = self._json("run.json")
        return loaded if isinstance(loaded, dict) else {}

    @functools.cached_property
    def findings(self) -> list[dict[str, str]]:
        """Remarks on data, questions and methods."""
        loaded = self._json("findings.json")
        if not isinstance(loaded, list) or not all(isinstance(one, dict) for one in loaded):
            raise DataError("the run's findings.json holds no list of findings", where=str(self.folder), hint=RERUN)
        return loaded

    @property
    def verified(self) -> bool:
        """Whether the folder has a manifest that files can be checked against."""
        return manifest.is_sealed(self.folder)

    def check(self) -> None:
        """Look at every table, run.json and findings.json: whether it is as it was written.

        Raises
        ------
        DataError
            where one has changed
        """
        for name in manifest.differences(self.folder):
            if name.endswith((".parquet", ".json")):
                self._bytes(name)

    def _bytes(self, name: str) -> bytes:
        """The bytes of a file, which must be those that were written."""
        try:
            data = (self.folder / name).read_bytes()
        except OSError as error:
            raise DataError(f"the run's {name} cannot be read: {error.strerror}", where=str(self.folder), hint=RERUN) from None
        change = manifest.difference(self.folder, name, data)
        if change:
            where = str(self.folder / name)
            raise DataError(f"the run's {name} is not what was written: {change}", where=where, hint="forecast run CONFIG")
        return data

    def _json(self, name: str) -> Any:
        try:
            return json.loads(self._bytes(name).decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise DataError(f"the run's {name} cannot be read", where=f"{self.folder}: {error}", hint=RERUN) from None

    def table(self, name: str) -> pd.DataFrame:
        """One table of the run; that of an earlier schema has today's shape.

        Parameters
        ----------
        name : str
            as in the run folder, such as "forecasts"

        Returns
        -------
        DataFrame
            columns, units and order of rows as in the guide "run folder"

        Raises
        ------
        DataError
            where the run has no such table, or its file is damaged or changed
        """
        if self.info["schema_version"] < SUMS_APART:
            return table_of_schema_1(name, self._held, lambda one: (self.folder / f"{one}.parquet").exists())
        return self._held(name)

    def draws(self, series: str) -> pd.DataFrame:
        """The draws of a series by the default model on the run's own day: a row for each draw, a column for each month.

        The draws are joint over the months, so any sum of columns has the right band: ``run.draws(series)[["2026-10",
        "2026-11", "2026-12"]].sum(axis=1).quantile([0.1, 0.9])``. A run keeps them where its config says so (``keep_draws =
        true`` in ``[forecast]``).

        Parameters
        ----------
        series : str
            its key

        Returns
        -------
        DataFrame, shape (draws, months)
            in the unit of the archive (kg, or USD)

        Raises
        ------
        DataError
            where the run kept no draws, or none of this series
        """
        import io

        import numpy as np
        import pandas as pd

        if not (self.folder / DRAWS).exists():
            problem, hint = "the run kept no draws", "[forecast] keep_draws = true in the config, and forecast run"
            raise DataError(problem, where=str(self.folder), hint=hint)
        try:
            with np.load(io.BytesIO(self._bytes(DRAWS)), allow_pickle=False) as kept:
                names = [name for name in kept.files if not name.endswith(MONTHS_OF_DRAWS)]
                if series not in names:
                    raise DataError(f"the run kept no draws of '{series}'", where=str(self.folder), hint=nearest(series, names))
                return pd.DataFrame(kept[series], columns=[str(month) for month in kept[series + MONTHS_OF_DRAWS]])
        except (OSError, ValueError, KeyError) as error:
            raise DataError("the run's draws cannot be read", where=f"{self.folder / DRAWS}: {error}", hint=RERUN) from None

    def _held(self, name: str) -> pd.DataFrame:
        """One table as it stands in the folder."""
        import pandas as pd
        import pyarrow as pa

        path = self.folder / f"{name}.parquet"
        if not path.exists():
            held = [table for table in TABLES if (self.folder / f"{table}.parquet").exists()]
            raise DataError(f"the run has no table '{name}'", where=str(self.folder), hint=", ".join(held) or RERUN)
        try:
            # read from Arrow's own memory on this thread: an Arrow thread that still needs Python aborts an exiting process
            table = pd.read_parquet(pa.BufferReader(self._bytes(path.name)), use_threads=False)
            pa.default_memory_pool().release_unused()  # several times the table, which nothing else would ask for
        except (OSError, ValueError) as error:
            raise DataError(f"the run's table '{name}' cannot be read", where=f"{path}: {error}", hint=RERUN) from None
        lacking = [column for column in list(COLUMNS.get(name, ()))[:LEADING_COLUMNS] if column not in table.columns]
        if lacking:
            raise DataError(f"this is no table '{name}': it lacks {', '.join(lacking)}", where=str(path), hint=RERUN)
        return table

    @functools.cached_property
    def quotes(self) -> Any:
        """Everything that can be quoted by a key (`report.quotes.Quotes`): `.keys()`, `.table(name)`, `.figure(name)`."""
        return upper("report.quotes", "Quotes")(self)

    def number(self, key: str, field: str, unit: str | None = None, digits: int | str | None = None, locale: str = "en") -> str:
        """One figure as text: `run.number("effect:A1", "estimate", "t")`, `run.number("forecast:SERIES:2026-12", "q50")`.

        Parameters
        ----------
        key : str
            of what is quoted, one of `quotes.keys()`
        field : str
            name of a column of the table, such as "estimate"
        unit : str, optional
            as in `Effect.number`
        digits : int or str, optional
            as in `Effect.number`
        locale : str, default "en"
            as in `Effect.number`

        Returns
        -------
        str
            such as "−7,483 t"

        Raises
        ------
        ConfigError
            where there is no such key or field; it names the nearest one
        """
        return str(self.quotes.number(key, field, unit, digits, locale))

    def sentence(self, key: str) -> str:
        """What the report says of an effect, a forecast or a published figure, in sentences without markup.

        Parameters
        ----------
        key : str
            of what is quoted, one of `quotes.keys()`

        Returns
        -------
        str
            without markup

        Raises
        ------
        ConfigError
            where there is no such key, or nothing is said of it
        """
        return str(self.quotes.sentence(key))

    def cite(self, style: str = "text") -> str:
        """How to cite the run: package, version, commit, day of the data, hash of the config.

        Parameters
        ----------
        style : str, default "text"
            "text" or "bibtex"

        Returns
        -------
        str
            a line of text, or an entry

        Raises
        ------
        ConfigError
            where there is no such style
        """
        return str(upper("report.citation", "cite")(self, style))

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in TABLES:
            return self.table(name)
        raise AttributeError(name)


def refuse_newer(folder: Path) -> None:
    """Refuse a run of a newer schema than this package knows, which it must not overwrite."""
    try:
        schema = json.loads((folder / "run.json").read_bytes())["schema_version"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return
    if isinstance(schema, int) and schema > SCHEMA_VERSION:
        raise DataError(
            f"the run was written with schema {schema}, this package reads {SCHEMA_VERSION}",
            where=str(folder / "run.json"),
            hint="a newer version of the package, or --out DIR; this one leaves the folder as it is",
        )
