"""Run: one executed config, a finished folder opened for reading."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.core.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
TABLES = (
    "forecasts", "scores", "effects", "paths", "placebos", "gates", "observations", "comparisons", "failures", "regimes",
    "claims", "parts", "sensitivity", "scenarios", "news", "calendar",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A run folder: its tables as attributes (`run.forecasts`, `run.effects`, ...), `info` (run.json), `findings`."""

    folder: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder))
        path = self.folder / "run.json"
        if not path.is_file():
            raise DataError("this is not a finished run folder", where=str(self.folder), hint="forecast run CONFIG")
        schema = self.info.get("schema_version")
        if not isinstance(schema, int):
            raise DataError("the file says nothing of a run's schema", where=str(path), hint="forecast run CONFIG --fresh")
        if schema > SCHEMA_VERSION:
            raise DataError(
                f"the run was written with schema {schema}, this package reads {SCHEMA_VERSION}",
                where=str(path),
                hint="a newer version of the package",
            )

    @functools.cached_property
    def info(self) -> dict[str, Any]:
        """Config, fingerprints, versions, timings and counts."""
        loaded = self._json("run.json")
        return loaded if isinstance(loaded, dict) else {}

    @functools.cached_property
    def findings(self) -> list[dict[str, str]]:
        """Soft problems found on the way."""
        loaded: list[dict[str, str]] = self._json("findings.json")
        return loaded

    def _json(self, name: str) -> Any:
        try:
            return json.loads((self.folder / name).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(
                f"the run's {name} cannot be read", where=f"{self.folder}: {error}", hint="forecast run CONFIG --fresh"
            ) from None

    def table(self, name: str) -> pd.DataFrame:
        """One table of the run."""
        import pandas as pd

        path = self.folder / f"{name}.parquet"
        if not path.exists():
            raise DataError(f"the run has no table '{name}'", where=str(self.folder), hint=", ".join(TABLES))
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise DataError(
                f"the run's table '{name}' cannot be read", where=f"{path}: {error}", hint="forecast run CONFIG --fresh"
            ) from None

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in TABLES:
            return self.table(name)
        raise AttributeError(name)
