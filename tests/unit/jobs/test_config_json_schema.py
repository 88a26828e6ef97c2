"""The JSON Schema of configs: what it lets through and refuses, what it says of each word, and that the shipped file is it."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from forecast.cli import app
from forecast.core import registry
from forecast.core.errors import ForecastError
from forecast.jobs import config_json_schema
from forecast.jobs.load import load, shipped_configs

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "configs" / "config.schema.json"
FILES = sorted(
    path
    for folder in ("configs", "tests/golden", "experiments", "forecast/guides")
    for path in (ROOT / folder).rglob("*.toml")
    if re.search(r"^(seed|name) = |^\[\[(models|effects)\]\]", path.read_text("utf-8"), re.MULTILINE)
    and not re.search(r"^\[\[(event|claim)\]\]", path.read_text("utf-8"), re.MULTILINE)
)


@pytest.fixture(scope="module")
def schema():
    return config_json_schema.schema()


@pytest.fixture(scope="module")
def checker(schema):
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def faults(checker, text):
    """Paths of what the schema refuses in a TOML text; days are text to JSON, as they are to editors."""
    written = json.loads(json.dumps(tomllib.loads(text), default=str))
    return ["/".join(map(str, error.absolute_path)) for error in checker.iter_errors(written)]


def test_the_shipped_file_is_what_is_printed():
    printed = CliRunner().invoke(app, ["schema"]).output
    assert SHIPPED.read_text("utf-8") == printed, "forecast schema > configs/config.schema.json"


def test_it_is_made_without_heavy_libraries():
    heavy = ("pandas", "statsmodels", "sklearn", "prophet", "matplotlib", "pyarrow", "arch")
    code = (
        "import sys\nfrom forecast.jobs import config_json_schema\nconfig_json_schema.text()\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_configs_of_the_repository_are_let_through(checker, path):
    assert faults(checker, path.read_text("utf-8")) == []


def test_they_were_found():
    names = {path.name for path in FILES}
    assert {
        "minerals.toml",
        "nowcast.toml",
        "quick.toml",
        "own_data.toml",
        "own.toml",
        "bundled.toml",
        "licences.toml",
    } <= names


PAGES = [ROOT / "README.md", *sorted((ROOT / "forecast" / "guides").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_configs_of_the_guides_are_let_through(checker, page):
    for block in re.findall(r"^```toml\n(.*?)^```", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL):
        assert faults(checker, block) == [], block


def texts_of_tests():
    """Every text in the tests that the loader takes for a whole config."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "use = " in node.value:
                yield f"{path.name}:{node.lineno}", node.value


def test_configs_of_the_tests_are_let_through(checker, tmp_path):
    taken = 0
    for where, text in texts_of_tests():
        path = tmp_path / "config.toml"
        path.write_text(text, "utf-8")
        try:
            load(path)
        except (ForecastError, OSError):
            continue
        taken += 1
        assert faults(checker, text) == [], where
    assert taken >= 5


@pytest.mark.parametrize("name", sorted(shipped_configs()))
def test_shipped_configs_name_the_schema(name):
    first = shipped_configs()[name].read_text("utf-8").splitlines()[0]
    assert first == "#:schema ./config.schema.json"


EFFECT = '[[effects]]\nid = "A"\nquestion = "?"\nevent = "e"\ntreated = "CHN.export.WLD.gallium"\n'
RIGHT = [
    'models = ["ets", { use = "theta" }]',
    'data = "published"',
    'data = { use = "csv", path = "x.csv" }',
    'export = "boe"',
    'checks = ["shipped", { use = "placebo_time", level = 0.2 }]',
    '[[checks]]\nuse = "shipped"\n[[checks]]\nuse = "sign"',
    'events = "own.toml"',
    "as_of = 2025-04-03",
    "[scale]\ncluster = 2",
    EFFECT
    + 'from = "2025-04"\nto = "2025-06"\nbaselines = ["year_earlier", { name = "own", from = "2024-01", to = "2024-12" }]',
    EFFECT + 'estimators = ["baseline", { use = "counterfactual", model = "ets" }]\nvary = { lag_months = 1, donut = [0, 1] }',
    '[[events]]\nid = "e"\nannounced = 2025-01-01\ntargets = "ALL"\nshape = { use = "decay", rate = "estimate" }',
    '[[backtest]]\nname = "b"\nseries = "*"\nfirst = "2025-01"\nrefit = 3\ntruth = "first"',
]
WRONG = {
    "tittle = 'x'": "",
    "seed = 'one'": "seed",
    "draws = 10": "draws",
    "models = ['etts']": "models/0",
    "[[models]]\nuse = 'etts'": "models/0",
    "[[models]]\nuse = 'ets'\nforrms = ['ANN']": "models/0",
    "[[models]]\nuse = 'ets'\nchoose = 'worst'": "models/0",
    "[[models]]\nname = 'mine'": "models/0",
    "[[metrics]]\nuse = 'ets'": "metrics/0",
    "checks = ['shiped']": "checks/0",
    "[[checks]]\nuse = 'sign'\nlevl = 0.9": "checks/0",
    "[[checks]]\nuse = 'sign'\nname = 'mine'": "checks/0",
    "[[checks]]\nuse = 'shipped'\nlevel = 0.9": "checks/0",
    "data = 'excel'": "data",
    "export = 'xls'": "export",
    EFFECT + "from = '2025-13'": "effects/0/from",
    EFFECT + "estimand = 'loss'": "effects/0/estimand",
    EFFECT + "baselines = ['last_year']": "effects/0/baselines/0",
    EFFECT + "vary = { lags = 1 }": "effects/0/vary",
    EFFECT.replace('id = "A"\n', ""): "effects/0",
    "[[events]]\nid = 'e'\nannounced = 2025-01-01\nrole = 'main'": "events",
    "[[events]]\nid = 'e'\nannounced = 2025-01-01\nshape = 'cliff'": "events",
    "[[backtest]]\nname = 'b'\nseries = '*'\nfirst = '2025-01'\nrefit = 'sometimes'": "backtest/0/refit",
    "[[backtest]]\nname = 'b'\nseries = []\nfirst = '2025-01'": "backtest/0/series",
    "[[regressors]]\nname = 'r'\nknown = 'known_future'\nvalues = { January = 1.0 }": "regressors/0/values",
    "[[scenarios]]\nname = 's'\nprobability = 2": "scenarios/0/probability",
}


@pytest.mark.parametrize("text", RIGHT)
def test_what_may_be_written_is_let_through(checker, text):
    assert faults(checker, text) == []


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_word_or_type_is_refused_where_it_stands(checker, text):
    assert faults(checker, text) == [WRONG[text]]


def tables(schema):
    """Every table of the file, by name: the config, its parts, and each plug-in."""
    yield "Config", schema
    for name, table in schema["definitions"].items():
        if name in registry.KINDS:
            yield from ((f"{name} {one['properties']['use']['const']}", one) for one in table["anyOf"][1]["oneOf"])
        else:
            yield name, table


def test_every_word_is_described(schema):
    dumb = [
        f"{name}: {word}"
        for name, table in tables(schema)
        for word, said in table["properties"].items()
        if not said.get("description") and name.split()[0] not in registry.KINDS
    ]
    assert dumb == []
    assert [name for name, table in tables(schema) if not table.get("description")] == []


def test_every_table_refuses_what_it_does_not_know(schema):
    assert [name for name, table in tables(schema) if table.get("additionalProperties") is not False] == []


def test_every_plug_in_that_a_config_names_is_there(schema):
    for kind in ("source", "shape", "model", "estimator", "metric"):
        named = [name for name in registry.names(kind) if not getattr(registry.get(kind, name), "service", None)]
        assert schema["definitions"][kind]["anyOf"][0]["enum"] == named
    assert schema["definitions"]["check"]["anyOf"][0]["enum"] == [*registry.names("check"), "shipped"]
