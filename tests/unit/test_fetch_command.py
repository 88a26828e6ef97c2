"""`forecast fetch` from end to end: a server on this machine, an archive on disk, and a run on what was fetched."""

import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from servers.census import KEY, CensusServer
from servers.comtrade import ComtradeServer
from typer.testing import CliRunner

from forecast.archives.growing import GrowingArchive
from forecast.cli import app
from forecast.core.errors import WriteError

ANTIMONY = ["--hs", "2825800000,811010", "--partner", "THA,MEX,CHN,BEL", "--since", "2021-01"]


@pytest.fixture
def server():
    with CensusServer() as made:
        yield made


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("FORECAST_ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setenv("CENSUS_API_KEY", KEY)
    monkeypatch.delenv("COMTRADE_API_KEY", raising=False)
    return tmp_path / "archive"


def call(*words):
    return CliRunner().invoke(app, ["fetch", *words])


def test_each_series_is_told(server):
    done = call("census", "--base-url", server.address, *ANTIMONY)
    assert done.exit_code == 0, done.output
    lines = dict(line.split("  ", 1) for line in done.stdout.splitlines())
    assert len(lines) == 20
    assert lines["USA.import.THA.antimony_oxide"].strip().startswith("69 months, 69 new, 0 revised, 0 missing, ")
    assert "1 missing (2023-05)" in lines["USA.import.MEX.antimony_oxide"]
    assert "not released (2026-10" in lines["USA.import.THA.antimony_oxide"]
    assert "[2/2] imports 811010: 690 figures" in done.stderr
    again = call("census", "--base-url", server.address, *ANTIMONY, "--quiet")
    assert again.stderr == ""
    assert all(" 0 new, 0 revised" in line for line in again.stdout.splitlines())


def test_a_revision_is_told_and_kept(server, place):
    call("census", "--base-url", server.address, *ANTIMONY)
    server.updated = "2026-12-04"
    server.revised["2825800000", "5490", "2024-02"] = 123456
    done = call("census", "--base-url", server.address, *ANTIMONY)
    revised = [line for line in done.stdout.splitlines() if " 0 revised" not in line]
    assert [line.split()[0] for line in revised] == ["USA.import.THA.antimony_oxide:usd", "USA.import.WLD.antimony_oxide:usd"]
    assert "1 revised (2024-02)" in revised[0]


def test_with_no_key_and_no_network_it_explains_itself(monkeypatch):
    monkeypatch.delenv("CENSUS_API_KEY")
    done = call("census")
    assert done.exit_code == 2
    assert "CENSUS_API_KEY is not set" in done.stderr
    assert "https://api.census.gov/data/key_signup.html" in done.stderr


def test_nobody_there_is_one_message(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    done = call("census", "--base-url", "http://127.0.0.1:9", *ANTIMONY)
    assert done.exit_code == 2
    assert "could not be asked" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["csv"], "'csv' is read by a run, not fetched"),
        (["sensus"], "no source is called 'sensus'"),
        (["census", "--reporter", "CHN"], "source 'census' has no option 'reporter'"),
        (["census", "--set", "flow"], "'flow' sets nothing"),
        (["census", "--flow", "transit"], "option 'flow' cannot be 'transit'"),
        (["census", "--since", "yesterday"], "'yesterday' is not a month"),
        (["census", "--base-url", "office"], "'office' is no address"),
        (["census", "--from-folder", "nowhere", "--hs", "2825"], "no saved answer of the US Census Bureau"),
    ],
)
def test_what_cannot_be_is_refused(words, says):
    done = call(*words)
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_saved_answers_make_the_same_archive(server, place, tmp_path, monkeypatch):
    first = call("census", "--base-url", server.address, *ANTIMONY)
    monkeypatch.delenv("CENSUS_API_KEY")
    second = call("census", *ANTIMONY, "--from-folder", str(place), "--archive", str(tmp_path / "second"))
    assert second.exit_code == 0, second.output
    assert second.stdout == first.stdout


def test_comtrade_needs_no_key(monkeypatch):
    with ComtradeServer() as server:
        done = call("comtrade", "--base-url", server.address, "--hs", "282580", "--reporter", "USA", "--since", "2025-06")
    assert done.exit_code == 0, done.output
    assert "USA.import.TWN.antimony_oxide" in done.stdout


def test_a_killed_fetch_goes_on(server, place):
    """Killed in the middle of its questions, it asks those that were answered never again, and no figure is lost or doubled."""
    words = [sys.executable, "-m", "forecast", "fetch", "census", "--base-url", server.address, *ANTIMONY]
    server.spoil("", "", "", "", "drip")
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while len(server.questions) < 5 and time.monotonic() < end:
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert len(server.questions) == 5
    done = call("census", "--base-url", server.address, *ANTIMONY)
    assert done.exit_code == 0, done.output
    assert "taken up where the fetch of" in done.stderr
    assert len(server.questions) == 5 + (1 + 2 * 6) - 4
    assert "69 months, 69 new" in done.stdout


def test_a_crash_between_two_appends_loses_no_row(server, place, monkeypatch):
    """The disk is full when the pseudo-vintages are written: the same command writes them later."""
    append, times = GrowingArchive.append, []

    def full_at_the_second(self, rows):
        times.append(len(rows))
        if len(times) == 2:
            raise WriteError("no space", where="here", hint="room")
        return append(self, rows)

    monkeypatch.setattr(GrowingArchive, "append", full_at_the_second)
    assert call("census", "--base-url", server.address, *ANTIMONY).exit_code == 2
    done = call("census", "--base-url", server.address, *ANTIMONY)
    assert done.exit_code == 0
    rows = [row for path in place.glob("parts/*.parquet") for row in pd.read_parquet(path, use_threads=False).itertuples()]
    of_one = [row.basis for row in rows if (row.series, row.period) == ("USA.import.THA.antimony_oxide", "2024-02")]
    assert sorted(of_one) == ["actual", "rule"]


CONFIG = """
name = "ban"
data = "archive"
draws = 200
default_model = "structural"

[[models]]
use = "structural"

[forecast]
series = ["USA.import.THA.antimony_oxide"]
months = 3
"""
EFFECT = """
[[effects]]
id = "{country}"
question = "What did the ban change: antimony oxide from {country}?"
event = ["sb_licensing_2024", "us_ban_2024", "enforcement_2025"]
treated = "USA.import.{country}.antimony_oxide"
from = "2025-01"
to = "2025-10"
estimand = "shortfall"
lag_months = 1
baselines = [{{ name = "the year to July 2024", from = "2023-08", to = "2024-07" }}]
estimators = ["baseline", "counterfactual"]
"""


def test_the_effect_of_the_ban_by_origin_on_what_was_fetched(server, place, tmp_path):
    """The acceptance: fetch, then a config on the archive; China's oxide stops, Thailand's and Mexico's rise (made figures)."""
    assert call("census", "--base-url", server.address, *ANTIMONY).exit_code == 0
    config = tmp_path / "ban.toml"
    config.write_text(CONFIG + "".join(EFFECT.format(country=one) for one in ("CHN", "THA", "MEX", "BEL")), "utf-8")
    done = CliRunner().invoke(app, ["run", str(config), "--out", str(tmp_path / "runs"), "--workers", "1"])
    assert done.exit_code == 0, done.output
    from forecast.core.run import Run

    run = Run(done.stdout.splitlines()[-1])
    effects = run.table("effects").set_index(["id", "estimator"])
    assert not len(run.failures)
    share = {one: effects.estimate[one, "baseline"] / effects.expected[one, "baseline"] for one in ("CHN", "THA", "MEX", "BEL")}
    assert share["CHN"] == pytest.approx(-1.0, abs=0.01)
    assert share["THA"] > 1.0
    assert share["MEX"] > 1.0
    assert 0.1 < share["BEL"] < 0.6
    assert set(effects.verdict["CHN"]) <= {"supported", "suggestive"}
