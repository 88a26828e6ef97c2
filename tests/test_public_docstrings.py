"""What users call says what it takes, with units and shapes, what it returns, what it refuses, and shows it."""

import ast
import dataclasses
import importlib
import inspect
import io
import re
import textwrap
import warnings
from functools import cached_property

import pytest

import forecast as fc
from forecast.core import contracts, registry
from forecast.core.arguments import TAKES

# classes that public functions and nouns hand out, by their modules
RETURNED = {
    "core.archive_table": ["ArchiveRow"],
    "core.contrast": ["Contrast"],
    "core.destinations": ["Destinations", "OrderOfReturn"],
    "core.description": ["BaselineComparison", "Description"],
    "core.estimate": ["Estimate"],
    "core.failure": ["Finding"],
    "core.filed_run": ["FiledRun"],
    "core.judgement": ["Gate", "Judgement", "Placebo", "Verdict"],
    "core.observed_series": ["Cell", "ObservedSeries"],
    "core.baseline_periods": ["BaselinePeriod"],
    "core.window": ["Window"],
    "core.release_schedule": ["ScheduledRelease"],
    "core.results": ["TableReading"],
    "core.scores": ["Scores"],
    "core.summary": ["Summary"],
    "core.used": ["Used"],
    "report.diff.run_diff": ["RunDiff"],
    "report.follow_up": ["FollowUp"],
    "study.data.real_time": ["RealTimeView"],
    "study.effects.sensitivity": ["Variation"],
    "study.evaluate.backtest": ["Backtest", "BacktestAnswer", "BacktestQuestion"],
    "study.evaluate.export": ["BoeTables", "HubTables"],
    "study.evaluate.requirements": ["Requirement"],
    "study.scenarios": ["Basis", "Fan"],
}
ELSEWHERE = {"Estimate": "its fields are those of Effect, which tells them"}


def functions():
    """Public functions by the names under which they are called."""
    named = {name: inspect.unwrap(getattr(fc, name)) for name in fc.__all__ if inspect.isfunction(getattr(fc, name))}
    drawn = {f"plot.{name}": one for name, one in vars(fc.plot).items() if inspect.isfunction(one)}
    return named | drawn | {"report": type(fc.report).__call__}


def classes():
    """Public classes and those that they hand out, and the plug-ins."""
    public = {name: getattr(fc, name) for name in fc.__all__ if inspect.isclass(getattr(fc, name))}
    returned = {
        name: getattr(importlib.import_module(f"forecast.{home}"), name) for home, own in RETURNED.items() for name in own
    }
    return public | returned


def plug_ins():
    return [(kind, name) for kind in registry.KINDS for name in registry.names(kind)]


def sections(obj):
    """The sections of a docstring by their headers."""
    pieces = re.split(r"^([A-Z][a-z]+)\n-{3,}\n", inspect.getdoc(obj) or "", flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def told(obj):
    """The parameters that a docstring tells: name -> type and text; of a table also those that its mapping tells."""
    homes = (
        [base for base in inspect.getmro(obj) if base.__module__.startswith("forecast.tables")] if inspect.isclass(obj) else []
    )
    return {name: entry for home in [*reversed(homes), obj] for name, entry in entries(sections(home)).items()}


def entries(said):
    """The entries of a docstring's parameters: name -> type and text."""
    pieces = re.split(r"^([*\w]+(?:, [*\w]+)*)(?: : (.*))?\n(?=    )", said.get("Parameters", ""), flags=re.MULTILINE)
    rows = zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True)
    return {name.lstrip("*"): (kind, text.strip()) for names, kind, text in rows for name in names.split(", ")}


def taken(obj):
    """The parameters that a call takes."""
    if inspect.isclass(obj):
        fields = [f.name for f in dataclasses.fields(obj) if f.init] if dataclasses.is_dataclass(obj) else list(obj._fields)
        return ["event" if obj is fc.Design and name == "events" else name for name in fields]
    return [name for name in inspect.signature(obj).parameters if name not in ("self", "cls")]


def gaps(obj):
    """What is wrong with the parameters of a docstring: untold, without a type or text, or told but not there."""
    said, known = told(obj), taken(obj)
    bad = [f"{name}: not told" for name in known if name not in said]
    bad += [f"{name}: no text" for name, (_, text) in said.items() if not text]
    bad += [f"{name}: no type" for name, (kind, _) in said.items() if not kind and name not in ("options",)]
    return bad + [f"{name}: no parameter" for name in said if name not in known]


def refuses(obj):
    """Whether a function raises, or has its arguments looked at before it is called."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(obj)))
    return obj.__name__ in TAKES or any(isinstance(node, ast.Raise) for node in ast.walk(tree))


def lacking(obj):
    """The sections that a function's docstring lacks."""
    said = sections(obj)
    wanted = ["Examples", *(["Raises"] if refuses(obj) else [])]
    if inspect.signature(obj).return_annotation not in (None, "None", inspect.Signature.empty):
        wanted.append("Returns")
    return [name for name in wanted if not said.get(name, "").strip()]


def methods(cls):
    """The public functions of a class, of its own or of a class of the package that it is made of."""
    for home in cls.__mro__:
        if home.__module__.startswith("forecast."):
            for name, value in vars(home).items():
                function = getattr(value, "__func__", value)
                if not name.startswith("_") and inspect.isfunction(function):
                    yield name, function


@pytest.mark.parametrize("name", functions())
def test_a_public_function_tells_its_parameters_answer_and_errors(name):
    function = functions()[name]
    assert gaps(function) == []
    assert lacking(function) == []


@pytest.mark.parametrize("name", classes())
def test_a_public_class_tells_its_fields_and_the_parameters_of_its_methods(name):
    cls = classes()[name]
    if name not in ELSEWHERE and dataclasses.is_dataclass(cls):
        assert gaps(cls) == []
    assert {method: bad for method, function in methods(cls) if (bad := gaps(function))} == {}


@pytest.mark.parametrize("name", [name for name in fc.__all__ if inspect.isclass(getattr(fc, name))])
def test_a_public_class_shows_itself(name):
    assert ">>> " in sections(getattr(fc, name)).get("Examples", "")


@pytest.mark.parametrize(("kind", "name"), plug_ins())
def test_a_plug_in_tells_its_options(kind, name):
    assert gaps(registry.get(kind, name)) == []


@pytest.mark.parametrize("contract", ["Forecaster", "Estimator", "Shape", "Check", "Metric"])
def test_a_contract_tells_what_a_plug_in_is_given(contract):
    assert {method: bad for method, function in methods(getattr(contracts, contract)) if (bad := gaps(function))} == {}


def test_the_docstrings_are_valid_numpydoc():
    pytest.importorskip("numpydoc", reason="numpydoc is not installed (extra site)")
    docutils = pytest.importorskip("docutils.core", reason="docutils is not installed (extra site)")
    from numpydoc.docscrape import NumpyDocString

    bad = {}
    everything = functions() | classes() | {f"{kind} {name}": registry.get(kind, name) for kind, name in plug_ins()}
    everything |= {f"{name}.{m}": f for name, cls in classes().items() for m, f in methods(cls)}
    everything |= {
        f"{name}.{key}": value
        for name, cls in classes().items()
        for key, value in vars(cls).items()
        if isinstance(value, property | cached_property) and not key.startswith("_")
    }
    for name, obj in everything.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an unknown section, or one that stands twice
            read = NumpyDocString(inspect.getdoc(obj))
        texts = [read[key] for key in ("Summary", "Extended Summary", "Notes", "References")]
        texts += [part.desc for key in ("Parameters", "Returns", "Raises") for part in read[key]]
        source = "\n".join(line for text in texts for line in (*text, ""))
        complaints = io.StringIO()
        docutils.publish_doctree(source, settings_overrides={"report_level": 1, "warning_stream": complaints})
        if complaints.getvalue():
            bad[name] = complaints.getvalue()
    assert bad == {}


def test_a_gap_is_found():
    def half_told(one, two, three):
        """Do a thing.

        Parameters
        ----------
        one : int
            the first
        two
            the second
        four : int
            nothing
        """
        if not one:
            raise ValueError(two, three)
        return one

    half_told.__annotations__["return"] = int
    assert gaps(half_told) == ["three: not told", "two: no type", "four: no parameter"]
    assert lacking(half_told) == ["Examples", "Raises", "Returns"]
