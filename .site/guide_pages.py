"""Guides as notebooks: each Python block of a Markdown page is a cell, executed in one folder for all pages of a build.

Above a block may stand what its picture shows, for those who cannot see it; on a page of pictures the picture comes first.

    <!-- picture: Exports fall in April 2025 and come back from June on. -->
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.application import Sphinx

FOLDER = "FORECAST_SITE_FOLDER"  # where the cells run, and where the small run stands
WIDEST_TABLE = 90  # characters that pandas prints in a line; what is longer is a sentence
PICTURES_FIRST = {"gallery", "verdicts"}
BLOCK = re.compile(r"(?:^<!-- picture: (?P<words>[^>]+?) -->\n)?^```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
BEGIN = f"""\
import os
import matplotlib_inline.backend_inline as inline
from forecast.core import long_answers
os.chdir(os.environ["{FOLDER}"])
inline.set_matplotlib_formats("svg")
get_ipython().ast_node_interactivity = "none"  # what is printed or drawn is shown, as by a script
long_answers.PATIENCE = 600.0  # a page says the same however long its machine takes
"""


def read_guide(text: str) -> nbformat.NotebookNode:
    """A page as a notebook; without a Python block it has no cell to execute."""
    cells, at = [], 0
    for block in BLOCK.finditer(text):
        cells.append(nbformat.v4.new_markdown_cell(text[at : block.start()].strip("\n")))
        told = {"mystnb": {"image": {"alt": " ".join(block["words"].split())}}} if block["words"] else {}
        cells.append(nbformat.v4.new_code_cell(block["code"].rstrip("\n"), metadata=told))
        at = block.end()
    if cells:
        cells.insert(1, nbformat.v4.new_code_cell(BEGIN, metadata={"tags": ["remove-cell"]}))
    cells.append(nbformat.v4.new_markdown_cell(text[at:].strip("\n")))
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    )


def run_the_small_job(app: Sphinx) -> None:
    """Run the config `quick` once, in the folder of the build, so that every page opens the same finished run."""
    import forecast as fc

    folder = Path(app.doctreedir) / "cells"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[FOLDER] = str(folder)
    fc.run("quick", out=folder / "runs")


def arrange_cells(app: Sphinx, document: nodes.document) -> None:
    """Let printed sentences wrap; on a page of pictures, show what a cell drew above the code that drew it."""
    for cell in document.findall(lambda node: isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"):
        given = cell.children[-1]
        if given.get("nb_element") != "cell_code_output":
            continue
        for printed in given.findall(nodes.literal_block):
            if max(map(len, printed.astext().splitlines()), default=0) > WIDEST_TABLE:
                printed["classes"].append("prose_output")
        for image in list(given.findall(nodes.image)):
            image.replace_self(nodes.container("", image.deepcopy(), classes=["output", "picture"]))
        if app.env.docname in PICTURES_FIRST and any(given.findall(nodes.image)):
            cell.children.reverse()


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the three."""
    app.connect("builder-inited", run_the_small_job)
    app.connect("doctree-read", arrange_cells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
