"""Year-to-date sums that no longer add up to the months printed before."""

import pytest

from forecast.core.archive import bundled_archive
from forecast.study.data.implied_revisions import _print_step, implied_revisions

S = "CHN.export.WLD.re_magnets"


def sums(figure, **changed):
    """Three months as printed, and the year-to-date sums of each release."""
    value = {
        "2025-03": 50_001,
        "2025-04": 40_003,
        "2025-01/2025-02": 90_007,
        "2025-01/2025-03": 140_008,
        "2025-01/2025-04": 180_011,
    }
    value |= {key.replace("_to_", "/").replace("_", "-").removeprefix("m"): v for key, v in changed.items()}
    days = {"02": "2025-03-20", "03": "2025-04-20", "04": "2025-05-20"}
    return [
        figure(
            S, period, v, days[period[-2:]], kind="cumulative" if "/" in period else "reported", article_date=days[period[-2:]]
        )
        for period, v in value.items()
    ]


def test_sums_that_close_imply_nothing(figure, archive_of):
    found = implied_revisions(archive_of(*sums(figure)))
    assert [(one.period, one.difference, one.beyond_rounding) for one in found] == [
        ("2025-03", 0, False),
        ("2025-04", 0, False),
    ]


def test_a_correction_of_an_earlier_month_shows_in_the_release_that_made_it(figure, archive_of):
    # with April's release January to March is raised by 700 kg; April itself is printed there for the first time
    before, row = implied_revisions(archive_of(*sums(figure, m2025_01_to_2025_04=180_711)))
    assert (before.period, row.period) == ("2025-03", "2025-04")
    assert (row.first_value, row.implied_value, row.difference) == (40_003, 40_703, 700)
    assert row.beyond_rounding
    assert row.revised_in == "2025-01/2025-03"
    assert (row.first_released, row.sum_released) == ("2025-05-20", "2025-05-20")
    assert before.difference == 0


def test_nothing_released_later_enters(figure, archive_of):
    archive = archive_of(*sums(figure, m2025_01_to_2025_04=180_711))
    assert [one.period for one in implied_revisions(archive, "2025-05-19")] == ["2025-03"]
    assert not implied_revisions(archive, "2025-04-19")


def test_the_first_print_counts_not_the_correction(figure, archive_of):
    rows = [*sums(figure), figure(S, "2025-03", 66_666, "2025-06-20")]
    assert implied_revisions(archive_of(*rows))[0].first_value == 50_001


def test_rounding_is_no_revision(figure, archive_of):
    # printed in hundreds of kg: three halves of a step may add up
    rounded = {"m2025_01_to_2025_02": 90_100, "m2025_01_to_2025_03": 140_300, "m2025_03": 50_100}
    row = implied_revisions(archive_of(*sums(figure, **rounded)))[0]
    assert (row.difference, row.rounding) == (pytest.approx(100), 150)
    assert not row.beyond_rounding


def test_a_block_with_a_month_nobody_printed_has_no_row(figure, archive_of):
    rows = [row for row in sums(figure) if row["period"] != "2025-03"]
    assert [one.period for one in implied_revisions(archive_of(*rows))] == ["2025-04"]


def test_derived_figures_imply_nothing(figure, archive_of):
    rows = [row | {"kind": "derived"} if row["period"] == "2025-03" else row for row in sums(figure)]
    assert [one.period for one in implied_revisions(archive_of(*rows))] == ["2025-04"]


def test_a_month_printed_after_the_sum_is_flagged(figure, archive_of):
    rows = [row | {"article_date": "2026-01"} if row["period"] == "2025-03" else row for row in sums(figure)]
    assert [one.printed_late for one in implied_revisions(archive_of(*rows))] == [True, False]


def test_publishers_who_disagree_are_named(figure, archive_of):
    rows = [*sums(figure), figure(S, "2025-03", 51_002, "2025-04-20", publisher="another")]
    assert [one.disputed for one in implied_revisions(archive_of(*rows))] == [True, False]


@pytest.mark.parametrize(("value", "step"), [(6_353_000, 1000), (6_353_200, 100), (7, 1), (10, 10), (0, 0), (2.5, 0.1)])
def test_steps(value, step):
    assert _print_step(value) == pytest.approx(step)


def test_the_bundle_closes_but_for_three_blocks():
    ledger = implied_revisions(bundled_archive())
    assert len(ledger) == 55
    found = [one for one in ledger if one.beyond_rounding]
    # the sum to July 2023 holds 240 t more than the months: the hole that the data dictionary names
    assert [(r.series, r.period, r.difference) for r in found] == [
        ("CHN.export.WLD.rare_earths_total", "2023-04/2023-07", 240_000),
        ("CHN.import.WLD.rare_earths_total", "2023-10", 2_000),
        ("CHN.import.WLD.rare_earths_total", "2024-12", -2_000),
    ]
