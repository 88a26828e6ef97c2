"""Units of a panel beside each other: each as if it were the treated, and how far it left the others after the event."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.estimators.ppml import triple_difference
from forecast.kernels import local_level

MIN_ERRORS = 4  # earlier errors that say anything of a unit


@dataclass(frozen=True)
class FlowPanel:
    """Flows y (U, T) of the units `names`, NaN where unknown; own (U,) marks the treated.

    hidden, window (T,) : months whose treated cells no fit may use, and those asked; sides : codes (U,) as in `difference`
    """

    names: tuple[str, ...]
    y: Floats
    own: Bools
    hidden: Bools
    window: Bools
    sides: tuple[Ints, ...]

    def alone(self, row: int) -> FlowPanel:
        """One of the others as if it were the treated, against the rest; the true treated gone."""
        own = np.zeros(len(self.own), dtype=bool)
        own[row] = True
        return replace(self, own=own).only(~self.own)

    def only(self, keep: Bools) -> FlowPanel:
        """Some of the units (U,)."""
        names = tuple(name for name, ok in zip(self.names, keep.tolist(), strict=True) if ok)
        return replace(self, names=names, y=self.y[keep], own=self.own[keep], sides=tuple(s[keep] for s in self.sides))

    def laid(self) -> Floats:
        """What the others say of the treated's sum, month by month (T,)."""
        return triple_difference.fit_difference(self.y, self.own, self.hidden, self.sides).expected

    def errors(self) -> PreEventErrors:
        """How far the treated lay from the others' word in earlier months."""
        return PreEventErrors(*triple_difference.pre_event_ratios(self.y, self.own, self.hidden, self.sides))


@dataclass(frozen=True)
class PreEventErrors:
    """Ratios (n,) of a flow to what the others alone said, at `months` of the panel; they are one on average."""

    months: Ints
    ratios: Floats

    @property
    def logs(self) -> bool:
        """Whether they are read as logarithms: a month of zero has none."""
        return bool(self.ratios.min() > 0)

    @property
    def level(self) -> float:
        """The mean logarithm that goes with a mean of one."""
        return float(np.log(self.ratios).mean() - np.log(self.ratios.mean())) if self.logs else 0.0

    @property
    def values(self) -> Floats:
        """The ratios on their scale, less what they are on average."""
        found: Floats = np.log(self.ratios) - self.level if self.logs else self.ratios - 1.0
        return found


@dataclass(frozen=True)
class PlaceboUnit:
    """A unit as if it were the treated: its sum in the window, what the others said of it, and its earlier errors."""

    name: str
    observed: float
    expected: float
    errors: PreEventErrors

    @property
    def size(self) -> float:
        """|log ratio| in units of the flow's own earlier spread."""
        return standardised_log_ratio(self.observed, self.expected, float(np.std(self.errors.ratios)))


def standardised_log_ratio(observed: float, expected: float, spread: float) -> float:
    """|log ratio| over `spread`; infinite where nothing was left."""
    return abs(float(np.log(observed / expected))) / max(spread, 1e-12) if observed > 0 else np.inf


def each_donor_as_treated(panel: FlowPanel) -> list[PlaceboUnit]:
    """Each of the others as if it had been treated; those the rest say nothing of are left out."""
    found = []
    for row in np.flatnonzero(~panel.own):
        other = panel.alone(int(row))
        if other.own.all():
            continue
        try:
            mean, errors = other.laid(), other.errors()
        except np.linalg.LinAlgError:
            continue
        y = other.y[other.own][0]
        use = panel.window & np.isfinite(y) & np.isfinite(mean)
        if use.any() and mean[use].sum() > 0 and len(errors.ratios) >= MIN_ERRORS:
            found.append(PlaceboUnit(panel.names[row], float(y[use].sum()), float(mean[use].sum()), errors))
    return found


def find_moved_donors(panel: FlowPanel, others: list[PlaceboUnit]) -> tuple[dict[str, float], list[str]]:
    """How far each of the others left the rest in the window, in errors; and those that moved, the farthest first.

    |log ratio| over the error that earlier ratios let expect (`local_level.errors`). One that has moved is dropped before the
    next is looked for.
    """
    first = far = _departure_sizes(panel, others)
    moved: list[str] = []
    while len(far) > 2 and len(moved) <= len(first) // 3 and max(far.values()) > local_level.DEPARTURE_THRESHOLD:
        moved.append(max(far, key=lambda name: far[name]))
        panel = panel.only(np.array([name != moved[-1] for name in panel.names]))
        far = _departure_sizes(panel, each_donor_as_treated(panel))
    return first, moved


def _departure_sizes(panel: FlowPanel, others: list[PlaceboUnit]) -> dict[str, float]:
    asked, out = np.flatnonzero(panel.window), dict[str, float]()
    for one in others:
        if one.name in out:
            continue
        # those with the same months share a fit
        same = [o for o in others if np.array_equal(o.errors.months, one.errors.months)]
        usual = local_level.zero_forecast_errors(
            local_level.build_model(one.errors.months, asked), [o.errors.values for o in same]
        )
        out |= {
            o.name: standardised_log_ratio(o.observed, o.expected, error) for o, error in zip(same, usual.tolist(), strict=True)
        }
    return out
