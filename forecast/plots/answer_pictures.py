"""Pictures of one forecast, one effect, and of a series' fans by scenario."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from forecast.arrays import Floats
from forecast.core.effects import Effect
from forecast.core.errors import ConfigError, nearest
from forecast.core.results import Failure, Forecast
from forecast.plots.house_axes import (
    ROOM,
    EndLabel,
    draw_history,
    history_of,
    house_axes,
    label_ends,
    mark_start,
    per_step,
    set_time_axis,
    set_values,
    shown_unit,
    titles,
)
from forecast.report.figures.canvas import C
from forecast.report.figures.scenarios import COLORS, STYLES
from forecast.report.measure_phrases import events_phrase, measures_in_estimate
from forecast.report.numbers import NBSP, capitalize, day, number_in_words, period
from forecast.report.prose import amount, interval_text
from forecast.report.spoken import effect_answer_of, effect_facts, model_of, unit_and_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEFORE = 36  # steps of history before the first asked one
LIMIT = 2.2  # the 95 % band is drawn up to so many times what else there is, so that it does not flatten the history


def plot_forecast(forecast: Forecast, ax: Axes | None, series: str | None) -> Axes:
    """History and fan of one series: median, 80 and 95 % bands."""
    task, steps = forecast.task, forecast.steps
    answered = [one for one in task.series if not forecast.reason_without(one)]
    name = series or answered[0]
    if name not in answered:
        reason = forecast.reason_without(name)
        problem = f"{name} has no answer: {reason}" if reason else f"the forecast has no series '{name}'"
        raise ConfigError(problem, where="plot", hint=nearest(name, answered))
    unit, scale = unit_and_scale(forecast, name)
    when = [steps.ordinal(m) for m in forecast.months_of(name)]
    title, flow = titles(name)
    stands = "" if task.day == dt.date.max else f"data of {day(task.day.isoformat())}"
    subtitle = "; ".join(part for part in (flow, model_of(forecast), stands) if part)
    ax = house_axes(ax, title, subtitle, per_step(unit, steps))
    first, values = min(when) - BEFORE, list[float]()
    known = forecast.history
    if known is not None and known.knows(name):
        first = max(first, known.observed(name).first)
        values = draw_history(ax, history_of(known, name, unit, scale), first, max(when))
    else:
        first = min(when)
    bands = _draw_fan(ax, when, forecast.of(name) / scale)
    set_values(ax, _with_bands(values, forecast.of(name) / scale))
    set_time_axis(ax, first, max(when), steps, ROOM)
    ends = zip(("95 %", "80 %", "median", "80 %", "95 %"), (band[-1] for band in bands), strict=True)
    label_ends(ax, [EndLabel(text.replace(" ", NBSP), float(at), "blue") for text, at in ends], max(when))
    return ax


def _with_bands(values: Sequence[float], draws: Floats) -> list[float]:
    """The values that an axis must hold: those drawn, the 80 % band, and the 95 % band up to a limit."""
    low, inner_low, inner_high, high = np.quantile(draws, [0.025, 0.1, 0.9, 0.975], axis=0)
    core = [*values, *map(float, inner_low), *map(float, inner_high)]
    limit = LIMIT * max(map(abs, core))
    return [*core, *map(float, np.clip([*low, *high], -limit, limit))]


def _draw_fan(ax: Axes, when: Sequence[int], draws: Floats) -> list[Floats]:
    """Draw the bands and the median of draws (draws, steps); return their five lines from the lowest up."""
    lines: list[Floats] = list(np.quantile(draws, [0.025, 0.1, 0.5, 0.9, 0.975], axis=0))
    x = np.array(when) + 0.5
    ax.fill_between(x, lines[0], lines[4], color=C["blue"], alpha=0.16, lw=0, zorder=2)
    ax.fill_between(x, lines[1], lines[3], color=C["blue"], alpha=0.28, lw=0, zorder=2.1)
    for edge in (lines[1], lines[3]):
        ax.plot(x, edge, color=C["blue"], lw=0.7, alpha=0.8, zorder=2.2)
    ax.plot(x, lines[2], color=C["blue"], lw=1.9, ls=(0, (5, 1.6)), marker="o" if len(when) == 1 else "", ms=4, zorder=3.2)
    return lines


def plot_effect(effect: Effect, ax: Axes | None, difference: bool) -> Axes:
    """Observed figures and the counterfactual with its bands, the difference shaded; or the difference added up."""
    answer, steps = effect_answer_of(effect), effect.steps
    unit, scale = (effect.unit, 1.0) if effect.reading else shown_unit(answer.first_series, effect.unit)
    unit = answer.unit if answer.measure != "relative" else unit
    scale = 1.0 if answer.measure == "share" else scale
    title, flow = titles(answer.first_series)
    more = len(effect.design.treated) - 1
    measures = _measures(effect) if flow else capitalize(_measures(effect))
    subtitle = "; ".join(part for part in (flow, measures, f"verdict: {answer.verdict}" if answer.verdict else "") if part)
    shown = f"{title}{f' and {more} more' if more else ''}"
    if not effect.periods:
        raise ConfigError("there is nothing to draw: no figure of the window is known", where="plot", hint="effect.sentence()")
    if difference:
        return _plot_difference(effect, house_axes(ax, f"{shown}: difference added up", subtitle, unit), scale)
    ax = house_axes(ax, shown, subtitle, per_step(unit, steps))
    width = np.array([last - first + 1.0 for first, last in effect.periods]) * scale
    x = np.array([(first + last + 1) / 2 for first, last in effect.periods])
    begin, end = effect.periods[0][0], effect.periods[-1][1]
    observed, first = effect.observed / width, begin
    values = [float(v) for v in observed]
    if effect.history is not None and answer.measure != "share" and not more and effect.history.knows(answer.first_series):
        history = history_of(effect.history, answer.first_series, unit, scale)
        first = max(begin - BEFORE, history.first)
        values += draw_history(ax, history, first, end)
    ax.plot(x, observed, color=C["ink"], lw=1.7, marker="o", ms=3.4, zorder=3.4)
    labels = [EndLabel("observed", float(observed[-1]), "ink")]
    if effect.counterfactual is not None and len(effect.draws):
        labels += _draw_counterfactual(ax, x, effect.counterfactual / width, observed)
        values = _with_bands(values, effect.counterfactual / width)
    elif np.isfinite(answer.expected) and answer.n_known:
        level = answer.expected / answer.n_known
        ax.plot([begin, end + 1], [level, level], color=C["orange"], lw=1.6, ls=STYLES[1], zorder=3)
        values.append(level)
        labels.append(EndLabel(answer.steps.words(answer.baseline), level, "orange"))
    set_values(ax, values)
    set_time_axis(ax, first, end, steps, ROOM)
    mark_start(ax, begin, period(steps.label(begin)))
    label_ends(ax, labels, end)
    _write_difference(ax, effect)
    return ax


def _measures(effect: Effect) -> str:
    """What the picture is of: the measure, or how many that can only be told together."""
    facts, answer = effect_facts(effect), effect_answer_of(effect)
    together = measures_in_estimate(facts, answer)
    return events_phrase(facts, together) if len(together) == 1 else f"{number_in_words(len(together))} measures together"


def _draw_counterfactual(ax: Axes, x: Floats, draws: Floats, observed: Floats) -> list[EndLabel]:
    q025, q10, q50, q90, q975 = np.quantile(draws, [0.025, 0.1, 0.5, 0.9, 0.975], axis=0)
    ax.fill_between(x, q025, q975, color=C["orange"], alpha=0.14, lw=0, zorder=2)
    ax.fill_between(x, q10, q90, color=C["orange"], alpha=0.24, lw=0, zorder=2.1)
    ax.plot(x, q50, color=C["orange"], lw=1.8, ls=STYLES[1], zorder=3.2, marker="s" if len(x) == 1 else "", ms=4)
    ax.fill_between(x, observed, q50, facecolor="none", edgecolor=C["muted"], alpha=0.5, hatch="////", lw=0, zorder=2.4)
    return [EndLabel("expected", float(q50[-1]), "orange")]


def _write_difference(ax: Axes, effect: Effect) -> None:
    """The estimate with its interval, or the description, beneath the time axis, where no line can cross it."""
    answer = effect_answer_of(effect)
    if answer.has_estimate:
        words = f"estimate {amount(answer, answer.estimate)} (95{NBSP}% {interval_text(answer, answer.lo95, answer.hi95)})"
    elif answer.has_baseline:
        words = f"observed less {answer.baseline}: {amount(answer, answer.desc_estimate)}; no estimate"
    else:
        return
    ax.set_xlabel(answer.steps.words(words), loc="left", fontsize=8.6, color=C["ink"])


def _plot_difference(effect: Effect, ax: Axes, scale: float) -> Axes:
    steps, begin, end = effect.steps, effect.periods[0][0], effect.periods[-1][1]
    if effect.counterfactual is None or not len(effect.draws):
        raise ConfigError(
            "there is no difference to draw: the estimate is withheld", where="plot", hint="plot() draws what was observed"
        )
    summed = np.cumsum(effect.draws / scale, axis=1)
    x = np.array([begin, *(last + 1 for _, last in effect.periods)], float)
    lines = np.column_stack([np.zeros(5), np.quantile(summed, [0.025, 0.1, 0.5, 0.9, 0.975], axis=0)])
    ax.axhline(0, color=C["muted"], lw=0.9)
    ax.fill_between(x, lines[0], lines[4], color=C["orange"], alpha=0.14, lw=0)
    ax.fill_between(x, lines[1], lines[3], color=C["orange"], alpha=0.24, lw=0)
    ax.plot(x, lines[2], color=C["orange"], lw=1.9, marker="o", ms=3)
    top, bottom = float(max(lines.max(), 0.0)), float(min(lines.min(), 0.0))
    set_values(ax, [top, bottom])
    set_time_axis(ax, begin, end, steps, ROOM)
    names = ("95 %", "80 %", "median", "80 %", "95 %")
    label_ends(ax, [EndLabel(n.replace(" ", NBSP), float(v), "orange") for n, v in zip(names, lines[:, -1], strict=True)], end)
    return ax


def plot_scenarios(fans: Sequence[Any], ax: Axes | None) -> Axes:
    """The fans of one series under several scenarios: a median line and an 80 % band each, named at its end."""
    series = fans[0].series if fans else ""
    if not fans or any(fan.series != series for fan in fans):
        problem = "a picture shows the fans of one series" if fans else "there is no fan to draw"
        raise ConfigError(problem, where="plot", hint="[fan for fan in fans if fan.series == ...]")
    answered = [fan for fan in fans if isinstance(fan.answer, Forecast)]
    if not answered:
        reason = cast(Failure, fans[0].answer).reason
        raise ConfigError(
            f"no scenario has a fan: {reason}", where=series, hint="scenarios whose regimes are known or declared"
        )
    first_answer: Forecast = answered[0].answer
    steps, (unit, scale) = first_answer.steps, unit_and_scale(first_answer, series)
    when = [steps.ordinal(m) for m in first_answer.task.months]
    title, flow = titles(series)
    lost = [fan.scenario for fan in fans if fan not in answered]
    without = f"not identified: {', '.join(lost)}" if lost else ""
    ax = house_axes(ax, title, "; ".join(filter(None, (flow, "median and 80 % band", without))), per_step(unit, steps))
    first, values = min(when), list[float]()
    known = first_answer.history
    if known is not None and known.knows(series):
        first = max(min(when) - BEFORE, known.observed(series).first)
        values = draw_history(ax, history_of(known, series, unit, scale), first, max(when))
    labels = []
    for i, fan in enumerate(answered):
        color = COLORS[i % len(COLORS)]
        low, middle, high = np.quantile(fan.answer.of(series) / scale, [0.1, 0.5, 0.9], axis=0)
        x = np.array(when) + 0.5
        ax.fill_between(x, low, high, color=C[color], alpha=0.10, lw=0, zorder=2)
        for edge in (low, high):
            ax.plot(x, edge, color=C[color], lw=0.6, alpha=0.7, ls=STYLES[i % len(STYLES)], zorder=2.2)
        ax.plot(x, middle, color=C[color], lw=1.9, ls=STYLES[i % len(STYLES)], zorder=3.2)
        values += [*map(float, low), *map(float, high)]
        labels.append(EndLabel(fan.scenario, float(middle[-1]), color))
    set_values(ax, values)
    set_time_axis(ax, first, max(when), steps, ROOM)
    label_ends(ax, labels, max(when))
    return ax
