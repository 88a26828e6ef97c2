"""The tables of a run folder. One class per row declares the columns in order, their types, units and labels.

A column that is not given is null. When read, null texts become "", null numbers NaN, null counts and flags None. A column
whose unit is "unit" or "level_unit" has the unit named in that column of its row; one without a unit has no dimension.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

from forecast.core.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd
    from _typeshed import DataclassInstance

SCHEMA_VERSION = 2  # 2: sums of months have a table of their own
JOIN = "; "  # separates several names in one text column (baselines)
ROWS: dict[str, type] = {}  # table -> class of its rows, in the order in which tables are written

T = TypeVar("T")
R = TypeVar("R", bound="DataclassInstance")  # a row of some table
K = TypeVar("K", bound=Hashable)


def column(label: str, unit: str = "") -> Any:
    """Declare a column, null unless given, with its label for readers and the unit of its figures."""
    return field(default=None, metadata={"label": label, "unit": unit})


@dataclass_transform(kw_only_default=True, frozen_default=True)
def table(name: str) -> Callable[[type[T]], type[T]]:
    """Register a class as the rows of a table: a frozen dataclass whose columns are given by keyword."""

    def register(cls: type[T]) -> type[T]:
        ROWS[name] = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        return ROWS[name]

    return register


@table("forecasts")
class ForecastRow:
    """A forecast of one month, by one model from one cutoff."""

    job: str = column("question and method")
    model: str = column("model")
    model_used: str = column("model that answered")
    series: str = column("series")
    unit: str = column("unit")
    cutoff: str = column("cutoff")
    month: str = column("month")
    horizon: int | None = column("months after the cutoff", "months")
    h_info: int | None = column("months after the last known one", "months")
    mean: float = column("mean", "unit")
    q025: float = column("2.5 % quantile", "unit")
    q05: float = column("5 % quantile", "unit")
    q10: float = column("10 % quantile", "unit")
    q25: float = column("25 % quantile", "unit")
    q50: float = column("50 % quantile", "unit")
    q75: float = column("75 % quantile", "unit")
    q90: float = column("90 % quantile", "unit")
    q95: float = column("95 % quantile", "unit")
    q975: float = column("97.5 % quantile", "unit")
    truth: float = column("published", "unit")
    regressors: str = column("regressors")
    dropped: str = column("regressors dropped")
    scale: str = column("working scale")
    n_split: int | None = column("months split from a sum", "months")
    n_filled: int | None = column("months filled", "months")
    notes: str = column("notes")
    fitted_on: str = column("parameters of")
    vintage: str = column("kind of vintage")
    group: str = column("group")


@table("sums")
class SumRow(ForecastRow):
    """A forecast of a sum of months: a published sum, the total of the horizon, or that of a scenario."""

    scenario: str = column("scenario")


@table("scores")
class ScoreRow:
    """One metric of one forecast."""

    job: str = column("question and method")
    model: str = column("model")
    series: str = column("series")
    cutoff: str = column("cutoff")
    month: str = column("month")
    horizon: int | None = column("months after the cutoff", "months")
    h_info: int | None = column("months after the last known one", "months")
    metric: str = column("metric")
    value: float = column("value")
    regime: str = column("regime")
    jan_mar: int | None = column("January to March")
    vintage: str = column("kind of vintage")
    group: str = column("group")


@table("effects")
class EffectRow:
    """The answer of one estimator to one question on an event: estimate, description and verdict; a failure has no figures."""

    job: str = column("question and method")
    estimator: str = column("estimator")
    event: str = column("event")
    series: str = column("series")
    unit: str = column("unit")
    basis: str = column("basis")
    lag_months: int | None = column("months under way", "months")
    months_from: str = column("first month")
    months_to: str = column("last month")
    estimand: str = column("estimand")
    measure: str = column("measure")
    baseline: str = column("baseline")
    estimate: float = column("estimate", "unit")
    lo80: float = column("lower bound, 80 %", "unit")
    hi80: float = column("upper bound, 80 %", "unit")
    lo95: float = column("lower bound, 95 %", "unit")
    hi95: float = column("upper bound, 95 %", "unit")
    p_value: float = column("p-value", "probability")
    p_floor: float = column("smallest p possible", "probability")
    mde80: float = column("effect seen with power 80 %", "unit")
    n_clean: int | None = column("clean months", "months")
    n_span: int | None = column("sums of months", "count")
    n_placebo: int | None = column("placebos in time", "count")
    verdict: str = column("verdict")
    reading: str = column("reading")
    desc_estimate: float = column("observed less baseline", "unit")
    desc_lo: float = column("least over baselines", "unit")
    desc_hi: float = column("most over baselines", "unit")
    id: str = column("row")
    question: str = column("question")
    role: str = column("role")
    because: str = column("because")
    months_observed: str = column("months observed")
    observed_total: float = column("observed", "level_unit")
    expected: float = column("baseline", "level_unit")
    note: str = column("note")
    used: str = column("what the estimator did")
    level_unit: str = column("unit of levels")
    baselines: str = column("baselines")
    anticipation: float = column("brought forward", "level_unit")
    anticipation_lo80: float = column("brought forward, lower bound, 80 %", "level_unit")
    anticipation_hi80: float = column("brought forward, upper bound, 80 %", "level_unit")
    net: float = column("net of what was brought forward", "level_unit")
    net_lo80: float = column("net of what was brought forward, lower bound, 80 %", "level_unit")
    net_hi80: float = column("net of what was brought forward, upper bound, 80 %", "level_unit")
    breakdown: float = column("breakdown value", "ratio")
    n_space: int | None = column("placebos in space", "count")
    n_apart: int | None = column("placebos apart", "count")
    verdict_family: str = column("verdict over the run")
    because_family: str = column("because, over the run")
    p_rank: float = column("rank p among placebo windows", "probability")
    p_rank_floor: float = column("smallest rank p possible", "probability")
    score: str = column("what the test compares")
    freedom: float = column("degrees of freedom", "count")
    margin: float = column("smallest margin of no material effect", "ratio")
    calibration: float = column("factor of the intervals from placebo windows", "ratio")


@table("paths")
class PathRow:
    """One month of an effect: observed, counterfactual and their difference."""

    job: str = column("question and method")
    series: str = column("series")
    month: str = column("month")
    observed: float = column("observed", "unit")
    counterfactual_q025: float = column("counterfactual, 2.5 % quantile", "unit")
    counterfactual_q10: float = column("counterfactual, 10 % quantile", "unit")
    counterfactual_q50: float = column("counterfactual, 50 % quantile", "unit")
    counterfactual_q90: float = column("counterfactual, 90 % quantile", "unit")
    counterfactual_q975: float = column("counterfactual, 97.5 % quantile", "unit")
    effect_q025: float = column("effect, 2.5 % quantile", "unit")
    effect_q10: float = column("effect, 10 % quantile", "unit")
    effect_q50: float = column("effect, 50 % quantile", "unit")
    effect_q90: float = column("effect, 90 % quantile", "unit")
    effect_q975: float = column("effect, 97.5 % quantile", "unit")
    effect_band_lo: float = column("effect, lower edge of the simultaneous band, 90 %", "unit")
    effect_band_hi: float = column("effect, upper edge of the simultaneous band, 90 %", "unit")


@table("placebos")
class PlaceboRow:
    """An effect estimated where the true one is zero: on an earlier window, or on a donor."""

    job: str = column("question and method")
    kind: str = column("kind")
    series: str = column("series")
    start: str = column("start")
    cumulative: float = column("cumulative", "unit")
    relative: float = column("share of the counterfactual", "ratio")
    z: float = column("normal score of its test")


@table("gates")
class GateRow:
    """One check of one effect."""

    job: str = column("question and method")
    gate: str = column("gate")
    outcome: str = column("outcome")
    value: float = column("value")
    threshold: float = column("threshold")
    reason: str = column("reason")
    family: bool | None = column("judged over the run")


@table("observations")
class ObservationRow:
    """A figure as the run saw it."""

    series: str = column("series")
    period: str = column("period")
    value: float = column("value", "unit")
    unit: str = column("unit")
    status: str = column("status")
    stage: str = column("stage")
    kind: str = column("kind")
    released: str = column("released")
    basis: str = column("basis")
    source: str = column("source")
    url: str = column("address")
    derived_from: str = column("derived from")


@table("comparisons")
class ComparisonRow:
    """One model of a group of questions against the benchmark, by one metric."""

    model: str = column("model")
    benchmark: str = column("benchmark")
    metric: str = column("metric")
    group: str = column("group")
    ratio: float = column("ratio to the benchmark", "ratio")
    lo90: float = column("lower bound, 90 %", "ratio")
    hi90: float = column("upper bound, 90 %", "ratio")
    n: int | None = column("questions", "count")
    n_cutoffs: int | None = column("cutoffs", "count")
    note: str = column("note")
    n_series: int | None = column("series", "count")
    failures: int | None = column("left unanswered", "count")
    rank: int | None = column("rank")
    tied: bool | None = column("tied")
    dm_p: float = column("Diebold-Mariano p", "probability")
    gw_p: float = column("Giacomini-White p", "probability")
    in_mcs: bool | None = column("in the model confidence set")
    mcs_p: float = column("model confidence set p", "probability")
    mz_p: float = column("Mincer-Zarnowitz p", "probability")
    mz_intercept: float = column("Mincer-Zarnowitz intercept", "ratio")
    mz_slope: float = column("Mincer-Zarnowitz slope", "ratio")
    text: str = column("in words")


@table("failures")
class FailureRow:
    """A question that a method could not answer, and why."""

    job: str = column("question and method")
    method: str = column("method")
    question: str = column("question")
    series: str = column("series")
    reason: str = column("reason")
    detail: str = column("detail")
    cause: str = column("kind of reason")


@table("regimes")
class RegimeRow:
    """Mean and range of the monthly figures in a named period."""

    series: str = column("series")
    unit: str = column("unit")
    regime: str = column("regime")
    months_from: str = column("first month")
    months_to: str = column("last month")
    mean: float = column("mean", "unit")
    lo: float = column("least", "unit")
    hi: float = column("most", "unit")
    n: int | None = column("months", "months")
    reading: str = column("reading")


@table("ledger")
class LedgerRow:
    """A line of an account of where trade went: an entry, a route, a flow, an origin, the share, an identity, or a remark."""

    question: str = column("question")
    place: int | None = column("place in the account")
    kind: str = column("kind")
    item: str = column("item")
    country: str = column("country")
    event: str = column("event")
    exporter: str = column("exporter")
    destination: str = column("destination")
    product: str = column("product")
    unit: str = column("unit")
    reading: str = column("reading")
    months_from: str = column("first month")
    months_to: str = column("last month")
    months: int | None = column("months", "months")
    series: str = column("series")
    state: str = column("state")
    at_lower: float = column("at the lower bound of rerouting", "unit")
    at_upper: float = column("at the upper bound of rerouting", "unit")
    lo95: float = column("lower 95 % limit", "unit")
    hi95: float = column("upper 95 % limit", "unit")
    p_value: float = column("p-value, one-sided")
    p_holm: float = column("p-value by Holm over the countries")
    own_sources: float = column("own sources", "unit")
    wanted: str = column("what would fill it")
    note: str = column("remark")


@table("claims")
class ClaimRow:
    """A published claim, computed from the bundled figures."""

    id: str = column("row")
    claim: str = column("claim")
    source: str = column("source")
    url: str = column("address")
    verdict: str = column("verdict")
    computed: float = column("computed", "unit")
    low: float = column("low", "unit")
    high: float = column("high", "unit")
    unit: str = column("unit")
    arithmetic: str = column("arithmetic")
    settle: str = column("what would settle it")


@table("parts")
class PartRow:
    """The share of one event in the effect of a cluster."""

    job: str = column("question and method")
    event: str = column("event")
    estimate: float = column("estimate", "unit")
    lo80: float = column("lower bound, 80 %", "unit")
    hi80: float = column("upper bound, 80 %", "unit")
    lo95: float = column("lower bound, 95 %", "unit")
    hi95: float = column("upper bound, 95 %", "unit")


@table("recovered")
class RecoveredRow:
    """Lost or delayed: the loss of a question up to a month, then what came back of it; one row where that is not known."""

    job: str = column("question and method")
    id: str = column("row")
    month: str = column("up to")
    state: str = column("how far it is known")
    reason: str = column("why not")
    turned_by: str = column("what ended or eased the measure")
    turned: str = column("on the day")
    months_from: str = column("first month of the loss")
    months_to: str = column("last month of the loss")
    since_from: str = column("first month after it")
    since_to: str = column("last month after it")
    unit: str = column("unit")
    lost: float = column("lost", "unit")
    lost_lo80: float = column("lost, lower bound, 80 %", "unit")
    lost_hi80: float = column("lost, upper bound, 80 %", "unit")
    lost_lo95: float = column("lost, lower bound, 95 %", "unit")
    lost_hi95: float = column("lost, upper bound, 95 %", "unit")
    back: float = column("came back", "unit")
    back_lo80: float = column("came back, lower bound, 80 %", "unit")
    back_hi80: float = column("came back, upper bound, 80 %", "unit")
    back_lo95: float = column("came back, lower bound, 95 %", "unit")
    back_hi95: float = column("came back, upper bound, 95 %", "unit")
    share: float = column("came back, share of the loss", "ratio")
    share_lo80: float = column("share, lower bound, 80 %", "ratio")
    share_hi80: float = column("share, upper bound, 80 %", "ratio")
    share_lo95: float = column("share, lower bound, 95 %", "ratio")
    share_hi95: float = column("share, upper bound, 95 %", "ratio")
    left: float = column("loss and excess together", "unit")
    left_lo95: float = column("together, lower bound, 95 %", "unit")
    left_hi95: float = column("together, upper bound, 95 %", "unit")
    baseline: str = column("baseline of the description")
    desc_lost: float = column("observed less baseline in the months of the loss", "unit")
    desc_back: float = column("observed less baseline in the months after", "unit")
    unknown: str = column("months without a figure")
    others: str = column("other measures in the months after")
    standing: str = column("other measures that began before these months and held in them")
    holding: str = column("measures asked about that go on after it")


@table("mirror_gaps")
class MirrorGapRow:
    """ln of the exporter's record less ln of the importer's before and after a measure; or its contrast between goods.

    In a contrast, which names no product, the change is that of controlled goods less that of others, and the two counts are
    those of the goods.
    """

    event: str = column("event")
    exporter: str = column("exporter")
    destination: str = column("destination")
    product: str = column("product")
    controlled: bool | None = column("under control")
    state: str = column("how far it is known")
    wanted: str = column("what would fill it")
    lag_months: int | None = column("months under way", "months")
    n_before: int | None = column("months before, or goods under control", "count")
    n_after: int | None = column("months after, or other goods", "count")
    gap_before: float = column("mean gap before, log")
    gap_after: float = column("mean gap after, log")
    change: float = column("change of the gap, log")
    change_lo95: float = column("change, lower bound, 95 %")
    change_hi95: float = column("change, upper bound, 95 %")
    n_turned: int | None = column("months after that lie after its end or easing, of goods under control at most", "count")


@table("sensitivity")
class SensitivityRow:
    """A question on an event with one setting changed, and its answer."""

    job: str = column("question and method")
    what: str = column("what was changed")
    value: str = column("changed to")
    estimate: float = column("estimate", "unit")
    lo80: float = column("lower bound, 80 %", "unit")
    hi80: float = column("upper bound, 80 %", "unit")
    lo95: float = column("lower bound, 95 %", "unit")
    hi95: float = column("upper bound, 95 %", "unit")
    verdict: str = column("verdict")
    reading: str = column("reading")
    because: str = column("because")
    desc_estimate: float = column("observed less baseline", "unit")
    observed_total: float = column("observed", "level_unit")
    months_from: str = column("first month")
    months_to: str = column("last month")
    id: str = column("row")
    estimator: str = column("estimator")
    baseline: str = column("baseline")
    months_observed: str = column("months observed")
    expected: float = column("baseline", "level_unit")
    p_value: float = column("p-value", "probability")
    p_floor: float = column("smallest p possible", "probability")
    mde80: float = column("effect seen with power 80 %", "unit")
    n_clean: int | None = column("clean months", "months")
    n_placebo: int | None = column("placebos in time", "count")
    n_apart: int | None = column("placebos apart", "count")


@table("scenarios")
class ScenarioForecastRow:
    """A forecast of one month under one scenario."""

    job: str = column("question and method")
    scenario: str = column("scenario")
    probability: float = column("probability", "probability")
    basis: str = column("basis")
    model: str = column("model")
    model_used: str = column("model that answered")
    series: str = column("series")
    unit: str = column("unit")
    cutoff: str = column("cutoff")
    month: str = column("month")
    horizon: int | None = column("months after the cutoff", "months")
    h_info: int | None = column("months after the last known one", "months")
    mean: float = column("mean", "unit")
    q025: float = column("2.5 % quantile", "unit")
    q05: float = column("5 % quantile", "unit")
    q10: float = column("10 % quantile", "unit")
    q25: float = column("25 % quantile", "unit")
    q50: float = column("50 % quantile", "unit")
    q75: float = column("75 % quantile", "unit")
    q90: float = column("90 % quantile", "unit")
    q95: float = column("95 % quantile", "unit")
    q975: float = column("97.5 % quantile", "unit")
    notes: str = column("notes")


@table("news")
class NewsRow:
    """The contribution of one release to the change of a nowcast between two days."""

    target: str = column("target")
    ref_month: str = column("month")
    vintage_from: str = column("from")
    vintage_to: str = column("to")
    nowcast_from: float = column("nowcast before", "unit")
    nowcast_to: float = column("nowcast after", "unit")
    source: str = column("source")
    series: str = column("series")
    release_month: str = column("month released")
    kind: str = column("kind")
    expected: float = column("expected", "unit")
    actual: float = column("actual", "unit")
    weight: float = column("weight")
    impact: float = column("impact", "unit")
    model: str = column("model")
    released: str = column("released")
    model_used: str = column("model that answered")


@table("calendar")
class ReleaseRow:
    """A release that is due, of a series that a nowcast asks about."""

    group: str = column("group")
    day: str = column("day")
    series: str = column("series")
    month: str = column("month")
    source: str = column("source")
    stage: str = column("stage")
    basis: str = column("basis")
    ahead: int | None = column("days ahead", "days")
    horizon: int | None = column("months after the cutoff", "months")
    together: bool | None = column("released together")


@table("destinations")
class DestinationRow:
    """A figure on one partner of a flow, or on how the flow divides; `measure` says which."""

    reporter: str = column("reporter")
    flow: str = column("flow")
    product: str = column("product")
    measure: str = column("measure")
    partner: str = column("partner")
    month: str = column("month")
    value: float = column("value", "unit")
    lo: float = column("least", "unit")
    hi: float = column("most", "unit")
    unit: str = column("unit")
    status: str = column("status")
    event: str = column("event")
    level: float = column("part of the level before", "ratio")
    n: int | None = column("figures", "count")
    note: str = column("note")


KINDS = {"str": "text", "int | None": "whole", "float": "real", "bool | None": "flag"}
TABLES = tuple(ROWS)
COLUMNS: dict[str, dict[str, str]] = {name: {f.name: KINDS[str(f.type)] for f in fields(row)} for name, row in ROWS.items()}
NULLS: dict[str, Any] = {"text": "", "whole": None, "real": math.nan, "flag": None}


def label(row: type[DataclassInstance], name: str) -> str:
    """The label of a column for readers."""
    return str(row.__dataclass_fields__[name].metadata["label"])


def unit(row: type[DataclassInstance], name: str) -> str:
    """The unit of a column's figures."""
    return str(row.__dataclass_fields__[name].metadata["unit"])


def table_of(row: type) -> str:
    """The table whose rows a class declares."""
    return next(name for name, declared in ROWS.items() if declared is row)


def frame(row: type, rows: Iterable[Any]) -> pd.DataFrame:
    """Rows of one table as a DataFrame with its columns in order."""
    import pandas as pd

    names = [f.name for f in fields(row)]
    return pd.DataFrame([[getattr(r, name) for name in names] for r in rows], columns=names)


def rows_of(row: type[R], table: pd.DataFrame) -> list[R]:
    """The rows of a table; unknown columns of other versions are dropped, missing ones are null."""
    kinds = {f.name: KINDS[str(f.type)] for f in fields(row)}
    present = {name: _cells(table[name].tolist(), kind) for name, kind in kinds.items() if name in table.columns}
    missing = {name: NULLS[kind] for name, kind in kinds.items() if name not in present}
    return [row(**dict(zip(present, cells, strict=True)), **missing) for cells in zip(*present.values(), strict=True)]


def _cells(cells: list[Any], kind: str) -> list[Any]:
    null, convert = NULLS[kind], {"whole": int, "flag": bool}.get(kind)
    return [null if cell is None or cell != cell else convert(cell) if convert else cell for cell in cells]


def group_rows(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Rows by a key of theirs, keys in the order in which they first appear."""
    found: dict[K, list[T]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def divide_figures(row: R, scale: float, unit: str = "unit") -> R:
    """The row in another unit: every figure in its own unit, or in that of its levels, divided by a scale."""
    own = {f.name: getattr(row, f.name) / scale for f in fields(row) if f.metadata["unit"] == unit}
    return dataclasses.replace(row, **own)


def cells_of(row: type, cells: Mapping[str, Any]) -> dict[str, Any]:
    """The cells for which the table has a column."""
    return {f.name: cells[f.name] for f in fields(row) if f.name in cells}


def record(row: Any, **more: Any) -> dict[str, Any]:
    """A row as a dictionary of its columns, with further entries."""
    return {f.name: getattr(row, f.name) for f in dataclasses.fields(row)} | more


def join_names(names: Iterable[str]) -> str:
    """Names of baselines as the text of one column; `split_names` is the inverse for names that `check_names` accepts."""
    return JOIN.join(names)


def split_names(text: str) -> list[str]:
    """The names of baselines in the text of a column."""
    return text.split(JOIN) if text else []


def check_names(names: Iterable[str]) -> None:
    """Refuse names of baselines that could not be read back from a column."""
    for name in names:
        if not name or JOIN in name:
            problem = f"the name of the baseline '{name}' holds '{JOIN}', which separates names in a table"
            hint = "another name, with a comma for example"
            raise ConfigError(problem if name else "a baseline has an empty name", hint=hint)
