"""Hand over: the run's forecasts written as the tables of other tools, into the folder `export` of the run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from forecast.core.run import Run
from forecast.jobs.config import Config
from forecast.study.export import to_boe, to_hub

if TYPE_CHECKING:
    import pandas as pd


def hand_over(folder: Path, config: Config) -> None:
    """What the config's `export` asks for: "boe" (forecast_evaluation of the Bank of England), "hub" (a hubverse hub)."""
    run = Run(folder)
    if "boe" in config.export:
        for name, table in to_boe(run)._asdict().items():
            _written(table, folder / "export" / "boe" / f"{name}.parquet")
    if "hub" in config.export:
        hub = to_hub(run)
        for model, part in hub.model_out.groupby("model_id", sort=True):
            _written(part, folder / "export" / "hub" / "model-output" / str(model) / f"{model}.parquet")
        _written(hub.target_data, folder / "export" / "hub" / "target-data" / "time-series.parquet")


def _written(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.reset_index(drop=True).to_parquet(path, index=False, compression="zstd")
