"""Synthetic: a weighted mean of untouched donors stands for what would have happened."""

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
from forecast.estimators.synthetic import conformal_inference, synthetic_weights as maths
from forecast.kernels import local_level
from forecast.prep.baselines import ObservedWindow, observe_window, pluralize
from forecast.prep.donor_pool import DonorTable, build_donor_table, description_only, unestimated_effect

FORM_NAMES = {"sc": "synthetic control", "sdid": "synthetic difference-in-differences", "did": "difference-in-differences"}
MIN_PLACEBOS = 3  # donors


@dataclass(frozen=True)
class WorkingPanel:
    """Numbers the weights are found from, on the working scale: y (T,), x (T, k), and per month of the P asked periods.

    when : the months of each period; unit : one of the working scale in the treated series' own unit; back (P,) : what the
    controls add, in that unit
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
    """Errors of the counterfactual, (draws, P) per month on the working scale; where it is centred; the test."""

    middle: Floats
    errors: Floats
    p_value: float = float("nan")
    p_floor: float = float("nan")
    se: float = float("nan")
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DonorPlacebos:
    """Donors as if treated: gaps after (k, P), brought to the size of the treated fit; `ratio` of each and of the treated.

    typical : the middle one of their root mean squared gaps before the event; apart : how far each left the others
    """

    names: tuple[str, ...]
    gaps: Floats
    ratios: Floats
    own: float
    typical: float
    apart: maths.DonorDepartures


@estimator
@dataclass(frozen=True)
class Synthetic:
    """A weighted mean of untouched donors: synthetic control, synthetic or plain difference-in-differences, by one form.

    counterfactual_t = sum_i omega_i Y_it + sum_s lambda_s (Y_s - sum_i omega_i Y_is), s before the event (Arkhangelsky et al.
    2021, eq. 2.1 to 2.5).

    form : "sdid": omega with an intercept and the ridge zeta = (treated x months after)^(1/4) sigma, sigma the standard
        deviation of the donors' monthly changes; lambda by least squares over the donors. "sc": omega without intercept
        (Abadie, Diamond and Hainmueller 2010, outcomes only), lambda 0; with `demean` an intercept (Ferman and Pinto 2021),
        lambda equal. "did": both equal.
    zeta : another ridge of omega, in the outcome's unit (of a trade flow: in its mean before the event)
    solver : "exact" convex optimum; "frank_wolfe" as the R package synthdid stops and thins it; "auto": frank_wolfe for "sdid"
        on a plain panel, exact for "sc" and for trade flows. On Proposition 99 the two differ by 0.0016 packs ("sdid") and by
        0.106 ("sc": exact -19.5136, synthdid's `sc_estimate` -19.6197); on simulated monthly flows the thinned weights miss by
        up to 1.8 times as much as the exact ones. Placebos and refits for inference are always exact.
    inference : what the draws and `p_value` come from
        "blocks"  draws: the gap to the donors, of months the weights had not seen, carried on as a wandering level with noise
                  (`forecast.kernels.local_level`, its step learned from treated and donors), less the level the counterfactual
                  was given, both signs; p: moving-block permutation of the residuals (Chernozhukov, Wuethrich and Zhu 2021), at
                  least 1 / (months before + asked); it takes residuals for stationary and rejects too often where they wander
        "conformal"  the same p; the draws of each period have its conformal intervals at every level (ibid., sec. 2.2), their
                  order that of "blocks"; the level of a band is limited to 1 - 1 / (months before + 1)
        "space"   draws: gaps of the donors as if treated, brought to the treated fit's size, both signs; p: rank of the ratio
                  of root mean squared gaps after and before (Abadie et al. 2010), at least 1 / (donors + 1), which
                  limits the level of a band too
        "ttest"   estimate debiased by `folds` cross-fitted blocks, Student's t (Chernozhukov et al. 2018); parameter "ATT"
                  carries its standard error
        "leave_two_out"  draws as "space"; p: share of donor pairs that beat the treated unit (Lei and Sudijono 2024)
    fewest : clean months without which only the description is given

    Trade flows are divided by their mean before the event; plain panels are taken as they are. A donor of the same good is
    barred. `Design.controls` are taken out first by two-way least squares on untreated cells. `weights` holds omega by donor
    and lambda as "lambda 1986"; `parameters` the average effect "ATT", the fit before the event, the average effect without
    each donor, and how far each left the others (read by the check "donors"); `placebos` the donors' gaps as if treated (read
    by "placebo_space"). A standard error is given by "ttest" alone. Simulated size and cover: `experiments/003_simulation`.
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
        """Observed less the weighted donors; description only where they carry no counterfactual."""
        seen = observe_window(vintage, design)
        made = unestimated_effect("synthetic", vintage, design, seen)
        try:
            return self._solved(made, vintage, seen, rng)
        except (TooShortError, NotIdentifiedError) as error:
            return description_only(made, error.problem, error.hint)

    def _solved(self, made: Effect, vintage: Vintage, seen: ObservedWindow, rng: np.random.Generator) -> Effect:
        design = made.design
        if design.share_of:
            raise NotIdentifiedError("a share is asked of 'baseline' or 'counterfactual', not of donors")
        if not len(seen.observed):
            raise NotIdentifiedError("no figure in the asked window")
        laid = _working_panel(build_donor_table(vintage, design, seen, self.fewest), design, seen)
        fitted = maths.fit_weights(laid.y, laid.x, laid.share @ laid.x_after, self._rule(laid, design))
        exact = replace(self._rule(laid, design), exact=True)
        beside = None if design.placebo_of else _donor_placebos(laid, fitted, exact)  # of a placebo its size alone is asked
        found = self._inferred(laid, fitted, beside, exact, design, rng)
        scale = laid.table.sizes * laid.unit * len(design.treated)
        middle = found.middle * scale + laid.back
        draws = middle + found.errors * scale
        label = vintage.steps.label
        return replace(
            made,
            counterfactual=local_level.clip_keeping_sums(draws) if vintage.nonnegative else draws,
            point=float(seen.observed.sum() - middle.sum()),
            p_value=found.p_value,
            p_floor=found.p_floor,
            placebos=()
            if beside is None
            else _space_placebos(beside, laid, vintage.steps.label(seen.window.start), float(scale.sum())),
            weights=dict(zip(laid.table.donors, fitted.omega.tolist(), strict=True))
            | {f"lambda {label(m)}": w for m, w in zip(laid.table.months.tolist(), fitted.lam.tolist(), strict=True) if w > 0},
            parameters=_parameters(laid, fitted, found, beside, exact, design),
            used=(self._used(laid, fitted, found),),
        )

    def _rule(self, laid: WorkingPanel, design: Design) -> maths.WeightRule:
        many = float(len(design.treated) * laid.table.sizes.sum())
        rough = self.solver == "frank_wolfe" or (self.solver == "auto" and self.form == "sdid" and design.basis == "panel")
        return maths.WeightRule(self.form, self.demean, self.zeta, many, not rough or bool(design.placebo_of))

    def _inferred(
        self,
        laid: WorkingPanel,
        fitted: maths.SyntheticWeights,
        beside: DonorPlacebos | None,
        rule: maths.WeightRule,
        design: Design,
        rng: np.random.Generator,
    ) -> Inference:
        middle, count = fitted.counterfactual(laid.x_after), design.draws
        if beside is not None and self.inference in ("space", "leave_two_out"):
            return self._in_space(laid, middle, beside, rule, count, rng)
        paths = _error_paths(laid, fitted, beside, rule, count, rng)
        if beside is None:
            return Inference(middle, paths)
        if self.inference == "ttest":
            return self._debiased(laid, rule, paths, rng)
        months = len(laid.y) + len(laid.y_after)
        left = maths.residuals(np.append(laid.y, laid.y_after), np.vstack([laid.x, laid.x_after]), rule)
        p, floor = conformal_inference.moving_block_p_value(left, len(laid.y_after)), 1.0 / months
        if self.inference == "blocks":
            return Inference(middle, paths, p, floor)
        level = 1.0 - 1.0 / (len(laid.y) + 1)
        note = f"{len(laid.y)} months before the event: no conformal interval above {level:.1%}"
        paths = maths.conformal_paths(laid.y, laid.x, laid.x_after, rule, paths)
        return Inference(middle, paths, p, floor, notes=(note,))

    def _in_space(
        self,
        laid: WorkingPanel,
        middle: Floats,
        beside: DonorPlacebos,
        rule: maths.WeightRule,
        count: int,
        rng: np.random.Generator,
    ) -> Inference:
        """Draws and test from the donors as if treated."""
        donors = len(beside.names)
        if donors < MIN_PLACEBOS:
            raise NotIdentifiedError(f"{pluralize(donors, 'placebo')} in space, a test needs {MIN_PLACEBOS}")
        level = f"{donors} placebos in space: no interval above {donors / (donors + 1):.1%}"
        half = beside.gaps[rng.permutation(-(-count // 2)) % donors]
        errors = np.vstack([half, -half])[:count]
        if self.inference == "leave_two_out":
            lost, pairs = maths.count_lost_pairs(laid.y, laid.x, laid.y_after, laid.x_after, laid.share, rule)
            return Inference(middle, errors, max(lost, 1) / pairs, 1 / pairs, notes=(f"{lost} of {pairs} pairs lost", level))
        beyond = int((beside.ratios >= beside.own * (1 - 1e-9)).sum())
        note = f"{beyond} of {donors} donors moved at least as far from their fit"
        return Inference(middle, errors, (1 + beyond) / (1 + donors), 1 / (1 + donors), notes=(note, level))

    def _debiased(self, laid: WorkingPanel, rule: maths.WeightRule, paths: Floats, rng: np.random.Generator) -> Inference:
        """The cross-fitted estimate; its draws share one Student's t, and differ between periods as those of "blocks" do."""
        from scipy.special import stdtr, stdtrit

        if len(laid.y) // self.folds < 2:
            raise TooShortError(f"{len(laid.y)} clean months cannot be cut into {self.folds} folds")
        gaps, biases, se = maths.cross_fitted_ttest(laid.y, laid.x, laid.y_after, laid.x_after, laid.share, self.folds, rule)
        middle = laid.y_after - gaps.mean(axis=0) + biases.mean()
        estimate = float((laid.y_after - middle) @ laid.share)
        freedom, count = self.folds - 1, len(paths)
        grid = np.clip(np.arange(count) / max(count - 1, 1), 0.25 / count, 1 - 0.25 / count)  # its quantiles are t's own
        shared = se * stdtrit(freedom, grid)[rng.permutation(count)]
        errors = paths - (paths @ laid.share)[:, None] + shared[:, None]
        p = 2.0 * float(stdtr(freedom, -abs(estimate) / se)) if se > 0 else float("nan")
        note = f"debiased by {self.folds} cross-fitted blocks, {pluralize(freedom, 'degree')} of freedom"
        return Inference(middle, errors, p, 0.0, se, notes=(note,))

    def _used(self, laid: WorkingPanel, fitted: maths.SyntheticWeights, found: Inference) -> Used:
        notes = list(found.notes)
        if float(np.abs(laid.y - fitted.counterfactual(laid.x)).max()) < 1e-8 * float(np.std(laid.y)):
            notes.append("the donors fit every month before the event exactly: other weights may do so too")
        return Used(
            f"{'demeaned ' if self.demean else ''}{FORM_NAMES[self.form]}, inference {self.inference}",
            laid.table.donors,
            laid.table.barred,
            "share of the mean before" if laid.unit != 1.0 else "none",
            laid.table.split,
            0,
            tuple(notes),
        )


def _donor_placebos(laid: WorkingPanel, fitted: maths.SyntheticWeights, rule: maths.WeightRule) -> DonorPlacebos:
    """Donors as if treated, against the other donors; those fitted without error have no measure and are left out."""
    before, after = maths.placebo_gaps(laid.x, laid.x_after, laid.share, rule)
    own, own_after = laid.y - fitted.counterfactual(laid.x), laid.y_after - fitted.counterfactual(laid.x_after)
    sizes = np.sqrt((before**2).mean(axis=1))
    size = float(np.sqrt((own**2).mean()))
    use = (sizes > 0) & (size > 0)
    return DonorPlacebos(
        tuple(name for name, ok in zip(laid.table.donors, use.tolist(), strict=True) if ok),
        after[use] * (size / sizes[use])[:, None],
        maths.rmspe_ratio(before[use], after[use], laid.share),
        float(maths.rmspe_ratio(own, own_after, laid.share)),
        float(np.median(sizes)),
        maths.donor_departures(laid.x, laid.x_after, laid.table.months, np.concatenate(laid.when), laid.share, rule),
    )


def _space_placebos(beside: DonorPlacebos, laid: WorkingPanel, start: str, whole: float) -> tuple[Placebo, ...]:
    """The donors' mean gaps as cumulative effects of the treated's size."""
    means = (beside.gaps @ laid.share).tolist()
    return tuple(Placebo("space", name, start, mean * whole) for name, mean in zip(beside.names, means, strict=True))


def _error_paths(
    laid: WorkingPanel, fitted: maths.SyntheticWeights, beside: DonorPlacebos | None, rule: maths.WeightRule, count: int, rng: np.random.Generator
) -> Floats:  # fmt: skip
    """Errors of the counterfactual, (count, P) per month: the gap as a wandering level with noise, less the level it was given.

    How far a level wanders is learned from the treated and from the donors' gaps against each other.
    """
    months, asked = laid.table.months, np.concatenate(laid.when)
    own = maths.cross_fitted_gaps(laid.y, laid.x, fitted, rule)
    others = [] if beside is None else [(months, gap) for gap in beside.apart.gaps]
    monthly = local_level.draw_deviations(months, own, asked, fitted.level, others, count, rng)
    ends = np.cumsum([len(w) for w in laid.when])
    return np.stack([some.mean(axis=1) for some in np.split(monthly, ends[:-1], axis=1)], axis=1)


def _parameters(
    laid: WorkingPanel,
    fitted: maths.SyntheticWeights,
    found: Inference,
    beside: DonorPlacebos | None,
    rule: maths.WeightRule,
    design: Design,
) -> tuple[Parameter, ...]:
    """The average effect, the fit before the event, and the average effect without each donor that counts."""
    back = float(laid.back.sum() / laid.table.sizes.sum()) / len(design.treated)
    average = float(laid.table.after[:, 0] @ laid.share) - laid.unit * float(found.middle @ laid.share) - back
    gap = laid.y - fitted.counterfactual(laid.x)
    out = [
        Parameter("ATT", average, found.se * laid.unit),
        Parameter("pre-RMSPE", laid.unit * float(np.sqrt((gap**2).mean()))),
    ]
    if beside is None:
        return tuple(out)
    out.append(Parameter("pre-RMSPE of a donor (median)", laid.unit * beside.typical))
    if not rule.intercept:
        outside = (laid.y < laid.x.min(axis=1)) | (laid.y > laid.x.max(axis=1))
        out.append(Parameter("share of months outside the donors' range", float(outside.mean())))
    every = list(range(laid.x.shape[1]))
    base = float((laid.y_after - fitted.counterfactual(laid.x_after)) @ laid.share)

    def without(gone: list[int], name: str) -> Parameter:
        rest = [i for i in every if i not in gone]
        return Parameter(f"ATT without {name}", average + laid.unit * (_average_effect(laid, rest, rule) - base))

    out += [without([j], name) for j, name in enumerate(laid.table.donors) if fitted.omega[j] > 1e-6]
    far = beside.apart.errors.tolist()
    out += [Parameter(f"departure of {name}", size) for name, size in zip(laid.table.donors, far, strict=True)]
    if moved := list(beside.apart.moved):
        out.append(without(moved, "moved: " + ", ".join(laid.table.donors[j] for j in moved)))
    return tuple(out)


def _working_panel(table: DonorTable, design: Design, seen: ObservedWindow) -> WorkingPanel:
    """The table on its working scale, controls taken out."""
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
        slope = maths.control_coefficients(open_cells, np.concatenate([known, later]))
        before, after = before - known @ slope, after - later @ slope
        back = later[:, 0] @ slope * level[0] * table.sizes * len(design.treated)
    share = table.sizes / table.sizes.sum()
    when = tuple(np.arange(first, last + 1) for first, last in seen.periods)
    return WorkingPanel(table, before[:, 0], before[:, 1:], after[:, 0], after[:, 1:], when, share, float(level[0]), back)


def _average_effect(laid: WorkingPanel, donors: list[int], rule: maths.WeightRule) -> float:
    """The average effect with some of the donors, exact weights."""
    _, after = maths.fitted_gaps(laid.y, laid.x[:, donors], laid.y_after, laid.x_after[:, donors], laid.share, rule)
    return float(after @ laid.share)
