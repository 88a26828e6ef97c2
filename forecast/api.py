"""The public functions, each reached as `forecast.<name>`.

Those that live in one module of the package (`backtest`, `score`, `news`, ...) are taken from there on first use. The others
import what they combine when they are called, so that a script loads only what it uses.
"""

from __future__ import annotations

import datetime as dt
import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.archives.place import is_address
from forecast.archives.reading import open_archive
from forecast.core import registry
from forecast.core.archive import Archive, bundled_archive, read_archive
from forecast.core.contracts import error_of
from forecast.core.errors import ConfigError, ForecastError
from forecast.core.events import bundled_events
from forecast.core.results import Failure, Forecast
from forecast.core.steps import log_step, logger

if TYPE_CHECKING:
    import pandas as pd

    from forecast.core.contracts import Estimator, Forecaster
    from forecast.core.effects import Effect
    from forecast.core.filed_run import FiledRun
    from forecast.core.judgement import Placebo
    from forecast.core.questions import Design, Task
    from forecast.core.run import Run
    from forecast.core.scores import Scores
    from forecast.core.vintage import Vintage
    from forecast.frames.from_memory import effect as effect, forecast as forecast
    from forecast.report.diff.run_diff import RunDiff
    from forecast.report.follow_up import FollowUp
    from forecast.study.data.real_time import Regressor as Regressor
    from forecast.study.destinations.destinations import destinations as destinations
    from forecast.study.effects.candidate_donors import untouched as untouched
    from forecast.study.effects.sensitivity import vary as vary
    from forecast.study.effects.shipped_gates import CheckSpec
    from forecast.study.evaluate.backtest import Backtest, backtest as backtest
    from forecast.study.evaluate.cutoffs import cutoffs as cutoffs
    from forecast.study.evaluate.export import to_boe as to_boe, to_hub as to_hub
    from forecast.study.evaluate.requirements import feasible as feasible
    from forecast.study.evaluate.score import score as score
    from forecast.study.ledger.answer import ledger as ledger
    from forecast.study.nowcast.news import news as news
    from forecast.study.scenarios import scenarios as scenarios

LOG = logger(__name__)
_HOMES = {
    "Regressor": "forecast.study.data.real_time",
    "backtest": "forecast.study.evaluate.backtest",
    "cutoffs": "forecast.study.evaluate.cutoffs",
    "destinations": "forecast.study.destinations.destinations",
    "effect": "forecast.frames.from_memory",
    "feasible": "forecast.study.evaluate.requirements",
    "forecast": "forecast.frames.from_memory",
    "ledger": "forecast.study.ledger.answer",
    "news": "forecast.study.nowcast.news",
    "scenarios": "forecast.study.scenarios",
    "score": "forecast.study.evaluate.score",
    "to_boe": "forecast.study.evaluate.export",
    "to_hub": "forecast.study.evaluate.export",
    "untouched": "forecast.study.effects.candidate_donors",
    "vary": "forecast.study.effects.sensitivity",
}

__all__ = [
    "Regressor", "backtest", "compare", "cutoffs", "destinations", "diff", "effect", "estimate", "estimator", "feasible",
    "file", "follow", "forecast", "ledger", "load_archive", "model", "news", "placebo", "predict", "run", "scenarios", "score",
    "to_boe", "to_hub", "untouched", "vary",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'forecast.api' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def load_archive(path: str | Path | None = None) -> Archive:
    """The bundled data set, a file in the package's schema (`forecast/data/README.md`), or an archive's folder or address.

    Parameters
    ----------
    path : str or Path, optional
        a CSV or Parquet file in the package's schema (`forecast/data/README.md`), or the folder or address of an archive that
        grows (`forecast fetch`); default: the bundled data set

    Returns
    -------
    Archive
        its figures with their days of release (quantities in kg, values in USD), and the bundled calendar of policy events

    Raises
    ------
    ConfigError
        where `path` is no path
    DataError
        where the file cannot be read, or a cell of it is not valid

    Examples
    --------
    >>> import forecast as fc
    >>> archive = fc.load_archive()
    >>> archive.last_release
    datetime.date(2026, 9, 7)
    """
    if path is None:
        return bundled_archive()
    if is_address(path) or os.path.isdir(path):
        return open_archive(path, bundled_events())
    return read_archive(path)


def model(use: str = registry.DEFAULT_MODEL, *, parameters: Mapping[str, float] | None = None, **options: Any) -> Forecaster:
    """A forecasting model by its name, with its options; without a name the default model.

    Parameters
    ----------
    use : str, default "conformal"
        its name, as `forecast list models` prints it
    parameters : mapping of str to float, optional
        values by name, for the models that have such an option: fixes the model's parameters instead of estimating them
    **options
        the options of the model, by name

    Returns
    -------
    Forecaster
        a model whose `predict(vintage, task, rng, answers)` returns a `Forecast`; give it to `fc.predict`

    Raises
    ------
    ConfigError
        where no model has that name, or it has no such option, or the option cannot be such a value

    Examples
    --------
    >>> import forecast as fc
    >>> fc.model("drift", transform="log")
    Drift(drift=True, transform='log')
    """
    made: Forecaster = _build_plugin("model", use, parameters, options)
    return made


def estimator(use: str, *, parameters: Mapping[str, float] | None = None, **options: Any) -> Estimator:
    """An estimator of effects by its name, with its options.

    Parameters
    ----------
    use : str
        its name, as `forecast list estimators` prints it
    parameters : mapping of str to float, optional
        as in `fc.model`
    **options
        the options of the estimator, by name

    Returns
    -------
    Estimator
        an estimator whose `estimate(vintage, design, rng, answers)` returns an `Effect`; give it to `fc.estimate`

    Raises
    ------
    ConfigError
        where no estimator has that name, or it has no such option, or the option cannot be such a value

    Examples
    --------
    >>> import forecast as fc
    >>> fc.estimator("counterfactual", model="ets")
    Counterfactual(model='ets', level_sd=None)
    """
    made: Estimator = _build_plugin("estimator", use, parameters, options)
    return made


def _build_plugin(kind: str, use: str, parameters: Mapping[str, float] | None, options: dict[str, Any]) -> Any:
    if parameters is not None:
        options["parameters"] = dict(parameters)
    return registry.build(kind, {"use": use, **options})


def predict(method: Forecaster | str | Mapping[str, object], vintage: Vintage, task: Task, seed: int = 0) -> Forecast:
    """Joint draws from the forecast distribution of a task, from the data known to a vintage.

    Forecasts that the model requires are made first.

    Parameters
    ----------
    method : Forecaster, str or mapping
        a model, its name, or a mapping of its name and options (`{"use": ..., option: value}`)
    vintage : Vintage
        the data: what was known on a day
    task : Task
        the months of the series that are asked, and the number of draws
    seed : int, default 0
        of the random numbers; the same seed, task and data give the same draws

    Returns
    -------
    Forecast
        draws of shape (draws, series, months), in the unit of the archive (kg, USD)

    Raises
    ------
    ConfigError
        where an argument is of another kind, or there is no such model or option
    DataError
        where no figure of a series is known
    LookAheadError
        where the task stands on a later day than the vintage
    TooShortError
        where the history of a series is too short for the model; other reasons why it cannot answer are a ForecastError

    Examples
    --------
    >>> import forecast as fc
    >>> vintage = fc.load_archive().as_of("2025-03-31")
    >>> task = fc.Task(vintage.day, "CHN.export.WLD.re_magnets", fc.months("2025-03", "2025-05"))
    >>> made = fc.predict("seasonal_naive", vintage, task, seed=1)
    >>> made.draws.shape
    (1000, 1, 3)
    >>> made.quantiles([0.1, 0.5, 0.9]).shape
    (1, 3, 3)
    """
    from forecast.study.ask import answer_or_raise, forecaster_from, name_of

    built = forecaster_from(method)
    made = answer_or_raise(built, vintage, task, seed)
    assert isinstance(made, Forecast)
    return replace(made, model=name_of(built), history=vintage.only(task.series))


def estimate(
    method: Estimator | str | Mapping[str, object],
    vintage: Vintage,
    design: Design,
    seed: int = 0,
    *,
    siblings: Sequence[Estimator | str | Mapping[str, object]] = (),
    placebos: int = 40,
    checks: Sequence[CheckSpec] | None = None,
) -> Effect:
    """The effect of an event, with placebos, gates and a verdict.

    "Not identified" is a verdict, with the description of what was observed; a method that cannot answer at all raises.

    Parameters
    ----------
    method : Estimator, str or mapping
        an estimator, its name, or a mapping of its name and options (`{"use": ..., option: value}`)
    vintage : Vintage
        the data: what was known on a day
    design : Design
        the event, the treated series and the window
    seed : int, default 0
        of the random numbers; the same seed, design and data give the same draws
    siblings : sequence of Estimator, str or mapping, optional
        other estimators of the same question, whose effects the answer is compared with
    placebos : int, default 40
        maximal number of windows without an event
    checks : sequence of str, mapping or Check, optional
        the gates that judge, each as `method`, instead of the shipped ones (`["shipped", "mine"]`: all of them and one)

    Returns
    -------
    Effect
        draws of shape (draws, periods), in the unit of the archive (kg, USD), with placebos, gates and verdict

    Raises
    ------
    ConfigError
        where an argument is of another kind, or there is no such estimator, gate or option
    ForecastError
        where the method cannot answer: no figure of the treated series is known, the window ends before it begins, ... (a
        TooShortError or NotIdentifiedError where that is why)

    Examples
    --------
    >>> import forecast as fc
    >>> archive = fc.load_archive()
    >>> event, series = archive.events["re_licensing_2025"], "CHN.export.WLD.re_magnets"
    >>> design = fc.Design(event, treated=series, stop="2025-06", clean_from="2018-01")
    >>> made = fc.estimate("baseline", archive.latest, design, seed=20250709)
    >>> round(made.cumulative.estimate / 1000), made.verdict.word  # tonnes
    (-7483, 'suggestive')
    """
    from forecast.study.ask import estimator_from, name_of
    from forecast.study.effects.siblings import estimate_with_siblings

    methods: dict[str, Estimator] = {}
    for one in map(estimator_from, (method, *siblings)):
        name = name_of(one)
        methods[name if name not in methods else f"{name} {len(methods) + 1}"] = one
    answers = estimate_with_siblings(methods, vintage, design, seed, placebos=placebos, checks=checks)
    made = answers[next(iter(methods))]
    if isinstance(made, Failure):
        raise error_of(made)
    return replace(made, history=vintage.only((*made.design.treated, *filter(None, (made.design.share_of,)))))


def placebo(
    source: Archive | Vintage, design: Design, method: Estimator | str | Mapping[str, object], seed: int = 0
) -> list[Placebo]:
    """Placebo effects where the true effect is zero: on earlier windows without an event, and on donors.

    Parameters
    ----------
    source : Archive or Vintage
        the data; of an archive its latest vintage
    design : Design
        the question whose placebos are asked
    method : Estimator, str or mapping
        an estimator, its name, or a mapping of its name and options (`{"use": ..., option: value}`)
    seed : int, default 0
        of the random numbers

    Returns
    -------
    list of Placebo
        the `kind` of a placebo is "time" or "space"; the latter require a design with donors. Empty where no earlier window
        of that length is free of events

    Raises
    ------
    ConfigError
        where an argument is of another kind, or there is no such estimator or option
    DataError
        where no figure of the treated series is known

    Examples
    --------
    >>> import pandas as pd
    >>> import forecast as fc
    >>> sales = [10 + i % 3 for i in range(40)]
    >>> vintage = fc.panel(pd.DataFrame({"time": pd.period_range("2020-01", periods=40, freq="M").astype(str), "value": sales}))
    >>> found = fc.placebo(vintage, fc.Design.at("2023-03", "value"), "counterfactual")
    >>> len(found), found[0].kind
    (25, 'time')
    """
    from forecast.study.ask import estimator_from
    from forecast.study.effects.placebo import placebos_in_space, placebos_in_time

    vintage = source.latest if isinstance(source, Archive) else source
    built = estimator_from(method)
    in_time, _ = placebos_in_time(built, vintage, design, seed)
    return in_time + (placebos_in_space(built, vintage, design, seed)[0] if design.donors else [])


def compare(
    what: Backtest | Scores | pd.DataFrame | Run,
    *,
    by: Sequence[str] = (),
    metrics: Sequence[str] = ("crps", "mae"),
    truth: Vintage | str | int = "latest",
    seed: int = 0,
) -> pd.DataFrame:
    """Models relative to the best naive one: score ratio, interval, tests, ranks with ties, failures, and a sentence each.

    Parameters
    ----------
    what : Backtest, Scores, DataFrame or Run
        a backtest (scored against `truth`), scores or their table, or a run
    by : sequence of str, optional
        columns that define separate groups, such as "h_info"
    metrics : sequence of str, default ("crps", "mae")
        names of metrics, among those scored
    truth : Vintage, str or int, default "latest"
        a later vintage, or the release of each figure to score against: "first", "latest" or a number from 1 on
    seed : int, default 0
        of the resampled questions behind the intervals

    Returns
    -------
    DataFrame
        one row per model, metric and group, with the columns of `ComparisonRow`; empty where there are too few common
        questions

    Raises
    ------
    ConfigError
        where an argument is of another kind, or `truth` is no release

    Examples
    --------
    >>> import forecast as fc
    >>> archive = fc.load_archive()
    >>> days = fc.cutoffs("2022-01", "2025-03")
    >>> past = fc.backtest(archive, days, ["mean12", "drift"], "CHN.export.WLD.rare_earths_total", [1], draws=100)
    >>> fc.compare(past, metrics=["mae"])[["model", "ratio"]].round(2).values.tolist()
    [['drift', 1.39], ['mean12', 1.0]]
    """
    import pandas as pd

    from forecast.core.run import Run
    from forecast.study.evaluate.backtest import Backtest
    from forecast.study.evaluate.compare import comparison_table
    from forecast.study.evaluate.forecast_rows import forecast_table
    from forecast.study.evaluate.score import score

    if isinstance(what, Backtest):
        forecasts = forecast_table(what, truth)
        return comparison_table(score(what, truth, metrics), forecasts=forecasts, by=by, metrics=metrics, seed=seed)
    if isinstance(what, Run):
        made = pd.concat([what.forecasts, what.sums], ignore_index=True)
        return comparison_table(what.scores, forecasts=made, by=by, metrics=metrics, seed=seed)
    return comparison_table(what, by=by, metrics=metrics, seed=seed)


def run(
    config: str | Path,
    out: str | Path = "runs",
    workers: int = 1,
    fresh: bool = False,
    as_of: str | dt.date | None = None,
    cluster: str | int | None = None,
    trust_cluster: bool = False,
    progress: bool = True,
) -> Run:
    """Run a config, or resume an interrupted run of it; a finished run is opened as it is.

    Steps are logged at INFO, unanswered questions and warnings at WARNING, by loggers below `forecast`.

    Parameters
    ----------
    config : str or Path
        path of a TOML file, or name of one shipped with the package
    out : str or Path, default "runs"
        parent of the run folder
    workers : int, default 1
        number of processes
    fresh : bool, default False
        start over instead of resuming
    as_of : str or date, optional
        the day of the data (default: the config's)
    cluster : str or int, optional
        address of a Dask scheduler, or a number of local Dask processes, instead of `workers` (default: the config's)
    trust_cluster : bool, default False
        exchange code with an address that has no certificate
    progress : bool, default True
        show on stderr, if that is a terminal, how far the run is

    Returns
    -------
    Run
        the finished run, with its folder, tables and reports

    Raises
    ------
    ConfigError
        where an argument, or a word of the config, is not valid; it names the place in the file
    DataError
        where the data cannot be read
    WriteError
        where the run folder cannot be written

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> import forecast as fc
    >>> table = pd.DataFrame({"period": fc.months("2022-01", "2024-12"), "value": 100.0})
    >>> asked = '''
    ... models = ["mean12"]
    ... data = { use = "csv", path = "own.csv", key = "CHN.export.WLD.re_magnets" }
    ... forecast = { series = ["CHN.export.WLD.re_magnets"], months = 3 }
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table.to_csv(pathlib.Path(folder, "own.csv"), index=False)
    ...     config = pathlib.Path(folder, "small.toml")
    ...     _ = config.write_text(asked)
    ...     run = fc.run(config, out=folder, progress=False)
    ...     print(run.forecasts["mean"].tolist())  # kg
    [100.0, 100.0, 100.0]
    """
    import time

    from forecast.core.run import Run
    from forecast.jobs.execute import execute
    from forecast.jobs.load import load, read_archive as archive_of
    from forecast.jobs.plan import make_plan
    from forecast.jobs.progress import waiting
    from forecast.jobs.run_folder import (
        CACHE,
        close,
        discard_answers,
        filed_since,
        folder_of,
        is_finished,
        note_filings,
        open_for_run,
        write,
    )  # fmt: skip
    from forecast.report.pages import USUAL, write_all, write_formats

    if workers < 1:
        raise ConfigError(f"{workers} workers cannot do anything", where="--workers", hint="1 or more")
    began = time.perf_counter()
    asked = load(config, None if as_of is None else str(as_of), cluster, trust_cluster)
    planned = make_plan(asked, archive_of(asked))
    folder = folder_of(asked, out)
    log_step(
        LOG, "plan", f"{asked.name}, as of {planned.vintage.day}: {len(planned.batches)} batches, to {folder}",
        name=asked.name, title=asked.title, as_of=planned.vintage.day.isoformat(), folder=str(folder), counts=planned.counts,
    )  # fmt: skip
    if not fresh and is_finished(folder, planned):
        discard_answers(folder)
        if filings := filed_since(folder):
            log_step(LOG, "report", "drawing the report: its config was filed since", folder=str(folder))
            write_formats(Run(folder), USUAL)
            note_filings(folder, filings)
        log_step(LOG, "opened", "finished before: opened as it is", folder=str(folder))
        return Run(folder)
    with open_for_run(folder, fresh):
        timings = {"plan": time.perf_counter() - began}
        outcomes = execute(planned, folder / CACHE, workers, progress)
        timings["execute"] = time.perf_counter() - began - timings["plan"]
        if not is_finished(folder, planned):  # by another run at the same time
            log_step(LOG, "tables", "writing the tables", folder=str(folder))
            write(folder, planned, outcomes, timings)
            outcomes.clear()  # the report reads the folder
            log_step(LOG, "report", "drawing the report", folder=str(folder))
            with waiting("drawing the report", progress):
                pages = write_all(Run(folder))
            seconds = time.perf_counter() - began
            close(folder, seconds)
            log_step(
                LOG, "written", f"written in {seconds:.1f} s: {folder}", folder=str(folder), pages=[str(p) for p in pages],
                seconds=round(seconds, 2),
            )  # fmt: skip
    return Run(folder)


def diff(run_a: Run | str | Path, run_b: Run | str | Path, attribute: str = "", model: str = "") -> RunDiff:
    """What changed from one finished run to another, read from their folders; nothing is fitted again unless asked.

    Parameters
    ----------
    run_a, run_b : Run, str or Path
        runs or their folders, the earlier one first
    attribute : str, optional
        a series the change of whose forecast is taken apart by `fc.news`, which asks its model again; where that is not
        possible, `unattributed` says why
    model : str, optional
        the model of that forecast (default: that of the later run)

    Returns
    -------
    RunDiff
        figures, events, settings, forecasts and verdicts that changed; printed, it is a page of text

    Raises
    ------
    ConfigError
        where an argument is of another kind
    DataError
        where a folder is no finished run, or a file of it has changed since it was written

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> import forecast as fc
    >>> table = pd.DataFrame({"period": fc.months("2022-01", "2024-12"), "value": 100.0})
    >>> asked = '''
    ... models = ["mean12"]
    ... data = { use = "csv", path = "own.csv", key = "CHN.export.WLD.re_magnets" }
    ... forecast = { series = ["CHN.export.WLD.re_magnets"], months = 3 }
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table.to_csv(pathlib.Path(folder, "own.csv"), index=False)
    ...     config = pathlib.Path(folder, "small.toml")
    ...     _ = config.write_text(asked)
    ...     run = fc.run(config, out=folder, progress=False)
    ...     print(fc.diff(run, run).lines()[-1].partition(",")[0])
    unchanged: data new
    """
    import dataclasses

    from forecast.report.diff.run_diff import diff as compared

    found = compared(run_a, run_b)
    if not attribute:
        return found
    from forecast.jobs.attribution import attribute as attributed

    try:
        return dataclasses.replace(found, attributed=tuple(attributed(found.old, found.new, attribute, model)))
    except ForecastError as error:
        return dataclasses.replace(found, unattributed=f"{attribute} cannot be taken apart: {error.problem} ({error.where})")


def file(config: str | Path, out: str | Path = "runs", workers: int = 1) -> FiledRun:
    """Freeze what a config asks of months whose figures are not released yet: rules, claims, forecasts, under one root hash.

    A month that may have been released by the day of filing is left out; the day is that of this machine's clock, in UTC.

    Parameters
    ----------
    config : str or Path
        path of a TOML file, or name of one shipped with the package; `[forecast]` says what is asked, `[filed]` what is claimed
    out : str or Path, default "runs"
        parent of the folder
    workers : int, default 1
        number of processes

    Returns
    -------
    FiledRun
        what was filed; `root` is the hash to publish on the day, `folder` what `fc.follow` opens later

    Raises
    ------
    ConfigError
        where the config is not valid, every month it asks is released, or a claim is on such a month
    DataError
        where the data cannot be read
    WriteError
        where the folder cannot be written

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> import forecast as fc
    >>> months = pd.period_range(end=pd.Timestamp.now().to_period("M") - 2, periods=36).astype(str)
    >>> table = pd.DataFrame({"period": months, "value": 100.0})
    >>> asked = '''
    ... models = ["mean12"]
    ... data = { use = "csv", path = "own.csv", key = "CHN.export.WLD.re_magnets" }
    ... forecast = { series = ["CHN.export.WLD.re_magnets"], months = 6 }
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table.to_csv(pathlib.Path(folder, "own.csv"), index=False)
    ...     config = pathlib.Path(folder, "small.toml")
    ...     _ = config.write_text(asked)
    ...     filed = fc.file(config, out=folder)
    ...     print(filed.folder.name.endswith(filed.root[:12]), filed.changes())
    True {}
    """
    from forecast.jobs.filing import file_config
    from forecast.jobs.load import load
    from forecast.report.filed_page import add_with_page

    if workers < 1:
        raise ConfigError(f"{workers} workers cannot do anything", where="workers", hint="1 or more")
    filed = file_config(load(config), out, workers)
    add_with_page(filed)
    return filed


def follow(
    run: str | Path,
    data: str | Path = "",
    as_of: str | dt.date | None = None,
    root: str | None = None,
    out: str | Path = "runs",
) -> FollowUp:
    """Hold a filed run against the figures that came since; what is found is added behind what was filed, with a page.

    Parameters
    ----------
    run : str or Path
        the folder of a filed run, or the name of one that comes with the package
    data : str or Path, optional
        "bundled", "archive" (that of this machine), the path of a file in the package's schema, of an archive, or of the table
        that the filed config reads (default: the config's own data)
    as_of : str or date, optional
        only what was known on this day, from the day of filing to today (default: today, UTC)
    root : str, optional
        the root hash that was published on the day of filing, or its first digits, to hold the folder against
    out : str or Path, default "runs"
        where a filed run that comes with the package is copied to, so that it can grow

    Returns
    -------
    FollowUp
        tables `scores`, `claims` and `open`, and the `pages`; printed, it is a page of text

    Raises
    ------
    ConfigError
        where an argument is not valid, or the figures cannot be told
    DataError
        where anything that was filed has been changed, removed, added or renamed; it names the first

    Examples
    --------
    >>> import tempfile
    >>> import forecast as fc
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     since = fc.follow("ahead", "bundled", as_of="2026-11-30", out=folder)
    ...     print(since.filed.day, len(since.scores), set(since.claims.state))
    2026-11-30 0 {'open'}
    """
    from forecast.jobs.following import follow_up, open_filed
    from forecast.report.filed_page import add_with_page
    from forecast.report.follow_up import FollowUp

    filed = open_filed(run, out)
    filed.check(root)
    return FollowUp(filed, *add_with_page(filed, follow_up(filed, data, as_of)))
