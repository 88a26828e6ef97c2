"""A run folder to Blocks in the order of the report, and Blocks to files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from forecast.core import manifest, output_files, registry
from forecast.core.contracts import Section
from forecast.core.errors import ConfigError, ForecastError, nearest
from forecast.core.run import Run
from forecast.report.renderers import html, markdown
from forecast.report.blocks import Block, Callout, Details, FigureBlock, Prose
from forecast.report.run_data import RunData

RENDERERS = {"html": html.render, "md": markdown.render}


def compose(run: Run) -> list[Block]:
    """All Blocks of a run's report, with figures drawn."""
    from forecast.report.figures.canvas import style

    data = RunData(run)
    blocks: list[Block] = []
    with style():
        for section in sections():
            if all(data.holds(need) for need in section.needs):
                blocks += _draw(section, data)
    return [*blocks, _footer(data)]


def _draw(section: Section, data: RunData) -> list[Block]:
    """The Blocks of a section; an error in it is printed in its place, so that the run keeps its other pages."""
    try:
        return section.blocks(data)
    except ForecastError:  # a table that is damaged is no fault of the section
        raise
    except Exception as error:  # a section may be anybody's, and the answers of the run are made by now
        name = type(section).__module__.rpartition(".")[2]
        problem = f"The section '{name}' could not be drawn ({type(error).__name__}: {error})."
        print(problem, file=sys.stderr)
        return [Callout(problem, "warning")]


def sections() -> list[Section]:
    """Every section that is installed, in the order of the report."""
    found: list[Section] = [registry.build("section", name) for name in registry.names("section")]
    return sorted(found, key=lambda section: section.order)  # stable: sections of equal order stay A to Z


def write(run: Run, format: str = "html", out: Path | None = None) -> Path:
    """Write the report of a run and return its path; figures go to `figures/` next to it.

    out : a file, or a folder for ``report.<format>``; links are followed. Default: the run's own folder.
    """
    if format not in RENDERERS:
        raise ConfigError(f"no report format is called '{format}'", where="--format", hint=nearest(format, RENDERERS))
    run.check()
    if out is None:
        return _redraw(run, format)
    path = Path(out)
    if path.is_dir() or not path.suffix:
        path = path / f"report.{format}"
    _write_files(compose(run), Path(os.path.realpath(path.parent)), {path.name: format})
    return path


def _redraw(run: Run, format: str) -> Path:
    """Redraw the report in the run's own folder; files that were changed by hand are kept under another name."""
    blocks, page = compose(run), f"report.{format}"
    if not run.verified:
        _write_files(blocks, run.folder, {page: format})
        return run.folder / page
    drawn = [page, *(f"figures/{figure.name}.{kind}" for figure in figures(blocks) for kind in ("svg", "png"))]
    if changed := manifest.set_aside(run.folder, drawn):
        print(manifest.describe_changes(run.folder, changed), file=sys.stderr)
    _write_files(blocks, run.folder, {page: format})
    manifest.seal(run.folder, drawn)
    return run.folder / page


def write_all(run: Run) -> list[Path]:
    """Write the report in every format into the run's own folder, drawing its figures once."""
    return _write_files(compose(run), run.folder, {f"report.{format}": format for format in RENDERERS})


def _write_files(blocks: Sequence[Block], root: Path, pages: Mapping[str, str]) -> list[Path]:
    """Write figures and pages (file name -> format) below a folder; existing links in their place are not followed."""
    from forecast.report.figures.canvas import encode

    for figure in figures(blocks):
        svg, png = encode(figure.panels, figure.columns)
        output_files.write(root, f"figures/{figure.name}.svg", svg)
        output_files.write(root, f"figures/{figure.name}.png", png)
    return [output_files.write(root, name, RENDERERS[format](blocks)) for name, format in pages.items()]


def figures(blocks: Sequence[Block]) -> Iterator[FigureBlock]:
    """All figures of a list of Blocks, including folded ones."""
    for block in blocks:
        if isinstance(block, FigureBlock):
            yield block
        elif isinstance(block, Details):
            yield from figures(block.blocks)


def _footer(data: RunData) -> Block:
    info = data.run.info
    versions = info.get("versions") or {}
    names = [n for n in ("forecast", "python", "numpy", "pandas", "statsmodels", "prophet") if n in versions]
    hashed = info.get("config_hash") or info.get("hash") or data.run.folder.name.rpartition("-")[2]
    parts = [f"Config hash {hashed}", f"as of {data.as_of}", *(f"{n} {versions[n]}" for n in names)]
    return Prose(" · ".join(parts) + ". Redrawn from the run folder without recomputing: `forecast report`.", "footer")
