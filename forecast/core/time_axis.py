"""The time axis: calendar months, or the plain steps (years, days, integers) of a panel."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from forecast.core import months
from forecast.core.errors import DataError


@dataclass(frozen=True)
class Steps:
    """Converts time labels to integers and back; `season` is the number of steps in a seasonal cycle."""

    unit: str = "month"
    season: int | None = 12

    def ordinal(self, label: object) -> int:
        """The integer of a label; consecutive steps differ by one."""
        if self.unit == "month":
            return months.ordinal(label if isinstance(label, dt.date) else str(label))
        if self.unit == "day":
            return months.parse_day(label if isinstance(label, dt.date) else str(label)).toordinal()
        try:
            number = float(str(label))
        except ValueError:
            number = float("nan")
        if not number.is_integer():
            raise DataError(f"'{label}' is not a whole number of steps", hint="years or whole numbers, YYYY-MM, or YYYY-MM-DD")
        return int(number)

    def of(self, day: dt.date) -> int:
        """The step that contains a day: its month, the day itself, or its year where steps are integers."""
        if self.unit == "month":
            return months.ordinal(day)
        return day.toordinal() if self.unit == "day" else day.year

    def label(self, step: int) -> str:
        """Inverse of `ordinal`."""
        if self.unit == "month":
            return months.label(step)
        if self.unit == "day":
            return dt.date.fromordinal(step).isoformat()
        return str(step)

    def period(self, first: int, last: int) -> str:
        """Label of a span of steps."""
        return self.label(first) if first == last else f"{self.label(first)}/{self.label(last)}"


MONTHS = Steps()
