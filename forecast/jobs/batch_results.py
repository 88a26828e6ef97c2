"""Outcome: what a batch leaves behind for the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from forecast.core.effects import Effect
from forecast.core.results import Failure
from forecast.study.effects.sensitivity import Variation


@dataclass(frozen=True)
class Outcome:
    """What a batch leaves behind: rows of tables, no draws of forecasts; `effects` answer a question on an event, by estimator.

    `varied` are answers to such a question asked otherwise, each with its estimator.
    """

    batch: str
    forecasts: list[dict[str, Any]] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    skipped: str = ""
    effects: dict[str, Effect | Failure] = field(default_factory=dict)
    varied: list[tuple[str, Variation]] = field(default_factory=list)
    scenarios: list[dict[str, Any]] = field(default_factory=list)
    news: list[dict[str, Any]] = field(default_factory=list)
