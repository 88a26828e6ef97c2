"""The first figure published of each filed month, which is the one that counts, and what became of it since."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.cells import Cell
from forecast.core.vintage import Vintage

Sightings = Mapping[tuple[str, str], Sequence[tuple[str, float]]]  # series, month -> day of a follow-up, newest figure found


@dataclass(frozen=True)
class FiguresSince:
    """The figures of one series as a later day knows them.

    truth : a vintage of the first figure of every month and sum, those released on the day of filing or before left out of the
        filed window; None where the archive holds none
    firsts : the first figure by (first month, last month); latest : the newest one, where it is another
    before : figures of the filed window that were out on the day of filing
    ahead : figures that the data hold and that count as out only after the day
    """

    truth: Vintage | None
    firsts: Mapping[tuple[int, int], Cell]
    latest: Mapping[tuple[int, int], Cell]
    before: tuple[Cell, ...] = ()
    ahead: tuple[Cell, ...] = ()


def figures_since(
    archive: Archive, series: str, window: Sequence[str], filed: dt.date, day: dt.date, counted: Sequence[Mapping[str, Any]]
) -> FiguresSince:
    """The figures of a series that were known on a day, the first of each.

    window : the filed months; filed : the day of filing
    counted : figures that an earlier follow-up counted, with `month`, `figure`, `released`, `basis`; such a figure stays the
        first one unless the archive now holds one that was released before it
    """
    states = archive.states(series) if series in archive.series else ()
    figures = [cell for cell in states if math.isfinite(cell.value)]
    known = sorted((cell for cell in figures if cell.released <= day), key=lambda cell: cell.released)
    ahead = tuple(cell for cell in figures if cell.released > day)
    firsts: dict[tuple[int, int], Cell] = {}
    latest: dict[tuple[int, int], Cell] = {}
    for cell in known:
        firsts.setdefault((cell.first, cell.last), cell)
        latest[cell.first, cell.last] = cell
    for one in counted:
        at, released = months.parse_period(one["month"]), dt.date.fromisoformat(one["released"])
        if at not in firsts or released <= firsts[at].released:
            firsts[at] = Cell(*at, float(one["figure"]), released=released, basis=str(one["basis"]))
    first, last = months.ordinal(window[0]), months.ordinal(window[-1])
    inside = {at: cell for at, cell in firsts.items() if at[1] >= first and at[0] <= last}
    before = tuple(cell for cell in inside.values() if cell.released <= filed and cell.first >= first)
    kept = tuple(cell for _, cell in sorted(firsts.items()) if cell not in before)
    revised = {at: cell for at, cell in latest.items() if at in firsts and cell.value != firsts[at].value}
    if not kept:
        return FiguresSince(None, firsts, revised, before, ahead)
    truth = replace(archive.as_of(day), cells={series: kept}, past=None)
    return FiguresSince(truth, firsts, revised, before, ahead)


def when_revised(first: Cell, latest: Cell, found: Sequence[tuple[str, float]], day: dt.date) -> dict[str, str]:
    """When a revision came: `revised`, its day of release, or, where that is not known, `revised_after` and `revised_by`.

    A table that is written over gives a revision the day of the first figure. That a former follow-up still found another
    figure on that day or later shows it, and that the revision came between two follow-ups is all that is known.

    found : the newest figures of the month that former follow-ups found, by their days in order
    """
    own_day = latest.basis == "actual" and latest.released > first.released
    others = [i for i, (_, figure) in enumerate(found) if figure != latest.value]
    if own_day or not others or str(latest.released) > found[others[-1]][0]:
        return {"revised": str(latest.released)}
    since = [on for on, _ in found[others[-1] + 1 :]]
    return {"revised_after": found[others[-1]][0], "revised_by": since[0] if since else str(day)}
