"""What measures let through of the trade that there would be without them: from months under them, or as declared."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core import months as mm
from forecast.core.vintage import Vintage
from forecast.prep.policy_measures import EASING_INSTRUMENTS, MeasuresInForce, declared_share_left, measures_in_force
from forecast.prep.spans_and_gaps import measured_months

FEWEST = 3  # known months under the measures, and as many without them, from which what they let through is estimated
MOST = 12  # latest months of either kind that are used


@dataclass(frozen=True)
class DeclaredShares:
    """What is declared where no month shows it: median and log standard deviation of the share that passes.

    leak, leak_sd : a full stop; part_sd : spread around a declared part; unknown, unknown_sd : a closing measure without either
    """

    leak: float = 0.05
    leak_sd: float = 1.0
    part_sd: float = 0.35
    unknown: float = 0.3
    unknown_sd: float = 1.2


@dataclass(frozen=True)
class PassThrough:
    """Draws of what passes, (draws,): `share` of the quantity and `often`, the share of months with trade that still have some.

    A month passes with probability `often`, and then `share / often` of it: 0 <= share <= often <= 1.
    """

    share: Floats
    often: Floats
    words: str

    def factor(self, uniform: Floats) -> Floats:
        """Factors (draws,) of one month, from 0 to 1, given uniform random numbers."""
        size: Floats = np.where(uniform < self.often, self.share / np.maximum(self.often, 1e-300), 0.0)
        return np.minimum(size, 1.0)


@dataclass(frozen=True)
class KnownRegimes:
    """The known months of one series with the measures in force in each, as they arrive."""

    vintage: Vintage
    series: str
    when: Ints
    y: Floats
    regimes: tuple[MeasuresInForce, ...]

    @classmethod
    def of(cls, vintage: Vintage, series: str, under_way: int) -> KnownRegimes:
        """All measured months of a series; short sums are split."""
        when, y, _ = measured_months(vintage.observed(series))
        return cls(vintage, series, when, y, tuple(measures_in_force(vintage, series, when, under_way=under_way)))

    def where(self, measures: frozenset[str]) -> Bools:
        """Months under exactly these measures."""
        return np.array([own.measures == measures for own in self.regimes], dtype=bool)

    def under(self, added: frozenset[str]) -> Bools:
        """Months under all of these measures, whatever else was in force."""
        return np.array([added <= own.measures for own in self.regimes], dtype=bool)

    def comparison(self, regime: MeasuresInForce, added: frozenset[str]) -> tuple[Floats, Floats] | None:
        """Figures under `added` and without, at most the last twelve of each; None where either are fewer than three.

        Months under exactly the measures of `regime` are preferred to others under `added`; those without are the months before
        the first of them, as trade that recovers afterwards is still marked by them, and never under another closing measure.
        Measures that name their own months (`Event.like`) are judged by those.
        """
        under = self.under(added)
        shown = [span for name in sorted(added) if (span := self.vintage.events[name].like)]
        if shown:
            first, last = mm.parse_period(shown[0])
            mine = (self.when >= first) & (self.when <= last)
        else:
            same = self.where(regime.measures)
            mine = same if same.sum() >= FEWEST else under
        if mine.sum() < FEWEST:
            return None
        without = np.array([not own.closed and not added & own.measures for own in self.regimes], dtype=bool) & ~mine
        before = without & (self.when < self.when[under | mine].min())
        without = before if before.sum() >= FEWEST else without
        if without.sum() < FEWEST:
            return None
        return self.y[mine][-MOST:], self.y[without][-MOST:]

    def pass_through(
        self, regime: MeasuresInForce, added: frozenset[str], declared: DeclaredShares, draws: int, seed: int
    ) -> PassThrough | None:
        """What the measures `added` let through in `regime`; None where neither months nor texts say anything of it.

        An easing lets through no less than the measure that it eases.
        """
        events = self.vintage.events
        easing = {n for n in regime.closing & added if events[n].instrument in EASING_INSTRUMENTS and events[n].reversal_of}
        found = self.comparison(regime, added)
        if found is not None:
            return estimate_pass_through(*found, declared.leak, draws, np.random.default_rng([seed, 0]))
        closing = replace(regime, closing=regime.closing & added)
        if not closing.closed:
            return None
        left = declared_share_left(self.vintage, closing)
        made = _declared_pass_through(left, declared, draws, np.random.default_rng([seed, 0]))
        if easing and (full := added - easing):
            rest = replace(regime, measures=regime.measures - easing, closing=regime.closing - easing)
            floor = self.pass_through(rest, full, declared, draws, seed)
            if floor is not None:
                made = replace(made, share=np.maximum(made.share, floor.share), often=np.maximum(made.often, floor.often))
        return made


def estimate_pass_through(under: Floats, without: Floats, leak: float, draws: int, rng: np.random.Generator) -> PassThrough:
    """The pass-through of measures from figures under them (n,) and without them (m,).

    Share: the ratio of the two means, each with Bayesian bootstrap weights (Rubin 1981, Ann. Stat. 9:130; exponential variates
    over their sum), `under` with one more month at `leak` times the other mean, so that n zeros are no certainty; at most 1, as
    a measure only takes away. How often: the ratio of the probabilities of a month with trade, each Beta(k + 1/2, n - k + 1/2).

    >>> made = estimate_pass_through(np.full(6, 10.0), np.full(12, 100.0), 0.1, 100, np.random.default_rng(0))
    >>> bool(np.allclose(made.share, 0.1)), float(made.often.max()) <= 1.0
    (True, True)
    """
    own, other = rng.standard_exponential((draws, len(under) + 1)), rng.standard_exponential((draws, len(without)))
    level = other @ without / other.sum(axis=1)
    passed = (own[:, :-1] @ under + own[:, -1] * leak * level) / own.sum(axis=1)
    share = np.divide(passed, level, out=np.ones(draws), where=passed < level)
    chance = [rng.beta(0.5 + np.count_nonzero(y), 0.5 + np.count_nonzero(y == 0.0), size=draws) for y in (under, without)]
    often = np.clip(chance[0] / np.maximum(chance[1], 1e-300), share, 1.0)
    words = f"{_percent(share)} of the trade without, from {len(under)} months under it and {len(without)} without"
    return PassThrough(share, often, words)


def _declared_pass_through(left: float | None, declared: DeclaredShares, draws: int, rng: np.random.Generator) -> PassThrough:
    """Log-normal around what the texts leave, at most 1; every month passes."""
    if left is None:
        middle, spread, source = declared.unknown, declared.unknown_sd, "assumed, as neither a month nor a text says"
    elif left <= declared.leak:
        middle, spread, source = declared.leak, declared.leak_sd, "declared: its text stops all, and a little leaks"
    else:
        middle, spread, source = left, declared.part_sd, "declared by its text"
    share = np.minimum(middle * np.exp(spread * rng.standard_normal(draws)), 1.0)
    return PassThrough(share, np.ones(draws), f"{_percent(share)} of the trade without, {source}")


def _percent(share: Floats) -> str:
    low, middle, high = (f"{x:.0f}" if x >= 9.95 else f"{x:.2g}" for x in 100.0 * np.quantile(share, (0.1, 0.5, 0.9)))
    return f"{middle} % ({low} to {high})"
