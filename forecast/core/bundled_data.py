"""Files of the bundled data set."""

from __future__ import annotations

import csv
from importlib import resources


def bundled_text(name: str) -> str:
    """The text of a file."""
    return resources.files("forecast.data").joinpath(name).read_text("utf-8")


def bundled_rows(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file by column."""
    return list(csv.DictReader(bundled_text(name).splitlines()))
