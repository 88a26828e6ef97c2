"""The guide to a run folder, generated from the schema: ``python -m forecast.guides.run_folder`` writes it again."""

from __future__ import annotations

from pathlib import Path

from forecast.core import schema

PAGE = Path(__file__).with_suffix(".md")
KINDS = {"text": "text", "whole": "whole number", "real": "number", "flag": "true or false"}
HEAD = """# What a run folder holds

This page is generated from `forecast/core/schema.py` (schema version {version}) by `python -m forecast.guides.run_folder`.

`forecast run CONFIG` ends by printing its run folder. `fc.Run(folder)` opens it, and each table is an attribute
(`run.forecasts`, `run.effects`, ...). Any tool that reads Parquet can read the tables without this package.

- `run.json`: the config with its defaults written out, fingerprints of the data, versions, counts, what was left
  unanswered and why, timings and the events.
- `findings.json`: remarks on data, questions and methods that stopped nothing.
- `report.html`, `report.md` and `figures/`: the report; `forecast report` redraws it, also as pdf, docx, xlsx, tex or json.
- `manifest.json`: the hash of every file, which `forecast verify` checks.
- `brief.html`, `brief.md`: the same on two to four pages, of which the report is the annex.
- `draws.npz`: with `keep_draws = true` in `[forecast]`, the draws of the default model; `run.draws(series)` is a frame with a
  row for each draw and a column for each month, of which any sum has the right band.
- `export/`: tables for other tools, if the config asks for them.
- One Parquet file for each table below. A table without rows is there too, with all its columns.

## Rules for all tables

- **Missing is null**, never zero; infinite numbers are stored as null too. A text that says nothing is null or empty. Read as
  rows by this package, a missing text is `""`, a missing number NaN, a missing whole number or truth value `None`.
- **Units.** Quantities are in kg, values in USD. Where the unit of a column is `unit` or `level_unit`, it is named by the
  column `unit` or `level_unit` of the same row; in tables without that column by the row of the same `job` in `effects`, or by
  the series. Columns without a unit are texts, have no dimension, or have that of the metric or check in their row.
- **Intervals.** `lo80` and `hi80` bound the central 80 % of the draws, `lo95` and `hi95` the central 95 %; `q025` is the 2.5 %
  quantile, `q50` the median.
- **Keys.** `job` names a question and the method that answered it, and joins the tables. Several names in one text
  (`baselines`) are separated by "{join}".
- **Sums.** `forecasts` and `scenarios` hold single months alone, so that adding a column counts nothing twice; sums of months
  (a published sum, a horizon, a year under a scenario) stand in `sums`. `fc.Run` reads older runs, which mixed them, so too.
- **Order.** Rows are sorted by their text and whole-number columns, from left to right. Later versions may add columns.
"""


def page() -> str:
    """The whole page, as Markdown."""
    tables = (_section(name, row) for name, row in schema.ROWS.items())
    return "\n".join([HEAD.format(version=schema.SCHEMA_VERSION, join=schema.JOIN), *tables])


def _section(name: str, row: type) -> str:
    """The heading, first sentence and columns of one table."""
    lines = [f"## `{name}`", "", (row.__doc__ or "").strip().splitlines()[0], ""]
    lines += ["| column | label | kind | unit |", "|---|---|---|---|"]
    for column, kind in schema.COLUMNS[name].items():
        unit = schema.unit(row, column)
        shown = f"`{unit}`" if unit in ("unit", "level_unit") else unit
        lines.append(f"| `{column}` | {schema.label(row, column)} | {KINDS[kind]} | {shown} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
