"""Destinations: shares add up to one, gaps stay gaps, nobody without figures is ranked, unit values are ratios of sums."""

import datetime as dt
import math

import numpy as np
import pytest

import forecast as fc
from forecast.core import months as mm
from forecast.core.archive import Archive
from forecast.core.archive_table import ArchiveRow
from forecast.core.errors import ConfigError, DataError, ForecastError
from forecast.core.events import Event, EventCalendar
from forecast.study.destinations.concentration import concentration
from forecast.study.destinations.first_served import month_of_return
from forecast.study.destinations.premium import premium
from forecast.study.destinations.shares import partner_flows, split

GOOD = "widgets"


def archive(figures, flow="AAA.export", events=()):
    """An archive of one flow: `{"WLD": {"2024-01": 10.0}, "DEU:usd": ...}`, all known a month later."""
    rows = [
        ArchiveRow(
            f"{flow}.{partner.partition(':')[0]}.{GOOD}" + (":usd" if ":" in partner else ""), period, value,
            released=mm.last_day(mm.parse_period(period)[1] + 1).isoformat(), publisher="office",
        )
        for partner, own in figures.items()
        for period, value in own.items()
    ]  # fmt: skip
    return Archive.of(rows, EventCalendar(tuple(events))) if events else Archive.of(rows)


def flow_of(figures, **more):
    made = archive(figures, **more)
    return next(iter(partner_flows(made.latest, [f"{more.get('flow', 'AAA.export')}.WLD.{GOOD}"])))


def month(label):
    return mm.ordinal(label)


def path(first, *values):
    """Months one after the other; None is a month without a figure."""
    start = month(first)
    return {mm.label(start + i): v for i, v in enumerate(values) if v is not None}


# --- shares -----------------------------------------------------------------------------------------------------------


def test_a_month_divides_into_the_named_and_the_others():
    flow = flow_of({"WLD": {"2024-01": 10.0}, "DEU": {"2024-01": 6.0}, "JPN": {"2024-01": 1.0}, "USA": {"2024-02": 5.0}})
    found = split(flow, month("2024-01"), month("2024-01"))
    assert found.shares == {"DEU": 0.6, "JPN": 0.1, "REST": pytest.approx(0.3)}
    assert math.fsum(found.shares.values()) == pytest.approx(1.0, abs=1e-15)
    assert "USA" not in found.named, "no figure is not zero"


def test_a_published_zero_is_named():
    found = split(flow_of({"WLD": {"2024-01": 10.0}, "DEU": {"2024-01": 0.0}}), month("2024-01"), month("2024-01"))
    assert found.shares == {"DEU": 0.0, "REST": 1.0}


@pytest.mark.parametrize(
    ("total", "part", "state", "rest"),
    [
        (10.0, 10.04, "rounded", 0.0),
        (10.0, 10.06, "contradiction", -0.06),
        (0.0, 0.0, "no trade", 0.0),
        (0.0, 1.0, "contradiction", -1.0),
    ],
)
def test_named_partners_above_the_total(total, part, state, rest):
    found = split(flow_of({"WLD": {"2024-01": total}, "DEU": {"2024-01": part}}), month("2024-01"), month("2024-01"))
    assert (found.state, found.rest) == (state, pytest.approx(rest))
    assert bool(found.shares) == (state == "rounded")
    assert sum(found.shares.values()) == pytest.approx(1.0 if found.shares else 0.0, abs=1e-12)


def test_without_a_total_there_are_no_shares():
    flow = flow_of({"WLD": {"2024-02": 9.0}, "DEU": {"2024-01": 6.0}})
    assert split(flow, month("2024-01"), month("2024-01")).state == "no total"
    assert split(flow, month("2024-02"), month("2024-02")).state == "no partner"
    assert not split(flow, month("2024-01"), month("2024-01")).shares


def test_sums_to_date_divide_into_their_months():
    to_date = ["2024-01", *(f"2024-01/2024-{m:02d}" for m in range(2, 13))]
    figures = {
        name: {label: level * (i + 1) for i, label in enumerate(to_date)} for name, level in (("WLD", 10.0), ("DEU", 6.0))
    }
    found = split(flow_of(figures), month("2024-09"), month("2024-09"))
    assert found.shares == {"DEU": pytest.approx(0.6), "REST": pytest.approx(0.4)}
    made = fc.destinations(archive(figures), exporter="AAA", product=GOOD)
    assert made.sentences()[1].startswith("In Dec\u00a02024, the latest"), "the last month is known"
    assert not any("Known by sums" in sentence for sentence in made.sentences())


def test_a_year_divides_where_sums_are_published():
    flow = flow_of({"WLD": path("2024-01", *[10.0] * 12), "DEU": {"2024-01/2024-12": 30.0}})
    assert split(flow, month("2024-01"), month("2024-12")).shares == pytest.approx({"DEU": 0.25, "REST": 0.75})
    assert split(flow, month("2024-05"), month("2024-05")).state == "no partner", "a sum is not spread over its months"


def test_groups_of_countries_are_no_partners():
    flow = flow_of({"WLD": {"2024-01": 10.0}, "EU27": {"2024-01": 8.0}, "DEU": {"2024-01": 6.0}})
    assert flow.partners == ("DEU",)
    assert flow.groups == ("EU27",)


def test_nobody_named_is_no_flow():
    with pytest.raises(DataError, match="no figure of a single partner"):
        fc.destinations(archive({"WLD": {"2024-01": 10.0}}), exporter="AAA", product=GOOD)
    with pytest.raises(ConfigError, match="one of exporter and importer"):
        fc.destinations(archive({"WLD": {"2024-01": 10.0}}), product=GOOD)


# --- concentration ----------------------------------------------------------------------------------------------------


def test_concentration_is_known_where_all_are_named():
    assert concentration({"DEU": 0.5, "JPN": 0.5, "REST": 0.0}) == (0.5, 0.5)


def test_the_others_are_one_or_very_many():
    low, high = concentration({"DEU": 0.5, "JPN": 0.1, "REST": 0.4})
    assert (low, high) == (pytest.approx(0.26), pytest.approx(0.42))
    for pieces in (1, 2, 5, 1000):
        index = 0.26 + pieces * (0.4 / pieces) ** 2
        assert low < index <= high + 1e-12


# --- first served -----------------------------------------------------------------------------------------------------

BEFORE, AFTER = (month("2024-01"), month("2024-12")), (month("2025-03"), month("2025-06"))
CALM = path("2024-01", *[10.0] * 12)


def back(after, part=1.0, total=None, before=CALM):
    figures = {"DEU": before | path("2025-03", *after)}
    if total:
        figures["WLD"] = path("2025-03", *total)
    return month_of_return(flow_of(figures), "DEU", BEFORE, AFTER, part)


@pytest.mark.parametrize(
    ("after", "state", "earliest", "latest"),
    [
        ((4.0, 9.0, 11.0, 12.0), "dated", "2025-05", "2025-05"),
        ((4.0, None, 11.0, 12.0), "bounds", "2025-04", "2025-05"),
        ((4.0, 5.0, 6.0, None), "not seen", "2025-06", None),
        ((4.0, 5.0, 6.0, 7.0), "not yet", None, None),
        ((None, None, None, None), "no figure", None, None),
        ((10.0, None, None, None), "dated", "2025-03", "2025-03"),
    ],
)
def test_the_month_of_return_lies_between_two_bounds(after, state, earliest, latest):
    found = back(after)
    assert found.state == state
    assert [m and mm.label(m) for m in (found.earliest, found.latest)] == [earliest, latest]


def test_a_total_too_small_closes_a_gap():
    assert back((4.0, None, 11.0, 12.0), total=(20.0, 9.9, 20.0, 20.0)).state == "dated"
    assert back((4.0, None, 11.0, 12.0), total=(20.0, 10.0, 20.0, 20.0)).state == "bounds"


def test_nine_tenths_count_if_asked():
    assert mm.label(back((4.0, 9.0, 11.0, 12.0), part=0.9).latest) == "2025-04"


def test_no_level_before_is_no_rank():
    assert back((4.0, 9.0, 11.0, 12.0), before={}).state == "no level"
    assert back((4.0, 9.0, 11.0, 12.0), before=path("2024-01", 0.0, 0.0)).state == "no level"


def test_the_level_counts_sums_by_their_months():
    found = back((4.0, 9.0, 11.0, 12.0), before={"2024-01/2024-03": 33.0, "2024-06": 7.0})
    assert (found.level, found.n_before) == (10.0, 4)


def test_only_partners_with_figures_are_ranked():
    figures = {
        "DEU": CALM | path("2025-03", 5.0, 12.0),
        "JPN": CALM | path("2025-03", 5.0, 6.0, 12.0),
        "KOR": CALM | path("2025-03", None, None, 12.0),
        "VNM": CALM,
        "IND": path("2025-03", 50.0),
        "THA": CALM | path("2025-03", 1.0, 1.0, 1.0, 1.0),
    }
    deal = Event("deal", "A deal", dt.date(2025, 3, 1), effective=dt.date(2025, 3, 1), imposed_by="AAA", products=GOOD)
    made = fc.destinations(
        archive(figures), exporter="AAA", product=GOOD, after=deal, before=("2024-01", "2024-12"), stop="2025-06"
    )
    order = made.order("deal")
    assert (order.month, order.first, order.perhaps, order.later) == ("2025-04", ("DEU",), ("KOR",), ("JPN",))
    assert order.never == ("THA",)
    assert set(order.unknown) == {"VNM", "IND"}
    with pytest.raises(ConfigError, match="no row is about the event 'deals'"):
        made.order("deals")


# --- unit values ------------------------------------------------------------------------------------------------------


def priced(own, others):
    """A partner and the others, by month: (USD, kg)."""
    figures = {"DEU": {}, "DEU:usd": {}, "WLD": {}, "WLD:usd": {}}
    for i, ((value, weight), (more, kilograms)) in enumerate(zip(own, others, strict=True)):
        label = mm.label(month("2024-01") + i)
        figures["DEU"][label], figures["DEU:usd"][label] = weight, value
        figures["WLD"][label], figures["WLD:usd"][label] = weight + kilograms, value + more
    return premium(flow_of(figures), "DEU", month("2024-01"), month("2024-12"))


def test_a_premium_is_a_ratio_of_sums_and_not_a_mean_of_ratios():
    found = priced([(10.0, 10.0), (300.0, 100.0)], [(100.0, 100.0), (100.0, 100.0)])
    assert found.unit_value == pytest.approx(310 / 110)
    assert found.premium == pytest.approx(310 / 110 - 1)
    assert found.premium != pytest.approx((1.0 + 3.0) / 2 - 1)


def test_buying_when_all_pay_more_is_no_premium():
    found = priced([(10.0, 10.0), (300.0, 100.0)], [(100.0, 100.0), (300.0, 100.0)])  # equal prices in each month
    assert found.same_months == pytest.approx(0.0, abs=1e-12)
    assert found.premium > 0.4


def test_months_without_a_value_or_a_weight_are_left_out():
    figures = {
        "DEU": {"2024-01": 10.0, "2024-02": 10.0}, "DEU:usd": {"2024-01": 20.0},
        "WLD": {"2024-01": 20.0, "2024-02": 20.0}, "WLD:usd": {"2024-01": 30.0, "2024-02": 90.0},
    }  # fmt: skip
    found = premium(flow_of(figures), "DEU", month("2024-01"), month("2024-12"))
    assert (found.periods, found.premium) == (1, 1.0)
    assert premium(flow_of({"DEU": {"2024-01": 1.0}, "WLD": {"2024-01": 2.0}}), "DEU", *BEFORE) is None


def test_single_lots_are_thin():
    assert priced([(10.0, 10.0)] * 4, [(100.0, 100.0)] * 4).is_thin is False
    assert priced([(1.0, 0.1)] * 4, [(100.0, 100.0)] * 4).is_thin is True
    assert priced([(10.0, 10.0)] * 2, [(100.0, 100.0)] * 2).is_thin is True


# --- the whole answer -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bundled():
    return fc.load_archive()


YEARS = {
    "re_magnets": {"2024", "2025", "2026"}, "gallium": {"2023", "2024", "2025"}, "germanium": {"2023", "2024", "2025"},
    "antimony_products_reuters": {"2023", "2024"},
}  # fmt: skip


@pytest.mark.parametrize("product", YEARS)
def test_shares_of_the_bundled_figures_add_up_to_one(bundled, product):
    made = fc.destinations(bundled, exporter="CHN", product=product)
    table = made.frame("share")
    sums = table.groupby("month").value.sum()
    assert (sums - 1.0).abs().max() <= 1e-12
    assert table.value.min() >= 0
    assert {m[:4] for m in sums.index} == YEARS[product]
    known = {(r.partner, r.month) for r in made.of("volume") if math.isfinite(r.value)}
    assert {(r.partner, r.month) for r in made.of("share")} <= known, "no share of what is not known"


def test_gaps_are_rows_without_a_figure(bundled):
    made = fc.destinations(bundled, exporter="CHN", product="re_magnets")
    gap = next(r for r in made.of("volume") if (r.partner, r.month) == ("KOR", "2025-06"))
    rest = next(r for r in made.of("volume") if (r.partner, r.month) == ("REST", "2025-06"))
    assert math.isnan(gap.value)
    assert (gap.lo, gap.hi, gap.status) == (0.0, rest.value, "not in the data")


def test_who_was_served_first_after_the_deal(bundled):
    made = fc.destinations(bundled, exporter="CHN", product="re_magnets")
    found = {(r.partner, r.level): (r.status, r.lo, r.hi) for r in made.of("back")}
    assert found["DEU", 1.0] == found["JPN", 1.0] == ("dated", 1.0, 1.0)
    assert found["USA", 1.0] == ("dated", 4.0, 4.0)
    assert found["USA", 0.9] == ("dated", 1.0, 1.0)
    assert found["KOR", 1.0] == ("bounds", 0.0, 3.0)
    assert found["IND", 1.0][0] == "no level"
    text = next(t for t in made.sentences() if "deal" in t)
    first = text.partition(". ")[0]
    assert "Germany and Japan" in first
    assert not any(name in first for name in ("Korea", "Vietnam", "India"))


def test_the_ratios_are_of_each_partners_own_level(bundled):
    made = fc.destinations(bundled, exporter="CHN", product="re_magnets")
    level = {r.partner: r.value for r in made.of("level before")}
    volume = {(r.partner, r.month): r.value for r in made.of("volume")}
    assert level["DEU"] == pytest.approx((1_007_000 + 717_100) / 2)
    for row in made.of("month after"):
        assert row.value == pytest.approx(volume[row.partner, row.month] / level[row.partner])


def test_forecasts_add_up_over_partners(bundled):
    made = fc.destinations(bundled, importer="USA", product="gallium", model="mean12", months=3, draws=200, seed=1)
    ahead = made.frame("volume ahead").pivot(index="month", columns="partner", values="value")
    assert np.allclose(ahead.WLD, ahead.CHN + ahead.REST, rtol=1e-12)
    assert made.frame("share ahead").value.sum() == pytest.approx(1.0, abs=1e-12)
    assert any("add up over partners" in t for t in made.sentences())


def test_few_figures_are_no_forecast_and_the_reason_is_told(bundled):
    made = fc.destinations(bundled, exporter="CHN", product="gallium", model="mean12", draws=200)
    (row,) = made.of("volume ahead")
    assert (row.status, row.note) == ("not possible", "no partner has 24 monthly figures")
    assert any(t.startswith("No forecasts that add up over partners for exports of gallium") for t in made.sentences())


def test_nothing_is_told_that_was_not_known_on_the_day(bundled):
    then = fc.destinations(bundled.as_of("2025-07-31"), exporter="CHN", product="re_magnets")
    assert max(r.month for r in then.of("volume") if math.isfinite(r.value)) == "2025-06"
    order = then.order("us_china_deal_2025")
    assert (order.month, order.first) == ("", ())
    assert fc.destinations(bundled.as_of("2025-06-05"), exporter="CHN", product="re_magnets").of("back") == []


def test_a_contradiction_is_told():
    made = fc.destinations(archive({"WLD": {"2024-01": 10_000.0}, "DEU": {"2024-01": 12_000.0}}), exporter="AAA", product=GOOD)
    (text,) = [t.replace("\xa0", " ") for t in made.sentences() if "contradiction" in t]
    assert "add up to 2.00 t more than the total of 10 t" in text
    assert not made.of("share")


def test_an_event_of_ones_own_is_asked_about():
    ban = Event(
        "stop", "A stop", dt.date(2025, 1, 1), effective=dt.date(2025, 1, 1), imposed_by="AAA", products=GOOD, role="default"
    )
    deal = Event(
        "deal", "A deal", dt.date(2025, 3, 1), effective=dt.date(2025, 3, 1), imposed_by="AAA", products=GOOD,
        instrument="deal", reversal_of="stop", role="default",
    )  # fmt: skip
    figures = {"WLD": path("2024-01", *[30.0] * 18), "DEU": path("2024-01", *[10.0] * 12, 1.0, 1.0, 12.0, 12.0),
               "JPN": path("2024-01", *[10.0] * 12, 1.0, 1.0, 2.0, 12.0)}  # fmt: skip
    made = fc.destinations(archive(figures, events=(ban, deal)), exporter="AAA", product=GOOD)
    assert {r.event for r in made.of("back")} == {"deal"}
    assert {r.month for r in made.of("level before")} == {"2024-01/2024-12"}
    text = " ".join(made.sentences())
    assert "Germany was the first" in text
    assert "Japan followed in Apr" in text
    assert "China" not in text


def test_a_picture_of_months_by_partner(bundled):
    import matplotlib as mpl

    mpl.use("Agg")
    ax = fc.destinations(bundled, exporter="CHN", product="germanium").plot()
    assert len(ax.patches) > 10
    assert "Russia" in {text.get_text() for text in ax.get_legend().get_texts()}


def test_a_measure_that_is_not_there_is_refused(bundled):
    with pytest.raises(ConfigError, match="no row is about 'shares'"):
        fc.destinations(bundled, exporter="CHN", product="gallium").frame("shares")


# --- what is no partner, no answer and no news ------------------------------------------------------------------------


@pytest.mark.parametrize("nobody", ["AAA", "XXX", "ZZZ"])
def test_the_reporter_itself_and_unknown_countries_are_no_partners(nobody):
    figures = {"WLD": path("2024-01", *[10.0] * 30), "DEU": path("2024-01", *[3.0] * 30), nobody: path("2024-01", *[2.0] * 30)}
    flow = flow_of(figures)
    assert (flow.partners, flow.groups) == (("DEU",), ())
    made = fc.destinations(archive(figures), exporter="AAA", product=GOOD, model="mean12", months=2, draws=50)
    assert {r.partner for r in made.rows} == {"WLD", "DEU", "REST"}
    assert made.frame("share").query("partner == 'REST'").value.iloc[-1] == pytest.approx(0.7)
    alone = {"WLD": path("2024-01", 10.0), nobody: path("2024-01", 2.0)}
    with pytest.raises(DataError, match="no figure of a single partner"):
        fc.destinations(archive(alone), exporter="AAA", product=GOOD)


def test_contradictions_of_many_months_are_one_sentence():
    figures = {"WLD": path("2024-01", *[10_000.0] * 24), "DEU": path("2024-01", *[12_000.0] * 23, 19_000.0)}
    made = fc.destinations(archive(figures), exporter="AAA", product=GOOD)
    (text,) = [t.replace("\xa0", " ") for t in made.sentences() if "contradiction" in t]
    assert text.startswith("In Jan 2024–Dec 2025 the partners named add up to more than the total, at most, in Dec 2025,")
    assert "to 9.00 t more than the total of 10 t: contradictions between sources" in text
    some = {"WLD": path("2024-01", *[10_000.0] * 4), "DEU": path("2024-01", 12_000.0, 1_000.0, 12_000.0, 1_000.0)}
    (text,) = [t for t in fc.destinations(archive(some), exporter="AAA", product=GOOD).sentences() if "contradiction" in t]
    assert text.replace("\xa0", " ").startswith("In Jan and Mar 2024 the partners")


def test_a_sum_that_contradicts_without_its_months_is_told():
    figures = {"WLD": path("2024-01", *[10_000.0] * 12), "DEU": {"2024-01/2024-12": 130_000.0}}
    made = fc.destinations(archive(figures), exporter="AAA", product=GOOD)
    (text,) = [t.replace("\xa0", " ") for t in made.sentences() if "contradiction" in t]
    assert text.startswith("In 2024 the partners named add up to 10 t more than the total of 120 t")


def test_partners_known_by_sums_alone_are_told_with_their_months():
    figures = {
        "WLD": path("2024-01", *[10_000.0] * 24), "DEU": {"2024-01": 1_000.0},
        "BEL": {"2024-01/2024-12": 30_000.0, "2025-01/2025-06": 60.0}, "CAN": {"2024-02/2024-03": 5_000.0},
        "JPN": {"2023-01/2023-12": 7_000.0},
    }  # fmt: skip
    made = fc.destinations(archive(figures), exporter="AAA", product=GOOD, start="2024-01")
    (text,) = [t.replace("\xa0", " ") for t in made.sentences() if "alone" in t]
    assert text == (
        "Known by sums of several months alone: Belgium 30 t (25.0 % of the total) in 2024 and 0.06 t (0.1 % of the total) in "
        "Jan–Jun 2025; Canada 5.00 t (25.0 % of the total) in Feb–Mar 2024. How these fall on single months is not known, and "
        "no month is given a part of them."
    )
    assert not [r for r in made.of("volume") if r.partner == "BEL" and "/" not in r.month and math.isfinite(r.value)]


def test_months_that_sums_to_date_leave_are_counted_as_figures():
    to_date = {"2024-01": 6.0} | {f"2024-01/2024-{m:02d}": 6.0 * m for m in range(2, 13)}
    figures = {"WLD": path("2023-07", *[10.0] * 18), "DEU": to_date, "EU27": to_date, "JPN": path("2024-03", 1.0, None, 0.0)}
    made = fc.destinations(archive(figures), exporter="AAA", product=GOOD, start="2024-03")
    found = {r.partner: (r.value, r.n, r.status) for r in made.of("figures")}
    assert {p: found[p][:2] for p in ("WLD", "DEU", "JPN")} == {"WLD": (10.0, 18), "DEU": (10.0, 12), "JPN": (2.0, 2)}
    assert found["EU27"][1:] == (12, "group")


def test_a_sum_of_nothing_is_a_zero_and_any_other_a_value():
    sums = {"2024-01/2024-06": 0.0, "2024-07/2024-12": 5.0}
    made = fc.destinations(archive({"DEU": sums, "JPN": path("2024-01", 1.0)}), exporter="AAA", product=GOOD)
    rows = {r.month: (r.value, r.status) for r in made.of("volume") if r.partner == "DEU" and "/" in r.month}
    assert rows["2024-01/2024-06"] == (0.0, "zero")
    assert rows["2024-07/2024-12"] == (pytest.approx(5.0), "value")


def test_a_flow_known_by_sums_of_partners_alone_is_named():
    sums = {"2024-01/2024-12": 3_000.0, "2024-11/2025-02": 700.0}
    made = fc.destinations(archive({"NLD": sums}), exporter="AAA", product=GOOD, start="2022-01", stop="2025-03")
    first, second = (t.replace("\xa0", " ") for t in made.sentences())
    assert first.endswith("from AAA, Jan 2022–Mar 2025: no single partner has a figure of a single month.")
    assert "the Netherlands 3.00 t in 2024 and 0.70 t in Nov 2024–Feb 2025. How" in second, "no share without a total"
    assert second.endswith("no month is given a part of them; sums that share months do not add up.")


def test_without_any_total_there_are_no_other_partners():
    made = fc.destinations(archive({"DEU": path("2024-01", *[10.0] * 4)}), exporter="AAA", product=GOOD)
    (text,) = made.sentences()
    assert "Without a total there are no shares" in text
    assert "other partners" not in text


def test_a_flow_that_cannot_be_divided_is_answered_by_one_that_can():
    figures = archive({"WLD": {"2024-01": 10.0}})
    with pytest.raises(DataError) as caught:
        fc.destinations(figures, exporter="AAA", product=GOOD)
    assert f"AAA.export.<partner>.{GOOD}" in str(caught.value)
    with pytest.raises(DataError) as caught:
        fc.destinations(archive({"WLD": {"2024-01": 10.0}, "DEU": {"2024-01": 5.0}}), exporter="AAB", product=GOOD)
    assert f"try: 'AAA.export.WLD.{GOOD}'" in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"start": "2024-03", "stop": "2024-01"}, "2024-03 lies after 2024-01"),
        ({"start": "2030-01"}, "2030-01 lies after 2024-04"),
        ({"before": ("2024-02", "2024-01")}, "2024-02 lies after 2024-01"),
        ({"before": ("2024-01",)}, "takes a first and a last month"),
        ({"before": "2024-01"}, "takes a first and a last month"),
        ({"before": (1, 2)}, "takes a first and a last month"),
        ({"before": ("x", "2024-01")}, "'x' is not a month"),
        ({"start": "2024-13"}, "'2024-13' is not a month"),
        ({"model": "mean21"}, "no model is called 'mean21'"),
        ({"model": {"use": "mean12", "speed": 3}}, "has no option 'speed'"),
    ],
)
def test_a_question_that_cannot_be_is_an_error_that_says_where(asked, said):
    figures = archive({"WLD": path("2024-01", *[10.0] * 4), "DEU": path("2024-01", *[5.0] * 4)})
    with pytest.raises(ForecastError, match=said) as caught:
        fc.destinations(figures, exporter="AAA", product=GOOD, **asked)
    assert "at: fc.destinations, argument" in str(caught.value)
    assert "try: " in str(caught.value)


# --- sums that cannot hold, groups, and windows inside a sum ----------------------------------------------------------


def said(made):
    return " ".join(made.sentences()).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("own", "disputed", "text"),
    [
        (
            path("2024-01", *[4e3] * 6) | {"2024-01/2024-06": 20e3},
            (20e3, 24e3),
            "20 t in Jan–Jun 2024, but 24 t by those of Jan–Jun",
        ),
        (
            path("2024-01", *[4e3] * 5) | {"2024-01/2024-06": 18e3},
            None,
            "18 t in Jan–Jun 2024, but at least 20 t by those of Jan–May",
        ),
        (
            {"2024-01/2024-06": 20e3, "2024-01/2024-05": 26e3},
            None,
            "20 t in Jan–Jun 2024, but at least 26 t by that of Jan–May",
        ),
    ],
)
def test_a_sum_that_its_months_or_other_sums_do_not_allow_is_told_and_not_taken(own, disputed, text):
    made = fc.destinations(archive({"WLD": path("2024-01", *[10e3] * 12), "DEU": own}), exporter="AAA", product=GOOD)
    assert f"Figures that cannot all hold: Germany {text}" in said(made)
    (row,) = made.of("contradiction")
    assert (row.partner, row.month, row.value) == ("DEU", "2024-01/2024-06", own["2024-01/2024-06"])
    longer = [r for r in made.rows if r.partner == "DEU" and "/" in r.month and r.measure in ("volume", "share")]
    assert not [r for r in longer if math.isfinite(r.value)], "no side is preferred"
    assert not [r for r in made.rows if r.value < 0]
    ranges = {r.month: (r.lo, r.hi) for r in longer if r.status == "contradiction"}
    assert ranges.get("2024-01/2024-06") == disputed
    months = {r.month: r.value for r in made.of("volume") if r.partner == "DEU" and "/" not in r.month}
    assert {m: v for m, v in months.items() if math.isfinite(v)} == {m: v for m, v in own.items() if "/" not in m}


def test_a_month_that_rests_on_a_disputed_sum_is_not_given():
    own = {"2024-01": 10.0, "2024-01/2024-02": 8.0, "2024-01/2024-03": 12.0, "2024-01/2024-04": 15.0}
    flow = flow_of({"WLD": path("2024-01", *[20.0] * 4), "DEU": own})
    amounts = [flow.amount("DEU", month(m), month(m)) for m in ("2024-01", "2024-02", "2024-03", "2024-04")]
    assert np.isnan(amounts[:3]).all()
    assert amounts[3] == 3.0
    assert flow.range_in_dispute("DEU", month("2024-01"), month("2024-01")) == (8.0, 10.0)


def test_a_total_that_cannot_hold_makes_no_share():
    figures = {"WLD": path("2024-01", *[10e3] * 12) | {"2024-01/2024-06": 20e3}, "DEU": {"2024-01/2024-12": 40e3}}
    made = fc.destinations(archive(figures), exporter="AAA", product=GOOD)
    assert "the total 20 t in Jan–Jun 2024, but 60 t by those of Jan–Jun 2024" in said(made)
    assert not made.of("share")
    (year,) = [r for r in made.of("volume") if (r.partner, r.month) == ("WLD", "2024-01/2024-12")]
    assert (year.status, year.lo, year.hi) == ("contradiction", 80e3, 120e3)


def test_a_difference_within_rounding_is_no_contradiction():
    figures = {"WLD": path("2024-01", *[10e3] * 12), "DEU": path("2024-01", *[4e3] * 6) | {"2024-01/2024-06": 24.1e3}}
    made = fc.destinations(archive(figures), exporter="AAA", product=GOOD)
    assert not made.of("contradiction")
    assert next(r.value for r in made.of("share") if (r.partner, r.month) == ("DEU", "2024-01/2024-06")) == pytest.approx(
        0.4, rel=0.01
    )


def test_a_window_inside_the_only_sum_of_a_partner_is_told():
    figures = {"WLD": path("2024-01", *[10e3] * 12), "DEU": {"2024-01/2024-06": 20e3}, "JPN": path("2024-01", *[1e3] * 12)}
    made = fc.destinations(archive(figures), exporter="AAA", product=GOOD, start="2024-03", stop="2024-05")
    assert (
        "Known only as a sum of months that reach beyond Mar–May 2024: Germany 20 t in Jan–Jun 2024. How much of it falls into "
        "Mar–May 2024 is not known, and no share is formed of it."
    ) in said(made)
    assert {r.partner for r in made.of("share")} == {"JPN", "REST"}
    alone = {"WLD": path("2024-01", *[10e3] * 12), "DEU": {"2024-01/2024-06": 20e3}}
    made = fc.destinations(archive(alone), exporter="AAA", product=GOOD, start="2024-03", stop="2024-05")
    assert "Germany 20 t in Jan–Jun 2024" in said(made)
    whole = fc.destinations(archive(alone), exporter="AAA", product=GOOD, start="2024-01")
    assert not whole.of("sum beyond")


def stop(targets):
    day = dt.date(2025, 1, 1)
    return Event("stop", "A stop", day, effective=day, imposed_by="AAA", targets=targets, products=GOOD, role="default")


def test_a_group_is_each_of_its_members():
    event = stop(["EU27"])
    assert event.touches(f"AAA.export.DEU.{GOOD}")
    assert event.touches(f"AAA.export.EU27.{GOOD}")
    assert event.directed_at(f"AAA.export.EU27.{GOOD}")
    assert not event.touches(f"AAA.export.JPN.{GOOD}")
    figures = {
        "WLD": path("2024-01", *[30.0] * 18),
        "DEU": CALM | path("2025-01", 2.0, 12.0),
        "JPN": CALM | path("2025-01", 9.0),
    }
    assert fc.destinations(archive(figures), exporter="AAA", product=GOOD, after=event).order("stop").first == ("DEU",)


@pytest.mark.parametrize(("targets", "hint"), [(["DUE"], "'DEU'"), (["ZZT"], "one of DEU, JPN")])
def test_an_event_aimed_at_nobody_of_the_flow_is_refused(targets, hint):
    figures = archive({"WLD": CALM, "DEU": CALM, "JPN": CALM})
    with pytest.raises(ConfigError, match=f"'stop' is aimed at {targets[0]}, and no series") as caught:
        fc.destinations(figures, exporter="AAA", product=GOOD, after=stop(targets))
    assert caught.value.where == "fc.destinations, argument 'after'"
    assert caught.value.hint.endswith(hint)


def test_nothing_is_said_of_the_bundle_on_figures_of_ones_own():
    figures = {"WLD": path("2024-01", *[10e3] * 12), "DEU": {"2024-01": 20.0}, "JPN": path("2024-01", *[1e3] * 12)}
    made = fc.destinations(archive(figures), exporter="AAA", product=GOOD)
    assert "not in the data" in {row.status for row in made.rows}
    assert not made.frame().astype(str).apply(lambda column: column.str.contains("bundle")).to_numpy().any()
