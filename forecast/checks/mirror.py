"""Mirror: whether the partner country's customs statistics (mirror data) agree on the same trade."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.registry import check
from forecast.core.series import SeriesKey
from forecast.prep.pre_period import clean_pre_period

NAME = "mirror"
WORLD = "WLD"


@check
@dataclass(frozen=True)
class Mirror:
    """Exporter's and partner's figures of one trade: where they differ before the event, each ledger gets its own verdict.

    A gap above `gap` of the larger leg is reported, and the two are not combined. "Contradicted by mirror" requires legs that
    measure the same concept and `level` intervals of opposite signs. Exporters record the last known destination, most
    importers the country of origin: that is a difference of concept, reported as such, and no contradiction.

    Parameters
    ----------
    gap : float, default 0.25
        share of the larger leg above which a difference before the event is reported
    level : float, default 0.8
        of the intervals
    consignment : tuple of str, optional
        reporters whose imports are by country of consignment, the exporter's own concept
    """

    gap: float = 0.25
    level: float = 0.8
    consignment: tuple[str, ...] = ()

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: the gap before the event (fraction of the larger leg); threshold: `gap`."""
        vintage, design = evidence.vintage, evidence.design
        other = mirror_series(design.treated[0]) if len(design.treated) == 1 else ""
        if not other:
            return Gate(NAME, "not run", reason="a total, a group or a unit without a partner has no mirror")
        if not vintage.knows(other):
            return Gate(NAME, "not run", reason=f"the partner's figures, {other}, are not in these data")
        mine = clean_pre_period(vintage, design)
        theirs = vintage.observed(other).at(mine.first, mine.last)[mine.months - mine.first] if mine.count else np.empty(0)
        shared = np.isfinite(theirs)
        if not shared.any():
            return Gate(NAME, "not run", reason=f"no clean month shared with {other}")
        a, b = float(mine.values[shared].sum()), float(theirs[shared].sum())
        value = abs(a - b) / max(a, b) if max(a, b) > 0 else 0.0
        made = self._gate(effect, other, value, int(shared.sum()))
        return self._compare_effects(made, effect, evidence.siblings)

    def _gate(self, effect: Effect, other: str, value: float, months: int) -> Gate:
        same = self._same_concept(effect.design.treated[0], other)
        concept = "" if same else "; destination against origin, a difference of concept"
        text = f"{other} differs by {value:.0%} over {months} clean months{concept}"
        if value <= self.gap:
            return Gate(NAME, "pass", value, self.gap, text)
        return Gate(NAME, "fail", value, self.gap, f"{text}: two ledgers, each with its own verdict")

    def _same_concept(self, one: str, other: str) -> bool:
        """Whether both legs follow the same concept: an export, and an import by country of consignment."""
        keys = [SeriesKey.parse(one), SeriesKey.parse(other)]
        return all(key.flow == "export" or key.reporter in self.consignment for key in keys)

    def judge_family(self, effects: Sequence[Effect]) -> list[Gate]:
        """The gate of each row, compared with the same question on the mirrored leg where the run asked it."""
        out = []
        for effect in effects:
            own = next((g for g in effect.gates if g.gate == NAME), Gate(NAME, "not run", reason="no mirror was looked for"))
            same = {str(i): e for i, e in enumerate(effects) if e.design.event_ids == effect.design.event_ids}
            out.append(self._compare_effects(own, effect, same))
        return out

    def _compare_effects(self, gate: Gate, effect: Effect, others: Mapping[str, Effect]) -> Gate:
        """The gate, revised by the estimated effect on the mirrored leg."""
        other = mirror_series(effect.design.treated[0]) if len(effect.design.treated) == 1 else ""
        legs = [e for e in others.values() if other and e.design.treated == (other,) and _windows_overlap(e, effect)]
        legs = sorted(legs, key=lambda e: e.estimator != effect.estimator)
        signs = [_interval_sign(effect, self.level), *(_interval_sign(leg, self.level) for leg in legs[:1])]
        if len(signs) < 2 or signs[0] * signs[1] >= 0:
            return gate
        if not self._same_concept(effect.design.treated[0], other):
            words = f"{other} moved the other way: another concept (destination against origin), no contradiction"
            return gate if words in gate.reason else replace(gate, reason=f"{gate.reason}; {words}")
        reason = f"{other} measures the same and moved the other way (both {self.level:.0%} intervals exclude zero)"
        return replace(gate, outcome="fail", reason=reason, cap="contradicted by mirror")


def mirror_series(series: str) -> str:
    """The same flow as recorded by the partner; empty for totals and plain units.

    >>> mirror_series("CHN.export.USA.gallium")
    'USA.import.CHN.gallium'
    """
    key = SeriesKey.maybe(series)
    if key is None or WORLD in (key.partner, key.reporter):
        return ""
    flow = "import" if key.flow == "export" else "export"
    return str(replace(key, reporter=key.partner, flow=flow, partner=key.reporter))


def _windows_overlap(one: Effect, two: Effect) -> bool:
    months = [{m for a, b in e.periods for m in range(a, b + 1)} for e in (one, two)]
    return bool(months[0] & months[1])


def _interval_sign(effect: Effect, level: float) -> float:
    """+1 or -1 where the interval lies on one side of zero, else 0."""
    if effect.counterfactual is None or not len(effect.counterfactual):
        return 0.0
    low, high = effect.summary().interval(level)
    return math.copysign(1.0, low) if low > 0 or high < 0 else 0.0
