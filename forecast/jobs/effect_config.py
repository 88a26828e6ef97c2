"""Questions on events in a config: what is asked, against which baselines, by which estimators, and with what changed."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from forecast.core.errors import nearest
from forecast.core.questions import BASELINES
from forecast.core.schema import check_names
from forecast.jobs.config_base import (
    ADDED_LATER,
    ConfigTable,
    Day,
    Month,
    Names,
    NonEmptyNames,
    PluginConfig,
    PlugIns,
    as_value_error,
)

UNTOUCHED = "untouched"  # donors chosen by rule: goods that no measure of their own touched
Measure = Literal["cumulative", "relative", "share", "anticipation", "net"]
Estimand = Literal["shortfall", "recovery", "net", "share", "anticipation", "relative"]


def _as_sequence(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _baselines(value: Any) -> Any:
    return [{"name": v} if isinstance(v, str) else v for v in value] if isinstance(value, list) else value


class BaselineConfig(ConfigTable):
    """One of the package's baselines by name, or an own one with its months.

    name : "year_earlier", "last_12_clean" (the 12 months before those hidden from the fit) or "last_full_year"; any other name
        with `from` and `to`
    from, to : first and last month of an own baseline
    times : its level taken so many times over, for a baseline that grows
    """

    name: str
    first: Month | None = Field(None, alias="from")
    last: Month | None = Field(None, alias="to")
    times: Annotated[float, Field(gt=0)] = 1.0

    @model_validator(mode="after")
    def _known_or_own(self) -> Self:
        with as_value_error():
            check_names([self.name])
        if (self.first is None) != (self.last is None):
            raise ValueError(f"the baseline '{self.name}' has only one end", "both its first and its last month (from, to)")
        if self.first is None and self.name not in BASELINES:
            raise ValueError(f"no baseline is called '{self.name}'", f"{nearest(self.name, BASELINES)}, or months of its own")
        return self

    @property
    def value(self) -> str | tuple[str, str, str, float]:
        """The baseline as a Design takes it."""
        return self.name if self.first is None or self.last is None else (self.name, self.first, self.last, self.times)


Months = Annotated[tuple[Annotated[int, Field(ge=0, le=36)], ...], BeforeValidator(_as_sequence)]
Steps = Annotated[tuple[Annotated[float, Field(gt=0, le=10)], ...], BeforeValidator(_as_sequence)]
Days = Annotated[tuple[Day, ...], BeforeValidator(_as_sequence)]


class SensitivityConfig(ConfigTable):
    """The same question with one thing changed (`forecast/study/effects/sensitivity.py`), put to the row's first estimator.

    lag_months : months that goods are under way
    donut : months left out after the event
    level_sd : steps of the level, put to the row's `counterfactual`
    day : earlier days on which the question is asked
    placebos : at most so many windows without an event for each answer
    """

    lag_months: Months = ()
    donut: Months = ()
    level_sd: Steps = ()
    day: Days = ()
    placebos: Annotated[int, Field(ge=0, le=200)] = 40

    @property
    def count(self) -> int:
        """Number of varied questions."""
        return len(self.lag_months) + len(self.donut) + len(self.level_sd) + len(self.day)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for key in ("lag_months", "donut", "level_sd", "day"):
            values = getattr(self, key)
            if len(set(values)) < len(values):
                raise ValueError(f"{key} holds a value twice", "each value once")
        return self


class EffectConfig(ConfigTable):
    """One question on an event: a Design in words. The first estimator is the headline, others show sensitivity.

    id : what tables and the report call the question
    question : the question in a sentence
    event : id of an event, or of several whose joint effect is asked; `ID:end` is the announced end of `ID`
    treated : the series whose change is asked, or several together
    from, to : first and last month asked; by default that in which the event took effect, and the last known one under it
    lag_months : months that goods are under way before an import can show the event
    donut : months after the start that are left out
    anticipation : months before the event's own start that traders could use, hidden from every fit; by default the event's
    estimand : what is asked: a shortfall, a recovery from one, the net of both, a share, anticipation, or a relative change
    measure : how the answer is printed
    baselines : clean periods that the months are compared with, by name or with months of their own
    baseline : name, as printed, of the baseline that the description leads with
    share_of : the series of which `treated` is a share
    donors : series that stand for what would have happened: a list, "all", or "untouched" (chosen by rule)
    diversion : countries through which trade may have moved, and patterns of series: no donors
    let_in : donors kept although diversion could reach them; the report says so
    estimators : the first gives the headline, the others are compared with it
    clean_from : first month of the past that counts as clean
    vary : the same question with one thing changed
    note : a sentence for the report
    """

    id: str
    question: str
    event: NonEmptyNames
    treated: NonEmptyNames
    first: Month | None = Field(None, alias="from")
    last: Month | None = Field(None, alias="to")
    lag_months: Annotated[int, Field(ge=0)] = 0
    donut: Annotated[int, Field(ge=0)] = 0
    anticipation: Annotated[int, Field(ge=0)] | None = None
    estimand: Estimand = "shortfall"
    measure: Measure = "cumulative"
    baselines: Annotated[tuple[BaselineConfig, ...], BeforeValidator(_baselines)] = (
        BaselineConfig(name="year_earlier"),
        BaselineConfig(name="last_12_clean"),
        BaselineConfig(name="last_full_year"),
    )
    baseline: str = ""
    share_of: str = ""
    donors: Names = ()
    diversion: Names = ()
    let_in: Annotated[Names, ADDED_LATER] = ()
    estimators: Annotated[PlugIns, Field(min_length=1)] = (PluginConfig(use="baseline"),)
    clean_from: Month | None = None
    vary: SensitivityConfig = SensitivityConfig()
    note: str = ""

    @model_validator(mode="after")
    def _share_of_something(self) -> Self:
        if self.measure == "share" and not self.share_of:
            raise ValueError("a share of nothing", "share_of, the series it is a share of")
        return self

    @model_validator(mode="after")
    def _donors_to_bar(self) -> Self:
        keywords = [name for name in self.donors if "." not in name]
        if keywords and self.donors not in ((UNTOUCHED,), ("all",)):
            hint = f"{nearest(keywords[0], (UNTOUCHED, 'all'))}, or REPORTER.flow.PARTNER.product"
            raise ValueError(f"no donor is called '{keywords[0]}'", hint)
        for word in self.diversion:
            if not re.fullmatch(r"[A-Z][A-Z0-9]{1,9}", word) and "." not in word:
                raise ValueError(f"'{word}' is no country", "its code of three letters, such as THA, or a pattern of series")
        if own := sorted({*self.let_in} & {*self.treated}):
            raise ValueError(f"'{own[0]}' is asked about, and can be no donor of itself", "let_in, without it")
        for key in ("diversion", "let_in"):
            if getattr(self, key) and not self.donors:
                raise ValueError(f"{key} is about donors, and the row has none", f'donors = "{UNTOUCHED}", or a list')
        return self

    @model_validator(mode="after")
    def _variations_possible(self) -> Self:
        if self.vary.level_sd and not self.level_estimator:
            raise ValueError("vary asks for another level_sd, and the row has no counterfactual", 'use = "counterfactual"')
        exports = [s for s in self.treated if ".export." in s]
        if self.vary.lag_months and exports:
            raise ValueError(f"vary shifts {exports[0]}, which is counted when it leaves", "lag_months of an import series")
        return self

    @property
    def level_estimator(self) -> PluginConfig | None:
        """The first estimator whose level variance can be varied."""
        return next((e for e in self.estimators if e.use == "counterfactual"), None)
