"""Exceptions of the package: each says what is wrong, where, and what to try."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable, Iterator

MESSAGE_LIMIT = 600  # characters of each part of a message


class ForecastError(Exception):
    """Base class: *problem*, *where* it is, and a *hint*; one printable line each, whatever text a file contains.

    Parameters
    ----------
    problem : str
        what is wrong
    where : str, optional
        the place: a file and key, a series and month, an argument
    hint : str, optional
        what to try

    Examples
    --------
    >>> import forecast as fc
    >>> try:
    ...     fc.model("seasonal_naiv")
    ... except fc.ForecastError as error:
    ...     print(error)
    no model is called 'seasonal_naiv'
      try: 'seasonal_naive'
    """

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
    """The text with line breaks and control characters escaped; a very long one without its middle."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return text if len(text) <= MESSAGE_LIMIT else f"{text[: MESSAGE_LIMIT // 2]}...{text[-MESSAGE_LIMIT // 2 :]}"


def _rebuild(kind: type[ForecastError], problem: str, where: str, hint: str) -> ForecastError:
    return kind(problem, where=where, hint=hint)


class ConfigError(ForecastError):
    """A config file or an option is invalid."""


class DataError(ForecastError):
    """A value, unit, month or key of the data is wrong."""


class LookAheadError(ForecastError):
    """Information of a later day than the vintage's was requested."""


class TooShortError(ForecastError):
    """Too few observations for the method; becomes a Failure, never a crash."""


class NotIdentifiedError(ForecastError):
    """The data do not identify the quantity; becomes a verdict."""


class MissingExtraError(ForecastError):
    """An optional library is not installed; becomes a Finding."""


class WriteError(ForecastError):
    """A file cannot be written: no space, no permission, or a link in its place."""


@contextlib.contextmanager
def with_place(where: str = "", kind: type[ForecastError] | None = None) -> Iterator[None]:
    """Context whose errors are raised with the place `where`, or else their own, and as errors of `kind`, or else their own."""
    try:
        yield
    except (ConfigError, DataError) as error:
        raise (kind or type(error))(error.problem, where=where or error.where, hint=error.hint) from None


def nearest(name: str, allowed: Iterable[str]) -> str:
    """The allowed name most similar to `name`, quoted; where none is similar, the list (a few names of a long one)."""
    allowed = sorted(allowed)
    close = difflib.get_close_matches(name, allowed, n=1, cutoff=0.5)
    if not close and len(allowed) > 20:
        return f"one of {len(allowed)}, such as {', '.join(difflib.get_close_matches(name, allowed, n=3, cutoff=0.0))}"
    return f"'{close[0]}'" if close else "one of " + ", ".join(allowed) if allowed else ""
