"""Lines that a command prints."""

from __future__ import annotations

import typer


def say(text: str, err: bool = True) -> None:
    """Print lines on stderr or stdout, with control characters made visible so that no name can command the terminal."""
    from forecast.core.control_characters import printable_text
    from forecast.core.stderr import write_line

    if err:
        write_line(printable_text(text))
    else:
        typer.echo(printable_text(text))
