"""A donor that the event itself reached: the estimate stays within one standard error, or the check "donors" withholds it."""

import datetime as dt

import numpy as np
import pytest

from forecast.core import months, registry
from forecast.core.events import Event, EventCalendar
from forecast.core.questions import Design
from forecast.core.vintage import Cell, Vintage
from forecast.study.ask import answer
from forecast.study.effects.judge import Evidence

METHODS = {
    "sdid": {"use": "synthetic"},
    "sc": {"use": "synthetic", "form": "sc", "demean": True},
    "did": {"use": "synthetic", "form": "did"},
    "ppml": {"use": "ppml"},
}
TREATED, DONORS = "USA.import.WLD.gallium", tuple(f"USA.import.WLD.good_{letter}" for letter in "abcdef")
BAN = Event("toy_ban", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("gallium",), instrument="ban", role="default")
BEFORE, AFTER = 36, 12
HIT = (2.5, 0.2)  # +150 % and -80 %, in turn


def world(seed):
    """Levels of different size, a factor that all share, noise of each (months, 7)."""
    rng = np.random.default_rng(seed)
    count = BEFORE + AFTER
    factor = np.cumsum(0.05 * rng.standard_normal(count))[:, None]
    return np.exp(np.log(1000) + 0.5 * rng.standard_normal(7) + factor + 0.15 * rng.standard_normal((count, 7)))


def asked(method, values, seed):
    first = months.ordinal("2020-01")
    cells = {
        name: tuple(Cell(first + i, first + i, float(v)) for i, v in enumerate(column))
        for name, column in zip((TREATED, *DONORS), values.T, strict=True)
    }
    known = Vintage(dt.date(2030, 1, 1), cells, EventCalendar((BAN,)))
    design = Design(BAN, TREATED, DONORS, draws=500)
    made = answer(registry.build("estimator", METHODS[method]), known, design, seed)
    return made, registry.build("check", "donors").judge(made, Evidence(known, design, {}))


def shares(method, seeds):
    """How often a hit donor moved the estimate unseen, how often a hit one and a clean one were withheld."""
    unseen, caught, alarms = 0, 0, 0
    for seed in seeds:
        values = world(seed)
        clean, before = asked(method, values, seed)
        hit = values.copy()
        hit[BEFORE:, 1 + seed % 6] *= HIT[seed % 2]
        made, after = asked(method, hit, seed)
        moved = abs(made.average.estimate - clean.average.estimate) > clean.average.se
        unseen += moved and not after.withholds
        caught += after.withholds
        alarms += before.withholds
    return np.array([unseen, caught, alarms]) / len(seeds)


@pytest.mark.parametrize("method", METHODS)
def test_a_hit_donor_moves_nothing_unseen(method):
    unseen, caught, alarms = shares(method, range(5))
    assert unseen == 0
    assert caught >= 0.6
    assert alarms <= 0.2


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_two_hundred_hit_donors(method):
    unseen, caught, alarms = shares(method, range(200))
    print(f"{method}: moved unseen {unseen:.3f}, withheld {caught:.3f}, false alarms {alarms:.3f}")
    assert unseen <= 0.01
    assert caught >= 0.8
    assert alarms <= 0.1
