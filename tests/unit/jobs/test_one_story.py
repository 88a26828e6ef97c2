"""One story: fan, scenarios, expiry table and nowcast of a run are the same numbers in the months they share."""

import numpy as np
import pandas as pd
import pytest

from forecast.core.run import Run
from forecast.jobs import execute as ex, run_folder as fo
from forecast.jobs.load import load, read_archive
from forecast.jobs.plan import make_plan
from forecast.report.figures.canvas import style
from forecast.report.nowcast_blocks import nowcast_rows
from forecast.report.renderers import markdown
from forecast.report.run_data import RunData
from forecast.report.scenario_sums import month_means
from forecast.report.sections.outlook import OutlookSection
from forecast.report.sections.scenarios import ScenariosSection

GALLIUM, TOTAL, MAGNETS = "USA.import.CHN.gallium", "USA.import.WLD.gallium", "CHN.export.WLD.re_magnets"
NUMBERS = ["mean", "q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]
CONFIG = f"""
name = "story"
draws = 200
default_model = "law"

[[models]]
use = "mean12"

[[models]]
use = "measures"
name = "law"
base = "event_mean"

[forecast]
series = ["{GALLIUM}", "{TOTAL}", "{MAGNETS}"]
months = 6

[[nowcast]]
name = "this month"
series = ["{GALLIUM}", "{MAGNETS}"]
models = ["law"]

[[expiry]]
series = ["{GALLIUM}"]
regimes = [{{ name = "extended", from = "2025-12", to = "2026-07" }}, {{ name = "lapses", from = "2025-06", to = "2025-11" }}]

[scenario_forecast]
series = ["{GALLIUM}", "{TOTAL}"]
months = 16

[[scenarios]]
name = "lapses"
"""
EXTENDED = """
[[scenarios]]
name = "extended"
ends = { us_ban_suspension_2025 = "never" }
"""
WEIGHED = CONFIG + "probability = 0.4\n" + EXTENDED + "probability = 0.6\n"


def finished(tmp_path, text):
    (tmp_path / "c.toml").write_text(text)
    config = load(tmp_path / "c.toml")
    made = make_plan(config, read_archive(config))
    fo.write(tmp_path / "run", made, ex.execute(made, tmp_path / "run" / ".cache"), {})
    return Run(tmp_path / "run")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("story"), CONFIG + EXTENDED)


@pytest.fixture(scope="module")
def weighed(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("weighed"), WEIGHED)


def fan(run, series):
    table = run.forecasts
    own = table[(table["model"] == "law") & (table["series"] == series) & (table["group"] == "next months")]
    return own.set_index("month").sort_index()


def course(run, series, name):
    table = run.scenarios
    own = table[(table["series"] == series) & (table["scenario"] == name)]
    return own.set_index("month").sort_index()


@pytest.mark.parametrize("series", [GALLIUM, TOTAL])
def test_the_scenario_as_written_is_the_fan_number_by_number(done, series):
    ours = fan(done, series)
    assert len(ours) == 6
    theirs = course(done, series, "lapses").loc[ours.index]
    pd.testing.assert_frame_equal(ours[NUMBERS], theirs[NUMBERS], check_exact=True)


def test_scenarios_part_where_the_law_does_and_a_ban_only_takes_away(done):
    """The ban is back on 27 November 2026 and shows in arrivals a month after its first whole month."""
    lapses, extended = (course(done, GALLIUM, name)[NUMBERS] for name in ("lapses", "extended"))
    single = list(lapses.index)
    before, after = [m for m in single if m < "2027-01"], [m for m in single if m >= "2027-01"]
    assert (before[0], before[-1], after[-1]) == ("2026-08", "2026-12", "2027-11")
    pd.testing.assert_frame_equal(lapses.loc[before], extended.loc[before], check_exact=True)
    assert (lapses.loc[after] <= extended.loc[after]).all().all()
    assert (lapses.loc[after, "mean"] < 0.1 * extended.loc[after, "mean"]).all()


def test_a_nowcast_is_the_fan_s_first_months(done):
    config = done.info["config"]["nowcast"][0]
    rows = nowcast_rows(RunData(done), config)
    assert {(r.series, r.month) for r in rows} >= {(GALLIUM, "2026-08"), (GALLIUM, "2026-09"), (MAGNETS, "2026-04")}
    assert max(r.month[-7:] for r in rows) == "2026-09"
    for r in rows:
        if r.series == GALLIUM and "/" not in r.month:
            assert [getattr(r, name) for name in NUMBERS] == fan(done, GALLIUM).loc[r.month, NUMBERS].tolist()


def test_the_news_of_a_nowcast_ends_at_the_fan(done):
    news = done.news
    assert set(news["model"]) == {"law"}
    assert set(news["ref_month"]) <= {"2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09"}
    for (series, month), own in news.groupby(["target", "ref_month"]):
        assert own["nowcast_to"].iloc[0] == pytest.approx(fan(done, series).loc[month, "mean"], rel=1e-9)


def test_the_expiry_table_and_the_table_of_sums_are_of_the_same_draws(done):
    data = RunData(done)
    means = month_means(data.scenario_sums)
    sums = done.sums[(done.sums["series"] == GALLIUM) & (done.sums["scenario"] == "extended")]
    year = sums.set_index("month").loc["2026-12/2027-11"]
    assert means[GALLIUM, "extended"].q50 == pytest.approx(year["q50"] / 12, rel=1e-12)
    with style():
        outlook = markdown.render(OutlookSection().blocks(data)).replace("\u00a0", " ")
        courses = markdown.render(ScenariosSection().blocks(data)).replace("\u00a0", " ")
    assert f"{year['q50'] / 12:,.0f} kg" in outlook
    assert f"{year['q50']:,.0f} kg" in courses
    assert "the law as written on 8 Sep 2026" in outlook
    name = "“China's suspension of its export ban for the US” (official)"
    assert f"{name} ends on 27 Nov 2026, and what it suspends comes back" in outlook
    assert "from the same draws of **law** as the fans above" in courses


def test_with_probabilities_the_fan_is_the_mixture_and_prints_its_weights(weighed, done):
    pooled = "all, by their probabilities"
    for series in (GALLIUM, TOTAL):
        ours = fan(weighed, series)
        theirs = course(weighed, series, pooled).loc[ours.index]
        pd.testing.assert_frame_equal(ours[NUMBERS], theirs[NUMBERS], check_exact=True)
        assert set(ours["model_used"]) == {"scenarios by declared probability: lapses 40%, extended 60%"}
    assert fan(weighed, MAGNETS)["model_used"].str.startswith("scenarios").sum() == 0
    last = "2027-01"
    mix, low, high = (
        frame.loc[last, "mean"]
        for frame in (fan(weighed, GALLIUM), course(done, GALLIUM, "lapses"), course(done, GALLIUM, "extended"))
    )
    assert mix == pytest.approx(0.4 * low + 0.6 * high, rel=0.15)
    with style():
        outlook = markdown.render(OutlookSection().blocks(RunData(weighed))).replace("\u00a0", " ")
    assert "is the mixture of the courses below by the config's probabilities, lapses 40 %, extended 60 %." in outlook


def test_another_model_of_scenarios_is_named_as_such(tmp_path):
    run = finished(tmp_path, CONFIG.replace("months = 16", 'months = 16\nmodel = "regimes"') + EXTENDED)
    assert set(run.scenarios["model"]) == {"regimes"}
    assert np.isfinite(fan(run, GALLIUM)["mean"]).all()
    with style():
        courses = markdown.render(ScenariosSection().blocks(RunData(run)))
    assert "not the default of the fans above" in courses
