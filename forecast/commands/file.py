"""`forecast file`: questions, claims and forecasts frozen before the figures come."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forecast.commands.say import say


def file(
    config: Annotated[str, typer.Argument(help="Path of a TOML file, or the name of a shipped config: ahead, minerals, ...")],
    out: Annotated[Path, typer.Option(help="Parent of the folder.")] = Path("runs"),
    workers: Annotated[int, typer.Option(help="Processes.", min=1)] = 1,
) -> None:
    """Freeze a config's months ahead that are not released yet: rules, claims, forecasts, under one root hash.

    The folder is the last line on stdout, the root hash the one before it. Publish that on the day, then `forecast follow`.
    """
    from forecast import api
    from forecast.core.plurals import pluralize

    filed = api.file(config, out, workers)
    counts = [len(one["months"]) for one in filed.info["questions"]]
    span = f"{min(counts)} to {max(counts)} months" if len(set(counts)) > 1 else pluralize(counts[0], "month")
    each = f"each of {len(counts)} series" if len(counts) > 1 else "1 series"
    asked = [
        pluralize(len(filed.info["claims"]), "claim"),
        *([pluralize(len(events), "question") + " on events"] if (events := filed.info["events_asked"]) else []),
        f"{span} of {each}",
    ]
    say(f"filed on {filed.day}: {', '.join(asked)}, none released yet")
    for one in filed.info["unanswered"]:
        say(f"not filed: {one['series']} by {one['model']}: {one['reason']}")
    typer.echo(filed.root)
    typer.echo(str(filed.folder))
