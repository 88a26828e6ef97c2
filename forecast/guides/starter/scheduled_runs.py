"""Files by which a scheduler runs a config: cron, the Task Scheduler of Windows, GitHub Actions (`init --scheduler`)."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

from forecast.core.errors import ConfigError, nearest
from forecast.core.output_files import write

TEMPLATES = Path(__file__).parent / "schedules"
SCHEDULERS = {
    "cron": {"forecast-cron.sh": "cron.sh", "forecast.crontab": "crontab"},
    "windows": {"forecast-task.cmd": "windows.cmd", "forecast-task.xml": "windows.xml"},
    "github": {".github/workflows/forecast.yml": "github.yml"},
}  # scheduler -> file in the project: its template
STARTER_CONFIG = "own_data.toml"


def check_scheduler(scheduler: str) -> None:
    """Refuse a scheduler that there are no files for."""
    if scheduler not in SCHEDULERS:
        hint = nearest(scheduler, SCHEDULERS)
        raise ConfigError(f"there are no files for a scheduler '{scheduler}'", where="--scheduler", hint=hint)


def add_schedule(folder: str | Path, scheduler: str) -> list[Path]:
    """Write the files by which a scheduler runs the config of a project folder, and return them; none is overwritten.

    The config is the only TOML file of the folder, or `own_data.toml` of the starter project. The files for cron and Windows
    hold the paths of the folder and of this Python.
    """
    check_scheduler(scheduler)
    folder = Path(os.path.abspath(folder))
    config = _config_in(folder)
    files = SCHEDULERS[scheduler]
    for name in files:
        if os.path.lexists(folder / name):
            raise ConfigError(
                "there is such a file already", where=str(folder / name), hint="move it away, nothing is overwritten"
            )
    return [write(folder, name, _fill_in(template, folder, config)) for name, template in files.items()]


def _config_in(folder: Path) -> str:
    """The name of the config that is run."""
    found = sorted(path.name for path in folder.glob("*.toml") if path.name != "pyproject.toml")
    if STARTER_CONFIG in found:
        return STARTER_CONFIG
    if len(found) != 1:
        problem = f"which config is to be run? There are {len(found)} TOML files" if found else "there is no config to run"
        raise ConfigError(problem, where=str(folder), hint="a folder with one config; a new folder gets a starter project")
    return found[0]


def _fill_in(template: str, folder: Path, config: str) -> bytes:
    """The bytes of a file: the template with each `@WORD@` filled in, spelled as the file's language wants it."""
    spell, encoding, line_end = _SPELLING[Path(template).suffix]
    values = {
        "FOLDER": str(folder), "CONFIG": config, "PYTHON": sys.executable, "SCRIPT": str(folder / "forecast-cron.sh"),
        "PACKAGE": installed_from(),
    }  # fmt: skip
    text = (TEMPLATES / template).read_text("utf-8")
    for word, value in values.items():
        text = text.replace(f"@{word}@", spell(value))
    return text.replace("\n", line_end).encode(encoding)


def _in_crontab(text: str) -> str:
    """A word of a crontab's command, where a per cent sign would end the line."""
    return shlex.quote(text).replace("%", r"\%")


def _in_cmd(text: str) -> str:
    """Text between the quotes of a batch file."""
    return text.replace("%", "%%")


_SPELLING: dict[str, tuple[Callable[[str], str], str, str]] = {
    ".sh": (shlex.quote, "utf-8", "\n"),
    "": (_in_crontab, "utf-8", "\n"),
    ".cmd": (_in_cmd, "utf-8", "\r\n"),
    ".xml": (escape, "utf-16", "\r\n"),  # as the Task Scheduler writes them itself
    ".yml": (json.dumps, "utf-8", "\n"),
}


def installed_from() -> str:
    """What pip would install this package from again, a commit of a repository; empty if it was not installed from one."""
    try:
        record = json.loads(importlib.metadata.distribution("forecast").read_text("direct_url.json") or "{}")
        return f"{record['vcs_info']['vcs']}+{record['url']}@{record['vcs_info']['commit_id']}"
    except (importlib.metadata.PackageNotFoundError, ValueError, KeyError, TypeError):
        return ""
