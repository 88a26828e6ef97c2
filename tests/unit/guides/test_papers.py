"""The papers of the starter project: every key is filled by the run of its config, and LaTeX and Word can read the result."""

import shutil
import subprocess

import docx
import pytest

import forecast as fc
from forecast.embed.document import embed
from forecast.guides.starter import copy_starter


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project") / "mine"
    copy_starter.copy(folder)
    return folder, fc.run(folder / "own_data.toml", folder / "runs")


@pytest.mark.parametrize("name", copy_starter.PAPERS)
def test_every_key_of_a_paper_is_filled(project, name):
    folder, run = project
    path = folder / "paper" / name
    done = embed(path, run, path)
    assert {entry.status for entry in done.entries} == {"new"}, done.lines
    assert len(done.entries) == 13
    assert not [entry.warning for entry in done.entries if entry.warning]
    assert embed(path, run).in_order
    if name.endswith(".docx"):
        text = "\n".join("".join(t.text for t in p._p.iter("{*}t")) for p in docx.Document(str(path)).paragraphs)
        assert "{{" not in text.partition("\n")[2].partition("\n")[2]
        assert len(docx.Document(str(path)).element.findall(".//{*}drawing")) == 1
    if name.endswith(".tex") and shutil.which("pdflatex"):
        words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", name]
        made = subprocess.run(words, cwd=path.parent, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout[-1500:]
