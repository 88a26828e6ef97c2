"""The verbs that join the strata; everything a script needs is here and reached as `forecast.<name>`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import forecast.report as report
from forecast.core import registry
from forecast.core.archive import Archive, bundled_archive, read_archive
from forecast.core.contracts import Estimator, Forecaster
from forecast.core.effects import Effect, Placebo
from forecast.core.errors import ConfigError, ForecastError, nearest
from forecast.core.events import Event
from forecast.core.questions import Design, Task
from forecast.core.results import Failure, Forecast
from forecast.core.run import Run
from forecast.core.scenario import Scenario
from forecast.core.scores import Scores
from forecast.core.vintage import Vintage
from forecast.study.data.real_time import RealTimeView, Regressor
from forecast.study.effects.sensitivity import Variation
from forecast.study.evaluate.backtest import Backtest, backtest
from forecast.study.evaluate.cutoffs import cutoffs
from forecast.study.evaluate.export import to_boe, to_hub
from forecast.study.evaluate.requirements import feasible
from forecast.study.evaluate.score import score
from forecast.study.scenarios import Fan

if TYPE_CHECKING:
    import pandas as pd

    from forecast.study.data.leakage import Leak

__all__ = [
    "Regressor", "backtest", "compare", "cutoffs", "estimate", "estimator", "feasible", "load_archive", "model", "news",
    "placebo", "predict", "report", "run", "scenarios", "score", "to_boe", "to_hub", "untouched", "vary",
]  # fmt: skip


def load_archive(path: str | Path | None = None) -> Archive:
    """The bundled data set, or a file in the package's own schema (`forecast/data/README.md`)."""
    return bundled_archive() if path is None else read_archive(path)


def model(use: str = registry.DEFAULT_MODEL, *, parameters: Mapping[str, float] | None = None, **options: Any) -> Forecaster:
    """A model by its name (the default one without), with its options; `parameters` fixes its parameters outright."""
    made: Forecaster = _build_plugin("model", use, parameters, options)
    return made


def estimator(use: str, *, parameters: Mapping[str, float] | None = None, **options: Any) -> Estimator:
    """An estimator by its name, with its options; see `model`."""
    made: Estimator = _build_plugin("estimator", use, parameters, options)
    return made


def _build_plugin(kind: str, use: str, parameters: Mapping[str, float] | None, options: dict[str, Any]) -> Any:
    if parameters is not None:
        options["parameters"] = dict(parameters)
    return registry.build(kind, {"use": use, **options})


def predict(method: Any, vintage: Vintage, task: Task, seed: int = 0) -> Forecast:
    """Joint draws of a model for a task; answers it rests on are made first.

    method : a model, its name, or its words. What it cannot answer is raised (TooShortError for short history).
    """
    from forecast.study.ask import answer_or_raise

    made = answer_or_raise(_as_method("model", method), vintage, task, seed)
    assert isinstance(made, Forecast)
    return made


def news(
    method: Any,
    archive: Archive | RealTimeView,
    task: Task,
    from_day: str | dt.date,
    to_day: str | dt.date,
    *,
    then: Any = None,
    seed: int = 0,
) -> pd.DataFrame:
    """What moved the nowcast of `task` between two days, by release, event, re-estimation and model; rows of news.parquet.

    method : a model, its name, or its words; then : another one on the later day. Impacts of one target and month add up to
    nowcast_to - nowcast_from (`forecast/study/nowcast/news.py` says how what came on one day is shared).
    """
    from forecast.study.nowcast.news import news as moved

    later = None if then is None else _as_method("model", then)
    return moved(_as_method("model", method), archive, task, from_day, to_day, then=later, seed=seed)


def scenarios(method: Any, vintage: Vintage, task: Task, given: Iterable[Scenario], seed: int = 0) -> list[Fan]:
    """The answers to a task under declared changes of the calendar, series by series, from the same random numbers.

    method : a model, its name, or its words. Each `Fan` has its scenario's name, its series, its `answer` (a Forecast, or a
    Failure where a regime was never seen and no share is declared) and its `basis`, on what it rests.
    """
    from forecast.study.scenarios import scenarios as asked

    return asked(_as_method("model", method), vintage, task, list(given), seed)


def estimate(method: Any, vintage: Vintage, design: Design, seed: int = 0) -> Effect:
    """What an event changed, with placebos, gates and a verdict.

    method : an estimator, its name, or its words. "Not identified" is a verdict; a method that cannot answer at all raises.
    """
    from forecast.study.effects.judge import estimate as judged

    made = judged(_as_method("estimator", method), vintage, design, seed)
    if isinstance(made, Failure):
        raise ForecastError(made.reason, where=f"{made.method}, {made.series}", hint=made.detail)
    return made


def placebo(source: Archive | Vintage, design: Design, method: Any, seed: int = 0) -> list[Placebo]:
    """Answers to the same question where the truth is zero: earlier windows without an event, and donors in its place.

    A placebo's `kind` is "time" or "space"; the latter need a design with donors.
    """
    from forecast.study.effects.placebo import placebos_in_space, placebos_in_time

    vintage = source.latest if isinstance(source, Archive) else source
    asked = _as_method("estimator", method)
    return placebos_in_time(asked, vintage, design, seed)[0] + (
        placebos_in_space(asked, vintage, design, seed)[0] if design.donors else []
    )


def untouched(source: Archive | Vintage, event: Event, like: str = "", diversion: Iterable[str] = ()) -> tuple[str, ...]:
    """Series that no measure of their own touched: candidates for donors (`forecast/study/effects/untouched.py`)."""
    from forecast.study.effects import untouched

    return untouched.untouched(source, event, like, diversion)


def vary(
    method: Any,
    source: Archive | Vintage,
    design: Design,
    *,
    lags: Sequence[int] = (0, 1, 2),
    donuts: Sequence[int] = (),
    level_sds: Sequence[float] = (),
    days: Iterable[str | dt.date] = (),
    seed: int = 0,
) -> list[Variation]:
    """The same question with one thing changed: months under way, the level's step, the day it is asked.

    Each answer is judged like the question itself (`forecast/study/effects/sensitivity.py` says what each word changes).
    """
    from forecast.study.effects.sensitivity import variations

    made = _as_method("estimator", method)
    return variations(made, source, design, lags=lags, donuts=donuts, level_sds=level_sds, days=days, seed=seed)


def compare(
    what: Backtest | Scores | pd.DataFrame | Run,
    *,
    by: Sequence[str] = (),
    metrics: Sequence[str] = ("crps", "mae"),
    truth: Vintage | str | int = "latest",
    seed: int = 0,
) -> pd.DataFrame:
    """Models against the best naive one: ratio, interval, tests, ranks with ties, failures, and a sentence each.

    what : a backtest (marked against `truth`), scores, or a run; by : columns that make groups of their own, such as `h_info`.
    """
    from forecast.study.evaluate.compare import comparison_table
    from forecast.study.evaluate.forecast_rows import forecast_table

    if isinstance(what, Backtest):
        return comparison_table(
            score(what, truth, metrics), forecasts=forecast_table(what, truth), by=by, metrics=metrics, seed=seed
        )
    if isinstance(what, Run):
        return comparison_table(what.scores, forecasts=what.forecasts, by=by, metrics=metrics, seed=seed)
    return comparison_table(what, by=by, metrics=metrics, seed=seed)


def _as_method(kind: str, method: Any) -> Any:
    return registry.build(kind, method) if isinstance(method, str | Mapping) else method


def run(
    config: str | Path,
    out: str | Path = "runs",
    workers: int = 1,
    fresh: bool = False,
    as_of: str | dt.date | None = None,
    cluster: str | int | None = None,
    trust_cluster: bool = False,
) -> Run:
    """Execute a config, or take up where an interrupted run of it stopped; a finished run is opened as it is.

    config : path of a TOML file or name of a shipped one; out : parent of the run folder; fresh : forget what is done;
    cluster : address of a Dask scheduler, or a number of local processes of one, in place of `workers` (default: the config's);
    trust_cluster : send code to an address, and take code from it, that no certificate proves.
    """
    import time

    from forecast.jobs.execute import execute
    from forecast.jobs.load import load, read_archive as archive_of
    from forecast.jobs.plan import make_plan
    from forecast.jobs.run_folder import CACHE, close, discard_answers, folder_of, is_finished, open_for_run, write
    from forecast.report.compose import write_all

    if workers < 1:
        raise ConfigError(f"{workers} workers cannot do anything", where="--workers", hint="1 or more")
    began = time.perf_counter()
    asked = load(config, None if as_of is None else str(as_of), cluster, trust_cluster)
    planned = make_plan(asked, archive_of(asked))
    folder = folder_of(asked, out)
    if not fresh and is_finished(folder, planned):
        discard_answers(folder)
        return Run(folder)
    with open_for_run(folder, fresh):
        timings = {"plan": time.perf_counter() - began}
        outcomes = execute(planned, folder / CACHE, workers)
        timings["execute"] = time.perf_counter() - began - timings["plan"]
        if not is_finished(folder, planned):  # by another run at the same time
            write(folder, planned, outcomes, timings)
            write_all(Run(folder))
            close(folder, time.perf_counter() - began)
    return Run(folder)


def check(config: str | Path = "minerals", trial: bool = False) -> str:
    """What a config would ask, what that supports, and what its data hold: holes, contradictions. Touches nothing.

    trial : ask every model of the backtests a few questions, to see from which cutoff on it answers (minutes, not seconds)
    """
    from forecast.jobs.load import load, read_archive as archive_of
    from forecast.jobs.plan import make_plan
    from forecast.jobs.plan_text import describe_plan, describe_requirements, describe_trial
    from forecast.study.data.audit import audit

    asked = load(config)
    planned = make_plan(asked, archive_of(asked))
    found, table = audit(planned.archive, planned.vintage)
    counts = ", ".join(f"{n} {what}" for what, n in planned.counts.items())
    lines = [
        f"{asked.name}: {asked.title}",
        f"as of {planned.vintage.day}",
        "",
        "PLAN",
        *describe_plan(planned),
        counts,
        *(
            ["", "WHAT THE BACKTESTS SUPPORT: levels by own or pooled errors", *describe_requirements(planned)]
            if asked.backtest
            else []
        ),
        *(["", "WHAT EACH MODEL ANSWERS", *describe_trial(planned)] if trial else []),
        "",
        "SERIES",
    ]
    lines.append(f"{'series':<52}{'first':>8}{'last':>9}{'months':>8}{'spans':>7}{'gaps':>6}{'zeros':>7}")
    lines += [
        f"{r['series']:<52}{r['first']:>8}{r['last']:>9}{r['months']:>8}{r['spans']:>7}{r['gaps']:>6}{r['zeros']:>7}"
        for r in table.to_dict("records")
    ]
    lines += ["", "FINDINGS", *(f"{f.topic}: {f.text} ({f.where})" for f in [*found, *planned.findings])]
    return "\n".join(lines)


def leakage(config: str | Path = "minerals", tell: Callable[[str], None] = print) -> list[Leak]:
    """Answers of a config's methods that change when all that is later than their day becomes garbage; none if all is well.

    A few questions of each kind are put twice (`forecast/study/data/leakage.py`); `tell` is told what is done. Touches nothing.
    """
    from forecast.jobs.leakage_sample import describe_sample, sample_questions
    from forecast.jobs.load import load, read_archive as archive_of
    from forecast.jobs.plan import make_plan
    from forecast.study.data.leakage import find_leaks

    asked = load(config)
    planned = make_plan(asked, archive_of(asked))
    put = sample_questions(planned)
    tell(describe_sample(put))
    return find_leaks(planned.door, put, asked.seed, tell)


def listing(kind: str) -> list[tuple[str, str]]:
    """Names and one sentence each: plug-ins of a kind, series, or events."""
    plural = {f"{k}s": k for k in registry.KINDS}
    if kind in plural:
        return [(name, registry.sentence(plural[kind], name)) for name in registry.names(plural[kind])]
    if kind == "series":
        archive = bundled_archive()
        seen = archive.latest
        return [(s, _series_extent(seen, s)) for s in archive.series]
    if kind == "events":
        return [(e.id, f"{e.announced}: {e.title}") for e in bundled_archive().events]
    raise ConfigError(f"there is no list of '{kind}'", where="forecast list", hint=nearest(kind, [*plural, "series", "events"]))


def _series_extent(vintage: Vintage, series: str) -> str:
    observed = vintage.observed(series)
    label = vintage.steps.label
    known = f"{observed.count} months" + (f" and {len(observed.spans)} sums" if observed.spans else "")
    return f"{known}, {label(observed.first)} to {label(observed.last)}"
