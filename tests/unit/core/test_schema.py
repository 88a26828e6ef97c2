"""The schema of a run folder: names joined in one column are read back, rows survive a table."""

import math

import pytest
from hypothesis import given, strategies as st

from forecast.core import schema
from forecast.core.errors import ConfigError

NAMES = st.lists(st.text(" ;,aä", min_size=1, max_size=6).filter(lambda name: schema.JOIN not in name), max_size=5)


@given(NAMES)
def test_names_that_are_accepted_are_read_back(names):
    schema.check_names(names)
    assert schema.split_names(schema.join_names(names)) == names


@pytest.mark.parametrize("name", ["", "; ", "2021; 2022", "first; "])
def test_names_that_could_not_be_read_back_are_refused(name):
    with pytest.raises(ConfigError, match="name"):
        schema.check_names(["x", name])


@pytest.mark.parametrize("table", schema.TABLES)
def test_rows_survive_a_table(table):
    row = schema.ROWS[table]
    samples = {"text": "x", "whole": 3, "real": 2.5, "flag": True}
    full = row(**{name: samples[kind] for name, kind in schema.COLUMNS[table].items()})
    assert schema.rows_of(row, schema.frame(row, [full])) == [full]


def test_nulls_of_each_kind():
    read = schema.rows_of(schema.ReleaseRow, schema.frame(schema.ReleaseRow, [schema.ReleaseRow(group="g")]))[0]
    assert (read.day, read.ahead, read.together) == ("", None, None)
    score = schema.rows_of(schema.ScoreRow, schema.frame(schema.ScoreRow, [schema.ScoreRow(job="j")]))[0]
    assert math.isnan(score.value)


def test_a_column_has_a_label_and_a_known_unit():
    units = {"", "unit", "level_unit", "months", "days", "count", "ratio", "probability"}
    for row in schema.ROWS.values():
        for name in row.__dataclass_fields__:
            assert schema.label(row, name)
            assert schema.unit(row, name) in units
