"""Settings of a config's backtests: windows, refits, releases, lags and regressors reach questions and tables."""

from pathlib import Path

import pandas as pd
import pytest

from forecast.core.errors import ConfigError, DataError
from forecast.core.run import Run
from forecast.jobs import execute as ex, run_folder as fo
from forecast.jobs.batch import OWN_DAY
from forecast.jobs.load import load, read_archive
from forecast.jobs.plan import make_plan
from forecast.jobs.plan_text import describe_plan, describe_requirements, describe_trial

SERIES = "CHN.export.WLD.rare_earths_total"
HEAD = 'name = "own"\ndraws = 100\nmetrics = ["crps"]\n[[models]]\nuse = "mean12"\n[[models]]\nuse = "event_mean"\n'
GROUP = f'[[backtest]]\nname = "{{}}"\nseries = ["{SERIES}"]\nfirst = "2024-01"\nlast = "2024-12"\nhorizons = [1, 3]\n'
REGRESSOR = '[[regressors]]\nname = "x"\n'


def planned(folder, text):
    (folder / "own.toml").write_text(text, "utf-8")
    config = load(folder / "own.toml")
    return make_plan(config, read_archive(config))


def wrong(folder, text, kind=ConfigError):
    with pytest.raises(kind) as error:
        planned(folder, text)
    return error.value


def group(name="g", more=""):
    return GROUP.format(name) + more


def days(made, name="g"):
    return [past.task.day for past in made.groups[name]]


# --- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem", "where", "hint"),
    [
        (HEAD + group(more='window = "roling"\n'), "'roling' is not allowed here", "[[backtest]] 1, window", "rolling"),
        (HEAD + group(more="step = 0\n"), "0 cannot stand here", "[[backtest]] 1, step", "greater than or equal to 1"),
        (HEAD + group(more="gap = -1\n"), "-1 cannot stand here", "[[backtest]] 1, gap", "greater than or equal to 0"),
        (HEAD + group(more='refit = "evnt"\n'), "no refit policy is called 'evnt'", "[[backtest]] 1, refit", "'event'"),
        (HEAD + group(more="refit = 0\n"), "every 0 cutoffs", "[[backtest]] 1, refit", "1 or more"),
        (HEAD + group(more="refit = true\n"), "no refit policy is called 'True'", "[[backtest]] 1, refit", "always"),
        (HEAD + group(more='truth = "last"\n'), "'last' is no release", "[[backtest]] 1, truth", '"latest"'),
        (HEAD + group(more="truth = 0\n"), "'0' is no release", "[[backtest]] 1, truth", "number from 1"),
        ('naive = ["mean13"]\n' + HEAD, "no model of this config is called 'mean13'", "naive", "'mean12'"),
        ('export = ["bow"]\n' + HEAD, "'bow' is not allowed here", "export 1", "boe"),
        (HEAD + '[scale]\ncluster = "two"\n', "'two' is no cluster", "[scale], cluster", "tls://"),
        (HEAD + "[scale]\ncluster = 0\n", "'0' is no cluster", "[scale], cluster", "number of processes"),
        (HEAD + REGRESSOR + 'known = "future"\n', "'future' is not allowed here", "[[regressors]] 1, known", "known_future"),
        (HEAD + REGRESSOR + 'known = "known_future"\n', "must stand in one place", "[[regressors]] 1", "path"),
        (
            HEAD + REGRESSOR + f'known = "known_future"\nof = "{SERIES}"\n',
            "not known in advance",
            "[[regressors]] 1",
            "observed_only",
        ),
        (
            HEAD + REGRESSOR + 'known = "observed_only"\nof = "CHN.export.WLD.galium"\n',
            "no series is called 'CHN.export.WLD.galium'",
            "[[regressors]] 1, of",
            "'CHN.export.WLD.gallium'",
        ),
        (HEAD + REGRESSOR + 'known = "known_future"\npath = "none.csv"\n', "no such file", "none.csv", "period and value"),
        (HEAD + '[lags]\n"CHN.exports.*" = 1\n', "no series is called", "[lags]", ""),
        (HEAD + f'[lags]\n"{SERIES}" = -1\n', "-1 cannot stand here", "[lags]", "greater than or equal to 0"),
        (
            HEAD + '[[models]]\nuse = "structural"\ncontrols = ["y"]\n',
            "the control 'y' is not declared",
            "[[models]] 3, controls",
            "[[regressors]]",
        ),
    ],
)
def test_a_bad_word_is_said_with_its_place_and_a_way_out(tmp_path, text, problem, where, hint):
    error = wrong(tmp_path, text)
    assert problem in error.problem
    assert where in error.where
    assert hint in error.hint


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("2024-01,1\n2024-01,2\n", "stands twice"),
        ('2024-01,"1,5"\n', "not a number"),
        ("soon,1\n", "soon"),
        ("2024-01,\n", "not a number"),
    ],
)
def test_a_file_of_values_is_read_strictly(tmp_path, rows, problem):
    (tmp_path / "x.csv").write_text("period,value\n" + rows, "utf-8")
    error = wrong(tmp_path, HEAD + REGRESSOR + 'known = "known_future"\npath = "x.csv"\n', DataError)
    assert problem in error.problem


# --- what reaches the questions ----------------------------------------------------------------------------------------


def test_windows_steps_gaps_and_refits_reach_the_questions(tmp_path):
    usual = planned(tmp_path, HEAD + group())
    made = planned(tmp_path, HEAD + group(more='window = "rolling"\nwindow_months = 24\nstep = 2\ngap = 2\nrefit = 3\n'))
    assert days(made) == days(usual)[::2]
    pasts = made.groups["g"]
    assert {past.last - past.since for past in pasts} == {23}
    assert {past.first - past.last for past in pasts} == {3}
    assert [past.task.fitted_on for past in pasts[:4]] == [None, days(made)[0], days(made)[0], None]
    line = describe_plan(made)[0]
    assert "last 24 months, one cutoff in 2, 2 months left out, refitted every 3 cutoffs" in line


def test_parameters_are_fitted_anew_after_events(tmp_path):
    text = HEAD + f'[[backtest]]\nname = "g"\nseries = ["{SERIES}"]\nfirst = "2025-01"\nhorizons = [1]\nrefit = "event"\n'
    anew = [past.task.day for past in planned(tmp_path, text).groups["g"] if past.task.fitted_on is None]
    assert len(anew) < len(planned(tmp_path, text).groups["g"])
    assert any("2025-04-04" < str(day) <= "2025-05-31" for day in anew), "the licence of 4 April 2025"


def test_a_lag_holds_a_series_back_and_makes_its_cutoffs_pseudo(tmp_path):
    usual, made = planned(tmp_path, HEAD + group()), planned(tmp_path, HEAD + f'[lags]\n"{SERIES}" = 3\n' + group())
    last = {past.task.day: past.last for past in usual.groups["g"]}
    both = [past for past in made.groups["g"] if past.task.day in last]
    assert both
    assert all(past.last < last[past.task.day] for past in both)
    assert {past.known for past in both} == {"pseudo"}
    assert ex.cache_keys(made, ex.context_of(made))["g|mean12|0"] != ex.cache_keys(usual, ex.context_of(usual))["g|mean12|0"]
    assert fo.fingerprints(made) != fo.fingerprints(usual)


def test_one_question_may_be_asked_with_two_policies_but_not_twice(tmp_path):
    both = planned(tmp_path, HEAD + group("a") + group("b", "refit = 12\nstep = 2\ngap = 1\n"))
    assert set(both.groups) == {"a", "b", OWN_DAY}
    assert "twice" in wrong(tmp_path, HEAD + group("a") + group("b")).problem


def test_a_control_is_seen_as_it_was_published(tmp_path):
    text = f'{HEAD}{REGRESSOR}known = "observed_only"\nof = "CHN.export.WLD.gallium"\nlag_months = 2\nseries = ["{SERIES}"]\n'
    made = planned(tmp_path, text + group())
    for past in made.groups["g"]:
        seen = past.vintage(made.real_time)
        assert set(seen.controls) == {(SERIES, "x")}
        held = seen.controls[SERIES, "x"]
        published = made.archive.as_of(past.task.day).observed("CHN.export.WLD.gallium")
        assert held
        assert max(held) <= 12 * past.task.day.year + past.task.day.month - 1 - 1 - 2
        assert all(held[m] == published.at(m, m)[0] for m in held)


def test_controls_reach_the_models_that_name_them(tmp_path):
    rows = [f"{y}-{m:02d},{int(m % 3 == 0)}" for y in range(2015, 2028) for m in range(1, 13)]
    (tmp_path / "x.csv").write_text("\n".join(["period,value", *rows]), "utf-8")
    text = f'{REGRESSOR}known = "known_future"\npath = "x.csv"\n' + group(more='models = ["controlled"]\n')
    model = '[[models]]\nuse = "structural"\nname = "controlled"\nseasonal = "none"\ncontrols = ["x"]\n'
    made = planned(tmp_path, HEAD + model + text.replace('"2024-12"', '"2024-03"'))
    outcome = ex.execute(made, tmp_path / "cache")[0]
    assert not outcome.failures
    assert all("x" in row.regressors.split(", ") for row in outcome.forecasts)


# --- what reaches the tables -------------------------------------------------------------------------------------------

TABLES = (
    HEAD
    + group("usual")
    + group("other", 'refit = "never"\ntruth = "first"\ngap = 1\n')
    + f'[forecast]\nseries = ["{SERIES}"]\n'
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    made = planned(folder, 'export = ["boe", "hub"]\n' + TABLES)
    fo.write(folder / "run", made, ex.execute(made, folder / "cache"), {})
    return Run(folder / "run")


def test_scores_tell_group_regime_season_and_vintage(run):
    table = run.scores
    assert set(table["group"]) == {"usual", "other"}
    fitted = table[table["job"].str.contains("|fitted ", regex=False)]
    assert set(fitted["group"]) == {"other"}
    assert set(table["regime"]) <= {"before", "under control", "no control", "anticipation", "after reversal"}
    spring = table["month"].str[-2:].isin(["01", "02", "03"]) | table["month"].str.startswith("2024-01")
    assert (table.loc[~table["month"].str.contains("/"), "jan_mar"] == spring[~table["month"].str.contains("/")]).all()
    assert set(table["vintage"]) <= {"real", "final", "pseudo"}


def test_forecasts_tell_the_day_of_their_parameters_and_their_vintage(run):
    table = run.forecasts
    never = table[table["job"].str.contains("|fitted ", regex=False)]
    assert never["fitted_on"].nunique() == 1
    assert (never["fitted_on"] < never["cutoff"]).all()
    usual = table[~table["job"].str.contains("|fitted ", regex=False)]
    assert (usual["fitted_on"] == usual["cutoff"]).all()
    assert table["vintage"].isin(["real", "final", "pseudo"]).all()


def test_comparisons_hold_tests_ties_failures_and_a_sentence_by_group(run):
    table = run.comparisons
    assert set(table["group"]) == {"usual", "other"}
    assert set(table["model"]) == {"mean12", "event_mean"}
    assert (table["failures"] == 0).all()
    assert table["text"].str.contains("no test, ratio only").all(), "fewer than 20 cutoffs"
    assert table[["lo90", "dm_p", "gw_p", "mcs_p"]].isna().all().all()
    assert set(table["rank"]) == {1, 2}


def test_forecasts_are_handed_over_to_other_tools(run):
    boe = pd.read_parquet(run.folder / "export" / "boe" / "forecasts.parquet")
    hub = pd.read_parquet(run.folder / "export" / "hub" / "model-output" / "mean12" / "mean12.parquet")
    single = run.forecasts
    assert len(boe) == len(single)
    assert len(hub) == 10 * (single["model"] == "mean12").sum()
    assert (run.folder / "export" / "hub" / "target-data" / "time-series.parquet").exists()
    assert {p.name for p in (run.folder / "export" / "boe").iterdir()} == {
        "forecasts.parquet", "densities.parquet", "outturns.parquet",
    }  # fmt: skip


# --- what is told before the run ---------------------------------------------------------------------------------------


def test_what_a_backtest_supports_is_reported_from_counts(tmp_path):
    lines = describe_requirements(planned(tmp_path, HEAD + group()))
    assert lines[0].startswith("g: benchmark the best of mean12, event_mean; ")
    assert "horizon 1: 11 questions on 11 days" in lines[1]
    assert "80 % own, 95 % none (11 errors of 19); no test, ratio only (8 cutoffs" in lines[1]
    assert describe_requirements(planned(tmp_path, HEAD.replace("mean12", "ets").replace("event_mean", "theta") + group()))[
        0
    ].startswith("g: no naive model, so no comparison")


def test_what_each_model_answers_is_reported_on_trial(tmp_path):
    text = HEAD + '[[models]]\nuse = "mean12"\nname = "long"\nwindow = 80\n' + group().replace('"2024-12"', '"2024-06"')
    made = planned(tmp_path, text)
    lines, first = describe_trial(made), days(made)[0]
    assert lines[1] == f"  mean12: answers 1 of 1 series, the first from {first}, all of them from {first} on"
    assert lines[3].startswith("  long: answers 0 of 1 series; ")
    assert "usable months where 82 are needed" in lines[3]


def test_the_words_of_the_guide_are_words_of_a_config(tmp_path):
    import re

    import forecast.guides

    text = (Path(forecast.guides.__file__).parent / "first_steps.md").read_text("utf-8")
    found = re.findall(r"^```toml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    block = next(one for one in found if "[[backtest]]" in one)
    (tmp_path / "working_days.csv").write_text("period,value\n2025-01,21\n", "utf-8")
    models = "".join(
        f'[[models]]\nuse = "{use}"\nname = "{name}"\n'
        for use, name in (
            ("drift", "last_value"),
            ("sarimax", "airline"),
            *((u, u) for u in ("seasonal_naive", "mean12", "event_mean")),
        )
    )
    made = planned(tmp_path, 'name = "own"\n' + block + models)
    assert made.config.scale.cluster == 2
    assert len(made.groups["China's rare-earth exports, total"]) > 10
