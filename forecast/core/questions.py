"""The two questions: Task (predict months of series on a day) and Design (estimate what an event changed)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from forecast.core import months as mm
from forecast.core.arguments import check_arguments, read_once
from forecast.core.errors import ConfigError, DataError, nearest
from forecast.core.events import Event
from forecast.core.measures_in_window import Aftermath, aftermath
from forecast.core.presentation import shown
from forecast.core.schema import check_names
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage

ESTIMANDS = ("shortfall", "recovery", "net", "share", "anticipation", "relative")
MEASURES = ("cumulative", "relative", "share", "anticipation", "net")
BASELINES = ("year_earlier", "last_12_clean", "last_full_year")

OwnBaseline = tuple[str, str, str] | tuple[str, str, str, float]


@shown
@dataclass(frozen=True)
class Task:
    """Predict `months` of `series` with the vintage of `day` and parameters from that of `fitted_on` (default `day`).

    `months` are labels; they may lie in the future, at the ragged edge, or in a hole cut on purpose. `stream` names the random
    numbers: tasks of one stream share them (common random numbers), so that forecasts from two vintages differ only by what was
    known. Backtest tasks use their cutoff as stream, so that sampling error averages out over cutoffs.
    """

    day: dt.date
    series: tuple[str, ...]
    months: tuple[str, ...]
    fitted_on: dt.date | None = None
    draws: int = 1000
    stream: str = ""

    def __init__(
        self,
        day: str | dt.date,
        series: str | Iterable[str],
        months: Iterable[str],
        fitted_on: str | dt.date | None = None,
        draws: int = 1000,
        stream: str = "",
    ) -> None:
        series, months = read_once(series), read_once(months)
        given = {"day": day, "series": series, "months": months, "fitted_on": fitted_on, "draws": draws}
        check_arguments("Task", given)
        object.__setattr__(self, "day", mm.parse_day(day))
        object.__setattr__(self, "series", (series,) if isinstance(series, str) else tuple(series))
        object.__setattr__(self, "months", tuple(months))
        object.__setattr__(self, "fitted_on", mm.parse_day(fitted_on) if fitted_on else None)
        object.__setattr__(self, "draws", int(draws))
        object.__setattr__(self, "stream", stream)
        if not self.series or not self.months:
            raise DataError("a Task needs at least one series and one month")

    def ordinals(self, vintage: Vintage) -> list[int]:
        """The task's months as integers of the vintage's time axis."""
        return [vintage.steps.ordinal(m) for m in self.months]

    def fitting_vintage(self, vintage: Vintage) -> Vintage:
        """The vintage that parameters, scales and past errors are taken from: that of `fitted_on`, or the given one."""
        return vintage.earlier(self.fitted_on) if self.fitted_on and self.fitted_on < vintage.day else vintage

    def for_series(self, series: str | Iterable[str], months: Iterable[str] = ()) -> Task:
        """The same task for other series, and for other months if given."""
        return Task(self.day, series, tuple(months) or self.months, self.fitted_on, self.draws, self.stream)

    @classmethod
    def past(
        cls, day: dt.date, series: str, months: Iterable[str], fitted_on: dt.date | None = None, draws: int = 1000
    ) -> Task:
        """A task at a past origin, to be scored against the outcome, with the random numbers of its cutoff."""
        return cls(day, series, months, fitted_on, draws, stream=day.isoformat())


@dataclass(frozen=True)
class BaselinePeriod:
    """A named clean period to compare with, its level multiplied by `times` (growth); `year_earlier` has no period."""

    name: str
    first: int | None = None
    last: int | None = None
    times: float = 1.0


@dataclass(frozen=True)
class Window:
    """A Design on a vintage's time axis; all bounds inclusive.

    `hole` is the first month hidden from the fit (anticipation included), `start` the first affected month, `[first, last]` the
    effect window: the months whose effect is estimated.
    """

    hole: int
    start: int
    first: int
    last: int

    @property
    def length(self) -> int:
        """Number of months in the effect window."""
        return self.last - self.first + 1


@shown
@dataclass(frozen=True)
class Design:
    """The question what `events` (one event, or a cluster) changed in `treated`.

    start, stop : labels of the first and last month of the effect window; by default the month the event took effect plus
        `lag_months` (goods at sea arrive after the ban), and the last known month in which the event applied.
    anticipation : months before the event's start in which traders could react; hidden from every fit.
    donut : months after the start that are left out of the effect window.
    donors : "all", a list, or nothing.
    keep_spikes : old spikes of the treated series stay in the fit (`prep.spikes`).
    """

    events: tuple[Event, ...] = ()
    treated: tuple[str, ...] = ()
    donors: tuple[str, ...] | str = ()
    start: str | None = None
    stop: str | None = None
    anticipation: int | None = None
    lag_months: int = 0
    donut: int = 0
    controls: tuple[str, ...] = ()
    estimand: str = "shortfall"
    measure: str = "cumulative"
    baselines: tuple[str | OwnBaseline, ...] = BASELINES
    baseline: str = ""
    share_of: str = ""
    clean_from: str | None = None
    draws: int = 2000
    placebo_of: str = ""
    event_start: str | None = None
    keep_spikes: bool = False

    def __init__(
        self,
        event: Event | Sequence[Event] = (),
        treated: str | Iterable[str] = (),
        donors: str | Iterable[str] | None = None,
        **rest: Any,
    ) -> None:
        event, treated, donors = read_once(event), read_once(treated), read_once(donors)
        check_arguments("Design", {"event": rest.get("events", event), "treated": treated, "donors": donors})
        events = (event,) if isinstance(event, Event) else tuple(event)
        fields = {name: getattr(type(self), name) for name in type(self).__dataclass_fields__}
        fields.update(rest)
        if "events" in rest:
            events = tuple(rest["events"])
        fields["events"] = events
        fields["treated"] = (treated,) if isinstance(treated, str) else tuple(treated)
        fields["donors"] = "all" if donors == "all" else tuple([donors] if isinstance(donors, str) else donors or ())
        for name in ("controls", "baselines"):
            fields[name] = tuple(fields[name])
        unknown = set(rest) - set(type(self).__dataclass_fields__)
        if unknown:
            bad = sorted(unknown)[0]
            raise ConfigError(f"a Design has no '{bad}'", hint=nearest(bad, type(self).__dataclass_fields__))
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        if not self.treated:
            raise ConfigError("a Design needs a treated series")
        if not self.events and self.event_start is None and self.start is None:
            raise ConfigError("a Design needs an event or a start")
        if self.estimand not in ESTIMANDS:
            raise ConfigError(f"unknown estimand '{self.estimand}'", hint=nearest(self.estimand, ESTIMANDS))
        if self.share_of and self.measure == "cumulative":  # a share has no total
            object.__setattr__(self, "measure", "share")
        if "share" in (self.measure, self.estimand) and not self.share_of:
            raise ConfigError("a share needs the total it is one of", hint='share_of = "the total\'s series"')
        if self.measure not in MEASURES:
            raise ConfigError(f"unknown measure '{self.measure}'", hint=nearest(self.measure, MEASURES))
        check_names(item[0] for item in self.baselines if not isinstance(item, str))

    @classmethod
    def at(
        cls, start: object, treated: str | Iterable[str], donors: str | Iterable[str] | None = None, *, stop: object = None,
        controls: Iterable[str] = (), anticipation: int = 0, lag_months: int = 0, donut: int = 0, estimand: str = "shortfall",
        measure: str = "cumulative", baselines: Iterable[str | OwnBaseline] = BASELINES, baseline: str = "", draws: int = 2000,
    ) -> Design:  # fmt: skip
        """A Design on a plain panel: an unnamed event at step `start`."""
        return cls(
            (), treated, donors, start=str(start), event_start=str(start), stop=None if stop is None else str(stop),
            controls=controls, anticipation=anticipation, lag_months=lag_months, donut=donut, estimand=estimand,
            measure=measure, baselines=baselines, baseline=baseline, draws=draws,
        )  # fmt: skip

    @property
    def event_ids(self) -> str:
        """Ids of the cluster, joined by `+`."""
        return "+".join(event.id for event in self.events) or f"at {self.event_start or self.start}"

    @property
    def basis(self) -> str:
        """What the treated series counts: export, import_origin, import_total (or panel)."""
        key = SeriesKey.maybe(self.treated[0])
        return key.basis if key else "panel"

    def window(self, vintage: Vintage) -> Window:
        """The Design as integers: which months are hidden, affected, and in the effect window."""
        steps = vintage.steps
        if self.event_start is not None:
            begin = steps.ordinal(self.event_start)
            anticipation = self.anticipation or 0
        else:
            starts = [steps.of(e.effective or e.announced) for e in self.events] or [steps.ordinal(self.start)]
            begin = min(starts)
            early = min([*starts, *(steps.of(e.anticipation_from) for e in self.events if e.anticipation_from)])
            anticipation = self.anticipation if self.anticipation is not None else max(begin - early, 0)
        start = begin + self.lag_months
        hole = begin - anticipation if anticipation else start
        first = steps.ordinal(self.start) if self.start is not None and self.event_start is None else start + self.donut
        known = [vintage.last_month(s) for s in self.treated if vintage.knows(s)]
        if not known:
            problem, hint = f"no figure of {self.treated[0]} is known on {vintage.day}", nearest(self.treated[0], vintage.cells)
            raise DataError(problem, where=self.event_ids, hint=hint)
        last = steps.ordinal(self.stop) if self.stop is not None else max(known)
        after = self.aftermath(vintage, first, last) if self.stop is None else None
        if after and after.months[0] > first:
            last = after.months[0] - 1
        if last < first:
            problem = f"the asked window ends in {steps.label(last)}, before it begins in {steps.label(first)}"
            hint = "a later `stop`, or a vintage that knows the months after the event"
            raise DataError(problem, where=f"{self.event_ids}, {self.treated[0]}", hint=hint)
        return Window(min(hole, first), start, first, last)

    def aftermath(self, vintage: Vintage, first: int, last: int) -> Aftermath | None:
        """The months from `first` to `last` after the end of the events, as known on the vintage's day."""
        known = [event.known_on(vintage.day) or event for event in self.events]
        return aftermath(vintage.events, known, self.treated, first, last, self.lag_months, vintage.steps)

    def named_baselines(self, vintage: Vintage) -> list[BaselinePeriod]:
        """The baselines, the chosen one first.

        `year_earlier`: the same months one year before (two or more where that overlaps the hole); `last_12_clean`: the twelve
        months before the hole; `last_full_year`: the last whole calendar year before it (months only). User-defined ones are
        (name, first, last) or (name, first, last, times).
        """
        steps, hole = vintage.steps, self.window(vintage).hole
        calendar = steps.unit == "month"
        out = []
        for item in self.baselines:
            if not isinstance(item, str):
                name, first, last, *times = item
                out.append(BaselinePeriod(name, steps.ordinal(first), steps.ordinal(last), *times))
            elif item == "year_earlier":
                out.append(BaselinePeriod(f"same {steps.noun}s {steps.cycles(1)} earlier"))
            elif item == "last_12_clean":
                out.append(BaselinePeriod(f"mean of the last 12 clean {steps.noun}s", hole - 12, hole - 1))
            elif item == "last_full_year":
                year = hole // 12 - 1
                if calendar:
                    out.append(BaselinePeriod(f"mean of {year}", 12 * year, 12 * year + 11))
            else:
                raise ConfigError(f"unknown baseline '{item}'", hint=nearest(item, BASELINES))
        if self.baseline:
            chosen = [b for b in out if b.name == self.baseline]
            if not chosen:
                raise ConfigError(
                    f"no baseline is called '{self.baseline}'", hint=nearest(self.baseline, [b.name for b in out])
                )
            out = chosen + [b for b in out if b.name != self.baseline]
        return out

    def hidden(self, vintage: Vintage) -> Vintage:
        """The vintage a counterfactual may use: treated series cut from the hole on, and without events from then on."""
        window = self.window(vintage)
        later = [e.id for e in vintage.events if e.start >= window.hole] + [e.id for e in self.events]
        for series in self.treated:
            vintage = vintage.hide(series, window.hole)
        return vintage.without_events(later)

    def in_time(self, vintage: Vintage, minimum: int = 12, touched: Iterable[int] = ()) -> list[Design]:
        """In-time placebos: the window moved to every earlier period without an event, where the true effect is zero.

        A period needs `minimum` months before it, ends before the hole, and contains none of the `touched` months.
        User-defined baselines move with the window.
        """
        window = self.window(vintage)
        length = window.last - window.start + 1
        lead = window.start - window.hole
        skip = window.first - window.start
        busy = set(touched)
        firsts = [vintage.observed(s).first for s in self.treated if vintage.knows(s)]
        if not firsts:
            return []
        out = []
        steps, chosen_first = vintage.steps, self._chosen_first(vintage)

        def shift_baseline(item: str | OwnBaseline, by: int) -> str | OwnBaseline:
            if isinstance(item, str):
                return item
            first, last = (steps.label(steps.ordinal(label) + by) for label in item[1:3])
            return (item[0], first, last, item[3]) if len(item) == 4 else (item[0], first, last)

        # the same lead, donut and length as the design's own window, so that placebos are comparable with it
        for start in range(max(firsts) + minimum + lead, window.hole - length + 1):
            if busy & set(range(start - lead, start + length)):
                continue
            out.append(
                replace_design(
                    self,
                    events=(),
                    event_start=vintage.steps.label(start),
                    start=vintage.steps.label(start),
                    stop=vintage.steps.label(start + length - 1),
                    anticipation=lead,
                    lag_months=0,
                    donut=skip,
                    baselines=tuple(shift_baseline(item, start - window.start) for item in chosen_first),
                    baseline="",
                    placebo_of=self.event_ids,
                )
            )
        return out

    def _chosen_first(self, vintage: Vintage) -> list[str | OwnBaseline]:
        """The design's baselines with the chosen one first, because its name may contain a year, which a placebo changes."""

        def is_chosen(item: str | OwnBaseline) -> bool:
            single = replace_design(self, baselines=(item,), baseline="").named_baselines(vintage)
            return any(b.name == self.baseline for b in single)

        return sorted(self.baselines, key=lambda item: not is_chosen(item)) if self.baseline else list(self.baselines)

    def in_space(self, donors: Sequence[str]) -> list[Design]:
        """In-space placebos: each donor in turn as if treated, against the other donors."""
        return [
            replace_design(self, treated=(unit,), donors=tuple(d for d in donors if d != unit), placebo_of=self.event_ids)
            for unit in donors
        ]


def replace_design(design: Design, **changes: Any) -> Design:
    """A Design with some fields changed (`dataclasses.replace` does not work with its flexible constructor)."""
    fields = {name: getattr(design, name) for name in Design.__dataclass_fields__}
    fields.update(changes)
    events, treated, donors = fields.pop("events"), fields.pop("treated"), fields.pop("donors")
    return Design(events, treated, donors, **fields)
