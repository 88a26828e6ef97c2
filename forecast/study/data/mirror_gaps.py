"""Mirror gap against incentive: whether two records of one trade part when a measure gives a reason to misreport it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core import months
from forecast.core.events import Event
from forecast.core.measures_in_window import DAY, turning_days
from forecast.core.schema import MirrorGapRow
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage
from forecast.kernels import mirror_gap

KNOWN, FEW_MONTHS, NO_DATA, CONTRAST = "known", "too few months", "no data", "contrast"


def mirror_gaps(
    vintage: Vintage, events: Iterable[Event], asked: Sequence[str] = (), lag_months: int = 1
) -> list[MirrorGapRow]:
    """For each measure: the gap of every pair of records before and after it, of goods under control and of others.

    A diagnostic, never a proof: records also differ by time under way, by the country that is named as origin or destination,
    by coding, and where goods pass through an entrepot (Fisman, R., Moustakerski, P. and Wei, S.-J. 2008, Review of Economics
    and Statistics 90(3), 587-592; Feenstra, R. C. and Hanson, G. H. 2004, Journal of Economics & Management Strategy 13(1),
    3-35). What is constant drops out of a change, what every good shares of the contrast.

    Parameters
    ----------
    vintage : Vintage
        what is known
    events : sequence of Event
        the measures, of which those in force by its day count
    asked : sequence of str, optional
        series for whose pairs it is told what would fill them, where a record is missing
    lag_months : int, default 1
        months between the exporter's record and the importer's

    Returns
    -------
    list of MirrorGapRow
        one for each pair of a measure, its contrast, and the pairs that lack a record
    """
    rows: list[MirrorGapRow] = []
    for event in events:
        if not event.in_force or (event.effective and event.effective > vintage.day):
            continue
        found = [row for key in _pairs(vintage) if (row := _pair_row(vintage, event, key, lag_months)) is not None]
        ends = {(r.exporter, r.destination) for r in found if r.controlled}
        kept = [r for r in found if (r.exporter, r.destination) in ends]
        rows += [*kept, *(_contrast_row(event, one, kept, lag_months) for one in sorted(ends))]
        rows += _unfilled_rows(vintage, event, asked, lag_months)
    return rows


def _pairs(vintage: Vintage) -> list[SeriesKey]:
    """The quantities that an exporter and a single destination both record."""
    keys = [k for k in map(SeriesKey.maybe, vintage.series) if k and k.flow == "export" and k.measure == "quantity"]
    return [
        k for k in keys if "WLD" not in (k.reporter, k.partner) and vintage.knows(str(k)) and vintage.knows(str(_partner(k)))
    ]


def _partner(key: SeriesKey) -> SeriesKey:
    """The same trade as the other side records it."""
    flow = "import" if key.flow == "export" else "export"
    return replace(key, reporter=key.partner, flow=flow, partner=key.reporter)


def _pair_row(vintage: Vintage, event: Event, key: SeriesKey, lag: int) -> MirrorGapRow | None:
    """The gap of a pair before and after a measure; None where it is not the exporter's, or another one disturbs the pair."""
    controlled = event.directed_at(str(key))
    if key.reporter not in event.imposers:
        return None
    if not controlled and (event.covers(key.product) or _has_measure(vintage, key)):
        return None
    exports, imports = vintage.observed(str(key)), vintage.observed(str(_partner(key)))
    first = min(exports.first, imports.first - lag)
    last = max(vintage.last_month(str(key)), vintage.last_month(str(_partner(key))) - lag)
    gap = mirror_gap.log_gap(exports.at(first, last), imports.at(first + lag, last + lag))
    when = np.arange(first, last + 1)
    gap[(when >= event.start - event.anticipation) & (when <= event.start)] = np.nan  # neither before nor wholly after
    after = when > event.start
    made = mirror_gap.change_in_time(gap, after)
    before, later = gap[~after], gap[after]
    row = MirrorGapRow(
        event=event.id, exporter=key.reporter, destination=key.partner, product=key.product, controlled=controlled,
        state=KNOWN if np.isfinite(made.estimate) else FEW_MONTHS, wanted="", lag_months=lag,
        n_before=int(np.isfinite(before).sum()), n_after=int(np.isfinite(later).sum()),
        n_turned=int(np.isfinite(gap[after & _past_the_turn(vintage, event, key, when)]).sum()) if controlled else 0,
    )  # fmt: skip
    if row.state == FEW_MONTHS:
        return replace(row, wanted=f"{mirror_gap.FEWEST} of each")
    return replace(
        row, gap_before=_mean(before), gap_after=_mean(later), change=made.estimate, change_lo95=made.low, change_hi95=made.high
    )


def _past_the_turn(vintage: Vintage, event: Event, key: SeriesKey, when: Ints) -> Bools:
    """Whether a measure had ended or been eased in a month, and did not hold again."""
    out = np.zeros(len(when), bool)
    for turned in turning_days(vintage.events, event.id, (str(key),), vintage.day):
        again = months.ordinal(turned.again) if turned.again else np.inf
        out |= (when > months.ordinal(turned.day - DAY)) & (when < again)
    return out


def _has_measure(vintage: Vintage, key: SeriesKey) -> bool:
    """Whether a measure of the calendar names the good of a pair."""
    return any(e.in_force and "ALL" not in e.products for e in vintage.events.touching(str(key), ("default",)))


def _contrast_row(event: Event, ends: tuple[str, str], rows: Sequence[MirrorGapRow], lag: int) -> MirrorGapRow:
    """Change of the gap of goods under control less that of the others, between two countries."""
    same = [r for r in rows if (r.exporter, r.destination) == ends and r.state == KNOWN]
    change, mark = np.array([r.change for r in same]), np.array([float(bool(r.controlled)) for r in same])
    low, high = np.array([r.change_lo95 for r in same]), np.array([r.change_hi95 for r in same])
    variance = mirror_gap.variance_of_change(low, high, np.array([(r.n_before or 0) + (r.n_after or 0) for r in same]))
    made = mirror_gap.slope_on_incentive(change, mark, variance=variance)
    return MirrorGapRow(
        event=event.id, exporter=ends[0], destination=ends[1], product="", controlled=None, state=CONTRAST, wanted="",
        lag_months=lag, n_before=int(mark.sum()), n_after=len(mark) - int(mark.sum()), change=made.estimate,
        change_lo95=made.low, change_hi95=made.high, n_turned=max((r.n_turned or 0 for r in same if r.controlled), default=0),
    )  # fmt: skip


def _unfilled_rows(vintage: Vintage, event: Event, asked: Sequence[str], lag: int) -> list[MirrorGapRow]:
    """The pairs of asked series that lack a record, and the series that would fill it."""
    rows = []
    for name in dict.fromkeys(asked):
        key = SeriesKey.maybe(name)
        if key is None or key.measure != "quantity" or "WLD" in (key.reporter, key.partner) or not event.directed_at(name):
            continue
        lacking = [str(k) for k in (key, _partner(key)) if not vintage.knows(str(k))]
        if lacking:
            row = MirrorGapRow(
                event=event.id, exporter=key.origin, destination=key.destination, product=key.product, controlled=True,
                state=NO_DATA, wanted="; ".join(lacking), lag_months=lag,
            )  # fmt: skip
            rows.append(row)
    return rows


def _mean(gap: Floats) -> float:
    return float(np.nanmean(gap))
