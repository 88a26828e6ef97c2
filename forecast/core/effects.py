"""Effect: an event's estimated effect with the description of what was observed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from forecast.arrays import Floats
from forecast.core.contrast import Contrast
from forecast.core.errors import DataError, NotIdentifiedError
from forecast.core.judgement import Gate, Judgement, Placebo, Verdict
from forecast.core.parameters import Parameter, Parameters
from forecast.core.presentation import shown, upper
from forecast.core.questions import Design
from forecast.core.results import Summary, TableReading, Used, quantile_name
from forecast.core.schema import join_names
from forecast.core.simultaneous_bands import simultaneous_band
from forecast.core.time_axis import MONTHS, Steps
from forecast.core.vintage import Vintage

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class BaselineComparison:
    """The observed total against one baseline; `expected` is the level the baseline implies for the effect window."""

    baseline: str
    expected: float
    difference: float
    relative: float


@shown
@dataclass(frozen=True)
class Description:
    """The observed total next to named baselines; valid whatever the verdict.

    `compared` holds one row per baseline that the data determine, the chosen one first. Where there is none, `last_level` is
    the last published level, and `last_period` its months.
    """

    observed: float
    months: str
    compared: tuple[BaselineComparison, ...] = ()
    last_level: float = math.nan
    last_period: str = ""
    unknown: tuple[str, ...] = ()

    @property
    def chosen(self) -> BaselineComparison | None:
        """The comparison with the chosen baseline."""
        return self.compared[0] if self.compared else None

    def bounds(self, measure: str) -> tuple[str, float, float, float]:
        """Name and difference of the chosen baseline, and the range over all baselines, in the given measure.

        Without a baseline: the last published level three times, with a name that says so.
        """
        if not self.compared:
            level = self.last_level
            return f"none; last published level, {self.last_period}" if self.last_period else "none", level, level, level
        key = "relative" if measure == "relative" else "difference"
        values = [getattr(c, key) for c in self.compared]
        finite = [v for v in values if np.isfinite(v)] or [math.nan]
        return self.compared[0].baseline, values[0], min(finite), max(finite)


@shown
@dataclass(frozen=True)
class Effect:
    """Observed minus counterfactual, as draws over the observed periods of the effect window; and what the judge adds.

    periods : (first, last) of each observed period; spans are periods of their own
    observed : (periods,); counterfactual : (draws, periods) in archive units, None where nothing is estimated
    point : the sum at the point estimate; early : the contrast of the months of anticipation, of the same draws
    scored : whether the draws hold for each period, or for their total only
    own_p, own_floor, own_placebos : of the estimator's own test, where it has one
    parts : where a method can separate the events of a design, the cumulative effect of each; they sum to the joint effect in
        every draw
    history : figures and events of the treated series, for a picture or a sentence; set by `fc.estimate`
    reading : how a table in memory was read; None for an archive's
    """

    estimator: str
    design: Design
    unit: str
    periods: tuple[tuple[int, int], ...]
    observed: Floats
    counterfactual: Floats | None
    description: Description
    steps: Steps = MONTHS
    used: tuple[Used, ...] = ()
    parameters: Parameters | tuple[Parameter, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    n_clean: int = 0
    n_span: int = 0
    point: float | None = None
    early: Contrast | None = None
    own_p: float = math.nan
    own_floor: float = math.nan
    own_placebos: tuple[Placebo, ...] = ()
    loglike: float = math.nan
    reads: str = "causal"
    scored: Literal["months", "total"] = "months"
    parts: Mapping[str, Summary] = field(default_factory=dict)
    reading: TableReading | None = None
    judgement: Judgement = field(default_factory=Judgement)
    history: Vintage | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", Parameters(self.parameters))

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
    def window(self) -> Contrast:
        """Observed and counterfactual of the effect window."""
        if self.counterfactual is None:
            return Contrast(self.periods, self.observed, np.empty((0, len(self.periods))))
        return Contrast(self.periods, self.observed, self.counterfactual, self.point)

    def contrast(self, measure: str | None = None) -> Contrast:
        """Observed and counterfactual of a measure (default: the design's): one set of draws for all that is said of it."""
        measure = measure or self.design.measure
        if measure == "relative" and self.counterfactual is not None and not len(self.relative.draws):
            problem = "what was expected may be above or below zero, and a share of it says nothing"
            raise NotIdentifiedError(problem, where=self.design.event_ids, hint='measure = "cumulative"')
        if measure not in ("anticipation", "net") or self.counterfactual is None:
            return self.window
        if self.early is None:
            if measure == "net":
                return self.window
            raise NotIdentifiedError(
                f"{self.estimator} estimates no anticipation in this window", where=self.design.event_ids,
                hint="counterfactual or regression, and an event with months of anticipation",
            )  # fmt: skip
        return self.early if measure == "anticipation" else self.early.join(self.window)

    @property
    def draws(self) -> Floats:
        """Effect draws, shape (draws, periods)."""
        if self.counterfactual is None:
            return np.empty((0, len(self.periods)))
        return self.observed[None, :] - self.counterfactual

    @property
    def cumulative(self) -> Summary:
        """Sum of the effect over the effect window."""
        return self.window.difference

    @property
    def anticipation(self) -> Summary | None:
        """Sum of the effect over the months of anticipation; None where the method estimates none."""
        return None if self.early is None else self.early.difference

    @property
    def net(self) -> Summary:
        """Anticipation plus post-event effect, draw by draw; the cumulative effect where no anticipation was estimated.

        Malani and Reif (2015, J. Public Econ. 124:1): months before an announced start are effect, not a failed pre-trend.
        """
        return self.contrast("net").difference

    @property
    def average(self) -> Summary:
        """Mean effect per observed step."""
        steps = sum(last - first + 1 for first, last in self.periods)
        return Summary(self.draws.sum(axis=1) / steps, None if self.point is None else self.point / steps)

    @property
    def apart(self) -> tuple[Placebo, ...]:
        """Non-overlapping placebos in time, counted back from the latest: the reference set of a randomisation p-value.

        Overlapping windows are correlated, so the event's window would rank first among n of them more often than once in
        n + 1.
        """
        if not self.periods:
            return ()
        length = self.periods[-1][1] - self.periods[0][0] + 1
        found: list[tuple[int, Placebo]] = []
        timed = [(self.steps.ordinal(p.start), p) for p in self.placebos if p.kind == "time"]
        for start, one in sorted(timed, key=lambda pair: -pair[0]):
            if not found or start + length <= found[-1][0]:
                found.append((start, one))
        return tuple(one for _, one in found)

    @property
    def breakdown(self) -> float:
        """Relative effect as a multiple of the largest relative placebo in time, the worst drift seen before the event.

        The sign survives a drift of the counterfactual up to that multiple: the analogue in time of the breakdown value of
        Rambachan and Roth (2023, Rev. Econ. Stud. 90:2555, sec. 2.4). NaN without placebos.
        """
        worst = max((abs(p.relative) for p in self.placebos if p.kind == "time"), default=math.nan)
        return abs(self.relative.estimate) / worst if worst > 0 and self.counterfactual is not None else math.nan

    @property
    def relative(self) -> Summary:
        """Ratio of sums minus one: -1 where everything was lost."""
        return self.window.relative if self.counterfactual is not None else Summary(np.empty(0))

    @property
    def path(self) -> pd.DataFrame:
        """One row per period: observed, quantiles of counterfactual and effect, and the effect's simultaneous 90 % band."""
        import pandas as pd

        table: dict[str, Any] = {"month": [self.steps.period(*p) for p in self.periods], "observed": self.observed}
        for name, block in (("counterfactual", self.counterfactual), ("effect", self.draws)):
            for p in (0.025, 0.1, 0.5, 0.9, 0.975):
                at_p = np.nan if block is None or not len(block) else np.quantile(block, p, axis=0)
                table[f"{name}_{quantile_name(p)}"] = at_p
        table["effect_band_lo"], table["effect_band_hi"] = self.band(0.9) if len(self.draws) else (np.nan, np.nan)
        return pd.DataFrame(table)

    def band(self, level: float = 0.9) -> tuple[Floats, Floats]:
        """Simultaneous band of the effect: lower and upper bounds (periods,) that contain its whole path."""
        return simultaneous_band(self.draws, level)

    def summary(self, measure: str | None = None) -> Summary:
        """Draws of the effect in a measure (default: the design's)."""
        measure = measure or self.design.measure
        if measure == "relative":
            return self.relative
        return self.contrast(measure).difference

    def frame(self, *, wide: bool = False) -> pd.DataFrame:
        """One row: the estimate with its bounds, the description and the verdict.

        wide : instead the `path`, by the times of the table in memory that the figures came from
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
        described, measure = self.description, self.design.measure
        baseline, middle, low, high = described.bounds(measure)
        expected = described.chosen.expected if described.chosen else math.nan
        whole = abs(self.window.expected) if len(self.draws) else math.nan
        size = self.mde80 / whole if whole > 0 else math.nan
        verdict = self.verdict or Verdict("", "")
        cells = dict[str, Any](
            p_value=self.p_value,
            p_floor=self.p_floor,
            p_rank=self.judgement.rank_p,
            p_rank_floor=self.judgement.rank_floor,
            score=self.judgement.test.score,
            freedom=self.judgement.test.freedom,
            margin=self.judgement.margin,
            calibration=self.judgement.calibration,
            mde80=size if measure == "relative" else self.mde80,
            n_clean=self.n_clean,
            n_span=self.n_span,
            n_placebo=sum(p.kind == "time" for p in self.placebos),
            n_apart=len(self.apart),
            n_space=sum(p.kind == "space" for p in self.placebos),
            verdict=verdict.word,
            reading=verdict.reading,
            because=verdict.because,
            baseline=baseline,
            desc_estimate=middle,
            desc_lo=low,
            desc_hi=high,
            months_observed=described.months,
            observed_total=described.observed,
            expected=expected,
            baselines=join_names(c.baseline for c in described.compared),
            used="; ".join(part for used in self.used for part in used.sentences),
        )
        summary = self.summary()
        if not len(self.draws) or not len(summary.draws):
            return cells
        cells |= summary.cells() | {"breakdown": self.breakdown}
        if self.anticipation is not None:
            for name, part in (("anticipation", self.anticipation), ("net", self.net)):
                cells[name], (cells[f"{name}_lo80"], cells[f"{name}_hi80"]) = part.estimate, part.interval(0.8)
        return cells

    def sentence(self) -> str:
        """What was observed and what the verdict lets one say of it, in the report's own words."""
        return str(upper("report.spoken", "effect_sentence")(self))

    def number(self, field: str, unit: str | None = None, digits: int | str | None = None, locale: str = "en") -> str:
        """A figure as text by the name of its column: `estimate`, `lo95`, `p_value`, `desc_estimate`, `observed_total`, ...

        unit : such as "t" for an effect held in kg, "%" for a relative one; default: as the report shows it
        digits : decimals (-2: whole hundreds), or "3s" for significant digits; default: the report's
        locale : language of the marks, such as "de" or "fr"
        """
        return str(upper("report.quoted_fields", "effect_number")(self, field, unit, digits, locale))

    def plot(self, ax: Axes | None = None, difference: bool = False) -> Axes:
        """Observed figures beside the counterfactual and its bands, or the sum of what lies between; new axes without `ax`."""
        axes: Axes = upper("plots.plot", "effect")(self, ax, difference)
        return axes

    def with_verdict(self, gates: Sequence[Gate], verdict: Verdict) -> Effect:
        """The effect with its gates and verdict."""
        return replace(self, judgement=replace(self.judgement, gates=tuple(gates), verdict=verdict))
