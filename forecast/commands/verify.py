"""`forecast verify`: whether every file of a finished or a filed run is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forecast.commands.say import say


def verify(run: Annotated[Path, typer.Argument(help="A run folder, or that of a filed run.")]) -> None:
    """Hold every file of a finished run against what was written; exit with 1 if one is not, or if nothing says."""
    from forecast.core import filed_run, manifest
    from forecast.core.run import Run

    if filed_run.is_filed(run):
        changed = filed_run.FiledRun(run).changes()
    else:
        opened = Run(run)
        if not opened.verified:
            say(f"unverified: the folder has no {manifest.NAME} that says what was written\n  at: {run}")
            raise typer.Exit(1)
        changed = manifest.differences(opened.folder)
    if changed:
        say(manifest.describe_changes(run, changed))
        raise typer.Exit(1)
    say(f"verified: every file of the run is as it was written\n  at: {run}", err=False)
