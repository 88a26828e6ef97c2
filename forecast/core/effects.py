"""Effect: what an event changed, next to what was observed; and what may be said of it: Gate, Verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecast.arrays import Floats
from forecast.core.questions import Design
from forecast.core.results import Summary, Used
from forecast.core.simultaneous_bands import simultaneous_band
from forecast.core.time_axis import MONTHS, Steps

if TYPE_CHECKING:
    import pandas as pd

VERDICTS = (
    "supported", "suggestive", "descriptive", "cannot distinguish", "not identified", "contradicted by mirror",
)  # fmt: skip


@dataclass(frozen=True)
class BaselineComparison:
    """Observed against one named clean period: `expected` is that period's sum laid on the asked months."""

    baseline: str
    expected: float
    difference: float
    relative: float


@dataclass(frozen=True)
class Description:
    """What was observed, next to named baselines; it stands whatever the verdict.

    `compared` holds one row per baseline that the data determine, the chosen one first. Where none can be formed, `last_level`
    is the last published level, and `last_period` its months.
    """

    observed: float
    months: str
    compared: tuple[BaselineComparison, ...] = ()
    last_level: float = math.nan
    last_period: str = ""
    unknown: tuple[str, ...] = ()

    @property
    def chosen(self) -> BaselineComparison | None:
        """The comparison with the named baseline."""
        return self.compared[0] if self.compared else None

    def bounds(self, measure: str) -> tuple[str, float, float, float]:
        """Baseline's name, its difference, and the range over all baselines, in the row's measure.

        Without a baseline: the last published level three times, and the name says so.
        """
        if not self.compared:
            level = self.last_level
            return f"none; last published level, {self.last_period}" if self.last_period else "none", level, level, level
        key = "relative" if measure == "relative" else "difference"
        values = [getattr(c, key) for c in self.compared]
        finite = [v for v in values if np.isfinite(v)] or [math.nan]
        return self.compared[0].baseline, values[0], min(finite), max(finite)


@dataclass(frozen=True)
class Parameter:
    """An estimated coefficient and its standard error (from the Hessian or the diffuse state, never OPG)."""

    name: str
    estimate: float
    se: float = math.nan


class Parameters(tuple[Parameter, ...]):
    """Coefficients in the estimator's own order, by place or by name.

    >>> Parameters([Parameter("effect", -0.4, 0.1)])["effect"].estimate
    -0.4
    """

    def __getitem__(self, key: Any) -> Any:
        """The parameter of a name, or the tuple's own items."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        for parameter in self:
            if parameter.name == key:
                return parameter
        raise KeyError(f"no parameter is called '{key}': {', '.join(p.name for p in self) or 'there is none'}")


@dataclass(frozen=True)
class Placebo:
    """The answer to a question whose true answer is zero."""

    kind: str
    series: str
    start: str
    cumulative: float


@dataclass(frozen=True)
class Gate:
    """One check's outcome (pass | fail | not run); `cap` is the strongest verdict left unless it passes.

    withholds : the estimate may not stand either, only the description, whatever the verdict.
    """

    gate: str
    outcome: str
    value: float = math.nan
    threshold: float = math.nan
    reason: str = ""
    cap: str = "supported"
    withholds: bool = False

    @property
    def ceiling(self) -> str:
        """The strongest verdict this gate leaves."""
        return "supported" if self.outcome == "pass" else self.cap


@dataclass(frozen=True)
class Verdict:
    """One of the six words, the reading they allow, and why."""

    word: str
    reading: str
    because: str = ""


@dataclass(frozen=True)
class Effect:
    """Observed minus counterfactual, as draws over the observed periods of the asked window.

    periods : (first, last) of each observed period; spans are periods of their own
    observed : (periods,); counterfactual : (draws, periods) in archive units, None where the method refuses
    parts : where a method can tell the events of a design apart, the cumulative effect of each; draw by draw they sum to the
        joint one
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
    p_value: float = math.nan
    p_floor: float = math.nan
    mde80: float = math.nan
    point: float | None = None
    placebos: tuple[Placebo, ...] = ()
    gates: tuple[Gate, ...] = ()
    verdict: Verdict | None = None
    loglike: float = math.nan
    anticipation: Summary | None = None
    reads: str = "causal"
    parts: Mapping[str, Summary] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", Parameters(self.parameters))

    @property
    def draws(self) -> Floats:
        """Effect draws, shape (draws, periods)."""
        if self.counterfactual is None:
            return np.empty((0, len(self.periods)))
        return self.observed[None, :] - self.counterfactual

    @property
    def cumulative(self) -> Summary:
        """Sum of the effect over the asked window."""
        return Summary(self.draws.sum(axis=1), self.point)

    @property
    def net(self) -> Summary:
        """What was brought forward and what came after (A + P), draw by draw; the cumulative effect where A was not asked.

        Malani and Reif (2015, J. Public Econ. 124:1): months before an announced start are effect, not a failed pre-trend.
        """
        if self.anticipation is None or self.counterfactual is None:
            return self.cumulative
        after, before = self.cumulative, self.anticipation
        return Summary(after.draws + before.draws, after.estimate + before.estimate)

    @property
    def average(self) -> Summary:
        """Mean effect per observed step."""
        steps = sum(last - first + 1 for first, last in self.periods)
        return Summary(self.draws.sum(axis=1) / steps, None if self.point is None else self.point / steps)

    @property
    def apart(self) -> tuple[Placebo, ...]:
        """Placebos in time that share no month, counted back from the latest: what a rank may be taken among.

        Windows that overlap move together, so the event's is the largest of n of them more often than once in n + 1.
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
        """The cumulative effect over the largest of the placebos in time: so many times the worst drift seen before the event.

        The sign survives a drift of the counterfactual up to that multiple; the analogue in time of the breakdown value of
        Rambachan and Roth (2023, Rev. Econ. Stud. 90:2555, sec. 2.4). NaN without placebos.
        """
        worst = max((abs(p.cumulative) for p in self.placebos if p.kind == "time"), default=math.nan)
        return abs(self.cumulative.estimate) / worst if worst > 0 and self.counterfactual is not None else math.nan

    @property
    def relative(self) -> Summary:
        """Ratio of sums less one: -1 where all was lost."""
        if self.counterfactual is None:
            return Summary(np.empty(0))
        if not np.any(self.observed):
            return Summary(np.full(len(self.counterfactual), -1.0), -1.0)
        expected = self.counterfactual.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.observed.sum() / expected - 1.0
        point = None
        if self.point is not None:
            whole = float(self.observed.sum()) - self.point
            point = self.point / whole if whole else math.nan
        ratio = ratio[np.isfinite(ratio)]
        return Summary(ratio, float(np.median(ratio)) if point is None and len(ratio) else point)

    @property
    def path(self) -> pd.DataFrame:
        """One row per period: observed, quantiles of counterfactual and effect, and the effect's simultaneous 90 % band."""
        import pandas as pd

        probabilities = {"q025": 0.025, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q975": 0.975}
        table: dict[str, Any] = {
            "month": [self.steps.period(*p) for p in self.periods],
            "observed": self.observed,
        }
        for name, block in (("counterfactual", self.counterfactual), ("effect", self.draws)):
            for q, p in probabilities.items():
                table[f"{name}_{q}"] = np.nan if block is None or not len(block) else np.quantile(block, p, axis=0)
        table["effect_band_lo"], table["effect_band_hi"] = self.band(0.9) if len(self.draws) else (np.nan, np.nan)
        return pd.DataFrame(table)

    def band(self, level: float = 0.9) -> tuple[Floats, Floats]:
        """Bounds of the effect, each (periods,), that hold its whole path at once."""
        return simultaneous_band(self.draws, level)

    def summary(self, measure: str | None = None) -> Summary:
        """The draws of the row's measure."""
        measure = measure or self.design.measure
        if measure == "anticipation" and self.anticipation is not None:
            return self.anticipation
        if measure == "net":
            return self.net
        return self.relative if measure == "relative" else self.cumulative

    def frame(self) -> pd.DataFrame:
        """One row: the estimate with its bounds, the description and the verdict."""
        import pandas as pd

        measure = self.design.measure
        baseline, middle, low, high = self.description.bounds(measure)
        row: dict[str, Any] = {
            "estimator": self.estimator,
            "event": self.design.event_ids,
            "series": "+".join(self.design.treated),
            "unit": "" if measure in ("relative", "share") else self.unit,
            "estimand": self.design.estimand,
            "measure": measure,
            "estimate": math.nan,
            **dict.fromkeys(("lo80", "hi80", "lo95", "hi95"), math.nan),
            "p_value": self.p_value,
            "p_floor": self.p_floor,
            "n_clean": self.n_clean,
            "n_span": self.n_span,
            "verdict": self.verdict.word if self.verdict else "",
            "reading": self.verdict.reading if self.verdict else "",
            "baseline": baseline,
            "desc_estimate": middle,
            "desc_lo": low,
            "desc_hi": high,
        }
        if self.counterfactual is not None and len(self.counterfactual):
            summary = self.summary()
            row["estimate"] = summary.estimate
            row["lo80"], row["hi80"] = summary.interval(0.8)
            row["lo95"], row["hi95"] = summary.interval(0.95)
        return pd.DataFrame([row])

    def with_verdict(self, gates: Sequence[Gate], verdict: Verdict) -> Effect:
        """The effect with its gates and verdict."""
        return replace(self, gates=tuple(gates), verdict=verdict)
