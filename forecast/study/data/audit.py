"""Audit of the data: coverage, gaps, contradictions, and figures derived from a published percentage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.archive_table import ArchiveRow, rows_of
from forecast.core.results import Finding
from forecast.core.vintage import ObservedSeries, Vintage
from forecast.prep.contradicting_sums import contradicting_sums
from forecast.prep.spans_and_gaps import reduced_spans
from forecast.study.data.implied_revisions import revisions_implied_by
from forecast.study.data.weights_and_values import unit_value_findings
from forecast.study.evaluate.vintage_counts import figures_of

if TYPE_CHECKING:
    import pandas as pd

SOURCE_TOLERANCE = 0.01  # relative difference between sources on one figure above which it is reported


@dataclass(frozen=True)
class SeriesCoverage:
    """What is known of a series: its first and last month, and numbers of monthly figures, sums of months, gaps and zeros."""

    series: str
    first: str
    last: str
    months: int
    spans: int
    gaps: int
    zeros: int


def audit(archive: Archive, vintage: Vintage | None = None, series: Collection[str] | None = None) -> list[Finding]:
    """Remarks on the events and on the figures of a vintage (default: the latest), or of some of its series.

    A flow is looked at in all its measures. Of the other series nothing is read, however many there are.
    """
    vintage = vintage or archive.latest
    names = archive.series if series is None else flows_of(archive, series)
    seen = vintage if series is None else vintage.only(names)
    table = archive.figures.rows_of(names).table()
    findings = [
        *_calendar_reach(archive, vintage),
        *_contradictions(table, vintage),
        *_implied_revision_findings(table, vintage),
        *_sum_mismatches(seen),
        *unit_value_findings(seen),
        *_excluded_figures(archive, table, None if series is None else names),
        *_release_day_basis(table),
    ]
    findings += [Finding("archive", note, "archive", "warning") for note in archive.figures.notes]
    if len(names) < len(archive.series):
        text = f"{len(names)} of {len(archive.series)} series were looked at, those that the questions name: {', '.join(names)}"
        findings.append(Finding("audited", text, "archive"))
    return [*findings, _vintage_kinds(archive, seen)]


def flows_of(archive: Archive, series: Collection[str]) -> tuple[str, ...]:
    """Some series of an archive, each with the other measures of the same flow."""
    flows = {name.partition(":")[0] for name in series}
    return tuple(name for name in archive.series if name.partition(":")[0] in flows)


def _vintage_kinds(archive: Archive, vintage: Vintage) -> Finding:
    text = "one vintage per figure: past days are rebuilt from release days, revisions are not seen"
    if not archive.pseudo:
        counted = figures_of(vintage)
        text = f"{counted['real']} real vintages, {counted['pseudo']} dated by a rule or a calendar"
        text = f"figures known on {vintage.day}: {text}"
    return Finding("vintages", text, "archive")


def coverage(vintage: Vintage) -> list[SeriesCoverage]:
    """Coverage of each known series."""
    label, out = vintage.steps.label, []
    for name in vintage.series:
        seen = vintage.observed(name)
        gaps, zeros = _count_gaps(seen), seen.status.count("zero")
        out.append(SeriesCoverage(name, label(seen.first), label(seen.last), seen.count, len(seen.spans), gaps, zeros))
    return out


def _count_gaps(observed: ObservedSeries) -> int:
    """Number of months between the first and the last known one that have no figure of their own, nor one that sums leave."""
    own = {int(month) for month in observed.months[np.isfinite(observed.values)]}
    known = sorted(own.union(*(unknown for unknown, _, _ in reduced_spans(observed) if len(unknown) == 1)))
    return 0 if len(known) < 2 else known[-1] - known[0] + 1 - len(known)


def _calendar_reach(archive: Archive, vintage: Vintage) -> list[Finding]:
    day = archive.events.verified_to
    if day is None:
        return [Finding("events", f"{len(archive.events)} events; how far they were verified is not stated", "calendar")]
    text = f"events verified to {day}; nothing later is known to this table"
    late = day < vintage.day
    return [
        Finding("events", text + (f", figures reach {vintage.day}" if late else ""), "calendar", "warning" if late else "note")
    ]


def _contradictions(table: pd.DataFrame, vintage: Vintage) -> list[Finding]:
    """Figures on which the sources of one release differ by more than 1 %, and the value chosen."""
    table = table[table.released <= vintage.day.isoformat()]
    groups: dict[tuple[str, str, str], list[ArchiveRow]] = {}
    for row in rows_of(table[table.duplicated(["series", "period", "released"], keep=False)]):
        groups.setdefault((row.series, row.period, row.released), []).append(row)
    out = []
    for (series, period, _), rows in sorted(groups.items()):
        values = [float(row.value) for row in rows]
        if len(values) < 2 or np.ptp(values) <= SOURCE_TOLERANCE * np.abs(values).max():
            continue
        said = "; ".join(f"{value:,.10g} ({who})" for value, who in sorted({(float(r.value), r.publisher) for r in rows}))
        chosen = _chosen_value(vintage, series, period)
        text = f"sources disagree: {said} {rows[0].unit}" + (f"; taken: {chosen:,.10g}" if chosen is not None else "")
        out.append(Finding("contradiction", text, f"{series}, {period}", "warning"))
    return out


def _implied_revision_findings(table: pd.DataFrame, vintage: Vintage) -> list[Finding]:
    """Unannounced revisions: year-to-date sums that differ from the months printed before by more than rounding."""
    return [
        Finding(
            "revision",
            f"sums to date imply that {one.revised_in} changed by {one.difference:+,.10g} {one.unit} by {one.sum_released}"
            + ("; publishers differ on a figure of it" if one.disputed else ""),
            f"{one.series}, {one.period}",
        )
        for one in revisions_implied_by(table, vintage.day)
        if one.beyond_rounding
    ]


def _chosen_value(vintage: Vintage, series: str, period: str) -> float | None:
    first, last = months.parse_period(period)
    return next((c.value for c in vintage.cells.get(series, ()) if (c.first, c.last) == (first, last)), None)


def _sum_mismatches(vintage: Vintage) -> list[Finding]:
    """Published sums that differ by more than 0.5 % from what their months, or other sums, leave for them."""
    out = []
    for series in vintage.series:
        for found in contradicting_sums(vintage.observed(series), vintage.nonnegative):
            published, others = found.cell.value, f"{found.left:,.10g}"
            if found.least == found.most:
                text = f"its months, {others}, differ by {_percent_difference(found.left, published)}"
            else:
                bound = "least" if found.left > published else "most"
                named = ", ".join(f"{vintage.steps.period(c.first, c.last)} {c.value:,.10g}" for c in found.others)
                text = f"the other figures, which leave at {bound} {others} for it, cannot both hold: {named}"
            period = vintage.steps.period(found.cell.first, found.cell.last)
            out.append(Finding("sum", f"the published sum {published:,.10g} and {text}", f"{series}, {period}", "warning"))
    return out


def _percent_difference(a: float, b: float) -> str:
    return f"{100 * (a / b - 1):+.1f} %" if b else "the whole sum"


def _excluded_figures(archive: Archive, entering: pd.DataFrame, names: Collection[str] | None) -> list[Finding]:
    """Figures that enter no series, by the reason, and how many of all rest on a published percentage."""
    every = archive.figures.all_rows().texts["series"].used if names is None else names
    left_out = archive.figures.rows_left_out(every).table()
    out = []
    for reason, rows in left_out.groupby("excluded", sort=True):
        cells = sorted({f"{s} {p}" for s, p in zip(rows.series, rows.period, strict=True)})
        named = ", ".join(cells[:4]) + (f" and {len(cells) - 4} more" if len(cells) > 4 else "")
        out.append(Finding("left out", f"{len(rows)} figures enter no series: {reason}", named))
    held, lost = (int(table.derived_from.str.contains("pct:").sum()) for table in (entering, left_out))
    text = f"{held + lost} figures rest on a published percentage; {held} enter a series, and carry it: they never test it"
    return [*out, Finding("percentages", text, "archive")]


def _release_day_basis(table: pd.DataFrame) -> list[Finding]:
    counts = Counter(table.basis)
    text = ", ".join(f"{counts[basis]} {basis or 'not stated'}" for basis in sorted(counts))
    return [Finding("release days", f"release days by basis: {text}", "archive")]
