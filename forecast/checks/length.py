"""Length: whether the history before the event is long enough for a claim."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.plurals import pluralize
from forecast.core.registry import check
from forecast.prep.pre_period import clean_pre_period

NAME = "length"


@check
@dataclass(frozen=True)
class Length:
    """Clean months before the event relative to the length of the window, graded.

    Full: at least `full` clean months and `full_ratio` times the window. Suggestive: `some` and `some_ratio` times. Less, or
    only sums of months: description, without a p-value. Months without trade count like others: the test compares how many
    there are, before and after.

    Parameters
    ----------
    full : int, default 36
        clean months, and their multiple of the window, that a firm claim needs
    full_ratio : float, default 3.0
        clean months, and their multiple of the window, that a firm claim needs
    some : int, default 12
        those that a suggestion needs
    some_ratio : float, default 2.0
        those that a suggestion needs
    """

    full: int = 36
    full_ratio: float = 3.0
    some: int = 12
    some_ratio: float = 2.0

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: clean months; threshold: months needed for a full claim."""
        every = [clean_pre_period(evidence.vintage, evidence.design, s) for s in evidence.design.treated]
        before = min(every, key=lambda one: one.count)
        window = evidence.design.window(evidence.vintage).length
        # a share needs both its parts: the estimator counted the months in which they are known
        months = effect.n_clean if evidence.design.share_of else before.count
        need, least = max(self.full, self.full_ratio * window), max(self.some, self.some_ratio * window)
        text = f"{pluralize(months, 'clean month')} and {pluralize(len(before.spans), 'sum')} of months before the event"
        there = f"there {'are' if months > 1 else 'is'} only {months}" if months else "there is none"
        if months >= need:
            return Gate(NAME, "pass", months, need, text)
        if months >= least:
            reason = f"a firm claim needs {need:.0f} clean months before the event and {there}"
            return Gate(NAME, "fail", months, need, reason, cap="suggestive")
        reason = f"an estimate over {pluralize(window, 'month')} needs {least:.0f} clean months before the event and {there}"
        return Gate(NAME, "fail", months, need, reason, cap="descriptive", withholds=True)
