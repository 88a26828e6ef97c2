"""The figures that a filed run is held against later: those of its own config, the bundle, an archive, or a table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from forecast.core import registry
from forecast.core.archive import Archive, bundled_archive, read_archive
from forecast.core.errors import ConfigError
from forecast.core.filed_run import FiledRun
from forecast.core.release_schedule import HeldBack
from forecast.jobs.load import held_back_by

BUNDLED, ARCHIVE = "bundled", "archive"
WITHOUT_TABLE = {"published": BUNDLED, "archive": ARCHIVE}  # sources of a config that read no table
PLACES = f"--data {BUNDLED}, --data {ARCHIVE}, or the path of a table or an archive"


def held_back_as_filed(filed: FiledRun) -> HeldBack:
    """The rule by which the source of a filed config holds figures back; none where it has no such rule."""
    return held_back_by(registry.build("source", _spec(filed), where=f"{filed.folder.name}, [data]"))


def later_figures(filed: FiledRun, data: str | Path = "") -> tuple[Archive, str]:
    """The figures to hold a filed run against, and what they are called.

    data : "bundled", "archive" (that of this machine), a file in the package's schema, the folder or address of an archive, or,
        for a config that read a table, the path of that table as it stands now; without it the config's own source
    """
    spec = _spec(filed)
    own_table = spec["use"] not in WITHOUT_TABLE
    named = str(data) or WITHOUT_TABLE.get(spec["use"], "")
    if not named:
        problem = f"the filed config read the table {spec.get('path', '')}, and none is named"
        raise ConfigError(problem, where="--data", hint="--data PATH, the table as it stands now")
    if own_table and (named in (BUNDLED, ARCHIVE) or "://" in named or os.path.isdir(named)):
        problem = f"the filed config read the table {spec.get('path', '')}: figures of another source do not decide it"
        raise ConfigError(problem, where="--data", hint="--data PATH, the table as it stands now")
    if named == BUNDLED:
        return bundled_archive(), BUNDLED
    if named == ARCHIVE:
        archive: Archive = registry.build("source", spec if spec["use"] == ARCHIVE else ARCHIVE, where="--data").read()
        return archive, ARCHIVE
    if "://" not in named and not os.path.exists(named):
        raise ConfigError(f"'{named}' is no file and no folder", where="--data", hint=PLACES)
    if "://" in named or os.path.isdir(named):
        return registry.build("source", {"use": ARCHIVE, "path": named}, where="--data").read(), named
    if own_table:
        return registry.build("source", spec | {"path": named}, where="--data").read(), Path(named).name
    return read_archive(named), Path(named).name


def _spec(filed: FiledRun) -> dict[str, Any]:
    spec: dict[str, Any] = {"use": "published", **filed.info["config"].get("data", {})}
    spec.pop("name", None)
    return spec
