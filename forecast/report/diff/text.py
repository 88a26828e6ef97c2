"""What changed between two runs as lines for a terminal: the largest changes of each kind, and how many are left out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TypeVar

from forecast.core.plurals import pluralize
from forecast.core.products import display_unit
from forecast.core.schema import NewsRow
from forecast.report.diff.changes import Changes
from forecast.report.diff.figures import KINDS, FigureChange
from forecast.report.diff.forecasts import ForecastMove, ForecastOutcome
from forecast.report.diff.settings import EventChange, SettingChange
from forecast.report.diff.verdicts import VerdictMove
from forecast.report.effect_rows import EffectAnswer
from forecast.report.numbers import NBSP, decimal, inline_name, period, quantity
from forecast.report.prose import estimate_text

T = TypeVar("T")
MOST = 8  # lines of one kind
LONGEST = 100  # characters of a value
LEFT_OUT = "  and {} more, in --json"


def lines_on(diff: Changes) -> list[str]:
    """Every kind of change under its heading, largest first; kinds without a change are named at the end."""
    moved, default = diff.forecasts, diff.default_model
    own = [one for one in moved if one.model == default] or list(moved)
    others = len(moved) - len(own)
    outcomes = [one for one in diff.outcomes if one.model == default]
    words = [one for one in diff.verdicts if one.kind != "figures"]
    figures = [one for one in diff.verdicts if one.kind == "figures"]
    parts = [
        *((f"data {kind}", _figures([c for c in diff.figures if c.kind == kind], kind)) for kind in KINDS),
        ("events", _cut(diff.events, _event)),
        ("config", _cut(diff.config, _setting)),
        ("code and versions", _cut(diff.versions, _setting)),
        ("forecasts moved", [*_cut(own, _move), *([f"  other models: {others} moved, in --json"] if others else [])]),
        ("series forecast anew", _cut(diff.forecast_anew, lambda s: inline_name(s))),
        ("series no longer forecast", _cut(diff.forecast_no_more, lambda s: inline_name(s))),
        ("forecasts then, figures now", _outcomes(outcomes)),
        ("nowcasts moved", _cut(diff.nowcasts, _move)),
        ("verdicts", _cut(words, _verdict)),
        ("estimates moved", _cut(figures, _verdict)),
        ("attribution", _attribution(diff)),
    ]
    sides = [f"{run.info.get('name') or 'a run'} as of {run.info['as_of']} ({run.folder})" for run in (diff.old, diff.new)]
    unchanged = [name for name, some in parts if not some and name != "attribution"]
    out = [f"from {sides[0]}", f"to   {sides[1]}"]
    for name, some in parts:
        out += ["", name.upper(), *some] if some else []
    out += ["", f"unchanged: {', '.join(unchanged)}"] if unchanged else []
    return [line.replace(NBSP, " ") for line in out]


def _cut(changes: Sequence[T], told: Callable[[T], str]) -> list[str]:
    kept = [f"  {told(one)}" for one in changes[:MOST]]
    return [*kept, LEFT_OUT.format(len(changes) - MOST)] if len(changes) > MOST else kept


def _figures(changes: Sequence[FigureChange], kind: str) -> list[str]:
    """New figures by series with their number and months; others one by one."""
    if kind != "new":
        return [f"  {pluralize(len(changes), 'figure')}", *_cut(changes, _figure)] if changes else []
    by_series = [(name, list(some)) for name, some in groupby(changes, key=lambda c: c.series)]
    by_series.sort(key=lambda pair: (-len(pair[1]), pair[0]))
    head = f"  {pluralize(len(changes), 'figure')} of {len(by_series)} series" if changes else ""
    return [head, *_cut(by_series, lambda pair: _new_of(*pair))] if changes else []


def _new_of(series: str, changes: Sequence[FigureChange]) -> str:
    last = max(changes, key=lambda c: (c.period.rpartition("/")[2], c.period))
    months = f"{len(changes)}, to {period(last.period)}" if len(changes) > 1 else period(last.period)
    return f"{inline_name(series)}: {months}, {_amount(last.new, last.unit, last.new_status)}"


def _figure(change: FigureChange) -> str:
    sides = [_amount(change.old, change.unit, change.old_status), _amount(change.new, change.unit, change.new_status)]
    source = f" ({change.source}, {change.released})" if change.source else ""
    return f"{inline_name(change.series)}, {period(change.period)}: {sides[0]} -> {sides[1]}{source}"


def _amount(value: float, unit: str, status: str = "") -> str:
    return quantity(value, unit) if math.isfinite(value) else status or "no figure"


def _event(change: EventChange) -> str:
    fields = "; ".join(_setting(one) for one in change.fields)
    return f"{change.kind}  {change.announced}  {change.title} [{change.id}]" + (f": {fields}" if fields else "")


def _setting(change: SettingChange) -> str:
    if change.kind in ("added", "removed"):
        return f"{change.path}: {change.kind}, {_value(change.new if change.kind == 'added' else change.old)}"
    return f"{change.path}{' (order)' if change.kind == 'order' else ''}: {_value(change.old)} -> {_value(change.new)}"


def _value(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _times(moved: float) -> str:
    size = f"{decimal(moved, 2, sign=True)} of its old range" if math.isfinite(moved) else "from a range without width"
    return f"({size})"


def _range(median: float, low: float, high: float, unit: str) -> str:
    return f"{quantity(median, unit)} [{decimal(low, _places(high))} to {decimal(high, _places(high))}]"


def _places(size: float) -> int:
    return 0 if abs(size) >= 100 else 1 if abs(size) >= 10 else 2


def _move(move: ForecastMove) -> str:
    before = _range(move.old, move.old_lo80, move.old_hi80, move.unit)
    after = _range(move.new, move.new_lo80, move.new_hi80, move.unit)
    where = f"{move.group}: " if move.group else ""
    head = f"{where}{inline_name(move.series)}, {period(move.month)}, {move.model}"
    return f"{head}: {before} -> {after} {_times(move.moved)}"


def _outcomes(outcomes: Sequence[ForecastOutcome]) -> list[str]:
    if not outcomes:
        return []
    inside = sum(one.inside for one in outcomes)
    head = f"  {inside} of {pluralize(len(outcomes), 'figure')} by {outcomes[0].model} within the 80 % range; outside:"
    outside = [one for one in outcomes if not one.inside]
    return [head if outside else head.removesuffix("; outside:"), *_cut(outside, _outcome)]


def _outcome(one: ForecastOutcome) -> str:
    then = _range(one.median, one.lo80, one.hi80, one.unit)
    return f"{inline_name(one.series)}, {period(one.month)}: forecast {then}, figure {quantity(one.figure, one.unit)}"


def _verdict(move: VerdictMove) -> str:
    head = f"{move.id}, {move.estimator}"
    if not move.old or not move.new:
        return f"{head}: {move.kind}, {_answer(move.answer)}"
    words = [_words(one) for one in (move.old, move.new)]
    changed = " -> ".join(words) if words[0] != words[1] else words[0]
    reason = f"; because: {move.new.because}" if move.new.because != move.old.because else ""
    return f"{head}: {changed}; {_estimate(move.old)} -> {_estimate(move.new)}{reason}"


def _words(answer: EffectAnswer) -> str:
    return f"{answer.verdict} ({answer.family_text})" if answer.family_text else answer.verdict


def _answer(answer: EffectAnswer) -> str:
    return f"{_words(answer)}, {_estimate(answer)}"


def _estimate(answer: EffectAnswer) -> str:
    seen = quantity(answer.observed_total, answer.unit) if math.isfinite(answer.observed_total) else "no figure"
    return estimate_text(answer) or f"no estimate (observed {seen})"


def _attribution(diff: Changes) -> list[str]:
    """Contributions to the change of one series' forecast, of all months together, by cause."""
    rows = diff.attributed
    if not rows:
        return [f"  {diff.unattributed}"] if diff.unattributed else []
    unit, scale = display_unit(rows[0].target)
    months = sorted({row.ref_month for row in rows})
    ends = {row.ref_month: (row.nowcast_from, row.nowcast_to) for row in rows}
    start, end = (sum(pair[i] for pair in ends.values()) / scale for i in (0, 1))
    span = period(f"{months[0]}/{months[-1]}") if len(months) > 1 else period(months[0])
    head = f"  {inline_name(rows[0].target)}, {span}, mean by {rows[0].model}: {quantity(start, unit)} -> {quantity(end, unit)}"
    sums: dict[str, float] = {}
    counts: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        sums[_cause(row)] = sums.get(_cause(row), 0.0) + row.impact / scale
        counts.setdefault(_cause(row), set()).add((row.release_month, row.released))
    ranked = sorted(sums, key=lambda cause: -abs(sums[cause]))
    told = [f"{quantity(sums[cause], unit, sign=True)}  {cause}" + _times_released(len(counts[cause])) for cause in ranked]
    kept = [f"  {one}" for one in told[:MOST]]
    if len(told) > MOST:
        rest = sum(sums[cause] for cause in ranked[MOST:])
        kept.append(f"  {quantity(rest, unit, sign=True)}  {len(told) - MOST} others, in --json")
    return [head, *kept, f"  {quantity(math.fsum(sums.values()), unit, sign=True)}  together"]


def _times_released(number: int) -> str:
    return f" ({number} releases)" if number > 1 else ""


def _cause(row: NewsRow) -> str:
    """The cause of a contribution in words: its kind, and the series or event."""
    kinds = {"new": "new figures", "revision": "revisions", "calendar": "calendar", "estimation": "parameters fitted again",
             "model": "another model", "rest": "months asked together, and random numbers"}  # fmt: skip
    named = " + ".join(inline_name(part) for part in row.series.split("+")) if row.series else ""
    passing = "the passing of time" if row.kind == "calendar" and not named else ""
    return passing or (f"{kinds.get(row.kind, row.kind)}: {named}" if named else kinds.get(row.kind, row.kind))
