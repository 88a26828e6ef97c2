"""Rows held by column are the rows: read, taken, joined, stored and written as they would be one by one."""

import dataclasses
import io
import math

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st

from forecast.core import schema
from forecast.core.schema import COLUMNS, ForecastRow, ReleaseRow, ScoreRow
from forecast.core.table_rows import TableRows, distinct
from forecast.jobs.serialization import pack, unpack
from forecast.jobs.tables import parquet

TEXT = st.none() | st.sampled_from(["", "a", "b", "é", "2025-01/2025-02"])
ROWS = st.lists(
    st.builds(
        ScoreRow, job=TEXT, model=TEXT, month=TEXT, metric=TEXT, horizon=st.none() | st.integers(-3, 3),
        value=st.floats(allow_nan=True), jan_mar=st.none() | st.integers(0, 1), group=TEXT,
    ),
    max_size=12,
)  # fmt: skip


def spelled(rows):
    """Rows by their cells, every null figure as None."""
    cells = [[getattr(row, name) for name in COLUMNS["scores"]] for row in rows]
    return [[None if isinstance(cell, float) and math.isnan(cell) else cell for cell in row] for row in cells]


@given(ROWS, ROWS)
def test_rows_by_column_are_the_rows(one, other):
    held, more = TableRows.of(ScoreRow, one), TableRows.of(ScoreRow, other)
    assert spelled(held) == spelled(one)
    assert spelled(TableRows.concat(ScoreRow, [held, more])) == spelled(one + other)
    assert spelled(held[1:]) == spelled(one[1:])
    assert spelled(held.where("month", lambda month: month == "a")) == spelled([row for row in one if row.month == "a"])
    assert spelled(held.with_columns(group="g")) == spelled([dataclasses.replace(row, group="g") for row in one])
    assert spelled(unpack(pack(held))) == spelled(one)
    assert [spelled([held[i]]) for i in range(-len(one), len(one))] == [spelled([row]) for row in one + one]


@given(ROWS)
def test_a_table_is_written_byte_for_byte_as_from_rows(rows):
    assert parquet(TableRows.of(ScoreRow, rows), COLUMNS["scores"]) == parquet(rows, COLUMNS["scores"])


@given(ROWS)
def test_a_file_is_sorted_by_its_texts_and_whole_numbers_with_nulls_first(rows):
    keys = [name for name, kind in COLUMNS["scores"].items() if kind in ("text", "whole")]
    read = pq.read_table(io.BytesIO(parquet(rows, COLUMNS["scores"]))).select(keys).to_pylist()
    wanted = sorted(rows, key=lambda row: [(False, 0) if getattr(row, k) is None else (True, getattr(row, k)) for k in keys])
    assert read == [{key: getattr(row, key) for key in keys} for row in wanted]


def test_a_frame_has_the_types_of_one_made_of_rows():
    figures = {name: 1.5 for name, kind in COLUMNS["forecasts"].items() if kind == "real"}
    rows = [ForecastRow(job=job, horizon=1, n_split=split, **figures) for job, split in (("a", 0), ("b", 3))]
    rows.append(ForecastRow(job="c", horizon=2, n_split=1, **figures | {"truth": math.nan}))
    pd.testing.assert_frame_equal(TableRows.of(ForecastRow, rows).frame(), schema.frame(ForecastRow, rows))
    named = TableRows.of(ForecastRow, rows).frame(["mean", "job"])
    assert list(named.columns) == ["mean", "job"]


def test_columns_left_out_are_null_and_a_single_cell_fills_one():
    held = TableRows(ReleaseRow, 2, {"group": "g", "ahead": [1, None], "together": [True, None]})
    assert list(held) == [ReleaseRow(group="g", ahead=1, together=True), ReleaseRow(group="g")]
    assert not TableRows(ScoreRow, 0, {})
    with pytest.raises(IndexError):
        held[2]


def test_distinct_cells_stand_in_order_of_appearance():
    words, codes = distinct(TableRows(ReleaseRow, 4, {"group": ["b", None, "a", "b"]}).columns["group"])
    assert (words, codes.tolist()) == (["b", None, "a"], [0, 1, 2, 0])
