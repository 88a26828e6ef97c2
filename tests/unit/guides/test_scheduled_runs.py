"""The files for schedulers: each parses in its own language, and what can be run here is run as its scheduler would."""

import importlib.metadata
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from forecast.cli import app
from forecast.core.run import Run
from forecast.guides.starter import scheduled_runs

ROOT = Path(__file__).resolve().parents[3]
POSIX = pytest.mark.skipif(os.name != "posix", reason="shell scripts are for POSIX systems")
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
SMALL = """
name = "small"
draws = 100
models = ["mean12"]
[forecast]
series = ["CHN.export.WLD.gallium"]
months = 2
"""
FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))  # of a crontab line: minute, hour, day, month, weekday


def init(folder, scheduler):
    return CliRunner().invoke(app, ["init", str(folder), "--scheduler", scheduler])


def project(folder, text=SMALL):
    folder.mkdir()
    (folder / "mine.toml").write_text(text, "utf-8")
    return folder


def bare(**more):
    """The environment that cron gives, and where this package is if it is not installed."""
    return {"HOME": os.environ.get("HOME", "/"), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "PYTHONPATH": str(ROOT)} | more


def wrong_times(line):
    """Fields of a crontab line that are no time of it."""
    found = line.split(maxsplit=5)
    bad = []
    for text, (least, most) in zip(found, FIELDS, strict=False):
        for part in text.split(","):
            match = re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/[1-9]\d*)?", part)
            numbers = [int(n) for n in match.groups() if n] if match else [-1]
            if not all(least <= n <= most for n in numbers):
                bad.append(text)
    return bad if len(found) == 6 else [line]


@pytest.mark.parametrize("scheduler", scheduled_runs.SCHEDULERS)
def test_a_new_folder_gets_the_starter_and_the_schedule(tmp_path, scheduler):
    done = init(tmp_path / "new", scheduler)
    assert done.exit_code == 0, done.output
    names = [str(path.relative_to(tmp_path / "new")) for path in (tmp_path / "new").rglob("*") if path.is_file()]
    assert set(scheduled_runs.SCHEDULERS[scheduler]) | {"own_data.toml", "README.md"} <= set(names)
    for name in scheduled_runs.SCHEDULERS[scheduler]:
        data = (tmp_path / "new" / name).read_bytes()
        text = data.decode("utf-16" if name.endswith(".xml") else "utf-8")
        assert "own_data.toml" in text or name == "forecast.crontab"
        assert not re.search(r"@[A-Z]+@", text)


def test_a_project_gets_the_files_alone_and_none_is_overwritten(tmp_path):
    folder = project(tmp_path / "mine")
    assert init(folder, "cron").exit_code == 0
    assert {path.name for path in folder.iterdir()} == {"mine.toml", "forecast-cron.sh", "forecast.crontab"}
    (folder / "forecast.crontab").unlink()
    (folder / "forecast-cron.sh").write_text("mine", "utf-8")
    again = init(folder, "cron")
    assert (again.exit_code, "nothing is overwritten" in again.stderr) == (2, True)
    assert {path.name for path in folder.iterdir()} == {"mine.toml", "forecast-cron.sh"}


def test_what_cannot_be_scheduled_is_refused(tmp_path):
    assert "'cron'" in init(tmp_path / "new", "crontab").stderr
    assert not (tmp_path / "new").exists()
    folder = project(tmp_path / "two")
    (folder / "other.toml").write_text(SMALL, "utf-8")
    told = init(folder, "cron")
    assert (told.exit_code, "There are 2 TOML files" in told.stderr) == (2, True)
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "data.csv").write_text("", "utf-8")
    assert "there is no config to run" in init(tmp_path / "none", "cron").stderr


def test_the_crontab_is_one_line_of_five_times_and_a_command(tmp_path):
    folder = project(tmp_path / "50% of it's")
    init(folder, "cron")
    lines = [line for line in (folder / "forecast.crontab").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) == 1
    assert wrong_times(lines[0]) == []
    command = lines[0].split(maxsplit=5)[5]
    assert not re.search(r"(?<!\\)%", command)
    assert shlex.split(command.replace(r"\%", "%")) == ["/bin/sh", str(folder / "forecast-cron.sh")]
    for bad in ("60 6 22 * * x", "30 6 22 * x", "a 6 22 * * x", "30 6 0 * * x"):
        assert wrong_times(bad), bad


@POSIX
def test_the_script_runs_as_cron_runs_it(tmp_path):
    folder = project(tmp_path / "it's 50% mine")
    init(folder, "cron")
    subprocess.run(["sh", "-n", folder / "forecast-cron.sh"], check=True)
    done = subprocess.run(["/bin/sh", folder / "forecast-cron.sh"], cwd="/", env=bare(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (log,) = (folder / "logs").glob("*.jsonl")
    assert json.loads(log.read_text("utf-8").splitlines()[-1])["status"] == "finished"
    made = folder / (folder / "logs" / "last_run").read_text("utf-8").strip()
    assert made.parent.name == log.name[:10]
    assert len(Run(made).forecasts) > 0


@POSIX
def test_a_run_that_fails_is_mailed_with_its_code(tmp_path):
    folder = project(tmp_path / "mine", SMALL.replace("mean12", "mean13"))
    init(folder, "cron")
    words = ["/bin/sh", folder / "forecast-cron.sh"]
    done = subprocess.run(words, cwd="/", env=bare(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    first, last = done.stderr.splitlines()
    assert "ended with code 2" in first
    assert json.loads(last)["problem"] == "no model is called 'mean13'"


@POSIX
def test_the_script_hands_a_signal_on_and_keeps_two_runs_apart(tmp_path):
    slow = SMALL.replace('models = ["mean12"]', "") + '[[models]]\nuse = "structural"\n' + (
        '[[backtest]]\nname = "long"\nseries = ["CHN.export.WLD.rare_earths_total", "USA.import.WLD.*"]\n'
        'first = "2021-01"\nhorizons = [1, 12]\n'
    )  # fmt: skip
    folder = project(tmp_path / "mine", slow)
    init(folder, "cron")
    words = ["/bin/sh", folder / "forecast-cron.sh"]
    process = subprocess.Popen(words, cwd="/", env=bare(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not any("plan" in log.read_text("utf-8") for log in (folder / "logs").glob("*.jsonl")):
        assert process.poll() is None
        time.sleep(0.05)
    if Path("/usr/bin/flock").exists():
        other = subprocess.run(words, cwd="/", env=bare(), capture_output=True, text=True, check=False)
        assert (other.returncode, "still at work" in other.stderr) == (75, True)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 143
    assert json.loads(told.splitlines()[-1])["status"] == "interrupted"


def test_the_task_of_windows_is_of_its_schema_and_names_the_script(tmp_path):
    folder = project(tmp_path / "R&D <50%>")
    init(folder, "windows")
    data = (folder / "forecast-task.xml").read_bytes()
    assert data.startswith((b"\xff\xfe", b"\xfe\xff"))
    task = ElementTree.fromstring(data)
    assert (task.tag, task.get("version")) == (f"{TASK}Task", "1.2")
    assert [part.tag.removeprefix(TASK) for part in task] == ["RegistrationInfo", "Triggers", "Settings", "Actions"]
    assert all(part.tag.startswith(TASK) for part in task.iter())
    action = task.find(f"{TASK}Actions/{TASK}Exec")
    assert action.find(f"{TASK}Command").text == f"{folder}\\forecast-task.cmd"
    assert action.find(f"{TASK}WorkingDirectory").text == str(folder)
    months = task.find(f".//{TASK}Months")
    assert len(months) == 12
    assert [part.tag.removeprefix(TASK) for part in task.find(f".//{TASK}CalendarTrigger")] == [
        "StartBoundary", "Enabled", "ScheduleByMonth",
    ]  # fmt: skip


def test_the_batch_file_is_of_windows_lines_and_its_paths_expand_to_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", r"C:\100%\python.exe")
    folder = project(tmp_path / "mine")
    init(folder, "windows")
    data = (folder / "forecast-task.cmd").read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n") > 5
    (line,) = [line for line in data.decode().splitlines() if " run " in line and not line.startswith("rem")]
    assert line.startswith(r'"C:\100%%\python.exe" -P -m forecast run "mine.toml"')
    assert data.decode().splitlines()[-1] == "exit /b %ERRORLEVEL%"


def steps_of(folder):
    flow = yaml.safe_load((folder / ".github" / "workflows" / "forecast.yml").read_text("utf-8"))
    job = flow["jobs"]["run"]
    return flow, job["env"], {step.get("name", step.get("uses")): step for step in job["steps"]}


def test_the_workflow_is_yaml_with_a_time_and_its_steps(tmp_path):
    folder = project(tmp_path / "mine")
    init(folder, "github")
    flow, env, steps = steps_of(folder)
    (when,) = flow[True]["schedule"]  # YAML 1.1 reads `on` as true
    assert wrong_times(f"{when['cron']} command") == []
    assert flow["permissions"] == {"contents": "read"}
    assert env["CONFIG"] == "mine.toml"
    assert steps["Keep the runs"]["if"] == "always()"
    assert "runs" in steps["Keep the runs"]["with"]["path"].split()
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in steps.values() if "uses" in step)


@POSIX
@pytest.mark.parametrize(("text", "code"), [(SMALL, 0), (SMALL.replace("mean12", "mean13"), 2)])
def test_the_step_of_the_workflow_runs_and_fails_with_the_code(tmp_path, text, code):
    folder = project(tmp_path / "mine", text)
    init(folder, "github")
    _, env, steps = steps_of(folder)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "forecast").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m forecast "$@"\n', "utf-8")
    (tmp_path / "bin" / "forecast").chmod(0o755)
    given = bare(PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin", GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"), **env)
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
    done = subprocess.run([*words, steps["Run"]["run"]], cwd=folder, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["exit_code"] == code
    assert (tmp_path / "summary.md").exists() is (code == 0)
    refused = subprocess.run(
        [*words, steps["Install the package"]["run"]], cwd=folder, env=given | {"PACKAGE": ""}, capture_output=True, check=False
    )
    assert (refused.returncode, b"::error::" in refused.stdout) == (2, True)


@pytest.mark.parametrize(
    ("record", "source"),
    [
        (None, ""),
        ('{"url": "file:///x", "dir_info": {}}', ""),
        (
            '{"url": "https://host/a/b.git", "vcs_info": {"vcs": "git", "commit_id": "abc123"}}',
            "git+https://host/a/b.git@abc123",
        ),
    ],
)
def test_the_workflow_installs_what_is_installed_here(monkeypatch, record, source):
    installed = type("Installed", (), {"read_text": lambda self, name: record})()
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: installed)
    assert scheduled_runs.installed_from() == source
