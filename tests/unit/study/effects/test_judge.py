"""Placebos, calibration, verdicts, donors, and the headline questions of the bundled data with the verdicts they should get."""

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest

import forecast.checks
from forecast.core import months, registry
from forecast.core.archive import bundled_archive
from forecast.core.effects import Description, Effect
from forecast.core.events import Event, EventCalendar
from forecast.core.judgement import Gate, Judgement, Placebo
from forecast.core.questions import Design
from forecast.core.results import Summary, Used
from forecast.core.significance import SignificanceTest
from forecast.core.vintage import Cell, Vintage
from forecast.kernels import exact_tests
from forecast.study.ask import answer
from forecast.study.effects import judge, placebo
from forecast.study.effects.candidate_donors import untouched

SERIES = "USA.import.CHN.gallium"
BAN = Event("toy_ban", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("gallium",), instrument="ban", role="default")


def vintage(values, events=(BAN,), first="2018-01"):
    start = months.ordinal(first)
    cells = tuple(Cell(start + i, start + i, float(v), "zero" if v == 0 else "value") for i, v in enumerate(values))
    return Vintage(dt.date(2030, 1, 1), {SERIES: cells}, EventCalendar(tuple(events)))


def noisy(count=72, drop=0.3, seed=1):
    y = 100 + 8 * np.random.default_rng(seed).standard_normal(count)
    y[60:] *= 1 - drop
    return y


def asked(**changes):
    return Design(BAN, SERIES, **({"stop": "2023-06", "baselines": ("last_12_clean",)} | changes))


def toy(draws, design=None, **rest):
    text = Description(1.0, "2023-01")
    return Effect("toy", design or asked(), "kg", ((0, 0),), np.array([50.0]), draws, text, **rest)


def test_p_value_and_floor():
    assert exact_tests.randomisation_p_value(-5.0, [1.0, -2.0, 6.0, 0.0]) == (2 / 5, 1 / 5)
    assert exact_tests.randomisation_p_value(-5.0, [1.0, -2.0]) == (1 / 3, 1 / 3)
    assert all(map(math.isnan, exact_tests.randomisation_p_value(1.0, [])))


def test_the_rank_is_among_windows_that_share_no_month():
    """Windows of three months a month apart overlap: every third counts, from the latest."""
    starts = [months.label(months.ordinal("2020-01") + i) for i in range(7)]
    found = tuple(Placebo("time", SERIES, start, 0.0, z=float(i)) for i, start in enumerate(starts))
    space = Placebo("space", "other", "2021-01", 0.0, z=99.0)
    made = toy(np.full((4, 3), 60.0), judgement=Judgement(placebos=(*found, space)))
    made = replace(made, periods=((0, 0), (1, 1), (2, 2)), observed=np.array([50.0, 50.0, 50.0]))
    assert [p.start for p in made.apart] == ["2020-07", "2020-04", "2020-01"]
    assert placebo.rank_p_value(-10.0, made.apart) == (1 / 4, 1 / 4)
    assert placebo.rank_p_value(4.0, made.apart) == (2 / 4, 1 / 4)  # 6, 3 and 0


def windows(*scores):
    return [Placebo("time", SERIES, "2020-01", 0.0, z=z) for z in scores]


@pytest.mark.parametrize(
    ("scores", "apart", "factor"),
    [
        ([2.0, -2.0, 2.0], 2, 1.0),  # too few
        ([2.0, -2.0, 2.0], 3, np.sqrt((3 * 4 + 10) / 13)),
        ([2.0, -1.0] * 10, 8, np.sqrt((8 * 2.5 + 10) / 18)),  # overlapping windows count as those apart
        ([1.0] * 30, 30, 1.0),
        ([0.5] * 12, 7, 1.0),  # too few to narrow
        ([0.5] * 12, 8, np.sqrt((8 * 0.25 + 10) / 18)),
        ([0.0] * 10, 10, 0.8),  # sqrt(10 / 20) is below the bound
        ([50.0, -40.0] * 20, 40, 2.5),  # cut at three standard errors: sqrt((40 * 9 + 10) / 50) is above the bound
        ([50.0, 0.0, 0.0, np.nan], 3, np.sqrt((3 * 3 + 10) / 13)),
    ],
)
def test_calibration_is_a_mean_square_shrunk_to_one(scores, apart, factor):
    found = [*windows(*scores), Placebo("space", "x", "2020-01", 0.0, z=99.0)]
    assert placebo.interval_calibration(found, apart) == pytest.approx(factor)


def test_intervals_are_stretched_by_the_calibration():
    draws = 100 * np.exp(0.1 * np.random.default_rng(0).standard_normal((2000, 1)))
    made = toy(draws, used=(Used("toy"),), parts={"a": Summary(20 - draws[:, 0]), "b": Summary(np.full(2000, 30.0))})
    for factor, word in ((2.0, "widened"), (0.8, "narrowed")):
        wide = placebo.stretch_interval(made, factor, True)
        assert np.log(wide.counterfactual).std() == pytest.approx(factor * np.log(draws).std())
        assert wide.cumulative.estimate == made.cumulative.estimate
        assert f"{word} {factor:.2f} times" in wide.used[0].notes[-1]
        assert sum(part.draws for part in wide.parts.values()) == pytest.approx(wide.cumulative.draws)
    assert placebo.stretch_interval(made, 1.0, True) is made


def test_stretched_quantities_stay_non_negative_and_empty_months_empty():
    draws = np.abs(np.random.default_rng(0).standard_normal((500, 1)))
    draws[::5] = 0.0
    wide = placebo.stretch_interval(toy(draws), 2.5, True).counterfactual
    assert ((wide == 0) == (draws == 0)).all()
    assert wide.min() == 0


def test_the_weakest_gate_decides():
    made = toy(np.full((10, 1), 100.0))
    gates = [Gate("a", "pass"), Gate("b", "fail", cap="suggestive", reason="short"), Gate("c", "not run", cap="suggestive")]
    assert judge.verdict_of(made, gates).word == "suggestive"
    assert judge.verdict_of(made, gates).because == "short"
    gates.append(Gate("d", "fail", cap="descriptive", reason="shorter"))
    assert judge.verdict_of(made, gates) == judge.Verdict("descriptive", "descriptive", "shorter")
    assert judge.verdict_of(made, [Gate("a", "pass", cap="not identified")]).word == "supported"
    assert judge.verdict_of(toy(None), [Gate("a", "pass")]).word == "descriptive"


def test_several_events_are_read_jointly():
    both = Design((BAN, Event("b", "", dt.date(2023, 2, 1))), SERIES)
    alone = [Gate("separable", "pass")]
    assert judge.verdict_of(toy(np.full((10, 1), 100.0), both), alone).reading == "relative"
    assert judge.verdict_of(toy(np.full((10, 1), 100.0)), alone).reading == "causal"


@pytest.mark.parametrize("found", [[], [Gate("separable", "fail", cap="suggestive")], [Gate("separable", "not run")]])
def test_an_effect_not_told_from_others_is_not_read_as_causal(found):
    assert judge.verdict_of(toy(np.full((10, 1), 100.0)), found).reading == "relative"


def test_a_second_measure_in_the_window_makes_the_reading_joint():
    second = Event("second", "", dt.date(2023, 2, 1), dt.date(2023, 2, 1), products=("gallium",), role="default")
    known = vintage(noisy(drop=0.5))
    with_both = replace(known, events=EventCalendar((BAN, second)))
    method = registry.build("estimator", "baseline")
    assert judge.estimate(method, known, asked()).verdict.reading == "causal"
    assert judge.estimate(method, with_both, asked()).verdict.reading == "relative"


def test_a_withheld_estimate_is_removed_and_its_description_kept():
    made = toy(np.full((10, 1), 100.0), judgement=Judgement(SignificanceTest(0.1, 0.0, -1), mde80=3.0, margin=0.6), point=-50.0)
    gone = judge.apply_verdict(made, [Gate("a", "fail", cap="descriptive")])
    assert gone.counterfactual is None
    assert gone.point is None
    assert math.isnan(gone.p_value)
    assert math.isnan(gone.mde80)
    assert math.isnan(gone.judgement.margin)
    assert gone.description == made.description
    counted = judge.apply_verdict(made, [Gate("a", "fail", cap="cannot distinguish", withholds=True)])
    assert counted.counterfactual is None
    assert counted.verdict.reading == "descriptive"
    assert judge.apply_verdict(made, [Gate("a", "fail", cap="cannot distinguish")]).counterfactual is not None


def test_a_clear_loss_with_a_long_history_is_supported():
    made = judge.estimate(registry.build("estimator", "baseline"), vintage(noisy(drop=0.5)), asked())
    assert made.verdict.word == "supported"
    assert made.n_clean == 60
    assert len(made.placebos) >= 30
    assert len(made.apart) == 8  # 48 months, six at a time
    assert made.judgement.rank_p == made.judgement.rank_floor == 1 / 9
    assert made.p_value < 1e-9
    assert made.p_floor == 0
    assert made.frame()["verdict"].item() == "supported"


def test_no_loss_in_a_quiet_flow_is_no_material_effect_and_in_a_lumpy_one_cannot_be_distinguished():
    made = judge.estimate(registry.build("estimator", "baseline"), vintage(noisy(drop=0.0)), asked())
    assert made.verdict.word == "no material effect"
    assert made.counterfactual is not None
    assert made.judgement.margin <= 0.2
    lumpy = 100 * np.exp(0.9 * np.random.default_rng(4).standard_normal(72))
    wide = judge.estimate(registry.build("estimator", "baseline"), vintage(lumpy), asked())
    assert wide.verdict.word == "cannot distinguish"
    assert wide.judgement.margin > 0.2


def test_placebo_windows_hold_no_event_and_end_before_the_real_one():
    licence = Event("licence", "", dt.date(2021, 6, 1), dt.date(2021, 6, 1), products=("gallium",), role="default")
    known = vintage(noisy(), events=(licence, BAN))
    starts = [months.ordinal(w.event_start) for w in placebo.placebo_windows(known, asked())]
    busy = set(range(months.ordinal("2021-06"), months.ordinal("2021-09")))
    assert starts
    assert all(not busy & set(range(s, s + 6)) for s in starts)
    assert max(starts) + 6 <= months.ordinal("2023-01")
    assert min(starts) >= months.ordinal("2019-01")


def test_placebos_do_not_see_the_real_effect():
    method = registry.build("estimator", "regression")
    sizes = []
    for drop in (0.0, 0.9):
        found, _ = placebo.placebos_in_time(method, vintage(noisy(drop=drop)), asked(), most=3)
        sizes.append([p.cumulative for p in found])
    assert sizes[0] == sizes[1]


def test_no_clean_window_is_a_finding():
    found, findings = placebo.placebos_in_time(
        registry.build("estimator", "baseline"), vintage(noisy()[50:], first="2022-03"), asked()
    )
    assert found == []
    assert findings[0].text.startswith("0 clean windows")


def test_own_baselines_move_with_a_placebo():
    moved = placebo.placebo_windows(vintage(noisy()), asked(baselines=(("2022", "2022-01", "2022-12"),)))[-1]
    by = months.ordinal(moved.event_start) - months.ordinal("2023-01")
    assert moved.baselines[0][1] == months.label(months.ordinal("2022-01") + by)


def test_a_baseline_named_after_a_year_is_still_the_chosen_one_in_a_placebo():
    named = asked(baselines=("year_earlier", "last_full_year"), baseline="mean of 2022")
    known = vintage(noisy())
    moved = placebo.placebo_windows(known, named)[0]
    assert moved.named_baselines(known)[0].name == f"mean of {int(moved.event_start[:4]) - 1}"
    found, findings = placebo.placebos_in_time(registry.build("estimator", "baseline"), known, named)
    assert len(found) >= 30
    assert findings == []


def test_an_inner_question_may_see_less_but_never_more():
    known = vintage(noisy())
    method = registry.build("estimator", "counterfactual")
    ((_, task, hidden),) = method.asks(known, asked())
    assert hidden.observed(SERIES).last == months.ordinal("2022-12")
    assert task.months == months.months("2023-01", "2023-06")
    changed = vintage(np.r_[noisy()[:60], 1e6 * np.ones(12)])
    one, two = (answer(method, v, asked(), 1).counterfactual for v in (known, changed))
    assert np.array_equal(one, two)


def test_a_new_gate_takes_part_where_it_is_named_and_nowhere_else(tmp_path, monkeypatch):
    (tmp_path / "toy_gate.py").write_text(
        '"""Toy."""\n'
        "from dataclasses import dataclass\n"
        "from forecast.core.registry import check\n"
        "from forecast.core.effects import Gate\n"
        "@check\n@dataclass(frozen=True)\nclass Toy:\n"
        '    """Never satisfied."""\n'
        "    def judge(self, effect, evidence):\n"
        '        return Gate("toy_gate", "fail", reason="never", cap="suggestive")\n'
        "    def judge_family(self, effects):\n"
        '        return [Gate("toy_family", "fail", reason="all", cap="not identified") for _ in effects]\n'
    )
    monkeypatch.setattr(forecast.checks, "__path__", [*forecast.checks.__path__, str(tmp_path)])
    registry.names.cache_clear()
    try:
        method, known = registry.build("estimator", "baseline"), vintage(noisy(drop=0.5))
        plain, named = judge.estimate(method, known, asked()), ["shipped", "toy_gate"]
        assert plain.verdict.word == "supported"
        assert "toy_gate" not in [gate.gate for gate in plain.gates]
        made = judge.estimate(method, known, asked(), checks=named)
        assert made.verdict == judge.Verdict("suggestive", "causal", "never")
        assert made.gates[: len(plain.gates)] == plain.gates
        assert made.gates[-1].gate == "toy_gate"
        assert judge.apply_family_gates([made], named)[0].verdict.word == "not identified"
        assert judge.apply_family_gates([made])[0].verdict.word != "not identified"
    finally:
        registry.names.cache_clear()


def test_donors_are_other_goods_without_measures_of_their_own():
    archive = bundled_archive()
    found = untouched(archive, archive.events["us_ban_2024"], like="USA.import.WLD.gallium")
    goods = [series.rsplit(".", 1)[-1] for series in found]
    assert goods == ["arsenic", "boron", "ferrovanadium", "nickel", "selenium"]
    every = untouched(archive, archive.events["us_ban_2024"])
    assert not any("gallium" in s or "antimony" in s or "germanium" in s for s in every)


MAGNETS, TO_US = "CHN.export.WLD.re_magnets", "CHN.export.USA.re_magnets"
SB_CHINA, ORE = "USA.import.CHN.antimony_unwrought", "CHN.export.WLD.antimony_products_reuters"
LICENCE, BANNED = ["re_licensing_2025"], ["us_ban_2024", "enforcement_2025"]
SB_ALL, RESUMED = ["sb_licensing_2024", *BANNED], ["us_ban_suspension_2025"]
FLAT = ("last_full_year", "year_earlier", "last_12_clean")
SINCE = {"clean_from": "2023-09", "baselines": ("last_12_clean",)}
AGAIN = {"lag_months": 1, "estimand": "recovery", "clean_from": "2024-12", "baselines": ("last_12_clean",)}
WORLD = {"clean_from": "2023-01", "baselines": ("year_earlier", "last_12_clean")}
# question: events, series, first and last month, options, relative difference from the chosen baseline, verdict
HEADLINE = {
    "magnets, world, first quarter of licensing": (
        LICENCE, MAGNETS, "2025-04", "2025-06", {"baselines": FLAT}, -0.51, "suggestive",
    ),
    "magnets, world, net of a year": (
        LICENCE, MAGNETS, "2025-04", "2026-03", {"baselines": FLAT, "estimand": "net"}, -0.0003, "descriptive",  # grew
    ),
    "magnets, US, first quarter": (LICENCE, TO_US, "2025-04", "2025-06", {"baselines": FLAT}, -0.66, "suggestive"),
    "magnets, US, a year": (LICENCE, TO_US, "2025-04", "2026-03", {"baselines": FLAT}, -0.27, "descriptive"),
    "June deal, recovery, US": (
        ["us_china_deal_2025"], TO_US, "2025-06", "2025-06",
        {"estimand": "recovery", "baselines": [("May 2025", "2025-05", "2025-05")]}, 6.67, "not identified",
    ),
    "June deal, recovery, world": (
        ["us_china_deal_2025"], MAGNETS, "2025-06", "2025-06",
        {"estimand": "recovery", "baselines": [("May 2025", "2025-05", "2025-05")]}, 1.57, "not identified",
    ),
    "total rare earths": (
        LICENCE, "CHN.export.WLD.rare_earths_total", "2025-04", "2025-05", {}, -0.012, "cannot distinguish",
    ),
    "gallium to the US, exporter": (
        ["us_ban_2024"], "CHN.export.USA.gallium", "2024-12", "2025-11", {}, None, "not identified",
    ),
    "germanium of Chinese origin, a year": (
        BANNED, "USA.import.CHN.germanium_unwrought", "2024-12", "2025-11", SINCE, -0.52, "descriptive",
    ),
    "germanium of Chinese origin, May to November": (
        BANNED, "USA.import.CHN.germanium_unwrought", "2025-05", "2025-11", SINCE, -0.94, "cannot distinguish",
    ),
    "gallium of Chinese origin": (BANNED, "USA.import.CHN.gallium", "2024-12", "2025-11", SINCE, -0.22, "descriptive"),
    "antimony of Chinese origin, a year": (
        SB_ALL, SB_CHINA, "2024-12", "2025-11", {"baselines": [("year before", "2023-12", "2024-11")]}, -0.71, "descriptive",
    ),
    "antimony of Chinese origin, June to November": (
        SB_ALL, SB_CHINA, "2025-06", "2025-11", {"baselines": ("last_12_clean",)}, -1.0, "suggestive",
    ),
    "gallium, all origins": (BANNED, "USA.import.WLD.gallium", "2024-12", "2025-11", WORLD, 0.71, "descriptive"),
    "germanium, all origins": (BANNED, "USA.import.WLD.germanium_unwrought", "2024-12", "2025-11", WORLD, -0.22, "descriptive"),
    "germanium powders, all origins": (
        BANNED, "USA.import.WLD.germanium_powders", "2024-12", "2025-11", WORLD, -0.79, "descriptive",
    ),
    "antimony, all origins": (BANNED, "USA.import.WLD.antimony_unwrought", "2024-12", "2025-11", WORLD, -0.17, "descriptive"),
    "gallium, all origins, five months": (  # a rise
        BANNED, "USA.import.WLD.gallium", "2024-12", "2025-04", WORLD, 0.81, "cannot distinguish",
    ),
    "unit value of antimony": (
        BANNED, "USA.import.WLD.antimony_unwrought:usd", "2024-12", "2025-11",
        {**WORLD, "share_of": "USA.import.WLD.antimony_unwrought", "estimand": "relative"}, 1.6, "descriptive",
    ),
    "antimony oxide from Mexico": (
        BANNED, "USA.import.MEX.antimony_oxide:usd", "2025-01", "2025-04", {}, None, "not identified",
    ),
    "antimony licence, fourth quarter": (
        ["sb_licensing_2024"], ORE, "2024-10", "2024-12",
        {"baselines": [("early 2024", "2024-01", "2024-07")]}, -0.75, "descriptive",
    ),
    "antimony, ban month": (["us_ban_2024"], ORE, "2024-12", "2024-12", {}, None, "not identified"),
    "gallium licence, 2023": (
        ["gage_licensing_2023"], "CHN.export.WLD.gallium", "2023-08", "2023-11", {"baselines": FLAT}, -0.94, "descriptive",
    ),
    "germanium licence, 2025": (
        ["gage_licensing_2023"], "CHN.export.WLD.germanium", "2025-01", "2025-12",
        {"baselines": [("2022", "2022-01", "2022-12")]}, -0.74, "descriptive",
    ),
    "resumption, gallium": (RESUMED, "USA.import.CHN.gallium", "2025-12", "2026-07", AGAIN, None, "descriptive"),
    "resumption, antimony, six months": (RESUMED, SB_CHINA, "2026-02", "2026-07", AGAIN, None, "descriptive"),
}  # fmt: skip


@pytest.mark.parametrize("question", HEADLINE)
def test_headline_questions_get_the_verdict_the_data_carry(question):
    events, series, first, last, options, relative, verdict = HEADLINE[question]
    known = bundled_archive().latest
    design = Design([known.events[e] for e in events], series, start=first, stop=last, draws=500, **options)
    made = judge.estimate(registry.build("estimator", "baseline"), known, design)
    assert made.verdict.word == verdict, made.verdict
    assert made.verdict.because
    text = made.description
    assert np.isfinite(text.bounds("cumulative")[1]), "a headline row never stays empty"
    if relative is not None:
        assert text.chosen.relative == pytest.approx(relative, abs=0.006)
    if verdict in ("descriptive", "not identified"):
        assert made.counterfactual is None
        assert math.isnan(made.p_value)
