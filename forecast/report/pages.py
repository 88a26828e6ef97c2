"""The pages of a run and their parts, written in one or several formats; a figure is drawn once for all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from forecast.core import manifest, output_files
from forecast.core.errors import ConfigError, nearest
from forecast.core.run import Run
from forecast.core.steps import logger
from forecast.report.blocks import Block, Heading
from forecast.report.brief import compose_brief
from forecast.report.compose import compose
from forecast.report.page import Page, figures, title
from forecast.report.renderers import FORMATS, render
from forecast.report.run_data import RunData

PAGES: dict[str, Callable[[Run], Sequence[Block]]] = {"report": compose, "brief": compose_brief}  # in every run folder
LOG = logger(__name__)
PARTS = {"effects": ("headline",), "forecasts": ("outlook", "scenarios", "nowcast")}  # chapters of the report
USUAL = ("html", "md")  # formats of the pages that every run writes


def write(run: Run, format: str = "html", out: Path | None = None, only: str = "report") -> Path:
    """Write a page of a run in one format, and return its path.

    out : a file, or a folder for ``<page>.<format>``; links are followed. Default: the run's own folder. Figures that the
        format keeps in files of their own go to `figures/` beside the page.
    only : the page or the part of it (`read_page`)
    """
    return write_formats(run, (format,), out, only)[0]


def write_formats(run: Run, formats: Sequence[str], out: Path | None = None, only: str = "report") -> list[Path]:
    """Write a page of a run in several formats, drawing its figures once; `out` is then a folder. Returns their paths."""
    formats = tuple(dict.fromkeys(formats))
    for one in formats:
        if one not in FORMATS:
            raise ConfigError(f"no report format is called '{one}'", where="--format", hint=nearest(one, FORMATS))
    run.check()
    name = None
    if out is not None and not (Path(out).is_dir() or not Path(out).suffix):
        if len(formats) > 1:
            raise ConfigError(f"'{out}' is one file for {len(formats)} formats", where="--out", hint="a folder")
        out, name = Path(out).parent, Path(out).name
    page = read_page(run, only)
    files = _render_all(page, formats, name)
    names = [name or f"{page.name}.{one}" for one in formats]
    if out is None:
        _redraw(run, files)
        return [run.folder / one for one in names]
    for one, content in files.items():
        output_files.write(Path(os.path.realpath(out)), one, content)
    return [Path(out) / one for one in names]


def write_all(run: Run) -> list[Path]:
    """Write every page of a run in the usual formats into its own folder."""
    made: list[Path] = []
    for name in PAGES:
        files = _render_all(read_page(run, name), USUAL)
        for one, content in files.items():
            output_files.write(run.folder, one, content)
        made += [run.folder / f"{name}.{format}" for format in USUAL]
    return made


def read_page(run: Run, only: str = "report") -> Page:
    """A page of a run with its figures drawn: one of `PAGES`, one of `PARTS`, or ``figure:NAME`` of the report.

    Raises ConfigError for any other name.
    """
    data: RunData = run.quotes.data  # read once for all pages
    if only in PAGES:
        return Page(only, tuple(PAGES[only](run)), data)
    if only in PARTS:
        return Page(only, tuple(compose(run, PARTS[only])), data)
    kind, _, wanted = only.partition(":")
    if kind != "figure":
        hint = nearest(only, [*PAGES, *PARTS, "figure:NAME"])
        raise ConfigError(f"no page and no part of one is called '{only}'", where="--only", hint=hint)
    blocks = compose(run)
    found = {figure.name: figure for figure in figures(blocks)}
    if wanted not in found:
        raise ConfigError(f"the report has no figure '{wanted}'", where="--only", hint=nearest(wanted, found))
    return Page(wanted, (Heading(title(blocks), 1), found[wanted]), data)


def _render_all(page: Page, formats: Sequence[str], name: str | None = None) -> Mapping[str, str | bytes]:
    """File names and contents of a page in some formats, figures beside it first."""
    from forecast.report.figures.files import figure_files

    kinds = {kind for one in formats for kind in FORMATS[one].beside}
    files = figure_files(page.blocks, kinds) if kinds else {}
    return files | {name or f"{page.name}.{one}": render(page, one) for one in formats}


def _redraw(run: Run, files: Mapping[str, str | bytes]) -> None:
    """Write files into the run's own folder; those that were changed by hand are kept under another name."""
    if run.verified and (changed := manifest.set_aside(run.folder, files)):
        LOG.warning("%s", manifest.describe_changes(run.folder, changed))
    for one, content in files.items():
        output_files.write(run.folder, one, content)
    if run.verified:
        manifest.seal(run.folder, files)
