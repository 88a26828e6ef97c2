"""Why questions stay unanswered: the causes of failures, and failures grouped by them in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from forecast.core.errors import ForecastError, NotIdentifiedError, TooShortError

CAUSES = {
    "too short": "the history known on that day is shorter than the method's stated minimum",
    "not identified": "the data hold no information on what was asked",
    "refused": "the method does not answer such a question",
    "failed": "the method's own calculation failed",
    "": "the run does not say what kind of reason it was",
}
_WHOLE = re.compile(r"(?<![\w.,-])\d+(?![\w-]|\.\d|,\d)")  # a number on its own, not in the id of an event or in a month


class Unanswered(Protocol):
    """A row of failures, as far as it is grouped here."""

    @property
    def method(self) -> str:
        """The method that did not answer."""

    @property
    def cause(self) -> str:
        """A key of `CAUSES`."""

    @property
    def reason(self) -> str:
        """The reason in words."""


@dataclass(frozen=True)
class Refusals:
    """Failures of one cause, one method and one reason; numbers that differ are given as a range."""

    cause: str
    method: str
    reason: str
    count: int


def cause_of(error: Exception) -> str:
    """The cause that an exception of a method stands for."""
    if isinstance(error, TooShortError):
        return "too short"
    if isinstance(error, NotIdentifiedError):
        return "not identified"
    return "refused" if isinstance(error, ForecastError) else "failed"


def group_refusals(failures: Iterable[Unanswered]) -> list[Refusals]:
    """Failures by cause, method and reason, the causes in the order of `CAUSES`, then the most frequent first."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for row in failures:
        cause = row.cause if row.cause in CAUSES else ""
        groups.setdefault((cause, row.method, _WHOLE.sub("#", row.reason)), []).append(row.reason)
    found = [Refusals(cause, method, merge_reasons(reasons), len(reasons)) for (cause, method, _), reasons in groups.items()]
    order = list(CAUSES)
    return sorted(found, key=lambda r: (order.index(r.cause), -r.count, r.method, r.reason))


def merge_reasons(reasons: Iterable[str]) -> str:
    """Reasons that differ in whole numbers alone as one, each number that differs as a range.

    >>> merge_reasons(["10 usable months where 14 are needed", "13 usable months where 14 are needed"])
    '10 to 13 usable months where 14 are needed'
    """
    texts = list(reasons)
    numbers = zip(*([int(n) for n in _WHOLE.findall(text)] for text in texts), strict=True)
    ranges = iter([(min(column), max(column)) for column in numbers])

    def said(match: re.Match[str]) -> str:
        low, high = next(ranges)
        return match[0] if low == high else f"{low} to {high}"

    return _WHOLE.sub(said, texts[0])


def refusal_record(asked: int, failures: Iterable[Unanswered]) -> dict[str, Any]:
    """What is unanswered as it stands in run.json and in the last line of `--json`: asked, count, and the causes."""
    groups = group_refusals(failures)
    return {"asked": asked, "count": sum(one.count for one in groups), "causes": [vars(one) for one in groups]}


def refusal_lines(failures: Iterable[Unanswered], most: int = 6) -> list[str]:
    """What is unanswered in lines for a terminal: each cause with its count, then methods and reasons, the frequent first.

    Methods with the same reason share a line; of each cause at most `most` lines are given, and how many more there are.
    """
    lines: list[str] = []
    groups = group_refusals(failures)
    for cause, meaning in CAUSES.items():
        mine = [one for one in groups if one.cause == cause]
        if not mine:
            continue
        lines.append(f"{sum(one.count for one in mine):>5}  {meaning}:")
        shared: dict[str, list[Refusals]] = {}
        for one in mine:
            shared.setdefault(one.reason, []).append(one)
        listed = sorted(shared.items(), key=lambda item: -sum(one.count for one in item[1]))
        for reason, ones in listed[:most]:
            lines.append(f"{sum(one.count for one in ones):>10}  {', '.join(one.method for one in ones)}: {reason}")
        if listed[most:]:
            more = sum(one.count for _, ones in listed[most:] for one in ones)
            lines.append(f"{more:>10}  for {len(listed) - most} other reasons: the run's table `failures`")
    return lines


def questions_asked(counts: dict[str, int]) -> int:
    """How many answers a run asked its methods for, from the counts in run.json."""
    return sum(
        n for what, n in counts.items() if what.endswith(" answers") or what in ("scenario forecasts", "nowcasts taken apart")
    )
