"""Fuzz of what reads saved files and answers: whatever they hold, figures or the package's own error, and no hang."""

import contextlib
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from forecast.core.errors import ForecastError
from forecast.interfaces.answer import Answer
from forecast.sources.china_customs import ChinaCustoms
from forecast.sources.comext import Comext
from forecast.sources.comext.answers import read_answer
from sources.china_pages import BULLETIN, JANUARY_FEBRUARY, OF_2019, page
from sources.test_china_query_files import HEADER, MODES, ROWS
from sources.test_comext import BULK, HEAD, LINE, LINES

QUERY = "\r\n".join([HEADER, *ROWS]).encode("gb18030")
SUMMED = "\r\n".join([MODES, "202406,28258000,502,10,一般贸易,100,千克,1000"]).encode("gb18030")
PAGES = [page(**shape).encode() for shape in ({}, JANUARY_FEBRUARY, OF_2019, BULLETIN, {"unit_column": False})]
BULK_FILE = "\n".join([BULK, *LINES, ""]).encode()
ANSWER = (HEAD + LINE + LINE.replace("VALUE_IN_EUROS", "QUANTITY_IN_100KG")).encode()
PIECES = st.sampled_from([
    b"", b",", b'"', b"\r\n", b"\n", b"\0", b"\xff\xfe", b"-", b"1e400", b"9" * 400, b"NaN", b"inf", b"202413",
    b"000000", b"2024-02-30",
    b"<td colspan=99999 rowspan=99999>", b"<table>", b"</table>", b"<tr>", b"<!--", b"&#x110000;", b"&#99999999999;",
    b"<![CDATA[",
    b"<!DOCTYPE [", "稀土".encode(), "千克".encode("gb18030"), b"31/13/99", b"99/99/99 11:00:00", b"Unit: US$0", b"1-13 Total",
    b"0.0.2025",
])  # fmt: skip


@st.composite
def spoilt(draw, wholes):
    """A whole file, with some places cut out and some pieces put in."""
    data = bytearray(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data)))
        cut = draw(st.sampled_from([0, 1, 2, 7, 60, 4000]))
        data[at : at + cut] = draw(PIECES | st.binary(max_size=8))
    return bytes(data)


def read(name, data, build):
    """Figures of a file, or the package's error; anything else is a fault."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        with contextlib.suppress(ForecastError):
            for row in build(str(path)):
                assert row.value >= 0 or math.isnan(row.value)
                assert (row.status == "zero") == (row.value == 0)
                assert math.isnan(row.value) == (row.status in ("missing", "suppressed"))


def query(path):
    source = ChinaCustoms(path=path, flow="export", all_partners=True)
    source.read()
    return [row for _, rows, _ in source.parts() for row in rows]


def saved_page(path):
    source = ChinaCustoms(path=path, units={"Rare earth": "Ton"}, items={"Ships": "ships", "Plastic articles": "plastics"})
    return [row for _, rows, _ in source.parts() for row in rows]


def bulk(path):
    source = Comext(hs=("28258000", "28"), reporter=("EU27", "DEU"), files=(path,))
    return [row for part in source.fetch("2020-01", None) for row in part.rows]


def answer(data):
    given_answer = Answer("q", 200, {"content-type": "text/csv"}, data, "2026-02-16T00:00:00+00:00")
    with contextlib.suppress(ForecastError):
        for row in read_answer(given_answer, "TOTAL", "import").rows:
            assert row.weight >= 0 or math.isnan(row.weight)


FUZZ = {
    "query": (spoilt([QUERY, SUMMED]), lambda data: read("query.csv", data, query)),
    "page": (spoilt(PAGES), lambda data: read("page.html", data, saved_page)),
    "bulk": (spoilt([BULK_FILE]), lambda data: read("bulk.dat", data, bulk)),
    "answer": (spoilt([ANSWER]), answer),
}


@pytest.mark.parametrize("name", FUZZ)
def test_a_few_spoilt_files(name):
    files, check = FUZZ[name]
    given(files)(check)()


@pytest.mark.slow
@pytest.mark.parametrize("name", FUZZ)
def test_many_spoilt_files(name):
    files, check = FUZZ[name]
    settings(max_examples=4000, deadline=20_000, derandomize=False)(given(files)(check))()


def test_a_page_of_nothing_but_spans_ends_soon():
    bomb = page().replace("<tr><td rowspan", "<tr>" + "<td colspan=9999 rowspan=9999>1" * 20_000 + "<td rowspan").encode()
    read("page.html", bomb, saved_page)
