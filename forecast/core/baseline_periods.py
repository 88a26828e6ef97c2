"""Named periods that an effect's window is compared with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forecast.core.errors import ConfigError, nearest
from forecast.core.time_axis import Steps

BASELINES = ("year_earlier", "last_12_clean", "last_full_year")

OwnBaseline = tuple[str, str, str] | tuple[str, str, str, float]


@dataclass(frozen=True)
class BaselinePeriod:
    """A named period to compare with; `year_earlier` has no period.

    Parameters
    ----------
    name : str
        as it is printed
    first, last : int, optional
        months as integers, both included
    times : float, default 1.0
        factor of its level (growth)
    """

    name: str
    first: int | None = None
    last: int | None = None
    times: float = 1.0


def baseline_periods(baselines: Iterable[str | OwnBaseline], chosen: str, steps: Steps, hole: int) -> list[BaselinePeriod]:
    """Baselines before the month `hole`, from which on the treated series is hidden; the chosen one first."""
    calendar = steps.unit == "month"
    out = []
    for item in baselines:
        if not isinstance(item, str):
            name, first, last, *times = item
            out.append(BaselinePeriod(name, steps.ordinal(first), steps.ordinal(last), *times))
        elif item == "year_earlier":
            out.append(BaselinePeriod(f"same {steps.noun}s {steps.cycles(1)} earlier"))
        elif item == "last_12_clean":
            out.append(BaselinePeriod(f"mean of the 12 {steps.noun}s before", hole - 12, hole - 1))
        elif item == "last_full_year":
            year = hole // 12 - 1
            if calendar:
                out.append(BaselinePeriod(f"mean of {year}", 12 * year, 12 * year + 11))
        else:
            raise ConfigError(f"unknown baseline '{item}'", hint=nearest(item, BASELINES))
    if chosen:
        first_ones = [b for b in out if b.name == chosen]
        if not first_ones:
            raise ConfigError(f"no baseline is called '{chosen}'", hint=nearest(chosen, [b.name for b in out]))
        out = first_ones + [b for b in out if b.name != chosen]
    return out


def shifted_baseline(baseline: str | OwnBaseline, by: int, steps: Steps) -> str | OwnBaseline:
    """A baseline whose own months are moved by some steps."""
    if isinstance(baseline, str):
        return baseline
    first, last = (steps.label(steps.ordinal(label) + by) for label in baseline[1:3])
    return (baseline[0], first, last, baseline[3]) if len(baseline) == 4 else (baseline[0], first, last)
