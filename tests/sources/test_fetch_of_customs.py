"""`forecast fetch china_customs FILES` and `forecast fetch comext` into an archive on disk."""

import datetime as dt
import os

import pytest
from servers.comext import ComextServer
from typer.testing import CliRunner

from forecast.cli import app
from forecast.interfaces.client import Client
from sources.china_pages import BULLETIN, page
from sources.test_china_query_files import HEADER, ROWS, save

OXIDE, RARE = "CHN.export.USA.antimony_oxide", "CHN.export.WLD.rare_earths_total"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("FORECAST_ARCHIVE", str(tmp_path / "archive"))
    return tmp_path / "archive"


def call(*words):
    done = CliRunner().invoke(app, ["fetch", *map(str, words)])
    return done, dict(line.split("  ", 1) for line in done.stdout.splitlines() if "  " in line)


def parts_of(folder):
    import pandas as pd

    return pd.concat([pd.read_parquet(part, use_threads=False) for part in sorted((folder / "parts").glob("*.parquet"))])


def test_files_of_chinas_customs(tmp_path, place, monkeypatch):
    monkeypatch.setattr(Client, "today", dt.date(2024, 10, 12))
    query = save(tmp_path, HEADER, *ROWS, name="oxide 2024-09-12.csv")
    flash, bulletin = tmp_path / "flash.html", tmp_path / "bulletin.html"
    flash.write_text(page(), "utf-8")
    bulletin.write_text(page(**BULLETIN), "utf-8")
    done, lines = call("china_customs", query, flash, bulletin, "--flow", "export", "--since", "2024-01")
    assert done.exit_code == 0, done.output
    assert lines[OXIDE].strip() == "3 months, 3 new, 0 revised, 0 missing, 1 not released (2024-09)"
    assert "6 goods of the page are no product here" in done.stderr
    held = parts_of(place)
    july = held[(held.series == OXIDE) & (held.period == "2024-07")]
    assert list(july.status) == ["zero"]
    assert set(held[held.series == RARE].stage) == {"flash", "bulletin"}
    kept = (place / "raw" / "china_customs.jsonl").read_text("utf-8")
    assert kept.count("\n") == 3, "each file is kept"
    _, lines = call("china_customs", query, flash, bulletin, "--flow", "export", "--since", "2024-01")
    assert all(" 0 new, 0 revised" in line for line in lines.values())


def test_a_later_file_that_differs_is_a_revision(tmp_path, place):
    call("china_customs", save(tmp_path, HEADER, *ROWS, name="oxide 2024-09-25.csv"), "--flow", "export")
    changed = [row.replace("1,500", "1,450") for row in ROWS]
    _, lines = call("china_customs", save(tmp_path, HEADER, *changed, name="oxide 2025-01-22.csv"), "--flow", "export")
    assert "1 revised (2024-06)" in lines[OXIDE]
    assert "0 revised" in lines["CHN.export.JPN.antimony_oxide"]
    held = parts_of(place)
    june = held[(held.series == OXIDE) & (held.period == "2024-06")].sort_values("released")
    assert list(june.released)[-1] == "2025-01-22"
    assert list(june.value)[-1] == 1450.0


def test_a_file_that_names_no_day_is_of_the_day_of_its_last_change(tmp_path, place):
    path = save(tmp_path, HEADER, *ROWS)
    os.utime(path, (1_767_225_600, 1_767_225_600))  # 1 January 2026, UTC
    call("china_customs", path, "--flow", "export")
    held = parts_of(place)
    assert set(held[held.series == OXIDE].released) == {"2026-01-01", "2024-07-20", "2024-08-20", "2024-09-20"}


def test_without_files_it_says_what_to_save():
    done, _ = call("china_customs")
    assert done.exit_code == 2
    assert "read from saved files" in done.stderr or "files saved by hand" in done.stderr


def test_comext_into_the_archive_and_a_revision_of_it(place):
    words = ["--hs", "28258000", "--reporter", "DEU", "--partner", "CHN,VNM", "--since", "2024-01"]
    china = "DEU.import.CHN.antimony_oxide"
    with ComextServer() as server:
        done, lines = call("comext", "--base-url", server.address, *words)
        assert done.exit_code == 0, done.output
        assert lines[china].strip().startswith("24 months, 24 new, 0 revised, 0 missing, ")
        assert "not released (2026-01" in lines[china]
        server.updated = "16/04/26 11:00:00"
        server.figures["DE", "CN", "28258000", "2025-06"] = (12_345.0, 91_000.0)
        _, lines = call("comext", "--base-url", server.address, *words)
    assert "1 revised (2025-06)" in lines[china]
    replayed, lines = call("comext", "--from-folder", place, *words)
    assert replayed.exit_code == 0, replayed.output
    assert " 0 new, 0 revised" in lines[china]


def test_comext_says_what_it_needs():
    done, _ = call("comext")
    assert done.exit_code == 2
    assert "--hs 28258000" in done.stderr
