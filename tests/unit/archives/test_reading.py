"""An archive as data: in Python, in a config, joined to the bundled figures, and printed by `forecast archive`."""

import datetime as dt

import pytest
from typer.testing import CliRunner

import forecast as fc
from forecast.archives.growing import GrowingArchive
from forecast.archives.part_figures import OpenPart
from forecast.archives.reading import open_archive
from forecast.cli import app
from forecast.core import months
from forecast.core.archive import bundled_archive
from forecast.core.archive_table import ArchiveRow
from forecast.core.errors import ConfigError, DataError
from forecast.core.registry import build
from forecast.study.data.audit import audit
from forecast.study.data.real_time import RealTimeView
from forecast.study.evaluate.truth import vintage_kind
from forecast.study.evaluate.vintage_counts import figures_of, figures_stood_on

MEXICO, CHINA = "USA.import.MEX.antimony_oxide", "USA.import.CHN.antimony_oxide"


def row(series, period, value, released, basis="actual"):
    return ArchiveRow(series, period, value, released=released, basis=basis, publisher="US Census Bureau")


@pytest.fixture
def folder(tmp_path):
    """Three years of two origins, the first two dated by a rule; of each real month one revision."""
    rows = []
    for series, level in ((MEXICO, 100.0), (CHINA, 300.0)):
        for month in range(months.ordinal("2023-01"), months.ordinal("2026-01")):
            day = months.last_day(month) + dt.timedelta(days=35)
            real = month >= months.ordinal("2025-01")
            value = level + month % 12
            rows.append(row(series, months.label(month), value, day.isoformat(), "actual" if real else "rule"))
            if real:
                rows.append(row(series, months.label(month), value + 1, (day + dt.timedelta(days=30)).isoformat()))
    GrowingArchive(tmp_path / "archive").append(rows)
    return tmp_path / "archive"


def test_it_is_loaded_by_its_folder(folder):
    archive = fc.load_archive(folder)
    assert archive.series == (CHINA, MEXICO)
    assert archive.latest.observed(MEXICO).count == 36
    assert "us_ban_2024" in archive.events


def test_a_series_is_read_without_the_others(folder, monkeypatch):
    read = []
    rows = OpenPart.rows
    monkeypatch.setattr(OpenPart, "rows", lambda part, start, end: read.append(end - start) or rows(part, start, end))
    vintage = open_archive(folder).as_of("2026-04-01")
    assert vintage.series == (CHINA, MEXICO)
    assert read == []
    vintage.hide(CHINA, months.ordinal("2025-01")).hide("*", months.ordinal("2025-06")).observed(MEXICO)
    assert len(read) == 2, "the hole in China's figures and the figures of Mexico"
    vintage.only([MEXICO]).observed(MEXICO)
    assert len(read) == 2


def test_real_and_pseudo_figures_are_counted(folder):
    archive = open_archive(folder)
    assert vintage_kind(archive.as_of("2025-01-10"), MEXICO) == "pseudo"
    assert vintage_kind(archive.as_of("2025-04-10"), MEXICO) == "real"
    assert figures_of(archive.as_of("2025-04-10")) == {"real": 4, "pseudo": 48}
    days = [dt.date(2025, 3, 8), dt.date(2025, 4, 10)]
    # January's first value on the first day, its revision and February's first value on the second; of 24 pseudo months
    assert figures_stood_on(RealTimeView(archive), {MEXICO: days}) == {"real": 3, "pseudo": 24}
    assert figures_stood_on(RealTimeView(archive, {"*": 2}), {MEXICO: days})["real"] == 0
    assert figures_stood_on(RealTimeView(bundled_archive()), {"CHN.export.WLD.re_magnets": days})["real"] == 0
    (said,) = [one.text for one in audit(archive) if one.topic == "vintages"]
    assert said == "figures known on 2026-03-07: 24 real vintages, 48 dated by a rule or a calendar"


def test_a_source_takes_the_series_asked_for(folder):
    archive = build("source", {"use": "archive", "path": str(folder), "series": ("*.MEX.*",)}).read()
    assert archive.series == archive.latest.series == (MEXICO,)
    assert set(archive.table.series) == {MEXICO}
    with pytest.raises(DataError, match="no series"):
        archive.states(CHINA)
    with pytest.raises(DataError, match=r"no series like \*\.gallium"):
        build("source", {"use": "archive", "path": str(folder), "series": ("*.gallium",)}).read()
    with pytest.raises(ConfigError, match="no series is taken"):
        build("source", {"use": "archive", "path": str(folder), "series": ()})


def test_joined_to_the_bundle_a_real_vintage_takes_the_place_of_a_guess(tmp_path):
    bundle = bundled_archive()
    name = "CHN.export.WLD.gallium"
    old = next(c for c in reversed(bundle.states(name)) if c.basis == "rule" and not c.is_span)
    real = old.released + dt.timedelta(days=9)
    GrowingArchive(tmp_path).append([row(name, months.label(old.first), old.value + 7, real.isoformat())])
    joined = build("source", {"use": "archive", "path": str(tmp_path), "join": True}).read()
    assert set(bundle.series) == set(joined.series)
    assert joined.latest.observed(name).at(old.first, old.first)[0] == old.value + 7
    assert bundle.as_of(old.released).observed(name).last >= old.first
    assert not any(c.first == c.last == old.first for c in joined.as_of(old.released).cells[name])
    assert [c.basis for c in joined.states(name) if c.first == c.last == old.first] == ["actual"]
    untouched = next(series for series in bundle.series if series != name)
    assert joined.states(untouched) == bundle.states(untouched)


CONFIG = """
seed = 1
data = { use = "archive", path = "archive" }
draws = 100
models = ["seasonal_naive", "mean12"]
[[events]]
id = "quota"
announced = 2025-02-01
effective = 2025-03-01
imposed_by = ["CHN"]
targets = ["USA"]
products = ["antimony_oxide"]
instrument = "quota"
role = "default"
[[backtest]]
name = "all"
series = ["USA.import.*"]
first = "2025-03"
horizons = [1]
[forecast]
series = ["USA.import.*"]
months = 2
"""


def test_a_config_runs_on_it_and_counts_its_vintages(folder):
    path = folder.parent / "own.toml"
    path.write_text(CONFIG)
    run = fc.run(path, folder.parent / "runs", workers=1)
    assert len(run.failures) == 0
    assert run.info["figures_stood_on"]["real"] > run.info["figures_stood_on"]["pseudo"] / 2 > 0
    text = (run.folder / "report.md").read_text("utf-8")
    real, pseudo = (f"{run.info['figures_stood_on'][kind]:,}" for kind in ("real", "pseudo"))
    assert f"{real} are real vintages (kept as they came out, on the day that their source says) and {pseudo} pseudo" in text
    events = {row["id"] for row in run.info["events"]}
    assert {"quota", "us_ban_2024"} <= events, "the bundled calendar and the config's own events"


def run_command(*words):
    return CliRunner().invoke(app, ["archive", *map(str, words)])


def test_what_is_held_is_printed(folder):
    done = run_command("show", "--archive", folder)
    assert done.exit_code == 0, done.output
    assert f"{MEXICO}  2023-01 to 2025-12, 36 figures (12 real, 24 pseudo), 12 revised, last release 2026-03-06" in done.output
    lines = run_command("show", MEXICO, "--archive", folder).output.splitlines()
    assert "pseudo (rule), US Census Bureau" in lines[0]
    assert "112 kg" in lines[35]
    assert "released 2026-03-06, real" in lines[35]
    assert lines[36].startswith("2026-01")
    assert "not in the archive" in lines[36]


def test_the_versions_of_a_figure_are_printed(folder):
    done = run_command("history", MEXICO, "--archive", folder)
    assert done.output.count("+1 kg, +") == 12
    assert "2023-01" not in done.output
    one = run_command("history", MEXICO, "--month", "2025-01", "--archive", folder).output.splitlines()
    assert one[0] == "2025-01"
    assert "2025-03-07" in one[1]
    assert "100 kg" in one[1]
    assert "101 kg  +1 kg, +1.0 %" in one[2]
    done = run_command("history", MEXICO, "--month", "1999-01", "--archive", folder)
    assert done.exit_code == 2
    assert "a month from 2023-01 to 2025-12" in done.output


def test_a_month_that_is_not_out_yet_is_told_from_one_that_is_missing(tmp_path):
    from forecast.archives.history import lines_of_figures

    rows = [row(MEXICO, "2025-01", 5.0, "2025-03-06"), row(MEXICO, "2025-02", float("nan"), "2025-04-03")]
    GrowingArchive(tmp_path).append(rows)
    known, missing, lost, due = lines_of_figures(open_archive(tmp_path), MEXICO, dt.date(2025, 5, 20))
    assert "5 kg" in known
    assert "missing  released 2025-04-03" in missing
    assert "not in the archive  was due 2025-05-0" in lost
    assert "not released  due 2025-06-0" in due


def test_a_damaged_part_is_told_on_stderr(folder):
    part = next((folder / "parts").iterdir())
    GrowingArchive(folder).append([row(MEXICO, "2026-01", 5.0, "2026-03-06")])
    part.write_bytes(part.read_bytes()[:-1])
    done = run_command("show", "--archive", folder)
    assert done.exit_code == 0
    assert f"part {part.name} is left out" in done.stderr
    assert any(part.name in one.text and one.level == "warning" for one in audit(open_archive(folder)))
