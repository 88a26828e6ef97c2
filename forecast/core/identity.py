"""The identity of a value as text: equal for two values only where all that they hold is equal.

Memo keys, cache keys and fingerprints are made of it, so it must never change for the sake of a reader; how a noun prints is
another matter (`core/presentation.py`).
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any


def identity(value: Any) -> str:
    """The text of a value with every field of the dataclasses in it, in the spelling of the standard library's dataclasses.

    >>> identity((dataclasses.make_dataclass("Point", ["x"])(1), {"y": 2.5}))
    "(Point(x=1), {'y': 2.5})"
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        return f"{kind.__qualname__}({', '.join(f'{name}={identity(getattr(value, name))}' for name in _fields(kind))})"
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
