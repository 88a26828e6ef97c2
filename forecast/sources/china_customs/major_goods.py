"""Pages of China's customs on major exports and imports, by quantity and value: columns found by their titles.

Two kinds of page show the same goods: the preliminary release (7th to 14th, about thirty goods) and the monthly bulletin (18th,
about two hundred). The number in front of a title changes from year to year and says nothing. A page may lack its column of
units while its last column is empty: every figure then stands one place to the left, at unchanged width.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

from forecast.core import months
from forecast.core.errors import DataError
from forecast.core.input_files import describe_fault, parse_number
from forecast.sources.china_customs.saved_text import SavedPage, read_page

TITLE = re.compile(
    r"Major (?P<flow>Export|Import)(?:s| Commodities) (?:by|in) Quantity and Value ?,? ?(?P<period>[^()（）]{3,40}?)"
    r" ?(?:[(（] ?in (?P<currency>[A-Za-z]{3}) ?[)）])? ?$",
    re.IGNORECASE,
)
UNIT = re.compile(
    r"Unit ?[:：] ?(?P<currency>US ?\$|USD|CNY|RMB|Yuan)(?! ?0) ?(?P<number>[1-9][\d,]*)? ?(?P<word>Million|Billion)?",
    re.IGNORECASE,
)
CURRENCIES = {"us$": "USD", "usd": "USD", "cny": "CNY", "rmb": "CNY", "yuan": "CNY"}
WORDS = {"": 1.0, "million": 1e6, "billion": 1e9}
MONTHS = {
    name: i + 1 for i, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
}
MASS = re.compile(r"(?P<number>[1-9][\d,]*)? ?(?P<unit>tons?|t|mt|kgs?|kilograms?)", re.IGNORECASE)
NO_FIGURE = ("", "-", "–", "—", "－", "--")  # on these pages: a good that is not counted in a unit
GROWTH = re.compile(r"year[- ]on[- ]year|percentage change|±|%", re.IGNORECASE)
STAMP = (
    re.compile(r"(?P<y>\d{4})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})"),
    re.compile(r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})"),
)
AGAIN = "the page saved once more"
LEAST_AGREEMENT = 0.8  # share of printed rates of growth that must follow from the figures beside them


@dataclass(frozen=True)
class PageColumn:
    """A column of figures: the months it covers, quantity or value, and whether it is a rate of growth."""

    first: int
    last: int
    measure: str
    growth: bool = False


@dataclass(frozen=True)
class Good:
    """One row of a page: the good, its unit, and its figures (text and number, None where the page has none) by column."""

    name: str
    starred: bool
    unit: str
    cells: tuple[tuple[PageColumn, str], ...]

    def figure(self, column: PageColumn) -> float | None:
        """The number in a column; None where the page prints no figure."""
        text = dict(self.cells).get(column, "")
        if text in NO_FIGURE:
            return None
        plain = text.replace(",", "") if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", text) else text
        figure = parse_number(plain)
        if figure != figure:
            raise DataError(f"'{text}' {describe_fault(plain)}", where=self.name, hint=AGAIN)
        if figure < 0 and not column.growth:
            raise DataError(f"'{text}' is negative", where=self.name, hint=AGAIN)
        return figure


@dataclass(frozen=True)
class MajorGoods:
    """A page: flow, stage of release, months, currency and size of its values, day of its stamp, address, and goods.

    unit_column : whether the page has its column of units; if not, the figures were read one place further left
    contradicted : goods whose figures do not have the growth printed beside them
    """

    path: Path
    flow: str
    stage: str
    first: int
    last: int
    currency: str
    size: float
    stamp: dt.date | None
    address: str
    goods: tuple[Good, ...]
    unit_column: bool
    contradicted: frozenset[str]


def read_major_goods(path: Path) -> MajorGoods:
    """A page of major exports or imports as saved from english.customs.gov.cn."""
    page = read_page(path)
    title, match = _title(page, path)
    first, last = _title_months(match["period"], title, path)
    table = max(page.tables, key=lambda rows: sum(map(len, rows)), default=())
    top, names = _header(table, path)
    for text in (row[0] for row in table[:top] if row and TITLE.search(row[0])):
        if _words(text) != _words(title):
            raise DataError(f"the page is titled '{title}', its table '{text}'", where=str(path), hint=AGAIN)
    currency, size = _unit(table[:top], page, path)
    if match["currency"] and CURRENCIES.get(match["currency"].lower(), "") != currency:
        raise DataError(f"the title says {match['currency']}, the unit says {currency}", where=str(path), hint=AGAIN)
    columns = _columns(names, first, last, path)
    body = [row for row in table[top + 2 :] if row and row[0] and len(set(row)) > 1]
    goods, has_units = _goods(body, names, columns, path)
    contradicted = _goods_that_contradict(goods, path)
    return MajorGoods(
        path, match["flow"].lower(), "bulletin" if "commodities" in title.lower() else "flash", first, last, currency, size,
        _stamp(page.text_of("atcl-date")), page.address, goods, has_units, contradicted,
    )  # fmt: skip


def _title(page: SavedPage, path: Path) -> tuple[str, re.Match[str]]:
    """The title of a page of major goods, whatever number stands before it."""
    inside = [cell for table in page.tables for row in table[:3] for cell in row[:1]]
    for text in [page.text_of("atcl-ttl"), page.title, *inside]:
        if match := TITLE.search(text):
            return text, match
    if not page.tables:
        raise DataError(
            "the page holds no table: the website may have answered with a check of the browser", where=str(path),
            hint="open the page in a browser until its table stands there, then save it as 'Webpage, HTML only'",
        )  # fmt: skip
    raise DataError(
        f"'{page.title or 'a page without a title'}' is no page of major exports or imports", where=str(path),
        hint="Major Exports (Imports) by Quantity and Value, or Major Export (Import) Commodities in Quantity and Value",
    )  # fmt: skip


def _words(title: str) -> tuple[str, str]:
    """Flow and months of a title, without its punctuation."""
    match = TITLE.search(title)
    return (match["flow"].lower(), re.sub(r"\W+", " ", match["period"].lower()).strip()) if match else ("", "")


def _title_months(text: str, title: str, path: Path) -> tuple[int, int]:
    """First and last month that a title names: 'April 2025', 'January-February 2025', '5.2026', '1-12.2024'."""
    match = re.fullmatch(r"(?:(?P<first>\w+)\.? ?(?:-|–|to) ?)?(?P<last>\w+)\.?[ .,]+(?P<year>(?:19|20)\d\d)", text.strip())
    last = _month(match["last"]) if match else 0
    first = (_month(match["first"]) if match["first"] else last) if match else 0
    if match is None or not 1 <= first <= last <= 12:
        raise DataError(f"the title '{title}' names no months", where=str(path), hint="such as 'April 2025' or '1-12.2024'")
    year = 12 * int(match["year"])
    return year + first - 1, year + last - 1


def _month(text: str) -> int:
    """The number of a month by its number or English name; 0 for anything else."""
    if text.isdecimal() and text.isascii():
        return int(text) if len(text) <= 2 else 0
    return MONTHS.get(text[:3].lower(), 0)


def _header(table: tuple[tuple[str, ...], ...], path: Path) -> tuple[int, list[tuple[str, str]]]:
    """The row of the titles of columns, and for each column its title and what stands beneath it."""
    for i, row in enumerate(table[:12]):
        if row and re.fullmatch(r"commodit(y|ies)", row[0], re.IGNORECASE) and i + 1 < len(table):
            below = table[i + 1]
            return i, [(row[j], below[j] if j < len(below) else "") for j in range(len(row))]
    raise DataError("the table has no column 'Commodity'", where=str(path), hint=AGAIN)


def _unit(above: tuple[tuple[str, ...], ...], page: SavedPage, path: Path) -> tuple[str, float]:
    """Currency of the values, and its units in one printed unit."""
    for text in [*(cell for row in above for cell in row), *(text for _, text in page.texts)]:
        if match := UNIT.search(text):
            number = float((match["number"] or "1").replace(",", ""))
            currency = CURRENCIES[match["currency"].lower().replace(" ", "")]
            return currency, number * WORDS[(match["word"] or "").lower()]
    raise DataError("the page does not say in what unit its values are", where=str(path), hint="such as 'Unit: USD1 Million'")


def _columns(names: list[tuple[str, str]], first: int, last: int, path: Path) -> dict[int, PageColumn]:
    """What each column of figures holds, by its titles."""
    columns: dict[int, PageColumn] = {}
    for j, (above, below) in enumerate(names[1:], 1):
        if re.search(r"\bunit\b", above, re.IGNORECASE) or not above:
            continue
        measure = {"quantity": "quantity", "value": "value", "amount": "value"}.get(below.lower().strip())
        months_of = _column_months(above, first, last)
        if measure is None or months_of is None:
            raise DataError(
                f"the column '{above}', '{below}' is not known", where=str(path),
                hint="month, sum since January, the same a year before, or growth; quantity or value",
            )  # fmt: skip
        columns[j] = PageColumn(*months_of, measure, bool(GROWTH.search(above)))
    if not any(not c.growth and c.last == last for c in columns.values()):
        raise DataError(f"no column is of {months.label(last)}, which the title names", where=str(path), hint=AGAIN)
    if len(set(columns.values())) < len(columns):
        raise DataError("two columns have the same titles", where=str(path), hint=AGAIN)
    return columns


def _column_months(text: str, first: int, last: int) -> tuple[int, int] | None:
    """First and last month of a column's title, such as '4', '1-4 Total', 'Jan-May 2018 in Total', '1to12'."""
    if re.fullmatch(r"percentage change ?(\(%\))?", text.strip(), re.IGNORECASE):
        return last, last
    year = re.search(r"(?<!\d)(19|20)\d\d(?!\d)", text)
    plain = (text[: year.start()] + text[year.end() :]) if year else text
    match = re.match(r"(?P<first>[A-Za-z]{3,9}|\d{1,2})\.? ?(?:(?:-|–|—|to) ?(?P<last>[A-Za-z]{3,9}|\d{1,2}))?", plain.strip())
    if match is None:
        return None
    start = _month(match["first"])
    end = _month(match["last"]) if match["last"] else start
    base = 12 * (int(year[0]) if year else last // 12)
    if not 1 <= start <= end <= 12 or end != last % 12 + 1 or base // 12 not in (last // 12, last // 12 - 1):
        return None
    return base + start - 1, base + end - 1


def _goods(
    body: list[tuple[str, ...]], names: list[tuple[str, str]], columns: dict[int, PageColumn], path: Path
) -> tuple[tuple[Good, ...], bool]:
    """The rows of goods, and whether they have their units; without that column, figures are read one place further left."""
    at = next((j for j, (above, _) in enumerate(names) if re.search(r"\bunit\b", above, re.IGNORECASE)), None)
    if not body:
        raise DataError("the table holds no goods", where=str(path), hint=AGAIN)
    for row in body:
        if any(cell for cell in row[len(names) :]):
            raise DataError(f"'{row[0]}' has {len(row)} cells for {len(names)} titles", where=str(path), hint=AGAIN)
    shift = 0
    if at is not None:
        units = [row[at] if at < len(row) else "" for row in body]
        numbers = [_is_number(text) for text in units]
        words = [text not in NO_FIGURE and not number for text, number in zip(units, numbers, strict=True)]
        if any(numbers):
            if any(words) or any(len(row) >= len(names) and row[len(names) - 1] not in NO_FIGURE for row in body):
                row = body[numbers.index(True)]
                raise DataError(
                    f"a number, '{row[at]}', stands where the unit of '{row[0]}' should", where=str(path), hint=AGAIN
                )
            shift, at = -1, None
    goods = []
    for row in body:
        cells = tuple((column, row[j + shift] if j + shift < len(row) else "") for j, column in columns.items())
        name = row[0].strip()
        goods.append(Good(name.rstrip("* ").strip(), name.endswith("*"), row[at] if at is not None else "", cells))
    return tuple(goods), at is not None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?[\d,]*\d(\.\d+)?", text) is not None


def _goods_that_contradict(goods: tuple[Good, ...], path: Path) -> frozenset[str]:
    """Goods whose figures do not have the growth printed beside them; refused where they are many: the columns are wrong."""
    agree, wrong = 0, []
    for good in goods:
        for growth, text in good.cells:
            now = PageColumn(growth.first, growth.last, growth.measure)
            before = PageColumn(growth.first - 12, growth.last - 12, growth.measure)
            texts = dict(good.cells)
            if not growth.growth or now not in texts or before not in texts or not _is_number(text):
                continue
            if not (_is_number(texts[now]) and _is_number(texts[before])) or not good.figure(before):
                continue
            if _follows(texts[now], texts[before], text):
                agree += 1
            else:
                wrong.append((good.name, texts[now], texts[before], text))
    if wrong and agree < LEAST_AGREEMENT * (agree + len(wrong)):
        name, now_text, before_text, growth_text = wrong[0]
        raise DataError(
            f"{len(wrong)} figures do not have the growth printed beside them, so that columns and titles do not fit: "
            f"'{name}', {now_text} after {before_text} is not {growth_text} %",
            where=str(path), hint="the page saved once more, or the same page in the other currency",
        )  # fmt: skip
    return frozenset(name for name, *_ in wrong)


def _follows(now: str, before: str, growth: str) -> bool:
    """Whether a printed growth in per cent follows from two printed figures, given their rounding."""

    def ends(text: str) -> tuple[float, float]:
        plain = text.replace(",", "")
        half = 0.5 * 10.0 ** -len(plain.partition(".")[2])
        return float(plain) - half, float(plain) + half

    (low, high), (least, most), (down, up) = ends(now), ends(before), ends(growth)
    if least <= 0:
        return True
    return 100 * (low / most - 1) <= up + 1e-9 and down - 1e-9 <= 100 * (high / least - 1)


def _stamp(text: str) -> dt.date | None:
    """The day printed on a page: 2025/05/09, or 06/10/2019 with the month first."""
    for pattern in STAMP:
        if match := pattern.fullmatch(text.strip()):
            try:
                return dt.date(int(match["y"]), int(match["m"]), int(match["d"]))
            except ValueError:
                return None
    return None


def kilograms(unit: str) -> float | None:
    """Kilograms in one quantity unit of a page, such as 'Ton', '10,000 Tons', '10000T', 'KG'; None if it is no mass."""
    match = MASS.fullmatch(unit.strip())
    if not match:
        return None
    number = float((match["number"] or "1").replace(",", ""))
    return number * (1.0 if match["unit"].lower().startswith("k") else 1000.0)
