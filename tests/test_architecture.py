"""The dependency rules of the package, read from its imports; and the checkers themselves, run on planted bad trees."""

import ast
import fnmatch
import importlib
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from forecast.core import registry

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "forecast"
PLUGINS = ("sources", "shapes", "models", "estimators", "checks", "metrics")
SECTIONS = "report.sections"  # plug-ins too, in a folder of the report that the rest of it does not import

# what a folder may import besides itself; "itself" says whether its files may import each other
MAY = {
    "arrays": set(),
    "core": {"arrays"},
    "kernels": {"arrays"},
    "prep": {"arrays", "core", "kernels"},
    "archives": {"arrays", "core"},
    "interfaces": {"core"},
    **{folder: {"arrays", "core", "kernels", "prep"} for folder in PLUGINS},
    "sources": {"arrays", "core", "kernels", "prep", "interfaces", "archives", "tables"},
    "study": {"arrays", "core", "kernels", "prep"},
    "tables": {"arrays", "core"},
    "frames": {"arrays", "core", "tables", "study"},
    "jobs": {"arrays", "core", "prep", "study"},
    "report": {"arrays", "core"},
    "plots": {"arrays", "core", "report"},
    SECTIONS: {"arrays", "core", "report"},
    "embed": {"core", "report"},
    "data": set(),
    "guides": {"core", "tables", "jobs", "report"},
    "api": {"core", "archives", "kernels", "prep", *PLUGINS, "study", "frames", "jobs", "report"},
    "cli": {"core", "commands", "kernels", "prep", *PLUGINS, "study", "jobs", "report", "embed", "guides", "api"},
    "commands": {"core", "archives", "interfaces", "study", "jobs", "api"},
    "calls": {"core"},
    "__main__": {"cli"},
    "": {"core", "report", "plots", "tables", "api", "calls"},
}
ALONE = {*PLUGINS, SECTIONS, "data", "guides"}
LONGEST, LONG_ONES = 350, 3


# --- the checkers -----------------------------------------------------------------------------------------------------


def modules(package):
    """Dotted name -> file, for every module below a package folder."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = [package.name, *path.relative_to(package).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name, path, known):
    """Modules of the package that a file imports: at the top, inside functions, under TYPE_CHECKING, by a literal name."""
    package = next(iter(known)).split(".")[0]
    here = name if path.name == "__init__.py" else name.rpartition(".")[0]
    out = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            out |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*here.split(".")[: len(here.split(".")) - node.level + 1], *([base] if base else [])])
            for alias in node.names:
                full = f"{base}.{alias.name}"
                # the version is a constant of the root, not a way into it
                if full == f"{package}.__version__":
                    continue
                out.add(full if full in known else base)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            out |= {arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    return {m for m in out if m.split(".")[0] == package} - {name}


def _called(node):
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def graph(package):
    known = modules(package)
    return {name: imports(name, path, known) for name, path in known.items()}


def stratum(module):
    parts = module.split(".")
    if ".".join(parts[1:3]) == SECTIONS:
        return SECTIONS
    return parts[1] if len(parts) > 1 else ""


def plug_in(module):
    """The plug-in that a module of a plug-in folder belongs to: a file, or a folder with what it alone owns."""
    return module.removeprefix(f"{module.split('.')[0]}.{stratum(module)}").split(".")[1:2]


def wrong_way(edges):
    """Every import against the rules, as `a -> b`."""
    bad = []
    for module, targets in edges.items():
        home = stratum(module)
        for target in sorted(targets):
            there = stratum(target)
            inside = there == home and (home not in ALONE or plug_in(target) == plug_in(module))
            if not inside and there not in MAY.get(home, set()):
                bad.append(f"{module} -> {target}")
    return bad


def cycle(edges):
    """One import cycle as a list of modules, or an empty list."""
    state, path = {}, []

    def visit(module):
        state[module] = "open"
        path.append(module)
        for target in sorted(edges.get(module, ())):
            if state.get(target) == "open":
                return path[path.index(target) :]
            if target not in state and (found := visit(target)):
                return found
        path.pop()
        state[module] = "done"
        return []

    for module in sorted(edges):
        if module not in state and (found := visit(module)):
            return found
    return []


def long_modules(package):
    return [name for name, path in modules(package).items() if len(path.read_text("utf-8").splitlines()) > LONGEST]


def vague_modules(package):
    return [name for name in modules(package) if re.search(r"(^|\.|_)(utils?|helpers?|common(?!_sample$)|misc)($|\.|_)", name)]


def passed_through(package):
    """Public functions that hand their own `**rest` to another call."""
    bad = []
    for name, path in modules(package).items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.args.kwarg is None:
                continue
            own = node.args.kwarg.arg
            forwarded = any(
                isinstance(keyword.value, ast.Name) and keyword.arg is None and keyword.value.id == own
                for call in ast.walk(node)
                if isinstance(call, ast.Call)
                for keyword in call.keywords
            )
            if forwarded and (not node.name.startswith("_") or node.name.startswith("__")):
                bad.append(f"{name}.{node.name}")
    return bad


def threaded_reads(package):
    """Reads of Parquet with threads of Arrow: one that needs Python as the process ends aborts it (apache/arrow#50482)."""
    bad = []
    for name, path in modules(package).items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _called(node) in ("read_parquet", "read_row_group", "to_pandas", "read_pandas"):
                words = {k.arg: k.value for k in node.keywords}
                if not (isinstance(words.get("use_threads"), ast.Constant) and words["use_threads"].value is False):
                    bad.append(f"{name}:{node.lineno}")
    return bad


def twice_named(package):
    """Class names defined in several files; plug-ins of different kinds may share theirs."""
    homes = {}
    for name, path in modules(package).items():
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                decorators = {getattr(d, "id", "") for d in node.decorator_list}
                homes.setdefault(node.name, []).append((name, bool(decorators & {kind.rstrip("s") for kind in PLUGINS})))
    return sorted(name for name, found in homes.items() if len(found) > 1 and not all(plugin for _, plugin in found))


# one word that names no object: a participle, or one of these; what the contracts and the public interface fix may stay
BARE = {"told", "put", "stood", "gone", "left", "kept", "laid", "given", "then", "later", "after", "before", "others", "beside"}
FIXED = {"observed", "untouched", "based"}


def bare_participles(package):
    """Functions and methods (no properties) whose whole name is a participle or adverb."""
    bad = []
    for name, path in modules(package).items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef) or any("property" in ast.unparse(d) for d in node.decorator_list):
                continue
            word = node.name.strip("_")
            if word in BARE or (re.fullmatch(r"[a-z]+[^e]ed", word) and word not in FIXED | {"seed", "need", "speed", "embed"}):
                bad.append(f"{name}.{node.name}")
    return bad


# written so that this file does not find itself
MACHINE = re.compile(r"(?<![\w./:-])(?:/(?:work|root|home|Users)/\w|[A-Z]:\\Users\\)")


def machine_paths(files):
    return [
        f"{path}:{i}"
        for path in files
        for i, line in enumerate(path.read_text("utf-8", errors="ignore").splitlines(), 1)
        if MACHINE.search(line)
    ]


# --- the package ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def edges():
    return graph(PACKAGE)


def test_imports_go_one_way(edges):
    assert wrong_way(edges) == []


def test_no_import_cycle(edges):
    assert cycle(edges) == []


def test_every_folder_has_a_rule():
    assert {stratum(name) for name in modules(PACKAGE)} <= set(MAY)


def test_at_most_three_long_modules():
    assert len(long_modules(PACKAGE)) <= LONG_ONES, long_modules(PACKAGE)


def test_names_say_what_a_module_holds():
    assert vague_modules(PACKAGE) == []


def test_core_passes_no_unnamed_options_on():
    assert passed_through(PACKAGE / "core") == []


def test_a_package_imports_nothing_under_the_name_of_a_module_of_its_own():
    """An import of the module, whenever it comes, would put the module in its place."""
    shadowed = []
    for init in PACKAGE.rglob("__init__.py"):
        own = {path.stem for path in init.parent.iterdir() if path.suffix == ".py" or path.is_dir()}
        for node in ast.walk(ast.parse(init.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.rpartition(".")[2] in own:
                shadowed += [f"{init.parent.name}.{a.name}" for a in node.names if (a.asname or a.name) in own]
    assert shadowed == []


def test_a_class_name_has_one_meaning():
    assert twice_named(PACKAGE) == []


def test_no_name_is_a_bare_participle():
    assert bare_participles(PACKAGE) == []


def test_parquet_is_read_without_threads():
    assert threaded_reads(PACKAGE) == []


def test_the_whole_package_is_read(edges):
    # the checks above hold for nothing if the modules are not found or their imports not seen
    assert len(edges) > 60
    assert {stratum(name) for name in edges} >= {"core", "kernels", "study", "jobs", "report", SECTIONS, *PLUGINS}
    assert "forecast.core.months" in edges["forecast.core.archive"]
    assert "forecast.core.release_clock" in edges["forecast.core.vintage"], "an import inside a function"
    assert "forecast.core.vintage" in edges["forecast.prep.spans_and_gaps"], "an import for types only"
    assert sum(map(len, edges.values())) > 200


HEAVY = ("pandas", "statsmodels", "sklearn", "prophet", "matplotlib", "pyarrow", "pydantic", "scipy")


def loaded(code, *names, cwd=ROOT):
    script = f"{code}\nimport sys\nprint('LOADED', sorted({{m.split('.')[0] for m in sys.modules}} & set({list(names)!r})))"
    done = subprocess.run([sys.executable, "-c", script], cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_importing_the_package_loads_nothing_heavy():
    assert loaded("import forecast", *HEAVY, "numpy") == "LOADED []"


def test_the_nouns_load_no_pandas():
    assert loaded("from forecast.core import archive, questions, results, run, panel", *HEAVY) == "LOADED []"


LIGHT = [["--help"], ["run", "--help"], *(["list", f"{kind}s"] for kind in registry.KINDS)]


@pytest.mark.parametrize("words", LIGHT, ids=" ".join)
def test_help_and_lists_import_neither_numpy_nor_a_plugin(words):
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom forecast.cli import app\n"
        f"assert CliRunner().invoke(app, {words!r}).exit_code == 0\n"
        f"folders = tuple(f'forecast.{{folder}}.' for folder in {list(registry.KINDS.values())!r})\n"
        "assert not [name for name in sys.modules if name.startswith(folders)]"
    )
    heavy = {*HEAVY, "numpy", "loky"} - {"pydantic"}  # which Typer imports itself
    assert loaded(code, *heavy) == "LOADED []"


def test_the_schema_imports_no_library_that_only_a_method_needs():
    code = "from forecast.jobs.config_json_schema import text\ntext()"
    assert loaded(code, "pandas", "statsmodels", "sklearn", "prophet", "matplotlib", "pyarrow") == "LOADED []"


@pytest.mark.parametrize("kind", registry.KINDS)
def test_a_listed_sentence_is_that_of_the_class(kind):
    for name in registry.names(kind):
        assert registry._docstring_in_file(kind, name) == inspect.getdoc(registry.get(kind, name)), name


TOP = {"pyproject.toml", "forecast", "experiments", "tests", "configs", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff"}


def ignored(name):
    patterns = [line.strip().rstrip("/") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()]
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns if pattern)


def test_top_level_holds_only_what_is_meant():
    found = {p.name for p in ROOT.iterdir() if not p.name.startswith(".") and not ignored(p.name)}
    assert found <= TOP, found - TOP
    assert {"pyproject.toml", "forecast", "tests", "README.md", "LICENSE", "CHANGELOG.md"} <= found


def text_files():
    suffixes = {".py", ".md", ".toml", ".csv", ".txt", ".html", ".css", ".sh", ".json", ".svg"}
    for name in TOP:
        entry = ROOT / name
        for path in [entry] if entry.is_file() else sorted(entry.rglob("*")):
            parts = path.relative_to(ROOT).parts
            if path.is_file() and (path.suffix in suffixes or path.name == "LICENSE") and not any(map(ignored, parts)):
                yield path


def test_no_text_knows_a_machine():
    assert machine_paths(text_files()) == []


PUBLIC = {
    "Archive", "Design", "Effect", "Event", "EventCalendar", "Failure", "Forecast", "ForecastError", "Regressor", "Run",
    "Scenario", "SeriesKey", "Task", "Vintage", "__version__", "backtest", "coming", "compare", "cutoffs", "destinations",
    "diff", "effect",
    "estimate", "estimator", "feasible", "file", "follow", "forecast", "load_archive", "model", "months", "news", "panel",
    "placebo", "plot", "predict", "read_table", "report", "run", "scenarios", "score", "to_boe", "to_hub", "untouched", "vary",
}  # fmt: skip


def test_public_names_are_pinned():
    import forecast as fc

    assert set(fc.__all__) == PUBLIC
    assert set(dir(fc)) == PUBLIC
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        fc.nonsense  # noqa: B018


@pytest.mark.parametrize("name", sorted(PUBLIC - {"__version__"}))
def test_public_name_can_be_used(name):
    import forecast as fc

    assert getattr(fc, name) is not None
    module = importlib.import_module(fc._HOMES[name])
    # `report` is a verb and the home of its parts at once
    assert hasattr(module, name) or (callable(module) and module is getattr(fc, name))


# --- the checkers find what is planted --------------------------------------------------------------------------------


def plant(folder, **files):
    """A package `forecast` in a folder: `plant(tmp, **{"core/a.py": "import x"})`."""
    package = folder / "forecast"
    for name, text in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        for parent in (package, *path.relative_to(package).parents):
            init = (package / parent if parent is not package else package) / "__init__.py"
            if not init.exists():
                init.write_text("")
    return package


WRONG = {
    "at the top": ("core/a.py", "from forecast.models import b"),
    "of a name": ("core/a.py", "from forecast.models.b import thing"),
    "plain": ("core/a.py", "import forecast.models.b"),
    "in a function": ("core/a.py", "def f():\n    from forecast.models.b import thing"),
    "for types only": ("core/a.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from forecast.models.b import B"),
    "relative": ("core/a.py", "from ..models import b"),
    "by its name": ("core/a.py", "import importlib\nimportlib.import_module('forecast.models.b')"),
    "plug-in to plug-in": ("models/a.py", "from forecast.models.b import thing"),
    "plug-in to the inside of another": ("models/a.py", "from forecast.models.c.maths import thing"),
    "the inside of a plug-in to another": ("models/d/maths.py", "from forecast.models.b import thing"),
    "plug-in to another kind": ("checks/a.py", "from forecast.models.b import thing"),
    "kernel to noun": ("kernels/a.py", "from forecast.core import months"),
    "report to jobs": ("report/a.py", "from forecast.jobs.run_folder import write"),
    "section to section": ("report/sections/a.py", "from forecast.report.sections.b import thing"),
    "report to a section": ("report/a.py", "from forecast.report.sections import b"),
    "section to jobs": ("report/sections/a.py", "from forecast.jobs import plan"),
    "jobs to report": ("jobs/a.py", "from forecast.report import compose"),
    "study to jobs": ("study/a.py", "from forecast.jobs import plan"),
    "core to the root": ("core/a.py", "import forecast"),
    "verbs to api": ("study/a.py", "from forecast import api"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_import_is_found(case, tmp_path):
    where, text = WRONG[case]
    others = {
        "models/b.py": "",
        "models/c/maths.py": "",
        "jobs/run_folder.py": "",
        "report/compose.py": "",
        "report/sections/b.py": "",
        "core/months.py": "",
        "api.py": "",
        "jobs/plan.py": "",
    }
    package = plant(tmp_path, **(others | {where: text}))
    assert len(wrong_way(graph(package))) == 1
    assert wrong_way(graph(package))[0].startswith("forecast." + where[:-3].replace("/", "."))


def test_right_imports_are_left_alone(tmp_path):
    package = plant(
        tmp_path,
        **{
            "core/a.py": "from forecast.core import b\nfrom forecast import __version__",
            "core/b.py": "import numpy",
            "kernels/k.py": "import numpy",
            "models/m.py": "from forecast.core import a\nfrom forecast.kernels.k import solve\nfrom forecast.prep.p import lay",
            "models/n/__init__.py": "from forecast.models.n.maths import solve",
            "models/n/maths.py": "from forecast.kernels.k import solve",
            "prep/p.py": "from forecast.core import a",
            "report/r.py": "",
            "report/sections/s.py": "from forecast.report import r\nfrom forecast.core import a",
            "jobs/j.py": "from forecast.study import s\nfrom . import plan",
            "jobs/plan.py": "",
            "study/s.py": "",
            "api.py": "from forecast.jobs.j import run",
        },
    )
    assert wrong_way(graph(package)) == []
    assert cycle(graph(package)) == []


@pytest.mark.parametrize(
    "back", ["from forecast.core import a", "def f():\n    import forecast.core.a", "if False:\n    from .a import x"]
)
def test_a_cycle_is_found(back, tmp_path):
    package = plant(
        tmp_path,
        **{"core/a.py": "from forecast.core import b", "core/b.py": "from forecast.core.c import x", "core/c.py": back},
    )
    assert set(cycle(graph(package))) == {"forecast.core.a", "forecast.core.b", "forecast.core.c"}


PASS_ON = """
def f(**rest):
    return g(**rest)
def g(**rest):
    return rest
def _h(**rest):
    g(**rest)
"""


def test_other_checkers_find_what_is_planted(tmp_path):
    package = plant(
        tmp_path,
        **{
            "core/date_utils.py": "",
            "core/helpers.py": "",
            "core/long.py": "x = 1\n" * (LONGEST + 1),
            "core/pass_on.py": PASS_ON,
            "core/one.py": "class Fit:\n    def told(self): ...\n    @property\n    def estimated(self): ...",
            "core/two.py": "class Fit:\n    def estimated(self): ...",
            "core/reads.py": "import pandas as pd\npd.read_parquet('a', use_threads=False)\npd.read_parquet('a')",
        },
    )
    assert vague_modules(package) == ["forecast.core.date_utils", "forecast.core.helpers"]
    assert long_modules(package) == ["forecast.core.long"]
    assert passed_through(package) == ["forecast.core.pass_on.f"]
    assert threaded_reads(package) == ["forecast.core.reads:3"]
    assert twice_named(package) == ["Fit"]
    assert bare_participles(package) == ["forecast.core.one.told", "forecast.core.two.estimated"]


def test_a_machine_path_is_found(tmp_path):
    good, bad = tmp_path / "good.md", tmp_path / "bad.md"
    good.write_text("https://example.org/home/page and tests/root/file and ~/runs\n")
    bad.write_text("see " + "/ho" + "me/someone/file\n")
    assert machine_paths([good, bad]) == [f"{bad}:1"]


# --- one file is enough -----------------------------------------------------------------------------------------------

TOYS = {
    "models/toy_level.py": '''
"""A toy."""
from __future__ import annotations
from dataclasses import dataclass
import numpy as np
from forecast.core.registry import model
from forecast.core.results import Forecast, Used


@model
@dataclass(frozen=True)
class ToyLevel:
    """The last figure for ever, give or take a tenth: a toy model."""

    spread: float = 0.1

    def predict(self, vintage, task, rng, answers=()):
        """Draws about the last figure."""
        last = []
        for series in task.series:
            values = vintage.observed(series).values
            last.append(float(values[np.isfinite(values)][-1]))
        shape = (task.draws, len(task.series), len(task.months))
        draws = np.array(last)[None, :, None] * np.exp(self.spread * rng.standard_normal(shape))
        return Forecast(task, draws, tuple(Used("toy") for _ in task.series), vintage.steps)
''',
    "shapes/toy_blip.py": '''
"""A toy."""
from __future__ import annotations
from dataclasses import dataclass
import numpy as np
from forecast.core.registry import shape


@shape
@dataclass(frozen=True)
class ToyBlip:
    """One in the first four months: a toy shape."""

    def response(self, when, event):
        """One in the first four months."""
        since = np.asarray(when) - event.start
        return ((since >= 0) & (since < 4)).astype(float)
''',
    "checks/toy_gate.py": '''
"""A toy."""
from __future__ import annotations
from dataclasses import dataclass
from forecast.core.registry import check
from forecast.core.judgement import Gate


@check
@dataclass(frozen=True)
class ToyGate:
    """Lets everything pass: a toy gate."""

    def judge(self, effect, evidence):
        """Pass."""
        return Gate("toy_gate", "pass", 1.0, 0.0, "a toy lets everything pass")
''',
    "metrics/toy_pinball.py": '''
"""A toy."""
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from forecast.core.registry import metric


@metric
@dataclass(frozen=True)
class ToyPinball:
    """Loss of one quantile, in the unit of the series: a toy metric."""

    level: float = 0.9
    label: ClassVar[str] = "Pinball"
    unit_free: ClassVar[bool] = False
    better: ClassVar[str] = "lower"

    def score(self, draws, truth, scale):
        """Pinball loss of `draws` (draws, n) against `truth` (n,)."""
        gap = truth - np.quantile(draws, self.level, axis=0)
        return np.maximum(self.level * gap, (self.level - 1) * gap)
''',
    "report/sections/toy_section.py": '''
"""A toy."""
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar
from forecast.core.registry import section
from forecast.report.blocks import Heading, Prose


@section
@dataclass(frozen=True)
class ToySection:
    """How many gates there are: a toy section."""

    order: ClassVar[float] = 105
    needs: ClassVar[tuple[str, ...]] = ("gates",)

    def blocks(self, data):
        """A heading and a count."""
        return [Heading("Toys", 2, "toys"), Prose(f"{len(data.table('gates'))} toy gates were counted.")]
''',
}


@pytest.fixture(scope="module")
def toy_package(tmp_path_factory):
    """A copy of the package with a few files more."""
    folder = tmp_path_factory.mktemp("toys")
    shutil.copytree(PACKAGE, folder / "forecast", ignore=shutil.ignore_patterns("__pycache__"))
    if (ROOT / "configs").exists():
        shutil.copytree(ROOT / "configs", folder / "configs")
    for name, text in TOYS.items():
        (folder / "forecast" / name).write_text(text.lstrip())
    return folder


def in_copy(folder, *arguments):
    import os

    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_one_file_is_a_plugin(toy_package):
    code = """
import forecast, datetime as dt, numpy as np
from forecast.core import registry
from forecast.core.events import Event
print(forecast.__file__)
for kind in ("model", "shape", "check", "section"):
    print(*registry.names(kind))
print(registry.sentence("model", "toy_level"))
print(registry.build("model", {"use": "toy_level", "spread": "0.2"}).spread)
event = Event("x", "x", dt.date(2020, 1, 1), dt.date(2020, 2, 1), shape={"use": "toy_blip"})
print(event.response(np.arange(event.start - 1, event.start + 5)).ravel().tolist())
"""
    done = in_copy(toy_package, "-c", code)
    assert done.returncode == 0, done.stderr
    where, models, shapes, checks, sections, sentence, spread, response = done.stdout.splitlines()
    assert where.startswith(str(toy_package))
    assert "toy_level" in models.split()
    assert "toy_blip" in shapes.split()
    assert "toy_gate" in checks.split()
    assert "toy_section" in sections.split()
    assert sentence == "The last figure for ever, give or take a tenth: a toy model."
    assert (spread, response) == ("0.2", "[0.0, 1.0, 1.0, 1.0, 1.0, 0.0]")


def test_the_contract_tests_cover_a_toy(toy_package, tmp_path):
    folder = shutil.copytree(toy_package, tmp_path / "copy")
    shutil.copytree(ROOT / "tests" / "contracts", folder / "tests" / "contracts")
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "tests")
    done = in_copy(folder, "-m", "pytest", "--collect-only", "-q", "tests/contracts")
    assert done.returncode == 0, done.stdout + done.stderr
    for name, least in (("toy_level", 15), ("toy_blip", 3), ("toy_gate", 3), ("toy_section", 3), ("toy_pinball", 10)):
        assert sum(name in line for line in done.stdout.splitlines()) >= least, name


TOY_CONFIG = """
name = "toys"
draws = 200
default_model = "toy_level"

[[events]]
id = "toy_event"
announced = 2023-05-02
effective = 2023-05-02
targets = ["ALL"]
products = ["rare_earths"]
instrument = "quota"
role = "default"
shape = { use = "toy_blip" }

[[models]]
use = "toy_level"
spread = 0.2

[[models]]
use = "structural"

[[metrics]]
use = "crps"

[[metrics]]
use = "toy_pinball"

[[backtest]]
name = "toys"
series = ["CHN.export.WLD.rare_earths_total"]
first = "2025-06"
horizons = [1]

[forecast]
series = ["CHN.export.WLD.rare_earths_total"]
months = 3

[[checks]]
use = "shipped"

[[checks]]
use = "toy_gate"

[[effects]]
id = "T1"
question = "What did a toy change?"
event = "toy_event"
treated = "CHN.export.WLD.rare_earths_total"
from = "2023-05"
to = "2023-06"
estimators = ["baseline", { use = "counterfactual", model = "toy_level" }]
"""


LISTED = [
    ("models", "toy_level"),
    ("shapes", "toy_blip"),
    ("checks", "toy_gate"),
    ("sections", "toy_section"),
    ("metrics", "toy_pinball"),
]


@pytest.mark.parametrize(("kind", "name"), LISTED)
def test_the_command_line_lists_a_toy(toy_package, kind, name):
    done = in_copy(toy_package, "-m", "forecast", "list", kind)
    assert done.returncode == 0, done.stderr
    listed = dict(line.split("\t", 1) for line in done.stdout.splitlines())
    assert listed[name].endswith(f"a toy { ({'checks': 'gate'}.get(kind) or kind[:-1]) }.")
    assert len(listed) > 1


def test_a_config_may_name_a_toy(toy_package):
    import pandas as pd

    (toy_package / "toys.toml").write_text(TOY_CONFIG)
    done = in_copy(toy_package, "-m", "forecast", "run", "toys.toml", "--out", "runs", "--workers", "1")
    assert done.returncode == 0, done.stderr
    folder = toy_package / done.stdout.splitlines()[-1]
    forecasts, gates, effects, failures = (
        pd.read_parquet(folder / f"{name}.parquet") for name in ("forecasts", "gates", "effects", "failures")
    )
    assert failures.empty
    assert set(forecasts["model"]) == {"toy_level", "structural"}
    leant_on = forecasts.loc[forecasts["model"] == "structural", "regressors"]
    assert leant_on.str.contains("toy_event").all()
    assert (gates.loc[gates["gate"] == "toy_gate", "outcome"] == "pass").sum() == len(effects) == 2
    assert effects["used"].str.contains("toy").any()
    page = (folder / "report.html").read_text("utf-8")
    assert "toy_level" in page
    assert "toy gate" in page.replace("_", " ")
    assert set(pd.read_parquet(folder / "scores.parquet")["metric"]) == {"crps", "toy_pinball"}
    for drawn in (page, (folder / "report.md").read_text("utf-8")):
        assert "Pinball rel." in drawn
        assert "Pinball: Loss of one quantile, in the unit of the series: a toy metric; lower is better." in drawn
    anchors = re.findall(r'<h2 id="(\w+)"', page)
    assert anchors[anchors.index("toys") - 1 :][:3] == ["backtest", "toys", "gates"]
    assert f"{len(gates)} toy gates were counted." in page
    assert f"{len(gates)} toy gates were counted." in (folder / "report.md").read_text("utf-8")


def test_without_its_file_a_toy_is_unknown(tmp_path):
    (tmp_path / "toys.toml").write_text(TOY_CONFIG)
    done = subprocess.run(
        [sys.executable, "-m", "forecast", "run", str(tmp_path / "toys.toml"), "--out", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "'toy_" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["list", "models"], ["list", "events"], ["check", "quick"], ["--version"]])
def test_looking_loads_no_library(command):
    code = f"""
from forecast.cli import app
try:
    app({command!r})
except SystemExit as end:
    assert not end.code, end.code
"""
    assert loaded(code, "statsmodels", "sklearn", "prophet", "matplotlib") == "LOADED []"


def test_a_bad_toy_breaks_the_rules_of_the_copy(toy_package, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(toy_package, folder)
    before = set(wrong_way(graph(folder / "forecast")))
    (folder / "forecast" / "checks" / "toy_gate.py").write_text("from forecast.models.toy_level import ToyLevel\n")
    after = set(wrong_way(graph(folder / "forecast")))
    assert after - before == {"forecast.checks.toy_gate -> forecast.models.toy_level"}
