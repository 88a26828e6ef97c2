"""Removal of control characters from text that is written to a page, a drawing or a terminal."""

from __future__ import annotations

import re

# C0 and C1 except tab and line feed, surrogates, and what XML forbids: terminals act on some, and no format accepts all
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def printable_text(text: str) -> str:
    r"""The text with all line breaks as line feeds and every control character replaced by U+FFFD.

    >>> printable_text("a\x1b[31mb\r\nc").split("\n")
    ['a�[31mb', 'c']
    """
    return _CONTROLS.sub("\ufffd", _BREAKS.sub("\n", text))


def one_line(text: str) -> str:
    r"""The printable text on one line, without leading or trailing space.

    >>> one_line(" a\n\n  b")
    'a b'
    """
    return " ".join(line for part in printable_text(text).split("\n") if (line := part.strip()))
