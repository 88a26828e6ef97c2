"""Effect: an event's estimated effect with the description of what was observed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.core.description import BaselineComparison as BaselineComparison, Description as Description
from forecast.core.effect_cells import effect_cells
from forecast.core.errors import DataError
from forecast.core.estimate import Estimate
from forecast.core.judgement import Gate, Placebo, Verdict, placebos_apart
from forecast.core.presentation import shown, upper
from forecast.core.results import Summary

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@shown
@dataclass(frozen=True)
class Effect(Estimate):
    """Observed minus counterfactual, as draws over the observed periods of the effect window; and what the judge adds.

    Parameters
    ----------
    estimator : str
        its name
    design : Design
        the question
    unit : str
        of the amounts (kg, USD, or that of a table)
    periods : tuple of (int, int)
        first and last month of each observed period, as integers; spans are periods of their own
    observed : array of float, shape (periods,)
        as published
    counterfactual : array of float, shape (draws, periods), or None
        what would have been; None where nothing is estimated
    description : Description
        what was observed, beside baselines
    steps : Steps, optional
        the time axis
    used : tuple of Used, optional
        what the method did
    parameters : Parameters or tuple of Parameter, optional
        estimated ones by name; the standard error of x, where known, as "x.se"
    weights : mapping of str to float, optional
        of donors, by name
    n_clean, n_span : int, default 0
        clean months before the event, and published sums among them
    point : float, optional
        the sum at the point estimate (default: the mean of the draws)
    early : Contrast, optional
        the contrast of the months of anticipation, of the same draws
    own_p, own_floor : float, default NaN
        of the estimator's own test, where it has one
    own_placebos : tuple of Placebo, optional
        of the estimator's own test, where it has one
    loglike : float, default NaN
        maximised log-likelihood, where there is one
    reads : str, default "causal"
        the strongest reading that the method allows: "causal" or "relative"
    scored : {"months", "total"}, default "months"
        whether the draws hold for each period ("months"), or for their total only
    parts : mapping of str to Summary, optional
        where a method can separate the events of a design, the cumulative effect of each; they sum to the joint effect in
        every draw
    reading : TableReading, optional
        how a table in memory was read; None for an archive's
    judgement : Judgement, optional
        what the judge adds; empty before it is judged
    history : Vintage, optional
        figures and events of the treated series, for a picture or a sentence; set by `fc.estimate`

    Examples
    --------
    >>> import forecast as fc
    >>> archive = fc.load_archive()
    >>> event, series = archive.events["re_licensing_2025"], "CHN.export.WLD.re_magnets"
    >>> design = fc.Design(event, treated=series, stop="2025-06", clean_from="2018-01")
    >>> effect = fc.estimate("baseline", archive.latest, design, seed=20250709)
    >>> [round(kg / 1000) for kg in (effect.cumulative.estimate, *effect.cumulative.interval(0.95))]
    [-7483, -12945, -3643]
    """

    @property
    def p_value(self) -> float:
        """p-value of the test of no effect; before it is judged, of the estimator's own test."""
        return self.judgement.test.p if math.isfinite(self.judgement.test.p) else self.own_p

    @property
    def p_floor(self) -> float:
        """Smallest p-value that the test can give."""
        return self.judgement.test.floor if math.isfinite(self.judgement.test.p) else self.own_floor

    @property
    def mde80(self) -> float:
        """Effect found with power 80 % at 5 %."""
        return self.judgement.mde80

    @property
    def placebos(self) -> tuple[Placebo, ...]:
        """Placebos of the judge, or the estimator's own."""
        return self.judgement.placebos or self.own_placebos

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The gates of the judge."""
        return self.judgement.gates

    @property
    def verdict(self) -> Verdict | None:
        """The verdict; None before it is judged."""
        return self.judgement.verdict

    @property
    def apart(self) -> tuple[Placebo, ...]:
        """Non-overlapping placebos in time, counted back from the latest: the reference set of a randomisation p-value.

        Overlapping windows are correlated, so the event's window would rank first among n of them more often than once in
        n + 1.
        """
        if not self.periods:
            return ()
        length = self.periods[-1][1] - self.periods[0][0] + 1
        return tuple(placebos_apart([(self.steps.ordinal(p.start), p) for p in self.placebos if p.kind == "time"], length))

    @property
    def breakdown(self) -> float:
        """Relative effect as a multiple of the largest relative placebo in time, the worst drift seen before the event.

        The sign survives a drift of the counterfactual up to that multiple. NaN without placebos.

        References
        ----------
        Rambachan, A. and Roth, J. (2023). A more credible approach to parallel trends. Review of Economic Studies 90(5),
        2555-2591, sec. 2.4: this is the analogue in time of their breakdown value.
        """
        worst = max((abs(p.relative) for p in self.placebos if p.kind == "time"), default=math.nan)
        return abs(self.relative.estimate) / worst if worst > 0 and self.counterfactual is not None else math.nan

    def frame(self, *, wide: bool = False) -> pd.DataFrame:
        """One row: the estimate with its bounds, the description and the verdict.

        Parameters
        ----------
        wide : bool, default False
            instead the `path`, by the times of the table in memory that the figures came from

        Returns
        -------
        DataFrame
            with the columns of the table of effects

        Raises
        ------
        DataError
            where `wide` is asked of an effect that came from no table in memory
        """
        import pandas as pd

        if wide:
            if self.reading is None or self.reading.layout is None:
                raise DataError("this effect came from no table in memory", where="frame(wide=True)", hint="path")
            return self.path.drop(columns="month").set_index(self.reading.layout.times([first for first, _ in self.periods]))
        design = self.design
        asked = dict(
            estimator=self.estimator, event=design.event_ids, series="+".join(design.treated),
            unit="" if design.measure in ("relative", "share") else self.unit, estimand=design.estimand, measure=design.measure,
        )  # fmt: skip
        return pd.DataFrame([asked | Summary(np.empty(0)).cells() | self.cells()])

    def cells(self) -> dict[str, Any]:
        """The estimate if there is one, the description and the verdict, by their columns in effects.parquet."""
        return effect_cells(self)

    def sentence(self) -> str:
        """What was observed and what the verdict lets one say of it, in the report's own words."""
        return str(upper("report.spoken", "effect_sentence")(self))

    def number(self, field: str, unit: str | None = None, digits: int | str | None = None, locale: str = "en") -> str:
        """A figure as text by the name of its column.

        Parameters
        ----------
        field : str
            `estimate`, `lo95`, `p_value`, `desc_estimate`, `observed_total`, ...
        unit : str, optional
            such as "t" for an effect held in kg, "%" for a relative one (default: as the report shows it)
        digits : int or str, optional
            decimals (-2: whole hundreds), or "3s" for significant digits (default: the report's)
        locale : str, default "en"
            language of the marks, such as "de" or "fr"

        Returns
        -------
        str
            such as "−7,483 t"

        Raises
        ------
        ConfigError
            where there is no such field, unit or language
        """
        return str(upper("report.quoted_fields", "effect_number")(self, field, unit, digits, locale))

    def plot(self, ax: Axes | None = None, difference: bool = False) -> Axes:
        """Observed figures beside the counterfactual and its bands, or the sum of what lies between.

        Parameters
        ----------
        ax : Axes, optional
            matplotlib axes to draw on (default: new ones)
        difference : bool, default False
            the sum of what lies between

        Returns
        -------
        Axes
            in the unit of the report, over months
        """
        axes: Axes = upper("plots.plot", "effect")(self, ax, difference)
        return axes

    def with_verdict(self, gates: Sequence[Gate], verdict: Verdict) -> Effect:
        """The effect with its gates and verdict.

        Parameters
        ----------
        gates : sequence of Gate
            in the order in which they judged
        verdict : Verdict
            that they leave

        Returns
        -------
        Effect
            a new one
        """
        return replace(self, judgement=replace(self.judgement, gates=tuple(gates), verdict=verdict))
