"""The plan of a run in words, and what its backtests support, from counts alone or from a trial of every model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecast.core import registry
from forecast.jobs.config import BacktestConfig
from forecast.jobs.plan import Plan, models_of
from forecast.jobs.shared_draws import scenario_model
from forecast.study.effects.best_verdict import best_verdicts
from forecast.study.evaluate.compare import NAIVE_MODELS
from forecast.study.evaluate.requirements import feasible, support_lines
from forecast.study.evaluate.truth import truth_of, vintage_kind
from forecast.study.ledger.candidates import third_countries_wanted

if TYPE_CHECKING:
    import pandas as pd


def describe_plan(plan: Plan) -> list[str]:
    """What the plan asks, one line per group."""
    lines = []
    for group, pasts in plan.groups.items():
        days = sorted({past.task.day for past in pasts})
        series = len({past.series for past in pasts})
        if not pasts:
            lines.append(f"{group}: no question")
            continue
        models = len({b.label for b in plan.batches if b.group == group})
        span = f"{days[0]} to {days[-1]}" if len(days) > 1 else f"{days[0]}"
        ahead = max(len(past.task.months) for past in pasts)
        setup = next((_describe_setup(g) for g in plan.config.backtest if g.name == group), "")
        lines.append(
            f"{group}: {series} series x {len(days)} days ({span}), {len(pasts)} questions x {models} models, "
            f"{ahead} months ahead{setup}"
        )
    asked = [question for batch in plan.batches for question in batch.scenario_questions]
    if asked:
        ahead_by = f"{asked[0].months} months ahead, {scenario_model(plan.config)}"
        lines.append(f"scenarios: {len(asked)} series x {len(asked[0].scenarios)} scenarios, {ahead_by}")
    if plan.config.effects:
        variations = f", {plan.counts['variations']} of the same asked otherwise" if plan.counts["variations"] else ""
        lines.append(
            f"effects: {plan.counts['effect questions']} questions, {plan.counts['effect answers']} answers{variations}"
        )
    for batch in plan.batches:
        if batch.ledger is not None:
            q = batch.ledger
            via = (
                f" by way of {', '.join(q.through)}"
                if q.through
                else f"; it would take {third_countries_wanted(q, plan.vintage.day)}"
            )
            lines.append(f"ledger {q.name}: {q.product}, {q.exporter} to {q.destination}{via}")
    return lines


def describe_requirements(plan: Plan) -> list[str]:
    """Horizons, interval levels and tests that each group supports if every question is answered; no model is run."""
    lines: list[str] = []
    for group in plan.config.backtest:
        pasts = plan.groups.get(group.name, ())
        if not pasts:
            lines.append(f"{group.name}: nothing, no question can be asked")
            continue
        truth = plan.vintage if group.truth == "latest" else truth_of(plan.archive, group.truth, plan.vintage.day)
        lines.append(f"{group.name}: {_describe_benchmark(plan, group)}; {_describe_vintages(plan, group)}")
        lines += [
            f"  {line}" for line in support_lines(plan.real_time, pasts, group.horizons, plan.config.forecast.levels, truth)
        ]
    return lines


def describe_best_verdicts(plan: Plan) -> list[str]:
    """The strongest verdict that each question can reach by its first estimator, and why not a stronger one."""
    batches = [b for b in plan.batches if b.row is not None and b.design is not None and b.vary is None]
    asked = [
        (batch.name, label, registry.build("estimator", spec), batch.design)
        for batch in batches
        for label, spec in batch.spec.items()
        if batch.design is not None
    ]
    found = best_verdicts([(method, design) for _, _, method, design in asked], plan.vintage, plan.config.check_specs)
    lines = []
    for (name, label, _, _), best in zip(asked, found, strict=True):
        if label != next(b.label for b in batches if b.name == name):
            continue
        lines.append(f"{name}: {best.word}{f', {best.because}' if best.because else ''}")
        if best.family:
            lines.append(f"  over all questions of the run {best.family}: with every p at its lowest, {best.because_family}")
    return lines


def describe_trial(plan: Plan) -> list[str]:
    """From which cutoff on each model answers, and why not before, from a trial of every model with few draws."""
    lines: list[str] = []
    for group in plan.config.backtest:
        pasts = plan.groups.get(group.name, ())
        names = models_of(plan.config, group.models)
        if not pasts:
            continue
        table = feasible(
            plan.real_time, list(dict.fromkeys(p.series for p in pasts)), [{**plan.config.spec(m), "name": m} for m in names],
            group.horizons, plan.config.forecast.levels, days=sorted({p.task.day for p in pasts}), window=group.window,
            window_months=group.window_months, min_months=group.min_months, gap=group.gap,
        )  # fmt: skip
        lines.append(f"{group.name}:")
        lines += [f"  {name}: {_describe_answers(table[table.model == name])}" for name in names]
    return lines


def _describe_answers(table: pd.DataFrame) -> str:
    """How many series a model answers, and why it does not answer the others."""
    one = table[table.horizon == table.horizon.min()].drop_duplicates("series")
    able = one[one.first_cutoff != ""]
    answered = f"answers {len(able)} of {len(one)} series"
    days = able.first_cutoff
    answered += f", the first from {days.min()}, all of them from {days.max()} on" if len(able) else ""
    leading = [str(r).partition("; ")[0] for r in one.reason]
    reasons = list(dict.fromkeys(r for r in leading if r and "past errors" not in r))
    return "; ".join([answered, *reasons[:2], *([f"and {len(reasons) - 2} other reasons"] if reasons[2:] else [])])


def _describe_benchmark(plan: Plan, group: BacktestConfig) -> str:
    models = models_of(plan.config, group.models)
    naive = [name for name in (plan.config.naive or NAIVE_MODELS) if name in models]
    return f"benchmark the best of {', '.join(naive)}" if naive else "no naive model, so no comparison"


def _describe_vintages(plan: Plan, group: BacktestConfig) -> str:
    kinds = [past.known or vintage_kind(past.vintage(plan.real_time), past.series) for past in plan.groups[group.name]]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("real", "final", "pseudo") if kind in kinds) + " vintages"


def _describe_setup(group: BacktestConfig) -> str:
    """The settings of a group that differ from their defaults."""
    settings = [f", last {group.window_months} months"] if group.window == "rolling" else []
    settings += [f", one cutoff in {group.step}"] if group.step > 1 else []
    settings += [f", {group.gap} months left out"] if group.gap else []
    refits = {"always": "", "event": ", refitted after events", "never": ", fitted once"}
    settings.append(refits.get(str(group.refit), f", refitted every {group.refit} cutoffs"))
    return "".join(settings) + (f", marked against release {group.truth}" if group.truth != "latest" else "")
