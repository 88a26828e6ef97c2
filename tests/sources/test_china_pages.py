"""Pages of China's customs on major goods, saved by hand (shapes and their origin: china_pages.py)."""

import pytest

from forecast.core import registry
from forecast.core.errors import DataError, ForecastError
from forecast.sources.china_customs.major_goods import kilograms
from forecast.study.data.implied_revisions import implied_revisions
from sources.china_pages import BULLETIN, GOODS, JANUARY_FEBRUARY, OF_2019, month_cells, page

RARE = "CHN.export.WLD.rare_earths_total"


def save(folder, name="page.html", **changes):
    path = folder / name
    path.write_text(page(**changes), "utf-8")
    return path


def source(path, **options):
    return registry.build("source", {"use": "china_customs", "path": str(path), **options})


def cells(path, **options):
    table = source(path, **options).read().table
    return {(s.removeprefix(RARE), p): v for s, p, v in zip(table.series, table.period, table.value, strict=True)}


def test_month_and_sum_since_january_in_tons_and_dollars(tmp_path):
    assert cells(save(tmp_path)) == {
        ("", "2025-04"): 4_700_500.0, ("", "2025-01/2025-04"): 18_900_000.0, ("", "2024-01/2024-04"): 18_000_000.0,
        (":usd", "2025-04"): 20_500_000.0, (":usd", "2025-01/2025-04"): 150e6, (":usd", "2024-01/2024-04"): 175e6,
    }  # fmt: skip


@pytest.mark.parametrize("number", ["(5) ", "（13）", "", "(17)  "])
def test_the_number_before_the_title_says_nothing(tmp_path, number):
    path = save(tmp_path, title=f"{number}China's Major Imports by Quantity and Value, April 2025 (in USD)")
    assert set(source(path).read().series) == {RARE.replace("export", "import"), RARE.replace("export", "import") + ":usd"}


def test_january_and_february_come_as_one_sum(tmp_path):
    path = save(tmp_path, **JANUARY_FEBRUARY)
    assert cells(path) == {("", "2025-01/2025-02"): 18_900_000.0, ("", "2024-01/2024-02"): 18_000_000.0}, "no values in yuan"
    archive = source(path).read()
    assert set(archive.table.released) == {"2025-03-07"}
    assert archive.latest.observed(RARE).status[-2:] == ("span", "span")


def test_the_layout_of_2019_and_its_day_with_the_month_first(tmp_path):
    path = save(tmp_path, **OF_2019)
    assert cells(path)["", "2019-05"] == 4_700_500.0
    assert cells(path)["", "2018-01/2018-05"] == 18_000_000.0
    assert set(source(path).read().table.released) == {"2019-06-10"}


def test_the_bulletin_has_other_titles_and_units(tmp_path):
    path = save(tmp_path, **BULLETIN)
    table = source(path).read().table
    assert cells(path)["", "2025-04"] == 4_703_000.0
    assert cells(path)[":usd", "2025-01/2025-04"] == 150_012_000.0
    assert set(table.stage) == {"bulletin"}
    assert set(table.released) == {"2025-05-18"}


def test_the_bulletin_replaces_the_preliminary_figure_on_its_day(tmp_path):
    save(tmp_path, "flash.html")
    save(tmp_path, "bulletin.html", **BULLETIN)
    archive = source(tmp_path).read()
    assert archive.as_of("2025-05-17").observed(RARE).values[-1] == 4_700_500.0
    assert archive.as_of("2025-05-17").observed(RARE).status[-1] == "provisional"
    assert archive.as_of("2025-05-18").observed(RARE).values[-1] == 4_703_000.0
    assert archive.as_of("2025-05-18").observed(RARE).status[-1] == "value"


def test_a_page_without_its_unit_column_is_recognised_at_unchanged_width(tmp_path):
    """As the page of April 2025 in dollars: every figure one place to the left, an empty cell at the end."""
    path = save(tmp_path, unit_column=False)
    with pytest.raises(DataError, match="lacks its column of quantity units") as error:
        source(path).read()
    assert '[data.units] with "Rare earth" = "Ton"' in error.value.hint
    whole = cells(save(tmp_path, "whole.html"))
    assert cells(path, units={"Rare earth": "Ton"}) == whole


def shifted(good):
    inside = month_cells(good)
    return [*inside[1:], inside[0]]


def test_columns_moved_in_any_other_way_contradict_the_printed_growth(tmp_path):
    with pytest.raises(DataError, match="do not have the growth printed beside them"):
        source(save(tmp_path, cells=shifted)).read()


def test_one_good_whose_figures_contradict_each_other_is_refused_only_where_it_is_wanted(tmp_path):
    goods = [("Rare earth", "Ton", 4700.5, 20.5, 18900.0, 150.0, 18000.0, 175.0) if g[0] == "Rare earth" else g for g in GOODS]
    wrong = save(
        tmp_path,
        cells=lambda g: [*month_cells(g)[:6], "99.9", "-14.3"] if g[0] == "Rare earth" else month_cells(g),
        goods=goods,
    )
    with pytest.raises(DataError, match="the figures of 'Rare earth'"):
        source(wrong).read()
    other = save(
        tmp_path, "other.html", cells=lambda g: [*month_cells(g)[:6], "99.9", "1"] if g[0] == "Ships" else month_cells(g)
    )
    assert cells(other)["", "2025-04"] == 4_700_500.0


def test_a_number_for_a_unit_in_one_row_alone_is_refused(tmp_path):
    goods = [(g[0], "12.0", *g[2:]) if g[0] == "Fertilizers" else g for g in GOODS]
    with pytest.raises(DataError, match=r"'12\.0', stands where the unit of 'Fertilizers' should"):
        source(save(tmp_path, goods=goods)).read()


def test_starred_aggregates_and_other_goods_stay_out(tmp_path):
    _, rows, notes = next(iter(source(save(tmp_path)).parts()))
    assert {row.series for row in rows} == {RARE, f"{RARE}:usd"}
    assert notes == ["6 goods of the page are no product here"]


def test_a_figure_below_zero_is_refused(tmp_path):
    path = save(tmp_path)
    text = path.read_text("utf-8")
    assert text.count(">150.0&nbsp;<") == 1  # of dollars since January
    path.write_text(
        text.replace(">150.0&nbsp;<", ">-150.0&nbsp;<").replace(">-14.3<", "><"), "utf-8"
    )  # no growth to contradict
    with pytest.raises(DataError, match=r"'-150\.0' is negative"):
        source(path).read()


def test_an_item_can_be_named_as_a_product(tmp_path):
    path = save(tmp_path)
    assert cells(path, items={"Fertilizers": "fertilizers"})["CHN.export.WLD.fertilizers", "2025-04"] == 2_537_000_000.0
    with pytest.raises(DataError, match="'Ship' is no unit of mass"):
        source(path, items={"Ships": "ships"}).read()
    goods = source(path, items={"Plastic articles": "plastics"}).read()
    assert "CHN.export.WLD.plastics:usd" in goods.series
    assert "CHN.export.WLD.plastics" not in goods.series, "counted in no unit: no weight, and no zero"


def test_a_good_without_its_quantity_is_missing_not_zero(tmp_path):
    nothing = [("Rare earth", "Ton", None, None, None, None, None, None) if g[0] == "Rare earth" else g for g in GOODS]
    _, rows, _ = next(iter(source(save(tmp_path, goods=nothing)).parts()))
    assert {row.status for row in rows} == {"missing"}
    goods = [("Rare earth", "Ton", None, 20.5, 18900.0, 150.0, 18000.0, 175.0) if g[0] == "Rare earth" else g for g in GOODS]
    seen = source(save(tmp_path, goods=goods)).read().latest.observed(RARE)
    assert seen.status[-1] == "missing"
    zero = [("Rare earth", "Ton", 0, 0, 18900.0, 150.0, 18000.0, 175.0) if g[0] == "Rare earth" else g for g in GOODS]
    assert source(save(tmp_path, goods=zero)).read().latest.observed(RARE).status[-1] == "zero"


def test_a_corrected_sum_since_january_implies_a_revision(tmp_path):
    """Sum to April less sum to March less April is not zero: an earlier month was corrected in silence."""
    march = [
        ("Rare earth", "Ton", 5666.2, 40.0, 14_199.5, 129.5, 13_000.0, 150.0) if g[0] == "Rare earth" else g for g in GOODS
    ]
    april = [
        ("Rare earth", "Ton", 4700.5, 20.5, 18_930.0, 150.0, 18_000.0, 175.0) if g[0] == "Rare earth" else g for g in GOODS
    ]
    groups = ("3", "1-3 Total", "1-3 Total, 2024", "1-3 Total, Year-On-Year(%)")
    title = "(5) China's Major Exports by Quantity and Value, March 2025 (in USD)"
    save(tmp_path, "march.html", title=title, groups=groups, stamp="2025/04/14", goods=march)
    save(tmp_path, "april.html", goods=april)
    found = {(one.series, one.period): one for one in implied_revisions(source(tmp_path).read())}
    assert found[RARE, "2025-04"].difference == pytest.approx(30_000)
    assert found[RARE, "2025-04"].revised_in == "2025-01/2025-03"
    assert found[RARE, "2025-04"].beyond_rounding
    assert not found[f"{RARE}:usd", "2025-04"].beyond_rounding


@pytest.mark.parametrize(
    ("stamp", "released", "basis"),
    [
        ("2025/05/09", "2025-05-09", "actual"),
        ("2025/05/12", "2025-05-12", "actual"),
        ("2025/05/02", "2025-05-09", "calendar"),  # the page of September 2025 is stamped five days before its release
        ("2025/11/03", "2025-05-09", "calendar"),  # put up again: the figures were out before
        ("soon", "2025-05-09", "calendar"),
    ],
)
def test_a_stamp_is_believed_only_where_it_lies_by_the_calendar(tmp_path, stamp, released, basis):
    table = source(save(tmp_path, stamp=stamp)).read().table
    assert set(table.released) == {released}
    assert set(table.basis) == {basis}


def test_both_currencies_of_a_page_hold_each_quantity_once(tmp_path):
    save(tmp_path, "usd.html")
    yuan = {"title": "(5) China's Major Exports by Quantity and Value, April 2025 (in CNY)", "unit": "Unit: CNY 100 Million"}
    save(tmp_path, "cny.html", **yuan)
    assert len(source(tmp_path).read().table) == 6
    goods = [("Rare earth", "Ton", 4900.5, 20.5, 18900.0, 150.0, 18000.0, 175.0) if g[0] == "Rare earth" else g for g in GOODS]
    save(tmp_path, "cny.html", **yuan, goods=goods)
    with pytest.raises(DataError, match="two figures for 2025-04"):
        source(tmp_path).read()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"title": "(4) China's Total Export & Import Values by Country/Region, April 2025 (in USD)"},
            "no page of major exports",
        ),
        (
            {"head": "(5) China's Major Exports by Quantity and Value, March 2025 (in USD)", "title": ""},
            "no column is of|not known",
        ),
        ({"unit": "Unit: CNY 100 Million"}, "the title says USD, the unit says CNY"),
        ({"unit": ""}, "in what unit"),
        ({"unit": "Unit: US$0"}, "in what unit"),
        (
            {"groups": ("3", "1-4 Total", "1-4 Total, 2024", "1-4 Total, Year-On-Year(%)")},
            "the column '3', 'Quantity' is not known",
        ),
        ({"groups": ("4", "1-4 Total", "1-4 Total, 2024", "Share")}, "the column 'Share'"),
        ({"groups": ("4", "4", "1-4 Total, 2024", "1-4 Total, Year-On-Year(%)")}, "two columns have the same titles"),
        ({"goods": []}, "holds no goods"),
        ({"goods": GOODS[:2]}, "none of the page's 2 goods"),
        ({"tail": ""}, "ends in the middle of a table"),
        ({"goods": [*GOODS, GOODS[2]]}, "two items of the page"),
        (
            {"goods": [("Rare earth", "Ton", 1, 1, 1, 1, 1, 1)], "cells": lambda g: ["x", *month_cells(g)[1:]]},
            "'x' is not a number",
        ),
    ],
)
def test_pages_that_are_not_what_they_seem_are_refused(tmp_path, changes, problem):
    with pytest.raises(ForecastError, match=problem) as error:
        source(save(tmp_path, **changes)).read()
    assert "page.html" in error.value.where or "Rare earth" in error.value.where
    assert error.value.hint


def test_a_page_that_only_checked_the_browser_is_told_apart(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("<html><head><title></title></head><body><script>challenge()</script></body></html>", "utf-8")
    with pytest.raises(DataError, match="check of the browser"):
        source(path).read()
    path.write_text("From: <Saved by Blink>\nMIME-Version: 1.0\n", "utf-8")
    with pytest.raises(DataError, match="web archive in one file"):
        source(path).read()


@pytest.mark.parametrize(
    ("unit", "kg"),
    [("Ton", 1e3), ("10,000 Tons", 1e7), ("10000T", 1e7), ("T", 1e3), ("KG", 1.0), ("Kilogram", 1.0), ("Ship", None),
     ("-", None), ("100 Million PCS", None), ("10000N", None), ("0 Tons", None)],
)  # fmt: skip
def test_units_of_mass(unit, kg):
    assert kilograms(unit) == kg


@pytest.mark.parametrize("shape", [{}, JANUARY_FEBRUARY, OF_2019, BULLETIN], ids=["2025", "two months", "2019", "bulletin"])
def test_every_layout_without_its_unit_column(tmp_path, shape):
    shifted_page = save(tmp_path, **shape, unit_column=False)
    with pytest.raises(DataError, match="lacks its column of quantity units"):
        source(shifted_page).read()
    item = "Rare-earth ore, metals, compounds" if shape is BULLETIN else "Rare earth"
    assert cells(shifted_page, units={item: "T"}) == cells(save(tmp_path, "whole.html", **shape))


@pytest.mark.parametrize("unit_column", [True, False])
def test_a_unit_column_without_its_title(tmp_path, unit_column):
    """Titles one short: with units in the rows the figures would stand one place to the right, without them they fit."""
    path = tmp_path / "page.html"
    text = page(unit_column=unit_column).replace('<td rowspan="2"><b>Quantity Unit</b></td>', "")
    path.write_text(text, "utf-8")
    with pytest.raises(DataError, match="10 cells for 9 titles" if unit_column else "lacks its column of quantity units"):
        source(path).read()
    if not unit_column:
        assert cells(path, units={"Rare earth": "Ton"}) == cells(save(tmp_path, "whole.html"))


def test_a_column_too_many_is_refused(tmp_path):
    with pytest.raises(DataError, match="has 11 cells for 10 titles"):
        source(save(tmp_path, cells=lambda good: [month_cells(good)[0], *month_cells(good)])).read()
