"""Renderers: one file per format, each turning a page into a file. A format's library is loaded when it is asked for."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from forecast.report.page import Page


@dataclass(frozen=True)
class PageFormat:
    """A file format: the module whose `render_page` makes it, and the kinds of figure files that its text points to."""

    module: str
    beside: tuple[str, ...] = ()


FORMATS = {
    "html": PageFormat("html"),
    "md": PageFormat("markdown", ("svg", "png")),
    "pdf": PageFormat("pdf"),
    "docx": PageFormat("word"),
    "xlsx": PageFormat("excel"),
    "tex": PageFormat("latex", ("pdf",)),
    "json": PageFormat("json_document", ("svg", "png")),
}


def render(page: Page, format: str) -> str | bytes:
    """A page in one of `FORMATS`. Raises MissingExtraError where the library or program that makes it is not installed."""
    made: str | bytes = importlib.import_module(f"{__name__}.{FORMATS[format].module}").render_page(page)
    return made
