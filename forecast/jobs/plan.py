"""Plan: a config and its archive become batches of jobs, fixed before anything is done."""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, DataError, nearest
from forecast.core.events import Event, EventCalendar
from forecast.core.products import products
from forecast.core.questions import Design, Task
from forecast.core.results import Finding
from forecast.core.scenario import Scenario
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage
from forecast.jobs.config import UNTOUCHED, BacktestConfig, Config, EffectConfig, SensitivityConfig
from forecast.jobs.declared_regressors import real_time_view
from forecast.jobs.nowcasts import NewsQuestion, NowcastConfig, asking_rows, questions as asked_now
from forecast.jobs.scenarios import ScenarioQuestion, askable_scenarios, scenario_questions
from forecast.study.data.real_time import RealTimeView
from forecast.study.effects.untouched import untouched
from forecast.study.evaluate.backtest import BacktestQuestion, backtest_questions, scorable_questions
from forecast.study.evaluate.cutoffs import cutoffs
from forecast.study.evaluate.score import job_of
from forecast.study.evaluate.truth import truth_of, vintage_kind

CHUNK = 6  # series of one backtest batch: fine enough to share out, coarse enough for models that work on whole batches
OWN_DAY = "next months"  # the group of questions that stand on the run's own day


@dataclass(frozen=True)
class Batch:
    """Jobs done and cached together: one model on some old or new questions, or all estimators on one event.

    `spec` holds the model's words (of an event: the estimators' words by name), `rests_on` the batches whose draws it
    is handed. With `vary` the batch asks the question of an event otherwise, as often as these words say. `now`: nowcasts,
    which are not scored even where they stand on an earlier day; `moved`: a nowcast to be taken apart.
    """

    name: str
    label: str
    spec: dict[str, Any]
    group: str
    stage: int = 0
    pasts: tuple[BacktestQuestion, ...] = ()
    horizons: tuple[int, ...] = ()
    rests_on: tuple[str, ...] = ()
    keep: bool = False
    truth: str | int = "latest"
    row: EffectConfig | None = None
    design: Design | None = None
    vary: SensitivityConfig | None = None
    outlook: ScenarioQuestion | None = None
    now: bool = False
    moved: NewsQuestion | None = None

    @property
    def scored(self) -> bool:
        """Whether the answers are old ones, with a known truth."""
        return self.group != OWN_DAY and not self.now


@dataclass(frozen=True)
class Plan:
    """All batches of a run, in the order in which they may be done: stage by stage."""

    config: Config
    archive: Archive
    vintage: Vintage
    batches: tuple[Batch, ...]
    door: RealTimeView
    findings: tuple[Finding, ...] = ()
    groups: dict[str, tuple[BacktestQuestion, ...]] = field(default_factory=dict)

    @property
    def stages(self) -> list[list[Batch]]:
        """Batches by stage; the larger ones of a stage first, so that no worker waits for a late long one."""
        found: dict[int, list[Batch]] = {}
        for batch in self.batches:
            found.setdefault(batch.stage, []).append(batch)
        return [sorted(found[s], key=lambda b: (-len(b.pasts), b.row is None, b.name)) for s in sorted(found)]

    @property
    def nowcasts(self) -> dict[str, NowcastConfig]:
        """Groups of nowcasts by name."""
        return {row.name: row for row in self.config.nowcast}

    @property
    def counts(self) -> dict[str, int]:
        """Questions and methods, for `check` and run.json."""
        asked = sum(len(p) for g, p in self.groups.items() if g != OWN_DAY and g not in self.nowcasts)
        return {
            "models": len(self.config.models),
            "backtest questions": asked,
            "backtest answers": sum(len(b.pasts) for b in self.batches if b.scored),
            "forecast questions": len(self.groups.get(OWN_DAY, ())),
            "forecast answers": sum(len(b.pasts) for b in self.batches if b.group == OWN_DAY),
            "nowcast questions": sum(len(self.groups[name]) for name in self.nowcasts),
            "nowcast answers": sum(len(b.pasts) for b in self.batches if b.now),
            "nowcasts taken apart": sum(b.moved is not None for b in self.batches),
            "effect questions": len(self.config.effects),
            "effect answers": sum(len(row.estimators) for row in self.config.effects),
            "scenario forecasts": sum(len(b.outlook.given) for b in self.batches if b.outlook),
            "variations": sum(b.vary.count for b in self.batches if b.vary),
            "batches": len(self.batches),
        }


def make_plan(config: Config, archive: Archive) -> Plan:
    """Questions x methods; nothing is computed."""
    vintage = archive.latest if config.as_of == "latest" else archive.as_of(config.as_of)
    door = real_time_view(config, archive)
    place = config.origin.name
    groups: dict[str, tuple[BacktestQuestion, ...]] = {}
    batches: list[Batch] = []
    findings: list[Finding] = []
    for i, group in enumerate(config.backtest):
        where = f"{place}, [[backtest]] {i + 1}, series"
        truth = vintage if group.truth == "latest" else truth_of(archive, group.truth, vintage.day)
        pasts = _past_questions(config, group, series_matching(group.series, archive.series, where), door, vintage.day, truth)
        groups[group.name] = tuple(pasts)
        findings += _findings_unasked(group, series_matching(group.series, archive.series, where), pasts)
        batches += _task_batches(config, group.name, pasts, group.horizons, group.models, group.truth)
    names = series_matching(config.forecast.series, archive.series, f"{place}, [forecast], series")
    short = [name for name in names if _known_months(door.as_of(vintage.day), name) < config.forecast.min_months]
    findings += [Finding("forecast", f"fewer than {config.forecast.min_months} known months: not forecast", s) for s in short]
    groups[OWN_DAY] = tuple(_present_questions(config, door.as_of(vintage.day), [n for n in names if n not in short]))
    batches += _task_batches(config, OWN_DAY, groups[OWN_DAY], (), config.forecast.models)
    series = [
        series_matching(r.series, archive.series, f"{place}, [[nowcast]] {i + 1}, series") for i, r in enumerate(config.nowcast)
    ]
    taken = asking_rows(config.nowcast, series, vintage.day)
    for row, named in zip(config.nowcast, series, strict=True):
        now, earlier, moved, told = asked_now(row, named, door, vintage.day, config.draws, taken)
        groups |= {row.name: tuple(now), row.before: tuple(earlier)}
        findings += told
        batches += _nowcast_batches(config, row, now, earlier, moved)
    for i, effect in enumerate(config.effects):
        later = [e for e in effect.event if e in archive.events and e not in vintage.events]
        if later:
            findings.append(Finding("effect", f"not asked: {', '.join(later)} not announced by {vintage.day}", effect.id))
            continue
        batches += _effect_batches(effect, archive, vintage, f"{place}, [[effects]] {i + 1}")
        findings += _findings_out_of_scope(effect, archive.events)
    given, left = askable_scenarios(config.scenarios, door.as_of(vintage.day), [e.id for e in archive.events], place)
    findings += [Finding("scenario", text, "[[scenarios]]") for text in left]
    batches += _scenario_batches(config, archive, door.as_of(vintage.day), given, place)
    _check_unique_jobs(batches, place)
    return Plan(config, archive, vintage, tuple(batches), door, tuple(findings), groups)


def series_matching(patterns: Iterable[str], known: Sequence[str], where: str) -> list[str]:
    """Series that fit the patterns (`*` any text), in the order of the patterns; a pattern that fits none is an error."""
    out: list[str] = []
    for pattern in patterns:
        found = fnmatch.filter(known, pattern)
        if "*" in pattern and ":" not in pattern:
            found = [s for s in found if ":" not in s]
        if not found:
            raise ConfigError(f"no series is called '{pattern}'", where=where, hint=_nearest_series(pattern, known))
        out += [s for s in found if s not in out]
    return out


def _nearest_series(name: str, known: Sequence[str]) -> str:
    hint = nearest(name, known)
    return hint if hint.startswith("'") else "forecast list series"


def _known_months(vintage: Vintage, series: str) -> int:
    return vintage.observed(series).count if vintage.knows(series) else 0


def _past_questions(
    config: Config, group: BacktestConfig, series: Sequence[str], door: RealTimeView, today: dt.date, truth: Vintage
) -> list[BacktestQuestion]:
    """The old questions of a group that `truth` can answer."""
    out: list[BacktestQuestion] = []
    if f"{today:%Y-%m}" < group.first:
        return out
    for name in series:
        days = cutoffs(group.first, group.last or today, group.every, series=name, archive=door)
        found = backtest_questions(
            door, [name], [day for day in days if day < today], max(group.horizons), window=group.window,
            window_months=group.window_months, min_months=group.min_months, draws=config.draws, gap=group.gap,
            step=group.step, refit=group.refit,
        )  # fmt: skip
        out += scorable_questions(found, truth)
    return out


def _findings_unasked(group: BacktestConfig, series: Sequence[str], pasts: Sequence[BacktestQuestion]) -> list[Finding]:
    asked = {past.series for past in pasts}
    return [
        Finding("backtest", f"no cutoff from {group.first} on with {group.min_months} known months and a later figure", name)
        for name in series
        if name not in asked
    ]


def _present_questions(config: Config, vintage: Vintage, names: Iterable[str]) -> list[BacktestQuestion]:
    """The months after each series' own last one, standing on the run's day."""
    out = []
    for name in names:
        last = vintage.last_month(name)
        asked = [vintage.steps.label(last + h) for h in range(1, config.forecast.months + 1)]
        out.append(
            BacktestQuestion(Task(vintage.day, name, asked, draws=config.draws), last, known=vintage_kind(vintage, name))
        )
    return out


def _task_batches(
    config: Config,
    group: str,
    pasts: Sequence[BacktestQuestion],
    horizons: Sequence[int],
    chosen: Sequence[str],
    truth: str | int = "latest",
) -> list[Batch]:
    """One batch per model and chunk of series; members of a combination come a stage earlier."""
    if not pasts:
        return []
    names = list(dict.fromkeys(past.series for past in pasts))
    size = CHUNK if group != OWN_DAY else len(names)
    chunks = [set(names[i : i + size]) for i in range(0, len(names), size)]
    models = models_of(config, chosen)
    needed = {member for model in models for member in config.members(model)}
    stages = _stages(config, models)
    return [
        Batch(
            name=_batch_name(group, model, k),
            label=model,
            spec=config.spec(model),
            group=group,
            stage=stages[model],
            pasts=tuple(past for past in pasts if past.series in chunk),
            horizons=tuple(horizons),
            rests_on=tuple(_batch_name(group, member, k) for member in config.members(model)),
            keep=model in needed,
            truth=truth,
        )
        for model in models
        for k, chunk in enumerate(chunks)
    ]


def _nowcast_batches(
    config: Config,
    row: NowcastConfig,
    now: Sequence[BacktestQuestion],
    earlier: Sequence[BacktestQuestion],
    moved: Sequence[NewsQuestion],
) -> list[Batch]:
    """The nowcasts by all models of a row, those of earlier months, and what moved the first model's, series by series."""
    first = row.models[0]
    return [
        *(replace(batch, now=True) for batch in _task_batches(config, row.name, now, (), row.models)),
        *_task_batches(config, row.before, earlier, (1,), row.models),
        *(Batch(f"news|{row.name}|{m.task.series[0]}", first, config.spec(first), row.name, now=True, moved=m) for m in moved),
    ]


def _scenario_batches(config: Config, archive: Archive, vintage: Vintage, given: Sequence[Scenario], place: str) -> list[Batch]:
    """One batch a series, because its scenarios are pooled where they have probabilities."""
    part = config.scenario_forecast
    names = series_matching(part.series, archive.series, f"{place}, [scenario_forecast], series")
    spec = config.spec(part.model) if part.model in [m.label for m in config.models] else {"use": part.model}
    return [
        Batch(f"scenarios|{part.model}|{o.task.series[0]}", part.model, spec, "scenarios", outlook=o)
        for o in scenario_questions(names, given, vintage, part.months, config.draws)
    ]


def _batch_name(group: str, model: str, chunk: int) -> str:
    return f"{group}|{model}|{chunk}"


def models_of(config: Config, chosen: Sequence[str]) -> list[str]:
    """The chosen models (all by default) and those they rest on, in the config's order."""
    wanted = set(chosen or [m.label for m in config.models])
    for model in reversed(config.models):
        if model.label in wanted:
            wanted |= set(config.members(model.label))
    return [m.label for m in config.models if m.label in wanted]


def _stages(config: Config, models: Sequence[str]) -> dict[str, int]:
    out: dict[str, int] = {}
    for model in models:
        out[model] = max((out[member] + 1 for member in config.members(model)), default=0)
    return out


def _effect_batches(row: EffectConfig, archive: Archive, vintage: Vintage, where: str) -> list[Batch]:
    """One batch per question, because its estimators check each other; and one for what it asks otherwise."""
    labels = [estimator.label for estimator in row.estimators]
    for label in labels:
        if labels.count(label) > 1:
            raise ConfigError(f"two estimators are called '{label}'", where=where, hint='give one another name (name = "...")')
    specs = {estimator.label: estimator.spec for estimator in row.estimators}
    design = design_of(row, archive, vintage, where)
    made = [Batch(row.id, labels[0], specs, row.id, row=row, design=design)]
    if row.vary.count:
        levelled = {row.levelled.label: row.levelled.spec} if row.levelled else {}
        asked = {labels[0]: specs[labels[0]]} | (levelled if row.vary.level_sd else {})
        made.append(Batch(f"{row.id}|vary", labels[0], asked, row.id, row=row, design=design, vary=row.vary))
    return made


def _findings_out_of_scope(row: EffectConfig, events: EventCalendar) -> list[Finding]:
    """Treated series that no event of a question bears on: an indirect effect, or a misspelt scope."""
    missed = [s for s in row.treated if not any(events[event].touches(s) for event in row.event)]
    what = f"outside the scope of {', '.join(row.event)}: an indirect effect"
    return [Finding("effect", f"{series} lies {what}", row.id) for series in missed]


def design_of(row: EffectConfig, archive: Archive, vintage: Vintage, where: str = "") -> Design:
    """The Design that a row of the config spells, with its events and donors as they were known on the run's day."""
    named = {"treated": row.treated, "share_of": (row.share_of,) if row.share_of else (), "donors": row.donors}
    for key, names in named.items():
        for name in names if names not in (("all",), (UNTOUCHED,)) else ():
            _check_spelling(name, archive, f"{where}, {key}")
    try:
        events = [vintage.events[event] for event in row.event]
        return Design(
            events,
            treated=row.treated,
            donors=_donors(row, vintage, events),
            start=row.first,
            stop=row.last,
            anticipation=row.anticipation,
            lag_months=row.lag_months,
            donut=row.donut,
            estimand=row.estimand,
            measure=row.measure,
            baselines=tuple(b.value for b in row.baselines),
            baseline=row.baseline,
            share_of=row.share_of,
            clean_from=row.clean_from,
        )
    except (ConfigError, DataError) as error:
        raise ConfigError(error.problem, where=where, hint=error.hint) from None


def _donors(row: EffectConfig, vintage: Vintage, events: Sequence[Event]) -> tuple[str, ...] | str:
    """The donors of a row; "untouched": flows that no event of the row, nor one of their own, touched."""
    if row.donors == ("all",):
        return "all"
    if row.donors != (UNTOUCHED,):
        return row.donors
    found = [untouched(vintage, event, like=row.treated[0], diversion=row.diversion) for event in events]
    return tuple(s for s in found[0] if all(s in others for others in found[1:]))


def _check_spelling(series: str, archive: Archive, where: str) -> None:
    """A series that an effect names may be without figures, but not misspelt."""
    if series in archive.series:
        return
    try:
        key = SeriesKey.parse(series)
    except DataError as error:
        raise ConfigError(error.problem, where=where, hint=error.hint) from None
    known = set(products()) | {SeriesKey.parse(s).product for s in archive.series}
    if key.product not in known:
        raise ConfigError(f"no product is called '{key.product}'", where=where, hint=nearest(key.product, known))


def _check_unique_jobs(batches: Iterable[Batch], place: str) -> None:
    """No job twice: one model may not be asked one question in two groups."""
    seen: dict[str, str] = {}
    for batch in batches:
        for past in batch.pasts:
            job = job_of(batch.label, past)
            if seen.setdefault(job, batch.group) != batch.group:
                raise ConfigError(
                    f"{batch.label} is asked about {past.series} on {past.task.day} twice",
                    where=f"{place}, '{seen[job]}' and '{batch.group}'",
                    hint="take the series out of one of the two groups",
                )


__all__ = ["OWN_DAY", "Batch", "Plan", "design_of", "make_plan", "models_of", "series_matching"]
