"""Commands that would fill a series: run as they stand, they bring that series, and the total that always comes with it."""

import re
import shlex

import pytest
from servers.census import GOODS, KEY, CensusServer
from servers.comext import ComextServer
from servers.comtrade import ComtradeServer
from typer.testing import CliRunner

import forecast as fc
from forecast.cli import app
from forecast.core.fetch_commands import code_at, way_to, what_would_fill
from forecast.core.products import product_of, products
from forecast.core.series import SeriesKey

SERVED = [
    ("USA.import.CHN.gallium", "forecast fetch census --hs 8112921000 --partner CHN"),
    ("USA.import.THA.antimony_oxide", "forecast fetch census --hs 2825800000 --partner THA"),
    ("USA.import.CHN.antimony_unwrought", "forecast fetch census --hs 8110100000 --partner CHN"),
    ("USA.import.CHN.hs8505110070", "forecast fetch census --hs 8505110070 --partner CHN"),
    ("USA.export.CHN.antimony_oxide", "forecast fetch census --hs 2825800000 --partner CHN --flow export"),
    ("CHN.export.USA.antimony_oxide", "forecast fetch comtrade --hs 282580 --reporter CHN --partner USA --flow export"),
    ("THA.import.CHN.antimony_unwrought", "forecast fetch comtrade --hs 811010 --reporter THA --partner CHN"),
    ("DEU.import.CHN.antimony_oxide", "forecast fetch comext --hs 28258000 --reporter DEU --partner CHN"),
    ("EU27.import.WLD.antimony_oxide", "forecast fetch comext --hs 28258000 --reporter EU27"),
]
ALONE_NOWHERE = [
    ("USA.import.CHN.re_magnets", "the US Census Bureau has it under no code of its own that is known here"),
    ("USA.export.CHN.gallium", "the US Census Bureau has it under no code of its own that is known here"),  # an import's code
    ("USA.import.CHN.hs811010", "the US Census Bureau has it under no code of its own that is known here"),  # a basket there
    ("THA.export.USA.gallium", "UN Comtrade has it under no code of its own that is known here"),  # 811292 holds other metals
    ("CHN.export.USA.rare_earth_compounds", "UN Comtrade has it under no code"),  # a heading, which no page lists
    ("CHN.export.EU27.antimony_oxide", "UN Comtrade has no figures of EU27"),  # asked for, it would be written down as zero
    ("USA.import.EU27.antimony_oxide", "the US Census Bureau has no figures of EU27"),
    ("CHN.export.USA.antimony_products_reuters", "UN Comtrade has it under no code of its own that is known here"),
]
PAGES = [
    ("CHN.export.USA.germanium_unwrought", "pages of China's customs saved by hand, code 81129210"),
    ("CHN.export.USA.germanium", "pages of China's customs saved by hand, codes 81129210 and 81129910"),  # a sum of two
]


@pytest.fixture(scope="module")
def offices():
    with CensusServer() as census, ComtradeServer(key="") as comtrade, ComextServer() as comext:
        yield {"census": census.address, "comtrade": comtrade.address, "comext": comext.address}


@pytest.mark.parametrize(("series", "command"), SERVED)
def test_the_command_brings_exactly_the_series(series, command, offices, tmp_path, monkeypatch):
    monkeypatch.setenv("FORECAST_ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setenv("CENSUS_API_KEY", KEY)
    monkeypatch.delenv("COMTRADE_API_KEY", raising=False)
    assert way_to(series) == f" ({command})"
    assert what_would_fill(series) == f"{series} ({command})"
    _, *words = shlex.split(command)
    done = CliRunner().invoke(app, [*words, "--base-url", offices[words[1]], "--since", "2025-10"])
    assert done.exit_code == 0, done.output
    key = SeriesKey.parse(series)
    held = {one for one in fc.load_archive(tmp_path / "archive").series if not one.endswith(":usd")}
    assert series in held
    assert {SeriesKey.parse(one).product for one in held} == {key.product}
    assert {SeriesKey.parse(one).partner for one in held} <= {key.partner, "WLD"} or key.partner == "WLD"


@pytest.mark.parametrize(("series", "told"), ALONE_NOWHERE + PAGES)
def test_no_command_brings_more_or_less_than_the_series(series, told):
    assert told in way_to(series)
    assert "fetch" not in way_to(series)


def test_a_rest_is_filled_by_the_total():
    assert what_would_fill("USA.import.OTHERS.gallium") == "USA.import.WLD.gallium (forecast fetch census --hs 8112921000)"
    assert what_would_fill("a name of one's own") == "a name of one's own"


@pytest.mark.parametrize(
    ("source", "kind", "flow"), [("census", "HTS10", "import"), ("comext", "EU8", "import"), ("comtrade", "HS6", "export")]
)
def test_a_code_is_that_of_its_good_alone(source, kind, flow):
    for product, known in products().items():
        code = code_at(product, source, flow)
        assert not code or product_of(code, kind) == product
        assert len(re.findall(rf"{kind}:", known.hs_codes)) < 2 or not code
    assert set(GOODS) >= {code_at("gallium", "census", "import")}
