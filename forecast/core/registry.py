"""Registry of plug-ins: one file or folder each, found by name; `build(kind, spec)` constructs one from a config entry.

A plug-in is one decorated class, a frozen dataclass whose fields are its options, in its file or in the `__init__` of a folder
that also holds what only this plug-in uses. The file's or folder's name is its name in configs, and the first line of the
class's docstring is what `forecast list` prints. A section of the report is named in no config: all that can be are drawn.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from forecast.core.errors import ConfigError, nearest, with_place

KINDS = {
    "source": "sources",
    "shape": "shapes",
    "model": "models",
    "estimator": "estimators",
    "check": "checks",
    "metric": "metrics",
    "section": "report.sections",
}

DEFAULT_MODEL = "conformal"  # where no model is named, with the default options of itself and of the model it wraps

T = TypeVar("T", bound=type)
_CLASSES: dict[tuple[str, str], type] = {}


def _decorator(kind: str) -> Callable[[T], T]:
    def register(cls: T) -> T:
        name = cls.__module__.rsplit(".", 1)[-1]
        cls.name = name  # type: ignore[attr-defined]
        if not dataclasses.is_dataclass(cls):
            raise TypeError(f"{kind} '{name}' must be a frozen dataclass: its fields are its options")
        _CLASSES[kind, name] = cls
        return cls

    return register


source = _decorator("source")
shape = _decorator("shape")
model = _decorator("model")
estimator = _decorator("estimator")
check = _decorator("check")
metric = _decorator("metric")
section = _decorator("section")


@functools.cache
def names(kind: str) -> tuple[str, ...]:
    """Names of all plug-ins of a kind, the files and folders of its package, sorted."""
    package = importlib.import_module(f"forecast.{KINDS[kind]}")
    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")))


def get(kind: str, name: str) -> Any:
    """The class of a plug-in; an unknown name is a ConfigError with the most similar one."""
    if name not in names(kind):
        raise ConfigError(f"no {kind} is called '{name}'", hint=nearest(name, names(kind)))
    if (kind, name) not in _CLASSES:
        importlib.import_module(f"forecast.{KINDS[kind]}.{name}")
    return _CLASSES[kind, name]


@contextlib.contextmanager
def reimport_plugins() -> Iterator[None]:
    """Context in which plug-ins are imported afresh, without state of their modules; the previous modules return at the end."""
    folders = tuple(f"forecast.{folder}." for folder in KINDS.values())
    former, classes = {name: module for name, module in sys.modules.items() if name.startswith(folders)}, dict(_CLASSES)
    for name in former:
        del sys.modules[name]
    for key, cls in classes.items():
        if cls.__module__ in former:
            del _CLASSES[key]
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.startswith(folders)]:
            del sys.modules[name]
        _CLASSES.clear()
        _CLASSES.update(classes)
        sys.modules.update(former)
        for name, module in former.items():
            package, _, file = name.rpartition(".")
            setattr(sys.modules[package], file, module)


def sentence(kind: str, name: str) -> str:
    """The line `forecast list` prints for a plug-in, read from its file, so that a list of names imports none of them."""
    text = None if (kind, name) in _CLASSES or name not in names(kind) else _docstring_in_file(kind, name)
    return (text or get(kind, name).__doc__ or "").strip().splitlines()[0]


def _docstring_in_file(kind: str, name: str) -> str | None:
    """The docstring of the class that a plug-in's file registers; None where the file is not to be read as such."""
    import ast
    from importlib.util import find_spec

    found = find_spec(f"forecast.{KINDS[kind]}.{name}")
    if found is None or not found.origin or not found.origin.endswith(".py"):
        return None
    for node in ast.parse(Path(found.origin).read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef) and any(isinstance(d, ast.Name) and d.id == kind for d in node.decorator_list):
            return ast.get_docstring(node)
    return None


def build(kind: str, spec: str | Mapping[str, Any], *, where: str = "") -> Any:
    """A plug-in from its name, or from ``{"use": name, option: value, ...}``.

    Options are validated against the fields of its class: values are converted to the declared type, and unknown names or
    invalid values are a ConfigError.
    """
    options = {"use": spec} if isinstance(spec, str) else dict(spec)
    name = str(options.pop("use", ""))
    with with_place(f"{where}, use" if where else ""):
        cls = get(kind, name)
    fields = {field.name for field in dataclasses.fields(cls) if field.init}
    for key in options:
        if key not in fields:
            raise ConfigError(
                f"{kind} '{name}' has no option '{key}'",
                where=where,
                hint=nearest(key, fields) if fields else "no options at all",
            )
    return _build_checked(cls, options, f"{kind} '{name}'", where) if options else cls()


def _build_checked(cls: Any, options: dict[str, Any], what: str, where: str) -> Any:
    from pydantic import ValidationError

    checked = {}
    for key, value in options.items():
        try:
            checked[key] = _adapter(cls, key).validate_python(value)
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigError(f"{what}: option '{key}' cannot be {value!r}", where=where, hint=str(first["msg"])) from None
    with with_place(where):
        return cls(**checked)


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    from typing import get_type_hints

    return get_type_hints(cls)


@functools.cache
def _adapter(cls: Any, option: str) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(_hints(cls)[option])


def spec_of(plugin: Any) -> dict[str, Any]:
    """The spec that builds a plug-in again; equal plug-ins have equal specs."""
    own = {f.name: getattr(plugin, f.name) for f in dataclasses.fields(plugin) if f.init}
    defaults = defaults_of(plugin)
    return {"use": plugin.name, **{k: v for k, v in own.items() if v != defaults[k]}}


def defaults_of(plugin: Any) -> dict[str, Any]:
    """The default of each option of a plug-in."""
    return {f.name: f.default for f in dataclasses.fields(plugin)}
