"""The identity of a value as text: equal for two values only where all that they hold is equal.

Memo keys, cache keys and fingerprints are made of it, so it must never change for the sake of a reader; how a noun prints is
another matter (`core/presentation.py`).
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

KEPT = "_identity"  # where a frozen dataclass keeps its text


def identity(value: Any) -> str:
    """The text of a value with every field of the dataclasses in it, in the spelling of the standard library's dataclasses.

    A frozen dataclass keeps its text: events and questions are asked for theirs a thousand times in a run.

    >>> identity((dataclasses.make_dataclass("Point", ["x"])(1), {"y": 2.5}))
    "(Point(x=1), {'y': 2.5})"
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind: Any = type(value)
        kept = value.__dict__ if kind.__dataclass_params__.frozen and hasattr(value, "__dict__") else {}
        if KEPT not in kept:
            fields = ", ".join(f"{name}={identity(getattr(value, name))}" for name in _fields(kind))
            kept[KEPT] = f"{kind.__qualname__}({fields})"
        return str(kept[KEPT])
    if isinstance(value, tuple):
        inside = [identity(item) for item in value]
        return f"({inside[0]},)" if len(inside) == 1 else f"({', '.join(inside)})"
    if isinstance(value, list):
        return f"[{', '.join(map(identity, value))}]"
    if type(value) is dict:
        return f"{{{', '.join(f'{identity(key)}: {identity(item)}' for key, item in value.items())}}}"
    return repr(value)


@functools.cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind) if field.repr)
