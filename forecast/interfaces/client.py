"""The client: asks an interface politely, again where that helps, and keeps every raw answer."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from forecast.core.errors import MissingExtraError
from forecast.interfaces.answer import KEPT_HEADERS, Answer, parse_http_time, question_of
from forecast.interfaces.faults import (
    DamagedAnswerError,
    InterfaceError,
    KeyRefusedError,
    NoConnectionError,
    NotSavedError,
    QuestionRefusedError,
    QuotaError,
    UnreachableError,
)
from forecast.interfaces.keys import NO_KEY, Key, key_of, missing_key
from forecast.interfaces.raw_answers import RawAnswers
from forecast.interfaces.service import Service

BUSY = (408, 425, 429, 500, 502, 503, 504)
MOST_BREAKS = 5  # times that a connection may break off, or an answer arrive damaged, at one question
LONGEST_WAIT = 60.0  # seconds between two tries where the interface names none
SKEW = dt.timedelta(minutes=10)

T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """How long a whole fetch may last, and how it waits.

    total : seconds of the fetch; answer : seconds for one whole answer, 0 for the service's own
    """

    total: float = 3600.0
    answer: float = 0.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


class Client:
    """Questions to one interface, or to a folder of its saved answers.

    raw : where each answer is kept; address : in place of the service's own; again_since : UTC, ISO: an answer kept since then
    serves a question put again, as after a broken fetch; by default since now; say : takes a sentence for the person who waits
    """

    def __init__(
        self,
        service: Service,
        raw: RawAnswers,
        *,
        address: str = "",
        again_since: str = "",
        patience: Patience | None = None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.service, self.raw = service, raw
        self._patience, self._say = patience or Patience(), say
        self._again_since = again_since or _now()
        self._replaying = False
        self._key: Key = key_of(service)
        if not self._key and service.key is not None and service.key.required and not address:
            raise missing_key(service)
        try:
            from forecast.interfaces.wire import Wire
        except ImportError:
            raise MissingExtraError(
                "fetching needs the package httpx", where="forecast fetch", hint="pip install 'forecast[fetch]'"
            ) from None
        self._wire: Wire | None = Wire(service, address or service.address, self._key, self._patience.answer or service.seconds)
        self._end = self._patience.clock() + self._patience.total
        self._next_start = 0.0
        self._today: dt.date | None = None
        self._answered = False

    @classmethod
    def of_files(cls, raw: RawAnswers) -> Client:
        """A client that asks nobody, for a source of files saved by hand: it keeps them, by `keep_file`."""
        client = cls.__new__(cls)
        client.raw, client._wire, client._key, client._replaying, client._today = raw, None, NO_KEY, False, None
        client._say = lambda text: None
        return client

    @classmethod
    def replay(cls, service: Service, folder: Path) -> Client:
        """A client that answers from a folder of saved answers alone; no key and no network."""
        client = cls.__new__(cls)
        client.service, client.raw = service, RawAnswers.below(folder, service.name)
        if not client.raw.questions():
            raise NotSavedError(
                f"no saved answer of {service.title}", where=str(client.raw.index),
                hint="an archive, or its folder raw, in which `forecast fetch` has kept answers",
            )  # fmt: skip
        client._wire, client._key, client._replaying, client._again_since = None, NO_KEY, True, ""
        client._today = dt.datetime.fromisoformat(client.raw.last_day()).date()
        client._say = lambda text: None
        return client

    @property
    def today(self) -> dt.date:
        """The day on which is asked: by the server's clock once it has answered; of saved answers the day they were saved."""
        return self._today or dt.datetime.now(dt.UTC).date()

    @property
    def keyed(self) -> bool:
        """Whether there is a key, for an interface that answers more with one."""
        return bool(self._key)

    def replays(self, path: str) -> bool:
        """Whether answers are replayed from a folder, and one to a question at `path` is among them."""
        return self._replaying and any(question.startswith(path) for question in self.raw.questions())

    def get(
        self,
        path: str,
        parameters: Sequence[tuple[str, str]],
        read: Callable[[Answer], T],
        *,
        statuses: Sequence[int] = (200,),
    ) -> T:
        """What `read` makes of the answer to a question.

        `statuses` are those that `read` understands, such as 204 for "no rows". A `DamagedAnswerError` from `read` has the
        question put again. Every answer is kept. Faults: see `forecast.interfaces.faults`.
        """
        question = question_of(path, parameters)
        found = self.raw.find(question, self._again_since)
        if self._replaying and found is None:
            raise NotSavedError(
                "this question has no saved answer", where=f"{self.raw.index}: {question}",
                hint="the options of the fetch that saved the folder, such as --hs and --since",
            )  # fmt: skip
        if found is not None:
            self._today = found.day if not self._replaying else self._today
            return read(found)
        breaks = tries = 0
        while True:
            tries += 1
            try:
                answer = self._ask(question, path, parameters)
                wait = self._wait_wanted(answer)
                if wait is None:
                    result = self._take(answer, read, statuses)
                    self.raw.keep(answer)
                    return result
                self.raw.keep(answer, whole=False)
                breaks = breaks + 1 if answer.status != 429 else breaks
                problem = f"{self.service.title} is busy (status {answer.status}): {_said(answer)}"
                fault: InterfaceError = QuotaError(problem, where=question, hint="the same command later: it goes on there")
            except (UnreachableError, DamagedAnswerError) as error:
                breaks += 3 if isinstance(error, NoConnectionError) and not self._answered else 1
                wait, fault = -1.0, error
            if breaks >= MOST_BREAKS:
                raise fault
            self._pause(wait, tries, fault)

    def keep_file(self, name: str, body: bytes, media: str = "application/octet-stream") -> Answer:
        """A file that was saved by hand, kept like an answer; its question is its name."""
        answer = Answer(name, 200, {"content-type": media}, body, _now())
        self.raw.keep(answer)
        return answer

    def close(self) -> None:
        """Close the connection."""
        if self._wire is not None:
            self._wire.close()

    def _ask(self, question: str, path: str, parameters: Sequence[tuple[str, str]]) -> Answer:
        """One request, not before its turn."""
        assert self._wire is not None
        patience = self._patience
        if (early := self._next_start - patience.clock()) > 0:
            patience.sleep(early)
        self._next_start = patience.clock() + (0.0 if self._wire.loopback else self.service.pause)
        status, headers, body = self._wire.ask(path, parameters)
        self._answered = True
        kept = {name: value for name, value in headers.items() if name in KEPT_HEADERS}
        answer = Answer(question, status, kept, body, _now())
        if answer.time is not None:
            if self._today is None and abs(answer.time - dt.datetime.fromisoformat(answer.asked)) > SKEW:
                self._say(
                    f"this machine's clock says {answer.asked}, the server's {answer.time:%Y-%m-%dT%H:%M:%S}: days are its"
                )
            self._today = answer.day
        return answer

    def _wait_wanted(self, answer: Answer) -> float | None:
        """Seconds that an answer asks to wait; -1 if it names none, None if it is not busy."""
        own = self.service.wait(answer)
        if own is not None:
            return own
        if answer.status not in BUSY:
            return None
        text = answer.headers.get("retry-after", "").strip()
        if text.isdigit() and len(text) < 10:
            return float(text)
        until = parse_http_time(text)
        return (until - (answer.time or dt.datetime.now(dt.UTC))).total_seconds() if until else -1.0

    def _pause(self, wanted: float, tries: int, fault: InterfaceError) -> None:
        """Wait before the next try: as long as wanted, else longer each time; never beyond the end of patience."""
        wait = wanted if wanted >= 0 else min(LONGEST_WAIT, 0.5 * 2.0 ** min(tries, 10)) * random.uniform(0.7, 1.3)
        wait = max(wait, 0.05)
        if self._patience.clock() + wait > self._end:
            asked = f"; it asks to wait {dt.timedelta(seconds=round(wait))}" if wanted >= 0 else ""
            raise type(fault)(f"{fault.problem}{asked}, and the time of this fetch is over", where=fault.where, hint=fault.hint)
        if wait >= 2:
            self._say(f"{fault.problem}: asked again in {wait:.0f} s")
        self._patience.sleep(wait)

    def _take(self, answer: Answer, read: Callable[[Answer], T], statuses: Sequence[int]) -> T:
        """What `read` makes of an answer, or the fault that it states; an answer that is not used is kept too."""
        try:
            refusal = self.service.refusal(answer)
            if refusal is not None:
                raise refusal
            if answer.status in statuses:
                return read(answer)
            raise self._refusal_by_status(answer)
        except InterfaceError:
            self.raw.keep(answer, whole=False)
            raise

    def _refusal_by_status(self, answer: Answer) -> InterfaceError:
        said = _said(answer)
        if 300 <= answer.status < 400:
            return DamagedAnswerError(
                f"sent elsewhere (status {answer.status}) to {answer.headers.get('location', 'nowhere')}",
                where=answer.question,
                hint="a proxy or a portal's login page may have answered instead",
            )  # fmt: skip
        if answer.status in (401, 403, 407):
            place = self.service.key
            hint = f"a valid key in {place.variable}; {place.obtained}" if place else "the right to ask this address"
            return KeyRefusedError(f"refused (status {answer.status}): {said}", where=answer.question, hint=hint)
        return QuestionRefusedError(
            f"{self.service.title} does not answer this (status {answer.status}): {said}", where=answer.question,
            hint="codes, partners and months that it has",
        )  # fmt: skip


def _said(answer: Answer) -> str:
    """The first words of an answer, as a message quotes them."""
    return answer.body[:200].decode("utf-8", "replace").strip() or "no further word"


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
