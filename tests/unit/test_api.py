"""The public functions, as a script uses them."""

import subprocess
import sys

import pytest

import forecast as fc
from forecast.core.errors import ConfigError, DataError, TooShortError


@pytest.fixture(scope="module")
def archive():
    return fc.load_archive()


def test_a_question_by_hand(archive):
    vintage = archive.as_of("2025-03-31")
    task = fc.Task("2025-03-31", ["CHN.export.WLD.rare_earths_total"], fc.months("2025-03", "2026-02"), draws=50)
    guess = fc.predict(fc.model("mean12"), vintage, task)
    assert guess.quantiles([0.1, 0.5, 0.9]).shape == (1, 12, 3)
    assert (fc.predict("mean12", vintage, task).draws == guess.draws).all()
    assert (fc.predict({"use": "mean12"}, vintage, task, seed=5).draws != guess.draws).any()


def test_a_question_of_an_earlier_day_sees_nothing_later(archive):
    task = fc.Task("2025-03-31", "CHN.export.WLD.rare_earths_total", ["2025-04", "2025-05"], draws=50)
    then, now = (fc.predict("mean12", seen, task).draws for seen in (archive.as_of("2025-03-31"), archive.latest))
    assert (then == now).all()


def test_combinations_ask_their_members_first(archive):
    task = fc.Task("2025-03-31", "CHN.export.WLD.rare_earths_total", ["2025-03"], draws=50)
    guess = fc.predict(fc.model("combine", members=["mean12", "drift"]), archive.as_of("2025-03-31"), task)
    assert "mean12, drift" in guess.used[0].model


def test_what_cannot_be_answered_is_raised(archive):
    task = fc.Task("2023-04-30", "USA.import.WLD.gallium", ["2023-04"])
    with pytest.raises(TooShortError):
        fc.predict("seasonal_naive", archive.as_of("2023-04-30"), task)


def test_an_unknown_model_or_option_names_the_nearest():
    with pytest.raises(ConfigError) as error:
        fc.model("seasonal_naiv")
    assert "'seasonal_naive'" in error.value.hint
    with pytest.raises(ConfigError) as error:
        fc.model("ets", formz=1)
    assert "'forms'" in error.value.hint


def test_an_effect_comes_judged_and_described(archive):
    event = archive.events["re_licensing_2025"]
    design = fc.Design(event, treated="CHN.export.USA.re_magnets", start="2025-04", stop="2025-06")
    effect = fc.estimate("baseline", archive.latest, design)
    assert effect.verdict.word == "suggestive"
    assert effect.gates
    assert effect.description.observed == pytest.approx(634e3, rel=0.01)
    assert len(fc.placebo(archive, design, "baseline")) == len(effect.placebos)


def test_untouched_series_leave_out_the_treated_good(archive):
    found = fc.untouched(archive, archive.events["re_licensing_2025"])
    assert found
    assert not any("re_magnets" in name for name in found)


def test_a_panel_from_a_file_that_is_not_there_or_has_no_such_column(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        fc.panel(tmp_path / "none.csv", value="y")
    (tmp_path / "p.csv").write_text("time,y\n2001,1\n", "utf-8")
    with pytest.raises(DataError, match="no column 'x'") as error:
        fc.panel(tmp_path / "p.csv", value="x")
    assert "p.csv" in error.value.where


def test_an_archive_from_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        fc.load_archive(tmp_path / "none.csv")


def test_no_workers_no_work():
    with pytest.raises(ConfigError, match="0 workers"):
        fc.run("quick", workers=0)


def test_a_function_is_imported_without_the_parts_it_uses_when_called():
    code = "import sys, forecast; forecast.predict; print(*(m for m in sys.modules if m.startswith('forecast.study')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
