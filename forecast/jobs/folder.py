"""Folder: outcomes as the tables of a run folder, written whole or not at all, the same bytes every time."""

from __future__ import annotations

import json
import math
import os
import platform
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from forecast import __version__
from forecast.core.errors import ConfigError, DataError
from forecast.core.results import Finding, quantile_name
from forecast.core.run import SCHEMA_VERSION, TABLES, Run
from forecast.jobs.config import Config
from forecast.jobs.execute import Outcome, context_of
from forecast.jobs.hand_over import hand_over
from forecast.jobs.nowcasts import calendar_rows
from forecast.jobs.plan import Plan
from forecast.jobs.rows import claim_rows, effect_tables, event_rows, observation_rows, regime_rows, sensitivity_rows
from forecast.study.audit import audit
from forecast.study.compare import NAIVE, compare
from forecast.study.frames import PROBABILITIES
from forecast.study.score import job_of

Q = tuple(quantile_name(p) for p in PROBABILITIES)
SUMMARY = ("estimate", "lo80", "hi80", "lo95", "hi95")
BANDS = ("q025", "q10", "q50", "q90", "q975")
COLUMNS: dict[str, dict[str, str]] = {
    "forecasts": {
        **dict.fromkeys(("job", "model", "model_used", "series", "unit", "cutoff", "month"), "text"),
        "horizon": "whole", "h_info": "whole",
        **dict.fromkeys(("mean", *Q, "truth"), "real"),
        **dict.fromkeys(("regressors", "dropped", "scale"), "text"),
        "n_split": "whole", "n_filled": "whole", "notes": "text", "fitted_on": "text", "vintage": "text", "group": "text",
    },
    "scores": {
        **dict.fromkeys(("job", "model", "series", "cutoff", "month"), "text"),
        "horizon": "whole", "h_info": "whole", "metric": "text", "value": "real", "regime": "text",
        "jan_mar": "whole", "vintage": "text", "group": "text",
    },
    "effects": {
        **dict.fromkeys(("job", "estimator", "event", "series", "unit", "basis"), "text"),
        "lag_months": "whole",
        **dict.fromkeys(("months_from", "months_to", "estimand", "measure", "baseline"), "text"),
        **dict.fromkeys(("estimate", "lo80", "hi80", "lo95", "hi95", "p_value", "p_floor", "mde80"), "real"),
        **dict.fromkeys(("n_clean", "n_span", "n_placebo"), "whole"),
        "verdict": "text", "reading": "text",
        **dict.fromkeys(("desc_estimate", "desc_lo", "desc_hi"), "real"),
        **dict.fromkeys(("id", "question", "role", "because", "months_observed"), "text"),
        "observed_total": "real", "expected": "real", "note": "text", "used": "text", "level_unit": "text",
        "baselines": "text",
        **dict.fromkeys((f"{part}{end}" for part in ("anticipation", "net") for end in ("", "_lo80", "_hi80")), "real"),
        "breakdown": "real",
        **dict.fromkeys(("n_space", "n_apart"), "whole"),
    },
    "paths": {
        **dict.fromkeys(("job", "series", "month"), "text"), "observed": "real",
        **dict.fromkeys((f"{part}_{q}" for part in ("counterfactual", "effect") for q in BANDS), "real"),
        "effect_band_lo": "real", "effect_band_hi": "real",
    },
    "placebos": {**dict.fromkeys(("job", "kind", "series", "start"), "text"), "cumulative": "real"},
    "gates": {
        **dict.fromkeys(("job", "gate", "outcome"), "text"), "value": "real", "threshold": "real", "reason": "text",
    },
    "observations": {
        "series": "text", "period": "text", "value": "real",
        **dict.fromkeys(("unit", "status", "stage", "kind", "released", "basis", "source", "url", "derived_from"), "text"),
    },
    "comparisons": {
        **dict.fromkeys(("model", "benchmark", "metric", "group"), "text"),
        **dict.fromkeys(("ratio", "lo90", "hi90"), "real"),
        "n": "whole", "n_cutoffs": "whole", "note": "text", "n_series": "whole",
        "failures": "whole", "rank": "whole", "tied": "flag", "dm_p": "real", "gw_p": "real", "in_mcs": "flag",
        **dict.fromkeys(("mcs_p", "mz_p", "mz_intercept", "mz_slope"), "real"), "text": "text",
    },
    "failures": dict.fromkeys(("job", "method", "question", "series", "reason", "detail"), "text"),
    "regimes": {
        **dict.fromkeys(("series", "unit", "regime", "months_from", "months_to"), "text"),
        **dict.fromkeys(("mean", "lo", "hi"), "real"), "n": "whole", "reading": "text",
    },
    "claims": {
        **dict.fromkeys(("id", "claim", "source", "url", "verdict"), "text"),
        **dict.fromkeys(("computed", "low", "high"), "real"), **dict.fromkeys(("unit", "arithmetic", "settle"), "text"),
    },
    "parts": {"job": "text", "event": "text", **dict.fromkeys(SUMMARY, "real")},
    "scenarios": {
        **dict.fromkeys(("job", "scenario"), "text"), "probability": "real",
        **dict.fromkeys(("basis", "model", "model_used", "series", "unit", "cutoff", "month"), "text"),
        "horizon": "whole", "h_info": "whole", **dict.fromkeys(("mean", *Q), "real"), "notes": "text",
    },
    "news": {
        **dict.fromkeys(("target", "ref_month", "vintage_from", "vintage_to"), "text"),
        "nowcast_from": "real", "nowcast_to": "real",
        **dict.fromkeys(("source", "series", "release_month", "kind"), "text"),
        **dict.fromkeys(("expected", "actual", "weight", "impact"), "real"),
        **dict.fromkeys(("model", "released", "model_used"), "text"),
    },
    "calendar": {
        **dict.fromkeys(("group", "day", "series", "month", "source", "stage", "basis"), "text"),
        "ahead": "whole", "horizon": "whole", "together": "flag",
    },
    "sensitivity": {
        **dict.fromkeys(("job", "what", "value"), "text"), **dict.fromkeys(SUMMARY, "real"),
        **dict.fromkeys(("verdict", "reading", "because"), "text"), "desc_estimate": "real", "observed_total": "real",
        "months_from": "text", "months_to": "text",
        **dict.fromkeys(("id", "estimator", "baseline", "months_observed"), "text"),
        **dict.fromkeys(("expected", "p_value", "p_floor", "mde80"), "real"),
        **dict.fromkeys(("n_clean", "n_placebo", "n_apart"), "whole"),
    },
}  # fmt: skip
PACKAGES = ("numpy", "pandas", "scipy", "statsmodels", "scikit-learn", "prophet", "pyarrow", "matplotlib")


def folder_of(config: Config, out: str | Path) -> Path:
    """Where a config's run lives: its name and the hash of all it says."""
    return Path(out) / f"{config.name}-{config.hash8}"


def finished(folder: Path, plan: Plan) -> bool:
    """Whether a folder holds this very run, complete."""
    path = folder / "run.json"
    wanted = [*(f"{name}.parquet" for name in TABLES), "findings.json", "report.html", "report.md"]
    if not path.exists() or any(not (folder / name).exists() for name in wanted):
        return False
    try:
        info = Run(folder).info
    except DataError:
        return False
    same = info.get("fingerprints") == fingerprints(plan) and info.get("versions", {}).get("forecast") == __version__
    return bool(same and info.get("finished") and info["schema_version"] == SCHEMA_VERSION)


def open_for_writing(folder: Path, fresh: bool) -> None:
    """Make the run folder, before anything is computed for it; `fresh` forgets what it held."""
    try:
        if fresh and folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        hint = "--out DIR, a folder that may be written to"
        raise ConfigError(f"the run folder cannot be made: {error.strerror}", where=str(folder), hint=hint) from None


def write(folder: Path, plan: Plan, outcomes: Sequence[Outcome], timings: Mapping[str, float]) -> None:
    """All tables, findings and run.json of a run; run.json last."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = tables_of(plan, outcomes)
    for name in TABLES:
        _table(folder / f"{name}.parquet", tables[name], COLUMNS[name])
    found = findings(plan, outcomes)
    _text(folder / "findings.json", json.dumps([_plain(f) for f in found], indent=1, ensure_ascii=False) + "\n")
    counts = {**plan.counts, **{f"{name} rows": len(tables[name]) for name in TABLES}}
    info = {
        "schema_version": SCHEMA_VERSION,
        "finished": False,
        "name": plan.config.name,
        "title": plan.config.title,
        "as_of": plan.vintage.day.isoformat(),
        "config_hash": plan.config.hash8,
        "config": plan.config.resolved,
        "fingerprints": fingerprints(plan),
        "versions": versions(),
        "counts": counts,
        "timings": {k: round(v, 2) for k, v in timings.items()},
        "events": event_rows(plan.vintage.events),
        "events_verified_to": str(plan.archive.events.verified_to or ""),
    }
    _text(folder / "run.json", json.dumps(info, indent=1, ensure_ascii=False) + "\n")
    hand_over(folder, plan.config)


def close(folder: Path, seconds: float) -> None:
    """Mark a run as complete, its report included, and let go of the cache."""
    path = folder / "run.json"
    info = json.loads(path.read_text("utf-8"))
    info["finished"] = True
    info["timings"]["total"] = round(seconds, 2)
    _text(path, json.dumps(info, indent=1, ensure_ascii=False) + "\n")
    shutil.rmtree(folder / ".cache", ignore_errors=True)


def fingerprints(plan: Plan) -> dict[str, str]:
    """Hashes of the data behind a run."""
    found = {"archive": plan.archive.fingerprint, "vintage": plan.vintage.fingerprint()}
    return found | ({"door": plan.door.fingerprint} if plan.door.lags or plan.door.regressors else {})


def versions() -> dict[str, str]:
    """Versions of the package, Python and the libraries at hand."""
    out = {"forecast": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return out


def tables_of(plan: Plan, outcomes: Sequence[Outcome]) -> dict[str, list[dict[str, Any]]]:
    """Rows of every table."""
    groups = {batch.name: batch.group for batch in plan.batches}
    made = {
        "forecasts": [{**row, "group": groups[o.batch]} for o in outcomes for row in o.forecasts],
        "scores": [{**row, "group": groups[o.batch]} for o in outcomes for row in o.scores],
    }
    return {
        **made,
        **effect_tables(plan, outcomes),
        "observations": observation_rows(plan.vintage),
        "comparisons": _comparisons(plan, made),
        "failures": [row for o in outcomes for row in o.failures],
        "regimes": regime_rows(plan),
        "claims": claim_rows(plan),
        "sensitivity": sensitivity_rows(plan, outcomes),
        "scenarios": [row for o in outcomes for row in o.scenarios],
        "news": [row for o in outcomes for row in o.news],
        "calendar": calendar_rows(
            plan.config.nowcast, [[p.series for p in plan.groups[n]] for n in plan.nowcasts], plan.vintage.day
        ),
    }


def _comparisons(plan: Plan, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Each group's models against its best naive one."""
    import pandas as pd

    if not tables["scores"]:
        return []
    scores, forecasts = pd.DataFrame(tables["scores"]), pd.DataFrame(tables["forecasts"])
    out = []
    for group in [*(g.name for g in plan.config.backtest), *(n.before for n in plan.config.nowcast)]:
        asked = [b for b in plan.batches if b.group == group]
        jobs = {job_of(b.label, past) for b in asked for past in b.pasts}
        out += compare(
            scores[scores["job"].isin(jobs)], group, seed=plan.config.seed,
            forecasts=forecasts[forecasts["job"].isin(jobs)], models=sorted({b.label for b in asked}),
            naive=plan.config.naive or NAIVE,
        )  # fmt: skip
    return out


def findings(plan: Plan, outcomes: Sequence[Outcome]) -> list[Finding]:
    """The audit's, the plan's and the methods' soft problems, in order."""
    found = [*audit(plan.archive, plan.vintage)[0], *plan.findings]
    skipped = sorted({(o.batch.split("|")[1], o.skipped) for o in outcomes if o.skipped})
    found += [Finding("skipped", f"{label}: {reason}", "[[models]]", "warning") for label, reason in skipped]
    for scale in context_of(plan).scales.values():
        if scale.reason:
            found.append(Finding("scale", f"no MASE or RMSSE: {scale.reason} ({scale.basis})", scale.series))
        elif scale.frozen:
            found.append(Finding("scale", f"frozen: {scale.pairs} pairs of {scale.basis}", scale.series))
    for outcome in outcomes:
        for label, effect in outcome.effects.items():
            notes = [note for used in getattr(effect, "used", ()) for note in used.notes]
            found += [Finding("effect", note, f"{outcome.batch}, {label}") for note in notes]
    return sorted(set(found), key=lambda f: (f.topic, f.where, f.text))


def _plain(finding: Finding) -> dict[str, str]:
    return {"topic": finding.topic, "text": finding.text, "where": finding.where, "level": finding.level}


def _table(path: Path, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """One table, sorted by its columns from the left, with fixed types and settings; missing is null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"text": pa.string(), "whole": pa.int64(), "real": pa.float64(), "flag": pa.bool_()}
    text = [name for name, kind in columns.items() if kind == "text"]
    ordered = sorted(
        rows, key=lambda row: tuple(_sortable(row.get(name)) for name in columns if name in text or columns[name] == "whole")
    )
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
    arrays = [pa.array([_null(row.get(name)) for row in ordered], kinds[kind]) for name, kind in columns.items()]
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        pq.write_table(pa.Table.from_arrays(arrays, schema=schema), part, compression="zstd", row_group_size=1 << 20)
    os.replace(part.name, path)


def _sortable(value: Any) -> tuple[int, Any]:
    """Numbers before texts, nulls first, so that any two rows compare."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return (0, 0)
    return (2, value) if isinstance(value, str) else (1, value)


def _null(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, "utf-8")
    os.replace(part, path)
