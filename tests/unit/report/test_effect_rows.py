"""Answers in display units: amounts by the unit of the row or of its levels, ratios and counts as they are."""

from dataclasses import fields

import pytest

from forecast.core.schema import EffectRow
from forecast.report.effect_rows import effect_answer

MAGNETS = "CHN.export.WLD.re_magnets"  # kilograms in the archive, tonnes for a reader
NUMBERS = {f.name: 2000.0 for f in fields(EffectRow) if f.type == "float"}
TEXTS = {f.name: "" for f in fields(EffectRow) if f.type == "str"}


def answered(measure, unit):
    given = TEXTS | NUMBERS | {"series": MAGNETS, "unit": unit, "level_unit": "kg", "measure": measure, "n_clean": 29}
    return effect_answer(EffectRow(**given))


def test_amounts_are_tonnes_and_ratios_stay():
    answer = answered("cumulative", "kg")
    assert {answer.estimate, answer.lo95, answer.mde80, answer.desc_lo} == {2.0}
    assert {answer.observed_total, answer.expected, answer.anticipation, answer.net_hi80} == {2.0}
    assert {answer.p_value, answer.breakdown} == {2000.0}
    assert (answer.n_clean, answer.n_placebo) == (29, 0)


def test_a_relative_answer_has_no_unit_but_its_levels_and_what_was_brought_forward_have():
    answer = answered("relative", "")
    assert {answer.estimate, answer.hi80, answer.desc_estimate} == {2000.0}
    assert {answer.observed_total, answer.expected} == {2.0}
    assert {answer.anticipation, answer.anticipation_lo80, answer.net, answer.net_hi80} == {2.0}


@pytest.mark.parametrize("name", ["estimate", "observed_total", "p_value"])
def test_a_share_is_never_divided(name):
    assert getattr(answered("share", ""), name) == 2000.0
