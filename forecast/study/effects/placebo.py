"""Placebos in time and in space: the same question on earlier windows or on donors, where the true effect is zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forecast.core.contracts import Estimator
from forecast.core.effects import Effect, Placebo
from forecast.core.questions import Design, replace_design
from forecast.core.results import Finding, Summary
from forecast.core.vintage import Vintage
from forecast.kernels import exact_tests, power
from forecast.prep.baselines import observe_window
from forecast.prep.pre_period import clean_pre_period, touched_months
from forecast.study.ask import Memo, answer, name_of

MIN_HISTORY = 12  # monthly figures required before a window
MIN_PLACEBOS = 8  # clean windows required to calibrate an interval


def placebo_windows(vintage: Vintage, design: Design, most: int = 40) -> list[Design]:
    """Earlier clean windows of the design's length, fully observed and with `MIN_HISTORY` monthly figures before them.

    They start a quarter of their length apart (long windows a month apart are nearly the same window), and are thinned evenly
    if there are more than `most`.
    """
    touched: set[int] = set()
    for series in design.treated:
        if vintage.knows(series):
            touched |= touched_months(vintage, series)
    every = design.in_time(vintage, minimum=MIN_HISTORY, touched=touched)
    window = design.window(vintage)
    stride = max((window.last - window.start + 1) // 4, 1)
    last = vintage.steps.ordinal(every[-1].event_start) if every else 0
    apart = [w for w in every if (last - vintage.steps.ordinal(w.event_start)) % stride == 0]
    found = [w for w in apart if not observe_window(vintage, w).unknown and clean_pre_period(vintage, w).count >= MIN_HISTORY]
    if len(found) <= most:
        return found
    return [found[i] for i in np.unique(np.linspace(0, len(found) - 1, most).round().astype(int))]


def placebos_in_time(
    method: Estimator, vintage: Vintage, design: Design, seed: int = 0, memo: Memo | None = None, most: int = 40
) -> tuple[list[Placebo], list[Finding]]:
    """The method's effects in the placebo windows, and Findings on the windows without an answer.

    The vintage is cut before the real event, so that its effect cannot leak into the placebos.
    """
    if not most:
        return [], []
    tried = placebo_windows(vintage, design, most)
    where = f"{design.event_ids}, {'+'.join(design.treated)}"
    if not tried:
        return [], [Finding("placebo", "0 clean windows of this length before the event", where)]
    before = design.hidden(vintage)
    found, unanswered = [], 0
    for placebo in tried:
        made = answer(method, before, placebo, seed, memo)
        if isinstance(made, Effect) and made.counterfactual is not None and not made.description.unknown:
            start = placebo.event_start or ""
            found.append(Placebo("time", "+".join(design.treated), start, made.cumulative.estimate))
        else:
            unanswered += 1
    if not unanswered:
        return found, []
    text = f"{unanswered} of {len(tried)} clean windows could not be answered by {name_of(method)}"
    return found, [Finding("placebo", text, where)]


def placebos_in_space(
    method: Estimator, vintage: Vintage, design: Design, seed: int = 0, memo: Memo | None = None
) -> tuple[list[Placebo], list[Finding]]:
    """The method's effects with each donor in turn as the treated series, and Findings on the donors without an answer.

    The treated series is not among their donors. On trade flows a placebo effect is rescaled to the treated flow, by the ratio
    of their means over clean months; on a plain panel it is left as it is. The true effect is zero if no donor was affected.
    """
    units = list(design.donors) if design.donors != "all" else [s for s in vintage.series if s not in design.treated]
    where = f"{design.event_ids}, {'+'.join(design.treated)}"
    if len(units) < 2:
        return [], [Finding("placebo", f"{len(units)} donors: no placebo in space", where)]
    window = design.window(vintage)
    begin, stop = vintage.steps.label(window.start), vintage.steps.label(window.last)
    own = _mean_level(vintage, design)
    found, unanswered = [], 0
    for tried in design.in_space(units):
        made = (
            answer(method, vintage, replace_design(tried, stop=stop), seed, memo) if vintage.knows(tried.treated[0]) else None
        )
        scale = own / _mean_level(vintage, tried) if isinstance(made, Effect) and _mean_level(vintage, tried) else 0.0
        if isinstance(made, Effect) and made.counterfactual is not None and not made.description.unknown and scale:
            found.append(Placebo("space", tried.treated[0], begin, scale * made.cumulative.estimate))
        else:
            unanswered += 1
    text = f"{unanswered} of {len(units)} donors could not be answered by {name_of(method)}"
    return found, [Finding("placebo", text, where)] if unanswered else []


def _mean_level(vintage: Vintage, design: Design) -> float:
    """Mean of the treated flow over its clean months; 1 on a plain panel."""
    if design.basis == "panel":
        return 1.0
    values = [clean_pre_period(vintage, design, s).values for s in design.treated]
    return float(sum(v.mean() for v in values if len(v)))


def p_value(effect: Effect) -> tuple[float, float]:
    """Randomisation p-value and its floor among the windows that share no month (see `kernels.exact_tests`)."""
    return exact_tests.randomisation_p_value(effect.cumulative.estimate, [p.cumulative for p in effect.apart])


def minimum_detectable_effect(effect: Effect, placebos: Sequence[float]) -> float:
    """Minimum detectable effect with 80 % power at 5 %, from the spread of three or more placebos, else the draws'."""
    return power.detectable_effect(float(np.std(placebos, ddof=1)) if len(placebos) > 2 else effect.cumulative.spread)


def widen_interval(effect: Effect, placebos: Sequence[float]) -> Effect:
    """The effect with its draws widened to the spread of the placebos, if there are at least `MIN_PLACEBOS`; never narrowed.

    Deviations of the counterfactual from its mean are multiplied by rms(placebo) / sd(cumulative). The true effect of a placebo
    is zero, so that its bias counts as error too.
    """
    if effect.counterfactual is None or len(placebos) < MIN_PLACEBOS:
        return effect
    spread = effect.cumulative.se
    wanted = float(np.sqrt(np.mean(np.square(placebos))))
    if not spread > 0 or wanted <= spread:
        return effect
    middle = effect.counterfactual.mean(axis=0)
    wide = middle + (effect.counterfactual - middle) * (wanted / spread)
    point = effect.cumulative.estimate
    if effect.counterfactual.min() >= 0:
        wide = np.maximum(wide, 0.0)
    note = f"interval widened {wanted / spread:.2f} times, to the spread of {len(placebos)} placebo windows"
    used = tuple(replace(u, notes=(*u.notes, note)) for u in effect.used[:1]) + effect.used[1:]
    early = effect.anticipation
    if early is not None:
        early = Summary(early.estimate + (early.draws - early.estimate) * (wanted / spread), early.estimate)
    made = replace(effect, counterfactual=wide, point=point, used=used, anticipation=early)
    return replace(made, parts=_stretch_parts(effect, made, wanted / spread))


def _stretch_parts(effect: Effect, wide: Effect, factor: float) -> dict[str, Summary]:
    """The parts widened like their sum; truncation of the sum at zero is split equally, so that they still add up."""
    stretched = {name: part.draws.mean() + (part.draws - part.draws.mean()) * factor for name, part in effect.parts.items()}
    short = wide.cumulative.draws - sum(stretched.values(), np.zeros(1))
    return {name: Summary(draws + short / len(stretched), effect.parts[name].point) for name, draws in stretched.items()}
