"""Model comparison: score ratios to the best naive forecast on a common sample, with intervals, tests and ranks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.scores import Scores, pooling
from forecast.study.evaluate import predictive_ability
from forecast.study.evaluate.common_sample import (
    KEY,
    MIN_CUTOFFS,
    CommonSample,
    common_sample,
    drop_infinite,
    questions_answered_by,
)

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "model", "benchmark", "metric", "group", "ratio", "lo90", "hi90", "n", "n_cutoffs", "note", "n_series", "failures", "rank",
    "tied", "dm_p", "gw_p", "in_mcs", "mcs_p", "mz_p", "mz_intercept", "mz_slope", "text",
)  # fmt: skip
NAIVE_MODELS = ("last_value", "seasonal_naive", "mean12", "event_mean", "airline")  # where a config names no others
BLOCK_LENGTH = 6  # cutoffs resampled together, because their forecast errors overlap
MIN_ANSWERED_SHARE = 0.5  # of the questions; a model that answers fewer is not ranked, and does not narrow the common set
REPLICATES = 2000


def comparison_rows(
    scores: pd.DataFrame,
    group: str,
    metrics: Sequence[str] = ("crps", "mae"),
    seed: int = 0,
    *,
    forecasts: pd.DataFrame | None = None,
    models: Iterable[str] = (),
    naive: Sequence[str] = NAIVE_MODELS,
) -> list[dict[str, Any]]:
    """Rows of the comparisons table for one group of questions, all horizons together; keys `COLUMNS`.

    The benchmark of the group is the naive model that is best on the first third of the cutoffs. Everything else is computed
    on the other two thirds, on the questions that every ranked model answered. A model beats the benchmark if the upper bound
    of its ratio is below 1. `failures` counts the questions that some model answered and this one did not, or not with a finite
    number. There are no tests with fewer than 20 cutoffs, or if all scored months belong to one regime.

    forecasts : rows of forecasts.parquet, for bias and efficiency
    models : names of all models asked, so that one without any answer has a row too
    naive : names of the models among which the benchmark is chosen
    """
    rows: list[dict[str, Any]] = []
    for metric in metrics:
        table = drop_infinite(scores[scores["metric"] == metric])
        # questions on which no model can be scored, such as a sum on the scale of months, are not failures
        asked = len(table.dropna(subset=["value"])[KEY].drop_duplicates())
        answered = {str(m): int(n) for m, n in table.dropna(subset=["value"])["model"].value_counts().items()}
        names = sorted({*map(str, table["model"]), *models})
        ranked = [m for m in names if answered.get(m, 0) >= MIN_ANSWERED_SHARE * asked and m in answered]
        common = questions_answered_by(table, ranked)
        simple = [model for model in naive if model in ranked]
        days = sorted(common["cutoff"].unique())
        if not simple or len(days) < 3:
            continue
        training = days[: len(days) // 3]
        benchmark = _choose_benchmark(common[common["cutoff"].isin(training)], simple)
        root = pooling(metric) == "root mean square"
        sample = common_sample(common[~common["cutoff"].isin(training)], benchmark, root)
        head = {"group": group, "metric": metric, "benchmark": benchmark}
        chosen = f"benchmark chosen on the {len(training)} cutoffs before"
        failures = {m: asked - answered.get(m, 0) for m in names}
        made = _ranked_rows(sample, chosen, seed)
        for model in sorted(set(names) - set(ranked)):
            pair = questions_answered_by(table[~table["cutoff"].isin(training)], [model, benchmark])
            made.append(_unranked_row(model, pair, benchmark, root, f"answered {answered.get(model, 0)} of {asked} questions"))
        made = [
            {**row, "failures": failures[row["model"]], **_mincer_zarnowitz_columns(sample, row["model"], forecasts)}
            for row in made
        ]
        made = [{**head, **row} for row in sorted(made, key=lambda row: str(row["model"]))]
        best = sum(bool(row["in_mcs"]) for row in made)
        rows += [{**row, "text": comparison_text(row, best)} for row in made]
    return rows


def comparison_table(
    what: Scores | pd.DataFrame,
    *,
    forecasts: pd.DataFrame | None = None,
    by: Sequence[str] = (),
    metrics: Sequence[str] = ("crps", "mae"),
    seed: int = 0,
    group: str = "all",
    naive: Sequence[str] = NAIVE_MODELS,
) -> pd.DataFrame:
    """The comparison table of some scores, one row per model, metric and group; columns `COLUMNS`.

    by : columns of the scores that define separate groups (`h_info`, `series`, `regime`, `jan_mar`, `vintage`)
    naive : names of the models among which the benchmark is chosen
    """
    import pandas as pd

    table = what.table if isinstance(what, Scores) else what
    names = list(what.failures) if isinstance(what, Scores) else []
    rows: list[dict[str, Any]] = []
    if by:
        for values, part in table.groupby(list(by), sort=True):
            named = ", ".join(f"{name} {value}" for name, value in zip(by, values, strict=True))
            rows += comparison_rows(part, f"{group}: {named}", metrics, seed, forecasts=forecasts, models=names, naive=naive)
    else:
        rows = comparison_rows(table, group, metrics, seed, forecasts=forecasts, models=names, naive=naive)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def comparison_text(row: Mapping[str, Any], best: int) -> str:
    """The finding of a row in words; `best` is the size of the model confidence set."""
    if not row["rank"] or row["in_mcs"] is None:
        return f"the benchmark; {row['note']}" if row["model"] == row["benchmark"] else str(row["note"])
    finding = f"no difference from {row['benchmark']} is shown"
    if row["model"] == row["benchmark"]:
        finding = "the benchmark"
    elif row["hi90"] < 1:
        finding = f"beats {row['benchmark']}"
    elif row["lo90"] > 1:
        finding = f"worse than {row['benchmark']}"
    place = (
        ("the best alone" if best == 1 else f"one of {best} that may be the best") if row["in_mcs"] else "not among the best"
    )
    return f"{finding}; {place}; {row['note']}"


def _choose_benchmark(table: pd.DataFrame, naive: Sequence[str]) -> str:
    """The naive model with the lowest score, each score divided by the mean of all naive models on its series."""
    part = table[table["model"].isin(naive)]
    size = part.groupby("series")["value"].transform("mean")
    relative = (part["value"] / size.where(size > 0)).groupby(part["model"]).mean()
    return str(min(naive, key=lambda model: (relative.get(model, np.inf), naive.index(model))))


def _ranked_rows(sample: CommonSample, chosen: str, seed: int) -> list[dict[str, Any]]:
    """One row per ranked model: ratio, interval, tests, rank and ties."""
    note = f"no test, ratio only: {sample.no_test}; {chosen}" if sample.no_test else chosen
    rng = np.random.default_rng(seed)
    weights = None if sample.no_test else _block_counts(len(sample.days), rng)
    ratios = [sample.ratio(i) for i in range(len(sample.models))]
    losses = sample.losses
    members, chances = (None, None) if sample.no_test else predictive_ability.model_confidence_set(losses, seed, BLOCK_LENGTH)
    best = np.ones(len(ratios), bool) if members is None else members
    out = []
    for i, model in enumerate(sample.models):
        row: dict[str, Any] = dict.fromkeys(("lo90", "hi90", "dm_p", "gw_p", "mcs_p"), math.nan)
        row |= {"model": model, "ratio": ratios[i], "n": int(sample.cube[-1].sum()), "n_series": sample.cube.shape[1]}
        row |= {"n_cutoffs": len(sample.days), "note": note, "in_mcs": None, "tied": False}
        row["rank"] = 1 + sum(r < ratios[i] for r in ratios)
        if weights is not None and members is not None and chances is not None:
            row |= {"in_mcs": bool(members[i]), "mcs_p": float(chances[i]), "tied": bool(members[i] and members.sum() > 1)}
            row["rank"] = 1 if members[i] else 1 + sum(b or r < ratios[i] for b, r in zip(best, ratios, strict=True))
            if i != sample.benchmark:
                row |= _tests_against_benchmark(sample, losses, i, weights)
        out.append(row)
    return out


def _tests_against_benchmark(sample: CommonSample, losses: Floats, i: int, weights: Floats) -> dict[str, float]:
    """A model against the benchmark: bootstrap interval of the ratio, and tests of equal (conditional) predictive ability."""
    low, high = np.nanquantile(sample.ratios(i, weights), [0.05, 0.95])
    mine, other = losses[:, i], losses[:, sample.benchmark]
    conditional = predictive_ability.giacomini_white(mine, other, sample.overlap)
    return {
        "lo90": float(low),
        "hi90": float(high),
        "dm_p": predictive_ability.diebold_mariano(mine, other, sample.overlap).p,
        "gw_p": conditional.p if conditional.n >= MIN_CUTOFFS else math.nan,
    }


def _unranked_row(model: str, pair: pd.DataFrame, benchmark: str, root: bool, reason: str) -> dict[str, Any]:
    """The row of a model that left too many questions unanswered: a ratio on those it answered, no rank and no test."""
    row: dict[str, Any] = dict.fromkeys(("ratio", "lo90", "hi90", "dm_p", "gw_p", "mcs_p"), math.nan)
    row |= {"model": model, "n": 0, "n_series": 0, "n_cutoffs": 0, "rank": None, "tied": False, "in_mcs": None}
    note = f"{reason}: not ranked"
    if len(pair):
        sample = common_sample(pair, benchmark, root)
        row |= {"ratio": sample.ratio(1 - sample.benchmark), "n": int(sample.cube[-1].sum()), "n_series": sample.cube.shape[1]}
        row |= {"n_cutoffs": len(sample.days)}
        note += f", ratio on {row['n']} of its own"
    return {**row, "note": note}


def _mincer_zarnowitz_columns(sample: CommonSample, model: str, forecasts: pd.DataFrame | None) -> dict[str, float]:
    """Mincer-Zarnowitz regression of a model's means on the common sample, each series divided by its mean absolute truth."""
    nothing = dict.fromkeys(("mz_p", "mz_intercept", "mz_slope"), math.nan)
    if forecasts is None or model not in sample.models:
        return nothing
    own = sample.rows.loc[sample.rows["model"] == model, ["job", *KEY]]
    made = own.merge(forecasts[["job", "series", "cutoff", "month", "mean", "truth"]], on=["job", *KEY]).dropna()
    size = made["truth"].abs().groupby(made["series"]).transform("mean")
    made, size = made[size > 0], size[size > 0]
    if made.empty:
        return nothing
    when = np.searchsorted(np.array(sample.days), made["cutoff"].to_numpy(str))
    actual, forecast = (made["truth"] / size).to_numpy(float), (made["mean"] / size).to_numpy(float)
    found = predictive_ability.mincer_zarnowitz(actual, forecast, when, sample.overlap)
    p = found.test.p if not sample.no_test else math.nan
    return {"mz_p": p, "mz_intercept": found.intercept, "mz_slope": found.slope}


def _block_counts(n: int, rng: np.random.Generator) -> Floats:
    """Counts of each of `n` cutoffs in circular block bootstrap samples, (replicates, n) (Politis and Romano 1992)."""
    starts = rng.integers(0, n, size=(REPLICATES, -(-n // BLOCK_LENGTH)))
    picks = ((starts[:, :, None] + np.arange(BLOCK_LENGTH)) % n).reshape(REPLICATES, -1)[:, :n]
    counts = np.zeros((REPLICATES, n))
    np.add.at(counts, (np.arange(REPLICATES)[:, None], picks), 1.0)
    return counts
