"""Words that claim a cause, beside a number whose verdict does not support one."""

from __future__ import annotations

import re

# that one thing made another: only a supported effect may stand beside them
STRONG = (
    "as a consequence of", "as a result of", "because of", "brought about", "caused", "causes", "causing", "driven by",
    "due to", "lead to", "leads to", "led to", "owing to", "responsible for", "resulted in", "resulting from", "thanks to",
    "triggered",
)  # fmt: skip
# that one thing acted on another: a suggestive effect may stand beside them too
WEAK = ("consequence of", "effect of", "effects of", "impact of", "impact on", "lost to", "reduced by the", "cost of the")
FREE = ("supported", "")  # verdicts beside which every word may stand; what has no verdict claims nothing
NEGATION = re.compile(r"\b(no|not|never|nor|neither|without|cannot|whether)\b|n[’']t\b", re.IGNORECASE)
BEFORE = 40  # characters in which a negation is looked for


def causal_word(sentence: str, verdict: str) -> str:
    """The first word of a sentence that claims more than the verdict allows; empty if there is none, or it is negated."""
    if verdict in FREE:
        return ""
    words = STRONG if verdict == "suggestive" else (*STRONG, *WEAK)
    text = " ".join(sentence.split())
    found = []
    for word in words:
        for match in re.finditer(rf"\b{re.escape(word)}\b", text, re.IGNORECASE):
            before = text[max(0, match.start() - BEFORE) : match.start()]
            if not NEGATION.search(re.sub(r"\bnot (only|just|least)\b", "", before, flags=re.IGNORECASE)):
                found.append((match.start(), match[0]))
    return min(found)[1] if found else ""
