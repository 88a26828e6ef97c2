"""News: impacts add up for every model, and each kind of news has its own rows."""

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from contracts.archives import SERIES, archive, day_after, event, monthly, released, row, rows

from forecast.core import events, months, registry
from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, ForecastError, NotIdentifiedError
from forecast.core.events import EventCalendar
from forecast.core.questions import Task
from forecast.core.results import Forecast, Used
from forecast.kernels import complex_smoothing_fit, exponential_smoothing, regime_ratio
from forecast.models import menu
from forecast.models.menu import collapses, structural_breaks
from forecast.prep import policy_measures, settling
from forecast.study.data.real_time import RealTimeView, Regressor
from forecast.study.nowcast.news import news

OTHER = "USA.import.CHN.re_magnets"
FROM, TO = day_after("2022-09"), day_after("2022-11")


def known(scale: float = 1.0, revise: float | None = 1.3) -> Archive:
    """Five years of two series; the target's 2022-06 is revised on the day of the release of 2022-10."""
    own, other = monthly(60) * scale, monthly(60, level=300.0, seed=4)
    made = [*rows(own), *rows(other, OTHER)]
    if revise:
        month = months.ordinal("2022-06")
        made.append(row(SERIES, month, month, own[53] * revise, released(months.ordinal("2022-10"))))
    return Archive(pd.DataFrame(made), EventCalendar())


def question(*wanted: str, series=SERIES, draws: int = 100) -> Task:
    return Task(TO, series, wanted or ("2022-12",), draws=draws)


def residual(table: pd.DataFrame) -> float:
    """How far the impacts are from the change, at most, over that nowcast size."""
    parts = table.groupby(["target", "ref_month"]).agg(
        impact=("impact", "sum"), before=("nowcast_from", "first"), after=("nowcast_to", "first")
    )
    return float((parts["impact"] - (parts["after"] - parts["before"])).abs().max())


@dataclass(frozen=True)
class Weighted:
    """A linear rule that tells everything: own mean over `window` months times `own`, plus the other series' last figure."""

    own: float = 1.0
    window: int = 12
    other: float = 0.0
    level: float = 0.0
    name: str = "weighted"

    def predict(self, vintage, task, rng, answers=()):
        then = vintage.earlier(task.fitted_on) if task.fitted_on else vintage
        values = vintage.observed(task.series[0]).values[-self.window :]
        value = self.own * np.nanmean(values) + self.level * float(then.observed(task.series[0]).values[0] > 0) * then.day.month
        if self.other:
            value += self.other * vintage.observed(OTHER).values[-1]
        draws = np.full((task.draws, len(task.series), len(task.months)), value)
        return Forecast(task, draws, tuple(Used(f"w{self.own:g}") for _ in task.series), vintage.steps)


@pytest.mark.parametrize(("name", "kernel"), [("ces", complex_smoothing_fit), ("ets", exponential_smoothing)])
def test_each_sample_is_fitted_once(name, kernel, monkeypatch):
    fitted, fit = [], kernel.fit

    def counted(data, *options):
        fitted.extend(np.round(data.y, 9).tolist())
        return fit(data, *options)

    monkeypatch.setattr(kernel, "fit", counted)
    table = news(registry.build("model", name), known(1.0 + len(name) / 7), question(), FROM, TO)
    assert len(table) > 3  # two months, a revision, the new fit: asked with each of them and without
    assert len(fitted) == 2  # on the earlier day and on the later one


REMEMBERED = (  # functions that the news of a break ask again and again
    (regime_ratio, "_moves"), (policy_measures, "_measures_in_force"), (settling, "_transition_months"), (events, "_touching"),
    (events, "_held_at"), (structural_breaks, "_flows_under"), (structural_breaks, "_first_year_ratio"),
    (collapses, "detect_collapses"), (menu, "mean_crps"),
)  # fmt: skip


@pytest.mark.parametrize(
    "spec", [{"use": "menu", "base": "mean12"}, {"use": "measures", "base": {"use": "menu", "base": "drift"}}]
)
def test_what_is_remembered_changes_no_impact(spec, monkeypatch):
    """Four flows under one ban come out on one day; the depth of the others is the prior of the first."""
    ban = replace(event("ban", announced="2022-04-20", effective="2022-05-01"), instrument="ban")
    made = []
    for i, name in enumerate((SERIES, *(SERIES.replace("WLD", partner) for partner in ("KOR", "JPN", "USA")))):
        made += rows(monthly(59, seed=i) * np.where(np.arange(59) < 52, 1.0, 0.2 + 0.1 * i), name)
    made = Archive(pd.DataFrame(made), EventCalendar((ban,)))
    fast = news(spec, made, question(), FROM, TO)
    for module, name in REMEMBERED:
        monkeypatch.setattr(module, name, getattr(module, name).__wrapped__)
    slow = news(spec, made, question(), FROM, TO)
    assert len(fast) >= 8  # four figures on each of two days, which interact
    assert fast.equals(slow)
    assert residual(fast) <= 1e-8


def test_one_day_has_no_news():
    assert news(Weighted(), known(), question(), TO, TO).empty


def test_a_revision_alone_is_no_new_figure():
    later = released(months.ordinal("2022-09")) + dt.timedelta(days=5)
    own = monthly(57)
    month = months.ordinal("2022-06")
    made = Archive(pd.DataFrame([*rows(own), row(SERIES, month, month, own[53] + 120.0, later)]))
    table = news(Weighted(), made, question(), FROM, later + dt.timedelta(days=1))
    assert list(table["kind"]) == ["revision"]
    assert table["impact"].item() == pytest.approx(10.0)
    assert (table["actual"] - table["expected"]).item() == pytest.approx(120.0)
    assert table["weight"].item() == pytest.approx(1 / 12)
    assert table["release_month"].item() == "2022-06"


def test_another_series_has_rows_where_it_moves_the_nowcast_and_none_elsewhere():
    blind = news(Weighted(), known(), question(), FROM, TO)
    assert set(blind["series"].dropna()) == {SERIES}
    seeing = news(Weighted(other=2.0), known(), question(), FROM, TO)
    figures = known().latest.observed(OTHER).at(*[months.ordinal(m) for m in ("2022-09", "2022-11")])
    theirs = seeing[seeing["series"] == OTHER].set_index("release_month")["impact"]
    assert theirs.to_dict() == pytest.approx(
        {"2022-10": 2 * (figures[1] - figures[0]), "2022-11": 2 * (figures[2] - figures[1])}
    )
    own = seeing[seeing["series"] == SERIES]
    np.testing.assert_allclose(own["impact"], blind["impact"], rtol=1e-9)  # a linear rule: shares do not depend on the others


def test_re_estimation_has_its_own_row():
    method = Weighted(level=50.0)  # a parameter of the day of the fit: 50 times its month
    table = news(method, known(), question(), FROM, TO)
    by = table.groupby("kind")["impact"].sum()
    assert by["estimation"] == pytest.approx(50.0 * (TO.month - FROM.month))
    assert residual(table) <= 1e-8
    held = news(method, known(), replace_fit(question(), FROM), FROM, TO)
    assert "estimation" not in set(held["kind"])


def replace_fit(task: Task, day: dt.date) -> Task:
    return Task(task.day, task.series, task.months, day, task.draws)


def test_another_model_on_the_later_day_has_its_own_row():
    table = news(Weighted(), known(), question(), FROM, TO, then=Weighted(own=1.5))
    switch = table[table["kind"] == "model"]
    assert switch["impact"].item() == pytest.approx(table["nowcast_to"].iloc[0] / 3)
    assert set(table["model_used"]) == {"w1 -> w1.5"}
    assert residual(table) <= 1e-8


@dataclass(frozen=True)
class Switching(Weighted):
    """Doubles its rule from the second figure after 2022-09 on, and says what it was before."""

    def predict(self, vintage, task, rng, answers=()):
        ripe = vintage.last_month(task.series[0]) > months.ordinal("2022-10")
        return Weighted.predict(replace(self, own=2.0) if ripe else self, vintage, task, rng, answers)

    def fixed(self, vintage, task):
        return Weighted(own=2.0 if vintage.last_month(task.series[0]) > months.ordinal("2022-10") else self.own)


def test_a_model_that_offers_its_fixed_self_has_its_switch_in_a_row():
    table = news(Switching(), known(), question(), FROM, TO)
    plain = news(Weighted(), known(), question(), FROM, TO)
    assert table.loc[table["kind"] == "model", "impact"].item() == pytest.approx(table["nowcast_to"].iloc[0] / 2)
    np.testing.assert_allclose(table.loc[table["kind"] != "model", "impact"], plain["impact"])


def test_an_announced_event_is_news_of_the_calendar():
    ban = event("ban", announced="2022-11-05", effective="2022-12-01", share_stopped=1.0)
    table = news(registry.build("model", "menu"), archive(monthly(60), events=[ban]), question(), FROM, TO, seed=1)
    told = table[table["kind"] == "calendar"]
    assert told["series"].dropna().to_list() == ["ban"]
    assert told["impact"].sum() < 0  # exports fall in the first month of a full ban
    assert residual(table) <= 1e-8


@dataclass(frozen=True)
class Joint(Weighted):
    """The conditional mean of three jointly normal figures: the target's next month, and both series' 2022-10."""

    def predict(self, vintage, task, rng, answers=()):
        month = months.ordinal("2022-10")
        known = np.array([np.nan, *(vintage.observed(s).at(month, month)[0] for s in (SERIES, OTHER))])
        seen = np.flatnonzero(np.isfinite(known))
        gain = COVARIANCE[:, seen] @ np.linalg.inv(COVARIANCE[np.ix_(seen, seen)])
        middle = MIDDLE + gain @ (known[seen] - MIDDLE[seen]) if len(seen) else MIDDLE
        place = 0 if task.months == ("2022-12",) else 1 + (task.series[0] == OTHER)
        return Forecast(task, np.full((task.draws, 1, 1), middle[place]), (Used("joint"),), vintage.steps)


MIDDLE = np.array([1000.0, 900.0, 300.0])
COVARIANCE = np.array([[4.0, 2.0, 1.5], [2.0, 3.0, 1.2], [1.5, 1.2, 2.0]]) * 1e4


def test_news_of_a_linear_model_are_weight_times_surprise():
    made = known(revise=None)
    table = news(Joint(), made, question(), FROM, day_after("2022-10")).set_index("series")
    month = months.ordinal("2022-10")
    actual = np.array([made.latest.observed(s).at(month, month)[0] for s in (SERIES, OTHER)])
    weights = COVARIANCE[0, 1:] @ np.linalg.inv(COVARIANCE[1:, 1:])  # Banbura and Modugno (2014): all releases jointly
    found = table.loc[[SERIES, OTHER]]
    np.testing.assert_allclose(found["weight"], weights)
    np.testing.assert_allclose(found["expected"], MIDDLE[1:])
    np.testing.assert_allclose(found["impact"], weights * (actual - MIDDLE[1:]))


def test_revisions_come_before_the_new_figures_of_their_day():
    """What was expected of a new figure knows them: here the mean, of which one month was revised."""
    made = known()
    table = news(Weighted(window=57), made, question(), FROM, day_after("2022-10")).set_index("kind")
    month, own = months.ordinal("2022-06"), monthly(60)
    revised = own[:57].copy()
    revised[53] = made.latest.observed(SERIES).at(month, month)[0]
    assert table.loc["revision", "impact"] == pytest.approx(revised.mean() - own[:57].mean())
    assert table.loc["new", "expected"] == pytest.approx(revised.mean())


def test_series_that_move_a_nowcast_only_together_share_a_row():
    names = ("USA.import.CHN.gallium", "USA.import.CHN.germanium", "USA.import.CHN.graphite")

    @dataclass(frozen=True)
    class Quorum(Weighted):
        """Doubles once two of the three other series have a tenth month: none does it alone, none as the last."""

        def predict(self, vintage, task, rng, answers=()):
            there = sum(vintage.last_month(name) >= months.ordinal("2022-10") for name in names)
            return Weighted.predict(replace(self, own=2.0 if there > 1 else 1.0), vintage, task, rng, answers)

    made = [*rows(monthly(58)), *(one for i, name in enumerate(names) for one in rows(monthly(58, seed=9 + i), name))]
    table = news(Quorum(), Archive(pd.DataFrame(made), EventCalendar()), question(), FROM, day_after("2022-10"))
    assert set(table["series"]) == {SERIES, "+".join(names)}
    assert set(table["kind"]) == {"new"}
    assert residual(table) <= 1e-8


def test_a_series_that_counts_beside_another_alone_is_found():
    """It moves the nowcast neither by itself nor without the new figure of the target, but as the last that is let in."""

    @dataclass(frozen=True)
    class Beside(Weighted):
        def predict(self, vintage, task, rng, answers=()):
            ripe = vintage.last_month(SERIES) >= months.ordinal("2022-10")
            return Weighted.predict(replace(self, other=2.0 if ripe else 0.0), vintage, task, rng, answers)

    table = news(Beside(), known(revise=None), question(), FROM, day_after("2022-10"))
    at = [months.ordinal(m) for m in ("2022-09", "2022-10")]
    before, after = known().latest.observed(OTHER).at(*at)
    found = table.set_index("series")["impact"]
    assert found[OTHER] == pytest.approx(after - before)  # half of twice the change: with the target's figure, not without
    assert residual(table) <= 1e-8


def test_an_ordinary_update_asks_few_questions():
    """Twenty other series are released with the new figure; a model that reads none of them is not asked about them."""
    asks = []

    @dataclass(frozen=True)
    class Counted(Weighted):
        def predict(self, vintage, task, rng, answers=()):
            asks.append((vintage.day, task.months, task.fitted_on))
            return Weighted.predict(self, vintage, task, rng, answers)

    others = [one for i in range(20) for one in rows(monthly(58, seed=30 + i), f"USA.import.CHN.re_magnets{i}")]
    made = Archive(pd.DataFrame([*rows(monthly(58)), *others]), EventCalendar())
    released_on = day_after("2022-10") - dt.timedelta(days=1)
    table = news(Counted(), made, question(), released_on - dt.timedelta(days=1), released_on)
    assert list(table["series"]) == [SERIES]
    # the two nowcasts, the later one with the former parameters, without the figure, and the figure itself
    assert len(asks) == 5


def test_shipments_move_arrivals_by_their_lag_weight():
    left, there = "CHN.export.USA.re_magnets", "USA.import.CHN.re_magnets"
    shipped = monthly(60)
    arrived = np.r_[shipped[0], 0.5 * shipped[1:] + 0.5 * shipped[:-1]]
    made = Archive(pd.DataFrame([*rows(shipped, left), *rows(arrived[:57], there)]), EventCalendar())
    method = registry.build("model", {"use": "bridge", "inner": "mean12"})
    table = news(method, made, question("2022-10", series=there), FROM, day_after("2022-10"))
    assert table[["series", "kind"]].to_numpy().tolist() == [[left, "new"]]
    assert table["weight"].item() == pytest.approx(0.5, abs=0.01)
    assert table["nowcast_to"].item() == pytest.approx(arrived[57], rel=0.01)


def test_two_figures_of_one_day_are_order_averaged():
    @dataclass(frozen=True)
    class Product(Weighted):
        def predict(self, vintage, task, rng, answers=()):
            value = vintage.observed(SERIES).values[-1] * vintage.observed(OTHER).values[-1]
            return Forecast(task, np.full((task.draws, 1, 1), value), (Used("product"),), vintage.steps)

    made = known(revise=None)
    table = news(Product(), made, question(), FROM, day_after("2022-10"))
    at = [months.ordinal(m) for m in ("2022-09", "2022-10")]
    (a0, a1), (b0, b1) = (made.latest.observed(s).at(*at) for s in (SERIES, OTHER))
    shares = table.set_index("series")["impact"]
    assert shares[SERIES] == pytest.approx((a1 - a0) * (b0 + b1) / 2)
    assert shares[OTHER] == pytest.approx((b1 - b0) * (a0 + a1) / 2)


def test_a_sum_that_comes_with_its_month_is_one_release():
    made = archive(monthly(60), spans=[("2022-01", "2022-10", 12000.0)])
    table = news(Weighted(), made, question(), FROM, day_after("2022-10"))
    assert table["release_month"].to_list() == ["2022-10"]
    assert table["actual"].item() == pytest.approx(monthly(60)[57])


def test_lagged_figures_and_regressors_of_a_view_are_news_too():
    @dataclass(frozen=True)
    class Steered(Weighted):
        def predict(self, vintage, task, rng, answers=()):
            held = vintage.controls[SERIES, "ships"]
            value = vintage.observed(SERIES).values[-1] + 3.0 * held[max(held)]
            return Forecast(task, np.full((task.draws, 1, 1), value), (Used("steered"),), vintage.steps)

    ships = {months.label(months.ordinal("2018-01") + i): float(i) for i in range(60)}
    view = RealTimeView(archive(monthly(60)), {SERIES: 1}, (Regressor("ships", "observed_only", 0, ships),))
    table = news(Steered(), view, question(), "2022-10-05", "2022-11-05").set_index("series")
    assert table.loc["ships", ["kind", "release_month"]].to_list() == ["new", "2022-10"]
    assert table.loc["ships", "impact"] == pytest.approx(3.0)
    assert table.loc[SERIES, ["kind", "release_month"]].to_list() == ["new", "2022-09"]
    assert residual(table.reset_index()) <= 1e-8


def test_what_cannot_be_decomposed_is_refused():
    with pytest.raises(ConfigError, match="lies before"):
        news(Weighted(), known(), question(), TO, FROM)

    @dataclass(frozen=True)
    class Brittle(Weighted):
        def predict(self, vintage, task, rng, answers=()):
            if task.fitted_on:
                raise ForecastError("no parameters of an earlier day")
            return Weighted.predict(self, vintage, task, rng, answers)

    with pytest.raises(NotIdentifiedError, match="no parameters of an earlier day"):
        news(Brittle(), known(), question(), FROM, TO)
