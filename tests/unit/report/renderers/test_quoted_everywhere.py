"""Numbers drawn with a seed are the same in Python, on the command line and in every format of the report."""

import html as entities
import io
import json
import math
import random
import re

import docx
import openpyxl
import pypdf
import pytest
from typer.testing import CliRunner

from forecast.cli import app
from forecast.report import pages
from forecast.report.renderers import pdf, render

DRAWN = 50


def one_space(text):
    return re.sub(r"\s+", " ", text)


@pytest.fixture(scope="module")
def drawn(small):
    """Key and field of figures that the report prints: estimates and totals of the answers, medians of the months ahead."""
    quotes = small.quotes
    printed = {key for key in small.quotes._rows if "/" not in key}
    pool = [(f"effect:{a.id}", field) for a in quotes.data.headline for field in ("estimate", "observed_total")]
    pool = [(key, field) for key, field in pool if math.isfinite(quotes.fields(key)[field].value)]
    tables = {name.removeprefix("forecast:") for name in quotes.tables()}
    pool += sorted((key, "q50") for key in printed if key.startswith("forecast:") and key.split(":")[1] in tables)
    return random.Random(14).sample(pool, min(DRAWN, len(pool)))


@pytest.fixture(scope="module")
def texts(small):
    page = pages.read_page(small)
    word = docx.Document(io.BytesIO(render(page, "docx")))
    cells = [c.text for table in word.tables for row in table.rows for c in row.cells]
    signs = {"~": " ", r"\ensuremath{-}": "−", r"\%": "%"}
    latex = render(page, "tex")
    for written, sign in signs.items():
        latex = latex.replace(written, sign)
    found = {
        "html": entities.unescape(re.sub("<[^>]+>", " ", render(page, "html"))),
        "md": render(page, "md"),
        "json": json.dumps(json.loads(render(page, "json")), ensure_ascii=False),
        "docx": "\n".join([*(p.text for p in word.paragraphs), *cells]),
        "tex": latex,
    }
    if pdf.find_browser():
        found["pdf"] = "\n".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(render(page, "pdf"))).pages)
    return {name: one_space(text) for name, text in found.items()}


def test_a_quoted_number_stands_in_every_format(small, drawn, texts):
    assert len(drawn) > 10
    for key, field in drawn:
        number = one_space(small.number(key, field)).split(" ")[0].lstrip("+−")  # the unit may stand in the head of a column
        for name, text in texts.items():
            assert re.search(rf"(?<![\d.,]){re.escape(number)}(?![\d]|[.,]\d)", text), (name, key, field, number)


def test_a_quoted_number_is_that_of_the_command_line(small, drawn):
    for key, field in drawn[:8]:
        done = CliRunner().invoke(app, ["quote", str(small.folder), key, field])
        assert done.output.rstrip("\n") == small.number(key, field)


def test_a_quoted_number_is_that_of_the_sheet(small, drawn):
    book = openpyxl.load_workbook(io.BytesIO(render(pages.read_page(small), "xlsx")))
    held = {}
    for name in ("forecasts", "effects"):
        heads, *lines = book[name].iter_rows(values_only=True)
        held[name] = [dict(zip(heads, line, strict=True)) for line in lines]
    for key, field in drawn:
        kind, name, *month = key.split(":")
        if kind == "effect":
            rows = [row for row in held["effects"] if str(row["id"]) == name and (field == "estimate" or row["level_unit"])]
        else:
            rows = [row for row in held["forecasts"] if (row["series"], row["month"]) == (name, *month)]
        wanted = small.quotes.fields(key)[field].value
        values = [row[field] for row in rows if row[field] is not None]
        assert not values or any(value == pytest.approx(wanted, rel=1e-12) for value in values), (key, field, wanted, values)
        assert values or field == "observed_total"
