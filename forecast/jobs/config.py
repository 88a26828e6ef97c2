"""The config of a run as frozen tables; its hash names the run folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from forecast.core.default_model import default_model
from forecast.core.errors import DataError
from forecast.core.months import parse_day
from forecast.core.registry import DEFAULT_MODEL
from forecast.jobs.config_base import (
    ADDED_LATER,
    ConfigTable,
    Month,
    Names,
    NonEmptyNames,
    PluginConfig,
    PlugIns,
    as_list,
    as_spec,
    as_text,
    as_value_error,
)
from forecast.jobs.destinations_config import DestinationsConfig
from forecast.jobs.effect_config import EffectConfig
from forecast.jobs.expiry_config import ExpiryConfig
from forecast.jobs.filed_config import FiledConfig
from forecast.jobs.nowcasts import NowcastConfig
from forecast.jobs.scale_config import ScaleConfig
from forecast.jobs.scenarios import ScenarioConfig, ScenarioForecastConfig
from forecast.study.evaluate import refit as refits, truth as truths


def _latest_or_day(value: str) -> str:
    try:
        return value if value == "latest" else parse_day(value).isoformat()
    except DataError:
        raise ValueError(f"'{value}' is neither 'latest' nor a day", "YYYY-MM-DD, for example 2025-03-31") from None


def _refit_policy(value: Any) -> Any:
    with as_value_error():
        refits.refit_rule(value, "")
    return value


def _release(value: Any) -> Any:
    with as_value_error():
        truths.release_number(value)
    return value


def _tables_or_path(value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, list | tuple) and all(isinstance(item, dict) for item in value)):
        return value
    raise ValueError("these are no events", "tables [[events]], or the path of a file of [[event]] tables")


class BacktestConfig(ConfigTable):
    """Old questions on some series: cutoffs one after each release from `first` on.

    name : its name in the tables and in the report
    series : series, or patterns such as "USA.import.*"
    first, last : months of the first and the last cutoff; without `last`, as late as a figure is known to score against
    every : a cutoff in every month, quarter or year
    horizons : months ahead that are asked
    window : "expanding", the whole history, or "rolling", its last `window_months`
    window_months : length of a rolling window
    min_months : single figures known on a cutoff, below which nothing is asked
    step : every so-many-th cutoff; gap : months left out before the first asked one
    refit : "always", "event", "never" or on every so-many-th cutoff (`study/evaluate/refit.py`)
    truth : the "first", the "latest" or the k-th release of a figure that answers are marked against
    models : models of the config that are asked; without it all of them
    note : a sentence for the report
    """

    name: str
    series: NonEmptyNames
    first: Month
    last: Month | None = None
    every: Literal["month", "quarter", "year"] = "month"
    horizons: Annotated[tuple[Annotated[int, Field(ge=1, le=36)], ...], Field(min_length=1)] = (1, 3, 6, 12)
    window: Literal["expanding", "rolling"] = "expanding"
    window_months: Annotated[int, Field(ge=12)] = 60
    min_months: Annotated[int, Field(ge=1)] = 24
    step: Annotated[int, Field(ge=1)] = 1
    gap: Annotated[int, Field(ge=0, le=24)] = 0
    refit: Annotated[str | int, BeforeValidator(_refit_policy)] = "always"
    truth: Annotated[str | int, BeforeValidator(_release)] = "latest"
    models: Names = ()
    note: str = ""


class RegressorConfig(ConfigTable):
    """A control, declared once: what is known of it on a day, where its values stand, and which series it may explain.

    name : what a model calls it: controls = ["name"]
    known : "known_future", every month on every day; "observed_only", months that ended `lag_months` ago
    lag_months : months from a month's end until its value is known
    series : series that it may explain, or patterns
    of : a series of the data, as published by each day; values : by month; path : a CSV of the columns period and value
    """

    name: str
    known: Literal["known_future", "observed_only"]
    lag_months: Annotated[int, Field(ge=0, le=60)] = 0
    series: NonEmptyNames = ("*",)
    of: str = ""
    values: dict[Month, float] = Field(default_factory=dict)
    path: str = ""

    @model_validator(mode="after")
    def _from_one_place(self) -> Self:
        if sum(map(bool, (self.of, self.values, self.path))) != 1:
            hint = "one of: of = a series of the data, values = { 2025-01 = 1.0 }, path = a CSV file"
            raise ValueError(f"the values of the regressor '{self.name}' must stand in one place", hint)
        if self.of and self.known == "known_future":
            raise ValueError(f"'{self.of}' is published month by month, not known in advance", 'known = "observed_only"')
        return self


class ForecastConfig(ConfigTable):
    """What comes next: `months` from each series' own last month, where `min_months` single figures are known.

    series : series, or patterns such as "USA.import.*"
    months : months ahead
    min_months : single figures known, below which nothing is asked
    levels : intervals, per cent, whose support in the history `forecast check` judges
    models : models of the config that are asked; without it all of them
    keep_draws : keep the draws of the default model in the run folder (draws.npz), for sums of one's own
    """

    series: Names = ()
    months: Annotated[int, Field(ge=1, le=36)] = 12
    min_months: Annotated[int, Field(ge=1)] = 12
    levels: tuple[Literal[50, 80, 90, 95], ...] = (80, 95)
    models: Names = ()
    keep_draws: Annotated[bool, ADDED_LATER] = False


class ReportConfig(ConfigTable):
    """What the report opens with, and what it checks.

    summary : ids of effects for its first sentences; without it the firmest answers
    claims : check the published claims against the figures
    """

    summary: Names = ()
    claims: bool = False


class Config(ConfigTable):
    """One analysis: data, models, old questions, new questions, events.

    name : first part of the run folder's name; without it the file's own
    title : heading of the report
    seed : of all random numbers
    draws : of each forecast
    data : where figures and events come from
    as_of : "latest", or the day on which everything is asked: nothing that came out later is seen
    events : own events, as tables or as the path of a TOML file of [[event]] tables
    calendar : the events that are known, "own", "bundled" or "both"; by default both on bundled figures, else own
    models : models that are asked, each under its file's name or one of its own
    default_model : the model that the report prints first
    naive : models among which the benchmark of a comparison is chosen
    regressors : controls that models may name
    lags : months from a month's end until a figure is out, by series pattern, on top of the data's own release days
    backtest : old questions, scored against what came
    forecast : what comes next
    nowcast : months that are over, or under way, whose figures are not out
    metrics : how old answers are scored
    effects : questions on what an event changed
    checks : the gates that judge an effect, instead of the shipped ones; "shipped" stands for those not named beside it
    expiry : what an expiring measure may bring
    destinations : which flows are divided by partner
    scenarios : what might still be decided
    scenario_forecast : series that are asked under every scenario
    filed : what `forecast file` freezes before the figures come
    report : what the report opens with
    export : tables for other tools, "boe" and "hub"
    scale : where a run is done; it changes no number
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: str = ""
    seed: int = 1
    draws: Annotated[int, Field(ge=100, le=20_000)] = 1000
    data: Annotated[PluginConfig, BeforeValidator(as_spec)] = PluginConfig(use="published")
    as_of: Annotated[str, BeforeValidator(as_text), AfterValidator(_latest_or_day)] = "latest"
    events: Annotated[str | tuple[dict[str, Any], ...], BeforeValidator(_tables_or_path)] = ()
    calendar: Annotated[Literal["own", "bundled", "both"] | None, ADDED_LATER] = None
    models: PlugIns = ()
    default_model: str = ""
    naive: Names = ()
    regressors: tuple[RegressorConfig, ...] = ()
    lags: dict[str, Annotated[int, Field(ge=0, le=60)]] = Field(default_factory=dict)
    backtest: tuple[BacktestConfig, ...] = ()
    forecast: ForecastConfig = ForecastConfig()
    nowcast: tuple[NowcastConfig, ...] = ()
    metrics: PlugIns = tuple(
        PluginConfig(use=name) for name in ("crps", "wis", "mae", "mase", "rmsse", "smape", "coverage", "bias")
    )
    effects: tuple[EffectConfig, ...] = ()
    checks: Annotated[PlugIns, ADDED_LATER] = ()
    expiry: tuple[ExpiryConfig, ...] = ()
    destinations: Annotated[DestinationsConfig, ADDED_LATER] = DestinationsConfig()
    scenarios: tuple[ScenarioConfig, ...] = ()
    scenario_forecast: ScenarioForecastConfig = ScenarioForecastConfig()
    filed: Annotated[FiledConfig, ADDED_LATER] = FiledConfig()
    report: ReportConfig = ReportConfig()
    export: Annotated[tuple[Literal["boe", "hub"], ...], BeforeValidator(as_list)] = ()
    scale: ScaleConfig = Field(default=ScaleConfig(), exclude=True)
    origin: Path = Field(default=Path("."), exclude=True)

    @model_validator(mode="after")
    def _models_for_questions(self) -> Self:
        if not self.models and (self.backtest or self.forecast.series or self.nowcast):
            raise ValueError("the config asks what comes next, and names no model", f'[[models]] with use = "{DEFAULT_MODEL}"')
        return self

    @property
    def resolved(self) -> dict[str, Any]:
        """The config with its defaults, as it stands in run.json; a word added later only where it is used."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def on_bundled_data(self) -> bool:
        """Whether bundled figures are among the data: they are all of them, or own ones are joined to them."""
        more = self.data.model_extra or {}
        return self.data.use == "published" or (self.data.use == "csv" and more.get("join") is True)

    @property
    def told_model(self) -> str:
        """The model whose months ahead are told first."""
        return default_model([self.default_model], self.forecast.models or [m.label for m in self.models])

    @property
    def hash8(self) -> str:
        """Hash of the resolved config."""
        return hashlib.sha256(json.dumps(self.resolved, sort_keys=True).encode()).hexdigest()[:8]

    @property
    def check_specs(self) -> tuple[dict[str, Any], ...] | None:
        """The specs of the gates that judge its effects; None for the shipped ones."""
        return tuple(check.spec for check in self.checks) or None

    def spec(self, model: str) -> dict[str, Any]:
        """The spec of a model by its name, with the specs of its members."""
        return next(self.full_spec(m) for m in self.models if m.label == model)

    def full_spec(self, model: PluginConfig) -> dict[str, Any]:
        """The spec of a model, in which members named in the config are replaced by their own specs."""
        spec = model.spec
        if "members" in spec:
            known = {m.label: m for m in self.models}
            spec["members"] = [self.full_spec(known[name]) if name in known else name for name in spec["members"]]
        return spec

    def members(self, model: str) -> tuple[str, ...]:
        """Names of the members of a model."""
        config = next(m for m in self.models if m.label == model)
        return tuple((config.model_extra or {}).get("members", ()))
