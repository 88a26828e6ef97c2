"""Cutoffs follow the real release days."""

import datetime as dt

import pytest

from forecast.core.errors import ConfigError, DataError
from forecast.study.evaluate.cutoffs import cutoffs, released_together


def test_china_has_no_cutoff_in_february_and_eleven_a_year():
    days = cutoffs("2024-01", "2024-12", series="CHN.export.WLD.re_magnets")
    assert len(days) == 11
    assert {day.month for day in days} == set(range(1, 13)) - {2}
    assert dt.date(2024, 6, 21) in days  # the day after the 20th


def test_us_cutoffs_skip_the_shutdown_months():
    days = cutoffs("2025-08", "2025-12", series="USA.import.WLD.gallium")
    assert [str(day) for day in days] == ["2025-08-06", "2025-09-09", "2025-11-20", "2025-12-12"]


def test_days_bound_as_given():
    days = cutoffs("2024-03-22", "2024-05-21", series="CHN.export.WLD.re_magnets")
    assert [str(day) for day in days] == ["2024-04-21", "2024-05-21"]


def test_quarters_keep_the_release_of_their_last_month():
    assert [str(d) for d in cutoffs("2024-01", "2024-12", "quarter")] == [
        "2024-01-21",
        "2024-04-21",
        "2024-07-21",
        "2024-10-21",
    ]


def test_default_end_is_the_last_bundled_release():
    from forecast.core.archive import bundled_archive

    assert cutoffs("2025-01")[-1] <= bundled_archive().last_release + dt.timedelta(days=1)


def test_unknown_step_names_the_nearest():
    with pytest.raises(ConfigError, match="month"):
        cutoffs("2024-01", every="months")


def test_unknown_clock_needs_an_archive():
    with pytest.raises(DataError, match="no release clock"):
        cutoffs("2024-01", series="CHL.export.WLD.sample_salt")


def test_january_and_february_come_together_in_china_only():
    january = 12 * 2025
    assert released_together("CHN.export.WLD.re_magnets", january)
    assert not released_together("CHN.export.WLD.re_magnets", january + 1)
    assert not released_together("USA.import.WLD.gallium", january)


def test_a_plain_panel_has_the_first_day_of_each_month():
    import pandas as pd

    from forecast.core.panel import panel

    known = panel(pd.DataFrame({"time": ["2020-01", "2020-02", "2020-03"], "value": [1.0, 2.0, 3.0]}))
    assert cutoffs("2020-02", archive=known) == tuple(dt.date(2020, m, 1) for m in (2, 3, 4))
    assert cutoffs("2020-01", "2020-12", "quarter", archive=known) == tuple(dt.date(2020, m, 1) for m in (1, 4, 7, 10))
