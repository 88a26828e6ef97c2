"""The report of a small made-up run as a whole: every section, both formats, older and empty runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from contracts.report_run import small_run

from forecast import report
from forecast.core import registry
from forecast.core.errors import ConfigError, DataError
from forecast.core.run import Run
from forecast.report import blocks as b
from forecast.report.renderers import html

SHIPPED = {
    "antimony", "backtest", "checks", "claims", "data", "headline", "magnets", "nowcast", "origins", "outlook", "scenarios",
    "summary",
}  # fmt: skip


def test_the_package_is_called_and_imported() -> None:
    import forecast as fc
    import forecast.report.compose as compose

    assert callable(fc.report)
    assert fc.report.compose is compose


def test_chapters_stand_in_the_order_of_the_report(page: str) -> None:
    anchors = re.findall(r'<h2 id="(\w+)"', page)
    shipped = ["summary", "changed", "next", "magnets", "origins", "antimony", "claims", "backtest", "gates", "data"]
    assert [anchor for anchor in anchors if anchor in shipped] == shipped
    added = set(registry.names("section")) - SHIPPED
    assert len(set(anchors) - set(shipped)) <= len(added), "a chapter that no section of its own stands for"
    assert len(anchors) == len(set(anchors))
    assert "could not be drawn" not in page


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    assert page.count(html.script_element()) == 1
    page = page.replace(html.script_element(), "")
    assert not re.search(r'(src|href)="(?!#|https?://)|<script|@import|url\((?!#)', page)
    assert not re.search(r"<(img|link|iframe)\b", page)
    assert "prefers-color-scheme: dark" in page


def test_figures_take_the_page_s_colours(page: str) -> None:
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert not re.search(r"#[0-9a-f]{6}", drawn), "a colour that does not change in the dark"
    assert "var(--blue)" in drawn


def test_no_text_of_the_machine_is_printed(page: str) -> None:
    text = re.sub(r"<[^>]+>", " ", page)
    assert not re.search(r"\bnan\b|\binf\b|None|NaT|<NA>", text)


def test_no_raw_id_stands_on_the_page(page: str) -> None:
    text = re.sub(r"<[^>]+>", " ", re.sub(r'(href|id|aria-label)="[^"]*"', "", page))
    assert not re.search(r"\b[A-Z]{3}\.(import|export)\.", text)
    assert not re.search(r"\b(us_ban|re_licensing|enforcement|us_china_deal)_20\d\d", text)
    assert "imports for consumption" not in text


def test_markdown_says_the_same_with_the_same_pictures(small: Run, page: str, tmp_path: Path) -> None:
    text = report(small, "md", tmp_path).read_text("utf-8")
    for said in ("7,055\u00a0t was 51\u00a0% (7,480\u00a0t) below the mean of 2024", "12.8\u00a0%", "−1,979\u00a0t"):
        assert said in text, said
        assert said in page, said
    first = sorted(p for p in (small.folder / "figures").glob("*.png") if not p.name.startswith("brief_"))
    assert len(first) >= 6
    for path in first:
        assert path.read_bytes() == (tmp_path / "figures" / path.name).read_bytes(), path.name
        assert path.with_suffix(".svg").read_text() == (tmp_path / "figures" / path.with_suffix(".svg").name).read_text()
        assert f"figures/{path.name}" in text


def test_an_unknown_format_names_the_nearest(small: Run) -> None:
    with pytest.raises(ConfigError) as error:
        report(small, "htm")
    assert error.value.hint == "'html'"


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    small_run(tmp_path, answered=False)
    info = json.loads((tmp_path / "run.json").read_text("utf-8"))
    (tmp_path / "run.json").write_text(json.dumps(info | {"schema_version": 99}), "utf-8")
    with pytest.raises(DataError, match="schema 99"):
        Run(tmp_path)


def test_a_run_without_answers_says_so(tmp_path: Path) -> None:
    run = small_run(tmp_path / "run", answered=False)
    text = report(run, "md").read_text("utf-8")
    assert "No question of this run could be answered" in text
    assert "no forecast that stands on its own day" in text
    assert "too short: 9 months" in text


def test_text_from_the_data_cannot_enter_the_markup(tmp_path: Path) -> None:
    text = html.render([b.Heading("A", 1), b.Bullets(("<script>x</script> [a](javascript:x)",))])
    text = text.replace(html.script_element(), "")
    assert "<script>" not in text
    assert "javascript" not in re.sub(r"\[a\]\(javascript:x\)", "", text)


def test_a_run_from_before_the_new_tables_still_has_its_report(tmp_path: Path) -> None:
    run = small_run(tmp_path / "run")
    for name in ("parts", "sensitivity"):
        (run.folder / f"{name}.parquet").unlink()
    old = run.effects.drop(columns=["breakdown", "anticipation", "net", "n_space"])
    old.to_parquet(run.folder / "effects.parquet")
    text = report(Run(run.folder), "md").read_text("utf-8")
    assert "How firm" not in text
    assert "What the events changed" in text
