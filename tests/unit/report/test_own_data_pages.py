"""A run on own figures says nothing of the bundled ones: no office, no country, no measure that is not the user's."""

import html
import re

import pytest

import forecast as fc
from forecast.report.compose import compose
from forecast.report.credits import credit, sources
from forecast.report.numbers import country_name, flow_name, number_in_words
from forecast.report.renderers.html import render
from forecast.report.run_data import RunData

FOREIGN = (
    "China", "Chinese", "US", "USA", "United States", "American", "Census", "tariff", "tariffs", "New Year", "GACC", "MOFCOM",
    "customs", "Reuters", "antimony", "gallium", "germanium", "magnet", "magnets", "rare earths", "rare-earth", "bundle",
    "not bundled", "suspension", "Twelve months", "CHN",
)  # fmt: skip
COBALT, SALT = "COD.export.WLD.cobalt", "COD.export.JPN.salt"
OWN = f"""
name = "own"
draws = 100
events = "events.toml"
{{word}}

[data]
use = "csv"
path = "figures.csv"
series = "series"
unit = "t"
publisher = "Direction des Mines"

[[models]]
use = "mean12"

[[models]]
use = "structural"

[[backtest]]
name = "exports"
series = ["{COBALT}"]
first = "2025-06"
every = "quarter"
horizons = [1]

[forecast]
series = ["{COBALT}", "{SALT}"]
months = 6

[[nowcast]]
name = "the month that is over"
series = ["{COBALT}"]
models = ["structural", "mean12"]

[[effects]]
id = "1"
question = "What did the ban stop?"
event = "cobalt_stop"
treated = "{COBALT}"
to = "2025-06"
estimators = ["counterfactual", "baseline"]

[[effects]]
id = "2"
question = "A good of which nothing is known"
event = "cobalt_stop"
treated = "COD.export.KAZ.cobalt"
to = "2025-06"

[[expiry]]
series = ["{COBALT}"]

[[expiry.regimes]]
name = "the ban goes on"
from = "2025-03"
to = "2025-12"
text = "if the ban goes on, then months like these"

[scenario_forecast]
series = ["{COBALT}"]
months = 3
model = "regimes"

[[scenarios]]
name = "the ban goes on"

[[scenarios]]
name = "the ban ends"
ends = {{{{ cobalt_stop = "2026-06-01" }}}}
"""
EVENTS = """
[[event]]
id = "cobalt_stop"
title = "The Congo stops exports of cobalt"
announced = 2025-02-22
effective = 2025-02-22
imposed_by = ["COD"]
products = ["cobalt"]
instrument = "ban"
role = "default"
"""
BUNDLED = """
name = "bundled"
draws = 100

[[models]]
use = "mean12"

[forecast]
series = ["CHN.export.WLD.rare_earths_total", "USA.import.WLD.gallium"]

[[effects]]
id = "1"
question = "What did the licences stop?"
event = "re_licensing_2025"
treated = "CHN.export.WLD.re_magnets"
to = "2025-06"
"""


def figures():
    """Seven years of exports of the Congo with a stop, and of another good that no event touches."""
    months = [f"{year}-{month:02d}" for year in range(2019, 2026) for month in range(1, 13)]
    lines = ["period,series,value"]
    for i, month in enumerate(months):
        stopped = 0.1 if month > "2025-02" else 1.0
        lines += [f"{month},{COBALT.replace('WLD', 'JPN')},{stopped * 2000:.0f}"] if i % 3 else []
        lines += [f"{month},{COBALT.replace('WLD', 'FIN')},{stopped * 3000:.0f}"]
        lines += [f"{month},{COBALT},{stopped * (9000 + 40 * i + 37 * i % 11 * 50):.0f}", f"{month},{SALT},{500 + 13 * i % 7}"]
    return "\n".join(lines) + "\n"


def run(folder, config):
    (folder / "figures.csv").write_text(figures(), "utf-8")
    (folder / "events.toml").write_text(EVENTS, "utf-8")
    (folder / "config.toml").write_text(config, "utf-8")
    return fc.run(folder / "config.toml", out=folder / "runs")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return run(tmp_path_factory.mktemp("own"), OWN.format(word=""))


@pytest.fixture(scope="module")
def bundled(tmp_path_factory):
    return run(tmp_path_factory.mktemp("bundled"), BUNDLED)


def pages(made):
    """The words of both pages, figures' titles and texts to read aloud included; markup and numbers left out."""
    page = (made.folder / "report.html").read_text("utf-8")
    page = re.sub(r"<style>.*?</style>|data:image/[^\"]+", " ", page, flags=re.DOTALL)
    said = re.findall(r'(?:alt|aria-label|title)="([^"]*)"', page)
    shown = html.unescape(re.sub(r"<[^>]+>", " ", page) + " " + " ".join(said))
    return f"{shown} {(made.folder / 'report.md').read_text('utf-8')}".replace("\u00a0", " ")


def foreign(text):
    """Words of the bundled data in a text; the one finding that speaks of the bundled calendar does so by that name."""
    text = text.replace("of the bundled calendar that bear on these series", "")
    return [word for word in FOREIGN if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)]


def test_pages_of_own_figures_name_nothing_of_the_bundle(own):
    assert foreign(pages(own)) == []


def test_the_words_stand_on_the_pages_of_bundled_figures(bundled):
    found = foreign(pages(bundled))
    assert set(found) >= {
        "China",
        "US",
        "Census",
        "tariffs",
        "New Year",
        "GACC",
        "customs",
        "magnets",
        "not bundled",
        "Twelve months",
    }


def test_own_figures_are_credited_to_their_publisher(own):
    text = (own.folder / "report.md").read_text("utf-8")
    assert "source: Direction des Mines · asked: shortfall" in text
    assert "\nSources: Direction des Mines.\n" in text
    assert "Sources: Direction des Mines; own calculation." in text
    assert "Sources: Direction des Mines; own work." in text
    assert "which one holds is a decision, not a draw. Source: Direction des Mines." in text
    assert "*Six months ahead.*" in text
    assert "Six months from each series' own last published month" in text
    assert "no figure of this is in the data" in text


def test_own_partners_are_divided(own):
    text = (own.folder / "report.md").read_text("utf-8").replace("\u00a0", " ")
    chapter = text.partition("\n## Who was served\n")[2].partition("\n## ")[0]
    assert "**Cobalt, Democratic Republic of the Congo to world.** In Dec 2025, the latest of the months" in chapter
    assert "went to Finland" in chapter
    assert "a month that is without a figure is a gap" in chapter
    table = own.destinations
    shares = table[table.measure == "share"]
    assert (shares.groupby("month").value.sum() - 1).abs().max() <= 1e-12
    gap = table[
        (table["product"] == "cobalt") & (table.measure == "volume") & (table.partner == "JPN") & (table.month == "2025-01")
    ]
    assert gap.value.isna().all()
    assert gap.lo.eq(0).all()
    assert len(gap) == 1


def test_own_countries_have_names(own):
    text = (own.folder / "report.md").read_text("utf-8")
    assert "Cobalt: Democratic Republic of the Congo to world" in text
    assert "Salt: Democratic Republic of the Congo to Japan" in text
    assert "COD to" not in text


def test_the_event_calendar_holds_the_own_event_once(own):
    text = (own.folder / "report.md").read_text("utf-8")
    assert "Event calendar: 1 events, 1 of them in the default calendar" in text
    assert text.count("| The Congo stops exports of cobalt |") == 1
    assert re.search(r"Left out: \d+ events of the bundled calendar that bear on these series, .*calendar = \"both\"", text)


def test_a_calendar_of_both_is_printed_whole_and_the_twin_is_told(tmp_path):
    made = run(tmp_path, OWN.format(word='calendar = "both"'))
    text = (made.folder / "report.md").read_text("utf-8")
    assert int(re.search(r"Event calendar: (\d+) events", text)[1]) > 50
    assert "'cobalt_stop' and the bundled 'cod_cobalt_ban_2025' begin in one month" in text
    assert "China's customs" not in text
    assert "Left out: " not in text


def test_countries_without_a_name_keep_their_code():
    assert country_name("XYZ") == "XYZ"
    assert [country_name(c) for c in ("CHN", "USA", "WLD", "CHL", "COD")] == [
        "China", "US", "world", "Chile", "Democratic Republic of the Congo",
    ]  # fmt: skip
    assert flow_name("PER.import.CHL.salt") == "Peru imports of Chile origin"
    assert flow_name(COBALT, most=30) == "COD to world"
    assert flow_name(COBALT, most=41) == "Democratic Republic of the Congo to world"
    assert (number_in_words(6), number_in_words(12), number_in_words(13)) == ("six", "twelve", "13")


class Told:
    """What a run says of its source and its publishers."""

    def __init__(self, data, **publishers):
        self.config, self._tables = {"data": data}, {}
        self.publishers = {series.replace("_", "."): names for series, names in publishers.items()}

    _source, bundled, is_own = RunData._source, RunData.bundled, RunData.is_own


JOINED = {"use": "csv", "join": True, "publisher": "Mine"}


@pytest.mark.parametrize(
    ("data", "publishers", "expected"),
    [
        ({"use": "published"}, ("Reuters (GACC)",), ["China's customs"]),
        ({}, ("Reuters (GACC)",), ["China's customs"]),
        ({"use": "published"}, (), ["China's customs"]),
        ({"use": "csv", "publisher": "Mine"}, ("Mine",), ["Mine"]),
        ({"use": "csv", "publisher": "Mine"}, (), []),
        ({"use": "other"}, ("A", "B"), ["A", "B"]),
        (JOINED, ("Reuters (GACC)",), ["China's customs"]),
        (JOINED, ("Reuters (GACC)", "Mine"), ["China's customs", "Mine"]),
        (JOINED, ("Mine",), ["Mine"]),
        ({"use": "csv", "join": True}, ("own data",), ["own data"]),
    ],
)
def test_who_is_credited(data, publishers, expected):
    run_data = Told(data, CHN_export_WLD_salt=publishers)
    assert sources(run_data, ["CHN.export.WLD.salt"], "asked") == expected


def test_many_publishers_are_counted():
    data = Told({"use": "other"}, **{f"CHL_export_WLD_s{i}": (f"P{i}",) for i in range(6)})
    names = list(data.publishers)
    assert credit(data, names, "figure") == "Sources: P0; P1; P2; 3 more publishers listed under Data."
    assert credit(data, ["+".join(names[:2])], "figure") == "Sources: P0; P1."
    assert credit(data, names[:1], "figure") == "Source: P0."
    assert credit(data, ["CHL.export.WLD.none"], "figure") == ""
    assert credit(data, ["CHL.export.WLD.none"], "figure", "own work") == "Source: own work."


def test_other_bundled_flows_are_credited_to_their_publishers():
    data = Told({"use": "published"}, KOR_import_CHN_salt=("KITA",), CHN_import_WLD_salt=("Argus (GACC)",))
    assert sources(data, ["KOR.import.CHN.salt", "CHN.import.WLD.salt"], "figure") == [
        "China's customs through the publishers listed under Data", "KITA",
    ]  # fmt: skip


def test_chapters_of_the_bundle_are_not_drawn_from_own_figures(tmp_path):
    series = ("CHN.export.WLD.re_magnets", "CHN.export.WLD.antimony_products_reuters", "USA.import.WLD.gallium")
    months = [f"{year}-{month:02d}" for year in (2023, 2024) for month in range(1, 13)]
    lines = ["period,series,value", *(f"{m},{s},{100 + i}" for s in series for i, m in enumerate(months))]
    config = 'name = "x"\ndraws = 100\n[data]\nuse = "csv"\npath = "own.csv"\nseries = "series"\n[[models]]\nuse = "mean12"\n'
    (tmp_path / "own.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (tmp_path / "own.toml").write_text(config + f"[forecast]\nseries = {list(series)}\nmonths = 1\n", "utf-8")
    made = fc.run(tmp_path / "own.toml", out=tmp_path / "runs")
    text = render(compose(made))
    assert "One month ahead" in text
    for words in ('id="magnets"', 'id="origins"', 'id="antimony"', "Census", "customs"):
        assert words not in text, words
    assert "February of China" in text  # their own flow out of China, to which models apply the New Year


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"use": "csv", "join": True}, ("data", "not in the data", "without a figure")),
        ({"use": "archive"}, ("data", "not in the data", "without a figure")),
        ({}, ("bundle", "not bundled", "without a bundled figure")),
    ],
)
def test_months_of_ones_own_series_are_not_called_bundled_beside_bundled_ones(own, monkeypatch, source, words):
    data = RunData(own)
    monkeypatch.setattr(RunData, "_source", source)
    assert (data.held, data.unheld, data.unknown) == words
