"""An effect as a row of the table of effects, by its columns."""

from __future__ import annotations

import math
from typing import Any

from forecast.core.judgement import Verdict
from forecast.core.schema import join_names


def effect_cells(effect: Any) -> dict[str, Any]:
    """The estimate of an Effect if there is one, the description and the verdict, by their columns in effects.parquet."""
    described, measure = effect.description, effect.design.measure
    baseline, middle, low, high = described.bounds(measure)
    expected = described.chosen.expected if described.chosen else math.nan
    whole = abs(effect.window.expected) if len(effect.draws) else math.nan
    size = effect.mde80 / whole if whole > 0 else math.nan
    verdict = effect.verdict or Verdict("", "")
    cells = dict[str, Any](
        p_value=effect.p_value,
        p_floor=effect.p_floor,
        p_rank=effect.judgement.rank_p,
        p_rank_floor=effect.judgement.rank_floor,
        score=effect.judgement.test.score,
        freedom=effect.judgement.test.freedom,
        margin=effect.judgement.margin,
        calibration=effect.judgement.calibration,
        mde80=size if measure == "relative" else effect.mde80,
        n_clean=effect.n_clean,
        n_span=effect.n_span,
        n_placebo=sum(p.kind == "time" for p in effect.placebos),
        n_apart=len(effect.apart),
        n_space=sum(p.kind == "space" for p in effect.placebos),
        verdict=verdict.word,
        reading=verdict.reading,
        because=verdict.because,
        baseline=baseline,
        desc_estimate=middle,
        desc_lo=low,
        desc_hi=high,
        months_observed=described.months,
        observed_total=described.observed,
        expected=expected,
        baselines=join_names(c.baseline for c in described.compared),
        used="; ".join(part for used in effect.used for part in used.sentences),
    )
    summary = effect.summary()
    if not len(effect.draws) or not len(summary.draws):
        return cells
    cells |= summary.cells() | {"breakdown": effect.breakdown}
    if effect.anticipation is not None:
        for name, part in (("anticipation", effect.anticipation), ("net", effect.net)):
            cells[name], (cells[f"{name}_lo80"], cells[f"{name}_hi80"]) = part.estimate, part.interval(0.8)
    return cells
