"""Batch: jobs of a run that are computed and cached together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from forecast.core.ledger import LedgerQuestion
from forecast.core.questions import Design
from forecast.jobs.effect_config import EffectConfig, SensitivityConfig
from forecast.jobs.nowcasts import NewsQuestion
from forecast.jobs.scenarios import ScenarioQuestion
from forecast.study.evaluate.past_questions import BacktestQuestion

OWN_DAY = "next months"  # the group of questions asked on the run's own day


@dataclass(frozen=True)
class Batch:
    """Jobs computed and cached together: one model on past or present questions, or all estimators on one event.

    spec : the model's spec; for an event the estimators' specs by label
    rests_on : names of the batches whose draws this one needs; keep : whether its own draws are stored for others
    told_draws : whether the run folder keeps the draws that are reported
    row, design : the question on an event; vary : the changes under which that question is asked again
    reach : months ahead that each question is asked for, where that is more than it reports (`shared_draws`)
    also : questions of other groups, each with its group, that the same answers report in fewer months
    scenario_questions : series under all scenarios; news_question : a nowcast whose revision is decomposed
    ledger : the question where trade went
    now : a nowcast, which is never scored, even if it is asked on an earlier day
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
    told_draws: bool = False
    truth: str | int = "latest"
    row: EffectConfig | None = None
    design: Design | None = None
    vary: SensitivityConfig | None = None
    scenario_questions: tuple[ScenarioQuestion, ...] = ()
    reach: int = 0
    also: tuple[tuple[str, BacktestQuestion], ...] = ()
    now: bool = False
    news_question: NewsQuestion | None = None
    ledger: LedgerQuestion | None = None

    @property
    def scored(self) -> bool:
        """Whether the questions are past ones whose outcome is known."""
        return self.group != OWN_DAY and not self.now
