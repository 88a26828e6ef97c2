"""Write the forecasts of a run in the formats of other tools, into its folder `export`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from forecast.core.output_files import segment, write
from forecast.core.run import Run
from forecast.jobs.config import Config
from forecast.study.evaluate.export import to_boe, to_hub

if TYPE_CHECKING:
    import pandas as pd


def write_exports(folder: Path, config: Config) -> None:
    """Write the formats that the config names: "boe" (forecast_evaluation of the Bank of England), "hub" (a hubverse hub)."""
    run = Run(folder)
    if "boe" in config.export:
        for name, table in to_boe(run)._asdict().items():
            write(folder, f"export/boe/{name}.parquet", _parquet(table))
    if "hub" in config.export:
        hub = to_hub(run)
        for model, part in hub.model_out.groupby("model_id", sort=True):
            name = segment(str(model))  # a model's name is any text; made safe as part of a path
            write(folder, f"export/hub/model-output/{name}/{name}.parquet", _parquet(part))
        write(folder, "export/hub/target-data/time-series.parquet", _parquet(hub.target_data))


def _parquet(table: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    table.reset_index(drop=True).to_parquet(out, index=False, compression="zstd")
    return out.getvalue()
