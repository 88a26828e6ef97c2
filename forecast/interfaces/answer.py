"""One raw answer of an interface."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from forecast.core.output_files import sha256
from forecast.interfaces.faults import DamagedAnswerError

KEPT_HEADERS = ("content-type", "date", "last-modified", "etag", "retry-after", "location", "x-datawebapi-keyerror")


@dataclass(frozen=True)
class Answer:
    """An answer as it came, but for the key, which stands nowhere in it.

    question : path and parameters without the key; headers : names in lower case, `KEPT_HEADERS` alone; asked : UTC, ISO
    """

    question: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    asked: str

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return sha256(self.body)

    @property
    def media(self) -> str:
        """The kind of content, such as `application/json`."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def day(self) -> dt.date:
        """The day of the answer by the server's clock, or else by this machine's."""
        return (self.time or dt.datetime.fromisoformat(self.asked)).date()

    @property
    def time(self) -> dt.datetime | None:
        """The time of the answer by the server's clock, UTC; None if it does not say."""
        return parse_http_time(self.headers.get("date", ""))

    def expect(self, *media: str) -> None:
        """Refuse an answer of another kind, such as a page of HTML in place of data."""
        if self.media not in media:
            raise DamagedAnswerError(
                f"the answer is {self.media or 'of no stated kind'}, where {' or '.join(media)} was expected",
                where=self.question, hint="the same command later; a proxy or a portal's login page may have answered instead",
            )  # fmt: skip

    def text(self, encoding: str = "utf-8-sig") -> str:
        """The body as text."""
        try:
            return self.body.decode(encoding)
        except UnicodeDecodeError as error:
            raise DamagedAnswerError(
                f"the answer is no {encoding} text from byte {error.start} on",
                where=self.question,
                hint="the same command later",
            ) from None

    def json(self) -> Any:
        """The body as JSON, which must be whole; NaN and Infinity are no JSON."""
        self.expect("application/json", "text/json")
        text = self.text()
        try:
            return json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            reason = str(error).partition(":")[0] if not isinstance(error, RecursionError) else "nested too deeply"
            raise DamagedAnswerError(
                f"the answer is no whole JSON ({len(self.body):,} bytes): {reason}", where=self.question,
                hint="the same command later: what is done is kept",
            ) from None  # fmt: skip


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def parse_http_time(text: str) -> dt.datetime | None:
    """A time as HTTP headers write it, in UTC; None for anything else."""
    try:
        time = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return time.astimezone(dt.UTC) if time.tzinfo else time.replace(tzinfo=dt.UTC)


def question_of(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    """One spelling of a question, by which its answer is found again."""
    return f"{path}?{urlencode(parameters, safe=',:*+-.')}" if parameters else path
