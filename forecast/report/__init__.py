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
        """Write the report of a run, or a part of it, and return its path (`forecast.report.pages.write`)."""
        from forecast.report.pages import write

        return write(run, format, None if out is None else Path(out), only)


sys.modules[__name__].__class__ = _Report
