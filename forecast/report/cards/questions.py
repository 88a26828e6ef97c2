"""Cards of questions: what is asked of which series, on which day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from forecast.core.plurals import pluralize
from forecast.core.questions import Design, Task
from forecast.core.scenario import Scenario
from forecast.report.cards.card import Card
from forecast.report.cards.fields import list_in_short, names_in_short


def task_card(task: Task) -> Card:
    """Which months of which series, standing on which day."""
    first, last = task.months[0], task.months[-1]
    months = first if first == last else f"{first} to {last} ({len(task.months)})"
    return Card(
        f"Task{'' if task.day == dt.date.max else f' of {task.day}'}: predict {pluralize(len(task.months), 'period')}",
        (
            ("series", names_in_short(task.series, "series")),
            ("months", months),
            ("fitted", f"on the data of {task.fitted_on}" if task.fitted_on else ""),
            ("draws", f"{task.draws:,}"),
        ),
    )


def design_card(design: Design) -> Card:
    """Which event, on which series, in which window, against what."""
    window = f"{design.start or 'the first month affected'} to {design.stop or 'the last figure under the event'}"
    donors = design.donors if isinstance(design.donors, str) else names_in_short(design.donors, "series")
    named = [item if isinstance(item, str) else item[0] for item in design.baselines]
    return Card(
        f"Design: what did {design.event_ids} change?" if design.events else f"Design: what changed {design.event_ids}?",
        (
            ("treated", names_in_short(design.treated, "series")),
            ("window", window + (f", {pluralize(design.lag_months, 'month')} under way" if design.lag_months else "")),
            ("asked", design.estimand if design.measure == "cumulative" else f"{design.estimand}, {design.measure}"),
            ("donors", donors),
            ("beside", list_in_short(named[:3], len(named))),
        ),
    )


def scenario_card(scenario: Scenario) -> Card:
    """Which measures it changes, and how."""
    chance = "" if scenario.probability is None else f", probability {scenario.probability:g} as declared"
    return Card(
        f"Scenario {scenario.name}{chance}",
        (
            ("ends", ", ".join(f"{name}: {end}" for name, end in scenario.ends.items())),
            ("called off", ", ".join(scenario.called_off)),
            ("adds", ", ".join(event.id for event in scenario.add)),
            ("lets through", ", ".join(f"{name} as in {when}" for name, when in scenario.lets_through.items())),
        ),
    )


CARDS: dict[str, Any] = {"Task": task_card, "Design": design_card, "Scenario": scenario_card}
