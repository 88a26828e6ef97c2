"""What every source promises: an archive with the columns, keys, units and days that the package reads."""

import dataclasses
import datetime as dt

import pytest

from forecast.core import months, registry
from forecast.core.archive import Archive
from forecast.core.archive_table import COLUMNS, KINDS, STATUSES, rows_of
from forecast.core.errors import ConfigError
from forecast.core.series import SeriesKey

LIVE = [name for name in registry.names("source") if getattr(registry.get("source", name), "service", None)]
READ = [name for name in registry.names("source") if name not in LIVE]


@pytest.fixture(scope="module", params=READ)
def source(request, tmp_path_factory):
    """A source as it may be built: with its defaults, or on the small file that its class writes as an example."""
    cls = registry.get("source", request.param)
    return (
        cls.example(tmp_path_factory.mktemp(request.param))
        if hasattr(cls, "example")
        else registry.build("source", request.param)
    )


@pytest.fixture(scope="module")
def rows(source):
    return rows_of(source.read().table)


def test_a_source_is_a_frozen_dataclass_that_says_what_it_is(source):
    assert dataclasses.is_dataclass(source)
    assert source.__dataclass_params__.frozen
    assert registry.sentence("source", source.name).endswith(".")
    assert registry.build("source", registry.spec_of(source)) == source


def test_it_reads_an_archive(source):
    archive = source.read()
    assert isinstance(archive, Archive)
    assert list(archive.table.columns) == list(COLUMNS)
    assert archive.series
    assert archive.fingerprint == source.read().fingerprint, "the same file, the same archive"


def test_a_figure_of_one_release_stands_once(rows):
    kept = [(row.series, row.period, row.released, row.publisher, row.url, row.value) for row in rows if not row.excluded]
    assert len(set(kept)) == len(kept)


def test_units_are_those_of_the_series(rows):
    assert all(row.unit == SeriesKey.parse(row.series).unit for row in rows)
    assert all(row.value >= 0 or row.unit != "kg" for row in rows if row.value == row.value)


def test_words_are_the_known_ones_and_missing_is_not_zero(rows):
    for row in rows:
        assert row.status in STATUSES
        assert row.kind in KINDS
        assert row.basis
        assert (row.status == "zero") == (row.value == 0)
        assert (row.value != row.value) == (row.status in ("missing", "suppressed"))


def test_a_figure_comes_out_after_its_last_month_has_begun(rows):
    for row in rows:
        _, last = months.parse_period(row.period)
        assert months.ordinal(dt.date.fromisoformat(row.released)) >= last, row


def test_every_figure_says_who_published_it(rows):
    assert all(row.publisher for row in rows)


# --- live sources -----------------------------------------------------------------------------------------------------


@pytest.fixture(params=LIVE)
def live(request):
    return registry.build("source", request.param)


def test_a_live_source_is_a_frozen_dataclass_that_says_what_it_is(live):
    assert live.__dataclass_params__.frozen
    assert registry.sentence("source", live.name).endswith(".")
    assert registry.build("source", registry.spec_of(live)) == live


def test_its_key_is_read_from_one_variable_and_it_says_where_a_key_comes_from(live):
    place = live.service.key
    assert live.key_variable == (place.variable if place else "")
    if place:
        assert bool(place.header) != bool(place.parameter)
        assert "https://" in place.obtained
    assert live.service.name == live.name
    assert live.service.address.startswith("https://")


def test_a_run_asks_no_network(live):
    with pytest.raises(ConfigError, match="the archive"):
        live.read()
