"""The brief says what the run's tables say, on one first page, in plain words, of own data as of bundled ones."""

import datetime as dt
import re
from dataclasses import replace

import pytest

import forecast as fc
from forecast.core.run import Run
from forecast.report.blocks import Heading, TableBlock
from forecast.report.brief import compose_brief
from forecast.report.brief.decisions import Horizon
from forecast.report.brief.limits import limit_blocks
from forecast.report.brief.message import message_blocks, pace_sentence, recent_ratio, word_count
from forecast.report.brief.months_ahead import told_series
from forecast.report.chosen_answers import summary_rows
from forecast.report.numbers import quantity
from forecast.report.renderers import markdown
from forecast.report.run_data import RunData

MAGNETS, GALLIUM, COBALT = "CHN.export.WLD.re_magnets", "USA.import.CHN.gallium", "COD.export.WLD.cobalt_hydroxide"
COPPER = "COD.export.WLD.copper_cathodes"
BEFORE, AFTER = dt.date(2026, 10, 1), dt.date(2026, 11, 30)  # the suspension ends on 27 November 2026
HOUSE_WORDS = ("clean month", "clean months", "floor", "breakdown value", "reading", "counterfactual", "placebo")
BUNDLED = f"""
name = "magnets"
title = "Magnets and gallium"
seed = 3
draws = 200
default_model = "law"

[report]
summary = ["1", "2"]

[[models]]
use = "measures"
name = "law"
lag_months = 1
base = "mean12"

[forecast]
series = ["{GALLIUM}", "{MAGNETS}"]
months = 12

[[effects]]
id = "1"
question = "How much was not exported?"
event = "re_licensing_2025"
treated = "{MAGNETS}"
from = "2025-04"
to = "2025-06"
clean_from = "2018-01"
baseline = "mean of 2024"
baselines = ["last_full_year", "last_12_clean"]

[[effects]]
id = "2"
question = "Was it made up for?"
event = "re_licensing_2025"
treated = "{MAGNETS}"
from = "2025-04"
to = "2026-03"
clean_from = "2018-01"
measure = "net"
estimand = "net"
baseline = "mean of 2024"
baselines = ["last_full_year"]

[[effects]]
id = "3"
question = "A flow of which nothing is known"
event = "us_ban_2024"
treated = "USA.import.THA.antimony_oxide"

[scenario_forecast]
series = ["{GALLIUM}", "USA.import.WLD.gallium"]
months = 16

[[scenarios]]
name = "it is extended"
text = "the suspension goes on"
ends = {{ us_ban_suspension_2025 = "never" }}

[[scenarios]]
name = "it lapses"
"""
OWN = f"""
name = "cod"
title = "The Congo's suspension of cobalt exports"
seed = 7
draws = 200
default_model = "mean12"

[data]
use = "csv"
path = "figures.csv"
series = "series"
unit = "t"
publisher = "Comtrade"

[[events]]
id = "cod_suspension_2025"
title = "Suspension of cobalt exports; all grades"
announced = 2025-02-22
effective = 2025-02-22
end = 2025-12-20
end_announced = 2025-09-21
imposed_by = ["COD"]
products = ["cobalt_hydroxide"]
instrument = "ban"
role = "default"

[[models]]
use = "mean12"

[[models]]
use = "drift"

[forecast]
series = ["{COPPER}", "{COBALT}"]
months = 6

[[effects]]
id = "1"
question = "How much cobalt did not leave?"
event = "cod_suspension_2025"
treated = "{COBALT}"
from = "2025-03"
to = "2025-06"
estimators = ["baseline"]
baselines = ["last_12_clean"]
"""
FOREIGN = re.compile(
    r"China|Chinese|\bUS\b|USA|United States|Census|tariff|New Year|GACC|MOFCOM|customs|Reuters|antimony|gallium|germanium|"
    r"magnet|rare.earth|bundle"
)


def own_figures():
    """Monthly exports in the layout of a customs file: cobalt falls to a twentieth while suspended, copper does not."""
    months = [f"{year}-{month:02d}" for year in range(2020, 2026) for month in range(1, 13)][:69]
    lines = ["period,series,value"]
    for i, month in enumerate(months):
        stopped = 0.05 if month > "2025-02" else 1.0
        lines += [
            f"{month},{COBALT},{stopped * (9000 + 37 * i % 11 * 90):.1f}",
            f"{month},{COPPER},{180000 + 531 * i % 13 * 900}",
        ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    place = tmp_path_factory.mktemp("bundled")
    (place / "magnets.toml").write_text(BUNDLED, "utf-8")
    return fc.run(place / "magnets.toml", out=place / "runs")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    place = tmp_path_factory.mktemp("own")
    (place / "figures.csv").write_text(own_figures(), "utf-8")
    (place / "cod.toml").write_text(OWN, "utf-8")
    return fc.run(place / "cod.toml", out=place / "runs")


def text_of(run, today=AFTER, changes=()):
    return markdown.render(compose_brief(run, changes, today)).replace("\u00a0", " ")


def fan(run, series, month):
    table = run.forecasts
    own = table[
        (table["series"] == series) & (table["month"] == month) & (table["model"] == run.info["config"]["default_model"])
    ]
    return own.iloc[0]


def tonnes(kilograms):
    return quantity(kilograms / 1000, "t").replace("\u00a0", " ")


def test_the_coming_month_is_that_of_the_table(bundled):
    row = fan(bundled, MAGNETS, "2026-12")
    text = text_of(bundled)
    assert f"For Dec 2026 we expect about {tonnes(row['q50'])} of rare-earth permanent magnets (China to world)" in text
    assert f"in eight cases of ten between {tonnes(row['q10']).removesuffix(' t')} and {tonnes(row['q90'])}." in text
    assert "Its figures here end in Mar 2026." in text
    earlier = fan(bundled, MAGNETS, "2026-11")
    assert f"For Nov 2026 we expect about {tonnes(earlier['q50'])}" in text_of(bundled, BEFORE)


def test_a_decision_already_past_is_told_as_not_known(bundled):
    name = "“China's suspension of its export ban for the US”"
    assert f"{name} was due to end on 27 Nov 2026; what followed is not in our sources." in text_of(bundled)
    assert f"Whether {name} ended on 27 Nov 2026 as announced" in text_of(bundled)
    ahead = text_of(bundled, BEFORE)
    assert f"{name} is due to end on 27 Nov 2026." in ahead
    assert "not in our sources" not in ahead
    assert "Whether" not in ahead


def test_a_flow_under_an_open_decision_has_scenarios_and_no_single_forecast(bundled):
    data = RunData(bundled)
    horizon = Horizon.of(data, AFTER)
    assert GALLIUM in horizon.fans
    assert horizon.months_told(GALLIUM) == []
    assert told_series(data, horizon) == [MAGNETS]
    assert max(r.month for r in horizon.months_told(MAGNETS)) == "2026-12"  # the single licences run out on 31 December
    text = text_of(bundled)
    for name in ("it is extended", "it lapses"):
        sums = bundled.sums[(bundled.sums["series"] == GALLIUM) & (bundled.sums["scenario"] == name)]
        row = sums.set_index("month").loc["2026-12/2027-11"]
        assert f"{quantity(row['q50'], 'kg')} if “{name}” (".replace("\u00a0", " ") in text
    single = fan(bundled, GALLIUM, "2026-12")
    assert f"{quantity(single['q50'], 'kg')}<br>Dec 2026".replace("\u00a0", " ") not in text


def test_a_total_whose_course_is_not_known_is_said_so(bundled):
    assert set(bundled.failures["series"]) >= {"USA.import.WLD.gallium"} or "gallium (US imports, all origins)" not in text_of(
        bundled
    )
    horizon = Horizon.of(RunData(bundled), AFTER)
    assert list(horizon.courses) == [GALLIUM]


def test_what_the_measures_changed_is_what_the_effects_table_says(bundled):
    row = bundled.effects.set_index("id").loc["1"]
    text = text_of(bundled)
    part = f"{abs(row['desc_estimate'] / row['expected']):.0%}".replace("%", " %")
    assert f"Apr–Jun 2025, rare-earth permanent magnets (China to world), {part} ({tonnes(-row['desc_estimate'])}) less" in text
    assert f"{tonnes(row['observed_total'])} against {tonnes(row['expected'])}, three months at the mean of 2024" in text
    assert "without an effect seen in fewer than 1 of 1,000 cases" in text  # p of 1e-4
    assert row["verdict"] in ("suggestive", "supported")
    assert ("Points to the measures, without proof: Apr" if row["verdict"] == "suggestive" else "Firm: every check") in text


def test_where_trade_stands_is_the_mean_of_the_last_three_months_over_the_baseline(bundled):
    data = RunData(bundled)
    answer = next(a for a in data.headline if a.id == "1")
    seen = bundled.observations[bundled.observations["series"] == MAGNETS].set_index("period")["value"]
    row = bundled.effects.set_index("id").loc["1"]
    expected = seen.loc[["2026-01", "2026-02", "2026-03"]].mean() / (row["expected"] / 3)
    assert recent_ratio(data, answer) == pytest.approx(expected, rel=1e-12)
    assert f"{expected:.0%}".replace("%", "\u00a0%") in pace_sentence(data)
    assert ("above it" if expected > 1.05 else "below it" if expected < 0.95 else "back at it") in pace_sentence(data)


@pytest.mark.parametrize(("verdict", "told"), [("supported", False), ("suggestive", True)])
def test_where_every_answer_is_firm_nothing_of_the_grade_cannot_be_known(bundled, monkeypatch, verdict, told):
    data = RunData(bundled)
    monkeypatch.setitem(data.__dict__, "answers", tuple(replace(answer, verdict=verdict) for answer in data.answers))
    assert ("highest grade" in markdown.render(limit_blocks(data, Horizon.of(data, AFTER)))) is told


def test_the_grade_counts_the_rows_of_the_table(bundled, own):
    for run in (bundled, own):
        head = run.effects[run.effects["role"] == "headline"]
        firm = int((head["verdict"] == "supported").sum())
        text = text_of(run)
        if len(head) == 1:
            assert f"This finding {'reaches' if firm else 'does not reach'} our highest grade, “firm”." in text
        else:
            some = ["No finding of 3 reaches", "One of 3 findings reaches", "Two of 3 findings reach"][firm]
            assert len(head) == 3
            assert f"{some} our highest grade, “firm”." in text


@pytest.mark.parametrize("which", ["bundled", "own"])
def test_the_first_page_is_short_and_plain(which, request):
    run = request.getfixturevalue(which)
    data = RunData(run)
    first = message_blocks(data, Horizon.of(data, AFTER))
    assert word_count(markdown.render(first)) <= 300
    assert "#brief-next { break-before: page; }" in (run.folder / "brief.html").read_text("utf-8")
    text = text_of(run)
    assert [w for w in HOUSE_WORDS if re.search(rf"\b{w}\b", text)] == []


def test_the_headings_stand_in_order(bundled):
    heads = [b.text for b in compose_brief(bundled, ["Two figures are new."], AFTER) if isinstance(b, Heading)]
    assert heads == [
        "Magnets and gallium", "The message", "What comes next", "The next decision", "What the measures changed",
        "What cannot be known, and what would settle it", "What changed since the last run", "Sources, method, how to cite",
    ]  # fmt: skip
    assert "Two figures are new." in text_of(bundled, changes=["Two figures are new."])
    assert "since the last run" not in text_of(bundled)


def test_the_brief_of_own_figures_names_nothing_of_the_bundle(own):
    text = text_of(own)
    assert FOREIGN.findall(text) == []
    assert "**Sources.** Comtrade. The calendar holds 1 policy event." in text
    assert "Democratic Republic of the Congo to world" in text
    assert "“Suspension of cobalt exports” was due to end on 20 Dec 2025" in text
    assert "This run holds no scenarios" in text


def test_own_months_after_an_open_decision_are_not_forecast(own):
    data = RunData(own)
    horizon = Horizon.of(data, AFTER)
    assert [r.month for r in horizon.fans[COBALT]][-1] == "2026-03"
    assert horizon.coming(COBALT).month == "2025-12"  # the end falls into the second half of December
    assert horizon.coming(COPPER).month == "2026-03"
    row = fan(own, COBALT, "2025-12")
    assert f"For Dec 2025 we expect about {tonnes(row['q50'])} of cobalt hydroxide" in text_of(own)


def test_the_most_important_series_is_the_main_question_s_then_the_config_s(own):
    data = RunData(own)
    assert told_series(data, Horizon.of(data, AFTER)) == [COBALT, COPPER]
    table = next(b for b in compose_brief(own, today=AFTER) if isinstance(b, TableBlock))
    assert [row[0].text for row in table.rows] == ["Cobalt hydroxide", "Copper cathodes"]
    assert [a.id for a in summary_rows(data)] == ["1"]


def test_the_brief_stands_beside_the_report_and_is_part_of_the_run(own):
    page, text = ((own.folder / name).read_text("utf-8") for name in ("brief.html", "brief.md"))
    assert "<svg" in page
    assert (own.folder / "figures" / "brief_next.png").exists()
    assert "(figures/brief_next.png)" in text
    links, anchors = set(re.findall(r'<a href="#([^"]+)"', page)), set(re.findall(r'<h2 id="([^"]+)"', page))
    assert links == anchors
    assert len(anchors) >= 5


def test_a_run_that_only_asks_what_comes_next_has_a_brief(tmp_path):
    (tmp_path / "next.toml").write_text(
        'name = "next"\ndraws = 100\n[[models]]\nuse = "mean12"\n[forecast]\nseries = ["USA.import.WLD.zinc"]\nmonths = 3\n',
        "utf-8",
    )
    run = fc.run(tmp_path / "next.toml", out=tmp_path / "runs")
    heads = [b.text for b in compose_brief(Run(run.folder), today=BEFORE) if isinstance(b, Heading)]
    assert heads == ["next", "The message", "What comes next", "Sources, method, how to cite"]
