"""Every public noun shows itself in one to ten lines and in a small table of its own; none is a wall of cells."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.core.filed_run import FiledRun, shipped_filings
from forecast.core.judgement import Placebo
from forecast.core.results import Failure, Summary
from forecast.report.cards.card import MOST_LINES, WIDEST, Card

SERIES = "CHN.export.WLD.re_magnets"
MOST_HTML = 5_000


@pytest.fixture(scope="module")
def shown(small):
    archive = fc.load_archive()
    vintage = archive.as_of("2025-09-30")
    event = vintage.events["re_licensing_2025"]
    design = fc.Design(event, treated=SERIES, stop="2025-06")
    effect = fc.estimate("baseline", vintage, design, placebos=3)
    task = fc.Task("2025-09-30", [SERIES], fc.months("2025-09", "2026-08"))
    guess = fc.predict("seasonal_naive", vintage, task)
    two = fc.predict("seasonal_naive", vintage, fc.Task("2025-09-30", [SERIES, "CHN.export.WLD.gallium"], ("2025-10",)))
    past = fc.backtest(
        archive, fc.cutoffs("2025-06", "2025-08"), ["seasonal_naive"], series=[SERIES], horizons=(1, 2), draws=50
    )
    scenario = fc.Scenario("ends", ends={"re_licensing_2025": "2026-01-15"})
    fan = fc.scenarios("seasonal_naive", vintage, task, [fc.Scenario("as written")])[0]
    numbers = pd.DataFrame({"year": range(1960, 2001), "packs": np.arange(41.0) - 10})
    panel = fc.panel(numbers, time="year", value="packs")
    own = fc.estimate("baseline", panel, fc.Design.at("1990", "packs"), placebos=3)
    return {
        "Archive": archive, "Vintage": vintage, "panel": panel, "ObservedSeries": vintage.observed(SERIES), "Event": event,
        "EventCalendar": archive.events, "Design": design, "Task": task, "Effect": effect, "own Effect": own, "Forecast": guess,
        "Forecast of two": two, "Failure": Failure("ets", "2020-01-01: a", "S", "too short", "S"), "Backtest": past,
        "BacktestAnswer": past.answered[0], "Scores": fc.score(past, archive.latest, ["crps"]), "Scenario": scenario,
        "Fan": fan,
        "Summary": effect.cumulative, "no Summary": Summary(np.empty(0)), "Contrast": effect.window,
        "Description": effect.description, "Verdict": effect.verdict, "Judgement": effect.judgement, "Gate": effect.gates[0],
        "Run": small, "FiledRun": FiledRun(shipped_filings()["ahead"]),
        "Variation": fc.vary("baseline", vintage, design, lags=(0, 1), placebos=3)[0],
        "Regressor": fc.Regressor("x", "known_future", values={m: 1.0 for m in fc.months("2000-01", "2030-12")}),
        "HubTables": fc.to_hub(small),
        "ScheduledRelease": fc.coming("2026-03-01", [SERIES])[0], "Placebo": Placebo("time", SERIES, "2020-01", -1500.0, -0.1),
    }  # fmt: skip


NAMES = (
    "Archive", "Vintage", "panel", "ObservedSeries", "Event", "EventCalendar", "Design", "Task", "Effect", "own Effect",
    "Forecast", "Forecast of two", "Failure", "Backtest", "BacktestAnswer", "Scores", "Scenario", "Fan", "Summary",
    "no Summary", "Contrast", "Description", "Verdict", "Judgement", "Gate", "Run", "FiledRun", "Variation", "Regressor",
    "HubTables", "ScheduledRelease", "Placebo",
)  # fmt: skip


class Tags(HTMLParser):
    """The tags of a table, each of which must be closed, and its text."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_nouns_tested_are_all_that_there_are(shown):
    assert set(shown) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_noun_prints_in_one_to_ten_lines(shown, name):
    text = repr(shown[name])
    lines = text.splitlines()
    assert 1 <= len(lines) <= MOST_LINES
    assert max(map(len, lines)) <= WIDEST
    assert "cannot be shown" not in text
    assert "array(" not in text
    assert "nan" not in re.findall(r"\w+", text)
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_a_noun_is_a_small_table_in_a_notebook(shown, name):
    page = shown[name]._repr_html_()
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert len(page) < MOST_HTML
    assert tags.seen <= {"div", "table", "tbody", "tr", "th", "td"}
    colours = re.findall(r"(?:color|background):([^;\"]+)", page)
    assert set(colours) <= {"inherit", "transparent"}, "a colour of its own is unreadable on one of the two backgrounds"
    title = repr(shown[name]).splitlines()[0]
    assert title.rstrip("…") in "".join(tags.text)


def test_cards_say_what_the_nouns_hold(shown):
    assert repr(shown["Archive"]).startswith(f"Archive of {len(shown['Archive'].series)} series\n")
    assert repr(shown["Vintage"]).startswith("Vintage of 30\u00a0Sep\u00a02025: ")
    assert "7,055\u00a0t was 51\u00a0%" in repr(shown["Effect"])
    assert shown["Effect"].verdict.word in repr(shown["Effect"])
    assert repr(shown["Forecast"]).splitlines()[-1].strip() == "and 6 more periods, to Aug\u00a02026"
    assert "too short" in repr(shown["Failure"])
    assert repr(shown["panel"]).splitlines() == ["Vintage: 1 series", "  packs  1960 to 2000, 41 years, last 30"]
    assert "what began in 1990" in repr(shown["own Effect"])
    assert "months" not in repr(shown["own Effect"])


def test_a_card_escapes_what_data_name():
    card = Card("<script>alert(1)</script>", (("<b>", "a & b\x1b[31m"), ("empty", "")))
    assert "<script>" not in card.html
    assert "&lt;script&gt;" in card.html
    assert "a &amp; b" in card.html
    assert "\x1b" not in card.text + card.html
    assert "empty" not in card.text


def test_a_long_card_is_cut_and_says_so():
    card = Card("title", tuple((f"line {i}", "x" * 500) for i in range(40)))
    assert len(card.text.splitlines()) == MOST_LINES
    assert card.text.splitlines()[-1].strip() == "and 32 more lines"
    assert max(map(len, card.text.splitlines())) == WIDEST


def test_an_object_that_is_half_made_prints_too():
    assert repr(object.__new__(fc.Task)).startswith("<Task: it cannot be shown (AttributeError")
