"""Fetch a live source into an archive: part by part, taken up again where a former fetch broke off."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from forecast.core import output_files, registry
from forecast.core.archive_table import ArchiveRow
from forecast.core.errors import ConfigError
from forecast.core.identity import identity
from forecast.interfaces.client import Client, Patience
from forecast.interfaces.live_source import LiveSource
from forecast.interfaces.raw_answers import FOLDER, RawAnswers

RESUMED_WITHIN = dt.timedelta(hours=24)  # later, an answer may be out of date


class ChangedFigures(Protocol):
    """What appending some rows changed, each as (series, period)."""

    @property
    def new(self) -> Sequence[tuple[str, str]]:
        """Figures that were not there, missing ones apart."""
        ...

    @property
    def revised(self) -> Sequence[tuple[str, str]]:
        """Figures that were there with another value."""
        ...

    @property
    def same(self) -> Sequence[tuple[str, str]]:
        """Figures that were there as they are."""
        ...

    @property
    def missing(self) -> Sequence[tuple[str, str]]:
        """Cells that are known to be missing."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What was found wrong with the archive and put right, in sentences."""
        ...


@dataclass
class SeriesOutcome:
    """What a fetch found of one series: months by what became of them."""

    new: int = 0
    revised: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    not_released: list[str] = field(default_factory=list)
    months: int = 0

    def __str__(self) -> str:
        counts = [f"{self.months} months", f"{self.new} new"]
        for word, found in (("revised", self.revised), ("missing", self.missing), ("not released", self.not_released)):
            counts.append(f"{len(found)} {word}" + (f" ({_span(found)})" if found else ""))
        return ", ".join(counts)


@dataclass(frozen=True)
class Asking:
    """How a source is asked: the address in its place, or the folder of saved answers, and the patience."""

    address: str = ""
    saved: Path | None = None
    patience: Patience = field(default_factory=Patience)


def fetch_into(
    source: LiveSource,
    since: str,
    folder: Path,
    append: Callable[[Sequence[ArchiveRow]], ChangedFigures],
    asking: Asking,
    say: Callable[[str], None],
) -> dict[str, SeriesOutcome]:
    """Append what a source has from the month `since` on, and say for each series what became of it.

    Raw answers are kept below `folder`. A fetch that broke off is taken up by the same call within a day: what was answered is
    not asked again. Errors: see `forecast.interfaces.faults`.
    """
    raw = RawAnswers(folder / FOLDER, source.name)
    mark = _Unfinished(raw, identity((registry.spec_of(source), since, asking.address)))
    if source.service is None:
        client = Client.of_files(raw)
    elif asking.saved is not None:
        client = Client.replay(source.service, asking.saved)
    else:
        began = mark.began()
        if began:
            say(f"taken up where the fetch of {began[:16]} UTC broke off: what was answered is not asked again")
        client = Client(source.service, raw, address=asking.address, again_since=began, patience=asking.patience, say=say)
        mark.begin(began)
    outcomes: dict[str, SeriesOutcome] = {}
    told: set[str] = set()
    try:
        for number, part in enumerate(source.fetch(since, client), 1):
            changes = append(part.rows)
            as_they_were = {*changes.new, *changes.same}  # "same" too: a crash may have come between these two appends
            append([row for row in part.guesses if (row.series, row.period) in as_they_were])
            for row in part.rows:
                outcomes.setdefault(row.series, SeriesOutcome()).months += 1
            for series, _ in changes.new:
                outcomes[series].new += 1
            for series, period in changes.revised:
                outcomes[series].revised.append(period)
            for series, period in changes.missing:
                outcomes[series].missing.append(period)
            for series, month in part.not_released:
                outcomes.setdefault(series, SeriesOutcome()).not_released.append(month)
            say(f"[{number}{f'/{part.parts}' if part.parts else ''}] {part.question}: {len(part.rows)} figures")
            for note in (*part.notes, *changes.notes):
                if note not in told:
                    say(f"  {note}")
            told.update((*part.notes, *changes.notes))
    finally:
        client.close()
    mark.end()
    return outcomes


class _Unfinished:
    """The mark of a fetch under way, beside its raw answers: of which question, and when it began."""

    def __init__(self, raw: RawAnswers, question: str) -> None:
        self._folder, self._name, self._question = raw.folder, f"{raw.name}.unfinished.json", question

    def began(self) -> str:
        """When the same fetch began that broke off, UTC, ISO; "" if none did, or too long ago."""
        try:
            mark = json.loads((self._folder / self._name).read_text("utf-8"))
            began = dt.datetime.fromisoformat(mark["began"])
            same = mark["question"] == self._question and dt.datetime.now(dt.UTC) - began < RESUMED_WITHIN
        except (OSError, ValueError, KeyError, TypeError):
            return ""
        return str(mark["began"]) if same else ""

    def begin(self, began: str) -> None:
        """Set the mark, with the time of the first beginning."""
        mark = {"question": self._question, "began": began or dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")}
        output_files.write(self._folder, self._name, json.dumps(mark) + "\n")

    def end(self) -> None:
        """Remove the mark."""
        (self._folder / self._name).unlink(missing_ok=True)


def live_source(name: str, options: dict[str, object]) -> LiveSource:
    """A live source by name, with its options; one that is read and not fetched is refused."""
    if not hasattr(registry.get("source", name), "fetch"):
        live = [one for one in registry.names("source") if hasattr(registry.get("source", one), "fetch")]
        raise ConfigError(f"'{name}' is read by a run, not fetched", where="forecast fetch", hint=f"one of {', '.join(live)}")
    built: LiveSource = registry.build("source", {"use": name, **options}, where="forecast fetch")
    return built


def _span(periods: Sequence[str]) -> str:
    """The periods, or the first and last of many."""
    found = sorted(set(periods))
    return ", ".join(found) if len(found) <= 3 else f"{found[0]} ... {found[-1]}"
