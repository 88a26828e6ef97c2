"""What `forecast run` says on stderr: in text, quiet, in three lines, or in JSON that fits the published schema."""

import json
import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
import warnings
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

import forecast as fc
from forecast.cli import app
from forecast.core.run import Run
from forecast.core.unanswered import CAUSES
from forecast.report.run_messages import END, LINES_VERSION
from forecast.report.run_summary import summary_lines

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "forecast" / "guides" / "run_lines.schema.json").read_text("utf-8"))
CONFIG = """
name = "small"
seed = 3
draws = 100
metrics = ["crps"]
[[models]]
use = "mean12"
[[models]]
use = "regimes"
[[backtest]]
name = "magnets"
series = ["CHN.export.USA.re_magnets", "CHN.export.WLD.gallium"]
first = "2025-07"
last = "2025-10"
horizons = [1]
min_months = 6
[forecast]
series = ["CHN.export.WLD.gallium"]
months = 3
[[effects]]
id = "1"
question = "magnets"
event = "re_licensing_2025"
treated = "CHN.export.WLD.re_magnets"
to = "2025-06"
"""


def call(*words):
    return CliRunner().invoke(app, ["run", *map(str, words), "--workers", "1"])


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def fits(line):
    jsonschema.validate(line, SCHEMA)
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("small")
    (place / "small.toml").write_text(CONFIG, "utf-8")
    return place


@pytest.fixture(scope="module")
def first(folder):
    """The first run, told in JSON, from another umask."""
    before = os.umask(0o027)
    try:
        done = call(folder / "small.toml", "--out", folder / "runs", "--json")
    finally:
        os.umask(before)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="module")
def run(first):
    return Run(first.stdout.strip())


def test_every_line_fits_the_schema_and_the_last_one_is_the_end(first, run):
    lines = lines_of(first.stderr)
    assert all(map(fits, lines))
    steps = [line["step"] for line in lines]
    assert steps[0] == "plan"
    assert steps[-4:] == ["tables", "report", "written", "end"]
    assert steps.count("end") == 1
    answers = [line for line in lines if line["step"] == "answer"]
    assert [line["done"] for line in answers] == list(range(1, answers[0]["total"] + 1))
    assert sum(line["unanswered"] for line in answers) == steps.count("unanswered") == len(run.failures) > 0
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)


def test_the_end_says_what_the_run_folder_says(first, run):
    end = lines_of(first.stderr)[-1]
    assert (end["status"], end["exit_code"], end["lines"]) == ("finished", 0, LINES_VERSION)
    assert (end["folder"], end["as_of"]) == (str(run.folder), run.info["as_of"])
    assert Path(end["report"]).is_file()
    assert end["unanswered"] == run.info["unanswered"]
    assert end["summary"] == summary_lines(run)
    assert sum(end["verdicts"].values()) == 1
    assert sum(one["count"] for one in end["unanswered"]["causes"]) == len(run.failures)
    assert end["unanswered"]["asked"] == 2 * 8 + 2 * 1 + 1
    assert {one["cause"] for one in end["unanswered"]["causes"]} <= set(CAUSES) - {""}


def test_the_schema_holds_each_step_with_its_keys():
    known = {one["title"]: one for one in SCHEMA["oneOf"]}
    assert set(END) | {"time", "level", "step", "text"} == set(known["end"]["required"])
    causes = known["unanswered"]["properties"]["cause"]["enum"]
    assert causes == list(CAUSES)
    assert known["end"]["properties"]["lines"]["const"] == LINES_VERSION
    with pytest.raises(jsonschema.ValidationError):
        fits({"time": "2026-01-01T00:00:00.000Z", "level": "INFO", "step": "opened", "text": "x"})


def test_a_finished_run_is_opened_in_three_json_lines(folder, first):
    done = call(folder / "small.toml", "--out", folder / "runs", "--json")
    lines = lines_of(done.stderr)
    assert all(map(fits, lines))
    assert [line["step"] for line in lines] == ["plan", "opened", "end"]
    assert done.stdout == first.stdout


@pytest.mark.slow
def test_a_changed_file_is_a_message_in_each_kind(folder, run, tmp_path):
    copied = shutil.copytree(run.folder, tmp_path / run.folder.name)
    page, told = copied / "report.md", "report.md is not what was written"
    for words, count in (["--json"], 1), ([], 1), (["--quiet"], 0):
        page.write_text("my own words", "utf-8")
        done = call(folder / "small.toml", "--out", tmp_path, *words)
        assert done.exit_code == 0
        assert done.stderr.count(told) == count, words
        if words == ["--json"]:
            lines = lines_of(done.stderr)
            assert all(map(fits, lines))
            assert [line["logger"] for line in lines if line["step"] == "message"] == ["forecast.jobs.run_folder"]


@pytest.mark.filterwarnings("always::UserWarning")
def test_a_warning_of_python_keeps_to_the_kind_too(monkeypatch, run):
    from forecast import api

    def warns(*words):
        warnings.warn("odd", UserWarning, stacklevel=1)
        return run

    monkeypatch.setattr(api, "run", warns)
    line, end = lines_of(call("quick", "--json").stderr)
    assert fits(line)
    assert (line["step"], line["logger"], end["step"]) == ("message", "py.warnings", "end")
    assert "UserWarning: odd" in line["text"]
    assert call("quick", "--quiet").stderr == ""
    assert "UserWarning: odd" in call("quick").stderr


def test_quiet_says_nothing_but_errors(folder, run):
    done = call(folder / "small.toml", "--out", folder / "runs", "--quiet")
    assert (done.exit_code, done.stderr, done.stdout.strip()) == (0, "", str(run.folder))
    strict = call(folder / "small.toml", "--out", folder / "runs", "--quiet", "--strict")
    assert strict.exit_code == 1
    (line,) = strict.stderr.splitlines()
    assert line.startswith(f"{len(run.failures)} questions left unanswered")
    missing = call("no_such_config", "--quiet")
    assert (missing.exit_code, missing.stderr.splitlines()[0]) == (2, "no config is called 'no_such_config'")


def test_text_says_why_questions_are_left_unanswered(folder, run):
    done = call(folder / "small.toml", "--out", folder / "runs")
    lines = done.stderr.splitlines()
    count = len(run.failures)
    assert lines[0] == f"{count} of 19 answers were not given:"
    assert lines[-1] == f"{count} questions left unanswered; report: {run.folder / 'report.html'}"
    told = [one for one in run.info["unanswered"]["causes"] if one["cause"] == "too short"]
    assert told
    assert any(one["reason"] in line for one in told for line in lines)
    assert any(CAUSES["too short"] in line for line in lines)


def test_the_summary_is_three_lines_in_text_and_in_quiet(folder, run):
    for words in ["--summary"], ["--summary", "--quiet"]:
        done = call(folder / "small.toml", "--out", folder / "runs", *words)
        assert done.stderr.splitlines() == summary_lines(run)
    forecast, verdict, rest = summary_lines(run)
    assert forecast.startswith("Forecast: 1 series, ")
    assert "by 2 models" in forecast
    (row,) = run.effects.to_dict("records")
    assert verdict.startswith(f"Strongest verdict: {row['verdict']}, 1 of 1 question, such as 1: ")
    assert f"{-row['estimate'] / 1000:,.0f}\N{NO-BREAK SPACE}t" in verdict
    assert f"Unanswered: {len(run.failures)} of 19 (" in rest
    assert rest.endswith(str(run.folder / "report.html"))


@pytest.mark.parametrize("other", ["--quiet", "--summary"])
def test_json_stands_alone(other):
    done = call("quick", "--json", other)
    assert done.exit_code == 2
    assert f"--json and {other} exclude each other" in done.stderr


def test_an_error_is_the_end_too():
    done = call("no_such_config", "--json")
    (line,) = lines_of(done.stderr)
    assert fits(line)
    assert (done.exit_code, line["status"], line["exit_code"], line["folder"]) == (2, "failed", 2, None)
    assert line["problem"] == "no config is called 'no_such_config'"
    assert "minerals" in line["hint"]


@pytest.mark.skipif(os.name != "posix", reason="modes and umask are of POSIX systems")
def test_all_files_of_a_run_follow_the_umask(first, run):
    made = list(run.folder.rglob("*"))
    assert {path.suffix for path in made} >= {".parquet", ".json", ".html", ".md", ".svg", ".png"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()} == {0o640}
    assert {stat.S_IMODE(path.stat().st_mode) for path in [run.folder, *made] if path.is_dir()} == {0o750}


def test_python_hears_of_a_run_through_logging(folder, tmp_path, caplog, capsys):
    caplog.set_level(logging.INFO, "forecast")
    done = fc.run(folder / "small.toml", tmp_path)
    by_step = {}
    for record in caplog.records:
        by_step.setdefault(getattr(record, "step", "none"), []).append(record)
    assert {"plan", "answer", "unanswered", "tables", "report", "written"} == set(by_step)
    assert {record.levelname for record in by_step["unanswered"]} == {"WARNING"}
    assert {record.levelname for record in by_step["answer"]} == {"INFO"}
    assert len(by_step["unanswered"]) == len(done.failures)
    assert all(record.name.startswith("forecast.") for record in caplog.records if record.name != "loky")
    assert capsys.readouterr() == ("", "")


def test_importing_configures_no_logging():
    code = (
        "import logging, forecast, forecast.api, forecast.cli\n"
        "print(logging.getLogger().handlers, logging.getLogger().level, logging.getLogger('forecast').level,"
        " [type(h).__name__ for h in logging.getLogger('forecast').handlers])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.strip() == "[] 30 0 ['NullHandler']"


def test_the_command_leaves_logging_as_it_was(folder, first):
    logger = logging.getLogger("forecast")
    before = (logger.level, list(logger.handlers))
    call(folder / "small.toml", "--out", folder / "runs", "--json")
    assert (logger.level, list(logger.handlers)) == before


def command(folder, *words, **streams):
    return subprocess.Popen(
        [sys.executable, "-m", "forecast", "run", "small.toml", *words], cwd=folder, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a scheduler on Windows ends a process without a signal")
def test_a_scheduler_that_ends_a_run_gets_its_code_and_the_run_goes_on_later(folder, tmp_path):
    process = command(folder, "--out", str(tmp_path), "--json", "--workers", "1")
    lines = [process.stderr.readline()]
    while json.loads(lines[-1])["step"] != "answer":
        lines.append(process.stderr.readline())
    process.send_signal(signal.SIGTERM)
    out, rest = process.communicate(timeout=60)
    lines = lines_of("".join(lines) + rest)
    assert all(map(fits, lines))
    assert (process.returncode, out) == (143, "")
    assert (lines[-1]["step"], lines[-1]["status"], lines[-1]["exit_code"]) == ("end", "interrupted", 143)
    again = command(folder, "--out", str(tmp_path), "--json", "--workers", "1")
    told = lines_of(again.communicate()[1])
    assert (again.returncode, told[-1]["status"]) == (0, "finished")
    assert next(line["stored"] for line in told if line["step"] == "answer") is True


@pytest.mark.parametrize("words", [[], ["--json"], ["--summary"]])
def test_a_run_outlives_the_reader_of_its_messages(folder, run, words):
    process = command(folder, "--out", str(folder / "runs"), "--workers", "1", *words)
    process.stderr.close()
    assert process.stdout.read().strip().endswith(run.folder.name)
    process.stdout.close()
    assert process.wait() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_of_messages_stops_no_run_and_one_of_results_is_an_error(folder, run):
    with open("/dev/full", "w") as full:
        process = command(folder, "--out", str(folder / "runs"), "--json", stderr=full)
        out, _ = process.communicate()
        assert (process.returncode, Path(out.strip()).name) == (0, run.folder.name)
        process = command(folder, "--out", str(folder / "runs"), stdout=full)
        _, err = process.communicate()
    assert process.returncode == 2
    assert "No space left on device" in err


@pytest.mark.slow
def test_a_worker_is_heard_too(folder, tmp_path):
    process = command(folder, "--out", str(tmp_path), "--json", "--workers", "2")
    out, err = process.communicate()
    lines = lines_of(err)
    assert process.returncode == 0
    assert all(map(fits, lines))
    assert sum(line["step"] == "unanswered" for line in lines) == len(Run(folder / out.strip()).failures)
    assert all(line["seconds"] > 0 for line in lines if line["step"] == "answer")


def test_while_it_draws_a_terminal_is_told(folder, tmp_path):
    pty = pytest.importorskip("pty", reason="no terminals to be had here")
    master, slave = pty.openpty()
    process = command(folder, "--out", str(tmp_path), "--workers", "1", stderr=slave)
    os.close(slave)
    seen = b""
    while True:
        try:
            chunk = os.read(master, 4096)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    os.close(master)
    assert process.wait() == 0
    process.stdout.close()
    text = seen.decode("utf-8", "replace")
    assert text.index("answering") < text.index("drawing the report") < text.index("questions left unanswered")
