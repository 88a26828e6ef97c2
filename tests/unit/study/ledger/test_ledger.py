"""The ledger's account on networks small enough to work out by hand."""

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.core import months
from forecast.core.bundled_data import bundled_rows
from forecast.core.errors import ConfigError
from forecast.core.event import Event
from forecast.core.events import EventCalendar
from forecast.core.ledger import LedgerQuestion, Leg, Route
from forecast.core.vintage import Cell, Vintage
from forecast.report.blocks import MISSING
from forecast.report.ledger_amounts import months_text
from forecast.report.ledger_sentences import RANGE, accounts_in_short
from forecast.report.sections import ledger as section
from forecast.study.ledger import rerouting
from forecast.study.ledger.candidates import candidates, producers_of

PRODUCT = "antimony_oxide"
BAN = Event("ban", "A ban", "2024-01-01", effective="2024-01-01", targets="USA", products=PRODUCT, instrument="ban")
LEVELS = {
    "CHN.export.USA": (100.0, 20.0), "USA.import.CHN": (100.0, 30.0), "CHN.export.THA": (10.0, 40.0),
    "USA.import.THA": (5.0, 25.0), "CHN.export.WLD": (200.0, 160.0), "USA.import.WLD": (150.0, 110.0),
}  # fmt: skip


def vintage(levels=LEVELS, noise=0.0, before=60, after=14, good=PRODUCT, seed=0, **series):
    """Flows in tonnes, at one level before and another from two months after the ban on."""
    rng = np.random.default_rng(seed)
    first, cells = months.ordinal("2024-01") - before, {}
    for name, (low, high) in levels.items():
        values = np.r_[np.full(before, low), np.full(after, high)] * np.exp(noise * rng.standard_normal(before + after))
        cells[f"{name}.{good}"] = values
    cells |= {f"{name}.{good}": values for name, values in series.items()}
    made = {
        name: tuple(Cell(first + t, first + t, 1000.0 * v, "value" if v else "zero") for t, v in enumerate(values.tolist()))
        for name, values in cells.items()
    }
    return Vintage(months.parse_day("2026-01-01"), made, EventCalendar().with_events([BAN]))


def ledger(known=None, **more):
    asked = dict(destination="USA", product=PRODUCT, through=["THA"], start="2024-03", stop="2024-12", draws=500)
    return fc.ledger(known if known is not None else vintage(noise=0.03), BAN, **(asked | more))


def described(**more):
    """The same, with sums alone, so that every leg is a difference of means: 10 months after, 24 before."""
    cells = {
        f"{name}.{PRODUCT}": tuple(
            Cell(months.ordinal(a), months.ordinal(b), 1000.0 * level * n, "value", "cumulative")
            for a, b, n, level in (("2022-01", "2023-12", 24, low), ("2024-03", "2024-12", 10, high))
        )
        for name, (low, high) in LEVELS.items()
    }
    known = Vintage(months.parse_day("2026-01-01"), cells, EventCalendar().with_events([BAN]))
    lags = dict(lag_direct=0, lag_to=0, lag_from=0)
    return ledger(known, baseline=("2022-01", "2023-12"), **(lags | more))


def tonnes(value):
    return value / 1000.0


def test_both_sides_by_hand():
    made = described()
    entries = {e.symbol: (tonnes(e.at_lower), tonnes(e.at_upper)) for e in made.entries}
    # ten months: lost 800 and 700; Thailand got 300 and sent 200 more; others in 45 -> 55, others out 90 -> 100
    assert entries == {
        "L_X": pytest.approx((800, 800)), "L_M": pytest.approx((700, 700)), "R": pytest.approx((0, 200)),
        "O": pytest.approx((0, 0)), "N": pytest.approx((300, 100)), "S": pytest.approx((400, 400)),
        "M": pytest.approx((100, 100)), "G": pytest.approx((400, 200)), "Z": pytest.approx((400, 400)),
    }  # fmt: skip
    assert set(made.closure) == {"importer", "exporter", "both records"}
    assert max(made.closure.values()) < 1e-12
    assert made.reading == "descriptive"
    assert (made.share.lower, made.share.upper) == (0.0, pytest.approx(0.25))


def test_the_identities_hold_in_every_draw():
    made = ledger()
    assert made.reading == "estimated"
    assert set(made.closure) == {"importer", "exporter", "both records"}
    assert max(made.closure.values()) < 1e-9
    for whole, parts in (("L_M", "RNS"), ("L_X", "RONSM"), ("L_X", "ROGZ")):
        for end in ("draws_lower", "draws_upper"):
            total = sum(getattr(made.entry(part), end) for part in parts)
            assert total == pytest.approx(getattr(made.entry(whole), end), rel=1e-9)


def test_the_estimates_find_what_was_put_in():
    made = ledger()
    assert tonnes(made.entry("L_M").at_lower) == pytest.approx(700, rel=0.1)
    thai = made.route("THA")
    assert thai.found
    assert thai.lower == 0.0
    assert tonnes(thai.upper) == pytest.approx(200, rel=0.1)
    assert thai.upper <= thai.upper_limit
    assert made.share.lo95 <= 0.25 <= made.share.hi95


def test_own_sources_raise_the_lower_bound_where_they_are_declared():
    made = described(own_sources={"THA": 120.0})
    assert tonnes(made.route("THA").lower) == pytest.approx(80.0)
    assert math.isnan(described().route("THA").own_sources)
    (told,) = (one for one in made.sentences() if one.startswith("Through Thailand"))
    assert "at most 200 t can have gone on" in told.replace("\N{NO-BREAK SPACE}", " ")
    floor = "if all else that it could have sent, by longer ways and under other codes too, was no more than the 120 t"
    assert f"{floor} that were declared, at least 80 t did" in told.replace("\N{NO-BREAK SPACE}", " ")
    assert "must have" not in " ".join(made.sentences())


def test_a_range_from_two_means_is_told_under_its_conditions():
    (told,) = (one for one in described(own_sources={"THA": 120.0}).sentences() if RANGE.lower() in one.lower())
    assert told.startswith("If the months compared with show what there would have been and all else that the third countries")
    assert told.endswith("; differences of means have no interval.")
    (told,) = (one for one in described().sentences() if RANGE.lower() in one.lower())
    assert told.startswith("If the months compared with show what there would have been, rerouting")
    assert not any(one.startswith(RANGE) for one in described().sentences())
    assert any(one.startswith(RANGE) for one in ledger().sentences())


def test_bounds_that_cross_are_told_and_not_clipped_into_one():
    levels = LEVELS | {"CHN.export.THA": (40.0, 10.0)}
    made = ledger(vintage(levels, noise=0.03), own_sources={"THA": 10.0})
    thai = made.route("THA")
    assert thai.contradiction
    assert thai.lower > thai.upper == 0.0
    assert not ledger(own_sources={"THA": 10.0}).route("THA").contradiction
    told = " ".join(made.sentences())
    assert "cross" in told


def test_one_leg_that_rose_is_not_found():
    for name in ("CHN.export.THA", "USA.import.THA"):
        flat = LEVELS | {name: (LEVELS[name][0],) * 2}
        assert not ledger(vintage(flat, noise=0.05)).route("THA").found


def test_a_rise_that_own_sources_explain_is_not_found():
    assert ledger(own_sources={"THA": 20.0}).route("THA").found
    explained = ledger(own_sources={"THA": 200.0}).route("THA")
    assert not explained.found
    assert explained.p_value > 0.05


def test_a_missing_leg_says_what_would_fill_it_and_is_never_zero():
    whole = vintage(noise=0.03)
    cells = {name: c for name, c in whole.cells.items() if not name.startswith("CHN.export.THA")}
    made = ledger(replace(whole, cells=cells))
    leg = made.leg("path", "THA")
    assert leg.state == "no data"
    assert math.isnan(leg.value)
    assert "forecast fetch comtrade --hs 282580 --reporter CHN --partner THA --flow export" in leg.wanted
    assert made.route("THA").upper >= ledger(whole).route("THA").upper, "one leg alone bounds wider"
    assert not made.route("THA").found
    assert made.entry("Z").known, "all other destinations are in the rest"
    neither = {name: c for name, c in cells.items() if not name.startswith("USA.import.THA")}
    bare = ledger(replace(whole, cells=neither))
    assert math.isnan(bare.entry("R").at_upper)
    assert not bare.entry("N").known
    assert "importer" not in bare.closure
    assert bare.entry("S").known
    assert any("no data" in sentence for sentence in bare.sentences())


def test_the_partners_record_serves_where_the_exporters_is_not_there():
    whole = vintage(noise=0.03)
    moved = {name.replace("CHN.export.THA", "THA.import.CHN"): c for name, c in whole.cells.items()}
    leg = ledger(replace(whole, cells=moved)).leg("D", "THA")
    assert (leg.series, leg.mirror) == ("THA.import.CHN.antimony_oxide", True)
    own = ledger(whole).leg("D", "THA")
    assert (own.months_from, leg.months_from) == ("2024-02", "2024-03"), "it arrives a month after it left"


def test_a_country_known_by_its_own_record_alone_counts_once():
    """It is inside the exporter's (destination's) total less the named, so it is no addition to that."""
    whole = vintage(noise=0.03)
    swap = {"CHN.export.THA": "THA.import.CHN", "USA.import.THA": "THA.export.USA"}
    moved = {
        (swap[key] + name[len(key) :] if (key := name.rpartition(".")[0]) in swap else name): c
        for name, c in whole.cells.items()
    }
    made, plain = ledger(replace(whole, cells=moved)), ledger(whole)
    for symbol in ("S", "Z"):
        assert made.entry(symbol).at_lower == pytest.approx(plain.entry(symbol).at_lower, rel=0.15)
    assert made.entry("G").at_lower == pytest.approx(plain.entry("G").at_lower, rel=0.15)
    assert made.gap.total == pytest.approx(plain.gap.total, rel=0.15)
    assert made.gap.total == pytest.approx(made.entry("L_M").at_lower - made.entry("S").at_lower)
    assert made.route("THA").upper > 0


def test_nobody_on_the_way_is_no_zero():
    made = ledger(through=[])
    for symbol in ("R", "N", "G"):
        assert not made.entry(symbol).known
        assert math.isnan(made.entry(symbol).at_lower)
    assert made.entry("S").known
    assert "no third country is named" in made.share.undefined
    assert not any("between 0" in sentence for sentence in made.sentences())


def test_bounds_that_cross_leave_no_range_and_no_share():
    flows = {**LEVELS, "CHN.export.THA": (40.0, 10.0)}
    made = ledger(vintage(flows, noise=0.03), own_sources={"THA": 10.0})
    assert made.route("THA").lower > made.route("THA").upper
    assert made.share.undefined == "bounds cross"
    assert math.isnan(made.entry("R").lo95)
    assert any("bounds of Thailand cross" in sentence for sentence in made.sentences())
    assert not any(sentence.startswith((RANGE, "Other growth")) for sentence in made.sentences())
    entries = section._entries(made).rows
    rows = {symbol: [cell.text for cell in row[1:3]] for symbol, row in zip(section.ENTRIES, entries, strict=True)}
    assert {symbol for symbol, (amount, _) in rows.items() if amount == "bounds cross"} == {"R", "N", "G"}
    assert rows["N"][1] == rows["G"][1] == MISSING
    assert section.ledger_panel(made, "", "", section.ENTRIES).svg.count("bounds cross") == 3


def test_a_route_whose_bounds_contradict_leaves_no_limits_beside_one_that_may_have_taken_all():
    flows = {**LEVELS, "CHN.export.THA": (40.0, 10.0), "CHN.export.MEX": (10.0, 60.0), "USA.import.MEX": (5.0, 45.0)}
    made = ledger(vintage(flows, noise=0.03), through=["THA", "MEX"], own_sources={"THA": 10.0})
    assert [route.country for route in made.crossed] == ["THA"]
    entry = made.entry("R")
    assert 0 < made.route("THA").lower < made.route("MEX").upper
    assert math.isnan(entry.lo95)
    assert math.isnan(entry.hi95)


def test_bounds_that_cross_within_noise_leave_limits_and_no_range():
    flows = {**LEVELS, "CHN.export.THA": (10.0, 28.5)}
    made = ledger(vintage(flows, noise=0.05), own_sources={"THA": 1.0})
    thai = made.route("THA")
    assert thai.lower > thai.upper
    assert not thai.contradiction
    assert math.isnan(made.share.lower)
    assert 0.2 < made.share.lo95 < made.share.hi95 < 0.3
    assert made.entry("R").lo95 < thai.upper < thai.lower < made.entry("R").hi95
    (told,) = (one for one in made.sentences() if one.startswith("The part that may have been rerouted"))
    assert "estimates of the bounds of Thailand cross within noise" in told
    assert not any(sentence.startswith((RANGE, "Other growth")) for sentence in made.sentences())


def test_no_own_sources_and_more_bought_than_sent_on_is_no_crossing():
    made = ledger(own_sources={"THA": 0.0})
    thai = made.route("THA")
    assert 0 < thai.lower <= thai.upper <= thai.upper_limit
    assert not made.crossed
    assert made.share.lo95 <= made.share.lower <= made.share.upper <= made.share.hi95
    (told,) = (sentence for sentence in made.sentences() if RANGE.lower() in sentence.lower())
    assert told.startswith("If all else that the third countries could have sent was no more than was declared, rerouting")


def test_declared_origin_is_in_every_draw():
    flows = {**LEVELS, "CHN.export.USA": (100.0, 0.0)}
    made = ledger(vintage(flows, noise=0.03))
    entry = made.entry("O")
    assert entry.at_lower == pytest.approx(300e3, rel=0.1)
    assert (entry.lo95, entry.hi95) == (entry.at_lower, entry.at_upper)
    assert made.entry("M").lo95 <= made.entry("M").at_lower <= made.entry("M").hi95


def test_named_origins_above_the_total_contradict_and_are_not_missing():
    made = ledger(vintage({**LEVELS, "USA.import.WLD": (150.0, 40.0)}, noise=0.0))
    (wanted,) = made.leg("rest_I").wanted.split("; ")
    assert wanted.startswith("figures that agree: the named ones exceed USA.import.WLD")


def test_a_flow_that_is_known_lacks_nothing():
    for made in (ledger(), described()):
        assert all(bool(leg.wanted) is not leg.known for leg in made.legs)


def test_a_gain_is_not_told_as_a_loss():
    flows = {**LEVELS, "CHN.export.USA": (100.0, 180.0), "CHN.export.WLD": (200.0, 290.0)}
    made = ledger(vintage(flows, noise=0.03))
    told = made.sentences()
    assert not any("of the loss" in sentence and "was not" in sentence for sentence in told)
    assert any("to all destinations together" in sentence for sentence in told)


def test_sums_of_flows_are_told_with_the_interval_of_their_draws():
    made = ledger()
    legs = {(leg.role, leg.country): leg for leg in made.legs}
    for told, parts in (
        (made.gap, (("I", "THA"), ("rest_I", "OTHERS"))),
        (made.to_others, (("D", "THA"), ("rest_D", "OTHERS"))),
    ):
        drawn = sum(legs[part].draws for part in parts)
        assert (told.lo95, told.hi95) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))
    told = " ".join(made.sentences()).replace("\N{NO-BREAK SPACE}", " ")
    total, low, high = (f"{tonnes(one):.0f} t" for one in (made.gap.total, made.gap.lo95, made.gap.hi95))
    assert f"All other origins together sent {total} (95 % interval {low} to {high}) more than expected" in told
    assert "not told from zero" not in told
    assert all(math.isnan(one) for one in (described().gap.lo95, described().to_others.hi95))


def test_a_rise_that_is_not_told_from_zero_is_told_as_such():
    flat = {**LEVELS, "CHN.export.THA": (10.0, 10.0), "USA.import.THA": (5.0, 5.0), "CHN.export.WLD": (200.0, 121.0),
            "USA.import.WLD": (150.0, 80.5)}  # fmt: skip
    told = ledger(vintage(flat, noise=0.03)).sentences()
    for start in ("All other origins together sent", "China exported"):
        (one,) = (sentence for sentence in told if sentence.startswith(start))
        assert "95\N{NO-BREAK SPACE}% interval −" in one
        assert "than expected without the measure, which is not told from zero" in one


def test_a_bound_above_the_smaller_flow_says_why():
    close = {**LEVELS, "CHN.export.THA": (10.0, 30.0), "USA.import.THA": (10.0, 30.0)}
    made = ledger(vintage(close, noise=0.1))
    thai = made.route("THA")
    assert thai.upper > min(thai.outward.value, thai.onward.value)
    (told,) = (one for one in made.sentences() if one.startswith("The bound of Thailand lies above"))
    assert "the smaller of two noisy estimates is more often too low than too high" in told
    assert not any("lies above" in one for one in described().sentences())


def test_the_months_of_both_records_are_told_where_they_differ():
    told = [months_text(one).replace("\N{NO-BREAK SPACE}", " ") for one in (ledger(), ledger(lag_direct=0))]
    assert told == ["imports of Mar–Dec 2024, exports of Feb–Nov 2024", "Mar–Dec 2024"]


def test_two_accounts_of_one_flow_are_told_by_name():
    made = [replace(one, question=replace(one.question, name=name)) for one, name in ((ledger(), "all"), (ledger(), "part"))]
    assert {told.partition(":")[0] for told in accounts_in_short(made)} == {"all", "part"}
    assert not any(told.startswith("all:") for told in accounts_in_short(made[:1]))


def test_an_account_without_interval_says_which_months_would_give_one():
    other = replace(BAN, id="other", announced=dt.date(2023, 8, 1), effective=dt.date(2023, 8, 1), role="default")
    whole = vintage(noise=0.03)
    known = replace(whole, events=whole.events.with_events([other]))
    made = ledger(known)
    assert made.reading == "descriptive"
    (note,) = (one for one in made.notes if "clean_from" in one)
    assert note.startswith("only 4 months before the measure are known of every flow that no other measure touches")
    assert 'clean_from = "2019-01" counts 60' in note
    assert ledger(known, clean_from="2019-01").reading == "estimated"
    short = ledger(vintage(noise=0.03, before=15))
    assert short.reading == "descriptive"
    assert not any("clean_from" in one for one in short.notes)


def test_what_else_fell_into_the_months_is_told():
    known = vintage(noise=0.03)
    tariff = Event(
        "tariff", "A tariff", "2024-02-01", effective="2024-02-01", imposed_by="USA", targets="CHN", products=PRODUCT,
        instrument="tariff", role="default",
    )  # fmt: skip
    both = replace(known, events=EventCalendar().with_events([BAN, tariff]))
    (told,) = [sentence for sentence in ledger(both).sentences() if "into the same months" in sentence]
    assert told == "“A tariff” falls into the same months: what changed may be its doing too."
    # one that falls into the months of one record alone is told in the same sentence
    later = replace(tariff, id="later", title="A later one", announced="2024-12-20", effective="2024-12-20")
    more = replace(known, events=EventCalendar().with_events([BAN, tariff, later]))
    (told,) = [sentence for sentence in ledger(more).sentences() if "into the same months" in sentence]
    assert told == "“A tariff” and “A later one” fall into the same months: what changed may be their doing too."
    assert not any("into the same months" in sentence for sentence in ledger(known).sentences())


def test_months_after_the_end_and_a_measure_aimed_elsewhere_are_told():
    ended = replace(BAN, end="2024-06-30", end_announced="2024-05-01")
    asked = dict(destination="USA", product=PRODUCT, through=["THA"], start="2024-03", stop="2024-12", draws=200)
    known = replace(vintage(noise=0.03), events=EventCalendar().with_events([ended]))
    assert any("after the end of the measure on 2024-06-30" in one for one in fc.ledger(known, ended, **asked).sentences())
    elsewhere = replace(BAN, targets="JPN")
    known = replace(vintage(noise=0.03), events=EventCalendar().with_events([elsewhere]))
    assert any("is aimed at this flow" in one for one in fc.ledger(known, elsewhere, **asked).sentences())


def test_gains_below_those_of_the_named_are_refused():
    with pytest.raises(fc.ForecastError, match="sum of all gains"):
        ledger(gains=10.0)


def test_declared_origin_counts_only_months_for_which_the_exporter_reports_none():
    reported = np.r_[np.full(60, 100.0), np.full(14, 0.0)]
    made = ledger(vintage(LEVELS | {"CHN.export.WLD": (200.0, 140.0)}, noise=0.03, **{"CHN.export.USA": reported}))
    assert tonnes(made.entry("O").at_lower) == pytest.approx(300.0, rel=0.1)
    assert ledger().entry("O").at_lower == 0.0
    assert any("reports no exports" in sentence for sentence in made.sentences())
    assert "both records" in made.closure


def test_a_flow_that_never_traded_is_compared_with_none():
    arrives = np.r_[np.zeros(62), np.full(12, 25.0)]
    made = ledger(vintage(noise=0.03, **{"USA.import.THA": arrives}))
    leg = made.leg("I", "THA")
    assert leg.state == "estimated"
    assert tonnes(leg.value) == pytest.approx(250.0)
    assert leg.p_value < 0.01
    assert "0 of 60 months" in leg.note
    once = ledger(vintage(noise=0.03, **{"USA.import.THA": np.r_[np.zeros(70), 25.0, np.zeros(3)]}))
    assert once.leg("I", "THA").p_value > 0.05, "one month of trade is no rise"


def test_stock_bought_ahead_widens_the_bound():
    early = np.r_[np.full(56, 10.0), np.full(4, 60.0), np.full(14, 10.0)]
    known = vintage(noise=0.0, **{"CHN.export.THA": early * np.exp(0.03 * np.random.default_rng(1).standard_normal(74))})
    none, four = ledger(known, start="2024-02").route("THA"), ledger(known, start="2024-02", ahead=4).route("THA")
    assert tonnes(none.upper) < 80
    assert tonnes(four.upper) > 150
    assert ledger(known, start="2024-02", ahead=4).leg("ahead", "THA").months == 4


def test_flows_with_a_common_part_are_drawn_together():
    shared = np.exp(0.1 * np.random.default_rng(3).standard_normal(74))
    flows = {"USA.import.THA": 5.0 * shared, "USA.import.MEX": 8.0 * shared}
    made = ledger(vintage(noise=0.02, **flows), through=["THA", "MEX"], draws=1000)
    pair = np.corrcoef(made.leg("I", "THA").draws, made.leg("I", "MEX").draws)[0, 1]
    assert pair > 0.4
    apart = ledger(vintage(LEVELS | {"USA.import.MEX": (8.0, 8.0)}, noise=0.1), through=["THA", "MEX"], draws=1000)
    assert abs(np.corrcoef(apart.leg("I", "THA").draws, apart.leg("I", "MEX").draws)[0, 1]) < 0.25


def test_no_answer_hangs_on_the_order_of_names_or_rows():
    """Random draws stand under the name of a flow, sums are made in one order: answers are equal to the last bit."""
    second = replace(BAN, id="second", effective=BAN.effective.replace(month=2), announced=BAN.announced.replace(month=2))
    flows = {f"USA.import.{c}": (5.0, 9.0 + i) for i, c in enumerate(("MEX", "VNM", "KOR", "DEU"))}
    flows |= {f"CHN.export.{c}": (10.0, 14.0 + i) for i, c in enumerate(("MEX", "VNM", "KOR"))}
    known = replace(vintage(LEVELS | flows, noise=0.05), events=EventCalendar().with_events([BAN, second]))
    turned = dict(sorted(known.cells.items(), reverse=True))
    backwards = replace(known, cells=turned, events=EventCalendar().with_events([second, BAN]))
    asked = dict(destination="USA", product=PRODUCT, start="2024-04", stop="2024-12", draws=300)
    for through, origins in ((["THA", "MEX", "VNM"], ["KOR", "DEU"]), (["VNM", "THA", "MEX"], ["DEU", "KOR"])):
        one = fc.ledger(known, (BAN, second), through=["MEX", "THA", "VNM"], origins=["DEU", "KOR"], **asked)
        own = dict.fromkeys(through, 1.0)
        other = fc.ledger(backwards, (second, BAN), through=through, origins=origins, **asked)
        assert one.frame().equals(other.frame())
        assert one.sentences() == other.sentences()
        assert all((a.draws_upper == b.draws_upper).all() for a, b in zip(one.entries, other.entries, strict=True))
        declared = [fc.ledger(known, BAN, through=t, own_sources=own, **asked) for t in (through, sorted(through))]
        assert declared[0].frame().equals(declared[1].frame())


def test_the_rows_of_an_archive_may_stand_in_any_order(tmp_path):
    rows = pd.DataFrame(bundled_rows("observations.csv"))
    rows.sample(frac=1.0, random_state=0).to_csv(tmp_path / "shuffled.csv", index=False)
    plain, shuffled = fc.load_archive(), fc.load_archive(tmp_path / "shuffled.csv")
    ban = plain.events["us_ban_2024"]
    asked = dict(destination="USA", product="antimony_unwrought", through=["THA"], stop="2025-11")
    assert fc.ledger(plain, ban, **asked).frame().equals(fc.ledger(shuffled, ban, **asked).frame())


def test_a_further_country_leaves_the_draws_of_the_others_alone():
    """Without a common part of the flows, what is drawn for one country does not change with the others that are asked."""
    known = vintage(LEVELS | {"USA.import.KOR": (5.0, 5.0)}, noise=0.3, seed=4)
    alone, both = ledger(known, through=["THA"]), ledger(known, through=["KOR", "THA"])
    pair = np.corrcoef([made.leg("I", "THA").draws for made in (alone, both)])[0, 1]
    assert pair > 0.99, "the same shocks, shared out a little otherwise"


def test_the_element_is_told_only_of_goods_of_one_form():
    gross, element = described(), described(element=True)
    assert element.content == "Sb"
    assert element.entry("L_M").at_lower == pytest.approx(0.83535 * gross.entry("L_M").at_lower, rel=1e-5)
    for product in ("antimony_ore", "antimony_products_reuters"):
        with pytest.raises(fc.ForecastError, match="says nothing of its content"):
            ledger(vintage(good=product), product=product, element=True)
    with pytest.raises(fc.ForecastError, match="not in the concordance"):
        ledger(vintage(good="hs811090"), product="hs811090", element=True)


def test_origins_add_up_to_the_change_of_the_total_with_joint_limits():
    made = ledger()
    assert made.gap.complete
    assert sum(one.value for one in made.gap.changes) == pytest.approx(made.gap.total)
    assert made.gap.total == pytest.approx(made.entry("L_M").at_lower - made.entry("S").at_lower)
    thai = next(one for one in made.gap.changes if one.origin == "THA")
    assert thai.production == "no known mine production in 2023"
    assert any("Thailand" in one and "by the table of the US Geological Survey" in one for one in made.sentences())
    low, high = np.quantile(made.leg("I", "THA").draws, [0.025, 0.975])
    assert thai.lo95 <= low < high <= thai.hi95, "limits that hold together are wider"


def test_candidates_are_those_with_a_flow_and_little_production():
    flows = {f"USA.import.{c}": np.ones(74) for c in ("MEX", "TJK", "BOL")} | {"CHN.export.VNM": np.ones(74)}
    known = vintage(noise=0.03, **flows)
    question = ledger(known).question
    assert candidates(replace(question, through=()), known) == ("MEX", "THA", "VNM")
    assert candidates(replace(question, through=(), producers=("MEX",)), known) == ("BOL", "THA", "TJK", "VNM")
    assert candidates(replace(question, through=(), product="hs999999"), known) == ()
    assert ledger(known, through=None).question.through == ("MEX", "THA", "VNM")


@pytest.mark.parametrize(
    ("product", "producers"),
    [
        ("antimony_oxide", "AUS BOL CHN MMR RUS TJK TUR"), ("bismuth", "CHN JPN KAZ KOR LAO"), ("gallium", "CHN"),
        ("graphite_flake", "BRA CHN IND MDG MOZ"), ("indium", "BEL CAN CHN FRA JPN KOR"),
        ("magnesium_ingot", "BRA CHN ISR KAZ RUS TUR"), ("rare_earth_compounds", "AUS CHN MMR NGA USA"),
        ("tungsten_apt", "AUT BOL CHN PRK RUS RWA VNM"),
    ],
)  # fmt: skip
def test_the_rule_knows_who_produces_more_than_a_hundredth(product, producers):
    """By the figures of 2023, the year before the measure, read off the table by hand."""
    question = LedgerQuestion((BAN,), "CHN", "USA", product)
    known = vintage({f"USA.import.{c}": (1.0, 1.0) for c in ("THA", "BOL", "FRA")}, good=product)
    assert producers_of(question, known.day) == frozenset(producers.split())
    assert candidates(question, known) == tuple(c for c in ("BOL", "FRA", "THA") if c not in producers)


def test_production_is_that_of_the_last_full_year_before_the_measure():
    later = replace(BAN, id="later", announced=BAN.announced.replace(year=2025), effective=BAN.effective.replace(year=2025))
    out = dt.date(2026, 2, 28)  # the day of the edition with the figures of 2024
    for event, day, producing in ((BAN, out, True), (later, out, False), (later, out - dt.timedelta(1), True)):
        asked = LedgerQuestion((event,), "CHN", "USA", "rare_earth_compounds")
        assert ("NGA" in producers_of(asked, day)) is producing
    assert producers_of(asked, dt.date(2025, 1, 30)) is None, "before the first edition of the table"


@pytest.mark.parametrize("product", ["germanium", "re_magnets", "hs999999"])
def test_where_no_amounts_are_known_no_country_is_chosen_and_the_answer_asks_for_them(product):
    known = vintage(good=product, noise=0.03)
    made = ledger(known, product=product, through=None)
    assert made.question.through == ()
    (wanted,) = made.entry("R").wanted
    assert "named in `through`" in wanted
    assert "does not tell who produces how much" in wanted
    assert ledger(known, product=product, through=None, producers="CHN").question.through == ("THA",)


def test_an_unknown_amount_is_neither_little_nor_none():
    origins = ["DEU", "MEX"]
    known = vintage(LEVELS | {f"USA.import.{c}": (5.0, 6.0) for c in origins}, good="germanium", noise=0.03)
    made = ledger(known, product="germanium", origins=origins)
    told = {one.origin: one.production for one in made.gap.changes}
    assert (told["DEU"], told["MEX"]) == ("producer of an unknown amount", "")
    group = ledger(vintage(LEVELS | {"USA.import.EU27": (5.0, 6.0)}, good="tungsten_apt", noise=0.03), product="tungsten_apt",
                   origins=["EU27"])  # fmt: skip
    assert {one.origin: one.production for one in group.gap.changes}["EU27"] == "producer", "Austria, Portugal and Spain"


def test_sentences_never_say_more_than_the_figures():
    for made in (ledger(), described(), ledger(own_sources={"THA": 10.0}), ledger(vintage(levels={}))):
        told = " ".join(made.sentences()).lower()
        assert not any(word in told for word in ("illegal", "smuggl", "evad", "circumvent", "chinese"))
        assert "under another name or code" in told
        assert "would have got anyway" in told, "a cut of its own use sends on what was there before: no rise of what it got"
    both = " ".join(ledger().sentences())
    assert "upper bound" in both
    assert "16.1" in both
    assert "add" in both
    assert "interval" not in " ".join(s for s in described().sentences() if "have no interval" not in s)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"through": ["THA", "THA"]}, "named twice"), ({"through": ["USA"]}, "named twice"), ({"lag_to": -1}, "lag_to is -1"),
        ({"own_sources": {"MEX": 1.0}}, "not among"), ({"own_sources": {"THA": -1.0}}, "are -1.0"), ({"draws": 0}, "draws"),
        ({"estimator": "counterfactul"}, "counterfactual"), ({"destination": "CHN", "exporter": "CHN"}, "named twice"),
        ({"through": ["EU27", "DEU"]}, "count twice"), ({"destination": "WLD"}, "is no country"),
        ({"through": ["Thailand"]}, "is no country"),
        ({"product": "antimony_oxid"}, "no good is called"),
        ({"lag_to": 1.5}, "whole number"),
        ({"own_sources": {"THA": "a"}}, "are 'a'"), ({"own_sources": {"THA": math.inf}}, "are inf"),
        ({"start": "2022-01", "stop": "2022-06"}, "before ban took effect"),
        ({"start": "2024-06", "stop": "2024-05"}, "before they begin"),
        ({"start": None, "stop": "2024-05", "lag_direct": 5}, "reaches USA after 5 months .lag_direct., from 2024-06 on"),
        ({"lag_to": 6, "lag_from": 6}, r"by way of a third country after 12 months .lag_to \+ lag_from., from 2025-01 on"),
        ({"lag_to": 0, "lag_from": 12}, "the months end in 2024-12"),
        ({"destination": "CHN"}, "imposed by the destination, CHN, and no exporter is named"),
    ],
)  # fmt: skip
def test_questions_that_make_no_sense_are_refused(more, said):
    with pytest.raises(fc.ForecastError, match=said):
        ledger(**more)


def test_the_exporter_is_the_country_that_imposed_the_measure():
    congo = replace(BAN, id="halt", imposed_by=("COD",), targets=("ALL",), products=("cobalt",))
    flows = {name.replace("CHN", "COD"): levels for name, levels in LEVELS.items()}
    asked = dict(destination="USA", product="cobalt", through=["THA"], start="2024-03", stop="2024-12")
    made = fc.ledger(vintage(flows, noise=0.03, good="cobalt"), congo, **asked)
    assert made.question.exporter == "COD"
    assert tonnes(made.entry("L_X").at_lower) == pytest.approx(800, rel=0.1)
    assert not any("imposed by" in note for note in made.notes)
    other = fc.ledger(vintage(noise=0.03, good="cobalt"), congo, exporter="CHN", **asked)
    assert "“A ban” was imposed by COD, not by the exporter" in other.notes


@pytest.mark.parametrize(
    ("imposed", "told", "hint"),
    [
        ((), "no country is known to have imposed", "its code"),
        (("CHN", "COD"), "imposed by CHN, COD", "'CHN' or 'COD'"),
        (("USA",), "imposed by the destination, USA", "'CHN'"),
    ],
)
def test_an_exporter_that_the_measure_does_not_tell_is_asked_for(imposed, told, hint):
    event = replace(BAN, imposed_by=imposed, targets=("CHN",))
    with pytest.raises(ConfigError, match=told) as refused:
        fc.ledger(vintage(noise=0.03), event, destination="USA", product=PRODUCT, through=["THA"])
    assert refused.value.hint == f"exporter = {hint}"
    made = fc.ledger(vintage(noise=0.03), event, destination="USA", product=PRODUCT, through=["THA"], exporter="CHN")
    assert made.question.exporter == "CHN"


@pytest.mark.parametrize(
    ("good", "names", "targets", "told"),
    [
        ("antimony_metal_ore_articles", "antimony", "USA", "whether a measure on antimony covers antimony metal ore articles"),
        ("antimony_metal_ore_articles", "antimony", "JPN", "no measure asked about is aimed at this flow"),
        (PRODUCT, "gallium", "USA", "no measure asked about is aimed at this flow"),
        (PRODUCT, "antimony", "USA", ""),
    ],
)
def test_a_good_that_no_table_knows_is_not_said_to_be_outside_the_measure(good, names, targets, told):
    event = replace(BAN, products=(names,), targets=(targets,))
    asked = dict(destination="USA", product=good, through=["THA"], start="2024-03", stop="2024-12", draws=500)
    made = fc.ledger(vintage(noise=0.03, good=good), event, **asked)
    found = [note for note in made.notes if "aimed at" in note or "covers" in note]
    assert [note.startswith(told) for note in found] == ([True] if told else [])


def test_the_table_holds_every_part_and_the_picture_every_entry():
    made = ledger()
    table = made.frame()
    assert set(table.kind) == {"entry", "others", "route", "leg", "origin", "share", "closure"}
    assert table[table.kind == "entry"]["item"].tolist() == ["L_X", "L_M", "R", "O", "N", "S", "M", "G", "Z"]
    assert (table[table.state == "no data"].at_lower.isna()).all()
    assert len(made.plot().patches) == 18


def test_an_estimate_that_its_history_does_not_carry_is_a_description():
    made = ledger(vintage(noise=0.03, before=15))
    assert made.reading == "descriptive"
    assert {leg.state for leg in made.legs} == {"described"}
    assert "compared with the same months a year earlier" in made.notes
    assert "20 clean months" in made.leg("L_M").note
    assert all(math.isnan(entry.lo95) for entry in made.entries)


def test_a_flow_known_in_dollars_alone_is_no_data_and_says_so():
    known = vintage(noise=0.03)
    weight = f"USA.import.THA.{PRODUCT}"
    dollars = {f"{name}:usd" if name == weight else name: cells for name, cells in known.cells.items()}
    made = ledger(replace(known, cells=dollars))
    assert made.leg("I", "THA").state == "no data"
    assert "USD" in made.leg("I", "THA").note
    assert any("USD" in sentence for sentence in made.sentences())


def test_months_that_are_not_known_are_no_data_where_they_are_asked_for():
    known = vintage(noise=0.03)
    short = {name: c if "THA" not in name else c[:68] for name, c in known.cells.items()}
    asked = ledger(replace(known, cells=short))
    assert asked.leg("I", "THA").state == "no data"
    assert "2024-03/2024-12" in asked.leg("I", "THA").wanted
    assert ledger(replace(known, cells=short), start=None, stop=None).months_to == "2024-08", "the months that all flows know"


def test_a_road_that_goods_had_time_for_is_asked():
    """The last month of twelve after the measure is the first in which something can arrive after eleven months."""
    made = ledger(lag_to=6, lag_from=5)
    assert (made.leg("path", "THA").months_from, made.leg("path", "THA").months_to) == ("2023-04", "2024-01")
    assert "9 of the 10 months hold only goods that left before the measure" in made.leg("path", "THA").note
    assert "an account from 2024-12 on leaves them out" in made.leg("path", "THA").note
    assert any(one.startswith("What Thailand got: 9 of the 10 months") for one in made.sentences())
    assert ledger(lag_to=6, lag_from=6, through=[]).entry("S").known, "nobody on the way, no road too long"
    assert ledger(lag_to=6, lag_from=6, ahead=3).leg("ahead", "THA").months == 3, "what was stocked before may go on at once"


@pytest.mark.parametrize(
    ("more", "early"),
    [
        ({}, {}),  # from 2024-03 on, two months under way
        ({"start": None}, {"path": 1}),  # by default the account begins a month after the measure
        ({"start": None, "ahead": 3}, {"path": 1}),
        ({"lag_to": 2}, {"path": 1}),
        ({"lag_from": 3}, {"path": 2, "I": 1}),
        ({"lag_direct": 3}, {"L_M": 1, "L_X": 1, "D": 1, "rest_D": 1}),
        ({"start": "2023-12"}, {"L_M": 2, "I": 2, "rest_I": 1, "L_X": 2, "D": 2, "rest_D": 2, "path": 3}),
    ],
)
def test_months_before_the_measure_are_told_of_every_flow(more, early):
    made = ledger(**more)
    told = {
        leg.role: int(leg.note.split(" of the ")[0].split("; ")[-1]) for leg in made.legs if "before the measure" in leg.note
    }
    assert told == early
    remarks = [one for one in made.notes if "record of what was lost" in one]
    assert len(remarks) == len({"L_X", "L_M"} & set(early))


def test_the_partners_record_is_too_early_by_the_months_under_way_to_it():
    whole = vintage(noise=0.03)
    moved = {name.replace("CHN.export.THA", "THA.import.CHN"): c for name, c in whole.cells.items()}
    for lag_to in (1, 3):
        notes = [ledger(known, lag_to=lag_to, start=None).leg("path").note for known in (whole, replace(whole, cells=moved))]
        assert notes[0] == notes[1]
        assert notes[0].startswith(f"{lag_to} of the ")


def test_a_flow_known_only_before_the_measure_tells_nothing_of_the_way_round_it():
    """Figures that end in the month after the measure: the way round it, of two months, has none yet."""
    short = vintage(noise=0.03, after=2)
    made = ledger(short, start=None, stop=None)
    assert (made.months_from, made.months_to) == ("2024-02", "2024-02")
    path = made.leg("path", "THA")
    assert path.state == "no data"
    assert ", 2024-01 and later, and an account to " in path.wanted
    assert made.route("THA").upper == pytest.approx(max(made.leg("I", "THA").value, 0.0), abs=1000.0), (
        "one flow alone bounds it"
    )
    assert not made.route("THA").found


def test_the_way_through_a_third_country_is_as_long_as_both_its_legs():
    made = ledger(lag_to=2, lag_from=3)
    path, onward, direct = made.leg("path", "THA"), made.leg("I", "THA"), made.leg("D", "THA")
    assert (onward.months_from, path.months_from, direct.months_from) == ("2024-03", "2023-10", "2024-02")
    assert path.months == onward.months == 10


def test_the_interval_of_the_share_rests_on_the_spread_of_its_upper_bound(monkeypatch):
    """With the loss known and one flow of standard deviation 20 of 1,000, the bound's is 0.02."""
    rng = np.random.default_rng(1)
    draws = np.full((4000, 1, 2, 2), np.inf)
    draws[:, 0, 1, :] = rng.normal(200.0, 20.0, 4000)[:, None]
    points = np.full((1, 2, 2), np.inf)
    points[0, 1] = 200.0
    bounds = rerouting.Bounds(points, draws, np.zeros(1), np.zeros((4000, 1)))
    loss = Leg("L_M", "CHN", state="estimated", value=-1000.0, draws=np.full(4000, -1000.0))
    asked = []
    monkeypatch.setattr(rerouting, "level_of_set", lambda width, spread: asked.append((width, spread)) or 0.95)
    route = Route("THA", loss, loss, lower=0.0, upper=200.0)
    rerouting.share_of_loss(bounds, [route], loss)
    ((width, spread),) = asked
    assert width == pytest.approx(0.2, abs=0.005)
    assert spread == pytest.approx(0.02, rel=0.1)
