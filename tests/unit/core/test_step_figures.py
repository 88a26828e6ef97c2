"""Figures of a plain panel as arrays answer as the cells they stand for, and take little memory."""

import datetime as dt
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from forecast.core.cells import Cell
from forecast.core.errors import DataError
from forecast.core.panel import panel
from forecast.core.step_figures import StepFigures, without
from forecast.core.vintage import Vintage

FIGURES = st.dictionaries(st.integers(0, 30), st.floats(-1e6, 1e6), min_size=1, max_size=20)


def as_figures(held):
    when = np.array(sorted(held), np.int64)
    return StepFigures(when, np.array([held[step] for step in sorted(held)]))


def as_cells(held):
    return tuple(Cell(step, step, held[step]) for step in sorted(held))


def both(held):
    """The same vintage of arrays and of cells."""
    return [Vintage(dt.date.max, {"a": figures}, nonnegative=False) for figures in (as_figures(held), as_cells(held))]


@given(FIGURES, st.integers(0, 30), st.integers(0, 12))
def test_a_vintage_of_arrays_is_one_of_cells(held, first, length):
    ours, plain = both(held)
    assert ours.fingerprint() == plain.fingerprint()
    assert ours.last_month("a") == plain.last_month("a")
    for mine, other in (
        (ours, plain),
        (ours.hide("a", first, first + length), plain.hide("a", first, first + length)),
        (ours.hide("*", first), plain.hide("*", first)),
        (ours.hide("a", first), plain.hide("a", first)),
    ):
        assert mine.holes == other.holes
        assert mine.series == other.series
        for name in mine.series:
            one, two = mine.observed(name), other.observed(name)
            assert (one.first, one.status, one.spans, one.derived) == (two.first, two.status, two.spans, two.derived)
            assert one.values.tobytes() == two.values.tobytes()


@given(FIGURES, st.integers(0, 30), st.integers(0, 12))
def test_arrays_are_a_sequence_of_the_cells(held, first, length):
    figures, cells = as_figures(held), as_cells(held)
    assert tuple(figures) == cells == figures[:]
    assert figures == cells
    assert figures[0] == cells[0]
    assert len(figures) == len(cells)
    assert tuple(without(figures, first, first + length)) == without(cells, first, first + length)


@given(FIGURES, st.integers(-1, 31))
def test_figures_up_to_a_step_are_the_earlier_cells(held, last):
    kept = as_figures(held).until(last, "lag")
    assert tuple(kept) == tuple(replace(cell, basis="lag") for cell in as_cells(held) if cell.last <= last)
    assert kept == tuple(kept)
    assert len(kept) == 0 or kept != as_figures(held)[: len(kept)], "the basis is part of a figure"


def test_other_figures_are_not_equal():
    assert as_figures({1: 2.0}) != as_figures({1: 3.0})
    assert as_figures({1: 2.0}) != as_figures({2: 2.0})
    assert as_figures({1: 2.0}) == as_figures({1: 2.0})
    assert hash(as_figures({1: 2.0})) == hash(as_figures({1: 2.0}))


def table_of(series, steps=144):
    months = pd.period_range("2010-01", periods=steps, freq="M").astype(str)
    names = np.repeat([f"s{i}" for i in range(series)], steps)
    values = np.random.default_rng(1).gamma(3.0, 100.0, series * steps)
    return pd.DataFrame({"unit": names, "time": np.tile(months, series), "value": values})


def test_a_panel_and_all_it_was_asked_for_take_at_most_ten_kilobytes_a_series():
    table = table_of(400)
    panel(table, unit="unit")  # what is imported or remembered once
    tracemalloc.start()
    vintage = panel(table, unit="unit")
    seen = [vintage.observed(name).count for name in vintage.series]
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert set(seen) == {144}
    assert held / 400 < 10_000


def test_rows_in_any_order_make_the_same_panel_and_names_are_read_without_their_blanks():
    table = table_of(5, 30)
    mixed = table.sample(frac=1.0, random_state=3)
    mixed["unit"] = [name + " " * (i % 2) for i, name in enumerate(mixed["unit"])]
    assert panel(mixed, unit="unit").fingerprint() == panel(table, unit="unit").fingerprint()


@pytest.mark.parametrize("blank", ["", " "])
def test_the_first_row_that_repeats_an_earlier_one_is_named(blank):
    table = pd.concat([table_of(3, 5), table_of(3, 5).iloc[[7, 2]]], ignore_index=True)
    table.loc[15, "unit"] += blank
    with pytest.raises(DataError, match="s1 has two rows at 2010-03") as told:
        panel(table, unit="unit")
    assert "row 15" in str(told.value)


def test_what_differs_is_what_the_cells_say_differs():
    rng = np.random.default_rng(3)
    for _ in range(200):
        one, other = (
            StepFigures(when, rng.integers(0, 3, len(when)).astype(float))
            for when in (np.flatnonzero(rng.random(12) < 0.6) for _ in range(2))
        )
        held = {(cell.first, cell.value) for cell in other}
        assert [(c.first, c.value) for c in one.differing_from(other)] == [
            (c.first, c.value) for c in one if (c.first, c.value) not in held
        ]


def test_figures_of_some_steps_take_the_place_of_others():
    figures = StepFigures(np.array([3, 5, 6]), np.array([1.0, 2.0, 3.0]), "lag")
    made = figures.with_figures({5: None, 6: 9.0, 4: 7.0})
    assert [(c.first, c.value, c.basis) for c in made] == [(3, 1.0, "lag"), (4, 7.0, "lag"), (6, 9.0, "lag")]
    assert [c.value for c in figures] == [1.0, 2.0, 3.0]


def test_news_of_a_panel_are_those_of_its_cells():
    """Held as arrays or as cells, a panel's figures have the same news."""
    from dataclasses import replace

    import forecast as fc
    from forecast.study.data.real_time import RealTimeView

    rng = np.random.default_rng(4)
    months = [f"{2018 + i // 12}-{i % 12 + 1:02d}" for i in range(80)]
    rows = [(name, month, float(v)) for name in "abc" for month, v in zip(months, rng.gamma(9, 10, 80), strict=True)]
    panel = fc.panel(pd.DataFrame(rows, columns=["unit", "time", "value"]), unit="unit", season=12, nonnegative=True)
    assert isinstance(panel.cells["a"], StepFigures)
    told = []
    for held in (panel, replace(panel, cells={name: tuple(panel.cells[name]) for name in panel.series})):
        view = RealTimeView(held, lags={"a": 2, "b": 0, "c": 1})
        before, after = dt.date(2024, 6, 1), dt.date(2024, 7, 1)
        task = fc.Task(before, "a", ["2024-05"], draws=200)
        told.append(fc.news("factor", view, task, before, after))
    pd.testing.assert_frame_equal(*told)
    assert len(told[0]) > 2


def test_the_last_known_figure_is_a_number():
    figures = StepFigures(np.arange(4), np.array([1.0, 2.0, np.nan, np.nan]))
    assert figures.last_known == (Cell(1, 1, 2.0),)
    assert not len(figures[2:].last_known)
