"""The strongest verdict that a question can reach is told from the figures and the calendar, and is never passed."""

import pytest

import forecast as fc
from forecast.core import registry
from forecast.core.archive import bundled_archive
from forecast.core.questions import replace_design
from forecast.jobs.load import load, read_archive
from forecast.jobs.plan import make_plan
from forecast.study.effects.best_verdict import best_verdicts
from forecast.study.effects.judge import VERDICTS_BY_STRENGTH

BASELINE = registry.build("estimator", "baseline")


def best(*designs, checks=None, method=BASELINE, vintage=None):
    known = vintage or bundled_archive().latest
    return best_verdicts([(method, design) for design in designs], known, checks)


def design(event, treated, **more):
    events = bundled_archive().latest.events
    return fc.Design([events[e] for e in ([event] if isinstance(event, str) else event)], treated, **more)


MAGNETS = design("re_licensing_2025", "CHN.export.WLD.re_magnets", start="2025-04", stop="2025-06")
TOTAL = design("re_licensing_2025", "CHN.export.WLD.rare_earths_total", start="2025-04", stop="2025-05")


@pytest.mark.parametrize(
    ("asked", "word", "because"),
    [
        (MAGNETS, "suggestive", "a firm claim needs 36 clean months before the event and there are only"),
        (TOTAL, "suggestive", "enforcement_2025 falls into the same months"),
        (
            design("us_ban_2024", "USA.import.WLD.gallium:usd", share_of="USA.import.WLD.gallium", measure="share"),
            "descriptive", "values and unit values mix prices",
        ),
        (
            design("us_china_deal_2025", "CHN.export.USA.re_magnets", start="2025-06", stop="2025-06", estimand="recovery"),
            "not identified", "only 1 month of the regime compared with is known",
        ),
        (
            design("us_ban_2024", "CHN.export.USA.gallium", stop="2025-11"),
            "not identified", "already zero in all months compared with",
        ),
        (
            design("us_ban_2024", "USA.import.THA.antimony_oxide"),
            "not identified", "no figure of USA.import.THA.antimony_oxide is known",
        ),
        (
            design("us_ban_2024", "USA.import.CHN.gallium", clean_from="2023-09", start="2024-12", stop="2025-11"),
            "descriptive", "needs 24 clean months before the event and there are only 15",
        ),
        (
            design("us_ban_2024", "USA.import.CHN.germanium_unwrought", start="2026-07", stop="2026-12"),
            "descriptive", "of the 6 months asked have no figure",
        ),
    ],
)  # fmt: skip
def test_the_reason_is_that_of_the_gate_that_fails_whatever_is_estimated(asked, word, because):
    (found,) = best(asked)
    assert found.word == word
    assert because in found.because
    assert found.family == found.because_family == ""


def test_gates_named_or_left_out_count():
    (strict,) = best(MAGNETS, checks=["shipped", {"use": "length", "some": 60}])
    assert (strict.word, "needs 60 clean months" in strict.because) == ("descriptive", True)
    (less,) = best(TOTAL, checks=[name for name in registry.names("check") if name not in ("separable", "sign")])
    assert less.word == "cannot distinguish"
    assert less.because == "sign left out by the config"


LOOSE = [{"use": "length", "full": 12, "full_ratio": 1.0}, {"use": "separable", "apart": -99}]


@pytest.mark.parametrize(
    ("clean_from", "word", "because"),
    [
        ("2024-06", "descriptive", "clean months before the event and there are only"),
        ("2024-03", "supported", ""),  # no window of this length before the event
        ("2023-12", "supported", ""),  # three of them
        (None, "supported", ""),
    ],
)
def test_few_windows_limit_nothing(clean_from, word, because):
    (found,) = best(replace_design(TOTAL, clean_from=clean_from), checks=["shipped", *LOOSE])
    assert found.word == word
    assert because in found.because


def test_the_test_of_the_draws_has_no_lowest_value_that_a_family_could_exceed():
    rows = [replace_design(TOTAL, stop=stop) for stop in ("2025-04", "2025-05")]
    found = best(*rows, checks=["shipped", *LOOSE, {"use": "multiplicity", "level": 0.001}])
    assert [(one.word, one.family) for one in found] == [("supported", "")] * 2


@pytest.mark.parametrize("config", ["quick"])
def test_no_question_passes_what_was_told_before(config):
    asked = load(config)
    plan = make_plan(asked, read_archive(asked))
    rows = [(registry.build("estimator", s), b.design) for b in plan.batches if b.row is not None for s in b.spec.values()]
    strength = VERDICTS_BY_STRENGTH.index
    for (method, one), told in zip(rows, best_verdicts(rows, plan.vintage), strict=True):
        made = fc.estimate(method, plan.vintage, one, asked.seed, placebos=10)
        assert strength(made.verdict.word) >= strength(told.word), one.treated
