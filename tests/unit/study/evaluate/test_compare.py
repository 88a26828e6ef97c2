"""Ratios to the best naive model."""

import numpy as np
import pandas as pd
import pytest

from forecast.core.schema import COLUMNS
from forecast.study.evaluate.compare import comparison_rows, comparison_table


def table(cutoffs=30, regimes=("before", "under control"), better=0.5, seed=1):
    rng = np.random.default_rng(seed)
    rows = []
    for series, size in (("a", 1.0), ("b", 1000.0)):
        for i in range(cutoffs):
            error = abs(rng.normal()) + 0.5
            for model, factor in (("seasonal_naive", 1.0), ("mean12", 2.0), ("good", better)):
                day, regime = f"20{10 + i // 12}-{i % 12 + 1:02d}-21", regimes[i % len(regimes)]
                row = {"job": "", "model": model, "series": series, "cutoff": day, "month": str(i), "horizon": 0, "h_info": 1}
                rows.append(row | {"metric": "crps", "value": size * factor * error, "regime": regime})
    return pd.DataFrame(rows)


def row(found, model):
    return next(r for r in found if r.model == model)


def test_the_better_naive_is_the_benchmark_and_ratios_are_of_sums():
    found = comparison_rows(table(), "g")
    assert {r.benchmark for r in found} == {"seasonal_naive"}
    assert row(found, "good").ratio == pytest.approx(0.5)
    assert row(found, "mean12").ratio == pytest.approx(2.0)
    assert row(found, "good").hi90 == pytest.approx(0.5)  # a constant ratio has no spread
    assert row(found, "good").n_cutoffs == 20
    assert row(found, "good").n == 40


@pytest.mark.parametrize(("given", "why"), [({"cutoffs": 24}, "16 cutoffs"), ({"regimes": ("before",)}, "one regime")])
def test_too_little_for_a_test(given, why):
    good = row(comparison_rows(table(**given), "g"), "good")
    assert "no test, ratio only" in good.note
    assert why in good.note
    assert np.isnan(good.lo90)
    assert good.ratio == pytest.approx(0.5)


def test_noise_gives_an_interval_around_one():
    data = table()
    rng = np.random.default_rng(3)
    noisy = data["model"] == "good"
    data.loc[noisy, "value"] = data.loc[noisy, "value"] * 2 * rng.lognormal(-0.08, 0.4, noisy.sum())
    good = row(comparison_rows(data, "g"), "good")
    assert good.lo90 < good.ratio < good.hi90
    assert good.lo90 < 1 < good.hi90


def test_only_common_questions_count():
    data = table()
    lost = (data["model"] == "good") & (data["series"] == "b")
    data.loc[lost, "value"] = np.nan
    assert row(comparison_rows(data, "g"), "mean12").n == 20


def test_without_a_naive_model_there_is_nothing_to_compare():
    data = table()
    assert comparison_rows(data[data["model"] == "good"], "g") == []


def lose(data, model, keep):
    """The scores with those of a model made NaN where `keep` does not hold."""
    return data.assign(value=data["value"].where((data["model"] != model) | keep))


def test_a_model_that_answers_easy_questions_only_is_ranked_on_the_common_ones():
    data = table(better=1.2)
    easy = data.groupby("month")["value"].transform("mean") < data["value"].median()
    half = lose(data, "good", easy | (data["month"].astype(int) % 4 < 2))
    good = row(comparison_rows(half, "g"), "good")
    assert good.ratio == pytest.approx(1.2)  # as on all questions: the others are held to the same ones
    assert good.failures == half[half["model"] == "good"]["value"].isna().sum()
    assert row(comparison_rows(half, "g"), "mean12").n == good.n


def test_nan_forecasts_are_failures_and_do_not_win():
    data = lose(table(better=3.0), "good", pd.Series(False, index=table().index))
    data.loc[data.index[data["model"] == "good"][:4], "value"] = 0.0
    found = comparison_rows(data, "g")
    good = row(found, "good")
    assert good.failures == 56
    assert good.rank is None
    assert "answered 4 of 60 questions: not ranked" in good.text
    assert row(found, "seasonal_naive").rank == 1
    assert row(found, "seasonal_naive").n == 40  # the few answers of one model do not narrow the common set


def test_an_infinite_score_is_a_failure():
    data = table()
    data.loc[data.index[data["model"] == "good"][:3], "value"] = np.inf
    good = row(comparison_rows(data, "g"), "good")
    assert good.failures == 3
    assert np.isfinite(good.ratio)


def test_a_model_that_answered_nothing_has_its_row():
    found = comparison_rows(table(), "g", models=["absent", "good"])
    absent = row(found, "absent")
    assert absent.failures == 60
    assert absent.rank is None
    assert np.isnan(absent.ratio)
    assert "answered 0 of 60" in absent.text


def test_what_nobody_can_be_marked_on_is_nobodys_failure():
    data = table()
    data.loc[data["month"] == "7", "value"] = np.nan
    assert {r.failures for r in comparison_rows(data, "g")} == {0}


def test_models_of_equal_skill_are_tied():
    data = table()
    rng = np.random.default_rng(5)
    noisy = data["model"] == "good"
    twin = data["model"] == "seasonal_naive"
    data.loc[noisy, "value"] = data.loc[twin, "value"].to_numpy() * rng.lognormal(0, 0.3, noisy.sum())
    found = comparison_rows(data, "g", metrics=("crps",))
    ranks = {r.model: (r.rank, r.tied, r.in_mcs) for r in found}
    assert ranks == {"good": (1, True, True), "seasonal_naive": (1, True, True), "mean12": (3, False, False)}
    assert "one of 2 that may be the best" in row(found, "good").text
    assert "no difference from seasonal_naive is shown" in row(found, "good").text
    assert row(found, "good").dm_p > 0.05
    assert "worse than seasonal_naive; not among the best" in row(found, "mean12").text


def test_a_better_model_beats_alone_and_the_tests_agree():
    data = table()
    rng = np.random.default_rng(6)
    noisy = data["model"] == "good"
    data.loc[noisy, "value"] = data.loc[noisy, "value"] * rng.lognormal(0, 0.2, noisy.sum())
    good = row(comparison_rows(data, "g"), "good")
    assert good.text.startswith("beats seasonal_naive; the best alone")
    assert good.dm_p < 0.01
    assert good.rank == 1
    assert not good.tied
    assert np.isnan(good.gw_p)  # 19 cutoffs are left once each needs the one before


def test_the_conditional_test_needs_twenty_cutoffs_beyond_its_horizon():
    data = table(cutoffs=48)
    rng = np.random.default_rng(6)
    data["value"] = data["value"] * rng.lognormal(0, 0.2, len(data))
    assert np.isfinite(row(comparison_rows(data, "g"), "good").gw_p)
    assert np.isnan(row(comparison_rows(data.assign(h_info=24), "g"), "good").gw_p)


def test_no_test_means_no_p_values_and_no_place():
    for found in (comparison_rows(table(24), "g"), comparison_rows(table(regimes=("before",)), "g")):
        for made in found:
            assert all(np.isnan(getattr(made, name)) for name in ("lo90", "hi90", "dm_p", "gw_p", "mcs_p"))
            assert made.in_mcs is None
            assert not made.tied
            assert "no test, ratio only" in made.text
            assert not any(word in made.text for word in ("beats", "worse", "best"))


def forecasts(data, bias):
    """Means and truths beside the scores: one model unbiased, the others off by `bias`."""
    rng = np.random.default_rng(4)
    key = data[data["metric"] == "crps"][["job", "model", "series", "cutoff", "month"]].copy()
    level = np.where(key["series"] == "a", 10.0, 1e4)
    key["mean"] = level * (1 + 0.2 * rng.standard_normal(len(key)))
    noise = 0.1 * level * rng.standard_normal(len(key))
    key["truth"] = key["mean"] + noise - np.where(key["model"] == "good", 0.0, bias * level)
    return key


def test_bias_and_efficiency_stand_beside():
    data = table(cutoffs=48)
    data["job"] = data["model"] + data["series"] + data["cutoff"]
    found = comparison_rows(data, "g", metrics=("crps",), forecasts=forecasts(data, 0.2))
    assert row(found, "good").mz_p > 0.05
    assert row(found, "good").mz_slope == pytest.approx(1, abs=0.2)
    assert row(found, "mean12").mz_p < 0.01
    assert np.isnan(row(comparison_rows(data, "g"), "good").mz_p)


def test_groups_by_columns_of_the_scores():
    from forecast.core.scores import Scores

    far = table().assign(h_info=3)
    made = comparison_table(Scores(pd.concat([table(), far]), {"good": 0, "absent": 7}), by=["h_info"], metrics=("crps",))
    assert list(made.columns) == list(COLUMNS["comparisons"])
    assert set(made["group"]) == {"all: h_info 1", "all: h_info 3"}
    assert set(made["model"]) == {"good", "mean12", "seasonal_naive", "absent"}


def test_scores_pooled_by_root_mean_square_are_compared_that_way():
    data = table().assign(metric="rmsse")
    rng = np.random.default_rng(2)
    data["value"] = data["value"] * rng.lognormal(0, 0.3, len(data))
    good = row(comparison_rows(data, "g", metrics=("rmsse",)), "good")
    held = data[data["cutoff"] > sorted(data["cutoff"].unique())[9]]
    by_hand = []
    for series in ("a", "b"):
        part = held[held["series"] == series]
        one, other = (np.sqrt((part.loc[part["model"] == m, "value"] ** 2).mean()) for m in ("good", good.benchmark))
        by_hand.append(one / other)
    assert good.ratio == pytest.approx(np.mean(by_hand))


def test_the_public_verb_takes_a_backtest():
    import forecast as fc

    archive = fc.load_archive()
    series = "CHN.export.WLD.rare_earths_total"
    past = fc.backtest(archive, fc.cutoffs("2025-03", "2025-09", series=series), ["mean12", "drift"], series, [1], draws=50)
    made = fc.compare(past, metrics=["mae"])
    assert set(made["model"]) == {"mean12", "drift"}
    assert made["text"].str.contains("no test, ratio only").all()


def test_the_benchmark_is_chosen_among_the_named():
    found = comparison_rows(table(), "g", naive=["mean12"])
    assert {r.benchmark for r in found} == {"mean12"}
    assert row(found, "good").ratio == pytest.approx(0.25)
    assert comparison_rows(table(), "g", naive=["last_value"]) == []


def test_the_interval_is_ninety_per_cent_of_the_circular_block_bootstrap():
    """Against a bootstrap written out here: blocks of six cutoffs on a circle, the ratio of the sums of one series."""
    data = table(cutoffs=60).query("series == 'a'").reset_index(drop=True)
    noisy = data["model"] == "good"
    data.loc[noisy, "value"] *= 2 * np.random.default_rng(3).lognormal(-0.08, 0.4, noisy.sum())
    good = row(comparison_rows(data, "g"), "good")
    days = sorted(data["cutoff"].unique())[20:]
    losses = data.pivot_table(index="cutoff", columns="model", values="value").loc[days]
    mine, other, n = losses["good"].to_numpy(), losses["seasonal_naive"].to_numpy(), len(days)
    starts = np.random.default_rng(0).integers(0, n, (20_000, -(-n // 6)))
    picks = ((starts[:, :, None] + np.arange(6)) % n).reshape(20_000, -1)[:, :n]
    low, high = np.quantile(mine[picks].sum(axis=1) / other[picks].sum(axis=1), [0.05, 0.95])
    assert good.ratio == pytest.approx(mine.sum() / other.sum())
    assert [good.lo90 - good.ratio, good.hi90 - good.ratio] == pytest.approx([low - good.ratio, high - good.ratio], rel=0.1)
