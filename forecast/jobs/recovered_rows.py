"""What came back of each question's loss, as rows of the run folder's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from forecast.core.results import Summary
from forecast.core.schema import RecoveredRow
from forecast.jobs.batch_results import BatchResult
from forecast.jobs.plan import Plan
from forecast.prep.baselines import unit_of
from forecast.study.effects.recovered import LEVELS, Recovered, Recovery


def recovered_rows(plan: Plan, results: Sequence[BatchResult]) -> list[RecoveredRow]:
    """A row for each period of a known path, its loss first; a single one, without a month, where there is no path."""
    designs = {batch.name: batch.design for batch in plan.batches}
    rows = []
    for result in results:
        for label, found in result.recovered.items():
            design = designs[result.batch]
            assert design is not None
            whole = _whole_row(f"{result.batch}|{label}", result.batch, found, unit_of(design), plan)
            if found.recovery is None:
                rows.append(whole)
                continue
            path, steps = found.recovery, plan.vintage.steps
            months = [steps.label(last) for _, last in path.periods]
            rows += [replace(whole, month=month, **_cells(path, i + 1)) for i, month in enumerate(months)]
    return rows


def _whole_row(job: str, name: str, found: Recovered, unit: str, plan: Plan) -> RecoveredRow:
    """What holds for the whole path: how far it is known, its months, and its description."""
    label = plan.vintage.steps.label
    row = RecoveredRow(
        job=job, id=name, month="", state=found.state, reason=found.reason, unit=unit, turned_by="", turned="",
        months_from="", months_to="", since_from="", since_to="", baseline="", unknown=", ".join(found.unknown),
        others="+".join(found.others), standing="+".join(found.standing), holding="+".join(found.holding),
    )  # fmt: skip
    if found.turn:
        row = replace(row, turned_by=found.turn.event, turned=found.turn.day.isoformat())
    if found.months:
        row = replace(row, months_from=label(found.months[0]), months_to=label(found.months[1]))
    if found.since:
        row = replace(row, since_from=label(found.since[0]), since_to=label(found.since[1]))
    if found.described:
        baseline, lost, back = found.described
        row = replace(row, baseline=baseline, desc_lost=lost, desc_back=back)
    return row


def _cells(path: Recovery, upto: int) -> dict[str, Any]:
    """Cumulative loss up to a period and, after the loss, what had come back by then."""
    cells = _sum_cells("lost", path.loss(upto))
    if upto <= path.lost_periods:
        return cells
    share, bounds = path.share(upto)
    cells |= _sum_cells("back", path.back(upto)) | {"share": share}
    for level, (low, high) in zip(LEVELS, bounds, strict=True):
        cells |= {f"share_lo{round(100 * level)}": low, f"share_hi{round(100 * level)}": high}
    left = path.balance(upto)
    low, high = left.interval(0.95)
    return cells | {"left": left.estimate, "left_lo95": low, "left_hi95": high}


def _sum_cells(name: str, part: Summary) -> dict[str, float]:
    """A sum with its bounds at each level."""
    cells = {name: part.estimate}
    for level in LEVELS:
        low, high = part.interval(level)
        cells |= {f"{name}_lo{round(100 * level)}": low, f"{name}_hi{round(100 * level)}": high}
    return cells
