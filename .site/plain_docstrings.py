"""Docstrings whose arguments stand as `name : meaning`, without a heading, as lists; others are left to numpydoc."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

ARGUMENT = re.compile(r"(?P<names>\*{0,2}\w+(?:, \*{0,2}\w+)*) : (?P<meaning>.*)")


def list_arguments(app: Sphinx, what: str, name: str, of: Any, options: Any, lines: list[str]) -> None:
    """Write each `name : meaning` at the margin as an item of a definition list, in place."""
    if any(re.fullmatch(r"-{3,}", line.strip()) for line in lines):
        return
    made: list[str] = []
    inside = False
    for line in lines:
        if argument := ARGUMENT.fullmatch(line):
            made += [*([] if inside else [""]), f"``{argument['names']}``", f"    {argument['meaning']}"]
            inside = True
        elif inside and line.startswith(" "):
            made.append(f"    {line.strip()}")
        else:
            made += ["", line] if inside and line else [line]
            inside = False
    lines[:] = made


def setup(app: Sphinx) -> dict[str, Any]:
    """Go first: numpydoc reads what this has written."""
    app.connect("autodoc-process-docstring", list_arguments, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
