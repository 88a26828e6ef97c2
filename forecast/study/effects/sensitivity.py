"""Vary: the same question asked with one thing changed, every answer judged like the question itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from forecast.core.archive import Archive
from forecast.core.contracts import Answer
from forecast.core.effects import Effect, Gate
from forecast.core.errors import DataError
from forecast.core.months import parse_day
from forecast.core.questions import Design, replace_design
from forecast.core.results import Failure
from forecast.core.vintage import Vintage
from forecast.prep.baselines import counted
from forecast.study.effects import judge

IMPORT_BASES = ("import_origin", "import_total", "panel")  # what arrives after it was sent; an export is counted when it leaves
SINGLE_ANSWER_GATE = Gate(
    "alone", "not run", reason="a variation is judged without the other methods and questions of its run", cap="suggestive"
)


@dataclass(frozen=True)
class Variation:
    """What was changed (lag_months, donut, level_sd, day), to which value, and the judged answer or the reason for none."""

    what: str
    value: str
    answer: Effect | Failure


@dataclass(frozen=True)
class _BaseQuestion:
    """A question as it stands, and how its variations are put."""

    method: Any
    vintage: Vintage
    design: Design
    seed: int
    placebos: int
    memo: dict[Any, Answer]

    def put(self, design: Design, vintage: Vintage | None = None, method: Any = None) -> Effect | Failure:
        """The judged answer; alone, it is a suggestion at most."""
        made = judge.estimate(
            method or self.method, vintage or self.vintage, design, self.seed, memo=self.memo, placebos=self.placebos
        )
        if isinstance(made, Effect) and made.verdict and made.verdict.word == "supported":
            return judge.apply_verdict(made, [*made.gates, SINGLE_ANSWER_GATE])
        return made

    def refused(self, reason: str, detail: str = "") -> Failure:
        """The row of a variation that cannot be asked."""
        name = str(getattr(self.method, "name", ""))
        return Failure(name, self.design.event_ids, "+".join(self.design.treated), reason, detail)


def variations(
    method: Any,
    source: Archive | Vintage,
    design: Design,
    *,
    lags: Sequence[int] = (0, 1, 2),
    donuts: Sequence[int] = (),
    level_sds: Sequence[float] = (),
    days: Iterable[str | dt.date] = (),
    seed: int = 0,
    placebos: int = 40,
    memo: dict[Any, Answer] | None = None,
) -> list[Variation]:
    """One answer per changed word, in the order given.

    lags : months goods are under way (imports). The first affected month moves, and with it the end of the clean months where
        no anticipation ends them earlier. Asked months that are named stay, but those before the first arrival are no longer
        asked: they are clean then. Months that are not named move along.
    donuts : months left out after the first affected one, by the same rule
    level_sds : shares of the series' standard deviation at which a counterfactual's level may step; only where the method has
        that word (Brodersen et al. 2015 take 0.01; the most likely one is the method's own answer)
    days : what was believed on a day: figures released and events announced by then, the window cut at the last month known
    placebos : at most so many windows without an event for each answer
    """
    vintage = source.latest if isinstance(source, Archive) else source
    asker = _BaseQuestion(method, vintage, design, seed, placebos, {} if memo is None else memo)
    out = [Variation("lag_months", str(lag), _vary_lag(asker, lag)) for lag in lags]
    out += [Variation("donut", str(donut), _vary_window(asker, design.lag_months, donut)) for donut in donuts]
    out += [Variation("level_sd", f"{value:g}", _vary_level_sd(asker, value)) for value in level_sds]
    return out + [Variation("day", parse_day(day).isoformat(), _vary_day(asker, parse_day(day))) for day in days]


def _vary_lag(asker: _BaseQuestion, lag: int) -> Effect | Failure:
    """The question with goods `lag` months under way."""
    if asker.design.basis not in IMPORT_BASES:
        return asker.refused("an export is counted when it leaves: no month under way")
    return _vary_window(asker, lag, asker.design.donut)


def _vary_window(asker: _BaseQuestion, lag: int, donut: int) -> Effect | Failure:
    """The question with the first affected and the first asked month elsewhere."""
    design, vintage = asker.design, asker.vintage
    moved = replace_design(design, lag_months=lag, donut=donut)
    try:
        own = design.window(vintage)
        named = design.start is not None and design.event_start is None
        earliest = own.start - design.lag_months + lag + donut
        if named and own.first >= own.start:
            moved = replace_design(moved, start=vintage.steps.label(max(own.first, earliest)))
        moved.window(vintage)
    except DataError as error:
        left = f"{counted(lag, 'month')} under way and {donut} left out: no asked month remains"
        return asker.refused(left, error.problem)
    return asker.put(moved)


def _vary_level_sd(asker: _BaseQuestion, value: float) -> Effect | Failure:
    """The question with the level's step fixed."""
    if not any(field.name == "level_sd" for field in fields(asker.method)):
        return asker.refused(f"{asker.method.name} has no level whose step could be fixed")
    return asker.put(asker.design, method=replace(asker.method, level_sd=value))


def _vary_day(asker: _BaseQuestion, day: dt.date) -> Effect | Failure:
    """The question as it could be put on a day."""
    design, vintage = asker.design, asker.vintage
    if day > vintage.day:
        return asker.refused(f"nothing is known of {day}: the figures end with {vintage.day}")
    if vintage.past is None:
        return asker.refused("a plain panel has no days of release")
    known = [event.known_on(day) for event in design.events]
    late = [event.id for event, then in zip(design.events, known, strict=True) if then is None]
    if late:
        return asker.refused(f"{', '.join(late)} {'was' if len(late) == 1 else 'were'} not announced by {day}")
    seen = vintage.earlier(day)
    if not any(seen.knows(series) for series in design.treated):
        return asker.refused(f"no figure of {design.treated[0]} was known on {day}")
    steps = seen.steps
    last = max(seen.last_month(series) for series in design.treated if seen.knows(series))
    try:
        asked = design.window(vintage)
    except DataError as error:
        return asker.refused(error.problem)
    if last < asked.first:
        return asker.refused(f"no asked month was known on {day}", f"the figures ended in {steps.label(last)}")
    then = replace_design(design, events=tuple(known), stop=steps.label(min(asked.last, last)))
    return asker.put(then, vintage=seen)
