"""What stands behind labels of months: quarters, half-years, years, sums since January, or months not yet over."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

from forecast.core import months
from forecast.core.errors import ConfigError, DataError, nearest
from forecast.tables.time_spellings import month_named

LENGTHS = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
FEWEST_APART = 3  # figures three months apart each, from which it is asked what they are
FEWEST_IN_ONE = 8  # the same for one series beside others that are told by month
FEWEST_RISES = 8  # of sums to date, from which they are recognised
REVISED = 0.02  # by which a sum to date may fall within its year, where earlier months were corrected
FALL = 0.7  # of the last sum, below which the first one of the next year lies
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip

Figures = Mapping[str, Mapping[int, float]]  # series -> month -> figure


def ask_for_longer_steps(figures: Figures, where: str) -> None:
    """Refuse figures under labels of months that lie three, six or twelve months apart, as those of quarters and years do.

    figures : by series and month, known ones alone
    """
    together = sorted({month for own in figures.values() for month in own})
    apart = _distance(together)
    if len(together) >= FEWEST_APART and apart % 3 == 0 and apart:
        raise _longer_question(apart, f"all {len(together)} months with figures", where)
    for series, own in figures.items():
        apart = _distance(sorted(own))
        if len(own) >= FEWEST_IN_ONE and apart % 3 == 0 and apart:
            raise _longer_question(apart, f"the {len(own)} months of {series}", where)
    for series, own in figures.items():
        if _is_threefold(own):
            problem = (
                f"figures of {series} stand three times each, from quarter to quarter: a quarter's figure under each month"
            )
            raise DataError(problem, where=where, hint='frequency = "month" if each is a month\'s own; else one row a quarter')


def _distance(found: Sequence[int]) -> int:
    return math.gcd(*(b - a for a, b in itertools.pairwise(found))) if len(found) > 1 else 0


def _longer_question(apart: int, who: str, where: str) -> DataError:
    fits = [name for name, length in LENGTHS.items() if apart % length == 0]
    problem = f"{who} lie {apart} months apart, or multiples of that: single months with holes, or a {fits[-1]}'s figure each?"
    return DataError(problem, where=where, hint=" or ".join(f'frequency = "{name}"' for name in (fits[-1], "month")))


def _is_threefold(own: Mapping[int, float]) -> bool:
    """Whether each calendar quarter of a series has one figure three times, and quarters differ."""
    quarters: dict[int, set[float]] = {}
    counts: dict[int, int] = {}
    for month, value in own.items():
        quarters.setdefault(month // 3, set()).add(value)
        counts[month // 3] = counts.get(month // 3, 0) + 1
    full = [quarter for quarter, count in counts.items() if count == 3]
    if len(full) < 4 or any(len(quarters[quarter]) > 1 for quarter in full):
        return False
    return len({next(iter(quarters[quarter])) for quarter in full}) > len(full) // 2


def span_of(first: int, last: int, frequency: str, where: str) -> tuple[int, int]:
    """The months of a quarter, half-year or year that is dated by a month of it."""
    if frequency not in LENGTHS:
        raise ConfigError(f"'{frequency}' is no frequency", where="[data], frequency", hint=nearest(frequency, LENGTHS))
    length = LENGTHS[frequency]
    if length == 1 or first != last:
        return first, last
    if first % length not in (0, length - 1):
        problem = f"{months.label(first)} is neither the first nor the last month of a {frequency} of the calendar"
        raise DataError(problem, where=where, hint="write the months it covers, such as 2023-12/2024-02")
    begun = first - first % length
    return begun, begun + length - 1


def first_month_of_sums(word: str) -> int | None:
    """The calendar month (0 to 11) since which figures are summed, from "since January"; None for "none"."""
    begun = month_named(word.removeprefix("since ").strip()) if word.startswith("since ") else None
    if begun is None and word != "none":
        raise ConfigError(f"'{word}' does not say since when", where="[data], sums", hint='"since January", or "none"')
    return None if begun is None else begun - 1


def sum_span(month: int, begun: int) -> tuple[int, int]:
    """The months of a sum that reaches from the last calendar month `begun` to a month."""
    return month - (month - begun) % 12, month


def ask_for_sums(figures: Figures, where: str) -> None:
    """Refuse figures that rise within each year and fall with the first month of the next, as sums to date do."""
    for series, own in figures.items():
        begun = _sums_begin(own)
        if begun is not None:
            name = MONTH_NAMES[begun]
            problem = f"figures of {series} rise within each year and fall each {name}: sums since {name}, or single months?"
            raise DataError(problem, where=where, hint=f'sums = "since {name}", or sums = "none" for single months')


def _sums_begin(own: Mapping[int, float]) -> int | None:
    """The calendar month in which sums begin anew, where a series looks like sums to date."""
    known = sorted(own.items())
    steps = list(itertools.pairwise(known))
    falls = {later % 12 for (_, x), (later, y) in steps if y < x * (1 - REVISED)}
    rises = sum(y > x for (_, x), (_, y) in steps)
    if not 1 <= len(falls) <= 2 or max(falls) - min(falls) > 1 or rises < FEWEST_RISES:
        return None
    begun = min(falls)
    years: dict[int, list[float]] = {}
    for month, value in known:
        years.setdefault((month - begun) // 12, []).append(value)
    ordered = [years[year] for year in sorted(years)]
    turns = [after[0] < FALL * before[-1] for before, after in itertools.pairwise(ordered) if before[-1] > 0]
    grown = [year[-1] >= 1.5 * year[0] for year in ordered if len(year) >= 6]
    rising = all(b >= a * (1 - REVISED) for year in ordered for a, b in itertools.pairwise(year))
    several = sum(len(year) >= 3 for year in ordered) >= 2
    return begun if turns and all(turns) and all(grown) and grown and rising and several else None


def periods_under_way(labels: Iterable[tuple[int, int]], today: dt.date) -> list[tuple[int, int]]:
    """The periods whose last month is not over on a day."""
    now = months.ordinal(today)
    return sorted({period for period in labels if period[1] >= now})
