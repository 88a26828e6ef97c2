"""The page a newcomer reads first, the docstrings, and every example in them."""

import ast
import doctest
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from forecast.core import registry
from forecast.core.run import Run

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "forecast"
README = (ROOT / "README.md").read_text("utf-8")


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def commands(block):
    return [line for line in block.replace("\\\n", " ").splitlines() if line.strip()]


# --- README -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nth", [0, 1])
def test_the_first_two_blocks_are_one_command_each(nth):
    found = blocks(README, "sh")
    assert len(found) >= 2
    assert len(commands(found[nth])) == 1, found[nth]
    assert not commands(found[nth])[0].startswith(("#", "$"))


def test_the_two_commands_do_what_is_promised():
    job, tests = (commands(block)[0] for block in blocks(README, "sh")[:2])
    assert "forecast run minerals" in job
    assert "pytest" in tests


def rows_of_tables(text):
    """First cell and the `code` words of the others, for every row of a Markdown table."""
    for line in text.splitlines():
        if line.startswith("|"):
            first, *rest = [cell.strip() for cell in line.strip().strip("|").split("|")]
            yield first.strip("`*").rstrip("/").rsplit("/", 1)[-1], set(re.findall(r"`([a-z0-9_]+)`", " ".join(rest)))


def wrong_inventories(text):
    """Rows `| models | ... |` of a page whose names are not those of the registry; a page without such a row has none."""
    kinds = {folder.rpartition(".")[2]: set(registry.names(kind)) for kind, folder in registry.KINDS.items()}
    return [first for first, names in rows_of_tables(text) if first in kinds and names and names != kinds[first]]


def test_the_inventory_is_the_registry():
    assert wrong_inventories(README) == []
    shapes = ", ".join(f"`{name}`" for name in registry.names("shape"))
    assert wrong_inventories(f"| kind | names |\n| `forecast/shapes/` | {shapes} |\n| models | `ets` |") == ["models"]


def test_counts_are_those_of_the_data():
    from forecast.core.archive import bundled_archive
    from forecast.core.events import bundled_events

    for said in re.findall(r"(\d+)\s+policy\s+events", README):
        assert int(said) == len(bundled_events())
    table = bundled_archive().table
    census = table[table["series"].str.startswith("USA.import.WLD.") & table["url"].str.contains("census.gov")]
    goods = {s.split(".")[3].split(":")[0] for s in census["series"]}
    for said in re.findall(r"US imports of (\d+)\s+goods", README):
        assert int(said) == len(goods)


def test_the_map_of_folders_is_complete():
    drawn = set(re.findall(r"^(?:.*\s)?forecast/([a-z]+)\b", README, flags=re.MULTILINE)) | set(
        re.findall(r"\bforecast/([a-z]+)\s", README)
    )
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and (p / "__init__.py").exists()}
    assert folders - drawn <= {"guides"}
    assert drawn <= folders


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#\s]+)", README) + re.findall(r'(?:src|srcset|href)="([^"#]+)"', README):
        if not re.match(r"[a-z]+:", target):
            assert (ROOT / target).exists(), target


# --- the number of the first screen, three ways ------------------------------------------------------------------------


def in_words(text):
    """A text with one space between words, whichever kind stood there, and a hyphen for a minus."""
    return " ".join(text.split()).replace("\N{MINUS SIGN}", "-")


def run(words, folder):
    """What a command prints, on either stream."""
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


PRINTED = blocks(README, "text")[0]
NUMBER = re.search(r"(\S+ t) \(95 % interval (\S+) to (\S+) t\)", PRINTED)


def test_the_number_in_python(tmp_path):
    assert run(["-c", blocks(README, "python")[0]], tmp_path) == PRINTED


def test_the_number_from_a_file_and_on_the_command_line(tmp_path):
    (tmp_path / "magnets.toml").write_text(blocks(README, "toml")[0], "utf-8")
    told = next(block for block in blocks(README, "console") if "magnets.toml" in block)
    asked = re.findall(r"^\$ forecast (.*)\n((?:(?!\$ ).*\n?)*)", told, flags=re.MULTILINE)
    assert len(asked) == 2
    for words, output in asked:
        assert in_words(run(["-m", "forecast", *words.split()], tmp_path)) == in_words(output)
    assert in_words(NUMBER[0]) in in_words(asked[1][1])
    verdict = PRINTED.split(": ")[1].strip()
    assert asked[1][1].startswith(f"{verdict}: ")
    (row,) = Run(tmp_path / asked[0][1].split()[-1]).effects.to_dict("records")
    assert row["verdict"] == verdict
    found = f"{row['estimate'] / 1000:,.0f} t (95 % interval {row['lo95'] / 1000:,.0f} to {row['hi95'] / 1000:,.0f} t)"
    assert found == NUMBER[0]


def test_the_main_jobs_counts_are_those_of_its_config():
    from forecast.jobs.load import load

    main = load("minerals")
    questions, models = re.search(r"asks (\d+) such questions.*?with (\d+) models", README, flags=re.DOTALL).groups()
    assert (int(questions), int(models)) == (len(main.effects), len(main.models))


def test_the_page_is_short_and_its_pictures_small():
    assert len(README.splitlines()) < 140
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+\.png)\)", README):
        assert (ROOT / picture).stat().st_size < 250_000, picture


# --- docstrings -------------------------------------------------------------------------------------------------------


def undocumented(path):
    """Public modules, classes, functions and methods whose docstring is missing, or whose first line is no sentence."""
    tree = ast.parse(path.read_text("utf-8"))
    bad = [] if _sentence(ast.get_docstring(tree)) else [f"{path.name}: the module"]

    def visit(node, home):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and not child.name.startswith("_"):
                if not _sentence(ast.get_docstring(child)):
                    bad.append(f"{path.name}: {home}{child.name}")
                if isinstance(child, ast.ClassDef):
                    visit(child, f"{child.name}.")
            elif isinstance(child, (ast.If, ast.Try)):
                visit(child, home)

    visit(tree, "")
    return bad


def _sentence(text):
    return bool(text) and text.splitlines()[0].rstrip().endswith(".")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_everything_public_says_what_it_is(path):
    assert undocumented(path) == []


def test_a_missing_docstring_is_found(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text(
        '"""Fine."""\nclass A:\n    """No end"""\n    def b(self):\n        pass\n    def _c(self):\n        pass\n'
    )
    assert undocumented(path) == ["bad.py: A", "bad.py: A.b"]


# --- examples ---------------------------------------------------------------------------------------------------------

EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if re.search(r"^\s*>>> ", path.read_text("utf-8"), flags=re.MULTILINE)
]


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_in_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    assert sum(len(test.examples) for name in EXAMPLES for test in finder.find(importlib.import_module(name))) >= 3


GUIDES = [path for path in sorted(PACKAGE.glob("guides/**/*.md")) if blocks(path.read_text("utf-8"), "python")]


@pytest.mark.parametrize("nth", range(len(blocks(README, "python"))))
def test_the_readmes_code_runs(nth, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", blocks(README, "python")[nth]], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.slow
def test_guides_run(tmp_path):
    for guide in GUIDES:
        code = "\n".join(blocks(guide.read_text("utf-8"), "python"))
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == 0, f"{guide.name}: {done.stderr}"
