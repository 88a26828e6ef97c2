"""Bad input through the command line: one readable error (problem, place, way out) and exit code 2, or a row of a run."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forecast.cli import app
from forecast.core.run import Run

KEY = "CHL.export.WLD.lithium_carbonate"
MODEL = 'draws = 100\n[[models]]\nuse = "mean12"\n'
ASKED = '[forecast]\nseries = ["CHN.export.WLD.re_magnets"]\nmonths = 2\n'
OWN = f'{MODEL}[data]\nuse = "csv"\npath = "own.csv"\nkey = "{KEY}"\n'
OWN_ASKED = f'[forecast]\nseries = ["{KEY}"]\nmonths = 2\nmin_months = 1\n'


def call(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def run(folder, text, *options, **files):
    """`forecast run` on a config and its files, given as text or bytes."""
    for name, content in {"own.toml": text, **{k.replace("_", "."): v for k, v in files.items()}}.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return call("run", folder / "own.toml", "--out", folder / "runs", "--workers", "1", *options)


def refused(result):
    """The three lines of a refusal, and nothing else anywhere."""
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    problem, where, way_out = result.stderr.strip().split("\n")
    assert problem.strip()
    assert where.startswith("  at: ")
    assert way_out.startswith("  try: ")
    assert len(way_out) < 250
    return problem, where, way_out


def finished(result):
    assert result.exit_code == 0, result.output
    made = Run(Path(result.stdout.strip().splitlines()[-1]))
    assert made.info["finished"]
    return made, (made.folder / "report.md").read_text("utf-8")


# --- configs ----------------------------------------------------------------------------------------------------------


def effect(**changes):
    fields = {
        "id": "1", "question": "q", "event": "re_licensing_2025", "treated": "CHN.export.WLD.re_magnets", "from": "2025-04",
        "to": "2025-06",
    }  # fmt: skip
    rows = "".join(f"{key} = {json.dumps(value)}\n" for key, value in fields.items() if key not in changes)
    return f"{MODEL}[[effects]]\n{rows}" + "".join(f"{key} = {value}\n" for key, value in changes.items())


def event(rest, announced="2024-05-01"):
    return f'{MODEL}[[events]]\nid = "x"\nannounced = {announced}\n{rest}\n'


def group(rest, first="2025-06", series='["CHN.export.WLD.rare_earths_total"]'):
    return f'{MODEL}[[backtest]]\nname = "b"\nseries = {series}\nfirst = "{first}"\n{rest}\n'


EXPIRY = '[[expiry]]\nseries = ["USA.import.CHN.gallium"]\n'
BASELINE = 'baselines = [{ name = "own", '
CONFIGS = {
    "unknown key": ('tittle = "x"\n', "unknown key 'tittle'", "own.toml, tittle", "'title'"),
    "unknown table": ("[forcast]\nmonths = 3\n", "unknown key 'forcast'", "own.toml", "'forecast'"),
    "misspelt model": ('[[models]]\nuse = "etss"\n', "no model is called 'etss'", "[[models]] 1", "'ets'"),
    "misspelt metric": (f'metrics = ["crpss"]\n{MODEL}', "no metric is called 'crpss'", "[[metrics]] 1", "'crps'"),
    "misspelt estimator": (effect(estimators='["basline"]'), "no estimator is called", "[[effects]] 1", "'baseline'"),
    "misspelt inner model": (
        effect(estimators='[{ use = "counterfactual", model = "etss" }]'), "no model is called", "[[effects]] 1", "'ets'",
    ),
    "misspelt inner shape": (
        effect(estimators='[{ use = "regression", shapes = ["stepp"] }]'), "no shape is called", "[[effects]] 1", "'step'",
    ),
    "misspelt source": (f'data = "publish"\n{MODEL}', "no source is called 'publish'", "[data]", "'published'"),
    "a model that is no list": ('models = "ets"\n', "'ets' cannot stand here", "models", "a list"),
    "a model that is a number": ("models = [3]\n", "3 cannot stand here", "[[models]] 1", "a name in quotes"),
    "no list of draws": (f'draws = "many"\n{ASKED}', "'many' cannot stand here", "draws", "integer"),
    "broken TOML": ("[[models\n", "not valid TOML", "own.toml", "line"),
    "not UTF-8": ('title = "é"\n'.encode("latin-1"), "not UTF-8", "own.toml", "UTF-8"),
    "nobody to ask": (f"draws = 100\n{ASKED}", "names no model", "own.toml", "[[models]]"),
    "unknown series": (MODEL + ASKED.replace("magnets", "magnet"), "no series is called", "[forecast]", "re_magnets'"),
    "no horizons": (group("horizons = []"), "[] cannot stand here", "[[backtest]] 1, horizons", "one or more"),
    "no series": (group("", series="[]"), "[] cannot stand here", "[[backtest]] 1, series", "one or more"),
    "cutoffs end before they begin": (group('last = "2025-01"'), "end in 2025-01", "[[backtest]] 1", "two months"),
    "as of a word": (f'as_of = "soon"\n{MODEL}', "'soon' is neither", "as_of", "YYYY-MM-DD"),
    "unknown event": (effect(event='"us_ban_2042"'), "no event is called 'us_ban_2042'", "[[effects]] 1", "'us_ban_2024'"),
    "no event": (effect(event="[]"), "[] cannot stand here", "[[effects]] 1, event", "one or more"),
    "no estimator": (effect(estimators="[]"), "[] cannot stand here", "[[effects]] 1, estimators", "one or more"),
    "misspelt treated series": (effect(treated='"galium"'), "does not spell a series", "treated", "REPORTER.flow"),
    "unknown treated good": (
        effect(treated='"CHN.export.USA.galium"'), "no product is called 'galium'", "[[effects]] 1, treated", "'gallium'",
    ),
    "misspelt donor": (effect(donors='["galium"]'), "no donor is called", "[[effects]] 1", "REPORTER.flow"),
    "a window that ends before it begins": (effect(**{"to": '"2025-01"'}), "end in 2025-01", "[[effects]] 1", "two months"),
    "a baseline that ends before it begins": (
        effect() + f'{BASELINE}from = "2024-12", to = "2024-01" }}]\n', "end in 2024-01", "baselines 1", "two months",
    ),
    "a baseline with one end": (effect() + f'{BASELINE}from = "2024-12" }}]\n', "only one end", "baselines 1", "from, to"),
    "misspelt baseline": (effect(baselines='["last_yeer"]'), "no baseline is called", "baselines 1", "last_full_year"),
    "a share of nothing": (effect(measure='"share"'), "a share of nothing", "[[effects]] 1", "share_of"),
    "a regime that ends before it begins": (
        f'{MODEL}{EXPIRY}regimes = [{{ name = "a", from = "2024-05", to = "2024-02" }}]\n', "end in 2024-02", "[[expiry]] 1",
        "two months",
    ),
    "an expiry on no day": (
        f'{MODEL}{EXPIRY}day = "soon"\nregimes = [{{ name = "a", from = "2024-01", to = "2024-02" }}]\n', "'soon' is not a day",
        "[[expiry]] 1, day", "YYYY-MM-DD",
    ),
    "a summary of nothing": (f'{MODEL}[report]\nsummary = ["9"]\n', "has the id '9'", "[report], summary", "[[effects]]"),
    "an end before the announcement": (
        event("end = 2024-04-01\nend_announced = 2024-05-01"), "before it was announced", "[[events]] 1", "two days",
    ),
    "called off before the announcement": (event("called_off = 2024-04-01"), "before it was announced", "[[events]] 1", "days"),
    "announced on no day": (event("", '"soon"'), "'soon' is not a day", "[[events]] 1, announced", "YYYY-MM-DD"),
    "announced on an impossible day": (event("", '"2024-02-31"'), "is not a day", "[[events]] 1, announced", "YYYY-MM-DD"),
    "a day with a tail": (event("", '"2024-02-01x"'), "is not a day", "[[events]] 1, announced", "YYYY-MM-DD"),
    "a good that is a number": (event("products = 3"), "3 is no list of names", "[[events]] 1, products", "[\"CHN\""),
    "a title that is a number": (event("title = 3"), "3 is no text", "[[events]] 1, title", "quotes"),
    "misspelt shape": (event('shape = "stepp"'), "no shape is called 'stepp'", "[[events]] 1, shape", "'step'"),
    "two events of one id": (event('[[events]]\nid = "x"\nannounced = 2025-01-01'), "two events", "[[events]] 2", "own id"),
    "events that are a number": (f"events = 3\n{MODEL}", "these are no events", "events", "[[events]]"),
    "no file of events": (f'events = "none.toml"\n{MODEL}', "no such file of events", "none.toml", "[[event]]"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONFIGS)
def test_a_bad_config_is_refused(case, tmp_path):
    text, problem, where, way_out = CONFIGS[case]
    said = refused(run(tmp_path, text))
    assert problem in said[0]
    assert where in said[1]
    assert way_out in said[2]
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[event]\n", "not valid TOML"),
        ('[[event]]\nid = "é"\n'.encode("latin-1"), "not UTF-8"),
        ("", "holds no table of an event"),
        ("event = 3\n", "holds no table of an event"),
        ('[[events]]\nid = "x"\n', "unknown key 'events'"),
    ],
)
def test_a_bad_file_of_events_is_refused(text, problem, tmp_path):
    said = refused(run(tmp_path, f'events = "ev.toml"\n{MODEL}', ev_toml=text))
    assert problem in said[0]
    assert "ev.toml" in said[1]


@pytest.mark.parametrize("day", ["soon", "2025-02-30", "2025-03"])
def test_as_of_no_day_is_refused(day, tmp_path):
    assert "neither 'latest' nor a day" in refused(run(tmp_path, MODEL, "--as-of", day))[0]


@pytest.mark.parametrize(("option", "value"), [("--workers", "-1"), ("--workers", "two"), ("--wrkers", "1")])
def test_a_bad_option_is_refused(option, value, tmp_path):
    result = run(tmp_path, MODEL, option, value)
    assert result.exit_code == 2
    assert option in result.stderr
    assert "Traceback" not in result.stderr


def test_a_config_that_is_a_folder_or_is_not_there(tmp_path):
    for command in ("run", "check"):
        assert "this is a folder" in refused(call(command, tmp_path))[0]
        assert "no such config file" in refused(call(command, tmp_path / "none.toml"))[0]
    result = call("run", "quik")
    assert result.exit_code == 2
    assert "'quick'" in result.stderr


# --- own figures ------------------------------------------------------------------------------------------------------

HEAD = "period,value\n"
FIGURES = {
    "no cell with a figure": (HEAD + "2024-01,\n2024-02,NA\n", "", "holds no figure", "own.csv", "row with a number"),
    "a header only": (HEAD, "", "holds no figure", "own.csv", "a number"),
    "an empty file": ("\n\n", "", "the file is empty", "own.csv", "header"),
    "a word": (HEAD + "2024-01,abc\n", "", "'abc' is not a number", "row 2, column 'value'", "a number"),
    "an underscore": (HEAD + "2024-01,1_000\n", "", "'1_000' is not a number", "row 2", "a number"),
    "a month twice": (HEAD + "2024-01-01,1\n2024-01-31,1\n", "", "two figures for 2024-01", "rows 2 and 3", "one row"),
    "an unknown unit": (HEAD + "2024-01,1\n", 'unit = "bushel"', "unit 'bushel'", "row 2", "kg"),
    "a unit of money": (HEAD + "2024-01,1\n", 'unit = "USD"', "unit 'USD'", "row 2", "kg"),
    "a negative quantity": (HEAD + "2024-01,-3\n", "", "cannot be negative", "row 2", "correct the figure"),
    "another delimiter": ("period;value\n2024-01;1\n", 'delimiter = ","', "no column 'period'", "row 1", "delimiter = ';'"),
    "a decimal comma": ("period;value\n2024-01;1,500\n", 'delimiter = ";"', "decimals or thousands", "row 2", "decimal"),
    "thousands": (HEAD + '2024-01,"1,234"\n', "", "decimals or thousands", "row 2", "thousands"),
    "a column twice": ("period,value,value\n2024-01,1,2\n", "", "two columns are called 'value'", "row 1", "own name"),
    "an open quotation mark": (HEAD + '2024-01,"1\n2024-02,2\n', "", "cannot be read", "row 3", "quotation mark"),
    "an endless cell": (HEAD + f"2024-01,{'9' * 200_000}\n", "", "cannot be read", "row 2", "quotation mark"),
    "no month": (HEAD + "Jab 2024,1\n", "", "'Jab 2024' is not a month", "row 2, column 'period'", "YYYY-MM"),
    "an impossible day": (HEAD + "2024-02-31,1\n", "", "is not a day", "row 2, column 'period'", "YYYY-MM"),
    "the year 0": (HEAD + "0000-01,1\n", "", "is not a month", "row 2, column 'period'", "YYYY-MM"),
    "the year 9999": (HEAD + "9999-12,1\n", "", "outside the years", "row 2, column 'period'", "five digits"),
    "two delimiters": (HEAD + "2024-01,1\n", 'delimiter = ";;"', "cannot part cells", "[data]", "one of"),
    "a lag of ages": (HEAD + "2024-01,1\n", "lag_days = 99999999", "after their month ends", "[data]", "3660"),
    "another encoding": ("period,value,é\n2024-01,1,a\n".encode("latin-1"), 'encoding = "utf-8"', "not utf-8", "own.csv", "detected"),  # noqa: E501
}  # fmt: skip


@pytest.mark.parametrize("case", FIGURES)
def test_bad_figures_are_refused(case, tmp_path):
    text, options, problem, where, way_out = FIGURES[case]
    said = refused(run(tmp_path, f"{OWN}{options}\n{OWN_ASKED}", own_csv=text))
    assert problem in said[0]
    assert where in said[1]
    assert way_out in said[2]


def test_a_file_that_is_not_there(tmp_path):
    assert "no such file" in refused(run(tmp_path, OWN + OWN_ASKED))[0]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffperiod,value\n45292,1\n45323,NaN\n45352.0,4\n",  # a byte-order mark, serial days, NaN in words
        "\nperiod,value,note,note\n2024-01-31,1,a\n2024-02-29,,b,c\n,,,\n2024-03-31,4\n",  # month ends, short and blank rows
    ],
)
def test_what_spreadsheets_write_is_read(text, tmp_path):
    (tmp_path / "own.csv").write_text(text, "utf-8")
    (tmp_path / "own.toml").write_text("\ufeff" + OWN + OWN_ASKED, "utf-8")
    result = call("check", tmp_path / "own.toml")
    assert result.exit_code == 0, result.output
    line = next(line for line in result.stdout.splitlines() if line.startswith(KEY))
    assert line.split()[1:5] == ["2024-01", "2024-03", "2", "0"]


def test_thousands_apart_by_a_space_that_does_not_break(tmp_path):
    text = f'{OWN}thousands = " "\n{OWN_ASKED}'
    (tmp_path / "own.csv").write_text(f"{HEAD}2024-01,1\u00a0234\n2024-02,1\u202f234\n", "utf-8")
    (tmp_path / "own.toml").write_text(text, "utf-8")
    assert call("check", tmp_path / "own.toml").exit_code == 0


# --- finished all the same --------------------------------------------------------------------------------------------


def test_three_months_are_rows_of_failures(tmp_path):
    text = OWN + OWN_ASKED + '[[models]]\nuse = "ets"\n'
    text += f"""
[[events]]
id = "x"
announced = "2024-02-15"
effective = 2024-09-01
called_off = 2024-06-01
products = ["lithium_carbonate"]
imposed_by = ["CHL"]
[[backtest]]
name = "b"
series = ["{KEY}"]
first = "2024-02"
min_months = 1
[[effects]]
id = "1"
question = "q"
event = "x"
treated = "{KEY}"
from = "2024-03"
to = "2024-03"
estimators = ["baseline", "counterfactual", "regression"]
"""
    made, page = finished(run(tmp_path, text, own_csv=HEAD + "2024-01,1\n2024-02,2\n2024-03,4\n"))
    assert made.forecasts.empty
    assert set(made.failures["method"]) == {"mean12", "ets"}
    assert made.failures["reason"].str.contains("needed").all()
    assert set(made.effects["verdict"]) == {"not identified"}
    assert made.effects["because"].str.len().min() > 0
    assert "14 are needed" in page


def test_a_day_before_any_figure_leaves_a_report_that_says_so(tmp_path):
    text = effect() + ASKED + group("").removeprefix(MODEL) + EXPIRY
    text += 'regimes = [{ name = "a", from = "2024-01", to = "2024-02" }]\n'
    made, page = finished(run(tmp_path, text, "--as-of", "1990-01-01"))
    assert all(made.table(name).empty for name in ("forecasts", "scores", "effects", "observations", "failures"))
    topics = {finding["topic"] for finding in made.findings}
    assert {"forecast", "backtest", "effect"} <= topics
    assert "No question of this run could be answered" in page
    assert made.regimes["mean"].isna().all()


def test_an_effect_outside_the_scope_of_its_event_is_a_finding(tmp_path):
    from forecast.jobs.load import load, read_archive
    from forecast.jobs.plan import make_plan

    (tmp_path / "own.toml").write_text(effect(event='"us_ban_2024"', treated='"CHN.export.DEU.re_magnets"'), "utf-8")
    config = load(tmp_path / "own.toml")
    assert any("outside the scope of us_ban_2024" in f.text for f in make_plan(config, read_archive(config)).findings)


# --- folders ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A finished run that stands on a day before any figure: nothing but empty tables and a short page."""
    folder = tmp_path_factory.mktemp("small")
    return finished(run(folder, MODEL + ASKED, "--as-of", "1990-01-01"))[0].folder


def test_a_run_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "runs").write_text("mine", "utf-8")
    assert "cannot be made" in refused(run(tmp_path, MODEL))[0]
    assert "cannot be made" in refused(run(tmp_path, MODEL, "--fresh"))[0]
    assert (tmp_path / "runs").read_text("utf-8") == "mine"


def test_a_spoilt_run_is_done_again(small, tmp_path):
    shutil.copytree(small.parent, tmp_path / "runs")
    for text in ("{", "[]", "{}"):
        (tmp_path / "runs" / small.name / "run.json").write_text(text, "utf-8")
        made, _ = finished(run(tmp_path, MODEL + ASKED, "--as-of", "1990-01-01"))
        assert made.folder.name == small.name
        assert (made.folder / "scores.parquet").read_bytes() == (small / "scores.parquet").read_bytes()


SPOILT = {
    "a newer schema": ("run.json", lambda text: json.dumps(json.loads(text) | {"schema_version": 99}), "schema 99"),
    "half a file": ("run.json", lambda text: text[:40], "run.json cannot be read"),
    "another file": ("run.json", lambda text: "[]", "nothing of a run's schema"),
    "half the findings": ("findings.json", lambda text: text[:3], "findings.json cannot be read"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_report_of_a_spoilt_run_is_refused(case, small, tmp_path):
    name, spoil, problem = SPOILT[case]
    folder = shutil.copytree(small, tmp_path / "run")
    (folder / name).write_text(spoil((folder / name).read_text("utf-8")), "utf-8")
    assert ("schema 99" if "99" in problem else f"{name} is not what was written") in refused(call("report", folder))[0]
    (folder / "manifest.json").unlink()
    assert problem in refused(call("report", folder))[0]


def test_a_report_of_a_run_with_a_spoilt_table_is_refused(small, tmp_path):
    folder = shutil.copytree(small, tmp_path / "run")
    (folder / "scores.parquet").write_bytes(b"x")
    assert "scores.parquet is not what was written" in refused(call("report", folder))[0]
    (folder / "manifest.json").unlink()
    assert "'scores' cannot be read" in refused(call("report", folder))[0]
    shutil.copy(folder / "effects.parquet", folder / "scores.parquet")
    assert "no table 'scores': it lacks model" in refused(call("report", folder))[0]
    (folder / "scores.parquet").unlink()
    assert "no table 'scores'" in refused(call("report", folder))[0]


def test_a_report_of_no_run_or_in_no_format_or_to_no_place(small, tmp_path):
    (tmp_path / "file").write_text("mine", "utf-8")
    for place in (tmp_path, tmp_path / "none", tmp_path / "file"):
        assert "not a finished run folder" in refused(call("report", place))[0]
    assert "no report format is called 'odt'" in refused(call("report", small, "--format", "odt"))[0]
    assert "file" in refused(call("report", small, "--out", tmp_path / "file" / "report.html"))[1]
    assert (tmp_path / "file").read_text("utf-8") == "mine"


def test_lists_of_nothing_and_starters_on_top_of_something(tmp_path):
    assert "no list of 'nothing'" in refused(call("list", "nothing"))[0]
    (tmp_path / "file").write_text("mine", "utf-8")
    assert "not empty" in refused(call("init", tmp_path))[0]
    refused(call("init", tmp_path / "file"))
    refused(call("init", tmp_path / "file" / "below"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
