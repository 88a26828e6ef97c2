"""Thirty keys in a Word, a Quarto and a LaTeX document: filled, refreshed by a later run, the stale and missing ones listed."""

import io
import os
import re
import signal
import stat
import subprocess
import sys
import zipfile

import docx
import pytest
from embed_documents import KEYS, LATEX_HEAD, latex_key, latex_of, quarto_of, word_of
from typer.testing import CliRunner

from forecast.cli import app
from forecast.core.errors import ConfigError, DataError, WriteError
from forecast.embed.document import embed

MAKERS = {"qmd": quarto_of, "md": quarto_of, "tex": latex_of, "docx": word_of}


@pytest.fixture(params=["qmd", "tex", "docx"])
def document(request, tmp_path):
    path = tmp_path / f"paper.{request.param}"
    path.write_bytes(MAKERS[request.param]())
    return path


def text_in(path):
    """The visible text of a document."""
    if path.suffix != ".docx":
        return path.read_text("utf-8")
    held = zipfile.ZipFile(path)
    return "".join(re.findall(r"<w:t[^>]*>([^<]*)</w:t>", held.read("word/document.xml").decode()))


def statuses(found):
    counts = {}
    for entry in found.entries:
        counts[entry.status] = counts.get(entry.status, 0) + 1
    return counts


def test_thirty_keys_filled_refreshed_and_listed(document, runs):
    first, second = runs
    source = document.read_bytes()
    checked = embed(document, first)
    assert [entry.key for entry in checked.entries] == list(KEYS)
    assert statuses(checked) == {"new": 30}
    assert not checked.in_order
    assert document.read_bytes() == source

    filled = embed(document, first, document)
    assert filled.written == document
    assert filled.in_order
    assert statuses(embed(document, first)) == {"same": 30}
    assert embed(document, first).in_order
    once = document.read_bytes()
    embed(document, first, document)
    if document.suffix != ".docx":
        assert document.read_bytes() == once

    stale = embed(document, second)
    changed = {entry.key for entry in stale.entries if entry.status == "stale"}
    gone = {entry.key for entry in stale.entries if entry.status == "missing"}
    same = {entry.key for entry in stale.entries if entry.status == "same"}
    assert gone == {"effect:9 observed_total"}
    assert {"effect:1 estimate t", "effect:11 estimate kg", "table:effects", "figure:magnets", "effect:1"} <= changed
    assert {"effect:1 verdict", "effect:5 desc_estimate", "effect:1 p_value", "effect:6 n_clean"} <= same
    assert {key for key in KEYS if key.startswith("forecast:")} <= changed
    assert not stale.in_order

    refreshed = embed(document, second, document)
    assert not refreshed.in_order, "a missing key is told even when the rest is written"
    after = text_in(document)
    assert "9,000" in after.replace("~", "\N{NO-BREAK SPACE}")
    assert "7,200" not in after
    assert "1,300" in after, "a key that the run lacks keeps what stood there"
    assert statuses(embed(document, second)) == {"same": 29, "missing": 1}


def test_every_other_byte_stays(document, runs):
    first, second = runs
    embed(document, first, document)
    before = document.read_bytes()
    embed(document, second, document)
    if document.suffix == ".docx":
        one, other = (zipfile.ZipFile(io.BytesIO(data)) for data in (before, document.read_bytes()))
        differ = {n for n in one.namelist() if one.read(n) != other.read(n)}
        assert differ == {"word/document.xml", "word/media/fc_magnets.png"}
        assert one.namelist() == other.namelist()
        blank = re.compile(rb"<w:sdtContent>.*?</w:sdtContent>", re.DOTALL)
        assert blank.sub(b"", one.read("word/document.xml")) == blank.sub(b"", other.read("word/document.xml"))
    else:
        mark = re.compile(rb"(-->).*?(?=<!--/fc)|(\\fc\{[^}]*\}).*?(?=\n\n)", re.DOTALL)
        assert mark.sub(rb"\1\2", before) == mark.sub(rb"\1\2", document.read_bytes())


def test_word_reads_it_back(tmp_path, runs):
    path = tmp_path / "paper.docx"
    path.write_bytes(word_of())
    embed(path, runs[0], path)
    read = docx.Document(str(path))
    ns = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    controls = list(read.element.iter(f"{ns}sdt"))
    assert len(controls) == 30
    tags = [one.find(f"{ns}sdtPr/{ns}tag").get(f"{ns}val") for one in controls]
    assert max(map(len, tags)) <= 64
    assert tags[:3] == ["effect:1 estimate t", "effect:1 lo95 t", "effect:1 hi95 t"]
    shown = ["".join(t.text or "" for t in one.iter(f"{ns}t")) for one in controls]
    assert shown[0] == "−7,200\N{NO-BREAK SPACE}t"
    (pic,) = read.element.iter("{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr")
    assert pic.get("descr") == "Magnets | & <exports>"
    related = next(rel for rel in read.part.rels.values() if "image" in rel.reltype)
    assert related.target_part.blob == (runs[0].folder / "figures/magnets.png").read_bytes()
    tables = list(read.element.iter(f"{ns}tbl"))
    assert [cell.text for cell in read.element.iter(f"{ns}t") if cell.text == "What the measures changed."]
    assert len(tables) == 1
    # the author's words and formats stand: the mark began in italics, and the bold word behind it is still bold
    paragraph = read.paragraphs[1]
    assert paragraph.text.startswith("Lost: ")
    assert [run.text for run in paragraph.runs if run.bold] == ["really"]
    (own,) = [one for one in controls if one.find(f"{ns}sdtPr/{ns}tag").get(f"{ns}val") == "effect:1 estimate t"]
    assert own.find(f"{ns}sdtContent/{ns}r/{ns}rPr/{ns}i") is not None


def test_the_look_that_an_author_gives_a_control_stays(tmp_path, runs):
    path = tmp_path / "paper.docx"
    path.write_bytes(word_of())
    embed(path, runs[0], path)
    held = zipfile.ZipFile(path)
    parts = {name: held.read(name) for name in held.namelist()}
    xml = parts["word/document.xml"].decode()
    xml = xml.replace(
        '<w:rPr><w:i/></w:rPr><w:t xml:space="preserve">−7,200',
        '<w:rPr><w:color w:val="FF0000"/></w:rPr><w:t xml:space="preserve">−7,2</w:t></w:r><w:r><w:t>00',
        1,
    )
    xml = xml.replace('w:type="pct"/>', 'w:type="auto"/>', 1)
    parts["word/document.xml"] = xml.encode()
    with zipfile.ZipFile(path, "w") as out:
        for name, data in parts.items():
            out.writestr(name, data)
    assert embed(path, runs[0]).entries[0].status == "same"
    embed(path, runs[1], path)
    after = zipfile.ZipFile(path).read("word/document.xml").decode()
    assert '<w:color w:val="FF0000"/></w:rPr><w:t xml:space="preserve">−9,000\N{NO-BREAK SPACE}t</w:t>' in after
    assert 'w:type="auto"/>' in after


@pytest.mark.parametrize("moment", ["fsync", "replace"])
@pytest.mark.parametrize("kind", ["qmd", "docx"])
def test_killed_in_the_middle_the_old_document_stands(tmp_path, runs, moment, kind):
    path = tmp_path / f"paper.{kind}"
    path.write_bytes(MAKERS[kind]())
    embed(path, runs[0], path)
    before = path.read_bytes()
    code = f"""
import os, signal, sys
plain = os.{moment}
def die(first, *rest):
    if {moment!r} == "fsync" and {path.suffix!r} not in os.readlink(f"/proc/self/fd/{{first}}"):
        return plain(first, *rest)
    if {moment!r} == "replace" and {path.name!r} not in str(rest[0]):
        return plain(first, *rest)
    os.kill(os.getpid(), signal.SIGKILL)
os.{moment} = die
from forecast.embed.document import embed
embed({str(path)!r}, {str(runs[1].folder)!r}, {str(path)!r})
"""
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ}, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert path.read_bytes() == before
    assert statuses(embed(path, runs[0])) == {"same": 30}
    embed(path, runs[1], path)
    assert statuses(embed(path, runs[1])) == {"same": 29, "missing": 1}


@pytest.mark.parametrize("mark", ["~$paper.docx", "~$per.docx", ".~lock.paper.docx#"])
def test_a_document_open_elsewhere_is_left_alone(tmp_path, runs, mark):
    path = tmp_path / "paper.docx"
    path.write_bytes(word_of())
    (tmp_path / mark).write_bytes(b"")
    before = path.read_bytes()
    with pytest.raises(WriteError, match="open in another program; nothing was written") as refused:
        embed(path, runs[0], path)
    assert mark in refused.value.hint
    assert path.read_bytes() == before
    assert embed(path, runs[0], tmp_path / "other.docx").in_order


def test_a_document_that_cannot_be_replaced_gets_a_plain_message(tmp_path, runs, monkeypatch):
    path = tmp_path / "paper.docx"
    before = word_of()
    path.write_bytes(before)

    def refuse(*given):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(WriteError, match="it is open in another program") as refused:
        embed(path, runs[0], tmp_path / "new" / ".." / "paper.docx")
    assert refused.value.hint == "close it in the program that has it open"
    assert path.read_bytes() == before
    assert not [one for one in tmp_path.iterdir() if one.name.endswith(".part")]


def test_rights_and_links_stay(tmp_path, runs):
    path = tmp_path / "paper.qmd"
    path.write_bytes(quarto_of())
    path.chmod(0o640)
    link = tmp_path / "link.qmd"
    link.symlink_to(path)
    embed(link, runs[0], link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert statuses(embed(path, runs[0])) == {"same": 30}


def test_a_changed_unit_is_listed(tmp_path, runs):
    path = tmp_path / "paper.md"
    path.write_text("a <!--fc effect:1 estimate-->-7.2 kt<!--/fc--> b <!--fc effect:5 desc_estimate t-->1 t<!--/fc-->\n")
    found = embed(path, runs[0])
    assert [entry.status for entry in found.entries] == ["unit changed", "unit changed"]
    assert (found.entries[0].old, found.entries[0].new) == ("-7.2 kt", "−7,200\N{NO-BREAK SPACE}t")
    assert found.entries[1].new == ""
    written = embed(path, runs[0], path)
    assert not written.in_order
    assert "−7,200\N{NO-BREAK SPACE}t" in path.read_text()
    assert "-->1 t<!--" in path.read_text()


def test_the_command_line(tmp_path, runs):
    path, out = tmp_path / "paper.qmd", tmp_path / "new.qmd"
    path.write_bytes(quarto_of())
    run = str(runs[0].folder)

    def call(*words):
        return CliRunner().invoke(app, ["embed", str(path), "--run", run, *words])

    assert call().exit_code == 2
    assert "say where the document goes" in call().output
    assert call("--in-place", "--check").exit_code == 2
    checked = call("--check")
    assert (checked.exit_code, path.read_bytes()) == (1, quarto_of())
    assert checked.stdout.splitlines()[-1] == "30 keys: 30 new"
    written = call("--out", str(out))
    assert written.exit_code == 0
    assert written.stdout.strip() == str(out)
    assert "30 keys: 30 filled" in written.stderr
    assert path.read_bytes() == quarto_of()
    assert call("--in-place").exit_code == 0
    fine = call("--check")
    assert (fine.exit_code, fine.stdout.splitlines()[-1]) == (0, "30 keys: 30 same")
    assert CliRunner().invoke(app, ["embed", str(path), "--run", str(runs[1].folder), "--check"]).exit_code == 1


def test_a_kind_of_document_is_kept_and_known(tmp_path, runs):
    path = tmp_path / "paper.qmd"
    path.write_bytes(quarto_of())
    with pytest.raises(ConfigError, match="keeps its kind"):
        embed(path, runs[0], tmp_path / "paper.docx")
    (tmp_path / "a.odt").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"'\.odt' have no slots"):
        embed(tmp_path / "a.odt", runs[0])
    with pytest.raises(DataError, match="cannot be read"):
        embed(tmp_path / "none.md", runs[0])
    with pytest.raises(ConfigError, match="marks of the language"):
        embed(path, runs[0], locale="xx")


def test_the_figure_lies_beside_the_text_and_the_old_one_goes_with_it(tmp_path, runs):
    path = tmp_path / "my paper & more.md"
    path.write_bytes(quarto_of())
    embed(path, runs[0], path)
    text = path.read_text()
    (file,) = re.findall(r"!\[Magnets \\\| &amp; &lt;exports&gt;\]\(([^)\s]+)\)", text)
    assert (tmp_path / file).read_bytes() == (runs[0].folder / "figures/magnets.png").read_bytes()
    (tmp_path / file).unlink()
    assert statuses(embed(path, runs[0])) == {"same": 29, "stale": 1}
    embed(path, runs[0], path)
    assert (tmp_path / file).is_file()


def test_latex_compiles_where_there_is_latex(tmp_path, runs):
    import shutil

    if shutil.which("pdflatex") is None:
        pytest.skip("no program called pdflatex is installed here, so no document can be compiled")
    path = tmp_path / "paper.tex"
    path.write_bytes(latex_of())
    embed(path, runs[0], path)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", path.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "paper.pdf").stat().st_size > 5000
    assert latex_key("a %") == r"a \%"
    assert r"\newcommand{\fc}" in LATEX_HEAD
