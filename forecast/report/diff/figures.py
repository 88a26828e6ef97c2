"""Figures that are new, revised or missing in the later of two runs, in display units."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from forecast.core.products import display_unit
from forecast.core.schema import ObservationRow
from forecast.report.run_data import RunData

ROUNDING = 1e-12  # relative: figures derived from others may differ in their last digits
HIDDEN = ("missing", "suppressed")
KINDS = ("new", "revised", "missing")


@dataclass(frozen=True)
class FigureChange:
    """A figure that the later run has anew, has revised, or lacks; a side without a figure is NaN, its status empty.

    kind : "new", "revised" or "missing"; `released` and `source` are those of the later run, or of the earlier if it is missing
    """

    kind: str
    series: str
    period: str
    unit: str
    old: float
    new: float
    old_status: str
    new_status: str
    released: str
    source: str


def figure_changes(old: RunData, new: RunData) -> tuple[FigureChange, ...]:
    """All changed figures: missing ones, revisions by size relative to the former figure, then new ones by series and month."""
    before, after = _by_place(old.rows(ObservationRow)), _by_place(new.rows(ObservationRow))
    found = []
    for place in sorted({*before, *after}):
        one, other = before.get(place), after.get(place)
        kind = _kind(one, other)
        shown = other or one
        if not kind or shown is None:
            continue
        unit, scale = display_unit(shown.series)
        found.append(
            FigureChange(
                kind, shown.series, shown.period, unit,
                one.value / scale if one else math.nan, other.value / scale if other else math.nan,
                one.status if one else "", other.status if other else "", shown.released, shown.source,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda c: (("missing", "revised", "new").index(c.kind), -_relative_size(c))))


def _by_place(rows: Iterable[ObservationRow]) -> dict[tuple[str, str], ObservationRow]:
    return {(row.series, row.period): row for row in rows}


def _kind(old: ObservationRow | None, new: ObservationRow | None) -> str:
    if _has_figure(old) and not _has_figure(new):
        return "missing"
    if new is not None and not _has_figure(old):
        return "new" if _has_figure(new) or old is None else ""
    if old is None or new is None:
        return ""
    same = math.isclose(old.value, new.value, rel_tol=ROUNDING, abs_tol=0.0)
    return "" if same and old.status == new.status else "revised"


def _has_figure(row: ObservationRow | None) -> bool:
    return row is not None and row.status not in HIDDEN and math.isfinite(row.value)


def _relative_size(change: FigureChange) -> float:
    """The size of a revision relative to the former figure; one from zero is the largest."""
    if change.kind != "revised":
        return 0.0
    difference = abs(change.new - change.old)
    return difference / abs(change.old) if change.old else math.inf if difference else 0.0
