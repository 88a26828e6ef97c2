"""PPML: Poisson difference-in-differences and triple difference of flows over other goods and partners, zeros included."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.effects import Effect
from forecast.core.errors import ConfigError, NotIdentifiedError, TooShortError
from forecast.core.judgement import Placebo
from forecast.core.parameters import Parameter
from forecast.core.plurals import pluralize
from forecast.core.questions import Design
from forecast.core.registry import estimator
from forecast.core.results import Used
from forecast.core.series import SeriesKey
from forecast.core.spillovers import spillover
from forecast.core.vintage import Vintage
from forecast.estimators.ppml import hurdle, placebo_units, triple_difference
from forecast.kernels import exact_tests, local_level
from forecast.prep.baselines import ObservedWindow, observe_window
from forecast.prep.donor_pool import candidate_donors, description_only, unestimated_effect
from forecast.prep.month_factors import month_factors
from forecast.prep.pre_period import clean_pre_period
from forecast.prep.spans_and_gaps import split_spans
from forecast.prep.spikes import hide_spikes, spike_notes

NEAR_ZERO = 0.01  # of the counterfactual: below it the coefficient says little, and the loss is reported as a collapse too


@dataclass(frozen=True)
class DatedPanel:
    """The panel of flows from month `first`, treated units first; NaN where unknown or, for the treated, not clean.

    Flows are without their season. split : months whose value is a share of a sum of months; kind : the comparison, in words;
    season (T,) : the factors of the treated
    """

    panel: placebo_units.FlowPanel
    first: int
    split: int
    kind: str
    season: Floats

    def sum_periods(self, expected: Floats, seen: ObservedWindow) -> Floats:
        """A monthly path (T,), its season restored, summed over each asked period, shape (P,)."""
        whole = expected * self.season
        return np.array([whole[a - self.first : b - self.first + 1].sum() for a, b in seen.periods])


@estimator
@dataclass(frozen=True)
class Ppml:
    """Poisson difference-in-differences, or triple difference, against other goods and partners; a relative effect.

    E[y] = exp(unit + good x month + partner x month + sum_k b_k [month k of the window, treated]) by Poisson
    pseudo-likelihood (Santos Silva and Tenreyro 2006). Donors of one partner, or of one good, give the difference; of both
    kinds, the triple difference. The counterfactual is the mean without the b_k; trade diverted to a donor counts twice, so
    the effect is read as relative. Separation is detected before the fit (Correia, Guimaraes and Zylkin 2021): an all-zero
    window has no coefficient, its relative effect is -1 and its loss the counterfactual itself.

    Draws: the log ratio of the treated to the counterfactual by the donors alone, extrapolated as a local level with noise
    (the ratio itself where a month was zero; `forecast.kernels.local_level`). p-value: each donor in turn treated, its log
    ratio of sums over the standard deviation of its pre-event ratios, ranked (floor 1 / (donors + 1)); a single treated flow
    has no standard error.

    In a panel with a season each flow is divided by its month effects first (`prep.month_factors`), and the counterfactual
    has those of the treated. Old spikes of the treated are left out (`prep.spikes`); those of a donor are kept, for donors
    may have one in the window too.

    Parameters
    ----------
    form : {"auto", "ppml", "hurdle"}, default "auto"
        "hurdle", for flows with many zeros: a penalised logit of any trade times a Poisson difference of the months with
        trade, both before and after; "auto" chooses it where the share of zero months is `sparse` or more
    coefficient : {"monthly", "single"}, default "monthly"
        "monthly", one for each month of the window; "single" is the textbook step, one for the whole window
    sparse : float, default 0.3
        share of zero months from which on "auto" is the hurdle
    fewest : int, default 12
        clean months below which only the description is given

    References
    ----------
    * Santos Silva, J. M. C. and Tenreyro, S. (2006). The log of gravity. Review of Economics and Statistics 88(4), 641-658.
    * Correia, S., Guimaraes, P. and Zylkin, T. (2021). Verifying the existence of maximum likelihood estimates for
      generalized linear models. arXiv:1903.01633.
    """

    form: Literal["auto", "ppml", "hurdle"] = "auto"
    coefficient: Literal["monthly", "single"] = "monthly"
    sparse: float = 0.3
    fewest: int = 12

    def __post_init__(self) -> None:
        if self.fewest < 6:
            raise ConfigError(f"a level from {self.fewest} months is none", hint="6 or more")

    @property
    def assumes_path(self) -> bool:
        """Whether the effect is one ratio over all months, so that none can differ from another."""
        return self.coefficient == "single"

    def estimate(self, vintage: Vintage, design: Design, rng: np.random.Generator, answers: Answers = ()) -> Effect:
        """Observed minus the counterfactual by the fixed effects; description only where they do not identify it."""
        seen = observe_window(vintage, design)
        bare = unestimated_effect("ppml", vintage, design, seen, "relative")
        try:
            flows = _build_panel(vintage, design, seen, self.fewest)
            panel = flows.panel
            zeros = float(np.mean(panel.y[panel.own][:, ~panel.hidden] == 0))
            sparse = self.form == "hurdle" or (self.form == "auto" and zeros >= self.sparse)
            estimate = self._estimate_hurdle if sparse else self._estimate_poisson
            return _remove_rounding(estimate(bare, flows, seen, vintage, rng))
        except (TooShortError, NotIdentifiedError) as error:
            return description_only(bare, error.problem, error.hint)
        except np.linalg.LinAlgError as error:
            return description_only(bare, f"no Poisson fit: {error}")

    def _estimate_poisson(
        self, bare: Effect, flows: DatedPanel, seen: ObservedWindow, vintage: Vintage, rng: np.random.Generator
    ) -> Effect:
        """The difference with a coefficient per month, or one for the window."""
        panel = flows.panel
        if panel.own.all():
            raise NotIdentifiedError("no donor to compare with: a difference needs other goods or partners")
        single = panel.window if self.coefficient == "single" else None
        fitted = triple_difference.fit_difference(panel.y, panel.own, panel.hidden, panel.sides, single)
        expected = flows.sum_periods(fitted.expected, seen)
        if not np.isfinite(expected).all():
            raise NotIdentifiedError("the donors known in the window do not determine the treated's counterfactual")
        if not expected.sum() > 0:
            raise NotIdentifiedError("every donor was zero in the window: nothing to compare with")
        known = panel.pre_event_errors()
        if len(known.ratios) < self.fewest:
            raise TooShortError(f"{pluralize(len(known.ratios), 'month')} shared with the donors, needs {self.fewest}")
        others = [] if bare.design.placebo_of else placebo_units.each_donor_as_treated(panel)
        draws = _counterfactual_draws(fitted.expected, known, others, flows, seen, bare.design.draws, rng)
        notes = [f"{flows.kind}, {pluralize(int((~panel.own).sum()), 'donor')}", *spike_notes(vintage, bare.design)]
        if fitted.separated:
            notes.append(f"{pluralize(fitted.separated, 'cell')} separated: fitted as exactly zero")
        parameters, more = _window_coefficients(bare, expected, fitted.slope)
        if not bare.design.placebo_of:
            parameters = (*parameters, *_donor_influence(bare, flows, others, seen, expected))
        made = replace(
            bare,
            counterfactual=draws,
            point=float(seen.observed.sum() - expected.sum()),
            parameters=parameters,
            used=(Used("Poisson pseudo-likelihood", scale="log link", split=flows.split, notes=(*notes, *more)),),
        )
        return _add_donor_rank(made, others, float(expected.sum()), float(np.std(known.ratios)))

    def _estimate_hurdle(
        self, bare: Effect, flows: DatedPanel, seen: ObservedWindow, vintage: Vintage, rng: np.random.Generator
    ) -> Effect:
        """Hurdle model: probability of trade and quantity given trade, before and after."""
        panel = flows.panel
        if panel.own.sum() > 1:
            raise NotIdentifiedError("a hurdle is asked of one treated flow")
        made = hurdle.fit_hurdle(panel.y, 0, ~panel.hidden, panel.window)
        sizes = [b - a + 1 for a, b in seen.periods]
        season = np.concatenate([flows.season[a - flows.first : b - flows.first + 1] for a, b in seen.periods])
        months = season * hurdle.draw_months(made, sum(sizes), bare.design.draws, rng)
        ends = np.cumsum(sizes)
        draws = np.stack([months[:, e - s : e].sum(axis=1) for s, e in zip(sizes, ends, strict=True)], axis=1)
        before, after = panel.y[0][~panel.hidden], panel.y[0][panel.window]
        before, after = before[np.isfinite(before)], after[np.isfinite(after)]
        a, b = int((after > 0).sum()), int((before > 0).sum())
        p = exact_tests.fisher_exact(a, len(after), b, len(before))
        test = f"months with trade: {b} of {len(before)} before, {a} of {len(after)} in the window (Fisher p = {p:.3f})"
        donors = pluralize(int((~panel.own).sum()), "donor")
        notes = (test, "serial dependence of trading months ignored", donors, *spike_notes(vintage, bare.design))
        return replace(
            bare,
            counterfactual=draws,
            point=float(seen.observed.sum() - hurdle.expected_month(made) * season.sum()),
            parameters=(Parameter("logit of any trade", *made.slope),),
            used=(Used("hurdle: penalised logit and Poisson", scale="log link", split=flows.split, notes=notes),),
            reads="causal" if panel.own.all() else "relative",
        )


def _remove_rounding(effect: Effect) -> Effect:
    """The effect without differences from the observed figures that are rounding errors: a constant flow has effect zero."""
    assert effect.counterfactual is not None
    same = np.isclose(effect.counterfactual, effect.observed, rtol=1e-9, atol=0.0)
    close = effect.point is not None and abs(effect.point) <= 1e-9 * abs(effect.observed.sum())
    draws = np.where(same, effect.observed, effect.counterfactual)
    return replace(effect, counterfactual=draws, point=0.0 if close else effect.point)


def _build_panel(vintage: Vintage, design: Design, seen: ObservedWindow, fewest: int) -> DatedPanel:
    """Panel of treated units and donors, from the first clean month to the last one asked."""
    if design.share_of:
        raise NotIdentifiedError("a share is asked of 'baseline' or 'counterfactual', not of a Poisson difference")
    if not len(seen.observed):
        raise NotIdentifiedError("no figure in the asked window")
    barred = {d: spillover(d, design.treated, design.events, design.diversion, True) for d in candidate_donors(vintage, design)}
    donors = tuple(
        d for d, why in barred.items() if vintage.knows(d) and d not in design.treated and (d in design.let_in or not why)
    )
    stretches = {s: clean_pre_period(vintage, design, s) for s in design.treated}
    if (least := min(stretch.count for stretch in stretches.values())) < fewest:
        raise TooShortError(f"{pluralize(least, 'clean month')}, a Poisson difference needs {fewest}")
    first, last, window = min(stretch.first for stretch in stretches.values()), seen.window.last, seen.window
    cut, rows, split = hide_spikes(vintage, design, design.hidden(vintage)), [], 0
    for name in (*design.treated, *donors):
        observed = (cut if name in stretches else vintage).observed(name)
        shared = split_spans(observed)
        row = replace(observed, values=shared.values).at(first, last)
        split += sum(mark == "split" for mark in shared.marks)
        if name in stretches:
            row[: stretches[name].first - first] = np.nan
            row[window.first - first :] = vintage.observed(name).at(window.first, last)
        rows.append(row)
    y = np.array(rows)
    if np.nanmin(y) < 0:
        raise NotIdentifiedError("a figure is negative: a Poisson mean cannot be")
    when, names = np.arange(first, last + 1), (*design.treated, *donors)
    sides, kind = _month_effect_sides(names, len(design.treated))
    own = np.arange(len(names)) < len(design.treated)
    y, season = _remove_season(vintage.season, when, y, own, when >= window.hole)
    panel = placebo_units.FlowPanel(names, y, own, when >= window.hole, when >= window.first, sides)
    return DatedPanel(panel, first, split, kind, season)


def _remove_season(length: int | None, when: Ints, y: Floats, own: Bools, hidden: Bools) -> tuple[Floats, Floats]:
    """Flows (U, T) without their season, and that of the treated's sum (T,)."""
    out, before = y.copy(), ~hidden
    groups = [np.flatnonzero(own), *np.flatnonzero(~own)[:, None]]
    seasons = [month_factors(when[before], y[rows].sum(axis=0)[before], length, multiplies=True) for rows in groups]
    for rows, one in zip(groups, seasons, strict=True):
        out[rows] = one.remove(y[rows], np.concatenate([one.before, one.of_months(when[hidden])]))
    return out, seasons[0].of_months(when)


def _month_effect_sides(names: tuple[str, ...], treated: int) -> tuple[tuple[Ints, ...], str]:
    """Sides that share month effects, and the comparison in words: one, or goods and partners where donors differ in both."""
    keys = [SeriesKey.maybe(name) for name in names]
    parsed = [k for k in keys if k is not None]
    alike = (np.zeros(len(names), np.int64),)
    if len(parsed) < len(names) or len(names) == treated:
        return alike, "difference to other units (relative)"
    goods = [k.product for k in parsed]
    ends = [f"{k.reporter} {k.flow} {k.partner}" for k in parsed]
    if len(set(goods[treated:])) > 1 and len(set(ends[treated:])) > 1:
        codes = [np.unique(side, return_inverse=True)[1].astype(np.int64) for side in (goods, ends)]
        return (codes[0], codes[1]), "triple difference over goods and partners (relative, includes diversion)"
    if set(goods[treated:]) <= set(goods[:treated]):
        return alike, "difference to other partners of the good (relative, includes diversion)"
    same = set(ends[treated:]) <= set(ends[:treated])
    return alike, f"difference to other goods of {'the same partner' if same else 'another partner'} (relative)"


def _counterfactual_draws(
    expected: Floats,
    known: placebo_units.PreEventErrors,
    others: list[placebo_units.PlaceboUnit],
    flows: DatedPanel,
    seen: ObservedWindow,
    count: int,
    rng: np.random.Generator,
) -> Floats:
    """Counterfactual draws (count, periods): the mean of each month times a ratio extrapolated by a local level with noise.

    The variance of the level is estimated from the treated and from the donors as if treated.
    """
    at = np.concatenate([np.arange(a, b + 1) for a, b in seen.periods]) - flows.first
    like = [(one.errors.months, one.errors.values) for one in others]
    away = local_level.draw_deviations(known.months, known.values, at, 0.0, like, count, rng)
    ratio = np.exp(away + known.level) if known.logs else 1.0 + away
    ends = np.cumsum([b - a + 1 for a, b in seen.periods])
    months = np.split(ratio * (expected * flows.season)[at], ends[:-1], axis=1)
    return local_level.clip_keeping_sums(np.stack([some.sum(axis=1) for some in months], axis=1))


def _donor_influence(
    bare: Effect, flows: DatedPanel, others: list[placebo_units.PlaceboUnit], seen: ObservedWindow, expected: Floats
) -> list[Parameter]:
    """The average effect, with and without each donor, and each donor's departure (used by the check "donors")."""
    months = sum(b - a + 1 for a, b in seen.periods)
    whole = float(bare.observed.sum() - expected.sum()) / months
    out, panel = [Parameter("ATT", whole)], flows.panel

    def estimate_without(donors: list[str], name: str) -> list[Parameter]:
        rest = panel.select_units(np.array([unit not in donors for unit in panel.names]))
        if rest.own.all():
            return []
        try:
            mean = float(flows.sum_periods(rest.counterfactual_mean(), seen).sum())
        except np.linalg.LinAlgError:
            return []
        return [Parameter(f"ATT without {name}", (float(bare.observed.sum()) - mean) / months)] if np.isfinite(mean) else []

    departures, moved = placebo_units.find_moved_donors(panel, others)
    for name in departures:
        out += estimate_without([name], name)
    out += [Parameter(f"departure of {name}", size) for name, size in departures.items()]
    return out + (estimate_without(moved, "moved: " + ", ".join(moved)) if moved else [])


def _window_coefficients(bare: Effect, expected: Floats, slope: float) -> tuple[tuple[Parameter, ...], tuple[str, ...]]:
    """The coefficients of the window and of its periods, without standard errors, and notes; none where they diverge."""
    seen, whole = float(bare.observed.sum()), float(expected.sum())
    if not seen > 0:
        return (), ("the window is all zero: no coefficient exists, the relative effect is -1 and the loss the counterfactual",)
    step = float(np.log(seen / whole)) if np.isnan(slope) else slope
    out = [Parameter("effect", step)]
    for (first, last), y, mu in zip(bare.periods, bare.observed, expected, strict=True):
        if np.isnan(slope) and y > 0 and mu > 0:
            out.append(Parameter(f"effect {bare.steps.period(first, last)}", float(np.log(y / mu))))
    if seen >= NEAR_ZERO * whole:
        return tuple(out), ()
    both = f"near zero: {seen / whole - 1:+.2%} by the coefficient, {seen - whole:.4g} lost; {-whole:.4g} as a collapse"
    return tuple(out), (both,)


def _add_donor_rank(made: Effect, others: list[placebo_units.PlaceboUnit], whole: float, spread: float) -> Effect:
    """The effect with its rank among the donors, each treated in turn, as p-value.

    A placebo in space is the donor's relative effect times the treated's counterfactual.
    """
    if not others:
        return made
    mine = placebo_units.standardised_log_ratio(float(made.observed.sum()), whole, spread)
    start = made.steps.label(made.periods[0][0])
    p, floor = (1 + sum(one.size >= mine for one in others)) / (1 + len(others)), 1 / (1 + len(others))
    placebos = tuple(Placebo("space", one.name, start, (one.observed / one.expected - 1.0) * whole) for one in others)
    note = f"rank among {pluralize(len(others), 'donor')} asked as if treated: p = {p:.3f} (floor {floor:.3f})"
    used = (replace(made.used[0], notes=(*made.used[0].notes, note)),)
    return replace(made, own_p=p, own_floor=floor, own_placebos=placebos, used=used)
