"""The guide to a run folder is the page that its generator makes of the schema."""

import pytest

from forecast.core import schema
from forecast.guides.run_folder import PAGE, page


def test_the_page_is_the_generated_one():
    assert PAGE.read_text("utf-8") == page(), "python -m forecast.guides.run_folder"


@pytest.mark.parametrize("table", schema.TABLES)
def test_every_column_has_its_line(table):
    part = page().partition(f"## `{table}`\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| `")]
    assert [line.split("`")[1] for line in lines] == list(schema.COLUMNS[table])
    assert all(len(line.strip("|").split("|")) == 4 for line in lines)
