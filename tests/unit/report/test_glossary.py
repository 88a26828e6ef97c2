"""The glossary holds every word that the package itself uses of its kind, and no other."""

import typing

import pytest

from forecast.core.effects import Effect
from forecast.core.judgement import VERDICTS
from forecast.core.questions import ESTIMANDS, MEASURES
from forecast.report import glossary
from forecast.study.effects.shipped_gates import SHIPPED_GATES
from forecast.study.evaluate.policy_regimes import REGIMES


def words(kind):
    return [term.word for term in glossary.terms(kind)]


@pytest.mark.parametrize(
    ("kind", "used"), [("verdict", VERDICTS), ("asked", ESTIMANDS), ("measure", MEASURES), ("regime", REGIMES)]
)
def test_a_kind_holds_the_words_of_the_package(kind, used):
    assert sorted(words(kind)) == sorted(used)


def test_every_shipped_gate_is_told_in_plain_words():
    assert set(glossary.GATE_MEANINGS) == set(words("gate"))
    assert set(SHIPPED_GATES) <= set(words("gate"))
    assert Effect.__dataclass_fields__["reads"].default in words("reading")


def test_a_gate_that_is_not_shipped_is_told_by_its_own_sentence(monkeypatch):
    monkeypatch.delitem(glossary.GATE_MEANINGS, "mirror")
    glossary.terms.cache_clear()
    assert glossary.meaning("mirror", "gate").startswith("Exporter's and partner's figures")
    glossary.terms.cache_clear()


def test_meanings_are_whole_and_every_kind_has_some():
    assert set(glossary.KINDS) == set(typing.get_args(glossary.Kind)) == {term.kind for term in glossary.terms()}
    for term in glossary.terms():
        assert term.meaning.strip() == term.meaning.rstrip(".") != "", term
    assert glossary.meaning("relative", "reading") != glossary.meaning("relative")
    assert glossary.meaning("no such word") == ""
