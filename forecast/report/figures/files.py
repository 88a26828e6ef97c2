"""Figures as files of their own, beside the page that shows them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from forecast.report.blocks import Block
from forecast.report.figures.canvas import draw_pdf, encode
from forecast.report.page import figures


def figure_files(blocks: Sequence[Block], kinds: Collection[str]) -> dict[str, str | bytes]:
    """Names and contents: ``figures/NAME.svg`` and ``.png`` for all panels together, ``figures/NAME-1.pdf`` for each alone."""
    files: dict[str, str | bytes] = {}
    for figure in figures(blocks):
        if not figure.panels:
            continue
        if not {"svg", "png"}.isdisjoint(kinds):
            files[f"figures/{figure.name}.svg"], files[f"figures/{figure.name}.png"] = encode(figure.panels, figure.columns)
        if "pdf" in kinds:
            for i, panel in enumerate(figure.panels, 1):
                files[f"figures/{figure.name}-{i}.pdf"] = draw_pdf(panel)
    return files
