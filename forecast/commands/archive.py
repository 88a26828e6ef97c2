"""`forecast archive`: what the archive of fetched figures holds, and how its figures were revised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from forecast.core.archive import Archive

app = typer.Typer(help="What the archive of fetched figures holds, and how its figures were revised.", no_args_is_help=True)
PLACE = typer.Option("--archive", help="Folder or address of the archive; default: FORECAST_ARCHIVE, or your own.")


@app.command()
def show(
    series: Annotated[str, typer.Argument(help="A series, for its figures; or a pattern, as in 'USA.import.*.gallium'.")] = "",
    archive: Annotated[str, PLACE] = "",
) -> None:
    """Print the series of the archive, or the figures of one: known, missing, not released."""
    from forecast.archives import history

    held = _open(archive)
    if series in held.series:
        _print(history.lines_of_figures(held, series, dt.date.today()))
    else:
        _print(history.lines_of_series(held, series or "*"))


@app.command("history")
def history_(
    series: Annotated[str, typer.Argument(help="A series.")],
    month: Annotated[str, typer.Option(help="Only figures that cover this month, YYYY-MM, revised or not.")] = "",
    archive: Annotated[str, PLACE] = "",
) -> None:
    """Print every version of the figures of a series that were revised: the day, the amount, the change, who said it."""
    from forecast.archives import history

    _print(history.lines_of_versions(_open(archive), series, month))


def _open(place: str) -> Archive:
    """The archive, after what is wrong with it was said on stderr."""
    from forecast.archives.reading import open_archive
    from forecast.core.control_characters import printable_text
    from forecast.core.stderr import write_line

    held = open_archive(place or None)
    for note in held.figures.notes:
        write_line(printable_text(note))
    return held


def _print(lines: Iterable[str]) -> None:
    from forecast.core.control_characters import printable_text

    for line in lines:
        typer.echo(printable_text(line))
