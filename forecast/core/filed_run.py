"""A filed run: questions, claims and forecasts of a config, frozen before the figures came, and the follow-ups added since."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.core import filed_seal, follow_chain
from forecast.core.errors import ConfigError, DataError, nearest
from forecast.core.follow_chain import Draw, FollowChain
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

    def changes(self, root: str | None = None, last: str | None = None) -> dict[str, str]:
        """Everything that is not as it was filed or added.

        That the last follow-up was removed with its page, or that both were made anew, is seen only by `last`.

        Parameters
        ----------
        root : str, optional
            the root hash that was published on the day of filing, or its first digits
        last : str, optional
            the hash that was printed with a follow-up, or its first digits: one of those in the folder must have it

        Returns
        -------
        dict of str to str
            the change in words, by the name of the file; empty if nothing changed

        Raises
        ------
        ConfigError
            where a hash is given and blank
        """
        for name, given in (("root", root), ("last", last)):
            if given is not None and not given.strip():
                hint = f"the hash that was printed, or no {name} at all"
                raise ConfigError(f"the hash given as {name} is blank", where=f"{name} (--{name})", hint=hint)
        found = filed_seal.changes(self.folder, root or "") or self._chain.changes()
        if not found and last and not self._chain.has(last):
            return {filed_seal.LATER: f"no follow-up has the hash {''.join(last.split()).lower()}"}
        return found

    def check(self, root: str | None = None) -> None:
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
            where, hint = str(self.folder / name), "the folder as it was filed"
            if name == filed_seal.FOLDER:
                raise DataError(f"the folder was renamed: {change}", where=str(self.folder), hint=hint)
            raise DataError(f"{name} is not what was filed: {change}", where=where, hint=hint)

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
        return [record for record in self._chain.records().values() if "scored" in record]

    @property
    def last_follow_up(self) -> str:
        """The hash of the last follow-up's file, in hexadecimal digits, "" where there is none: keep it, as the root hash."""
        return follow_chain.hash_of(self.follow_ups[-1]) if self.follow_ups else ""

    def append(self, record: Mapping[str, Any], draw: Draw | None = None) -> dict[str, Any]:
        """Add a follow-up behind the last one; nothing that stands there is touched but the page.

        Parameters
        ----------
        record : mapping
            what was found, as JSON values; "as_of" is its day
        draw : callable, optional
            makes the files of its page, by their names

        Returns
        -------
        dict
            the record with the hash of the one before it and those of the page; the last one, if that says the same
        """
        return self._chain.append(record, draw)

    @property
    def _chain(self) -> FollowChain:
        return FollowChain(self.folder, self.root)


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


def filed_runs_of(config_hash: str, place: Path) -> list[FiledRun]:
    """The unchanged filed runs of a config, of those in a folder and those of the package, the earliest first."""
    beside = sorted(place.glob(f"*{MARK}*")) if place.is_dir() else []
    found = {}
    for path in [*shipped_filings().values(), *beside]:
        with contextlib.suppress(DataError):
            filed = FiledRun(path)
            if not filed.changes() and filed.info["config_hash"] == config_hash:
                found[filed.root] = filed
    return sorted(found.values(), key=lambda one: (one.day, one.root))


def filings_of(config_hash: str, place: Path) -> list[dict[str, str]]:
    """The days, root hashes and names of the filed runs of a config, as `filed_runs_of` finds them."""
    return [{"day": one.day, "root": one.root, "folder": one.folder.name} for one in filed_runs_of(config_hash, place)]
