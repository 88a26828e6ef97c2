"""What titles, names and unread columns say of the figures beside them: heard, or refused with what to write."""

import pytest

from forecast.core import registry
from forecast.core.errors import DataError
from forecast.tables.grid import read_grid
from forecast.tables.header import find_header, unit_in_titles
from forecast.tables.proposal import propose_mapping
from forecast.tables.unit_words import unit_in_label

KEY = "CHL.export.WLD.salt"
MONTHS = [f"{2020 + i // 12}-{i % 12 + 1:02d}" for i in range(30)]
FIGURES = [100 + i % 7 * 3 + i % 5 for i in range(30)]


def source(path, **words):
    if not {"key", "series", "values", "template"} & set(words):
        words["key"] = KEY
    return registry.build("source", {"use": "table", "path": str(path), **words})


def table(folder, head, *columns, title=""):
    """A file of months, figures and further columns, each a list or one text for all rows."""
    rows = [
        ",".join([month, str(figure), *(column if isinstance(column, str) else str(column[i]) for column in columns)])
        for i, (month, figure) in enumerate(zip(MONTHS, FIGURES, strict=True))
    ]
    path = folder / "own.csv"
    path.write_text("\n".join([*([title, ""] if title else []), head, *rows]) + "\n", "utf-8")
    return path


def refusal(path, **words):
    with pytest.raises(DataError) as error:
        source(path, **words).read()
    assert str(path) in error.value.where
    assert error.value.hint
    return error.value


def first(path, **words):
    return source(path, **words).read().latest.observed(words.get("key", KEY)).values[0]


@pytest.mark.parametrize(
    ("title", "unit"),
    [
        ("Exports of salt (thousand tonnes)", "thousand tonnes"), ("Exports of salt in tonnes", "tonnes"),
        ("Unit: lb", "lb"), ("# unit: g", "g"), ("Einheit: t", "t"), ("Salt (in tonnes)", "tonnes"), ("Exports of salt", ""),
    ],
)  # fmt: skip
def test_a_title_names_the_unit(title, unit, tmp_path):
    path = table(tmp_path, "month,exports", title=title)
    grid = read_grid(str(path), "")
    assert unit_in_titles(grid, find_header(grid))[0] == unit
    if not unit:
        assert first(path) == 100
        return
    error = refusal(path)
    assert title in error.problem
    assert f'unit = "{unit}"' in error.hint
    assert first(path, unit="t") == 100_000  # what is declared counts
    proposed = propose_mapping(path)
    assert proposed.words["unit"] == unit
    assert proposed.refusal is None


@pytest.mark.parametrize(
    ("head", "columns", "unit", "factor"),
    [
        ("month,value,UOM,SCALAR_FACTOR", ("Dollars", "millions"), "million USD", 1e6),
        ("month,value,UNIT_MEASURE,UNIT_MULT", ("USD", "3"), "thousand USD", 1e3),
        ("month,value,unit,UNIT_MULT", ("USD", "6"), "1000000 USD", 1e6),
    ],
)
def test_a_multiple_beside_the_figures_counts(head, columns, unit, factor, tmp_path):
    path = table(tmp_path, head, *columns)
    key = f"{KEY}:usd"
    for wrong in ({"unit": "USD"}, {"unit_column": head.split(",")[2]}):
        assert refusal(path, key=key, value="value", **wrong)
    assert first(path, key=key, value="value", unit=unit) == 100 * factor
    proposed = propose_mapping(path)
    assert proposed.refusal is None
    assert proposed.words["key"].endswith(":usd")
    assert registry.build("source", {"use": "table", **proposed.words}).read().latest.observed(proposed.words["key"]).values[
        0
    ] == pytest.approx(100 * factor)


def test_a_multiple_alone_and_one_that_differs_by_row(tmp_path):
    path = table(tmp_path, "month,value,UNIT_MULT", "3")
    assert "UNIT_MULT" in refusal(path, value="value").problem
    assert first(path, value="value", unit="thousand tonnes") == 1e8
    path = table(tmp_path, "month,value,SCALAR_FACTOR", ["units", "thousands"] * 15)
    assert "which no unit holds" in refusal(path, value="value", unit="t").problem
    assert first(table(tmp_path, "month,value,UNIT_MULT", "0"), value="value", unit="t") == 100_000


def test_units_that_are_no_mass_are_refused_or_told(tmp_path):
    path = table(tmp_path, "month,value,UOM", "pieces")
    assert "'pieces'" in refusal(path, value="value").problem
    assert any("pieces" in note for note in source(path, value="value", unit="t").describe_reading())
    path = table(tmp_path, "month,Exports (kg)")
    assert any("names the unit kg" in note for note in source(path, unit="t").describe_reading())
    assert not any("names the unit" in note for note in source(path).describe_reading())
    path.write_text(path.read_text("utf-8").replace("Exports (kg)\n", "exports\n,kg\n"), "utf-8")
    assert any("names the unit kg" in note for note in source(path, unit="t").describe_reading())


def test_months_of_a_fiscal_year_across_are_asked_about(tmp_path):
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    path = tmp_path / "own.csv"
    for begun in (0, 3, 6):
        order = names[begun:] + names[:begun]
        rows = [",".join(map(str, [year, *(year + names.index(n) for n in order)])) for year in (2020, 2021)]
        path.write_text("\n".join([",".join(["Year", *order]), *rows]) + "\n", "utf-8")
        if begun:
            assert f"run from {order[0]} to {order[-1]}" in refusal(path, across=True, period="Year").problem
        else:
            assert first(path, across=True, period="Year") == 2020


@pytest.mark.parametrize("head", ["month,value", "month,Exports (t)", "month,value,UNIT_MULT", "month,value,unit"])
def test_an_unknown_unit_is_refused_wherever_it_meets_another(head, tmp_path):
    path = table(tmp_path, head, *(["3" if "MULT" in head else "t"] if head.count(",") == 2 else []))
    assert "bushel" in refusal(path, unit="bushel", value=head.split(",")[1]).problem


def test_a_unit_in_the_cells_is_no_flag(tmp_path):
    path = table(tmp_path, "month,value")
    path.write_text(path.read_text("utf-8").replace(",100\n", ",100 kg\n"), "utf-8")
    error = refusal(path, unit="t")
    assert "names its unit" in error.problem
    assert "provisional" not in error.hint


@pytest.mark.parametrize("cell", ["100 p", "..", "n/a", "<5", "-"])
@pytest.mark.parametrize("rows", [1, 6])
def test_a_first_figure_with_a_mark_is_no_header(cell, rows, tmp_path):
    path = table(tmp_path, "month,value")
    lines = path.read_text("utf-8").splitlines()
    marked = [f"{line.partition(',')[0]},{cell}" for line in lines[1 : 1 + rows]]
    path.write_text("\n".join([lines[0], *marked, *lines[1 + rows :]]) + "\n", "utf-8")
    if cell in ("..", "n/a"):
        assert source(path).read().latest.observed(KEY).count == 30 - rows
        assert "column 'value'" in " ".join(source(path).describe_reading())
    else:
        assert "row 2, column 'value'" in refusal(path).where


@pytest.mark.parametrize(
    ("name", "unit"),
    [("value_t", "t"), ("net_kg", "kg"), ("fob_usd", "usd"), ("y_t", ""), ("qty_T", "t"), ("alpha_g", "")],
)
def test_units_at_the_end_of_a_name(name, unit):
    assert unit_in_label(name) == unit


@pytest.mark.parametrize("name", ["Change y/y (%)", "Index 2015=100", "12-month rolling sum", "Share in %", "growth rate"])
def test_rates_and_indices_are_no_amounts(name, tmp_path):
    path = table(tmp_path, f"month,Exports (t),{name}", [i % 9 + 1 for i in range(30)])
    assert name in refusal(path, value=name, unit="t").problem
    assert first(path, value=name, units={name: "t"}) == 1000
    proposed = propose_mapping(path)
    assert proposed.words["value"] == "Exports (t)"


@pytest.mark.parametrize("name", ["Antimony 99.65% min", "Index fund salts", "Rolling mill scrap", "Growth medium"])
def test_grades_and_goods_are_amounts(name, tmp_path):
    assert first(table(tmp_path, f"month,{name}"), value=name, unit="t") == 100_000


@pytest.mark.parametrize("name", ["Cumulative exports", "Exports YTD", "Exports, year to date", "累计数量"])
def test_a_name_that_says_to_date_is_asked_about(name, tmp_path):
    path = table(tmp_path, f"month,{name.replace(',', '')}")
    assert 'sums = "since January"' in refusal(path, unit="t").hint
    assert first(path, unit="t", sums="none") == 100_000


@pytest.mark.parametrize("name", ["partner", "flow", "Country of origin", "reporterISO"])
def test_rows_of_several_flows_are_no_series(name, tmp_path):
    path = table(tmp_path, f"month,t,{name}", ["A1", "B2"] * 15)
    error = refusal(path, value="t")
    assert "'A1' and 'B2'" in error.problem
    assert name in error.hint
    one = source(path, value="t", where={name: "A1"}).read().latest.observed(KEY)
    assert one.count == 15
    assert source(path, value="t", add_up=True).read().latest.observed(KEY).count == 30
    assert first(table(tmp_path, f"month,t,{name}", "A1"), value="t") == 100


def test_names_of_a_partner_may_change_where_its_code_is_read(tmp_path):
    path = table(tmp_path, "month,t,partner_code,partner_name", "TUR", ["Turkey"] * 20 + ["Türkiye"] * 10)
    words = {"value": "t", "series": "partner_code", "keys": {"TUR": KEY}}
    assert source(path, **words).read().latest.observed(KEY).count == 30


@pytest.mark.parametrize("total", ["World", "Total", "合计", "sum of ports"])
def test_a_total_among_parts_is_not_added_up(total, tmp_path):
    path = tmp_path / "own.csv"
    rows = [
        f"{m},{who},{v},W00" for m, a in zip(MONTHS, FIGURES, strict=True) for who, v in (("A", a), ("B", 7), (total, a + 7))
    ]
    path.write_text("month,port,t,partner2\n" + "\n".join(rows) + "\n", "utf-8")
    assert "total?" in refusal(path, value="t", add_up=True).problem
    parts = source(path, value="t", add_up=True, where={"port": ["A", "B"]}).read()
    assert parts.latest.observed(KEY).values[0] == 107


@pytest.mark.parametrize("sign", ["99999999", "-999"])
def test_repeated_nines_are_a_sign(sign, tmp_path):
    path = table(tmp_path, "month,value")
    text = path.read_text("utf-8").replace(",116\n", f",{sign}\n")
    path.write_text(text, "utf-8")
    count = text.count(sign)
    assert f"{count} cells" in refusal(path, unit="USD", key=f"{KEY}:usd").problem
    words = {"unit": "USD", "key": f"{KEY}:usd", "marks": {sign: "missing"}}
    assert source(path, **words).read().latest.observed(f"{KEY}:usd").count == 30 - count
    path.write_text(text.replace(sign, "999"), "utf-8")
    assert source(path, unit="t").read().latest.observed(KEY).count == 30  # near the others: figures


def test_sheets_with_the_same_columns_are_asked_about(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for name in ("2020", "2021"):
        sheet = book.create_sheet(name)
        sheet.append(["month", "t"])
        for i in range(12):
            sheet.append([f"{name}-{i + 1:02d}", 5 + i % 3])
    note = book.create_sheet("About")
    note.append(["month", "what the table holds"])
    path = tmp_path / "own.xlsx"
    book.save(path)
    error = refusal(path, value="t")
    assert "2020, 2021" in error.problem
    assert "About" not in error.problem
    assert first(path, value="t", sheet="2021", unit="t") == 5000
    assert propose_mapping(path, "2021").words["sheet"] == "2021"


def test_proposed_keys_name_countries_and_totals(tmp_path):
    path = tmp_path / "own.csv"
    rows = [f"{m},{who},{a}" for m, a in zip(MONTHS, FIGURES, strict=True) for who in ("CN", "VN", "Total")]
    path.write_text("month,partner,tonnes\n" + "\n".join(rows) + "\n", "utf-8")
    proposed = propose_mapping(path)
    assert [key.split(".")[2] for key in proposed.words["keys"].values()] == ["CHN", "VNM", "WLD"]
    assert any("'Total'" in remark for remark in proposed.remarks)
