"""Annual figures of the US Geological Survey beside the sums of the record's months, of a run on the bundled figures."""

from __future__ import annotations

from collections.abc import Mapping

from forecast.core import months as mm
from forecast.core.annual_figures import AnnualFigure, bundled_annual_figures
from forecast.core.products import mineral_of
from forecast.core.series import SeriesKey
from forecast.report.blocks import MISSING, Block, Column, Details, TableBlock, TableCell
from forecast.report.number_cells import decimal_cell
from forecast.report.numbers import NBSP, capitalize, decimal, good_name
from forecast.report.run_data import RunData

FIRST_YEAR = 2021


def annual_blocks(data: RunData) -> list[Block]:
    """A table of yearly US imports; empty in a run on other figures, and where none of its minerals is among them."""
    if (data.config.get("data") or {}).get("use", "published") != "published":
        return []
    as_of = mm.parse_day(data.as_of)
    keys = [SeriesKey.maybe(series) for series in data.histories]
    minerals = {mineral_of(key.product) for key in keys if key and key.reporter == "USA"}
    known = [f for f in bundled_annual_figures() if f.released <= as_of and f.years[0] >= FIRST_YEAR]
    shares = {f.series.partition(".CHN.")[2]: f for f in known if f.measure == "share" and ".import.CHN." in f.series}
    goods: dict[str, dict[int, AnnualFigure]] = {}
    for figure in known:
        if figure.measure == "quantity" and figure.series.startswith("USA.import.") and figure.mineral in minerals:
            goods.setdefault(figure.series, {})[figure.years[0]] = figure
    if not goods:
        return []
    years = sorted({year for of_year in goods.values() for year in of_year})
    rows = tuple(_row(data, series, of_year, years, shares.get(series.rpartition(".")[2])) for series, of_year in goods.items())
    columns = (Column("US imports, all origins"), *(Column(str(year), True) for year in years), Column("From China", True))
    sources = sorted({figure.publisher for of_year in goods.values() for figure in of_year.values()})
    table = TableBlock(
        "US imports by year as the US Geological Survey prints them; beneath a figure the sum of the twelve months of the "
        "record, where all are known.",
        columns,
        rows,
        "Beside the record and in none of its series: contents of the element, rounded by the survey; “provisional” is its own "
        f"estimate. From China: the survey's share of imports, mean of 2021 to 2024. Source: {'; '.join(sources)}.",
    )
    return [Details(f"US imports by year, {len(rows)} goods", (table,))]


def _row(
    data: RunData, series: str, of_year: Mapping[int, AnnualFigure], years: list[int], share: AnnualFigure | None
) -> tuple[TableCell, ...]:
    unit = next(iter(of_year.values())).unit
    cells = [_cell(data, of_year[year], year) if year in of_year else TableCell(MISSING) for year in years]
    part = decimal_cell(share.value, 0) if share else TableCell(MISSING)
    percent = TableCell(f"{part.text}{NBSP}%", value=part.value) if share else part
    return (TableCell(capitalize(good_name(series)), unit), *cells, percent)


def _cell(data: RunData, figure: AnnualFigure, year: int) -> TableCell:
    history, months = data.histories.get(figure.series), range(12 * year, 12 * year + 12)
    sums = (
        f"months: {decimal(sum(history.values[m] for m in months), 0)}"
        if history and all(map(history.values.__contains__, months))
        else ""
    )
    said = "; ".join(filter(None, ("provisional" if figure.status == "provisional" else "", sums)))
    return decimal_cell(figure.value, 0, said)
