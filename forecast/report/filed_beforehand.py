"""What of a run's config was filed before the figures came, and whether the run's own numbers are those that were filed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecast.core.filed_run import FiledRun, filed_runs_of
from forecast.core.plurals import pluralize
from forecast.core.results import PROBABILITIES, quantile_cells
from forecast.core.run import Run
from forecast.report.numbers import day as dated, join_with_and

if TYPE_CHECKING:
    import pandas as pd

ASKED = ["model", "series", "month"]
KEPT = 2.0**-12  # of the largest quantile, over all ten numbers of a month: the draws were filed to 16 bits
QUANTILES = list(quantile_cells(np.array(PROBABILITIES)))
SHOWN_HASH = 16


def what_was_filed(filed: FiledRun) -> str:
    """How many claims and forecasts a filed run holds."""
    questions = filed.info["questions"]
    asked = sum(len(one["months"]) for one in questions)
    claims = f"{pluralize(len(filed.info['claims']), 'claim')} and " if filed.info["claims"] else ""
    return f"{claims}forecasts of {pluralize(asked, 'monthly figure')} in {pluralize(len(questions), 'series')}"


def filings_told(run: Run, forecasts: pd.DataFrame) -> list[tuple[str, tuple[str, ...]]]:
    """For each filing of the run's config a paragraph, and the claims that it made.

    Filings beside the run are looked up when the page is drawn, so that one made after the run is told too.

    forecasts : the run's table, of months ahead alone
    """
    written = {one["root"]: one for one in run.info.get("filed") or []}
    noted = written | {one["root"]: one for one in run.info.get("filed_since") or []}
    found = {one.root: one for one in filed_runs_of(str(run.info.get("config_hash", "")), run.folder.parent)}
    told = [(_paragraph(filed, root in written, forecasts), _claims(filed)) for root, filed in found.items()]
    gone = " Its folder is no longer beside this run as it was filed, so that nothing more of it is told here."
    return told + [(_when(**one) + gone, ()) for root, one in noted.items() if root not in found]


def _when(*, day: str, root: str, folder: str) -> str:
    return f"This config was filed beforehand, on {dated(day)} (root hash {root[:SHOWN_HASH]}, {folder})."


def _paragraph(filed: FiledRun, known: bool, forecasts: pd.DataFrame) -> str:
    """When it was filed, what, and what the numbers of the run have to do with it."""
    when = _when(day=filed.day, root=filed.root, folder=filed.folder.name)
    events = [str(one["id"]) for one in filed.info["events_asked"]]
    asked = f", and {pluralize(len(events), 'question')} on events ({join_with_and(events)})" if events else ""
    since = "" if known else " No such filing was known when this run was written."
    return (
        f"{when} Filed were {what_was_filed(filed)}, none of them released by then{asked}.{since} "
        f"{_comparison(filed, forecasts)} `forecast follow` holds what was filed against the figures since."
    )


def _comparison(filed: FiledRun, own: pd.DataFrame) -> str:
    """Whether the run's forecasts of the filed months are the filed ones, number by number."""
    numbers = ["mean", *QUANTILES]
    both = filed.forecasts.merge(own[[*ASKED, *numbers]], on=ASKED, suffixes=("", " own"))
    if both.empty:
        return "This run forecasts none of those months: no number on this page was filed."
    furthest = sum((both[name] - both[f"{name} own"]).abs() for name in numbers)
    other = int((~(furthest <= KEPT * both[QUANTILES].abs().max(axis=1))).sum())
    if other:
        return (
            f"Of the {len(both)} forecasts that this run makes of those months {other} are not the filed ones: what was filed "
            "counts, and no number on this page does."
        )
    rest = f" ({len(filed.forecasts) - len(both)} more were filed)" if len(both) < len(filed.forecasts) else ""
    return (
        f"The {pluralize(len(both), 'forecast')} of those months in this run are the filed ones{rest}; its other numbers were "
        "not filed."
    )


def _claims(filed: FiledRun) -> tuple[str, ...]:
    return tuple(str(one["claim"]) for one in filed.info["claims"])
