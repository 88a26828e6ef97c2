"""Placebos in time and in space: the same question on earlier windows or on donors, where the true effect is zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forecast.core.contracts import Estimator
from forecast.core.effects import Effect
from forecast.core.judgement import Placebo
from forecast.core.long_answers import count_progress
from forecast.core.questions import Design, replace_design
from forecast.core.results import Finding, Summary
from forecast.core.spillovers import spillover
from forecast.core.vintage import Vintage
from forecast.kernels import exact_tests
from forecast.prep.baselines import observe_window
from forecast.prep.pre_period import clean_pre_period, touched_months
from forecast.prep.spikes import RETURNED, spikes_before
from forecast.study.ask import Memo, answer, name_of
from forecast.study.effects.significance import no_effect_test

MIN_HISTORY = 12  # monthly figures required before a window
PRIOR_WINDOWS = 10  # windows that the nominal width counts for: the sampling variance of a mean square, 2 / m, against 0.2
FEWEST_APART = 3  # windows without overlap, to calibrate at all
FEWEST_TO_NARROW = 8  # windows without overlap, to narrow an interval
WIDEST, NARROWEST = 2.5, 0.8  # bounds of the calibration
CUT = 3.0  # standard errors: one broken window must not widen everything


def placebo_windows(vintage: Vintage, design: Design, most: int = 40, *, falling: bool = False) -> list[Design]:
    """Earlier clean windows of the design's length, fully observed and with `MIN_HISTORY` monthly figures before them.

    They start a quarter of their length apart (long windows a month apart are nearly the same window), and are thinned evenly
    if there are more than `most`. A fall is not compared with windows that hold an old spike or begin at its end.
    """
    touched: set[int] = set()
    for series in design.treated:
        if vintage.knows(series):
            touched |= touched_months(vintage, series)
            if falling:
                spikes = spikes_before(vintage, design, series).tolist()
                touched |= {month + later for month in spikes for later in range(RETURNED)}
    window = design.window(vintage)
    stride = max((window.last - window.start + 1) // 4, 1)
    apart = design.in_time(vintage, minimum=MIN_HISTORY, touched=touched, apart=stride)
    found = [w for w in apart if not observe_window(vintage, w).unknown and clean_pre_period(vintage, w).count >= MIN_HISTORY]
    if len(found) <= most:
        return found
    return [found[i] for i in np.unique(np.linspace(0, len(found) - 1, most).round().astype(int))]


def placebos_in_time(
    method: Estimator, vintage: Vintage, design: Design, seed: int = 0, memo: Memo | None = None, most: int = 40,
    *, falling: bool = False,
) -> tuple[list[Placebo], list[Finding]]:  # fmt: skip
    """The method's effects in the placebo windows, each with its test, and Findings on the windows without an answer.

    The vintage is cut before the real event, so that its effect cannot leak into the placebos.
    """
    if not most:
        return [], []
    tried = placebo_windows(vintage, design, most, falling=falling)
    where = f"{design.event_ids}, {'+'.join(design.treated)}"
    if not tried:
        return [], [Finding("placebo", "0 clean windows of this length before the event", where)]
    before = design.hidden(vintage)
    found, unanswered = [], 0
    for i, placebo in enumerate(tried):
        count_progress(i, len(tried), "windows without an event")
        made = answer(method, before, placebo, seed, memo)
        if isinstance(made, Effect) and made.counterfactual is not None and not made.description.unknown:
            start, series = placebo.event_start or "", "+".join(design.treated)
            test = no_effect_test(replace(made, own_p=np.nan), before)
            found.append(Placebo("time", series, start, made.cumulative.estimate, made.relative.estimate, test.z))
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
    reached = {s for s in units if spillover(s, design.treated, design.events, design.diversion)}  # of whom zero is not true
    units = [s for s in units if s in design.let_in or s not in reached]
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
            found.append(Placebo("space", tried.treated[0], begin, scale * made.cumulative.estimate, made.relative.estimate))
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


def rank_p_value(z: float, apart: Sequence[Placebo]) -> tuple[float, float]:
    """Randomisation p-value of |z| among the windows that share no month, and its floor (see `kernels.exact_tests`)."""
    return exact_tests.randomisation_p_value(z, [p.z for p in apart if np.isfinite(p.z)])


def interval_calibration(every: Sequence[Placebo], apart: int) -> float:
    """Factor of the standard error: root mean square of the placebos' scores, shrunk towards one.

    With m windows without overlap and s^2 the mean square of all windows' scores, the factor's square is
    (m s^2 + k) / (m + k), k = `PRIOR_WINDOWS`: an empirical Bayes mean that counts the nominal width as k windows. One with
    fewer than `FEWEST_APART` windows, and never below one with fewer than `FEWEST_TO_NARROW`.
    """
    z = np.array([p.z for p in every if p.kind == "time" and np.isfinite(p.z)])
    if apart < FEWEST_APART or not len(z):
        return 1.0
    square = float(np.mean(np.clip(z, -CUT, CUT) ** 2))
    least = NARROWEST if apart >= FEWEST_TO_NARROW else 1.0
    return float(np.clip(np.sqrt((apart * square + PRIOR_WINDOWS) / (apart + PRIOR_WINDOWS)), least, WIDEST))


def stretch_interval(effect: Effect, factor: float, nonnegative: bool) -> Effect:
    """The effect with its draws, those of its anticipation and of its parts, stretched about their middle by a factor."""
    if effect.counterfactual is None or factor == 1.0:
        return effect
    window = effect.window.stretch(factor, nonnegative)
    early = None if effect.early is None else effect.early.stretch(factor, nonnegative)
    note = f"interval {'widened' if factor > 1 else 'narrowed'} {factor:.2f} times, by the windows without an event"
    used = tuple(replace(u, notes=(*u.notes, note)) for u in effect.used[:1]) + effect.used[1:]
    made = replace(effect, counterfactual=window.counterfactual, point=window.point, early=early, used=used)
    old, new = effect.cumulative.se, made.cumulative.se
    return replace(made, parts=_stretch_parts(effect, made, new / old if old > 0 else 1.0))


def _stretch_parts(effect: Effect, wide: Effect, factor: float) -> dict[str, Summary]:
    """The parts widened like their sum; what is left of the sum is split equally, so that they still add up."""
    stretched = {name: part.draws.mean() + (part.draws - part.draws.mean()) * factor for name, part in effect.parts.items()}
    short = wide.cumulative.draws - sum(stretched.values(), np.zeros(1))
    return {name: Summary(draws + short / len(stretched), effect.parts[name].point) for name, draws in stretched.items()}
