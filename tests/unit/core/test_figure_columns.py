"""Columns of an archive's rows."""

from forecast.core.figure_columns import FigureColumns


def test_no_tables_are_a_table_without_rows():
    """A config may name no series of its archive: the figures left out of the audit are then none."""
    made = FigureColumns.concat([])
    assert len(made) == 0
    assert len(made.take(~made.texts["excluded"].mask(""))) == 0
