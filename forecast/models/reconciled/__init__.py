"""Forecast reconciliation: another model's forecasts of sums and of their parts, made coherent draw by draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from forecast.arrays import Floats
from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Failure, Forecast, Used
from forecast.core.vintage import Vintage
from forecast.models.reconciled import reconciliation
from forecast.models.reconciled.hierarchy import PartnerTree, add_rest, partner_tree, sum_over_blocks
from forecast.prep.past_origins import past_origins

InnerQuestion = tuple[str | dict[str, Any], Task, Vintage]
QUARTER = 3
LEAST = 8  # past errors needed in the same months at every node


@dataclass(frozen=True)
class _TemporalBlock:
    """Temporal hierarchy of one series: the months asked, in whole cycles ahead, and the sizes of its coarser levels."""

    last: int
    months: tuple[int, ...]
    levels: tuple[int, ...]
    cycles: int


@model
@dataclass(frozen=True)
class Reconciled:
    """Another model's forecasts of sums and of their parts, made to add up in every draw.

    Base draws of a sum take the rank order of the sum of its parts' draws; each joint draw is then projected on the nearest
    coherent one, never below zero for quantities (`reconciliation`). A series without a hierarchy, or whose coarser levels
    are too short, is answered by the inner model, and the notes say so; parts that exceed their total are refused.

    Parameters
    ----------
    inner : str or mapping of str to Any, default "ets"
        name or spec of the model
    hierarchy : {"temporal", "partners"}, default "temporal"
        "temporal": months, quarters and years of each series are forecast apart (Athanasopoulos et al. 2017); "partners": the
        total over partners, the partners, and an explicit rest of the world where they are not all
    how : {"wls", "ols", "structural", "mint"}, default "wls"
        the metric, by the base draws' variances ("wls"), "ols", "structural", or "mint": shrunk correlations of errors at
        `origins` earlier origins, with the base draws' variances (partners only)
    origins : int, default 12
        earlier origins of "mint"

    References
    ----------
    * Athanasopoulos, G., Hyndman, R. J., Kourentzes, N. and Petropoulos, F. (2017). Forecasting with temporal hierarchies.
      European Journal of Operational Research 262(1), 60-74.
    * Panagiotelis, A., Gamakumara, P., Athanasopoulos, G. and Hyndman, R. J. (2023). Probabilistic forecast reconciliation.
      European Journal of Operational Research 306(2), 693-706.
    """

    inner: str | dict[str, Any] = "ets"
    hierarchy: Literal["temporal", "partners"] = "temporal"
    how: Literal["wls", "ols", "structural", "mint"] = "wls"
    origins: int = 12

    def __post_init__(self) -> None:
        if self.how == "mint" and self.hierarchy == "temporal":
            raise ConfigError("months and years have no errors in common", where="option 'how'", hint='"wls" or "structural"')
        if self.origins < LEAST:
            raise ConfigError(f"{self.origins} origins are too few", where="option 'origins'", hint=f"{LEAST} or more")

    def asks(self, vintage: Vintage, task: Task) -> list[InnerQuestion]:
        """Questions about every node to the inner model, now; for `mint` at earlier origins too."""
        if self.hierarchy == "temporal":
            return [wanted for series in task.series for wanted in self._temporal_questions(vintage, task, series)]
        out: list[InnerQuestion] = []
        for tree, alone in self._trees(vintage, task):
            seen = vintage if tree is None else add_rest(vintage, tree)
            for node in (alone,) if tree is None else tree.nodes:
                out.append((self.inner, task.for_series(node), seen))
            if tree is not None and self.how == "mint":
                out += [(self.inner, past.task, past.vintage) for past in self._past(seen, task, tree)]
        return out

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws; TooShortError where the inner model could not answer a series, or a node of its hierarchy."""
        made = (self._answer_over_time if self.hierarchy == "temporal" else self._answer_by_trees)(vintage, task, answers)
        draws = np.stack([made[series][0] for series in task.series], axis=1)
        return Forecast(task, draws, tuple(made[series][1] for series in task.series), vintage.steps)

    # --------------------------------------------------------------------------------------------------------- temporal

    def _temporal_block(self, vintage: Vintage, task: Task, series: str) -> _TemporalBlock:
        """The temporal hierarchy of a series; no levels without a season, or if only months before its last one are asked."""
        asked = task.ordinals(vintage)
        season, last = vintage.season, vintage.observed(series).last
        ahead = max(asked) - last
        if not season or ahead < 1:
            return _TemporalBlock(last, tuple(asked), (), 0)
        cycles = -(-ahead // season)
        levels = (QUARTER, season) if season % QUARTER == 0 and season > QUARTER else (season,)
        return _TemporalBlock(last, tuple(sorted({*asked, *range(last + 1, last + cycles * season + 1)})), levels, cycles)

    def _answer_over_time(self, vintage: Vintage, task: Task, answers: Answers) -> dict[str, tuple[Floats, Used]]:
        """Draws by series, from the answers about its months and about each coarser level."""
        blocks = {series: self._temporal_block(vintage, task, series) for series in task.series}
        _require_count(answers, sum(1 + len(block.levels) for block in blocks.values()))
        rest, made = list(answers), {}
        for series, block in blocks.items():
            own, rest = rest[: 1 + len(block.levels)], rest[1 + len(block.levels) :]
            made[series] = self._reconcile_over_time(vintage, task, series, block, own)
        return made

    def _temporal_questions(self, vintage: Vintage, task: Task, series: str) -> list[InnerQuestion]:
        block = self._temporal_block(vintage, task, series)
        label = vintage.steps.label
        months = [label(m) for m in block.months]
        out: list[InnerQuestion] = [(self.inner, task.for_series(series, months), vintage)]
        for size in block.levels:
            count = block.cycles * (vintage.season or 1) // size
            asked = task.for_series(f"{series} by {size}", [str(b) for b in range(count)])
            out.append((self.inner, asked, sum_over_blocks(vintage, series, block.last, size)))
        return out

    def _reconcile_over_time(
        self, vintage: Vintage, task: Task, series: str, block: _TemporalBlock, answers: Sequence[Any]
    ) -> tuple[Floats, Used]:
        """Draws of one series whose months add up to its coarser levels, cycle by cycle."""
        monthly = _require_forecast(answers[0], series)
        asked = task.ordinals(vintage)
        draws = monthly.draws[:, 0].copy()
        pairs = list(zip(block.levels, answers[1:], strict=True))
        levels = [(size, answer.draws[:, 0]) for size, answer in pairs if isinstance(answer, Forecast)]
        lost = [f"blocks of {size} left out: {a.reason}" for size, a in pairs if isinstance(a, Failure)]
        columns = [block.months.index(m) for m in asked]
        if not levels:
            why = lost or ["nothing to add up: " + ("no month after the last one known" if vintage.season else "no season")]
            return _base_answer(replace(monthly, draws=monthly.draws[:, :, columns], task=task.for_series(series)), *why)
        season = vintage.season or 1
        sums = np.vstack([np.kron(np.eye(season // size), np.ones(size)) for size, _ in levels])
        for cycle in range(block.cycles):
            inside = [block.months.index(block.last + 1 + cycle * season + i) for i in range(season)]
            above = [level[:, cycle * season // size + b] for size, level in levels for b in range(season // size)]
            draws[:, inside] = self._coherent(np.column_stack([*above, draws[:, inside]]), sums, vintage.nonnegative)
        words = f"months and blocks of {', '.join(str(size) for size, _ in levels)} months add up"
        used = monthly.used[0]
        return draws[:, columns], replace(used, model=f"{used.model}; {words}", notes=(*lost, *used.notes))

    # --------------------------------------------------------------------------------------------------------- partners

    def _trees(self, vintage: Vintage, task: Task) -> list[tuple[PartnerTree | None, str]]:
        """The trees of the asked series, each once; None with the series itself where it has none."""
        out: dict[object, tuple[PartnerTree | None, str]] = {}
        for series in task.series:
            tree = partner_tree(vintage, series)
            out.setdefault(tree if tree is not None else series, (tree, series))
        return list(out.values())

    def _answer_by_trees(self, vintage: Vintage, task: Task, answers: Answers) -> dict[str, tuple[Floats, Used]]:
        """Draws by series, from the answers about the nodes of its tree, now and at earlier origins."""
        _require_count(answers, len(self.asks(vintage, task)))
        rest, made = list(answers), {}
        for tree, alone in self._trees(vintage, task):
            if tree is None:
                own, rest = _require_forecast(rest[0], alone), rest[1:]
                made[alone] = _base_answer(own, "no total or no partner of it is known: nothing to add up")
                continue
            past = self._past(add_rest(vintage, tree), task, tree) if self.how == "mint" else []
            now, end = len(tree.nodes), len(tree.nodes) + len(past)
            made |= self._reconcile_over_partners(vintage, task, tree, rest[:now], past, rest[now:end])
            rest = rest[end:]
        return made

    def _past(self, seen: Vintage, task: Task, tree: PartnerTree) -> list[Any]:
        """Past questions one step ahead about every node, node by node."""
        first = task.months[int(np.argmin(task.ordinals(seen)))]
        return past_origins(seen, task.for_series(tree.nodes, [first]), self.origins, 1)

    def _reconcile_over_partners(
        self, vintage: Vintage, task: Task, tree: PartnerTree, now: Sequence[Any], past: Sequence[Any], then: Sequence[Any]
    ) -> dict[str, tuple[Floats, Used]]:
        """Reconciled draws of all nodes of one tree, month by month."""
        answers = [_require_forecast(answer, node) for answer, node in zip(now, tree.nodes, strict=True)]
        base = np.stack([answer.draws[:, 0] for answer in answers], axis=1)
        correlation, note = _error_correlations(tree, past, then) if self.how == "mint" else (None, "")
        sums = np.ones((1, len(tree.nodes) - 1))
        made = np.empty_like(base)
        for j in range(base.shape[2]):
            parts = self._coherent(base[:, :, j], sums, vintage.nonnegative, correlation)
            made[:, 0, j], made[:, 1:, j] = parts.sum(axis=1), parts
        count = len(tree.parts)
        words = f"total, {count} partner{'s' * (count > 1)}{' and the rest' if tree.rest else ''} add up"
        return {
            node: (
                made[:, i],
                replace(a.used[0], model=f"{a.used[0].model}; {words}", notes=(*([note] if note else []), *a.used[0].notes)),
            )
            for i, (node, a) in enumerate(zip(tree.nodes, answers, strict=True))
        }

    def _coherent(self, base: Floats, sums: Floats, positive: bool, correlation: Floats | None = None) -> Floats:
        """Coherent parts (draws, parts) from base draws (draws, aggregates + parts)."""
        above = len(sums)
        # the sum of the parts' draws orders the draws of each aggregate, so that projections are small
        template = base[:, above:] @ sums.T
        base = np.column_stack(
            [*(reconciliation.schaake_shuffle(base[:, k], template[:, k]) for k in range(above)), base[:, above:]]
        )
        variance = base.var(axis=0)
        weight: Floats = {
            "ols": np.ones_like(variance),
            "structural": np.concatenate([sums.sum(axis=1), np.ones(sums.shape[1])]),
        }.get(self.how, variance)
        weight = np.where(variance > 0, weight, 0.0)  # a known month keeps its published figure
        if correlation is not None:
            weight = correlation * np.sqrt(np.outer(weight, weight))
        return (
            reconciliation.reconcile_nonnegative(base, sums, weight)
            if positive
            else reconciliation.reconcile(base, sums, weight)
        )


def _require_count(answers: Answers, wanted: int) -> None:
    if len(answers) != wanted:
        raise ConfigError(f"{len(answers)} answers for {wanted} questions", hint="ask through fc.predict")


def _require_forecast(answer: Any, node: str) -> Forecast:
    if isinstance(answer, Forecast):
        return answer
    raise TooShortError(f"{node} not answered: {answer.reason}", where=node, hint="a model for shorter series")


def _base_answer(answer: Forecast, *notes: str) -> tuple[Floats, Used]:
    """The inner model's own answer, with notes on why it was not reconciled."""
    used = answer.used[0]
    return answer.draws[:, 0], replace(used, model=f"{used.model}; not reconciled", notes=(*notes, *used.notes))


def _error_correlations(tree: PartnerTree, past: Sequence[Any], then: Sequence[Any]) -> tuple[Floats, str]:
    """Shrunk correlations of the nodes' past errors, in the months common to all; and a note."""
    errors: list[dict[int, float]] = [{} for _ in tree.nodes]
    for question, answer in zip(past, then, strict=True):
        if isinstance(answer, Forecast):
            misses = np.median(answer.draws[:, 0], axis=0) - question.truth
            errors[question.series] |= dict(zip((question.origin + question.leads).tolist(), misses.tolist(), strict=True))
    shared = sorted(set.intersection(*(set(own) for own in errors)))
    if len(shared) < LEAST:
        problem = f"{len(shared)} past errors in the same months where {LEAST} are needed"
        raise TooShortError(problem, where=tree.total, hint='how = "wls"')
    made, share = reconciliation.shrunk_correlation(np.array([[own[m] for own in errors] for m in shared]))
    return made, f"correlations from {len(shared)} past errors, drawn {share:.0%} towards none"
