"""What the package filed of its own accord."""

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.archives.growing import GrowingArchive
from forecast.core.archive_table import ArchiveRow
from forecast.core.filed_run import FiledRun, shipped_filings
from forecast.core.months import last_day, ordinal
from forecast.core.vintage import Cell
from forecast.jobs import following
from forecast.jobs.load import load
from forecast.prep.spans_and_gaps import window_total

AHEAD = shipped_filings()["ahead"]


@pytest.fixture
def later(monkeypatch):
    """Stand on a later day, on which more is out."""
    monkeypatch.setattr(following, "today_utc", lambda: dt.date(2027, 6, 30))


@pytest.fixture(scope="module")
def ahead():
    return FiledRun(AHEAD)


def test_it_is_as_it_was_filed(ahead, root):
    assert ahead.changes() == {}
    said = re.findall(r"\b[0-9a-f]{64}\b", (root / "forecast/guides/filed.md").read_text("utf-8"))
    assert said == [ahead.root]
    assert (AHEAD / "config.toml").read_text("utf-8") == (root / "configs/ahead.toml").read_text("utf-8")
    assert ahead.info["config_hash"] == load("ahead").hash8


def test_no_month_was_out_on_the_day(ahead):
    assert ahead.day == "2026-11-30"
    known = fc.load_archive().as_of(ahead.day)
    assert ahead.info["as_of"] <= ahead.day
    for question in ahead.info["questions"]:
        for one in question["months"]:
            assert one["due"] > ahead.day
            assert dt.date.fromisoformat(one["due"]) > last_day(ordinal(one["month"]))
            assert known.last_month(question["series"]) < ordinal(one["month"])


def test_it_asks_of_five_goods_on_both_sides(ahead):
    asked = {question["series"] for question in ahead.info["questions"]}
    for good in ("re_magnets", "rare_earths_total", "gallium", "germanium"):
        assert f"CHN.export.WLD.{good}" in asked
    for good in ("gallium", "germanium_unwrought", "antimony_unwrought"):
        assert {f"USA.import.WLD.{good}", f"USA.import.CHN.{good}"} <= asked


def test_bounds_a_year_before_are_the_known_figures(ahead):
    known = fc.load_archive().latest
    for claim in ahead.info["claims"]:
        if "than a year before" in claim["claim"]:
            first, last = ordinal(claim["from"]) - 12, ordinal(claim["to"]) - 12
            assert claim["above"] == pytest.approx(window_total(known.observed(claim["series"]), first, last), rel=1e-9)
        else:
            before = known.observed(claim["series"]).at(ordinal("2026-04"), ordinal("2026-07")).sum()
            assert f"after {before:,.0f} kg" in claim["claim"]


def test_claims_on_goods_of_chinese_origin_tell_the_law_from_the_present_state(ahead):
    chances = {claim["id"]: claim["probabilities"] for claim in ahead.info["claims"] if claim["id"].endswith("_of_china")}
    assert len(chances) == 3
    assert all(one["measures"] - one["present_state"] > 0.3 for one in chances.values())


def test_it_is_small():
    assert sum(path.stat().st_size for path in AHEAD.iterdir()) < 250_000


def test_bundled_figures_of_its_day_leave_it_open(tmp_path):
    since = fc.follow("ahead", as_of="2026-11-30", out=tmp_path)
    assert since.scores.empty
    assert set(since.claims.state) == {"open"}
    assert len(since.open) == sum(len(one["months"]) for one in since.filed.info["questions"])
    assert since.filed.folder == tmp_path / AHEAD.name
    assert not (AHEAD / "follow").exists()


def test_figures_of_an_archive_that_grows_score_it(tmp_path, monkeypatch, later):
    row = {"series": "USA.import.WLD.gallium", "publisher": "US Census Bureau", "basis": "actual"}
    GrowingArchive(tmp_path / "archive").append(
        [
            ArchiveRow(period="2026-10", value=3000.0, released="2026-12-09", **row),
            ArchiveRow(period="2026-10", value=3100.0, released="2027-01-08", **row),
            ArchiveRow(period="2026-09", value=2900.0, released="2026-11-09", **row),
        ]
    )
    since = fc.follow("ahead", tmp_path / "archive", as_of="2027-01-31", out=tmp_path)
    assert set(since.scores.month) == {"2026-10"}
    assert set(since.scores.model) == {"measures", "present_state", "last_value"}
    assert set(zip(since.scores.figure, since.scores.latest, strict=True)) == {(3000.0, 3100.0)}
    monkeypatch.setenv("FORECAST_ARCHIVE", str(tmp_path / "archive"))
    again = fc.follow("ahead", "archive", as_of="2027-01-31", out=tmp_path / "other")
    assert list(again.scores.crps) == list(since.scores.crps)


def test_a_later_bundle_scores_it(tmp_path, ahead, later):
    """Figures drawn from what was filed itself, put behind those of the bundle: the bands hold as many as they should."""
    told = ahead.forecasts[ahead.forecasts.model == "measures"]
    rng = np.random.default_rng(5)
    rows = []
    for row in told.itertuples():
        value = float(rng.choice(ahead.draws("measures", row.series)[row.month]))
        rows.append({"series": row.series, "period": row.month, "value": value, "unit": row.unit, "status": "value",
                     "kind": "reported", "stage": "detail", "released": row.due, "basis": "actual"})  # fmt: skip
    archive = fc.load_archive().append(pd.DataFrame(rows))
    archive.table.to_csv(tmp_path / "later.csv", index=False)
    since = fc.follow("ahead", tmp_path / "later.csv", as_of="2027-06-30", out=tmp_path)
    own = since.scores[since.scores.model == "measures"]
    assert len(own) == len(told)
    assert set(since.claims.state) <= {"held", "failed"}
    assert since.open.empty
    assert 0.65 < own.in80.mean() < 0.97
    assert own.in95.mean() > 0.85
    assert "every month that was filed has come" in str(since)
    assert isinstance(archive.states(own.series.iloc[0])[-1], Cell)
