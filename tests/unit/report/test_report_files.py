"""A report is written into its own folder only: through no link that stands there, over any link that the user names."""

import os
import stat

import pytest

import forecast as fc
from forecast import report
from forecast.core.errors import WriteError

CONFIG = """
name = "small"
draws = 100
[data]
use = "csv"
path = "own.csv"
key = "CHL.export.WLD.sample_salt"
[[models]]
use = "mean12"
[forecast]
series = ["CHL.export.WLD.*"]
months = 2
"""


@pytest.fixture
def run(tmp_path):
    rows = [f"{year}-{month:02},{100 + month}" for year in (2022, 2023) for month in range(1, 13)]
    (tmp_path / "own.csv").write_text("\n".join(["period,value", *rows]) + "\n", "utf-8")
    (tmp_path / "small.toml").write_text(CONFIG, "utf-8")
    return fc.run(tmp_path / "small.toml", tmp_path / "runs")


@pytest.fixture
def outside(tmp_path):
    path = tmp_path / "outside"
    path.mkdir()
    (path / "kept.txt").write_text("kept")
    return path


def untouched(outside):
    return [p.name for p in outside.rglob("*")] == ["kept.txt"] and (outside / "kept.txt").read_text() == "kept"


def test_links_in_the_place_of_its_files_are_replaced(run, outside):
    names = ["report.html", "report.html.part", "report.md", "figures/outlook.svg", "figures/outlook.png"]
    before = {name: (run.folder / name).read_bytes() for name in names if not name.endswith(".part")}
    for name in names:
        (run.folder / name).unlink(missing_ok=True)
        (run.folder / name).symlink_to(outside / "kept.txt")
    report(run, "html")
    report(run, "md")
    assert untouched(outside)
    for name, data in before.items():
        assert not (run.folder / name).is_symlink(), name
        assert (run.folder / name).read_bytes() == data, name


def test_a_link_in_the_place_of_its_figures_is_refused(run, outside):
    (run.folder / "figures").rename(outside.parent / "moved")
    (run.folder / "figures").symlink_to(outside)
    with pytest.raises(WriteError, match="symbolic link"):
        report(run, "md")
    assert untouched(outside)


def test_a_folder_that_the_user_names_may_be_a_link(run, outside):
    link = outside.parent / "link"
    link.symlink_to(outside)
    for out, page in ((link, "report.md"), (link / "own.md", "own.md"), (link / "new", "new/report.md")):
        assert report(run, "md", out) == link / page
        assert (outside / page).read_bytes() == (run.folder / "report.md").read_bytes()
    assert (outside / "figures" / "outlook.png").exists()


def test_pages_and_figures_have_the_usual_mode_and_leave_nothing_half_written(run):
    umask = os.umask(0)
    os.umask(umask)
    made = [*run.folder.glob("report.*"), *(run.folder / "figures").iterdir()]
    assert len(made) >= 6
    assert {stat.S_IMODE(p.stat().st_mode) for p in made} == {0o666 & ~umask}
    assert {p.suffix for p in made} == {".html", ".md", ".svg", ".png"}


def test_nowcasts_whose_names_begin_alike_keep_a_figure_each():
    from forecast.report.sections.nowcast import figure_stem

    names = ["China's rare earths before the customs' first figure", "China's rare earths before the customs' second figure"]
    names += ["../../x", "/x", "a b", "a_b", "a-b", "é", "è"]
    stems = [figure_stem(name) for name in names]
    assert len(set(stems)) == len(names)
    assert all("/" not in s and s.isascii() for s in stems)
