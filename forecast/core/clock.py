"""The release clock: on which day a figure of a month could be known.

An explicit calendar day wins over a rule; rules hold for a range of months, because customs offices change them. China
has released January together with February, in March, since 2020; weekends are kept.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
from dataclasses import dataclass
from importlib import resources

from forecast.core import months
from forecast.core.errors import DataError


@dataclass(frozen=True)
class ReleaseRule:
    """A day of a later month, or a number of days after the month's end."""

    source: str
    stage: str
    valid_from: int
    valid_to: int
    day: int | None
    quarter_day: int | None
    months_after: int
    offset_days: int | None
    combined: bool

    def day_of(self, month: int) -> dt.date:
        """Release day of `month` under this rule."""
        if self.combined and month % 12 == 0:
            month += 1
        if self.offset_days is not None:
            return months.last_day(month) + dt.timedelta(days=self.offset_days)
        day = self.quarter_day if self.quarter_day and month % 3 == 2 else self.day
        target = month + self.months_after
        return dt.date(target // 12, target % 12 + 1, min(day or 1, months.days_in(target)))


@dataclass(frozen=True)
class ReleaseClock:
    """All rules and explicit days, by source and stage."""

    rules: tuple[ReleaseRule, ...]
    days: dict[tuple[str, str, int], tuple[dt.date, str]]

    def released(self, source: str, stage: str, month: int) -> tuple[dt.date, str]:
        """Release day of a month and its basis: `actual`, `calendar` or `rule`."""
        explicit = self.days.get((source, stage, month))
        if explicit:
            return explicit
        for rule in self.rules:
            if (rule.source, rule.stage) == (source, stage) and rule.valid_from <= month <= rule.valid_to:
                return rule.day_of(month), "rule"
        raise DataError(
            f"no release rule for {source}, {stage} in {months.label(month)}",
            hint="a row of release_rules.csv that covers the month",
        )

    def upcoming(self, source: str, stage: str, after: dt.date, count: int = 6) -> list[tuple[int, dt.date]]:
        """The next `count` months to be released after a day, with their days."""
        month = months.ordinal(after) - 6
        found: list[tuple[int, dt.date]] = []
        while len(found) < count:
            day, _ = self.released(source, stage, month)
            if day > after:
                found.append((month, day))
            month += 1
        return found


@functools.cache
def bundled_clock() -> ReleaseClock:
    """The clock of the bundled data set."""
    folder = resources.files("forecast.data")
    rules = tuple(
        ReleaseRule(
            source=row["source"],
            stage=row["stage"],
            valid_from=months.ordinal(row["valid_from"]),
            valid_to=months.ordinal(row["valid_to"]),
            day=int(row["day"]) if row["day"] else None,
            quarter_day=int(row["quarter_day"]) if row["quarter_day"] else None,
            months_after=int(row["months_after"] or 0),
            offset_days=int(row["offset_days"]) if row["offset_days"] else None,
            combined=row["combined"] == "1",
        )
        for row in csv.DictReader(folder.joinpath("release_rules.csv").read_text("utf-8").splitlines())
    )
    days = {
        (row["source"], row["stage"], months.ordinal(row["month"])): (
            dt.date.fromisoformat(row["released"]),
            row["basis"],
        )
        for row in csv.DictReader(folder.joinpath("release_calendar.csv").read_text("utf-8").splitlines())
    }
    return ReleaseClock(rules, days)


def source_of(series: str) -> tuple[str, str]:
    """Source and stage whose clock a series follows."""
    if series.startswith("USA."):
        return "USA", "census"
    return "CHN", "flash" if series.startswith("CHN.export.WLD.rare_earths_total") else "detail"
