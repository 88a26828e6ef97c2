"""Write a run folder, from its first file to the manifest that seals it."""

from __future__ import annotations

import contextlib
import io
import json
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecast import __version__
from forecast.core import manifest, output_files
from forecast.core.checkout import checked_out_commit
from forecast.core.errors import ConfigError, DataError
from forecast.core.filed_run import filings_of
from forecast.core.results import Finding
from forecast.core.run import DRAWS, MONTHS_OF_DRAWS, Run, refuse_newer
from forecast.core.schema import COLUMNS, SCHEMA_VERSION, TABLES
from forecast.core.steps import logger
from forecast.core.unanswered import questions_asked, refusal_record
from forecast.jobs import run_lock
from forecast.jobs.batch_results import BatchResult
from forecast.jobs.calendar_rows import event_rows, learned_rows, note_rows
from forecast.jobs.config import Config
from forecast.jobs.execute import code_hash
from forecast.jobs.export import write_exports
from forecast.jobs.plan import Plan
from forecast.jobs.tables import findings, parquet, tables_of

REPORTED_PACKAGES = ("numpy", "pandas", "scipy", "statsmodels", "scikit-learn", "prophet", "pyarrow", "matplotlib")
CACHE = ".cache"
LOG = logger(__name__)


def folder_of(config: Config, out: str | Path) -> Path:
    """The run folder of a config, named by its name and hash."""
    return Path(out) / f"{config.name}-{config.hash8}"


def is_finished(folder: Path, plan: Plan) -> bool:
    """Whether a folder holds this very run, made by this code, complete and unchanged."""
    pages = [f"{page}.{kind}" for page in ("report", "brief") for kind in ("html", "md")]
    expected = ["run.json", *(f"{name}.parquet" for name in TABLES), "findings.json", *pages]
    if not manifest.is_sealed(folder) or any(not (folder / name).exists() for name in expected):
        return False
    try:
        info = Run(folder).info
        if manifest.differences(folder):
            return False
    except DataError:
        return False
    same = info.get("fingerprints") == fingerprints(plan) and info["versions"].get("code") == code_hash()
    return bool(same and info.get("finished") and info["schema_version"] == SCHEMA_VERSION)


@contextlib.contextmanager
def open_for_run(folder: Path, fresh: bool) -> Iterator[None]:
    """Create and clean the run folder, and hold its lock for the length of the block; `fresh` removes what it held.

    A run of a newer schema is refused. Files of a finished run that have changed since are reported and kept under another
    name. Stored answers stay while another process uses the folder, or until the run is complete.
    """
    refuse_newer(folder)
    try:
        if fresh and folder.exists():
            run_lock.remove_run(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        hint = "--out DIR, a folder that may be written to"
        raise ConfigError(f"the run folder cannot be made: {error.strerror}", where=str(folder), hint=hint) from None
    with run_lock.hold(folder):
        run_lock.remove_leftovers(folder)
        _set_aside(folder)
        yield
        discard_answers(folder)


def discard_answers(folder: Path) -> None:
    """Remove stored answers and leftovers of killed runs once a run is complete and no other process uses its folder."""
    if manifest.is_sealed(folder) and not run_lock.other_owners(folder):
        shutil.rmtree(folder / CACHE, ignore_errors=True)
        run_lock.remove_leftovers(folder)


def _set_aside(folder: Path) -> None:
    """Keep changed files of a finished run under another name, and remove its manifest and run.json."""
    try:
        changed = manifest.set_aside(folder)
    except DataError as error:
        changed = {manifest.NAME: error.problem}
    if changed:
        LOG.warning("%s\n  try: nothing; the run is done again", manifest.describe_changes(folder, changed))
    (folder / manifest.NAME).unlink(missing_ok=True)
    (folder / "run.json").unlink(missing_ok=True)


def write(folder: Path, plan: Plan, results: Sequence[BatchResult], timings: Mapping[str, float]) -> None:
    """All tables, findings and run.json of a run; run.json last."""
    tables = tables_of(plan, results)
    for name in TABLES:
        output_files.write(folder, f"{name}.parquet", parquet(tables[name], COLUMNS[name]))
    _write_draws(folder, results)
    _write_json(folder, "findings.json", [_finding_record(finding) for finding in findings(plan, results)])
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
        "counts": {**plan.counts, **{f"{name} rows": len(tables[name]) for name in TABLES}},
        "figures_stood_on": plan.figures_stood_on,
        "unanswered": refusal_record(questions_asked(plan.counts), tables["failures"]),
        "timings": {k: round(v, 2) for k, v in timings.items()},
        "events": event_rows(plan.vintage.events),
        "notes": note_rows(plan.vintage.events.notes),
        "events_verified_to": str(plan.archive.events.verified_to or ""),
        "learned_since": learned_rows(plan),
        **({"filed": filed} if (filed := filings_of(plan.config.hash8, folder.parent)) else {}),
    }
    _write_json(folder, "run.json", info)
    write_exports(folder, plan.config)


def _write_draws(folder: Path, results: Sequence[BatchResult]) -> None:
    """The draws that the config asks to be kept; none in a folder without any."""
    kept = {series: held for result in results for series, held in result.draws.items()}
    if not kept:
        (folder / DRAWS).unlink(missing_ok=True)
        return
    arrays: dict[str, NDArray[Any]] = {}
    for series, (labels, draws) in sorted(kept.items()):
        arrays |= {series: draws, series + MONTHS_OF_DRAWS: np.array(labels)}
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)  # type: ignore[arg-type]  # its own keywords stand among those of the arrays
    output_files.write(folder, DRAWS, out.getvalue())


def close(folder: Path, seconds: float) -> None:
    """Mark a run as complete, including its report, and seal it, so that a file that changes later is recognised."""
    info = Run(folder).info
    info["finished"] = True
    info["timings"]["total"] = round(seconds, 2)
    _write_json(folder, "run.json", info)
    manifest.seal(folder)


def filed_since(folder: Path) -> list[dict[str, str]]:
    """Filings of a finished run's config that its run.json does not name: they were made, or put beside it, later."""
    info = Run(folder).info
    known = [*(info.get("filed") or []), *(info.get("filed_since") or [])]
    return [one for one in filings_of(str(info["config_hash"]), folder.parent) if one not in known]


def note_filings(folder: Path, filings: Sequence[Mapping[str, str]]) -> None:
    """Name filings in the run.json of a finished run, apart from those that were there when it was written."""
    info = Run(folder).info
    info["filed_since"] = [*(info.get("filed_since") or []), *filings]
    _write_json(folder, "run.json", info)
    manifest.seal(folder, ["run.json"])


def _write_json(folder: Path, name: str, content: object) -> None:
    output_files.write(folder, name, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def fingerprints(plan: Plan) -> dict[str, str]:
    """Hashes of the data behind a run."""
    hashes = {"archive": plan.archive.fingerprint, "vintage": plan.vintage.fingerprint()}
    return hashes | ({"real_time": plan.real_time.fingerprint} if plan.real_time.lags or plan.real_time.regressors else {})


def versions() -> dict[str, str]:
    """Versions of the package, its code, Python and the installed libraries."""
    out = {"forecast": __version__, "code": code_hash(), "python": platform.python_version()}
    if commit := checked_out_commit(Path(__file__).resolve().parents[2]):
        out["commit"] = commit
    for name in REPORTED_PACKAGES:
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return out


def _finding_record(finding: Finding) -> dict[str, str]:
    return {"topic": finding.topic, "text": finding.text, "where": finding.where, "level": finding.level}
