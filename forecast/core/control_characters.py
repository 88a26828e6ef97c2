"""Control characters: what no page, drawing or terminal is handed, whoever wrote the text."""

from __future__ import annotations

import re

# C0 and C1 but for tab and line feed, halves of a pair, and what XML forbids: a terminal obeys some, no format takes them all
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def printable_text(text: str) -> str:
    r"""A text with line feeds for all line breaks and the replacement mark for every control character.

    >>> shown("a\x1b[31mb\r\nc").split("\n")
    ['a�[31mb', 'c']
    """
    return _CONTROLS.sub("\ufffd", _BREAKS.sub("\n", text))


def one_line(text: str) -> str:
    r"""The same on one line, without space at its ends.

    >>> one_line(" a\n\n  b")
    'a b'
    """
    return " ".join(line for part in printable_text(text).split("\n") if (line := part.strip()))
