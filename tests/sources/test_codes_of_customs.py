"""Codes of goods and numbers of partners, as China's customs and Comext have them."""

import pytest

from forecast.core.bundled_data import bundled_rows
from forecast.core.products import codes_of_products, product_of, products
from forecast.sources.comext.answers import country


def test_partners_of_chinas_customs_are_countries_and_each_name_is_one_partner():
    rows = bundled_rows("china_partners.csv")
    known = {row["code"] for row in bundled_rows("countries.csv")}
    named = [row["country"] for row in rows if row["country"]]
    names = [name for row in rows for name in row["names"].split("|")]
    assert set(named) <= known
    assert len(set(named)) == len(named) > 200
    assert len(set(names)) == len(names)
    assert len({row["code"] for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("code", "country"),
    [("502", "USA"), ("116", "JPN"), ("133", "KOR"), ("110", "HKG"), ("143", "TWN"), ("304", "DEU"), ("141", "VNM"),
     ("136", "THA"), ("429", "MEX"), ("301", "BEL"), ("344", "RUS"), ("109", "PRK")],
)  # fmt: skip
def test_partners_that_matter(code, country):
    assert next(row["country"] for row in bundled_rows("china_partners.csv") if row["code"] == code) == country


def test_chinas_products_by_their_codes():
    """Gallium and germanium the right way round; of two goods with one code one; no publisher's basket."""
    codes = codes_of_products("CN8")
    assert codes["antimony_oxide"] == ("28258000",)
    assert codes["gallium"] == ("81129290", "81129990")
    assert codes["germanium_unwrought"] == ("81129210",)
    assert len(set(codes.values())) == len(codes)
    assert not {name for name in codes if products()[name].form == "basket"}


@pytest.mark.parametrize(
    ("code", "product"),
    [("28258000", "antimony_oxide"), ("81101000", "antimony_unwrought"), ("26171000", "antimony_ore"),
     ("81129289", "gallium_unwrought"), ("81129295", "germanium_unwrought"), ("81129281", "indium"), ("85051110", "re_magnets"),
     ("85051100", "permanent_magnets"), ("2846", "rare_earth_compounds"), ("280530", "rare_earth_metals"),
     ("81129290", "hs81129290"), ("81129210", "hs81129210"), ("25041000", "hs25041000")],
)  # fmt: skip
def test_codes_of_the_unions_nomenclature_are_not_chinas(code, product):
    assert product_of(code, "EU8") == product


@pytest.mark.parametrize(
    ("code", "name"),
    [("GR", "GRC"), ("EL", "GRC"), ("XU", "GBR"), ("GB", "GBR"), ("XS", "SRB"), ("EU27_2020", "EU27"), ("QZ", None),
     ("XI", None), ("WORLD", None)],
)  # fmt: skip
def test_codes_of_countries_in_comext(code, name):
    assert country(code) == name
