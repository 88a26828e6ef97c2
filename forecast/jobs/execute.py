"""Execute: batches to answers, in parallel, each cached as soon as it is done; a killed run resumes."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast import __version__
from forecast.core import registry
from forecast.core.archive import Archive
from forecast.core.months import parse_day
from forecast.core.results import Effect, Failure, Forecast, Skipped
from forecast.core.vintage import Vintage
from forecast.jobs.config import Vary
from forecast.jobs.plan import Batch, Plan
from forecast.study import ask
from forecast.study.backtest import Past, answers
from forecast.study.score import Scale, job_of, metrics_of, periods_of, rows_of, scale_of, summed
from forecast.study.vary import Variation, variations

Floats = NDArray[np.float64]
PROBABILITIES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Context:
    """What every batch needs, written once and read once by each worker."""

    archive: Archive
    vintage: Vintage
    metrics: tuple[dict[str, Any], ...]
    scales: dict[str, Scale]
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What a batch leaves behind: rows of tables, no draws of forecasts; `effects` answer a question on an event, by estimator.

    `varied` are answers to such a question asked otherwise, each with its estimator.
    """

    batch: str
    forecasts: list[dict[str, Any]] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    skipped: str = ""
    effects: dict[str, Effect | Failure] = field(default_factory=dict)
    varied: list[tuple[str, Variation]] = field(default_factory=list)


def execute(plan: Plan, cache: Path, workers: int = 1) -> list[Outcome]:
    """All outcomes of a plan, in the plan's order; those in `cache` are not done again."""
    cache.mkdir(parents=True, exist_ok=True)
    context = context_of(plan)
    (path := cache / "context.pkl").unlink(missing_ok=True)
    _store(path, context)
    keys = keys_of(plan, context)
    with _progress(len(plan.batches)) as tick:
        for stage in plan.stages:
            todo = [b for b in stage if not _done(cache, keys, b)]
            for _ in range(len(stage) - len(todo)):
                tick()
            if workers > 1 and len(todo) > 1:
                _parallel(todo, cache, keys, workers, tick)
            else:
                for batch in todo:
                    run_batch(batch, cache, keys)
                    tick()
    return [_read(cache / f"{keys[batch.name]}.pkl") for batch in plan.batches]


def context_of(plan: Plan) -> Context:
    """Scales of all old questions, by the rule of `study/score.py`."""
    first: dict[str, Any] = {}
    for batch in plan.batches:
        for past in batch.pasts if batch.scored else ():
            first[past.series] = min(first.get(past.series, past.task.day), past.task.day)
    scales = {s: scale_of(s, plan.vintage, plan.archive.as_of(day)) for s, day in sorted(first.items())}
    metrics = tuple({"name": m.label, **m.spec} for m in plan.config.metrics)
    return Context(plan.archive, plan.vintage, metrics, scales, plan.config.seed)


def keys_of(plan: Plan, context: Context) -> dict[str, str]:
    """Cache keys: seed, method, questions, the vintages as seen, what answers are marked against, the package's version."""
    seen: dict[Any, str] = {}
    keys: dict[str, str] = {}
    truth = plan.vintage.fingerprint()
    marks = repr((context.metrics, sorted(context.scales.items())))
    for batch in sorted(plan.batches, key=lambda b: b.stage):
        parts = [__version__, str(context.seed), repr(batch.spec), repr(batch.design), truth]
        parts += [keys[name] for name in batch.rests_on]
        asked = [(repr(past), past.task.day) for past in batch.pasts]
        asked += [(day, parse_day(day)) for day in (batch.vary.day if batch.vary else ())]
        for question, day in asked:
            if day not in seen:
                seen[day] = plan.archive.as_of(day).fingerprint()
            parts.append(f"{question}|{seen[day]}")
        if batch.vary:
            parts.append(repr(batch.vary))
        if batch.scored:
            parts += [marks, repr(batch.horizons)]
        keys[batch.name] = hashlib.sha256("\n".join([batch.name, *parts]).encode()).hexdigest()[:24]
    return keys


def run_batch(batch: Batch, cache: Path, keys: dict[str, str]) -> None:
    """Answer one batch with one BLAS thread, and store its outcome; draws only where another batch rests on them."""
    import scipy.linalg  # noqa: F401  (its BLAS must be loaded before it can be limited)
    from threadpoolctl import threadpool_limits

    context = _context(str(cache / "context.pkl"), os.stat(cache / "context.pkl").st_mtime_ns)
    with threadpool_limits(1):
        if batch.vary is not None:
            outcome = _varied(batch, batch.vary, context)
        elif batch.row is not None:
            outcome = _effects(batch, context)
        else:
            outcome, draws = _tasks(batch, context, cache, keys)
            if batch.keep:
                _store(cache / f"{keys[batch.name]}.draws", draws)
    _store(cache / f"{keys[batch.name]}.pkl", outcome)


def _tasks(batch: Batch, context: Context, cache: Path, keys: dict[str, str]) -> tuple[Outcome, list[Any]]:
    """Forecasts of one model, as rows; and the answers themselves."""
    method = registry.build("model", batch.spec)
    vintages = [past.vintage(context.archive) if batch.scored else context.vintage for past in batch.pasts]
    memo: dict[Any, Any] = {}
    for name, spec in zip(batch.rests_on, batch.spec.get("members", ()), strict=True):
        member = registry.build("model", spec)
        for vintage, past, answer in zip(vintages, batch.pasts, _read(cache / f"{keys[name]}.draws"), strict=True):
            memo[ask.key_of(member, vintage, past.task)] = answer
    made = answers(method, vintages, [past.task for past in batch.pasts], context.seed, memo)
    truth = context.vintage if batch.scored else None
    skipped = next((a.reason for a in made if isinstance(a, Skipped)), "")
    outcome = Outcome(
        batch.name,
        _forecast_rows(batch, made, truth),
        _score_rows(batch, made, context),
        [_failure_row(job_of(batch.label, p), batch.label, a) for p, a in zip(batch.pasts, made, strict=True) if _failed(a)],
        skipped,
    )
    return outcome, made


def _failed(answer: Any) -> bool:
    return isinstance(answer, Failure) and not isinstance(answer, Skipped)


def _failure_row(job: str, label: str, failure: Failure) -> dict[str, Any]:
    return {
        "job": job,
        "method": label,
        "question": failure.question,
        "series": failure.series,
        "reason": failure.reason,
        "detail": failure.detail,
    }


def _score_rows(batch: Batch, made: list[Any], context: Context) -> list[dict[str, Any]]:
    if not batch.scored:
        return []
    metrics = metrics_of(context.metrics)
    return rows_of(batch.label, batch.pasts, made, context.vintage, metrics, context.scales, batch.horizons)


def _forecast_rows(batch: Batch, made: list[Any], truth: Vintage | None) -> list[dict[str, Any]]:
    """One row per month, published span and total of every answer."""
    marks: list[tuple[Past, Forecast, Any]] = []
    blocks = []
    for past, answer in zip(batch.pasts, made, strict=True):
        if isinstance(answer, Forecast):
            periods = periods_of(past, truth, batch.horizons or None)
            blocks.append(summed(answer, past, periods))
            marks += [(past, answer, period) for period in periods]
    if not blocks:
        return []
    draws = np.column_stack(blocks)
    quantiles = np.quantile(draws, PROBABILITIES, axis=0)
    return [
        _forecast_row(batch.label, past, answer, period, float(mean), quantiles[:, i])
        for i, ((past, answer, period), mean) in enumerate(zip(marks, draws.mean(axis=0), strict=True))
    ]


def _forecast_row(label: str, past: Past, answer: Forecast, period: Any, mean: float, quantiles: Floats) -> dict[str, Any]:
    from forecast.core.results import quantile_name
    from forecast.core.series import SeriesKey

    used, day = answer.used[0], past.task.day
    key = SeriesKey.maybe(past.series)
    return {
        "job": job_of(label, past),
        "model": label,
        "model_used": used.model,
        "series": past.series,
        "unit": key.unit if key else "",
        "cutoff": str(day),
        "month": answer.steps.period(period.first, period.last),
        "horizon": period.last - (12 * day.year + day.month - 1),
        "h_info": period.last - past.last,
        "mean": mean,
        **{quantile_name(p): float(q) for p, q in zip(PROBABILITIES, quantiles, strict=True)},
        "truth": period.truth,
        "regressors": ", ".join(used.regressors),
        "dropped": ", ".join(used.dropped),
        "scale": used.scale,
        "n_split": used.split,
        "n_filled": used.filled,
        "notes": "; ".join(used.notes),
    }


def _effects(batch: Batch, context: Context) -> Outcome:
    """The judged effects of one design by all its estimators; judged again once each can look at the others."""
    from forecast.study.judge import estimate

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
    failures = [_failure_row(f"{batch.name}|{label}", label, e) for label, e in made.items() if isinstance(e, Failure)]
    return Outcome(batch.name, failures=failures, effects=made)


def _varied(batch: Batch, vary: Vary, context: Context) -> Outcome:
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
    return Outcome(batch.name, varied=out)


def _parallel(todo: list[Batch], cache: Path, keys: dict[str, str], workers: int, tick: Any) -> None:
    """Batches over worker processes; an interrupt ends them and leaves what is done.

    No more batches are handed out than there are workers: a queue behind them would stand in the way of an interrupt.
    """
    from concurrent.futures import FIRST_COMPLETED, Future, wait

    from joblib.externals.loky import get_reusable_executor

    count = min(workers, len(todo))
    executor = get_reusable_executor(max_workers=count, timeout=60, env=ONE_THREAD, initializer=_deaf_to_interrupts)
    waiting, running = iter(todo), set[Future[None]]()
    try:
        while True:
            while len(running) < count and (batch := next(waiting, None)):
                running.add(executor.submit(run_batch, batch, cache, keys))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()
                tick()
    except BaseException:
        executor.shutdown(wait=True, kill_workers=True)
        raise


def _deaf_to_interrupts() -> None:
    """Only the parent answers Ctrl-C, so workers print no tracebacks."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _done(cache: Path, keys: dict[str, str], batch: Batch) -> bool:
    stem = cache / keys[batch.name]
    return stem.with_suffix(".pkl").exists() and (not batch.keep or stem.with_suffix(".draws").exists())


def _store(path: Path, what: Any) -> None:
    """Whole or not at all: a file of another name, then a rename."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(pickle.dumps(what, protocol=5))
    os.replace(part, path)


def _read(path: Path) -> Any:
    return pickle.loads(path.read_bytes())


@functools.lru_cache(maxsize=2)
def _context(path: str, stamp: int) -> Context:
    made: Context = _read(Path(path))
    return made


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Any]:
    """A bar on stderr; silent where nobody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("answering", total=total)
        yield lambda: bar.advance(task)
