"""The section on published claims."""

from __future__ import annotations


def test_claims_are_counted_and_carry_their_verdict(page: str) -> None:
    assert "Of 2 published claims, <strong>1</strong> holds within rounding and <strong>1</strong> cannot be checked." in page
    assert '<span class="chip holds-within-rounding">holds within rounding</span>' in page
    assert "+667.0\u00a0%" in page
    assert "no figure that tests it" in page
