"""Numbers with their nouns."""

from __future__ import annotations


def pluralize(number: int, noun: str) -> str:
    """A number with its noun, which is in the plural unless the number is one.

    >>> [pluralize(1, "month"), pluralize(2, "month"), pluralize(20, "series"), pluralize(3, "country"), pluralize(2, "day")]
    ['1 month', '2 months', '20 series', '3 countries', '2 days']
    """
    if number == 1 or noun.endswith("series"):
        return f"{number} {noun}"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{number} {noun[:-1]}ies"
    return f"{number} {noun}s"
