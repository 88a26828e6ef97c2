"""The release clock: the day on which a month's figure is released.

An explicit calendar day takes precedence over a rule; rules apply to a range of months, because customs offices change them.
China has released January together with February, in March, since 2020; days on weekends are not moved. The United States
release on no weekend. They, Korea, Japan, the European Union and the United Kingdom have their own rules; US government
shutdowns move the American days. A rule's day is the latest of the known ones, so that no figure is used before it was out.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from forecast.core import months
from forecast.core.bundled_data import bundled_rows
from forecast.core.errors import DataError
from forecast.core.series import SeriesKey, partner_groups


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
    weekend: str = ""  # "monday": a day on a weekend is moved to the Monday after it

    def day_of(self, month: int) -> dt.date:
        """Release day of `month` under this rule."""
        if self.combined and month % 12 == 0:
            month += 1
        if self.offset_days is not None:
            return self._on_a_day_of_release(months.last_day(month) + dt.timedelta(days=self.offset_days))
        day = self.quarter_day if self.quarter_day and month % 3 == 2 else self.day
        target = month + self.months_after
        return self._on_a_day_of_release(dt.date(target // 12, target % 12 + 1, min(day or 1, months.days_in(target))))

    def _on_a_day_of_release(self, day: dt.date) -> dt.date:
        moved = self.weekend == "monday" and day.weekday() > 4
        return day + dt.timedelta(days=7 - day.weekday()) if moved else day


@dataclass(frozen=True)
class ReleaseClock:
    """All rules and explicit days, by source and stage.

    published : the day on which a calendar day was published, where it is known; other calendars are known in their year
    """

    rules: tuple[ReleaseRule, ...]
    days: dict[tuple[str, str, int], tuple[dt.date, str]]
    published: Mapping[tuple[str, str, int], dt.date] = field(default_factory=dict)

    def release_day(self, source: str, stage: str, month: int) -> tuple[dt.date, str]:
        """Release day of a month and its basis: `actual`, `calendar` or `rule`."""
        explicit = self.days.get((source, stage, month))
        if explicit:
            return explicit
        return self._day_by_rule(source, stage, month), "rule"

    def expected_release_day(self, source: str, stage: str, month: int, on: dt.date) -> tuple[dt.date, str]:
        """The release day as far as it was known on day `on`, and its basis.

        A past day is known, and a future one if a calendar that holds it was published; otherwise the rule is assumed. Where
        the rule's day has passed without a release (a government shutdown) nobody knew the day: the actual one is returned,
        with the basis `late`.
        """
        day, basis = self.release_day(source, stage, month)
        if basis == "rule" and (source, stage, month) not in self.days:
            return day, basis
        since = self.published.get((source, stage, month), dt.date(day.year, 1, 1))
        if day <= on or (basis == "calendar" and since <= on):
            return day, basis
        assumed = self._day_by_rule(source, stage, month)
        return (assumed, "rule") if assumed > on else (day, "late")

    def _day_by_rule(self, source: str, stage: str, month: int) -> dt.date:
        for rule in self.rules:
            if (rule.source, rule.stage) == (source, stage) and rule.valid_from <= month <= rule.valid_to:
                return rule.day_of(month)
        raise DataError(
            f"no release rule for {source}, {stage} in {months.label(month)}",
            hint="a row of release_rules.csv that covers the month",
        )


@functools.cache
def bundled_clock() -> ReleaseClock:
    """The clock of the bundled data set."""

    def whole(text: str) -> int | None:
        return int(text) if text else None

    rules = tuple(
        ReleaseRule(
            source, stage, months.ordinal(first), months.ordinal(last), whole(day), whole(quarter_day), whole(after) or 0,
            whole(offset), combined == "1", weekend,
        )
        for source, stage, first, last, day, quarter_day, after, offset, combined, weekend, _ in _cells("release_rules.csv")
    )  # fmt: skip
    cells = _cells("release_calendar.csv")
    days = {
        (source, stage, months.ordinal(month)): (dt.date.fromisoformat(released), basis)
        for source, stage, month, released, basis, *_ in cells
    }
    published = {
        (source, stage, months.ordinal(month)): dt.date.fromisoformat(known)
        for source, stage, month, _, _, known, _ in cells
        if known
    }
    return ReleaseClock(rules, days, published)


def _cells(name: str) -> list[list[str]]:
    return [list(row.values()) for row in bundled_rows(name)]


REPORTERS = {"USA": "census", "KOR": "customs", "JPN": "nine_digit", "GBR": "hmrc", "EU27": "comext"}


def source_of(series: str) -> tuple[str, str]:
    """Source and stage whose clock a series follows; a reporter without release rules is a DataError.

    China's total of rare earths is in the flash release; every other good is in the detailed one. Member states of the European
    Union follow the Union's clock.
    """
    key = SeriesKey.parse(series)
    if key.reporter == "CHN":
        flash = key.partner == "WLD" and key.product == "rare_earths_total"
        return "CHN", "flash" if flash else "detail"
    reporter = "EU27" if key.reporter in partner_groups()["EU27"] else key.reporter
    if reporter not in REPORTERS:
        raise DataError(
            f"no release clock is known for '{key.reporter}'", where=series, hint=f"one of CHN, {', '.join(sorted(REPORTERS))}"
        )
    return reporter, REPORTERS[reporter]
