"""Each kind of document: what counts as a slot, what does not, and values that would do harm if they were not escaped."""

import io
import zipfile

import docx
import pytest
from hypothesis import given, strategies as st

from forecast.core.errors import DataError
from forecast.embed import latex, markdown, word
from forecast.embed.causal_words import causal_word
from forecast.embed.requests import parse
from forecast.embed.slots import Figure, Table, last_word, sentence_around
from forecast.embed.xml_places import parse as parse_xml

NASTY = "</w:t>{{ effect:1 }} <script>x</script> | `a` $x$ @cite --> <!--/fc--> \\input{/etc/passwd} % ~ ^ # & {{< include x >}} \x00\x0b\n# h"  # noqa: E501
TABLE = Table("C|<b>", ("a|b", "n"), (False, True), (("x\ny", "1"), ("only one",)), "")


def word_with(*paragraphs):
    made = docx.Document()
    for runs in paragraphs:
        paragraph = made.add_paragraph()
        for text in [runs] if isinstance(runs, str) else runs:
            paragraph.add_run(text)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def body(data):
    return zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml").decode()


def rewrite(data, edit):
    """A Word document with its text part edited as text."""
    held, out = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in held.namelist():
            part = held.read(name)
            made.writestr(name, edit(part.decode()).encode() if name == "word/document.xml" else part)
    return out.getvalue()


# --- Markdown ---------------------------------------------------------------------------------------------------------


def test_markdown_code_holds_no_slots():
    code = "```{r}\n<!--fc effect:1 a--><!--/fc-->\n```\n\n`<!--fc effect:2 a--><!--/fc-->`\n\n"
    text = f"{code}<!-- fc effect:3 a -->7<!--/fc-->\n~~~\n<!--fc x-->"
    assert [(s.key, s.shown, s.where) for s in markdown.slots(text.encode())] == [("effect:3 a", "7", "line 7")]


@pytest.mark.parametrize("text", ["a <!--fc effect:1 a-->", "<!--fc effect:1 a--> <!--fc effect:2 a--><!--/fc-->"])
def test_a_mark_that_is_not_closed_is_told_with_its_line(text):
    with pytest.raises(DataError, match="'effect:1 a' is not closed") as refused:
        markdown.slots(f"one\n{text}\n".encode())
    assert refused.value.where == "line 2"


def test_nothing_in_a_value_is_markdown_html_or_a_shortcode():
    data = b"x <!--fc effect:1--><!--/fc--> y"
    filled = markdown.fill(data, [NASTY], {})
    assert len(markdown.slots(filled)) == 1
    (slot,) = markdown.slots(filled)
    assert "<" not in slot.shown.replace("&lt;", "")
    assert "\n" not in slot.shown
    for sign in "`$@*|#~^":
        assert sign not in slot.shown.replace(f"\\{sign}", "")
    assert markdown.fill(filled, ["plain"], {}) == b"x <!--fc effect:1-->plain<!--/fc--> y"


def test_a_markdown_table_has_one_line_a_row():
    lines = markdown.shown(TABLE, {}).strip().splitlines()
    assert lines == ["**C\\|&lt;b&gt;**", "", "| a\\|b | n |", "| :-- | --: |", "| x; y | 1 |", "| only one |  |"]


@given(st.text())
def test_any_markdown_value_leaves_one_slot_and_its_surroundings(value):
    data = b"before <!--fc effect:1--><!--/fc--> after"
    filled = markdown.fill(data, [value], {})
    assert len(markdown.slots(filled)) == 1
    assert filled.startswith(b"before <!--fc effect:1-->")
    assert filled.endswith(b"<!--/fc--> after")


# --- LaTeX ------------------------------------------------------------------------------------------------------------


def test_latex_slots_and_what_is_none():
    text = (
        "\\newcommand{\\fc}[2]{#2}\n% \\fc{effect:1 a}{x}\n50\\% \\fc{effect:2 relative_change \\%}{a {b} \\} c}\n"
        "\\begin{verbatim}\\fc{effect:3 a}{x}\\end{verbatim} \\verb|\\fc{effect:4 a}{x}| \\fcolor{red}{x} \\\\fc{no}{x}"
    )
    assert [(s.key, s.shown) for s in latex.slots(text.encode())] == [("effect:2 relative_change %", "a {b} \\} c")]
    with pytest.raises(DataError, match="no second pair of braces"):
        latex.slots(b"\\fc{effect:1 a} and on")
    with pytest.raises(DataError, match="a brace is not closed"):
        latex.slots(b"\\fc{effect:1 a}{x")


@given(st.text())
def test_any_latex_value_stays_inside_its_braces(value):
    filled = latex.fill(b"a \\fc{effect:1 a}{} b", [value], {})
    (slot,) = latex.slots(filled)
    assert filled.decode() == f"a \\fc{{effect:1 a}}{{{slot.shown}}} b"
    assert "\\input" not in latex.escape(NASTY).replace("\\textbackslash{}input", "")


def test_a_latex_table_is_ruled_by_booktabs():
    made = latex.shown(TABLE, {})
    assert made.splitlines()[:3] == ["\\begin{tabular}{lr}", "\\toprule", "a|b & n \\\\"]
    assert "x; y & 1 \\\\" in made


# --- Word -------------------------------------------------------------------------------------------------------------


def test_word_marks_typed_anyhow():
    data = word_with(
        "two: {{effect:1 a}} and {{ effect:2 b }} in one run",
        ["{", "{ effect:3", " c }", "} x {{", " effect:4 d }} y"],
        "{{ name }} {{ not closed", ["{{ effect:5", " e }}"], "{{ “scenario:a b:X:2026-12” q50 }}",
    )  # fmt: skip
    keys = [slot.key for slot in word.slots(data)]
    assert keys == ["effect:1 a", "effect:2 b", "effect:3 c", "effect:4 d", "effect:5 e", '"scenario:a b:X:2026-12" q50']
    filled = word.fill(data, [*"12345", "6"], {})
    read = docx.Document(io.BytesIO(filled))
    assert [p.text for p in read.paragraphs] == ["two:  and  in one run", " x  y", "{{ name }} {{ not closed", "", ""]
    seen = [[t.text for t in p._p.iter("{*}t")] for p in read.paragraphs]
    assert seen[:2] == [["two: ", "1", " and ", "2", " in one run"], ["3", " x ", "4", " y"]]
    assert [(slot.key, slot.shown) for slot in word.slots(filled)] == list(zip(keys, "123456", strict=True))


def test_a_mark_is_converted_once_and_its_value_never():
    data = word.fill(word_with("{{ effect:1 a }}"), ["{{ effect:2 b }}"], {})
    assert [(slot.key, slot.shown) for slot in word.slots(data)] == [("effect:1 a", "{{ effect:2 b }}")]


def test_a_value_cannot_leave_its_run():
    data = word.fill(word_with("a {{ effect:1 }} b"), [NASTY], {})
    (slot,) = word.slots(data)
    assert "<script>" in slot.shown
    assert "\x00" not in slot.shown
    assert docx.Document(io.BytesIO(data)).paragraphs[0].text == "a  b"


@given(st.text())
def test_any_word_value_is_read_back(value):
    data = word.fill(word_with("a {{ effect:1 }} b"), [value], {})
    (slot,) = word.slots(data)
    read = docx.Document(io.BytesIO(data)).paragraphs[0]
    assert read.text == "a  b"
    assert len(list(read._p.iter("{*}sdt"))) == 1
    assert (
        slot.shown == "".join(c for c in value if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff")).replace("\r", "\n")
        or "\r" in value
    )


def test_a_long_key_ends_in_the_title_of_its_control():
    key = "forecast:CHN.export.WLD.rare_earths_total:2026-12 q50 kt digits=2 locale=de"
    data = word.fill(word_with(f"{{{{ {key} }}}}"), ["5,6 kt"], {})
    assert [slot.key for slot in word.slots(data)] == [key]
    assert f'<w:alias w:val="…{key[64:]}"/><w:tag w:val="{key[:64]}"/>' in body(data)
    (slot,) = word.slots(word_with("{{ effect:" + "x" * 130 + " }}"))
    assert "at most 127 characters" in slot.problem


def test_marks_that_cannot_be_converted_say_why():
    linked = rewrite(
        word_with(["{{ effect:1", " a }}"]),
        lambda xml: xml.replace(" a }}</w:t></w:r>", " a }}</w:t></w:r></w:hyperlink>").replace(
            '<w:r><w:t xml:space="preserve"> a }}', '<w:hyperlink w:anchor="x"><w:r><w:t xml:space="preserve"> a }}'
        ),
    )
    assert "half in a link" in word.slots(linked)[0].problem
    assert word.slots(word_with("see {{ table:effects }}"))[0].problem == "a table needs a paragraph of its own"
    assert body(word.fill(linked, ["5"], {})) == body(linked)


def test_an_authors_own_controls_are_left_alone():
    own = '<w:sdt><w:sdtPr><w:tag w:val="figure 1"/></w:sdtPr><w:sdtContent><w:r><w:t>mine</w:t></w:r></w:sdtContent></w:sdt>'
    data = rewrite(word_with("{{ effect:1 a }}x"), lambda xml: xml.replace("</w:p>", f"{own}</w:p>", 1))
    assert [slot.key for slot in word.slots(data)] == ["effect:1 a"]
    assert own in body(word.fill(data, ["5"], {}))


@pytest.mark.parametrize("content", [
    "<w:sdtContent/>", "", "<w:sdtContent></w:sdtContent>",
    '<w:sdtContent><w:r><w:rPr><w:rStyle w:val="PlaceholderText"/></w:rPr><w:t>Click here</w:t></w:r></w:sdtContent>',
])  # fmt: skip
def test_a_control_made_by_hand_is_filled(content):
    waiting = "<w:showingPlcHdr/>" if "Click" in content else ""
    own = f'<w:sdt><w:sdtPr><w:tag w:val="effect:1 a"/>{waiting}</w:sdtPr>{content}</w:sdt>'
    data = rewrite(word_with("x"), lambda xml: xml.replace("</w:p>", f"{own}</w:p>", 1))
    filled = word.fill(data, ["5 t"], {})
    assert [(slot.key, slot.shown) for slot in word.slots(filled)] == [("effect:1 a", "5 t")]
    assert "Placeholder" not in body(filled).partition("<w:sdt>")[2]
    assert "showingPlcHdr" not in body(filled)
    assert docx.Document(io.BytesIO(filled)).paragraphs[0].text == "x"


def test_a_control_around_a_paragraph_keeps_it():
    own = (
        '<w:sdt><w:sdtPr><w:tag w:val="effect:1"/></w:sdtPr><w:sdtContent><w:p><w:pPr><w:pStyle w:val="Quote"/></w:pPr>'
        "<w:r><w:t>old</w:t></w:r><w:r><w:t> text</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    data = rewrite(word_with("x"), lambda xml: xml.replace("<w:sectPr", f"{own}<w:sectPr", 1))
    assert [slot.shown for slot in word.slots(data)] == ["old text"]
    filled = word.fill(data, ["new text"], {})
    assert '<w:pStyle w:val="Quote"/></w:pPr><w:r><w:t xml:space="preserve">new text</w:t></w:r></w:p>' in body(filled)


@pytest.mark.parametrize(
    ("data", "said"), [(b"no zip", "not a zip file"), (b"\xd0\xcf\x11\xe0" + b"0" * 600, "not a zip file")]
)
def test_no_word_document_is_told(data, said):
    with pytest.raises(DataError, match=said):
        word.slots(data)


@pytest.mark.parametrize("text", ['<!DOCTYPE x [<!ENTITY a "b">]><x/>', "<w:document>", "<a:document/>"])
def test_damaged_or_dangerous_parts_are_refused(text):
    with pytest.raises(DataError):
        word.slots(rewrite(word_with("x"), lambda xml: text))


def test_positions_in_xml_are_those_of_the_bytes():
    data = "<a><b x='>/'/>é<c y=\"1\">t<d></d></c><!-- <b/> --></a>".encode()
    root = parse_xml(data, "")
    assert [(e.name, data[e.start : e.end]) for e in root.walk()][1:] == [
        ("b", b"<b x='>/'/>"), ("c", b'<c y="1">t<d></d></c>'), ("d", b"<d></d>"),
    ]  # fmt: skip
    assert data[root.children[1].inner : root.children[1].close] == b"t<d></d>"


# --- keys and words ---------------------------------------------------------------------------------------------------


def test_a_key_taken_apart():
    known = frozenset({"scenario:a new ban:X:2026-12"})
    one = parse("scenario:a new ban:X:2026-12 q50 kt digits=1 locale=de bare", known)
    assert (one.name, one.column, one.unit, one.options, one.bare) == (
        "scenario:a new ban:X:2026-12", "q50", "kt", {"digits": "1", "locale": "de"}, True,
    )  # fmt: skip
    assert parse('"scenario:other one:X:2026-12" q50', known).name == "scenario:other one:X:2026-12"
    assert not parse("effect:1 sentence", known).is_number


def test_units_and_sentences():
    texts = ("7,483 t", "−51\N{NO-BREAK SPACE}%", "7~kt", "12", "suggestive", "")
    assert [last_word(text) for text in texts] == ["t", "%", "kt", "", "", ""]
    assert sentence_around("One. Two here. Three", 6) == "Two here."
    assert Figure("x", b"\x89PNG\r\n\x1a\n0000IHDR" + (3).to_bytes(4) + (2).to_bytes(4), "").size == (3, 2)


CLAIMS = [
    ("Licensing caused a loss of X.", "suggestive", "caused"),
    ("A loss of X due to licensing", "descriptive", "due to"),
    ("The effect of the ban was X", "suggestive", ""),
    ("The effect of the ban was X", "cannot distinguish", "effect of"),
    ("Because of the ban X", "supported", ""),
    ("Because of the ban X", "", ""),
    ("The ban did not lead to X", "descriptive", ""),
    ("Not only caused by the ban, X", "descriptive", "caused"),
    ("Overdue to X", "descriptive", ""),
    ("it fell by X", "not identified", ""),
]


@pytest.mark.parametrize(("sentence", "verdict", "word_"), CLAIMS)
def test_a_causal_word_needs_its_verdict(sentence, verdict, word_):
    assert causal_word(sentence, verdict).lower() == word_
