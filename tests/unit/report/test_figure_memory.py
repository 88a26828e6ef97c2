"""A figure keeps nothing that it was drawn with, and pages share one reading of the tables."""

import gc

import pytest

from forecast.core.run import Run
from forecast.report import pages
from forecast.report.figures.canvas import add_axes, draw_pixels, finish_panel, new_panel, style


@pytest.fixture
def panel():
    with style():
        figure = new_panel(200, 100, "Title", "t")
        ax = add_axes(figure)
        ax.plot([1, 2], [3, 4])
        ax.text(1, 3, "a word")
        return finish_panel(figure)


def renderers():
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.backends.backend_svg import RendererSVG

    return [one for one in gc.get_objects() if isinstance(one, RendererAgg | RendererSVG)]


def test_a_drawn_panel_keeps_no_renderer(panel):
    gc.collect()
    assert not renderers()
    first = draw_pixels(panel)
    gc.collect()
    assert not renderers()
    assert first.shape == (200, 400, 3)
    assert 0 < (first < 128).sum() < first.size / 10, "words and a line on white"
    assert (draw_pixels(panel) == first).all()


def test_all_pages_of_a_run_read_each_table_once(small, monkeypatch):
    read = []
    held = Run._held
    monkeypatch.setattr(Run, "_held", lambda run, name: read.append((run.folder, name)) or held(run, name))
    run = Run(small.folder)
    for name in pages.PAGES:
        pages.read_page(run, name)
    own = [name for folder, name in read if folder == small.folder]
    assert "forecasts" in own
    assert len(own) == len(set(own))
