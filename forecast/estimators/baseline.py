"""Baseline: the window against a named clean period, with a band from the noise and drift of the clean months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.effects import Effect
from forecast.core.errors import ConfigError
from forecast.core.questions import Design
from forecast.core.registry import estimator
from forecast.core.results import Used
from forecast.core.vintage import Vintage
from forecast.kernels import covariance, local_level
from forecast.kernels.season import month_effects
from forecast.prep.baselines import (
    ObservedWindow,
    baseline_levels,
    baseline_name,
    cycle_length,
    describe,
    observe_window,
    unit_of,
    years_back,
)
from forecast.prep.pre_period import clean_pre_period
from forecast.prep.spikes import spike_months, spikes_before
from forecast.prep.trade_history import TradeHistory
from forecast.prep.working_scale import trade_floor

FEWEST_AMOUNTS = 6  # months with trade
FEWEST_FOR_TREND = 12
TREND_CRITICAL = 2.58  # t statistic of growth before the event
TREND_BIAS = 0.1  # log units between baseline and window


@estimator
@dataclass(frozen=True)
class Baseline:
    """Ratio and difference to a named clean period, or of a share of a total; band from noise and drift of clean months.

    With baseline B (mean of L months), window W and clean months c_1 to c_N with trade, one draw of the counterfactual of W
    is::

        expected * (mean of W resampled c / mean of L further resampled c) ^ s * exp(omega sqrt(D) z),    z ~ N(0, 1),

    the noise of the asked months relative to that of the baseline's months, times the drift of the level between the two; the
    periods of W divide it in proportion to the resampled months. omega, the standard deviation of the monthly change of the
    log level, and sigma, that of the noise around it, are drawn from the posterior of a local level fitted to the clean
    months (`forecast.kernels.local_level`), so the band has Student t tails; D is the variance of a unit random walk between
    the means of B and W, which grows with their distance; the c are resampled independently after removing their smoothed
    level, and s = sigma / sd(log c). Where B holds the calendar months of W the season cancels, and is removed from the c.
    Months without trade are drawn from a Markov chain in W (`kernels.occurrence_chain`) and known in B. Old spikes are left
    out (`prep.spikes`). Where values may be negative the same is done with differences. Point estimate: observed minus
    expected.

    Parameters
    ----------
    fewest : int, default 12
        clean monthly figures below which there is only the description
    band : bool, default True
        whether there is an estimate with its band; without it only the description

    Attributes
    ----------
    flat baseline takes growth for an effect : None
        where the clean months grew or fell, by a t statistic above `TREND_CRITICAL` and by more than `TREND_BIAS` between B
        and W, there is only the description. With fewer than `fewest` clean monthly figures, or without `band`, likewise.
        Simulated size and coverage by length of history: `experiments/003_simulation`.
    """

    fewest: int = 12
    band: bool = True

    def __post_init__(self) -> None:
        if self.fewest < 6:
            raise ConfigError(f"a band from {self.fewest} months is none", hint="6 or more")

    def estimate(self, vintage: Vintage, design: Design, rng: np.random.Generator, answers: Answers = ()) -> Effect:
        """Observed minus the baseline level of the asked months."""
        seen = observe_window(vintage, design)
        text = describe(vintage, design, seen)
        stretch = clean_pre_period(vintage, design)
        months, values = _clean_shares(vintage, design) if design.share_of else (stretch.months, stretch.values)
        name, level, back, seen = _first_determined_baseline(vintage, design, seen)
        draws, note = None, ""
        if level is None:
            note = "no baseline is determined by the figures" if len(seen.observed) else "no figure in the asked window"
        elif not self.band:
            note = "the question asks only what was observed"
        elif len(values) < self.fewest or (vintage.nonnegative and (values > trade_floor(values)).sum() < FEWEST_AMOUNTS):
            traded = int((values > trade_floor(values)).sum()) if vintage.nonnegative else len(values)
            note = f"{len(values)} clean monthly figures, {traded} with trade: a band needs {self.fewest} and {FEWEST_AMOUNTS}"
        elif trend := _trend_note(months, values, vintage, design, seen, back):
            note = trend
        else:
            months, values = _without_spikes(months, values, vintage, design)
            noise = _draw_noise(months, values, vintage, seen, back, design.draws, rng)
            draws = (
                _ratio_draws(level, noise) if vintage.nonnegative else _difference_draws(level, noise, bool(design.share_of))
            )
        used = Used(f"against {name}" if level is not None else "description only", notes=(note,) if note else ())
        return Effect(
            estimator="baseline",
            design=design,
            unit=unit_of(design),
            periods=seen.periods if not design.share_of else _single_period(seen),
            observed=seen.observed,
            counterfactual=draws,
            description=text,
            steps=vintage.steps,
            used=(used,),
            n_clean=len(values),
            n_span=len(stretch.spans),
            scored="total",
            point=None if draws is None or level is None else float(seen.observed.sum() - level.sum()),
        )


def _without_spikes(months: Ints, values: Floats, vintage: Vintage, design: Design) -> tuple[Ints, Floats]:
    if design.share_of or design.keep_spikes or not vintage.nonnegative:
        return months, values
    kept = ~spike_months(values)
    return months[kept], values[kept]


def _trend_note(months: Ints, values: Floats, vintage: Vintage, design: Design, seen: ObservedWindow, back: Ints) -> str:
    """Why a flat baseline cannot stand for this window: the flow grew or fell before; empty where it did not."""
    if design.share_of or any(not isinstance(b, str) and len(b) == 4 for b in design.baselines):
        return ""
    growth, t = growth_before(*_without_spikes(months, values, vintage, design), vintage)
    when = np.concatenate([np.arange(first, last + 1) for first, last in seen.periods])
    bias = abs(growth) * float(when.mean() - back.mean())
    if abs(t) < TREND_CRITICAL or bias < (TREND_BIAS if vintage.nonnegative else TREND_BIAS * abs(float(values.mean()))):
        return ""
    moved = f"{'grew' if growth > 0 else 'fell'} before the event (t = {t:.1f})"
    size = f" by {abs(np.expm1(growth)):.1%} a {vintage.steps.unit}" if vintage.nonnegative else ""
    return f"the flow {moved}{size}, which a flat baseline would take for an effect: ask counterfactual or regression"


@dataclass(frozen=True)
class BaselineNoise:
    """Components of the draws of a band.

    window (draws, W) : resampled months of the asked window; reference (draws,) : mean of the baseline's resampled months
    stretch (draws,) : power, or factor, that rescales both to the sigma of the draw
    drift (draws,) : of the level between baseline and window
    sizes (periods,) : months of each period
    """

    window: Floats
    reference: Floats
    stretch: Floats
    drift: Floats
    sizes: Ints


def _draw_noise(
    months: Ints, values: Floats, vintage: Vintage, seen: ObservedWindow, back: Ints, draws: int, rng: np.random.Generator
) -> BaselineNoise:
    """Draws of noise and drift of a window relative to the months `back` of its baseline, estimated from the clean months."""
    sizes = np.array([last - first + 1 for first, last in seen.periods])
    when = np.concatenate([np.arange(first, last + 1) for first, last in seen.periods])
    floor = trade_floor(values)
    history = TradeHistory.of(months, values, floor)
    used = values > floor if vintage.nonnegative else np.ones(len(values), dtype=bool)
    z = np.log(values[used]) if vintage.nonnegative else values[used]
    if season := _cancelled_season(vintage, when, back):
        z = z - month_effects(z, months[used], season)
    level = local_level.fit(z, months[used])
    sigma, omega = level.draws(draws, rng)
    left = z - level.smooth
    detrended = np.exp(left) if vintage.nonnegative else left
    window, reference = (rng.choice(detrended, size=(draws, n)) for n in (len(when), len(back)))
    if vintage.nonnegative and history.empty:
        window = window * history.draws(when, draws, rng)
        traded = history.traded[np.isin(history.months, back)]
        kept = np.concatenate([traded, np.ones(len(back) - len(traded))])
        reference = reference * kept if kept.any() else reference
    stretch = sigma / level.spread if level.spread > 0 else np.ones(draws)
    drift = omega * np.sqrt(local_level.mean_difference_variance(when, back)) * rng.standard_normal(draws)
    return BaselineNoise(window, reference.mean(axis=1), stretch, drift, sizes)


def _cancelled_season(vintage: Vintage, when: Ints, back: Ints) -> int:
    """The season's length where window and baseline hold the same months of the cycle, else 0."""
    season = vintage.season or 0
    return season if season and np.array_equal(np.sort(when % season), np.sort(back % season)) else 0


def growth_before(months: Ints, values: Floats, vintage: Vintage) -> tuple[float, float]:
    """Growth per step of the clean figures (log units, or the figures' own) and its t statistic.

    Least squares on time after removing the season, weights a. Its variance is a' (sigma^2 I + omega^2 K) a, K the covariance
    of a unit random walk and the two variances the posterior means of a local level: a level that wanders ends somewhere.
    """
    used = values > trade_floor(values) if vintage.nonnegative else np.ones(len(values), dtype=bool)
    if used.sum() < FEWEST_FOR_TREND:
        return 0.0, 0.0
    z, when = np.log(values[used]) if vintage.nonnegative else values[used], months[used]
    weights = (when - when.mean()) / float(((when - when.mean()) ** 2).sum())
    slope, effects = 0.0, np.zeros(len(z))
    for _ in range(3):  # the season of a growing flow is that of its detrended figures
        effects = month_effects(z - slope * when, when, vintage.season) if vintage.season else effects
        slope = float(weights @ (z - effects))
    left = z - effects - slope * when
    if not float(np.ptp(left)) > 1e-10 * max(float(np.abs(z).max()), 1e-300):
        return slope, float("inf") if slope else 0.0
    level = local_level.fit(left, when)
    noise = level.sums / max(level.freedom - 2, 1)
    walk = covariance.random_walk(int(when[-1] - when[0]) + 1)[np.ix_(when - when[0], when - when[0])]
    variance = float(level.weights @ noise) * float(weights @ weights)
    variance += float(level.weights @ (level.q**2 * noise)) * float(weights @ walk @ weights)
    return slope, slope / float(np.sqrt(variance))


def _ratio_draws(level: Floats, noise: BaselineNoise) -> Floats:
    """Counterfactual draws of a non-negative flow, shape (draws, periods)."""
    middle = noise.window.mean(axis=1)
    reference = np.where(noise.reference > 0, noise.reference, max(float(noise.window.mean()), 1e-300))
    common = np.divide(middle, reference) ** noise.stretch * np.exp(noise.drift)
    split = _group_means(noise.window, noise.sizes if len(level) > 1 else np.array([noise.window.shape[1]]))
    # the periods share the window's total, so that their sum is the ratio of means times the level
    shared = split @ level / max(float(level.sum()), 1e-300)
    parts = np.divide(split, shared[:, None], out=np.ones_like(split), where=shared[:, None] > 0)
    drawn: Floats = level[None, :] * parts * common[:, None]
    return drawn


def _difference_draws(level: Floats, noise: BaselineNoise, share: bool) -> Floats:
    """Counterfactual draws where values may be negative, shape (draws, periods)."""
    middle = noise.window.mean(axis=1)
    if share:
        return np.asarray(level[None, :] + (noise.stretch * (middle - noise.reference) + noise.drift)[:, None])
    split = noise.stretch[:, None] * (_group_means(noise.window, noise.sizes) - noise.reference[:, None]) + noise.drift[:, None]
    return np.asarray(level[None, :] + split * noise.sizes[None, :])


def _group_means(window: Floats, sizes: Ints) -> Floats:
    """Means over consecutive groups of columns, shape (draws, groups)."""
    ends = np.cumsum(sizes)
    return np.stack([window[:, end - size : end].mean(axis=1) for size, end in zip(sizes, ends, strict=True)], axis=1)


def _first_determined_baseline(
    vintage: Vintage, design: Design, seen: ObservedWindow
) -> tuple[str, Floats | None, Ints, ObservedWindow]:
    """The first baseline that the figures determine: its name, level per period, months, and the asked periods.

    A baseline that holds an old spike (`prep.spikes`) is passed over.
    Where it is known for the window but not for each period, the window becomes one period. A placebo uses the first baseline
    only, so that it repeats the estimate.
    """
    baselines = design.named_baselines(vintage)
    spikes = np.concatenate([spikes_before(vintage, design, s) for s in design.treated])
    for baseline in baselines[:1] if design.placebo_of else baselines:
        if not len(seen.observed):
            break
        if baseline.first is not None and baseline.last is not None:
            back = np.arange(baseline.first, baseline.last + 1)
        else:
            when = np.concatenate([np.arange(first, last + 1) for first, last in seen.periods])
            back = when - years_back(vintage.steps, seen.window) * cycle_length(vintage.steps)
        if np.isin(back, spikes).any():  # not the clean period that its name says
            continue
        level = baseline_levels(vintage, design, baseline, seen.periods)
        if np.isfinite(level).all():
            return baseline_name(vintage, design, baseline), level, back, seen
        whole = baseline_levels(vintage, design, baseline, seen.runs)
        if np.isfinite(whole).all() and not design.share_of:
            at = [[i for i, p in enumerate(seen.periods) if run[0] <= p[0] <= run[1]] for run in seen.runs]
            merged = ObservedWindow(seen.window, tuple(seen.runs), np.array([seen.observed[i].sum() for i in at]), seen.unknown)
            return baseline_name(vintage, design, baseline), whole, back, merged
    return "", None, np.empty(0, dtype=np.int64), seen


def _single_period(seen: ObservedWindow) -> tuple[tuple[int, int], ...]:
    """The window as one period, because a share is one figure."""
    return ((seen.periods[0][0], seen.periods[-1][1]),) if seen.periods else ()


def _clean_shares(vintage: Vintage, design: Design) -> tuple[Ints, Floats]:
    """Clean months in which part and whole are known, and the shares in them."""
    part = clean_pre_period(vintage, design)
    if not vintage.knows(design.share_of):
        return part.months[:0], np.empty(0)
    whole = vintage.observed(design.share_of).at(part.first, part.last)[part.months - part.first]
    known = np.isfinite(whole) & (whole > 0)
    return part.months[known], part.values[known] / whole[known]
