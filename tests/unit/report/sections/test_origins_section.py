"""The section on US imports by origin."""

from __future__ import annotations

import re


def test_the_ban_stands_in_each_record_with_its_own_verdict(page: str) -> None:
    start = page.index("The ban by record")
    section = re.sub(r"<[^>]+>", " ", page[start : page.index("</table>", start)])
    order = ["China&#x27;s record", "not identified", "declared Chinese origin", "descriptive", "all origins", "suggestive"]
    places = [section.index(word) for word in order]
    assert places == sorted(places)
