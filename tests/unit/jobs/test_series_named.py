"""The series that a plan names, which are those audited."""

from forecast.core.archive import bundled_archive
from forecast.jobs.load import load
from forecast.jobs.plan import make_plan
from forecast.jobs.series_named import series_named

ALONE, GALLIUM, MIRROR = "CHN.export.WLD.bismuth_trioxide", "USA.import.CHN.gallium", "CHN.export.USA.gallium"
BARE = """
models = ["mean12"]
forecast = {{ series = ["{series}"], months = 3 }}
report = {{ claims = false }}
"""
EFFECT = """
[[effects]]
id = "A"
question = "?"
event = "us_ban_2024"
treated = "{treated}"
donors = [{donors}]
"""


def named(tmp_path, series, effect=""):
    (tmp_path / "c.toml").write_text(BARE.format(series=series) + effect, "utf-8")
    return series_named(make_plan(load(tmp_path / "c.toml"), bundled_archive()))


def test_the_series_asked_about_and_what_the_partner_reports(tmp_path):
    assert named(tmp_path, ALONE) == {ALONE}
    found = named(tmp_path, GALLIUM)
    assert {GALLIUM, MIRROR} <= found
    assert {s.split(".")[3] for s in found} == {"gallium"}, "nothing but where this flow went and what its partner reports"


def test_a_pattern_names_all_that_it_matches(tmp_path):
    wanted = {s for s in bundled_archive().series if s.startswith("USA.import.CHN.")}
    assert wanted <= named(tmp_path, "USA.import.CHN.*")


def test_donors_are_named_too(tmp_path):
    zinc = "USA.import.WLD.zinc"
    found = named(tmp_path, ALONE, EFFECT.format(treated=GALLIUM, donors=f'"{zinc}"'))
    assert {ALONE, GALLIUM, MIRROR, zinc} <= found
    assert {s.split(".")[3] for s in found} == {"bismuth_trioxide", "gallium", "zinc"}
    assert named(tmp_path, ALONE, EFFECT.format(treated=GALLIUM, donors='"all"')) == set(bundled_archive().series)


def test_the_whole_archive_is_not_named_by_the_shipped_configs():
    plan = make_plan(load("quick"), bundled_archive())
    assert {past.series for batch in plan.batches for past in batch.pasts} <= series_named(plan) < set(plan.archive.series)
