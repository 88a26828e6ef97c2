"""Scenarios of a config: settings and their errors, rows of scenarios.parquet, and the report."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast.core import months as mm
from forecast.core.errors import ConfigError
from forecast.core.questions import Task
from forecast.core.results import Forecast, Used
from forecast.core.run import Run
from forecast.jobs import execute as ex, run_folder as fo, scenarios as jobs
from forecast.jobs.load import load, read_archive
from forecast.jobs.plan import make_plan
from forecast.jobs.plan_text import describe_plan
from forecast.report.blocks import FigureBlock, Heading
from forecast.report.compose import sections
from forecast.report.figures.canvas import style
from forecast.report.renderers import html, markdown
from forecast.report.run_data import RunData
from forecast.report.sections.scenarios import ScenariosSection
from forecast.study.scenarios import Fan

QUANTILES = ["q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]
GALLIUM, TOTAL = "USA.import.CHN.gallium", "USA.import.WLD.gallium"
PART = f'[scenario_forecast]\nseries = ["{GALLIUM}"]\nmodel = "regimes"\n'
ONE = '[[scenarios]]\nname = "stays"\n'
ADD = '[[scenarios.add]]\nid = "new"\nannounced = 2026-10-01\neffective = 2026-12-01\n'
SCOPE = 'imposed_by = ["CHN"]\ntargets = ["USA"]\nproducts = ["gallium"]\ninstrument = "ban"\n'
CONFIG = f"""
name = "fans"
draws = 200
[scenario_forecast]
series = ["{GALLIUM}", "{TOTAL}"]
months = 16
model = "regimes"
[[scenarios]]
name = "extended"
text = "the suspension goes on"
ends = {{ us_ban_suspension_2025 = "never" }}
probability = 0.75
[[scenarios]]
name = "lapses"
ends = {{ us_ban_suspension_2025 = "2026-11-26" }}
probability = 0.25
[[expiry]]
series = ["{GALLIUM}"]
regimes = [{{ name = "lapses", from = "2025-05", to = "2025-10", text = "if it lapses" }}]
"""


def read(tmp_path, text, name="own.toml"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return load(path)


def planned(tmp_path, text):
    config = read(tmp_path, text)
    return make_plan(config, read_archive(config))


@pytest.mark.parametrize(
    ("text", "problem", "where", "hint"),
    [
        (PART, "no scenario to forecast under", "[scenario_forecast]", "[[scenarios]]"),
        (ONE, "no series is forecast", "[[scenarios]]", "scenario_forecast"),
        (PART + ONE + ONE, "two scenarios are called 'stays'", "[[scenarios]] 2", "its own name"),
        (PART + ONE + 'ends = { x = "soon" }\n', "neither a day nor 'never'", "[[scenarios]] 1, ends, x", "YYYY-MM-DD"),
        (PART + ONE + 'end = { x = "never" }\n', "unknown key 'end'", "[[scenarios]] 1, end", "'ends'"),
        (PART + "[[scenarios]]\n", "the key 'name' is missing", "[[scenarios]] 1, name", "add name"),
        (PART + ONE + "probability = 1.5\n", "1.5 cannot stand here", "[[scenarios]] 1, probability", "less than or equal"),
        (PART + ONE + "probability = 0.5\n", "add up to 0.5", "[[scenarios]]", "add up to 1"),
        (
            f'{PART}{ONE}probability = 0.5\n[[scenarios]]\nname = "b"\n',
            "'b' has no probability, and others have one",
            "[[scenarios]] 2",
            "none at all",
        ),
        (PART + ONE + ADD + 'instrment = "ban"\n', "no field 'instrment'", "[[scenarios]] 1, [[add]] 1", "'instrument'"),
        (PART + ONE + ADD + 'shape = "stepp"\n', "no shape is called 'stepp'", "[[scenarios]] 1, [[add]] 1", "'step'"),
        (PART.replace('"regimes"', '"regmes"') + ONE, "no model is called 'regmes'", "[scenario_forecast], model", "'regimes'"),
        (PART.replace("model", "modell") + ONE, "unknown key 'modell'", "[scenario_forecast], modell", "'model'"),
        (PART + '[[scenarios]]\nname = "all, by their probabilities"\n', "all scenarios pooled", "[[scenarios]] 1", "another"),
    ],
)
def test_a_fault_of_the_words_has_problem_place_and_way_out(tmp_path, text, problem, where, hint):
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text)
    assert problem in error.value.problem
    assert where in error.value.where
    assert hint in error.value.hint


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        (PART + ONE + 'ends = { us_ban_suspension = "never" }\n', "names 'us_ban_suspension'", "'us_ban_suspension_2025'"),
        (PART + ONE + 'ends = { us_ban_suspension_2025 = "2026-01-01" }\n', "would end on 2026-01-01, not after", "later day"),
        (PART + ONE + 'ends = { us_ban_2024 = "never" }\n', "'us_ban_2024' ended on 2025-11-09", "in force"),
        (PART + ONE + 'called_off = ["us_ban_suspension_2025"]\n', "can end, but not be called off", "ends"),
        (PART + ONE + ADD.replace("2026-12", "2026-01") + SCOPE, "takes effect", ""),
        (PART + ONE + ADD.replace("2026-10", "2026-08") + SCOPE, "would have been expected by", "announced after"),
        (PART + ONE + ADD + SCOPE.replace('"gallium"', '"tungsten"'), "'new' bears on none of the series", "products"),
        (PART.replace(GALLIUM, "USA.import.CHN.galium") + ONE, "no series is called 'USA.import.CHN.galium'", GALLIUM),
    ],
)
def test_a_fault_that_the_data_tell(tmp_path, text, problem, hint):
    with pytest.raises(ConfigError) as error:
        planned(tmp_path, text)
    assert problem in error.value.problem
    assert error.value.where
    assert hint in error.value.hint


def test_the_words_are_part_of_the_hash(tmp_path):
    one, same, other, pushed = (
        read(tmp_path, PART + ONE + more).hash8
        for more in ("", "", 'text = "x"\n', 'ends = { us_ban_suspension_2025 = "never" }\n')
    )
    assert one == same
    assert len({one, other, pushed}) == 3
    assert read(tmp_path, PART + ONE + "ends = { us_ban_suspension_2025 = 2027-01-01 }\n").scenarios[0].ends == {
        "us_ban_suspension_2025": "2027-01-01"
    }


def test_a_new_event_is_one_of_the_default_calendar(tmp_path):
    (event,) = read(tmp_path, PART + ONE + ADD + SCOPE).scenarios[0].scenario().add
    assert event.role == "default"


def test_a_scenario_on_what_was_announced_later_is_not_asked(tmp_path):
    text = 'as_of = "2025-06-30"\n' + PART + ONE + '[[scenarios]]\nname = "b"\nends = { us_ban_suspension_2025 = "never" }\n'
    made = planned(tmp_path, text)
    assert [s.name for s in made.batches[0].scenario_questions[0].scenarios] == ["stays"]
    assert any("'b' not asked" in f.text for f in made.findings)


def test_check_counts_the_fans(tmp_path):
    made = planned(tmp_path, CONFIG)
    assert "scenarios: 2 series x 2 scenarios, 16 months ahead, regimes" in describe_plan(made)
    assert made.counts["scenario forecasts"] == 4


def test_the_key_follows_the_scenarios(tmp_path):
    def key(text):
        made = planned(tmp_path, text)
        return ex.cache_keys(made, ex.context_of(made))[made.batches[0].name]

    assert key(CONFIG) == key(CONFIG.replace("the suspension goes on", "other words"))
    assert key(CONFIG) != key(CONFIG.replace('"never"', '"2027-11-27"'))
    assert key(CONFIG) != key(CONFIG.replace("0.75", "0.5").replace("0.25", "0.5"))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    place = tmp_path_factory.mktemp("fans")
    made = planned(place, CONFIG)
    fo.write(place / "run", made, ex.execute(made, place / "run" / ".cache"), {})
    return made, place / "run"


def test_rows_of_every_scenario_and_of_all_pooled(done):
    table = Run(done[1]).scenarios
    assert list(table) == list(fo.COLUMNS["scenarios"])
    assert set(table["scenario"][table["series"] == GALLIUM]) == {"extended", "lapses", "all, by their probabilities"}
    one = table[(table["series"] == GALLIUM) & (table["scenario"] == "extended")]
    assert set(one["probability"]) == {0.75}
    assert len(one) == 16
    single = one.sort_values("h_info")
    assert single["h_info"].tolist() == list(range(1, 17))
    assert (table["horizon"] == table["h_info"] - 2).all()  # standing in September, last figure of July
    assert (table["q025"] >= 0).all()
    assert (table["q10"] <= table["q90"]).all()
    sums = Run(done[1]).sums
    mine = sums[(sums["series"] == GALLIUM) & (sums["scenario"] == "extended")].set_index("month")
    assert set(mine.index) == {"2026-08/2027-11", "2026-12/2027-11"}
    year = float(mine.loc["2026-12/2027-11", "mean"])
    assert year == pytest.approx(single["mean"].iloc[-12:].sum(), rel=1e-9)
    assert "6 months of this regime are known" in table.loc[table["scenario"] == "lapses", "basis"].iloc[0]


@pytest.mark.parametrize(
    ("months", "spans"),
    [(1, []), (2, [("2026-09/2026-10", 0, 2)]), (12, [("2026-09/2027-08", 0, 12)]),
     (14, [("2026-11/2027-10", 2, 14), ("2026-09/2027-10", 0, 14)])],
)  # fmt: skip
def test_sums_are_of_the_same_draws_as_their_months(months, spans, monkeypatch):
    """Months that make up for one another in every path, half of them 10 + i, half 10 - i: their sum is known for sure."""
    task = Task("2026-09-10", GALLIUM, mm.months("2026-09", mm.label(mm.ordinal("2026-08") + months)), draws=21)
    away = (np.arange(21) - 10.0)[:, None, None] * (-1.0) ** np.arange(months)
    fans = [
        Fan(name, GALLIUM, Forecast(task, level + away, (Used("toy"),)), (), 0.5) for name, level in (("a", 10.0), ("b", 30.0))
    ]
    monkeypatch.setattr(jobs, "scenarios", lambda *given: list(fans))
    made = jobs.answer_scenarios(jobs.ScenarioQuestion(task, mm.ordinal("2026-08"), (), months), "toy", None, None, 0)
    rows = made.rows
    assert made.failures == []
    assert made.mixture is not None
    assert len(rows) == 3 * (months + len(spans))
    found = {(row.scenario, row.month): row for row in rows}
    for label, first, last in spans:
        n = last - first
        for name, level in (("a", 10.0), ("b", 30.0)):
            row = found[name, label]
            assert [getattr(row, q) for q in ("q025", "q10", "q50", "q90", "q975", "mean")] == pytest.approx([n * level] * 6)
            assert (row.h_info, row.horizon) == (last, last - 1)
        pooled = found["all, by their probabilities", label]
        assert (pooled.q10, pooled.q90) == pytest.approx((n * 10, n * 30)), "a whole path of one scenario each"
        assert n * (11 * 10 + 10 * 30) / 21 <= pooled.mean <= n * (10 * 10 + 11 * 30) / 21
        assert (pooled.basis, pooled.unit) == ("pooled by the probabilities given", "kg")
    single = found["a", "2026-09"]
    assert (single.q10, single.q50, single.q90, single.mean) == pytest.approx((2, 10, 18, 10))
    assert (single.h_info, single.horizon) == (1, 0)


def test_a_mixture_lies_between(done):
    table = Run(done[1]).scenarios
    last = table[(table["series"] == GALLIUM) & (table["month"] == "2027-11")].set_index("scenario")["mean"]
    expected = 0.75 * last["extended"] + 0.25 * last["lapses"]
    assert last["all, by their probabilities"] == pytest.approx(expected, rel=0.2)


def test_no_scenario_stands_among_the_forecasts(done):
    run = Run(done[1])
    assert len(run.forecasts) == 0
    lost = run.failures
    assert set(lost["question"]) == {"scenario: lapses", "scenario: all, by their probabilities"}
    assert set(lost["series"]) == {TOTAL}
    assert lost["reason"].str.contains("not identified|no fan under 'lapses'").all()


def told(folder):
    """The report's part on scenarios, as Markdown and as HTML."""
    with style():
        found = ScenariosSection().blocks(RunData(Run(folder)))
    return found, markdown.render(found).replace("\u00a0", " "), html.render([Heading("x", 1), *found])


def test_the_report_shows_fans_sums_and_what_they_rest_on(done):
    found, text, page = told(done[1])
    assert ScenariosSection() in sections()
    assert "**Extended** (75 %): the suspension goes on. Rests on: US imports of Chinese origin: 9 months" in text
    assert "The probabilities are the config's own, not estimated." in text
    assert "US imports, all origins: not identified" in text
    assert "Sum over Dec 2026–Nov 2027" in text
    table = Run(done[1]).sums
    row = table[(table["series"] == GALLIUM) & (table["scenario"] == "extended") & (table["month"] == "2026-12/2027-11")]
    assert f"{row['q50'].iloc[0]:,.0f} kg" in text
    (figure,) = [block for block in found if isinstance(block, FigureBlock)]
    assert len(figure.panels) == 2
    assert "lapses" in figure.panels[0].svg
    assert "not identified:" in figure.panels[1].svg
    assert "<svg" in page


def test_the_report_of_a_run_without_scenarios_is_silent(done, tmp_path):
    made = planned(tmp_path, 'name = "none"\n')
    fo.write(tmp_path / "run", made, ex.execute(made, tmp_path / ".cache"), {})
    assert list(Run(tmp_path / "run").scenarios) == list(fo.COLUMNS["scenarios"])
    assert told(tmp_path / "run")[0] == []
    (tmp_path / "run" / "scenarios.parquet").unlink()  # a run of an earlier version
    assert told(tmp_path / "run")[0] == []


def test_the_main_job_s_courses_are_ordered_and_the_law_as_written_is_the_fan():
    """Antimony, germanium, gallium: the year after the suspension ends, quantile by quantile; totals have no other course."""
    config = load("minerals")
    made = make_plan(config.model_copy(update={"backtest": (), "effects": ()}), read_archive(config))
    context = ex.context_of(made)
    (batch,) = [b for b in made.batches if b.scenario_questions]
    asked = {q.task.series[0] for q in batch.scenario_questions}
    assert (batch.label, batch.reach, len(asked)) == ("measures", 16, 6)
    found, _ = ex.answer_batch(replace(batch, pasts=tuple(p for p in batch.pasts if p.series in asked)), [], context)
    table = pd.DataFrame(found.scenarios).set_index(["series", "scenario", "month"]).sort_index()
    fans = pd.DataFrame(found.forecasts).set_index(["series", "month"]).sort_index()
    for series in sorted(asked):
        written = table.loc[series, "it lapses, tight"]
        for month in fans.loc[series].index.intersection(written.index):
            assert [fans.loc[(series, month), q] for q in QUANTILES] == [written.loc[month, q] for q in QUANTILES]
        if ".CHN." in series:
            year = table.xs("2026-12/2027-11", level="month").loc[series]
            for name in ("it lapses, tight", "it lapses, leaky", "it lapses, eased", "a new ban"):
                assert (year.loc[name, QUANTILES] <= year.loc["it is extended", QUANTILES]).all()
            assert (year.loc["it lapses, tight", QUANTILES] <= year.loc["it lapses, eased", QUANTILES]).all()
            assert year.loc["it lapses, tight", "q50"] < year.loc["it lapses, leaky", "q50"]
        else:
            assert set(table.loc[series].index.get_level_values(0)) == {"it is extended", "it lapses, tight"}
            assert "law as written: us_ban_2024 begins or ends on a part" in written["basis"].iloc[0]
    assert {name for _, name, _ in table.index} == {s.name for s in config.scenarios}
    assert all(s.probability is None for s in config.scenarios)
    assert (table["q025"] >= 0).all()
