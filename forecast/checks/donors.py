"""Donors: whether the comparison units were untouched, comparable, and numerous enough."""

from __future__ import annotations

import math
from dataclasses import dataclass

from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.plurals import pluralize
from forecast.core.registry import check
from forecast.core.spillovers import spillover
from forecast.kernels import local_level

NAME = "donors"
SAME = 1e-9  # relative difference of two estimates below which they are one
WITHOUT, MOVED, DEPARTURE = "ATT without ", "ATT without moved: ", "departure of "


@check
@dataclass(frozen=True)
class Donors:
    """An estimate from donors must not depend on a single one, nor on donors that departed from the others after the event.

    A donor's departure is its mean gap to the other donors after the event, in units of the error expected from its earlier
    gaps; above three it has moved. Its influence is the shift of the average effect when it is left out, in standard errors.
    Withheld where departure times influence exceeds `bent`: for an influential donor a small departure suffices, for a minor
    one only a large departure, to suspect that the event reached it. The same holds for all that moved, left out together, at
    a departure of three. At most suggestive where the influence of any donor exceeds one, where one carries more than `most`
    of the weight, where the fit before the event is more than `worst` times as bad as is typical of a donor, or where without
    an intercept the treated series lies outside the donors' range in more than `outside` of the months (no weights reach it:
    Abadie, Diamond and Hainmueller 2010, sec. 2), or where a donor was let in that diversion could reach (`core.spillovers`).

    Parameters
    ----------
    bent : float, default 2.0
        limit of departure times influence
    most : float, default 0.6
        share of the weight that one donor may carry
    worst : float, default 2.0
        limit of the fit before the event, over that typical of a donor
    outside : float, default 0.1
        share of months in which the treated series may lie outside the donors' range

    References
    ----------
    Abadie, A., Diamond, A. and Hainmueller, J. (2010). Synthetic control methods for comparative case studies. Journal of the
    American Statistical Association 105(490), 493-505, sec. 2.
    """

    bent: float = 2.0
    most: float = 0.6
    worst: float = 2.0
    outside: float = 0.1

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: the largest influence of a donor, threshold 1; where withheld, departure times influence, threshold `bent`."""
        known = {p.name: p.estimate for p in effect.parameters}
        shifts = {
            name: 0.0 if math.isclose(value, known["ATT"], rel_tol=SAME) else value - known["ATT"]
            for name, value in known.items()
            if name.startswith(WITHOUT) and "ATT" in known
        }
        if effect.counterfactual is None or not shifts:
            return Gate(NAME, "not run", reason="no donors in this estimate")
        se = effect.average.se
        sizes = {name: abs(shift) / se if se > 0 else (math.inf if shift else 0.0) for name, shift in shifts.items()}
        products = {name: size * _departure_size(name, known) for name, size in sizes.items()}
        name = max(products, key=lambda name: products[name])
        if products[name] > self.bent:
            who = name.removeprefix(MOVED).removeprefix(WITHOUT)
            shift = _in_standard_errors(sizes[name])
            text = f"{who} left the other donors after the event: without, the estimate moves by {shift}"
            return Gate(NAME, "fail", products[name], self.bent, text, cap="descriptive", withholds=True)
        largest = max(sizes, key=lambda name: sizes[name])
        size = sizes[largest]
        reasons = [*_spillovers(effect), *self._weaknesses(effect, known)]
        if size > 1.0:
            reasons.insert(
                0, f"{largest.removeprefix(WITHOUT)} carries the estimate: without, it moves by {_in_standard_errors(size)}"
            )
        if reasons:
            return Gate(NAME, "fail", size, 1.0, "; ".join(reasons), cap="suggestive")
        singles = sum(not name.startswith(MOVED) for name in sizes)
        text = f"without any one of {pluralize(singles, 'donor')} the estimate moves by at most {_in_standard_errors(size)}"
        return Gate(NAME, "pass", size, 1.0, text)

    def _weaknesses(self, effect: Effect, known: dict[str, float]) -> list[str]:
        """Reasons why the effect is at most suggestive, besides influence."""
        reasons = []
        weights = {name: w for name, w in effect.weights.items() if WITHOUT + name in known}
        heaviest = max(weights, key=lambda name: weights[name], default="")
        if heaviest and weights[heaviest] > self.most:
            reasons.append(f"{heaviest} carries {weights[heaviest]:.0%} of the weight")
        own, usual = known.get("pre-RMSPE", math.nan), known.get("pre-RMSPE of a donor (median)", math.nan)
        if own > self.worst * usual:
            times = (
                f"{own / usual:.1f} times what is usual among them" if usual > 0 else f"{own:.3g}, and each other by nothing"
            )
            reasons.append(f"before the event the donors miss by {times}")
        share = known.get("share of months outside the donors' range", 0.0)
        if share > self.outside:
            reasons.append(f"outside the donors' range in {share:.0%} of the months before the event")
        return reasons


def _spillovers(effect: Effect) -> list[str]:
    """Donors that the event may reach, and that were let in all the same."""
    design = effect.design
    found = {d: spillover(d, design.treated, design.events, design.diversion) for d in design.let_in if d in design.donors}
    return [f"{donor} was let in by hand ({why})" for donor, why in found.items() if why]


def _departure_size(name: str, known: dict[str, float]) -> float:
    """Departure of the donors left out, in standard errors; an unknown one counts as moved."""
    if name.startswith(MOVED):
        return local_level.DEPARTURE_THRESHOLD
    return known.get(DEPARTURE + name.removeprefix(WITHOUT), local_level.DEPARTURE_THRESHOLD)


def _in_standard_errors(size: float) -> str:
    return f"{size:.2f} standard errors" if math.isfinite(size) else "more than any number of standard errors, which are zero"
