"""Candidate donors: other goods, no measure of their own in the window, no flow that trade was diverted to."""

import datetime as dt

import pytest

from forecast.core import months
from forecast.core.archive import bundled_archive
from forecast.core.events import Event, EventCalendar
from forecast.core.vintage import Cell, Vintage
from forecast.study.effects.candidate_donors import own_measures, untouched

ARCHIVE = bundled_archive()
FIVE = ["arsenic", "boron", "ferrovanadium", "nickel", "selenium"]


def goods(found):
    return [series.rsplit(".", 1)[-1] for series in found]


@pytest.mark.parametrize("good", ["antimony_unwrought", "gallium", "germanium_unwrought"])
def test_five_goods_are_left_for_the_ban_of_december_2024(good):
    """Cobalt (the Congo), chromium, zinc, indium and tungsten (Section 301), bismuth and graphite (licences) are excluded."""
    found = untouched(ARCHIVE, ARCHIVE.events["us_ban_2024"], like=f"USA.import.WLD.{good}")
    assert goods(found) == FIVE


@pytest.mark.parametrize(
    ("event", "gone"),
    [
        (
            "re_licensing_2025",
            ["CHN.export.USA.antimony_oxide", "CHN.export.WLD.indium", "CHN.export.WLD.molybdenum_powder"],
        ),
        (
            "us_ban_2024",
            [
                "CHN.export.ITA.re_magnets", "USA.import.CHN.permanent_magnets", "CHN.export.WLD.graphite_flake:usd",
                "CHN.export.USA.indium", "CHN.export.USA.lanthanum_oxide", "USA.import.WLD.cobalt_alloys",
                "USA.import.WLD.zinc", "USA.import.WLD.chromium",
            ],
        ),
    ],
)  # fmt: skip
def test_a_good_is_judged_by_its_name_and_to_the_end_of_the_window(event, gone):
    """A flow whose own figures end before the measure began is no exception."""
    assert set(gone) <= set(ARCHIVE.series)
    found = untouched(ARCHIVE, ARCHIVE.events[event])
    assert not set(gone) & set(found)
    assert "USA.import.WLD.nickel" in found


def test_tariffs_on_all_goods_exclude_none():
    window = range(months.ordinal("2022-12"), months.ordinal("2026-09"))
    vintage = ARCHIVE.latest
    assert any("ALL" in e.products and e.in_force and e.start in window for e in vintage.events)
    assert not own_measures(vintage, "nickel", window)
    assert own_measures(vintage, "cobalt_alloys", window) == [
        "us_301_critical_minerals_2024", "cod_cobalt_ban_2025", "cod_cobalt_ban_extension_2025", "cod_cobalt_quota_2025",
    ]  # fmt: skip
    assert own_measures(vintage, "zinc", window) == ["us_301_critical_minerals_2024"]


# --- a toy calendar -----------------------------------------------------------------------------------------------------

BAN = Event("ban", "", dt.date(2023, 1, 1), dt.date(2023, 1, 1), products=("gallium",), role="default")
FLOWS = (
    "USA.import.WLD.gallium",
    "USA.import.WLD.nickel",
    "USA.import.WLD.boron",
    "USA.import.THA.boron",
    "THA.import.WLD.boron",
)


def toy(*events, day="2024-01-15"):
    first = months.ordinal("2021-01")
    cells = {name: tuple(Cell(first + i, first + i, 1.0) for i in range(12)) for name in FLOWS}
    return Vintage(dt.date.fromisoformat(day), cells, EventCalendar((BAN, *events)).known_on(dt.date.fromisoformat(day)))


def measure(announced, effective, **more):
    days = {k: dt.date.fromisoformat(v) for k, v in more.items()}
    return Event(
        "own", "", dt.date.fromisoformat(announced), dt.date.fromisoformat(effective) if effective else None,
        products=("nickel",), imposed_by=("IDN",), **days,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "touched"),
    [
        (measure("2023-06-01", "2023-06-01"), True),  # long after the last figure of every flow
        (measure("2019-01-01", "2019-01-01"), False),  # in force all along
        (measure("2019-01-01", "2019-01-01", end="2022-03-01", end_announced="2022-02-01"), True),  # its end is a change too
        (measure("2023-06-01", "2024-06-01"), True),  # announced: traders act on it
        (measure("2023-06-01", "2023-09-01", called_off="2023-08-01"), True),
        (measure("2023-06-01", None), False),  # a threat without a day
        (measure("2024-03-01", "2024-03-01"), False),  # not known on the day
    ],
)
def test_what_counts_as_a_measure_in_the_window(event, touched):
    found = untouched(toy(event), BAN)
    assert ("USA.import.WLD.nickel" in found) is not touched
    assert "USA.import.WLD.boron" in found


def test_partners_and_patterns_of_diversion_are_excluded():
    assert untouched(toy(), BAN) == tuple(sorted(FLOWS[1:]))
    assert untouched(toy(), BAN, diversion=["THA"]) == ("USA.import.WLD.boron", "USA.import.WLD.nickel")
    assert untouched(toy(), BAN, diversion=("USA.import.*.boron",)) == ("THA.import.WLD.boron", "USA.import.WLD.nickel")
    assert untouched(toy(), BAN, like=FLOWS[0], diversion=("THA",)) == ("USA.import.WLD.boron", "USA.import.WLD.nickel")
