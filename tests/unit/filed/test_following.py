"""A filed run, opened later with more figures, scores itself: by the first figures, once, and says what is open."""

import datetime as dt
import json
import shutil

import numpy as np
import pytest
import scoringrules
from filed_table import CONFIG, SERIES, history, later, release

import forecast as fc
from forecast.core import manifest
from forecast.core.errors import ConfigError, DataError
from forecast.metrics.wis import Wis
from forecast.report import pages

DECEMBER = ("2024-12", 130.0, "2025-01-20")
JANUARY, FEBRUARY = ("2025-01", 90.0, "2025-03-20"), ("2025-02", 95.0, "2025-03-20")
MARCH, APRIL = ("2025-03", 99.0, "2025-04-20"), ("2025-04", 100.5, "2025-05-20")


def hashes(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_before_any_figure_everything_is_open(filed, follow):
    since = follow("2025-01-15")
    assert since.scores.empty
    assert set(since.claims.state) == {"open"}
    assert list(since.open.month) == list(fc.months("2024-12", "2025-05"))
    assert not since.open.late.any()
    assert list(since.open.due[:3]) == ["2025-01-20", "2025-03-20", "2025-03-20"]


def test_scores_are_those_of_the_filed_draws(filed, follow):
    since = follow("2025-02-01", DECEMBER)
    assert list(since.scores.model) == ["mean12", "drift"]
    for row in since.scores.itertuples():
        draws = filed.draws(row.model, SERIES)["2024-12"].to_numpy()
        assert row.crps == pytest.approx(scoringrules.crps_ensemble(130.0, draws, estimator="nrg"), rel=1e-9)
        assert row.wis == pytest.approx(float(Wis().score(draws[:, None], np.array([130.0]), np.array([np.nan]))[0]))
        low, high = np.quantile(draws, [0.1, 0.9])
        assert row.in80 == float(low <= 130.0 <= high)
        assert (row.figure, row.released, row.basis) == (130.0, "2025-01-20", "actual")


def test_a_figure_is_seen_only_from_its_day_on(follow):
    assert follow("2025-01-19", DECEMBER).scores.empty
    assert len(follow("2025-01-20", DECEMBER).scores) == 2


def test_the_first_figure_counts_and_a_revision_is_told(filed, follow):
    first = follow("2025-02-01", DECEMBER)
    revised = follow("2025-03-01", DECEMBER, ("2024-12", 60.0, "2025-02-20"))
    assert list(revised.scores.figure) == [130.0, 130.0]
    assert list(revised.scores.crps) == list(first.scores.crps)
    assert list(revised.scores.latest) == [60.0, 60.0]
    assert set(revised.scores.revised) == {"2025-02-20"}
    assert "since revised to 0.06\u00a0t" in str(revised)


def test_of_a_figure_and_its_revision_found_at_once_the_first_counts(follow):
    since = follow("2025-03-01", ("2024-12", 60.0, "2025-02-20"), DECEMBER)
    assert [(row.figure, row.released, row.latest) for row in since.scores.itertuples()] == [(130.0, "2025-01-20", 60.0)] * 2


def test_a_figure_once_counted_stays_the_first_one(follow):
    follow("2025-02-01", DECEMBER)
    only_revised = follow("2025-03-01", ("2024-12", 60.0, "2025-02-20"))  # a table that was overwritten
    assert list(only_revised.scores.figure) == [130.0, 130.0]
    assert list(only_revised.scores.latest) == [60.0, 60.0]
    forgotten = follow("2025-03-02", JANUARY)  # a table in which it is missing
    assert list(forgotten.scores.figure) == [130.0, 130.0]
    earlier = follow("2025-03-03", ("2024-12", 125.0, "2025-01-18"))  # a release before the one that was counted
    assert list(earlier.scores.figure) == [125.0, 125.0]


def test_a_revision_with_the_day_of_the_first_figure_came_between_two_follow_ups(follow):
    """A table that was written over keeps the day of release; former follow-ups show that it is not the revision's."""
    over = ("2024-12", 60.0, "2025-01-20")
    follow("2025-02-01", DECEMBER)
    follow("2025-02-10", DECEMBER)
    for day in ("2025-02-15", "2025-03-01"):  # the follow-up that found it first stays the one that did
        since = follow(day, over)
        assert set(since.scores.revised_after) == {"2025-02-10"}
        assert set(since.scores.revised_by) == {"2025-02-15"}
        assert list(since.scores.figure) == [130.0, 130.0]
        assert (
            "revised to 0.06\u00a0t (between the follow-up of 10\u00a0Feb\u00a02025 and that of 15\u00a0Feb\u00a02025)"
            in str(since)
        )
    assert "between the follow-up of" in since.pages[1].read_text("utf-8")
    again = follow("2025-03-10", ("2024-12", 70.0, "2025-02-20"))  # a second revision, whose day a column tells
    assert set(again.scores.revised) == {"2025-02-20"}
    assert "revised_after" not in again.scores


def test_a_figure_that_was_out_before_the_filing_is_not_scored(follow):
    since = follow("2025-02-01", ("2024-12", 130.0, "2025-01-10"))
    assert since.scores.empty
    assert since.record["out_before"] == [{"series": SERIES, "month": "2024-12", "figure": 130.0, "released": "2025-01-10"}]
    assert dict(zip(since.claims.id, since.claims.state, strict=True)) == {"more": "open", "between": "void"}
    assert "not scored, out on 2025-01-10" in str(since)
    assert "out on the day of filing" in since.pages[1].read_text("utf-8")
    assert "2024-12" not in list(since.open.month)


def test_claims_are_decided_by_the_sum_of_all_their_months(filed, follow):
    partly = follow("2025-04-30", DECEMBER, JANUARY, FEBRUARY, MARCH)
    assert dict(zip(partly.claims.id, partly.claims.state, strict=True)) == {"more": "open", "between": "held"}
    whole = follow("2025-05-30", DECEMBER, JANUARY, FEBRUARY, MARCH, APRIL)
    decided = whole.claims.set_index("id").loc["more"]
    assert (decided.state, decided.figure) == ("failed", 199.5)  # the bound is 200 kg
    chance = filed.info["claims"][0]["probabilities"]["drift"]
    assert decided.brier["drift"] == pytest.approx(chance**2)
    assert list(whole.open.month) == ["2025-05"]


def test_a_bound_that_is_met_exactly_has_not_held(follow):
    since = follow("2025-05-30", MARCH, ("2025-04", 101.0, "2025-05-20"))
    assert since.claims.set_index("id").state["more"] == "failed"
    more = follow("2025-05-31", MARCH, ("2025-04", 101.5, "2025-05-20"))  # released on the same day: the counted one stays
    assert more.claims.set_index("id").state["more"] == "failed"


def test_two_months_in_one_sum_are_scored_by_their_sum(filed, follow):
    since = follow("2025-03-25", DECEMBER, ("2025-01/2025-02", 185.0, "2025-03-20"))
    row = since.scores[(since.scores.model == "mean12") & (since.scores.month == "2025-01/2025-02")].iloc[0]
    draws = filed.draws("mean12", SERIES)
    total = (draws["2025-01"] + draws["2025-02"]).to_numpy()
    assert row.crps == pytest.approx(scoringrules.crps_ensemble(185.0, total, estimator="nrg"), rel=1e-9)
    assert list(since.open.month) == list(fc.months("2025-03", "2025-05"))


def test_a_month_that_is_due_and_not_in_the_figures_is_told(follow):
    assert not follow("2025-01-19").open.late.any()
    assert list(follow("2025-01-20").open.late) == [True, False, False, False, False, False]
    since = follow("2025-04-30", DECEMBER)
    late = since.open.set_index("month").late
    assert list(late.index[late]) == ["2025-01", "2025-02", "2025-03"]
    assert "3 of them are due by" in str(since)


@pytest.fixture
def without_days(write, tmp_path, clock):
    """A filed run whose table has no column of release days, and what becomes of it on a day with months added."""
    config = CONFIG.replace('released = "released"', "lag_days = 60").partition("[[filed.claims]]")[0]
    filed = fc.file(write(config, history().drop(columns="released")), out=tmp_path / "runs")

    def hold(day, *labels):
        clock(dt.date.fromisoformat(day))
        rows = [(month, 100.0, "") for month in labels]
        later(*rows).drop(columns="released").to_csv(tmp_path / "later.csv", index=False)
        return fc.follow(filed.folder, tmp_path / "later.csv")

    return filed, hold


def test_a_month_is_due_when_the_table_counts_it_as_out(without_days):
    filed, hold = without_days
    due = {one["month"]: one["due"] for one in filed.info["questions"][0]["months"]}
    assert due["2024-12"] == "2025-03-01"  # 60 days after the month's end; the release clock says 20 January
    assert set(filed.forecasts.basis) == {"as the table is read, 60 days after the month's end"}
    since = hold("2025-02-28", "2024-10", "2024-11", "2024-12", "2025-01")
    assert since.scores.empty
    assert dict(zip(since.open.month, since.open.held, strict=True))["2025-01"]
    assert since.open.held.sum() == 2
    assert not since.open.late.any()
    assert "the table has figures of 2 of them, which do not count as out by 28\u00a0Feb\u00a02025" in str(since)
    assert "are due by" not in str(since)
    assert "in the table, and not out yet: " in since.pages[1].read_text("utf-8")
    then = hold("2025-03-01", "2024-10", "2024-11", "2024-12", "2025-01")
    assert set(then.scores.month) == {"2024-12"}
    assert set(then.scores.released) == {"2025-03-01"}
    late = hold("2025-04-01", "2024-10", "2024-11", "2024-12")
    assert list(late.open.month[late.open.late]) == ["2025-01"]
    assert "1 of them is due by 1\u00a0Apr\u00a02025, and not out in these figures" in str(late)


def test_what_was_filed_stays_as_it_was(filed, follow):
    before = hashes(filed.folder)
    follow("2025-02-01", DECEMBER)
    follow("2025-03-25", DECEMBER, JANUARY, FEBRUARY)
    assert hashes(filed.folder) == before
    assert filed.changes() == {}
    first, second = filed.follow_ups
    assert (first["as_of"], second["as_of"]) == ("2025-02-01", "2025-03-25")
    assert second["before"].startswith("2025-02-01-")
    again = follow("2025-03-25", DECEMBER, JANUARY, FEBRUARY)
    assert len(filed.follow_ups) == 2
    assert again.record == second


def test_the_page_tells_beforehand_from_later(filed, follow):
    follow("2025-02-01", DECEMBER)
    page = filed.folder / "follow" / "report.md"
    text = page.read_text("utf-8")
    assert "Filed beforehand, on 10\u00a0Jan\u00a02025: 2 claims and forecasts of 6 monthly figures in 1 series" in text
    assert "1 figure came later and is scored below, 5 of the months are open" in text
    assert filed.root in text.replace("` `", "")
    assert "20\u00a0Jan\u00a02025" in text
    assert (filed.folder / "follow" / "figures" / "filed.svg").is_file()


def test_the_page_of_a_new_filing_says_what_is_asked(filed):
    text = (filed.folder / "follow" / "report.md").read_text("utf-8")
    assert "came later" not in text
    assert "more than a hundred tonnes in two months" in text
    assert "above 0.20\u00a0t" in text


def test_a_second_filing_of_the_same_config_is_told(write, clock, filed, follow, tmp_path):
    assert "also filed" not in follow("2025-01-15").pages[1].read_text("utf-8")
    clock(dt.date(2025, 1, 12))
    other = fc.file(write(), out=tmp_path / "runs")
    assert "also filed on 12\u00a0Jan\u00a02025" in follow("2025-01-16").pages[1].read_text("utf-8")
    assert "also filed on 10\u00a0Jan\u00a02025" in (other.folder / "follow" / "report.md").read_text("utf-8")
    run = fc.run(write(), out=tmp_path / "runs", progress=False)
    assert "This config was filed 2 times." in (run.folder / "report.md").read_text("utf-8")


def test_an_earlier_day_knows_nothing_of_later_follow_ups(follow):
    """Figures and claims of a follow-up in May are no knowledge of February."""
    everything = (DECEMBER, JANUARY, FEBRUARY, MARCH, APRIL)
    assert follow("2025-05-30", *everything).claims.set_index("id").state["more"] == "failed"
    for rows in (everything, ()):
        then = follow("2025-02-26", *rows)
        assert set(then.scores.month) == {"2024-12"}, "released in January, counted since"
        assert dict(zip(then.claims.id, then.claims.state, strict=True)) == {"more": "open", "between": "held"}
        assert list(then.open.month) == list(fc.months("2025-01", "2025-05"))
    assert follow("2025-05-31").claims.set_index("id").state["more"] == "failed", "what was counted stays counted"


def test_a_day_that_has_not_come_is_refused(filed, follow, clock, tmp_path):
    follow("2025-02-01", DECEMBER)
    before = sorted((filed.folder / "follow").iterdir())
    for day in ("2025-02-02", "2030-01-01"):
        with pytest.raises(ConfigError, match="has not come yet"):
            fc.follow(filed.folder, tmp_path / "later.csv", as_of=day)
    assert sorted((filed.folder / "follow").iterdir()) == before
    clock(dt.date(2025, 1, 9))  # a clock that is slow: the day of filing has come all the same
    assert fc.follow(filed.folder, tmp_path / "later.csv").record["as_of"] == "2025-01-10"


def test_a_day_before_the_filing_is_refused(follow):
    with pytest.raises(ConfigError, match="before the day of filing"):
        follow("2025-01-09")


def test_a_config_that_read_a_table_needs_the_table(filed):
    with pytest.raises(ConfigError, match=r"read the table own\.csv, and none is named"):
        fc.follow(filed.folder)
    with pytest.raises(ConfigError, match="is no file and no folder"):
        fc.follow(filed.folder, "nowhere.csv")


@pytest.mark.parametrize("data", ["bundled", "archive", "a folder", "https://example.org/archive"])
def test_figures_of_another_source_do_not_decide_a_run_filed_on_a_table(filed, tmp_path, data):
    with pytest.raises(ConfigError, match=r"read the table own\.csv: figures of another source do not decide it"):
        fc.follow(filed.folder, tmp_path if data == "a folder" else data)


def test_a_run_of_a_filed_config_says_so(write, filed, tmp_path):
    run = fc.run(write(), out=tmp_path / "runs", progress=False)
    assert run.info["filed"] == [{"day": "2025-01-10", "root": filed.root, "folder": filed.folder.name}]
    page = (run.folder / "report.md").read_text("utf-8")
    assert "filed beforehand, on 10\u00a0Jan\u00a02025" in page
    assert "more than a hundred tonnes in two months" in page
    assert "No such filing" not in page
    assert "was filed 2 times" not in page
    elsewhere = fc.run(write(), out=tmp_path / "elsewhere", progress=False)
    assert "filed" not in elsewhere.info
    assert "filed" not in (elsewhere.folder / "report.md").read_text("utf-8").lower()
    (filed.folder / "forecasts.csv").write_text("", "utf-8")  # what was changed since is no filing
    assert "filed" not in fc.run(write(), out=tmp_path / "runs", fresh=True, progress=False).info


def test_a_run_older_than_the_filing_of_its_config_says_so(write, tmp_path):
    run = fc.run(write(), out=tmp_path / "runs", progress=False)
    numbers = (run.folder / "forecasts.parquet").read_bytes()
    filed = fc.file(write(), out=tmp_path / "runs")
    page = run.folder / "report.md"
    assert "filed" not in page.read_text("utf-8").lower()
    pages.write(fc.Run(run.folder), "md")  # as `forecast report` does
    assert f"root hash {filed.root[:16]}" in page.read_text("utf-8")
    page.write_text("", "utf-8")
    manifest.seal(run.folder, ["report.md"])
    again = fc.run(write(), out=tmp_path / "runs", progress=False)
    told = page.read_text("utf-8")
    assert f"root hash {filed.root[:16]}" in told
    assert "No such filing was known when this run was written" in told
    assert "The 12 forecasts of those months in this run are the filed ones" in told  # two models, six months
    assert again.info["filed_since"] == [{"day": "2025-01-10", "root": filed.root, "folder": filed.folder.name}]
    assert manifest.differences(run.folder) == {}
    assert (run.folder / "forecasts.parquet").read_bytes() == numbers
    stamp = page.stat().st_mtime_ns
    assert fc.run(write(), out=tmp_path / "runs", progress=False).info == again.info
    assert page.stat().st_mtime_ns == stamp  # drawn once for each filing


def test_numbers_that_differ_from_the_filed_ones_are_told_apart(write, tmp_path):
    filed = fc.file(write(), out=tmp_path / "runs")
    grown = later(*[(month, 160.0, release(month)) for month in fc.months("2024-10", "2024-12")])
    run = fc.run(write(table=grown), out=tmp_path / "runs", progress=False)
    told = (run.folder / "report.md").read_text("utf-8")
    assert run.info["filed"][0]["root"] == filed.root
    assert "Of the 10 forecasts that this run makes of those months 10 are not the filed ones" in told  # December is out


def test_a_filing_that_is_gone_is_told_by_what_the_run_noted(write, filed, tmp_path):
    run = fc.run(write(), out=tmp_path / "runs", progress=False)
    shutil.rmtree(filed.folder)
    told = pages.write(run, "md", tmp_path / "page.md").read_text("utf-8")
    assert f"root hash {filed.root[:16]}" in told
    assert "no longer beside this run" in told


def test_a_damaged_follow_up_scores_nothing(filed, follow):
    follow("2025-02-01", DECEMBER)
    (path,) = (filed.folder / "follow").glob("2025-02-01-*.json")
    path.write_text(json.dumps({}), "utf-8")
    with pytest.raises(DataError, match="its bytes are not those of its name"):
        follow("2025-02-02", DECEMBER)
