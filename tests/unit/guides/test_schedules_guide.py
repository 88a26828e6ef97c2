"""The guide to scheduled runs: its shell block runs, and its tables and examples are those of the schema and of the code."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from forecast.core.unanswered import CAUSES

ROOT = Path(__file__).resolve().parents[3]
GUIDES = ROOT / "forecast" / "guides"
TEXT = (GUIDES / "schedules.md").read_text("utf-8")
SCHEMA = json.loads((GUIDES / "run_lines.schema.json").read_text("utf-8"))


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)


def rows(heading):
    """The cells of the table below a heading, without its first two lines."""
    part = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_steps_and_their_keys_are_those_of_the_schema():
    known = {one["title"]: set(one["required"]) - {"time", "level", "step", "text"} for one in SCHEMA["oneOf"]}
    told = {}
    for steps, _, keys in rows("The lines of `--json`"):
        told |= {step: set(re.findall(r"`(\w+)`", keys)) for step in re.findall(r"`(\w+)`", steps)}
    assert told == known


def test_the_causes_are_those_of_the_code():
    assert {cause.strip("`"): meaning for cause, meaning in rows("Questions left unanswered")} == {
        cause: meaning for cause, meaning in CAUSES.items() if cause
    }


def test_the_example_is_a_line():
    (line,) = blocks("json")
    jsonschema.validate(json.loads(line), SCHEMA)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a shell block")
def test_the_shell_block_runs(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "forecast").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m forecast "$@"\n', "utf-8")
    (tmp_path / "bin" / "forecast").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    (block,) = blocks("sh")
    done = subprocess.run(["sh", "-ec", block], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = [line.partition(":")[0] for line in done.stderr.splitlines() if not line.startswith("wrote ")]
    assert told == ["Forecast", "Strongest verdict", "Unanswered"]
