"""The time axis: calendar months, or the plain steps (quarters, years, weeks, days, integers) of a panel."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from forecast.core import months
from forecast.core.errors import DataError

CYCLES = {
    ("month", 12): "year",
    ("quarter", 4): "year",
    ("week", 52): "year",
    ("day", 365): "year",
    ("day", 7): "week",
}  # by unit and steps
ADJECTIVES = {"quarter": "quarterly", "year": "yearly", "week": "weekly", "day": "daily", "step": "single"}
_MONTHS = re.compile(r"\b([Mm])onth(s|ly)?\b")
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])")


@dataclass(frozen=True)
class Steps:
    """Converts time labels to integers and back; `season` is the number of steps in a seasonal cycle.

    unit : month, quarter (of the calendar year, 2025-Q1), year, week, day, or integer
    weekday : the day of the week that dates a week, 0 for Monday; the week begins on it
    """

    unit: str = "month"
    season: int | None = 12
    weekday: int = 0

    @property
    def noun(self) -> str:
        """What one step is called."""
        return self.unit if self.unit in ("month", "quarter", "year", "week", "day") else "step"

    def words(self, text: str) -> str:
        """A text that speaks of months, in the steps of this axis.

        >>> Steps("year", None).words("36 clean months, monthly figures")
        '36 clean years, yearly figures'
        """
        if self.unit == "month":
            return text

        def word(match: re.Match[str]) -> str:
            own = ADJECTIVES[self.noun] if match[2] == "ly" else self.noun + (match[2] or "")
            return own.capitalize() if match[1] == "M" else own

        return _MONTHS.sub(word, text)

    def cycles(self, count: int) -> str:
        """A number of seasonal cycles in words: a year, 2 weeks, 8 steps."""
        name = CYCLES.get((self.unit, self.season or 0), "year" if self.unit == "month" else "")
        if name:
            return f"{count} {name}s" if count > 1 else f"a {name}"
        return f"{count * (self.season or 1)} {self.noun}s"

    def ordinal(self, label: object) -> int:
        """The integer of a label; consecutive steps differ by one."""
        if self.unit == "month":
            return months.ordinal(label if isinstance(label, dt.date) else str(label))
        if self.unit == "year" and isinstance(label, dt.date):
            return label.year
        if self.unit == "quarter":
            written = None if isinstance(label, dt.date) else _QUARTER.fullmatch(str(label).strip())
            return 4 * int(written[1]) + int(written[2]) - 1 if written else MONTHS.ordinal(label) // 3
        if self.unit in ("day", "week"):
            day = months.parse_day(label if isinstance(label, dt.date) else str(label))
            if self.unit == "day":
                return day.toordinal()
            if day.weekday() != self.weekday:
                dated = self.label(self.of(day)), self.label(self.of(day) + 1)
                raise DataError(
                    f"no week is dated {day}", hint=f"{dated[0]} or {dated[1]}, on the weekday of the panel's dates"
                )
            return self.of(day)
        text = str(label).strip()
        if self.unit == "year" and re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", text):
            return int(text[:4])
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not number.is_integer():
            raise DataError(f"'{label}' is not a whole number of steps", hint="years or whole numbers, YYYY-MM, or YYYY-MM-DD")
        return int(number)

    def of(self, day: dt.date) -> int:
        """The step that contains a day: its month, quarter or week, the day itself, or (also of integers) its year."""
        if self.unit in ("month", "quarter"):
            return months.ordinal(day) // (3 if self.unit == "quarter" else 1)
        if self.unit == "week":
            return (day.toordinal() - 1 - self.weekday) // 7
        return day.toordinal() if self.unit == "day" else day.year

    def label(self, step: int) -> str:
        """Inverse of `ordinal`."""
        if self.unit == "month":
            return months.label(step)
        if self.unit == "quarter":
            return f"{step // 4:04d}-Q{step % 4 + 1}"
        if self.unit == "week":
            return dt.date.fromordinal(7 * step + 1 + self.weekday).isoformat()
        if self.unit == "day":
            return dt.date.fromordinal(step).isoformat()
        return str(step)

    def begin(self, step: int) -> dt.date | None:
        """The day on which a step begins; None for plain integers."""
        if self.unit in ("week", "day"):
            return dt.date.fromisoformat(self.label(step))
        per_year = {"month": 12, "quarter": 4, "year": 1}.get(self.unit)
        return dt.date(step // per_year, step % per_year * 12 // per_year + 1, 1) if per_year else None

    def period(self, first: int, last: int) -> str:
        """Label of a span of steps."""
        return self.label(first) if first == last else f"{self.label(first)}/{self.label(last)}"


MONTHS = Steps()
