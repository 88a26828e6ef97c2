"""The structural model with sums of months as observations."""

import numpy as np
import pytest
from contracts.archives import SERIES, archive, day_after, monthly

from forecast.core import months as mm, registry
from forecast.core.errors import ConfigError
from forecast.core.questions import Task
from forecast.kernels import temporal_sums

DRAWS = 300
AFTER = mm.months("2023-01", "2023-03")


def predict(vintage, asked=AFTER, draws=DRAWS, seed=0, series=SERIES, fitted_on=None, **options):
    task = Task(vintage.day, series, asked, fitted_on, draws)
    model = registry.build("model", {"use": "structural", **options})
    return model.predict(vintage, task, np.random.default_rng(seed))


def summed(*spans, values=None, day="2022-12"):
    """The vintage of a series whose months in `spans`, pairs of labels, are told as sums only."""
    values, told = (monthly() if values is None else values).copy(), []
    for first, last in spans:
        inside = slice(mm.ordinal(first) - mm.ordinal("2018-01"), mm.ordinal(last) - mm.ordinal("2018-01") + 1)
        told.append((first, last, values[inside].sum()))
        values[inside] = np.nan
    return archive(values[: mm.ordinal("2022-12") - mm.ordinal("2018-01") + 1], spans=told).as_of(day_after(day)), told


@pytest.mark.parametrize("transform", ["log", "none"])
@pytest.mark.parametrize("seasonal", ["shrunk", "none", "dummy"])
def test_draws_of_the_months_add_up_to_the_sum(transform, seasonal):
    then, told = summed(("2021-01", "2021-02"), ("2022-11", "2022-12"))
    made = predict(then, mm.months("2022-11", "2023-01"), transform=transform, seasonal=seasonal)
    inside = made.draws[:, 0, :2]
    assert inside.sum(axis=1) == pytest.approx(np.full(DRAWS, told[1][2]), rel=1e-12)
    assert inside.std(axis=0).min() > 0.01 * inside.mean()
    assert made.draws.min() >= 0
    (used,) = made.used
    assert used.split == 0
    assert "2 sums of months taken as observed" in used.notes


def test_one_asked_month_of_a_sum_is_drawn_with_the_others():
    then, told = summed(("2022-10", "2022-12"))
    whole = predict(then, mm.months("2022-10", "2022-12"), draws=4000).draws[:, 0]
    alone = predict(then, ["2022-11"], draws=4000).draws[:, 0, 0]
    assert whole.sum(axis=1) == pytest.approx(np.full(4000, told[0][2]), rel=1e-12)
    assert np.quantile(alone, [0.1, 0.5, 0.9]) == pytest.approx(np.quantile(whole[:, 1], [0.1, 0.5, 0.9]), rel=0.02)
    assert alone.max() < told[0][2]


def test_a_month_known_apart_keeps_its_figure():
    _, told = summed(("2022-11", "2022-12"))
    values = monthly()
    both = archive(np.where(np.arange(72) == 59, np.nan, values)[:60], spans=told).as_of(day_after("2022-12"))
    made = predict(both, mm.months("2022-11", "2022-12"))
    assert made.draws[:, 0, 0] == pytest.approx(np.full(DRAWS, values[58]))
    assert made.draws[:, 0, 1] == pytest.approx(np.full(DRAWS, values[59]))
    assert made.used[0].notes == ()


def test_without_sums_nothing_changes():
    then = archive().as_of(day_after("2022-12"))
    assert np.array_equal(predict(then).draws, predict(then, sums=0).draws)


def test_sums_may_be_split_still():
    then, _ = summed(("2021-01", "2021-02"))
    made = predict(then, sums=0)
    assert made.used[0].split == 2
    assert made.used[0].notes == ()


def test_a_scale_without_a_tangent_splits():
    values = monthly()
    values[30] = 0.0
    then, _ = summed(("2021-01", "2021-02"), values=values)
    made = predict(then)
    assert (made.used[0].scale, made.used[0].split) == ("asinh", 2)


def test_months_never_known_apart_have_no_free_effects():
    spans = [(f"{year}-01", f"{year}-02") for year in range(2018, 2023)]
    then, _ = summed(*spans)
    free = predict(then, seasonal="dummy")
    assert free.used[0].split == 10
    assert any("never known singly" in note for note in free.used[0].notes)
    assert predict(then).used[0].split == 0  # shrunk effects can


@pytest.mark.parametrize("how", ["unsettled", "singular"])
def test_sums_that_do_not_settle_are_split_and_it_is_said(how, monkeypatch):
    then, _ = summed(("2021-01", "2021-02"))
    plain = temporal_sums.fit_logs

    def failing(*given, **options):
        if how == "singular":
            raise np.linalg.LinAlgError("Singular matrix")
        made = plain(*given, **options)
        return temporal_sums.LogSumsFit(made.fit, made.sums, made.rounds, False)

    monkeypatch.setattr(temporal_sums, "fit_logs", failing)
    made = predict(then)
    assert made.used[0].notes == ("sums of months split: the tangent to them did not settle",)
    assert made.used[0].split == 2
    assert np.array_equal(made.draws, predict(then, sums=0).draws)


def test_longer_sums_are_observations_up_to_a_year():
    then, told = summed(("2022-05", "2022-12"))
    plain, taken = (predict(then, mm.months("2022-05", "2022-12"), sums=sums) for sums in (3, 12))
    assert plain.used[0].notes == ()
    assert taken.draws.sum(axis=(1, 2)) == pytest.approx(np.full(DRAWS, told[0][2]), rel=1e-12)
    assert np.ptp(plain.draws.sum(axis=(1, 2))) > 100.0
    with pytest.raises(ConfigError, match="sums of 3 months would be lost"):
        registry.build("model", {"use": "structural", "sums": 2})


def test_parameters_of_an_earlier_day_are_held_with_sums():
    then, _ = summed(("2020-01", "2020-02"), ("2022-01", "2022-02"))
    early = day_after("2021-06")
    held = predict(then, fitted_on=early)
    before = predict(then.earlier(early), mm.months("2021-07", "2021-08"))
    assert dict(held.parameters) == pytest.approx(dict(before.parameters))
    assert dict(held.parameters) != pytest.approx(dict(predict(then).parameters), rel=1e-6)
    assert held.used[0].notes == ("2 sums of months taken as observed",)


def test_units_do_not_matter_to_sums():
    spans = [("2021-01", "2021-02"), ("2022-11", "2022-12")]
    asked = mm.months("2022-11", "2023-01")
    small, large = (predict(summed(*spans, values=k * monthly())[0], asked).draws for k in (1.0, 1000.0))
    assert large == pytest.approx(1000.0 * small, rel=1e-6)


@pytest.mark.parametrize("seasonal", ["shrunk", "dummy"])
@pytest.mark.parametrize(
    ("series", "lunar", "taken"),
    [
        (SERIES, True, True),
        (SERIES, False, False),
        ("USA.import.CHN.gallium", True, True),
        ("USA.import.WLD.gallium", True, False),
    ],
)
def test_the_new_year_enters_trade_with_china(seasonal, series, lunar, taken):
    then = archive(series=series).as_of(day_after("2022-12"))
    made = predict(then, series=series, draws=20, seasonal=seasonal, lunar=lunar)
    assert ("lunar_new_year" in made.used[0].regressors) == taken


def crps(draws, truth):
    return np.abs(draws - truth).mean() - np.abs(draws[:, None] - draws[None]).mean() / 2


def test_a_sum_as_one_observation_beats_its_parts(vintage_of):
    """Truth known: a level that wanders, so that the usual parts of a sum are not this year's; its two months are asked."""
    scores = {sums: [] for sums in (0, 12)}
    for seed in range(24):
        rng = np.random.default_rng([3, seed])
        z = np.cumsum(0.2 * rng.standard_normal(26)) + 0.02 * rng.standard_normal(26)
        y = 1000 * np.exp(z)
        then = vintage_of([*y[:24], None, None], first="2020-01", spans=[("2022-01", "2022-02", y[24] + y[25])])
        for sums, found in scores.items():
            made = predict(then, ["2022-01", "2022-02"], 100, seed, sums=sums, seasonal="none", transform="log")
            found.append(np.mean([crps(np.log(made.draws[:, 0, i]), np.log(y[24 + i])) for i in (0, 1)]))
    gain = np.array(scores[0]) - np.array(scores[12])
    assert gain.mean() > 3 * gain.std(ddof=1) / np.sqrt(len(gain))
