"""Follow a filed run: hold it against the figures of a later day."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forecast import __version__
from forecast.core import filed_run, filed_seal, months
from forecast.core.errors import ConfigError
from forecast.core.filed_run import FiledRun
from forecast.jobs.filed_effects import event_answers
from forecast.jobs.filing import today_utc
from forecast.jobs.later_figures import held_back_as_filed, later_figures
from forecast.study.filed.first_figures import Sightings
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
    """What has become of a filed run by a day (default: today, UTC), for its folder.

    Of earlier follow-ups only what was released, or answered, by that day counts.
    """
    today = max(today_utc(), dt.date.fromisoformat(filed.day))  # where a clock is slow, the day of filing has come all the same
    day = today if as_of is None else months.parse_day(as_of)
    if str(day) < filed.day:
        raise ConfigError(f"{day} lies before the day of filing, {filed.day}", where="--as-of", hint="a later day")
    if day > today:
        hint = f"a day from {filed.day} to {today}"
        raise ConfigError(f"{day} has not come yet, so nothing is known of it", where="--as-of", hint=hint)
    archive, named = later_figures(filed, data)
    earlier = filed.follow_ups
    answered = [one for record in earlier for one in record["events"] if one.get("on", "") <= str(day)]
    rows = [row for record in earlier for row in record["scored"] if "" < row["released"] <= str(day)]
    counted = {(row["series"], row["month"]): row for row in rows}
    return {
        "as_of": str(day), "written": str(today_utc()), "root": filed.root, "version": __version__,
        "data": {"from": named, "fingerprint": archive.fingerprint, "last_release": str(archive.last_release),
                 "pseudo": archive.pseudo},
        **outcomes(filed, archive, day, list(counted.values()), _newest_found(earlier, day), held_back_as_filed(filed)),
        "events": event_answers(filed, archive, day, answered),
    }  # fmt: skip


def _newest_found(earlier: Sequence[Mapping[str, Any]], day: dt.date) -> Sightings:
    """The newest figure of each month that former follow-ups had found, in the order of their days, up to a day."""
    found: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for record in sorted(earlier, key=lambda one: str(one["as_of"])):
        if record["as_of"] <= str(day):
            newest = {(row["series"], row["month"]): row.get("latest", row["figure"]) for row in record["scored"]}
            for asked, figure in newest.items():
                found.setdefault(asked, []).append((record["as_of"], figure))
    return found
