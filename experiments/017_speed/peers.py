"""One workload of a peer, timed in a process of its own, by whatever Python has the peer installed; numpy and pandas besides.

    PYTHON experiments/017_speed/peers.py WORKLOAD [SIZE]

Prints a line like that of `ours.py`, or {"absent": package} where the peer is not there.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings

import numpy as np
import pandas as pd
import simulated

CUTOFFS = range(115, 139)
warnings.simplefilter("ignore")


def every_cutoff(series: int, fit) -> int:
    """Fit and forecast six months at each of 24 cutoffs."""
    _, values, step = simulated.panel(series, event=96)
    for own in np.log1p(values):
        for cutoff in CUTOFFS:
            fit(own[:cutoff], step[:cutoff, None], np.ones((6, 1)))
    return series * len(CUTOFFS)


def unobserved_components(y, x, ahead):
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    model = UnobservedComponents(y, "local level", freq_seasonal=[{"period": 12, "harmonics": 6}], exog=x)
    model.fit(disp=0, maxiter=100).get_forecast(6, exog=ahead).summary_frame()


def sarimax(y, x, ahead):
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    SARIMAX(y, exog=x, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12)).fit(disp=0).get_forecast(6, exog=ahead).summary_frame()


def dynamic_factor(vintages: int) -> int:
    """Fit, forecast of three months, and the news of one target since the month before, at every vintage."""
    from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

    table, late = simulated.factor_panel()
    for cutoff in range(len(table) - vintages, len(table)):
        known, earlier = (table.iloc[:end].copy() for end in (cutoff, cutoff - 1))
        for end in (known, earlier):
            for name, months in zip(table.columns, late.tolist(), strict=True):
                end.iloc[len(end) - months :, end.columns.get_loc(name)] = np.nan
        made = DynamicFactorMQ(known, factors=1, factor_orders=1, idiosyncratic_ar1=True).fit(disp=0)
        made.forecast(3)
        before = made.apply(earlier, retain_standardization=True)
        made.news(before, impact_date=table.index[cutoff], impacted_variable="v00", comparison_type="previous")
    return vintages


def statsforecast(model: str):
    """StatsForecast's automatic models over the cutoffs."""

    def work(series: int) -> int:
        from statsforecast import StatsForecast, models

        index, values, _ = simulated.panel(series, event=96)
        made = getattr(models, model)(season_length=12)
        names = np.repeat([f"s{i}" for i in range(series)], 144)
        table = pd.DataFrame({"unique_id": names, "ds": np.tile(index.to_timestamp(), series), "y": values.ravel()})
        StatsForecast(models=[made], freq="MS").cross_validation(
            df=table, h=6, n_windows=24, step_size=1, level=[80], refit=True
        )
        return series * 24

    return work


def once(make, series: int, months: int) -> int:
    """StatsForecast's models over many series, one fit each, with 80 % bands."""
    from statsforecast import StatsForecast, models

    found = make(series).rename(columns={"unit": "unique_id", "time": "ds", "value": "y"})[["unique_id", "ds", "y"]]
    found["ds"] = found.ds.astype(int) if found.ds.dtype.kind == "i" else pd.PeriodIndex(found.ds, freq="M").to_timestamp()
    made = [models.AutoETS(12), models.DynamicOptimizedTheta(12), models.AutoCES(12)]
    StatsForecast(models=made, freq=1 if found.ds.dtype.kind == "i" else "MS").forecast(df=found, h=months, level=[80])
    return series


def one_model(model: str):
    """W4: one of them, twelve months ahead."""

    def work(series: int) -> int:
        from statsforecast import StatsForecast, models

        found = simulated.long_table(series).rename(columns={"unit": "unique_id", "time": "ds", "value": "y"})
        found["ds"] = pd.PeriodIndex(found.ds, freq="M").to_timestamp()
        made = StatsForecast(models=[getattr(models, model)(season_length=12)], freq="MS")
        made.forecast(df=found[["unique_id", "ds", "y"]], h=12, level=[80])
        return series

    return work


WORKLOADS = {
    "W1 structural": ("statsmodels", lambda n: every_cutoff(n, unobserved_components), 50),
    "W1 sarimax": ("statsmodels", lambda n: every_cutoff(n, sarimax), 50),
    "W3 factor": ("statsmodels", dynamic_factor, 24),
    "W1 ets": ("statsforecast", statsforecast("AutoETS"), 50),
    "W1 theta": ("statsforecast", statsforecast("AutoTheta"), 50),
    "W1 dynamic_theta": ("statsforecast", statsforecast("DynamicOptimizedTheta"), 50),
    "W4 ets": ("statsforecast", one_model("AutoETS"), 10_000),
    "W4 theta": ("statsforecast", one_model("AutoTheta"), 10_000),
    "W4 default": ("statsforecast", lambda n: once(simulated.long_table, n, 12), 10_000),
    "M3 default": ("statsforecast", lambda n: once(simulated.m3, n, 18), 1_428),
}


if __name__ == "__main__":
    package, work, full = WORKLOADS[sys.argv[1]]
    size = int(sys.argv[2]) if len(sys.argv) > 2 else full
    try:
        __import__(package)
    except ImportError:
        print(json.dumps({"absent": package}))
        sys.exit(0)
    if package == "statsforecast":
        work(1)  # what it compiles at its first call is not counted
    begun = time.process_time()
    fits = work(size)
    print(
        json.dumps(
            {
                "seconds": round(time.process_time() - begun, 3),
                "size": size,
                "full": full,
                "fits": fits,
                "megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            }
        )
    )
