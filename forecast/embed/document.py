"""Fill and check the slots of a document from a run: what is stale, missing, or claims more than its verdict allows."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from forecast.core import output_files
from forecast.core.errors import ConfigError, DataError, WriteError
from forecast.core.run import Run
from forecast.embed import latex, markdown, word
from forecast.embed.causal_words import causal_word
from forecast.embed.requests import Answers
from forecast.embed.slots import Figure, Slot, Value, last_word
from forecast.report.number_format import format_number
from forecast.report.quotes import Quotes

FORMATS: dict[str, ModuleType] = {
    ".md": markdown, ".qmd": markdown, ".rmd": markdown, ".markdown": markdown, ".tex": latex, ".docx": word, ".docm": word,
}  # fmt: skip
OWN_PICTURES = (".docx", ".docm")  # documents that hold their pictures
TYPED = "{{"  # what a mark in Word begins with before it is a control
LARGEST = 200 * 2**20  # bytes of a document


class DocumentKind(Protocol):
    """What a kind of document offers: its slots, itself with values in them, and a value as it shows one."""

    slots: Callable[[bytes], list[Slot]]
    fill: Callable[[bytes, Sequence[Value | None], Mapping[str, str]], bytes]
    shown: Callable[[Value, Mapping[str, str]], str]


@dataclass(frozen=True)
class Entry:
    """A slot and what became of it.

    status : "same", "new" (nothing stands there yet), "stale" (something else than the run says), "unit changed", "missing"
    old, new : what stands there, and what the run says; note : why it is missing
    warning : what its sentence claims beyond the verdict, in words
    """

    key: str
    status: str
    where: str
    old: str = ""
    new: str = ""
    note: str = ""
    warning: str = ""

    @property
    def line(self) -> str:
        """The entry in a line."""
        change = f": {_short(self.old)} -> {_short(self.new)}" if self.new else ""
        return f"{self.status}  {self.key} ({self.where}){change}{f': {self.note}' if self.note else ''}"


@dataclass(frozen=True)
class Embedded:
    """The slots of a document after a look at a run, and the file that was written, None if it was only checked."""

    entries: tuple[Entry, ...]
    written: Path | None = None

    @property
    def lines(self) -> list[str]:
        """Every slot that is stale, missing or in another unit, every warning, and the counts."""
        told = [entry.line for entry in self.entries if entry.status != "same"]
        warned = [f"warning  {entry.key} ({entry.where}): {entry.warning}" for entry in self.entries if entry.warning]
        kinds = ("same", "new", "stale", "unit changed", "missing")
        counts = [(kind, sum(entry.status == kind for entry in self.entries)) for kind in kinds]
        said = ", ".join(f"{n} {_outcome(kind, self.written is not None)}" for kind, n in counts if n)
        return [*told, *warned, f"{len(self.entries)} keys: {said}" if self.entries else "the document has no key"]

    @property
    def in_order(self) -> bool:
        """Whether every slot shows what the run says, in the unit it had; a warning does not count."""
        bad = ("missing", "unit changed") if self.written else ("missing", "unit changed", "stale", "new")
        return not any(entry.status in bad for entry in self.entries)


def _outcome(kind: str, written: bool) -> str:
    return {"stale": "refreshed", "new": "filled"}.get(kind, kind) if written else kind


def embed(document: str | Path, run: Run | str | Path, out: str | Path | None = None, *, locale: str = "en") -> Embedded:
    """Fill the slots of a document from a run, into the file `out`; without it the document is only checked.

    document : .md, .qmd, .tex or .docx; out : another file of the same kind, or the document itself
    locale : the language of decimal and thousands marks where a key names none

    A slot whose key the run does not have stays as it is and is listed as missing. The file is written beside its place and
    renamed, so that there is always the old one or the new one. Raises ConfigError for a kind of document that is not known,
    DataError for one that cannot be read, WriteError if it cannot be written or is open in another program.
    """
    path = Path(document)
    format_ = _format_of(path)
    format_number(0.0, locale=locale)  # refuses a language whose marks are not known
    target = None if out is None else Path(out)
    if target is not None and FORMATS.get(target.suffix.lower()) is not format_:
        hint = f"a name that ends in {path.suffix}"
        raise ConfigError("a document keeps its kind", where=str(target), hint=hint)
    data = _read(path)
    answers = Answers(Quotes(run if isinstance(run, Run) else Run(Path(run))), locale)
    try:
        slots = format_.slots(data)
    except DataError as error:
        where = ", ".join(filter(None, [str(path), error.where]))
        raise DataError(error.problem, where=where, hint=error.hint) from None
    found = [_look_up(answers, slot) for slot in slots]
    place = (target or path).resolve()
    figures = {value.name: value for value, _ in found if isinstance(value, Figure)}
    holds_pictures = path.suffix.lower() in OWN_PICTURES
    files = {} if holds_pictures else {name: _figure_file(place, one) for name, one in figures.items()}
    absent = {name for name, file in files.items() if not (place.parent / file).is_file()}
    entries, values = [], list[Value | None]()
    for slot, (value, note) in zip(slots, found, strict=True):
        entry = _entry(format_, answers, slot, value, note, files, absent)
        entries.append(entry)
        values.append(None if entry.status == "same" else value)
    if target is None:
        return Embedded(tuple(entries))
    _refuse_open(target)
    made = format_.fill(data, values, files)
    for name in sorted(absent):
        output_files.write(place.parent, files[name], figures[name].png)
    _write(target, made, path)
    return Embedded(tuple(entries), target)


def _format_of(path: Path) -> DocumentKind:
    if path.suffix.lower() not in FORMATS:
        kinds = ", ".join(FORMATS)
        raise ConfigError(f"documents of the kind '{path.suffix}' have no slots", where=str(path), hint=f"one of {kinds}")
    return cast(DocumentKind, FORMATS[path.suffix.lower()])


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"the document is larger than {LARGEST // 2**20} MB", where=str(path), hint="a smaller one")
        return path.read_bytes()
    except OSError as error:
        problem = f"the document cannot be read: {error.strerror}"
        raise DataError(
            problem, where=str(path), hint=_OPEN if isinstance(error, PermissionError) else "another path"
        ) from None


def _look_up(answers: Answers, slot: Slot) -> tuple[Value | None, str]:
    """What the run says for a slot, and why it says nothing."""
    if slot.problem:
        return None, slot.problem
    try:
        request = answers.request(slot.key)
        return answers.value(request), ""
    except ConfigError as error:
        with contextlib.suppress(ConfigError):
            if not answers.unit_fits(answers.request(slot.key)):
                return None, f"unit: {error.problem}"
        return None, error.problem + (f"; try {error.hint}" if error.hint else "")
    except OSError as error:
        return None, f"the figure cannot be read: {error.strerror}"


def _entry(
    format_: DocumentKind,
    answers: Answers,
    slot: Slot,
    value: Value | None,
    note: str,
    files: Mapping[str, str],
    absent: set[str],
) -> Entry:
    old = slot.shown.strip()
    if value is None:
        changed = note.startswith("unit: ")
        return Entry(slot.key, "unit changed" if changed else "missing", slot.where, old, "", note.removeprefix("unit: "))
    new = format_.shown(value, files).strip()
    request = answers.request(slot.key)
    warning = ""
    if request.is_number and any(c.isdigit() for c in new):
        verdict = answers.verdict(request)
        word_ = causal_word(slot.context, verdict)
        warning = f"the sentence says “{word_}”, the verdict is “{verdict}”" if word_ else ""
    same = old.replace("\r\n", "\n") == new and not (isinstance(value, Figure) and value.name in absent)
    units = last_word(old), last_word(new)
    if not old or old.startswith(TYPED):
        status = "new"
    elif same:
        status = "same"
    else:
        status = "unit changed" if request.is_number and all(units) and units[0] != units[1] else "stale"
    return Entry(slot.key, status, slot.where, old, new, warning=warning)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return f"“{text if len(text) <= 60 else text[:57] + '...'}”" if text else "nothing"


def _figure_file(document: Path, figure: Figure) -> str:
    """The file of a figure beside a document, named by its content, so that the old document keeps its own until the end."""
    name, mark = output_files.segment(figure.name), output_files.sha256(figure.png)[:8]
    return f"{output_files.segment(document.stem)}_figures/{name}-{mark}.png"


_OPEN = "close it in the program that has it open"


def _refuse_open(target: Path) -> None:
    """Refuse to write a document that a word processor holds open, which would lose what its user does."""
    name = target.name
    marks = [f"~${name}", f"~${name[1:]}", f"~${name[2:]}", f".~lock.{name}#"]
    for mark in marks:
        if (target.parent / mark).exists():
            hint = f"{_OPEN}; if none has, remove {mark}"
            raise WriteError("the document is open in another program; nothing was written", where=str(target), hint=hint)


def _write(target: Path, data: bytes, source: Path) -> None:
    """Write beside the target and rename, with the rights of the file that was there, or of the source."""
    place = target.resolve()
    try:
        mode = stat.S_IMODE((place if place.exists() else source).stat().st_mode)
        if place.exists() and not os.access(place, os.W_OK):
            raise WriteError("the document may not be written", where=str(target), hint="--out NEW, or the right to write it")
        output_files.write(place.parent, place.name, data)
        os.chmod(place, mode)
    except WriteError as error:
        if "Permission" in error.problem or "denied" in error.problem:
            problem = "the document cannot be written: it is open in another program, or may not be written; the old one stands"
            raise WriteError(problem, where=str(target), hint=_OPEN) from None
        raise
    except OSError as error:
        raise WriteError(f"the document cannot be written: {error.strerror}", where=str(target), hint=_OPEN) from None
