"""EU imports before and after each control, by another author: the days of the bundled calendar are theirs.

The figures have no licence that was found, so they are read beside the clone and are not in the package.
"""

import csv

import pytest

from forecast.core import months
from forecast.core.events import bundled_events

CONTROLS = {
    "gallium_germanium": "gage_licensing_2023", "graphite": "graphite_licensing_2023",
    "magnets_Nd_Pr_Dy_Sm": "re_licensing_2025", "antimony_metal_ore_articles": "sb_licensing_2024",
    "bismuth": "bi_w_in_licensing_2025",
}  # fmt: skip


@pytest.fixture
def windows(shared):
    found = {}
    for row in csv.DictReader(shared("data/published_2026/eu_replacement_windows.csv").read_text("utf-8").splitlines()):
        if row["series"].startswith("EUU.import."):
            partner, good = row["series"].split(".")[2:]
            found.setdefault((good, partner), []).append((row["period"], float(row["value"])))
    return found


@pytest.mark.parametrize(("good", "event"), CONTROLS.items())
def test_the_months_before_end_where_the_calendar_announces_the_control(windows, good, event):
    (before, _), (after, _) = sorted(windows[good, "CHN"])
    announced = months.ordinal(bundled_events()[event].announced)
    assert months.ordinal(before.partition("..")[2]) == announced - 1
    assert months.ordinal(after.partition("..")[0]) > announced


@pytest.mark.parametrize("good", CONTROLS)
def test_imports_of_the_union_fell_where_the_licence_held_and_not_where_it_was_eased(windows, good):
    # the months after for magnets are those of the general licences; for graphite too the imports rose
    (_, before), (_, after) = sorted(windows[good, "CHN"])
    assert (after < before) == (good not in ("graphite", "magnets_Nd_Pr_Dy_Sm"))


def test_none_of_these_figures_is_in_the_bundle(windows):
    from forecast.core.archive import bundled_archive

    assert not [s for s in bundled_archive().series if s.startswith(("EUU.", "EU27."))]
