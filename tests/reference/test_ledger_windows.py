"""Published windows of the EU's imports close the importer's side of a ledger: antimony and bismuth before and after control.

The published figures are means of tonnes a month; a window is a sum in a vintage, so they are times its months, and divided
back. Two means give no interval.
"""

import csv
import math

import pytest

import forecast as fc
from forecast.core import months
from forecast.core.events import EventCalendar, bundled_events
from forecast.core.vintage import Cell, Vintage

FILE = "data/published_2026/eu_replacement_windows.csv"


@pytest.fixture
def published(shared):
    return list(csv.DictReader(shared(FILE).read_text("utf-8").splitlines()))


@pytest.fixture
def vintage(published):
    """The windows as sums; the total is the published rest of the world plus China."""
    means = {}
    for row in published:
        if row["unit"] == "t/month" and ".import." in row["series"]:
            first, _, last = row["period"].partition("..")
            name = row["series"].replace("EUU", "EU27").lower().replace("811010", "unwrought")
            reporter, _, partner, product = name.split(".")
            period = months.ordinal(first), months.ordinal(last)
            means.setdefault((reporter.upper(), partner.upper(), product), {})[period] = float(row["value"])
    for reporter, _, product in [key for key in means if key[1] == "WLD_LESS_CHN"]:
        others, hit = means.pop((reporter, "WLD_LESS_CHN", product)), means[reporter, "CHN", product]
        means[reporter, "WLD", product] = {period: value + hit[period] for period, value in others.items()}
    cells = {
        f"{reporter}.import.{partner}.{product}": tuple(
            Cell(a, b, 1000.0 * v * (b - a + 1), "value" if v else "zero", "cumulative") for (a, b), v in windows.items()
        )
        for (reporter, partner, product), windows in means.items()
    }
    events = [bundled_events()[name] for name in ("sb_licensing_2024", "bi_w_in_licensing_2025")]
    return Vintage(months.parse_day("2026-10-01"), cells, EventCalendar().with_events(events))


def antimony(vintage, **more):
    asked = dict(product="antimony_metal_ore_articles", through=["MMR", "VNM", "MYS", "THA"], start="2025-04", stop="2025-09")
    before = ("2022-08", "2024-07")
    return fc.ledger(vintage, vintage.events["sb_licensing_2024"], destination="EU27", baseline=before, **(asked | more))


def monthly(value, length=6):
    return value / 1000.0 / length


def test_the_importers_side_of_antimony_closes_on_the_published_figures(vintage):
    made = antimony(vintage, gains=391.56 * 6)
    assert made.reading == "descriptive"
    assert monthly(made.entry("L_M").at_lower) == pytest.approx(181.88, abs=0.01)
    assert monthly(made.entry("S").at_lower) == pytest.approx(-55.11, abs=0.01)
    assert monthly(made.gap.total) == pytest.approx(236.99, abs=0.01)
    assert monthly(made.gap.gains) == pytest.approx(391.56, abs=0.01)
    assert monthly(made.gap.falls) == pytest.approx(154.57, abs=0.01)
    gains = {one.origin: monthly(one.value) for one in made.gap.changes if one.value > 0}
    published = {"MMR": 135.42, "VNM": 86.22, "MYS": 67.44, "THA": 65.30, "OTHERS+": 37.18}
    assert gains == {key: pytest.approx(value, abs=0.01) for key, value in published.items()}
    assert all(math.isnan(e.lo95) and e.draws_lower is None for e in made.entries)
    assert all(math.isnan(one.lo95) for one in made.gap.changes)


def test_rerouting_is_bounded_by_the_only_leg_that_is_known(vintage):
    made = antimony(vintage)
    malaysia = made.route("MYS")
    assert (malaysia.lower, monthly(malaysia.upper)) == (0.0, pytest.approx(67.44, abs=0.01))
    for country in ("MMR", "VNM", "THA", "MYS"):
        leg = made.leg("path", country)
        assert leg.state == "no data"
        assert math.isnan(leg.value)
        assert f"CHN.export.{country}" in leg.wanted
        assert f"{country}.import.CHN" in leg.wanted
    assert not any(route.found for route in made.routes)


def test_where_the_third_country_got_less_nothing_went_through_it(vintage):
    made = antimony(vintage, product="antimony_unwrought", through=["MYS"])
    outward = made.leg("path", "MYS")
    assert monthly(outward.value) == pytest.approx(0.03 - 0.14, abs=1e-9)
    assert outward.mirror
    assert "2024-09/2025-09" in outward.note
    assert (made.route("MYS").lower, made.route("MYS").upper) == (0.0, 0.0)
    assert not made.entry("L_M").known


def test_the_importers_side_of_bismuth_closes_and_its_overlap_is_told(vintage):
    made = fc.ledger(
        vintage, vintage.events["bi_w_in_licensing_2025"], destination="EU27", product="bismuth", through=["KOR", "KAZ"],
        start="2025-09", stop="2026-02", baseline=("2023-02", "2025-01"), lag_to=0, lag_from=0,
    )  # fmt: skip
    assert monthly(made.entry("L_M").at_lower) == pytest.approx(74.63, abs=0.01)
    assert monthly(made.gap.total) == pytest.approx(32.14, abs=0.01)
    assert monthly(made.entry("S").at_lower) == pytest.approx(42.49, abs=0.01)
    assert made.reading == "descriptive"
    assert made.closure["importer"] < 1e-9
    assert set(made.closure) == {"importer"}, "China's own record is not there"


def test_the_months_of_koreas_record_are_told(vintage):
    made = fc.ledger(
        vintage, vintage.events["bi_w_in_licensing_2025"], destination="EU27", product="bismuth_8106", through=["KOR"],
        start="2025-09", stop="2026-02", baseline=("2023-02", "2025-01"), lag_to=0, lag_from=0,
    )  # fmt: skip
    korea = made.leg("path", "KOR")
    assert monthly(korea.value) == pytest.approx(2.60 - 7.83, abs=1e-9)
    assert "shares 4 of 6 months" in korea.note
    assert made.route("KOR").upper == 0.0
