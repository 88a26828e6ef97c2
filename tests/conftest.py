"""What all tests share: a fast Hypothesis profile, small archives, and the way to reference data that lie outside the clone."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# before anything imports numpy
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

settings.register_profile(
    "fast", max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
BESIDE = "beside the clone"


def pytest_addoption(parser):
    """`--renew` keeps the tables of the golden run as they now are."""
    parser.addoption("--renew", action="store_true", help="keep the tables of the golden run as they now are")


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared():
    """`shared("data/x.csv")` is a path beside the clone; the test is skipped where the file is not there."""

    def find(name):
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"no {name} {BESIDE}")
        return path

    return find


def pytest_terminal_summary(terminalreporter):
    """One line on the tests that the reference data would have let run, so that nobody takes their silence for a pass."""
    skipped = [
        str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ()) if isinstance(report.longrepr, tuple)
    ]
    lacking = sum(reason.endswith(BESIDE) for reason in skipped)
    if lacking:
        terminalreporter.write_line(f"{lacking} tests were skipped: the reference data they read do not lie {BESIDE}")


@pytest.fixture(scope="session")
def figure():
    """One row of an archive: `figure(series, period, value, released, **changes)`; quantities in kg."""

    from dataclasses import asdict

    from forecast.core.archive_table import ArchiveRow

    def row(series, period, value, released, **changes):
        made = ArchiveRow(
            series, period, float(value), stage="detail", kind="reported", released=released, publisher="A",
            article_date=released,
        )  # fmt: skip
        return asdict(made) | changes

    return row


@pytest.fixture(scope="session")
def archive_of():
    """An archive from rows: `archive_of(row, row, ..., events=[...])`."""

    def build(*rows, events=()):
        import pandas as pd

        from forecast.core.archive import Archive
        from forecast.core.events import EventCalendar

        return Archive(pd.DataFrame(rows), EventCalendar().with_events(events))

    return build


@pytest.fixture(scope="session")
def vintage_of():
    """A vintage with one monthly series: `vintage_of(values, first="2020-01", series=..., spans=[...], events=[...])`.

    A value of None leaves the month out; a span is (first, last, value).
    """

    def build(values, first="2020-01", series="CHN.export.WLD.re_magnets", spans=(), events=(), day="2030-01-01", **more):
        from forecast.core import months
        from forecast.core.events import EventCalendar
        from forecast.core.vintage import Cell, Vintage

        start = months.ordinal(first)
        cells = [
            Cell(start + i, start + i, float(v), "zero" if v == 0 else "value") for i, v in enumerate(values) if v is not None
        ]
        cells += [
            Cell(months.ordinal(a), months.ordinal(b), float(v), "zero" if v == 0 else "value", "cumulative")
            for a, b, v in spans
        ]
        return Vintage(months.parse_day(day), {series: tuple(cells)}, EventCalendar().with_events(events), **more)

    return build
