"""Lost or delayed: what share of the tonnes missing under a measure came back after its end, or after it was eased."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.contracts import Estimator
from forecast.core.effects import Effect
from forecast.core.errors import DataError, NotIdentifiedError
from forecast.core.event_ends import ended_measure
from forecast.core.measures_in_window import DAY, SHORTLY, TurningDay, other_measures, standing_measures, turning_days
from forecast.core.questions import Design, replace_design
from forecast.core.results import Failure, Summary
from forecast.core.vintage import Vintage
from forecast.prep.baselines import describe
from forecast.study.ask import Memo
from forecast.study.effects import judge
from forecast.study.effects.placebo import stretch_interval
from forecast.study.effects.shipped_gates import CheckSpec

KNOWN, TOO_EARLY, NO_LOSS, UNIDENTIFIED = "known", "not yet known", "no loss shown", "not identified"
NOT_ASKED = "not asked"  # the measures had turned before the months of the loss
LEVELS = (0.8, 0.95)


@dataclass(frozen=True)
class Turn:
    """When the last of the measures asked about had ended or was eased.

    Parameters
    ----------
    day : date
        the first without them, or of their easing
    event : str
        what ended or eased it; its own id where it ended by itself
    last : int
        the last month, as an integer, in which they held
    again : int, optional
        the first in which they hold again, where what lifted them is to end
    """

    day: dt.date
    event: str
    last: int
    again: int | None = None


@dataclass(frozen=True)
class Recovery:
    """What came back of a loss, in draws: the cumulative loss, then the cumulative excess over the counterfactual.

    Parameters
    ----------
    periods : tuple of (int, int)
        first and last month of each, as integers
    effect : array of float, shape (draws, periods)
        observed minus counterfactual, one joint set of draws
    lost_periods : int
        how many of the periods belong to the loss; the others came after
    points : (float, float), optional
        loss and excess at the point estimate, where these are not the medians of the draws
    """

    periods: tuple[tuple[int, int], ...]
    effect: Floats
    lost_periods: int
    points: tuple[float, float] | None = None

    def loss(self, upto: int | None = None) -> Summary:
        """The loss, summed over its first `upto` periods (all); positive where something is missing."""
        drawn = -self.effect[:, : self.lost_periods if upto is None else min(upto, self.lost_periods)].sum(axis=1)
        whole = self.points and (upto is None or upto >= self.lost_periods)
        return Summary(drawn, self.points[0] if whole and self.points else float(np.median(drawn)))

    def back(self, upto: int) -> Summary:
        """The excess over the counterfactual after the loss, up to period number `upto`; negative where more went missing."""
        drawn = self.effect[:, self.lost_periods : upto].sum(axis=1)
        whole = self.points and upto == len(self.periods)
        return Summary(drawn, self.points[1] if whole and self.points else float(np.median(drawn)))

    def share(self, upto: int) -> tuple[float, list[tuple[float, float]]]:
        """The share of the loss that came back, and its interval at each of `LEVELS`.

        A draw without a loss tells nothing of the share, which may then be anything: it counts on both sides, so an interval
        is unbounded where the loss itself is not shown at that level (Fieller 1954: the ratio of two uncertain sums).

        References
        ----------
        Fieller, E. C. (1954). Some problems in interval estimation. Journal of the Royal Statistical Society B 16(2), 175-185.
        """
        lost, back = self.loss(), self.back(upto)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = back.draws / lost.draws
        some = lost.draws > 0
        low, high = np.where(some, ratio, -math.inf), np.where(some, ratio, math.inf)
        bounds = [
            (
                float(np.quantile(low, (1 - level) / 2, method="lower")),
                float(np.quantile(high, (1 + level) / 2, method="higher")),
            )
            for level in LEVELS
        ]
        return (back.estimate / lost.estimate if lost.estimate > 0 else math.nan), bounds

    def balance(self, upto: int) -> Summary:
        """Loss and later excess together: below zero where part of it is still missing."""
        return Summary(self.back(upto).draws - self.loss().draws, self.back(upto).estimate - self.loss().estimate)


@dataclass(frozen=True)
class Recovered:
    """The answer to "lost or delayed" for one effect: how far it is known and why, and what came back.

    Parameters
    ----------
    state : {"known", "not yet known", "no loss shown", "not identified", "not asked"}
        how far it is known
    reason : str
        why it is not known
    turn : Turn, optional
        when the measures ended or were eased, as far as known on the day of the data
    months : (int, int), optional
        the months of the loss
    since : (int, int), optional
        the months after it
    recovery : Recovery, optional
        where it is known
    described : (str, float, float), optional
        a baseline, and the observed differences from it in the months of the loss and after them: no cause is claimed
    unknown : tuple of str, optional
        months of either without a figure, which count in neither sum
    others : tuple of str, optional
        other measures that begin in the months after
    standing : tuple of str, optional
        other measures that began before these months and held in at least one of them
    holding : tuple of str, optional
        measures asked about that go on after `turn`, which then is that of the others alone: the months since are described,
        and nothing is said of what came back
    """

    state: str
    reason: str = ""
    turn: Turn | None = None
    months: tuple[int, int] | None = None
    since: tuple[int, int] | None = None
    recovery: Recovery | None = None
    described: tuple[str, float, float] | None = None
    unknown: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    holding: tuple[str, ...] = ()


def asks_for_a_loss(design: Design) -> bool:
    """Whether a question is about a quantity that a measure may have cost; a share, a price or a recovery is none."""
    amounts = design.estimand in ("shortfall", "net") and design.measure in ("cumulative", "net") and not design.share_of
    return amounts and bool(design.events) and not any(ended_measure(event.id) for event in design.events)


def turn_of(vintage: Vintage, design: Design) -> tuple[Turn | None, tuple[str, ...]]:
    """When the last of the measures asked about had ended or was eased, as known on the day, and those of them that go on.

    Each counts with its first turn in the months asked or later; one that had turned before them, or began after them, took no
    part in their loss. Where all had turned before, the last of these turns is the answer, before the window (`Turn.last`).
    Where some go on, the turn is that of the others. Goods under way for `lag_months` arrive under the measure still.
    """
    window, steps = design.window(vintage), vintage.steps
    late: list[Turn] = []
    early: list[Turn] = []
    holding: list[str] = []
    for event in design.events:
        if steps.of(event.effective or event.announced) + design.lag_months > window.last:
            continue
        days = turning_days(vintage.events, event.id, design.treated, vintage.day)
        past = [_turn_in_steps(vintage, design, turned) for turned in days]
        within = [turn for turn in past if turn.last >= window.first]
        if not past:
            holding.append(event.id)
        else:
            (late if within else early).append(within[0] if within else past[-1])
    turns = late if late or holding else early
    return max(turns, key=lambda turn: turn.day, default=None), tuple(holding)


def _turn_in_steps(vintage: Vintage, design: Design, turned: TurningDay) -> Turn:
    """A turning day on the axis of the data."""
    again = vintage.steps.of(turned.again) if turned.again else None
    return Turn(turned.day, turned.event, vintage.steps.of(turned.day - DAY) + design.lag_months, again)


def recovered_since(
    method: Estimator, vintage: Vintage, effect: Effect, seed: int = 0, *, memo: Memo | None = None,
    checks: Sequence[CheckSpec] | None = None,
) -> Recovered | None:  # fmt: skip
    """What came back of an effect's loss, month by month; None where no loss is asked.

    The same method answers the same question once more with the months since, so loss and excess come from one matrix of
    draws, widened by the row's own windows without an event. The longer question passes the gates like any other: where they
    allow no estimate over so many months, none is given.

    Parameters
    ----------
    method : Estimator
        that made the effect
    vintage : Vintage
        of the effect
    effect : Effect
        judged
    seed : int, default 0
        of the random numbers
    memo : dict, optional
        answers already computed on the same data
    checks : sequence of str, mapping or Check, optional
        the gates that judge, instead of the shipped ones
    """
    design = effect.design
    if not asks_for_a_loss(design):
        return None
    window, steps = design.window(vintage), vintage.steps
    turn, holding = turn_of(vintage, design)
    before = turn is not None and turn.last < window.first
    within = turn is not None and not holding and window.first <= turn.last < window.last
    split = turn.last if turn and within else window.last
    known = max((vintage.last_month(s) for s in design.treated if vintage.knows(s)), default=window.last)
    known = min(known, turn.again - 1) if turn and turn.again is not None else known
    made: dict[str, Any] = {"turn": turn, "months": (window.first, split), "holding": holding if turn else ()}
    after = turn is not None and not before and known > max(split, turn.last)
    if turn and after:
        later = replace_design(design, stop=steps.label(known), measure="cumulative")
        since = (max(split, turn.last) if holding else split) + 1, known
        made |= {"since": since, "described": _describe_both(vintage, design, (window.first, split), since)}
        own = [event.id for event in design.events]
        begun = other_measures(vintage.events, own, design.treated, since[0] - 1 + SHORTLY, known)
        made["others"] = tuple(event.id for event in begun if event.id != turn.event)
        held = standing_measures(vintage.events, own, design.treated, *since, design.lag_months, steps)
        made["standing"] = tuple(event.id for event in held)
    if effect.counterfactual is None:
        why = effect.verdict.because if effect.verdict else "nothing was estimated"
        return Recovered(UNIDENTIFIED, why, **made)
    if split == window.last and effect.cumulative.interval(0.95)[1] >= 0:
        return Recovered(NO_LOSS, **made)
    if before:
        return Recovered(NOT_ASKED, "the months asked begin after the turn, which is none of their loss", **made)
    if holding or not after:
        all_of_them = " of all the measures" if len(design.events) > 1 else ""
        why = "no month after it is published" if turn and not holding else f"no end or easing{all_of_them} is known"
        return Recovered(TOO_EARLY, why, **made)
    if getattr(method, "assumes_path", False):
        return Recovered(UNIDENTIFIED, f"{effect.estimator} assumes how the effect goes on, and shows nothing of it", **made)
    longer = judge.estimate(method, vintage, later, seed, memo=memo, placebos=0, checks=checks)
    if isinstance(longer, Failure):
        return Recovered(UNIDENTIFIED, longer.reason, **made)
    if longer.counterfactual is None:
        return Recovered(UNIDENTIFIED, longer.verdict.because if longer.verdict else "", **made)
    made["unknown"] = longer.description.unknown
    if any(first <= split < last for first, last in longer.periods):
        return Recovered(UNIDENTIFIED, "a published sum holds months of the loss and months after it", **made)
    longer = stretch_interval(longer, effect.judgement.calibration, vintage.nonnegative)
    count = sum(last <= split for _, last in longer.periods)
    if not 0 < count < len(longer.periods):
        return Recovered(TOO_EARLY, "no month after it is published", **made)
    recovery = Recovery(longer.periods, longer.draws, count, _points_of_description(longer, made["described"]))
    if recovery.loss().interval(0.95)[0] <= 0:
        return Recovered(NO_LOSS, **made)
    return Recovered(KNOWN, recovery=recovery, **made)


def _describe_both(
    vintage: Vintage, design: Design, lost: tuple[int, int], since: tuple[int, int]
) -> tuple[str, float, float] | None:
    """The first baseline known for both, and what was observed less it in the months of either; None without one."""
    label = vintage.steps.label
    parts = []
    for start, stop in (lost, since):
        asked = replace_design(design, start=label(start), stop=label(stop), event_start=None, measure="cumulative")
        try:
            parts.append({one.baseline: one.difference for one in describe(vintage, asked).compared})
        except (DataError, NotIdentifiedError):
            return None
    before, after = parts
    name = next((name for name in before if name in after), "")
    return (name, before[name], after[name]) if name else None


def _points_of_description(longer: Effect, described: tuple[str, float, float] | None) -> tuple[float, float] | None:
    """Loss and excess against the baseline, where the estimate is the observed difference from that very baseline."""
    if described is None:
        return None
    _, lost, back = described
    return (-lost, back) if math.isclose(lost + back, longer.cumulative.estimate, rel_tol=1e-9) else None
