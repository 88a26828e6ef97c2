"""A filed run: questions, claims and forecasts of a config, frozen before the figures came, and the follow-ups added since."""

from __future__ import annotations

import contextlib
import functools
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.core import filed_seal, output_files
from forecast.core.errors import DataError, nearest
from forecast.core.presentation import shown

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
QUESTIONS, FORECASTS, DRAWS = "filed.json", "forecasts.csv", "draws.parquet"
EVENTS = "events.toml"  # the events of a config that keeps them in a file of their own
NEEDED = {
    "filed": str,
    "as_of": str,
    "config_hash": str,
    "told": str,
    "config": dict,
    "questions": list,
    "claims": list,
    "models": list,
    "events_asked": list,
}
MARK = "-filed-"  # in the name of a folder, between the name of the config and the day
AGAIN = "a folder that `forecast file CONFIG` printed, or the name of a filed config: forecast follow ahead"


@shown
@dataclass(frozen=True)
class FiledRun:
    """Questions, rules, thresholds and forecasts of a config that were frozen on a day, opened for reading.

    Parameters
    ----------
    folder : Path
        of the filed run, as `fc.file` and `forecast file` print it

    Raises
    ------
    DataError
        where it is no folder of a filed run, or one of a newer schema

    Examples
    --------
    >>> from forecast.core.filed_run import FiledRun, shipped_filings
    >>> filed = FiledRun(shipped_filings()["ahead"])
    >>> filed.day, filed.changes()
    ('2026-11-30', {})
    """

    folder: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder))
        if not is_filed(self.folder):
            raise DataError("this is no folder of a filed run", where=str(self.folder), hint=AGAIN)
        if filed_seal.changes(self.folder):
            return  # told by `changes`, before anything of it is read
        schema = self.info.get("schema")
        if isinstance(schema, int) and schema > SCHEMA:
            hint = "a newer version of the package"
            raise DataError(f"filed with schema {schema}, this package reads {SCHEMA}", where=str(self.folder), hint=hint)
        if lacking := [name for name, kind in NEEDED.items() if not isinstance(self.info.get(name), kind)]:
            raise DataError(f"the file does not say {', '.join(lacking)}", where=str(self.folder / QUESTIONS), hint=AGAIN)

    @functools.cached_property
    def info(self) -> dict[str, Any]:
        """Everything that was filed but the numbers: day, versions, fingerprints, config, questions, claims, rules."""
        try:
            found = json.loads((self.folder / QUESTIONS).read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(f"the file cannot be read: {error}", where=str(self.folder / QUESTIONS), hint=AGAIN) from None
        return found if isinstance(found, dict) else {}

    @property
    def day(self) -> str:
        """The day of filing, UTC, by the clock of the machine that filed it."""
        return str(self.info["filed"])

    @property
    def root(self) -> str:
        """The root hash over every file that was filed, in hexadecimal digits."""
        return filed_seal.root_of(self.folder)

    def changes(self, root: str = "") -> dict[str, str]:
        """Everything that is not as it was filed or added.

        Parameters
        ----------
        root : str, optional
            the root hash that was published on the day of filing, or its first digits

        Returns
        -------
        dict of str to str
            the change in words, by the name of the file; empty if nothing changed
        """
        return filed_seal.changes(self.folder, root) or self._follow_up_changes()

    def check(self, root: str = "") -> None:
        """Refuse a folder in which anything changed.

        Parameters
        ----------
        root : str, optional
            as in `changes`

        Raises
        ------
        DataError
            where something did; it names the first
        """
        for name, change in self.changes(root).items():
            where = str(self.folder / name)
            raise DataError(f"{name} is not what was filed: {change}", where=where, hint="the folder as it was filed")

    @property
    def forecasts(self) -> pd.DataFrame:
        """One row per model, series and filed month: the day on which the figure is due, mean and quantiles."""
        import pandas as pd

        return pd.read_csv(self.folder / FORECASTS, keep_default_na=False, na_values=[""])

    @functools.cached_property
    def _draws(self) -> pd.DataFrame:
        import pandas as pd
        import pyarrow as pa

        return pd.read_parquet(pa.BufferReader((self.folder / DRAWS).read_bytes()), use_threads=False)

    def draws(self, model: str, series: str) -> pd.DataFrame:
        """The joint draws of the filed months of a series by one model.

        Parameters
        ----------
        model, series : str
            their names

        Returns
        -------
        DataFrame, shape (draws, months)
            in the unit of the archive (kg, USD); empty where the model did not answer

        Raises
        ------
        DataError
            where the file of draws cannot be read
        """
        import pandas as pd

        try:
            own = self._draws[(self._draws.model == model) & (self._draws.series == series)]
            return pd.DataFrame({month: drawn.astype(float) for month, drawn in zip(own.month, own.draws, strict=True)})
        except (OSError, ValueError, AttributeError) as error:
            raise DataError(f"the filed draws cannot be read: {error}", where=str(self.folder / DRAWS), hint=AGAIN) from None

    @property
    def follow_ups(self) -> list[dict[str, Any]]:
        """What was found in each follow-up, in the order in which they were added."""
        held = {record.get("before", ""): (name, record) for name, record in self._records().items()}
        chain, before = [], ""
        while before in held:
            before, record = held.pop(before)
            chain.append(record)
        return chain

    def append(self, record: dict[str, Any]) -> dict[str, Any]:
        """Add a follow-up behind the last one; nothing that stands there is touched.

        Parameters
        ----------
        record : dict
            what was found, as JSON values; "as_of" is its day

        Returns
        -------
        dict
            the record with the name of the one before it; the last one, if that says the same
        """
        known = self._records()
        followed = {one.get("before") for one in known.values()}
        last = next((name for name in known if name not in followed), "")
        if last and _without_time(known[last]) == _without_time(record):
            return known[last]
        record = {**record, "before": last}
        text = json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        digest = output_files.sha256(text.encode())[: filed_seal.SHOWN]
        output_files.write(self.folder, f"{filed_seal.LATER}/{record['as_of']}-{digest}.json", text)
        return record

    def _records(self) -> dict[str, dict[str, Any]]:
        """The follow-ups by name, unreadable ones left out."""
        found: dict[str, dict[str, Any]] = {}
        for path in sorted((self.folder / filed_seal.LATER).glob("*.json")):
            try:
                record = json.loads(path.read_bytes())
            except (OSError, ValueError, RecursionError):
                continue
            if isinstance(record, dict):
                found[path.name] = record
        return found

    def _follow_up_changes(self) -> dict[str, str]:
        """Follow-ups that are not as they were added: each is called by its hash, and names the one before it."""
        changed: dict[str, str] = {}
        records = self._records()
        for path in sorted((self.folder / filed_seal.LATER).glob("*.json")):
            name = f"{filed_seal.LATER}/{path.name}"
            if not path.stem.endswith(output_files.sha256(path)[: filed_seal.SHOWN]):
                changed[name] = "its bytes are not those of its name"
            elif path.name not in records:
                changed[name] = "it is no follow-up"
            elif (before := records[path.name].get("before")) and before not in records:
                changed[f"{filed_seal.LATER}/{before}"] = "it is not there"
            elif records[path.name].get("root") != self.root:
                changed[name] = "it is the follow-up of another filed run"
        firsts = [name for name, record in records.items() if not record.get("before")]
        if not changed and (len(firsts) > 1 or len(self.follow_ups) < len(records)):
            changed[filed_seal.LATER] = "its follow-ups do not stand one behind another"
        return changed


def _without_time(record: dict[str, Any]) -> dict[str, Any]:
    """What a follow-up found, without when and behind which it was written."""
    return {key: value for key, value in record.items() if key not in ("written", "before", "version")}


def is_filed(folder: Path) -> bool:
    """Whether a folder is, or was, that of a filed run."""
    return folder.is_dir() and ((folder / QUESTIONS).is_file() or MARK in folder.resolve().name)


def home_of_shipped() -> Path:
    """The folder of the filed runs that come with the package."""
    return Path(str(resources.files("forecast.data"))) / "filed"


def shipped_filings() -> dict[str, Path]:
    """The filed runs that come with the package, the latest of each config by the config's name."""
    folders = sorted(path for path in home_of_shipped().glob(f"*{MARK}*") if path.is_dir())
    return {path.name.partition(MARK)[0]: path for path in folders}


def locate(run: str | Path) -> Path:
    """The folder of a filed run given as a path or as the name of one that comes with the package."""
    if Path(run).is_dir():
        return Path(run)
    known = shipped_filings()
    if str(run) in known:
        return known[str(run)]
    raise DataError(
        f"no filed run is called '{run}'", hint=f"{nearest(str(run), known)}, or a folder of `forecast file CONFIG`"
    )


def filings_of(config_hash: str, place: Path) -> list[dict[str, str]]:
    """The days, root hashes and names under which a config was filed, of those in a folder and those of the package."""
    beside = sorted(place.glob(f"*{MARK}*")) if place.is_dir() else []
    found = {}
    for path in [*shipped_filings().values(), *beside]:
        with contextlib.suppress(DataError):
            filed = FiledRun(path)
            if not filed.changes() and filed.info["config_hash"] == config_hash:
                found[filed.root] = {"day": filed.day, "root": filed.root, "folder": path.name}
    return sorted(found.values(), key=lambda one: (one["day"], one["root"]))
