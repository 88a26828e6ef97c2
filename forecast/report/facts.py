"""Facts: a run folder as the report needs it, in the reader's units. The only file that knows the tables' columns."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from forecast.core import months as mm
from forecast.core.events import Event, EventCalendar, bundled_events, event_from
from forecast.core.products import display
from forecast.core.run import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class History:
    """One series as the run saw it, in display units: single months, sums over spans, and the state of each month.

    `sums` holds (first, last, value) for spans; `steps` the mean of months known only through a sum, as (months, mean).
    """

    series: str
    unit: str
    values: dict[int, float]
    sums: tuple[tuple[int, int, float], ...]
    status: dict[int, str]

    @functools.cached_property
    def steps(self) -> tuple[tuple[tuple[int, ...], float], ...]:
        """What is left of each sum, shortest first, spread evenly over the months not known singly."""
        known = dict(self.values)
        out = []
        for first, last, total in sorted(self.sums, key=lambda s: (s[1] - s[0], s[0])):
            unknown = tuple(m for m in range(first, last + 1) if m not in known)
            rest = total - sum(known[m] for m in range(first, last + 1) if m in known)
            if unknown and rest >= 0:
                mean = rest / len(unknown)
                out.append((unknown, mean))
                known.update(dict.fromkeys(unknown, mean))
        return tuple(sorted(out))

    @property
    def first(self) -> int:
        """First month with a figure, single or inside a sum."""
        return min([*self.values, *(s[0] for s in self.sums)])

    @property
    def last(self) -> int:
        """Last month with a figure, single or inside a sum."""
        return max([*self.values, *(s[1] for s in self.sums)])

    def total(self, first: int, last: int) -> float:
        """Sum over a window where the data determine it: single months, or a sum with the same ends; else NaN."""
        if all(m in self.values for m in range(first, last + 1)):
            return sum(self.values[m] for m in range(first, last + 1))
        exact = [v for a, b, v in self.sums if (a, b) == (first, last)]
        return exact[0] if exact else math.nan

    def only_summed(self, month: int) -> bool:
        """Whether a month is known only inside a sum."""
        return month not in self.values and any(a <= month <= b for a, b, _ in self.sums)


@dataclass(frozen=True)
class Answer:
    """One row of the effects table in display units."""

    id: str
    question: str
    role: str
    job: str
    estimator: str
    events: tuple[str, ...]
    series: str
    unit: str
    basis: str
    lag: int
    first: str
    last: str
    estimand: str
    measure: str
    baseline: str
    estimate: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float
    p_value: float
    p_floor: float
    mde80: float
    n_clean: int
    n_span: int
    n_placebo: int
    verdict: str
    reading: str
    because: str
    desc: float
    desc_lo: float
    desc_hi: float
    observed: float
    expected: float
    note: str = ""
    baselines: tuple[str, ...] = ()

    @property
    def estimated(self) -> bool:
        """Whether an estimate with its bounds stands in the row."""
        return all(math.isfinite(v) for v in (self.estimate, self.lo95, self.hi95))

    @property
    def compared(self) -> bool:
        """Whether the description compares with a baseline (else it is a last published level)."""
        return math.isfinite(self.desc) and not self.baseline.startswith("none") and self.baseline != ""


@dataclass(frozen=True)
class Facts:
    """The run with its tables read once, and the answers, histories and events drawn from them."""

    run: Run
    _tables: dict[str, Any] = field(default_factory=dict, repr=False)

    def table(self, name: str) -> pd.DataFrame:
        """A table of the run."""
        if name not in self._tables:
            self._tables[name] = self.run.table(name)
        found: pd.DataFrame = self._tables[name]
        return found

    @property
    def config(self) -> dict[str, Any]:
        """The resolved config."""
        found: dict[str, Any] = self.run.info.get("config") or {}
        return found

    @property
    def as_of(self) -> str:
        """The day the run stands on."""
        return str(self.run.info["as_of"])

    @functools.cached_property
    def calendar(self) -> EventCalendar:
        """Events as known on that day: the run's own list where it keeps one, else the bundled ones."""
        rows = self.run.info.get("events")
        if rows is None:
            return bundled_events().known_on(mm.parse_day(self.as_of))
        verified = self.run.info.get("events_verified_to")
        return EventCalendar(tuple(event_from(row) for row in rows), mm.parse_day(verified) if verified else None)

    @functools.cached_property
    def answers(self) -> tuple[Answer, ...]:
        """All rows of the effects table, in the config's order of questions."""
        asked = [row for row in self.config.get("effects") or () if isinstance(row, dict)]
        place = {str(row.get("id")): i for i, row in enumerate(asked)}
        listed = {str(row.get("id")): tuple(_baseline(b) for b in row.get("baselines") or ()) for row in asked}
        divided = {str(row.get("id")) for row in asked if row.get("share_of") and ":" not in str(row["share_of"])}
        read = [_answer(row) for row in self.table("effects").to_dict("records")]
        rows = [_priced(replace(a, baselines=a.baselines or listed.get(a.id, ())), a.id in divided) for a in read]
        return tuple(sorted(rows, key=lambda a: (place.get(a.id, len(place)), _order(a.id), a.role != "headline")))

    @property
    def headline(self) -> tuple[Answer, ...]:
        """The rows that answer a question; the others show how much the answer depends on the method."""
        return tuple(a for a in self.answers if a.role != "sensitivity")

    @functools.cached_property
    def histories(self) -> dict[str, History]:
        """Every observed series."""
        table = self.table("observations")
        return (
            {str(name): _history(str(name), group) for name, group in table.groupby("series", sort=True)} if len(table) else {}
        )

    @functools.cached_property
    def outlook(self) -> pd.DataFrame:
        """Forecasts standing on the run's own day, in display units."""
        table = self.table("forecasts")
        if len(table):
            table = table[table["cutoff"].astype(str) == self.as_of].copy()
        for name in ("mean", "q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"):
            if len(table) and name in table:
                table[name] = table[name] / table["series"].map(lambda s: display(s)[1])
        return table

    @property
    def default_model(self) -> str:
        """The model whose forecasts the report shows first: the config's word, else a combination, else the first."""
        models = sorted(self.outlook["model"].unique()) if len(self.outlook) else []
        named = [
            self.config.get("default_model"),
            *(v.get("default_model") for v in self.config.values() if isinstance(v, dict)),
        ]
        for name in (*named, "mean", "combine", "combine_mean"):
            if name in models:
                return str(name)
        return models[0] if models else ""

    @property
    def default_words(self) -> str:
        """The default model for a reader: its name, and its members where it combines others."""
        name = self.default_model
        specs = [
            s for s in self.config.get("models") or () if isinstance(s, dict) and name == str(s.get("name") or s.get("use"))
        ]
        members = [str(m) for s in specs for m in s.get("members", ())]
        if len(members) < 2:
            return name
        return f"{specs[0].get('how', 'combination')} of {', '.join(members[:-1])} and {members[-1]}"

    def ordered(self, series: Iterable[str]) -> list[str]:
        """Series in the order in which the config asks for them, patterns with `*` spelled out; the rest A to Z."""
        part = self.config.get("forecast")
        patterns = [str(p) for p in part.get("series", ())] if isinstance(part, dict) else []
        place = {s: next((i for i, p in enumerate(patterns) if fnmatchcase(s, p)), len(patterns)) for s in series}
        return sorted(place, key=lambda s: (place[s], s))

    def events_on(self, series: Iterable[str], since: int, until: int) -> list[Event]:
        """Events of the default calendar that touch the series and take effect in a stretch of months."""
        found = {
            e.id: e
            for s in series
            for e in self.calendar.touching(s.partition(":")[0], ("default",))
            if e.in_force and since <= e.start <= until
        }
        return sorted(found.values(), key=lambda e: (e.effective or e.announced, e.id))

    def event_title(self, event_id: str) -> str:
        """An event's title, or its id in words."""
        return self.calendar[event_id].title if event_id in self.calendar else event_id.replace("_", " ")


def _order(question: str) -> tuple[float, str]:
    head = "".join(c for c in question if c.isdigit())
    return (float(head) if head else math.inf, question)


_BASELINES = {
    "year_earlier": "same months a year earlier",
    "last_12_clean": "last 12 clean months",
    "last_full_year": "last full clean year",
}


def _baseline(words: Any) -> str:
    """A baseline of the config in words; an own one by its name."""
    name = str(words.get("name", "")) if isinstance(words, dict) else str(words)
    return _BASELINES.get(name, name)


def _text(row: Mapping[Any, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


def _real(row: Mapping[Any, Any], name: str) -> float:
    value = row.get(name)
    return math.nan if value is None or value == "" else float(value)


def _answer(row: Mapping[Any, Any]) -> Answer:
    series = _text(row, "series")
    unit, scale = display(series.split("+")[0])
    measure = _text(row, "measure")
    level = scale if _text(row, "unit") in ("kg", "") else 1.0  # figures come in archive units
    of_measure = 1.0 if measure in ("relative", "share") else level
    real = functools.partial(_real, row)
    count = {n: 0 if math.isnan(real(n)) else int(real(n)) for n in ("lag_months", "n_clean", "n_span", "n_placebo")}
    amounts = ("estimate", "lo80", "hi80", "lo95", "hi95", "mde80", "desc_estimate", "desc_lo", "desc_hi")
    scaled = {name: real(name) / of_measure for name in amounts}
    totals = 1.0 if measure == "share" else level
    return Answer(
        id=_text(row, "id") or _text(row, "job"),
        question=_text(row, "question"),
        role=_text(row, "role") or "headline",
        job=_text(row, "job"),
        estimator=_text(row, "estimator"),
        events=tuple(e for e in _text(row, "event").split("+") if e),
        series=series,
        unit=unit,
        basis=_text(row, "basis"),
        lag=count["lag_months"],
        first=_text(row, "months_from"),
        last=_text(row, "months_to"),
        estimand=_text(row, "estimand"),
        measure=measure,
        baseline=_text(row, "baseline"),
        estimate=scaled["estimate"],
        lo80=scaled["lo80"],
        hi80=scaled["hi80"],
        lo95=scaled["lo95"],
        hi95=scaled["hi95"],
        p_value=real("p_value"),
        p_floor=real("p_floor"),
        mde80=scaled["mde80"],
        n_clean=count["n_clean"],
        n_span=count["n_span"],
        n_placebo=count["n_placebo"],
        verdict=_text(row, "verdict"),
        reading=_text(row, "reading"),
        because=_text(row, "because"),
        desc=scaled["desc_estimate"],
        desc_lo=scaled["desc_lo"],
        desc_hi=scaled["desc_hi"],
        observed=real("observed_total") / totals,
        expected=real("expected") / totals,
        note=_text(row, "note"),
        baselines=tuple(b for b in _text(row, "baselines").split("; ") if b),
    )


def _priced(answer: Answer, divided: bool) -> Answer:
    """A value divided by a quantity is a unit value and is named and counted as one."""
    if not divided or not answer.series.endswith(":usd"):
        return answer
    return replace(answer, series=f"{answer.series}_per_kg", unit="USD/kg")


def _history(series: str, table: pd.DataFrame) -> History:
    unit, scale = display(series)
    values: dict[int, float] = {}
    sums: list[tuple[int, int, float]] = []
    status: dict[int, str] = {}
    for period, value, state in zip(table["period"], table["value"], table["status"], strict=True):
        first, last = mm.parse_period(str(period))
        if state in ("missing", "suppressed") or value is None or math.isnan(value):
            status.update(dict.fromkeys(range(first, last + 1), str(state)))
        elif first == last:
            values[first], status[first] = float(value) / scale, str(state)
        elif state == "zero":
            values.update({m: 0.0 for m in range(first, last + 1) if m not in values})
            status.update({m: "zero" for m in range(first, last + 1) if m not in status})
        else:
            sums.append((first, last, float(value) / scale))
    for first, last, _ in sums:
        status.update({m: "span" for m in range(first, last + 1) if m not in status})
    return History(series, unit, values, tuple(sorted(sums)), status)
