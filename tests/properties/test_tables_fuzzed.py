"""Tables of any text: read, or refused by an error of the package that tells problem, place and way out; never slowly."""

import datetime as dt
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from forecast.core.errors import ForecastError
from forecast.tables.mapping import TableMapping
from forecast.tables.own_table import rows_of_table
from forecast.tables.proposal import propose_mapping, words_as_toml
from forecast.tables.time_spellings import WayOfReading, choices_in, looks_like_time, months_meant
from forecast.tables.unit_words import measured_by, unit_in_label

pytestmark = pytest.mark.slow
KEY = "CHL.export.WLD.salt"
TODAY = dt.date(2026, 11, 30)
SECONDS = dt.timedelta(seconds=5)
MANY = settings(
    max_examples=1500, deadline=SECONDS, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)

ODD = ("\xa0", "\u202e", "9" * 12, "0" * 6)
PIECES = st.sampled_from(
    [
        *"01-/., ':TZ–ce%()p年月é٣",
        "2024",
        "13",
        "Jan",
        "Q1",
        "M",
        "2018.1",
        "20249",
        "45292",
        "..",
        "NaN",
        "1,234",
        "1.234",
        "\xa0",
        "\u202e",
        "9" * 12,
        "0" * 6,
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=6).map("".join), st.text(max_size=12))
TIMES = st.one_of(
    st.dates(dt.date(1950, 1, 1), dt.date(2026, 10, 1)).flatmap(
        lambda day: st.sampled_from([f"{day:%Y-%m}", f"{day:%d/%m/%Y}", f"{day:%b-%y}", f"{day:%Y%m}", f"{day:%Y}.{day.month}"])
    ),
    TEXTS,
)
NUMBERS = st.one_of(st.floats(0, 1e7).map("{:.2f}".format), st.floats(0, 1e7).map("{:,.1f}".format), TEXTS)
ROWS = st.lists(st.tuples(TIMES, NUMBERS, TEXTS), min_size=1, max_size=15)
WORDS = st.fixed_dictionaries(
    {},
    optional={
        "period": st.sampled_from(["a", "d", ""]), "value": st.sampled_from(["b", "c"]), "across": st.booleans(),
        "decimal": st.sampled_from([".", ","]), "frequency": st.sampled_from(["month", "quarter", "year"]),
        "sums": st.sampled_from(["none", "since January"]), "header": st.integers(0, 4), "add_up": st.booleans(),
        "dates": st.sampled_from(["day first", "next day", "zeros lost", "serial days"]), "unit": TEXTS,
        "marks": st.dictionaries(TEXTS, st.sampled_from(["zero", "missing", "suppressed"]), max_size=2),
        "flags": st.sampled_from(["c", ""]), "since": st.sampled_from(["", "2020-01"]),
        "unit_column": st.sampled_from(["", "c"]),
    },
)  # fmt: skip


def spoken(work):
    """What an attempt gives; an error of the package tells all, any other passes through."""
    said = None
    try:
        return work()
    except ForecastError as error:
        said = error
    assert all((said.problem, said.where, said.hint))
    assert all(line.isprintable() for line in str(said).splitlines())
    return None


def written(content, suffix):
    folder = Path(tempfile.mkdtemp())
    path = folder / f"own{suffix}"
    path.write_bytes(content)
    return path


@MANY
@given(TEXTS)
def test_any_text_as_a_time_or_a_unit(text):
    for way in (WayOfReading(), WayOfReading(False, False, True, True)):
        found = months_meant(text, way, 2026)
        assert found is None or found[0] <= found[1]
    looks_like_time(text), choices_in(text), measured_by(text), unit_in_label(text)


@MANY
@given(ROWS, WORDS, st.sampled_from([",", ";", "\t"]))
def test_any_rows_of_text_under_any_words(rows, words, sign):
    text = "\n".join(sign.join(f'"{cell}"' for cell in row) for row in [("a", "b", "c"), *rows])
    path = written(text.encode("utf-8", "surrogatepass"), ".csv")
    made = spoken(lambda: rows_of_table(TableMapping(path=str(path), key=KEY, **words), TODAY))
    if made is not None:
        assert len({(row.period, row.released) for row in made[0]}) == len(made[0])  # one figure for each period
        assert all(row.value >= 0 or row.value != row.value for row in made[0])


@MANY
@given(ROWS, st.sampled_from(["utf-8", "latin-1", "gb18030", "utf-16"]))
def test_any_table_gets_a_proposal_that_is_toml(rows, encoding):
    import tomllib

    text = "\n".join(";".join(row) for row in [("Mes", "Menge (t)", "Ort"), *rows])
    proposal = spoken(lambda: propose_mapping(written(text.encode(encoding, "replace"), ".csv")))
    if proposal is not None:
        tomllib.loads(words_as_toml(proposal.words))


@MANY
@given(st.binary(max_size=300), st.sampled_from([".csv", ".xlsx", ".xls", ".parquet"]))
def test_any_bytes(content, suffix):
    spoken(lambda: propose_mapping(written(content, suffix)))


@MANY
@given(st.integers(0, 5600), st.binary(min_size=1, max_size=8), st.integers(0, 5632))
def test_a_damaged_workbook(place, noise, length):
    old = (Path(__file__).parents[1] / "unit/tables/old_workbook.xls").read_bytes()
    damaged = (old[:place] + noise + old[place + len(noise) :])[: max(length, 512)]
    spoken(lambda: propose_mapping(written(damaged, ".xls")))


@MANY
@given(st.integers(0, 6000), st.binary(min_size=1, max_size=8))
def test_a_damaged_new_workbook_and_parquet_file(place, noise):
    for content, suffix in ((_new_workbook(), ".xlsx"), (_parquet(), ".parquet")):
        at = place % len(content)
        spoken(lambda: propose_mapping(written(content[:at] + noise + content[at + len(noise) :], suffix)))  # noqa: B023


def _new_workbook(cache={}):  # noqa: B006
    if not cache:
        import io

        import openpyxl

        book, out = openpyxl.Workbook(), io.BytesIO()
        for row in [["Month", "t"], *([dt.date(2024, m, 1), m * 1.5] for m in range(1, 13))]:
            book.active.append(row)
        book.save(out)
        cache["bytes"] = out.getvalue()
    return cache["bytes"]


def _parquet(cache={}):  # noqa: B006
    if not cache:
        import io

        import pandas as pd

        out = io.BytesIO()
        pd.DataFrame({"month": ["2024-01", "2024-02"], "t": [1.0, 2.0]}).to_parquet(out)
        cache["bytes"] = out.getvalue()
    return cache["bytes"]
