"""The command line: exit codes, output streams, and modules that it must not load."""

import os
import subprocess
import sys
from typing import ClassVar

import pytest
from typer.testing import CliRunner

from forecast.cli import app
from forecast.core.run import Run

HEAVY = ("statsmodels", "sklearn", "prophet", "matplotlib")


def call(*words):
    return CliRunner().invoke(app, list(words))


def test_version():
    from forecast import __version__

    assert call("--version").output.strip() == f"forecast {__version__}"


@pytest.mark.parametrize("kind", ["sources", "shapes", "models", "estimators", "checks", "metrics", "series", "events"])
def test_list_is_name_tab_sentence(kind):
    lines = call("list", kind).output.strip().splitlines()
    assert len(lines) > 1
    assert all(line.count("\t") == 1 and all(part.strip() for part in line.split("\t")) for line in lines)


def test_an_unknown_list_names_the_nearest():
    result = call("list", "model")
    assert result.exit_code == 2
    assert "'models'" in result.output


def test_a_bad_config_is_one_message_and_exit_code_2(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text('[[models]]\nuse = "seasonal_naiv"\n', "utf-8")
    for command in ("run", "check"):
        result = call(command, str(path))
        assert result.exit_code == 2
        assert "no model is called 'seasonal_naiv'" in result.output
        assert "try: 'seasonal_naive'" in result.output
        assert "Traceback" not in result.output


def test_report_of_something_else_is_refused(tmp_path):
    result = call("report", str(tmp_path))
    assert result.exit_code == 2
    assert "not a finished run folder" in result.output


def test_check_prints_plan_holes_and_contradictions():
    result = call("check", "quick")
    assert result.exit_code == 0
    for text in ("PLAN", "4 series x 1 days", "SERIES", "FINDINGS", "sources disagree", "events verified to 2026-10-05"):
        assert text in result.output


def test_list_and_check_load_nothing_heavy():
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom forecast.cli import app\n"
        "for words in (['list', 'models'], ['list', 'estimators'], ['check']):\n"
        "    assert CliRunner().invoke(app, words).exit_code == 0, words\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_command_takes_arrow_s_memory_from_the_system_unless_another_pool_is_named():
    code = (
        "from typer.testing import CliRunner\nfrom forecast.cli import app\n"
        "assert CliRunner().invoke(app, ['list', 'metrics']).exit_code == 0\n"
        "import pyarrow\nprint(pyarrow.default_memory_pool().backend_name)"
    )
    for named, used in (({}, "system"), ({"ARROW_DEFAULT_MEMORY_POOL": "mimalloc"}, "mimalloc")):
        plain = {key: value for key, value in os.environ.items() if key != "ARROW_DEFAULT_MEMORY_POOL"}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=plain | named)
        assert done.stdout.strip() == used


def test_help_loads_neither_numpy_nor_pandas():
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom forecast.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "print([name for name in ('numpy', 'pandas', 'loky') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_starter_runs_and_its_folder_is_the_last_line_on_stdout(tmp_path):
    assert call("init", str(tmp_path / "mine")).exit_code == 0
    result = call(
        "run", str(tmp_path / "mine" / "own_data.toml"), "--out", str(tmp_path / "runs"), "--workers", "1", "--strict"
    )
    assert result.exit_code == 0, result.output
    last = result.stdout.strip().splitlines()[-1]
    run = Run(tmp_path / "runs" / last.rsplit("/", 1)[-1])
    assert run.info["finished"]
    assert set(run.forecasts["series"]) == {"CHL.export.WLD.sample_salt", "CHL.export.WLD.sample_brine"}
    assert run.effects["event"].unique().tolist() == ["sample_licensing_2024"]
    assert (run.folder / "report.html").stat().st_size > 10_000
    stamp = (run.folder / "run.json").stat().st_mtime_ns
    assert call("run", str(tmp_path / "mine" / "own_data.toml"), "--out", str(tmp_path / "runs")).exit_code == 0
    assert (run.folder / "run.json").stat().st_mtime_ns == stamp  # a finished run is opened, not done again


def test_a_report_in_text_is_each_answer_behind_its_verdict(tmp_path):
    path = tmp_path / "one.toml"
    path.write_text(
        '[[effects]]\nid = "A"\nquestion = "?"\nevent = "re_licensing_2025"\n'
        'treated = "CHN.export.WLD.re_magnets"\nto = "2025-06"\n',
        "utf-8",
    )
    folder = call("run", str(path), "--out", str(tmp_path / "runs"), "--workers", "1").stdout.strip().splitlines()[-1]
    written = {file: file.stat().st_mtime_ns for file in (tmp_path / "runs").rglob("*")}
    result = call("report", folder, "--format", "text")
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.strip().splitlines()
    assert line.startswith("suggestive: Rare-earth permanent magnets")
    assert "95\u00a0% interval" in line
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "runs").rglob("*")} == written
    refused = call("report", folder, "--format", "text", "--out", str(tmp_path / "x.txt"))
    assert (refused.exit_code, "printed, not written" in refused.output) == (2, True)


def test_init_never_overwrites(tmp_path):
    (tmp_path / "file").write_text("mine", "utf-8")
    result = call("init", str(tmp_path))
    assert result.exit_code == 2
    assert "not empty" in result.output


def test_an_interrupt_leaves_code_130(monkeypatch):
    from forecast import api

    def interrupted(*words):
        raise KeyboardInterrupt

    monkeypatch.setattr(api, "run", interrupted)
    result = call("run", "quick", "--workers", "1")
    assert result.exit_code == 130
    assert "takes the run up where it stopped" in result.output


FAULTS = {
    "a full disk": (OSError(28, "No space left on device"), "No space left", "room on the disk"),
    "a file that may not be read": (PermissionError(13, "Permission denied", "/some/file"), "at: /some/file", "rights"),
    "a connection, which has no number": (TimeoutError(), "TimeoutError", "another path"),
    "a worker's pipe": (BrokenPipeError(32, "Broken pipe"), "Broken pipe", "another path"),
    "a file cut short": (EOFError("Ran out of input"), "a file ends before it should", "--fresh"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_an_error_of_the_system_is_a_message_in_three_parts(monkeypatch, case):
    from forecast import api

    error, problem, hint = FAULTS[case]

    def fails(*words):
        raise error

    monkeypatch.setattr(api, "run", fails)
    result = call("run", "quick", "--workers", "1")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert [line[:6] for line in lines[1:]] == ["  at: ", "  try:"]
    assert problem in result.stderr
    assert hint in lines[2]


def test_a_working_directory_that_is_gone_is_reported(tmp_path, monkeypatch):
    from forecast import api

    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    result = call("run", "quick", "--workers", "2", "--out", str(tmp_path / "run"))
    assert (result.exit_code, result.stderr.splitlines()[0]) == (2, "the present folder has been removed")
    monkeypatch.setattr(api, "run", lambda *words: os.getcwd())
    result = call("run", "quick")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (2, "the working directory is gone")
    assert "try: cd to a folder that exists" in result.stderr


def test_a_reader_that_goes_away_is_no_fault():
    words = [sys.executable, "-m", "forecast", "list", "series"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == ""


def test_strict_makes_failures_count(monkeypatch, tmp_path):
    import pandas as pd

    from forecast import api

    class Done:
        folder = tmp_path
        failures = pd.DataFrame({"job": ["x"]})
        info: ClassVar = {"config": {}, "unanswered": {"asked": 3, "count": 1, "causes": []}}

        def table(self, name):
            return self.failures

    monkeypatch.setattr(api, "run", lambda *words: Done())
    assert call("run", "quick", "--workers", "1").exit_code == 0
    assert call("run", "quick", "--workers", "1", "--strict").exit_code == 1
