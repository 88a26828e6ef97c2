"""Model comparison: score ratios to the best naive forecast on a common sample, with intervals, tests and ranks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import inf, nan
from typing import TYPE_CHECKING

import numpy as np

from forecast.arrays import Floats
from forecast.core import schema
from forecast.core.schema import ComparisonRow
from forecast.core.scores import QUESTION, Scores, pooling, questions_answered_by
from forecast.study.evaluate import predictive_ability
from forecast.study.evaluate.common_sample import MIN_CUTOFFS, CommonSample, common_sample, drop_infinite

if TYPE_CHECKING:
    import pandas as pd

NAIVE_MODELS = ("last_value", "seasonal_naive", "mean12", "event_mean", "airline")  # where a config names no others
COMPARED = ("crps", "mae")  # metrics, where no others are named
SCORE_COLUMNS = ("job", *QUESTION, "model", "metric", "value", "regime", "h_info")  # that a comparison reads
FORECAST_COLUMNS = ("job", *QUESTION, "model", "mean", "truth")  # the same of forecasts
BLOCK_LENGTH = 6  # cutoffs resampled together, because their forecast errors overlap
MIN_ANSWERED_SHARE = 0.5  # of the questions; a model that answers fewer is not ranked, and does not narrow the common set
REPLICATES = 2000


def comparison_rows(
    scores: pd.DataFrame,
    group: str,
    metrics: Sequence[str] = COMPARED,
    seed: int = 0,
    *,
    forecasts: pd.DataFrame | None = None,
    models: Iterable[str] = (),
    naive: Sequence[str] = NAIVE_MODELS,
) -> list[ComparisonRow]:
    """The comparison of the models of one group of questions, all horizons together.

    The benchmark of the group is the naive model that is best on the first third of the cutoffs. Everything else is computed
    on the other two thirds, on the questions that every ranked model answered. A model beats the benchmark if the upper bound
    of its ratio is below 1. `failures` counts the questions that some model answered and this one did not, or not with a finite
    number. There are no tests with fewer than 20 cutoffs, or if all scored months belong to one regime.

    forecasts : rows of forecasts.parquet, for bias and efficiency
    models : names of all models asked, so that one without any answer has a row too
    naive : names of the models among which the benchmark is chosen
    """
    rows: list[ComparisonRow] = []
    for metric in metrics:
        table = drop_infinite(scores[scores.metric == metric])
        # questions on which no model can be scored, such as a sum on the scale of months, are not failures
        answers = table[table.value.notna()]
        asked, answered = len(answers[QUESTION].drop_duplicates()), Counter(answers.model)
        names = sorted({*table.model, *models})
        ranked = [model for model in names if answered[model] >= max(MIN_ANSWERED_SHARE * asked, 1)]
        common = questions_answered_by(answers, ranked)
        simple = [model for model in naive if model in ranked]
        days = sorted(common.cutoff.unique())
        if not simple or len(days) < 3:
            continue
        training = days[: len(days) // 3]
        benchmark = _choose_benchmark(common[common.cutoff.isin(training)], simple)
        root = pooling(metric) == "root mean square"
        sample = common_sample(common[~common.cutoff.isin(training)], benchmark, root)
        blank = ComparisonRow(
            benchmark=benchmark, metric=metric, group=group, ratio=nan, lo90=nan, hi90=nan, n=0, n_cutoffs=0, n_series=0,
            tied=False, dm_p=nan, gw_p=nan, mcs_p=nan, mz_p=nan, mz_intercept=nan, mz_slope=nan,
        )  # fmt: skip
        made = _ranked_rows(blank, sample, f"benchmark chosen on the {len(training)} cutoffs before", seed)
        if forecasts is not None:
            made = [_with_mincer_zarnowitz(row, sample, forecasts) for row in made]
        held = answers[~answers.cutoff.isin(training)]
        for model in sorted(set(names) - set(ranked)):
            row = replace(blank, model=model, note=f"answered {answered[model]} of {asked} questions: not ranked")
            pair = questions_answered_by(held, [model, benchmark])
            if len(pair):
                own = common_sample(pair, benchmark, root)
                row = _with_ratio(row, own, 1 - own.benchmark)
                row = replace(row, note=f"{row.note}, ratio on {row.n} of its own")
            made.append(row)
        best = sum(row.in_mcs is True for row in made)
        made = [replace(row, failures=asked - answered[row.model], text=comparison_text(row, best)) for row in made]
        rows += sorted(made, key=lambda row: row.model)
    return rows


def comparison_table(
    what: Scores | pd.DataFrame,
    *,
    forecasts: pd.DataFrame | None = None,
    by: Sequence[str] = (),
    metrics: Sequence[str] = COMPARED,
    seed: int = 0,
    group: str = "all",
    naive: Sequence[str] = NAIVE_MODELS,
) -> pd.DataFrame:
    """The comparison table of some scores, one `ComparisonRow` per model, metric and group.

    by : columns of the scores that define separate groups (`h_info`, `series`, `regime`, `jan_mar`, `vintage`)
    naive : names of the models among which the benchmark is chosen
    """
    table, names = (what.table, list(what.failures)) if isinstance(what, Scores) else (what, [])
    parts = {group: table}
    if by:
        parts = {
            f"{group}: {', '.join(f'{name} {value}' for name, value in zip(by, values, strict=True))}": part
            for values, part in table.groupby(list(by), sort=True)
        }
    rows = [
        row
        for name, part in parts.items()
        for row in comparison_rows(part, name, metrics, seed, forecasts=forecasts, models=names, naive=naive)
    ]
    return schema.frame(ComparisonRow, rows)


def comparison_text(row: ComparisonRow, best: int) -> str:
    """The finding of a row in words; `best` is the size of the model confidence set."""
    if not row.rank or row.in_mcs is None:
        return f"the benchmark; {row.note}" if row.model == row.benchmark else row.note
    finding = f"no difference from {row.benchmark} is shown"
    if row.model == row.benchmark:
        finding = "the benchmark"
    elif row.hi90 < 1:
        finding = f"beats {row.benchmark}"
    elif row.lo90 > 1:
        finding = f"worse than {row.benchmark}"
    place = ("the best alone" if best == 1 else f"one of {best} that may be the best") if row.in_mcs else "not among the best"
    return f"{finding}; {place}; {row.note}"


def _choose_benchmark(table: pd.DataFrame, naive: Sequence[str]) -> str:
    """The naive model with the lowest score, each score divided by the mean of all naive models on its series."""
    part = table[table.model.isin(naive)]
    size = part.value.groupby(part.series).transform("mean")
    relative = (part.value / size.where(size > 0)).groupby(part.model).mean()
    return min(naive, key=lambda model: (relative.get(model, inf), naive.index(model)))


def _ranked_rows(blank: ComparisonRow, sample: CommonSample, chosen: str, seed: int) -> list[ComparisonRow]:
    """One row per ranked model: ratio, interval, tests, rank and ties."""
    note = f"no test, ratio only: {sample.no_test}; {chosen}" if sample.no_test else chosen
    rows = [_with_ratio(replace(blank, model=model, note=note), sample, i) for i, model in enumerate(sample.models)]
    ratios = np.array([row.ratio for row in rows])
    if sample.no_test:
        return [replace(row, rank=1 + int((ratios < row.ratio).sum())) for row in rows]
    weights, losses = _block_counts(len(sample.days), np.random.default_rng(seed)), sample.losses
    members, chances = predictive_ability.model_confidence_set(losses, seed, BLOCK_LENGTH)
    out = []
    for i, row in enumerate(rows):
        inside = bool(members[i])
        rank = 1 if inside else 1 + int((members | (ratios < row.ratio)).sum())
        row = replace(row, rank=rank, in_mcs=inside, mcs_p=float(chances[i]), tied=inside and bool(members.sum() > 1))
        out.append(row if i == sample.benchmark else _with_tests(row, sample, losses, i, weights))
    return out


def _with_ratio(row: ComparisonRow, sample: CommonSample, i: int) -> ComparisonRow:
    """The row with the ratio of the `i`-th model of a sample, and the size of the sample."""
    _, series, cutoffs = sample.cube.shape
    return replace(row, ratio=sample.ratio(i), n=int(sample.cube[-1].sum()), n_series=series, n_cutoffs=cutoffs)


def _with_tests(row: ComparisonRow, sample: CommonSample, losses: Floats, i: int, weights: Floats) -> ComparisonRow:
    """The row with the bootstrap interval of its ratio, and tests of equal (conditional) predictive ability."""
    low, high = np.nanquantile(sample.ratios(i, weights), [0.05, 0.95])
    mine, other = losses[:, i], losses[:, sample.benchmark]
    equal = predictive_ability.diebold_mariano(mine, other, sample.overlap)
    conditional = predictive_ability.giacomini_white(mine, other, sample.overlap)
    gw_p = conditional.p if conditional.n >= MIN_CUTOFFS else nan
    return replace(row, lo90=float(low), hi90=float(high), dm_p=equal.p, gw_p=gw_p)


def _with_mincer_zarnowitz(row: ComparisonRow, sample: CommonSample, forecasts: pd.DataFrame) -> ComparisonRow:
    """The row with the regression of its model's means on the common sample, each series divided by its mean absolute truth."""
    own = sample.rows.loc[sample.rows.model == row.model, ["job", *QUESTION]]
    mine = forecasts[forecasts.model == row.model]
    made = own.merge(mine[["job", *QUESTION, "mean", "truth"]]).dropna()
    size = made.truth.abs().groupby(made.series).transform("mean")
    made, size = made[size > 0], size[size > 0]
    if made.empty:
        return row
    when = np.searchsorted(np.array(sample.days), made.cutoff.to_numpy(str))
    actual, forecast = (made.truth / size).to_numpy(float), (made["mean"] / size).to_numpy(float)
    found = predictive_ability.mincer_zarnowitz(actual, forecast, when, sample.overlap)
    p = nan if sample.no_test else found.test.p
    return replace(row, mz_p=p, mz_intercept=found.intercept, mz_slope=found.slope)


def _block_counts(n: int, rng: np.random.Generator) -> Floats:
    """Counts of each of `n` cutoffs in circular block bootstrap samples, (replicates, n) (Politis and Romano 1992)."""
    starts = rng.integers(0, n, size=(REPLICATES, -(-n // BLOCK_LENGTH)))
    picks = ((starts[:, :, None] + np.arange(BLOCK_LENGTH)) % n).reshape(REPLICATES, -1)[:, :n]
    counts = np.zeros((REPLICATES, n))
    np.add.at(counts, (np.arange(REPLICATES)[:, None], picks), 1.0)
    return counts
