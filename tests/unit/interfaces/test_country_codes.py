"""Countries as offices number them."""

import re

import pytest

from forecast.core.errors import ConfigError
from forecast.core.series import SeriesKey
from forecast.interfaces.country_codes import SCHEMES, check_countries, codes_of, country_of

# the Census Bureau's guide and Comtrade's reference of partners
CHECKED = {
    "schedule_c": {"5700": "CHN", "5820": "HKG", "5830": "TWN", "5880": "JPN", "5800": "KOR", "5490": "THA", "5520": "VNM",
                   "5330": "IND", "2010": "MEX", "1220": "CAN", "4231": "BEL", "4280": "DEU", "-": "WLD"},
    "m49": {"842": "USA", "699": "IND", "251": "FRA", "380": "ITA", "757": "CHE", "579": "NOR", "156": "CHN", "392": "JPN",
            "410": "KOR", "764": "THA", "484": "MEX", "490": "TWN", "97": "EU27", "0": "WLD", "8": "ALB"},
    "iso2": {"GB": "GBR", "GR": "GRC", "CN": "CHN"},
}  # fmt: skip


@pytest.mark.parametrize("scheme", SCHEMES)
def test_codes_are_those_of_the_office(scheme):
    assert {code: country_of(scheme).get(code) for code in CHECKED[scheme]} == CHECKED[scheme]


@pytest.mark.parametrize(
    ("scheme", "form"), [("schedule_c", r"[1-79]\d{3}|-"), ("m49", r"0|[1-9]\d{0,2}"), ("iso2", "[A-Z]{2}")]
)
def test_no_code_stands_for_two_countries(scheme, form):
    codes = [code for several in codes_of(scheme).values() for code in several]
    assert len(codes) == len(set(codes)) > 200
    assert all(re.fullmatch(form, code) for code in codes)
    for country in codes_of(scheme):
        SeriesKey.parse(f"USA.import.{country}.gallium")


def test_a_country_may_be_two_places_to_an_office():
    assert codes_of("schedule_c")["PSE"] == ("5082", "5083")


def test_an_unknown_country_names_the_nearest():
    with pytest.raises(ConfigError, match="'CHI'") as caught:
        check_countries("m49", ["CHN", "CHI"], "partner")
    assert "CH" in caught.value.hint
