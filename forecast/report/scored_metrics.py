"""Metrics as the report prints them: label, direction and format, looked up in the registry by name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from forecast.core import registry
from forecast.core.errors import ConfigError
from forecast.report.blocks import MISSING
from forecast.report.numbers import NBSP, decimal

if TYPE_CHECKING:
    import pandas as pd

MAIN_METRIC = "crps"  # ranks models and compares them with the benchmark
TOO_NARROW = 0.1  # a band whose coverage is this far below its level is far too narrow


@dataclass(frozen=True)
class ScoredMetric:
    """One metric of the scores table; `plugin` is its registered name, empty if this installation does not have it.

    better : "lower", "higher", or the value that honest forecasts reach on average; empty where it is not
    known. percent : what turns a score into per cent, 0 where it is printed as it is.
    """

    name: str
    plugin: str
    label: str
    unit_free: bool
    better: str | float
    percent: float
    description: str

    @property
    def direction(self) -> str:
        """Which scores are better, in words."""
        if isinstance(self.better, str):
            return f"{self.better} is better" if self.better else "not known to this installation"
        return f"best near {self.text(self.better)}"

    @property
    def share(self) -> bool:
        """Whether scores average to a share that has a target, as coverage does."""
        return self.percent == 100 and not isinstance(self.better, str)

    def text(self, value: float) -> str:
        """A mean of scores for a reader."""
        if not math.isfinite(value):
            return MISSING
        return f"{decimal(self.percent * value, 0)}{NBSP}%" if self.percent else decimal(value, 2)

    def tone(self, value: float) -> str:
        """``fail`` where a share lies far below its target."""
        return "fail" if self.share and self.too_narrow(value) else ""

    def too_narrow(self, value: float) -> bool:
        """Whether a share lies more than `TOO_NARROW` below its target."""
        return value < round(float(self.better) - TOO_NARROW, 6)

    def loss(self, values: pd.Series) -> pd.Series:
        """Printed scores as a loss (lower is better); for a metric with a target, the distance from it."""
        if self.better == "higher":
            return -values
        return values if isinstance(self.better, str) or not self.unit_free else (values - self.better).abs()


def scored_metrics(names: Iterable[str], config: Mapping[str, Any]) -> list[ScoredMetric]:
    """Scored metrics in print order: with a unit, unit-free, with a target; within each in the config's order.

    names : as in the scores table, which uses the config's names of metrics.
    """
    specs = {str(s.get("name") or s.get("use")): s for s in config.get("metrics") or () if isinstance(s, Mapping)}
    place = {name: i for i, name in enumerate(specs)}
    made = [_scored_metric(name, specs.get(name, {"use": name})) for name in dict.fromkeys(names)]
    labels = [m.label for m in made]
    known = [replace(m, label=f"{m.label} ({m.name})") if labels.count(m.label) > 1 and m.name != m.plugin else m for m in made]
    return sorted(known, key=lambda m: (*_group(m), place.get(m.name, len(place))))


def metric_label(name: str) -> str:
    """Label of a registered metric; the bare name of any other."""
    return _scored_metric(name, {"use": name}).label


def _group(metric: ScoredMetric) -> tuple[int, float]:
    if not metric.unit_free:
        return 0, 0.0
    return (1, 0.0) if isinstance(metric.better, str) else (2, float(metric.better))


def _scored_metric(name: str, spec: Mapping[str, Any]) -> ScoredMetric:
    """The plug-in's declarations; without such a plug-in the bare name, assumed to carry a unit."""
    try:
        plugin = registry.build("metric", {key: value for key, value in spec.items() if key != "name"})
        description = registry.sentence("metric", str(spec["use"])).rstrip(".")
    except ConfigError:  # the run was made by a package that had more metrics
        return ScoredMetric(name, "", name, False, "", 0.0, "")
    return ScoredMetric(
        name,
        str(plugin.name),
        str(getattr(plugin, "label", name)),
        bool(getattr(plugin, "unit_free", False)),
        getattr(plugin, "better", ""),
        float(getattr(plugin, "percent", 0.0)),
        description,
    )
