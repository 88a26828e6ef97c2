"""The list of an archive's parts: `archive.json`, replaced whole with every append, and found again where it is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from forecast.archives.part import FOLDER, NAME, Part, part_of_file
from forecast.core import output_files
from forecast.core.errors import DataError

LIST = "archive.json"
FORMAT = 1


@dataclass(frozen=True)
class AsideEntry:
    """A part that was cut or altered: its entry, what was wrong with it, and the day it was set aside."""

    part: Part
    fault: str
    day: str

    @property
    def note(self) -> str:
        """The loss in a sentence."""
        return (
            f"part {self.part.name} was set aside on {self.day}: {self.fault}. Its {self.part.rows:,} rows are not read; "
            "fetch them again, or put a whole copy of it among the parts"
        )


@dataclass(frozen=True)
class PartList:
    """The parts of an archive in the order of writing, those set aside, and what is wrong with the list itself."""

    parts: tuple[Part, ...] = ()
    aside: tuple[AsideEntry, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def next_number(self) -> int:
        """The number of the next part."""
        return 1 + max((part.number for part in (*self.parts, *(entry.part for entry in self.aside))), default=0)

    def with_parts(self, new: Iterable[Part], without: Iterable[str] = ()) -> PartList:
        """The list with more parts, and without those of some names."""
        gone = set(without)
        return replace(self, parts=(*(part for part in self.parts if part.name not in gone), *new))

    def with_aside(self, entry: AsideEntry) -> PartList:
        """The list with a part set aside."""
        return replace(self.with_parts((), [entry.part.name]), aside=(*self.aside, entry))

    def text(self) -> str:
        """The list as JSON, with a hash of itself."""
        held = {"format": FORMAT, "parts": [asdict(p) for p in self.parts], "aside": [asdict(e) for e in self.aside]}
        return json.dumps(held | {"sha256": _own_hash(held)}, indent=1, ensure_ascii=True) + "\n"


def read_list(read: Callable[[str], bytes | None], place: str | Path) -> PartList:
    """The list at a place; DataError where there is no archive, or its list is lost and the parts cannot be named.

    A list that was cut or altered is made again from the files of the folder, whose names carry their hashes.
    """
    data = read(LIST)
    folder = None if "://" in str(place) else Path(place)
    names = sorted(path.name for path in (folder / FOLDER).glob("*.parquet")) if folder else []
    if data is None and not names:
        hint = "forecast fetch census (or another source of `forecast list sources`), or the folder of an archive"
        raise DataError("there is no archive", where=str(place), hint=hint)
    fault = "it is not there" if data is None else ""
    if data is not None:
        try:
            return _parse(data)
        except DataError as error:
            if error.hint:
                raise DataError(error.problem, where=f"{place}/{LIST}", hint=error.hint) from None
            fault = error.problem
    if folder is None:
        raise DataError(f"the list of parts cannot be read: {fault}", where=f"{place}/{LIST}", hint="publish the archive again")
    return _found_again(read, names, f"the list of parts was made again from the files ({LIST}: {fault})")


def _parse(data: bytes) -> PartList:
    """The list in some bytes; DataError if they are none, with a hint where it is one of a newer version."""
    try:
        held = json.loads(data.decode("utf-8"))
        stated = held.pop("sha256")
        if held["format"] != FORMAT:
            newer = f"the archive has format {held['format']}, this version reads {FORMAT}"
            raise DataError(newer, hint="a newer version of forecast")
        if stated != _own_hash(held):
            raise DataError("its bytes are not those that were written")
        aside = tuple(AsideEntry(Part(**entry["part"]), entry["fault"], entry["day"]) for entry in held["aside"])
        return PartList(tuple(Part(**entry) for entry in held["parts"]), aside)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError("it is not whole") from None


def _found_again(read: Callable[[str], bytes | None], names: list[str], note: str) -> PartList:
    parts: dict[str, Part] = {}
    aside: list[AsideEntry] = []
    replaced: set[str] = set()
    for name in names:
        data = read(f"{FOLDER}/{name}") or b""
        try:
            part, replaces = part_of_file(name, data)
        except DataError as error:
            if NAME.fullmatch(name):
                aside.append(AsideEntry(Part(name, 0, len(data), "", ""), error.problem, "the day the list was lost"))
            continue
        parts[name] = part
        replaced |= set(replaces)
    kept = tuple(part for name, part in parts.items() if name not in replaced)
    return PartList(kept, tuple(aside), (note,))


def _own_hash(held: dict[str, Any]) -> str:
    return output_files.sha256(json.dumps(held, sort_keys=True, ensure_ascii=True).encode("ascii"))
