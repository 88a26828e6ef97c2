"""Files of China's online query.

The shapes are those that public readers of such files describe or read: GB18030, columns by name in any order and subset,
thousands separators, a trailing empty column, one row for each trade mode where it was ticked (dataset/2024in.csv read as gbk
without its last column; a parser of 950691_2026Q1.csv; yearly crude-oil files without partners).
The figures are made up.
"""

import numpy as np
import pytest

from forecast.core import registry
from forecast.core.errors import ConfigError, DataError, ForecastError

OXIDE = "CHN.export.USA.antimony_oxide"
HEADER = "数据年月,商品编码,商品名称,贸易伙伴编码,贸易伙伴名称,第一数量,第一计量单位,第二数量,第二计量单位,美元,"
ROWS = (
    '202406,28258000,锑的氧化物,502,美国,"1,500",千克,,,"21,000",',
    '202406,28258000,锑的氧化物,116,日本,"2,000",千克,,,"29,500",',
    '202408,28258000,锑的氧化物,116,日本,"1,800",千克,,,"27,100",',
)


def save(folder, *lines, name="query.csv", encoding="gb18030"):
    path = folder / name
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def read(path, **options):
    return registry.build("source", {"use": "china_customs", "path": str(path), "flow": "export", **options}).read()


def figures(archive, series=OXIDE):
    seen = archive.latest.observed(series)
    return seen.first % 12 + 1, [None if np.isnan(v) else float(v) for v in seen.values], seen.status


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "utf-8", "utf-8-sig", "utf-16"])
def test_what_has_no_row_though_it_was_asked_is_a_true_zero(tmp_path, encoding):
    archive = read(save(tmp_path, HEADER, *ROWS, encoding=encoding))
    assert figures(archive) == (6, [1500.0, 0.0, 0.0], ("value", "zero", "zero"))
    assert figures(archive, "CHN.export.JPN.antimony_oxide")[1] == [2000.0, 0.0, 1800.0]
    assert figures(archive, f"{OXIDE}:usd")[1] == [21000.0, 0.0, 0.0]
    assert "CHN.export.DEU.antimony_oxide" not in archive.series, "a partner that nobody asked about is unknown, not zero"


def test_columns_are_found_by_name_in_any_order_and_subset(tmp_path):
    path = save(tmp_path, "第一计量单位,第一数量,贸易伙伴名称,商品编码,数据年月", '吨,"1,500.5",美国,28258000,2024-06')
    archive = read(path)
    assert figures(archive)[1] == [1_500_500.0]
    assert archive.series == (OXIDE,), "no value was asked, none is made"


def test_a_query_without_partners_is_the_worlds(tmp_path):
    path = save(tmp_path, "数据年月,商品编码,第一数量,第一计量单位", "202406,28258000,5,千克")
    assert read(path).series == ("CHN.export.WLD.antimony_oxide",)


def test_a_query_for_all_partners_adds_up_to_the_world_with_its_rest(tmp_path):
    path = save(tmp_path, HEADER, *ROWS, "202406,28258000,锑的氧化物,199,亚洲其他国家(地区),10,千克,,,100,")
    assert figures(read(path, all_partners=True), "CHN.export.WLD.antimony_oxide")[1] == [3510.0, 0.0, 1800.0]
    assert "CHN.export.WLD.antimony_oxide" not in read(path).series


MODES = "数据年月,商品编码,贸易伙伴编码,贸易方式编码,贸易方式名称,第一数量,第一计量单位,美元"


def test_trade_modes_are_summed(tmp_path):
    path = save(
        tmp_path, MODES, "202406,28258000,502,10,一般贸易,100,千克,1000", "202406,28258000,502,14,来料加工贸易,50,千克,600"
    )
    archive = read(path)
    assert figures(archive)[1] == [150.0]
    assert figures(archive, f"{OXIDE}:usd")[1] == [1600.0]
    assert set(archive.table.note) == {"sum over 贸易方式编码 and 贸易方式名称"}


def test_a_row_that_stands_twice_is_refused_with_both_places(tmp_path):
    twice = "202406,28258000,502,10,一般贸易,100,千克,1000"
    with pytest.raises(DataError, match="stands twice") as error:
        read(save(tmp_path, MODES, twice, twice))
    assert "rows 2 and 3" in error.value.where
    with pytest.raises(DataError, match="stands twice"):
        read(save(tmp_path, HEADER, ROWS[0], ROWS[0].replace("1,500", "700")))


def test_a_weight_of_zero_beside_money_is_missing_unless_it_rounds_to_nothing(tmp_path):
    alone = save(tmp_path, MODES, "202406,28258000,502,10,一般贸易,0,千克,9000")
    assert figures(read(alone)) == (6, [None], ("missing",))
    tiny = save(tmp_path, MODES, "202406,28258000,502,10,一般贸易,100,千克,9000", "202406,28258000,502,31,样品,0,千克,40")
    assert figures(read(tiny))[1] == [100.0]
    large = save(tmp_path, MODES, "202406,28258000,502,10,一般贸易,100,千克,9000", "202406,28258000,502,31,样品,0,千克,4000")
    assert figures(read(large)) == (6, [None], ("missing",))


def test_an_empty_weight_is_missing_and_zero_with_no_money_is_zero(tmp_path):
    path = save(tmp_path, MODES, "202406,28258000,502,10,一般贸易,,千克,9000", "202407,28258000,502,10,一般贸易,0,千克,0")
    assert figures(read(path)) == (6, [None, 0.0], ("missing", "zero"))


def test_a_mark_is_refused_until_it_is_mapped_and_the_message_prints_the_line(tmp_path):
    path = save(tmp_path, MODES, "202406,28258000,502,10,一般贸易,*,千克,9000", "202407,28258000,502,10,一般贸易,7,千克,90")
    with pytest.raises(DataError, match=r"'\*' is not a number") as error:
        read(path)
    assert "[data.marks]" in error.value.hint
    assert "row 2, column '第一数量'" in error.value.where
    assert figures(read(path, marks={"*": "suppressed"})) == (6, [None, 7.0], ("suppressed", "value"))
    assert figures(read(path, marks={"*": "missing"}))[2] == ("missing", "value")
    with pytest.raises(ConfigError, match="cannot mean 'nothing'"):
        read(path, marks={"*": "nothing"})


def test_units_differ_by_row_and_a_second_unit_may_be_the_mass(tmp_path):
    path = save(
        tmp_path, HEADER,
        "202406,85051110,稀土永磁铁,502,美国,3,吨,,,1,", "202407,85051110,稀土永磁铁,502,美国,3000,千克,,,1,",
        "202408,85051110,稀土永磁铁,502,美国,12,个,500,千克,1,",
    )  # fmt: skip
    assert figures(read(path), "CHN.export.USA.re_magnets")[1] == [3000.0, 3000.0, 500.0]


def test_a_good_counted_in_pieces_has_no_weight_at_all(tmp_path):
    path = save(
        tmp_path, HEADER, "202406,85051110,稀土永磁铁,502,美国,12,个,,,700,", "202408,85051110,稀土永磁铁,502,美国,9,个,,,500,"
    )
    assert read(path).series == ("CHN.export.USA.re_magnets:usd",)


def test_a_product_of_two_codes_is_made_where_both_were_asked(tmp_path):
    """81129210 is germanium, 81129290 gallium: a public map of codes has them the wrong way round."""
    rows = [f"202406,{code},x,502,美国,{kg},千克,,,100," for code, kg in (("81129290", 40), ("81129990", 2))]
    both = read(save(tmp_path, HEADER, *rows))
    assert figures(both, "CHN.export.USA.gallium")[1] == [42.0]
    assert figures(both, "CHN.export.USA.gallium_unwrought")[1] == [40.0]
    one = read(save(tmp_path, HEADER, rows[0]))
    assert "CHN.export.USA.gallium" not in one.series
    germanium = read(save(tmp_path, HEADER, "202406,81129210,x,502,美国,5,千克,,,100,"))
    assert germanium.series == ("CHN.export.USA.germanium_unwrought", "CHN.export.USA.germanium_unwrought:usd")


def test_a_year_in_which_a_code_has_no_row_proves_no_zero(tmp_path):
    """Codes change with the year: one without a row in a whole year may not have been in force."""
    rows = [ROWS[1].replace("202406", f"{year}{month:02d}") for year in (2023, 2024) for month in (1, 12)]
    magnets = [row.replace("28258000", "85051110").replace("116", "502") for row in rows[:3]]
    archive = read(save(tmp_path, HEADER, *rows, *magnets[2:]))
    seen = archive.latest.observed("CHN.export.USA.re_magnets")
    assert (seen.first, seen.status[0], set(seen.status[1:])) == (12 * 2024, "value", {"zero"})


def test_own_products(tmp_path):
    path = save(tmp_path, HEADER, "202406,81101020,锑粉末,502,美国,5,千克,,,100,")
    with pytest.raises(DataError, match=r"no product has the codes of the file \(81101020\)"):
        read(path)
    assert figures(read(path, products={"antimony_powder": ["81101020"]}), "CHN.export.USA.antimony_powder")[1] == [5.0]


def test_release_days_are_the_clocks(tmp_path):
    path = save(tmp_path, HEADER, *(row.replace("202406", "202501").replace("202408", "202502") for row in ROWS))
    rows = read(path).table
    assert set(rows.released) == {"2025-03-20"}, "January comes with February"
    assert set(rows.basis) == {"calendar"}


def test_a_later_file_that_differs_is_a_revision_known_from_the_day_it_was_saved(tmp_path):
    save(tmp_path, HEADER, *ROWS, name="oxide 2024-09-25.csv")
    save(tmp_path, HEADER, *(row.replace("1,500", "1,450") for row in ROWS), name="oxide 2025-01-22.csv")
    archive = read(tmp_path)
    assert archive.as_of("2025-01-21").observed(OXIDE).values[0] == 1500.0
    assert archive.as_of("2025-01-22").observed(OXIDE).values[0] == 1450.0
    assert len(archive.states(OXIDE)) == 4, "what did not change has one state"


def test_files_that_differ_and_do_not_say_when_they_were_saved_are_refused(tmp_path):
    save(tmp_path, HEADER, *ROWS, name="a.csv")
    save(tmp_path, HEADER, *(row.replace("1,500", "1,450") for row in ROWS), name="b.csv")
    with pytest.raises(DataError, match="two figures for 2024-06: 1500 and 1450") as error:
        read(tmp_path)
    assert error.value.where == "a.csv, b.csv"


def test_the_flow_is_asked_for_where_no_column_says_it(tmp_path):
    path = save(tmp_path, HEADER, *ROWS)
    with pytest.raises(ConfigError, match="exports or imports"):
        read(path, flow="")
    save(tmp_path, HEADER, *ROWS, name="2024in.csv")
    path.rename(tmp_path / "2024out.csv")
    series = read(tmp_path, flow="", flows={"*out*": "export", "*in*": "import"}).series
    assert {name.split(".")[1] for name in series} == {"export", "import"}
    own = save(
        tmp_path, "进出口,数据年月,商品编码,贸易伙伴编码,第一数量,第一计量单位", "进口,202406,28258000,502,5,千克", name="x.csv"
    )
    assert read(own, flow="").series == ("CHN.import.USA.antimony_oxide",)


def test_a_file_as_long_as_the_website_gives_at_most_proves_no_zero(tmp_path):
    places = "数据年月,商品编码,贸易伙伴编码,注册地编码,第一数量,第一计量单位"
    rows = [f"2024{1 + i % 3:02d},28258000,502,{i},1,千克" for i in range(9_999)]
    path = save(tmp_path, places, *rows, "202401,28258000,116,1,7,千克")
    assert figures(read(path), "CHN.export.JPN.antimony_oxide") == (1, [7.0], ("value",))
    path = save(tmp_path, places, *rows[1:], "202401,28258000,116,1,7,千克")
    assert figures(read(path), "CHN.export.JPN.antimony_oxide")[2] == ("value", "zero", "zero")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([HEADER], "no figure"),
        (["商品编码,美元", "28258000,5"], "no column '数据年月'"),
        (["数据年月,商品编码", "202406,28258000"], "no column of quantities"),
        ([HEADER + ",美元", ROWS[0]], "two columns are called '美元'"),
        ([HEADER, ROWS[0].replace("202406", "202413")], "'202413' is not a month"),
        ([HEADER, ROWS[0].replace("202406", "2024")], "'2024' is not a month"),
        ([HEADER, ROWS[0].replace("1,500", "-3")], "negative"),
        ([HEADER, ROWS[0].replace("1,500", "1,50")], "'1,50' is not a number"),
        ([HEADER, ROWS[0].replace("502,美国", "987,仙境")], "'987' is no partner"),
        ([HEADER, ROWS[0].replace("千克", "")], "a quantity has no unit"),
        ([HEADER, ROWS[0][:20]], "cells for"),
        ([HEADER, ROWS[0].replace("1,500", "9e149").replace("千克", "吨")], "too large"),
        (["数据年月,商品编码,人民币", "202406,28258000,9"], "yuan alone"),
    ],
)
def test_bad_files_are_refused_in_words(tmp_path, lines, problem):
    with pytest.raises(ForecastError, match=problem) as error:
        read(save(tmp_path, *lines))
    assert "query.csv" in error.value.where
    assert error.value.hint


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "query.csv"
    path.write_bytes(b"\xff\x80\x00\x01")
    with pytest.raises(DataError, match="neither UTF-8 nor GB18030"):
        read(path)
