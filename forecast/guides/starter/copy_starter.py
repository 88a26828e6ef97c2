"""The starter project: sample figures, a sample event and a config, copied by `forecast init`."""

from __future__ import annotations

from pathlib import Path

from forecast.core.errors import ConfigError
from forecast.core.output_files import write

SCHEMA = "config.schema.json"  # what the config's first line names, for editors
PAPERS = ("paper.qmd", "paper.tex", "paper.docx")  # whose numbers `forecast embed` keeps true
FILES = ("sample_exports.csv", "sample_events.toml", "README.md")


def copy(folder: str | Path) -> list[Path]:
    """Write the starter project into a new or empty folder and return the files written."""
    from forecast.jobs.load import locate

    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError("the folder is not empty", where=str(folder), hint="a new folder; nothing is ever overwritten")
    here = Path(__file__).parent
    config = locate("own_data")
    sources = {"own_data.toml": config, SCHEMA: config.with_name(SCHEMA)}
    sources |= {name if name == "README.md" else f"starter/{name}": here / name for name in FILES}
    sources |= {f"paper/{name}": here / "paper" / name for name in PAPERS}
    return [write(folder, name, source.read_bytes()) for name, source in sources.items()]
