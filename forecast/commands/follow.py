"""`forecast follow`: what has become of a filed run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forecast.commands.say import say


def follow(
    run: Annotated[str, typer.Argument(help="A folder that `forecast file` printed, or the name of a shipped one: ahead.")],
    data: Annotated[
        str, typer.Option(help="bundled, archive, or the path of a table or an archive; default: the filed config's own.")
    ] = "",
    root: Annotated[str | None, typer.Option(help="The root hash published on the day of filing, or its first digits.")] = None,
    as_of: Annotated[str | None, typer.Option(help="What was known on this day (YYYY-MM-DD); default: today.")] = None,
    out: Annotated[Path, typer.Option(help="Where a shipped filed run is copied to, so that it can grow.")] = Path("runs"),
) -> None:
    """Hold a filed run against the figures that came since: scores, claims decided, what is open; adds a follow-up and a page.

    Exits with 1, and scores nothing, if anything that was filed has been changed, removed, added or renamed.
    """
    from forecast import api
    from forecast.core import filed_seal
    from forecast.jobs.following import open_filed

    filed = open_filed(run, out)
    if changed := filed.changes(root):
        say(filed_seal.describe(filed.folder, changed))
        raise typer.Exit(1)
    done = api.follow(filed.folder, data, as_of, root, out)
    for line in done.lines():
        say(line, err=False)
    typer.echo(str(done.pages[0]))
