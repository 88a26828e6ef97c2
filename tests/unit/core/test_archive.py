"""The archive: vintages, the choice between sources, and rows that are refused."""

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest

from forecast.core import months
from forecast.core.archive import Archive, bundled_archive, read_archive
from forecast.core.archive_table import COLUMNS, ArchiveRow
from forecast.core.errors import DataError
from forecast.core.source_choice import choose_row
from forecast.core.vintage import ObservedSeries

S = "CHN.export.WLD.re_magnets"


def value(vintage, period="2025-01", series=S):
    first, last = months.parse_period(period)
    return [c.value for c in vintage.cells.get(series, ()) if (c.first, c.last) == (first, last)]


# --- as of a day ------------------------------------------------------------------------------------------------------


def test_a_figure_is_known_from_its_day_on(figure, archive_of):
    archive = archive_of(figure(S, "2025-01", 10, "2025-03-20"))
    assert archive.as_of("2025-03-19").series == ()
    assert value(archive.as_of("2025-03-20")) == [10]
    assert value(archive.as_of(dt.date.max)) == [10]
    assert archive.last_release == dt.date(2025, 3, 20)
    assert archive.latest.day == dt.date(2025, 3, 21)


def test_a_revision_replaces_what_was_known(figure, archive_of):
    archive = archive_of(figure(S, "2025-01", 10, "2025-03-20"), figure(S, "2025-01", 12, "2025-04-20"))
    assert value(archive.as_of("2025-04-19")) == [10]
    assert value(archive.as_of("2025-04-20")) == [12]
    before, after = archive.states(S)
    assert before.until == after.released


def test_excluded_rows_enter_no_series(figure, archive_of):
    archive = archive_of(figure(S, "2025-01", 10, "2025-03-20"), figure(S, "2025-02", 1, "2025-03-20", excluded="rounded"))
    assert value(archive.latest, "2025-02") == []
    assert len(archive.table) == 2


def test_bundled_vintages_are_nested():
    archive = bundled_archive()
    days = sorted({c.released for s in archive.series for c in archive.states(s)})
    for one, two in itertools.pairwise(days[:: max(len(days) // 25, 1)]):
        early, late = archive.as_of(one), archive.as_of(two)
        for series, cells in early.cells.items():
            assert {(c.first, c.last) for c in cells} <= {(c.first, c.last) for c in late.cells[series]}
            assert all(c.released <= one for c in cells)
        assert {e.id for e in early.events} <= {e.id for e in late.events}


def test_bundled_cells_are_released_once():
    archive = bundled_archive()
    for series in archive.series:
        states = archive.states(series)
        for key, group in itertools.groupby(states, key=lambda c: (c.first, c.last)):
            held = list(group)
            # one state follows the other without a gap or an overlap, and the last holds for ever
            assert [a.until for a in held[:-1]] == [b.released for b in held[1:]], (series, key)
            assert held[-1].until == dt.date.max
            assert held[0].released > months.last_day(held[0].last), (series, key)


def test_the_future_changes_no_earlier_vintage():
    archive = bundled_archive()
    for day in ("2019-06-30", "2023-07-31", "2025-04-30"):
        table = archive.table.copy()
        later = table["released"] > day
        assert later.any()
        table.loc[later, "value"] = 1e9
        table.loc[later, "status"] = "value"
        spoilt = Archive(table, archive.events)
        assert spoilt.as_of(day).fingerprint() == archive.as_of(day).fingerprint()
        assert spoilt.latest.fingerprint() != archive.latest.fingerprint()
        assert value(spoilt.as_of(day)) == value(archive.as_of(day))


def test_later_events_change_no_earlier_vintage():
    archive = bundled_archive()
    day = dt.date(2025, 6, 30)
    known = [e for e in archive.events if e.announced <= day]
    assert len(known) < len(archive.events)
    cut = Archive(archive.table, type(archive.events)(tuple(known), archive.events.verified_to))
    assert cut.as_of(day).fingerprint() == archive.as_of(day).fingerprint()


# --- where sources disagree -------------------------------------------------------------------------------------------


def chosen(*rows):
    picked = {choose_row([ArchiveRow(**row) for row in order]).publisher for order in itertools.permutations(rows)}
    assert len(picked) == 1, "the choice depends on the order of the rows"
    return picked.pop()


def test_a_revision_beats_what_is_older(figure):
    old = figure(S, "2025-01", 10.123, "2025-03-20", publisher="old")
    assert chosen(old, figure(S, "2025-01", 12, "2025-04-20", kind="derived", publisher="new")) == "new"


def test_reported_beats_derived(figure):
    derived = [figure(S, "2025-01", 10.5, "2025-03-20", kind="derived", publisher=f"derived {i}") for i in range(3)]
    assert chosen(*derived, figure(S, "2025-01", 12, "2025-03-20", publisher="reported")) == "reported"


def test_cumulative_counts_as_reported(figure):
    derived = figure(S, "2025-01", 10.512, "2025-03-20", kind="derived", publisher="derived")
    assert chosen(derived, figure(S, "2025-01", 12, "2025-03-20", kind="cumulative", publisher="sum")) == "sum"


def test_the_majority_wins_within_rounding(figure):
    # 10 000 and 10 004 are one figure rounded differently
    rows = [figure(S, "2025-01", v, "2025-03-20", publisher=p) for v, p in ((10000, "A"), (10004, "B"), (12345, "C"))]
    assert chosen(*rows) == "B"


def test_most_digits_among_the_agreeing(figure):
    rows = [figure(S, "2025-01", v, "2025-03-20", publisher=p) for v, p in ((3188000, "A"), (3187900, "B"), (3190000, "C"))]
    assert chosen(*rows) == "B"


def test_the_latest_article_then_the_alphabet(figure):
    early = figure(S, "2025-01", 11, "2025-03-20", publisher="A", article_date="2025-03-21")
    late = figure(S, "2025-01", 12, "2025-03-20", publisher="B", article_date="2025-03-25")
    assert chosen(early, late) == "B"
    assert chosen(early, late | {"article_date": "2025-03-21"}) == "A"


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        ({"value": -1.0}, "cannot be negative", "correct the figure"),
        ({"unit": "t"}, "unit 't' where the archive holds kg", "convert to kg"),
        ({"status": "provisonal"}, "unknown status 'provisonal'", "'provisional'"),
        ({"kind": "guessed"}, "unknown kind 'guessed'", "one of"),
        ({"series": "magnets"}, "does not spell a series", "CHN.export"),
        ({"period": "2025-2"}, "is not a month", "YYYY-MM"),
        ({"period": "2025-02/2025-01"}, "ends before it begins", ""),
        ({"released": "20 March"}, "is not a day", "YYYY-MM-DD"),
    ],
)
def test_bad_rows_are_refused(figure, archive_of, changes, message, hint):
    with pytest.raises(DataError, match=message) as error:
        archive_of(figure(S, "2025-01", 10, "2025-03-20"), figure(S, "2025-02", 10, "2025-03-20") | changes)
    assert hint in error.value.hint


def test_a_bad_row_is_named(figure, archive_of):
    with pytest.raises(DataError) as error:
        archive_of(figure(S, "2025-01", 10, "2025-03-20"), figure(S, "2025-02", -3, "2025-03-20"))
    assert error.value.where == f"{S}, 2025-02"


def test_a_negative_value_is_no_quantity(figure, archive_of):
    assert archive_of(figure(S + ":usd", "2025-01", -5, "2025-03-20")).series == (S + ":usd",)


def test_an_empty_or_headless_table_is_refused(figure):
    table = pd.DataFrame([figure(S, "2025-01", 10, "2025-03-20")])
    with pytest.raises(DataError, match="holds no figure"):
        Archive(table.iloc[:0])
    with pytest.raises(DataError, match="lacks the column 'released'"):
        Archive(table.drop(columns="released"))


def test_an_unknown_series_is_refused(figure, archive_of):
    archive = archive_of(figure(S, "2025-01", 10, "2025-03-20"))
    with pytest.raises(DataError, match="holds no series") as error:
        archive.states("CHN.export.WLD.re_magnet")
    assert error.value.hint == f"'{S}'"


# --- more figures, files ----------------------------------------------------------------------------------------------


def test_appending_changes_nothing_already_there(figure, archive_of):
    archive = archive_of(figure(S, "2025-01", 10, "2025-03-20"))
    more = pd.DataFrame([figure(S, "2025-02", 11, "2025-03-20")])[
        ["series", "period", "value", "unit", "status", "kind", "released"]
    ]
    longer = archive.append(more)
    assert value(longer.latest, "2025-02") == [11]
    assert value(archive.latest, "2025-02") == []
    assert longer.append(more).fingerprint == longer.fingerprint
    assert longer.fingerprint != archive.fingerprint


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_both_ways(figure, archive_of, tmp_path, suffix):
    archive = archive_of(
        figure(S, "2025-01", 10.25, "2025-03-20"), figure(S, "2025-02", float("nan"), "2025-03-20", status="suppressed")
    )
    path = tmp_path / f"x.{suffix}"
    archive.table.to_csv(path, index=False) if suffix == "csv" else archive.table.to_parquet(path)
    back = read_archive(path, archive.events)
    assert back.latest.fingerprint() == archive.latest.fingerprint()
    seen: ObservedSeries = back.latest.observed(S)
    assert seen.status == ("value", "suppressed")
    assert np.isnan(seen.values[1])


def test_a_missing_file_is_a_readable_error(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_archive(tmp_path / "none.csv")


def test_the_bundled_table_has_its_columns():
    table = bundled_archive().table
    assert tuple(table.columns) == COLUMNS
    assert not table.drop(columns=["derived_from", "excluded", "note", "article_date", "url"]).isin([""]).any().any()


def test_text_in_the_value_column_is_refused(figure, archive_of, tmp_path):
    path = tmp_path / "x.csv"
    archive = archive_of(figure(S, "2025-01", 10, "2025-03-20"))
    archive.table.astype({"value": object}).replace({"value": {10.0: "ten"}}).to_csv(path, index=False)
    with pytest.raises(DataError, match="'ten'") as error:
        read_archive(path)
    assert S in error.value.where
