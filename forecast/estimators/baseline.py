"""Baseline: observed against a named clean period, with a band from the clean months' own ups and downs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.core.clean import clean
from forecast.core.contracts import Answers
from forecast.core.describe import Asked, asked, describe, expected, named, unit_of
from forecast.core.errors import ConfigError
from forecast.core.questions import Design
from forecast.core.registry import estimator
from forecast.core.results import Effect, Used
from forecast.core.vintage import Floats, Vintage
from forecast.kernels import bootstrap


@estimator
@dataclass(frozen=True)
class Baseline:
    """Ratio and difference to a named clean period, or of a share of a total; band from a block bootstrap of clean months.

    With baseline B (mean of L months), window W and clean months c_1 .. c_N, one draw of the counterfactual of W is

        expected * (mean of W resampled c / mean of L further resampled c) ^ s,    s = sqrt(N / (N - 2 b)),

    the noise of the asked months over the luck of the baseline's own; its periods share it as the resampled months do. Blocks
    are circular (Politis and Romano 1992), of b months: W, but at least N^(1/3) and at most N / 3. The power s makes up for
    a short stretch holding its own mean: with it 80 % bands held 77 to 89 % of simulated sums (independent months and
    autocorrelation 0.6, even and skewed, N 15 to 60), without it 53 to 80 %; a flow that wanders is held less often on a
    short history. Where values may be negative the same is done with differences, stretched by s. Point estimate: observed
    less expected. With fewer than `fewest` clean monthly figures, or without `band`, only the description is given.
    """

    fewest: int = 12
    band: bool = True

    def __post_init__(self) -> None:
        if self.fewest < 6:
            raise ConfigError(f"a band from {self.fewest} months is none", hint="6 or more")

    def estimate(self, vintage: Vintage, design: Design, rng: np.random.Generator, answers: Answers = ()) -> Effect:
        """Observed minus the baseline laid on the asked months."""
        seen = asked(vintage, design)
        text = describe(vintage, design)
        stretch = clean(vintage, design)
        values = _clean_values(vintage, design) if design.share_of else stretch.values
        name, level, length, seen = _level(vintage, design, seen)
        draws, note = None, ""
        if level is None:
            note = "no baseline is determined by the figures" if len(seen.observed) else "no figure in the asked window"
        elif not self.band:
            note = "the question asks only what was observed"
        elif len(values) < self.fewest:
            note = f"{len(values)} clean monthly figures, a band needs {self.fewest}"
        else:
            drawn = self._draws(level, values, seen, length, design, rng)
            draws = _ratios(level, *drawn) if vintage.nonnegative else _differences(level, *drawn, bool(design.share_of))
        used = Used(f"against {name}" if level is not None else "description only", notes=(note,) if note else ())
        return Effect(
            estimator="baseline",
            design=design,
            unit=unit_of(design),
            periods=seen.periods if not design.share_of else _whole(seen),
            observed=seen.observed,
            counterfactual=draws,
            description=text,
            steps=vintage.steps,
            used=(used,),
            n_clean=len(values),
            n_span=len(stretch.spans),
            point=None if draws is None or level is None else float(seen.observed.sum() - level.sum()),
        )

    def _draws(
        self, level: Floats, values: Floats, seen: Asked, length: int, design: Design, rng: np.random.Generator
    ) -> tuple[Floats, Floats, Floats, float]:
        """Resampled months of the window (draws, W) and means of the baseline's (draws,), period sizes, and the stretch."""
        sizes = np.array([last - first + 1 for first, last in seen.periods])
        count, months = len(values), int(sizes.sum())
        block = max(round(count ** (1 / 3)), min(months, count // 3))
        window = bootstrap.moving_blocks(values, months, design.draws, rng, block)
        luck = bootstrap.moving_blocks(values, length, design.draws, rng, block).mean(axis=1)
        return window, luck, sizes, float(np.sqrt(count / (count - 2 * block)))


def _ratios(level: Floats, window: Floats, luck: Floats, sizes: Floats, stretch: float) -> Floats:
    """Counterfactual draws of a flow that cannot be negative, shape (draws, periods)."""
    middle = window.mean(axis=1)
    luck = np.where(luck > 0, luck, max(float(window.mean()), 1e-300))
    common = np.divide(middle, luck) ** stretch
    split = _means(window, sizes if len(level) > 1 else np.array([window.shape[1]]))
    parts = np.divide(split, middle[:, None], out=np.zeros_like(split), where=middle[:, None] > 0)
    drawn: Floats = level[None, :] * parts * common[:, None]
    return drawn


def _differences(level: Floats, window: Floats, luck: Floats, sizes: Floats, stretch: float, share: bool) -> Floats:
    """Counterfactual draws where values may be negative, shape (draws, periods)."""
    if share:
        return np.asarray(level[None, :] + stretch * (window.mean(axis=1) - luck)[:, None])
    return np.asarray(level[None, :] + stretch * (_means(window, sizes) - luck[:, None]) * sizes[None, :])


def _means(window: Floats, sizes: Floats) -> Floats:
    """Means of consecutive groups of columns, shape (draws, groups)."""
    ends = np.cumsum(sizes)
    return np.stack([window[:, end - size : end].mean(axis=1) for size, end in zip(sizes, ends, strict=True)], axis=1)


def _level(vintage: Vintage, design: Design, seen: Asked) -> tuple[str, Floats | None, int, Asked]:
    """The first baseline that the figures determine: its name, its level per period, its length in months.

    Where it is known for the window but not for each period, the window becomes one period. A placebo takes no other
    baseline than the first, so that it repeats what was done.
    """
    baselines = design.named_baselines(vintage)
    for baseline in baselines[:1] if design.placebo_of else baselines:
        if not len(seen.observed):
            break
        length = sum(last - first + 1 for first, last in seen.periods)
        if baseline.first is not None and baseline.last is not None:
            length = baseline.last - baseline.first + 1
        level = expected(vintage, design, baseline, seen.periods)
        if np.isfinite(level).all():
            return named(vintage, design, baseline), level, length, seen
        whole = expected(vintage, design, baseline, seen.runs)
        if np.isfinite(whole).all() and not design.share_of:
            at = [[i for i, p in enumerate(seen.periods) if run[0] <= p[0] <= run[1]] for run in seen.runs]
            merged = Asked(seen.window, tuple(seen.runs), np.array([seen.observed[i].sum() for i in at]), seen.unknown)
            return named(vintage, design, baseline), whole, length, merged
    return "", None, 0, seen


def _whole(seen: Asked) -> tuple[tuple[int, int], ...]:
    """A share is one figure for the whole window."""
    return ((seen.periods[0][0], seen.periods[-1][1]),) if seen.periods else ()


def _clean_values(vintage: Vintage, design: Design) -> Floats:
    """Monthly shares of the clean months in which part and whole are known."""
    if not vintage.knows(design.share_of):
        return np.empty(0)
    part = clean(vintage, design)
    whole = vintage.observed(design.share_of).at(part.first, part.last)[part.months - part.first]
    known = np.isfinite(whole) & (whole > 0)
    return part.values[known] / whole[known]
