"""The section on antimony exports."""

from __future__ import annotations

import re


def test_a_ledger_of_descriptions_claims_no_cause(page: str) -> None:
    text = re.sub(r"<[^>]+>", "", page)
    assert "Ledger against the mean of January to July 2024: A = +3,378\u00a0t in Aug–Sep\u00a02024 (descriptive)" in text
    assert "net = −4,748\u00a0t in Aug–Dec\u00a02024 (descriptive). The surplus equals 42\u00a0%" in text
    assert "As descriptions, they claim no cause." in text
