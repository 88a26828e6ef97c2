"""Exports hold the figures of the run, and give them back."""

import numpy as np
import pandas as pd
import pytest
from contracts.archives import SERIES, archive, day_after

from forecast.core.errors import ConfigError
from forecast.study.evaluate.backtest import backtest
from forecast.study.evaluate.export import BOE_FORECASTS, BOE_OUTTURNS, HUB, QUANTILES, to_boe, to_hub
from forecast.study.evaluate.forecast_rows import forecast_table


class Opened:
    """A run's two tables, as `Run` shows them."""

    def __init__(self, forecasts, observations):
        self.forecasts, self.observations = forecasts, observations


@pytest.fixture(scope="module")
def run():
    known = archive(spans=[("2023-01", "2023-02", 2100.0)])
    days = [day_after(m) for m in ("2022-06", "2022-11")]
    made = forecast_table(backtest(known, days, ["mean12", "drift"], SERIES, [1, 2, 3], draws=200))
    seen = known.latest
    rows = [
        {"series": SERIES, "period": seen.steps.period(c.first, c.last), "value": c.value, "released": c.released.isoformat()}
        for c in seen.cells[SERIES]
    ]
    rows.append({"series": SERIES, "period": "2024-01", "value": None, "released": "2024-02-20"})
    return Opened(made[~made["month"].str.contains("/")].reset_index(drop=True), pd.DataFrame(rows))  # sums stand elsewhere


def months(run):
    return run.forecasts


def test_the_bank_of_england_table_gives_the_run_back(run):
    made = to_boe(run)
    assert tuple(made.forecasts.columns) == BOE_FORECASTS
    assert tuple(made.outturns.columns) == BOE_OUTTURNS
    back = pd.DataFrame(
        {
            "model": made.forecasts["source"],
            "series": made.forecasts["variable"],
            "cutoff": made.forecasts["vintage_date"].dt.strftime("%Y-%m-%d"),
            "month": made.forecasts["date"].dt.strftime("%Y-%m"),
            "h_info": made.forecasts["forecast_horizon"] + 1,
            "mean": made.forecasts["value"],
        }
    )
    pd.testing.assert_frame_equal(back, months(run)[list(back.columns)], check_dtype=False)
    assert made.forecasts["forecast_horizon"].min() == 0
    assert made.forecasts["date"].dt.is_month_end.all()
    assert set(made.forecasts["frequency"]) == {"M"}


def test_densities_hold_every_quantile(run):
    made = to_boe(run, "q50")
    wide = made.densities.pivot(index=["source", "variable", "vintage_date", "date"], columns="quantile", values="value")
    known = months(run).set_index(["model", "series"]).sort_index()
    for q in QUANTILES:
        np.testing.assert_array_equal(np.sort(wide[QUANTILES[q]].to_numpy()), np.sort(known[q].to_numpy()))
    np.testing.assert_array_equal(made.forecasts["value"], months(run)["q50"])


def test_outturns_are_what_was_published_of_single_months(run):
    made = to_boe(run).outturns
    seen = run.observations[~run.observations["period"].str.contains("/") & run.observations["value"].notna()]
    np.testing.assert_array_equal(made["value"], seen["value"].astype(float))
    assert made["vintage_date"].dt.strftime("%Y-%m-%d").tolist() == seen["released"].tolist()
    assert (made["forecast_horizon"] < 0).all()  # published after the month began


def test_the_hub_table_gives_the_run_back(run):
    made = to_hub(run).model_out
    assert tuple(made.columns) == HUB
    key = ["model_id", "reference_date", "horizon", "location", "target", "target_end_date"]
    assert not made.duplicated([*key, "output_type", "output_type_id"]).any()
    wide = made[made["output_type"] == "quantile"].pivot(index=key, columns="output_type_id", values="value").reset_index()
    means = made[made["output_type"] == "mean"].set_index(key)["value"]
    back = pd.DataFrame(
        {
            "model": wide["model_id"],
            "series": wide["location"] + "." + wide["target"],
            "cutoff": wide["reference_date"],
            "month": wide["target_end_date"].str[:7],
            "horizon": wide["horizon"],
            "mean": means.loc[pd.MultiIndex.from_frame(wide[key])].to_numpy(),
            **{q: wide[QUANTILES[q]] for q in QUANTILES},
        }
    )
    order = ["model", "series", "cutoff", "month"]
    known = months(run)[list(back.columns)].sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(back.sort_values(order, ignore_index=True), known, check_dtype=False)


def test_the_hub_has_its_target_data(run):
    made = to_hub(run).target_data
    assert set(made.columns) == {"location", "target", "target_end_date", "as_of", "observation"}
    assert made["observation"].notna().all()
    assert set(made["location"]) == {"CHN"}


def test_a_plain_panel_is_its_own_location(run):
    renamed = run.forecasts.assign(series="California")
    made = to_hub(Opened(renamed, run.observations)).model_out
    assert set(made["location"]) == {"California"}
    assert set(made["target"]) == {"value"}


def test_no_such_point(run):
    with pytest.raises(ConfigError, match="no point forecast"):
        to_boe(run, "median")
