"""Section on what was filed beforehand: only in a run whose config was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from forecast.core.registry import section
from forecast.report.blocks import Block, Callout
from forecast.report.numbers import day, join_with_and
from forecast.report.run_data import RunData


@section
@dataclass(frozen=True)
class FiledSection:
    """That the config of a run was filed before the figures came, when, and under which root hash."""

    order: ClassVar[float] = 10.5
    needs: ClassVar[tuple[str, ...]] = ()

    def blocks(self, data: RunData) -> list[Block]:
        """Empty unless a filed run of this very config was known when the run was written."""
        filed = data.run.info.get("filed") or []
        if not filed:
            return []
        told = join_with_and([f"{day(one['day'])} (root hash {one['root'][:16]}, {one['folder']})" for one in filed])
        return [
            Callout(
                f"Questions and forecasts of this config were filed beforehand, on {told}. This page stands on what was known "
                f"on {day(data.as_of)} and is not what was filed; `forecast follow` holds that against the figures since."
            )
        ]
