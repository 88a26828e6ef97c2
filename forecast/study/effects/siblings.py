"""Several methods put to one question: each is judged beside the answers of the others, its siblings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forecast.core.contracts import Estimator
from forecast.core.effects import Effect
from forecast.core.questions import Design
from forecast.core.results import Failure
from forecast.core.vintage import Vintage
from forecast.study.ask import Memo
from forecast.study.effects import judge
from forecast.study.effects.shipped_gates import CheckSpec


def estimate_with_siblings(
    methods: Mapping[str, Estimator],
    vintage: Vintage,
    design: Design,
    seed: int = 0,
    *,
    placebos: int = 40,
    checks: Sequence[CheckSpec] | None = None,
) -> dict[str, Effect | Failure]:
    """The answer of each method under its label, judged once all are known, so that each can be compared with the others.

    The figures of an answer do not depend on its siblings; its gates and its verdict may.
    """
    memo: Memo = {}
    made = {
        label: judge.estimate(method, vintage, design, seed, memo=memo, placebos=placebos, checks=checks)
        for label, method in methods.items()
    }
    effects = {label: one for label, one in made.items() if isinstance(one, Effect)}
    if len(effects) < 2:
        return made
    for label in effects:
        others = {name: one for name, one in effects.items() if name != label}
        made[label] = judge.estimate(
            methods[label], vintage, design, seed, siblings=others, memo=memo, placebos=placebos, checks=checks
        )
    return made
