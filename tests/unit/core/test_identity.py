"""Identities are those that the standard library's dataclasses spell, and no print changes a key or a fingerprint."""

import dataclasses
import datetime as dt
import hashlib

import numpy as np
import pytest

from forecast.core.archive import bundled_archive
from forecast.core.events import Event, EventCalendar
from forecast.core.identity import identity
from forecast.core.questions import Design, Task
from forecast.core.registry import build
from forecast.core.scenario import Scenario
from forecast.study import ask
from forecast.study.evaluate.backtest import BacktestQuestion

DAY = dt.date(2025, 3, 31)
EVENT = Event("x", "An event", DAY, DAY, shape={"use": "pulse", "length": 2})


@dataclasses.dataclass(frozen=True)
class Inner:
    x: object
    hidden: int = dataclasses.field(default=1, repr=False)


@dataclasses.dataclass(frozen=True)
class Outer:
    inner: object
    rest: object = None


VALUES = [
    1, "a'b", None, 2.5, float("nan"), DAY, (), (1,), (1, "b"), [Inner(1)], {"k": Inner((2,))}, np.float64(0.5), np.arange(3),
    Inner(1), Outer(Inner((Inner(1), Inner(2))), {"a": [Inner("x")]}), frozenset({1}),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_an_identity_is_the_print_of_plain_dataclasses(value):
    assert identity(value) == repr(value)


def test_nouns_have_the_identity_of_their_fields_however_they_print():
    task = Task(DAY, "S", ("2025-03",))
    expected = "Task(day=datetime.date(2025, 3, 31), series=('S',), months=('2025-03',), fitted_on=None, draws=1000, stream='')"
    assert identity(task) == expected
    assert expected not in repr(task)
    assert identity(BacktestQuestion(task, 5)).startswith(f"BacktestQuestion(task={expected}, last=5, ")
    event = identity(EVENT)
    assert event.startswith("Event(id='x', title='An event', announced=datetime.date(2025, 3, 31), effective=datetime.date(")
    assert event.endswith("source_url='', confidence='', note='')")
    assert EventCalendar((EVENT,)).fingerprint == sha(f"({event},)", 64)
    assert f"add=({event},)" in identity(Scenario("s", add=(EVENT,)))
    assert identity(Design(EVENT, "S")).startswith(f"Design(events=({event},), treated=('S',), donors=")


def sha(text, digits=16):
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def test_identities_of_the_bundled_nouns_are_those_before_nouns_had_cards():
    # made by the generated repr of each class; a change of the bundled events changes the first two, and nothing else may
    archive = bundled_archive()
    ban = archive.events["us_ban_2024"]
    task = Task("2025-03-31", ["CHN.export.WLD.gallium"], ("2025-03", "2025-04"))
    assert sha(identity(task)) == "c9e0e34c04b7eadf"
    assert sha(identity(BacktestQuestion(task, 5))) == "2ced2494e2b8e5ae"
    assert sha(identity(Design(ban, treated="USA.import.CHN.gallium"))) == "5c37c9007409c422"
    assert sha(identity(Scenario("x", ends={"us_ban_2024": "never"}, add=(ban,)))) == "00c260018505cc27"
    assert archive.events.fingerprint[:16] == "a396a94d042c5c53"
    assert (archive.fingerprint, archive.latest.fingerprint()) == ("4b1f8f36818d8d24", "ea2c95dfa226d18a")


NOUNS = (Task, Design, Event, EventCalendar, Scenario, BacktestQuestion)


def test_no_key_is_made_of_a_print(monkeypatch):
    # every noun that prints something else every time: keys, fingerprints and verdicts known in advance must not notice
    from forecast.study.effects.best_verdict import best_verdicts

    vintage = bundled_archive().as_of(DAY)
    event = vintage.events["us_ban_2024"]
    question, design = (
        Task(DAY, "CHN.export.WLD.gallium", ("2025-03",)),
        Design(event, "USA.import.CHN.gallium", stop="2025-02"),
    )
    method, estimator = build("model", "ets"), build("estimator", "baseline")

    def keys():
        fresh = EventCalendar(vintage.events.events, vintage.events.verified_to)
        return (
            ask.key_of(method, vintage, question), ask.key_of(estimator, vintage, design), fresh.fingerprint,
            vintage.fingerprint(), [(v.word, v.because) for v in best_verdicts([(estimator, design)] * 2, vintage)],
        )  # fmt: skip

    before, count = keys(), iter(range(10**9))
    for noun in NOUNS:
        monkeypatch.setattr(noun, "__repr__", lambda _: f"print {next(count)}")
    assert keys() == before
    assert next(count) == 0, "nothing was printed at all"


def test_a_key_of_a_memo_is_short_however_long_the_calendar():
    # a run keeps tens of thousands of them
    vintage = bundled_archive().latest
    question = Task(vintage.day, "CHN.export.WLD.gallium", ("2026-10",))
    assert len(vintage.events) > 50
    assert sum(map(len, ask.key_of(build("model", "conformal"), vintage, question))) < 1000
