"""Whatever a title, a note or a name holds, a page and the terminal show it as words."""

import json
import re
import subprocess
import zipfile
from html.parser import HTMLParser

import openpyxl
import pypdf
import pytest
from hypothesis import given, strategies as st
from markdown_it import MarkdownIt

import forecast as fc
from forecast import report
from forecast.report import blocks as b
from forecast.report.inline_markup import Bold, Link, link, parse_markup, safe_address, strip_markup
from forecast.report.renderers import html, markdown, pdf
from forecast.report.terminal import show

SCRIPT = "<script>document.documentElement.setAttribute(`pwned`,`yes`)</script>"
HOSTILE = (
    f"{SCRIPT}<img src=x onerror=document.documentElement.setAttribute(`pwned`,`yes`)>"
    "[click](javascript:document.documentElement.setAttribute(1)) [k](data:text/html,<script>1</script>) "
    '[z](https://e.example/" onmouseover="document.documentElement.setAttribute(`pwned`,`y`)) [y](https://e.example/`a`**b**) '
    "--!><svg onload=document.documentElement.setAttribute(`pwned`,`yes`)> ]]><script>1</script> `x` |cell| $x^{"
)
PARTS = (
    SCRIPT, "<img src=x onerror=f()>", "[c](javascript:f())", "[k](data:text/html,x)", "![i](https://e.example/x.png)", "!",
    "[w](https://e.example/a_b*c)", "[m](mailto:a@b.c)", "[b]: javascript:f()", "[^1]", "\n", "\n\n", "    ", "- ", "# ", " #",
    "1. ", "> ", "---", "**", "*", "_", "`", "```", "~~", "|", "| - |", "&lt;", "&#60;", "&", "\\", "$", "<!--", "-->",
    "<![CDATA[", "<?php", "</summary>", "</td>", "<javascript:f()>", "<details>", "a", "b c", "é", "**bold**", "`code`",
    "`<b>`", "(", ")", "[", "]", '"', "'", "\x1b[31m", "\x00", "\u2028", ".", " ",
)  # fmt: skip
TAGS = {
    "h1", "h2", "h3", "p", "strong", "em", "s", "b", "code", "a", "img", "ul", "ol", "li", "blockquote", "br", "hr", "details",
    "summary", "table", "thead", "tbody", "tr", "th", "td", "colgroup", "col", "html", "head", "meta", "title", "style", "body",
    "div", "nav", "main", "span", "figure", "figcaption",
}  # fmt: skip
DRAWN = {"svg", "g", "path", "defs", "use", "clippath", "rect", "text", "tspan"}


LATEX = {
    "arraybackslash", "begin", "bfseries", "bottomrule", "caption", "captionof", "cdot", "dimexpr", "dots", "emph", "end",
    "endfirsthead", "endfoot", "endhead", "ensuremath", "footnotesize", "href", "hyperlink", "hypertarget",
    "includegraphics", "item", "label",
    "LARGE",
    "linewidth", "midrule", "multicolumn", "newline", "par", "raggedleft", "raggedright", "relax", "rotatebox", "scriptsize",
    "section", "subsection", "subsubsection", "surd", "tabcolsep", "textasciicircum", "textasciigrave", "textasciitilde",
    "textbackslash", "textbar", "textbf", "textendash", "textgreater", "textless", "textquotedbl", "texttt", "times", "toprule",
    "triangle", "leq", "geq", "pm", "to", "textemdash", "circ",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would make of a page: its words, its links, and what could run."""

    def __init__(self, text):
        super().__init__()
        self.words, self.links, self.alive = "", [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.alive += [tag] if tag not in TAGS | DRAWN else []
        for name, value in attrs:
            follows = r"figures/\w+\.png" if name == "src" else r"(https?://|mailto:|#)[^\s]*"
            self.alive += [name] if name.startswith("on") else []
            if name in ("href", "src"):
                self.links.append(value)
                self.alive += [] if re.fullmatch(follows, value) else [value]

    def handle_data(self, data):
        self.words += data

    def handle_comment(self, data):
        self.alive.append(data)

    unknown_decl = handle_pi = handle_comment


def page(text):
    """A page without its own script, of which there is one, and its link to the text."""
    assert text.count(html.script_element()) == 1
    found = Page(text.replace(html.script_element(), ""))
    found.links.remove("#content")
    return found


def shown(blocks, raw=True):
    return Page(MarkdownIt("commonmark", {"html": raw}).enable(["table", "strikethrough"]).render(markdown.render(blocks)))


def each(text):
    """A text in every place of every Block."""
    head = (b.Column(text), b.Column("n", True))
    rows = ((b.TableCell(text, text, href=text), b.TableCell("1")), (b.TableCell(text),), (b.TableCell(text, tone="sentence"),))
    return [
        b.Heading(text, 1), b.Heading(text, 2, "x", text), b.Prose(text), b.Prose(text, "footer"), b.Bullets((text, text)),
        b.Bullets((text,), numbered=True), b.Statements(((text, text),)), b.Callout(text), b.TableBlock(text, head, rows, text),
        b.Details(text, (b.Prose(text),)), b.FigureBlock("f", text, (), 1, text, text, (("A", text),)),
    ]  # fmt: skip


def words(parts):
    return "".join(words(p.inside) if isinstance(p, (Bold, Link)) else p.text for p in parts)


def letters(text):
    """A text without spaces, and without the marks of code, which are kept where its content could be read as markup."""
    return re.sub(r"[\s`]+", "", text)


def test_no_hostile_text_lives_in_a_page():
    for found in (shown(each(HOSTILE)), shown(each(HOSTILE), raw=False), page(html.render(each(HOSTILE)[:-1]))):
        assert found.alive == []
        assert "document.documentElement" in found.words
    text = markdown.render(each(HOSTILE))
    assert not re.search(r"<(script|img|svg)|\]\((javascript|data):", text)


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=9).map("".join))
def test_markdown_says_every_text_as_it_is_and_nothing_of_it_lives(text):
    for block in each(text):
        found = shown([block])
        assert found.alive == []
        assert page(html.render([block])).alive == [] or isinstance(block, b.FigureBlock)
    said = words(parse_markup(text))
    for block in (b.Heading(text), b.Prose(text), b.Bullets((text,)), b.Callout(text), b.Details("", (b.Prose(text),))):
        assert letters(shown([block]).words).removeprefix("Note.") == letters(said)


def test_ordinary_prose_is_written_as_it_is():
    text = (
        "The default's CRPS (0.5 to 0.9) - or 12 t/month, a.b@c, R&D, CHN.export.WLD.rare_earths_total: 145->30 %, #2 + x = y!"
    )
    assert markdown.render([b.Prose(text)]) == text + "\n"
    marked = "**Bold words**, `code_of(x)` and [words](https://a.example/b_c?d=1&e=2)."
    assert markdown.render([b.Prose(marked)]) == marked + "\n"


@pytest.mark.parametrize(
    "text", ["# a", "#a", "- a", "+ a", "> a", "1. a", "12) a", "---", "* a", "```", "~~~", "a #", "#", "| a"]
)
def test_no_text_opens_another_kind_of_block(text):
    for block, tag in (
        (b.Prose(text), "p"),
        (b.Heading(text, 3), "h3"),
        (b.Bullets((text,)), "ul"),
        (b.Callout(text), "blockquote"),
    ):
        made = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown.render([block]))
        assert set(re.findall(r"<(\w+)", made)) <= {tag, "p", "li", "strong"}
        assert letters(Page(made).words).removeprefix("Note.") == letters(text)


def test_a_cell_stays_one_cell():
    table = b.TableBlock(
        "c", (b.Column("a|b"), b.Column("n")), ((b.TableCell("x | y\\|z\n| 1 | 2 |\n\nw", "`p|q`"), b.TableCell("1")),)
    )
    made = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown.render([table]))
    assert made.count("<td") == made.count("<th ") == 2
    assert "x | y\\|z | 1 | 2 | w" in Page(made).words


@pytest.mark.parametrize(
    ("to", "kept"),
    [
        ("https://a.example/x_(1)?q=a b|c", "https://a.example/x_%281%29?q=a%20b%7Cc"),
        ("HTTP://a.example/é", "HTTP://a.example/é"),
        ("mailto:a@b.c", "mailto:a@b.c"),
        *(
            (bad, "")
            for bad in ("javascript:f()", " javascript:f()", "data:text/html,x", "//e.example", "file:///x", "vbscript:x", "")
        ),
    ],
)
def test_only_addresses_of_the_web_and_of_mailboxes_are_followed(to, kept):
    assert safe_address(to) == kept
    assert link("w", to) == (f"[w]({kept})" if kept else "w")
    cell = b.TableBlock("c", (b.Column("a"), b.Column("n")), ((b.TableCell("w", href=to), b.TableCell("1")),))
    for found in (shown([cell]), page(html.render([cell]))):
        assert len(found.links) == bool(kept)


def test_a_verdict_of_a_forged_table_stays_a_word():
    forged = 'x" onmouseover="f()" y="'
    rows = ((b.TableCell("q"), b.TableCell(forged, tone=forged)), (b.TableCell("w", tone=forged),))
    text = html.render([b.Statements(((forged, "t"),)), b.TableBlock("c", (b.Column("a"), b.Column("n")), rows)])
    assert page(text).alive == []
    assert page(text).words.count(forged) == 2


def test_the_terminal_gets_words_only(capsys):
    text = "[bold red]x[/] :smile: \x1b]0;t\x07\x9b31m a\r\nb **bold** [w](https://a.example)"
    show(
        [
            b.Heading(text),
            b.Prose(text),
            b.Bullets((text,)),
            b.TableBlock(text, (b.Column(text),), ((b.TableCell(text, text),),)),
        ]
    )
    said = capsys.readouterr().err
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", said)
    assert "[bold red]x[/] :smile: \ufffd]0;t\ufffd\ufffd31m a b bold w (https://a.example)" in said
    assert strip_markup(text).upper() in said


COMMANDS = r"""\input{/etc/passwd}\write18{ls}^^5cinput{x}%}{$&# \end{document} =cmd|' /C calc'!A0 { INCLUDETEXT "x" }"""
CONFIG = """
name = "hostile"
title = '''TEXT'''
seed = 5
draws = 100
[data]
use = "csv"
path = "own.csv"
publisher = '''TEXT'''
key = "CHL.export.WLD.sample_salt"
[[models]]
use = "seasonal_naive"
[[models]]
use = "mean12"
name = '''TEXT'''
[[events]]
id = "licences"
title = '''TEXT'''
note = '''TEXT'''
source_url = "javascript:f()"
document = '''TEXT'''
scope_note = '''TEXT'''
announced = 2023-06-15
effective = 2023-07-01
imposed_by = ["CHL"]
products = ["sample_salt"]
instrument = "licence"
role = "default"
[[backtest]]
name = '''TEXT'''
note = '''TEXT'''
series = ["CHL.export.WLD.*"]
first = "2023-07"
last = "2023-08"
horizons = [1]
[forecast]
series = ["CHL.export.WLD.*"]
months = 2
[[effects]]
id = '''1TEXT'''
note = '''TEXT'''
question = '''TEXT'''
event = "licences"
treated = "CHL.export.WLD.sample_salt"
"""


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    rows = [f"{year}-{month:02},{100 + month}" for year in range(2019, 2024) for month in range(1, 13)]
    (folder / "own.csv").write_text("\n".join(["period,value", *rows]) + "\n", "utf-8")
    text = "".join(f"\\U{ord(c):08X}" for c in HOSTILE + COMMANDS)
    (folder / "hostile.toml").write_text(CONFIG.replace("'''", '"').replace("TEXT", text), "utf-8")
    return fc.run(folder / "hostile.toml", folder / "runs")


def test_a_whole_report_of_hostile_words_is_inert(hostile_run):
    run = hostile_run
    text = (run.folder / "report.md").read_text("utf-8")
    for raw in (True, False):
        found = Page(MarkdownIt("commonmark", {"html": raw}).enable("table").render(text))
        assert found.alive == []
        assert found.words.count("<script>document") > 10
    found = page((run.folder / "report.html").read_text("utf-8"))
    assert found.alive == []
    assert found.words.count("<script>document") > 10


def test_no_command_of_latex_comes_from_a_text(hostile_run):
    text = report(hostile_run, "tex").read_text("utf-8")
    body = text[text.index("\\begin{document}") :]
    assert set(re.findall(r"\\([a-zA-Z]+)", body)) <= LATEX
    bare = re.sub(r"\\[\\{}$&#%_]", "", re.sub(r"(?m)^%.*$", "", body))
    assert not re.search(r"[$#]|\^\^|%|(?<!\\ensuremath\{\{\})\^", bare)
    assert bare.count("{") == bare.count("}")
    assert body.count("\\end{document}") == 1
    assert "textbackslash{}input" in body


def test_no_formula_and_no_link_of_a_sheet_comes_from_a_text(hostile_run):
    path = report(hostile_run, "xlsx")
    book = openpyxl.load_workbook(path)
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
    assert not [c for c in cells if c.data_type == "f"]
    assert {c.hyperlink.target for c in cells if c.hyperlink} == {None}
    assert any("=cmd|" in str(c.value) for c in cells)
    with zipfile.ZipFile(path) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist())


def test_no_field_and_no_link_of_word_comes_from_a_text(hostile_run):
    with zipfile.ZipFile(report(hostile_run, "docx")) as parts:
        body, links = (parts.read(f"word/{name}").decode() for name in ("document.xml", "_rels/document.xml.rels"))
    assert set(re.findall(r'w:instr="([^"]*)"', body)) == {" SEQ Table \\* ARABIC ", " SEQ Figure \\* ARABIC "}
    assert "instrText" not in body
    assert not re.findall(r'Target="(?!http://schemas|https?://|mailto:|[\w/.]+\.(?:xml|png))[^"]*"', links)
    assert "INCLUDETEXT" in body


def test_no_html_begins_in_json(hostile_run):
    text = report(hostile_run, "json").read_text("utf-8")
    assert "<" not in text
    assert json.loads(text)["title"].startswith("<script>")


@pytest.mark.skipif(not pdf.find_browser(), reason="no browser is installed")
def test_nothing_of_a_hostile_page_runs_in_a_browser_or_is_an_action_of_its_pdf(hostile_run):
    printed = pypdf.PdfReader(report(hostile_run, "pdf"))
    assert "document.documentElement" in "".join(sheet.extract_text() for sheet in printed.pages).replace("\n", "")
    assert not {"/OpenAction", "/AA", "/JavaScript"} & set(printed.trailer["/Root"])
    notes = [note.get_object() for sheet in printed.pages for note in sheet.get("/Annots", ())]
    assert {str(note["/A"].get("/URI", "https:"))[:6] for note in notes if "/A" in note} <= {"https:"}
    command = [pdf.find_browser(), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    done = subprocess.run([*command, (hostile_run.folder / "report.html").as_uri()], capture_output=True, check=False)
    assert b"<html" in done.stdout
    assert not re.search(rb"<html[^>]*pwned", done.stdout)
