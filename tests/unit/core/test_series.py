"""Parsing and spelling of series keys."""

import pytest

from forecast.core.errors import DataError
from forecast.core.series import SeriesKey, countries


@pytest.mark.parametrize(
    "text",
    [
        "CHN.export.WLD.re_magnets",
        "USA.import.CHN.gallium",
        "CHN.export.EU27.rare_earths_total:usd",
        "USA.import.WLD.gallium:usd_per_kg",
    ],
)
def test_spelling_both_ways(text):
    assert str(SeriesKey.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CHN.export.WLD",
        "chn.export.WLD.x",
        "CHN.exports.WLD.x",
        "CHN.export.US.x",
        "CHN.export.WLD.x:eur",
        "CHN.export.WLD.X ",
    ],
)
def test_other_spellings_are_refused(text):
    with pytest.raises(DataError, match="does not spell a series"):
        SeriesKey.parse(text)
    assert SeriesKey.maybe(text) is None


def test_origin_destination_and_basis():
    out, back, total = map(SeriesKey.parse, ("CHN.export.USA.x", "USA.import.CHN.x", "USA.import.WLD.x"))
    assert (out.origin, out.destination) == (back.origin, back.destination) == ("CHN", "USA")
    assert (out.basis, back.basis, total.basis) == ("export", "import_origin", "import_total")
    assert (total.origin, total.destination) == ("WLD", "USA")


def test_units():
    assert [SeriesKey.parse("USA.import.WLD.x" + m).unit for m in ("", ":usd", ":usd_per_kg")] == ["kg", "USD", "USD/kg"]


def test_groups_name_their_members():
    assert len(countries("EU27")) == 27
    assert countries("THA_MEX") == {"THA", "MEX"}
    # the publisher does not say who belongs to 'Europe', and the world is not a list
    assert countries("EUR_REGION") == {"EUR_REGION"}
    assert countries("WLD") == {"WLD"}
