"""Pictures of single answers: axes in and out, numbers of the answer in the lines, told apart without colour."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt

import forecast as fc
from forecast.core.errors import ConfigError, DataError
from forecast.report.figures.canvas import C

SERIES = "CHN.export.WLD.re_magnets"


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def vintage():
    return fc.load_archive().as_of("2026-06-30")


@pytest.fixture(scope="module")
def guess(vintage):
    return fc.predict("seasonal_naive", vintage, fc.Task("2026-06-30", [SERIES], fc.months("2026-06", "2026-11")))


@pytest.fixture(scope="module")
def effect(vintage):
    design = fc.Design(vintage.events["re_licensing_2025"], treated=SERIES, stop="2025-08")
    return fc.estimate("counterfactual", vintage, design, placebos=5)


@pytest.fixture(scope="module")
def past():
    archive = fc.load_archive()
    return fc.backtest(
        archive, fc.cutoffs("2025-06", "2025-10"), ["seasonal_naive", "drift"], series=[SERIES], horizons=(1, 2, 3), draws=80
    )


@pytest.fixture(scope="module")
def own():
    years = pd.DataFrame({"year": range(1960, 2001), "balance": 5.0 * np.sin(np.arange(41)) - 3 * (np.arange(41) >= 30)})
    return fc.panel(years, time="year", value="balance")


def texts(ax):
    return [one.get_text() for one in ax.texts if one.get_text()]


def drawn(line, values):
    return len(line.get_ydata()) == len(values) and np.allclose(line.get_ydata(), values)


def draw(ax):
    ax.figure.canvas.draw()
    return ax


def test_a_forecast_draws_its_history_and_its_median(guess, vintage):
    ax = draw(guess.plot())
    middle = np.median(guess.draws[:, 0, :], axis=0) / 1000
    assert any(drawn(line, middle) for line in ax.lines)
    last = vintage.observed(SERIES).values[-1] / 1000
    assert any(np.isclose(line.get_ydata()[-1], last) for line in ax.lines if len(line.get_ydata()))
    assert ax.get_ylabel() == "t a month"
    assert {"median", "80\u00a0%", "95\u00a0%"} <= set(texts(ax))
    assert ax.get_title(loc="left") == "Rare-earth permanent magnets"
    assert ax.get_ylim()[1] > np.quantile(guess.draws, 0.9) / 1000
    marks = [label.get_text() for label in ax.get_yticklabels()]
    assert "5,000" in marks


@pytest.mark.parametrize("name", ["forecast", "effect", "difference", "backtest", "scenarios", "news"])
def test_axes_go_in_and_come_out(name, request, guess, effect, past, vintage):
    figure, (mine, other) = plt.subplots(1, 2)
    called = {
        "forecast": lambda: guess.plot(ax=mine),
        "effect": lambda: effect.plot(ax=mine),
        "difference": lambda: effect.plot(ax=mine, difference=True),
        "backtest": lambda: past.plot(ax=mine),
        "scenarios": lambda: fc.plot.scenarios(
            fc.scenarios("seasonal_naive", vintage, guess.task, [fc.Scenario("as written")]), ax=mine
        ),
        "news": lambda: fc.plot.news(news_table(), ax=mine),
    }
    assert called[name]() is mine
    assert len(plt.get_fignums()) == 1, "no figure but ours was opened"
    assert mine.lines
    assert not other.lines
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"], "the house style stays in the house"
    figure.canvas.draw()


def test_an_effect_draws_observed_beside_expected(effect):
    ax = draw(effect.plot())
    observed = effect.observed / 1000
    expected = np.median(effect.counterfactual, axis=0) / 1000
    assert any(drawn(line, observed) for line in ax.lines)
    dashed = [line for line in ax.lines if drawn(line, expected)]
    assert [line.is_dashed() for line in dashed] == [True]
    assert {"observed", "expected"} <= set(texts(ax))
    assert effect.number("estimate") in ax.get_xlabel()
    added = draw(effect.plot(difference=True))
    ends = [line.get_ydata()[-1] for line in added.lines if len(line.get_ydata()) == len(observed) + 1]
    assert ends == [pytest.approx(np.median(effect.draws.sum(axis=1)) / 1000)]


def test_a_withheld_estimate_draws_the_baseline_and_no_difference(vintage):
    design = fc.Design(vintage.events["us_ban_2024"], treated="USA.import.CHN.gallium", stop="2025-06")
    described = fc.estimate("baseline", vintage, design, placebos=3)
    assert described.counterfactual is None, "the case is no longer one"
    ax = draw(described.plot())
    assert "expected" not in texts(ax)
    assert ax.get_xlabel().endswith("no estimate")
    with pytest.raises(ConfigError, match="the estimate is withheld"):
        described.plot(difference=True)


def test_own_figures_in_years_that_may_be_negative(own):
    made = fc.estimate("counterfactual", own, fc.Design.at("1990", "balance"), placebos=3)
    ax = draw(made.plot())
    assert ax.get_ylim()[0] < made.observed.min()
    assert ax.get_title(loc="left") == "balance"
    assert {"1960", "1965"} & {label.get_text() for label in ax.get_xticklabels()} or "1990" in texts(ax)
    ahead = fc.predict("drift", own, fc.Task(own.day, ["balance"], ("2001", "2002")))
    ax = draw(ahead.plot())
    assert ax.get_ylabel() == ""
    assert not any("9999" in text for text in texts(ax))
    assert any("−" in label.get_text() for label in ax.get_yticklabels())


def test_a_backtest_draws_what_was_published_and_what_was_said(past):
    ax = draw(past.plot(ahead=2))
    assert {"published", "○ seasonal_naive", "□ drift"} <= set(texts(ax))
    points = [line for line in ax.lines if line.get_marker() in ("o", "s") and line.get_linewidth() == 0]
    assert len({line.get_marker() for line in points}) == 2
    answered = [a for a in past.answered if a.model == "drift"]
    one = answered[0]
    middle = np.median(one.answer.draws[:, 0, 1]) / 1000
    assert any(np.isclose(line.get_ydata(), middle).any() for line in points)
    assert len(past.plot(models=["drift"]).collections) == 1
    for words, problem in (
        ({"series": "x"}, "no series 'x'"),
        ({"models": ["x"]}, "no model 'x'"),
        ({"ahead": 9}, "9 months after"),
    ):
        with pytest.raises(ConfigError, match=problem):
            past.plot(**words)


def test_scenarios_are_told_apart_by_style_and_name(vintage):
    task = fc.Task("2026-06-30", ["USA.import.CHN.antimony_unwrought"], fc.months("2026-07", "2027-08"))
    given = [fc.Scenario("as written"), fc.Scenario("extended", ends={"us_ban_suspension_2025": "never"})]
    fans = fc.scenarios("measures", vintage, task, given)
    ax = draw(fc.plot.scenarios(fans))
    assert {"as written", "extended"} <= set(texts(ax))
    long = [line for line in ax.lines if len(line.get_ydata()) == len(task.months) and line.get_linewidth() > 1.5]
    assert len({(line.is_dashed(), line.get_color()) for line in long}) == 2
    assert draw(fans[0].plot()).get_ylabel() == ax.get_ylabel()
    with pytest.raises(ConfigError, match="no fan"):
        fc.plot.scenarios([])


def news_table():
    rows = [("S.a", "2026-01", "new", 300.0), ("S.b", "2026-02", "revision", -100.0), (None, None, "estimation", -50.0)]
    return pd.DataFrame(
        [
            dict(
                target="price", ref_month="2026-03", nowcast_from=1000.0, nowcast_to=1150.0, series=s, release_month=m, kind=k,
                impact=v,
            )
            for s, m, k, v in rows
        ]
    )  # fmt: skip


def test_news_add_up_from_one_nowcast_to_the_next():
    ax = draw(fc.plot.news(news_table()))
    bars = ax.patches
    assert [bar.get_width() for bar in bars] == [300.0, -100.0, -50.0]
    assert bars[0].get_x() == 1000.0
    assert bars[-1].get_x() + bars[-1].get_width() == 1150.0
    assert [bool(bar.get_hatch()) for bar in bars] == [False, True, True], "a fall is hatched, so that grey shows it too"
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["nowcast before", "S.a, Jan\u00a02026", "revision: S.b, Feb\u00a02026", "estimation", "nowcast now"]
    assert {"+300", "−100", "−50.0"} <= set(texts(ax))


def test_many_news_are_one_bar_at_the_end():
    table = pd.concat([news_table()] * 10, ignore_index=True)
    ax = draw(fc.plot.news(table))
    assert len(ax.patches) == 11
    assert "20 smaller ones together" in [label.get_text() for label in ax.get_yticklabels()]


def test_a_table_that_is_no_news_is_refused():
    with pytest.raises(DataError, match="lacks target"):
        fc.plot.news(pd.DataFrame({"a": [1]}))
    with pytest.raises(DataError, match="nothing was released"):
        fc.plot.news(news_table()[:0])
    with pytest.raises(ConfigError, match="no target 'x'"):
        fc.plot.news(news_table(), target="x")


def test_the_pictures_have_the_style_of_the_reports_figures(guess):
    ax = guess.plot()
    assert {spine for spine in ("left", "right", "top") if ax.spines[spine].get_visible()} == set()
    colours = {mpl.colors.to_hex(line.get_color()) for line in ax.lines}
    assert colours <= set(C.values())


def test_dollars_and_names_are_literal(own):
    prices = pd.DataFrame({"month": fc.months("2020-01", "2023-12"), "US$ per $x_1$": np.arange(48.0)})
    vintage = fc.panel(prices, time="month", value="US$ per $x_1$")
    made = fc.predict("drift", vintage, fc.Task(vintage.day, vintage.series, ("2024-01",)))
    draw(made.plot())
    draw(made.plot(ax=plt.subplots()[1]))
