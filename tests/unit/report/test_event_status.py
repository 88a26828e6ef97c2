"""How an event was read stands beside it on every page, and an outcome nobody saw is told as not known."""

import datetime as dt

import pytest

import forecast as fc
from forecast.report.brief import compose_brief
from forecast.report.event_status import LEARNED
from forecast.report.pages import write_all
from forecast.report.renderers import markdown
from forecast.report.run_data import RunData

GALLIUM = "USA.import.CHN.gallium"
CONFIG = """
name = "gallium"
seed = 3
draws = 100
{day}

[[models]]
use = "mean12"

[[models]]
use = "measures"
base = "mean12"
lag_months = 1

[forecast]
series = ["USA.import.CHN.gallium"]
months = 8

[[expiry]]
series = ["USA.import.CHN.gallium"]
day = "2026-11-27"

[[expiry.regimes]]
name = "it lapses"
from = "2025-06"
to = "2025-11"
"""
NAME = "“China's suspension of its export ban for the US” (official)"


def made(folder, day=""):
    (folder / "gallium.toml").write_text(CONFIG.format(day=day), "utf-8")
    return fc.run(folder / "gallium.toml", out=folder / "runs")


@pytest.fixture(scope="module")
def latest(tmp_path_factory):
    return made(tmp_path_factory.mktemp("latest"))


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    return made(tmp_path_factory.mktemp("after"), 'as_of = "2026-11-30"')


def brief(run, today=dt.date(2026, 11, 30)):
    return markdown.render(compose_brief(run, (), today)).replace("\u00a0", " ")


def report(run):
    _, text, *_ = write_all(run)
    return text.read_text("utf-8").replace("\u00a0", " ")


def test_every_page_tells_the_status_beside_the_event(latest):
    page, short = report(latest), brief(latest)
    assert f"{NAME} ends on 27 Nov 2026, and what it suspends comes back" in page  # the law that the fans stand on
    assert "9 Nov 2025: China's suspension of its export ban for the US (official)" in page  # the key of a figure
    assert "“Ban to USA paused; licence regime stays” (official), announced on 9 Nov 2025" in page  # what is known of the end
    assert "| Goods | Status | Use |" in page  # the calendar
    assert f"{NAME} was due to end on 27 Nov 2026; what followed is not in our sources." in short
    for text in (page, short):
        assert "9 official (read in the office's own words), 78 secondary (reported by others) and 5 unverified" in text
    assert "verified to 5 Oct 2026" in page
    assert "checked to 5 Oct 2026" in short


def test_what_was_learned_later_stands_apart_with_its_status(latest):
    for text in (report(latest), brief(latest)):
        assert "forecasts stand on the law as written on that day" in text  # by which the suspension ends on 27 November
        assert "no forecast" not in text.partition(LEARNED)[0][-300:] + LEARNED
        told = text.partition(LEARNED)[2]
        assert "23 Sep 2026, official: US-China truce of November 2025 prolonged from 10 November 2026 to 10 January" in told
        assert "10 Nov 2026, due, unverified: End, by its text, of the suspension of MOFCOM" in told
        assert "no notice that amends No. 70 was seen by 5 October 2026" in told
        assert "27 Nov 2026, due, unverified: End, by its text" in told
        assert "whether it was prolonged is not known here" in told
    data = RunData(latest)
    assert "us_china_truce_extension_2026" not in data.calendar
    assert [e.id for e in data.learned] == ["us_china_truce_extension_2026"]


def test_nothing_is_learned_by_a_run_of_a_chosen_day(tmp_path):
    run = made(tmp_path, 'as_of = "2026-09-08"')
    assert LEARNED not in report(run) + brief(run)
    assert "truce of November 2025 prolonged" not in report(run) + brief(run)
    assert not len(RunData(run).learned)


def test_an_end_past_on_the_day_of_the_run_is_open_where_the_calendar_was_not_checked(after):
    data = RunData(after)
    assert (data.as_of, data.outcomes_known_to) == ("2026-11-30", "2026-10-05")
    page, short = report(after), brief(after)
    assert f"{NAME} ends on 27 Nov 2026, and what it suspends comes back (so it was announced; the calendar is " in page
    assert f"{NAME} was due to end on 27 Nov 2026; what followed is not in our sources." in short
    assert "27 Nov 2026, due, unverified" in page
