"""An archive unchanged up to a day, with garbage in place of everything published later."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from forecast.arrays import Bools
from forecast.core import months, registry
from forecast.core.archive import Archive
from forecast.core.archive_validation import columns_of
from forecast.core.events import Event, EventCalendar
from forecast.core.figure_store import HeldFigures
from forecast.core.series import SeriesKey
from forecast.core.vintage import Cell, Vintage
from forecast.study.data.real_time import RealTimeView, Regressor, declared_lag, last_complete_month

if TYPE_CHECKING:
    import pandas as pd

FIGURES, EVENTS, REGRESSORS = "figures released later", "events or ends announced later", "regressors not yet known"
KINDS = (FIGURES, EVENTS, REGRESSORS)
HUGE = 1e9  # size of the garbage in every second month; the other months are zero
REVISED_PERIODS, FUTURE_MONTHS = 36, 6  # per series: known periods that are revised, months beyond its end that are published
ARCHIVE_ATTRIBUTES = ("figures", "events", "latest", "fingerprint", "_recent")  # everything an archive holds


def corrupt_archive(
    archive: Archive, day: dt.date, kinds: Sequence[str] = KINDS, lags: Mapping[str, int] | None = None
) -> Archive:
    """The same archive up to `day`, with garbage, and more of it, in place of everything later.

    Figures: later releases are replaced, known months revised, future months released; a month held back by a publication
    lag counts as later. Events: those not yet announced are replaced, ends not yet announced are announced for tomorrow, and
    one more event is announced.
    """
    return Archive(*_corrupt_data(archive.table, archive.events, day, kinds, lags or {}), archive.pseudo)


def corrupt_view(view: RealTimeView, day: dt.date, kinds: Sequence[str] = KINDS) -> RealTimeView:
    """A view with garbage after `day` in its regressors and its plain panel; an archive is corrupted by `patch_archives`."""
    source = view.source if isinstance(view.source, Archive) else _corrupt_panel(view, view.source, day, kinds)
    return RealTimeView(
        source, view.lags, tuple(_corrupt_regressor(r, day) if REGRESSORS in kinds else r for r in view.regressors)
    )


def _corrupt_data(
    table: pd.DataFrame, events: EventCalendar, day: dt.date, kinds: Sequence[str], lags: Mapping[str, int]
) -> tuple[pd.DataFrame, EventCalendar]:
    figures = _corrupt_table(table, day, lags) if FIGURES in kinds else table
    return figures, (_corrupt_calendar(events, table, day) if EVENTS in kinds else events)


def _corrupt_table(table: pd.DataFrame, day: dt.date, lags: Mapping[str, int]) -> pd.DataFrame:
    import pandas as pd

    tomorrow, table = (day + dt.timedelta(days=1)).isoformat(), table.reset_index(drop=True)
    late = (table.released > day.isoformat()).to_numpy() | _held_back_by_lag(table, day, lags)
    known = table[~late & (table.excluded == "").to_numpy()]
    cell = ["series", "period"]
    revised = known.sort_values(cell).groupby("series").tail(REVISED_PERIODS).drop_duplicates(cell)
    # besides the rows that are late already, tomorrow brings revisions of known months and figures of future ones
    ends = known[~known.period.str.contains("/")].sort_values("period").drop_duplicates("series", keep="last")
    later = [[months.label(months.ordinal(p) + k) for p in ends.period] for k in range(1, FUTURE_MONTHS + 1)]
    future = pd.concat([ends.assign(period=periods) for periods in later])
    fresh = pd.concat([revised, future]).assign(released=tomorrow, article_date=tomorrow, excluded="", stage="")
    made: pd.DataFrame = pd.concat([table[~late], _garbage_rows(table[late]), _garbage_rows(fresh)], ignore_index=True)
    return made


def _held_back_by_lag(table: pd.DataFrame, day: dt.date, lags: Mapping[str, int]) -> Bools:
    """Which rows a declared publication lag holds back although the archive has released them, shape (rows,)."""
    if not lags:
        return np.zeros(len(table), bool)
    lasts = {}
    for name in table.series.unique():
        lag = declared_lag(name, lags)
        lasts[name] = np.inf if lag is None else last_complete_month(day, lag)
    ends = np.array([months.parse_period(period)[1] for period in table.period])
    held_back: Bools = ends > np.array([lasts[name] for name in table.series])
    return held_back


def _garbage_rows(rows: pd.DataFrame) -> pd.DataFrame:
    at = np.arange(len(rows))
    value = np.where(at % 2 == 0, HUGE * (1.0 + at % 7), 0.0)
    return rows.assign(value=value, status=np.where(value > 0, "value", "zero"))


def _corrupt_calendar(calendar: EventCalendar, table: pd.DataFrame, day: dt.date) -> EventCalendar:
    keys = [SeriesKey.parse(name) for name in table.series.unique()]
    sides = tuple(sorted({side for key in keys for side in (key.origin, key.destination)} - {"WLD"}))
    return replace(calendar, events=tuple(_corrupt_events(calendar, day, sides)))


def _corrupt_events(calendar: EventCalendar, day: dt.date, sides: tuple[str, ...]) -> Iterator[Event]:
    """The events of a calendar with everything not known on `day` changed, and one event more."""
    tomorrow = day + dt.timedelta(days=1)
    # announced tomorrow but in force for months: a method that reads it early sees a step in months it already knows
    garbage = Event(
        f"announced {tomorrow}",
        "garbage",
        tomorrow,
        tomorrow - dt.timedelta(days=200),
        imposed_by=sides,
        role="default",
        share_stopped=1.0,
    )
    for event in calendar:
        known = event.known_on(day)
        if known is None:
            yield replace(garbage, id=event.id)
        elif known.end is None and known.called_off is None and known.superseded_on is None:
            end = max([tomorrow, *([known.effective + dt.timedelta(days=1)] if known.effective else [])])
            yield replace(known, end=end, end_announced=tomorrow)
        else:
            yield known
    yield garbage


def _corrupt_panel(view: RealTimeView, panel: Vintage, day: dt.date, kinds: Sequence[str]) -> Vintage:
    """A plain panel with garbage in the months not yet published on `day`: figures and observed controls."""
    if EVENTS in kinds:
        panel = replace(panel, events=EventCalendar(tuple(_corrupt_events(panel.events, day, ("CHN",)))))
    if REGRESSORS in kinds:
        lasts = {regressor.name: regressor.last(day) for regressor in view.regressors}
        panel = replace(panel, controls={key: _corrupt_values(held, lasts.get(key[1])) for key, held in panel.controls.items()})
    if FIGURES not in kinds:
        return panel
    cells = {}
    for name, own in panel.cells.items():
        out, end = last_complete_month(day, declared_lag(name, view.lags) or 0), max(cell.last for cell in own)
        more = [Cell(m, m, 0.0) for m in range(end + 1, max(end, out) + FUTURE_MONTHS + 1)]
        cells[name] = tuple(c if c.last <= out else replace(c, value=HUGE * (i % 7)) for i, c in enumerate([*own, *more]))
    return replace(panel, cells=cells)


def _corrupt_values(held: Mapping[int, float], last: int | None) -> dict[int, float]:
    """Values by month with garbage after the last known one; a calendar variable (None) is always known."""
    return dict(held) if last is None else {m: v if m <= last else HUGE * (1 + m % 7) for m, v in held.items()}


def _corrupt_regressor(regressor: Regressor, day: dt.date) -> Regressor:
    """A regressor with garbage in the months not known on `day`, including future months."""
    last = regressor.last(day)
    if last is None or not regressor.values:
        return regressor
    known = {label: value for label, value in regressor.values.items() if months.ordinal(label) <= last}
    return replace(regressor, values=known | {months.label(last + k): HUGE * k for k in range(1, 60)})


@contextlib.contextmanager
def patch_archives(day: dt.date, kinds: Sequence[str] = KINDS, lags: Mapping[str, int] | None = None) -> Iterator[None]:
    """Context in which every archive of the process is corrupted after `day` (`corrupt_archive`), and plug-ins are reloaded.

    This also catches a method that holds an archive of its own, in its module or in a cache. It does not catch one that opens
    files itself.
    """
    twins: dict[int, tuple[Archive, Archive]] = {}
    plain = {name: Archive.__dict__[name] for name in ARCHIVE_ATTRIBUTES if name in Archive.__dict__}

    def twin(one: Archive) -> Archive:
        if id(one) not in twins:
            figures, events = one.__dict__["figures"], one.__dict__["events"]
            table, events = _corrupt_data(figures.table, events, day, kinds, lags or {})
            other = object.__new__(Archive)
            other.__dict__.update(figures=HeldFigures(columns_of(table)), events=events, pseudo=one.__dict__["pseudo"])
            twins[id(one)] = (one, other)  # both are referenced, so that neither id can be reused by another object
            twins[id(other)] = (other, other)
        return twins[id(one)][1]

    def corrupted_attribute(name: str) -> property:
        def corrupted_value(self: Archive) -> Any:
            other = twin(self)
            if name not in other.__dict__:
                other.__dict__[name] = plain[name].func(other)
            return other.__dict__[name]

        return property(corrupted_value, lambda self, value: self.__dict__.__setitem__(name, value))

    with contextlib.ExitStack() as stack:
        for name in ARCHIVE_ATTRIBUTES:
            stack.enter_context(mock.patch.object(Archive, name, corrupted_attribute(name), create=True))
        stack.enter_context(registry.reimport_plugins())
        yield
