"""Every format tells the same figures, from figures drawn once; what is not there is said plainly."""

import datetime as dt
import io
import json
import random
import re
import shutil
import subprocess
import zipfile
from dataclasses import asdict, replace

import docx
import jsonschema
import openpyxl
import pandas as pd
import pypdf
import pytest

from forecast import report
from forecast.core.errors import ConfigError, ForecastError, MissingExtraError
from forecast.core.schema import ForecastRow, SumRow
from forecast.report import blocks as b, pages
from forecast.report.inline_markup import strip_markup
from forecast.report.page import Page, figures, flat, tables
from forecast.report.renderers import FORMATS, html, json_document, markdown, pdf, render
from forecast.report.run_data import RunData

QUICK = ("html", "md", "docx", "xlsx", "tex", "json")  # made without another program


@pytest.fixture(scope="module")
def page(small):
    return pages.read_page(small)


@pytest.fixture(scope="module")
def made(page):
    return {format: render(page, format) for format in QUICK}


def cell_texts(page):
    """The texts of cells that print one number."""
    return [c.text for table in tables(page.blocks) for row in table.rows for c in row if c.value is not None]


def shown(cell):
    """A number as its spreadsheet format shows it: digits, thousands, sign and unit."""
    code = cell.number_format.split(";")[0]
    decimals = len(re.search(r"\.(0+)", code)[1]) if "." in code else 0
    value = abs(cell.value) * (100 if code.endswith("%") else 1)
    sign = "\u2212" if cell.value < 0 and round(value, decimals) else "+" if code[0] == "+" else ""
    unit = "\u00a0%" if code.endswith("%") else re.sub(r'.*" (.*)"', "\u00a0\\1", code) if '"' in code else ""
    return f"{sign}{value * (1 + 1e-12):,.{decimals}f}{unit}"


def test_fifty_numbers_are_the_same_in_every_format(page, made):
    drawn = random.Random(14).sample([t for t in cell_texts(page) if any(map(str.isdigit, t))], 50)
    word = docx.Document(io.BytesIO(made["docx"]))
    words = {c.text.split("\n")[0] for t in word.tables for row in t.rows for c in row.cells}
    book = openpyxl.load_workbook(io.BytesIO(made["xlsx"]))
    sheet = {
        shown(c)
        for s in book
        if s.title.startswith("T")
        for row in s.iter_rows()
        for c in row
        if c.data_type == "n" and c.value
    }
    tables_ = [x for x in json.loads(made["json"])["blocks"]]
    told = json.dumps(tables_, ensure_ascii=False)
    for text in drawn:
        assert f'<span class="main">{text}</span>' in made["html"], text
        assert f"| {text}" in made["md"], text
        assert f'"text": "{text}"' in told, text
        assert text in words, text
        if not text.startswith(("0", "\u22120", "+0")):
            assert text in sheet, text
        tex = text.replace("\u2212", r"\ensuremath{-}").replace("%", r"\%").replace("\u00a0", "~")
        assert tex in made["tex"], text


def test_the_sheets_of_the_run_hold_its_figures_unrounded_and_sums_apart(small, page):
    data = RunData(small)
    single = [row for row in data.rows(ForecastRow) if row.cutoff == data.as_of]
    sums = [SumRow(**asdict(row) | {"month": f"{row.month}/2030-01", "q50": row.q50 + 1}, scenario="") for row in single[:7]]
    all_sums = [*sums, replace(sums[0], cutoff="2001-01-01")]  # one of a backtest, which is left out
    data._tables["sums"] = pd.DataFrame(map(asdict, all_sums))
    book = openpyxl.load_workbook(io.BytesIO(render(Page("report", page.blocks, data), "xlsx")))
    for name, rows in (("forecasts", single), ("sums", sums)):
        heads, *lines = book[name].iter_rows(values_only=True)
        found = [dict(zip(heads, line, strict=True)) for line in lines]
        assert len(found) == len(rows) > 0
        for line, row in zip(found, rows, strict=True):
            scale = {"t": 1000.0, "kg": 1.0}[line["unit"]]
            assert (line["series"], line["month"]) == (row.series, row.month)
            assert line["q50"] * scale == pytest.approx(row.q50, rel=1e-12)
            assert ("/" in line["month"]) is (name == "sums")
            assert line["first day"] == (None if "/" in row.month else dt.datetime.fromisoformat(f"{row.month}-01"))


def test_the_first_sheet_names_units_sources_notes_and_every_sheet(page, made):
    book = openpyxl.load_workbook(io.BytesIO(made["xlsx"]))
    about = {row[0].value: row[1].value for row in book["About"].iter_rows() if row[0].value}
    assert {"As of", "Units", "Months", "Missing", "Sources"} <= set(about)
    assert set(book.sheetnames) - {"About"} <= set(about)
    notes = [strip_markup(t.note) for t in tables(page.blocks) if t.note]
    assert notes
    assert set(notes) <= set(about.values())


def test_word_has_headings_captions_repeated_heads_and_a_text_for_every_figure(page, made):
    word = docx.Document(io.BytesIO(made["docx"]))
    styles = [p.style.name for p in word.paragraphs]
    chapters = [x for x in page.blocks if isinstance(x, b.Heading) and x.level == 2]
    assert styles.count("Title") == 1
    assert styles.count("Heading 1") == len(chapters)
    xml = zipfile.ZipFile(io.BytesIO(made["docx"])).read("word/document.xml").decode()
    assert xml.count("<w:tblHeader/>") == len(tables(page.blocks))
    assert xml.count(" SEQ Table ") == len(tables(page.blocks))
    assert xml.count(" SEQ Figure ") == len(figures(page.blocks))
    assert len(word.inline_shapes) == sum(len(f.panels) for f in figures(page.blocks)) > 0
    assert all(len(s._inline.docPr.get("descr")) > 20 for s in word.inline_shapes)
    links = re.findall(r'<w:hyperlink w:anchor="(\w+)"', xml)
    marks = re.findall(r'<w:bookmarkStart [^>]*w:name="(\w+)"', xml)
    assert list(dict.fromkeys(marks)) == marks
    assert set(links) == set(marks)
    assert len(marks) == len([c for c in chapters if c.anchor])
    assert all(f'w:name="{name}"' in xml for name in links)


def test_the_same_page_gives_the_same_bytes(page, made):
    assert {format: render(page, format) for format in QUICK} == made


def test_json_keeps_to_its_schema(made):
    document = json.loads(made["json"])
    schema = json.loads(json_document.schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    assert not list(check.iter_errors(document))
    assert list(check.iter_errors(document | {"blocks": [{"kind": "heading", "text": "x"}]}))


def test_no_two_elements_of_a_page_share_an_id(made):
    ids = re.findall(r'\bid="([^"]*)"', made["html"])
    assert len(ids) == len(set(ids)) > 20
    for target in re.findall(r'(?:href="|url\()#([^")]*)', made["html"]):
        assert target in ids, target


def test_every_drawing_and_every_table_that_scrolls_has_its_words(made):
    drawn = re.findall(r"<svg [^>]*>", made["html"])
    assert drawn
    assert all(re.search(r'role="img" aria-label="[^"]+"', tag) for tag in drawn)
    scrolling = re.findall(r'<div class="table scroll[^"]*">.*?<table', made["html"], re.DOTALL)
    assert scrolling
    assert all('tabindex="0"' in one for one in scrolling)


def test_a_value_under_the_pointer_is_the_table_s(page, made):
    read = [words for f in figures(page.blocks) for p in f.panels for _, words in p.readings]
    medians = [c.text for t in tables(page.blocks) if "the months ahead" in t.caption for row in t.rows for c in row[1:2]]
    assert any(f": {text}\u00a0t; 80" in words for text in medians for words in read)
    assert made["html"].count("data-readings=") == sum(bool(p.readings) for f in figures(page.blocks) for p in f.panels)


def test_several_formats_draw_each_figure_once(small, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setitem(pages.PAGES, "report", lambda run: drawn.append(1) or pages.compose(run))
    paths = pages.write_formats(small, ("md", "html", "tex", "json"), tmp_path)
    assert drawn == [1]
    assert [p.name for p in paths] == ["report.md", "report.html", "report.tex", "report.json"]
    assert {p.suffix for p in (tmp_path / "figures").iterdir()} == {".svg", ".png", ".pdf"}


@pytest.mark.parametrize("format", ["md", "tex", "json"])
def test_every_file_that_a_page_points_to_stands_beside_it(small, tmp_path, format):
    path = report(small, format, tmp_path / f"elsewhere.{format}")
    linked = re.findall(r"figures/[\w-]+\.\w+", path.read_text("utf-8"))
    assert linked
    assert all((tmp_path / name).is_file() for name in linked)


def test_a_self_contained_page_writes_nothing_beside_it(small, tmp_path):
    report(small, "html", tmp_path / "one.html")
    assert [p.name for p in tmp_path.iterdir()] == ["one.html"]


@pytest.mark.parametrize(("only", "said", "unsaid"), [("effects", "changed", "next"), ("forecasts", "next", "changed")])
def test_a_part_of_the_report_is_its_chapters_under_its_title(small, page, only, said, unsaid):
    part = pages.read_page(small, only)
    anchors = [x.anchor for x in part.blocks if isinstance(x, b.Heading) and x.level == 2]
    assert said in anchors
    assert unsaid not in anchors
    assert part.title == page.title


def test_one_figure_alone_is_found_by_its_name(small, tmp_path):
    path = report(small, "html", tmp_path, "figure:outlook")
    text = path.read_text("utf-8")
    assert path.name == "outlook.html"
    assert text.count("<figure") == 1
    with pytest.raises(ConfigError, match="no figure 'outlok'") as error:
        report(small, "html", tmp_path, "figure:outlok")
    assert error.value.hint == "'outlook'"
    with pytest.raises(ConfigError, match="'efects'") as error:
        report(small, "html", tmp_path, "efects")
    assert error.value.hint == "'effects'"


def test_several_formats_need_a_folder(small, tmp_path):
    with pytest.raises(ConfigError, match="2 formats"):
        pages.write_formats(small, ("html", "md"), tmp_path / "a.html")


@pytest.mark.parametrize(("format", "library", "extra"), [("xlsx", "xlsxwriter", "excel"), ("docx", "docx", "word")])
def test_a_missing_library_is_named_with_the_way_to_get_it(page, monkeypatch, format, library, extra):
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(MissingExtraError, match=format) as error:
        render(page, format)
    assert error.value.hint == f"pip install 'forecast[{extra}]'"


def test_without_browser_and_library_a_pdf_is_refused_plainly(page, monkeypatch):
    monkeypatch.setenv(pdf.VARIABLE, "")
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", None)
    with pytest.raises(MissingExtraError, match="needs a browser or WeasyPrint") as error:
        render(page, "pdf")
    assert pdf.VARIABLE in error.value.hint


def test_a_browser_that_prints_nothing_is_an_error(page, monkeypatch):
    monkeypatch.setenv(pdf.VARIABLE, shutil.which("true"))
    with pytest.raises(ForecastError, match="printed nothing"):
        render(page, "pdf")


@pytest.mark.slow
@pytest.mark.skipif(not pdf.find_browser(), reason="no browser is installed")
def test_every_forecast_figure_is_on_paper(page):
    printed = pypdf.PdfReader(io.BytesIO(render(page, "pdf")))
    text = re.sub(r"\s", "", " ".join(sheet.extract_text() for sheet in printed.pages))
    asked = [t for t in tables(page.blocks) if "the months ahead" in t.caption]
    figures_ = {re.sub(r"\s", "", c.text) for t in asked for row in t.rows for c in row if any(map(str.isdigit, c.text))}
    assert len(figures_) > 100
    assert not [one for one in figures_ if one not in text]
    assert {(round(float(s.mediabox.width)), round(float(s.mediabox.height))) for s in printed.pages} == {(595, 842)}
    assert len(printed.pages[-1].extract_text()) > 100, "a last page without text"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="LaTeX is not installed")
def test_latex_is_set_without_an_error(small, tmp_path):
    path = report(small, "tex", tmp_path)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-no-shell-escape", path.name], cwd=tmp_path, capture_output=True, check=False
    )
    said = done.stdout.decode("latin-1")
    assert not re.findall(r"^!.*", said, re.MULTILINE)
    assert (tmp_path / "report.pdf").stat().st_size > 50_000


def test_every_format_writes_blocks_without_rows_and_figures_without_panels(page):
    blank = (
        b.Heading("t", 1), b.TableBlock("c", (b.Column("a"), b.Column("n", True)), ()),
        b.FigureBlock("f", "t", (), 1, "c", "a"), b.Bullets(()), b.Statements(()), b.Details("s", ()),
    )  # fmt: skip
    for format in QUICK:
        assert render(Page("report", blank, page.data), format)


def test_formats_and_flat_blocks_agree(page):
    assert set(FORMATS) == {*QUICK, "pdf"}
    assert not any(isinstance(block, b.Details) for block in flat(page.blocks))
    assert html.render(page.blocks) == html.render_page(page)
    assert markdown.render(page.blocks) == markdown.render_page(page)
