"""Changed settings of two runs: keys of the config by path, events by id, versions of code and libraries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forecast.core.run import Run

NAMES = ("name", "id", "use")  # what an entry of a list in a config is called by, the first that it has
ABSENT = object()
SCHEMA_AND_CODE = "schema"


@dataclass(frozen=True)
class SettingChange:
    """A setting that is added, removed or changed.

    path : its place, such as `models[measures].lag_months`; kind : "added", "removed", "changed" or "order";
    old, new : its values, None on the side that has none
    """

    path: str
    kind: str
    old: Any
    new: Any


@dataclass(frozen=True)
class EventChange:
    """An event that the later run knows anew, no longer knows, or knows otherwise.

    kind : "added", "removed" or "changed"; fields : the changed fields, days among them
    """

    kind: str
    id: str
    title: str
    announced: str
    fields: tuple[SettingChange, ...] = ()


def config_changes(old: Run, new: Run) -> tuple[SettingChange, ...]:
    """Changed keys of the resolved config, in its order; entries of a list are matched by their names."""
    return tuple(_changes(old.info["config"], new.info["config"], ""))


def version_changes(old: Run, new: Run) -> tuple[SettingChange, ...]:
    """Changed versions: of the package, its code (a hash), Python and libraries, and of the tables' schema."""
    before = old.info["versions"] | {SCHEMA_AND_CODE: old.info["schema_version"]}
    after = new.info["versions"] | {SCHEMA_AND_CODE: new.info["schema_version"]}
    return tuple(_changes(before, after, ""))


def event_changes(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> tuple[EventChange, ...]:
    """Events added, removed and changed, each group by the day of the announcement, the latest first."""
    before, after = ({str(row["id"]): row for row in rows} for rows in (old, new))
    found = []
    for key in {**before, **after}:
        row = after.get(key) or before[key]
        kind = "added" if key not in before else "removed" if key not in after else "changed"
        fields = tuple(_changes(before[key], after[key], "")) if kind == "changed" else ()
        if kind != "changed" or fields:
            found.append(EventChange(kind, key, str(row.get("title", key)), str(row.get("announced", "")), fields))
    found.sort(key=lambda c: c.announced, reverse=True)
    return tuple(sorted(found, key=lambda c: ("added", "removed", "changed").index(c.kind)))


def _changes(old: Any, new: Any, path: str) -> list[SettingChange]:
    """Changes of one value: of a table by its keys, of a list of named entries by their names, else as a whole."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        places = {key: f"{path}.{key}" if path else str(key) for key in {**old, **new}}
        return _changes_within(old, new, places)
    one, other = _by_name(old), _by_name(new)
    if one is not None and other is not None and (one or other):
        found = _changes_within(one, other, {name: f"{path}[{name}]" for name in {**one, **other}})
        kept = [[name for name in rows if name in both] for rows, both in ((one, other), (other, one))]
        return [*found, *([SettingChange(path, "order", kept[0], kept[1])] if kept[0] != kept[1] else [])]
    return [] if _same(old, new) else [SettingChange(path, "changed", old, new)]


def _changes_within(old: Mapping[str, Any], new: Mapping[str, Any], places: Mapping[str, str]) -> list[SettingChange]:
    found = []
    for key, place in places.items():
        one, other = old.get(key, ABSENT), new.get(key, ABSENT)
        if one is ABSENT:
            found.append(SettingChange(place, "added", None, other))
        elif other is ABSENT:
            found.append(SettingChange(place, "removed", one, None))
        else:
            found += _changes(one, other, place)
    return found


def _same(old: Any, new: Any) -> bool:
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


def _by_name(value: Any) -> dict[str, Any] | None:
    """Entries of a list by their names; None if they have none, or share one."""
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        return None
    names = [next((str(row[key]) for key in NAMES if row.get(key)), "") for row in value]
    return dict(zip(names, value, strict=True)) if all(names) and len(set(names)) == len(names) else None
