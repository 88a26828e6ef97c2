"""A model may declare what it does not promise: the contract tests of a copy of the package with toy models in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

LEVEL = """
import numpy as np
from dataclasses import dataclass
from typing import ClassVar
from forecast.core.registry import model
from forecast.prep.batches import Paths, batch_model


@model
@batch_model
@dataclass(frozen=True)
class Toy:
    '''A toy: {sentence}.'''

    transform: ClassVar[str] = "none"
    {declared}

    def fewest_months(self, season):
        return 6

    def simulate(self, history, rng):
        y = history.latest.z
        level = {level}
        shape = (history.draws, history.horizon)
        return Paths(level * np.exp(0.1 * rng.standard_normal(shape)), "toy")
"""
CROSTON = "y[y > 0][-12:].mean()"  # a level that stands still over months of zeros
MEAN = "y[-12:].mean()"
EXEMPT = 'exempt_from: ClassVar[tuple[str, ...]] = ("{}",)'
TOYS = {
    "toy_croston": LEVEL.format(sentence="exempt, and rightly so", declared=EXEMPT.format("zeros"), level=CROSTON),
    "toy_silent": LEVEL.format(sentence="not exempt, but should be", declared="", level=CROSTON),
    "toy_boast": LEVEL.format(sentence="exempt, but need not be", declared=EXEMPT.format("zeros"), level=MEAN),
    "toy_typo": LEVEL.format(sentence="exempt from nothing known", declared=EXEMPT.format("zeroes"), level=MEAN),
}
ZEROS = "test_twelve_zero_months_forecast_next_to_nothing"


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """What pytest says of the toys' tests."""
    folder = tmp_path_factory.mktemp("exempt")
    shutil.copytree(ROOT / "forecast", folder / "forecast", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "contracts", folder / "tests" / "contracts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "tests")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, text in TOYS.items():
        (folder / "forecast" / "models" / f"{name}.py").write_text(text.lstrip())
    wanted = ["tests/contracts/test_models.py", "-k", f"toy_ and ({ZEROS} or exemptions or same_seed)"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-vv", "-rsf", "-p", "no:cacheprovider", *wanted],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr  # some of the toys are meant to fail
    return done.stdout.splitlines()


def outcome(lines, test, name):
    (line,) = [
        line for line in lines if f"{test}[{name}]" in line and "::" in line and not line.startswith(("FAILED", "SKIPPED"))
    ]
    return line.split(f"[{name}]")[1].split()[0]


def reason(lines, start, words):
    return any(line.startswith(start) and words in line for line in lines)


def test_a_declared_exemption_is_skipped_and_says_why(lines):
    assert outcome(lines, ZEROS, "toy_croston") == "SKIPPED"
    assert outcome(lines, "test_exemptions_are_known", "toy_croston") == "PASSED"
    assert outcome(lines, "test_same_seed_same_draws", "toy_croston") == "PASSED"
    assert reason(lines, "SKIPPED", "toy_croston is exempt: it does not promise that after twelve months of zeros")


def test_without_the_declaration_the_same_model_fails(lines):
    assert outcome(lines, ZEROS, "toy_silent") == "FAILED"


def test_an_exemption_that_is_not_needed_fails(lines):
    assert outcome(lines, ZEROS, "toy_boast") == "FAILED"
    assert reason(lines, "FAILED", "toy_boast declares itself exempt from 'zeros', but keeps the promise")


def test_an_unknown_exemption_fails(lines):
    assert outcome(lines, "test_exemptions_are_known", "toy_typo") == "FAILED"
    assert reason(lines, "FAILED", "no model can be exempt from 'zeroes'")
