"""The ledger's account on networks small enough to work out by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

import forecast as fc
from forecast.core import months
from forecast.core.event import Event
from forecast.core.events import EventCalendar
from forecast.core.ledger import Leg, Route
from forecast.core.vintage import Cell, Vintage
from forecast.study.ledger import rerouting
from forecast.study.ledger.candidates import candidates, production

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
    assert not any(sentence.startswith(("Rerouting is between", "Other growth")) for sentence in made.sentences())


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


def test_a_gain_is_not_told_as_a_loss():
    flows = {**LEVELS, "CHN.export.USA": (100.0, 180.0), "CHN.export.WLD": (200.0, 290.0)}
    made = ledger(vintage(flows, noise=0.03))
    told = made.sentences()
    assert not any("of the loss" in sentence and "was not" in sentence for sentence in told)
    assert any("to all destinations together" in sentence for sentence in told)


def test_what_else_fell_into_the_months_is_told():
    known = vintage(noise=0.03)
    tariff = Event(
        "tariff", "A tariff", "2024-02-01", effective="2024-02-01", imposed_by="USA", targets="CHN", products=PRODUCT,
        instrument="tariff", role="default",
    )  # fmt: skip
    both = replace(known, events=EventCalendar().with_events([BAN, tariff]))
    (told,) = [sentence for sentence in ledger(both).sentences() if "into the same months" in sentence]
    assert told == "“A tariff” falls into the same months: the change may be due to it too."
    # one that falls into the months of one record alone is told in the same sentence
    later = replace(tariff, id="later", title="A later one", announced="2024-12-20", effective="2024-12-20")
    more = replace(known, events=EventCalendar().with_events([BAN, tariff, later]))
    (told,) = [sentence for sentence in ledger(more).sentences() if "into the same months" in sentence]
    assert told == "“A tariff” and “A later one” fall into the same months: the change may be due to them too."
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
    assert thai.production == "no known production"
    low, high = np.quantile(made.leg("I", "THA").draws, [0.025, 0.975])
    assert thai.lo95 <= low < high <= thai.hi95, "limits that hold together are wider"


def test_candidates_are_those_with_a_flow_and_little_production():
    assert production()["antimony"]["TJK"] > 30_000
    flows = {f"USA.import.{c}": np.ones(74) for c in ("MEX", "TJK", "BOL")} | {"CHN.export.VNM": np.ones(74)}
    known = vintage(noise=0.03, **flows)
    question = ledger(known).question
    assert candidates(replace(question, through=()), known) == ("MEX", "THA", "VNM")
    assert candidates(replace(question, through=(), producers=("MEX",)), known) == ("BOL", "THA", "TJK", "VNM")
    assert candidates(replace(question, through=(), product="hs999999"), known) == ()
    assert ledger(known, through=None).question.through == ("MEX", "THA", "VNM")


def test_sentences_never_say_more_than_the_figures():
    for made in (ledger(), described(), ledger(own_sources={"THA": 10.0}), ledger(vintage(levels={}))):
        told = " ".join(made.sentences()).lower()
        assert not any(word in told for word in ("illegal", "smuggl", "evad", "circumvent", "chinese"))
        assert "under another name or code" in told
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
        ({"estimator": "counterfactul"}, "counterfactual"), ({"destination": "CHN"}, "named twice"),
        ({"through": ["EU27", "DEU"]}, "count twice"), ({"destination": "WLD"}, "is no country"),
        ({"through": ["Thailand"]}, "is no country"),
        ({"product": "antimony_oxid"}, "no good is called"),
        ({"lag_to": 1.5}, "whole number"),
        ({"own_sources": {"THA": "a"}}, "are 'a'"), ({"own_sources": {"THA": math.inf}}, "are inf"),
        ({"start": "2022-01", "stop": "2022-06"}, "before ban took effect"),
        ({"start": "2024-06", "stop": "2024-05"}, "before they begin"),
    ],
)  # fmt: skip
def test_questions_that_make_no_sense_are_refused(more, said):
    with pytest.raises(fc.ForecastError, match=said):
        ledger(**more)


def test_the_table_holds_every_part_and_the_picture_every_entry():
    made = ledger()
    table = made.frame()
    assert set(table.kind) == {"entry", "route", "leg", "origin", "share", "closure"}
    assert table[table.kind == "entry"]["item"].tolist() == ["L_X", "L_M", "R", "O", "N", "S", "M", "G", "Z"]
    assert (table[table.state == "no data"].at_lower.isna()).all()
    assert len(made.plot().patches) == 18


def test_an_estimate_that_its_history_does_not_carry_is_a_description():
    made = ledger(vintage(noise=0.03, before=15))
    assert made.reading == "descriptive"
    assert {leg.state for leg in made.legs} == {"described"}
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
