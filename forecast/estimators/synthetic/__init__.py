"""Synthetic: synthetic control and synthetic difference-in-differences (weighted untreated donors as counterfactual)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from forecast.arrays import Floats
from forecast.core.contracts import Answers
from forecast.core.effects import Effect
from forecast.core.errors import ConfigError, NotIdentifiedError, TooShortError
from forecast.core.plurals import pluralize
from forecast.core.questions import Design
from forecast.core.registry import estimator
from forecast.core.results import Used
from forecast.core.vintage import Vintage
from forecast.estimators.synthetic import conformal_inference, predictors, synthetic_weights
from forecast.estimators.synthetic.parameter_names import Inference, named_parameters
from forecast.estimators.synthetic.placebos_in_space import MIN_PLACEBOS, DonorPlacebos, fit_placebos
from forecast.estimators.synthetic.predictors import Label, PredictorSpec
from forecast.estimators.synthetic.synthetic_weights import SyntheticWeights, WeightRule
from forecast.estimators.synthetic.working_panel import WorkingPanel, build_working_panel
from forecast.kernels import local_level
from forecast.kernels.rounding import beyond_rounding
from forecast.prep.baselines import ObservedWindow, observe_window
from forecast.prep.donor_pool import build_donor_table, description_only, unestimated_effect
from forecast.prep.spikes import hide_spikes, spike_notes

FORM_NAMES = {"sc": "synthetic control", "sdid": "synthetic difference-in-differences", "did": "difference-in-differences"}


@estimator
@dataclass(frozen=True)
class Synthetic:
    """Weighted mean of untreated donors: synthetic control, synthetic or plain difference-in-differences, in one form.

    counterfactual_t = sum_i omega_i Y_it + sum_s lambda_s (Y_s - sum_i omega_i Y_is), s before the event (Arkhangelsky et al.
    2021, eq. 2.1 to 2.5).

    Parameters
    ----------
    form : {"sc", "sdid", "did"}, default "sdid"
        "sdid": omega with an intercept and the ridge zeta = (treated x months after)^(1/4) sigma, sigma the standard
        deviation of the donors' monthly changes; lambda by least squares over the donors. "sc": omega without intercept
        (Abadie, Diamond and Hainmueller 2010, outcomes only), lambda 0; with `demean` an intercept, lambda equal (Ferman and
        Pinto 2021). "did": both equal
    demean : bool, default False
        whether "sc" has an intercept
    zeta : float, optional
        another ridge of omega, in the outcome's unit (of a trade flow: in its mean before the event)
    solver : {"auto", "exact", "frank_wolfe"}, default "auto"
        "exact" convex optimum; "frank_wolfe" with the stopping rule and sparsification of the R package synthdid; "auto":
        frank_wolfe for "sdid" on a plain panel, exact for "sc" and for trade flows. On Proposition 99 the two differ by
        0.0016 packs ("sdid") and by 0.106 ("sc": exact -19.5136, synthdid's `sc_estimate` -19.6197); on simulated monthly
        flows errors under the sparsified weights are up to 1.8 times those under the exact ones. Placebos and refits for
        inference are always exact
    inference : {"blocks", "conformal", "space", "ttest", "leave_two_out"}, default "blocks"
        what the draws and `p_value` come from.

        * "blocks": the draws are the cross-fitted gap to the donors, extrapolated as a local level with noise
          (`forecast.kernels.local_level`, its variance estimated from treated and donors), less the level of the
          counterfactual, both signs; p is from the moving-block permutation of the residuals (Chernozhukov, Wuethrich
          and Zhu 2021), at least 1 / (months before + asked); it assumes stationary residuals and over-rejects where
          they drift
        * "conformal": the same p; the draws of each period have its conformal intervals at every level (ibid.,
          sec. 2.2), in the rank order of "blocks"; the level of a band is limited to 1 - 1 / (months before + 1)
        * "space": the draws are gaps of the donors as if treated, scaled to the fit of the treated, both signs; p is
          the rank of the ratio of root mean squared gaps after and before (Abadie et al. 2010), at least
          1 / (donors + 1), which limits the level of a band too
        * "ttest": the estimate debiased by `folds` cross-fitted blocks, Student's t (Chernozhukov et al. 2018);
          parameter "ATT" carries its standard error
        * "leave_two_out": draws as "space"; p is the share of donor pairs that beat the treated unit (Lei and
          Sudijono 2024)

        With predictors, a fit window or a selection months are not alike, as the permutation test and refits to parts of the
        months require: draws are those of "blocks" or "space", and p is the rank in space
    folds : int, default 3
        blocks of "ttest"
    fewest : int, default 8
        clean months below which only the description is given
    predictors : sequence of str or of label and months, optional
        matched in place of the outcome of every month (Abadie, Diamond and Hainmueller 2010; form "sc"): a name, or [name,
        month], or [name, first, last] for its mean over a window; the name is "outcome" or a column of the panel
        (`fc.panel(..., controls=[...])`): ["lnincome", ["retprice", "1980", "1988"], ["outcome", "1975"]]. A name alone is
        the mean over the clean months (of a trade flow's outcome, without its season, a share of that mean, always one). No
        month from the event on is read
    predictor_weights : {"nested", "equal"} or tuple of float, default "nested"
        "nested": the weights V of predictors under which the synthetic control has the smallest mean squared error over the
        fitted months (`predictor_matching`); "equal"; or numbers, in the order of `predictors`, for instance those found with
        a fit window of their own (the cross-validation of Abadie, Diamond and Hainmueller 2015)
    fit : (label, label), optional
        [first, last] of the months over which weights are fitted; default all clean months before the event. The fit before
        the event is measured over all of them
    select : {"all", "forward"}, default "all"
        "forward": donors come in one after the other by fit, as many as predict a month ahead best (Cerulli 2024;
        `forward_selection`; form "sc")

    Notes
    -----
    Trade flows are divided by their mean before the event, and their errors grow with them; plain panels are left unscaled.
    In a panel with a season each series is without its month effects (`prep.month_factors`), and the counterfactual has those
    of the treated. Old spikes of the treated are left out (`prep.spikes`); those of a donor are kept, for donors may have one
    in the window too. A donor of the same good is barred. `Design.controls` are partialled out first by two-way least squares
    on untreated cells.

    `weights` holds omega by donor and lambda as "lambda 1986"; `parameters` the average effect "ATT", the fit before the
    event, the average effect without each donor, each donor's departure (used by the check "donors"), and of each predictor
    its weight "V retprice 1980 to 1988" beside its values for the treated unit, the weighted donors and the donors' mean;
    `placebos` the donors' gaps as if treated (used by "placebo_space"). Only "ttest" gives a standard error. Simulated size
    and coverage: `experiments/003_simulation`.

    References
    ----------
    * Abadie, A., Diamond, A. and Hainmueller, J. (2010). Synthetic control methods for comparative case studies. Journal of
      the American Statistical Association 105(490), 493-505.
    * Arkhangelsky, D., Athey, S., Hirshberg, D. A., Imbens, G. W. and Wager, S. (2021). Synthetic difference-in-differences.
      American Economic Review 111(12), 4088-4118.
    * Chernozhukov, V., Wuethrich, K. and Zhu, Y. (2021). An exact and robust conformal inference method for counterfactual
      and synthetic controls. Journal of the American Statistical Association 116(536), 1849-1864.
    * Ferman, B. and Pinto, C. (2021). Synthetic controls with imperfect pretreatment fit. Quantitative Economics 12(4),
      1197-1221.
    """

    form: Literal["sc", "sdid", "did"] = "sdid"
    demean: bool = False
    zeta: float | None = None
    solver: Literal["auto", "exact", "frank_wolfe"] = "auto"
    inference: Literal["blocks", "conformal", "space", "ttest", "leave_two_out"] = "blocks"
    folds: int = 3
    fewest: int = 8
    predictors: tuple[PredictorSpec, ...] = ()
    predictor_weights: Literal["nested", "equal"] | tuple[float, ...] = "nested"
    fit: tuple[Label, ...] = ()
    select: Literal["all", "forward"] = "all"

    def __post_init__(self) -> None:
        if self.demean and self.form != "sc":
            raise ConfigError(f"form '{self.form}' has an intercept already", hint='demean with form = "sc"')
        if self.zeta is not None and not (self.zeta >= 0 and self.form != "did"):
            raise ConfigError("zeta is zero or more, and equal weights have none", hint='form = "sdid" or "sc"')
        if self.folds < 2:
            raise ConfigError(f"{self.folds} folds leave no degree of freedom", hint="3 folds")
        if self.fewest < 4:
            raise ConfigError(f"weights from {self.fewest} months fit anything", hint="8 or more")
        self._check_matching()

    def _check_matching(self) -> None:
        """Words on predictors, fit window and selection that do not go together."""
        for spec in self.predictors:
            predictors.check_spec(spec)
        given = () if isinstance(self.predictor_weights, str) else self.predictor_weights
        if given and not (len(given) == len(self.predictors) and min(given) >= 0 and sum(given) > 0):
            raise ConfigError("predictor weights are one number of zero or more for each predictor", hint='"nested" or "equal"')
        if len(self.fit) not in (0, 2):
            raise ConfigError(f"a fit window is its first and last month, not {list(self.fit)}", hint='["1960", "1969"]')
        if (self.predictors or self.select == "forward") and (self.form != "sc" or self.solver == "frank_wolfe"):
            raise ConfigError("predictors and selected donors are for the exact synthetic control", hint='form = "sc"')
        if self.predictors and (self.demean or self.zeta is not None):
            raise ConfigError("weights that match predictors have neither intercept nor ridge", hint="without demean and zeta")
        if self._months_differ and self.inference not in ("blocks", "space"):
            problem = (
                f"inference '{self.inference}' treats all months alike, which predictors, a fit window or a selection do not"
            )
            raise ConfigError(problem, hint='"blocks" or "space"')

    @property
    def _months_differ(self) -> bool:
        """Whether months before the event enter the weights in different ways."""
        return bool(self.predictors or self.fit or self.select == "forward")

    def estimate(self, vintage: Vintage, design: Design, rng: np.random.Generator, answers: Answers = ()) -> Effect:
        """Observed minus the weighted donors; description only where these support no counterfactual."""
        seen = observe_window(vintage, design)
        made = unestimated_effect("synthetic", vintage, design, seen)
        try:
            return self._estimate_weights(made, vintage, seen, rng)
        except (TooShortError, NotIdentifiedError) as error:
            return description_only(made, error.problem, error.hint)

    def _estimate_weights(self, made: Effect, vintage: Vintage, seen: ObservedWindow, rng: np.random.Generator) -> Effect:
        design = made.design
        if design.share_of:
            raise NotIdentifiedError("a share is asked of 'baseline' or 'counterfactual', not of donors")
        if not len(seen.observed):
            raise NotIdentifiedError("no figure in the asked window")
        table = build_donor_table(hide_spikes(vintage, design), design, seen, self.fewest)
        data = self._with_predictors(build_working_panel(table, design, seen, vintage), vintage, design)
        fitted = synthetic_weights.fit_weights(data.sample, self._weight_rule(data, design))
        exact = replace(self._weight_rule(data, design), exact=True)
        placebos = None if design.placebo_of else fit_placebos(data, fitted, exact)  # a placebo needs its size only
        found = self._infer(data, fitted, placebos, exact, design, rng)
        scale = data.table.sizes * data.factor * data.unit * len(design.treated)
        middle = found.middle * scale + data.back
        middle = seen.observed - beyond_rounding(seen.observed - middle, data.sample.size * float(scale.max()))
        draws = middle + found.errors * scale
        label = vintage.steps.label
        return replace(
            made,
            counterfactual=local_level.clip_keeping_sums(draws) if vintage.nonnegative else draws,
            point=float(seen.observed.sum() - middle.sum()),
            own_p=found.p_value,
            own_floor=found.p_floor,
            own_placebos=placebos.as_cumulative(data.sample.share, label(seen.window.start), float(scale.sum()))
            if placebos
            else (),
            weights=dict(zip(data.table.donors, fitted.omega.tolist(), strict=True))
            | {f"lambda {label(m)}": w for m, w in zip(data.table.months.tolist(), fitted.lam.tolist(), strict=True) if w > 0},
            parameters=named_parameters(data, fitted, found, placebos, exact, design),
            used=(self._describe_method(data, fitted, found, spike_notes(vintage, design)),),
        )

    def _weight_rule(self, data: WorkingPanel, design: Design) -> WeightRule:
        many = float(len(design.treated) * data.table.sizes.sum())
        rough = self.solver == "frank_wolfe" or (self.solver == "auto" and self.form == "sdid" and design.basis == "panel")
        given = self.predictor_weights
        count = len(self.predictors)
        weights = None if given == "nested" else (1.0,) * count if isinstance(given, str) else given
        exact, selected = not rough or bool(design.placebo_of), self.select == "forward"
        return WeightRule(self.form, self.demean, self.zeta, many, exact, weights, selected)

    def _with_predictors(self, data: WorkingPanel, vintage: Vintage, design: Design) -> WorkingPanel:
        """The working panel with its predictors and fit window."""
        if not self._months_differ:
            return data
        found = predictors.build_predictors(self.predictors, vintage, design, data.table, data.outcomes)
        fitted = predictors.fitted_months(self.fit, vintage, data.table, self.fewest)
        return replace(data, sample=replace(data.sample, fitted=fitted, predictors=found.standardised), predictors=found)

    def _infer(
        self, data: WorkingPanel, fitted: SyntheticWeights, placebos: DonorPlacebos | None, rule: WeightRule, design: Design,
        rng: np.random.Generator,
    ) -> Inference:  # fmt: skip
        middle, count = fitted.counterfactual(data.sample.x_after), design.draws
        if placebos is not None and self.inference in ("space", "leave_two_out"):
            return self._infer_in_space(data, middle, placebos, rule, count, rng)
        paths = _error_paths(data, fitted, placebos, rule, count, rng)
        if placebos is None:
            return Inference(middle, paths)
        if self.inference == "ttest":
            return self._infer_by_ttest(data, rule, paths, rng)
        if self._months_differ:
            if len(placebos.names) < MIN_PLACEBOS:
                return Inference(middle, paths, notes=(f"no test: {pluralize(len(placebos.names), 'placebo')} in space",))
            p, floor, note = placebos.rank()
            return Inference(middle, paths, p, floor, notes=(note,))
        sample, months = data.sample, len(data.sample.y)
        left = synthetic_weights.residuals(sample.stacked, rule)
        p = conformal_inference.moving_block_p_value(left, len(sample.y_after))
        floor = 1.0 / (months + len(sample.y_after))
        if self.inference == "blocks":
            return Inference(middle, paths, p, floor)
        note = f"{months} months before the event: no conformal interval above {1.0 - 1.0 / (months + 1):.1%}"
        paths = synthetic_weights.conformal_paths(sample, rule, paths)
        return Inference(middle, paths, p, floor, notes=(note,))

    def _infer_in_space(
        self, data: WorkingPanel, middle: Floats, placebos: DonorPlacebos, rule: WeightRule, count: int,
        rng: np.random.Generator,
    ) -> Inference:  # fmt: skip
        """Draws and test from placebos in space."""
        donors = len(placebos.names)
        if donors < MIN_PLACEBOS:
            raise NotIdentifiedError(f"{pluralize(donors, 'placebo')} in space, a test needs {MIN_PLACEBOS}")
        level = f"{donors} placebos in space: no interval above {donors / (donors + 1):.1%}"
        half = placebos.gaps[rng.permutation(-(-count // 2)) % donors]
        errors = np.vstack([half, -half])[:count]
        if self.inference == "leave_two_out":
            lost, pairs = synthetic_weights.count_lost_pairs(data.sample, rule)
            return Inference(middle, errors, max(lost, 1) / pairs, 1 / pairs, notes=(f"{lost} of {pairs} pairs lost", level))
        p, floor, note = placebos.rank()
        return Inference(middle, errors, p, floor, notes=(note, level))

    def _infer_by_ttest(self, data: WorkingPanel, rule: WeightRule, paths: Floats, rng: np.random.Generator) -> Inference:
        """The debiased estimate; its draws share one Student t and differ between periods as those of "blocks" do."""
        from scipy.special import stdtr, stdtrit

        sample = data.sample
        if len(sample.y) // self.folds < 2:
            raise TooShortError(f"{len(sample.y)} clean months cannot be cut into {self.folds} folds")
        gaps, biases, se = synthetic_weights.cross_fitted_ttest(sample, self.folds, rule)
        middle = sample.y_after - gaps.mean(axis=0) + biases.mean()
        estimate = float((sample.y_after - middle) @ sample.share)
        freedom, count = self.folds - 1, len(paths)
        # evenly spaced probabilities instead of random ones, so that the sample quantiles are those of t
        grid = np.clip(np.arange(count) / max(count - 1, 1), 0.25 / count, 1 - 0.25 / count)
        shared = se * stdtrit(freedom, grid)[rng.permutation(count)]
        errors = paths - (paths @ sample.share)[:, None] + shared[:, None]
        p = 2.0 * float(stdtr(freedom, -abs(estimate) / se)) if se > 0 else float("nan")
        note = f"debiased by {self.folds} cross-fitted blocks, {pluralize(freedom, 'degree')} of freedom"
        return Inference(middle, errors, p, 0.0, se, notes=(note,))

    def _describe_method(self, data: WorkingPanel, fitted: SyntheticWeights, found: Inference, more: tuple[str, ...]) -> Used:
        notes, sample = [*data.predictors.notes, *found.notes, *more], data.sample
        if self.select == "forward":
            notes.append(f"{int((fitted.omega > 0).sum())} of {len(fitted.omega)} donors selected forward")
        if float(np.abs(sample.y - fitted.counterfactual(sample.x)).max()) < 1e-8 * float(np.std(sample.y)):
            notes.append("the donors fit every month before the event exactly: other weights may do so too")
        matched = f" on {pluralize(len(self.predictors), 'predictor')}" if self.predictors else ""
        return Used(
            f"{'demeaned ' if self.demean else ''}{FORM_NAMES[self.form]}{matched}, inference {self.inference}",
            data.table.donors,
            data.table.barred,
            "share of the mean before" if data.unit != 1.0 else "none",
            data.table.split,
            0,
            tuple(notes),
        )


def _error_paths(
    data: WorkingPanel, fitted: SyntheticWeights, placebos: DonorPlacebos | None, rule: WeightRule, count: int,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Errors of the counterfactual, (count, P) per month: the gap as a local level with noise, less the level of the fit.

    The variance of the level is estimated from the treated and from the donors' gaps to each other.
    """
    months, asked = data.table.months, np.concatenate(data.when)
    own = synthetic_weights.cross_fitted_gaps(data.sample, fitted, rule) - fitted.level
    own = beyond_rounding(own, data.sample.size)
    others = [] if placebos is None else [(months, gap) for gap in placebos.departures.gaps]
    size, ahead = data.relative_sizes(fitted.counterfactual(data.sample.x), asked)
    monthly = ahead * local_level.draw_deviations(months, own / size, asked, 0.0, others, count, rng)
    lengths = np.array([len(w) for w in data.when])
    return np.asarray(np.add.reduceat(monthly, np.cumsum(lengths) - lengths, axis=1) / lengths)
