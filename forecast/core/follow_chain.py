"""The chain of follow-ups of a filed run: each names the one before it by its hash, and holds the hash of its page.

So a follow-up that was altered, removed or renamed disagrees with the one behind it, and a page with its follow-up. Nothing
behind the last follow-up vouches for it: that it was removed with its page, or that both were made anew, cannot be seen from
the folder, only from the hash that was printed when it was added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forecast.core import filed_seal, output_files
from forecast.core.filed_seal import LATER, SHOWN

PAGE = "report.md"  # the page as text, whose footer has the hash of what its follow-up says
AGAIN = "what was drawn can be deleted, the next follow-up draws it anew"
ON_WRITING = ("written", "version", "before", "before_hash", "pages")  # no part of what a follow-up found
Draw = Callable[[Mapping[str, Any]], Mapping[str, bytes | str]]


def text_of(record: Mapping[str, Any]) -> str:
    """A follow-up as its file has it."""
    return json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def hash_of(record: Mapping[str, Any]) -> str:
    """The hash of a follow-up's file, in hexadecimal digits."""
    return output_files.sha256(text_of(record).encode())


def content_hash(record: Mapping[str, Any]) -> str:
    """The hash of what a follow-up says, without that of its page, which shows it."""
    return hash_of({key: value for key, value in record.items() if key != "pages"})[:SHOWN]


def what_to_keep(root: str, last: str) -> list[str]:
    """The two hashes of a filed run that show, kept elsewhere, what its folder alone cannot."""
    if not last:
        return [f"root hash {root}, no follow-up: one that was removed with its page cannot be seen from the folder"]
    return [
        f"root hash {root}",
        f"last follow-up {last}: keep it; that the last one was removed, or made anew, with its page cannot be seen without it",
    ]


@dataclass(frozen=True)
class FollowChain:
    """The follow-ups in the folder of a filed run, and the page as it was drawn on filing, which stands before the first.

    folder : of the filed run; root : its root hash
    """

    folder: Path
    root: str

    def records(self) -> dict[str, dict[str, Any]]:
        """The records by the names of their files, one behind another from the first; unreadable ones are left out."""
        held: dict[str, tuple[str, dict[str, Any]]] = {}
        for name, record in self._readable().items():
            held.setdefault(str(record.get("before", "")), (name, record))
        chain: dict[str, dict[str, Any]] = {}
        before = ""
        while before in held:
            before, record = held.pop(before)
            chain[before] = record
        return chain

    def append(self, record: Mapping[str, Any], draw: Draw | None = None) -> dict[str, Any]:
        """Add a record behind the last one, with the page that `draw` makes of it; the last one, if that says the same.

        draw : of the record with the hash of the one before it, the files of its page by their names in `follow/`
        """
        known = self.records()
        last = next(reversed(known), "")
        if last and _found(known[last]) == _found(record) and self._stand(known[last].get("pages", {})):
            return known[last]
        before_hash = output_files.sha256(self.folder / LATER / last) if last else ""
        new: dict[str, Any] = {**record, "before": last, "before_hash": before_hash}
        files = draw(new) if draw is not None else {}
        drawn = {name: content.encode() if isinstance(content, str) else content for name, content in files.items()}
        new["pages"] = {name: output_files.sha256(content) for name, content in drawn.items()}
        for name, content in drawn.items():
            output_files.write(self.folder, f"{LATER}/{name}", content)
        output_files.write(self.folder, f"{LATER}/{new['as_of']}-{hash_of(new)[:SHOWN]}.json", text_of(new))
        return new

    def changes(self) -> dict[str, str]:
        """What is not as it was added, by its name, with the change in words."""
        place = self.folder / LATER
        if place.is_symlink():
            return {LATER: "a link stands in its place"}
        if not place.exists():
            return {}
        if not place.is_dir():
            return {LATER: "it is no folder"}
        changed = self._changed_links() or self._changed_records() or self._changed_pages()
        return dict(sorted(changed.items()))

    def has(self, kept: str) -> bool:
        """Whether a hash that was printed with a follow-up, or its first digits, is that of one in the chain."""
        return any(filed_seal.stands_for(kept, output_files.sha256(self.folder / LATER / name)) for name in self.records())

    def _readable(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for path in sorted((self.folder / LATER).glob("*.json")):
            try:
                record = json.loads(path.read_bytes())
            except (OSError, ValueError, RecursionError):
                continue
            if isinstance(record, dict):
                found[path.name] = record
        return found

    def _stand(self, pages: Mapping[str, str]) -> bool:
        return all((self.folder / LATER / name).is_file() for name in pages)

    def _changed_links(self) -> dict[str, str]:
        paths = (self.folder / LATER).rglob("*")
        return {_name(self.folder, path): "a link stands in its place" for path in paths if path.is_symlink()}

    def _changed_records(self) -> dict[str, str]:
        """Records that disagree with their own names, with those before them, or with what was filed."""
        changed: dict[str, str] = {}
        records = self._readable()
        for path in sorted((self.folder / LATER).glob("*.json")):
            name, digest = f"{LATER}/{path.name}", output_files.sha256(path) if path.is_file() else ""
            record = records.get(path.name)
            if record is None and digest and path.stem.endswith(digest[:SHOWN]):
                changed[name] = "it is no follow-up"
            elif record is None or path.name != f"{record.get('as_of')}-{digest[:SHOWN]}.json":
                changed[name] = "its bytes are not those of its name"
            elif (before := str(record.get("before", ""))) and before not in records:
                changed[f"{LATER}/{before}"] = "it is not there"
            elif before and output_files.sha256(self.folder / LATER / before) != record.get("before_hash"):
                changed.setdefault(f"{LATER}/{before}", "it is not the one behind which the next was added")
            elif not isinstance(record.get("pages", {}), dict):
                changed[name] = "it is no follow-up"
            elif record.get("root") != self.root:
                changed[name] = "it is the follow-up of another filed run"
        if not changed and len(self.records()) < len(records):
            changed[LATER] = "its follow-ups do not stand one behind another"
        return changed

    def _changed_pages(self) -> dict[str, str]:
        """Files of the page that no follow-up drew, or another than the last one, and whatever else was put there."""
        changed: dict[str, str] = {}
        records = self.records()
        drawn = {name: digest for record in records.values() for name, digest in record.get("pages", {}).items()}
        for path in sorted((self.folder / LATER).rglob("*")):
            name = path.relative_to(self.folder / LATER).as_posix()
            if path.is_dir() or name in records:
                continue
            if name not in drawn:
                changed[_name(self.folder, path)] = "no follow-up added it"
            elif output_files.sha256(path) != drawn[name]:
                changed[_name(self.folder, path)] = f"it is not what the last follow-up drew ({AGAIN})"
        page, name = self.folder / LATER / PAGE, next(reversed(records), "")
        drew = bool(name) and PAGE in records[name].get("pages", {}) and page.is_file()
        if not changed and drew and content_hash(records[name]) not in page.read_text("utf-8"):
            changed[f"{LATER}/{name}"] = f"it does not say what {LATER}/{PAGE} was drawn from"
        return changed


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _found(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a follow-up found, without when and behind which it was written."""
    return {key: value for key, value in record.items() if key not in ON_WRITING}
