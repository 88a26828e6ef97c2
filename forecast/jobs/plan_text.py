"""Preview: what a plan asks, and what its backtests support, from counts alone or by asking every model on trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecast.jobs.config import BacktestConfig
from forecast.jobs.plan import Plan, models_of
from forecast.study.evaluate.compare import NAIVE_MODELS
from forecast.study.evaluate.requirements import feasible, support_lines
from forecast.study.evaluate.truth import truth_of, vintage_kind

if TYPE_CHECKING:
    import pandas as pd


def describe_plan(plan: Plan) -> list[str]:
    """What the plan asks, one line a group."""
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
        how = next((_describe_setup(g) for g in plan.config.backtest if g.name == group), "")
        lines.append(
            f"{group}: {series} series x {len(days)} days ({span}), {len(pasts)} questions x {models} models, "
            f"{ahead} months ahead{how}"
        )
    fans = [b.outlook for b in plan.batches if b.outlook]
    if fans:
        far = f"{len(fans[0].task.months)} months ahead, {plan.config.scenario_forecast.model}"
        lines.append(f"scenarios: {len(fans)} series x {len(fans[0].given)} scenarios, {far}")
    if plan.config.effects:
        varied = f", {plan.counts['variations']} of the same asked otherwise" if plan.counts["variations"] else ""
        lines.append(f"effects: {plan.counts['effect questions']} questions, {plan.counts['effect answers']} answers{varied}")
    return lines


def describe_requirements(plan: Plan) -> list[str]:
    """Horizons, interval levels and tests of every group, were each question answered; no model is asked."""
    lines: list[str] = []
    for group in plan.config.backtest:
        pasts = plan.groups.get(group.name, ())
        if not pasts:
            lines.append(f"{group.name}: nothing, no question can be asked")
            continue
        truth = plan.vintage if group.truth == "latest" else truth_of(plan.archive, group.truth, plan.vintage.day)
        lines.append(f"{group.name}: {_describe_benchmark(plan, group)}; {_describe_vintages(plan, group)}")
        lines += [f"  {line}" for line in support_lines(plan.door, pasts, group.horizons, plan.config.forecast.levels, truth)]
    return lines


def describe_trial(plan: Plan) -> list[str]:
    """The same with every model asked on trial, with few draws: from which cutoff on it answers, and why not before."""
    lines: list[str] = []
    for group in plan.config.backtest:
        pasts = plan.groups.get(group.name, ())
        names = models_of(plan.config, group.models)
        if not pasts:
            continue
        table = feasible(
            plan.door, list(dict.fromkeys(p.series for p in pasts)), [{**plan.config.spec(m), "name": m} for m in names],
            group.horizons, plan.config.forecast.levels, days=sorted({p.task.day for p in pasts}), window=group.window,
            window_months=group.window_months, min_months=group.min_months, gap=group.gap,
        )  # fmt: skip
        lines.append(f"{group.name}:")
        lines += [f"  {name}: {_describe_answers(table[table['model'] == name])}" for name in names]
    return lines


def _describe_answers(table: pd.DataFrame) -> str:
    """How many series a model answers, and what stands in the way of the others."""
    one = table[table["horizon"] == table["horizon"].min()].drop_duplicates("series")
    able = one[one["first_cutoff"] != ""]
    told = f"answers {len(able)} of {len(one)} series"
    days = able["first_cutoff"]
    told += f", the first from {days.min()}, all of them from {days.max()} on" if len(able) else ""
    reasons = [str(r).partition("; ")[0] for r in one["reason"]]
    whys = list(dict.fromkeys(r for r in reasons if r and "past errors" not in r))
    return "; ".join([told, *whys[:2], *([f"and {len(whys) - 2} other reasons"] if whys[2:] else [])])


def _describe_benchmark(plan: Plan, group: BacktestConfig) -> str:
    asked = models_of(plan.config, group.models)
    found = [name for name in (plan.config.naive or NAIVE_MODELS) if name in asked]
    return f"benchmark the best of {', '.join(found)}" if found else "no naive model, so no comparison"


def _describe_vintages(plan: Plan, group: BacktestConfig) -> str:
    """What the cutoffs' vintages are, with their number."""
    kinds = [past.known or vintage_kind(past.vintage(plan.door), past.series) for past in plan.groups[group.name]]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("real", "final", "pseudo") if kind in kinds) + " vintages"


def _describe_setup(group: BacktestConfig) -> str:
    """In which of its words a group departs from the usual ones."""
    told = [f", last {group.window_months} months"] if group.window == "rolling" else []
    told += [f", one cutoff in {group.step}"] if group.step > 1 else []
    told += [f", {group.gap} months left out"] if group.gap else []
    fitted = {"always": "", "event": ", refitted after events", "never": ", fitted once"}
    told.append(fitted.get(str(group.refit), f", refitted every {group.refit} cutoffs"))
    return "".join(told) + (f", marked against release {group.truth}" if group.truth != "latest" else "")
