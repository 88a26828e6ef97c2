"""Reading the file of an archive: each fault is one readable error with problem, row, column and hint."""

import datetime as dt
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forecast.core.archive import Archive, bundled_archive, read_archive
from forecast.core.archive_table import COLUMNS, ArchiveRow
from forecast.core.errors import DataError

S = "CHN.export.WLD.re_magnets"


@pytest.fixture
def rows(figure):
    return [figure(S, f"2025-{month:02d}", 10.0 * month, f"2025-{month + 1:02d}-20") for month in (1, 2, 3)]


@pytest.fixture
def lines(rows):
    """An archive's CSV as lines of cells, the header first."""
    return [list(COLUMNS), *([str(row[column]) for column in COLUMNS] for row in rows)]


def refused(path, data=None):
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(DataError) as error:
        read_archive(path)
    assert path.name in error.value.where
    assert error.value.hint
    return error.value


def csv(lines):
    return "\n".join(",".join(cells) for cells in lines).encode()


def test_a_sound_file_is_read_whole(lines, tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbf" + csv([*lines[:2], [""], *lines[2:]]).replace(b"\n", b"\r\n"))
    archive = read_archive(tmp_path / "x.csv")
    assert archive.table["value"].tolist() == [10.0, 20.0, 30.0]
    assert archive.latest.observed(S).values.tolist() == [10.0, 20.0, 30.0]


CELLS = {
    "a word": ("value", "ten", "'ten' is not a number"),
    "infinity": ("value", "inf", "'inf' is not a number"),
    "a number beyond all": ("value", "1e400", "'1e400' is too large"),
    "a number whose square is none": ("value", "1e200", "'1e200' is too large"),
    "not a number in words": ("value", "nan", "'nan' is not a number"),
    "an underscore": ("value", "1_000", "'1_000' is not a number"),
    "a negative quantity": ("value", "-5", "cannot be negative"),
    "another unit": ("unit", "t", "unit 't'"),
    "an unknown status": ("status", "valu", "unknown status 'valu'"),
    "no kind": ("kind", "", "unknown kind ''"),
    "no series": ("series", "", "does not spell a series"),
    "a month that is none": ("period", "2025-13", "is not a month"),
    "a day for a month": ("period", "2025-02-01", "is not a month as an archive spells it"),
    "a span that goes back": ("period", "2025-02/2025-01", "ends before it begins"),
    "the year 0": ("period", "0000-01", "is not a month"),
    "the year 9999": ("period", "9999-12", "outside the years"),
    "no release day": ("released", "", "is not a day"),
    "a release day without strokes": ("released", "20250320", "is not a day"),
    "a release day by its week": ("released", "2025-W12-4", "is not a day"),
    "the last of all days": ("released", "9999-12-31", "is not a day"),
}


@pytest.mark.parametrize("case", CELLS)
def test_a_bad_cell_is_reported_with_its_row(case, lines, tmp_path):
    column, cell, problem = CELLS[case]
    lines[3][COLUMNS.index(column)] = cell
    error = refused(tmp_path / "x.csv", csv(lines))
    assert problem in error.problem
    assert "x.csv, row 4, " in error.where


def test_a_bad_cell_is_reported_with_its_row_in_parquet_too(rows, tmp_path):
    rows[1]["value"] = float("inf")
    pd.DataFrame(rows).to_parquet(tmp_path / "x.parquet")
    error = refused(tmp_path / "x.parquet")
    assert "'inf' is not a number" in error.problem
    assert f"row 2, {S}, 2025-02, column 'value'" in error.where


def test_rows_are_lines_of_the_file_where_cells_have_line_ends(lines, tmp_path):
    lines[1][-1] = '"a note\nof two lines"'
    lines[3][COLUMNS.index("status")] = "odd"
    assert "row 5, " in refused(tmp_path / "x.csv", csv(lines)).where


FILES = {
    "a row with a cell more": (lambda lines: csv([*lines[:2], [*lines[2], "x"]]), "more cells than columns", "row 3"),
    "a row with a cell less": (lambda lines: csv([*lines[:2], lines[2][:-1]]), "fewer cells than columns", "row 3"),
    "a file cut off": (lambda lines: csv(lines)[:-40], "fewer cells than columns", "row 4"),
    "another encoding": (lambda lines: csv(lines) + "é".encode("latin-1"), "not UTF-8", ""),
    "two bytes a letter": (lambda lines: csv(lines).decode().encode("utf-16"), "not UTF-8", ""),
    "a null byte": (lambda lines: csv(lines).replace(b"detail", b"de\0tail"), "null byte", "row 2"),
    "nothing but null bytes": (lambda lines: bytes(1000), "null byte", "row 1"),
    "an empty file": (lambda lines: b"", "empty", ""),
    "a header only": (lambda lines: csv(lines[:1]), "holds no figure", ""),
    "an open quotation mark": (lambda lines: csv(lines) + b'\n"x', "cannot be read", "row 5"),
    "a column twice": (lambda lines: csv([[*c, c[2]] for c in lines]), "two columns are called 'value'", "row 1"),
    "no series, and a word for a value": (
        lambda lines: csv([c[1:] for c in lines]).replace(b"20.0", b"ten"), "there is no column 'series'", "row 1",
    ),
    "another delimiter": (lambda lines: csv(lines).replace(b",", b";"), "there is no column 'series'", "row 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_is_one_readable_error(case, lines, tmp_path):
    spoil, problem, where = FILES[case]
    error = refused(tmp_path / "x.csv", spoil(lines))
    assert problem in error.problem
    assert where in error.where


def test_nothing_but_excluded_figures_is_refused(lines, tmp_path):
    for cells in lines[1:]:
        cells[COLUMNS.index("excluded")] = "rounded"
    assert "holds no figure" in refused(tmp_path / "x.csv", csv(lines)).problem


# --- Parquet ----------------------------------------------------------------------------------------------------------

TYPES = {
    "numbers where text belongs": ("note", pa.array([1, 2, 3]), "int64"),
    "lists": ("note", pa.array([["a"], [], None]), "list<"),
    "tables in a column": ("series", pa.array([{"a": 1}] * 3), "struct<"),
    "points of time": ("released", pa.array([dt.datetime(2025, 1, 1)] * 3), "timestamp"),
    "days": ("released", pa.array([dt.date(2025, 1, 1)] * 3), "date32"),
    "times of day": ("released", pa.array([dt.time(1)] * 3), "time64"),
    "bytes": ("note", pa.array([b"\xff"] * 3), "binary"),
    "truths for values": ("value", pa.array([True, False, True]), "bool"),
    "days for values": ("value", pa.array([dt.date(2025, 1, 1)] * 3), "date32"),
}


@pytest.mark.parametrize("case", TYPES)
def test_a_column_of_another_type_is_refused_by_its_name(case, rows, tmp_path):
    column, cells, kind = TYPES[case]
    table = pa.Table.from_pandas(pd.DataFrame(rows))
    pq.write_table(table.set_column(COLUMNS.index(column), column, cells), tmp_path / "x.parquet")
    error = refused(tmp_path / "x.parquet")
    assert f"the column holds {kind}" in error.problem
    assert f"column '{column}'" in error.where


def test_columns_of_words_numbers_and_nothing_are_read(rows, tmp_path):
    table = pa.Table.from_pandas(pd.DataFrame(rows))
    for column, cells in {
        "kind": pa.array(["reported"] * 3).dictionary_encode(),
        "note": pa.nulls(3),
        "url": pa.array(["a", None, "b"], pa.large_string()),
        "value": pa.array([1, None, 3]),
        "status": pa.array(["value", "missing", "value"]),
    }.items():
        table = table.set_column(COLUMNS.index(column), column, cells)
    pq.write_table(table.append_column("mine", pa.array([["a"]] * 3)), tmp_path / "x.parquet")
    archive = read_archive(tmp_path / "x.parquet")
    np.testing.assert_array_equal(archive.table["value"], [1.0, np.nan, 3.0])
    assert archive.table["note"].tolist() == ["", "", ""]
    assert archive.table["url"].tolist() == ["a", "", "b"]
    assert archive.latest.observed(S).status == ("value", "missing", "value")


def test_columns_missing_or_there_twice_are_refused_in_parquet(rows, tmp_path):
    table = pa.Table.from_pandas(pd.DataFrame(rows))
    pq.write_table(table.drop_columns(["released"]), tmp_path / "x.parquet")
    assert "lacks the column 'released'" in refused(tmp_path / "x.parquet").problem
    pq.write_table(table.append_column("value", table.column("value")), tmp_path / "x.parquet")
    assert "two columns are called 'value'" in refused(tmp_path / "x.parquet").problem
    pq.write_table(table.slice(0, 0), tmp_path / "x.parquet")
    assert "holds no figure" in refused(tmp_path / "x.parquet").problem


@pytest.mark.parametrize("data", [b"", b"x", b"PAR1xx", b"PAR1PAR1", b"PAR1" + bytes(100) + b"PAR1", b"series,period\n"])
def test_what_is_no_parquet_file_is_refused(data, tmp_path):
    assert "no whole Parquet file" in refused(tmp_path / "x.parquet", data).problem


def test_a_parquet_file_spoilt_at_any_byte_is_read_or_refused(rows, tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame(rows).to_parquet(path)
    whole = path.read_bytes()
    lost = 0
    for at in range(0, len(whole), 61):
        for spoilt in (whole[:at], whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]):
            path.write_bytes(spoilt)
            try:
                read_archive(path)
            except DataError:
                lost += 1
    assert lost > len(whole) // 61


# --- tables in memory -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda t: t.assign(note=[1, 2, 3]), "'1' is no text"),
        (lambda t: t.assign(note=None), "is no text"),
        (lambda t: t.assign(value=["1", "2", "3"]), "no plain numbers"),
        (lambda t: t.assign(value=[1.0, np.inf, 2.0]), "'inf' is not a number"),
        (lambda t: pd.concat([t, t["unit"]], axis=1), "two columns are called 'unit'"),
        (lambda t: t.rename(columns={"unit": 3}), "lacks the column 'unit'"),
    ],
)
def test_a_table_that_is_no_archives_is_refused(spoil, problem, rows):
    with pytest.raises(DataError) as error:
        Archive(spoil(pd.DataFrame(rows)))
    assert problem in error.value.problem


def test_the_bundled_figures_are_the_numbers_of_their_file():
    from importlib import resources

    text = resources.files("forecast.data").joinpath("observations.csv").read_text("utf-8")
    table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    spelled = [float(cell) if cell else np.nan for cell in table["value"]]
    np.testing.assert_array_equal(bundled_archive().table["value"], spelled)
    for column in ("series", "period", "released", "note"):
        assert bundled_archive().table[column].tolist() == table[column].tolist()


def test_what_a_row_leaves_out_follows_from_the_rest():
    month = ArchiveRow("COD.export.WLD.cobalt", "2025-01", 0.0, released="2025-02-20")
    total = ArchiveRow("USA.import.WLD.gallium:usd", "2025-01/2025-02", float("nan"), released="2025-03-20")
    assert (month.unit, month.status, month.kind) == ("kg", "zero", "reported")
    assert (total.unit, total.status, total.kind) == ("USD", "missing", "cumulative")
    assert ArchiveRow("COD.export.WLD.cobalt", "2025-01", 5.0, status="provisional", kind="derived").status == "provisional"
