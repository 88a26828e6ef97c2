"""One event has one letter on the page, one number one spelling, and a limit of several answers stands once."""

import re
from dataclasses import replace

from forecast.core.schema import GateRow
from forecast.report import prose
from forecast.report.chosen_answers import grade_sentence
from forecast.report.compose import compose
from forecast.report.event_key import letter_events, letter_of
from forecast.report.page import figures
from forecast.report.renderers import html
from forecast.report.shared_limits import shared_limits


def test_a_letter_means_the_same_event_in_every_figure(small, data):
    keys = [pair for figure in figures(compose(small)) for pair in figure.key]
    assert len(keys) > len(set(keys)) > 1, "some event stands in more than one figure"
    assert len({letter for letter, _ in keys}) == len({text for _, text in keys}) == len(set(keys))
    late = letter_events(data, data.histories, 24299, 24400)  # from December 2024 on: letters do not begin again
    assert "A" not in late
    assert (letter_of(26), letter_of(51), letter_of(52)) == ("AA", "AZ", "BA")


def test_the_contents_lead_to_chapters(small):
    page = html.render(compose(small))
    links = re.findall(r'<a href="#([^"]+)"', page)
    anchors = re.findall(r'<h2 id="([^"]+)"', page)
    assert set(links) == set(anchors)
    assert "glossary" in anchors
    assert all(anchors)


def test_limits_of_several_answers_are_told_once_with_their_rows(data):
    """Two answers with too few clean months and a measure in the same months: said in two sentences, in neither answer."""
    one, other = (a for a in data.headline if a.id in ("1", "2"))
    needs = "a firm claim needs 36 clean months before the event and there are only {}"
    mixed = "enforcement_2025 falls into the same months"
    answers = [
        replace(a, verdict="suggestive", because=f"{needs.format(n)}; {mixed}; p = 0.040: above 0.01")
        for a, n in ((one, 29), (other, 14))
    ]
    gates = [
        GateRow(job=a.job, gate=gate, outcome="fail", value=value, threshold=36.0, reason=reason, family=False)
        for a, n in zip(answers, (29, 14), strict=True)
        for gate, value, reason in (("length", float(n), needs.format(n)), ("separable", 1.0, mixed))
    ]
    told = replace(data, _rows=data._rows | {GateRow: gates})
    shared = shared_limits(told, answers)
    assert shared.sentences[0] == "A firm claim needs 36 clean months before the event: 1 has 29 and 2 has 14."
    assert shared.sentences[1].startswith("Other measures fall into the same months in 1 and 2:")
    clause = prose.because_clause(told, answers[0], shared.reasons)
    assert clause == ", because p = 0.040: above 0.01, and for limits that several answers share"
    assert "36 clean months" in prose.because_clause(told, answers[0])
    assert shared_limits(told, answers[:1]).sentences == ()


def test_a_p_value_in_a_reason_is_spelled_as_in_its_table(data):
    answer = next(a for a in data.headline if a.id == "1")
    assert prose.reason_in_words(data, answer, "p = 0.543: above 0.05") == "p = 0.54: above 0.05"
    assert prose.reason_in_words(data, answer, "p = 0.013: above 0.01") == "p = 0.013: above 0.01"
    found = prose.reason_in_words(data, answer, "the estimate is 0.0% of the counterfactual, below 5%")
    share = abs(answer.estimate / (answer.observed_total - answer.estimate))
    assert found.startswith(f"the estimate is {100 * share:.0f}\u00a0% of the counterfactual")


def test_the_report_says_how_many_answers_reach_the_highest_grade(small, data):
    firm = sum(a.verdict == "supported" for a in data.headline)
    sentence = grade_sentence(data, "**supported**, the highest grade")
    assert ("No finding" in sentence) == (firm == 0)
    assert sum(sentence in getattr(block, "text", "") for block in compose(small)) == 1
