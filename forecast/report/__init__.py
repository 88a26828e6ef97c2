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

    def __call__(self, run: Run, format: str = "html", out: Path | str | None = None) -> Path:
        """Write the report of a run and return its path (`forecast.report.compose.write`)."""
        from forecast.report.compose import write

        return write(run, format, None if out is None else Path(out))


sys.modules[__name__].__class__ = _Report
