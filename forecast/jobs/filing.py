"""File a config: freeze its questions, claims, rules and forecasts before the figures come, in a folder with one root hash."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from forecast.arrays import Floats
from forecast.core import filed_seal, months, output_files
from forecast.core.errors import ConfigError, nearest
from forecast.core.filed_run import DRAWS, EVENTS, FORECASTS, MARK, QUESTIONS, SCHEMA, FiledRun
from forecast.core.results import PROBABILITIES, quantile_cells
from forecast.core.series import SeriesKey
from forecast.core.units import conversion_factor, convertible_to
from forecast.jobs.batch import OWN_DAY
from forecast.jobs.config import Config
from forecast.jobs.execute import execute
from forecast.jobs.filed_config import FiledClaim
from forecast.jobs.filed_effects import event_questions
from forecast.jobs.filed_months import FiledMonth, open_months_of
from forecast.jobs.load import read_archive, resolve_path
from forecast.jobs.plan import Plan, make_plan
from forecast.jobs.run_folder import fingerprints, versions

KEPT = 2.0**16  # steps of the mantissa of a stored draw
RULES = {
    "first": "A forecast is scored by the first figure published for its month; later revisions are told and change no score. "
    "A month that is published only in a sum of months is scored by that sum.",
    "scores": "CRPS and WIS of the filed draws, and whether the figure lies in the bands that hold 80 and 95 % of them.",
    "claims": "A claim is decided when the first figures of all its months are out, added up: it held if the sum lies strictly "
    "within the bounds, and failed otherwise. Until then it is open.",
    "events": "A question on an event is answered once, by the filed design, estimators and gates, from the figures known on "
    "the day of the first follow-up that finds its last month out.",
    "out before": "A figure that turns out to have been released on the day of filing or before is not scored.",
}


def today_utc() -> dt.date:
    """The day, by the clock of this machine, in UTC."""
    return dt.datetime.now(dt.UTC).date()


def file_config(config: Config, out: str | Path = "runs", workers: int = 1, progress: bool = True) -> FiledRun:
    """Freeze what a config asks of months that are not released on this day; the folder stands in `out`.

    The forecasts are those of `forecast run` on the same day. Filing the same again on one day finds the same folder.
    """
    day = today_utc()
    planned = _plan_on(config, day)
    asked = config.forecast.models or tuple(model.label for model in config.models)
    ahead = [replace(b, told_draws=b.label in asked) for b in planned.batches if b.group == OWN_DAY]
    if not ahead:
        hint = "series in [forecast] that have figures enough"
        raise ConfigError("the config asks for no month ahead, so that nothing can be filed", where=config.name, hint=hint)
    open_months = {
        past.series: open_months_of(past.series, past.task.months, config, day, planned.archive)
        for past in planned.groups[OWN_DAY]
    }
    if not any(open_months.values()):
        hint = "more months in [forecast], or a later until in [filed]"
        raise ConfigError(
            f"every month that is asked was released by {day}, or has its figure in the data", where=config.name, hint=hint
        )
    with tempfile.TemporaryDirectory() as cache:
        results = execute(replace(planned, batches=tuple(ahead)), Path(cache), workers, progress)
    draws: dict[tuple[str, str], tuple[tuple[str, ...], Floats]] = {}
    for batch, result in zip(ahead, results, strict=True):
        for series, (labels, block) in result.draws.items():
            kept = tuple(one.month for one in open_months[series])
            columns = [labels.index(month) for month in kept]
            if kept:  # every number below is computed from what is stored
                draws[batch.label, series] = (kept, round_draws(block[:, columns]))
    if not draws:
        raise ConfigError("no model answered a question that could be filed", where=config.name, hint="forecast check CONFIG")
    failures = [_failure_record(row) for result in results for row in result.failures]
    content = _questions(config, planned, day, open_months, draws, failures)
    return _write(Path(out), config, content, _forecasts_csv(draws, open_months), _draws_parquet(draws))


def _failure_record(row: Any) -> dict[str, str]:
    """What is told of a question that a model left unanswered."""
    return {"model": row.method, "series": row.series, "reason": row.reason}


def _plan_on(config: Config, day: dt.date) -> Plan:
    """The plan of a config, which must not stand on a later day than that of filing."""
    archive = read_archive(config)
    planned = make_plan(config, archive)
    if planned.vintage.day <= day:
        return planned
    if config.as_of != "latest":
        hint = "as_of = a day that has come"
        raise ConfigError(f"the config stands on {config.as_of}, after this day, {day}", where=config.name, hint=hint)
    return make_plan(config.model_copy(update={"as_of": day.isoformat()}), archive)


def _questions(
    config: Config,
    planned: Plan,
    day: dt.date,
    open_months: Mapping[str, tuple[FiledMonth, ...]],
    draws: Mapping[tuple[str, str], tuple[tuple[str, ...], Floats]],
    failures: list[dict[str, str]],
) -> dict[str, Any]:
    """The content of `filed.json`."""
    last = {past.series: planned.vintage.steps.label(past.last) for past in planned.groups[OWN_DAY]}
    asked, models = dict.fromkeys(series for _, series in draws), list(dict.fromkeys(model for model, _ in draws))
    return {
        "schema": SCHEMA,
        "name": config.name,
        "title": config.title,
        "filed": day.isoformat(),
        "as_of": planned.vintage.day.isoformat(),
        "config_hash": config.hash8,
        "versions": versions(),
        "fingerprints": fingerprints(planned),
        "rules": RULES,
        "models": models,
        "told": config.told_model if config.told_model in models else models[0],
        "questions": [
            {"series": s, "unit": unit_of(s), "last_known": last[s], "months": [vars(one) for one in open_months[s]]}
            for s in asked
        ],
        "claims": [_claim(claim, i, config, open_months, draws) for i, claim in enumerate(config.filed.claims)],
        "events_asked": event_questions(config, day, planned.archive),
        "unanswered": failures,
        "config": config.resolved,
    }


def unit_of(series: str) -> str:
    """The unit in which an archive holds a series."""
    key = SeriesKey.maybe(series)
    return key.unit if key else ""


def _claim(
    claim: FiledClaim,
    i: int,
    config: Config,
    open_months: Mapping[str, tuple[FiledMonth, ...]],
    draws: Mapping[tuple[str, str], tuple[tuple[str, ...], Floats]],
) -> dict[str, Any]:
    """A claim with its bounds in the unit of the archive, its probability by each model, and the day its last figure is due."""
    where = f"{config.origin.name}, [[filed.claims]] {i + 1}"
    answers = {model: block for (model, series), block in draws.items() if series == claim.series}
    if not answers:
        hint = "a series of [forecast], with months that are not released"
        raise ConfigError(f"no forecast of {claim.series} could be filed", where=where, hint=hint)
    wanted, labels = months.months(claim.first, claim.last), next(iter(answers.values()))[0]
    if lacking := [month for month in wanted if month not in labels]:
        hint = f"months from {labels[0]} to {labels[-1]}"
        raise ConfigError(
            f"{lacking[0]} of {claim.series} is released already, in the data, or not asked", where=where, hint=hint
        )
    unit = unit_of(claim.series)
    if claim.unit and claim.unit not in (unit, *(possible := convertible_to(unit))):
        problem = f"a bound on {claim.series}, in {unit or 'no unit'}, cannot be given in '{claim.unit}'"
        raise ConfigError(problem, where=where, hint=nearest(claim.unit, possible))
    factor = conversion_factor(claim.unit or unit, unit)
    above, below = (None if bound is None else bound * factor for bound in (claim.above, claim.below))
    sums = {model: block[:, [labels.index(m) for m in wanted]].sum(axis=1) for model, (labels, block) in answers.items()}
    least, most = (-np.inf if above is None else above), (np.inf if below is None else below)
    return {
        "id": claim.id, "claim": claim.claim, "series": claim.series, "from": claim.first, "to": claim.last, "unit": unit,
        "above": above, "below": below,
        "probabilities": {model: float(((least < total) & (total < most)).mean()) for model, total in sums.items()},
        "due": max(one.due for one in open_months[claim.series] if one.month in wanted),
    }  # fmt: skip


def _forecasts_csv(
    draws: Mapping[tuple[str, str], tuple[tuple[str, ...], Floats]], open_months: Mapping[str, tuple[FiledMonth, ...]]
) -> str:
    """One row per model, series and month, as text."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for (model, series), (labels, block) in draws.items():
        due = {one.month: one for one in open_months[series]}
        for month, column in zip(labels, block.T, strict=True):
            asked = {"model": model, "series": series, "unit": unit_of(series), **vars(due[month])}
            rows.append(asked | {"mean": float(column.mean())} | quantile_cells(np.quantile(column, PROBABILITIES)))
    return str(pd.DataFrame(rows).to_csv(index=False, float_format="%.9g", lineterminator="\n"))


def round_draws(draws: Floats) -> Floats:
    """Draws to 16 significant bits, as they are stored: a relative change of at most 2^-16, and half the bytes."""
    mantissa, exponent = np.frexp(draws)
    rounded: Floats = np.ldexp(np.round(mantissa * KEPT) / KEPT, exponent)
    return rounded.astype(np.float32).astype(float)


def _draws_parquet(draws: Mapping[tuple[str, str], tuple[tuple[str, ...], Floats]]) -> bytes:
    """The draws, a row for each model, series and month."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        (model, series, month, column)
        for (model, series), (labels, block) in draws.items()
        for month, column in zip(labels, block.T, strict=True)
    ]
    names = {name: pa.array([row[i] for row in rows]) for i, name in enumerate(("model", "series", "month"))}
    numbers = pa.array([row[3] for row in rows], pa.list_(pa.float32()))
    out = pa.BufferOutputStream()
    pq.write_table(
        pa.table(names | {"draws": numbers}), out, compression="zstd", compression_level=19,
        use_dictionary=list(names), column_encoding={"draws.list.element": "BYTE_STREAM_SPLIT"},
    )  # fmt: skip
    return bytes(out.getvalue())


def _write(out: Path, config: Config, content: Mapping[str, Any], forecasts: str, draws: bytes) -> FiledRun:
    """Write the folder under a passing name, seal it, and give it the name that carries its root hash."""
    passing = out / f".{config.name}.{os.getpid()}.filing"
    try:
        out.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(passing, ignore_errors=True)
        output_files.write(passing, "config.toml", config.origin.read_bytes())
        if isinstance(config.events, str):
            output_files.write(passing, EVENTS, Path(resolve_path(config, config.events)).read_bytes())
        output_files.write(passing, FORECASTS, forecasts)
        output_files.write(passing, DRAWS, draws)
        output_files.write(passing, QUESTIONS, json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
        root = filed_seal.seal(passing)
        folder = out / f"{config.name}{MARK}{content['filed']}-{root[: filed_seal.SHOWN]}"
        if not folder.exists():
            os.replace(passing, folder)
    except OSError as error:
        hint = "--out DIR, a folder that may be written to"
        raise ConfigError(f"the folder cannot be made: {error.strerror}", where=str(out), hint=hint) from None
    finally:
        shutil.rmtree(passing, ignore_errors=True)
    return FiledRun(folder)
