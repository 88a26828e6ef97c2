"""Every exception of the package: what is wrong, where, and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MESSAGE_LIMIT = 600  # characters of each part of a message


class ForecastError(Exception):
    """Root of all errors: *problem*, *where* it stands, what to *try*; one line of print each, whatever a file's cells hold."""

    def __init__(self, problem: str, *, where: str = "", hint: str = "") -> None:
        self.problem = _one_line(problem)
        self.where = _one_line(where)
        self.hint = _one_line(hint)
        super().__init__(self.problem, self.where, self.hint)

    def __str__(self) -> str:
        lines = [self.problem]
        if self.where:
            lines.append(f"  at: {self.where}")
        if self.hint:
            lines.append(f"  try: {self.hint}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.problem, self.where, self.hint)


def _one_line(text: str) -> str:
    """The text with line ends and what else acts on a terminal spelled out; a very long one without its middle."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return text if len(text) <= MESSAGE_LIMIT else f"{text[: MESSAGE_LIMIT // 2]}...{text[-MESSAGE_LIMIT // 2 :]}"


def _rebuild(kind: type[ForecastError], problem: str, where: str, hint: str) -> ForecastError:
    return kind(problem, where=where, hint=hint)


class ConfigError(ForecastError):
    """A config file or an option cannot be read as meant."""


class DataError(ForecastError):
    """A value, a unit, a month or a key of the data is wrong."""


class LookAheadError(ForecastError):
    """Something asked for knowledge of a later day than it stands on."""


class TooShortError(ForecastError):
    """Too few observations for the method; becomes a Failure, never a crash."""


class NotIdentifiedError(ForecastError):
    """The data hold no information on the asked quantity; becomes a verdict."""


class MissingExtraError(ForecastError):
    """An optional library is not installed; becomes a Finding."""


class WriteError(ForecastError):
    """A file cannot be written whole: no room, no right, or a link in its place."""


class SourceError(ForecastError):
    """A source did not answer, or answered with something else."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """The allowed name most like `name`, quoted, or the whole list when none is near (a few of a long one)."""
    allowed = sorted(allowed)
    close = difflib.get_close_matches(name, allowed, n=1, cutoff=0.5)
    if not close and len(allowed) > 20:
        return f"one of {len(allowed)}, such as {', '.join(difflib.get_close_matches(name, allowed, n=3, cutoff=0.0))}"
    return f"'{close[0]}'" if close else "one of " + ", ".join(allowed) if allowed else ""
