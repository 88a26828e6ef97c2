"""Forecast combination: mean, median or weighted mean of several models' quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Failure, Forecast, Used
from forecast.core.vintage import Vintage
from forecast.prep.past_origins import PastOrigin, past_nowcast_origins, past_origins

FEWEST = 2  # fewest members to combine
WEIGHED = ("inverse", "shrunk", "release_day")
FURTHEST = 3.0  # times the observed range, beyond which a median counts as exploded


@model
@dataclass(frozen=True)
class Combine:
    """Mean, median or weighted mean of the members' quantiles, month by month, with their dependence over months put back.

    Averaging quantile functions (Vincentization: Genest 1992; Lichtendahl, Grushka-Cockayne and Winkler 2013) keeps the
    members' shape and width, where pooling their draws widens it. Joint draws follow by the Schaake shuffle (Clark et al.
    2004): each member lends the rank order of its paths to a share of the draws, so totals stay coherent.

    Parameters
    ----------
    members : tuple of str or dict, default ("ets", "dynamic_theta", "ces", "regression")
        names or specs of models; a member that could not answer, or whose median exploded, is noted, the rest combined (at
        least two)
    how : {"mean", "median", "pool", "inverse", "shrunk", "release_day"}, default "mean"
        "mean" or "median" of the quantile functions, "pool" (an equal mixture of the draws), "inverse" (weights one over each
        member's mean absolute error at earlier origins of the series: Bates and Granger 1969) or "shrunk" (the same, shrunk
        to equal weights as `prior` against the number of errors: Diebold and Pauly 1990); "release_day" for nowcasts: weights
        one over each member's mean square error in past nowcasts of the series made as many days before publication, shrunk
        to equal weights likewise
    origins : int, default 3
        how many earlier origins the weights rest on, a third of the longest lead apart ("release_day": the last months)
    prior : float, default 20.0
        number of errors that equal weights count as
    width : int, default 7
        "release_day": days to publication within so many days of each other count as the same

    References
    ----------
    * Genest, C. (1992). Vincentization revisited. Annals of Statistics 20(2), 1137-1142.
    * Lichtendahl, K. C., Grushka-Cockayne, Y. and Winkler, R. L. (2013). Is it better to average probabilities or quantiles?
      Management Science 59(7), 1594-1611.
    * Clark, M., Gangopadhyay, S., Hay, L., Rajagopalan, B. and Wilby, R. (2004). The Schaake shuffle. Journal of
      Hydrometeorology 5(1), 243-262.
    * Bates, J. M. and Granger, C. W. J. (1969). The combination of forecasts. Operational Research Quarterly 20(4), 451-468.
    * Diebold, F. X. and Pauly, P. (1990). The use of prior information in forecast combination. International Journal of
      Forecasting 6(4), 503-508.
    """

    members: tuple[str | dict[str, Any], ...] = ("ets", "dynamic_theta", "ces", "regression")
    how: Literal["mean", "median", "pool", "inverse", "shrunk", "release_day"] = "mean"
    origins: int = 3
    prior: float = 20.0
    width: int = 7

    def __post_init__(self) -> None:
        if len(self.members) < FEWEST:
            raise ConfigError(f"{len(self.members)} member to combine", where="option 'members'", hint="two models or more")
        if self.origins < 1 or self.prior <= 0 or self.width < 1:
            raise ConfigError(
                "origins and width must be 1 or more, prior above zero", hint="origins = 3, width = 7, prior = 20"
            )

    def asks(self, vintage: Vintage, task: Task) -> list[Any]:
        """The task for every member, and past ones if weights are estimated."""
        now = [(member, task) for member in self.members]
        past = [(member, old.task, old.vintage) for member in self.members for old in self._past(vintage, task)]
        return [*now, *past]

    def _past(self, vintage: Vintage, task: Task) -> list[PastOrigin]:
        if self.how == "release_day":
            return past_nowcast_origins(vintage, task, self.origins, self.width)
        return past_origins(vintage, task, self.origins) if self.how in WEIGHED else []

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws from the members' answers; TooShortError where fewer than two answered."""
        size = len(self.members)
        past = self._past(vintage, task)
        if len(answers) != size * (1 + len(past)):
            raise ConfigError(f"{len(answers)} answers for {size} members", hint="ask through fc.predict")
        now, then = answers[:size], answers[size:]
        given = [k for k, answer in enumerate(now) if isinstance(answer, Forecast)]
        lost = [f"{a.method}: {a.reason}" for a in now if isinstance(a, Failure)]
        if len(given) < FEWEST:
            raise TooShortError(
                f"{len(given)} of {size} members answered", where="; ".join(lost), hint="members for shorter series"
            )
        names = [member if isinstance(member, str) else str(member["use"]) for member in self.members]
        draws, used = np.empty((task.draws, len(task.series), len(task.months))), []
        for i, series in enumerate(task.series):
            blocks = {k: _OrderedDraws.of(now[k].draws[:, i, :]) for k in given}
            kept, notes = self._exclude_exploded(vintage, series, blocks, names)
            weights, words = self._weights(past, then, i, kept)
            draws[:, i, :] = self._combine_draws([blocks[k] for k in kept], weights, task.draws, rng).T
            name = f"{self.how} of {', '.join(names[k] for k in kept)}"
            used.append(_merge_used(name, [now[k].used[i] for k in kept], (*lost, *notes, *words)))
        return Forecast(task, draws, tuple(used), vintage.steps)

    def _exclude_exploded(
        self, vintage: Vintage, series: str, blocks: dict[int, _OrderedDraws], names: Sequence[str]
    ) -> tuple[list[int], list[str]]:
        """Members whose median stays within three times the observed range, and notes on those left out."""
        values = vintage.observed(series).values
        known = values[np.isfinite(values)]
        if not len(known):
            return list(blocks), []
        low, high = (0.0 if vintage.nonnegative else float(known.min())), float(known.max())
        reach = (FURTHEST - 1.0) * max(high - low, abs(high), abs(low))
        middle = {k: block.median() for k, block in blocks.items()}
        kept = [k for k, m in middle.items() if low - reach <= m.min() and m.max() <= high + reach]
        if len(kept) < FEWEST:
            return list(blocks), ["medians beyond three times the range seen: no two members stay within, none is left out"]
        return kept, [f"{names[k]} left out: its median is beyond three times the range seen" for k in blocks if k not in kept]

    def _weights(
        self, past: Sequence[PastOrigin], then: Answers, place: int, kept: Sequence[int]
    ) -> tuple[Floats, tuple[str, ...]]:
        """Weights (members,) for one series, from past errors common to all members; equal where there are none."""
        equal = np.full(len(kept), 1.0 / len(kept))
        if self.how not in WEIGHED:
            return equal, ()
        losses = []
        for j, old in enumerate(past):
            made = [then[k * len(past) + j] for k in kept]
            if old.series == place and all(isinstance(a, Forecast) for a in made):
                losses.append(self._losses(np.stack([a.draws[:, 0, :] for a in made]), old))
        if not losses:
            return equal, ("no earlier origin: equal weights",)
        table = np.concatenate(losses, axis=1)
        mean = np.maximum(table.mean(axis=1), 1e-12 * float(table.max()) or 1.0)  # equal weights where there are no errors
        weights = (1.0 / mean) / (1.0 / mean).sum()
        if self.how != "inverse":
            trust = table.shape[1] / (table.shape[1] + self.prior)
            weights = trust * weights + (1.0 - trust) * equal
        return weights, (f"weights {', '.join(f'{w:.2f}' for w in weights)} from {table.shape[1]} past errors",)

    def _losses(self, draws: Floats, old: PastOrigin) -> Floats:
        """Losses (members, months) of draws (members, draws, months), scaled by lead so that no lead dominates."""
        if self.how == "release_day":
            squares: Floats = (draws.mean(axis=1) - old.truth) ** 2 / old.leads
            return squares
        misses: Floats = np.abs(np.median(draws, axis=1) - old.truth) / np.sqrt(old.leads)
        return misses

    def _combine_draws(self, blocks: Sequence[_OrderedDraws], weights: Floats, draws: int, rng: np.random.Generator) -> Floats:
        """Joint draws (months, draws) of one series."""
        if self.how == "pool":
            return np.concatenate([_member_share(b.paths, k, len(blocks), draws) for k, b in enumerate(blocks)], axis=1)
        levels = np.stack([_resize_draws(block.ordered, draws) for block in blocks])
        middle: Floats = np.median(levels, axis=0) if self.how == "median" else np.tensordot(weights, levels, axes=1)
        return np.take_along_axis(middle, _rank_template(blocks, draws, rng), axis=1)


@dataclass(frozen=True)
class _OrderedDraws:
    """Draws of one series, all (months, draws): the paths, the order of their values by month, and the values in order."""

    paths: Floats
    order: Ints
    ordered: Floats

    @classmethod
    def of(cls, draws: Floats) -> _OrderedDraws:
        """From draws (draws, months)."""
        paths = np.ascontiguousarray(draws.T)
        order = paths.argsort(axis=1)
        return cls(paths, order, np.take_along_axis(paths, order, axis=1))

    def median(self) -> Floats:
        """By month."""
        n = self.ordered.shape[1]
        middle: Floats = (self.ordered[:, (n - 1) // 2] + self.ordered[:, n // 2]) / 2
        return middle

    def ranks(self, ties: Floats) -> Ints:
        """Ranks from 0 of each path, month by month; equal values in the order of `ties` (draws, months)."""
        order = self.order
        tied = (self.ordered[:, 1:] == self.ordered[:, :-1]).any(axis=1)
        if tied.any():
            order = order.copy()
            order[tied] = np.lexsort((ties.T[tied], self.paths[tied]), axis=1)
        return _ranks(order)


def _merge_used(name: str, own: Sequence[Used], own_notes: tuple[str, ...]) -> Used:
    """Record of what the members used for one series; a regressor counts as dropped only if no member used it."""
    taken = tuple(dict.fromkeys(r for used in own for r in used.regressors))
    dropped = tuple(dict.fromkeys(r for used in own for r in used.dropped if r not in taken))
    notes = tuple(dict.fromkeys(note for used in own for note in used.notes))
    scales = "/".join(dict.fromkeys(used.scale for used in own))
    split, filled = max(used.split for used in own), max(used.filled for used in own)
    return Used(name, taken, dropped, scales, split, filled, own_notes + notes)


def _resize_draws(ordered: Floats, draws: int) -> Floats:
    """Draws in order (months, n) at `draws` evenly spaced probabilities."""
    if ordered.shape[1] == draws:
        return ordered
    quantiles: Floats = np.quantile(ordered, (np.arange(draws) + 0.5) / draws, axis=1).T
    return quantiles


def _member_share(draws: Floats, k: int, members: int, total: int) -> Floats:
    """Every `members`-th path (months, paths) of member `k`, so that all shares together are `total` paths."""
    return draws[:, np.arange(k, total, members) % draws.shape[1]]


def _rank_template(blocks: Sequence[_OrderedDraws], draws: int, rng: np.random.Generator) -> Ints:
    """Ranks (months, draws) of joint paths, an equal share of them from every member; ties broken at random."""
    shares = []
    for k, block in enumerate(blocks):
        months, n = block.paths.shape
        ranks = block.ranks(rng.random((n, months))) / n
        shares.append(_member_share(ranks, k, len(blocks), draws))
    pooled = np.concatenate(shares, axis=1)
    finest = max(draws, *(block.paths.shape[1] for block in blocks))  # no tie is broken by as much as a rank
    return _ranks((pooled + rng.random(pooled.shape[::-1]).T / finest).argsort(axis=1))


def _ranks(order: Ints) -> Ints:
    """Ranks (months, n) from 0, given the order of each row."""
    ranks = np.empty(order.size, np.int64)
    ranks[order + len(order[0]) * np.arange(len(order))[:, None]] = np.arange(len(order[0]))
    return ranks.reshape(order.shape)
