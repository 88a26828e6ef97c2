"""Section on what was filed beforehand: only in a run whose config was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from forecast.core.registry import section
from forecast.report.blocks import Block, Bullets, Callout, Prose
from forecast.report.filed_beforehand import filings_told
from forecast.report.numbers import day
from forecast.report.run_data import RunData

SEVERAL = (
    "This config was filed {} times. Each filing stands by itself; that one of several came out right shows less than it would "
    "of one alone."
)


@section
@dataclass(frozen=True)
class FiledSection:
    """That the config of a run was filed before the figures came, when, what, and whether the run's numbers are those."""

    order: ClassVar[float] = 10.5
    needs: ClassVar[tuple[str, ...]] = ()

    def blocks(self, data: RunData) -> list[Block]:
        """Empty unless a filed run of this very config is known."""
        filings = filings_told(data.run, data.ahead)
        out: list[Block] = [Prose(SEVERAL.format(len(filings)))] if len(filings) > 1 else []
        for told, claims in filings:
            out.append(Callout(f"{told} This page stands on what was known on {day(data.as_of)}."))
            if claims:
                out += [Prose("Claimed beforehand:", "note"), Bullets(claims)]
        return out
