"""Answers to varied questions."""

from __future__ import annotations

from forecast.report.run_data import RunData
from forecast.report.sensitivity_blocks import variation_sentence


def test_the_same_question_asked_otherwise_is_told_as_its_table_has_it(data: RunData, page: str) -> None:
    found = data.variations["1"]
    own = next(a for a in data.headline if a.id == "1")
    told = variation_sentence(data, own, found)
    assert "(suggestive, −51\u00a0%): the same verdict in 1 of 2 answers." in told  # the third could not be given
    assert "0.01: −46\u00a0%" in told
    assert "31\u00a0May\u00a02025: cannot distinguish, −46\u00a0% (Apr\u00a02025)" in told
    assert "31\u00a0Mar\u00a02025: no answer" in told
    assert "export licensing of Apr\u00a02025 was not announced by 31\u00a0Mar\u00a02025" in page
    assert "How firm: the same question asked otherwise (3 answers)" in page
