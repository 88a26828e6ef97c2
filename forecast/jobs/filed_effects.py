"""Questions on events that are filed before their months are over: design, estimators and gates first, the answer later."""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from forecast.core import months
from forecast.core.archive import Archive
from forecast.core.filed_run import EVENTS, FiledRun
from forecast.core.release_schedule import HeldBack
from forecast.core.schema import EffectRow
from forecast.core.vintage import Vintage
from forecast.jobs.config import Config, ForecastConfig
from forecast.jobs.effect_config import EffectConfig, SensitivityConfig
from forecast.jobs.event_calendar import known_events
from forecast.jobs.execute import execute
from forecast.jobs.filed_months import last_figure, release_after
from forecast.jobs.load import held_back_by, own_events, source_of
from forecast.jobs.plan import make_plan
from forecast.jobs.rows import effect_tables
from forecast.jobs.scenarios import ScenarioForecastConfig
from forecast.study.effects.shipped_gates import SHIPPED_GATES

OPEN, ANSWERED = "open", "answered"
TOLD = (
    "estimator", "verdict", "because", "reading", "measure", "unit", "level_unit", "estimate", "lo95", "hi95", "desc_estimate",
    "baseline",
)  # fmt: skip


def event_questions(config: Config, day: dt.date, archive: Archive) -> list[dict[str, Any]]:
    """The questions of a config whose last month is neither released on a day nor in the data, each with its due day."""
    held_back = held_back_by(source_of(config))
    return [
        {
            "id": row.id, "question": row.question, "event": list(row.event), "series": list(row.treated), "to": row.last,
            "estimators": [one.label for one in row.estimators],
            "gates": [check.label for check in config.checks] or list(SHIPPED_GATES), "due": due,
        }
        for row in config.effects
        if (due := _due(row, day, archive, held_back))
    ]  # fmt: skip


def _due(row: EffectConfig, day: dt.date, archive: Archive, held_back: HeldBack) -> str:
    """The day on which the last month of a question is out in all its series, "" where it is, or no month is named."""
    last = row.last or ""  # no figure comes before no month
    found = [release_after(series, last, day, held_back) for series in row.treated if last_figure(archive, series) < last]
    return max((one.due for one in found if one is not None), default="")


def event_answers(
    filed: FiledRun, archive: Archive, day: dt.date, earlier: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """What became of the filed questions on events: answered as filed once the last month is known, open until then.

    earlier : answers of former follow-ups, which stay
    """
    asked = filed.info["events_asked"]
    kept = {one["id"]: dict(one) for one in earlier if one["state"] == ANSWERED}
    known = archive.as_of(day)
    ready = [one["id"] for one in asked if one["id"] not in kept and _is_known(one, known)]
    found = kept | ({row["id"]: row for row in _ask(filed, archive, day, ready)} if ready else {})
    return [found.get(one["id"], {"id": one["id"], "state": OPEN}) for one in asked]


def _is_known(question: Mapping[str, Any], known: Vintage) -> bool:
    last = months.ordinal(question["to"])
    return all(known.knows(series) and known.last_month(series) >= last for series in question["series"])


def _ask(filed: FiledRun, archive: Archive, day: dt.date, ready: Sequence[str]) -> list[dict[str, Any]]:
    """The answers of the first estimator of each question, by the filed config."""
    config = Config(**filed.info["config"], origin=filed.folder / "config.toml")
    rows = tuple(row.model_copy(update={"vary": SensitivityConfig()}) for row in config.effects if row.id in ready)
    asked = config.model_copy(
        update={
            "as_of": day.isoformat(), "effects": rows, "backtest": (), "nowcast": (), "expiry": (), "scenarios": (),
            "forecast": ForecastConfig(), "scenario_forecast": ScenarioForecastConfig(),
            "events": EVENTS if isinstance(config.events, str) else config.events,
        }
    )  # fmt: skip
    place = f"{filed.folder.name}/config.toml"
    events = known_events(asked, archive.events, own_events(asked, place), place)
    planned = make_plan(asked, replace(archive, events=events))
    with tempfile.TemporaryDirectory() as cache:
        results = execute(planned, Path(cache), 1, False)
    answers: list[EffectRow] = effect_tables(planned, results)["effects"]
    return [
        {"id": row.id, "state": ANSWERED, "on": str(day)} | {name: _plain(getattr(row, name)) for name in TOLD}
        for row in answers
        if row.role == "headline"
    ]


def _plain(value: Any) -> Any:
    """A cell as a JSON value; missing is null."""
    return None if value is None or (isinstance(value, float) and not math.isfinite(value)) else value
