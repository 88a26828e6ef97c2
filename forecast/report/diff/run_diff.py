"""What changed between two finished runs, read from their folders; and the run before a run."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forecast.core.errors import DataError
from forecast.core.run import Run
from forecast.report.diff.changes import Changes
from forecast.report.diff.figures import figure_changes
from forecast.report.diff.forecasts import forecast_moves, forecast_outcomes
from forecast.report.diff.sentences import sentences_on
from forecast.report.diff.settings import config_changes, event_changes, version_changes
from forecast.report.diff.text import lines_on
from forecast.report.diff.verdicts import verdict_moves
from forecast.report.run_data import RunData


@dataclass(frozen=True, repr=False)
class RunDiff(Changes):
    """What changed from one run to another, as sentences, lines and JSON.

    Parameters
    ----------
    old, new : Run
        the runs
    figures : tuple of FigureChange
        figures new, revised and no longer there
    events : tuple of EventChange
        events that are new, changed or no longer there
    config, versions : tuple of SettingChange
        settings and versions that differ
    forecasts : tuple of ForecastMove
        how forecasts and nowcasts moved, in display units, largest first
    forecast_anew, forecast_no_more : tuple of str
        series with months ahead in one of the runs only
    outcomes : tuple of ForecastOutcome
        months ahead of the earlier run whose figure the later run has
    nowcasts : tuple of ForecastMove
        how forecasts and nowcasts moved, in display units, largest first
    verdicts : tuple of VerdictMove
        verdicts and estimates that moved
    attributed : tuple of NewsRow, optional
        contributions to the change of one series' forecast
    unattributed : str, optional
        why there are none
    """

    def sentences(self) -> list[str]:
        """At most five plain sentences on what changed, for a reader of the later run."""
        return sentences_on(self)

    def lines(self) -> list[str]:
        """The changes as lines of text, the largest of each kind, with the number of those left out."""
        return lines_on(self)

    def record(self) -> dict[str, Any]:
        """All changes as a dictionary of lists that JSON can hold: a figure that is not there is null."""
        parts = {
            field.name: [_record(one) for one in getattr(self, field.name)]
            for field in dataclasses.fields(self)
            if isinstance(getattr(self, field.name), tuple)
        }
        sides = {side: {"folder": str(run.folder), "name": run.info.get("name"), "as_of": run.info["as_of"]}
                 for side, run in (("old", self.old), ("new", self.new))}  # fmt: skip
        return sides | parts | {"unattributed": self.unattributed, "sentences": self.sentences()}

    def json(self) -> str:
        """`record` as JSON text."""
        return json.dumps(self.record(), indent=1, ensure_ascii=False, allow_nan=False)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        parts = ("figures", "events", "config", "versions", "forecasts", "nowcasts", "verdicts")
        counts = ", ".join(f"{len(getattr(self, name))} {name}" for name in parts if getattr(self, name))
        return f"RunDiff({self.old.folder.name} to {self.new.folder.name}: {counts or 'nothing changed'})"


def diff(run_a: Run | str | Path, run_b: Run | str | Path) -> RunDiff:
    """What changed from run A to run B, two finished run folders of any configs; nothing is computed again.

    A folder that is no finished run, or holds a file that has changed since it was written, is a DataError.
    """
    old, new = (one if isinstance(one, Run) else Run(Path(one)) for one in (run_a, run_b))
    for run in (old, new):
        if run.info.get("finished") is False:
            hint = "forecast run CONFIG, which takes it up where it stopped"
            raise DataError("the run is not finished, so it cannot be compared", where=str(run.folder), hint=hint)
    return compare(RunData(old), RunData(new))


def compare(old: RunData, new: RunData) -> RunDiff:
    """The changes between two runs whose tables are read."""
    moved, nowcasts, anew, no_more = forecast_moves(old, new)
    calendars = [_events(data) for data in (old, new)]
    return RunDiff(
        old.run, new.run, figure_changes(old, new), event_changes(*calendars), config_changes(old.run, new.run),
        version_changes(old.run, new.run), moved, anew, no_more, forecast_outcomes(old, new), nowcasts, verdict_moves(old, new),
    )  # fmt: skip


def find_previous(run: Run) -> Run | None:
    """The latest finished run of the same config name beside a run that stands on an earlier day, or was written earlier.

    None if there is none; folders that are no runs, or that cannot be read, are passed over.
    """
    found: list[tuple[str, float, Run]] = []
    here = _age(run)
    for folder in sorted(run.folder.resolve().parent.glob(f"{run.info.get('name')}-*")):
        try:
            other = Run(folder)
            if folder == run.folder.resolve() or other.info.get("name") != run.info.get("name"):
                continue
            if other.info.get("finished") and _age(other) < here:
                found.append((*_age(other), other))
        except (DataError, OSError):
            continue
    return max(found, key=lambda one: one[:2])[2] if found else None


def _age(run: Run) -> tuple[str, float]:
    """The day of a run's data, and when it was written."""
    return str(run.info["as_of"]), (run.folder / "run.json").stat().st_mtime


def _events(data: RunData) -> Sequence[dict[str, Any]]:
    """The events of a run as tables; those of the bundled calendar if the run is older than the list."""
    rows = data.run.info.get("events")
    return rows if rows is not None else [{"id": e.id, "title": e.title, "announced": str(e.announced)} for e in data.calendar]


def _record(change: object) -> Any:
    """A change as a dictionary; its properties that are numbers or flags stand beside its fields."""
    if not dataclasses.is_dataclass(change) or isinstance(change, type):
        return change
    found = {field.name: _plain(getattr(change, field.name)) for field in dataclasses.fields(change)}
    return found | {name: _plain(getattr(change, name)) for name in ("moved", "inside") if hasattr(change, name)}


def _plain(value: object) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return _record(value) if dataclasses.is_dataclass(value) else value
