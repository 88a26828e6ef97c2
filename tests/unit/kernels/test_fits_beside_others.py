"""The fit of a sample is the same, to the last bit, by itself and beside samples of any number, length and kind."""

from dataclasses import fields

import numpy as np
import pytest

from forecast.models import ces, ets
from forecast.prep.histories import GapFreeSeries


def samples(seed: int) -> list[GapFreeSeries]:
    """Samples of many lengths, some with interpolated months, and constant ones, whose fits have no errors."""
    rng = np.random.default_rng(seed)
    made = []
    for i, count in enumerate(rng.integers(12, 150, 12)):
        known = rng.random(count) < (0.9 if i % 3 == 0 else 2.0)
        known[[0, 1, 2, -1]] = True
        made.append(GapFreeSeries(0, np.log(rng.gamma(3.0, 10.0, count)) + np.sin(np.arange(count)), known))
    made += [GapFreeSeries(0, np.full(count, 0.1), np.ones(count, bool)) for count in (30, 137, 141)]
    return made


@pytest.mark.parametrize("season", [1, 12])
@pytest.mark.parametrize("model", [ces, ets])
def test_a_fit_does_not_depend_on_what_it_is_made_beside(model, season):
    forms = ("N",) if model is ces else ("ANN", "AAdN", "AAN")
    forms = forms if season == 1 else model.FORMS
    fit, own = model._fit.__wrapped__, samples(5)
    alone = [fit([one], season, forms)[0] for one in own]
    for chosen in (range(len(own)), range(0, len(own), 2), (3, 14), (12, 13), (13, 14)):
        for i, beside in zip(chosen, fit([own[i] for i in chosen], season, forms), strict=True):
            for field in fields(beside):
                assert np.array_equal(getattr(alone[i], field.name), getattr(beside, field.name)), (i, field.name)
