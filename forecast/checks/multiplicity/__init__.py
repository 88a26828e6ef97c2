"""Multiplicity: how many questions were asked before this one came out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.checks.multiplicity import step_down
from forecast.core.contracts import Evidence
from forecast.core.effects import Effect, Gate
from forecast.core.registry import check
from forecast.prep.baselines import pluralize

NAME = "multiplicity"
MIN_SHARED_WINDOWS = 8  # placebo windows that all rows of a family share
NOT_RUN = Gate(NAME, "not run", reason="judged over all questions of a run, not over one")


@check
@dataclass(frozen=True)
class Multiplicity:
    """p-values of a run taken together: Holm over the headline rows read as causal, Benjamini and Hochberg over all.

    A row whose adjusted p exceeds `level` is a suggestion at most. The headline row of a question is its first estimator's.
    With few placebos the floor of a p-value, times the number of rows, may exceed `level` whatever the effect: the reason says
    so. Where the causal headline rows share eight placebo windows or more, the reason adds Romano and Wolf's step-down p, which
    knows how the rows move together.
    """

    level: float = 0.10

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """Nothing can be said of one question alone."""
        return NOT_RUN

    def judge_family(self, effects: Sequence[Effect]) -> list[Gate]:
        """value: Holm's p of a headline row read as causal, else the false discovery rate q of the row; threshold: `level`."""
        tested = [i for i, e in enumerate(effects) if math.isfinite(e.p_value)]
        family = [i for i in headline_rows(effects) if i in set(tested) and _reads_causal(effects[i])]
        together = dict(zip(family, romano_wolf_of_effects([effects[i] for i in family]), strict=True))
        out = []
        for i in range(len(effects)):
            if i not in tested:
                out.append(replace(NOT_RUN, reason="no p-value to adjust"))
                continue
            value, floor = _adjusted_with_floor(benjamini_hochberg, effects, tested, i)
            text = (
                f"q = {value:.3f} over {pluralize(len(tested), 'p-value')} of the run (Benjamini-Hochberg, floor {floor:.3f})"
            )
            if i in family:
                value, floor = _adjusted_with_floor(holm, effects, family, i)
                rows = pluralize(len(family), "causal headline row")
                joint = f"{together[i]:.3f} (Romano-Wolf), " if math.isfinite(together[i]) else ""
                text = f"p = {value:.3f} over {rows} (Holm, floor {floor:.3f}), {joint}{text}"
            out.append(self._gate(value, text))
        return out

    def _gate(self, value: float, text: str) -> Gate:
        if value > self.level:
            return Gate(NAME, "fail", value, self.level, f"{text}, above {self.level:g}", cap="suggestive")
        return Gate(NAME, "pass", value, self.level, text)


def _adjusted_with_floor(
    rule: Callable[[Sequence[float]], list[float]], effects: Sequence[Effect], rows: Sequence[int], i: int
) -> tuple[float, float]:
    """Adjusted p of row i, and the least it could be with the other rows as they are: that of its own floor."""
    at = list(rows).index(i)
    p = [effects[j].p_value for j in rows]
    least = [*p[:at], effects[i].p_floor, *p[at + 1 :]]
    return rule(p)[at], rule(least)[at]


def headline_rows(effects: Sequence[Effect]) -> list[int]:
    """The first answer to each question: that of its first estimator."""
    first: dict[str, int] = {}
    for i, effect in enumerate(effects):
        first.setdefault(repr(effect.design), i)
    return list(first.values())


def _reads_causal(effect: Effect) -> bool:
    return effect.verdict is not None and effect.verdict.reading == "causal"


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p-values max_{j <= i} min(1, (m - j + 1) p_(j)) (Holm 1979, Scand. J. Stat. 6:65)."""
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1.0, (len(p) - np.arange(len(p))) * np.asarray(p, float)[order])
    out = np.empty(len(p))
    out[order] = np.maximum.accumulate(steps)
    return [float(x) for x in out]


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted p-values min_{j >= i} min(1, m p_(j) / j) (Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289)."""
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1.0, len(p) / np.arange(1, len(p) + 1) * np.asarray(p, float)[order])
    out = np.empty(len(p))
    out[order] = np.minimum.accumulate(steps[::-1])[::-1]
    return [float(x) for x in out]


def romano_wolf_of_effects(effects: Sequence[Effect]) -> list[float]:
    """Step-down p-values from the placebo windows that all rows share; NaN for all where these are fewer than `JOINT`.

    Statistics and placebos are absolute effects over the root mean square of the row's own shared placebos.
    """
    found = [{p.start: p.cumulative for p in e.placebos if p.kind == "time"} for e in effects]
    shared = sorted(set.intersection(*map(set, found))) if found else []
    if len(shared) < MIN_SHARED_WINDOWS or len(effects) < 2:
        return [math.nan] * len(effects)
    null = np.abs(np.array([[row[start] for row in found] for start in shared]))
    size = np.sqrt((null**2).mean(axis=0))
    if not size.all():
        return [math.nan] * len(effects)
    mine = np.abs([e.cumulative.estimate for e in effects])
    adjusted: list[float] = step_down.romano_wolf(mine / size, null / size).tolist()
    return adjusted
