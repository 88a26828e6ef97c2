"""How a run's backtests were set up, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecast.report.run_data import RunData

if TYPE_CHECKING:
    import pandas as pd


def refit_clause(data: RunData) -> str:
    """Clause on when parameters were refitted."""
    policies = {str(g.get("refit", "always")) for g in data.config.get("backtest") or () if isinstance(g, dict)}
    return " and was refitted" if policies <= {"always"} else ""


def real_time_sentence(data: RunData, table: pd.DataFrame) -> str:
    """Whether the cutoffs' data are real-time, finally revised, or dated by a release rule."""
    if "vintage" not in table:
        return f"**Pseudo-real-time**: release days are kept, but later revisions of a figure are not in the {data.held}."
    seen = table.drop_duplicates(["series", "cutoff"])["vintage"]
    counts = {kind: int((seen == kind).sum()) for kind in ("real", "final", "pseudo")}
    words = {
        "real": "hold the figures as they stood that day",
        "final": "stand on recorded release days, with later revisions in the figures",
        "pseudo": "stand on a release day that a rule gives",
    }
    parts = [f"{n} of {len(seen)} {words[kind]}" for kind, n in counts.items() if n]
    word = "Real-time" if counts["real"] == len(seen) else "Pseudo-real-time"
    return f"**{word}**, cutoffs of single series: {'; '.join(parts)}." if parts else ""


def unusual_settings(data: RunData) -> str:
    """Settings in which backtest groups depart from the default."""
    out = []
    for group in data.config.get("backtest") or ():
        if not isinstance(group, dict):
            continue
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
