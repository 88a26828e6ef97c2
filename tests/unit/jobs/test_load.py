"""Which configs are accepted, and the places that errors name."""

import pytest

from forecast.core.errors import ConfigError
from forecast.jobs.batch import OWN_DAY
from forecast.jobs.effect_designs import design_of
from forecast.jobs.load import load, locate, read_archive, shipped_configs
from forecast.jobs.plan import make_plan
from forecast.jobs.plan_text import describe_plan

MEAN = '[[models]]\nuse = "mean12"\n'
GROUP = '[[backtest]]\nname = "b"\nseries = ["x"]\n'
ROW = '[[effects]]\nid = "1"\nquestion = "q"\nevent = "e"\ntreated = "t"\n'
EVENT = '[[events]]\nid = "x"\nannounced = 2024-05-01\n'
BASE = 'name = "own"\n[[models]]\nuse = "mean12"\n'


def wrong(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as error:
        load(path)
    return error.value


@pytest.mark.parametrize(
    ("text", "problem", "where", "hint"),
    [
        ('tittle = "x"\n', "unknown key 'tittle'", "own.toml, tittle", "'title'"),
        (
            f'{MEAN}[[models]]\nuse = "seasonal_naiv"\n',
            "no model is called 'seasonal_naiv'",
            "[[models]] 2, use",
            "'seasonal_naive'",
        ),
        ("[[models]]\n", "the key 'use' is missing", "[[models]] 1, use", "add use"),
        ('[[models]]\nuse = "ets"\nformz = []\n', "has no option 'formz'", "[[models]] 1", "'forms'"),
        (MEAN + MEAN, "'mean12' is named twice", "[[models]] 2", "another name"),
        (f'default_model = "mean"\n{MEAN}', "no model of this config is called 'mean'", "default_model", "'mean12'"),
        ('[[models]]\nuse = "combine"\nmembers = ["ets", "theta"]\n', "no earlier model", "[[models]] 1, members", "before"),
        (f'{MEAN}[[models]]\nuse = "combine"\nname = "own"\nmembers = ["own"]\n', "no earlier model", "2, members", "mean12"),
        (f'{MEAN}[[models]]\nuse = "combine"\nmembers = [{{ use = "ets" }}]\n', "no list of names", "[[models]] 2", "earlier"),
        ('[[models]]\nuse = "combine"\nmembers = 3\n', "3 is no list of names", "[[models]] 1, members", "earlier"),
        ('[[models]]\nuse = "sarimax"\ncontrols = 3\n', "'controls' cannot be 3", "[[models]] 1", ""),
        ('[[models]]\nuse = "sarimax"\ncontrols = 2025-01-01\n', "'controls' cannot be", "[[models]] 1", ""),
        (f'{GROUP}first = "2024-13"\n', "'2024-13' is not a month", "[[backtest]] 1, first", "YYYY-MM"),
        (f'{GROUP}first = "2024-01"\nevery = "weekly"\n', "'weekly' is not allowed", "[[backtest]] 1, every", "month"),
        ("[forecast]\nmonth = 12\n", "unknown key 'month'", "[forecast], month", "'months'"),
        (f'{ROW}estimator = "x"\n', "unknown key 'estimator'", "[[effects]] 1, estimator", "'estimators'"),
        (f'{ROW}estimators = ["basline"]\n', "no estimator is called 'basline'", "[[effects]] 1", "'baseline'"),
        ('[[metrics]]\nuse = "coverage"\nlevel = 120\n', "coverage level of 120", "[[metrics]] 1", "80 or 95"),
        ('as_of = "soon"\n', "neither 'latest' nor a day", "as_of", ""),
        ("name = \n", "not valid TOML", "own.toml", "line"),
        ('name = "Own Data"\n', "'Own Data' is not a name", "own.toml, name", "lower-case"),
        (f"{EVENT}end = 2024-04-01\nend_announced = 2024-05-01\n", "before it was announced", "[[events]] 1", "two days"),
        ('[data]\nuse = "csvv"\n', "no source is called 'csvv'", "[data]", "'csv'"),
        (f"{ROW}vary = {{ lag_month = [1] }}\n", "unknown key 'lag_month'", "[[effects]] 1, vary, lag_month", "'lag_months'"),
        (f"{ROW}vary = {{ lag_months = [1, 1] }}\n", "holds a value twice", "[[effects]] 1, vary", "once"),
        (f"{ROW}vary = {{ lag_months = [-1] }}\n", "-1 cannot stand here", "[[effects]] 1, vary, lag_months", ""),
        (f'{ROW}vary = {{ day = ["soon"] }}\n', "'soon' is not a day", "[[effects]] 1, vary, day", "YYYY-MM-DD"),
        (f'{ROW}vary = {{ day = [""] }}\n', "'' is not a day", "[[effects]] 1, vary, day", "YYYY-MM-DD"),
        (f"{ROW}vary = {{ level_sd = [0] }}\n", "0 cannot stand here", "vary, level_sd", "greater than 0"),
        (f"{ROW}vary = {{ level_sd = [0.1] }}\n", "the row has no counterfactual", "[[effects]] 1", "counterfactual"),
        (
            ROW.replace('"t"', '"CHN.export.WLD.gallium"') + "vary = { lag_months = [1] }\n",
            "counted when it leaves",
            "[[effects]] 1",
            "import",
        ),
        (
            f'{ROW}baselines = [{{ name = "2021; 2022", from = "2021-01", to = "2022-12" }}]\n',
            "the name of the baseline '2021; 2022' holds '; '",
            "[[effects]] 1, baselines 1",
            "another name",
        ),
        (f'{ROW}baselines = [""]\n', "an empty name", "[[effects]] 1, baselines 1", "another name"),
        (f'{ROW}donors = "untouchd"\n', "no donor is called 'untouchd'", "[[effects]] 1", "'untouched'"),
        (f'{ROW}diversion = ["THA"]\n', "diversion is about donors, and the row has none", "[[effects]] 1", "untouched"),
        (f'{ROW}let_in = ["USA.import.WLD.zinc"]\n', "let_in is about donors", "[[effects]] 1", "untouched"),
    ],
)
def test_each_fault_has_problem_place_and_way_out(tmp_path, text, problem, where, hint):
    error = wrong(tmp_path, text)
    assert problem in error.problem
    assert where in error.where
    assert hint in error.hint


def test_an_event_called_off_before_it_took_effect_is_valid(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('[[events]]\nid = "x"\nannounced = 2024-05-01\neffective = 2024-09-01\ncalled_off = 2024-06-01\n', "utf-8")
    assert not read_archive(load(path)).events["x"].in_force


def test_shipped_configs_load_by_name():
    for name in ("minerals", "quick", "own_data"):
        assert load(name).name == name
    assert locate("quick") == shipped_configs()["quick"]
    with pytest.raises(ConfigError, match="no config is called") as error:
        locate("quik")
    assert "'quick'" in error.value.hint


def test_the_hash_follows_content_not_place(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own.toml").write_text(BASE, "utf-8")
    first, second = load(tmp_path / "a" / "own.toml"), load(tmp_path / "b" / "own.toml")
    assert first.hash8 == second.hash8
    assert load(tmp_path / "a" / "own.toml", as_of="2025-01-31").hash8 != first.hash8


def test_members_are_written_out(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[[models]]\nuse = "ets"\nname = "simple"\nforms = ["ANN"]\n[[models]]\nuse = "drift"\n'
        '[[models]]\nuse = "combine"\nname = "both"\nmembers = ["simple", "drift"]\n',
        "utf-8",
    )
    assert load(path).spec("both")["members"] == [{"use": "ets", "forms": ["ANN"]}, {"use": "drift"}]


def planned(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    config = load(path)
    return make_plan(config, read_archive(config))


def test_unknown_series_names_the_nearest(tmp_path):
    with pytest.raises(ConfigError) as error:
        planned(tmp_path, BASE + '[forecast]\nseries = ["CHN.export.WLD.re_magnet"]\n')
    assert "'CHN.export.WLD.re_magnets'" in error.value.hint
    assert "[forecast], series" in error.value.where


def test_unknown_event_and_product_name_the_nearest(tmp_path):
    row = '[[effects]]\nid = "1"\nquestion = "q"\nevent = "{}"\ntreated = "CHN.export.USA.{}"\n'
    with pytest.raises(ConfigError) as error:
        planned(tmp_path, row.format("us_ban_2042", "gallium"))
    assert "'us_ban_2024'" in error.value.hint
    with pytest.raises(ConfigError, match="no product is called 'galium'"):
        planned(tmp_path, row.format("us_ban_2024", "galium"))


def test_members_come_a_stage_earlier_and_keep_their_draws(tmp_path):
    text = (
        '[[models]]\nuse = "mean12"\n[[models]]\nuse = "drift"\n[[models]]\nuse = "ets"\n'
        '[[models]]\nuse = "combine"\nname = "both"\nmembers = ["mean12", "drift"]\n'
        '[forecast]\nseries = ["CHN.export.WLD.re_magnets"]\n'
        '[[backtest]]\nname = "b"\nseries = ["CHN.export.WLD.rare_earths_total"]\n'
        'first = "2025-06"\nlast = "2025-09"\nmodels = ["both"]\n'
    )
    made = planned(tmp_path, text)
    assert [{b.label for b in stage} for stage in made.stages] == [{"mean12", "drift", "ets"}, {"both"}]
    assert {b.label for b in made.batches if b.keep} == {"mean12", "drift"}
    assert {b.label for b in made.batches if b.group == "b"} == {"mean12", "drift", "both"}
    last = next(b for b in made.batches if b.group == OWN_DAY).pasts[0]
    assert last.task.months[0] == made.vintage.steps.label(made.vintage.last_month("CHN.export.WLD.re_magnets") + 1)


def test_one_question_is_not_asked_twice(tmp_path):
    group = '[[backtest]]\nname = "{}"\nseries = ["CHN.export.WLD.rare_earths_total"]\nfirst = "2025-06"\n'
    with pytest.raises(ConfigError, match="twice"):
        planned(tmp_path, BASE + group.format("one") + group.format("two"))


def test_rows_become_designs(tmp_path):
    made = load("minerals")
    archive = read_archive(made)
    rows = {row.id: row for row in made.effects}
    design = design_of(rows["10b"], archive, archive.latest)
    assert design.event_ids == "sb_licensing_2024+us_ban_2024+enforcement_2025"
    assert (design.lag_months, design.donut, design.start, design.stop) == (1, 1, "2025-06", "2025-11")
    assert design.baselines[0][:3] == ("12 months before the ban", "2023-12", "2024-11")


VARIED = """
[[effects]]
id = "1"
question = "q"
event = "us_ban_2024"
treated = "USA.import.CHN.germanium_unwrought"
from = "2024-12"
to = "2025-04"
estimators = ["baseline", { use = "counterfactual", name = "cf" }]
vary = { lag_months = 1, level_sd = [0.01, 0.1], day = 2025-03-31, placebos = 0 }
"""


def test_a_question_asked_otherwise_is_a_batch_of_its_own(tmp_path):
    made = planned(tmp_path, BASE + VARIED)
    first, second = made.batches
    assert (first.name, first.vary, second.name, second.vary.count) == ("1", None, "1|vary", 4)
    assert list(second.spec) == ["baseline", "cf"]
    assert made.counts["variations"] == 4
    assert describe_plan(made)[-1] == "effects: 1 questions, 2 answers, 4 of the same asked otherwise"
    assert second.vary.day == ("2025-03-31",)


def test_donors_by_rule_are_those_that_no_event_of_the_row_touched(tmp_path):
    from forecast.study.effects.candidate_donors import untouched

    row = VARIED.replace("CHN.germanium", "WLD.germanium").replace('"us_ban_2024"', '["us_ban_2024", "enforcement_2025"]')
    made = planned(tmp_path, f'{BASE}{row}donors = "untouched"\ndiversion = ["THA"]\n')
    series, events = "USA.import.WLD.germanium_unwrought", made.batches[0].design.events
    each = [set(untouched(made.vintage, e, like=series, diversion=("THA",))) for e in events]
    assert len(events) == 2
    assert set(made.batches[0].design.donors) == each[0] & each[1] != set()


def test_each_barred_donor_is_named_with_its_reason_and_one_let_in_by_hand_too(tmp_path):
    row = VARIED.replace("CHN.germanium", "WLD.germanium")
    asked = 'donors = ["USA.import.WLD.nickel", "USA.import.WLD.boron", "USA.import.WLD.gallium", "USA.import.WLD.zinc"]\n'
    made = planned(tmp_path, f'{BASE}{row}{asked}diversion = ["*.zinc"]\nlet_in = ["USA.import.WLD.germanium_powders"]\n')
    found = {f.text: f.level for f in made.findings if f.topic == "donors"}
    assert found == {
        "USA.import.WLD.gallium is no donor: in the scope of us_ban_2024 itself": "note",
        "USA.import.WLD.zinc is no donor: trade may pass through *.zinc": "note",
        "USA.import.WLD.germanium_powders is let in as a donor by hand, although: the same element in another form": "warning",
    }
    by_rule = planned(tmp_path, f'{BASE}{row}donors = "untouched"\nlet_in = ["USA.import.WLD.gallium"]\n')
    assert "USA.import.WLD.gallium" in by_rule.batches[0].design.donors
    said = [f.text for f in by_rule.findings if f.topic == "donors"]
    assert any(text.startswith("USA.import.WLD.gallium is let in as a donor by hand, although: in the scope") for text in said)
    assert "USA.import.WLD.germanium_powders is no donor: the same element in another form" in said
    assert any("bismuth is no donor: a measure of its own: bi_w_in_licensing_2025" in text for text in said)


def test_the_countries_of_a_ledger_are_barred_like_those_of_the_row(tmp_path):
    from forecast.jobs.effect_designs import design_of

    made = planned(tmp_path, f'{BASE}{VARIED.replace("CHN.germanium", "WLD.germanium")}donors = "untouched"\n')
    row = made.config.effects[0]
    plain, through = (design_of(row, made.archive, made.vintage, through=t) for t in ((), ("USA",)))
    assert plain.donors
    assert (through.diversion, through.donors) == (("USA",), ())


def test_the_main_job_asks_what_it_must():
    made = make_plan(load("minerals"), read_archive(load("minerals")))
    days = {}
    for name, pasts in made.groups.items():
        for past in pasts if name != OWN_DAY else ():
            days.setdefault(past.series, set()).add(past.task.day)
    assert sum(len(d) >= 18 for d in days.values()) >= 12
    labels = {m.label for m in made.config.models}
    assert {"seasonal_naive", "ets", "theta", "sarimax", "structural", "regression", "mean", "median"} <= labels
    heads = {int("".join(c for c in row.id if c.isdigit())) for row in made.config.effects}
    assert heads == set(range(1, 19))


def test_an_earlier_day_knows_no_later_event(tmp_path):
    config = load("minerals", as_of="2025-05-31")
    made = make_plan(config, read_archive(config))
    designs = {b.name: b.design for b in made.batches if b.design}
    assert "4a" not in designs  # the deal was announced on 2025-06-10
    assert any("us_china_deal_2025" in f.text for f in made.findings)
    assert designs["8b"].events[0].end is None  # the suspension of the ban was not known
    assert all(past.task.day < made.vintage.day for name, pasts in made.groups.items() if name != OWN_DAY for past in pasts)
