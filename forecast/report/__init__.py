"""Report of a finished run folder; the package itself is callable: ``fc.report(run, "html")``."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecast.core.run import Run


class _Report(types.ModuleType):
    """A callable module, so that `forecast.report` is both the function and the package."""

    def __call__(self, run: Run, format: str = "html", out: Path | str | None = None, only: str = "report") -> Path:
        """Write the report of a run, or a part of it, and return its path.

        Parameters
        ----------
        run : Run
            a finished run
        format : {"html", "md", "pdf", "docx", "xlsx", "tex", "json"}, default "html"
            of the file
        out : Path or str, optional
            a file, or a folder (default: the run's own folder)
        only : str, default "report"
            "report", "brief", "effects", "forecasts", or "figure:NAME"

        Returns
        -------
        Path
            of the file; figures that the format keeps in files of their own stand in `figures/` beside it

        Raises
        ------
        ConfigError
            where there is no such format, part or figure
        DataError
            where a file of the run has changed since it was written
        MissingExtraError
            where the library that makes the format is not installed

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
        ...     print(fc.report(fc.run(config, out=folder, progress=False), "json", out=folder).name)
        report.json
        """
        from forecast.report.pages import write

        return write(run, format, None if out is None else Path(out), only)


sys.modules[__name__].__class__ = _Report
