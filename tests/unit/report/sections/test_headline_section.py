"""The section on the effects of events."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from forecast.core.schema import PathRow, divide_figures
from forecast.report.figures.canvas import style
from forecast.report.figures.flows import counterfactual_panel
from forecast.report.run_data import RunData


def test_parts_add_up_to_the_joint_effect_and_have_no_verdict_of_their_own(data: RunData, page: str) -> None:
    answer = next(a for a in data.answers if a.job == "job1b")
    parts = data.parts(answer)
    assert sum(p.estimate for p in parts) == pytest.approx(answer.estimate)
    start = page.index("What each event contributed")
    section = page[start : page.index("</details>", start)]
    for shown in ("−5,900\u00a0t", "−1,000\u00a0t", "−6,900\u00a0t", "export licensing of Apr\u00a02025", "together"):
        assert shown in section, shown
    assert "chip" not in section


def _panel(path: list[PathRow]) -> int:
    """Dashed lines of a panel without history."""
    with style():
        return counterfactual_panel("x", "t", path, None).svg.count("stroke-dasharray")


def test_the_path_shows_the_band_of_the_whole_and_the_breakdown(data: RunData, page: str) -> None:
    start = page.index('id="fig-effect_paths"')
    drawn = page[start : page.index("</figure>", start)]
    assert "breakdown 2.1, n = 40" in drawn
    assert "breakdown 0." not in drawn  # row 6 has no path in this run
    path = [divide_figures(r, 1000.0) for r in data.rows(PathRow)]
    bare = [replace(r, effect_band_lo=math.nan, effect_band_hi=math.nan) for r in path]
    assert drawn.count("stroke-dasharray") >= _panel(path) == _panel(bare) + 2
    assert "breakdown value 2.1: so many times the largest of 40 placebos" in page
