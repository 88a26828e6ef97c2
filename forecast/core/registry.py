"""Plug-ins: a file or a folder each, found by its name; `build(kind, spec)` makes one from a config's words.

A plug-in holds one decorated class, a frozen dataclass whose fields are its options: in its file, or in the `__init__` of its
folder, beside what it alone needs. The name of the file or folder is its name in configs; the first line of the class's
docstring is the sentence that `forecast list` prints.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from forecast.core.errors import ConfigError, nearest

KINDS = {
    "source": "sources",
    "shape": "shapes",
    "model": "models",
    "estimator": "estimators",
    "check": "checks",
    "metric": "metrics",
}

DEFAULT_MODEL = "conformal"  # where no model is named; its options' defaults, and those of what it wraps, say the rest

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


@functools.cache
def names(kind: str) -> tuple[str, ...]:
    """All plug-ins of a kind: the files of its folder, A to Z."""
    package = importlib.import_module(f"forecast.{KINDS[kind]}")
    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")))


def get(kind: str, name: str) -> Any:
    """The class of a plug-in; an unknown name is a ConfigError naming the nearest one."""
    if name not in names(kind):
        raise ConfigError(f"no {kind} is called '{name}'", hint=nearest(name, names(kind)))
    if (kind, name) not in _CLASSES:
        importlib.import_module(f"forecast.{KINDS[kind]}.{name}")
    return _CLASSES[kind, name]


@contextlib.contextmanager
def reimport_plugins() -> Iterator[None]:
    """Inside, plug-ins are imported again; afterwards the former ones are back. What a plug-in's module remembers is not."""
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
    """What `forecast list` says of a plug-in."""
    return (get(kind, name).__doc__ or "").strip().splitlines()[0]


def build(kind: str, spec: str | Mapping[str, Any], *, where: str = "") -> Any:
    """A plug-in from its name, or from ``{"use": name, option: value, ...}``.

    Options are checked against the fields of its class: unknown names are refused with the nearest one,
    values are converted to the declared type or refused.
    """
    options = {"use": spec} if isinstance(spec, str) else dict(spec)
    name = str(options.pop("use", ""))
    try:
        cls = get(kind, name)
    except ConfigError as error:
        raise ConfigError(error.problem, where=f"{where}, use" if where else "", hint=error.hint) from None
    fields = {field.name for field in dataclasses.fields(cls) if field.init}
    for key in options:
        if key not in fields:
            raise ConfigError(
                f"{kind} '{name}' has no option '{key}'",
                where=where,
                hint=nearest(key, fields) if fields else "no options at all",
            )
    return _build_validated(cls, options, f"{kind} '{name}'", where) if options else cls()


def _build_validated(cls: Any, options: dict[str, Any], what: str, where: str) -> Any:
    from pydantic import TypeAdapter, ValidationError

    hints = _hints(cls)
    checked = {}
    for key, value in options.items():
        try:
            checked[key] = TypeAdapter(hints[key]).validate_python(value)
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigError(f"{what}: option '{key}' cannot be {value!r}", where=where, hint=str(first["msg"])) from None
    try:
        return cls(**checked)
    except ConfigError as error:
        raise ConfigError(error.problem, where=where or error.where, hint=error.hint) from None


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    from typing import get_type_hints

    return get_type_hints(cls)


def spec_of(plugin: Any) -> dict[str, Any]:
    """The words that build a plug-in again; equal plug-ins have equal words."""
    own = {f.name: getattr(plugin, f.name) for f in dataclasses.fields(plugin) if f.init}
    defaults = {f.name: f.default for f in dataclasses.fields(plugin)}
    return {"use": plugin.name, **{k: v for k, v in own.items() if v != defaults[k]}}
