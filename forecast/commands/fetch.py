"""`forecast fetch`: figures from an office's interface into the archive."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from forecast.commands.say import say
from forecast.core.errors import ConfigError


def fetch(
    source: Annotated[str, typer.Argument(help="census, comtrade, ...: a live source of `forecast list sources`.")],
    files: Annotated[list[Path] | None, typer.Argument(help="Files saved by hand, for a source that reads such.")] = None,
    hs: Annotated[str, typer.Option(help="Codes of goods, parted by commas.")] = "",
    partner: Annotated[str, typer.Option(help="Partner countries (ISO alpha-3), parted by commas; default: all.")] = "",
    reporter: Annotated[str, typer.Option(help="Countries whose statistics are asked, where the source has several.")] = "",
    flow: Annotated[str, typer.Option(help="import or export.")] = "",
    since: Annotated[str, typer.Option(help="First month, YYYY-MM.")] = "2015-01",
    set_: Annotated[list[str] | None, typer.Option("--set", help="Another option of the source: NAME=VALUE.")] = None,
    archive: Annotated[Path | None, typer.Option(help="Folder of the archive; default: FORECAST_ARCHIVE, or your own.")] = None,
    base_url: Annotated[str, typer.Option(help="Another address of the interface: a mirror, or a test server.")] = "",
    from_folder: Annotated[Path | None, typer.Option(help="Replay saved answers from a folder; no network, no key.")] = None,
    minutes: Annotated[float, typer.Option(help="After so long, waiting ends; the same command goes on.", min=0.01)] = 60.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Nothing on stderr but errors.")] = False,
) -> None:
    """Fetch figures into the archive; a fetch that broke off goes on. Prints each series: new, revised, missing, not released.

    Keys are read from the environment (forecast/guides/fetching.md) and never shown.
    """
    from forecast.archives.growing import GrowingArchive
    from forecast.core import months
    from forecast.interfaces.client import Patience
    from forecast.interfaces.fetching import Asking, fetch_into, live_source

    months.ordinal(since)
    options = {"hs": hs, "partner": partner, "reporter": reporter, "flow": flow}
    given: dict[str, object] = {name: text for name, text in options.items() if text}
    for pair in set_ or []:
        name, sign, text = pair.partition("=")
        if not sign:
            raise ConfigError(f"'{pair}' sets nothing", where="--set", hint="--set NAME=VALUE")
        given[name.strip()] = text.strip()
    if files:
        given["files"] = tuple(map(str, files))
    live = live_source(source, _in_lists(source, given))
    growing = GrowingArchive(archive)
    outcomes = fetch_into(
        live, since[:7], growing.folder, growing.append, Asking(base_url, from_folder, Patience(total=60 * minutes)),
        (lambda text: None) if quiet else say,
    )  # fmt: skip
    width = max(map(len, outcomes), default=0)
    for series, outcome in sorted(outcomes.items()):
        say(f"{series:<{width}}  {outcome}", err=False)
    if not outcomes:
        say("no figure was found", err=False)
    if not quiet:
        say(f'archive: {growing.folder}; in a config: data = "archive"')


def _in_lists(source: str, given: dict[str, object]) -> dict[str, object]:
    """Options as the source takes them: those of several values parted at commas."""
    from forecast.core import registry

    fields: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(registry.get("source", source))}
    return {
        name: tuple(part.strip() for part in str(text).split(",") if part.strip())
        if isinstance(fields.get(name), tuple) and isinstance(text, str)
        else text
        for name, text in given.items()
    }
