"""The columnar states of a series against the plain rule: of each figure and day the row that `choose_row` takes."""

import datetime as dt

from hypothesis import given, strategies as st

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.archive_table import ArchiveRow
from forecast.core.changed_cells import ChangedCells, CutCells
from forecast.core.source_choice import choose_row

NAMES = ("CHN.export.WLD.re_magnets", "USA.import.MEX.antimony_oxide")
FIRST, BEGIN = months.ordinal("2020-01"), dt.date(2020, 2, 1)
DAYS = st.integers(0, 400).map(lambda n: BEGIN + dt.timedelta(days=n))


@st.composite
def rows(draw):
    """Rows of two series, figures published several times, by several publishers, on a few days, some excluded."""
    days = draw(st.lists(DAYS, min_size=1, max_size=4))
    out = []
    for i in range(draw(st.integers(1, 16))):
        first = FIRST + draw(st.integers(0, 4))
        value = draw(st.sampled_from([0.0, 1.0, 1.0004, 12.5, 120.0, float("nan")]))
        out.append(
            ArchiveRow(
                draw(st.sampled_from(NAMES)),
                months.period_label(first, first + draw(st.sampled_from([0, 0, 1]))),
                value,
                kind=draw(st.sampled_from(["", "derived"])),
                released=draw(st.sampled_from(days)).isoformat(),
                basis=draw(st.sampled_from(["rule", "actual", "calendar"])),
                publisher=draw(st.sampled_from(["A", "B"])),
                url=str(i),
                excluded=draw(st.sampled_from(["", "", "", "rounded"])),
            )
        )
    return out


def known_by_rule(held, day):
    """(series, period) -> the row known on a day, found row by row."""
    out = {}
    for row in held:
        if not row.excluded and row.released <= day.isoformat():
            out.setdefault((row.series, row.period), []).append(row)
    return {key: choose_row(found) for key, found in out.items()}


def facts(cell):
    return cell.first, cell.last, repr(cell.value), cell.status, cell.kind, cell.basis, cell.source, cell.url


@given(rows(), DAYS)
def test_a_vintage_holds_the_row_chosen_of_each_figure(held, day):
    if all(row.excluded for row in held):
        return
    vintage = Archive.of(held).as_of(day)
    wanted = {}
    for (series, period), row in sorted(known_by_rule(held, day).items()):
        first, last = months.parse_period(period)
        cell = first, last, repr(row.value), row.status, row.kind, row.basis, row.publisher, row.url
        wanted.setdefault(series, []).append(cell)
    assert {series: [facts(cell) for cell in cells] for series, cells in vintage.cells.items()} == wanted
    assert tuple(vintage.cells) == vintage.series == tuple(sorted(wanted))


@given(rows(), DAYS, st.integers(-1, 5), st.integers(0, 3))
def test_cells_with_a_hole_are_those_of_a_plain_mapping(held, day, offset, length):
    if all(row.excluded for row in held):
        return
    cells = Archive.of(held).as_of(day).cells
    first, last = FIRST + offset, FIRST + offset + length
    left = {name: tuple(c for c in own if c.last < first or c.first > last) for name, own in cells.items()}
    cut = CutCells(cells, first, last)
    assert list(cut) == [name for name in cells if left[name]]
    assert {name: list(map(facts, own)) for name, own in cut.items()} == {
        name: list(map(facts, own)) for name, own in left.items() if own
    }
    changed = ChangedCells(ChangedCells(cells, {NAMES[0]: ()}), {NAMES[1]: left.get(NAMES[1], ())})
    assert NAMES[0] not in changed
    assert (NAMES[1] in changed) == bool(left.get(NAMES[1]))
    assert len(changed) == len(list(changed)) == (NAMES[1] in changed)
