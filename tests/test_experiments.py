"""Experiments: what is committed is what a fresh run gives, every folder says what was learned, and every script still fits."""

import ast
import importlib
import importlib.util
import inspect
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast.core.archive import bundled_archive
from forecast.study.claims.published_claims import check_claims

HOME = Path(__file__).parents[1] / "experiments"
NUMBERED = sorted(p for p in HOME.iterdir() if re.match(r"\d{3}_", p.name) and any(p.iterdir()))
SCRIPTS = sorted(HOME.glob("*/*.py"))


@pytest.fixture
def module(monkeypatch):
    """`module(path)` is a script imported as where it lives, its siblings by their plain names; none of them stays loaded."""
    before = set(sys.modules)

    def load(path):
        monkeypatch.syspath_prepend(path.parent)
        for sibling in path.parent.glob("*.py"):
            monkeypatch.delitem(sys.modules, sibling.stem, raising=False)
        spec = importlib.util.spec_from_file_location(f"experiment_{path.stem}", path)
        made = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        return made

    yield load
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(HOME):
            del sys.modules[name]


def test_the_claims_table_is_a_fresh_run(module):
    run = module(HOME / "001_claims" / "run.py")
    assert run.as_csv(check_claims(bundled_archive().latest)) == (HOME / "001_claims" / "results.csv").read_text("utf-8")


@pytest.mark.parametrize("folder", NUMBERED, ids=lambda p: p.name)
def test_a_numbered_folder_has_its_page_and_stands_in_the_index(folder):
    page = folder / "README.md"
    assert page.exists(), folder.name
    assert page.read_text("utf-8").startswith("# ")
    assert f"{folder.name}/" in (HOME / "README.md").read_text("utf-8")


def test_the_page_of_the_claims_names_every_claim_and_its_verdict():
    page = (HOME / "001_claims" / "README.md").read_text("utf-8")
    for one in check_claims(bundled_archive().latest):
        assert re.search(rf"\| `{one.id}` \|[^\n]*\| {re.escape(one.verdict)} \|", page), one.id


def test_the_page_of_the_ledger_tells_its_table_and_a_network_is_what_it_was(module):
    page, kept = (HOME / "018_ledger" / "README.md").read_text("utf-8"), pd.read_csv(HOME / "018_ledger" / "results.csv")
    assert (kept.largest_error < 1e-9).all()
    assert (kept.truth_inside >= 0.9).all()
    assert (kept.share_defined >= 0.95).all(), "bounds that cross within noise leave an interval"
    assert (kept.found[kept.kind == "none"] <= 0.05).all()
    assert (kept.width_some_missing[kept.kind == "rerouted"] > kept.width_nothing_missing[kept.kind == "rerouted"]).all()
    for row in kept.itertuples():
        told = f"| {row.kind} | {row.third} | {row.networks} | {row.largest_error:.0e} | {100 * row.share_defined:.1f} % | "
        assert f"{told}{100 * row.truth_inside:.1f} % | {row.width:.2f} | {100 * row.found:.1f} % |" in page
    fresh = module(HOME / "018_ledger" / "run.py").one("none", 5, 0)
    assert fresh["closed"] < 1e-9
    assert fresh["inside"]
    assert not fresh["found"]


@pytest.mark.slow
def test_the_studies_table_is_a_fresh_run(module, tmp_path):
    """Verdicts to the letter, figures to a hundredth: the draws of a median may differ in the last digits between systems."""
    run = module(HOME / "006_studies" / "run.py")
    configs = sorted((HOME / "006_studies").glob("*.toml"))
    (tmp_path / "fresh.csv").write_text(
        run.as_csv(pd.concat([run.answers(config, str(tmp_path), 2) for config in configs], ignore_index=True)), "utf-8"
    )
    fresh, kept = (pd.read_csv(path) for path in (tmp_path / "fresh.csv", HOME / "006_studies" / "results.csv"))
    words = ["study", "id", "estimator", "what", "value", "verdict", "reading"]
    assert fresh[words].fillna("").astype(str).equals(kept[words].fillna("").astype(str))
    for name in ("estimate", "lo80", "hi80", "desc_estimate", "observed_total"):
        np.testing.assert_allclose(fresh[name], kept[name], rtol=0.01, atol=0.01, err_msg=name)


# --- scripts that are seldom run ------------------------------------------------------------------------------------------


def promised():
    """Import names of the packages that an installation for the tests brings, by pyproject.toml."""
    project = tomllib.loads((HOME.parent / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    names = {re.match(r"[\w-]+", line)[0].replace("-", "_") for line in wanted}
    return {"sklearn" if name == "scikit_learn" else name for name in names}


def stamps():
    """When each file of the experiments and of the bundle was written last."""
    folders = (HOME, HOME.parent / "forecast" / "data")
    return {p: p.stat().st_mtime_ns for f in folders for p in f.rglob("*") if p.is_file() and "__pycache__" not in p.parts}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_importing_a_script_runs_nothing(path, module, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(path)])
    before = stamps()
    try:
        module(path)
    except ModuleNotFoundError as error:
        lacking = str(error.name).partition(".")[0]
        if lacking in promised() or (path.parent / f"{lacking}.py").exists():
            raise
        pytest.skip(f"{lacking} is not installed, and no extra of the package asks for it")
    assert capsys.readouterr() == ("", "")
    assert stamps() == before
    assert list(tmp_path.iterdir()) == []


def member(owner, name):
    """An attribute of a module or class, or a submodule; AttributeError where there is none."""
    if inspect.ismodule(owner) and not hasattr(owner, name) and hasattr(owner, "__path__"):
        try:
            return importlib.import_module(f"{owner.__name__}.{name}")
        except ModuleNotFoundError:
            pass
    return getattr(owner, name)


def taken(tree):
    """(name in the script, path within the package) of all that a script imports from it, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((a.asname or "forecast", a.name if a.asname else "forecast") for a in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((a.asname or a.name, f"{node.module}.{a.name}") for a in node.names)


def misfits(text):
    """What a script takes from the package, or tells it by keyword, that is not there."""
    tree, out, known = ast.parse(text), [], {}
    for name, path in taken(tree):
        first, *rest = path.split(".")
        if first == "forecast":
            made = importlib.import_module(first)
            try:
                for part in rest:
                    made = member(made, part)
            except AttributeError:
                out.append(path)
            known[name] = made

    def resolved(node):
        if isinstance(node, ast.Name):
            return known.get(node.id)
        owner = resolved(node.value) if isinstance(node, ast.Attribute) else None
        return member(owner, node.attr) if inspect.ismodule(owner) or inspect.isclass(owner) else None

    for node in ast.walk(tree):
        try:
            found = resolved(node.func if isinstance(node, ast.Call) else node)
        except AttributeError as error:
            out.append(str(error))
            continue
        if isinstance(node, ast.Call) and (inspect.isfunction(found) or inspect.isclass(found)):
            allowed = inspect.signature(found).parameters
            if not any(p.kind is p.VAR_KEYWORD for p in allowed.values()):
                out += [f"{found.__name__}({k.arg}=)" for k in node.keywords if k.arg and k.arg not in allowed]
    return out


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_all_that_a_script_takes_from_the_package_is_there(path):
    assert misfits(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("line", "lost"),
    [
        ("from forecast.core.months import ordinals", ["forecast.core.months.ordinals"]),
        ("def f():\n    from forecast.study import asks", ["forecast.study.asks"]),
        ("import forecast.core.month as mm", ["forecast.core.month"]),
        ("from forecast.core import months as mm\nmm.labels(3)", ["module 'forecast.core.months' has no attribute 'labels'"]),
        ("import forecast as fc\nfc.Design.over(3)", ["type object 'Design' has no attribute 'over'"]),
        ("import forecast as fc\nfc.Task('2024-01-01', 'x', (), draw=3)", ["Task(draw=)"]),
        ("import forecast as fc\nfc.Task('2024-01-01', 'x', (), draws=3)", []),
        ("import csv\ncsv.nothing", []),
    ],
)
def test_a_name_that_is_gone_is_found(line, lost):
    assert sorted(set(misfits(line))) == lost
