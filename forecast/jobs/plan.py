"""The plan of a run: batches of jobs derived from a config and its archive before anything is computed."""

from __future__ import annotations

import datetime as dt
import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from forecast.core.archive import Archive
from forecast.core.errors import ConfigError, nearest
from forecast.core.questions import Task
from forecast.core.results import Finding
from forecast.core.scenario import Scenario
from forecast.core.vintage import Vintage
from forecast.jobs.batch import OWN_DAY, Batch
from forecast.jobs.config import BacktestConfig, Config
from forecast.jobs.declared_regressors import real_time_view
from forecast.jobs.effect_config import EffectConfig
from forecast.jobs.effect_designs import design_of, findings_on_donors, findings_out_of_scope, findings_past_the_end
from forecast.jobs.event_calendar import calendar_findings
from forecast.jobs.nowcasts import NewsQuestion, NowcastConfig, asking_rows, questions as nowcast_questions
from forecast.jobs.scenarios import askable_scenarios, scenario_questions
from forecast.jobs.shared_draws import attach_scenarios, joint_months, scenario_model, share_nowcasts
from forecast.prep.spans_and_gaps import measured_months
from forecast.study.data.real_time import RealTimeView
from forecast.study.effects.shipped_gates import departures
from forecast.study.evaluate.cutoffs import cutoffs
from forecast.study.evaluate.past_questions import BacktestQuestion, backtest_questions, scorable_questions
from forecast.study.evaluate.score import job_of
from forecast.study.evaluate.truth import truth_of, vintage_kind
from forecast.study.evaluate.vintage_counts import figures_stood_on

CHUNK = 6  # series in one backtest batch: small enough to spread over workers, large enough for models that vectorise


@dataclass(frozen=True)
class Plan:
    """All batches of a run; a batch rests only on batches of earlier stages."""

    config: Config
    archive: Archive
    vintage: Vintage
    batches: tuple[Batch, ...]
    real_time: RealTimeView
    findings: tuple[Finding, ...] = ()
    groups: dict[str, tuple[BacktestQuestion, ...]] = field(default_factory=dict)

    @property
    def stages(self) -> list[list[Batch]]:
        """Batches by stage; within a stage the largest first, so that no long batch starts last."""
        by_stage: dict[int, list[Batch]] = {}
        for batch in self.batches:
            by_stage.setdefault(batch.stage, []).append(batch)
        return [sorted(by_stage[s], key=lambda b: (-len(b.pasts), b.row is None, b.name)) for s in sorted(by_stage)]

    @property
    def nowcasts(self) -> dict[str, NowcastConfig]:
        """The [[nowcast]] rows by name, which is also that of their group."""
        return {row.name: row for row in self.config.nowcast}

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of questions and answers, for `check` and run.json."""
        backtested = sum(len(p) for g, p in self.groups.items() if g != OWN_DAY and g not in self.nowcasts)
        return {
            "models": len(self.config.models),
            "backtest questions": backtested,
            "backtest answers": sum(len(b.pasts) for b in self.batches if b.scored),
            "forecast questions": len(self.groups.get(OWN_DAY, ())),
            "forecast answers": sum(len(b.pasts) for b in self.batches if b.group == OWN_DAY),
            "nowcast questions": sum(len(self.groups[name]) for name in self.nowcasts),
            "nowcast answers": sum(len(b.pasts) if b.now else len(b.also) for b in self.batches),
            "nowcasts taken apart": sum(b.news_question is not None for b in self.batches),
            "effect questions": len(self.config.effects),
            "effect answers": sum(len(row.estimators) for row in self.config.effects),
            "accounts": len(self.config.ledger),
            "scenario forecasts": sum(len(q.scenarios) for b in self.batches for q in b.scenario_questions),
            "variations": sum(b.vary.count for b in self.batches if b.vary),
            "batches": len(self.batches),
        }

    @property
    def figures_stood_on(self) -> dict[str, int]:
        """The numbers of real and pseudo figures that the cutoffs of the backtests stood on, for run.json."""
        days: dict[str, set[dt.date]] = {}
        for name, pasts in self.groups.items():
            for past in pasts if name != OWN_DAY else ():
                days.setdefault(past.series, set()).add(past.task.day)
        return figures_stood_on(self.real_time, days)


def make_plan(config: Config, archive: Archive) -> Plan:
    """All questions of a config, each with the methods that answer it; nothing is computed."""
    vintage = archive.latest if config.as_of == "latest" else archive.as_of(config.as_of)
    real_time = real_time_view(config, archive)
    place = config.origin.name
    groups: dict[str, tuple[BacktestQuestion, ...]] = {}
    batches: list[Batch] = []
    findings: list[Finding] = calendar_findings(config, archive, vintage)
    for i, group in enumerate(config.backtest):
        where = f"{place}, [[backtest]] {i + 1}, series"
        truth = vintage if group.truth == "latest" else truth_of(archive, group.truth, vintage.day)
        pasts = _past_questions(
            config, group, series_matching(group.series, archive.series, where), real_time, vintage.day, truth
        )
        groups[group.name] = tuple(pasts)
        findings += _findings_unasked(group, series_matching(group.series, archive.series, where), pasts)
        batches += _task_batches(config, group.name, pasts, group.horizons, group.models, group.truth)
    names = series_matching(config.forecast.series, archive.series, f"{place}, [forecast], series")
    too_short = [name for name in names if _known_months(real_time.as_of(vintage.day), name) < config.forecast.min_months]
    findings += [
        Finding("forecast", f"fewer than {config.forecast.min_months} known months: not forecast", s) for s in too_short
    ]
    groups[OWN_DAY] = tuple(_present_questions(config, real_time.as_of(vintage.day), [n for n in names if n not in too_short]))
    ahead = _task_batches(config, OWN_DAY, groups[OWN_DAY], (), config.forecast.models)
    ahead = [replace(batch, reach=joint_months(config)) for batch in ahead]
    series = [
        series_matching(r.series, archive.series, f"{place}, [[nowcast]] {i + 1}, series") for i, r in enumerate(config.nowcast)
    ]
    taken = asking_rows(config.nowcast, series, vintage.day)
    for row, row_series in zip(config.nowcast, series, strict=True):
        now, earlier, news, remarks = nowcast_questions(row, row_series, real_time, vintage.day, config.draws, taken)
        groups |= {row.name: tuple(now), row.earlier_group: tuple(earlier)}
        findings += remarks
        ahead, apart = share_nowcasts(ahead, _nowcast_batches(config, row, now, earlier, news), vintage.steps)
        batches += apart
    if config.effects:
        findings += [Finding("gates", text, "[[checks]]") for text in departures(config.check_specs)]
    for i, effect in enumerate(config.effects):
        unannounced = [e for e in effect.event if e in archive.events and e not in vintage.events]
        if unannounced:
            findings.append(Finding("effect", f"not asked: {', '.join(unannounced)} not announced by {vintage.day}", effect.id))
            continue
        on_the_way = [k for one in config.ledger if {*one.event} & {*effect.event} for k in one.through or ()]
        asked = _effect_batches(effect, archive, vintage, f"{place}, [[effects]] {i + 1}", on_the_way)
        batches += asked
        findings += findings_out_of_scope("effect", effect.id, effect.treated, effect.event, archive.events)
        for design in (b.design for b in asked[:1] if b.design):
            findings += [*findings_past_the_end(effect.id, design, vintage), *findings_on_donors(effect, design, vintage)]
    for i, account in enumerate(config.ledger):
        unannounced = [e for e in account.event if e in archive.events and e not in vintage.events]
        if unannounced:
            findings.append(
                Finding("ledger", f"not asked: {', '.join(unannounced)} not announced by {vintage.day}", account.id)
            )
            continue
        question = account.question(vintage, config.draws, f"{place}, [[ledger]] {i + 1}")
        findings += findings_out_of_scope("ledger", account.id, (question.lost_flow,), account.event, archive.events)
        name = f"ledger|{account.id}"
        batches.append(Batch(name, account.estimator.label, account.estimator.spec, name, ledger=question))
    scenarios, not_asked = askable_scenarios(
        config.scenarios, real_time.as_of(vintage.day), [e.id for e in archive.events], place
    )
    findings += [Finding("scenario", text, "[[scenarios]]") for text in not_asked]
    batches += _with_scenarios(ahead, config, archive, real_time.as_of(vintage.day), scenarios, place)
    _check_unique_jobs(batches, place)
    return Plan(config, archive, vintage, tuple(batches), real_time, tuple(findings), groups)


def series_matching(patterns: Iterable[str], known: Sequence[str], where: str) -> list[str]:
    """Series that match the patterns (`*` is any text), in the order of the patterns; a pattern without a match is an error.

    Values in USD (`...:usd`) match only a pattern that names the unit.
    """
    out: list[str] = []
    for pattern in patterns:
        matches = fnmatch.filter(known, pattern)
        if "*" in pattern and ":" not in pattern:
            matches = [s for s in matches if ":" not in s]
        if not matches:
            raise ConfigError(f"no series is called '{pattern}'", where=where, hint=_nearest_series(pattern, known))
        out += [s for s in matches if s not in out]
    return out


def _nearest_series(name: str, known: Sequence[str]) -> str:
    hint = nearest(name, known)
    return hint if hint.startswith("'") else "forecast list series"


def _known_months(vintage: Vintage, series: str) -> int:
    """Months with a figure of their own or one that sums leave; those of a quarter that is split count as well."""
    return len(measured_months(vintage.observed(series))[0]) if vintage.knows(series) else 0


def _past_questions(
    config: Config, group: BacktestConfig, series: Sequence[str], real_time: RealTimeView, today: dt.date, truth: Vintage
) -> list[BacktestQuestion]:
    out: list[BacktestQuestion] = []
    if f"{today:%Y-%m}" < group.first:
        return out
    for name in series:
        days = cutoffs(group.first, group.last or today, group.every, series=name, archive=real_time)
        possible = backtest_questions(
            real_time, [name], [day for day in days if day < today], max(group.horizons), window=group.window,
            window_months=group.window_months, min_months=group.min_months, draws=config.draws, gap=group.gap,
            step=group.step, refit=group.refit,
        )  # fmt: skip
        out += scorable_questions(possible, truth)
    return out


def _findings_unasked(group: BacktestConfig, series: Sequence[str], pasts: Sequence[BacktestQuestion]) -> list[Finding]:
    with_questions = {past.series for past in pasts}
    return [
        Finding("backtest", f"no cutoff from {group.first} on with {group.min_months} known months and a later figure", name)
        for name in series
        if name not in with_questions
    ]


def _present_questions(config: Config, vintage: Vintage, names: Iterable[str]) -> list[BacktestQuestion]:
    """Questions on the months after each series' last known one, asked on the run's day."""
    out = []
    for name in names:
        last = vintage.last_month(name)
        months = [vintage.steps.label(last + h) for h in range(1, config.forecast.months + 1)]
        out.append(
            BacktestQuestion(Task(vintage.day, name, months, draws=config.draws), last, known=vintage_kind(vintage, name))
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
    """One batch per model and chunk of series; the members of a combination are in an earlier stage."""
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
            told_draws=config.forecast.keep_draws and group == OWN_DAY and model == config.told_model,
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
    news: Sequence[NewsQuestion],
) -> list[Batch]:
    """Nowcasts by all models of a row, those of earlier months, and news decompositions of the first model's by series."""
    first = row.models[0]
    return [
        *(replace(batch, now=True) for batch in _task_batches(config, row.name, now, (), row.models)),
        *_task_batches(config, row.earlier_group, earlier, (1,), row.models),
        *(
            Batch(f"news|{row.name}|{q.task.series[0]}", first, config.spec(first), row.name, now=True, news_question=q)
            for q in news
        ),
    ]


def _with_scenarios(
    ahead: Sequence[Batch], config: Config, archive: Archive, vintage: Vintage, scenarios: Sequence[Scenario], place: str
) -> list[Batch]:
    """The batches of the months ahead with the scenarios of the series that they ask, and one for each other series."""
    part, label = config.scenario_forecast, scenario_model(config)
    names = series_matching(part.series, archive.series, f"{place}, [scenario_forecast], series")
    spec = config.spec(label) if label in [m.label for m in config.models] else {"use": label}
    asked = scenario_questions(names, scenarios, vintage, part.months, config.draws, joint_months(config))
    with_own, others = attach_scenarios(ahead, asked, config)
    alone = [Batch(f"scenarios|{label}|{q.task.series[0]}", label, spec, "scenarios", scenario_questions=(q,)) for q in others]
    return [*with_own, *alone]


def _batch_name(group: str, model: str, chunk: int) -> str:
    return f"{group}|{model}|{chunk}"


def models_of(config: Config, chosen: Sequence[str]) -> list[str]:
    """The chosen models (all by default) and their members, in the config's order."""
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


def _effect_batches(
    row: EffectConfig, archive: Archive, vintage: Vintage, where: str, on_the_way: Sequence[str]
) -> list[Batch]:
    """One batch per question, because its estimators are checked against each other, and one for its sensitivity analysis.

    on_the_way : third countries of a ledger of the same measure, no donors
    """
    labels = [estimator.label for estimator in row.estimators]
    for label in labels:
        if labels.count(label) > 1:
            raise ConfigError(f"two estimators are called '{label}'", where=where, hint='give one another name (name = "...")')
    specs = {estimator.label: estimator.spec for estimator in row.estimators}
    design = design_of(row, archive, vintage, where, on_the_way)
    batches = [Batch(row.id, labels[0], specs, row.id, row=row, design=design)]
    if row.vary.count:
        level = row.level_estimator if row.vary.level_sd else None
        varied = {labels[0]: specs[labels[0]]} | ({level.label: level.spec} if level else {})
        batches.append(Batch(f"{row.id}|vary", labels[0], varied, row.id, row=row, design=design, vary=row.vary))
    return batches


def _check_unique_jobs(batches: Iterable[Batch], place: str) -> None:
    """Refuse a model that is asked the same question in two groups: jobs are keys of the tables."""
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
