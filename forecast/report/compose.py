"""A run folder to Blocks in the order of the report."""

from __future__ import annotations

from collections.abc import Collection
from itertools import takewhile

from forecast.core import registry
from forecast.core.contracts import Section
from forecast.core.errors import ForecastError
from forecast.core.run import Run
from forecast.core.steps import logger
from forecast.report.blocks import Block, Callout, Heading, Prose
from forecast.report.run_data import RunData

LOG = logger(__name__)
TITLE = "summary"  # the section that begins with the report's title


def compose(run: Run, only: Collection[str] = ()) -> list[Block]:
    """All Blocks of a run's report, with figures drawn; or its title and the sections named in `only`."""
    from forecast.report.figures.canvas import style

    data: RunData = run.quotes.data  # read once for all pages
    blocks: list[Block] = []
    with style():
        for section in sections():
            name = type(section).__module__.rpartition(".")[2]
            if not all(data.holds(need) for need in section.needs) or (only and name not in {TITLE, *only}):
                continue
            drawn = _draw(section, data)
            blocks += drawn if not only or name in only else takewhile(_not_a_chapter, drawn)
    return [*blocks, _footer(data)]


def _not_a_chapter(block: Block) -> bool:
    return not (isinstance(block, Heading) and block.level > 1)


def _draw(section: Section, data: RunData) -> list[Block]:
    """The Blocks of a section; an error in it is printed in its place, so that the run keeps its other pages."""
    try:
        return section.blocks(data)
    except ForecastError:  # a table that is damaged is no fault of the section
        raise
    except Exception as error:  # a section may be anybody's, and the answers of the run are made by now
        name = type(section).__module__.rpartition(".")[2]
        problem = f"The section '{name}' could not be drawn ({type(error).__name__}: {error})."
        LOG.warning("%s", problem)
        return [Callout(problem, "warning")]


def sections() -> list[Section]:
    """Every section that is installed, in the order of the report."""
    found: list[Section] = [registry.build("section", name) for name in registry.names("section")]
    return sorted(found, key=lambda section: section.order)  # stable: sections of equal order stay A to Z


def _footer(data: RunData) -> Block:
    info = data.run.info
    versions = info.get("versions") or {}
    names = [n for n in ("forecast", "python", "numpy", "pandas", "statsmodels", "prophet") if n in versions]
    hashed = info.get("config_hash") or info.get("hash") or data.run.folder.name.rpartition("-")[2]
    parts = [f"Config hash {hashed}", f"as of {data.as_of}", *(f"{n} {versions[n]}" for n in names)]
    return Prose(" · ".join(parts) + ". Redrawn from the run folder without recomputing: `forecast report`.", "footer")
