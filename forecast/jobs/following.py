"""Follow a filed run: hold it against the figures of a later day, and add what was found behind what was filed."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

from forecast import __version__
from forecast.core import filed_run, filed_seal, months
from forecast.core.errors import ConfigError
from forecast.core.filed_run import FiledRun
from forecast.jobs.filed_effects import event_answers
from forecast.jobs.filing import today_utc
from forecast.jobs.later_figures import later_figures
from forecast.study.filed.outcomes import outcomes


def open_filed(run: str | Path, out: str | Path = "runs") -> FiledRun:
    """A filed run by its folder, or by its name if it comes with the package: that is copied to `out`, where it can grow."""
    found = filed_run.locate(run)
    if not found.resolve().is_relative_to(filed_run.home_of_shipped().resolve()):
        return FiledRun(found)
    copied = Path(out) / found.name
    if not copied.is_dir():
        try:
            shutil.copytree(found, copied, ignore=shutil.ignore_patterns(filed_seal.LATER))
        except OSError as error:
            hint = "--out DIR, a folder that may be written to"
            raise ConfigError(f"the filed run cannot be copied: {error.strerror}", where=str(copied), hint=hint) from None
    return FiledRun(copied)


def follow_up(filed: FiledRun, data: str | Path = "", as_of: str | dt.date | None = None) -> dict[str, Any]:
    """What has become of a filed run by a day (default: today, UTC), added to its folder and returned."""
    day = today_utc() if as_of is None else months.parse_day(as_of)
    if str(day) < filed.day:
        raise ConfigError(f"{day} lies before the day of filing, {filed.day}", where="--as-of", hint="a later day")
    archive, named = later_figures(filed, data)
    answered = [one for record in filed.follow_ups for one in record["events"]]
    counted = {(row["series"], row["month"]): row for record in filed.follow_ups for row in record["scored"]}
    return filed.append(
        {
            "as_of": str(day), "written": str(today_utc()), "root": filed.root, "version": __version__,
            "data": {"from": named, "fingerprint": archive.fingerprint, "last_release": str(archive.last_release),
                     "pseudo": archive.pseudo},
            **outcomes(filed, archive, day, list(counted.values())),
            "events": event_answers(filed, archive, day, answered),
        }
    )  # fmt: skip
