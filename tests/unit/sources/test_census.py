"""The US Census Bureau's interface: what its answers mean, and what they must never be taken to mean."""

import dataclasses
import datetime as dt
import json
import math

import pytest
from hypothesis import given, settings, strategies as st
from servers.census import GOODS, KEY, CensusServer
from servers.kept_rows import KeptRows

from forecast.core import months, registry
from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, ForecastError
from forecast.interfaces.answer import Answer
from forecast.interfaces.client import Patience
from forecast.interfaces.faults import DamagedAnswerError, KeyMissingError, KeyRefusedError, QuotaError, UnreachableError
from forecast.interfaces.fetching import Asking, fetch_into, live_source
from forecast.sources.census import Census
from forecast.sources.census.answers import EXPORTS, IMPORTS, read_months, read_trade
from forecast.sources.census.figures import Commodity

OXIDE = "USA.import.{}.antimony_oxide"
PATIENCE = Patience(total=60.0, sleep=lambda seconds: None)


@pytest.fixture
def server():
    with CensusServer() as made:
        yield made


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("CENSUS_API_KEY", KEY)


@dataclasses.dataclass
class Fetched:
    kept: KeptRows
    outcomes: dict
    told: list

    def figure(self, series, period):
        return self.kept.last(series, period)


@pytest.fixture
def fetch(server, tmp_path):
    kept = KeptRows()

    def run(since="2023-01", **options):
        told = []
        source = live_source("census", {"hs": ("2825800000",), "partner": ("CHN", "THA", "MEX", "FRA"), **options})
        return Fetched(
            kept, fetch_into(source, since, tmp_path, kept.append, Asking(server.address, patience=PATIENCE), told.append), told
        )

    return run


def test_figures_are_those_of_the_office(fetch, server):
    done = fetch()
    for country, code in (("CHN", "5700"), ("THA", "5490"), ("MEX", "2010")):
        size = GOODS["2825800000"][3][code]
        for month in range(months.ordinal("2023-01"), server.last + 1):
            row = done.figure(OXIDE.format(country), months.label(month))
            weight = server.weight("2825800000", code, month, size)
            if row.status != "missing":
                assert row.value == weight
            assert done.figure(OXIDE.format(country) + ":usd", months.label(month)).value == weight * 9
    Archive.of(done.kept.rows)  # every row is a valid one


def test_a_weight_that_is_flagged_or_zero_beside_money_is_missing(fetch):
    done = fetch()
    flagged, weightless = done.figure(OXIDE.format("MEX"), "2023-05"), done.figure(OXIDE.format("FRA"), "2023-06")
    assert (flagged.status, flagged.note) == ("missing", "flag M (missing)")
    assert done.figure(OXIDE.format("MEX") + ":usd", "2023-05").value > 0
    assert (weightless.status, weightless.note) == ("missing", "a weight of 0 beside USD 453,105")
    assert done.figure(OXIDE.format("FRA") + ":usd", "2023-06").value == 453_105
    assert [done.outcomes[OXIDE.format(one)].missing for one in ("MEX", "FRA")] == [["2023-05"], ["2023-06"]]


def test_a_row_of_no_weight_and_no_value_is_a_true_zero(fetch, server):
    server.odd["2825800000", "4279", "2023-06"] = {"GEN_VAL_MO": "0", "GEN_QY1_MO": "0"}
    done = fetch()
    for suffix in ("", ":usd"):
        row = done.figure(OXIDE.format("FRA") + suffix, "2023-06")
        assert (row.status, row.value, row.note) == ("zero", 0.0, "")


def test_no_row_in_a_released_month_is_no_trade_and_an_unreleased_month_is_nothing(fetch, server):
    done = fetch()
    after = done.figure(OXIDE.format("CHN"), "2025-03")
    assert (after.status, after.value) == ("zero", 0.0)
    last, to_come = months.label(server.last), months.label(server.last + 1)
    outcome = done.outcomes[OXIDE.format("CHN")]
    assert outcome.not_released[0] == to_come
    assert max(row.period for row in done.kept.rows) == last


def test_groups_of_countries_are_in_no_figure(fetch, server):
    done = fetch(partner=())
    month = months.ordinal("2024-02")
    partners = {row.series.split(".")[2] for row in done.kept.rows}
    assert partners == {"WLD", "CHN", "THA", "MEX", "BEL", "FRA"}
    total = sum(server.weight("2825800000", c, month, size) for c, size in GOODS["2825800000"][3].items())
    assert done.figure(OXIDE.format("WLD"), "2024-02").value == total


def test_the_weight_is_the_quantity_in_kilograms_wherever_it_stands(fetch, server):
    done = fetch(hs=("8505110070",), partner=("CHN",))
    month = months.ordinal("2024-02")
    row = done.figure("USA.import.CHN.hs8505110070", "2024-02")
    assert row.value == server.weight("8505110070", "5700", month, 600e3), "not the twenty times as many pieces"


def test_a_good_that_is_not_weighed_has_values_alone(fetch):
    done = fetch(hs=("9999950000",), partner=("CAN",))
    assert {row.series for row in done.kept.rows} == {"USA.import.WLD.hs9999950000:usd", "USA.import.CAN.hs9999950000:usd"}
    assert any("not counted at all: values only" in line for line in done.told)


def test_a_code_that_ended_is_missing_not_zero(fetch):
    done = fetch(since="2021-06", hs=("8110200000",), partner=("CAN",))
    assert done.figure("USA.import.CAN.hs8110200000", "2022-12").status == "value"
    for month in ("2023-01", "2024-07", "2026-09"):
        row = done.figure("USA.import.CAN.hs8110200000", month)
        assert (row.status, row.note) == ("missing", "no row in the whole year: the code may not have been in force")
    assert any("its subheading was traded: missing, not zero" in line for line in done.told)


def test_a_year_in_which_the_whole_subheading_was_not_traded_is_zero(fetch, server):
    done = fetch(hs=("8112921000",), partner=("CHN",))
    assert done.figure("USA.import.CHN.gallium", "2024-05").value > 0
    assert done.figure("USA.import.CHN.gallium", "2025-05").status == "zero"


def test_a_prefix_stands_for_the_ten_digit_codes_below_it(fetch):
    done = fetch(since="2022-01", hs=("8110",), partner=("CAN",))
    assert {row.series.split(".")[3] for row in done.kept.rows} == {
        "antimony_unwrought", "antimony_unwrought:usd", "hs8110200000", "hs8110200000:usd", "hs8110200010", "hs8110200010:usd",
    }  # fmt: skip
    nothing = fetch(hs=("1234",))
    assert any("1234: no ten-digit code below it was traded" in line for line in nothing.told)


@pytest.mark.parametrize("kind", ["no total", "does not add up"])
def test_a_month_whose_countries_do_not_make_the_total_has_no_zeros(fetch, server, kind):
    if kind == "no total":
        server.totals_missing.add(("2825800000", "2025-03"))
    else:
        server.odd["2825800000", "-", "2025-03"] = {"GEN_VAL_MO": "99999999"}
    done = fetch()
    assert done.figure(OXIDE.format("CHN"), "2025-03").status == "missing"
    assert done.figure(OXIDE.format("CHN"), "2025-04").status == "zero"
    assert done.figure(OXIDE.format("THA"), "2025-03").status == "value"
    assert any("2025-03" in line and ("not there" in line or "add up" in line) for line in done.told)


def test_the_vintage_is_the_day_of_the_last_update_with_a_guess_at_the_first(fetch, server):
    server.updated = "2026-11-05"
    done = fetch()
    rows = [row for row in done.kept.rows if (row.series, row.period) == (OXIDE.format("THA"), "2024-02")]
    assert [(row.released, row.basis) for row in rows] == [("2026-11-05", "actual"), ("2024-04-08", "rule")]
    assert "pseudo-vintage: as known on 2026-11-05" in rows[1].note
    fresh = [row for row in done.kept.rows if (row.series, row.period) == (OXIDE.format("THA"), "2026-09")]
    assert [(row.released, row.basis) for row in fresh] == [("2026-11-05", "actual")], "the publication itself: no guess"


def test_a_revision_is_a_second_vintage_and_no_second_guess(fetch, server):
    first = fetch()
    assert first.outcomes[OXIDE.format("THA")].new == 45
    again = fetch()
    assert not any(outcome.new or outcome.revised for outcome in again.outcomes.values())
    server.updated = "2026-12-04"
    server.revised["2825800000", "5490", "2024-02"] = 123456
    revised = fetch()
    assert revised.outcomes[OXIDE.format("THA") + ":usd"].revised == ["2024-02"]
    assert revised.outcomes[OXIDE.format("THA") + ":usd"].new == 0
    rows = [r for r in revised.kept.rows if (r.series, r.period) == (OXIDE.format("THA") + ":usd", "2024-02")]
    assert [row.released for row in rows] == ["2026-11-05", "2024-04-08", "2026-12-04"]
    assert rows[-1].value == 123456


def test_exports_have_their_own_names(fetch):
    done = fetch(flow="export", partner=("THA",))
    assert {row.series for row in done.kept.rows} == {
        f"USA.export.{partner}.antimony_oxide{suffix}" for partner in ("WLD", "THA") for suffix in ("", ":usd")
    }


def test_a_fetch_that_broke_off_goes_on_and_asks_nothing_twice(server, fetch):
    server.spoil("", "", "", *["500"] * 5)
    with pytest.raises(QuotaError):
        fetch(hs=("2825800000", "8110100000"))
    before = len(server.questions)
    done = fetch(hs=("2825800000", "8110100000"))
    whole = 1 + 2 * 4  # which months are out; two codes in four years
    assert len(server.questions) - before == whole - 3
    assert any("taken up where the fetch of" in line for line in done.told)
    assert done.figure(OXIDE.format("THA"), "2024-02").value > 0
    again = fetch(hs=("2825800000", "8110100000"))
    assert not any("taken up" in line for line in again.told), "a finished fetch is not gone on with"


def test_answers_are_replayed_from_a_folder(server, fetch, tmp_path):
    done = fetch()
    kept = KeptRows()
    source = live_source("census", {"hs": ("2825800000",), "partner": ("CHN", "THA", "MEX", "FRA")})
    fetch_into(source, "2023-01", tmp_path / "other", kept.append, Asking(saved=tmp_path), lambda text: None)
    assert repr(kept.rows) == repr(done.kept.rows)
    assert not (tmp_path / "other").exists()


def test_a_refused_key_a_missing_key_and_nobody(server, fetch, monkeypatch):
    monkeypatch.setenv("CENSUS_API_KEY", "x" * 40)
    with pytest.raises(KeyRefusedError, match="does not know the key in CENSUS_API_KEY"):
        fetch()
    monkeypatch.delenv("CENSUS_API_KEY")
    with pytest.raises(KeyMissingError, match="asks for a key") as caught:
        fetch()
    assert "key_signup" in caught.value.hint
    assert len(server.questions) == 2, "a key is not tried again"


@pytest.mark.parametrize(
    ("fault", "error"), [("die", UnreachableError), ("cut", DamagedAnswerError), ("html", DamagedAnswerError)]
)
def test_faults_in_the_middle_are_survived_or_said(server, fetch, fault, error):
    server.spoil("", fault, fault, "", fault)
    assert fetch().figure(OXIDE.format("THA"), "2024-02").value > 0
    server.spoil(*[fault] * 99)
    with pytest.raises(error):
        fetch(since="2022-01")


def test_a_clock_that_is_wrong_loses_no_month(server, fetch):
    server.skew = dt.timedelta(days=-3000)
    done = fetch()
    assert done.figure(OXIDE.format("THA"), "2026-09").value > 0


def test_options_are_checked():
    for hs in ("28258", "28", "antimony", "２８", "282580000000"):
        with pytest.raises(ConfigError, match="is no HS code"):
            Census(hs=(hs,))
    with pytest.raises(ConfigError, match="'CHI' is no country") as caught:
        Census(hs=("2825800000",), partner=("CHI",))
    assert "CHN" in caught.value.hint or "CHL" in caught.value.hint
    with pytest.raises(ConfigError, match="cannot be 'transit'"):
        registry.build("source", {"use": "census", "flow": "transit"})
    with pytest.raises(ConfigError, match="a run asks no network") as caught:
        Census(hs=("2825800000",)).read()
    assert "forecast fetch census" in caught.value.hint
    with pytest.raises(ConfigError, match="which goods"):
        next(Census().fetch("2024-01", None))


# --- answers ----------------------------------------------------------------------------------------------------------

GUIDE_ROWS = [(b"-", b"221313094", 1), (b"-", b"210000000", 2), (b"5XXX", b"40653581", 1), (b"5700", b"1", 1)]
GUIDE = (
    b'[["I_COMMODITY","CTY_CODE","GEN_VAL_MO","LAST_UPDATE","time","COMM_LVL","I_COMMODITY","CTY_CODE"],\n'
    + b",\n".join(b'["28","%s","%s","2013-12-01","2013-0%d","HS2","28","-"]' % one for one in GUIDE_ROWS)
    + b"]"
)


def answer(body, status=200, media="application/json"):
    return Answer("q", status, {"content-type": media}, body, "2026-01-05T00:00:00+00:00")


def test_columns_that_stand_twice_totals_and_groups():
    found = read_months(answer(GUIDE), IMPORTS)
    assert found == {months.ordinal("2013-01"): dt.date(2013, 12, 1), months.ordinal("2013-02"): dt.date(2013, 12, 1)}
    assert read_months(answer(b"", 204), IMPORTS) == {}


def row(**cells):
    values = {
        "I_COMMODITY": "2825800000", "CTY_CODE": "5700", "CTY_NAME": "CHINA", "GEN_VAL_MO": "10", "GEN_QY1_MO": "2",
        "GEN_QY1_MO_FLAG": None, "UNIT_QY1": "KG", "GEN_QY2_MO": "0", "GEN_QY2_MO_FLAG": "M", "UNIT_QY2": "-",
        "LAST_UPDATE": "2025-06-05", "time": "2025-04",
    } | cells  # fmt: skip
    return values


def trade(*rows):
    return read_trade(answer(json.dumps([list(row()), *(list(one.values()) for one in rows)]).encode()), IMPORTS)


@pytest.mark.parametrize(
    ("cells", "weight", "reason"),
    [
        ({}, 2.0, ""),
        ({"UNIT_QY1": "T"}, 2000.0, ""),
        ({"UNIT_QY1": "CKG"}, math.nan, "counted in CKG, not by weight"),
        ({"GEN_QY1_MO": "0", "GEN_QY1_MO_FLAG": "M"}, math.nan, "flag M (missing)"),
        ({"GEN_QY1_MO": "0", "GEN_QY1_MO_FLAG": "", "GEN_VAL_MO": "1250"}, math.nan, "a weight of 0 beside USD 1,250"),
        ({"GEN_QY1_MO": "0", "GEN_QY1_MO_FLAG": "", "GEN_VAL_MO": "0"}, 0.0, ""),
        ({"GEN_QY1_MO": None}, math.nan, "no quantity stated"),
        ({"GEN_QY1_MO": "-5"}, math.nan, "a negative quantity: -5"),
        ({"UNIT_QY1": "NO", "UNIT_QY2": "KG", "GEN_QY2_MO": "7", "GEN_QY2_MO_FLAG": ""}, 7.0, ""),
        ({"UNIT_QY1": "X"}, math.nan, "not counted at all"),
    ],
)
def test_what_a_quantity_says(cells, weight, reason):
    [found] = trade(row(**cells))
    assert str(found.quantity) == str(weight)
    assert found.reason == reason


def test_two_rows_that_differ_are_not_believed_and_two_alike_are_one():
    [twice] = trade(row(), row())
    assert twice.value == 10
    [differing] = trade(row(), row(GEN_VAL_MO="11"))
    assert math.isnan(differing.value)
    assert differing.reason == "two rows differ about it"


@pytest.mark.parametrize(
    "cells",
    [
        {"GEN_VAL_MO": "1e5"},
        {"GEN_VAL_MO": "9" * 30},
        {"time": "2025-13"},
        {"time": "0004-01"},
        {"GEN_VAL_MO": 1.5},
        {"CTY_CODE": []},
    ],
)
def test_a_cell_that_is_no_such_thing_is_an_own_error(cells):
    with pytest.raises(DamagedAnswerError):
        trade(row(**cells))


@pytest.mark.parametrize("body", [b"{}", b"[]", b"[1]", b'[["time"]]', b'[["a"],["b","c"]]', b"null", b'"x"', GUIDE[:-1]])
def test_what_is_no_table_is_an_own_error(body):
    with pytest.raises(DamagedAnswerError):
        read_trade(answer(body), IMPORTS)


def test_a_last_update_that_is_no_day_is_the_day_of_the_answer():
    assert trade(row(LAST_UPDATE=""))[0].updated == dt.date(2026, 1, 5)
    assert trade(row(LAST_UPDATE="2019-01-01"))[0].updated == dt.date(2026, 1, 5)
    assert trade(row(LAST_UPDATE="2025-06-05T10:00"))[0].updated == dt.date(2025, 6, 5)


WORDS = ["2025-04", "-", "5700", "KG", "NO", "M", "", "12", "-3", "1e400", "９", "0003", "2825800000", "2025-06-05"]
CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.sampled_from(WORDS))


@pytest.mark.slow
@given(
    data=st.data(),
    rows=st.lists(st.dictionaries(st.sampled_from(list(row())), CELLS, max_size=5), max_size=5),
    columns=st.sampled_from([IMPORTS, EXPORTS]),
)
@settings(max_examples=6000)
def test_no_answer_ends_in_a_traceback(data, rows, columns):
    """A minute of tables with cells of any kind, cut and altered: rows that an archive takes, or the package's own error."""
    names = ["time", *columns.asked]
    table = [names, *([(row() | one).get(name, "") for name in names] for one in rows)]
    body = bytearray(json.dumps(table).encode())
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(body) - 1)) if body else 0
        body[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    try:
        found = read_trade(answer(bytes(body)), columns)
        months_out = {one.month: one.updated for one in found}
        figures = Commodity("2825800000", found, months_out).figures("USA.import.{partner}.x{suffix}", ["CHN"], "p", "u")
        if figures:
            Archive.of(figures)
    except ForecastError:
        pass
