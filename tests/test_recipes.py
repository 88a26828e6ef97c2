"""The recipes of the guide `extending.md`: each file planted in a copy of the package, listed, tested, asked and printed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "forecast" / "guides" / "extending.md").read_text("utf-8")
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL))
CONFIG = FILES.pop("recipes.toml")
LONGEST = 55  # lines of a recipe


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the package with the recipes in it, its contract tests, and the config."""
    folder = tmp_path_factory.mktemp("recipes")
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "forecast", folder / "forecast", ignore=without)
    shutil.copytree(ROOT / "tests" / "contracts", folder / "tests" / "contracts", ignore=without)
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "tests")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, text in FILES.items():
        assert not (folder / name).exists(), f"{name} is there already"
        (folder / name).write_text(text, "utf-8")
    (folder / "recipes.toml").write_text(CONFIG, "utf-8")
    return folder


def python(folder, *words):
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
             "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_there_are_recipes():
    kinds = {Path(name).parent.name for name in FILES}
    assert kinds == {"models", "checks", "metrics", "sources", "sections"}


@pytest.mark.parametrize("name", FILES)
def test_a_recipe_is_short_and_stands_under_its_name(name):
    assert f"`{name}`\n" in GUIDE
    assert len(FILES[name].splitlines()) <= LONGEST
    assert max(map(len, FILES[name].splitlines())) <= 128


def test_recipes_are_listed(copy):
    for kind in {Path(name).parent.name for name in FILES}:
        listed = dict(line.split("\t") for line in python(copy, "-m", "forecast", "list", kind).splitlines())
        for name in FILES:
            assert Path(name).parent.name != kind or len(listed[Path(name).stem]) > 20, name


def test_the_contract_tests_cover_each_recipe_and_it_passes(copy):
    names = [Path(name).stem for name in FILES]
    words = ["-p", "no:cacheprovider", "-o", "addopts=", "-v", "tests/contracts", "-k", " or ".join(names)]
    passed = re.findall(r"^(\S+) PASSED", python(copy, "-m", "pytest", *words), flags=re.MULTILINE)
    for name in names:
        assert sum(name in test for test in passed) >= 3, name


def test_a_config_asks_the_recipes_and_the_report_prints_them(copy):
    import pandas as pd

    out = python(copy, "-m", "forecast", "run", "recipes.toml", "--workers", "1", "--strict")
    run = copy / out.splitlines()[-1]
    tables = {name: pd.read_parquet(run / f"{name}.parquet") for name in ("forecasts", "scores", "gates")}
    assert {"croston", "mean12"} <= set(tables["forecasts"]["model"])
    assert {"croston", "mean12"} <= set(tables["scores"]["model"])
    gates = tables["gates"].set_index("gate")
    assert gates.loc["volatility", "outcome"] == "pass"
    page = (run / "report.html").read_text("utf-8")
    assert set(tables["scores"]["metric"]) == {"crps", "pinball"}
    for word in (
        "croston",
        "volatility",
        "Coefficient of variation of the months before",
        "Pinball",
        "How far the models lie apart",
    ):
        assert word in page, word


def test_a_config_reads_the_recipe_of_a_source(copy):
    rows = [f"{year}{m:02d},COD,X,W00,{9_000_000 + 10_000 * m}" for year in (2022, 2023) for m in range(1, 13)]
    (copy / "trade.csv").write_text("\n".join(["period,reporterISO,flowCode,partnerISO,netWgt", *rows]) + "\n", "utf-8")
    config = 'name = "c"\ndraws = 100\n[data]\nuse = "comtrade_csv"\npath = "trade.csv"\n[[models]]\nuse = "mean12"\n'
    (copy / "c.toml").write_text(
        config + '[forecast]\nseries = ["COD.export.WLD.cobalt"]\nmonths = 2\nmin_months = 6\n', "utf-8"
    )
    run = copy / python(copy, "-m", "forecast", "run", "c.toml", "--workers", "1", "--strict").splitlines()[-1]
    assert "UN Comtrade" in (run / "report.html").read_text("utf-8")


def test_the_recipes_pass_the_linters(copy):
    pytest.importorskip("ruff", reason="ruff is not installed")
    for words in (["check"], ["format", "--check"]):
        python(copy, "-m", "ruff", *words, *FILES)
