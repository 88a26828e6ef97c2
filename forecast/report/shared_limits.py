"""Limits that several answers share, said once with the answers that they concern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forecast.core.schema import GateRow
from forecast.report.effect_rows import EffectAnswer
from forecast.report.numbers import capitalize, join_with_and
from forecast.report.run_data import RunData

HAVE = " and there "  # separates what a claim needs from what there is


@dataclass(frozen=True)
class SharedLimits:
    """Sentences on the limits, and the reasons of the checks that they stand for."""

    sentences: tuple[str, ...] = ()
    reasons: frozenset[str] = frozenset()


def shared_limits(data: RunData, answers: Sequence[EffectAnswer]) -> SharedLimits:
    """Too few clean months, and other measures in the same months, where two answers or more give it as their reason."""
    ids = {a.job: a for a in answers}
    given = [r for r in data.rows(GateRow) if r.job in ids and not r.family and r.reason and r.reason in ids[r.job].because]
    sentences, reasons = [], set[str]()
    short: dict[str, list[GateRow]] = {}
    for row in given:
        if row.gate == "length" and HAVE in row.reason:
            short.setdefault(row.reason.partition(HAVE)[0], []).append(row)
    for needs, rows in sorted(short.items(), key=lambda item: -len(item[1])):
        if len(rows) > 1:
            rows.sort(key=lambda r: answers.index(ids[r.job]))
            have = [f"{ids[r.job].id} has {r.value:.0f}" for r in rows]
            sentences.append(f"{capitalize(needs)}: {join_with_and(have)}.")
            reasons |= {r.reason for r in rows}
    mixed = sorted((r for r in given if r.gate == "separable"), key=lambda r: answers.index(ids[r.job]))
    if len(mixed) > 1:
        names = join_with_and([ids[r.job].id for r in mixed])
        sentences.append(f"Other measures fall into the same months in {names}: what is estimated is what they did together.")
        reasons |= {r.reason for r in mixed}
    return SharedLimits(tuple(sentences), frozenset(reasons))
