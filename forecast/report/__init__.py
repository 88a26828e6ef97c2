"""From a finished run folder to a page; the package itself may be called: ``fc.report(run, "html")``."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecast.core.run import Run


class _Report(types.ModuleType):
    """A module that may be called, so that `forecast.report` is both the verb and the home of its parts."""

    def __call__(self, run: Run, format: str = "html", out: Path | str | None = None) -> Path:
        """Write the report of a run and return its path (`forecast.report.compose.write`)."""
        from forecast.report.compose import write

        return write(run, format, None if out is None else Path(out))


sys.modules[__name__].__class__ = _Report
