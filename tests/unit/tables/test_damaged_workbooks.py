"""Workbooks that would make a reader wait or take memory without end are refused before it opens them."""

import struct
import zipfile
from pathlib import Path

import pytest

from forecast.core.errors import DataError
from forecast.tables.compound_files import has_endless_chain
from forecast.tables.grid import read_grid

OLD = Path(__file__).with_name("old_workbook.xls").read_bytes()


def refused(path, content):
    path.write_bytes(content)
    with pytest.raises(DataError, match="no whole workbook"):
        read_grid(path)


def with_chain(place, number):
    """The old workbook with another number at a place of its table of sectors."""
    table = struct.unpack_from("<I", OLD, 76)[0]
    at = (table + 1) * 512 + 4 * place
    return OLD[:at] + struct.pack("<I", number) + OLD[at + 4 :]


def test_a_whole_one_is_read():
    assert not has_endless_chain(OLD)


@pytest.mark.parametrize("place", [0, 3, 7])
def test_a_chain_that_leads_back_into_itself(place, tmp_path):
    refused(tmp_path / "x.xls", with_chain(place, place))
    refused(tmp_path / "x.xls", with_chain(place, 0))


def test_a_cell_far_away(tmp_path):
    import openpyxl

    book = openpyxl.Workbook()
    book.active["A1"], book.active["B2"] = "a", 1.0
    book.save(tmp_path / "near.xlsx")
    assert len(read_grid(tmp_path / "near.xlsx").rows) == 2
    with zipfile.ZipFile(tmp_path / "near.xlsx") as near, zipfile.ZipFile(tmp_path / "far.xlsx", "w") as far:
        for part in near.infolist():
            far.writestr(part, near.read(part).replace(b'"B2"', b'"XFD1048576"'))
    with pytest.raises(DataError, match="more than it can hold"):
        read_grid(tmp_path / "far.xlsx")
