"""Claims: verdicts and arithmetic, and above all that no percentage is tested by a figure made from it."""

import datetime as dt
import math

import pandas as pd
import pytest

from forecast.core.archive import COLUMNS, bundled_archive
from forecast.core.errors import DataError
from forecast.study.claims import claim_arithmetic, provenance
from forecast.study.claims.provenance import PublishedPercentage, figure
from forecast.study.claims.published_claims import (
    VERDICTS,
    Claim,
    Reading,
    bundled_claims,
    check_claim,
    check_claims,
    read_claim,
)

WORLD, USA, GE = "CHN.export.WLD.re_magnets", "CHN.export.USA.re_magnets", "CHN.export.WLD.germanium"
SB = "CHN.export.WLD.antimony_products_rawmaterials"
GE_TOKENS = f"fig:{GE}@2025-06;pct:{GE}@2025-06/2025-01=-0.95"


@pytest.fixture(scope="module")
def vintage():
    return bundled_archive().latest


@pytest.fixture(scope="module")
def checked(vintage):
    return {c.id: c for c in check_claims(vintage)}


def claim(name):
    return next(c for c in bundled_claims() if c.id == name)


def row(series, period, value, derived_from="", kind=""):
    """A figure to append to the archive, released in July 2025."""
    kind = kind or ("derived" if derived_from else "reported")
    made = dict.fromkeys(COLUMNS, "") | {"series": series, "period": period, "value": float(value), "unit": "kg"}
    return made | {
        "status": "value", "stage": "detail", "kind": kind, "derived_from": derived_from,
        "released": "2025-07-20", "basis": "rule", "publisher": "planted",
    }  # fmt: skip


def planted(*rows):
    return bundled_archive().append(pd.DataFrame(rows)).latest


def change(series=WORLD, period="2025-06", base="2025-05", published=math.nan, step=0.01, **more):
    return Claim("x", "x", "x", "", "", "change", (Reading("", series, "", period, base),), "x", published, step, **more)


VERDICT = {
    "sb_oxide_th_mx": "cannot be checked", "sb_oxide_digit_swap": "contradicted", "sb_oxide_three_years": "cannot be checked",
    "sb_top_three_2025": "cannot be checked", "sb_not_top_ten_2023": "cannot be checked",
    "sb_june_on_january": "cannot be checked", "ge_june_on_january": "cannot be checked",
    "sb_june_on_january_swapped": "cannot be checked", "ge_june_on_january_swapped": "cannot be checked",
    "sb_ge_order": "cannot be checked", "ge_lowest_on_record": "contradicted", "ge_some_of_the_lowest": "holds",
    "magnets_us_june": "holds", "magnets_us_june_on_may": "holds within rounding",
    "magnets_world_june_on_year": "holds within rounding", "magnets_world_june_on_year_rounded": "holds",
    "magnets_june_on_year_no_scope": "holds for another scope", "magnets_world_june_on_may": "holds within rounding",
    "magnets_world_may_on_april": "holds within rounding", "magnets_world_half_year": "holds",
    "magnets_us_july_on_june": "holds", "magnets_us_july_on_year": "cannot be checked",
    "re_fell_after_april": "holds for another scope", "re_rebounded_in_june": "holds", "deal_scope": "holds",
    "us_share_antimony_with_oxide": "contradicted", "us_share_antimony_metal": "contradicted",
    "us_share_gallium": "contradicted", "us_share_germanium_unwrought": "contradicted",
    "us_share_germanium_with_oxide": "contradicted", "rerouted_gallium_to_april": "holds for another scope",
    "rerouted_germanium_to_april": "holds for another scope", "rerouted_antimony_to_april": "holds for another scope",
    "rerouted_gallium_from_may": "holds for another scope", "rerouted_germanium_from_may": "contradicted",
    "rerouted_antimony_from_may": "contradicted", "smelter_reopened": "cannot be checked",
    "smelting_capacity": "cannot be checked", "price_antimony": "holds for another scope", "price_germanium": "holds",
    "gallant_gallium": "cannot be checked", "other_channels": "cannot be checked",
}  # fmt: skip


def test_every_verdict(checked):
    assert {name: c.verdict for name, c in checked.items()} == VERDICT
    assert set(VERDICT.values()) <= set(VERDICTS)
    assert len({c.id for c in bundled_claims()}) == len(bundled_claims())


def test_every_published_claim_is_checked():
    facts = pd.read_csv(provenance.__file__.replace("study/claims/provenance.py", "data/facts.csv"), keep_default_na=False)
    texts = {(c.publisher, c.date) for c in bundled_claims()}
    assert set(zip(*facts[facts.id.str.startswith("claim_")][["publisher", "article_date"]].values.T, strict=True)) <= texts


@pytest.mark.parametrize(
    ("name", "computed", "low", "high"),
    [
        ("magnets_us_june_on_may", 6.67, 6.586, 6.755), ("magnets_world_june_on_year", -0.3839, -0.3871, -0.3807),
        ("magnets_world_half_year", -0.1894, -0.18945, -0.18935), ("us_share_gallium", 0.1129, 0.1127, 0.1132),
        ("rerouted_gallium_to_april", 0.8105, 0.8094, 0.8116), ("rerouted_germanium_from_may", -0.6485, -0.6494, -0.6477),
        ("rerouted_antimony_from_may", -0.2665, -0.2666, -0.2665), ("price_germanium", 2.717, 2.713, 2.721),
        ("price_antimony", 3.80, 3.799, 3.801), ("magnets_us_june", 352800, 352750, 352850),
    ],
)  # fmt: skip
def test_figures_worked_out_by_hand(checked, name, computed, low, high):
    got = checked[name]
    assert (got.computed, got.low, got.high) == pytest.approx((computed, low, high), rel=5e-4)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("us_share_antimony_metal", ("13.0 %", "10.0 %", "10.2 %")), ("us_share_gallium", ("17.8 %", "8.2 %")),
        ("us_share_germanium_unwrought", ("74.2 %", "31.1 %")),
        ("re_fell_after_april", ("-15.6 %", "+4.8 %", "+22.6 %", "-50.6 %")),
        ("re_rebounded_in_june", ("+32.0 %", "+157.4 %")), ("ge_june_on_january", ("-92.9 %", "2,702 kg")),
        ("sb_oxide_th_mx", ("5,331,160", "355,411")), ("smelter_reopened", ("4,494,203",)), ("gallant_gallium", ("1,033",)),
        ("price_antimony", ("x3.35", "x3.80")), ("ge_lowest_on_record", ("0 kg in 2023-08", "1 kg in 2023-09")),
        ("magnets_world_june_on_year", ("rests on other percentages", "2024-07 on 2024-06 +2.0 %")),
    ],
)  # fmt: skip
def test_the_sentence_carries_the_figures(checked, name, words):
    for word in words:
        assert word in checked[name].arithmetic


def test_every_row_says_what_would_settle_it(checked):
    for c in checked.values():
        assert c.settle
        assert c.arithmetic.endswith(".")
        assert c.claim
        assert c.source


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("ge_june_on_january", [row(GE, "2025-01", 1920, GE_TOKENS)]),
        ("sb_june_on_january", [row(SB, "2025-01", 892e3, f"fig:{SB}@2025-06;pct:{SB}@2025-06/2025-01=-0.88")]),
        # the percentage of another basket of the same mineral, as it stands in the bundled (excluded) row
        ("sb_june_on_january", [
            row(SB, "2025-01", 892e3, f"fig:{SB}@2025-06;pct:CHN.export.WLD.antimony_products_reuters@2025-06/2025-01=-0.88"),
        ]),
        # one step removed: February is the sum less a circular January, so January as sum less February is circular too
        ("ge_june_on_january", [
            row(GE, "2025-01", 1920, GE_TOKENS),
            row(GE, "2025-02", 782, f"fig:{GE}@2025-01/2025-02;fig:{GE}@2025-01"),
        ]),
        # the planted figure stands elsewhere: a span made of it, no January at all
        ("ge_june_on_january", [
            row(GE, "2025-02", 782, f"fig:{GE}@2025-01/2025-02;pct:{GE}@2025-01/2025-06=19"),
        ]),
        # made from a figure that enters no series
        ("ge_june_on_january", [row(GE, "2025-02", 782, f"fig:{GE}@2025-01/2025-02;fig:{GE}@2025-01")]),
    ],
)  # fmt: skip
def test_a_planted_circular_figure_tests_nothing(name, rows):
    got = check_claim(claim(name), planted(*rows))
    assert got.verdict == "cannot be checked"
    assert "circular" in got.arithmetic or "known only inside" in got.arithmetic
    assert math.isnan(got.computed)


def test_the_planted_figure_would_pass_if_the_rule_were_broken(monkeypatch):
    seen = planted(row(GE, "2025-01", 1920, GE_TOKENS))
    assert "circular" in check_claim(claim("ge_june_on_january"), seen).arithmetic
    monkeypatch.setattr(PublishedPercentage, "is_token", lambda self, token: False)
    assert check_claim(claim("ge_june_on_january"), seen).verdict == "holds"


def test_an_independent_figure_does_test_the_claim():
    assert check_claim(claim("ge_june_on_january"), planted(row(GE, "2025-01", 1920))).verdict == "holds"
    assert check_claim(claim("ge_june_on_january"), planted(row(GE, "2025-01", 800))).verdict == "contradicted"
    other = row(GE, "2025-01", 1920, f"fig:{GE}@2025-03;pct:{GE}@2025-03/2025-01=-0.22")
    got = check_claim(claim("ge_june_on_january"), planted(other))
    assert got.verdict == "holds"
    assert "rests on other percentages: CHN.export.WLD.germanium 2025-03 on 2025-01 -22.0 %" in got.arithmetic


def test_a_circular_month_is_replaced_by_what_the_sums_leave(vintage):
    april = figure(vintage, WORLD, "2025-04", PublishedPercentage(WORLD, "2025-05", "2025-04"))
    assert april.value == pytest.approx(19_132_000 - 9_947_300 - 5_323_200 - 1_238_470)
    assert april.struck
    assert figure(vintage, WORLD, "2025-04").value == 2_628_500


def test_parts_and_rounding_of_a_difference(vintage):
    half_year = figure(vintage, WORLD, "2024-01/2024-06")
    assert [(p.weight, p.period) for p in half_year.parts] == [(1.0, "2024-01/2024-07"), (-1.0, "2024-07")]
    assert half_year.value == pytest.approx(27_534_000)
    assert half_year.half == pytest.approx(1000)
    june = figure(vintage, WORLD, "2024-06").half  # 5,278 +- 0.5 over 1.02 +- 0.005
    assert june == pytest.approx(5_174_500 * (0.005 / 1.02 + 0.5 / 5278))
    assert math.isnan(figure(vintage, "CHN.export.USA.antimony_products_reuters", "2024-08").half)


def test_a_share_made_from_a_share_tests_nothing(vintage):
    part, total = "CHN.export.USA.antimony_products_reuters", "CHN.export.WLD.antimony_products_reuters"
    read = Reading("", part, total, "2024-08")
    got = check_claim(Claim("x", "x", "x", "", "", "share", (read,), "x", 0.29, 0.01), vintage)
    assert got.verdict == "cannot be checked"


@pytest.mark.parametrize(
    ("published", "verdict"),
    [
        (6.60, "holds within rounding"),
        (6.67, "holds"),
        (6.75, "holds within rounding"),
        (6.77, "contradicted"),
        (6.5, "contradicted"),
    ],
)
def test_rounding_decides_between_holding_and_not(vintage, published, verdict):
    assert check_claim(change(USA, published=published), vintage).verdict == verdict


def test_a_fall_steeper_than_the_sum_allows_is_contradicted(vintage):
    assert check_claim(change(GE, base="2025-01", published=-0.98), vintage).verdict == "contradicted"
    assert check_claim(change(GE, base="2025-01", published=-0.96), vintage).verdict == "cannot be checked"


def test_a_scope_that_contains_the_claim_refutes_it(vintage):
    wider = Reading("all", "USA.import.WLD.germanium_unwrought", "", "2025-05/2025-11", "2024-05/2024-11", "contains")
    for role, verdict in (("contains", "contradicted"), ("", "cannot be checked"), ("context", "cannot be checked")):
        other = Reading(wider.scope, wider.series, "", wider.period, wider.base, role)
        one = Claim("x", "x", "x", "", "", "change", (Reading("own"), other), "x", at_least=-0.1)
        assert check_claim(one, vintage).verdict == verdict


def test_shares_are_held_against_the_surveys_means(checked):
    both, germanium = checked["us_share_antimony_with_oxide"], checked["us_share_germanium_with_oxide"]
    assert (both.computed, both.low, both.high) == pytest.approx((0.55, 0.545, 0.555))
    assert (germanium.computed, germanium.unit) == (pytest.approx(0.23), "fraction")
    assert "Oxide alone: 66 % of imports for consumption, mean of 2021 to 2024" in both.arithmetic
    assert "22 %" in checked["us_share_antimony_metal"].arithmetic
    assert "18 %" in checked["us_share_gallium"].arithmetic  # printed, not judged: the rounding of 18 and 19 % meets
    assert "41 %" in checked["us_share_germanium_unwrought"].arithmetic
    early = {c.id: c for c in check_claims(bundled_archive().as_of("2026-02-01"))}  # before the edition was out
    assert early["us_share_antimony_with_oxide"].verdict == "cannot be checked"
    assert "no annual share" in early["us_share_antimony_with_oxide"].arithmetic


def test_nothing_is_known_before_its_release():
    early = bundled_archive().as_of(dt.date(2025, 7, 1))
    got = {c.id: c.verdict for c in check_claims(early)}
    assert got["magnets_us_june"] == got["magnets_us_june_on_may"] == "cannot be checked"
    assert got["deal_scope"] == "holds"
    before = bundled_archive().as_of(dt.date(2025, 6, 1))
    assert check_claim(claim("deal_scope"), before).verdict == "cannot be checked"


def test_every_claim_has_its_words_and_figures(checked):
    assert len(checked) == len(VERDICT)
    assert all(c.claim and c.settle for c in checked.values())
    assert all(isinstance(x, float) for c in checked.values() for x in (c.computed, c.low, c.high))


@pytest.mark.parametrize(
    "bad", [{"knd": "change"}, {"kind": "chnge"}, {"fact": "claim_nothing"}, {"settle": ""}, {"other": [{"role": "wider"}]}]
)
def test_a_misspelt_claim_is_refused(bad):
    good = {"id": "x", "text": "x", "publisher": "x", "kind": "none", "settle": "x"}
    assert read_claim(good, {}).kind == "none"
    with pytest.raises(DataError):
        read_claim({**good, **bad}, {})


def test_every_kind_is_used():
    assert {c.kind for c in bundled_claims()} == set(claim_arithmetic.KINDS)
