"""Calibration: whether intervals of this method cover as stated, given a history of this length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forecast.checks.calibration.simulation_results import SimulationCell, load_simulation_cells, nearest_cells
from forecast.core.contracts import Evidence
from forecast.core.effects import Effect
from forecast.core.judgement import Gate
from forecast.core.plurals import pluralize
from forecast.core.registry import check

NAME = "calibration"


@check
@dataclass(frozen=True)
class Calibration:
    """Description only where the method's intervals failed in simulations with as many months before and after the event.

    Read from the bundled table of `experiments/003_simulation`: monthly flows like those of trade, the method with its
    default options. Fails where, by more than two standard errors, the 95 % interval excluded zero in more than `size` of the
    worlds without an event, or the 90 % interval covered the truth in fewer than `cover` of the worlds that meet the method's
    assumptions, or in fewer than `drift` of those with a drifting level. Conservative intervals never fail.

    Parameters
    ----------
    size : float, default 0.065
        share of worlds without an event in which the 95 % interval may exclude zero
    cover : float, default 0.87
        share of the worlds that meet the method's assumptions in which the 90 % interval must cover the truth
    drift : float, default 0.85
        the same of worlds with a drifting level
    """

    size: float = 0.065
    cover: float = 0.87
    drift: float = 0.85

    def judge(self, effect: Effect, evidence: Evidence) -> Gate:
        """value: coverage of the 90 % interval in the worst cell read, or the size where that alone fails."""
        return self.gate_from_cells(effect, evidence, load_simulation_cells())

    def gate_from_cells(self, effect: Effect, evidence: Evidence, cells: Sequence[SimulationCell]) -> Gate:
        """The gate read from a table of cells."""
        if effect.counterfactual is None:
            return Gate(NAME, "not run", reason="nothing was estimated")
        if evidence.design.basis == "panel" or evidence.design.share_of:
            return Gate(NAME, "not run", reason="the simulations are of quantities of trade, neither of shares nor of panels")
        own = [c for c in cells if c.estimator == effect.estimator]
        if not own:
            return Gate(NAME, "not run", reason="no simulation of this method")
        window = evidence.design.window(evidence.vintage).length
        found = nearest_cells(own, effect.estimator, effect.n_clean, window)
        if not found:
            least = min(c.months_before for c in own)
            reason = f"the simulations begin with {least} months before the event, and there {_months_text(effect.n_clean)}"
            return Gate(NAME, "not run", reason=reason)
        reasons = [text for c in found for text in self.failures(c)]
        worst = min(found, key=lambda c: c.cover90 - self._bar(c))
        if reasons:
            text = f"in simulations with {_lengths_text(worst)}, {' and '.join(reasons)}"
            covers = worst.cover90 + 2 * worst.cover90_se >= self._bar(worst)
            value, bar = (max(c.size for c in found), self.size) if covers else (worst.cover90, self._bar(worst))
            return Gate(NAME, "fail", value, bar, text, cap="descriptive", withholds=True)
        text = f"in simulations with {_lengths_text(worst)}, {_coverage_text(*sorted(found, key=lambda c: c.role))}"
        return Gate(NAME, "pass", worst.cover90, self._bar(worst), text)

    def _bar(self, cell: SimulationCell) -> float:
        return self.cover if cell.role == "correct" else self.drift

    def failures(self, cell: SimulationCell) -> list[str]:
        """Reasons why the method fails in a cell."""
        out = []
        if cell.role == "correct" and cell.size - 2 * cell.size_se > self.size:
            out.append(f"the 95% interval excluded zero in {cell.size:.1%} of the worlds without an event")
        if cell.cover90 + 2 * cell.cover90_se < self._bar(cell):
            out.append(_coverage_text(cell))
        return out


def _coverage_text(*cells: SimulationCell) -> str:
    """Coverage of the 90 % interval, in one world or both."""
    said = [f"{c.cover90:.0%} of the truths{'' if c.role == 'correct' else ' where the level wanders'}" for c in cells]
    return f"the 90% interval of this method held {' and '.join(said)}"


def _lengths_text(cell: SimulationCell) -> str:
    return f"{pluralize(cell.months_before, 'month')} before and {cell.months_after} after"


def _months_text(months: int) -> str:
    return f"are {months}" if months != 1 else "is 1"
