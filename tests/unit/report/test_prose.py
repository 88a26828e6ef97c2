"""Sentences of an answer: what its verdict allows, against its row of the table."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import fields, replace

import pandas as pd
import pytest
from contracts.report_run import US

from forecast.core.events import Event, EventCalendar
from forecast.core.run import Run
from forecast.core.schema import EffectRow
from forecast.report import measure_phrases, prose
from forecast.report.comparison import benchmark_verdict
from forecast.report.effect_rows import EffectAnswer, effect_answer
from forecast.report.run_data import RunData
from forecast.report.table_blocks import headline_table


def _said(data: RunData, ident: str) -> str:
    return prose.answer_sentences(data, next(a for a in data.headline if a.id == ident))


def test_descriptive_claims_no_cause(data: RunData) -> None:
    text = _said(data, "3")
    assert "27\u00a0% (1,979\u00a0t) below the mean of 2024" in text
    assert "these data cannot say how much of it export licensing of Apr\u00a02025 caused, because only 23 clean months" in text
    assert "(7,444\u00a0t over as many months)" in text
    assert "estimate" not in text


def test_not_identified_is_followed_by_the_description(data: RunData) -> None:
    text = _said(data, "7")
    assert text.index("is not identified, because") < text.index(
        "What was observed: the last published level is 0\u00a0kg (Jan–Oct\u00a02024)"
    )


def test_bounds_name_the_range_over_baselines(data: RunData) -> None:
    assert "between 11\u00a0% below and 1.6\u00a0% above depending on the baseline" in _said(data, "2")
    assert "between 22 and 29\u00a0% below depending on the baseline" in _said(data, "3")
    assert "A share of 9.5\u00a0% was 3.3\u00a0pp below the mean of 2024 (12.8\u00a0%)" in _said(data, "5")


def test_a_sentence_gives_two_reasons_at_most_and_the_first_remark(data: RunData) -> None:
    answer = replace(next(a for a in data.headline if a.id == "1"), because="one; two; enforcement_2025 falls into it")
    text = prose.answer_sentences(data, answer)
    assert "because one, and two." in text
    assert text.endswith("The first remark.")
    assert len(prose.verdict_reasons(data, answer)) == 3


def test_a_test_is_told_with_what_it_compares_its_floor_and_its_rank(data: RunData) -> None:
    answer = replace(next(a for a in data.headline if a.id == "1"), p_value=0.012, p_floor=0.0, score="log", n_apart=21)
    alone = replace(answer, p_rank=math.nan, p_rank_floor=math.nan)
    assert prose.test_text(alone) == "p 0.012 (log)"
    assert prose.test_text(replace(answer, p_rank=0.09, p_rank_floor=0.05)) == (
        "p 0.012 (log); rank 0.090 among 21 windows without an event"
    )
    few = replace(answer, p_rank=0.25, p_rank_floor=0.25)  # a rank that cannot be low tells nothing
    assert prose.test_text(few) == "p 0.012 (log)"
    own = replace(alone, score="the estimator's own test", p_value=0.08, p_floor=0.04)
    assert prose.test_text(own) == "p 0.080 (the estimator's own test), lowest possible 0.040"
    assert prose.test_text(replace(own, p_value=0.04)) == "p 0.040 (the estimator's own test), the lowest possible"
    assert prose.test_text(replace(alone, p_value=1e-9)) == "p below 0.001 (log)"
    assert prose.test_text(replace(alone, p_value=math.nan)) == ""


def test_a_finding_of_no_material_effect_names_its_margin(data: RunData) -> None:
    answer = replace(next(a for a in data.headline if a.id == "1"), verdict="no material effect", margin=0.14)
    told = prose.verdict_sentence(data, answer)
    assert "No material effect of" in told
    assert "as a share of what was expected, its 90\u00a0% interval stays within 14\u00a0% either way" in told
    assert "cannot be told from none" not in told


def test_no_id_and_no_hyphen_for_a_minus_is_left_in_a_text(data: RunData) -> None:
    text = prose.in_words(
        data, f"2 t of {US} in 2025-06, -38.4 % by us_ban_2024 (2024-12-03) on 2024-01/2024-10 of rare_earths"
    )
    assert text == (
        "2 t of rare-earth permanent magnets (China to US) in Jun\u00a02025, −38.4\u00a0% by the export ban of Dec\u00a02024 "
        "(3\u00a0Dec\u00a02024) on Jan–Oct\u00a02024 of rare earths"
    )


@pytest.mark.parametrize("reading", ["descriptive", "none"])
def test_no_effect_is_stated_where_the_reading_forbids_it(data: RunData, reading: str) -> None:
    answer = replace(next(a for a in data.headline if a.id == "1"), reading=reading)
    assert "The estimate for" not in prose.verdict_sentence(data, answer)


def test_beats_only_where_the_interval_lies_below_one() -> None:
    assert benchmark_verdict(0.8, 0.7, 0.95) == "beats it"
    assert benchmark_verdict(0.8, 0.7, 1.05) == "not shown to beat it"
    assert benchmark_verdict(1.1, 0.9, 1.4) == "does not beat it"
    assert benchmark_verdict(1.2, 1.1, 1.4) == "is worse"
    assert benchmark_verdict(0.5, math.nan, math.nan) == "ratio only, no test"


def test_the_ledger_adds_up_in_words(data: RunData) -> None:
    told = _said(data, "16")
    assert "Ledger: before the start A = +3,000\u00a0t (80\u00a0% interval +2,000\u00a0t to +4,000\u00a0t)" in told
    assert "after it P = −5,000\u00a0t; net −2,000\u00a0t" in told


def _words(data: RunData, answer: object) -> tuple[str, str]:
    """The sentence of an answer, and the cells of its row, as plain text."""
    first, second = headline_table(data, [answer], "x").rows
    cells = " | ".join(f"{cell.text} {cell.sub}" for row in (first, second) for cell in row)
    return prose.answer_sentences(data, answer), cells


def test_the_report_never_contradicts_its_table(small: Run, data: RunData) -> None:
    table = small.effects.set_index(["id", "role"])
    for answer in data.headline:
        row = table.loc[(answer.id, "headline")]
        told, cells = _words(data, answer)
        stands = bool(pd.notna(row["estimate"]))
        for text in (told, cells):
            assert ("cannot be told from none" in text) == (row["verdict"] == "cannot distinguish"), answer.id
            assert ("is not identified" in text) == (row["verdict"] == "not identified"), answer.id
            assert ("these data cannot say" in text.lower()) == (row["verdict"] == "descriptive"), answer.id
            assert not ("is supported" in text and row["verdict"] != "supported"), answer.id
            assert ("Ledger:" in text) == (stands and pd.notna(row["anticipation"])), answer.id
        assert cells.split(" | ")[3].startswith(str(row["verdict"]))
        assert ("The estimate" in told or "estimate for" in told) == stands, answer.id
        if stands:
            assert prose.amount(answer, answer.estimate) in told
            assert prose.amount(answer, answer.estimate) in cells
        else:
            assert "no estimate" in cells


def test_a_null_prints_what_it_could_have_seen(data: RunData) -> None:
    nulls = [a for a in data.headline if a.verdict == "cannot distinguish"]
    assert len(nulls) == 2
    for answer in nulls:
        told, cells = _words(data, answer)
        if answer.has_estimate:
            least = "4,200\u00a0t (43\u00a0% of what was expected)"
            assert f"Only an effect of {least} or more would be seen with a chance of 80" in told
            assert f"smallest effect seen with 80\u00a0% power {least}" in cells
        else:
            assert "cannot be said, because none was estimated" in told
            assert "no smallest effect that would be seen" in cells


def _window_of_lithium(**more: object) -> EffectAnswer:
    """An answer on ten months of a flow, with a level of 100 t a month before."""
    given = {
        "series": "CHL.export.WLD.lithium_carbonate", "event": "ban", "months_from": "2023-03", "months_to": "2023-12",
        "months_observed": "2023-03/2023-12", "desc_estimate": -900e3, "observed_total": 100e3, "expected": 1000e3,
        "estimate": -900e3, "lo95": -950e3, "hi95": -850e3, "verdict": "suggestive", "reading": "causal", "unit": "kg",
        "level_unit": "kg", "measure": "cumulative", "baseline": "same months a year earlier", "because": "it is short",
    }  # fmt: skip
    empty = {f.name: "" if f.type == "str" else math.nan if f.type == "float" else 0 for f in fields(EffectRow)}
    return effect_answer(EffectRow(**(empty | given | more)))


def _calendar_of(data: RunData, *events: Event) -> RunData:
    own = RunData(data.run)
    own.__dict__["calendar"] = EventCalendar(events)
    return own


def _measure(name: str, effective: str, instrument: str = "ban", **more: object) -> Event:
    day = dt.date.fromisoformat(effective)
    given = {"imposed_by": ("CHL",), "products": ("lithium_carbonate",), "role": "default", "instrument": instrument} | more
    return Event(name, "", day, day, **given)


def test_months_without_a_figure_are_named(data: RunData) -> None:
    own = _calendar_of(data, _measure("ban", "2023-03-01"))
    whole = prose.answer_sentences(own, _window_of_lithium()).replace("\u00a0", " ")
    assert "Mar–Dec 2023.**" in whole
    assert "(1,000 t over as many months)" in whole
    holes = _window_of_lithium(months_observed="2023-03/2023-05 and 2023-07 and 2023-09/2023-12")
    text = prose.answer_sentences(own, holes).replace("\u00a0", " ")
    assert "Mar–Dec 2023, 8 of 10 months (Jun and Aug 2023 have no figure).**" in text
    assert "(1,000 t over 8 months)" in text
    one = _window_of_lithium(months_observed="2023-03/2023-11")
    assert "9 of 10 months (Dec 2023 has no figure)" in prose.answer_sentences(own, one).replace("\u00a0", " ")


def test_every_measure_in_the_window_is_named_where_the_reading_is_joint(data: RunData) -> None:
    others = _measure("campaign", "2023-05-01", "enforcement"), _measure("talks", "2023-06-01", "deal")
    own = _calendar_of(data, _measure("ban", "2023-03-01"), *others, _measure("later", "2024-02-01"))
    joint = prose.answer_sentences(own, _window_of_lithium(reading="relative")).replace("\u00a0", " ")
    assert "for the ban of Mar 2023, the enforcement campaign of May 2023 and the deal of Jun 2023 together is" in joint
    # a share of one measure is relative, and has no other to be joint with
    alone = prose.answer_sentences(_calendar_of(data, _measure("ban", "2023-03-01")), _window_of_lithium(reading="relative"))
    assert "The relative estimate for the ban of Mar\u00a02023 is" in alone
    # a description speaks of the event asked about
    described = _window_of_lithium(reading="descriptive", verdict="descriptive", estimate=math.nan)
    assert "how much of it the ban of Mar\u00a02023 caused" in prose.answer_sentences(own, described)


def test_months_after_the_end_are_named(data: RunData) -> None:
    ended = _measure("ban", "2023-03-01", end=dt.date(2023, 8, 1), end_announced=dt.date(2023, 7, 15))
    text = prose.answer_sentences(_calendar_of(data, ended), _window_of_lithium()).replace("\u00a0", " ")
    assert "The measure ended on 1 Aug 2023: 5 of these 10 months lie after the end." in text
    lifted = _measure("lifted", "2023-12-01", "suspension", reversal_of="ban")
    text = prose.answer_sentences(_calendar_of(data, _measure("ban", "2023-03-01"), lifted), _window_of_lithium())
    assert "The measure ended on 1\u00a0Dec\u00a02023: 1 of these 10 months lies after the end." in text
    aftermath = _window_of_lithium(months_from="2023-09")
    text = prose.answer_sentences(_calendar_of(data, ended), aftermath).replace("\u00a0", " ")
    assert "The measure ended on 1 Aug 2023, before the months asked." in text
    assert "ended" not in prose.answer_sentences(_calendar_of(data, _measure("ban", "2023-03-01")), _window_of_lithium())
    unanswered = _window_of_lithium(months_to="", months_observed="", observed_total=math.nan, verdict="not identified")
    assert measure_phrases.past_end_sentence(_calendar_of(data, ended), unanswered) == ""
