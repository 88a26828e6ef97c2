"""Answers on events whose verdict, reason, estimate or interval differs between two runs, in display units."""

from __future__ import annotations

import math
from dataclasses import dataclass

from forecast.core.schema import GateRow
from forecast.report.effect_rows import EffectAnswer
from forecast.report.run_data import RunData


@dataclass(frozen=True)
class VerdictMove:
    """An answer on an event whose verdict, reason, estimate or interval differs; a side without the answer is None.

    kind : "verdict", "figures", "added" or "removed"; gates : checks with another outcome, as `name: old -> new (reason)`
    """

    kind: str
    id: str
    estimator: str
    role: str
    old: EffectAnswer | None
    new: EffectAnswer | None
    gates: tuple[str, ...] = ()

    @property
    def answer(self) -> EffectAnswer:
        """The later answer, or the earlier where it is gone."""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def moved(self) -> float:
        """Change of the estimate over the width of the earlier 80 % interval; 0 where either run has none."""
        if not (self.old and self.new and self.old.has_estimate and self.new.has_estimate):
            return 0.0
        change, width = self.new.estimate - self.old.estimate, self.old.hi80 - self.old.lo80
        return change / width if width > 0 else math.copysign(math.inf, change) if change else 0.0


def verdict_moves(old: RunData, new: RunData) -> tuple[VerdictMove, ...]:
    """Answers on events that differ: other words first, then other estimates by their move, added, removed."""
    before, after = ({(a.id, a.estimator): a for a in data.answers} for data in (old, new))
    gates = [_outcomes(data) for data in (old, new)]
    found = []
    for key in {**after, **before}:
        one, other = before.get(key), after.get(key)
        kind = "added" if one is None else "removed" if other is None else _answer_kind(one, other)
        if kind:
            role = (other or before[key]).role
            turned = _turned_gates(gates[0].get(one.job, {}), gates[1].get(other.job, {})) if one and other else ()
            found.append(VerdictMove(kind, *key, role, one, other, turned))
    order = ("verdict", "figures", "added", "removed")
    return tuple(sorted(found, key=lambda m: (order.index(m.kind), m.role == "sensitivity", -abs(m.moved))))


def _answer_kind(old: EffectAnswer, new: EffectAnswer) -> str:
    if (old.verdict, old.verdict_family) != (new.verdict, new.verdict_family):
        return "verdict"
    figures = ("estimate", "lo80", "hi80", "lo95", "hi95", "desc_estimate", "observed_total", "expected")
    differ = any(not _equal(getattr(old, name), getattr(new, name)) for name in figures)
    words = ("because", "months_from", "months_to", "months_observed", "baseline", "event", "series", "measure", "question")
    return "figures" if differ or any(getattr(old, name) != getattr(new, name) for name in words) else ""


def _equal(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=1e-12, abs_tol=0.0)


def _outcomes(data: RunData) -> dict[str, dict[str, GateRow]]:
    found: dict[str, dict[str, GateRow]] = {}
    for row in data.rows(GateRow):
        found.setdefault(row.job, {})[row.gate] = row
    return found


def _turned_gates(old: dict[str, GateRow], new: dict[str, GateRow]) -> tuple[str, ...]:
    """Gates with another outcome, in words."""
    found = []
    for name in {**new, **old}:
        outcomes = [rows[name].outcome if name in rows else "none" for rows in (old, new)]
        if outcomes[0] != outcomes[1]:
            reason = (new.get(name) or old[name]).reason
            found.append(f"{name}: {outcomes[0]} -> {outcomes[1]}" + (f" ({reason})" if reason else ""))
    return tuple(found)
