"""Synthetic: synthetic control and synthetic difference-in-differences (weighted untreated donors as counterfactual)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.effects import Effect, Parameter, Placebo
from forecast.core.errors import ConfigError, NotIdentifiedError, TooShortError
from forecast.core.questions import Design
from forecast.core.registry import estimator
from forecast.core.results import Used
from forecast.core.vintage import Vintage
from forecast.estimators.synthetic import conformal_inference, synthetic_weights
from forecast.estimators.synthetic.synthetic_weights import DonorDepartures, SyntheticWeights, WeightRule
from forecast.kernels import local_level
from forecast.prep.baselines import ObservedWindow, observe_window, pluralize
from forecast.prep.donor_pool import DonorTable, build_donor_table, description_only, unestimated_effect

FORM_NAMES = {"sc": "synthetic control", "sdid": "synthetic difference-in-differences", "did": "difference-in-differences"}
MIN_PLACEBOS = 3  # donors for a test in space


@dataclass(frozen=True)
class WorkingPanel:
    """Working-scale data of the weights: treated y (T,) and donors x (T, k) before, monthly means of the P periods after.

    when : the months of each period; share (P,) : of the periods in all months; unit : one unit of the working scale in that of
    the treated series; back (P,) : contribution of the controls, in the latter unit
    """

    table: DonorTable
    y: Floats
    x: Floats
    y_after: Floats
    x_after: Floats
    when: tuple[Ints, ...]
    share: Floats
    unit: float
    back: Floats


@dataclass(frozen=True)
class Inference:
    """Counterfactual `middle` (P,) and draws of its errors (draws, P), per month on the working scale; p-value and s.e."""

    middle: Floats
    errors: Floats
    p_value: float = float("nan")
    p_floor: float = float("nan")
    se: float = float("nan")
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DonorPlacebos:
    """Placebos in space: gaps after the event (k, P), scaled to the fit of the treated, and RMSPE ratios.

    ratios (k,), own : RMSPE ratios of the donors and of the treated; typical : median RMSPE of the donors before the event;
    departures : of each donor from the others
    """

    names: tuple[str, ...]
    gaps: Floats
    ratios: Floats
    own: float
    typical: float
    departures: DonorDepartures


@estimator
@dataclass(frozen=True)
class Synthetic:
    """Weighted mean of untreated donors: synthetic control, synthetic or plain difference-in-differences, in one form.

    counterfactual_t = sum_i omega_i Y_it + sum_s lambda_s (Y_s - sum_i omega_i Y_is), s before the event (Arkhangelsky et al.
    2021, eq. 2.1 to 2.5).

    form : "sdid": omega with an intercept and the ridge zeta = (treated x months after)^(1/4) sigma, sigma the standard
        deviation of the donors' monthly changes; lambda by least squares over the donors. "sc": omega without intercept
        (Abadie, Diamond and Hainmueller 2010, outcomes only), lambda 0; with `demean` an intercept (Ferman and Pinto 2021),
        lambda equal. "did": both equal.
    zeta : another ridge of omega, in the outcome's unit (of a trade flow: in its mean before the event)
    solver : "exact" convex optimum; "frank_wolfe" with the stopping rule and sparsification of the R package synthdid; "auto":
        frank_wolfe for "sdid" on a plain panel, exact for "sc" and for trade flows. On Proposition 99 the two differ by 0.0016
        packs ("sdid") and by 0.106 ("sc": exact -19.5136, synthdid's `sc_estimate` -19.6197); on simulated monthly flows errors
        under the sparsified weights are up to 1.8 times those under the exact ones. Placebos and refits for inference are
        always exact.
    inference : what the draws and `p_value` come from
        "blocks"  draws: the cross-fitted gap to the donors, extrapolated as a local level with noise
                  (`forecast.kernels.local_level`, its variance estimated from treated and donors), less the level of the
                  counterfactual, both signs; p: moving-block permutation of the residuals (Chernozhukov, Wuethrich and Zhu
                  2021), at least 1 / (months before + asked); it assumes stationary residuals and over-rejects where they drift
        "conformal"  the same p; the draws of each period have its conformal intervals at every level (ibid., sec. 2.2), in the
                  rank order of "blocks"; the level of a band is limited to 1 - 1 / (months before + 1)
        "space"   draws: gaps of the donors as if treated, scaled to the fit of the treated, both signs; p: rank of the ratio
                  of root mean squared gaps after and before (Abadie et al. 2010), at least 1 / (donors + 1), which
                  limits the level of a band too
        "ttest"   estimate debiased by `folds` cross-fitted blocks, Student's t (Chernozhukov et al. 2018); parameter "ATT"
                  carries its standard error
        "leave_two_out"  draws as "space"; p: share of donor pairs that beat the treated unit (Lei and Sudijono 2024)
    fewest : clean months below which only the description is given

    Trade flows are divided by their mean before the event; plain panels are left unscaled. A donor of the same good is
    barred. `Design.controls` are partialled out first by two-way least squares on untreated cells. `weights` holds omega by
    donor and lambda as "lambda 1986"; `parameters` the average effect "ATT", the fit before the event, the average effect
    without each donor, and each donor's departure (used by the check "donors"); `placebos` the donors' gaps as if treated (used
    by "placebo_space"). Only "ttest" gives a standard error. Simulated size and coverage: `experiments/003_simulation`.
    """

    form: Literal["sc", "sdid", "did"] = "sdid"
    demean: bool = False
    zeta: float | None = None
    solver: Literal["auto", "exact", "frank_wolfe"] = "auto"
    inference: Literal["blocks", "conformal", "space", "ttest", "leave_two_out"] = "blocks"
    folds: int = 3
    fewest: int = 8

    def __post_init__(self) -> None:
        if self.demean and self.form != "sc":
            raise ConfigError(f"form '{self.form}' has an intercept already", hint='demean with form = "sc"')
        if self.zeta is not None and not (self.zeta >= 0 and self.form != "did"):
            raise ConfigError("zeta is zero or more, and equal weights have none", hint='form = "sdid" or "sc"')
        if self.folds < 2:
            raise ConfigError(f"{self.folds} folds leave no degree of freedom", hint="3 folds")
        if self.fewest < 4:
            raise ConfigError(f"weights from {self.fewest} months fit anything", hint="8 or more")

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
        data = _working_panel(build_donor_table(vintage, design, seen, self.fewest), design, seen)
        fitted = synthetic_weights.fit_weights(data.y, data.x, data.share @ data.x_after, self._weight_rule(data, design))
        exact = replace(self._weight_rule(data, design), exact=True)
        placebos = None if design.placebo_of else _donor_placebos(data, fitted, exact)  # a placebo needs its size only
        found = self._infer(data, fitted, placebos, exact, design, rng)
        scale = data.table.sizes * data.unit * len(design.treated)
        middle = found.middle * scale + data.back
        draws = middle + found.errors * scale
        label = vintage.steps.label
        return replace(
            made,
            counterfactual=local_level.clip_keeping_sums(draws) if vintage.nonnegative else draws,
            point=float(seen.observed.sum() - middle.sum()),
            own_p=found.p_value,
            own_floor=found.p_floor,
            own_placebos=_space_placebos(placebos, data, label(seen.window.start), float(scale.sum())) if placebos else (),
            weights=dict(zip(data.table.donors, fitted.omega.tolist(), strict=True))
            | {f"lambda {label(m)}": w for m, w in zip(data.table.months.tolist(), fitted.lam.tolist(), strict=True) if w > 0},
            parameters=_parameters(data, fitted, found, placebos, exact, design),
            used=(self._describe_method(data, fitted, found),),
        )

    def _weight_rule(self, data: WorkingPanel, design: Design) -> WeightRule:
        many = float(len(design.treated) * data.table.sizes.sum())
        rough = self.solver == "frank_wolfe" or (self.solver == "auto" and self.form == "sdid" and design.basis == "panel")
        return WeightRule(self.form, self.demean, self.zeta, many, not rough or bool(design.placebo_of))

    def _infer(
        self, data: WorkingPanel, fitted: SyntheticWeights, placebos: DonorPlacebos | None, rule: WeightRule, design: Design,
        rng: np.random.Generator,
    ) -> Inference:  # fmt: skip
        middle, count = fitted.counterfactual(data.x_after), design.draws
        if placebos is not None and self.inference in ("space", "leave_two_out"):
            return self._infer_in_space(data, middle, placebos, rule, count, rng)
        paths = _error_paths(data, fitted, placebos, rule, count, rng)
        if placebos is None:
            return Inference(middle, paths)
        if self.inference == "ttest":
            return self._infer_by_ttest(data, rule, paths, rng)
        months = len(data.y) + len(data.y_after)
        left = synthetic_weights.residuals(np.append(data.y, data.y_after), np.vstack([data.x, data.x_after]), rule)
        p, floor = conformal_inference.moving_block_p_value(left, len(data.y_after)), 1.0 / months
        if self.inference == "blocks":
            return Inference(middle, paths, p, floor)
        level = 1.0 - 1.0 / (len(data.y) + 1)
        note = f"{len(data.y)} months before the event: no conformal interval above {level:.1%}"
        paths = synthetic_weights.conformal_paths(data.y, data.x, data.x_after, rule, paths)
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
            lost, pairs = synthetic_weights.count_lost_pairs(data.y, data.x, data.y_after, data.x_after, data.share, rule)
            return Inference(middle, errors, max(lost, 1) / pairs, 1 / pairs, notes=(f"{lost} of {pairs} pairs lost", level))
        beyond = int((placebos.ratios >= placebos.own * (1 - 1e-9)).sum())
        note = f"{beyond} of {donors} donors moved at least as far from their fit"
        return Inference(middle, errors, (1 + beyond) / (1 + donors), 1 / (1 + donors), notes=(note, level))

    def _infer_by_ttest(self, data: WorkingPanel, rule: WeightRule, paths: Floats, rng: np.random.Generator) -> Inference:
        """The debiased estimate; its draws share one Student t and differ between periods as those of "blocks" do."""
        from scipy.special import stdtr, stdtrit

        if len(data.y) // self.folds < 2:
            raise TooShortError(f"{len(data.y)} clean months cannot be cut into {self.folds} folds")
        gaps, biases, se = synthetic_weights.cross_fitted_ttest(
            data.y, data.x, data.y_after, data.x_after, data.share, self.folds, rule
        )
        middle = data.y_after - gaps.mean(axis=0) + biases.mean()
        estimate = float((data.y_after - middle) @ data.share)
        freedom, count = self.folds - 1, len(paths)
        # evenly spaced probabilities instead of random ones, so that the sample quantiles are those of t
        grid = np.clip(np.arange(count) / max(count - 1, 1), 0.25 / count, 1 - 0.25 / count)
        shared = se * stdtrit(freedom, grid)[rng.permutation(count)]
        errors = paths - (paths @ data.share)[:, None] + shared[:, None]
        p = 2.0 * float(stdtr(freedom, -abs(estimate) / se)) if se > 0 else float("nan")
        note = f"debiased by {self.folds} cross-fitted blocks, {pluralize(freedom, 'degree')} of freedom"
        return Inference(middle, errors, p, 0.0, se, notes=(note,))

    def _describe_method(self, data: WorkingPanel, fitted: SyntheticWeights, found: Inference) -> Used:
        notes = list(found.notes)
        if float(np.abs(data.y - fitted.counterfactual(data.x)).max()) < 1e-8 * float(np.std(data.y)):
            notes.append("the donors fit every month before the event exactly: other weights may do so too")
        return Used(
            f"{'demeaned ' if self.demean else ''}{FORM_NAMES[self.form]}, inference {self.inference}",
            data.table.donors,
            data.table.barred,
            "share of the mean before" if data.unit != 1.0 else "none",
            data.table.split,
            0,
            tuple(notes),
        )


def _donor_placebos(data: WorkingPanel, fitted: SyntheticWeights, rule: WeightRule) -> DonorPlacebos:
    """Each donor as if treated, against the other donors; donors fitted without error have no RMSPE ratio and are left out."""
    before, after = synthetic_weights.placebo_gaps(data.x, data.x_after, data.share, rule)
    own, own_after = data.y - fitted.counterfactual(data.x), data.y_after - fitted.counterfactual(data.x_after)
    sizes = np.sqrt((before**2).mean(axis=1))
    size = float(np.sqrt((own**2).mean()))
    use = (sizes > 0) & (size > 0)
    asked_months = np.concatenate(data.when)
    departures = synthetic_weights.donor_departures(data.x, data.x_after, data.table.months, asked_months, data.share, rule)
    return DonorPlacebos(
        tuple(name for name, ok in zip(data.table.donors, use.tolist(), strict=True) if ok),
        after[use] * (size / sizes[use])[:, None],
        synthetic_weights.rmspe_ratio(before[use], after[use], data.share),
        float(synthetic_weights.rmspe_ratio(own, own_after, data.share)),
        float(np.median(sizes)),
        departures,
    )


def _space_placebos(placebos: DonorPlacebos, data: WorkingPanel, start: str, whole: float) -> tuple[Placebo, ...]:
    """The donors' mean gaps as cumulative effects on the scale of the treated."""
    means = (placebos.gaps @ data.share).tolist()
    return tuple(Placebo("space", name, start, mean * whole) for name, mean in zip(placebos.names, means, strict=True))


def _error_paths(
    data: WorkingPanel, fitted: SyntheticWeights, placebos: DonorPlacebos | None, rule: WeightRule, count: int,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Errors of the counterfactual, (count, P) per month: the gap as a local level with noise, less the level of the fit.

    The variance of the level is estimated from the treated and from the donors' gaps to each other.
    """
    months, asked = data.table.months, np.concatenate(data.when)
    own = synthetic_weights.cross_fitted_gaps(data.y, data.x, fitted, rule)
    others = [] if placebos is None else [(months, gap) for gap in placebos.departures.gaps]
    monthly = local_level.draw_deviations(months, own, asked, fitted.level, others, count, rng)
    ends = np.cumsum([len(w) for w in data.when])
    return np.stack([some.mean(axis=1) for some in np.split(monthly, ends[:-1], axis=1)], axis=1)


def _parameters(
    data: WorkingPanel, fitted: SyntheticWeights, found: Inference, placebos: DonorPlacebos | None, rule: WeightRule,
    design: Design,
) -> tuple[Parameter, ...]:  # fmt: skip
    """The average effect, the fit before the event, and the average effect without each donor of non-zero weight."""
    back = float(data.back.sum() / data.table.sizes.sum()) / len(design.treated)
    average = float(data.table.after[:, 0] @ data.share) - data.unit * float(found.middle @ data.share) - back
    gap = data.y - fitted.counterfactual(data.x)
    out = [
        Parameter("ATT", average, found.se * data.unit),
        Parameter("pre-RMSPE", data.unit * float(np.sqrt((gap**2).mean()))),
    ]
    if placebos is None:
        return tuple(out)
    out.append(Parameter("pre-RMSPE of a donor (median)", data.unit * placebos.typical))
    if not rule.intercept:
        outside = (data.y < data.x.min(axis=1)) | (data.y > data.x.max(axis=1))
        out.append(Parameter("share of months outside the donors' range", float(outside.mean())))
    every = list(range(data.x.shape[1]))
    base = float((data.y_after - fitted.counterfactual(data.x_after)) @ data.share)

    def estimate_without(donors: list[int], name: str) -> Parameter:
        rest = [i for i in every if i not in donors]
        return Parameter(f"ATT without {name}", average + data.unit * (_average_effect(data, rest, rule) - base))

    out += [estimate_without([j], name) for j, name in enumerate(data.table.donors) if fitted.omega[j] > 1e-6]
    departures = placebos.departures.errors.tolist()
    out += [Parameter(f"departure of {name}", size) for name, size in zip(data.table.donors, departures, strict=True)]
    if moved := list(placebos.departures.moved):
        out.append(estimate_without(moved, "moved: " + ", ".join(data.table.donors[j] for j in moved)))
    return tuple(out)


def _working_panel(table: DonorTable, design: Design, seen: ObservedWindow) -> WorkingPanel:
    """The table on its working scale, controls partialled out."""
    trade = design.basis != "panel"
    level = table.before.mean(axis=0) if trade else np.ones(table.before.shape[1])
    if not level.all():
        raise NotIdentifiedError("a flow that was zero throughout has no size to compare")
    before, after = table.before / level, table.after / level
    back = np.zeros(len(after))
    if design.controls:
        known, later = table.controls
        open_cells = np.vstack([before, after])
        open_cells[len(before) :, 0] = np.nan
        slope = synthetic_weights.control_coefficients(open_cells, np.concatenate([known, later]))
        before, after = before - known @ slope, after - later @ slope
        back = later[:, 0] @ slope * level[0] * table.sizes * len(design.treated)
    share = table.sizes / table.sizes.sum()
    when = tuple(np.arange(first, last + 1) for first, last in seen.periods)
    return WorkingPanel(table, before[:, 0], before[:, 1:], after[:, 0], after[:, 1:], when, share, float(level[0]), back)


def _average_effect(data: WorkingPanel, donors: list[int], rule: WeightRule) -> float:
    """The average effect with a subset of the donors, exact weights."""
    _, after = synthetic_weights.fitted_gaps(data.y, data.x[:, donors], data.y_after, data.x_after[:, donors], data.share, rule)
    return float(after @ data.share)
