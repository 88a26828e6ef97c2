"""How a run's backtests were set up, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from forecast.report.run_data import RunData

if TYPE_CHECKING:
    import pandas as pd


def refit_clause(data: RunData) -> str:
    """Clause on when parameters were refitted."""
    return " and was refitted" if all(group.get("refit", "always") == "always" for group in data.backtests) else ""


def real_time_sentence(scores: pd.DataFrame) -> str:
    """Whether the cutoffs' data are real-time, finally revised, or dated by a release rule."""
    seen = dict(zip(zip(scores.series, scores.cutoff, strict=True), scores.vintage, strict=True))
    counts = Counter(seen.values())
    words = {
        "real": "hold the figures as they stood that day",
        "final": "stand on recorded release days, with later revisions in the figures",
        "pseudo": "stand on a release day that a rule gives",
    }
    parts = [f"{counts[kind]} of {len(seen)} {text}" for kind, text in words.items() if counts[kind]]
    word = "Real-time" if counts["real"] == len(seen) else "Pseudo-real-time"
    return f"**{word}**, cutoffs of single series: {'; '.join(parts)}." if parts else ""


def figures_sentence(data: RunData) -> str:
    """How many of the figures under the cutoffs are real vintages; nothing for a run that did not count them."""
    counted = data.run.info.get("figures_stood_on") or {}
    real, pseudo = int(counted.get("real", 0)), int(counted.get("pseudo", 0))
    if not real + pseudo:
        return ""
    kept = "real vintages (kept as they came out, on the day that their source says)"
    made = "pseudo-vintages (one value each, under a day that is recorded or that a rule gives)"
    if real and pseudo:
        return f" Of the {real + pseudo:,} figures that they stood on, {real:,} are {kept} and {pseudo:,} {made}."
    return f" All {real + pseudo:,} figures that they stood on are {kept if real else made}."


def unusual_settings(data: RunData) -> str:
    """Settings in which backtest groups depart from the default."""
    out = []
    for group in data.backtests:
        settings = [f"a rolling window of {group.get('window_months')} months"] if group.get("window") == "rolling" else []
        settings += [f"one cutoff in {group['step']}"] if int(group.get("step") or 1) > 1 else []
        settings += [f"{group['gap']} months left out before the first asked one"] if group.get("gap") else []
        refit = group.get("refit", "always")
        named = {"event": "parameters fitted anew after events", "never": "parameters fitted once"}
        settings += [named.get(str(refit), f"parameters fitted anew on every {refit} cutoffs")] if refit != "always" else []
        truth = group.get("truth", "latest")
        settings += [f"marked against {'the first release' if truth == 'first' else f'release {truth}'} of a figure"] * (
            truth != "latest"
        )
        out += [f" **{group['name']}**: {', '.join(settings)}."] if settings else []
    return "".join(out)
