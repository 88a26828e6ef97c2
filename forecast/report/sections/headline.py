"""What the events changed: every question with its description, its estimate where the gates allow one, and its verdict."""

from __future__ import annotations

from collections.abc import Sequence

from forecast.core.products import display, mineral_of
from forecast.core.series import SeriesKey
from forecast.report.blocks import Block, Callout, Details, Figure, Heading, Panel, Prose
from forecast.report.facts import Answer, Facts
from forecast.report.numbers import flow_name, product_name, window
from forecast.report.tables import headline, sensitivity

PANELS = 12


def blocks(facts: Facts) -> list[Block]:
    """The headline table by mineral, the same questions under other methods, and the paths behind the estimates."""
    out: list[Block] = [Heading("What the events changed", 2, "changed", "What changed")]
    rows = facts.headline
    if not rows:
        reason = "no question about an event was asked, or none could be put to these data"
        return [*out, Callout(f"There is no row here: {reason}. Failures are listed under the backtest.", "warning")]
    out.append(
        Prose(
            "Each row stands on its own months, baseline and source; the sentence beneath says what may be said and gives "
            "the one or two reasons that matter most (all of them: Placebos and gates). A description (“observed against "
            "baseline”) claims no cause. An estimate appears only where the checks allow one, always with its bounds."
        )
    )
    groups: dict[str, list[Answer]] = {}
    for row in rows:
        groups.setdefault(group(row), []).append(row)
    out += [headline(facts, part, name) for name, part in groups.items()]
    others = [a for a in facts.answers if a.role == "sensitivity"]
    if others:
        out.append(
            Details(f"The same questions under other methods and windows ({len(others)})", (sensitivity(facts, others),))
        )
    figure = _paths(facts, rows)
    return [*out, figure] if figure else out


def group(answer: Answer) -> str:
    """The mineral a question is about."""
    key = SeriesKey.maybe(answer.series.split("+")[0])
    if key is None:
        return "Questions"
    mineral = mineral_of(key.product).replace("_", " ")
    return {"magnets": "Rare-earth magnets"}.get(mineral, mineral[:1].upper() + mineral[1:])


def _paths(facts: Facts, answers: Sequence[Answer]) -> Figure | None:
    from forecast.report.figures.flows import counterfactual

    table = facts.table("paths")
    panels: list[Panel] = []
    left: list[str] = []
    for answer in answers:
        path = table[(table["job"] == answer.job) & table["counterfactual_q50"].notna()] if len(table) else table
        if not answer.estimated:
            continue
        if not len(path) or answer.measure in ("share", "relative") or len(panels) == PANELS:
            left.append(answer.id)
            continue
        unit, scale = display(answer.series.split("+")[0])
        key = SeriesKey.maybe(answer.series.split("+")[0])
        name = product_name(key.product) if key else answer.series
        title = f"{answer.id}. {name[:1].upper() + name[1:]}"[:52]
        flow = flow_name(answer.series.split("+")[0])
        sub = f"{flow}, {window(answer.first, answer.last)}, {answer.estimator}; {unit}".replace("\u00a0", " ")
        panels.append(counterfactual(title, sub, path, scale, facts.histories.get(answer.series)))
    if not panels:
        return None
    return Figure(
        "effect_paths",
        "Observed, and expected without the event",
        tuple(panels),
        3,
        "One panel for each headline row with an estimate, by the row's own method"
        + (f" (not drawn: {', '.join(left)}, which is a ratio or has no monthly path)" if left else "")
        + ". Blue: observed, with the two years before. Orange: what the months before the event lead to expect, with 80 and "
        "95 % bands; sums spread evenly over their months. ▲: the 95 % band goes on above the frame, to the figure given. "
        "Sources: China's customs through the publishers listed under Data; US Census Bureau, general imports; own work.",
        "Small charts of observed against expected monthly quantities for each estimated question",
    )
