"""Look-ahead test: planted leaks are found and named, honest methods pass, and nothing stays corrupted."""

import datetime as dt
import sys
import textwrap

import numpy as np
import pytest
from contracts.archives import SERIES, archive, day_after, event, monthly
from typer.testing import CliRunner

import forecast.models
from forecast.cli import app
from forecast.core import months as mm, registry
from forecast.core.archive import bundled_archive
from forecast.core.panel import panel
from forecast.core.questions import Design, Task
from forecast.study.data.corrupt_future import EVENTS, FIGURES, REGRESSORS, corrupt_archive, patch_archives
from forecast.study.data.leakage import LeakageQuestion, find_leaks
from forecast.study.data.real_time import RealTimeView, Regressor

DAY = day_after("2022-06")
HEAD = '''
"""A planted leak."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from forecast.core.archive import bundled_archive
from forecast.core.registry import model
from forecast.core.results import Forecast, Used

{module}


@model
@dataclass(frozen=True)
class Planted:
    """A planted leak."""

    def predict(self, vintage, task, rng, answers=()):
        level = vintage.observed(task.series[0]).values[-1] if vintage.knows(task.series[0]) else 1.0
        level = {level}
        draws = abs(level + rng.standard_normal((task.draws, 1, len(task.months))))
        return Forecast(task, draws, (Used("planted"),), vintage.steps)
'''


@pytest.fixture
def plant(tmp_path, monkeypatch):
    """`plant(level, module)` writes a model `planted` whose forecast is `level` next to those of the package."""

    def write(level, module=""):
        (tmp_path / "planted.py").write_text(textwrap.dedent(HEAD).format(level=level, module=module), "utf-8")

    monkeypatch.setattr(forecast.models, "__path__", [*forecast.models.__path__, str(tmp_path)])
    monkeypatch.delitem(registry._CLASSES, ("model", "planted"), raising=False)
    monkeypatch.delitem(sys.modules, "forecast.models.planted", raising=False)
    registry.names.cache_clear()
    yield write
    sys.modules.pop("forecast.models.planted", None)
    registry._CLASSES.pop(("model", "planted"), None)
    registry.names.cache_clear()


def leakage_question(use="planted", day=DAY, series=SERIES):
    def build(view):
        vintage = view.as_of(day)
        last = vintage.last_month(series)
        return vintage, Task(day, series, mm.months(mm.label(last + 1), mm.label(last + 3)), draws=50)

    return LeakageQuestion(use, {"use": use}, f"a question on {series}", day, build)


def found(source, *questions):
    return find_leaks(
        source if isinstance(source, RealTimeView) else RealTimeView(source),
        questions or [leakage_question()],
        3,
        lambda text: None,
    )


# --- planted leaks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "module"),
    [
        ("np.nanmean(SEEN.observed(task.series[0]).values)", "SEEN = bundled_archive().latest"),
        ("np.nanmean(OWN.as_of('2030-01-01').observed(task.series[0]).values)", "OWN = bundled_archive()"),
        ("np.nanmean(bundled_archive().latest.observed(task.series[0]).values)", ""),
    ],
    ids=["a later vintage kept by the module", "an archive kept by the module", "the archive behind its cache"],
)
def test_a_later_vintage_behind_the_back_of_the_view(plant, level, module):
    """The plug-in reads the bundled archive itself: garbage in the archive of the question alone would not show it."""
    plant(level, module)
    question = leakage_question(day=dt.date(2025, 3, 31), series="CHN.export.WLD.rare_earths_total")
    (leak,) = found(bundled_archive(), question)
    assert leak.why == FIGURES
    assert "the median of CHN.export.WLD.rare_earths_total in 2025-0" in leak.change
    assert leak.text.startswith("LEAK in planted, a question on CHN.export.WLD.rare_earths_total, standing on 2025-03-31")


@pytest.mark.parametrize("until", ["dt.date(2100, 1, 1)", "vintage.day + dt.timedelta(days=40)"])
def test_a_mean_over_the_full_sample(plant, until):
    plant(f"level / np.nanmean(vintage.past({until}).observed(task.series[0]).values)")
    (leak,) = found(archive())
    assert leak.why == FIGURES


def test_a_future_revision(plant):
    """The figures of the day are right, but it is known which of them will be changed."""
    plant("level + (vintage.cells[task.series[0]][-1].until < dt.date.max)")
    (leak,) = found(archive())
    assert leak.why == FIGURES


def test_an_event_before_it_was_announced(plant):
    plant("level * (1 - 0.5 * ('ban' in vintage.past(dt.date(2100, 1, 1)).events))")
    known = archive(events=[event("ban", "2022-09-01", "2022-10-01")])
    assert not found(known, leakage_question("mean12"))
    plant("level + sum(e.start for e in vintage.past(dt.date(2100, 1, 1)).events)")
    (leak,) = found(known)
    assert leak.why == EVENTS


def test_an_end_before_it_was_announced(plant):
    plant("level + sum(e.end is not None for e in vintage.past(dt.date(2022, 7, 22)).events)")
    known = archive(events=[event("ban", "2021-09-01", "2021-10-01")])
    (leak,) = found(known)
    assert leak.why == EVENTS


LATER = "vintage.past(dt.date(2100, 1, 1)).controls_of(task.series[0], ['price'], [12 * 2022 + 8])[0, 0]"


@pytest.mark.parametrize(("known", "expected"), [("observed_only", 1), ("known_future", 0)])
def test_a_regressor_at_future_months(plant, known, expected):
    """Realised values of a regressor that is only observed are a leak; of a calendar they are not."""
    plant(f"level + {LATER}")
    values = {mm.label(m): float(m % 5) for m in range(mm.ordinal("2018-01"), mm.ordinal("2024-01"))}
    made = found(RealTimeView(archive(), regressors=(Regressor("price", known, 0, values),)))
    assert len(made) == expected
    assert all(leak.why == REGRESSORS for leak in made)


def test_a_control_of_a_panel(plant):
    import pandas as pd

    plant(f"level + {LATER.replace('task.series[0]', repr('y'))}")
    when = mm.months("2018-01", "2023-12")
    table = pd.DataFrame({"month": when, "y": monthly(72), "price": np.arange(72.0)})
    view = RealTimeView(
        panel(table, time="month", value="y", controls=["price"]), regressors=(Regressor("price", "observed_only"),)
    )
    (leak,) = found(view, leakage_question(series="y"))
    assert leak.why == REGRESSORS
    assert not found(view, leakage_question("mean12", series="y"))


def test_a_figure_held_back_by_a_declared_lag(plant):
    """The archive has released it, but the config says that nobody could have had it."""
    own = "from contracts.archives import archive\nARCHIVE = archive()"
    plant("level + ARCHIVE.as_of(vintage.day).observed(task.series[0]).values[-1]", own)
    assert found(RealTimeView(archive(), {SERIES: 3}))[0].why == FIGURES
    assert not found(RealTimeView(archive()))


def test_a_model_that_ignores_its_seed_is_reported(plant):
    plant("level + np.random.default_rng().standard_normal()")
    (leak,) = found(archive())
    assert "the same question twice does not give the same answer" in leak.why


PEEKING = '''
"""A planted estimator."""

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from forecast.core import registry
from forecast.core.registry import estimator


@estimator
@dataclass(frozen=True)
class Planted:
    """A planted estimator."""

    def estimate(self, vintage, design, rng, answers=()):
        made = registry.build("estimator", "baseline").estimate(vintage, design, rng, answers)
        later = vintage.past(dt.date(2100, 1, 1)).observed(design.treated[0]).values
        return replace(made, counterfactual=made.counterfactual + np.nanmean(later))
'''


def test_an_estimator_that_looks_ahead(tmp_path, monkeypatch):
    import forecast.estimators

    (tmp_path / "peeking.py").write_text(PEEKING, "utf-8")
    monkeypatch.setattr(forecast.estimators, "__path__", [*forecast.estimators.__path__, str(tmp_path)])
    registry.names.cache_clear()
    known = archive(events=[event("ban", "2022-01-01", "2022-01-01")])

    def build(view):
        vintage = view.as_of(DAY)
        return vintage, Design(vintage.events["ban"], SERIES, stop="2022-03", draws=50)

    try:
        (leak,) = found(known, *(LeakageQuestion(use, {"use": use}, "the ban", DAY, build) for use in ("baseline", "peeking")))
    finally:
        registry.names.cache_clear()
        sys.modules.pop("forecast.estimators.peeking", None)
        registry._CLASSES.pop(("estimator", "peeking"), None)
    assert (leak.method, leak.why) == ("peeking", FIGURES)
    assert leak.change.startswith("what it is measured against moves from ")


# --- honest methods ---------------------------------------------------------------------------------------------------


def test_honest_models_pass():
    known = archive(events=[event("ban", "2022-09-01", "2022-10-01"), event("early", "2021-03-01", "2021-04-01")])
    assert not found(known, *(leakage_question(use) for use in ("mean12", "ets", "structural", "regression", "combine")))


def test_nothing_stays_corrupted():
    known = archive()
    before, method = known.latest.fingerprint(), type(registry.build("model", "mean12"))
    garbage = corrupt_archive(known, DAY).latest.fingerprint()
    with patch_archives(DAY):
        assert known.latest.observed(SERIES).values.max() > 1e8
        assert known.latest.fingerprint() == garbage
        assert type(registry.build("model", "mean12")) is not method
    assert known.latest.fingerprint() == before
    assert known.as_of(DAY).fingerprint() == corrupt_archive(known, DAY).as_of(DAY).fingerprint()
    assert type(registry.build("model", "mean12")) is method
    assert forecast.models.mean12.Mean12 is method


# --- on a config ------------------------------------------------------------------------------------------------------


CONFIG = """
name = "small"
models = [{models}]
effects = []
[[backtest]]
name = "rare earths"
series = ["CHN.export.WLD.rare_earths_total"]
first = "2025-06"
last = "2025-06"
horizons = [1]
"""


def checked(tmp_path, models):
    path = tmp_path / "small.toml"
    path.write_text(CONFIG.format(models=models), "utf-8")
    return CliRunner().invoke(app, ["check", "--leakage", str(path)])


def test_a_clean_config_passes(tmp_path):
    result = checked(tmp_path, '{ use = "mean12" }, { use = "drift" }')
    assert result.exit_code == 0, result.output
    assert "2 questions on 1 days, each asked twice: about" in result.stderr
    assert "no answer changed" in result.stdout
    assert "LEAK" not in result.output


def test_a_leaking_config_is_described(tmp_path, plant):
    plant("np.nanmean(bundled_archive().latest.observed(task.series[0]).values)")
    result = checked(tmp_path, '{ use = "mean12" }, { use = "planted" }')
    assert result.exit_code == 1, result.output
    (line,) = result.stdout.strip().splitlines()
    assert line.startswith("LEAK in planted, rare earths, CHN.export.WLD.rare_earths_total, 2025-0")
    assert line.endswith("it follows figures released later")
