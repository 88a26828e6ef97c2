"""A page as JSON: its Blocks as data, for a program. The schema stands beside this file (`forecast schema --page`)."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from importlib import resources
from typing import Any

from forecast.core.control_characters import printable_text
from forecast.report.blocks import Block, Details, FigureBlock, FigurePanel
from forecast.report.inline_markup import safe_address, strip_markup
from forecast.report.page import Page

VERSION = 1


def render_page(page: Page) -> str:
    """The document. Texts are plain, an address follows its words in brackets; `<` is escaped, so that no HTML can begin."""
    info = page.data.run.info
    document = {
        "schema": f"forecast-page-{VERSION}",
        "page": page.name,
        "title": _plain(page.title),
        "as_of": page.data.as_of,
        "run": page.data.run.folder.name,
        "package": str((info.get("versions") or {}).get("forecast", "")),
        "blocks": [_block(block) for block in page.blocks],
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c") + "\n"


def schema_text() -> str:
    """The JSON Schema (draft 2020-12) of the document."""
    return resources.files("forecast.report.renderers").joinpath("page.schema.json").read_text("utf-8")


def _block(block: Block) -> dict[str, Any]:
    kind = {"kind": type(block).__name__.removesuffix("Block").lower()}
    if isinstance(block, FigureBlock):
        files = {type_: f"figures/{block.name}.{type_}" for type_ in ("svg", "png")} if block.panels else {}
        return kind | _entries(block) | {"files": files}
    if isinstance(block, Details):
        return kind | {"summary": _plain(block.summary), "blocks": [_block(inner) for inner in block.blocks]}
    return kind | _entries(block)


def _entries(value: Any) -> dict[str, Any]:
    left_out = ("svg", "drawing") if isinstance(value, FigurePanel) else ()
    return {f.name: _entry(f.name, getattr(value, f.name)) for f in fields(value) if f.name not in left_out}


def _entry(name: str, value: Any) -> Any:
    match value:
        case str():
            return safe_address(value) if name == "href" else _plain(value)
        case float():
            return value if math.isfinite(value) else None
        case None | bool() | int():
            return value
        case tuple():
            return [_entry(name, item) for item in value]
        case _:
            return _entries(value)


def _plain(text: str) -> str:
    return printable_text(strip_markup(text))
