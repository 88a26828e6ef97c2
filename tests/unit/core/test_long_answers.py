"""Words while an answer takes long."""

import contextlib
import io
import sys
import time
import types

import pytest

from forecast import calls
from forecast.core import long_answers


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def said(monkeypatch):
    """What is shown on a terminal, with little patience."""
    words = []

    @contextlib.contextmanager
    def display():
        yield words.append
        words.append("over")

    # the module's own name of sys: pytest puts a stream of its own in the place of stderr as a test begins
    monkeypatch.setattr(long_answers, "sys", types.SimpleNamespace(stderr=Terminal(), modules=sys.modules))
    monkeypatch.setattr(long_answers, "PATIENCE", 0.05)
    monkeypatch.setattr(long_answers, "TICK", 0.02)
    monkeypatch.setattr(long_answers, "_on_terminal", display)
    return words


def test_a_quick_answer_says_nothing(said):
    with long_answers.saying("asking"):
        pass
    assert said == []


def test_a_long_answer_says_so_and_for_how_long_and_ends(said):
    with long_answers.saying("asking"), long_answers.saying("a question inside it"):
        time.sleep(0.15)
    assert said[0] == "asking, 0 s"
    assert said[-1] == "over"
    assert {word.partition(",")[0] for word in said} == {"asking", "over"}


def test_how_far_it_has_come_is_said_and_forgotten_by_the_next(said):
    with long_answers.saying("asking"):
        long_answers.count_progress(3, 40, "series")
        time.sleep(0.1)
    with long_answers.saying("next"):
        time.sleep(0.1)
    assert "asking: 3 of 40 series, 0 s" in said
    assert "next, 0 s" in said


def test_an_error_ends_the_words(said):
    with pytest.raises(TypeError), long_answers.saying("asking"):
        time.sleep(0.1) + 1
    assert said[-1] == "over"
    with long_answers.saying("next"):
        time.sleep(0.1)
    assert "next, 0 s" in said


def test_nothing_is_said_where_nobody_sees_it(said, monkeypatch):
    monkeypatch.setattr(long_answers.sys, "stderr", io.StringIO())
    with long_answers.saying("asking"):
        time.sleep(0.1)
    assert said == []
    monkeypatch.setattr(long_answers.sys, "stderr", None)
    with long_answers.saying("asking"):
        pass


def test_the_word_on_a_terminal_is_gone_in_the_end(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(long_answers, "PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    with long_answers.saying("asking [b]2[/b]"):
        time.sleep(0.5)
    shown = sys.stderr.getvalue()
    assert "asking [b]2[/b], 0 s" in shown
    assert shown.rstrip().endswith(("\x1b[2K", "\x1b[?25h"))


def test_a_notebook_shows_it_in_its_own_way(monkeypatch):
    shown = []
    line = types.SimpleNamespace(update=lambda bundle, raw: shown.append(bundle["text/plain"]))
    inside = types.ModuleType("IPython.display")
    inside.display = lambda bundle, raw, display_id: line
    package = types.ModuleType("IPython")
    package.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", inside)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(long_answers, "PATIENCE", 0.0)
    with long_answers.saying("asking"):
        time.sleep(0.1)
    assert shown[0] == "asking, 0 s"
    assert shown[-1] == ""


def test_public_functions_that_may_be_slow_say_so(said):
    import forecast as fc

    slow = calls.public("predict", lambda: time.sleep(0.15))
    slow()
    assert said[0] == "fc.predict is still at work, 0 s"
    del said[:]
    calls.public("months", lambda: time.sleep(0.1))()
    assert said == []
    assert set(fc.__all__) >= calls.SLOW
    assert "run" not in calls.SLOW  # it has a bar of its own
