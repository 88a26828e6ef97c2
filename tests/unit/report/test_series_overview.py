"""Many series: all in one ranked table, a few told in full, nothing drawn that is not shown."""

import pytest

from forecast.core.schema import group_rows
from forecast.report import blocks as b, pages, series_overview
from forecast.report.page import figures, tables
from forecast.report.prose import relative_change
from forecast.report.renderers import html
from forecast.report.run_data import RunData
from forecast.report.sections import checks, headline, outlook
from forecast.report.series_overview import choose_series, overview_table, rank_series, told_answers


@pytest.fixture
def fans(data):
    return group_rows((r for r in data.outlook if r.model == data.default_model), lambda r: r.series)


def test_all_series_are_ranked_by_what_is_expected_of_them(data, fans):
    ranks = rank_series(data, fans)
    assert {r.history.series for r in ranks} == set(fans)
    sizes = [abs(r.change) for r in ranks]
    assert sizes == sorted(sizes, reverse=True)
    first = ranks[0]
    recent = [first.history.values[m] for m in sorted(first.history.values)[-12:]]
    assert first.change == pytest.approx(sum(first.ahead) / 12 / (sum(recent) / 12) - 1)


def test_a_series_stands_with_its_largest_effect_and_its_fit(data, fans):
    found = {r.history.series: r for r in rank_series(data, fans)}
    magnets = found["CHN.export.WLD.re_magnets"]
    assert magnets.effect.id == "1"  # -51 % of what was expected; the other question of the series found -0.03 %
    scores = data.table("scores")
    own = scores[(scores.model == data.default_model) & (scores.metric == "mase") & (scores.series == magnets.history.series)]
    assert magnets.fit == pytest.approx(own.value.mean())
    assert found["CHN.export.WLD.rare_earths_total"].effect.id == "6"


def test_chosen_series_take_turns_between_the_three_rankings(data, fans, monkeypatch):
    ranks = rank_series(data, fans)
    monkeypatch.setattr(series_overview, "TOLD", 3)
    by_size = max((r for r in ranks if r.effect), key=lambda r: r.size)
    worst = max(ranks, key=lambda r: r.fit)
    assert set(choose_series(ranks)) >= {ranks[0].history.series, by_size.history.series, worst.history.series}
    assert len(choose_series(ranks)) == 3


def test_a_row_holds_its_numbers_and_its_line(data, fans):
    table = overview_table(rank_series(data, fans), "ets")
    text = html.render([table])
    assert text.count('class="line"') == len(fans)
    assert text.count("data-value=") >= 3 * len(fans)


def test_a_page_of_many_series_draws_the_chosen_ones_only(small, monkeypatch):
    whole = pages.read_page(small, "forecasts")
    monkeypatch.setattr(outlook, "MANY_SERIES", 4)
    monkeypatch.setattr(series_overview, "TOLD", 2)
    page = pages.read_page(small, "forecasts")
    (ranked,) = [t for t in tables(page.blocks) if t.caption.startswith("All ")]
    assert len(ranked.rows) == 5
    fans = [len(f.panels) for f in figures(page.blocks) if f.name.startswith("outlook")]
    assert fans == [2]
    assert [len(f.panels) for f in figures(whole.blocks) if f.name.startswith("outlook")] == [5]
    assert sum("the months ahead" in t.caption for t in tables(page.blocks)) == 2


def test_of_many_answers_the_largest_are_told_and_the_rest_counted(small, monkeypatch):
    data = RunData(small)
    assert told_answers(data) == data.headline
    monkeypatch.setattr(series_overview, "MANY_ANSWERS", 2)
    told = told_answers(data)
    assert len(told) == 2
    sizes = {a.job: abs(relative_change(a)) for a in data.headline if a.has_baseline}
    assert min(sizes[a.job] for a in told) >= sorted(v for v in sizes.values() if v == v)[-2]
    blocks = headline.HeadlineSection().blocks(data)
    left = f"{len(data.headline) - 2} more answers are in the run's table of effects"
    assert any(isinstance(x, b.Prose) and left in x.text for x in blocks)
    gates = [t for t in tables(checks.ChecksSection().blocks(data)) if t.caption.startswith("Gates by")]
    assert all(len(t.rows) <= 2 for t in gates)
