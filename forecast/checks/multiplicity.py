"""Multiplicity: p-values adjusted for the number of questions asked in a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.identity import identity
from forecast.core.judgement import Gate
from forecast.core.plurals import pluralize
from forecast.core.registry import check
from forecast.kernels.holm_romano_wolf import benjamini_hochberg, holm, romano_wolf

NAME = "multiplicity"
MIN_SHARED_WINDOWS = 8  # placebo windows that all rows of a family share
NOT_RUN = Gate(NAME, "not run", reason="judged over all questions of a run, not over one")


@check
@dataclass(frozen=True)
class Multiplicity:
    """p-values of a run taken together: Holm over the headline rows, Benjamini and Hochberg over all.

    A row whose adjusted p exceeds `level` is at most suggestive. The headline row of a question is that of its first
    estimator; the family is every headline row that was tested, whatever its reading. Where a p-value has a lowest possible
    value, that floor times the number of rows may exceed `level` whatever the effect; the reason then says so. Where these
    rows share eight placebo windows or more, the reason adds the Romano-Wolf step-down p, which takes the dependence between
    rows into account.

    Parameters
    ----------
    level : float, default 0.05
        p-value up to which a row is more than suggestive

    References
    ----------
    * Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6(2),
      65-70.
    * Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal Statistical Society B
      57(1), 289-300.
    * Romano, J. P. and Wolf, M. (2005). Stepwise multiple testing as formalized data snooping. Econometrica 73(4), 1237-1282.
    """

    level: float = 0.05

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """Not run: one question alone has no multiplicity."""
        return NOT_RUN

    def judge_family(self, effects: Sequence[Effect]) -> list[Gate]:
        """value: Holm's p of a headline row, else the false discovery rate q of the row; threshold: `level`."""
        tested = [i for i, e in enumerate(effects) if math.isfinite(e.p_value)]
        family = [i for i in headline_rows(effects) if i in set(tested)]
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
                rows = pluralize(len(family), "headline row")
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
    """Adjusted p of row i, and its lower bound: the adjusted p were the row's own p at its floor, other rows unchanged."""
    at = list(rows).index(i)
    p = [effects[j].p_value for j in rows]
    least = [*p[:at], min(effects[i].p_floor, p[at]), *p[at + 1 :]]
    return rule(p)[at], rule(least)[at]


def headline_rows(effects: Sequence[Effect]) -> list[int]:
    """Index of the first answer to each question, which is that of its first estimator."""
    first: dict[str, int] = {}
    for i, effect in enumerate(effects):
        first.setdefault(identity(effect.design), i)
    return list(first.values())


def romano_wolf_of_effects(effects: Sequence[Effect]) -> list[float]:
    """Step-down p-values from the placebo windows that all rows share; all NaN where there are fewer than `MIN_SHARED_WINDOWS`.

    Statistics and placebos are absolute scores over the root mean square of the row's own shared placebos.
    """
    found = [{p.start: p.z for p in e.placebos if p.kind == "time" and math.isfinite(p.z)} for e in effects]
    shared = sorted(set.intersection(*map(set, found))) if found else []
    if len(shared) < MIN_SHARED_WINDOWS or len(effects) < 2:
        return [math.nan] * len(effects)
    null = np.abs(np.array([[row[start] for row in found] for start in shared]))
    size = np.sqrt((null**2).mean(axis=0))
    if not size.all():
        return [math.nan] * len(effects)
    mine = np.abs([e.judgement.test.z for e in effects])
    adjusted: list[float] = romano_wolf(mine / size, null / size).tolist()
    return adjusted
