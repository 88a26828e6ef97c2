"""Regression: Box-Tiao intervention analysis (transfer functions of events on the full sample, with correlated noise)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.contrast import Contrast
from forecast.core.effects import Effect
from forecast.core.errors import ConfigError, NotIdentifiedError, TooShortError
from forecast.core.parameters import Parameter
from forecast.core.questions import Design
from forecast.core.registry import build, estimator
from forecast.core.results import Summary, Used
from forecast.core.vintage import Vintage
from forecast.estimators.regression import collinearity
from forecast.estimators.regression.design_matrix import COLLAPSE_SHARE, RegressionSample, build_sample, series_figures
from forecast.estimators.regression.empty_months import point_of, predict_periods, trade_history, with_occurrence
from forecast.estimators.regression.intervention_regressors import close_event_pairs, other_event_regressors
from forecast.estimators.regression.known_columns import fit_known_columns
from forecast.estimators.regression.noise import NoiseModel, noise_model
from forecast.estimators.regression.parameter_names import boundary_notes, named_parameters
from forecast.estimators.regression.regressor_counterfactual import RegressorCounterfactual, build_counterfactual
from forecast.estimators.regression.transfer_function import (
    TransferFunctionFit,
    TransferFunctionModel,
    difference_model,
    fit_transfer_function,
)
from forecast.kernels import arima_covariance, covariance, gaussian
from forecast.kernels.shapley import shapley
from forecast.prep.baselines import ObservedWindow, describe, observe_window, unit_of
from forecast.prep.pre_period import clean_pre_period
from forecast.prep.regressors import Regressors, control_regressors, lunar_regressor
from forecast.prep.spans_and_gaps import window_total
from forecast.prep.spikes import spike_notes
from forecast.prep.working_scale import trade_floor

Order = tuple[tuple[int, int, int], tuple[int, int, int, int]]


@dataclass(frozen=True, eq=False)
class SeriesCounterfactual:
    """Estimate of one series: counterfactual draws (draws, periods), and at the point estimate (periods,).

    anticipation : the sum over the months of anticipation, by draw and at the point estimate; counterfactual : without any of
    the regressors, the point estimate first and then the draws (None where the flow collapsed); owners : the event of each
    regressor; inseparable : pairs of events that cannot be told apart, with the reason; lost : events whose columns are linear
    combinations of others
    """

    draws: Floats
    point: Floats
    anticipation: Floats
    anticipation_point: float
    parameters: list[Parameter]
    loglike: float
    used: Used
    counterfactual: RegressorCounterfactual | None
    owners: tuple[str, ...]
    inseparable: list[tuple[str, str, str]]
    lost: tuple[str, ...] = ()


@estimator
@dataclass(frozen=True)
class Regression:
    """Box-Tiao intervention analysis: events as regressors on the full sample with correlated noise.

    z_t = x_t' b + N_t on the working scale; the counterfactual of a month is g^-1(g(y) - x_own' b), the effect observed minus
    counterfactual. Draws of b are Student t with n - k degrees of freedom at each of many values of the noise parameters and
    estimated rates, weighted by their likelihood. Standard errors come from the exact diffuse likelihood at its maximum
    ("white": least squares), for ARIMA orders from its Hessian in all parameters, never from the outer product of gradients.
    A flow that collapses (to less than 1 % of its usual level) has no coefficient: its counterfactual is predicted from the
    months before.

    Parameters
    ----------
    noise : {"auto", "level", "level+dummy", "level+trig", "airline", "white"} or Order, default "auto"
        "level" (random walk plus noise, diffuse regression: Durbin and Koopman 2012, sec. 6.2), "level+dummy" and
        "level+trig" (with a stochastic season too), "airline", "white" (least squares), "auto" (a level that is steady unless
        the figures say otherwise, growth, and shrunken month effects where two years are known: `covariance.settled_level`),
        or an ARIMA order ((p, d, q), (P, D, Q, s)), by maximum likelihood
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        "auto" compares months with trade on logarithms (or a power), and predicts months without
    shapes : tuple of str or dict, optional
        replace the events' own; rate = "estimate" (decay) or delta = "estimate" (gradual) is estimated jointly
    season : {"none", "dummy"}, default "none"
        "dummy" adds fixed month effects
    events : bool, default True
        the other default events that touch the series
    lunar : bool, default True
        the Lunar New Year. Controls are named by the design

    Notes
    -----
    Parameters, the event's first: on a plain panel `effect`, or the shapes' names ("pulse", "decay", a second one "pulse#2");
    of a named event its id, with several shapes "id.shape"; "decay.rate", "gradual.delta", and "gradual.omega", the effect of
    the first whole step. Then controls by name, "const", and those of the noise: "ar.L1", "ma.L1", "ma.S.L12" with plus signs
    in the model and "sigma2", or "sigma2.irregular", "sigma2.level", "sigma2.seasonal". `loglike` is the maximised
    log-likelihood: for ARIMA orders that of R's arima and statsmodels, for "white" that of least squares, else the diffuse
    one. Several events of one design have `parts`, by order-averaging, unless they cannot be told apart.

    References
    ----------
    * Box, G. E. P. and Tiao, G. C. (1975). Intervention analysis with applications to economic and environmental problems.
      Journal of the American Statistical Association 70(349), 70-79.
    * Durbin, J. and Koopman, S. J. (2012). Time Series Analysis by State Space Methods, 2nd ed. Oxford University Press.
    """

    noise: Literal["auto", "level", "level+dummy", "level+trig", "airline", "white"] | Order = "auto"
    transform: Literal["auto", "log", "asinh", "none"] = "auto"
    shapes: tuple[str | dict[str, Any], ...] = ()
    season: Literal["none", "dummy"] = "none"
    events: bool = True
    lunar: bool = True
    assumes_path: ClassVar[bool] = True  # the effect unfolds as the shapes say, after the end of a measure too

    def __post_init__(self) -> None:
        for words in self.shapes:
            build("shape", words)  # reports a misspelt shape before anything is computed

    def estimate(self, vintage: Vintage, design: Design, rng: np.random.Generator, answers: Answers = ()) -> Effect:
        """Observed minus the counterfactual without the design's own columns; description only where not identified."""
        seen, stretch = observe_window(vintage, design), clean_pre_period(vintage, design)
        effect = Effect(
            estimator="regression", design=design, unit=unit_of(design), periods=seen.periods, observed=seen.observed,
            counterfactual=None, description=describe(vintage, design, seen), steps=vintage.steps, n_clean=stretch.count,
            n_span=len(stretch.spans),
        )  # fmt: skip
        try:
            self._require_answerable(seen, design)
            early = _anticipation_months(vintage, design)
            made = [self._estimate_series(vintage, design, series, seen, early, rng) for series in design.treated]
        except (TooShortError, NotIdentifiedError) as error:
            return replace(effect, used=(Used("description only", notes=(error.problem,)),))
        total = float(seen.observed.sum())
        parts, notes = _decompose_effect(made, vintage, design, total)
        ledger = None
        if early:
            held = sum(window_total(vintage.observed(s), early[0], early[-1]) for s in design.treated)
            expected = sum((one.anticipation for one in made), np.zeros(1))
            point = held - sum(one.anticipation_point for one in made)
            ledger = Contrast(((early[0], early[-1]),), np.array([held]), expected[:, None], point)
        return replace(
            effect,
            counterfactual=sum((one.draws for one in made), np.zeros(1)),
            used=tuple(replace(one.used, notes=(*one.used.notes, *notes)) for one in made),
            parameters=tuple(p for one in made for p in one.parameters),
            point=total - float(sum(one.point.sum() for one in made)),
            loglike=sum(one.loglike for one in made),
            early=ledger,
            parts=parts,
        )

    def _require_answerable(self, seen: ObservedWindow, design: Design) -> None:
        if design.share_of:
            raise NotIdentifiedError("a share is asked of 'baseline' or 'counterfactual', not of a regression")
        if not len(seen.observed):
            raise NotIdentifiedError("no figure in the asked window")

    def _estimate_series(
        self, vintage: Vintage, design: Design, series: str, seen: ObservedWindow, early: range, rng: np.random.Generator
    ) -> SeriesCounterfactual:
        """The counterfactual of one series."""
        periods = np.array([[a, b, window_total(vintage.observed(series), a, b)] for a, b in seen.periods])
        months = np.array([[m, m, window_total(vintage.observed(series), m, m)] for m in early]).reshape(-1, 3)
        two_part = vintage.nonnegative and self.transform == "auto"
        floor = trade_floor(clean_pre_period(vintage, design, series).values)
        known = series_figures(vintage, design, series, periods, self.shapes, floor if two_part else None)
        history = trade_history(vintage, design, series, floor) if two_part else None
        noise = self._choose_noise(known.axis, vintage.season)
        start = np.ones((len(known.axis), 1)) if noise.constant else noise.diffuse
        others, dropped = other_event_regressors(vintage, design, series, known.axis, known.rows, used=self.events)
        before = self._nuisance_regressors(vintage, design, series, known.axis)
        sample = build_sample(known, start, before, others, vintage.nonnegative, self.transform, gaussian.independent_columns)
        sample = replace(sample, dropped=(*dropped, *sample.dropped))
        x = np.column_stack([start, sample.fixed.matrix])
        every = np.vstack([periods, months])
        empty = (every[:, 2] <= floor * (every[:, 1] - every[:, 0] + 1.0)) & two_part
        if sample.collapsed or empty[: len(periods)].all():
            unaffected = np.ones(len(sample.rows), dtype=bool) if sample.collapsed else ~known.affected[sample.rows]
            sums = predict_periods(sample, x, noise, unaffected, every, history, design.draws, rng)
            return _collapsed_flow(sums, len(periods), self._describe_method(sample, *spike_notes(vintage, design)))
        model = TransferFunctionModel(
            sample.z,
            sample.rows,
            x,
            noise.diffuse.shape[1],
            sample.own.columns,
            sample.own.ranges,
            noise.family,
            noise.restricted,
        )
        if noise.order and sample.rows[-1] - sample.rows[0] + 1 == len(sample.rows):
            inner = arima_covariance.stationary_family(len(sample.z) - model.diffuse, noise.order)
            model = difference_model(model, arima_covariance.difference_polynomial(noise.order), inner)
        solution = fit_known_columns(model) or fit_transfer_function(model)
        counterfactual = _counterfactual_draws(sample, solution, every[~empty], design.draws, rng)
        # row 0 is the point estimate, the others are draws; columns are the asked periods, then the months of anticipation
        made, p = np.empty((1 + design.draws, len(every))), len(periods)
        made[:, ~empty] = counterfactual.without(range(len(sample.own.names)))
        if empty.any():
            unaffected = ~known.affected[sample.rows]
            sums = predict_periods(sample, x, noise, unaffected, every[empty], None, design.draws, rng)
            made[:, empty] = np.vstack([point_of(sums), sums])
        if history is not None:
            made = with_occurrence(made, every, history, rng)
        label = f"{series}: " if design.treated[1:] else ""
        return SeriesCounterfactual(
            made[1:, :p], made[0, :p], made[1:, p:].sum(axis=1), float(made[0, p:].sum()),
            named_parameters(sample, noise, solution, label), self._loglike(sample, solution),
            self._describe_method(sample, *boundary_notes(sample.own, solution), *spike_notes(vintage, design)),
            None if empty.any() or history is not None else counterfactual, sample.own.owners,
            _inseparable_events(sample, solution), sample.lost,
        )  # fmt: skip

    def _loglike(self, sample: RegressionSample, solution: TransferFunctionFit) -> float:
        """The maximised log-likelihood; for independent errors that of least squares, with s2 = RSS / n."""
        if self.noise != "white":
            return solution.loglike
        n = len(sample.z)
        rss = solution.sigma2 * (n - 1 - len(solution.beta))
        return -0.5 * n * float(np.log(2 * np.pi * rss / n) + 1) if rss > 0 else np.inf

    def _nuisance_regressors(self, vintage: Vintage, design: Design, series: str, axis: Ints) -> Regressors:
        """Columns with priority over the event's: controls, month effects, the Lunar New Year."""
        blocks = [control_regressors(vintage, series, design.controls, axis)]
        if self.season == "dummy" and vintage.season:
            dummies = covariance.seasonal_dummies(axis, vintage.season)
            blocks.append(Regressors(tuple(f"season.{j + 1}" for j in range(dummies.shape[1])), dummies))
        if self.lunar and vintage.season:
            blocks.append(lunar_regressor(vintage, series, axis))
        return Regressors(tuple(n for b in blocks for n in b.names), np.column_stack([b.matrix for b in blocks]))

    def _choose_noise(self, axis: Ints, season: int | None) -> NoiseModel:
        kind: str | Order = self.noise
        if kind in ("level+dummy", "level+trig", "airline") and not season:
            raise ConfigError(f"noise '{kind}' needs a season", hint="fc.panel(..., season=12)")
        if kind == "auto":
            kind = "settled+shrunk" if season and len(axis) >= 2 * season and self.season == "none" else "settled"
        return noise_model(kind, len(axis), season or 1, axis)

    def _describe_method(self, sample: RegressionSample, *notes: str) -> Used:
        kind = self.noise if isinstance(self.noise, str) else "ARIMA {}{}".format(*self.noise)
        season = ", fixed month effects" if self.season == "dummy" else ""
        return Used(
            f"regression, noise {kind}{season}", (*sample.fixed.names, *sample.own.names), sample.dropped, sample.scale.name,
            sample.split, 0, notes,
        )  # fmt: skip


def _anticipation_months(vintage: Vintage, design: Design) -> range:
    """Months of anticipation reported separately: all known, before a window that begins with the event."""
    window = design.window(vintage)
    begins = window.start <= window.first <= window.start + design.donut
    known = all(np.isfinite(vintage.observed(s).at(window.hole, window.start - 1)).all() for s in design.treated)
    return range(window.hole, window.start) if begins and known else range(0)


def _counterfactual_draws(
    sample: RegressionSample, solution: TransferFunctionFit, periods: Floats, draws: int, rng: np.random.Generator
) -> RegressorCounterfactual:
    """Contributions of the event's columns: at the point estimate first, then by draw of coefficients and rates."""
    betas, node = solution.posterior.draw_coefficients(draws, rng)
    rates, row = np.unique(np.vstack([solution.rates, solution.posterior.rates]), axis=0, return_inverse=True)
    row = row.ravel()
    own = solution.beta[len(solution.beta) - len(sample.own.names) :]
    columns, node = sample.own.columns(rates), np.r_[row[0], row[1:][node]]
    return build_counterfactual(sample.scale, periods, np.vstack([own, betas]), columns, node, int(sample.axis[0]))


def _inseparable_events(sample: RegressionSample, solution: TransferFunctionFit) -> list[tuple[str, str, str]]:
    """Pairs of events whose coefficients cannot be separated in the sample, with the reason."""
    size, names = len(solution.beta) - len(sample.own.names), list(dict.fromkeys(sample.own.owners))
    owner = [names.index(name) for name in sample.own.owners]
    return [(names[a], names[b], why) for a, b, why in collinearity.inseparable_pairs(solution.covariance[size:, size:], owner)]


def _collapsed_flow(sums: Floats, size: int, used: Used) -> SeriesCounterfactual:
    """A flow that collapsed: draws (draws, P) of its first `size` periods, then of the months of anticipation."""
    note = f"less than {COLLAPSE_SHARE:.0%} of what was usual is left, which no coefficient holds: the loss is predicted"
    used = replace(used, notes=(*used.notes, note))
    early = sums[:, size:].sum(axis=1)
    point, ahead = point_of(sums[:, :size]), float(np.median(early))
    return SeriesCounterfactual(sums[:, :size], point, early, ahead, [], np.nan, used, None, (), [])


def _has_own_part(one: SeriesCounterfactual, owner: str, design: Design) -> bool:
    """Whether an event belongs to the design, or is a reversal of one with an effect in the asked months."""
    if one.counterfactual is None or owner in {event.id for event in design.events}:
        return True
    inside = one.counterfactual.period < len(one.point)
    return any(one.counterfactual.contributions[j][:, inside].any() for j, name in enumerate(one.owners) if name == owner)


def _decompose_effect(
    made: list[SeriesCounterfactual], vintage: Vintage, design: Design, total: float
) -> tuple[dict[str, Summary], tuple[str, ...]]:
    """Shapley decomposition: the cumulative effect of each event, averaged over the orders in which events can be removed.

    On a logarithmic scale separate effects do not add up to the joint one in tonnes; Shapley values do, in every draw. Events
    that cannot be told apart form one part; if that is all of them there are no parts, and a note gives the reason.
    """
    names = list(dict.fromkeys(owner for one in made for owner in one.owners if _has_own_part(one, owner, design)))
    lost = {name for one in made for name in one.lost}
    if lost:
        return {}, (f"{', '.join(sorted(lost))} cannot be told from the other events: joint effect only",)
    if len(names) < 2 or any(one.counterfactual is None for one in made):
        return {}, ()
    close = close_event_pairs(vintage, design, names)
    close += [pair for one in made for pair in one.inseparable if {*pair[:2]} <= {*names}]
    groups = collinearity.connected_groups(len(names), [(names.index(a), names.index(b)) for a, b, _ in close])
    notes = tuple(dict.fromkeys(f"{a} and {b} are not told apart: {why}" for a, b, why in close))
    if len(groups) < 2:
        return {}, (*notes, "joint effect only")

    def value(members: frozenset[int]) -> Floats:
        kept = {names[i] for g in range(len(groups)) if g not in members for i in groups[g]}
        out: Floats = np.full(1 + design.draws, total if members else 0.0)
        for one in made if members else ():
            assert one.counterfactual is not None
            without = one.counterfactual.without(j for j, owner in enumerate(one.owners) if owner not in kept)
            out = out - without[:, : len(one.point)].sum(axis=1)
        return out

    shares = shapley(value, len(groups))
    return {
        "+".join(names[i] for i in group): Summary(share[1:], float(share[0]))
        for group, share in zip(groups, shares, strict=True)
    }, notes
