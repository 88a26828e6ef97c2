"""One workload of the package, timed in a process of its own: prints processor seconds, peak memory and the number of fits.

python experiments/017_speed/ours.py WORKLOAD [SIZE]
"""

from __future__ import annotations

import itertools
import json
import resource
import sys
import time

import numpy as np
import pandas as pd
import simulated

import forecast as fc
from forecast.study import ask
from forecast.study.data.real_time import RealTimeView

STEPPED = ("structural", "sarimax")  # models that take the event as a regressor


def vintage_of(table: pd.DataFrame):
    return fc.panel(table, unit="unit", controls=["step"], nonnegative=True, season=12)


def backtest(model: str, series: int) -> int:
    """W1: every series, 24 monthly cutoffs, six months ahead, refitted at each; the event as a regressor where there is one."""
    vintage = vintage_of(simulated.long_table(series, event=96))
    options = {"controls": ("step",), "events": False} if model in STEPPED else {}
    method = fc.model() if model == "default" else fc.model(model, **options)
    days = fc.cutoffs("2021-08", "2023-07", archive=vintage)
    made = fc.backtest(vintage, days, [method], horizons=range(1, 7), regressors=[fc.Regressor("step", "known_future")])
    return len(made.answered)


def interventions(estimator: str, count: int, *, judged: bool) -> int:
    """W2: a step at month 120 of 132; the effect of twelve months, alone or with placebos and gates."""
    table = simulated.long_table(max(count, 22), 132)
    donors = [f"d{i:02d}" for i in range(20)]
    if estimator == "synthetic":
        rng = np.random.default_rng(1)
        more = table[table.unit.isin(sorted(table.unit.unique())[:20])].copy()
        more["unit"] = "d" + more.unit.str[-2:]
        more["value"] *= np.exp(rng.normal(0, 0.05, len(more)))
        table = pd.concat([table, more])
    vintage = fc.panel(table.drop(columns="step"), unit="unit", nonnegative=True, season=12)
    method = fc.estimator(estimator)
    for i in range(count):
        design = fc.Design.at(start="2022-01", treated=f"s{i:05d}", donors=donors if estimator == "synthetic" else "none")
        if judged:
            fc.estimate(method, vintage, design)
        else:
            ask.answer_or_raise(method, vintage, design)
    return count


def nowcasts(vintages: int) -> int:
    """W3: 20 series of 180 months, their last one to four months not out; each month a forecast and the news of one target."""
    table, late = simulated.factor_panel()
    long = table.rename_axis("time").reset_index().melt("time", var_name="unit").astype({"time": str})
    view = RealTimeView(fc.panel(long, unit="unit", season=12), lags=dict(zip(table.columns, late.tolist(), strict=True)))
    days = [month.to_timestamp().date() for month in table.index[-vintages - 1 :]]
    for before, day in itertools.pairwise(days):
        ahead = [str(month) for month in pd.period_range(f"{day:%Y-%m}", periods=3, freq="M")]
        fc.predict("factor", view.as_of(day), fc.Task(day, "v00", ahead))
        fc.news("factor", view, fc.Task(before, "v00", ahead[:1]), before, day)
    return vintages


def many(model: str, series: int) -> int:
    """W4: one question over many series, twelve months ahead, 1,000 draws."""
    vintage = vintage_of(simulated.long_table(series))
    method = fc.model() if model == "default" else fc.model(model)
    fc.predict(method, vintage, fc.Task(vintage.day, list(vintage.series), fc.months("2024-01", "2024-12")))
    return series


def competition(series: int) -> int:
    """M3 monthly: the default, one question over so many of its series, 18 months ahead; each ends at its own last month."""
    vintage = fc.panel(simulated.m3(series), unit="unit", nonnegative=True, season=12)
    fc.predict(fc.model(), vintage, fc.Task(vintage.day, list(vintage.series), [str(step) for step in range(1, 19)]))
    return series


def growth(model: str, months: int) -> int:
    """One prediction of a series of so many months, after one to warm up."""
    vintage = vintage_of(simulated.long_table(1, months, months - 24))
    last = vintage.observed(vintage.series[0]).last
    task = fc.Task(vintage.day, list(vintage.series), [vintage.steps.label(last + h) for h in range(1, 7)])
    fc.predict(fc.model(model), vintage, task)
    return 1


WORKLOADS = {
    **{
        f"W1 {m}": (lambda n, m=m: backtest(m, n), 50)
        for m in ("structural", "sarimax", "ets", "theta", "dynamic_theta", "default")
    },
    "W2 counterfactual": (lambda n: interventions("counterfactual", n, judged=False), 100),
    "W2 counterfactual judged": (lambda n: interventions("counterfactual", n, judged=True), 100),
    "W2 synthetic with placebos": (lambda n: interventions("synthetic", n, judged=False), 100),
    "W2 synthetic judged": (lambda n: interventions("synthetic", n, judged=True), 100),
    "W3 factor": (nowcasts, 24),
    **{f"W4 {m}": (lambda n, m=m: many(m, n), 10_000) for m in ("ets", "theta", "default")},
    "M3 default": (competition, 1_428),
    **{
        f"growth {m} {t} months": (lambda n, m=m: growth(m, n), t)
        for m in ("structural", "sarimax", "ets")
        for t in (60, 120, 240, 600)
    },
}


if __name__ == "__main__":
    work, full = WORKLOADS[sys.argv[1]]
    size = int(sys.argv[2]) if len(sys.argv) > 2 else full
    if sys.argv[1].startswith("growth"):
        work(size)  # imports and caches
    begun = time.process_time()
    fits = work(size)
    seconds = time.process_time() - begun
    print(
        json.dumps(
            {
                "seconds": round(seconds, 3),
                "size": size,
                "full": full,
                "fits": fits,
                "megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            }
        )
    )
