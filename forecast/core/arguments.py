"""What each public function takes: the error of a wrong argument says what it was, where it stood, and what to give instead."""

from __future__ import annotations

import datetime as dt
import numbers
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from forecast.core.errors import ConfigError, LookAheadError


@dataclass(frozen=True)
class Kind:
    """A kind of argument: what it is called, which values are of it, and how one is had.

    remedies : by the class of a value that is not of it, how one is made of that
    """

    noun: str
    accepts: Callable[[Any], bool]
    hint: str
    remedies: Mapping[str, str] | None = None

    @property
    def optional(self) -> Kind:
        """The same, or None."""
        return replace(self, accepts=lambda value: value is None or self.accepts(value))


def _is_a(*names: str) -> Callable[[Any], bool]:
    """Whether a value is of a class of that name, or of one derived from it; told by name, so that nothing is imported."""
    return lambda value: bool({cls.__name__ for cls in type(value).__mro__} & set(names))


def _is_method(verb: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str | Mapping) or (hasattr(value, verb) and not isinstance(value, type))


def _is_whole(least: int | None = None) -> Callable[[Any], bool]:
    def accepts(value: Any) -> bool:
        whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        return whole and (least is None or int(value) >= least)

    return accepts


def _is_level(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and 1 <= float(value) < 100


def _each(accepts: Callable[[Any], bool], *, single: bool = True, least: int = 0) -> Callable[[Any], bool]:
    """Whether a value is such a thing itself (if `single`), or a collection of at least so many of them."""

    def is_one_or_more(value: Any) -> bool:
        if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
            return single and accepts(value)
        if isinstance(value, Iterator):
            return True
        members = list(value)
        return len(members) >= least and all(map(accepts, members))

    return is_one_or_more


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


MODEL = Kind("a model", _is_method("predict"), 'its name, such as "ets", {"use": "ets"}, or fc.model("ets")')
ESTIMATOR = Kind(
    "an estimator", _is_method("estimate"), 'its name, such as "counterfactual", or fc.estimator("counterfactual")'
)
FROM_TABLE = {
    "DataFrame": "fc.panel(table), or fc.forecast(table, h=6)",
    "Series": "fc.forecast(series, h=6), or fc.panel(table)",
}
VINTAGE = Kind(
    "a Vintage", _is_a("Vintage"), "archive.as_of(day), archive.latest, or fc.panel(table)",
    {"Archive": "archive.latest, or archive.as_of(day)", **FROM_TABLE},
)  # fmt: skip
SOURCE = Kind("an Archive or a Vintage", _is_a("Archive", "Vintage", "RealTimeView"), "fc.load_archive()", FROM_TABLE)
TASK = Kind(
    "a Task", _is_a("Task"), "fc.Task(vintage.day, series, months)",
    {"int": "fc.Task(vintage.day, series, months), or fc.forecast(table, h=6)", "Design": "fc.estimate answers a Design"},
)  # fmt: skip
DESIGN = Kind(
    "a Design", _is_a("Design"), "fc.Design(event, treated=series), or fc.Design.at(start, treated=series)",
    {"Task": "fc.predict answers a Task", "Event": "fc.Design(event, treated=series)", "Effect": "effect.design",
     "DataFrame": 'fc.effect(table, start="2025-04"), or a Design', "Series": 'fc.effect(series, start="2025-04")'},
)  # fmt: skip
EVENT_HINT = "archive.events[its id], or fc.Event(id=..., title=..., announced=...)"
EVENT = Kind("an Event", _is_a("Event"), EVENT_HINT)
EVENTS = Kind("an Event or several", _each(_is_a("Event")), EVENT_HINT)
EVENT_OR_ID = replace(EVENT, noun="an Event or its id", accepts=lambda value: isinstance(value, str) or EVENT.accepts(value))
NAMES = Kind("names of series", _each(_is_text), "a name, or a list of names")
TREATED = Kind("labels of series", _each(lambda v: not isinstance(v, bool | Mapping)), "a column's name, or a list of names")
LABELS = Kind(
    "labels of months", _each(_is_text, single=False), "a list of labels, such as fc.months('2025-04', '2025-09')",
    {"str": "a list: [the month]", "PeriodIndex": "[str(month) for month in months]"},
)  # fmt: skip
TEXT = Kind("text", _is_text, "text in quotes")
DAY = Kind("a day", lambda v: isinstance(v, str | dt.date), "YYYY-MM-DD, for example 2025-03-31")
DAYS = Kind("days", _each(lambda v: isinstance(v, str | dt.date), single=False), 'fc.cutoffs("2024-01"), or a list of days')
SEED = Kind("a whole number", _is_whole(), "seed=0, or another whole number")
COUNT = Kind("a whole number of one or more", _is_whole(1), "1, 2, ...")
COUNT_OR_NONE_AT_ALL = Kind("a whole number of zero or more", _is_whole(0), "0, 1, 2, ...")
HORIZONS = Kind("whole numbers", _each(_is_whole(), single=False, least=1), "[1, 3, 6]")
LEVELS = Kind(
    "percentages between 1 and 100", _each(_is_level, least=1), "level=80, or level=(80, 95): the share inside, in percent"
)
FLAG = Kind("True or False", lambda value: isinstance(value, bool), "True or False")
MODELS = Kind("models", _each(_is_method("predict"), single=False, least=1), 'a list: models=["ets", "theta"]')
METRICS = Kind("metrics", _each(lambda v: isinstance(v, str | Mapping), single=False, least=1), 'a list: ["crps", "coverage"]')
BACKTEST = Kind("a Backtest", _is_a("Backtest"), "fc.backtest(archive, days, models)")
SCORED = Kind(
    "a Backtest, Scores or a Run", _is_a("Backtest", "Scores", "DataFrame", "Run"), "fc.backtest(archive, days, models)"
)
RUN = Kind("a Run", _is_a("Run"), 'fc.run(config), or fc.Run("runs/NAME")')
RUN_OR_FOLDER = replace(RUN, noun="a Run or its folder", accepts=lambda v: isinstance(v, str | os.PathLike) or RUN.accepts(v))
ANSWERED = Kind("a Run or a Backtest", _is_a("Run", "Backtest"), 'fc.run(config), or fc.Run("runs/NAME")')
PATH = Kind(
    "a path", lambda value: isinstance(value, str | os.PathLike), 'a path in quotes, or the name of a config: "minerals"'
)
SCENARIOS = Kind("Scenarios", _each(_is_a("Scenario"), single=False, least=1), 'a list: [fc.Scenario("it ends", ends={...})]')
TABLE = Kind(
    "a table", lambda value: _is_a("Series", "DataFrame")(value) or hasattr(value, "__arrow_c_stream__"),
    "a pandas Series or DataFrame, or an Arrow table: pd.Series(values, pd.period_range('2020-01', periods=n, freq='M'))",
    {"Archive": "fc.predict or fc.estimate, of archive.latest", "Vintage": "fc.predict or fc.estimate",
     "str": "a path? pd.read_csv(path) makes a table of it"},
)  # fmt: skip
PANEL_SOURCE = replace(
    TABLE, noun="a long table or the path of one", hint="a DataFrame with a row per unit and time, or a path",
    accepts=lambda value: isinstance(value, str | os.PathLike) or _is_a("DataFrame")(value),
    remedies={"Series": "series.rename('value').rename_axis('time').reset_index(), or fc.forecast(series, h=6)"},
)  # fmt: skip
CHECKS = Kind("gates", _each(lambda v: not isinstance(v, bool | numbers.Number), single=False), 'a list: ["shipped"]').optional
READ = {
    "data": TABLE, "season": COUNT.optional, "freq": TEXT.optional, "nonnegative": FLAG.optional, "id": TEXT.optional,
    "time": TEXT.optional, "target": TEXT.optional, "unit": TEXT, "draws": COUNT, "seed": SEED, "events": EVENTS,
}  # fmt: skip

TAKES: dict[str, dict[str, Kind]] = {
    "Task": {"day": DAY, "series": NAMES, "months": LABELS, "fitted_on": DAY.optional, "draws": COUNT},
    "Design": {"event": EVENTS, "treated": NAMES, "donors": NAMES.optional},
    "backtest": {
        "archive": SOURCE, "days": DAYS, "models": MODELS, "series": NAMES.optional, "horizons": HORIZONS, "draws": COUNT,
        "seed": SEED, "window_months": COUNT, "min_months": COUNT, "step": COUNT, "gap": COUNT_OR_NONE_AT_ALL,
    },
    "coming": {"day": DAY, "series": NAMES, "count": COUNT},
    "compare": {"what": SCORED, "metrics": METRICS, "seed": SEED},
    "diff": {"run_a": RUN_OR_FOLDER, "run_b": RUN_OR_FOLDER, "attribute": TEXT, "model": TEXT},
    "cutoffs": {"first": DAY, "last": DAY.optional, "series": TEXT.optional, "archive": SOURCE.optional},
    "destinations": {
        "source": SOURCE, "product": TEXT, "exporter": TEXT, "importer": TEXT, "start": TEXT.optional, "stop": TEXT.optional,
        "after": EVENT_OR_ID.optional, "model": MODEL.optional, "months": COUNT, "draws": COUNT, "seed": SEED,
    },
    "effect": READ | {
        "event": EVENTS.optional, "estimator": ESTIMATOR, "treated": TREATED.optional, "donors": TREATED.optional,
        "placebos": COUNT_OR_NONE_AT_ALL, "checks": CHECKS,
    },
    "estimate": {
        "method": ESTIMATOR, "vintage": VINTAGE, "design": DESIGN, "seed": SEED, "placebos": COUNT_OR_NONE_AT_ALL,
        "checks": CHECKS,
    },
    "feasible": {"source": SOURCE, "series": NAMES, "models": MODELS, "horizons": HORIZONS},
    "file": {"config": PATH, "out": PATH, "workers": SEED},
    "follow": {"run": PATH, "data": PATH, "as_of": DAY.optional, "root": TEXT, "out": PATH},
    "forecast": READ | {"h": COUNT, "model": MODEL, "level": LEVELS},
    "load_archive": {"path": PATH.optional},
    "months": {"first": TEXT, "last": TEXT},
    "news": {"method": MODEL, "archive": SOURCE, "task": TASK, "from_day": DAY, "to_day": DAY, "seed": SEED},
    "panel": {
        "data": PANEL_SOURCE, "unit": TEXT.optional, "time": TEXT, "value": TEXT, "controls": NAMES, "season": COUNT.optional,
        "nonnegative": FLAG,
    },
    "placebo": {"source": SOURCE, "design": DESIGN, "method": ESTIMATOR, "seed": SEED},
    "predict": {"method": MODEL, "vintage": VINTAGE, "task": TASK, "seed": SEED},
    "run": {"config": PATH, "out": PATH, "workers": SEED, "fresh": FLAG, "as_of": DAY.optional},
    "scenarios": {"method": MODEL, "vintage": VINTAGE, "task": TASK, "given": SCENARIOS, "seed": SEED},
    "score": {"past": BACKTEST, "metrics": METRICS},
    "to_boe": {"what": ANSWERED},
    "to_hub": {"run": RUN},
    "untouched": {"source": SOURCE, "event": EVENT},
    "vary": {"method": ESTIMATOR, "source": SOURCE, "design": DESIGN, "seed": SEED, "placebos": COUNT_OR_NONE_AT_ALL},
}  # fmt: skip
ADDED_UP = {"Task": ("series", "months"), "Design": ("treated",)}


def check_arguments(function: str, given: Mapping[str, Any]) -> None:
    """Refuse the first argument of a public function, by its name, that is not of the kind the function takes."""
    takes = TAKES[function]
    for name, kind in takes.items():
        if name in given and not kind.accepts(given[name]):
            value = given[name]
            place = f"fc.{function}({', '.join(takes)})" if len(takes) < 7 else f"fc.{function}"
            raise ConfigError(
                f"{name} is {describe(value)}, and fc.{function} takes {kind.noun}",
                where=f"{place}, argument '{name}'",
                hint=_order(function, given, name) or _remedy(kind, value),
            )
    _check_days(function, given)
    for name in ADDED_UP.get(function, ()):
        _refuse_repeated(f"fc.{function}, argument '{name}'", given[name])


def _refuse_repeated(where: str, names: str | Iterable[str]) -> None:
    """A name that stands twice among those whose figures are added up, which would count it twice."""
    given = [names] if isinstance(names, str) else list(names)
    twice = next((one for one in dict.fromkeys(given) if given.count(one) > 1), None)
    if twice is not None:
        raise ConfigError(f"'{twice}' is named twice", where=where, hint="each of them once")


def _remedy(kind: Kind, value: Any) -> str:
    found = (
        next((kind.remedies[c.__name__] for c in type(value).__mro__ if c.__name__ in kind.remedies), "")
        if kind.remedies
        else ""
    )
    if kind.hint == EVENT_HINT and isinstance(value, str):
        return f'archive.events["{value}"], or fc.Event(id="{value}", title=..., announced=...)'
    if kind is LEVELS and isinstance(value, float) and 0 < value < 1:
        return f"level={100 * value:g}: in percent"
    return found or kind.hint


def _order(function: str, given: Mapping[str, Any], name: str) -> str:
    """The order of the arguments, where this one stands in the place of another, and that one in its place or in a third's."""
    takes = TAKES[function]
    others = [other for other, kind in takes.items() if other != name and given.get(other) is not None]
    stray = [o for o in others if not takes[o].accepts(given[o]) and takes[name].accepts(given[o])]
    fits = [o for o in others if takes[o].accepts(given[name])]
    return f"the order fc.{function}({', '.join(takes)})" if stray and fits else ""


def _check_days(function: str, given: Mapping[str, Any]) -> None:
    """A question that stands on a later day than the vintage it is put to."""
    task: Any = given.get("task")
    vintage: Any = given.get("vintage")
    if TASK.accepts(task) and VINTAGE.accepts(vintage) and task.day > vintage.day:
        raise LookAheadError(
            f"the Task stands on {task.day}, and the vintage knows what was known on {vintage.day}",
            where=f"fc.{function}, argument 'task'",
            hint="fc.Task(vintage.day, ...), or archive.as_of(the day of the Task)",
        )


def describe(value: Any) -> str:
    """A value in a few words: its text or number, else its class."""
    if value is None or isinstance(value, bool | numbers.Number):
        return repr(value)
    if isinstance(value, str):
        return f"the text '{value if len(value) <= 40 else value[:37] + '...'}'"
    if isinstance(value, list | tuple) and value:
        if len(value) < 5 and all(isinstance(one, bool | numbers.Number) for one in value):
            return repr(value)
        kinds = sorted({type(one).__name__ for one in value})
        return f"a {type(value).__name__} of {' and '.join(kinds[:3])}"
    name = value.__name__ if isinstance(value, type) else type(value).__name__
    kind = "the class" if isinstance(value, type) else "an" if name[0] in "AEIOU" else "a"
    return f"{kind} {name}"


def read_once(value: Any) -> Any:
    """A generator as a list, so that it can be looked at and still be used; anything else as it is."""
    return list(value) if isinstance(value, Iterator) else value
