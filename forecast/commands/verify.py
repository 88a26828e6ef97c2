"""`forecast verify`: whether every file of a finished or a filed run is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forecast.commands.say import say

ROOT_DIGITS = 64  # of SHA-256


def verify(
    run: Annotated[Path, typer.Argument(help="A run folder, or that of a filed run.")],
    root: Annotated[str | None, typer.Option(help="Of a filed run: its published root hash, or its first digits.")] = None,
    last: Annotated[str | None, typer.Option(help="Of a filed run: the hash of a follow-up, as it was printed.")] = None,
) -> None:
    """Hold every file of a finished run against what was written; exit with 1 if one is not, or if nothing says."""
    from forecast.core import filed_run, filed_seal, follow_chain, manifest
    from forecast.core.errors import ConfigError
    from forecast.core.run import Run

    if filed_run.is_filed(run):
        filed = filed_run.FiledRun(run)
        changed = filed.changes(root, last)
        kept = follow_chain.what_to_keep(filed.root, filed.last_follow_up)
    elif root is not None or last is not None:
        raise ConfigError("this is no filed run, so it has no such hash", where=str(run), hint="neither --root nor --last")
    else:
        opened = Run(run)
        if not opened.verified:
            say(f"unverified: the folder has no {manifest.NAME} that says what was written\n  at: {run}")
            raise typer.Exit(1)
        changed, kept = manifest.differences(opened.folder), []
    if changed:
        say(filed_seal.describe(run, changed))
        raise typer.Exit(1)
    say(f"verified: every file of the run is as it was written\n  at: {run}", err=False)
    if root is not None and (digits := len(root.strip())) < ROOT_DIGITS:
        say(f"compared: {digits} of the {ROOT_DIGITS} digits of the root hash; a short part can be found by trying", err=False)
    for line in kept:
        say(line, err=False)
