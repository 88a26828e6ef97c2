"""Reconciled forecasts: coherent in every draw, honest about what does not add up."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from contracts.archives import SERIES, archive, day_after, monthly, rows

from forecast.core import months as mm, registry
from forecast.core.archive import Archive, bundled_archive
from forecast.core.errors import ConfigError, DataError, TooShortError
from forecast.core.questions import Task
from forecast.core.results import Failure, Forecast
from forecast.models.reconciled.hierarchy import add_rest, partner_tree, sum_over_blocks
from forecast.models.reconciled.reconciliation import reconcile, reconcile_nonnegative, schaake_shuffle, shrunk_correlation
from forecast.study.ask import answer_or_raise
from forecast.study.evaluate import backtest

WORLD, USA, DEU = (f"CHN.export.{p}.re_magnets" for p in ("WLD", "USA", "DEU"))
REST = "CHN.export.REST.re_magnets"


def flows(usa=1.0, deu=1.0, rest=1.0, n=72):
    """Two partners and a rest, and the total that they add up to."""
    parts = {USA: usa * monthly(n, 300.0, 2), DEU: deu * monthly(n, 200.0, 3)}
    left = rest * monthly(n, 500.0, 4)
    table = [r for name, y in parts.items() for r in rows(y, name)] + rows(sum(parts.values()) + left, WORLD)
    return Archive(pd.DataFrame(table)), {**parts, REST: left}


def ask(vintage, series, asked, draws=200, **options):
    words = {"use": "reconciled", "hierarchy": "partners", "inner": "drift", **options}
    return answer_or_raise(registry.build("model", words), vintage, Task(vintage.day, series, asked, draws=draws), 2)


@pytest.fixture(scope="module")
def world():
    return flows()[0].as_of(day_after("2022-12"))


ASKED = mm.months("2023-01", "2023-03")


def sums_to_date(values, series):
    """A series told by its Januaries and, from February on, the sums since January."""
    rest = [
        (f"{2018 + y}-01", f"{2018 + y}-{m:02d}", values[12 * y : 12 * y + m].sum()) for y in range(6) for m in range(2, 13)
    ]
    return rows(np.where(np.arange(len(values)) % 12 == 0, values, np.nan), series, spans=rest)


def test_sums_to_date_are_reconciled_as_the_months_that_they_determine(world):
    _, parts = flows()
    table = [r for name in (USA, DEU) for r in sums_to_date(parts[name], name)] + sums_to_date(sum(parts.values()), WORLD)
    seen = Archive(pd.DataFrame(table)).as_of(world.day)
    tree = partner_tree(seen, USA)
    assert tree == partner_tree(world, USA)
    rest, plain = (add_rest(vintage, tree).observed(REST) for vintage in (seen, world))
    assert (rest.first, rest.last) == (plain.first, plain.last)
    assert rest.values == pytest.approx(plain.values, rel=1e-9)
    assert {c.last: c.released for c in add_rest(seen, tree).cells[REST]} == {
        c.last: c.released for c in add_rest(world, tree).cells[REST]
    }
    made = ask(seen, (WORLD, USA, DEU), ASKED)
    assert (made.of(WORLD) - made.of(USA) - made.of(DEU)).min() >= -1e-6 * made.of(WORLD).max()


# --- partners ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["wls", "ols", "structural", "mint"])
def test_partners_and_the_rest_add_up_in_every_draw(world, how):
    made = ask(world, (WORLD, USA, DEU), ASKED, how=how)
    left = made.of(WORLD) - made.of(USA) - made.of(DEU)
    alone = ask(world, (USA, DEU, WORLD), ASKED, how=how)
    assert np.array_equal(alone.of(USA), made.of(USA))
    assert made.draws.min() >= 0
    assert left.min() >= -1e-6 * made.of(WORLD).max()
    assert np.median(left[:, 0]) == pytest.approx(flows()[1][REST][59], rel=0.5)
    assert "total, 2 partners and the rest add up" in made.used[0].model
    assert (how == "mint") == any("correlations from" in note for note in made.used[0].notes)


def test_a_partner_asked_alone_has_the_answer_it_has_in_its_tree(world):
    both, one = ask(world, (WORLD, USA), ASKED), ask(world, USA, ASKED)
    assert np.array_equal(both.of(USA), one.of(USA))


def test_parts_that_are_all_leave_no_rest():
    known, _ = flows(rest=1e-6)
    tree = partner_tree(known.as_of(day_after("2022-12")), WORLD)
    assert tree.rest == ""
    made = ask(known.as_of(day_after("2022-12")), (WORLD, USA, DEU), ASKED)
    assert np.allclose(made.of(WORLD), made.of(USA) + made.of(DEU), rtol=1e-9)


def test_the_rest_is_what_the_parts_leave_and_knows_its_own_past(world):
    tree = partner_tree(world, USA)
    assert tree.nodes == (WORLD, DEU, USA, REST)
    seen = add_rest(world, tree)
    assert seen.observed(REST).values == pytest.approx(flows()[1][REST][:60], rel=1e-9)
    assert seen.earlier(dt.date(2021, 3, 1)).observed(REST).last == mm.ordinal("2021-01")
    hidden = add_rest(world.hide(USA, mm.ordinal("2022-06")), tree)
    assert hidden.observed(REST).last == mm.ordinal("2022-05")
    assert hidden.earlier(dt.date(2022, 10, 1)).observed(REST).last == mm.ordinal("2022-05")


def test_a_month_that_a_part_does_not_tell_is_no_month_of_the_rest():
    values = monthly(72, 300.0, 2)
    values[40] = np.nan
    table = rows(values, USA) + rows(monthly(72, 1000.0, 5), WORLD)
    vintage = Archive(pd.DataFrame(table)).as_of(day_after("2022-12"))
    rest = add_rest(vintage, partner_tree(vintage, USA)).observed(REST)
    assert np.flatnonzero(np.isnan(rest.values)).tolist() == [40]


def test_parts_above_the_total_are_refused():
    known, _ = flows()
    table = known.table.copy()
    table.loc[(table["series"] == USA) & (table["period"] == "2021-05"), "value"] *= 6
    vintage = Archive(table).as_of(day_after("2022-12"))
    with pytest.raises(DataError, match=r"add up to .* more than the total of .* in 2021-05"):
        ask(vintage, WORLD, ASKED)


def test_a_question_that_cannot_be_asked_fails_alone_among_many():
    known, _ = flows()
    table = known.table.copy()
    table.loc[(table["series"] == USA) & (table["period"] == "2021-05"), "value"] *= 6
    before, after = (Archive(table).as_of(day_after(label)) for label in ("2021-03", "2022-12"))
    model = registry.build("model", {"use": "reconciled", "hierarchy": "partners", "inner": "drift"})
    good, failure = backtest.answer_tasks(
        model, [before, after], [Task(v.day, WORLD, ASKED, draws=50) for v in (before, after)]
    )
    assert isinstance(good, Forecast)
    assert isinstance(failure, Failure)
    assert "more than the total" in failure.reason


def test_a_short_partner_is_in_the_rest_and_asked_itself_it_is_refused():
    known, _ = flows()
    short = rows(monthly(10, 5.0, 9), "CHN.export.JPN.re_magnets", first="2022-03")
    vintage = Archive(pd.concat([known.table, pd.DataFrame(short)], ignore_index=True)).as_of(day_after("2022-12"))
    assert "CHN.export.JPN.re_magnets" not in partner_tree(vintage, USA).nodes
    with pytest.raises(TooShortError, match="not answered"):
        ask(vintage, "CHN.export.JPN.re_magnets", ASKED, inner="sarimax")


def test_groups_and_unit_values_are_no_parts():
    vintage = bundled_archive().latest
    tree = partner_tree(vintage, "CHN.export.WLD.re_magnets")
    assert "CHN.export.EU27.re_magnets" not in tree.nodes
    assert partner_tree(vintage, "USA.import.WLD.gallium:usd_per_kg") is None


def test_a_flow_without_a_tree_says_so():
    made = ask(archive().as_of(day_after("2022-12")), SERIES, ASKED)
    assert made.used[0].model.endswith("; not reconciled")
    assert "no total or no partner of it is known: nothing to add up" in made.used[0].notes


def test_a_known_month_stays_as_published(world):
    late = world.hide(USA, mm.ordinal("2022-12"))
    made = ask(late, (WORLD, USA), ["2022-12", "2023-01"])
    published = world.observed(WORLD).values[59]
    assert made.of(WORLD)[:, 0] == pytest.approx(np.full(200, published), rel=1e-6)
    assert np.ptp(made.of(USA)[:, 0]) > 0
    assert (made.of(USA)[:, 0] <= published).all()


# --- over time --------------------------------------------------------------------------------------------------------


def timed(vintage, asked, **options):
    return ask(vintage, SERIES, asked, hierarchy="temporal", **options)


def test_months_are_moved_by_quarters_and_years():
    vintage = archive().as_of(day_after("2022-12"))
    year = mm.months("2023-01", "2023-12")
    made, plain = (
        timed(vintage, year),
        answer_or_raise(registry.build("model", "drift"), vintage, Task(vintage.day, SERIES, year, draws=200)),
    )
    assert "months and blocks of 3, 12 months add up" in made.used[0].model
    assert not np.allclose(made.draws.mean(axis=0), plain.draws.mean(axis=0), rtol=1e-3)
    assert np.array_equal(timed(vintage, year[:2]).draws, made.draws[:, :, :2])


def test_blocks_end_with_the_last_month_and_know_their_own_past():
    vintage = archive().as_of(day_after("2022-11"))
    quarters = sum_over_blocks(vintage, SERIES, mm.ordinal("2022-11"), 3)
    seen = quarters.observed(f"{SERIES} by 3")
    assert seen.last == -1
    assert seen.values[-1] == pytest.approx(vintage.observed(SERIES).values[-3:].sum())
    assert (quarters.season, sum_over_blocks(vintage, SERIES, mm.ordinal("2022-11"), 12).season) == (4, None)
    assert quarters.earlier(dt.date(2022, 11, 1)).observed(f"{SERIES} by 3").last == -2


def test_a_level_that_is_too_short_is_left_out_and_named():
    vintage = archive(monthly(34)).as_of(day_after("2020-10"))
    made = timed(vintage, mm.months("2020-11", "2021-01"))
    assert any(note.startswith("blocks of 12 left out: ") for note in made.used[0].notes)
    assert "blocks of 3 months" in made.used[0].model


def test_zeros_stay_possible_and_nothing_falls_below():
    values = monthly()
    values[24:] *= np.random.default_rng(0).random(48) < 0.3
    made = timed(archive(values).as_of(day_after("2022-12")), mm.months("2023-01", "2023-12"), inner="hurdle")
    assert made.draws.min() == 0.0


def test_options_are_checked():
    with pytest.raises(ConfigError, match="no errors in common"):
        registry.build("model", {"use": "reconciled", "how": "mint"})
    with pytest.raises(ConfigError, match="too few"):
        registry.build("model", {"use": "reconciled", "origins": 2})


def test_it_can_be_wrapped(world):
    words = {"use": "conformal", "inner": {"use": "reconciled", "hierarchy": "partners", "inner": "drift"}}
    made = answer_or_raise(registry.build("model", words), world, Task(world.day, (WORLD, USA), ASKED, draws=100), 2)
    assert made.draws.shape == (100, 2, 3)
    assert dataclasses.is_dataclass(made)


def test_blocks_are_summed_once_a_question_and_answers_are_counted(monkeypatch, world):
    summed = []

    def counted(vintage, series, last, size):
        summed.append(size)
        return sum_over_blocks(vintage, series, last, size)

    monkeypatch.setattr("forecast.models.reconciled.sum_over_blocks", counted)
    ask(world, WORLD, ASKED, hierarchy="temporal")
    assert summed == [3, 12]
    for hierarchy in ("temporal", "partners"):
        method = registry.build("model", {"use": "reconciled", "hierarchy": hierarchy})
        with pytest.raises(ConfigError, match="1 answers for"):
            method.predict(world, Task(world.day, (WORLD, USA), ASKED), np.random.default_rng(0), [None])


# --- the arithmetic ---------------------------------------------------------------------------------------------------

SUMS = np.array([[1.0, 1.0, 1.0]])


def test_coherent_draws_stay_and_a_node_without_variance_too():
    rng = np.random.default_rng(1)
    parts = rng.gamma(2.0, 1.0, (50, 3))
    base = np.column_stack([parts.sum(axis=1), parts])
    assert reconcile(base, SUMS, rng.gamma(2.0, 1.0, 4)) == pytest.approx(parts)
    base[:, 0] = 9.0
    moved = reconcile(base, SUMS, np.array([0.0, 1.0, 1.0, 2.0]))
    assert moved.sum(axis=1) == pytest.approx(np.full(50, 9.0))
    still = reconcile(base, SUMS, np.array([1.0, 0.0, 1.0, 2.0]))
    assert still[:, 0] == pytest.approx(parts[:, 0])


def test_the_non_negative_answer_is_the_nearest():
    """No feasible point near it is nearer to the base forecast."""
    base, weight = np.array([[1.0, 3.0, 0.2, 0.1]]), np.array([0.5, 1.0, 1.0, 1.0])
    made = reconcile_nonnegative(base, SUMS, weight)
    assert made.min() == 0.0

    def away(parts):
        return (((base - np.column_stack([parts.sum(axis=1), parts])) ** 2) / weight).sum(axis=1)

    others = np.maximum(made + 0.05 * np.random.default_rng(2).standard_normal((500, 3)), 0.0)
    assert (away(others) >= away(made) - 1e-9).all()


def test_ranks_are_lent_and_values_kept():
    made = schaake_shuffle(np.array([5.0, 1.0, 3.0]), np.array([0.1, 0.9, 0.5]))
    assert made.tolist() == [1.0, 5.0, 3.0]


def test_noise_is_shrunk_and_a_clear_correlation_is_not():
    rng = np.random.default_rng(3)
    noise = rng.standard_normal((20, 3))
    _, much = shrunk_correlation(noise)
    common, little = shrunk_correlation(noise + 5 * rng.standard_normal((20, 1)))
    assert little < 0.1 < 0.5 < much
    assert common[0, 1] > 0.8
    constant, _ = shrunk_correlation(np.column_stack([noise, np.ones(20)]))
    assert constant[3, :3].tolist() == [0, 0, 0]
