"""A notebook of five cells: a forecast, an effect, a picture, a sentence, a number; small, and without a wall of cells."""

import re

import pytest

nbformat = pytest.importorskip("nbformat", reason="no nbconvert here, so no notebook can be made")
nbconvert = pytest.importorskip("nbconvert", reason="no nbconvert here, so no notebook can be made")
pytest.importorskip("ipykernel", reason="no ipykernel here, so no notebook can be run")
NoSuchKernel = pytest.importorskip("jupyter_client.kernelspec", reason="no jupyter_client here").NoSuchKernel
preprocessors = pytest.importorskip("nbconvert.preprocessors", reason="no nbclient here, so no notebook can be run")

CELLS = (
    'import forecast as fc\nvintage = fc.load_archive().as_of("2026-06-30")\nvintage',
    'task = fc.Task(vintage.day, "CHN.export.WLD.re_magnets", fc.months("2026-06", "2026-11"))\n'
    'guess = fc.predict("seasonal_naive", vintage, task)\nguess',
    "guess.plot();",
    'design = fc.Design(vintage.events["re_licensing_2025"], "CHN.export.WLD.re_magnets", stop="2025-06")\n'
    'effect = fc.estimate("counterfactual", vintage, design, placebos=5)\neffect.plot();\neffect',
    'print(effect.sentence())\nprint(effect.number("observed_total", "kt", 2, "de"))',
)
MOST = 300_000  # characters of the page, without the style sheets that nbconvert itself brings


@pytest.fixture(scope="module")
def notebook():
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    try:
        preprocessors.ExecutePreprocessor(timeout=240, kernel_name="python3").preprocess(made, {})
    except NoSuchKernel:
        pytest.skip("no kernel called python3 is installed here, so no notebook can be run")
    return made


@pytest.mark.filterwarnings("ignore")
def test_five_cells_make_a_small_page(notebook):
    import html

    page, _ = nbconvert.HTMLExporter(template_name="basic").from_notebook_node(notebook)
    assert len(nbformat.writes(notebook)) < MOST
    assert len(page) < MOST
    said = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert "Vintage of 30\u00a0Jun\u00a02026" in said
    assert "Rare-earth permanent magnets, China to world, Apr–Jun\u00a02025. 7,055\u00a0t was" in said
    assert "7,05\u00a0kt" in said
    assert page.count("<img") == 2
    assert page.count("data:image/png") == 2
    assert len(re.findall(r"<table", page)) == 3, "the vintage, the forecast and the effect"


@pytest.mark.filterwarnings("ignore")
def test_no_cell_shows_more_than_a_card(notebook):
    for cell in notebook.cells:
        for output in cell.outputs:
            data = output.get("data", {})
            assert output.output_type != "error"
            assert len(data.get("text/plain", "").splitlines()) <= 10
            assert len(data.get("text/html", "")) < 5_000
