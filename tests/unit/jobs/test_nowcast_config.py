"""Nowcasts of a config: questions and their days, news, next releases, and the section of the report."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import forecast as fc
import forecast.guides
from forecast.cli import app
from forecast.core.errors import ConfigError
from forecast.jobs.load import load
from forecast.jobs.plan import make_plan
from forecast.report.nowcast_blocks import nowcast_blocks, nowcast_sentences
from forecast.report.renderers.markdown import render
from forecast.report.run_data import RunData

GALLIUM, MAGNETS = "USA.import.CHN.gallium", "CHN.export.WLD.re_magnets"
CONFIG = f"""
name = "now"
seed = 3
draws = 200
as_of = "2026-09-08"
naive = ["last_value", "mean12"]
[[models]]
use = "structural"
[[models]]
use = "mean12"
[[models]]
use = "drift"
name = "last_value"
drift = false
[[nowcast]]
name = "imports"
series = "{GALLIUM}"
models = ["structural", "mean12", "last_value"]
earlier = 9
[[nowcast]]
name = "blackout"
series = "{MAGNETS}"
models = ["last_value"]
day = 2026-02-20
since = 2026-01-19
note = "Nothing is out in February."
"""


def written(tmp_path, text=CONFIG):
    path = tmp_path / "now.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nowcasts")
    return fc.run(written(folder), folder)


def questions(path, as_of=None):
    config = load(path, as_of)
    return make_plan(config, fc.load_archive())


def test_a_question_asks_the_months_that_are_not_out_up_to_its_own(tmp_path):
    made = questions(written(tmp_path))
    (imports,), (blackout,) = made.groups["imports"], made.groups["blackout"]
    assert imports.task.months == ("2026-08", "2026-09")
    assert imports.task.day == dt.date(2026, 9, 8)
    assert blackout.task.months == ("2026-01", "2026-02")
    assert blackout.task.day == dt.date(2026, 2, 20)
    assert made.counts["nowcasts taken apart"] == 2
    assert made.counts["backtest questions"] == 9


def test_a_question_with_a_day_stands_on_an_earlier_run_s_own(tmp_path):
    made = questions(written(tmp_path), "2025-07-15")
    assert {past.task.day for name in ("imports", "blackout") for past in made.groups[name]} == {dt.date(2025, 7, 15)}
    assert made.groups["blackout"][0].task.months == ("2025-06", "2025-07")


def test_earlier_months_are_asked_as_many_days_before_publication(tmp_path):
    made = questions(written(tmp_path))
    released = {cell.first: cell.released for cell in made.archive.states(GALLIUM) if not cell.is_span}
    left = {(released[past.first] - past.task.day).days for past in made.groups["imports: earlier months"]}
    assert left == {30}  # 8 October less 8 September


def test_the_parts_of_the_news_add_up_for_every_target_and_month(run):
    news = run.news
    assert set(news["target"]) == {GALLIUM, MAGNETS}
    assert set(news["kind"]) >= {"new", "estimation"}
    for _, part in news.groupby(["target", "ref_month"]):
        assert part["impact"].sum() == pytest.approx((part["nowcast_to"] - part["nowcast_from"]).iloc[0], rel=1e-9)
    told = news[(news["target"] == GALLIUM) & (news["kind"] == "new")]
    assert set(told["release_month"]) == {"2026-07"}
    assert set(told["released"]) == {"2026-09-07"}


def test_nowcasts_stand_beside_what_came_and_are_not_scored(run):
    table = run.forecasts
    own = table[(table["group"] == "blackout") & (table["month"] == "2026-01")]
    assert own["truth"].notna().all()
    assert table[table["group"] == "imports"]["truth"].isna().all()
    assert set(run.scores["group"]) == {"imports: earlier months"}


def test_the_calendar_names_the_next_two_releases(run):
    table = run.calendar
    own = table[table["series"] == MAGNETS]
    assert list(own["day"]) == ["2026-03-20", "2026-03-20", "2026-04-20"]
    assert list(own["month"]) == ["2026-01", "2026-02", "2026-03"]
    assert list(own["together"]) == [True, True, False]


def test_the_page_tells_nowcast_news_and_calendar(run):
    facts = RunData(run)
    page = render(nowcast_blocks(facts))
    assert "Standing on **20\u00a0Feb\u00a02026**" in page
    assert "Nothing is out in February." in page
    assert "published 7\u00a0Sep\u00a02026" in page
    assert "What comes next." in page
    assert "inside the band" in page or "outside the band" in page
    report = (run.folder / "report.md").read_text("utf-8")
    assert "## What is happening now" in report
    assert "What the events changed" not in report
    assert len(nowcast_sentences(facts)) == 2
    assert "Jan–Feb" in nowcast_sentences(facts)[1]
    assert not len(facts.outlook)


def test_the_command_prints_them_and_the_folder_last(tmp_path):
    path = written(tmp_path)
    done = CliRunner().invoke(app, ["run", str(path), "--out", str(tmp_path)])
    assert done.exit_code == 0
    assert "What moved the next month's nowcast." in done.stderr
    assert "What comes next." in done.stderr
    assert done.stdout.strip().splitlines() == [str(next(tmp_path.glob("now-*")))]


def test_what_cannot_be_asked_is_a_finding(tmp_path):
    made = questions(written(tmp_path, CONFIG.replace(GALLIUM, "CHN.export.KOR.gallium").replace("2026-02-20", "2026-09-01")))
    told = {finding.where: finding.text for finding in made.findings if finding.topic == "nowcast"}
    assert "1 single figures known where 12 are needed" in told["CHN.export.KOR.gallium"]
    assert "4 months are out on 2026-09-01 by the release rules, not in the data" in told[MAGNETS]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('models = ["last_value"]', 'models = ["ets"]'), "no model of this config is called 'ets'"),
        (('name = "blackout"', 'name = "imports"'), "'imports' is named twice"),
        (("since = 2026-01-19", "since = 2026-02-20"), "the news counts from a day before the question's own"),
        (("day = 2026-02-20", 'day = "February"'), "'February' is not a day"),
        ((f'"{MAGNETS}"', '"CHN.export.WLD.magnet"'), "no series is called 'CHN.export.WLD.magnet'"),
        (("earlier = 9", "earlier = -1"), "-1 cannot stand here"),
    ],
)
def test_a_wrong_word_is_named_with_its_place(tmp_path, change, problem):
    with pytest.raises(ConfigError) as told:
        questions(written(tmp_path, CONFIG.replace(*change)))
    assert told.value.problem == problem
    assert "[[nowcast]]" in told.value.where


def test_what_cannot_be_taken_apart_is_a_row_and_said(tmp_path):
    text = CONFIG.replace("since = 2026-01-19", "since = 2018-06-01")
    made = fc.run(written(tmp_path, text), tmp_path)
    lost = made.failures[made.failures["question"] == "news since 2018-06-01"]
    assert list(lost["series"]) == [MAGNETS]
    assert "What moved it cannot be told" in render(nowcast_blocks(RunData(made)))
    assert isinstance(made.news, pd.DataFrame)


def test_the_guide_s_words_are_a_config(tmp_path):
    guide = Path(forecast.guides.__file__).parent / "nowcasting.md"
    text = guide.read_text("utf-8").partition("```toml\n")[2].partition("```")[0]
    made = questions(written(tmp_path, text))
    assert [len(pasts) for pasts in made.groups.values() if pasts] == [1, 12]
    assert made.batches[-1].news_question.since == dt.date(2026, 8, 1)


@pytest.mark.parametrize("day", ["2024-06-03", "2025-07-15", "2026-02-20", "2026-04-19", "latest"])
def test_the_shipped_questions_can_be_put_on_any_day(day):
    config = load("nowcast", None if day == "latest" else day)
    made = make_plan(config, fc.load_archive())
    assert made.counts["nowcast questions"] > 0
    asked = [(past.series, past.task.day) for name in made.nowcasts for past in made.groups[name]]
    assert len(asked) == len(set(asked))


def test_a_question_moved_onto_another_is_not_asked_again(tmp_path):
    twice = CONFIG.replace('name = "imports"\nseries = "' + GALLIUM, 'name = "imports"\nseries = "' + MAGNETS)
    made = questions(written(tmp_path, twice), "2025-07-15")
    assert made.groups["blackout"] == ()
    assert any("'imports' asks it" in finding.text for finding in made.findings)


def test_forecasts_and_nowcasts_of_one_series_stand_beside_each_other(tmp_path):
    text = CONFIG + f'[forecast]\nseries = "{GALLIUM}"\nmonths = 3\nmodels = ["last_value"]\n'
    made = fc.run(written(tmp_path, text), tmp_path)
    own = made.forecasts[(made.forecasts["model"] == "last_value") & (made.forecasts["cutoff"] == "2026-09-08")]
    assert set(own["group"]) == {"imports", "next months"}
    assert own.groupby("job")["group"].nunique().max() == 1
    assert {r.group for r in RunData(made).outlook} == {"next months"}


def test_months_that_are_overdue_are_not_set_beside_ordinary_ones(tmp_path):
    made = questions(written(tmp_path, CONFIG.replace(f'"{GALLIUM}"', '"CHN.export.WLD.gallium"')))
    assert made.groups["imports: earlier months"] == ()
    assert any("no earlier months asked" in finding.text for finding in made.findings)


def test_nothing_moved_is_said_series_by_series(tmp_path):
    text = CONFIG.replace("since = 2026-01-19", "since = 2026-02-01").replace(f'"{MAGNETS}"', f'["{MAGNETS}", "{GALLIUM}"]')
    page = render(nowcast_blocks(RunData(fc.run(written(tmp_path, text), tmp_path))))
    assert "Nothing: no figure, event or refit changed the nowcast since 1\u00a0Feb\u00a02026." in page
    assert page.count("published 19\u00a0Feb\u00a02026") == 1


def test_news_of_a_vintage_is_a_readable_error():
    vintage = fc.load_archive().as_of("2026-02-20")
    task = fc.Task("2026-02-20", GALLIUM, ["2026-01"])
    with pytest.raises(ConfigError, match="knows nothing of later days"):
        fc.news("mean12", vintage, task, "2026-02-01", "2026-02-20")
