"""Sensitivity: shipping lag, donut, level variance and vintage changed one at a time."""

import datetime as dt

import numpy as np
import pytest

import forecast as fc
from forecast.core import registry
from forecast.core.archive import Archive
from forecast.core.effects import Effect
from forecast.core.questions import replace_design
from forecast.core.results import Failure
from forecast.study.effects import judge
from forecast.study.effects.sensitivity import vary, without_siblings

IMPORT = "USA.import.CHN.germanium_unwrought"
EXPORT = "CHN.export.WLD.re_magnets"


@pytest.fixture(scope="module")
def archive():
    return fc.load_archive()


@pytest.fixture(scope="module")
def ban(archive):
    return fc.Design(archive.events["us_ban_2024"], treated=IMPORT, start="2024-12", stop="2025-04", clean_from="2023-09")


@pytest.fixture(scope="module")
def licence(archive):
    return fc.Design(
        archive.events["re_licensing_2025"], treated=EXPORT, start="2025-04", stop="2025-06", baselines=("last_full_year",)
    )


def asked(method, source, design, **words):
    words = {"lags": (), **words}
    return [v.answer for v in vary(registry.build("estimator", method), source, design, placebos=0, **words)]


def months(effect):
    return [effect.steps.period(*p) for p in effect.periods]


def test_a_shipping_lag_moves_the_first_month_and_make_those_before_it_clean(archive, ban):
    none, one, two = asked("baseline", archive, ban, lags=(0, 1, 2))
    assert [months(e)[0] for e in (none, one, two)] == ["2024-12", "2025-01", "2025-02"]
    assert {months(e)[-1] for e in (none, one, two)} == {"2025-04"}
    assert [e.n_clean for e in (none, one, two)] == [none.n_clean, none.n_clean + 1, none.n_clean + 2]
    assert none.description == judge.estimate(registry.build("estimator", "baseline"), archive.latest, ban).description


def test_named_months_after_the_first_arrival_stay(archive, ban):
    later = replace_design(ban, start="2025-03")
    for effect in asked("baseline", archive, later, lags=(0, 2), donuts=(1,)):
        assert months(effect) == ["2025-03", "2025-04"]


def test_months_that_are_not_named_move_along(archive, ban):
    free = replace_design(ban, start=None)
    assert [months(e)[0] for e in asked("baseline", archive, free, lags=(0, 2), donuts=(1,))] == [
        "2024-12",
        "2025-02",
        "2025-01",
    ]


def test_a_lag_that_leaves_no_month_and_an_export_are_rows_with_a_reason(archive, ban, licence):
    (late,) = asked("baseline", archive, ban, lags=(6,))
    assert isinstance(late, Failure)
    assert "6 months under way" in late.reason
    (sent,) = asked("baseline", archive, licence, lags=(1,))
    assert "counted when it leaves" in sent.reason


def test_the_level_is_fixed_where_there_is_one(archive, licence):
    small, large = asked("counterfactual", archive, licence, level_sds=(0.01, 0.5))
    assert small.cumulative.estimate != large.cumulative.estimate
    (none,) = asked("baseline", archive, licence, level_sds=(0.01,))
    assert isinstance(none, Failure)
    assert "baseline has no level" in none.reason


def test_a_day_knows_its_months_and_events_only(archive, licence):
    before, unknown, one, two, future = asked(
        "baseline", archive, licence, days=("2025-03-31", "2025-04-30", "2025-05-31", dt.date(2025, 6, 30), "2030-01-01")
    )
    assert before.reason == "re_licensing_2025 was not announced by 2025-03-31"
    assert unknown.reason == "no asked month was known on 2025-04-30"
    assert months(one) == ["2025-04"]
    assert months(two) == ["2025-04", "2025-05"]
    assert (one.design.stop, one.description.unknown) == ("2025-04", ())
    assert all(event.announced <= dt.date(2025, 5, 31) for event in one.design.events)
    assert "the figures end with" in future.reason


def test_an_event_of_a_cluster_not_yet_announced_is_named(archive, ban):
    cluster = replace_design(ban, events=(*ban.events, archive.events["enforcement_2025"]))
    (answer,) = asked("baseline", archive, cluster, days=("2025-03-31",))
    assert answer.reason == "enforcement_2025 was not announced by 2025-03-31"


def test_an_end_announced_later_is_not_known(archive, ban):
    (then,) = asked("baseline", archive, ban, days=("2025-03-31",))
    assert then.design.events[0].end is None
    assert archive.events["us_ban_2024"].until is not None


@pytest.mark.parametrize("method", ["baseline", "counterfactual"])
def test_nothing_released_later_can_be_seen(archive, licence, method):
    day = "2025-06-30"
    table = archive.table.copy()
    later = table["released"] > day
    table.loc[later & (table["value"] > 0), "value"] = 987654.0
    assert later.sum() > 100
    spoiled = Archive(table, archive.events.known_on(dt.date(2025, 6, 30)))
    first, second = (asked(method, source, licence, days=(day,))[0] for source in (archive, spoiled))
    assert isinstance(first, Effect)
    assert np.array_equal(first.draws, second.draws)
    assert first.description == second.description
    assert first.verdict == second.verdict


def test_an_answer_has_the_verdict_of_its_question_and_is_suggestive_at_most_where_others_were_asked(
    archive, licence, monkeypatch
):
    from dataclasses import replace

    real = judge.verdict_of
    monkeypatch.setattr(
        judge, "verdict_of", lambda e, g: real(e, [x for x in g if x.gate == "siblings"] or [replace(g[0], outcome="pass")])
    )
    (found,) = fc.vary("baseline", archive, licence, lags=(), days=("2025-07-31",), placebos=0)
    direct = judge.estimate(registry.build("estimator", "baseline"), archive.as_of("2025-07-31"), licence, placebos=0)
    assert found.answer.verdict == direct.verdict
    assert direct.verdict.word == "supported"
    limited = without_siblings(found)
    assert limited.answer.verdict.word == "suggestive"
    assert limited.answer.verdict.because == "a variation is judged without the other methods asked"
    assert without_siblings(limited) == limited


def test_a_panel_has_no_days_of_release():
    import pandas as pd

    rows = [{"u": u, "t": t, "v": 10.0 + t % 3 + i} for i, u in enumerate("abc") for t in range(30)]
    panel = fc.panel(pd.DataFrame(rows), unit="u", time="t", value="v")
    design = fc.Design.at(start=20, treated="a", donors="all")
    (answer,) = asked("synthetic", panel, design, days=("2025-01-31",))
    assert isinstance(answer, Failure)


def test_the_public_function_takes_a_name_or_a_mapping(archive, ban):
    made = fc.vary("baseline", archive, ban, lags=(0,), days=("2024-06-30",))
    assert [(v.what, v.value) for v in made] == [("lag_months", "0"), ("day", "2024-06-30")]
    assert isinstance(made[0].answer, Effect)
