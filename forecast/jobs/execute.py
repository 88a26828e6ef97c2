"""Execute: batches to answers, in parallel, each cached as soon as it is done; a killed run resumes."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forecast import __version__
from forecast.core import registry
from forecast.core.archive import Archive
from forecast.core.effects import Effect
from forecast.core.errors import ForecastError
from forecast.core.months import parse_day
from forecast.core.results import Failure, Skipped
from forecast.core.schema import ScoreRow
from forecast.core.vintage import Vintage
from forecast.jobs.answer_store import AnswerStore
from forecast.jobs.batch_results import BatchResult, failure_row
from forecast.jobs.config import SensitivityConfig
from forecast.jobs.dask_cluster import ClusterClient, open_cluster, run_on_cluster
from forecast.jobs.nowcasts import NewsQuestion, news_rows
from forecast.jobs.plan import Batch, Plan
from forecast.jobs.scenarios import ScenarioQuestion, scenario_rows
from forecast.jobs.workers import run_in_processes
from forecast.study import ask
from forecast.study.data.real_time import RealTimeView, refuse_look_ahead
from forecast.study.effects.sensitivity import variations
from forecast.study.evaluate.backtest import answer_tasks
from forecast.study.evaluate.forecast_rows import forecast_rows
from forecast.study.evaluate.score import ErrorScale, error_scale, job_of, metrics_by_name, score_rows
from forecast.study.evaluate.truth import truth_of

MAX_ROUNDS = 3  # rounds over the plan before it is given up that answers stay where they are put
MemberDraws = list[list[Any]]  # answers of the batches that another rests on, member by member


@dataclass(frozen=True)
class Context:
    """What every batch needs, written once and read once by each worker."""

    archive: Archive
    door: RealTimeView
    vintage: Vintage
    metrics: tuple[dict[str, Any], ...]
    scales: dict[str, ErrorScale]
    seed: int

    def truth(self, release: str | int) -> Vintage:
        """What answers are marked against: the run's vintage, or the first or k-th release of its figures."""
        if release == "latest":
            return self.vintage
        if release not in self._truths:
            self._truths[release] = truth_of(self.archive, release, self.vintage.day)
        return self._truths[release]

    @functools.cached_property
    def _truths(self) -> dict[str | int, Vintage]:
        return {}


def execute(plan: Plan, cache: Path, workers: int = 1) -> list[BatchResult]:
    """All outcomes of a plan, in the plan's order; those in `cache` are not done again.

    By the config's cluster where it names one, else by `workers` processes. What is lost on the way (a damaged answer is
    dropped, another run of the same config ends and removes it) is asked for again.
    """
    store = AnswerStore(cache)
    store.open()
    context = context_of(plan)
    keys = cache_keys(plan, context)
    for _ in range(MAX_ROUNDS):
        _answer_stages(plan, store, keys, context, workers)
        found = [outcome for batch in plan.batches if (outcome := store.read(keys[batch.name])) is not None]
        if len(found) == len(plan.batches):
            return found
    raise ForecastError("stored answers are lost as soon as they are kept", where=str(cache), hint="--out DIR, on another disk")


def _answer_stages(plan: Plan, store: AnswerStore, keys: dict[str, str], context: Context, workers: int) -> None:
    """Stage by stage, every batch that the store does not hold."""
    with contextlib.ExitStack() as stack:
        tick = stack.enter_context(_progress_bar(len(plan.batches)))
        cluster, far = plan.config.scale.cluster, None
        for stage in plan.stages:
            todo = [batch for batch in stage if not _is_answered(store, keys, batch)]
            for _ in range(len(stage) - len(todo)):
                tick()
            if todo and cluster is not None and far is None:
                far = stack.enter_context(open_cluster(cluster, context))
            for _ in _answer_stage(todo, store, keys, context, workers, far):
                tick()


def _answer_stage(
    todo: list[Batch], store: AnswerStore, keys: dict[str, str], context: Context, workers: int, far: ClusterClient | None
) -> Iterator[None]:
    """One stage, each batch stored as soon as it is answered."""
    if far is not None and todo:
        named = {batch.name: batch for batch in todo}
        calls = ((batch, given) for batch in todo if (given := _member_draws(batch, store, keys)) is not None)
        for name, outcome, draws in run_on_cluster(far, calls, run_batch_remotely):
            _store_result(named[name], outcome, draws, store, keys)
            yield
    elif workers > 1 and len(todo) > 1:
        run = functools.partial(run_batch, store=store, keys=keys)
        for _ in run_in_processes(todo, run, functools.partial(_is_answered, store, keys), workers, context):
            yield
    else:
        for batch in todo:
            run_batch(batch, context, store=store, keys=keys)
            yield


def context_of(plan: Plan) -> Context:
    """Scales of all old questions, by the rule of `study/evaluate/score.py`."""
    first: dict[str, Any] = {}
    for batch in plan.batches:
        for past in batch.pasts if batch.scored else ():
            first[past.series] = min(first.get(past.series, past.task.day), past.task.day)
    scales = {s: error_scale(s, plan.vintage, plan.door.as_of(day)) for s, day in sorted(first.items())}
    metrics = tuple({"name": m.label, **m.spec} for m in plan.config.metrics)
    return Context(plan.archive, plan.door, plan.vintage, metrics, scales, plan.config.seed)


def cache_keys(plan: Plan, context: Context) -> dict[str, str]:
    """Cache keys: seed, method, questions, the vintages as seen, what answers are marked against, the package's own code."""
    seen: dict[Any, str] = {}
    keys: dict[str, str] = {}
    truth = plan.vintage.fingerprint()
    marks = repr((context.metrics, sorted(context.scales.items())))
    for batch in sorted(plan.batches, key=lambda b: b.stage):
        parts = [code_hash(), str(context.seed), repr(batch.spec), repr(batch.design), truth]
        parts += [keys[name] for name in batch.rests_on]
        asked = [(repr(past), past.task.day) for past in batch.pasts]
        asked += [(day, parse_day(day)) for day in (batch.vary.day if batch.vary else ())]
        for question, day in asked:
            if day not in seen:
                seen[day] = plan.door.as_of(day).fingerprint()
            parts.append(f"{question}|{seen[day]}")
        if batch.vary:
            parts.append(repr(batch.vary))
        if batch.outlook:
            parts += [repr(batch.outlook), plan.door.as_of(plan.vintage.day).fingerprint()]
        if batch.moved:
            parts += [repr(batch.moved), plan.archive.fingerprint, plan.door.as_of(batch.moved.task.day).fingerprint()]
        if batch.scored:
            parts += [marks, repr(batch.horizons), repr(batch.truth)]
        keys[batch.name] = hashlib.sha256("\n".join([batch.name, *parts]).encode()).hexdigest()[:24]
    return keys


def run_batch(batch: Batch, context: Context, store: AnswerStore, keys: dict[str, str]) -> None:
    """Answer one batch and store its outcome; draws only where another batch rests on them."""
    given = _member_draws(batch, store, keys)
    if given is not None:
        _store_result(batch, *answer_batch(batch, given, context), store, keys)


def run_batch_remotely(batch: Batch, given: MemberDraws, context: Context) -> tuple[str, BatchResult, list[Any]]:
    """Answer one batch on a machine that may not see the store; the outcome travels back."""
    return batch.name, *answer_batch(batch, given, context)


def answer_batch(batch: Batch, given: MemberDraws, context: Context) -> tuple[BatchResult, list[Any]]:
    """The outcome of a batch, made with one BLAS thread, and its draws."""
    import scipy.linalg  # noqa: F401  (its BLAS must be loaded before it can be limited)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        if batch.vary is not None:
            return _answer_sensitivity(batch, batch.vary, context), []
        if batch.row is not None:
            return _answer_effects(batch, context), []
        if batch.outlook is not None:
            return _answer_scenarios(batch, batch.outlook, context), []
        if batch.moved is not None:
            return _answer_news(batch, batch.moved, context), []
        return _answer_tasks(batch, context, given)


def _member_draws(batch: Batch, store: AnswerStore, keys: dict[str, str]) -> MemberDraws | None:
    """The draws a batch rests on, member by member; None where some are lost, and their batch has to be done again."""
    found = [draws for name in batch.rests_on if (draws := store.read(_draws_key(keys[name]))) is not None]
    return found if len(found) == len(batch.rests_on) else None


def _store_result(batch: Batch, outcome: BatchResult, draws: list[Any], store: AnswerStore, keys: dict[str, str]) -> None:
    if batch.keep:
        store.write(_draws_key(keys[batch.name]), draws)
    store.write(keys[batch.name], outcome)


def _draws_key(key: str) -> str:
    """The key of the draws beside an outcome."""
    return f"{key}.draws"


def _answer_tasks(batch: Batch, context: Context, given: MemberDraws) -> tuple[BatchResult, list[Any]]:
    """Forecasts of one model, as rows; and the answers themselves."""
    method = registry.build("model", batch.spec)
    vintages = [past.vintage(context.door) for past in batch.pasts]
    for vintage in vintages:
        refuse_look_ahead(vintage, context.door.regressors)
    memo: dict[Any, Any] = {}
    for spec, known in zip(batch.spec.get("members", ()) if given else (), given, strict=True):
        member = registry.build("model", spec)
        for vintage, past, answer in zip(vintages, batch.pasts, known, strict=True):
            memo[ask.key_of(member, vintage, past.task)] = answer
    made = answer_tasks(method, vintages, [past.task for past in batch.pasts], context.seed, memo)
    replayed = batch.now and any(past.task.day < context.vintage.day for past in batch.pasts)
    truth = context.truth(batch.truth) if batch.scored or replayed else None
    skipped = next((a.reason for a in made if isinstance(a, Skipped)), "")
    outcome = BatchResult(
        batch.name,
        forecast_rows(batch.label, batch.pasts, made, truth, batch.horizons or None),
        _score_rows(batch, made, context),
        [failure_row(job_of(batch.label, p), batch.label, a) for p, a in zip(batch.pasts, made, strict=True) if _is_failure(a)],
        skipped,
    )
    return outcome, made


def _is_failure(answer: Any) -> bool:
    return isinstance(answer, Failure) and not isinstance(answer, Skipped)


def _score_rows(batch: Batch, made: list[Any], context: Context) -> list[ScoreRow]:
    if not batch.scored:
        return []
    metrics = metrics_by_name(context.metrics)
    return score_rows(batch.label, batch.pasts, made, context.truth(batch.truth), metrics, context.scales, batch.horizons)


def _answer_scenarios(batch: Batch, outlook: ScenarioQuestion, context: Context) -> BatchResult:
    """The forecasts of one series under each scenario."""
    vintage = context.door.as_of(outlook.task.day)
    refuse_look_ahead(vintage, context.door.regressors)
    rows, failures = scenario_rows(outlook, batch.label, batch.spec, vintage, context.seed)
    return BatchResult(batch.name, failures=failures, scenarios=rows)


def _answer_news(batch: Batch, moved: NewsQuestion, context: Context) -> BatchResult:
    """What moved the nowcast of one series."""
    rows, failures = news_rows(moved, batch.label, batch.spec, context.door, context.seed)
    return BatchResult(batch.name, failures=failures, news=rows)


def _answer_effects(batch: Batch, context: Context) -> BatchResult:
    """The judged effects of one design by all its estimators; judged again once each can look at the others."""
    from forecast.study.effects.judge import estimate

    assert batch.design is not None
    methods = {label: registry.build("estimator", spec) for label, spec in batch.spec.items()}
    memo: dict[Any, Any] = {}
    made = {label: estimate(m, context.vintage, batch.design, context.seed, memo=memo) for label, m in methods.items()}
    effects = {label: e for label, e in made.items() if isinstance(e, Effect)}
    if len(effects) > 1:
        for label in effects:
            others = {name: e for name, e in effects.items() if name != label}
            method = methods[label]
            made[label] = estimate(method, context.vintage, batch.design, context.seed, siblings=others, memo=memo)
    failures = [failure_row(f"{batch.name}|{label}", label, e) for label, e in made.items() if isinstance(e, Failure)]
    return BatchResult(batch.name, failures=failures, effects=made)


def _answer_sensitivity(batch: Batch, vary: SensitivityConfig, context: Context) -> BatchResult:
    """The question asked otherwise: of the row's first estimator, and with another level of its counterfactual."""
    assert batch.row is not None
    assert batch.design is not None
    seed, placebos = context.seed, vary.placebos
    method = registry.build("estimator", batch.spec[batch.label])
    made = variations(
        method, context.vintage, batch.design,
        lags=vary.lag_months, donuts=vary.donut, days=vary.day, seed=seed, placebos=placebos,
    )  # fmt: skip
    out = [(batch.label, one) for one in made]
    if vary.level_sd and batch.row.levelled:
        label = batch.row.levelled.label
        other = registry.build("estimator", batch.spec[label])
        levels = variations(
            other, context.vintage, batch.design, lags=(), level_sds=vary.level_sd, seed=seed, placebos=placebos
        )
        out += [(label, one) for one in levels]
    return BatchResult(batch.name, varied=out)


@functools.cache
def code_hash() -> str:
    """Version and hash of the package's source: an answer of other code is no answer of this one."""
    home = Path(__file__).parents[1]
    digest = hashlib.sha256(__version__.encode())
    for path in sorted(home.rglob("*.py")):
        digest.update(path.relative_to(home).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _is_answered(store: AnswerStore, keys: dict[str, str], batch: Batch) -> bool:
    """Whether a batch is answered, and its answer sound."""
    key = keys[batch.name]
    return store.holds(key) and (not batch.keep or store.holds(_draws_key(key)))


@contextlib.contextmanager
def _progress_bar(total: int) -> Iterator[Any]:
    """A bar on stderr; silent where nobody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("answering", total=total)
        yield lambda: bar.advance(task)
