"""Execute a plan: answer its batches in parallel and store each at once, so that a killed run resumes."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from forecast import __version__
from forecast.arrays import Floats
from forecast.core import registry
from forecast.core.archive import Archive
from forecast.core.contracts import Answer, Forecaster
from forecast.core.errors import ForecastError
from forecast.core.identity import identity
from forecast.core.ledger import ledger_rows
from forecast.core.months import parse_day
from forecast.core.results import Failure, Forecast, Skipped
from forecast.core.schema import ForecastRow, ScoreRow
from forecast.core.table_rows import TableRows
from forecast.core.vintage import Vintage
from forecast.jobs.answer_store import AnswerStore
from forecast.jobs.batch import Batch
from forecast.jobs.batch_results import BatchResult, Receipt, failure_row
from forecast.jobs.dask_cluster import ClusterClient, open_cluster, run_on_cluster
from forecast.jobs.effect_answers import answer_effects, answer_sensitivity
from forecast.jobs.nowcasts import answer_news
from forecast.jobs.plan import Plan
from forecast.jobs.progress import Progress, progress_of
from forecast.jobs.scenarios import ScenarioAnswers, ScenarioQuestion, answer_scenarios
from forecast.jobs.shared_draws import joint_task
from forecast.jobs.workers import dismiss_workers, run_in_processes
from forecast.study import ask
from forecast.study.data.real_time import RealTimeView, refuse_look_ahead
from forecast.study.evaluate.backtest import answer_tasks
from forecast.study.evaluate.forecast_rows import forecast_rows
from forecast.study.evaluate.score import ErrorScale, error_scale, job_of, metrics_by_name, score_rows
from forecast.study.evaluate.truth import truth_of
from forecast.study.ledger.answer import answer_ledger

MAX_ROUNDS = 3  # passes over the plan before stored answers are assumed not to persist
MemberDraws = list[list[Forecast | Failure]]  # answers of the batches that another one rests on, member by member


@dataclass(frozen=True)
class Context:
    """What every batch needs; sent to each worker once."""

    archive: Archive
    real_time: RealTimeView
    vintage: Vintage
    metrics: tuple[dict[str, Any], ...]
    scales: dict[str, ErrorScale]
    seed: int
    checks: tuple[dict[str, Any], ...] | None = None

    def truth(self, release: str | int) -> Vintage:
        """The vintage that answers are scored against: the run's, or that of the first or k-th release of each figure."""
        if release == "latest":
            return self.vintage
        if release not in self._truths:
            self._truths[release] = truth_of(self.archive, release, self.vintage.day)
        return self._truths[release]

    @functools.cached_property
    def _truths(self) -> dict[str | int, Vintage]:
        return {}


def execute(plan: Plan, cache: Path, workers: int = 1, progress: bool = True) -> list[BatchResult]:
    """The results of all batches, in the plan's order; those stored in `cache` are not computed again.

    The config's cluster does the work if it names one, else `workers` processes. Answers lost meanwhile (a damaged file, or
    another run of the same config that finished and removed its store) are computed again. `progress` shows a bar on stderr
    where that is a terminal.
    """
    store = AnswerStore(cache)
    store.open()
    context = context_of(plan)
    keys = cache_keys(plan, context)
    for _ in range(MAX_ROUNDS):
        with progress_of(len(plan.batches), progress) as counted:
            _answer_stages(plan, store, keys, context, workers, counted)
        results = [result for batch in plan.batches if (result := store.read(keys[batch.name])) is not None]
        if len(results) == len(plan.batches):
            return results
    raise ForecastError("stored answers are lost as soon as they are kept", where=str(cache), hint="--out DIR, on another disk")


def _answer_stages(
    plan: Plan, store: AnswerStore, keys: dict[str, str], context: Context, workers: int, progress: Progress
) -> None:
    """Answer every batch that the store does not hold, stage by stage."""
    with contextlib.ExitStack() as stack:
        stack.callback(dismiss_workers)
        cluster, client = plan.config.scale.cluster, None
        for stage in plan.stages:
            todo = []
            for batch in stage:
                if (known := _stored_receipt(store, keys, batch)) is None:
                    todo.append(batch)
                else:
                    progress.note_answer(batch, known.failures, stored=True)
            if todo and cluster is not None and client is None:
                client = stack.enter_context(open_cluster(cluster, context))
            for batch, receipt in _answer_stage(todo, store, keys, context, workers, client):
                progress.note_answer(batch, receipt.failures, receipt.seconds)


def _answer_stage(
    todo: list[Batch], store: AnswerStore, keys: dict[str, str], context: Context, workers: int, client: ClusterClient | None
) -> Iterator[tuple[Batch, Receipt]]:
    """Answer the batches of one stage and store each as soon as it is done."""
    if client is not None and todo:
        by_name = {batch.name: batch for batch in todo}
        calls = ((batch, members) for batch in todo if (members := _member_draws(batch, store, keys)) is not None)
        for name, result, draws in run_on_cluster(client, calls, run_batch_remotely):
            _store_result(by_name[name], result, draws, store, keys)
            yield by_name[name], Receipt(result.failures)
    elif workers > 1 and len(todo) > 1:
        run = functools.partial(run_batch, store=store, keys=keys)
        yield from run_in_processes(todo, run, functools.partial(_stored_receipt, store, keys), workers, context)
    else:
        for batch in todo:
            yield batch, run_batch(batch, context, store=store, keys=keys)


def context_of(plan: Plan) -> Context:
    """The context of a plan; scales of its past questions follow `study/evaluate/score.py`."""
    first: dict[str, dt.date] = {}
    for batch in plan.batches:
        for past in batch.pasts if batch.scored else ():
            first[past.series] = min(first.get(past.series, past.task.day), past.task.day)
    scales = {s: error_scale(s, plan.vintage, plan.real_time.as_of(day)) for s, day in sorted(first.items())}
    metrics = tuple({"name": m.label, **m.spec} for m in plan.config.metrics)
    return Context(plan.archive, plan.real_time, plan.vintage, metrics, scales, plan.config.seed, plan.config.check_specs)


def cache_keys(plan: Plan, context: Context) -> dict[str, str]:
    """Cache keys of batches: hashes of seed, methods, questions, vintages as seen, figures scored against, and package code."""
    fingerprints: dict[dt.date, str] = {}
    keys: dict[str, str] = {}
    truth = plan.vintage.fingerprint()
    scoring = identity((context.metrics, sorted(context.scales.items())))
    for batch in sorted(plan.batches, key=lambda b: b.stage):
        parts = [code_hash(), str(context.seed), identity(batch.spec), identity(batch.design), truth]
        parts += [keys[name] for name in batch.rests_on]
        questions = [(identity(past), past.task.day) for past in batch.pasts]
        questions += [(day, parse_day(day)) for day in (batch.vary.day if batch.vary else ())]
        for question, day in questions:
            if day not in fingerprints:
                fingerprints[day] = plan.real_time.as_of(day).fingerprint()
            parts.append(f"{question}|{fingerprints[day]}")
        if batch.ledger:
            parts.append(identity(batch.ledger))
        if batch.pasts and hasattr(registry.get("model", batch.spec["use"]), "asks"):
            parts.append(plan.archive.fingerprint)  # what it asks may stand on earlier days, whose figures may have changed
        if batch.row:
            parts.append(identity((context.checks, batch.vary)))
        if batch.scenario_questions or batch.reach or batch.also:
            parts += [
                identity(batch.scenario_questions),
                str(batch.reach),
                identity(batch.also),
                plan.real_time.as_of(plan.vintage.day).fingerprint(),
            ]
        if batch.news_question:
            day = batch.news_question.task.day
            parts += [identity(batch.news_question), plan.archive.fingerprint, plan.real_time.as_of(day).fingerprint()]
        if batch.scored:
            parts += [scoring, identity(batch.horizons), identity(batch.truth)]
        keys[batch.name] = hashlib.sha256("\n".join([batch.name, *parts]).encode()).hexdigest()[:24]
    return keys


def run_batch(batch: Batch, context: Context, store: AnswerStore, keys: dict[str, str]) -> Receipt:
    """Answer one batch and store the result, with its draws if other batches rest on them."""
    began = time.perf_counter()
    members = _member_draws(batch, store, keys)
    if members is None:
        return Receipt([])
    result, draws = answer_batch(batch, members, context)
    _store_result(batch, result, draws, store, keys)
    return Receipt(result.failures, time.perf_counter() - began)


def run_batch_remotely(
    batch: Batch, members: MemberDraws, context: Context
) -> tuple[str, BatchResult, list[Forecast | Failure]]:
    """Answer one batch on a machine that may not see the store, and return the result."""
    return batch.name, *answer_batch(batch, members, context)


def answer_batch(batch: Batch, members: MemberDraws, context: Context) -> tuple[BatchResult, list[Forecast | Failure]]:
    """The result of a batch, computed with one BLAS thread, and its draws."""
    import scipy.linalg  # noqa: F401  (its BLAS must be loaded before it can be limited)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        if batch.vary is not None:
            return answer_sensitivity(batch, batch.vary, context.vintage, context.seed, context.checks), []
        if batch.ledger is not None:
            made = answer_ledger(batch.ledger, context.vintage, context.seed)
            return BatchResult(batch.name, ledger=ledger_rows(made)), []
        if batch.row is not None:
            return answer_effects(batch, context.vintage, context.seed, context.checks), []
        if batch.news_question is not None:
            news, failures = answer_news(batch.news_question, batch.label, batch.spec, context.real_time, context.seed)
            return BatchResult(batch.name, failures=failures, news=news), []
        return _answer_tasks(batch, context, members)


def _member_draws(batch: Batch, store: AnswerStore, keys: dict[str, str]) -> MemberDraws | None:
    """The draws a batch rests on, member by member; None if some are lost and their batch has to be computed again."""
    members = [draws for name in batch.rests_on if (draws := store.read(_draws_key(keys[name]))) is not None]
    return members if len(members) == len(batch.rests_on) else None


def _store_result(
    batch: Batch, result: BatchResult, draws: Sequence[Forecast | Failure], store: AnswerStore, keys: dict[str, str]
) -> None:
    if batch.keep:
        store.write(_draws_key(keys[batch.name]), draws)
    store.write(keys[batch.name], result)


def _draws_key(key: str) -> str:
    return f"{key}.draws"


def _answer_tasks(batch: Batch, context: Context, members: MemberDraws) -> tuple[BatchResult, list[Forecast | Failure]]:
    method = registry.build("model", batch.spec)
    vintages = [past.vintage(context.real_time) for past in batch.pasts]
    for vintage in vintages:
        refuse_look_ahead(vintage, context.real_time.regressors)
    tasks = [joint_task(batch.reach, past, v.steps) for past, v in zip(batch.pasts, vintages, strict=True)]
    memo: dict[tuple[str, str], Answer] = {}
    for spec, known in zip(batch.spec.get("members", ()) if members else (), members, strict=True):
        member = registry.build("model", spec)
        for vintage, task, answer in zip(vintages, tasks, known, strict=True):
            memo[ask.key_of(member, vintage, task)] = answer
    forecasts = answer_tasks(method, vintages, tasks, context.seed, memo)
    memo |= {ask.key_of(method, v, t): answer for v, t, answer in zip(vintages, tasks, forecasts, strict=True)}
    asked = [_answer_scenarios(question, batch, method, context, memo) for question in batch.scenario_questions]
    mixtures = {a.mixture.task.series[0]: a.mixture for a in asked if a.mixture is not None}
    reported = [mixtures.get(past.series, answer) for past, answer in zip(batch.pasts, forecasts, strict=True)]
    replayed = batch.now and any(past.task.day < context.vintage.day for past in batch.pasts)
    truth = context.truth(batch.truth) if batch.scored or replayed else None
    skipped = next((a.reason for a in forecasts if isinstance(a, Skipped)), "")
    by_series = {past.series: answer for past, answer in zip(batch.pasts, reported, strict=True)}
    also = [(group, past, by_series[past.series]) for group, past in batch.also]
    pairs = [*zip(batch.pasts, reported, strict=True), *((past, answer) for _, past, answer in also)]
    failures = [failure_row(job_of(batch.label, past), batch.label, a) for past, a in pairs if _is_failure(a)]
    rows = [forecast_rows(batch.label, batch.pasts, reported, truth, batch.horizons or None)]
    rows += [forecast_rows(batch.label, [past], [answer], None).with_columns(group=group) for group, past, answer in also]
    result = BatchResult(
        batch.name,
        TableRows.concat(ForecastRow, rows),
        _score_rows(batch, forecasts, context),
        failures + [row for a in asked for row in a.failures],
        skipped,
        scenarios=[row for a in asked for row in a.rows],
        draws=_told_draws(batch, reported) if batch.told_draws else {},
    )
    return result, forecasts


def _told_draws(batch: Batch, reported: Sequence[Forecast | Failure]) -> dict[str, tuple[tuple[str, ...], Floats]]:
    """The reported months of each series, and their draws (draws, months)."""
    pairs = zip(batch.pasts, reported, strict=True)
    return {
        past.series: (past.task.months, answer.of(past.series)[:, : len(past.task.months)])
        for past, answer in pairs
        if isinstance(answer, Forecast)
    }


def _answer_scenarios(
    question: ScenarioQuestion, batch: Batch, method: Forecaster, context: Context, memo: ask.Memo
) -> ScenarioAnswers:
    vintage = context.real_time.as_of(question.task.day)
    refuse_look_ahead(vintage, context.real_time.regressors)
    return answer_scenarios(question, batch.label, method, vintage, context.seed, memo)


def _is_failure(answer: Forecast | Failure) -> TypeGuard[Failure]:
    return isinstance(answer, Failure) and not isinstance(answer, Skipped)


def _score_rows(batch: Batch, forecasts: Sequence[Forecast | Failure], context: Context) -> Sequence[ScoreRow]:
    if not batch.scored:
        return []
    metrics = metrics_by_name(context.metrics)
    return score_rows(batch.label, batch.pasts, forecasts, context.truth(batch.truth), metrics, context.scales, batch.horizons)


@functools.cache
def code_hash() -> str:
    """Hash of the package's version and source; answers computed by other code are not reused."""
    home = Path(__file__).parents[1]
    digest = hashlib.sha256(__version__.encode())
    for path in sorted(home.rglob("*.py")):
        digest.update(path.relative_to(home).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _stored_receipt(store: AnswerStore, keys: dict[str, str], batch: Batch) -> Receipt | None:
    """The receipt of a batch whose intact answer is stored, with its draws if they are needed; else None."""
    key = keys[batch.name]
    result = store.read(key)
    return None if result is None or (batch.keep and not store.holds(_draws_key(key))) else Receipt(result.failures)
