"""Comext, asked on this machine (shapes and their origin: servers/comext.py): every kind of figure, and every trap."""

import contextlib
import datetime as dt
import math
import os

import pytest
from servers.comext import MEMBERS, PREFIX, ComextServer
from servers.loopback import Reply

from forecast.core import registry
from forecast.core.errors import ConfigError, DataError
from forecast.interfaces.client import Client, Patience
from forecast.interfaces.faults import DamagedAnswerError, QuestionRefusedError
from forecast.interfaces.raw_answers import RawAnswers
from forecast.sources.comext.figures import members

OXIDE = "28258000"
CHINA, VIETNAM, ALL = ("DEU.import.CHN.antimony_oxide", "DEU.import.VNM.antimony_oxide", "DEU.import.WLD.antimony_oxide")


@pytest.fixture
def server():
    with ComextServer() as made:
        yield made


@pytest.fixture
def fetch(server, tmp_path):
    """`fetch(hs=..., since=...)` is (rows by series and month, parts)."""

    def call(since="2024-01", total=30.0, **options):
        spec = {"use": "comext", "hs": [OXIDE], "reporter": ["DEU"], **options}
        source = registry.build("source", spec)
        sleeps = []
        patience = Patience(total, 0.0, sleeps.append, lambda: sum(sleeps))
        client = Client(source.service, RawAnswers(tmp_path / f"raw{len(list(tmp_path.iterdir()))}", "comext"),
                        address=server.address, patience=patience)  # fmt: skip
        call.sleeps = sleeps
        with contextlib.closing(client):
            parts = list(source.fetch(since, client))
        return {(row.series, row.period): row for part in parts for row in part.rows}, parts

    return call


def test_weights_are_in_hundreds_of_kilograms_and_flow_1_is_imports(server, fetch):
    rows, _ = fetch()
    assert rows[CHINA, "2024-01"].value == 10_000.0
    assert rows[ALL, "2024-01"].value == 13_000.0, "a member's partners are all countries, members among them"
    keys = [q.path.removeprefix(PREFIX).split(".") for q in server.questions]
    assert {key[4] for key in keys} == {"1"}
    rows, _ = fetch(reporter=["EU27"])
    assert rows["EU27.import.WLD.antimony_oxide", "2024-01"].value == 52_500.0, "the Union's partners are those outside it"
    assert "EU27.import.BEL.antimony_oxide" not in {series for series, _ in rows}
    with pytest.raises(DataError, match="no total of exports"):
        fetch(flow="export")


def test_what_has_no_row_in_a_whole_month_is_a_true_zero(fetch):
    rows, _ = fetch()
    assert (rows[VIETNAM, "2024-03"].value, rows[VIETNAM, "2024-03"].status) == (0.0, "zero")
    rows, _ = fetch(partner=["VNM", "USA"])
    assert rows[VIETNAM, "2024-03"].status == "zero"
    assert {row.status for (series, _), row in rows.items() if ".USA." in series} == {"zero"}, "asked, and in no month"


def test_vintage_is_the_day_of_the_update_and_what_was_out_before_is_guessed(fetch):
    rows, parts = fetch()
    assert {row.released for row in rows.values()} == {"2026-02-16"}
    assert {row.basis for row in rows.values()} == {"actual"}
    guesses = {(row.series, row.period): row for part in parts for row in part.guesses}
    assert guesses[CHINA, "2024-01"].released == "2024-03-26"
    assert guesses[CHINA, "2024-01"].basis == "rule"
    assert (CHINA, "2025-12") not in guesses, "that update is its publication"


@pytest.mark.parametrize("text", ["16/02/26", "16/02/2026 11:00:00", "2026-02-16T11:00:00"])
def test_updates_are_written_in_several_ways(server, fetch, text):
    server.updated = text
    assert {row.released for row in fetch()[0].values()} == {"2026-02-16"}


def test_months_to_come_are_not_released(fetch):
    _, parts = fetch()
    (part,) = parts
    assert (CHINA, "2026-01") in part.not_released
    assert all(month > "2025-12" for _, month in part.not_released)
    assert not {row.period for row in part.rows} & {month for _, month in part.not_released}


def test_a_weight_that_is_not_stated_or_zero_beside_money_is_missing(server, fetch):
    server.weights["DE", "CN", OXIDE, "2024-02"] = None
    server.weights["DE", "CN", OXIDE, "2024-04"] = ""
    server.weights["DE", "CN", OXIDE, "2024-05"] = ":"
    server.weights["DE", "CN", OXIDE, "2024-06"] = "0.00"
    rows, _ = fetch()
    for month in ("2024-02", "2024-04", "2024-05", "2024-06"):
        assert rows[CHINA, month].status == "missing", month
        assert math.isnan(rows[CHINA, month].value)
    assert rows[CHINA, "2024-06"].note == "0 kg beside EUR 90,005"


def test_flags_become_statuses(server, fetch):
    server.flags["DE", "CN", OXIDE, "2024-02"] = "c"
    server.weights["DE", "CN", OXIDE, "2024-02"] = ""
    server.flags["DE", "CN", OXIDE, "2025-12"] = "p"
    rows, _ = fetch()
    assert rows[CHINA, "2024-02"].status == "suppressed"
    assert rows[CHINA, "2025-12"].status == "provisional"
    assert rows[CHINA, "2025-11"].status == "value"


def test_trade_with_partners_that_are_not_named_leaves_no_zero(server, fetch):
    server.figures["DE", "QZ", OXIDE, "2024-03"] = (700, 9_000.0)
    rows, _ = fetch()
    assert rows[VIETNAM, "2024-03"].status == "suppressed"
    assert "not named (QZ)" in rows[VIETNAM, "2024-03"].note
    assert rows[ALL, "2024-03"].value == 11_400.0
    rows, _ = fetch(partner=["VNM"])
    assert rows[VIETNAM, "2024-03"].status == "suppressed", "they are asked for with any partner"


def test_the_union_is_provisional_while_a_member_has_not_delivered(server, fetch):
    server.late = {("BE", "2025-12")}
    rows, _ = fetch(reporter=["EU27", "DEU"])
    last = rows["EU27.import.CHN.antimony_oxide", "2025-12"]
    assert (last.value, last.status, last.note) == (12_300.0, "provisional", "without BEL, not delivered yet")
    assert rows["EU27.import.CHN.antimony_oxide", "2025-11"].status == "value"
    assert rows[CHINA, "2025-12"].status == "value"
    del server.figures["DE", "VN", OXIDE, "2025-12"]
    assert fetch(reporter=["EU27"])[0]["EU27.import.VNM.antimony_oxide", "2025-12"].status == "missing", "BEL may import it yet"


def test_the_union_has_the_members_of_today_and_the_united_kingdom_reports_no_more(server, fetch):
    assert len(MEMBERS) == len(members()) == 27
    asked = next(q for q in (fetch(reporter=["EU27"]), server.questions)[1]).path.removeprefix(PREFIX).split(".")[1]
    assert set(asked.split("+")) == {*MEMBERS, "EU27_2020"}
    with pytest.raises(ConfigError, match="'GBR' is no member state: it reports to Comext no more"):
        fetch(reporter=["GBR"])
    with pytest.raises(ConfigError, match="'USA' is no member state"):
        fetch(reporter=["USA"])


def test_northern_ireland_is_no_part_of_the_united_kingdom_here(server, fetch):
    for month in ("2024-01", "2024-02"):
        server.figures["DE", "XI", OXIDE, month] = (300, 2_000.0)
    server.figures["DE", "GB", OXIDE, "2024-01"] = (900, 8_000.0)
    server.figures["DE", "XU", OXIDE, "2024-02"] = (800, 7_000.0)
    rows, parts = fetch()
    series = "DEU.import.GBR.antimony_oxide"
    assert [rows[series, month].value for month in ("2024-01", "2024-02", "2024-03")] == [900.0, 800.0, 0.0]
    assert any("Northern Ireland (XI)" in note for note in parts[0].notes)
    assert not any("add up" in note for note in parts[0].notes)


def test_greece_by_either_code(server, fetch):
    server.figures["DE", "EL", OXIDE, "2024-01"] = (100, 900.0)
    assert fetch()[0]["DEU.import.GRC.antimony_oxide", "2024-01"].value == 100.0


@pytest.mark.parametrize(
    ("first", "last", "said"), [("2024-01", "2024-12", "ended then"), ("2025-01", "2025-12", "began then")]
)
def test_a_code_out_of_use_is_missing_not_zero(server, fetch, first, last, said):
    """As 85414010 ended with 2021 and its successors began with 2022."""
    server.figures = {key: v for key, v in server.figures.items() if first <= key[3] <= last}
    rows, parts = fetch()
    out = {row.status for (_, month), row in rows.items() if not first <= month <= last}
    assert out == {"missing"}
    assert any(said in note for note in parts[0].notes)
    assert rows[CHINA, first].status == "value"


def test_two_codes_that_a_code_was_split_into(server, fetch):
    for month in server.months:
        value = server.figures.pop(("DE", "CN", OXIDE, month))
        server.figures["DE", "CN", "85051100" if month < "2025" else "85051110", month] = value
    rows, _ = fetch(hs=["85051100", "85051110"])
    assert rows["DEU.import.CHN.permanent_magnets", "2024-12"].status == "value"
    assert rows["DEU.import.CHN.permanent_magnets", "2025-01"].status == "missing"
    assert rows["DEU.import.CHN.re_magnets", "2024-12"].status == "missing"
    assert rows["DEU.import.CHN.re_magnets", "2025-01"].status == "value"


def test_a_code_that_nobody_knows_has_no_figures_and_says_so(fetch):
    rows, parts = fetch(hs=["99999999"], partner=["CHN"])
    assert {row.status for row in rows.values()} == {"missing"}
    assert any("is the code right?" in note for note in parts[0].notes)


@pytest.mark.parametrize("eur", [None, 500_000.0])
def test_an_answer_in_part_is_recognised_by_the_row_of_all_partners(server, fetch, eur):
    server.world["DE", OXIDE, "2024-03"] = eur
    rows, parts = fetch()
    assert rows[VIETNAM, "2024-03"].status == "missing"
    assert rows[CHINA, "2024-03"].value == 10_200.0
    assert any(("an answer in part" if eur is None else "add up to EUR 96,002") in note for note in parts[0].notes)


def test_a_question_too_large_is_parted(server, fetch):
    whole, _ = fetch()
    server.most = 60
    parted, _ = fetch()
    assert parted == whole
    assert len(server.questions) > 8
    server.most = 1
    with pytest.raises(DataError, match="single month is too much"):
        fetch()


def test_a_busy_server_is_asked_again_after_as_long_as_it_says(server, fetch):
    server.spoil("429 Retry-After 7", "429 Retry-After 7", "", "503")
    assert fetch()[0][CHINA, "2024-01"].value == 10_000.0
    assert fetch.sleeps.count(7.0) == 2


@pytest.mark.parametrize("fault", ["die", "cut", "html"])
def test_a_damaged_answer_is_asked_for_again(server, fetch, fault):
    server.spoil(fault, "", fault)
    assert fetch()[0][CHINA, "2024-01"].value == 10_000.0


HEAD = "DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,OBS_VALUE\r\n"
LINE = "ESTAT:DS-045409(1.0),16/02/26,M,DE,WORLD,TOTAL,1,VALUE_IN_EUROS,2024-01,5\r\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD + LINE.rstrip(), "in the middle of a line"),
        (HEAD + LINE[:50] + "\r\n", "cells for 10 columns"),
        (HEAD.replace("flow,", "") + LINE.replace(",1,", ","), "no column flow"),
        (HEAD + LINE.replace("TOTAL,1", "TOTAL,2"), "answers another question"),
        (HEAD + LINE.replace("TOTAL", "28258000"), "answers another question"),
        (HEAD + LINE + LINE, "stands twice"),
        (HEAD + LINE.replace("2024-01", "2024-13"), "'2024-13' is not a month"),
        (HEAD + LINE.replace(",5\r", ",-5\r"), "is no figure"),
        (HEAD + LINE.replace(",5\r", ",5 c\r"), "is no figure"),
        ("\r\n", "no column|empty"),
        (HEAD + '"' + LINE, "cannot be read|cells for"),
    ],
)
def test_answers_that_are_not_what_was_asked_are_refused(server, fetch, text, problem):
    server.spoil(*[Reply(200, text.encode(), server.media)] * 10)
    with pytest.raises(DamagedAnswerError, match=problem):
        fetch()


def test_a_question_that_is_not_understood_is_told_in_its_words(server, fetch):
    server.spoil(Reply(400, b"<f><faultcode>140</faultcode><faultstring>Invalid key</faultstring></f>", "application/xml"))
    with pytest.raises(QuestionRefusedError, match="Invalid key"):
        fetch()


def test_saved_answers_give_the_same_figures_without_a_server(server, tmp_path):
    source = registry.build("source", {"use": "comext", "hs": [OXIDE], "reporter": ["DEU"]})
    raw = RawAnswers(tmp_path, "comext")
    with contextlib.closing(Client(source.service, raw, address=server.address)) as client:
        asked = list(source.fetch("2024-01", client))
    replayed = list(source.fetch("2024-01", Client.replay(source.service, tmp_path)))
    assert repr(asked) == repr(replayed)


@pytest.mark.parametrize(
    ("options", "problem"),
    [({"reporter": []}, "whose trade"), ({"hs": ["282580001"]}, "no code of Comext"), ({"hs": []}, "which goods"),
     ({"partner": ["XYZ"]}, "no country"), ({"flow": "both"}, "flow")],
)  # fmt: skip
def test_options(fetch, options, problem):
    with pytest.raises(ConfigError, match=problem):
        fetch(**options)


def test_it_is_no_source_of_a_run():
    with pytest.raises(ConfigError, match="fetched into the archive"):
        registry.build("source", "comext").read()


# --- bulk files -------------------------------------------------------------------------------------------------------

BULK = (
    "REPORTER,PARTNER,TRADE_TYPE,PRODUCT_NC,PRODUCT_SITC,PRODUCT_CPA21,PRODUCT_CPA22,PRODUCT_BEC,PRODUCT_BEC5,"
    "PRODUCT_SECTION,FLOW,STAT_PROCEDURE,SUPPL_UNIT,PERIOD,VALUE_EUR,VALUE_NAC,QUANTITY_KG,QUANTITY_SUPPL_UNIT"
)
OLD = ("DECLARANT,DECLARANT_ISO,PARTNER,PARTNER_ISO,TRADE_TYPE,PRODUCT_NC,PRODUCT_SITC,PRODUCT_CPA2002,PRODUCT_CPA2008,"
       "PRODUCT_CPA2_1,PRODUCT_BEC,PRODUCT_BEC5,PRODUCT_SECTION,FLOW,STAT_REGIME,SUPP_UNIT,PERIOD,VALUE_IN_EUROS,QUANTITY_IN_KG,"
       "SUP_QUANTITY")  # fmt: skip


def bulk_line(reporter, partner, product, kg, eur, flow="1", procedure="1", period="202506"):
    return f"{reporter},{partner},E,{product},,,,,,,{flow},{procedure},,{period},{eur},,{kg},"


def bulk(folder, *lines, header=BULK, name="full_v2_202506.dat"):
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return path


def of_files(*paths, since="2024-01", **options):
    """Columns of a bulk file, its total and procedures are as hoyla/meridian's tests (tests/test_eurostat.py) have them."""
    spec = {"use": "comext", "hs": [OXIDE], "reporter": ["EU27", "DEU"], "files": [str(path) for path in paths], **options}
    parts = list(registry.build("source", spec).fetch(since, None))
    return {(row.series, row.period): row for part in parts for row in part.rows}, parts


LINES = (
    bulk_line("DE", "CN", OXIDE, 1000, 9000),
    bulk_line("DE", "CN", OXIDE, 50, 400, procedure="2"),
    bulk_line("DE", "CN", OXIDE, 9999, 9999, flow="2"),
    bulk_line("BE", "CN", OXIDE, 4000, 30000),
    bulk_line("BE", "DE", OXIDE, 70, 600),
    bulk_line("DE", "CN", "000TOTAL", 10**9, 10**10),
    bulk_line("GB", "CN", OXIDE, 5000, 40000),
    bulk_line("XI", "CN", OXIDE, 600, 5000),
    bulk_line("BE", "XI", OXIDE, 30, 200),
)


def test_a_bulk_file_is_in_kilograms_with_procedures_summed_and_members_alone(tmp_path):
    rows, parts = of_files(bulk(tmp_path, *LINES))
    assert rows[CHINA, "2025-06"].value == 1050.0
    assert rows["EU27.import.CHN.antimony_oxide", "2025-06"].value == 5050.0, "without GB and XI, which report no more"
    assert rows["EU27.import.WLD.antimony_oxide", "2025-06"].value == 5050.0, "outside the Union: neither DE nor XI"
    assert rows["EU27.import.CHN.antimony_oxide", "2025-06"].status == "provisional", "25 members have no row in this file"
    assert any("GB, XI were left out" in note for note in parts[0].notes)


def test_a_whole_bulk_file_is_final_and_proves_zeros(tmp_path):
    rest = [bulk_line(m, "US", "01012100", 1, 1) for m in MEMBERS]
    rows, _ = of_files(bulk(tmp_path, *LINES, *rest), partner=["CHN", "JPN"])
    assert rows["EU27.import.CHN.antimony_oxide", "2025-06"].status == "value"
    assert rows["EU27.import.JPN.antimony_oxide", "2025-06"].status == "zero"


def test_trade_under_a_hidden_code_of_the_chapter_leaves_no_zero(tmp_path):
    rest = [bulk_line(m, "US", "01012100", 1, 1) for m in MEMBERS]
    rows, _ = of_files(bulk(tmp_path, *LINES, *rest, bulk_line("DE", "JP", "28XXXXXX", 5, 900)), partner=["JPN", "VNM"])
    assert rows["DEU.import.JPN.antimony_oxide", "2025-06"].status == "suppressed"
    assert rows[VIETNAM, "2025-06"].status == "zero"


def test_a_bulk_row_without_its_weight_leaves_the_sum_missing(tmp_path):
    rows, _ = of_files(bulk(tmp_path, *LINES, bulk_line("DE", "CN", OXIDE, 0, 7000, procedure="3")))
    assert rows[CHINA, "2025-06"].status == "missing"
    assert rows["EU27.import.CHN.antimony_oxide", "2025-06"].status == "missing"


def test_the_columns_of_former_years(tmp_path):
    line = f"4,DE,720,CN,E,{OXIDE},,,,,,,,1,4,,202006,9000,1000,"
    rows, _ = of_files(bulk(tmp_path, line, header=OLD), since="2020-01")
    assert rows[CHINA, "2020-06"].value == 1000.0


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([bulk_line("DE", "CN", OXIDE, 1, 1, period="202552")], "file of a year"),
        ([LINES[0], bulk_line("DE", "CN", OXIDE, 1, 1, period="202507")], "holds 2025-06 and 2025-07"),
        ([LINES[0][:20]], "cut off"),
        ([bulk_line("DE", "CN", OXIDE, "x", 1)], "'x' is no figure"),
        ([bulk_line("DE", "CN", OXIDE, 1, 1, period="soon")], "is no month"),
        ([], "holds no row"),
    ],
)
def test_bulk_files_that_are_not_what_they_seem(tmp_path, lines, problem):
    with pytest.raises(DataError, match=problem) as error:
        of_files(bulk(tmp_path, *lines))
    assert "full_v2_202506.dat" in error.value.where


def test_a_packed_or_absent_bulk_file(tmp_path):
    with pytest.raises(DataError, match="packed file"):
        of_files(bulk(tmp_path, name="full_v2_202506.7z"))
    with pytest.raises(DataError, match="no such file"):
        of_files(tmp_path / "none.dat")
    with pytest.raises(DataError, match="no column"):
        of_files(bulk(tmp_path, header="a,b"))


def test_the_day_of_a_bulk_file_is_that_of_its_last_change(tmp_path):
    path = bulk(tmp_path, *LINES)
    stamp = dt.datetime(2025, 12, 1, 12, tzinfo=dt.UTC).timestamp()
    os.utime(path, (stamp, stamp))
    rows, parts = of_files(path)
    assert rows[CHINA, "2025-06"].released == "2025-12-01"
    assert {guess.released for guess in parts[0].guesses} == {"2025-08-24"}
