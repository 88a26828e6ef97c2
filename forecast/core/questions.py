"""The two questions: Task (predict months of series on a day) and Design (estimate what an event changed)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from forecast.core.arguments import check_arguments, read_once
from forecast.core.baseline_periods import (
    BASELINES as BASELINES,
    BaselinePeriod as BaselinePeriod,
    OwnBaseline as OwnBaseline,
    baseline_periods,
    shifted_baseline,
)
from forecast.core.errors import ConfigError, DataError, nearest
from forecast.core.events import Event
from forecast.core.measures_in_window import Aftermath, aftermath
from forecast.core.presentation import shown
from forecast.core.schema import check_names
from forecast.core.series import SeriesKey
from forecast.core.spillovers import donors_outside
from forecast.core.task import Task as Task
from forecast.core.vintage import Vintage
from forecast.core.window import Window as Window, onset

ESTIMANDS = ("shortfall", "recovery", "net", "share", "anticipation", "relative")
MEASURES = ("cumulative", "relative", "share", "anticipation", "net")
KEPT_WINDOW = "_window"  # where a design keeps its window on an axis, which it is asked for many times


@shown
@dataclass(frozen=True)
class Design:
    """The question what `events` (one event, or a cluster) changed in `treated`.

    Parameters
    ----------
    event : Event or sequence of Event
        one event, or several that cannot be told apart (a cluster); the field is called `events`
    treated : str or sequence of str
        the series that it may have changed, or one of them; several are added up
    donors : str or sequence of str, optional
        series that it left alone, or "all" others; for estimators that compare with them
    start : str, optional
        label of the first month of the effect window (default: the month the event took effect, plus `lag_months`: goods at
        sea arrive after the ban; of the estimand "anticipation", the first month of it)
    stop : str, optional
        label of its last month (default: the last known month in which the event applied)
    anticipation : int, optional
        months before the event's start in which traders could react; hidden from every fit (default: as the event tells)
    lag_months : int, default 0
        months that goods are under way
    donut : int, default 0
        months after the start that are left out of the effect window
    controls : tuple of str, optional
        names of known series of a plain panel
    estimand : str, default "shortfall"
        what is asked, one of `ESTIMANDS`: "shortfall", "recovery", "net", "share", "anticipation", "relative"
    measure : str, default "cumulative"
        in which the answer is given, one of `MEASURES`: "cumulative" (the unit of the series), "relative" (-1: all lost),
        "share", "anticipation", "net"
    baselines : sequence of str or tuple, default `BASELINES`
        clean periods of the description: "year_earlier", "last_12_clean", "last_full_year", or (name, first, last) or (name,
        first, last, times)
    baseline : str, optional
        the name of the one that is told first (default: the first)
    share_of : str, optional
        the series of the total, where a share of it is asked
    clean_from : str, optional
        label of the first month that is fitted (default: all)
    draws : int, default 2000
        number of draws
    placebo_of : str, optional
        ids of the events whose placebo this is
    event_start : str, optional
        label of the step at which an unnamed event began (`Design.at`)
    keep_spikes : bool, default False
        old spikes of the treated series stay in the fit (`prep.spikes`)
    diversion, let_in : tuple of str, optional
        countries on the way of diverted trade, whose flows are no donors; donors kept though diversion could reach them

    Raises
    ------
    ConfigError
        where an argument is unknown, of another kind or contradicts another, or there is no treated series, event or start

    Examples
    --------
    >>> import forecast as fc
    >>> archive = fc.load_archive()
    >>> event = archive.events["re_licensing_2025"]
    >>> design = fc.Design(event, treated="CHN.export.WLD.re_magnets", stop="2025-06", clean_from="2018-01")
    >>> design.window(archive.latest).length
    3
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
    diversion: tuple[str, ...] = ()
    let_in: tuple[str, ...] = ()

    def __init__(
        self,
        event: Event | Sequence[Event] = (),
        treated: str | Iterable[str] = (),
        donors: str | Iterable[str] | None = None,
        **rest: Any,
    ) -> None:
        event, treated, donors = read_once(event), read_once(treated), read_once(donors)
        check_arguments("Design", {"event": rest.get("events", event), "treated": treated, "donors": donors})
        fields = {name: getattr(type(self), name) for name in type(self).__dataclass_fields__} | rest
        fields["events"] = tuple(rest.get("events", (event,) if isinstance(event, Event) else event))
        fields["treated"] = (treated,) if isinstance(treated, str) else tuple(treated)
        fields["donors"] = "all" if donors == "all" else tuple([donors] if isinstance(donors, str) else donors or ())
        for name in ("controls", "baselines", "diversion", "let_in"):
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
        """A Design on a plain panel: an unnamed event at step `start`.

        Parameters
        ----------
        start : str, int or date
            label of the step at which it began
        treated : str or sequence of str
            units of the panel, or one
        donors : str or sequence of str, optional
            units that it left alone, or "all" others
        stop : str, int or date, optional
            label of the last step of the window (default: the last known one)
        controls, anticipation, lag_months, donut, estimand, measure, baselines, baseline, draws : as in the class
            in steps of the panel, where they count time
        """
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
        """The Design as integers: which months are hidden, affected, and in the effect window.

        Parameters
        ----------
        vintage : Vintage
            on whose time axis, and whose last figures count

        Raises
        ------
        DataError
            where no figure of the treated series is known, or the window ends before it begins
        """
        steps, kept = vintage.steps, self.__dict__.get(KEPT_WINDOW)
        if kept and kept[0] == steps and any(map(vintage.knows, self.treated)):
            window: Window = kept[1]
            return window
        begin, anticipation = onset(self.events, self.event_start, self.start, self.anticipation, steps)
        start = begin + self.lag_months
        hole = begin - anticipation if anticipation else start
        known = [s for s in self.treated if vintage.knows(s)]
        if not known:
            problem, hint = f"no figure of {self.treated[0]} is known on {vintage.day}", nearest(self.treated[0], vintage.cells)
            raise DataError(problem, where=self.event_ids, hint=hint)
        first = steps.ordinal(self.start) if self.start is not None and self.event_start is None else start + self.donut
        last = steps.ordinal(self.stop) if self.stop is not None else max(map(vintage.last_month, known))
        if self.start is None and self.estimand == "anticipation" and self.measure in ("cumulative", "relative"):
            first, last = hole, last if self.stop is not None else min(last, start - 1)
        after = self.aftermath(vintage, first, last) if self.stop is None else None
        if after and after.months[0] > first:
            last = after.months[0] - 1
        if last < first:
            problem = f"the asked window ends in {steps.label(last)}, before it begins in {steps.label(first)}"
            hint = "a later `stop`, or a vintage that knows the months after the event"
            raise DataError(problem, where=f"{self.event_ids}, {self.treated[0]}", hint=hint)
        window = Window(min(hole, first), start, first, last)
        if self.stop is not None:  # nothing but the axis enters
            self.__dict__[KEPT_WINDOW] = (steps, window)
        return window

    def aftermath(self, vintage: Vintage, first: int, last: int) -> Aftermath | None:
        """The months from `first` to `last` after the end of the events, as known on the vintage's day.

        Parameters
        ----------
        vintage : Vintage
            whose calendar counts
        first, last : int
            months as integers, both included
        """
        known = [event.known_on(vintage.day) or event for event in self.events]
        return aftermath(vintage.events, known, self.treated, first, last, self.lag_months, vintage.steps)

    def named_baselines(self, vintage: Vintage) -> list[BaselinePeriod]:
        """The baselines, the chosen one first.

        Parameters
        ----------
        vintage : Vintage
            on whose time axis

        Returns
        -------
        list of BaselinePeriod
            "year_earlier": the same months one year before (two or more where that overlaps the hole); "last_12_clean": the
            twelve months before the hole; "last_full_year": the last whole calendar year before it (months only)

        Raises
        ------
        ConfigError
            where there is no such baseline
        """
        return baseline_periods(self.baselines, self.baseline, vintage.steps, self.window(vintage).hole)

    def hidden(self, vintage: Vintage) -> Vintage:
        """The vintage a counterfactual may use: treated series cut from the hole on, and without events from then on.

        Parameters
        ----------
        vintage : Vintage
            what is known
        """
        window = self.window(vintage)
        later = [e.id for e in vintage.events if e.start >= window.hole] + [e.id for e in self.events]
        for series in self.treated:
            vintage = vintage.hide(series, window.hole)
        return vintage.without_events(later)

    def in_time(self, vintage: Vintage, minimum: int = 12, touched: Iterable[int] = (), apart: int = 1) -> list[Design]:
        """In-time placebos: the window moved to every earlier period without an event, where the true effect is zero.

        User-defined baselines move with the window.

        Parameters
        ----------
        vintage : Vintage
            what is known
        minimum : int, default 12
            months that a period needs before it
        touched : sequence of int, optional
            months as integers, none of which a period may contain
        apart : int, default 1
            months between the first months of the periods, counted back from the last one
        """
        window = self.window(vintage)
        length = window.last - window.start + 1
        lead = window.start - window.hole
        skip = window.first - window.start
        busy = set(touched)
        firsts = [vintage.observed(s).first for s in self.treated if vintage.knows(s)]
        if not firsts:
            return []
        steps, chosen_first = vintage.steps, self._chosen_first(vintage)
        tried = range(max(firsts) + minimum + lead, window.hole - length + 1)
        donors = donors_outside(self.donors, self.events, self.let_in)
        starts = [start for start in tried if busy.isdisjoint(range(start - lead, start + length))]

        # the same lead, donut and length as the design's own window, so that placebos are comparable with it
        return [
            replace_design(
                self, events=(), donors=donors, event_start=steps.label(start), start=steps.label(start), anticipation=lead,
                stop=steps.label(start + length - 1), donut=skip, baseline="", placebo_of=self.event_ids, lag_months=0,
                baselines=tuple(shifted_baseline(item, start - window.start, steps) for item in chosen_first),
            )
            for start in starts
            if (starts[-1] - start) % apart == 0
        ]  # fmt: skip

    def _chosen_first(self, vintage: Vintage) -> list[str | OwnBaseline]:
        """The design's baselines with the chosen one first, because its name may contain a year, which a placebo changes."""

        def is_chosen(item: str | OwnBaseline) -> bool:
            single = replace_design(self, baselines=(item,), baseline="").named_baselines(vintage)
            return any(b.name == self.baseline for b in single)

        return sorted(self.baselines, key=lambda item: not is_chosen(item)) if self.baseline else list(self.baselines)

    def in_space(self, donors: Sequence[str]) -> list[Design]:
        """In-space placebos: each donor in turn as if treated, against the other donors.

        Parameters
        ----------
        donors : sequence of str
            units that the event left alone
        """
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
