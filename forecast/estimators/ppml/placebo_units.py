"""Placebo units: each donor of a panel treated in turn, and how far it departs from the others after the event."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.estimators.ppml import triple_difference
from forecast.kernels import local_level

MIN_ERRORS = 4  # pre-event errors needed to judge a unit
CONVERGED = 1e-9  # relative error of a fit that has converged: a smaller deviation is none


@dataclass(frozen=True)
class FlowPanel:
    """Flows y (U, T) of the units `names`, NaN where unknown; own (U,) marks the treated.

    hidden, window (T,) : months whose treated cells are excluded from every fit, and those of the asked window; sides : codes
    (U,) as in `triple_difference`
    """

    names: tuple[str, ...]
    y: Floats
    own: Bools
    hidden: Bools
    window: Bools
    sides: tuple[Ints, ...]

    def treat_donor(self, row: int) -> FlowPanel:
        """The panel with donor `row` as the treated unit and without the true treated."""
        own = np.zeros(len(self.own), dtype=bool)
        own[row] = True
        return replace(self, own=own).select_units(~self.own)

    def select_units(self, keep: Bools) -> FlowPanel:
        """The panel of some of the units, marked by `keep` (U,)."""
        names = tuple(name for name, ok in zip(self.names, keep.tolist(), strict=True) if ok)
        return replace(self, names=names, y=self.y[keep], own=self.own[keep], sides=tuple(s[keep] for s in self.sides))

    def counterfactual_mean(self) -> Floats:
        """Counterfactual mean of the treated's sum by month (T,)."""
        return triple_difference.fit_difference(self.y, self.own, self.hidden, self.sides).expected

    def pre_event_errors(self) -> PreEventErrors:
        """Deviations of the treated from its counterfactual in pre-event months."""
        return PreEventErrors(*triple_difference.pre_event_ratios(self.y, self.own, self.hidden, self.sides))


@dataclass(frozen=True)
class PreEventErrors:
    """Ratios (n,) of a flow to its counterfactual by the donors, at `months` (n,) of the panel; about one on average."""

    months: Ints
    ratios: Floats

    @property
    def logs(self) -> bool:
        """Whether the errors are logarithms, which a month of zero rules out."""
        return bool(self.ratios.min() > 0)

    @property
    def level(self) -> float:
        """Mean of the logarithms of the ratios over their mean."""
        return float(np.log(self.ratios).mean() - np.log(self.ratios.mean())) if self.logs else 0.0

    @property
    def values(self) -> Floats:
        """The errors (n,) around their mean: logarithms of the ratios, or ratios less one."""
        found: Floats = np.log(self.ratios) - self.level if self.logs else self.ratios - 1.0
        return np.where(np.abs(found) > CONVERGED, found, 0.0)


@dataclass(frozen=True)
class PlaceboUnit:
    """A donor as the treated unit: its sum in the window, the counterfactual of that sum, and its pre-event errors."""

    name: str
    observed: float
    expected: float
    errors: PreEventErrors

    @property
    def size(self) -> float:
        """|log ratio| in units of the standard deviation of the unit's own pre-event ratios."""
        return standardised_log_ratio(self.observed, self.expected, float(np.std(self.errors.ratios)))


def standardised_log_ratio(observed: float, expected: float, spread: float) -> float:
    """|log(observed / expected)| over `spread`; infinite where nothing was observed, zero for rounding alone."""
    if not observed > 0:
        return np.inf
    size = abs(float(np.log(observed / expected)))
    return size / (spread if spread > CONVERGED else 1e-12) if size > CONVERGED else 0.0


def each_donor_as_treated(panel: FlowPanel) -> list[PlaceboUnit]:
    """Each donor as the treated unit; those without an identified counterfactual or with too few errors are left out."""
    found = []
    for row in np.flatnonzero(~panel.own):
        other = panel.treat_donor(int(row))
        if other.own.all():
            continue
        try:
            mean, errors = other.counterfactual_mean(), other.pre_event_errors()
        except np.linalg.LinAlgError:
            continue
        y = other.y[other.own][0]
        use = panel.window & np.isfinite(y) & np.isfinite(mean)
        if use.any() and mean[use].sum() > 0 and len(errors.ratios) >= MIN_ERRORS:
            found.append(PlaceboUnit(panel.names[row], float(y[use].sum()), float(mean[use].sum()), errors))
    return found


def find_moved_donors(panel: FlowPanel, others: list[PlaceboUnit]) -> tuple[dict[str, float], list[str]]:
    """Departure of each donor from the others in the window, in expected errors; and those that moved, the farthest first.

    |log ratio| over the error expected from pre-event ratios (`local_level.zero_forecast_errors`). A donor that has moved is
    dropped before the next is searched for.
    """
    first = sizes = _departure_sizes(panel, others)
    moved: list[str] = []
    while len(sizes) > 2 and len(moved) <= len(first) // 3 and max(sizes.values()) > local_level.DEPARTURE_THRESHOLD:
        moved.append(max(sizes, key=lambda name: sizes[name]))
        panel = panel.select_units(np.array([name != moved[-1] for name in panel.names]))
        sizes = _departure_sizes(panel, each_donor_as_treated(panel))
    return first, moved


def _departure_sizes(panel: FlowPanel, others: list[PlaceboUnit]) -> dict[str, float]:
    asked, out = np.flatnonzero(panel.window), dict[str, float]()
    for one in others:
        if one.name in out:
            continue
        # donors with errors in the same months share one fit
        same = [o for o in others if np.array_equal(o.errors.months, one.errors.months)]
        usual = local_level.zero_forecast_errors(
            local_level.build_model(one.errors.months, asked), [o.errors.values for o in same]
        )
        out |= {
            o.name: standardised_log_ratio(o.observed, o.expected, error) for o, error in zip(same, usual.tolist(), strict=True)
        }
    return out
