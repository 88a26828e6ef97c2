"""Cards: how each noun of the package shows itself; found by the name of its class, else made of its fields."""

from __future__ import annotations

from typing import Any

from forecast.report.cards import answers, data, fields, judgements, questions
from forecast.report.cards.card import Card

CARDS = {**data.CARDS, **questions.CARDS, **answers.CARDS, **judgements.CARDS}


def card_of(noun: Any) -> Card:
    """The card of an object: that of its class or of a class it descends from, else one of its fields."""
    for kind in type(noun).__mro__:
        if kind.__name__ in CARDS:
            made: Card = CARDS[kind.__name__](noun)
            return made
    return fields.field_card(noun)
