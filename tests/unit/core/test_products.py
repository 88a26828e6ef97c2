"""The concordance of products."""

import pytest

from forecast.core.archive import bundled_archive
from forecast.core.events import bundled_events
from forecast.core.products import display_unit, mineral_of, product_of, products
from forecast.core.series import SeriesKey


def test_display_units():
    assert display_unit("CHN.export.WLD.rare_earths_total") == ("t", 1000.0)
    assert display_unit("USA.import.CHN.gallium") == ("kg", 1.0)
    assert display_unit("USA.import.CHN.gallium:usd") == ("USD", 1.0)
    assert display_unit("USA.import.CHN.gallium:usd_per_kg") == ("USD/kg", 1.0)
    assert display_unit("CHN.export.WLD.never_heard_of") == ("t", 1000.0)
    assert display_unit("California") == ("", 1.0)


def test_minerals():
    assert mineral_of("antimony_oxide") == mineral_of("antimony_ore") == "antimony"
    assert mineral_of("never_heard_of") == "never_heard_of"


def test_every_bundled_series_has_its_product():
    known = set(products())
    assert {SeriesKey.parse(s).product for s in bundled_archive().series} <= known


def test_control_events_exist():
    events = bundled_events()
    named = {p.control_event for p in products().values() if p.control_event}
    assert named
    assert all(name in events for name in named)


@pytest.mark.parametrize(("product", "factor"), [("antimony_oxide", 2 * 121.760 / (2 * 121.760 + 3 * 15.999))])
def test_element_content_from_atomic_weights(product, factor):
    assert products()[product].element_factor == pytest.approx(factor, abs=5e-4)


@pytest.mark.parametrize(
    ("code", "classification", "product"),
    [
        ("2825800000", "HTS10", "antimony_oxide"),
        ("282580", "HS6", "antimony_oxide"),
        ("2825800000", "SB10", "antimony_oxide"),  # an export code: the whole subheading all the same
        ("811010", "HS6", "antimony_unwrought"),
        ("8110200000", "HTS10", "hs8110200000"),
        ("8112921000", "HTS10", "gallium"),
        ("8112921000", "SB10", "hs8112921000"),  # the number of another good in another classification
        ("811292", "HS6", "hs811292"),  # gallium, germanium and others together
        ("250410", "HS6", "hs250410"),  # flake graphite is a part of it
        ("81129210", "CN8", "germanium_unwrought"),  # two products list it: the narrower one
        ("28256000", "CN8", "hs28256000"),  # a basket lists it
        ("28", "HS2", "hs28"),
    ],
)
def test_a_code_is_a_product_only_where_it_is_the_whole_good(code, classification, product):
    assert product_of(code, classification) == product
    SeriesKey.parse(f"USA.import.CHN.{product}")
