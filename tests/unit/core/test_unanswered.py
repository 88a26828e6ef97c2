"""Why questions stay unanswered: causes from exceptions, reasons that differ in numbers as one, and lines for a terminal."""

from dataclasses import dataclass

import numpy as np
import pytest

from forecast.core.contracts import failure_for
from forecast.core.errors import ConfigError, MissingExtraError, NotIdentifiedError, TooShortError
from forecast.core.questions import Task
from forecast.core.unanswered import CAUSES, cause_of, group_refusals, merge_reasons, questions_asked, refusal_lines


@dataclass
class Row:
    method: str
    cause: str
    reason: str


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (TooShortError("x"), "too short"),
        (NotIdentifiedError("x"), "not identified"),
        (ConfigError("x"), "refused"),
        (MissingExtraError("x"), "refused"),
        (np.linalg.LinAlgError("x"), "failed"),
        (ZeroDivisionError("x"), "failed"),
    ],
)
def test_the_cause_is_that_of_the_exception(error, cause):
    assert cause_of(error) == cause in CAUSES
    method = type("M", (), {"name": "m"})()
    assert failure_for(method, Task("2025-01-31", "CHN.export.WLD.gallium", ["2025-02"]), error).cause == cause


def test_numbers_become_ranges_and_names_stay():
    assert merge_reasons(["9 of 14", "12 of 14", "10 of 14"]) == "9 to 12 of 14"
    same = "us_ban_2024 ends on 2026-11-27, 0.5 of 1,200 t, ARIMA(0, 1, 1)"
    assert merge_reasons([same, same]) == same
    rows = [Row("m", "refused", "us_ban_2024 ends"), Row("m", "refused", "us_ban_2027 ends")]
    assert [one.reason for one in group_refusals(rows)] == ["us_ban_2024 ends", "us_ban_2027 ends"]


def test_groups_stand_by_cause_then_by_number():
    rows = [
        *(Row("ets", "failed", "LinAlgError: singular") for _ in range(9)),
        *(Row("mean12", "too short", f"{n} months where 14 are needed") for n in (10, 11)),
        *(Row("sarimax", "too short", f"{n} figures, 23 needed") for n in (20, 21, 22)),
        Row("old", "a cause of a later version", "?"),
    ]
    found = [(one.cause, one.method, one.reason, one.count) for one in group_refusals(rows)]
    assert found == [
        ("too short", "sarimax", "20 to 22 figures, 23 needed", 3),
        ("too short", "mean12", "10 to 11 months where 14 are needed", 2),
        ("failed", "ets", "LinAlgError: singular", 9),
        ("", "old", "?", 1),
    ]


def test_lines_give_every_failure_once_and_methods_with_one_reason_together():
    rows = [Row(m, "too short", f"{n} months where 14 are needed") for m in ("a", "b") for n in (10, 12)]
    rows += [Row("c", "too short", f"reason {'x' * i}") for i in range(8)]
    lines = refusal_lines(rows, most=3)
    assert lines[0].split(maxsplit=1) == ["12", f"{CAUSES['too short']}:"]
    assert lines[1].split(maxsplit=1) == ["4", "a, b: 10 to 12 months where 14 are needed"]
    assert sum(int(line.split()[0]) for line in lines[1:]) == 12
    assert lines[-1].split(maxsplit=1) == ["6", "for 6 other reasons: the run's table `failures`"]
    assert refusal_lines([]) == []


def test_what_was_asked_counts_answers_and_not_questions():
    counts = {
        "models": 3,
        "backtest questions": 5,
        "backtest answers": 15,
        "scenario forecasts": 2,
        "batches": 4,
        "variations": 9,
    }
    assert questions_asked(counts) == 17
