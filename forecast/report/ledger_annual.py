"""What annual totals say beside a ledger on the bundled figures: whether all imports rose, and what bounds a country's part."""

from __future__ import annotations

from forecast.core import months as mm
from forecast.core.annual_figures import AnnualFigure, bundled_annual_figures
from forecast.core.ledger import Ledger
from forecast.core.products import display_unit, products
from forecast.core.schema import ObservationRow
from forecast.core.series import SeriesKey
from forecast.report.numbers import country_name, join_with_and, percent, period, product_name, quantity
from forecast.report.run_data import RunData


def annual_sentences(data: RunData, made: Ledger) -> list[str]:
    """Totals of the year of the measure and of the last one known, and sums of several third countries beside them.

    Empty in a run on other figures, and where no such totals are known on its day.
    """
    q = made.question
    total = f"{q.destination}.import.WLD.{q.product}"
    if not data.bundled:
        return []
    as_of, start = mm.parse_day(data.as_of), mm.ordinal(made.months_from) // 12
    by_year = {
        figure.years[0]: figure
        for figure in sorted(bundled_annual_figures(), key=lambda one: one.released)
        if (figure.series, figure.measure) == (total, "quantity") and figure.released <= as_of
        if figure.years[0] == figure.years[1]
    }
    before = max((year for year in by_year if year < start), default=None)
    after = max((year for year in by_year if year >= start), default=None)
    if before is None or after is None:
        return []
    first, last = by_year[before], by_year[after]
    change = last.value - first.value
    way = "rose" if change >= 0 else "fell"
    told = [
        f"By {last.publisher}, imports of {product_name(q.product)} from all origins were {_year(first)} in {before} and "
        f"{_year(last)} in {after}: they {way} by {quantity(abs(change), last.unit)}"
        f"{', and show no shortage' if change >= 0 else ''}. They are of "
        "whole years, rounded, and need not agree with the months above; what the measure changed, two totals cannot say."
    ]
    told += [sentence for row in data.rows(ObservationRow) if (sentence := _joint(row, made, last))]
    return told


def _year(figure: AnnualFigure) -> str:
    return quantity(figure.value, figure.unit) + (" (an estimate, provisional)" if figure.status == "provisional" else "")


def _joint(row: ObservationRow, made: Ledger, total: AnnualFigure) -> str:
    """The sentence on a figure of several third countries together, "" for any other row."""
    q, key = made.question, SeriesKey.maybe(row.series)
    if (
        key is None
        or key.measure != "quantity"
        or (key.reporter, key.flow, key.product) != (q.destination, "import", q.product)
    ):
        return ""
    partners = key.partner.split("_")
    if len(partners) < 2 or not set(partners) <= set(q.through):
        return ""
    unit, scale = display_unit(row.series)
    names = join_with_and([country_name(partner) for partner in partners])
    known = products().get(q.product)
    told = (
        f"{names} together sent {quantity(row.value / scale, unit)} in {period(row.period)} ({row.source}); the months and the "
        "countries are not told apart, so that no rise of either can be computed."
    )
    if known and known.element_factor and total.unit.startswith("t "):
        content = known.element_factor * row.value / 1000.0
        told += (
            f" That is {quantity(content, f't {known.element}')}, {percent(content / total.value, sign=False)} of the total of "
            f"{total.years[0]}, which holds other months; the total bounds what they sent in that year from above, and only so."
        )
    return told
