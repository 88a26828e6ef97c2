"""What every section of the report must keep to."""

import json

import pandas as pd
import pytest

from contracts.report_run import small_run
from forecast.core import registry
from forecast.core.contracts import Section
from forecast.core.run import Run
from forecast.core.schema import COLUMNS, SCHEMA_VERSION, TABLES
from forecast.report.compose import compose, sections
from forecast.report.figures.canvas import style
from forecast.report.renderers import html, markdown
from forecast.report.run_data import MORE_THAN_NOWCASTS, RunData

ALL = registry.names("section")


@pytest.fixture
def empty(tmp_path):
    """A run whose tables have no rows."""
    for name in TABLES:
        pd.DataFrame(columns=list(COLUMNS[name])).to_parquet(tmp_path / f"{name}.parquet")
    info = {"schema_version": SCHEMA_VERSION, "as_of": "2026-01-31", "config": {"name": "empty"}, "versions": {}}
    (tmp_path / "run.json").write_text(json.dumps(info), "utf-8")
    (tmp_path / "findings.json").write_text("[]", "utf-8")
    return Run(tmp_path)


@pytest.mark.parametrize("name", ALL)
def test_a_section_says_where_it_stands_and_what_it_needs(name):
    made = registry.build("section", name)
    assert isinstance(made, Section)
    assert isinstance(made.order, (int, float))
    assert set(made.needs) <= {*TABLES, MORE_THAN_NOWCASTS}


@pytest.mark.parametrize("name", ALL)
def test_a_section_has_a_place_of_its_own(name):
    made = registry.build("section", name)
    assert [s.name for s in sections() if s.order == made.order] == [name]


@pytest.mark.parametrize("name", ALL)
def test_a_run_without_rows_is_drawn(name, empty):
    data = RunData(empty)
    with style():
        drawn = registry.build("section", name).blocks(data)
    assert isinstance(drawn, list)
    assert html.render(drawn)
    assert markdown.render(drawn)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A made-up run with rows in its tables."""
    return small_run(tmp_path_factory.mktemp("filled"))


@pytest.mark.parametrize("name", ALL)
def test_a_run_with_rows_is_drawn(name, filled):
    data = RunData(filled)
    made = registry.build("section", name)
    with style():
        drawn = made.blocks(data) if all(data.holds(need) for need in made.needs) else []
    assert html.render(drawn)
    assert markdown.render(drawn)


def test_an_error_in_a_section_is_told_in_its_place(empty, monkeypatch, caplog):
    before = compose(empty)

    def fail(self, data):
        raise ValueError("no such thing")

    monkeypatch.setattr(registry.get("section", "summary"), "blocks", fail)
    page = markdown.render(compose(empty))
    assert len(compose(empty)) > 1
    assert "The section 'summary' could not be drawn (ValueError: no such thing)" in page.replace("\\", "")
    assert "'summary'" in caplog.text
    assert len(before) > 1


def test_a_section_whose_needs_are_not_met_is_left_out(empty, monkeypatch):
    section = registry.get("section", "summary")
    before = compose(empty)
    monkeypatch.setattr(section, "needs", ("forecasts",))
    assert len(compose(empty)) < len(before)


def test_sections_come_in_their_order():
    order = [section.order for section in sections()]
    assert order == sorted(order)
    assert {section.name for section in sections()} == set(ALL)


def test_a_run_of_nowcasts_alone_leaves_out_what_is_said_of_events(empty, monkeypatch):
    data = RunData(empty)
    assert data.holds(MORE_THAN_NOWCASTS)
    monkeypatch.setitem(empty.info, "config", {"nowcast": [{"name": "now", "models": ["ets"]}]})
    assert not RunData(empty).holds(MORE_THAN_NOWCASTS)
    monkeypatch.setitem(empty.info, "config", {"nowcast": [{"name": "now", "models": ["ets"]}], "effects": [{"id": "A"}]})
    assert RunData(empty).holds(MORE_THAN_NOWCASTS)
