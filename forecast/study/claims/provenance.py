"""Provenance and precision of a figure: the cells it is computed from, the percentages it depends on, and its rounding."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from forecast.core import months as mm
from forecast.core.errors import DataError
from forecast.core.products import display_unit, mineral_of
from forecast.core.series import SeriesKey
from forecast.core.vintage import Cell, Vintage
from forecast.prep.spans_and_gaps import window_total

UNUSABLE = ("missing", "suppressed")


@dataclass(frozen=True)
class PublishedPercentage:
    """A published percentage: the flow, the period and the base compared, or a share of a total."""

    series: str
    period: str
    base: str = ""

    def is_token(self, token: str) -> bool:
        """Whether a `derived_from` token is this percentage, in either direction.

        Baskets of one mineral count as one good, because publishers apply a percentage of one basket to another.
        """
        if not self.base:
            return token.startswith("text:share")
        kind, _, rest = token.partition(":")
        series, _, tail = rest.partition("@")
        periods = tail.partition("=")[0]
        forms = (f"{self.period}/{self.base}", f"{self.base}/{self.period}")
        return kind == "pct" and periods in forms and _flow(series) == _flow(self.series)


@dataclass(frozen=True)
class WeightedCell:
    """A cell in a sum, with its weight and half a unit of its last published digit (NaN if unknown)."""

    weight: float
    cell: Cell
    half: float

    @property
    def period(self) -> str:
        """Label of the cell's period."""
        return mm.period_label(self.cell.first, self.cell.last)


@dataclass(frozen=True)
class SourcedFigure:
    """A figure of one period in archive units, computed from `parts`.

    value : NaN if the usable cells do not determine it
    percentages : tokens of the (other) percentages it depends on, directly or indirectly
    struck : why cells were excluded, as sentences; empty if none was
    """

    series: str
    period: str
    value: float
    parts: tuple[WeightedCell, ...] = ()
    percentages: tuple[str, ...] = ()
    struck: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the figure is determined."""
        return math.isfinite(self.value)

    @property
    def half(self) -> float:
        """Largest error due to the rounding of the parts; NaN if that of any part is unknown."""
        return math.fsum(abs(part.weight) * part.half for part in self.parts)

    @property
    def sources(self) -> tuple[str, ...]:
        """Publishers of the parts."""
        return tuple(dict.fromkeys(part.cell.source for part in self.parts))


def figure(vintage: Vintage, series: str, period: str, tested: PublishedPercentage | None = None) -> SourcedFigure:
    """The figure of a period, from cells that do not depend on the percentage under test.

    A figure published for exactly that period has precedence; otherwise months and sums are combined
    (`spans_and_gaps.window_total`). Cells that depend on `tested`, or on a figure that enters no series, are excluded
    first, so that no percentage is tested against itself.
    """
    first, last = mm.parse_period(period)
    usable, struck = _independent_cells(vintage, series, tested)
    relevant = tuple(why for (a, b), why in struck if a <= last and b >= first)
    weighted = _weighted_cells(vintage, series, usable, first, last)
    if not weighted:
        return SourcedFigure(series, period, math.nan, struck=relevant)
    total = _total(vintage, series, usable, first, last)
    parts = tuple(WeightedCell(weight, cell, rounding_error(vintage, series, cell)) for weight, cell in weighted)
    tokens = dict.fromkeys(t for p in parts for t in provenance_tokens(vintage, series, p.cell) if t.startswith("pct:"))
    return SourcedFigure(series, period, total, parts, tuple(tokens), relevant)


def covering_sum(vintage: Vintage, series: str, period: str, tested: PublishedPercentage | None = None) -> SourcedFigure | None:
    """The shortest published sum that contains a period and does not depend on the tested percentage, or None."""
    first, last = mm.parse_period(period)
    usable, _ = _independent_cells(vintage, series, tested)
    around = [c for c in usable if c.is_span and c.first <= first and last <= c.last and c.status not in UNUSABLE]
    if not around:
        return None
    cell = min(around, key=lambda c: (c.last - c.first, c.first))
    return figure(vintage, series, mm.period_label(cell.first, cell.last), tested)


def provenance_tokens(vintage: Vintage, series: str, cell: Cell) -> tuple[str, ...]:
    """All tokens a cell depends on, directly or through other figures; `gone:` marks a figure that enters no series."""
    return tuple(dict.fromkeys(_walk_tokens(vintage, series, cell, set())))


def rounding_error(vintage: Vintage, series: str, cell: Cell) -> float:
    """Half a unit of the last published digit, at most half a display unit; propagated through the arithmetic of derived cells.

    NaN if the arithmetic is neither a sum of figures nor one figure and one percentage.
    """
    return _rounding(vintage, series, cell, frozenset())


def _walk_tokens(vintage: Vintage, series: str, cell: Cell, seen: set[tuple[str, str]]) -> Iterator[str]:
    for token in filter(None, cell.derived_from.split(";")):
        yield token
        if not token.startswith("fig:"):
            continue
        name, _, period = token[4:].partition("@")
        if (name, period) in seen:
            continue
        seen.add((name, period))
        source = _cell(vintage, name, period)
        if source is None:
            yield f"gone:{name}@{period}"
        else:
            yield from _walk_tokens(vintage, name, source, seen)


def _rounding(vintage: Vintage, series: str, cell: Cell, above: frozenset[tuple[str, str]]) -> float:
    tokens = [token for token in cell.derived_from.split(";") if token]
    if not tokens:
        return _half_last_digit(series, cell)
    figures: list[tuple[float, float]] = []
    for name, _, period in (t[4:].partition("@") for t in tokens if t.startswith("fig:")):
        source = _cell(vintage, name, period)
        if source is None or (name, period) in above:
            return math.nan
        figures.append((source.value, _rounding(vintage, name, source, above | {(name, period)})))
    percents = [t.rpartition("=")[2] for t in tokens if t.startswith("pct:")]
    if len(figures) + len(percents) < len(tokens):
        return math.nan
    if not percents:
        return math.fsum(half for _, half in figures)
    if len(percents) > 1 or len(figures) != 1 or not figures[0][0]:
        return math.nan
    fraction, half = percents[0], figures[0][1]
    step = 0.5 * 10.0 ** -len(fraction.partition(".")[2])
    return abs(cell.value) * (step / (1 + float(fraction)) + half / abs(figures[0][0]))


def _half_last_digit(series: str, cell: Cell) -> float:
    if cell.status == "zero":
        return 0.0
    if cell.stage == "census":
        return 0.5
    digits = f"{round(abs(cell.value))}"
    zeros = len(digits) - len(digits.rstrip("0"))
    return 0.5 * float(min(10.0**zeros, display_unit(series)[1]))


def _independent_cells(
    vintage: Vintage, series: str, tested: PublishedPercentage | None
) -> tuple[tuple[Cell, ...], list[tuple[tuple[int, int], str]]]:
    """The cells that do not depend on the percentage under test, and why the others are excluded."""
    usable, struck = [], []
    for cell in vintage.cells.get(series, ()):
        why = ""
        if tested is not None:
            tokens = provenance_tokens(vintage, series, cell)
            why = next((f"rests on the percentage under test ({t})" for t in tokens if tested.is_token(t)), "")
            why = why or next((f"rests on {t[5:]}, which enters no series" for t in tokens if t.startswith("gone:")), "")
        if why:
            struck.append(((cell.first, cell.last), f"the figure of {mm.period_label(cell.first, cell.last)} {why}"))
        else:
            usable.append(cell)
    return tuple(usable), struck


def _weighted_cells(vintage: Vintage, series: str, cells: tuple[Cell, ...], first: int, last: int) -> list[tuple[float, Cell]]:
    """The cells a total is computed from, with its derivative with respect to each; empty if it is not determined."""
    total = _total(vintage, series, cells, first, last)
    if not math.isfinite(total):
        return []
    exact = [c for c in cells if (c.first, c.last) == (first, last) and c.status not in UNUSABLE]
    if exact:
        return [(1.0, exact[0])]
    inside = [c for c in cells if not c.is_span and first <= c.first <= last and c.status not in UNUSABLE]
    if len({c.first for c in inside}) == last - first + 1:
        return [(1.0, c) for c in sorted(inside, key=lambda c: c.first)]
    # months and sums combined: the weight of a cell is how far the total moves with one unit of it
    out = []
    for i, cell in enumerate(cells):
        moved = (*cells[:i], replace(cell, value=cell.value + 1.0), *cells[i + 1 :])
        weight = _total(vintage, series, moved, first, last) - total
        weight = 1.0 if math.isnan(weight) else round(weight, 6)
        zero = cell.is_span and cell.status == "zero" and cell.first <= last and cell.last >= first
        if weight or zero:
            out.append((weight, cell))
    return sorted(out, key=lambda pair: (pair[1].first, pair[1].last))


def _total(vintage: Vintage, series: str, cells: Iterable[Cell], first: int, last: int) -> float:
    cells = tuple(cells)
    for cell in cells:
        if (cell.first, cell.last) == (first, last) and cell.status not in UNUSABLE:
            return cell.value
    if not cells:
        return math.nan
    seen = replace(vintage, cells={series: cells}).observed(series)
    return window_total(seen, first, last)


def _cell(vintage: Vintage, series: str, period: str) -> Cell | None:
    try:
        first, last = mm.parse_period(period)
    except DataError:
        return None
    return next((c for c in vintage.cells.get(series, ()) if (c.first, c.last) == (first, last)), None)


def _flow(series: str) -> tuple[str, ...]:
    key = SeriesKey.maybe(series)
    return (key.reporter, key.flow, key.partner, mineral_of(key.product), key.measure) if key else (series,)
