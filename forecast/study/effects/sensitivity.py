"""Sensitivity of an effect to its assumptions: shipping lag, donut, level variance, and the vintage it is estimated on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from forecast.core.archive import Archive
from forecast.core.contracts import Estimator
from forecast.core.effects import Effect
from forecast.core.errors import DataError
from forecast.core.judgement import Gate
from forecast.core.months import parse_day
from forecast.core.plurals import pluralize
from forecast.core.presentation import shown
from forecast.core.questions import Design, replace_design
from forecast.core.results import Failure
from forecast.core.vintage import Vintage
from forecast.study.ask import Memo, Spec, estimator_from, name_of
from forecast.study.effects import judge
from forecast.study.effects.shipped_gates import CheckSpec

# recorded on arrival, after shipping; an export is recorded on departure
IMPORT_BASES = ("import_origin", "import_total", "panel")
NO_SIBLINGS = Gate("siblings", "not run", reason="a variation is judged without the other methods asked", cap="suggestive")


@shown
@dataclass(frozen=True)
class Variation:
    """An effect with one assumption changed.

    Parameters
    ----------
    what : {"lag_months", "donut", "level_sd", "day"}
        what was changed
    value : str
        to which value
    answer : Effect or Failure
        the effect with its verdict, or why there is none
    """

    what: str
    value: str
    answer: Effect | Failure


@dataclass(frozen=True)
class _BaseQuestion:
    method: Estimator
    vintage: Vintage
    design: Design
    seed: int
    placebos: int
    memo: Memo
    checks: Sequence[CheckSpec] | None

    def judge(self, design: Design, vintage: Vintage | None = None, method: Estimator | None = None) -> Effect | Failure:
        """The effect with the verdict it has without siblings."""
        return judge.estimate(
            method or self.method, vintage or self.vintage, design, self.seed,
            memo=self.memo, placebos=self.placebos, checks=self.checks,
        )  # fmt: skip

    def failure(self, reason: str, detail: str = "") -> Failure:
        """The Failure of a variation that cannot be asked."""
        name = str(getattr(self.method, "name", ""))
        return Failure(name, self.design.event_ids, "+".join(self.design.treated), reason, detail)


def vary(
    method: Estimator | Spec,
    source: Archive | Vintage,
    design: Design,
    *,
    lags: Sequence[int] = (0, 1, 2),
    donuts: Sequence[int] = (),
    level_sds: Sequence[float] = (),
    days: Iterable[str | dt.date] = (),
    seed: int = 0,
    placebos: int = 40,
    memo: Memo | None = None,
    checks: Sequence[CheckSpec] | None = None,
) -> list[Variation]:
    """Sensitivity of an effect: the same question with one assumption changed at a time, each judged as by `fc.estimate`.

    Parameters
    ----------
    method : Estimator, str or mapping
        an estimator, its name, or a mapping of its name and options (`{"use": ..., option: value}`)
    source : Archive or Vintage
        the data
    design : Design
        the question
    lags : sequence of int, default (0, 1, 2)
        shipping time in months (imports). It moves the first affected month, and with it the end of the clean months unless
        anticipation ends them earlier. Asked months that the design names are kept, except those before the first arrival,
        which are then clean. Asked months that are not named move along
    donuts : sequence of int, optional
        months left out after the first affected one, by the same rule
    level_sds : sequence of float, optional
        standard deviation of the steps of the counterfactual's level, as a share of that of the series; only for a method
        with this option (Brodersen et al. 2015 take 0.01; the method's own answer takes the most likely one)
    days : sequence of str or date, optional
        vintages: figures released and events announced by that day, the window cut at the last month then known
    seed : int, default 0
        of the random numbers
    placebos : int, default 40
        maximal number of placebo windows for each answer
    memo : dict, optional
        answers already computed on the same data with the same seed
    checks : sequence of str, mapping or Check, optional
        the gates that judge, instead of the shipped ones

    Returns
    -------
    list of Variation
        one for each value, in the order of the arguments

    Raises
    ------
    ConfigError
        where an argument is of another kind, or there is no such estimator or option

    References
    ----------
    Brodersen, K. H., Gallusser, F., Koehler, J., Remy, N. and Scott, S. L. (2015). Inferring causal impact using Bayesian
    structural time-series models. Annals of Applied Statistics 9(1), 247-274.

    Examples
    --------
    >>> import forecast as fc
    >>> archive = fc.load_archive()
    >>> event, series = archive.events["re_licensing_2025"], "CHN.export.WLD.re_magnets"
    >>> design = fc.Design(event, treated=series, stop="2025-06", clean_from="2018-01")
    >>> [(one.what, one.value) for one in fc.vary("baseline", archive, design, lags=(), donuts=(1,), placebos=5)]
    [('donut', '1')]
    """
    vintage = source.latest if isinstance(source, Archive) else source
    base = _BaseQuestion(estimator_from(method), vintage, design, seed, placebos, {} if memo is None else memo, checks)
    out = [Variation("lag_months", str(lag), _vary_lag(base, lag)) for lag in lags]
    out += [Variation("donut", str(donut), _vary_window(base, design.lag_months, donut)) for donut in donuts]
    out += [Variation("level_sd", f"{value:g}", _vary_level_sd(base, value)) for value in level_sds]
    return out + [Variation("day", parse_day(day).isoformat(), _vary_day(base, parse_day(day))) for day in days]


def without_siblings(found: Variation) -> Variation:
    """A variation of a question that other methods answer too: "suggestive" at most, because it is not compared with theirs."""
    made = found.answer
    if isinstance(made, Effect) and made.verdict and made.verdict.word == "supported":
        return replace(found, answer=judge.apply_verdict(made, [*made.gates, NO_SIBLINGS]))
    return found


def _vary_lag(base: _BaseQuestion, lag: int) -> Effect | Failure:
    if base.design.basis not in IMPORT_BASES:
        return base.failure("an export is counted when it leaves: no month under way")
    return _vary_window(base, lag, base.design.donut)


def _vary_window(base: _BaseQuestion, lag: int, donut: int) -> Effect | Failure:
    """The question with the first affected and the first asked month moved."""
    design, vintage = base.design, base.vintage
    moved = replace_design(design, lag_months=lag, donut=donut)
    try:
        own = design.window(vintage)
        named = design.start is not None and design.event_start is None
        earliest = own.start - design.lag_months + lag + donut
        if named and own.first >= own.start:
            moved = replace_design(moved, start=vintage.steps.label(max(own.first, earliest)))
        moved.window(vintage)
    except DataError as error:
        left = f"{pluralize(lag, 'month')} under way and {donut} left out: no asked month remains"
        return base.failure(left, error.problem)
    return base.judge(moved)


def _vary_level_sd(base: _BaseQuestion, value: float) -> Effect | Failure:
    plugin: Any = base.method
    if not any(field.name == "level_sd" for field in fields(plugin)):
        return base.failure(f"{name_of(base.method)} has no level whose step could be fixed")
    return base.judge(base.design, method=replace(plugin, level_sd=value))


def _vary_day(base: _BaseQuestion, day: dt.date) -> Effect | Failure:
    design, vintage = base.design, base.vintage
    if day > vintage.day:
        return base.failure(f"nothing is known of {day}: the figures end with {vintage.day}")
    if vintage.past is None:
        return base.failure("a plain panel has no days of release")
    known = [event.known_on(day) for event in design.events]
    late = [event.id for event, version in zip(design.events, known, strict=True) if version is None]
    if late:
        return base.failure(f"{', '.join(late)} {'was' if len(late) == 1 else 'were'} not announced by {day}")
    seen = vintage.earlier(day)
    if not any(seen.knows(series) for series in design.treated):
        return base.failure(f"no figure of {design.treated[0]} was known on {day}")
    steps = seen.steps
    last = max(seen.last_month(series) for series in design.treated if seen.knows(series))
    try:
        asked = design.window(vintage)
    except DataError as error:
        return base.failure(error.problem)
    if last < asked.first:
        return base.failure(f"no asked month was known on {day}", f"the figures ended in {steps.label(last)}")
    earlier = replace_design(design, events=tuple(known), stop=steps.label(min(asked.last, last)))
    return base.judge(earlier, vintage=seen)
