"""The mean since the last event."""

import datetime as dt

import numpy as np
import pytest
from contracts.archives import SERIES, archive, day_after, event

from forecast.core import months as mm, registry
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.kernels.resample import moving_blocks, spread_inflation
from forecast.study.ask import answer_or_raise

FLAT = np.r_[np.full(36, 1000.0), np.full(12, 100.0)] * (1 + 0.01 * np.sin(np.arange(48)))  # 2018-01 to 2021-12


def middle(day, events=(), values=FLAT, **options):
    vintage = archive(values, first="2018-01", events=events).as_of(day_after(day))
    last = vintage.last_month(SERIES)
    made = answer_or_raise(
        registry.build("model", {"use": "event_mean", **options}),
        vintage,
        Task(vintage.day, SERIES, mm.months(mm.label(last + 1), mm.label(last + 3)), draws=2000),
    )
    return np.median(made.draws[:, 0, :], axis=0), made.used[0].model


def cut(**more):
    return event("ban", announced="2020-12-05", effective="2021-01-01", **more)


def test_only_months_since_the_event_count():
    found, told = middle("2021-06", [cut()])
    assert found == pytest.approx(100, rel=0.05)
    assert told == "mean of 6 months, since ban"


def test_an_event_counts_once_enough_months_lie_behind_it():
    assert middle("2021-02", [cut()])[1] == "mean of 12 months, no event"
    assert middle("2021-02", [cut()], least=2)[1] == "mean of 2 months, since ban"


def test_the_end_of_a_measure_cuts_as_well():
    ends = cut(end=dt.date(2021, 7, 1), end_announced=dt.date(2021, 6, 10))
    assert middle("2021-12", [ends])[1] == "mean of 6 months, since the end of ban"
    assert middle("2021-06", [ends])[1] == "mean of 6 months, since ban", "an end still to come cuts nothing"


def test_without_an_event_it_is_the_mean_of_a_year():
    found, told = middle("2020-12")
    assert found == pytest.approx(1000, rel=0.05)
    assert told == "mean of 12 months, no event"
    assert middle("2020-12", window=6)[1] == "mean of 6 months, no event"


def test_what_never_came_into_force_or_began_with_the_series_cuts_nothing():
    assert middle("2021-06", [cut(called_off=dt.date(2020, 12, 20))])[1] == "mean of 12 months, no event"
    first = event("old", announced="2018-01-01", effective="2018-01-01")
    assert middle("2021-06", [first])[1] == "mean of 12 months, no event"


# --- how wide it is -------------------------------------------------------------------------------------------------------


def drawn(values, horizon, events=(), draws=20_000, **options):
    """Draws (draws, horizon) on the plain scale, and a generator that stands where theirs began."""
    vintage = archive(np.asarray(values, float), first="2018-01", events=events).latest
    last = vintage.last_month(SERIES)
    task = Task(vintage.day, SERIES, mm.months(mm.label(last + 1), mm.label(last + horizon)), draws=draws)
    model = registry.build("model", {"use": "event_mean", "transform": "none", **options})
    return model.predict(vintage, task, np.random.default_rng(3)).draws[:, 0, :], np.random.default_rng(3)


def test_each_step_is_as_wide_as_the_rule_missed_so_far_ahead():
    """The last value alone, by hand: mean squares of 8, 7 and 6 misses, five are too few; t with 8 degrees: 8 / 6 of them."""
    y = [100, 101, 103, 102, 104, 107, 106, 108, 111]
    draws, _ = drawn(y, 4, least=1, window=1)
    squares = np.array([33 / 8, 66 / 7, 77 / 6, 77 / 6])
    assert draws.std(axis=0) == pytest.approx(np.sqrt(squares * 8 / 6), rel=0.03)
    assert draws.mean(axis=0) == pytest.approx(np.full(4, 111.0), abs=0.08), "misses of 1.4 on average are no trend"


def test_a_band_never_narrows_and_a_flat_series_has_none():
    """A saw misses by 3 one step ahead, by nothing two ahead."""
    draws, _ = drawn([100, 103] * 4 + [100], 2, least=1, window=1)
    assert draws.std(axis=0) == pytest.approx(np.full(2, np.sqrt(9 * 8 / 6)), rel=0.03)
    assert np.array_equal(drawn([5.0] * 9, 3)[0], np.full((20_000, 3), 5.0))


def test_misses_across_an_event_are_left_out():
    """In force from the fourth month on: by the seventh three months tell its mean, 100, then four, 101."""
    y = [900, 1000, 1100, 90, 100, 110, 104, 98]
    ban = event("ban", announced="2018-03-20", effective="2018-04-01")
    draws, rng = drawn(y, 1, [ban], draws=50)
    noise = moving_blocks(np.array([104.0 - 100, 98 - 101]), 50, 1, 1, rng, fair=True) * spread_inflation(2, 50, rng)
    assert draws == pytest.approx(np.mean(y[3:]) + noise)
    with pytest.raises(TooShortError, match="1 past errors of the rule away from events where 2 are needed"):
        drawn(y[:7], 1, [ban])


def test_a_miss_further_ahead_ends_at_the_next_event():
    """A measure holds in the ninth and tenth month: no miss of the eighth one step ahead, nor of the seventh two ahead."""
    y = 10_000 + np.array([0.0, 100, 300, 400, 600, 700, 800, 1000, 500, 501, 502, 503])
    end = {"end": dt.date(2018, 11, 1), "end_announced": dt.date(2018, 10, 20)}
    second = event("second", announced="2018-08-20", effective="2018-09-01", **end)
    draws, rng = drawn(y, 2, [second], draws=50, least=1, window=1)
    one = np.array([100.0, 200, 100, 200, 100, 100, 200, 501 - 500, 503 - 502])
    two = np.array([300.0, 300, 300, 300, 200, 300])
    growth = np.sqrt(np.mean(two**2) / np.mean(one**2))
    assert growth == pytest.approx(2.1433, abs=1e-4)
    noise = moving_blocks(one, 50, 2, 2, rng, fair=True) * spread_inflation(9, 50, rng)
    assert draws == pytest.approx(y[10:].mean() + noise * [1.0, growth])


@pytest.mark.parametrize(("count", "window", "length"), [(48, 6, 6), (80, 24, 12), (12, 12, 3), (5, 12, 1)])
def test_errors_are_drawn_in_blocks_of_the_months_averaged(count, window, length):
    """No longer than a year, nor than a third of the errors."""
    y = 100 + np.cumsum(np.random.default_rng(count).standard_normal(count))
    horizon = 14
    draws, rng = drawn(y, horizon, draws=40, window=window)
    means = {i: y[max(i - window, 0) : i].mean() for i in range(3, count)}
    misses = [np.array([y[i + h] - means[i] for i in range(3, count - h)]) for h in range(min(horizon, count - 3))]
    known = [np.sqrt(np.mean(m**2)) for m in misses if len(m) >= 6] or [1.0]
    growth = np.maximum.accumulate([known[min(h, len(known) - 1)] / known[0] for h in range(horizon)])
    noise = moving_blocks(misses[0], 40, horizon, length, rng, fair=True) * spread_inflation(count - 3, 40, rng)
    assert draws == pytest.approx(y[-window:].mean() + noise * growth)


def test_too_little_is_said_and_bad_options_are_refused():
    with pytest.raises(TooShortError, match="4 usable months where 5 are needed"):
        middle("2018-04")
    for options in ({"least": 0}, {"least": 13}):
        with pytest.raises(ConfigError, match="least"):
            registry.build("model", {"use": "event_mean", **options})
