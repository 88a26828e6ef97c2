"""Regression: the event as regressors on the full sample, with correlated noise (Box and Tiao 1975)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.effects import Effect, Parameter
from forecast.core.errors import ConfigError, NotIdentifiedError, TooShortError
from forecast.core.questions import Design
from forecast.core.registry import build, estimator
from forecast.core.results import Summary, Used
from forecast.core.vintage import Vintage
from forecast.estimators.regression import collinearity, transfer_function
from forecast.estimators.regression.design_matrix import COLLAPSE_SHARE, RegressionSample, build_sample, series_figures
from forecast.estimators.regression.intervention_regressors import EventRegressors, close_event_pairs, other_event_regressors
from forecast.estimators.regression.noise import NoiseModel, noise_model as noise_of
from forecast.estimators.regression.regressor_counterfactual import RegressorCounterfactual, build_counterfactual
from forecast.kernels import arima, covariance, gaussian
from forecast.kernels.shapley import shapley
from forecast.prep.baselines import ObservedWindow, describe, observe_window, unit_of
from forecast.prep.pre_period import clean_pre_period
from forecast.prep.regressors import Regressors, control_regressors, lunar_regressor
from forecast.prep.transform import window_total

Order = tuple[tuple[int, int, int], tuple[int, int, int, int]]


@dataclass(frozen=True, eq=False)
class SeriesCounterfactual:
    """One series: counterfactual draws (draws, periods) and at the estimate (periods,), the months of anticipation likewise.

    off : what the draws rest on (its first draw is the estimate), None where the flow collapsed; close : pairs of events that
    cannot be told apart, and why; lost : events whose columns are combinations of others
    """

    draws: Floats
    middle: Floats
    early: Floats
    early_middle: float
    parameters: list[Parameter]
    loglike: float
    used: Used
    off: RegressorCounterfactual | None
    owners: tuple[str, ...]
    close: list[tuple[str, str, str]]
    lost: tuple[str, ...] = ()


@estimator
@dataclass(frozen=True)
class Regression:
    """Events as regressors on the full sample, noise of a chosen kind; the effect is observed less the event switched off.

    z_t = x_t' b + N_t on the working scale (Box and Tiao 1975); the counterfactual of a month is g^-1(g(y) - x_own' b). Draws
    of b are Student t with n - k degrees at each of many values of the noise's parameters and of estimated rates, weighted by
    their likelihood. Standard errors come from the exact diffuse likelihood at its maximum ("white": least squares), for ARIMA
    orders from the curvature of the likelihood in all parameters: never from the outer product of gradients. A flow that
    collapses (less than 1 % of what was usual is left) has no coefficient: the loss is what the months before foretell.

    noise : "level" (random walk plus noise, diffuse regression: Durbin and Koopman 2012, sec. 6.2), "level+dummy" and
        "level+trig" (and a stochastic season), "airline", "white" (least squares), "auto" (level, and month effects shrunk
        where two years are known), or an ARIMA order ((p, d, q), (P, D, Q, s)), by maximum likelihood
    shapes : instead of the events' own, in which rate = "estimate" (decay) or delta = "estimate" (gradual) is found too
    season : "dummy" adds fixed month effects; events : the other default events that touch the series; lunar : the Lunar New
        Year. Controls are named by the design.

    Parameters, own ones first: on a plain panel `effect`, or the shapes' names ("pulse", "decay", a second one "pulse#2");
    of a named event its id, with several shapes "id.shape"; "decay.rate", "gradual.delta", and "gradual.omega", the effect
    of the first whole step. Then controls by name, "const", and the noise's: "ar.L1", "ma.L1", "ma.S.L12" with plus signs in
    the model and "sigma2", or "sigma2.irregular", "sigma2.level", "sigma2.seasonal". `loglike` is the maximised log-likelihood:
    for ARIMA orders that of R's arima and statsmodels, for "white" that of least squares, else the diffuse one. Several events
    of one design have `parts`, by order-averaging, unless they are too close to be told apart.
    """

    noise: Literal["auto", "level", "level+dummy", "level+trig", "airline", "white"] | Order = "auto"
    transform: Literal["auto", "log", "asinh", "none"] = "auto"
    shapes: tuple[str | dict[str, Any], ...] = ()
    season: Literal["none", "dummy"] = "none"
    events: bool = True
    lunar: bool = True

    def __post_init__(self) -> None:
        for words in self.shapes:
            build("shape", words)  # a misspelt one is told before anything is computed

    def estimate(self, vintage: Vintage, design: Design, rng: np.random.Generator, answers: Answers = ()) -> Effect:
        """Observed minus the counterfactual with the design's own columns off; description only where they cannot be told."""
        seen, stretch = observe_window(vintage, design), clean_pre_period(vintage, design)
        effect = Effect(
            estimator="regression", design=design, unit=unit_of(design), periods=seen.periods, observed=seen.observed,
            counterfactual=None, description=describe(vintage, design), steps=vintage.steps, n_clean=stretch.count,
            n_span=len(stretch.spans),
        )  # fmt: skip
        try:
            self._answerable(seen, design)
            early = _anticipation_months(vintage, design)
            made = [self._one(vintage, design, series, seen, early, rng) for series in design.treated]
        except (TooShortError, NotIdentifiedError) as error:
            return replace(effect, used=(Used("description only", notes=(error.problem,)),))
        total = float(seen.observed.sum())
        parts, notes = _decompose_effect(made, vintage, design, total)
        ledger = None
        if early:
            held = sum(window_total(vintage.observed(s), early[0], early[-1]) for s in design.treated)
            ledger = Summary(held - sum((one.early for one in made), np.zeros(1)), held - sum(one.early_middle for one in made))
        return replace(
            effect,
            counterfactual=sum((one.draws for one in made), np.zeros(1)),
            used=tuple(replace(one.used, notes=(*one.used.notes, *notes)) for one in made),
            parameters=tuple(p for one in made for p in one.parameters),
            point=total - float(sum(one.middle.sum() for one in made)),
            loglike=sum(one.loglike for one in made),
            anticipation=ledger,
            parts=parts,
        )

    def _answerable(self, seen: ObservedWindow, design: Design) -> None:
        if design.share_of:
            raise NotIdentifiedError("a share is asked of 'baseline' or 'counterfactual', not of a regression")
        if not len(seen.observed):
            raise NotIdentifiedError("no figure in the asked window")

    def _one(
        self, vintage: Vintage, design: Design, series: str, seen: ObservedWindow, early: range, rng: np.random.Generator
    ) -> SeriesCounterfactual:
        """The counterfactual of one series."""
        periods = np.array([[a, b, window_total(vintage.observed(series), a, b)] for a, b in seen.periods])
        months = np.array([[m, m, window_total(vintage.observed(series), m, m)] for m in early]).reshape(-1, 3)
        known = series_figures(vintage, design, series, periods, self.shapes)
        noise = self._noise(known.axis, vintage.season)
        start = np.ones((len(known.axis), 1)) if noise.constant else noise.start
        others, dropped = other_event_regressors(vintage, design, series, known.axis, known.rows, used=self.events)
        before = self._before(vintage, design, series, known.axis)
        laid = build_sample(known, start, before, others, vintage.nonnegative, self.transform, gaussian.independent_columns)
        laid = replace(laid, dropped=(*dropped, *laid.dropped))
        x = np.column_stack([start, laid.fixed.matrix])
        if laid.gone:
            return _predict_collapsed_flow(laid, x, noise, self._used(laid), periods, months, design.draws, rng)
        problem = transfer_function.TransferFunctionModel(
            laid.z, laid.rows, x, noise.start.shape[1], laid.own.columns, laid.own.ranges, noise.family, noise.restricted
        )
        if noise.order and laid.rows[-1] - laid.rows[0] + 1 == len(laid.rows):
            inner = arima.stationary_family(len(laid.z) - problem.diffuse, noise.order)
            problem = transfer_function.difference_model(problem, arima.difference_polynomial(noise.order), inner)
        solution = transfer_function.fit_transfer_function(problem)
        off = _counterfactual_draws(laid, solution, np.vstack([periods, months]), design.draws, rng)
        made, p, label = off.without(range(len(laid.own.names))), len(periods), f"{series}: " if design.treated[1:] else ""
        return SeriesCounterfactual(
            made[1:, :p], made[0, :p], made[1:, p:].sum(axis=1), float(made[0, p:].sum()),
            _parameters(laid, noise, solution, label), self._loglike(laid, solution),
            self._used(laid, *_boundary_notes(laid.own, solution)), off, laid.own.owners, _inseparable_events(laid, solution), laid.lost,
        )  # fmt: skip

    def _loglike(self, laid: RegressionSample, solution: transfer_function.TransferFunctionFit) -> float:
        """The maximised log-likelihood; for independent errors that of least squares, s2 = RSS / n."""
        if self.noise != "white":
            return solution.loglike
        n = len(laid.z)
        rss = solution.sigma2 * (n - 1 - len(solution.beta))
        return -0.5 * n * float(np.log(2 * np.pi * rss / n) + 1) if rss > 0 else np.inf

    def _before(self, vintage: Vintage, design: Design, series: str, axis: Ints) -> Regressors:
        """Columns that come before the event's: controls, month effects, the Lunar New Year."""
        blocks = [control_regressors(vintage, series, design.controls, axis)]
        if self.season == "dummy" and vintage.season:
            dummies = covariance.seasonal_dummies(axis, vintage.season)
            blocks.append(Regressors(tuple(f"season.{j + 1}" for j in range(dummies.shape[1])), dummies))
        if self.lunar and vintage.season:
            blocks.append(lunar_regressor(vintage, series, axis))
        return Regressors(tuple(n for b in blocks for n in b.names), np.column_stack([b.matrix for b in blocks]))

    def _noise(self, axis: Ints, season: int | None) -> NoiseModel:
        kind: str | Order = self.noise
        if kind in ("level+dummy", "level+trig", "airline") and not season:
            raise ConfigError(f"noise '{kind}' needs a season", hint="fc.panel(..., season=12)")
        if kind == "auto":
            kind = "shrunk" if season and len(axis) >= 2 * season and self.season == "none" else "level"
        return noise_of(kind, len(axis), season or 1, axis)

    def _used(self, laid: RegressionSample, *notes: str) -> Used:
        kind = self.noise if isinstance(self.noise, str) else "ARIMA {}{}".format(*self.noise)
        season = ", fixed month effects" if self.season == "dummy" else ""
        return Used(
            f"regression, noise {kind}{season}", (*laid.fixed.names, *laid.own.names), laid.dropped, laid.scale.name,
            laid.split, 0, notes,
        )  # fmt: skip


def _anticipation_months(vintage: Vintage, design: Design) -> range:
    """Months of anticipation that have a ledger of their own: all known, before a window that begins with the event."""
    window = design.window(vintage)
    begins = window.start <= window.first <= window.start + design.donut
    known = all(np.isfinite(vintage.observed(s).at(window.hole, window.start - 1)).all() for s in design.treated)
    return range(window.hole, window.start) if begins and known else range(0)


def _counterfactual_draws(
    laid: RegressionSample,
    solution: transfer_function.TransferFunctionFit,
    periods: Floats,
    draws: int,
    rng: np.random.Generator,
) -> RegressorCounterfactual:
    """The event's columns to be switched off: the estimate first, then draws of coefficients and rates."""
    betas, node = solution.posterior.draws(draws, rng)
    rates, row = np.unique(np.vstack([solution.rates, solution.posterior.rates]), axis=0, return_inverse=True)
    row = row.ravel()
    own = solution.beta[len(solution.beta) - len(laid.own.names) :]
    return build_counterfactual(
        laid.scale, periods, np.vstack([own, betas]), laid.own.columns(rates), np.r_[row[0], row[1:][node]], int(laid.axis[0])
    )


def _inseparable_events(laid: RegressionSample, solution: transfer_function.TransferFunctionFit) -> list[tuple[str, str, str]]:
    """Pairs of events whose coefficients the figures do not tell apart, and why."""
    size, names = len(solution.beta) - len(laid.own.names), list(dict.fromkeys(laid.own.owners))
    owner = [names.index(name) for name in laid.own.owners]
    return [(names[a], names[b], why) for a, b, why in collinearity.inseparable_pairs(solution.covariance[size:, size:], owner)]


def _predict_collapsed_flow(
    laid: RegressionSample,
    x: Floats,
    noise: NoiseModel,
    used: Used,
    periods: Floats,
    months: Floats,
    draws: int,
    rng: np.random.Generator,
) -> SeriesCounterfactual:
    """The counterfactual of a flow that is gone: predicted from the months that did not feel the event, its noise drawn too."""
    wanted = [np.arange(int(a), int(b) + 1) - laid.axis[0] for a, b, _ in [*periods, *months]]
    fitted = gaussian.fit(laid.z, laid.rows, x, noise.family, polish=False)
    paths = laid.scale.inverse(gaussian.predict(fitted, np.concatenate(wanted), draws, rng))
    parts = np.split(paths, np.cumsum([len(m) for m in wanted])[:-1], axis=1)
    sums, size = np.column_stack([part.sum(axis=1) for part in parts]), len(periods)
    early, middle = sums[:, size:].sum(axis=1), sums[:, :size].mean(axis=0)
    # draws taken back from a logarithm lean: the middle of the sum, laid on the periods in the ratio of their means
    middle = middle * np.median(sums[:, :size].sum(axis=1)) / max(float(middle.sum()), 1e-300)
    note = f"less than {COLLAPSE_SHARE:.0%} of what was usual is left, which no coefficient holds: the loss is the counterfactual itself"
    told = replace(used, notes=(*used.notes, note))
    return SeriesCounterfactual(sums[:, :size], middle, early, float(np.median(early)), [], fitted.loglike, told, None, (), [])


def _parameters(
    laid: RegressionSample, noise: NoiseModel, solution: transfer_function.TransferFunctionFit, label: str
) -> list[Parameter]:
    """The event's own coefficients, each with its rate, then the others, then those of the noise."""
    names = [*(["const"] if noise.constant else []), *laid.fixed.names, *laid.own.names]
    errors = np.sqrt(np.clip(np.diag(solution.covariance), 0.0, None))
    table = {n: Parameter(label + n, float(b), float(e)) for n, b, e in zip(names, solution.beta, errors, strict=True)}
    out: list[Parameter] = []
    at = len(solution.noise)
    for part in laid.own.parts:
        out += [table.pop(name) for name in part.names if name in table]
        for option, _ in part.free:
            rate, variance = float(solution.rates[at - len(solution.noise)]), float(solution.spread[at, at])
            out.append(Parameter(f"{label}{part.names[0]}.{option}", rate, float(np.sqrt(variance))))
            if option == "delta":  # omega = (1 - delta) b
                b, row = out[-2], names.index(part.names[0])
                turned = (1 - rate) ** 2 * b.se**2 + b.estimate**2 * variance
                turned -= 2 * b.estimate * (1 - rate) * float(solution.cross[row, at])
                out.append(
                    Parameter(f"{label}{part.names[0]}.omega", b.estimate * (1 - rate), float(np.sqrt(max(turned, 0.0))))
                )
            at += 1
    freedom = len(laid.z) - noise.start.shape[1] - (len(names) if noise.restricted else 0)
    size = len(solution.noise)
    told = noise.told(solution.noise, solution.spread[:size, :size], solution.sigma2, freedom)
    return [*out, *table.values(), *(Parameter(label + name, value, error) for name, value, error in told)]


def _boundary_notes(own: EventRegressors, solution: transfer_function.TransferFunctionFit) -> list[str]:
    """A note for each rate on a bound of its range: the figures do not tell the shape."""
    return [
        f"{name} lies on a bound of its range ({low:g} to {high:g}): the figures do not tell it"
        for name, value, (low, high) in zip(own.rates, solution.rates, own.ranges, strict=True)
        if min(value - low, high - value) < 1e-3
    ]


def _has_own_part(one: SeriesCounterfactual, owner: str, design: Design) -> bool:
    """Whether an event is asked about, or is a reversal of one that is felt in the asked months."""
    if one.off is None or owner in {event.id for event in design.events}:
        return True
    inside = one.off.period < len(one.middle)
    return any(one.off.pushes[j][:, inside].any() for j, name in enumerate(one.owners) if name == owner)


def _decompose_effect(
    made: list[SeriesCounterfactual], vintage: Vintage, design: Design, total: float
) -> tuple[dict[str, Summary], tuple[str, ...]]:
    """The cumulative effect of each event of a design, averaged over the orders in which they may be switched off.

    On logarithms the pieces of a joint effect do not add in tonnes; these do, in every draw. Events that cannot be told apart
    are one part; where that is all of them there are none, and a note says why.
    """
    names = list(dict.fromkeys(owner for one in made for owner in one.owners if _has_own_part(one, owner, design)))
    lost = {name for one in made for name in one.lost}
    if lost:
        return {}, (f"{', '.join(sorted(lost))} cannot be told from the other events: joint effect only",)
    if len(names) < 2 or any(one.off is None for one in made):
        return {}, ()
    close = [
        *close_event_pairs(vintage, design, names),
        *(pair for one in made for pair in one.close if {*pair[:2]} <= {*names}),
    ]
    groups = collinearity.connected_groups(len(names), [(names.index(a), names.index(b)) for a, b, _ in close])
    notes = tuple(dict.fromkeys(f"{a} and {b} are not told apart: {why}" for a, b, why in close))
    if len(groups) < 2:
        return {}, (*notes, "joint effect only")

    def value(members: frozenset[int]) -> Floats:
        kept = {names[i] for g in range(len(groups)) if g not in members for i in groups[g]}
        out: Floats = np.full(1 + design.draws, total if members else 0.0)
        for one in made if members else ():
            assert one.off is not None
            left = one.off.without(j for j, owner in enumerate(one.owners) if owner not in kept)
            out = out - left[:, : len(one.middle)].sum(axis=1)
        return out

    shares = shapley(value, len(groups))
    return {
        "+".join(names[i] for i in group): Summary(share[1:], float(share[0]))
        for group, share in zip(groups, shares, strict=True)
    }, notes
