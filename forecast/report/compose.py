"""Compose: a run folder to a list of Blocks in the report's order, and the list to a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from forecast.core.errors import ConfigError, nearest
from forecast.core.run import Run
from forecast.report import html, markdown
from forecast.report.blocks import Block, Details, Figure, Prose
from forecast.report.facts import Facts
from forecast.report.sections import (
    antimony,
    backtest,
    checks,
    claims,
    data,
    headline,
    magnets,
    nowcast,
    opening,
    origins,
    outlook,
    scenarios,
)

CHAPTERS = (opening, headline, nowcast, outlook, scenarios, magnets, origins, antimony, claims, backtest, checks, data)
ALONE = (opening, nowcast, outlook, backtest, data)  # of a run that asks nothing but what is happening now
RENDERERS = {"html": html.render, "md": markdown.render}


def compose(run: Run) -> list[Block]:
    """All Blocks of a run's report, figures drawn."""
    from forecast.report.figures.canvas import style

    facts = Facts(run)
    blocks: list[Block] = []
    with style():
        for chapter in ALONE if facts.nowcasts and not facts.config.get("effects") else CHAPTERS:
            blocks += chapter.blocks(facts)
    return [*blocks, _footer(facts)]


def write(run: Run, format: str = "html", out: Path | None = None) -> Path:
    """Write the report of a run and return its path; figures go to `figures/` beside it.

    out : a file, or a folder for ``report.<format>``; default the run's own folder.
    """
    if format not in RENDERERS:
        raise ConfigError(f"no report format is called '{format}'", where="--format", hint=nearest(format, RENDERERS))
    path = run.folder / f"report.{format}" if out is None else Path(out)
    if out is not None and (path.is_dir() or not path.suffix):
        path = path / f"report.{format}"
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = compose(run)
    _save(path.parent / "figures", blocks)
    return _render(blocks, format, path)


def write_all(run: Run) -> list[Path]:
    """Write the report in every format into the run's own folder, its figures drawn once."""
    blocks = compose(run)
    _save(run.folder / "figures", blocks)
    return [_render(blocks, format, run.folder / f"report.{format}") for format in RENDERERS]


def _render(blocks: Sequence[Block], format: str, path: Path) -> Path:
    part = path.with_name(path.name + ".part")
    part.write_text(RENDERERS[format](blocks), "utf-8")
    os.replace(part, path)
    return path


def figures(blocks: Sequence[Block]) -> Iterator[Figure]:
    """Every figure of a list of Blocks, folded ones too."""
    for block in blocks:
        if isinstance(block, Figure):
            yield block
        elif isinstance(block, Details):
            yield from figures(block.blocks)


def _save(folder: Path, blocks: Sequence[Block]) -> None:
    from forecast.report.figures.canvas import save

    folder.mkdir(exist_ok=True)
    for figure in figures(blocks):
        save(figure.panels, figure.columns, folder / figure.name)


def _footer(facts: Facts) -> Block:
    info = facts.run.info
    versions = info.get("versions") or {}
    names = [n for n in ("forecast", "python", "numpy", "pandas", "statsmodels", "prophet") if n in versions]
    hashed = info.get("config_hash") or info.get("hash") or facts.run.folder.name.rpartition("-")[2]
    parts = [f"Config hash {hashed}", f"as of {facts.as_of}", *(f"{n} {versions[n]}" for n in names)]
    return Prose(" · ".join(parts) + ". Redrawn from the run folder without recomputing: `forecast report`.", "footer")
