"""UN Comtrade's interface: sub-totals, cuts, months loaded in part, weights of three kinds, and what a missing row means."""

import datetime as dt
import json
import math

import pytest
from hypothesis import given, settings, strategies as st
from servers.comtrade import KEY, QUOTA, RATE, SIZES, ComtradeServer
from servers.kept_rows import KeptRows

from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, ForecastError
from forecast.interfaces.answer import Answer
from forecast.interfaces.client import Patience
from forecast.interfaces.faults import DamagedAnswerError, KeyRefusedError, QuestionRefusedError, QuotaError
from forecast.interfaces.fetching import Asking, fetch_into, live_source
from forecast.sources.comtrade import Comtrade
from forecast.sources.comtrade.answers import DataSetRelease, read_flows, read_releases
from forecast.sources.comtrade.figures import ReporterFlow

SERIES = "USA.import.{}.antimony_oxide"
PARTNERS = ("CHN", "JPN", "THA", "MEX")
OXIDE = "282580"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.delenv("COMTRADE_API_KEY", raising=False)
    with ComtradeServer() as made:
        yield made


@pytest.fixture
def fetch(server, tmp_path):
    kept = KeptRows()
    told, waits = [], []

    def run(since="2024-01", **options):
        source = live_source("comtrade", {"hs": (OXIDE,), "reporter": ("USA",), "partner": PARTNERS, **options})
        asking = Asking(server.address, patience=Patience(total=60.0, sleep=waits.append))
        fetch_into(source, since, tmp_path, kept.append, asking, told.append)
        return kept

    run.told, run.waits = told, waits
    return run


def figure(kept, partner, period, suffix=""):
    return kept.last(SERIES.format(partner) + suffix, period)


def test_figures_are_those_of_the_office(fetch, server):
    kept = fetch()
    for period in server.periods:
        month = f"{period[:4]}-{period[4:]}"
        assert figure(kept, "JPN", month).value == server.weight(392, period, SIZES[392])
        assert figure(kept, "WLD", month, ":usd").value == pytest.approx(
            9 * sum(server.weight(p, period, size) for p, size in SIZES.items())
        )
    assert {row.series.split(".")[2] for row in kept.rows} == {"WLD", *PARTNERS}
    Archive.of(kept.rows)


def test_taiwan_and_france_have_their_own_numbers_and_areas_are_in_the_total_alone(fetch):
    kept = fetch(partner=())
    assert {row.series.split(".")[2] for row in kept.rows} == {"WLD", "CHN", "JPN", "THA", "MEX", "FRA", "TWN"}
    assert any("partner 899 is no country: in totals only" in line for line in fetch.told)


def test_totals_are_asked_for_and_sub_totals_left_out(fetch, server):
    server.sub_totals = True
    kept = fetch(since="2025-11")
    asked = dict(server.questions[1].parameters)
    assert (asked["motCode"], asked["customsCode"], asked["partner2Code"]) == ("0", "C00", "0")
    assert figure(kept, "JPN", "2025-11").value == server.weight(392, "202511", SIZES[392])


def test_a_month_without_the_worlds_row_is_loaded_in_part(fetch, server):
    server.no_world, server.untraded = {(OXIDE, "202405")}, {(OXIDE, "202405", 764), (OXIDE, "202406", 764)}
    kept = fetch()
    assert figure(kept, "WLD", "2024-05").status == "missing"
    assert figure(kept, "JPN", "2024-05").status == "provisional"
    assert figure(kept, "THA", "2024-05").status == "missing"
    assert figure(kept, "THA", "2024-06").status == "zero", "a whole month: no trade"
    assert any("2024-05: the row of the world is not there" in line for line in fetch.told)


def test_a_partner_that_is_kept_back_is_missing_since_the_sum_does_not_reach_the_world(fetch, server):
    server.absent = {(OXIDE, "202406", 156)}
    kept = fetch()
    assert figure(kept, "CHN", "2024-06").status == "missing"
    assert figure(kept, "WLD", "2024-06").value > 0
    assert any("2024-06: partners add up to USD" in line for line in fetch.told)


def test_a_code_without_any_row_is_missing_not_zero(fetch, server):
    server.altogether_absent = {(OXIDE, "202502")}
    kept = fetch(hs=(OXIDE, "990000"))
    assert (figure(kept, "CHN", "2025-02").status, figure(kept, "CHN", "2025-02").note) == ("missing", "no row of this code")
    assert kept.last("USA.import.CHN.hs990000", "2025-02").status == "missing"
    assert any("no row of 990000 in any month" in line for line in fetch.told)


@pytest.mark.parametrize(
    ("fields", "status", "value", "note"),
    [
        ({"netWgt": 0.0, "qty": 0}, "missing", math.nan, "a weight of 0 beside a value"),
        ({"netWgt": None, "qty": None, "altQty": 77.0, "altQtyUnitCode": 8}, "value", 77.0, ""),
        ({"netWgt": 0.0, "qty": 0, "altQty": 2.0, "altQtyUnitCode": 21}, "value", 2000.0, ""),
        ({"netWgt": None, "qty": 5.0, "qtyUnitCode": 5}, "missing", math.nan, "no weight stated"),
        ({"isNetWgtEstimated": True}, "value", None, "weight estimated by UN Comtrade"),
        ({"netWgt": None, "qty": 9.0, "isQtyEstimated": True}, "value", 9.0, "weight estimated by UN Comtrade"),
    ],
)
def test_where_the_weight_stands(fetch, server, fields, status, value, note):
    server.changed = {(OXIDE, "202408", 392): fields}
    row = figure(fetch(), "JPN", "2024-08")
    assert (row.status, row.note) == (status, note)
    if value is not None:
        assert str(row.value) == str(value)


def test_estimated_weights_can_be_left_out(fetch, server):
    server.changed = {(OXIDE, "202408", 392): {"isNetWgtEstimated": True}}
    kept = fetch(estimated=False)
    assert (figure(kept, "JPN", "2024-08").status, figure(kept, "JPN", "2024-09").status) == ("missing", "value")
    assert figure(kept, "JPN", "2024-08", ":usd").value > 0


def test_an_answer_of_500_rows_is_parted(fetch, server):
    server.sizes = {**SIZES, **{partner: 1e3 for partner in range(1000, 1090)}}
    server.codes = {f"28{i:02d}00": 1.0 for i in range(12)}
    kept = fetch(since="2025-12", hs=tuple(server.codes), partner=("JPN",))
    asked = [dict(q.parameters)["cmdCode"].count(",") + 1 for q in server.questions[1:]]
    assert asked == [12, 6, 3, 3, 6, 3, 3]
    for code in server.codes:
        assert kept.last(f"USA.import.JPN.hs{code}", "2025-12").value == server.weight(392, "202512", SIZES[392])


def test_one_code_that_is_cut_all_the_same_is_left_out_and_said(fetch, server):
    server.sizes = {**SIZES, **{partner: 1e3 for partner in range(1000, 1600)}}
    kept = fetch(since="2025-12")
    assert figure(kept, "JPN", "2025-12").status == "missing"
    assert any("500 rows, cut by UN Comtrade" in line for line in fetch.told)


def test_with_a_key_a_year_is_one_question(fetch, server, monkeypatch):
    monkeypatch.setenv("COMTRADE_API_KEY", KEY)
    kept = fetch()
    assert [q.path for q in server.questions] == ["public/v1/getDA/C/M/HS", *["data/v1/get/C/M/HS"] * 2]
    assert all("subscription-key" not in dict(q.parameters) for q in server.questions)
    assert figure(kept, "JPN", "2024-08").value > 0


def test_without_a_key_a_month_is_one_question(fetch, server):
    fetch()
    assert {q.path for q in server.questions[1:]} == {"public/v1/preview/C/M/HS"}
    assert len(server.questions) == 1 + 24


def test_a_wrong_key_is_said(fetch, monkeypatch):
    monkeypatch.setenv("COMTRADE_API_KEY", "x" * 32)
    with pytest.raises(KeyRefusedError, match="invalid subscription key") as caught:
        fetch()
    assert "COMTRADE_API_KEY" in caught.value.hint


def test_a_rate_limit_is_sat_out_and_a_quota_that_one_node_claims_is_asked_again(fetch, server):
    server.spoil("", RATE, QUOTA)
    assert figure(fetch(), "JPN", "2024-08").value > 0
    assert 1.0 in fetch.waits


def test_a_quota_that_all_nodes_claim_ends_the_fetch_and_the_next_goes_on(fetch, server):
    server.spoil("", "", *[QUOTA] * 5)
    with pytest.raises(QuotaError, match="Quota will be replenished in 03:14:17"):
        fetch()
    before = len(server.questions)
    fetch()
    assert len(server.questions) - before == 23, "the availability and the first month are kept"


def test_what_is_out_is_told_from_what_is_not(fetch, server):
    kept = fetch()
    assert max(row.period for row in kept.rows) == "2025-12"
    server.periods.append("202601")
    fetch()
    assert figure(kept, "JPN", "2026-01").value > 0


def test_a_new_release_is_a_new_vintage(fetch, server):
    kept = fetch()
    assert figure(kept, "JPN", "2024-08").released == "2026-03-10"
    server.last_released = "2026-06-09T08:00:00"
    server.changed = {(OXIDE, "202408", 392): {"netWgt": 4321.0}}
    fetch()
    assert (figure(kept, "JPN", "2024-08").released, figure(kept, "JPN", "2024-08").value) == ("2026-06-09", 4321.0)
    rows = [row for row in kept.rows if (row.series, row.period) == (SERIES.format("JPN"), "2024-08")]
    assert [(row.released, row.basis) for row in rows] == [
        ("2026-03-10", "actual"), ("2024-08-31", "rule"), ("2026-06-09", "actual"),
    ]  # fmt: skip


def test_options_are_checked():
    with pytest.raises(ConfigError, match="no HS code that all countries share"):
        Comtrade(hs=("2825800000",))
    with pytest.raises(ConfigError, match="'XXX' is no country"):
        Comtrade(reporter=("XXX",))
    with pytest.raises(ConfigError, match="none with EU27") as error:  # a row that nobody has is no zero
        Comtrade(partner=("EU27",))
    assert error.value.hint.startswith("AUT,BEL")
    with pytest.raises(ConfigError, match="the world reports nothing"):
        Comtrade(reporter=("WLD",))
    with pytest.raises(ConfigError, match="whose trade"):
        next(Comtrade(hs=("282580",)).fetch("2024-01", None))
    with pytest.raises(ConfigError, match="a run asks no network"):
        Comtrade().read()


# --- answers ----------------------------------------------------------------------------------------------------------


def answer(body, status=200):
    return Answer("q", status, {"content-type": "application/json"}, body, "2026-01-05T00:00:00+00:00")


def envelope(*rows, **changes):
    return json.dumps({"elapsedTime": "0.2 secs", "count": len(rows), "data": rows, "error": ""} | changes).encode()


def row(**changes):
    return ComtradeServer.row(842, "202405", OXIDE, "M", 392, 10.0, 90.0) | changes


def test_the_fixture_of_a_public_client_is_understood():
    """China's imports from Argentina in a year, as comtradr keeps it, but for the month: no weight at all."""
    fields = {"cmdCode": "TOTAL", "qtyUnitCode": -1, "qty": None, "netWgt": None, "primaryValue": 6804128143.0}
    [found] = read_flows(answer(envelope(row(partnerCode=32, **fields))), 500)
    assert (found.value, found.reason) == (6804128143.0, "no weight stated")


def test_two_rows_that_differ_are_not_believed():
    [found] = read_flows(answer(envelope(row(), row(netWgt=11.0))), 500)
    assert math.isnan(found.weight)
    assert len(read_flows(answer(envelope(row(), row())), 500)) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b"{}", b'{"data": 1}', b'{"data": [1]}', envelope(row(), count=2), envelope(row(period="2024")),
        envelope(row(netWgt="10")), envelope(row(primaryValue=-1)), envelope(row(partnerCode=None)), envelope(row(cmdCode=1)),
        envelope(row(netWgt=True)), envelope(row(netWgt=1e300)), envelope(row(period="999901")),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_an_own_error(body):
    with pytest.raises(DamagedAnswerError):
        read_flows(answer(body), 500)


def test_an_error_in_the_envelope_is_said():
    with pytest.raises(QuestionRefusedError, match="bad things"):
        read_flows(answer(envelope(error="bad things")), 500)


def test_releases_of_several_data_sets_are_one_span():
    one = {"period": 202405, "firstReleased": "2024-07-01T00:00:00", "lastReleased": "2024-08-01T10:00:00.123"}
    two = {"period": "202405", "firstReleased": None, "lastReleased": "2025-01-01"}
    [release] = read_releases(answer(envelope(one, two))).values()
    assert (str(release.first), str(release.last)) == ("2024-07-01", "2025-01-01")
    with pytest.raises(DamagedAnswerError):
        read_releases(answer(envelope({"period": 202405, "lastReleased": "soon"})))


FIELDS = (
    "period",
    "cmdCode",
    "partnerCode",
    "netWgt",
    "altQty",
    "altQtyUnitCode",
    "qty",
    "qtyUnitCode",
    "primaryValue",
    "motCode",
)
WORDS = ["202405", 202406, "C00", 0, 8, 21, -1, 156, 392, "282580", 1e18, "", "２０２４０５"]
CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.lists(st.none()), st.sampled_from(WORDS)
)


@pytest.mark.slow
@given(data=st.data(), rows=st.lists(st.dictionaries(st.sampled_from(FIELDS), CELLS, max_size=4), max_size=5))
@settings(max_examples=5000)
def test_no_answer_ends_in_a_traceback(data, rows):
    """A minute of rows with fields of any kind, cut and altered: rows that an archive takes, or the package's own error."""
    body = bytearray(envelope(*(row() | one for one in rows)))
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.integers(0, len(body) - 1)) if body else 0
        body[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    try:
        found = [one for one in read_flows(answer(bytes(body)), 500) if one.commodity == OXIDE]
        day = dt.date(2026, 3, 10)
        flow = ReporterFlow("USA", "import", True, {one.month: DataSetRelease(day, day) for one in found})
        figures = [*flow.figures(found, ()), *flow.absences([OXIDE], ["CHN"])]
        if figures:
            Archive.of(figures)
    except ForecastError:
        pass
