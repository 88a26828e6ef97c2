"""Rows of the archive from what the saved files hold: products, partners, release days and vintages."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from forecast.core import months
from forecast.core.archive_table import ArchiveRow
from forecast.core.errors import DataError, nearest
from forecast.core.input_files import MAX_FIGURE
from forecast.core.release_clock import bundled_clock
from forecast.core.series import SeriesKey
from forecast.sources.china_customs.major_goods import Good, MajorGoods, PageColumn, kilograms
from forecast.sources.china_customs.query_file import QueryFile

PUBLISHER = "China Customs (GACC)"
QUERY_ADDRESS = "https://stats.customs.gov.cn"
LATEST_STAMP = 5  # days after the clock's: a page stamped later was put up again, since its figures were out before


def rows_of_query(
    file: QueryFile,
    flow: str,
    codes: Mapping[str, tuple[str, ...]],
    own: Iterable[str],
    countries: Mapping[str, str],
    all_partners: bool,
) -> tuple[list[ArchiveRow], list[str]]:
    """Rows of a query file, and what was left out.

    A product is made where every one of its codes stands in the file; one of the config (`own`) where one of them does.
    """
    own = set(own)
    made = {
        product: parts
        for product, parts in codes.items()
        if (file.codes.intersection(parts) if product in own else file.codes.issuperset(parts))
    }
    if not made:
        held = ", ".join(sorted(file.codes)[:5])
        raise DataError(
            f"no product has the codes of the file ({held})",
            where=str(file.path),
            hint='[data.products] with name = ["81101020"]',
        )
    if not file.values and not file.weights:
        raise DataError(
            "the file holds values in yuan alone", where=str(file.path),
            hint="the query with its quantities, or in US dollars: no exchange rate is assumed here",
        )  # fmt: skip
    destinations = _destinations(file, countries, all_partners)
    rows = []
    for product, parts in made.items():
        is_weighed = file.weights and any(not one.unmassed for (*_, code, _), one in file.sums.items() if code in parts)
        for partner, names in destinations.items():
            stem = f"CHN.{flow}.{partner}.{product}"
            for first, last in file.months:
                rows += _cells(file, stem, [(first, last, code, name) for code in parts for name in names], is_weighed)
    return rows, _notes(file, made)


def _destinations(file: QueryFile, countries: Mapping[str, str], all_partners: bool) -> dict[str, list[str]]:
    """Country -> the partners of the file that it is; the world where the query has no partners or asked for all."""
    if not file.partners:
        return {"WLD": [""]}
    found: dict[str, list[str]] = {"WLD": sorted(file.named_partners)} if all_partners else {}
    for name in sorted(file.named_partners):
        if name not in countries:
            raise DataError(
                f"'{name}' is no partner that the package knows", where=str(file.path),
                hint=f'[data.partners] with "{name}" = its ISO code of three letters, or "" for a rest',
            )  # fmt: skip
        if countries[name]:
            found.setdefault(countries[name], []).append(name)
    return found


def _cells(file: QueryFile, stem: str, keys: list[tuple[int, int, str, str]], is_weighed: bool) -> list[ArchiveRow]:
    """Weight and value of one series in one month: the sum over codes and partners, a true zero where the file has no row."""
    sums = [file.sums[key] for key in keys if key in file.sums]
    first, last, *_ = keys[0]
    if not sums and (file.full or not any((code, last // 12) in file.years_of_codes for *_, code, _ in keys)):
        return []
    rows = []
    if is_weighed:
        rows.append(_detail(stem, first, last, _total([(p.weight, p.weight_status) for p in sums]), file))
    if file.values:
        rows.append(_detail(f"{stem}:usd", first, last, _total([(p.value, p.value_status) for p in sums]), file))
    return rows


def _total(parts: list[tuple[float | None, str]]) -> tuple[float, str]:
    """The sum of some parts and its status; unknown where one of them is."""
    if any(value is None for value, _ in parts):
        return math.nan, "suppressed" if any(status == "suppressed" for _, status in parts) else "missing"
    total = sum((value or 0.0 for value, _ in parts), 0.0)
    return total, "value" if total else "zero"


def _refuse_too_large(value: float, series: str, path: Path) -> None:
    if abs(value) > MAX_FIGURE:
        raise DataError(f"{value:g} is too large for {series}", where=str(path), hint=f"a figure of at most {MAX_FIGURE:g}")


def _detail(series: str, first: int, last: int, figure: tuple[float, str], file: QueryFile) -> ArchiveRow:
    _refuse_too_large(figure[0], series, file.path)
    day, basis = bundled_clock().release_day("CHN", "detail", last)
    return ArchiveRow(
        series, months.period_label(first, last), figure[0], status=figure[1], stage="detail", released=day.isoformat(),
        basis=basis, publisher=PUBLISHER, url=QUERY_ADDRESS,
        note=f"sum over {' and '.join(file.breakdown)}" if file.breakdown else "",
    )  # fmt: skip


def _notes(file: QueryFile, made: Mapping[str, tuple[str, ...]]) -> list[str]:
    """What was found and left out, in words."""
    notes = []
    if file.breakdown:
        notes.append(f"rows were summed over {', '.join(file.breakdown)}")
    if left := sorted(file.codes - {code for parts in made.values() for code in parts}):
        notes.append(f"left out, since no product has these codes alone: {', '.join(left)}")
    for product, parts in made.items():
        if lacking := [code for code in parts if code not in file.codes]:
            notes.append(f"{product}: no row of {', '.join(lacking)}, taken as no trade")
    if file.full:
        notes.append("the file has as many rows as the website gives at most: what has no row is unknown, not zero")
    return notes


def rows_of_page(page: MajorGoods, items: Mapping[str, str], units: Mapping[str, str]) -> tuple[list[ArchiveRow], list[str]]:
    """Rows of a page of major goods, and what was left out."""
    wanted = [(good, items[_key(good.name)]) for good in page.goods if _key(good.name) in items]
    if not wanted:
        names = [good.name for good in page.goods]
        asked = next(iter(items))
        raise DataError(
            f"none of the page's {len(names)} goods is a product: '{asked}' and the like are not among them",
            where=str(page.path), hint=f'[data.items] with an item of the page, such as {nearest(asked, names)} = "product"',
        )  # fmt: skip
    products = [product for _, product in wanted]
    rows: list[ArchiveRow] = []
    for good, product in wanted:
        if products.count(product) > 1:
            raise DataError(f"two items of the page are '{product}'", where=str(page.path), hint="one item for each product")
        if good.name in page.contradicted:
            raise DataError(
                f"the figures of '{good.name}' do not have the growth printed beside them", where=str(page.path),
                hint="the page saved once more, or the same page in the other currency",
            )  # fmt: skip
        rows += _rows_of_good(page, good, product, units)
    notes = [f"{len(page.goods) - len(wanted)} goods of the page are no product here"]
    if not page.unit_column:
        notes.append("the page lacks its column of units: its figures were read one place further left")
    if page.currency != "USD":
        notes.append(f"values in {page.currency} were left out: no exchange rate is assumed")
    return rows, notes


def _key(name: str) -> str:
    return name.lower().replace("（", "(").replace("）", ")")


def _rows_of_good(page: MajorGoods, good: Good, product: str, units: Mapping[str, str]) -> list[ArchiveRow]:
    """Rows of one good: the month, the sum since January, and the same sum of the year before as this page has it."""
    columns = [column for column, _ in good.cells if not column.growth]
    factors = {"quantity": _factor(page, good, units), "value": page.size if page.currency == "USD" else None}
    rows: dict[tuple[str, str], ArchiveRow] = {}
    for column in columns:
        factor = factors[column.measure]
        if factor is None:
            continue
        figure = good.figure(column)
        series = f"CHN.{page.flow}.WLD.{product}{':usd' if column.measure == 'value' else ''}"
        row = _row_of_column(page, column, series, math.nan if figure is None else round(figure * factor, 3))
        rows.setdefault((row.series, row.period), row)
    return list(rows.values())


def _factor(page: MajorGoods, good: Good, units: Mapping[str, str]) -> float | None:
    """Kilograms in one unit of a good's quantities; None where the page counts it in no unit at all."""
    counted = any(column.measure == "quantity" and good.figure(column) is not None for column, _ in good.cells)
    given = {_key(item): unit for item, unit in units.items()}
    unit = good.unit if page.unit_column else given.get(_key(good.name), "")
    if not counted:
        return kilograms(unit)
    if not unit:
        raise DataError(
            "the page lacks its column of quantity units, so that every figure stands one place to the left of its title",
            where=f"{page.path}, '{good.name}'",
            hint=f'the same page in the other currency has it; or [data.units] with "{good.name}" = "Ton"',
        )
    factor = kilograms(unit)
    if factor is None:
        raise DataError(
            f"'{unit}' is no unit of mass", where=f"{page.path}, '{good.name}'", hint="an item counted in tons or kg"
        )
    return factor


def _row_of_column(page: MajorGoods, column: PageColumn, series: str, value: float) -> ArchiveRow:
    """One printed figure; those of the preliminary release are provisional until the bulletin."""
    _refuse_too_large(value, series, page.path)
    day, basis = bundled_clock().release_day("CHN", page.stage, page.last)
    if page.stamp and day <= page.stamp <= day + dt.timedelta(days=LATEST_STAMP):
        day, basis = page.stamp, "actual"
    unit = SeriesKey.parse(series).unit
    before = column.last < page.last
    known = "provisional" if page.stage == "flash" and not before else "value"
    status = "missing" if math.isnan(value) else "zero" if value == 0 else known
    return ArchiveRow(
        series, months.period_label(column.first, column.last), value, unit, status, page.stage, released=day.isoformat(),
        basis=basis, publisher=PUBLISHER, article_date=page.stamp.isoformat() if page.stamp else "", url=page.address,
        note=f"as the page of {months.label(page.last)} gives the year before" if before else "",
    )  # fmt: skip


def one_vintage_each(found: list[tuple[Path, ArchiveRow]], saved: Callable[[Path], str]) -> list[ArchiveRow]:
    """One row for each figure and vintage.

    Where a query file differs from one saved earlier, the figure was revised in between: it is known from the day on which the
    later file was saved. Files that differ and do not say when they were saved are refused.
    """
    groups: dict[tuple[str, str, str, str], list[tuple[str, Path, ArchiveRow]]] = {}
    for path, row in found:
        vintage = row.released if row.stage != "detail" else ""
        groups.setdefault((row.series, row.period, row.stage, vintage), []).append((saved(path), path, row))
    rows: list[ArchiveRow] = []
    for group in groups.values():
        group.sort(key=lambda one: (one[0], str(one[1])))
        kept = [group[0]]
        for day, path, row in group[1:]:
            before_day, before_path, before = kept[-1]
            if row.value == before.value or (math.isnan(row.value) and math.isnan(before.value)):
                continue
            if row.stage != "detail" or not day or day <= max(before_day, before.released):
                raise DataError(
                    f"{row.series} has two figures for {row.period}: {before.value:g} and {row.value:g}",
                    where=f"{before_path.name}, {path.name}",
                    hint="if one was saved later, put its day into its name: query 2026-01-20.csv",
                )
            revised = {name: getattr(row, name) for name in ArchiveRow.__slots__} | {"released": day, "basis": "actual"}
            kept.append((day, path, ArchiveRow(**revised)))
        rows += [row for *_, row in kept]
    return rows
