"""Whatever is published and whenever: no vintage knows what came later."""

import datetime as dt

import numpy as np
from hypothesis import given, strategies as st

from forecast.core import months

S = "CHN.export.WLD.re_magnets"
FIRST, BEGIN = months.ordinal("2020-01"), dt.date(2020, 1, 1)
DAYS = st.integers(0, 500).map(lambda n: BEGIN + dt.timedelta(days=n))


@st.composite
def publications(draw):
    """(first, last, value, day, kind) of figures and sums, some of them published more than once."""
    rows = []
    for _ in range(draw(st.integers(1, 14))):
        first = FIRST + draw(st.integers(0, 11))
        last = first + draw(st.sampled_from([0, 0, 0, 1, 2, 5]))
        value = draw(st.integers(0, 10**6))
        kind = draw(st.sampled_from(["reported", "derived", "cumulative"]))
        rows.append((first, last, value, draw(DAYS), kind))
    return rows


def archive(rows, figure, archive_of):
    made = [
        figure(S, months.period_label(a, b), v, day.isoformat(), kind=kind, publisher=f"P{i:02d}")
        for i, (a, b, v, day, kind) in enumerate(rows)
    ]
    return archive_of(*made)


@given(publications(), DAYS, DAYS)
def test_vintages_are_nested_and_each_cell_is_known_from_one_day_on(figure, archive_of, rows, one, two):
    whole = archive(rows, figure, archive_of)
    early, late = whole.as_of(min(one, two)), whole.as_of(max(one, two))
    known, later = ({(c.first, c.last): c for c in v.cells.get(S, ())} for v in (early, late))
    assert known.keys() <= later.keys()
    assert len(early.cells.get(S, ())) == len(known)
    for key in {(a, b) for a, b, *_ in rows}:
        days = [day for a, b, _, day, _ in rows if (a, b) == key]
        assert (key in known) == (min(days) <= min(one, two))
    assert late.earlier(early.day).fingerprint() == early.fingerprint()


@given(publications(), DAYS)
def test_what_is_published_later_changes_nothing(figure, archive_of, rows, day):
    spoilt = [(a, b, 10**9 if when > day else v, when, kind) for a, b, v, when, kind in rows]
    one, two = (archive(r, figure, archive_of).as_of(day) for r in (rows, spoilt))
    assert one.cells == two.cells
    assert one.fingerprint() == two.fingerprint()


@given(publications(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(figure, archive_of, rows, random):
    whole = archive(rows, figure, archive_of)
    table = whole.table.sample(frac=1, random_state=random.randint(0, 1000)).reset_index(drop=True)
    assert type(whole)(table, whole.events).latest.cells == whole.latest.cells


@given(publications(), st.integers(-2, 20), st.integers(0, 8))
def test_a_hole_holds_nothing(figure, archive_of, rows, offset, length):
    vintage = archive(rows, figure, archive_of).latest
    first, last = FIRST + offset, FIRST + offset + length
    cut = vintage.hide(S, first, last)
    left = cut.cells.get(S, ())
    assert all(c.last < first or c.first > last for c in left)
    assert set(left) <= set(vintage.cells[S])
    if cut.knows(S) and not any(c.is_span for c in left):
        assert np.isnan(cut.observed(S).at(first, last)).all()
    assert cut.hide(S, first, last).cells == cut.cells
