"""The starter project: sample figures, a sample event and a config, copied by `forecast init`."""

from __future__ import annotations

import shutil
from pathlib import Path

from forecast.core.errors import ConfigError

FILES = ("sample_exports.csv", "sample_events.toml", "README.md")


def copy(folder: str | Path) -> list[Path]:
    """Write the starter project into a new or empty folder and return the files written."""
    from forecast.jobs.load import locate

    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError("the folder is not empty", where=str(folder), hint="a new folder; nothing is ever overwritten")
    (folder / "starter").mkdir(parents=True)
    written = [folder / "own_data.toml"]
    shutil.copyfile(locate("own_data"), written[0])
    for name in FILES:
        target = folder / name if name == "README.md" else folder / "starter" / name
        shutil.copyfile(Path(__file__).parent / name, target)
        written.append(target)
    return written
