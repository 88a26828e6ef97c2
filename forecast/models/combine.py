"""Mean or median of several models' quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Failure, Forecast, Used
from forecast.core.vintage import Floats, Vintage

FEWEST = 2  # members that must have answered


@model
@dataclass(frozen=True)
class Combine:
    """Mean or median of the members' quantiles, month by month, with their dependence over months put back.

    Averaging quantile functions (Vincentization: Genest 1992; Lichtendahl, Grushka-Cockayne and Winkler 2013) keeps the
    members' shape and width, where pooling their draws widens it. Joint draws follow by the Schaake shuffle (Clark et al.
    2004): each member lends the rank order of its paths to an equal share of the draws, so totals stay coherent.

    members : names or specs of models; a member that could not answer is noted, the rest combined (at least two)
    how : "mean" or "median" of the quantile functions, or "pool" (an equal mixture of the draws)
    """

    members: tuple[str | dict[str, Any], ...] = ("ets", "theta", "structural", "regression")
    how: Literal["mean", "median", "pool"] = "mean"

    def __post_init__(self) -> None:
        if len(self.members) < FEWEST:
            raise ConfigError(f"{len(self.members)} member to combine", where="option 'members'", hint="two models or more")

    def asks(self, vintage: Vintage, task: Task) -> list[tuple[str | dict[str, Any], Task]]:
        """The same task, put to every member."""
        return [(member, task) for member in self.members]

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws from the members' answers; TooShortError where fewer than two answered."""
        if len(answers) != len(self.members):
            raise ConfigError(f"{len(answers)} answers for {len(self.members)} members", hint="ask through fc.predict")
        given = [answer for answer in answers if isinstance(answer, Forecast)]
        if len(given) < FEWEST:
            lost = "; ".join(f"{a.method}: {a.reason}" for a in answers if isinstance(a, Failure))
            raise TooShortError(
                f"{len(given)} of {len(answers)} members answered", where=lost, hint="members for shorter series"
            )
        ranked = [np.sort(answer.draws, axis=0) for answer in given]
        if self.how == "pool":
            draws = np.concatenate([_share(answer.draws, k, len(given), task.draws) for k, answer in enumerate(given)])
        else:
            levels = np.stack([_resized(block, task.draws) for block in ranked])
            middle: Floats = levels.mean(axis=0) if self.how == "mean" else np.median(levels, axis=0)
            draws = np.take_along_axis(middle, _order(given, task.draws, rng), axis=0)
        return Forecast(task, draws, self._used(answers, given), vintage.steps)

    def _used(self, answers: Sequence[Any], given: Sequence[Forecast]) -> tuple[Used, ...]:
        names = [member if isinstance(member, str) else str(member["use"]) for member in self.members]
        lost = tuple(f"{a.method}: {a.reason}" for a in answers if isinstance(a, Failure))
        kept = [name for name, answer in zip(names, answers, strict=True) if isinstance(answer, Forecast)]
        return tuple(
            _joined(f"{self.how} of {', '.join(kept)}", own, lost) for own in zip(*(a.used for a in given), strict=True)
        )


def _joined(name: str, own: Sequence[Used], lost: tuple[str, ...]) -> Used:
    """What the members did to one series; a regressor counts as dropped only where no member took it."""
    taken = tuple(dict.fromkeys(r for used in own for r in used.regressors))
    dropped = tuple(dict.fromkeys(r for used in own for r in used.dropped if r not in taken))
    notes = tuple(dict.fromkeys(note for used in own for note in used.notes))
    scales = "/".join(dict.fromkeys(used.scale for used in own))
    split, filled = max(used.split for used in own), max(used.filled for used in own)
    return Used(name, taken, dropped, scales, split, filled, lost + notes)


def _resized(ranked: Floats, draws: int) -> Floats:
    """Sorted draws at `draws` evenly spaced probabilities."""
    if len(ranked) == draws:
        return ranked
    quantiles: Floats = np.quantile(ranked, (np.arange(draws) + 0.5) / draws, axis=0)
    return quantiles


def _share(draws: Floats, k: int, members: int, total: int) -> Floats:
    """Every so-manieth path of a member, so that all shares together are `total`."""
    return draws[np.arange(k, total, members) % len(draws)]


def _order(given: Sequence[Forecast], draws: int, rng: np.random.Generator) -> np.ndarray:
    """Ranks (draws, series, months) of joint paths, an equal share of them from every member; ties broken at random."""
    shares = []
    for k, answer in enumerate(given):
        ties = rng.random(answer.draws.shape)
        ranks = np.lexsort((ties, answer.draws), axis=0).argsort(axis=0) / len(answer.draws)
        shares.append(_share(ranks, k, len(given), draws))
    pooled = np.concatenate(shares)
    order: np.ndarray = np.lexsort((rng.random(pooled.shape), pooled), axis=0).argsort(axis=0)
    return order
