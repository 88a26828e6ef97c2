"""Zero, missing, suppressed, provisional and not released, told apart from each connector to the page."""

import contextlib
import re

import pandas as pd
import pytest
from servers.census import KEY as CENSUS_KEY, CensusServer
from servers.comext import ComextServer
from servers.comtrade import ComtradeServer

import forecast as fc
from forecast.core import registry
from forecast.core.archive import Archive
from forecast.interfaces.client import Client, Patience
from forecast.interfaces.raw_answers import RawAnswers
from sources.china_pages import GOODS, JANUARY_FEBRUARY, page

CONFIG = """
name = "kinds"
title = "Kinds of nothing"
as_of = "{day}"
draws = 200
[data]
{data}
[[models]]
use = "mean12"
[forecast]
series = [{series}]
months = 2
"""


def page_of(folder, data, series, day):
    """The report of a small run, as one line of text, and the run's folder."""
    named = ", ".join(f'"{one}"' for one in series)
    path = folder / "kinds.toml"
    path.write_text(CONFIG.format(data=data, series=named, day=day), "utf-8")
    run = fc.run(path, folder / "runs", progress=False)
    return " ".join((run.folder / "report.md").read_text("utf-8").split()), run.folder


def statuses(folder):
    table = pd.read_parquet(folder / "observations.parquet", use_threads=False)
    return dict(zip(zip(table.series, table.period, strict=True), table.status, strict=True))


def china_files(folder):
    """A query file by month with a zero, a weight that is not there and a mark; and preliminary pages of rare earths."""
    folder.mkdir()
    lines = ["数据年月,商品编码,贸易伙伴编码,第一数量,第一计量单位,美元"]
    for i in range(24):
        month = f"{2024 + i // 12}{i % 12 + 1:02d}"
        lines.append(f"{month},28258000,116,{900 + i},千克,{9000 + i}")
        weight = {5: "", 18: "*"}.get(i, 400 + 7 * i)
        if i != 20:
            lines.append(f"{month},28258000,502,{weight},千克,{4000 + i}")
    (folder / "oxide 2026-01-25.csv").write_bytes("\n".join(lines).encode("gb18030"))
    for year in (2024, 2025):
        for month in range(2, 13):
            goods = [
                ("Rare earth", "Ton", 400.0 + month, 2.0, 500.0 * month, 20.0 * month, 480.0 * month, 19.0 * month),
                *GOODS[:2],
            ]
            total = f"1-{month} Total"
            shape = {
                "title": f"(5) China's Major Exports by Quantity and Value, {year}-{month}".replace(
                    f"{year}-{month}", f"{month}.{year}"
                ),
                "groups": (str(month), total, f"{total}, {year - 1}", f"{total}, Year-On-Year(%)"),
            }
            if month == 2:
                shape = JANUARY_FEBRUARY | {
                    "title": f"(5) China's Major Exports by Quantity and Value, January-February {year} (in CNY)",
                    "groups": ("1-2 Total", f"1-2 Total, {year - 1}", "1-2 Total, Year-On-Year(%)"),
                }
            text = page(**shape | {"goods": goods, "stamp": ""})
            (folder / f"{year}-{month:02d}.html").write_text(text, "utf-8")


def test_from_chinas_customs_to_the_page(tmp_path):
    china_files(tmp_path / "saved")
    oxide, rare = "CHN.export.USA.antimony_oxide", "CHN.export.WLD.rare_earths_total"
    data = 'use = "china_customs"\npath = "saved"\nflow = "export"\nmarks = { "*" = "suppressed" }'
    text, folder = page_of(tmp_path, data, [oxide, rare], "2026-02-10")
    told = "20 provisional, 1 true zero, 16 only inside a sum, 1 missing, 1 suppressed, 24 not in the data, 3 not released yet"
    assert told in text
    seen = statuses(folder)
    assert seen[oxide, "2025-09"] == "zero"
    assert seen[oxide, "2024-06"] == "missing"
    assert seen[oxide, "2025-07"] == "suppressed"
    assert seen[rare, "2025-12"] == "provisional"
    assert (oxide, "2026-01") not in seen


def fetched(server, folder, spec, since, monkeypatch):
    """What a live source has, set in place of the bundled figures; and the months that it says are not out."""
    source = registry.build("source", spec)
    patience = Patience(sleep=lambda seconds: None)
    client = Client(source.service, RawAnswers(folder, spec["use"]), address=server.address, patience=patience)
    with contextlib.closing(client):
        parts = list(source.fetch(since, client))
    archive = Archive.of([row for part in parts for row in (*part.rows, *part.guesses)])
    monkeypatch.setattr("forecast.sources.published.bundled_archive", lambda: archive)
    return [pair for part in parts for pair in part.not_released]


def test_from_comext_to_the_page(tmp_path, monkeypatch):
    china, vietnam = "DEU.import.CHN.antimony_oxide", "DEU.import.VNM.antimony_oxide"
    with ComextServer() as server:
        server.weights["DE", "CN", "28258000", "2024-05"] = None
        server.weights["DE", "CN", "28258000", "2025-07"] = ""
        server.flags["DE", "CN", "28258000", "2025-07"] = "c"
        server.flags["DE", "CN", "28258000", "2025-12"] = "p"
        spec = {"use": "comext", "hs": ["28258000"], "reporter": ["DEU"]}
        not_released = fetched(server, tmp_path, spec, "2024-01", monkeypatch)
    text, folder = page_of(tmp_path, 'use = "published"', [china, vietnam], "2026-02-17")
    assert "92 monthly figures, 1 provisional, 1 true zero, 1 missing, 1 suppressed, 4 not released yet" in text
    seen = statuses(folder)
    assert seen[vietnam, "2024-03"] == "zero"
    assert seen[china, "2024-05"] == "missing"
    assert seen[china, "2025-07"] == "suppressed"
    assert seen[china, "2025-12"] == "provisional"
    assert (china, "2026-01") in not_released


def test_from_the_census_bureau_to_the_page(tmp_path, monkeypatch):
    """It suppresses no figure of these codes, and marks none as provisional."""
    monkeypatch.setenv("CENSUS_API_KEY", CENSUS_KEY)
    mexico, france, china = (f"USA.import.{country}.antimony_oxide" for country in ("MEX", "FRA", "CHN"))
    with CensusServer() as server:
        spec = {"use": "census", "hs": ["2825800000"], "partner": ["MEX", "FRA", "CHN"]}
        not_released = fetched(server, tmp_path, spec, "2021-01", monkeypatch)
    text, folder = page_of(tmp_path, 'use = "published"', [mexico, france, china], "2026-11-06")
    assert re.search(r"\d monthly figures, \d+ true zeros?, 2 missing, \d not released yet", text)
    seen = statuses(folder)
    assert seen[china, "2025-03"] == "zero"
    assert seen[france, "2023-06"] == seen[mexico, "2023-05"] == "missing"
    assert {*seen.values()} == {"value", "zero", "missing"}
    assert (mexico, "2026-10") in not_released


def test_from_comtrade_to_the_page(tmp_path, monkeypatch):
    """What a country keeps back has no row there: missing, since the partners do not reach the world."""
    monkeypatch.delenv("COMTRADE_API_KEY", raising=False)
    thailand, japan = "USA.import.THA.antimony_oxide", "USA.import.JPN.antimony_oxide"
    with ComtradeServer() as server:
        server.no_world = {("282580", "202405")}
        server.untraded = {("282580", "202405", 764), ("282580", "202406", 764)}
        spec = {"use": "comtrade", "hs": ["282580"], "reporter": ["USA"], "partner": ["THA", "JPN"]}
        not_released = fetched(server, tmp_path, spec, "2024-01", monkeypatch)
    text, folder = page_of(tmp_path, 'use = "published"', [thailand, japan], "2026-03-11")
    assert re.search(r"\d monthly figures, 1 provisional, 1 true zero, 2 missing, .*3 not released yet", text)
    seen = statuses(folder)
    assert seen[thailand, "2024-06"] == "zero"
    assert seen[thailand, "2024-05"] == "missing"
    assert seen[japan, "2024-05"] == "provisional"
    assert (thailand, "2026-01") in not_released


@pytest.fixture(autouse=True)
def _no_old_answers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
