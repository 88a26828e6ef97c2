"""`forecast init DIR --from FILE`: tables in the shapes of public files load by the mapping that is proposed."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from public_shapes import SHAPES
from typer.testing import CliRunner

from forecast.cli import app
from forecast.core import registry
from forecast.core.errors import ConfigError, DataError, MissingExtraError
from forecast.core.months import label
from forecast.guides.starter.config_for_table import write_config

OLD = Path(__file__).with_name("old_workbook.xls")


def proposed(folder, name):
    """The config that is proposed for a table, and the archive it reads."""
    SHAPES[name](folder / name)
    path = write_config(folder / "project", folder / name)
    return path, archive_of(path)


def archive_of(path):
    spec = tomllib.loads(path.read_text("utf-8"))["data"]
    return registry.build("source", {**spec, "path": str(path.parent / spec["path"])}).read()


EXPECTED = {  # file -> number of series, one of them, its first month, figures, first figure
    "pink_sheet.xlsx": (3, "OWN.export.WLD.copper:usd_per_kg", "1960-01", 30, 0.7005),
    "baltic.csv": (2, "OWN.export.WLD.ultimo:usd", "2022-01", 30, 1000),
    "fertilisers.csv": (2, "OWN.export.WLD.fosforo:usd_per_kg", "2020-01", 24, 0.20025),
    "inflation.csv": (4, "OWN.export.SUR.change:usd", "2005-01", 24, -2),
    "eia.csv": (1, "OWN.export.WLD.cushing_ok_wti_spot_price_fob_dollars_pe:usd", "2022-01", 33, 70),
    "fred.csv": (2, "OWN.export.WLD.rpi", "1959-01", 30, 100),
    "comtrade.csv": (16, "OWN.import.MEX.811010:usd", "2023-01", 18, 15000),
    "comext.csv": (4, "OWN.export.WLD.28258000_quantity_in_100kg", "2022-01", 14, 500),
    "across.csv": (2, "OWN.export.MEXICO.goods", "2022-11", 14, 2100500),
    "year_by_month.csv": (1, "OWN.export.WLD.goods", "2019-01", 48, 19001),
    "stamped.parquet": (1, "OWN.export.WLD.tonnes", "2021-03", 20, 0),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_public_shapes_load_with_the_proposed_mapping(name, tmp_path):
    series, key, first, count, value = EXPECTED[name]
    _, archive = proposed(tmp_path, name)
    assert len(archive.series) == series
    observed = archive.latest.observed(key)
    assert (label(observed.first), observed.count) == (first, count)
    assert observed.values[0] == pytest.approx(value)


def test_codes_with_zeros_in_front_by_year(tmp_path):
    _, archive = proposed(tmp_path, "japan.csv")
    assert len(archive.series) == 4
    spans = archive.latest.observed("OWN.export.C105.025050000").spans
    assert [(label(s.first), label(s.last), s.value) for s in spans[:1]] == [("2010-01", "2010-12", 2010)]


@pytest.mark.parametrize("name", ["pink_sheet.xlsx", "eia.csv", "comtrade.csv"])
def test_the_config_that_is_proposed_can_be_checked(name, tmp_path):
    SHAPES[name](tmp_path / name)
    made = CliRunner().invoke(app, ["init", str(tmp_path / "new"), "--from", str(tmp_path / name)])
    assert made.exit_code == 0, made.output
    checked = CliRunner().invoke(app, ["check", made.stdout.strip()])
    assert checked.exit_code == 0, checked.output
    assert "HOW THE TABLE WAS READ" in checked.stdout


@pytest.mark.parametrize("shape", ["columns", "labels"])
def test_names_that_are_keys_already_stay_keys(tmp_path, shape):
    keys = ["COD.export.CHN.cobalt", "COD.export.WLD.cobalt", "COD.export.WLD.cobalt:usd"]
    months = [f"2023-{month:02d}" for month in range(1, 13)]
    if shape == "columns":
        lines = ["month," + ",".join(keys), *(f"{month},100.5,200.5,900.5" for month in months)]
    else:
        lines = ["month,series,value", *(f"{month},{key},{i}00.5" for month in months for i, key in enumerate(keys, 1))]
    (tmp_path / "cobalt.csv").write_text("\n".join(lines) + "\n", "utf-8")
    path = write_config(tmp_path / "project", tmp_path / "cobalt.csv")
    assert sorted(archive_of(path).series) == sorted(keys)
    assert "OWN" not in path.read_text("utf-8")


def test_a_label_that_names_a_unit_is_no_kilogram(tmp_path):
    SHAPES["comext.csv"](tmp_path / "own.csv")
    words = {"use": "table", "path": str(tmp_path / "own.csv"), "period": "TIME_PERIOD", "value": "OBS_VALUE"}
    words |= {"template": "DEU.import.CHN.hs{product}", "where": {"indicators": "QUANTITY_IN_100KG"}}
    with pytest.raises(DataError, match="names the unit 100KG"):
        registry.build("source", {**words, "template": "DEU.import.CHN.{indicators}", "add_up": True, "keys": {
            "QUANTITY_IN_100KG": "sb"}}).read()  # fmt: skip
    made = registry.build("source", {**words, "unit": "100 kg"}).read()
    assert made.latest.observed("DEU.import.CHN.hs28258000").values[0] == 500


def test_an_old_workbook(tmp_path):
    archive = archive_of(write_config(tmp_path, OLD))
    observed = archive.latest.observed("OWN.export.WLD.salt")
    assert (label(observed.first), observed.count, observed.values[0]) == ("2021-01", 14, 100_500)


def test_what_is_not_clear_is_a_remark_with_the_line_to_write(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("month,tonnes\n" + "".join(f"2024-{m:02d},{'-' if m > 6 else m}\n" for m in range(1, 13)), "utf-8")
    text = write_config(tmp_path, path).read_text("utf-8")
    assert "The table is not read yet" in text
    assert '"-" = "zero"' in text
    (tmp_path / "own.toml").write_text(text.replace('value = "tonnes"', 'value = "tonnes"\nmarks = { "-" = "zero" }'), "utf-8")
    assert archive_of(tmp_path / "own.toml").latest.observed("OWN.export.WLD.tonnes").status[-1] == "zero"


def test_nothing_is_overwritten(tmp_path):
    SHAPES["fred.csv"](tmp_path / "fred.csv")
    write_config(tmp_path, tmp_path / "fred.csv")
    with pytest.raises(ConfigError, match="such a file already"):
        write_config(tmp_path, tmp_path / "fred.csv")


def test_a_file_without_months_or_figures_is_refused(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("a,b\nx,y\nz,w\n", "utf-8")
    with pytest.raises(DataError, match="no column holds months"):
        write_config(tmp_path, path)


def test_a_workbook_without_its_library(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(MissingExtraError, match="not installed") as error:
        write_config(tmp_path, OLD)
    assert "forecast[tables]" in error.value.hint


def test_a_damaged_workbook_and_a_sheet_that_is_not_there(tmp_path):
    path = tmp_path / "own.xlsx"
    path.write_bytes(OLD.read_bytes()[:3000])
    with pytest.raises(DataError, match="no whole workbook"):
        write_config(tmp_path, path)
    with pytest.raises(DataError, match="no sheet 'Dada'"):
        registry.build("source", {"use": "table", "path": str(OLD), "sheet": "Dada", "key": "OWN.export.WLD.salt"}).read()


def test_a_template_filters_flags_and_revisions(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "time,freq,partner,hs,weight,flag,new,day\n"
        "2024-01,M,THA,2825,100 kg,,,\n2024-01,A,THA,2825,9,,,\n2024-02,M,THA,2825,7,p,8,2024-06-01\n2024-03,M,THA,2825,,c,,\n"
        .replace("100 kg", "5"), "utf-8",
    )  # fmt: skip
    words = {
        "use": "table",
        "path": str(path),
        "template": "USA.import.{partner}.hs{hs}",
        "where": {"freq": "M"},
        "unit": "100 kg",
    }
    words |= {"value": "weight", "flags": "flag", "revised": "new", "revised_on": "day"}
    with pytest.raises(DataError, match="nothing explains the flag 'p'") as error:
        registry.build("source", words).read()
    assert 'statuses = { "p" = "provisional", "c" = "provisional" }' in error.value.hint
    archive = registry.build("source", {**words, "statuses": {"p": "provisional", "c": "suppressed"}}).read()
    key = "USA.import.THA.hs2825"
    first = archive.as_of("2024-05-01").observed(key)
    np.testing.assert_array_equal(first.values, [500, 700, np.nan])
    assert first.status == ("value", "provisional", "suppressed")
    assert archive.latest.observed(key).values[1] == 800
    assert not archive.pseudo


def test_parts_are_added_up_and_equal_rows_are_not(tmp_path):
    path = tmp_path / "own.csv"
    head = "month,regime,tonnes\n"
    path.write_text(f"{head}2024-01,ordinary,5\n2024-01,processing,7\n2024-02,ordinary,1\n2024-02,processing,n/a\n", "utf-8")
    words = {"use": "table", "path": str(path), "key": "CHN.export.WLD.salt"}
    with pytest.raises(DataError, match="two figures for 2024-01") as error:
        registry.build("source", words).read()
    assert "differ in the column 'regime'" in error.value.where
    made = registry.build("source", {**words, "add_up": True, "unit": "t"}).read().latest.observed("CHN.export.WLD.salt")
    np.testing.assert_array_equal(made.values, [12_000, np.nan])
    path.write_text(f"{head}2024-01,ordinary,5\n2024-01,ordinary,5\n", "utf-8")
    with pytest.raises(DataError, match="the same in every cell"):
        registry.build("source", {**words, "add_up": True}).read()


@pytest.mark.parametrize(
    ("text", "archive_unit", "factor"),
    [
        ("100 kg", "kg", 100), ("1000 kg", "kg", 1000), ("thousand tonnes", "kg", 1e6), ("pounds", "kg", 0.45359237),
        ("Metric Tons", "kg", 1000), ("MT", "kg", 1000), ("Mt", "kg", None), ("吨", "kg", 1000), ("USD", "kg", None),
        ("thousand USD", "USD", 1000), ("USD million", "USD", 1e6), ("1.08 USD", "USD", 1.08), ("EUR", "USD", None),
        ("USD/t", "USD/kg", 0.001), ("$/mt", "USD/kg", 0.001), ("cents/lb", "USD/kg", 0.01 / 0.45359237),
        ("USD per troy oz", "USD/kg", 1 / 0.0311034768), ("t", "USD/kg", None),
    ],
)  # fmt: skip
def test_units_with_their_factors(text, archive_unit, factor):
    from forecast.tables.unit_words import unit_factor

    assert unit_factor(text, archive_unit) == (factor if factor is None else pytest.approx(factor))


def test_encodings_are_detected_and_said(tmp_path):
    path = tmp_path / "own.csv"
    for encoding, said in (("gb18030", "GB18030"), ("latin-1", "Latin-1"), ("utf-16", "UTF-16")):
        name = "数据年月" if encoding == "gb18030" else "Año" if encoding == "latin-1" else "month"
        path.write_text(f"{name},数量\n2024-01,5\n".replace("数量", "数量" if encoding != "latin-1" else "t"), encoding)
        source = registry.build("source", {"use": "table", "path": str(path), "key": "CHN.export.WLD.salt", "period": name})
        assert source.read().latest.observed("CHN.export.WLD.salt").values[0] == 5
        assert any(said in note for note in source.describe_reading())
    with pytest.raises(DataError, match="no encoding 'utf-9'"):
        registry.build("source", {"use": "table", "path": str(path), "key": "CHN.export.WLD.salt", "encoding": "utf-9"}).read()
