"""The report of a small made-up run, drawn once for each file of tests."""

import pytest
from contracts.report_run import small_run

from forecast.report.pages import write_all
from forecast.report.run_data import RunData


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    return small_run(tmp_path_factory.mktemp("report") / "small-0123abcd")


@pytest.fixture(scope="session")
def page(small):
    html, text, *_ = write_all(small)
    assert (html.name, text.name) == ("report.html", "report.md")
    return html.read_text("utf-8")


@pytest.fixture(scope="session")
def data(small):
    return RunData(small)
