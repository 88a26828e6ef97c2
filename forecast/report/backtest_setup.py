"""Past: how a run's backtests were set up, in words for its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecast.report.run_data import RunData

if TYPE_CHECKING:
    import pandas as pd


def refit_clause(facts: RunData) -> str:
    """When parameters were fitted anew."""
    policies = {str(g.get("refit", "always")) for g in facts.config.get("backtest") or () if isinstance(g, dict)}
    return " and was refitted" if policies <= {"always"} else ""


def real_time_sentence(table: pd.DataFrame) -> str:
    """What the cutoffs' figures are: as they stood, or with later revisions; release days recorded, or by a rule."""
    if "vintage" not in table:
        return "**Pseudo-real-time**: release days are kept, but later revisions of a figure are not in the bundle."
    seen = table.drop_duplicates(["series", "cutoff"])["vintage"]
    counts = {kind: int((seen == kind).sum()) for kind in ("real", "final", "pseudo")}
    told = {
        "real": "hold the figures as they stood that day",
        "final": "stand on recorded release days, with later revisions in the figures",
        "pseudo": "stand on a release day that a rule gives",
    }
    parts = [f"{n} of {len(seen)} {told[kind]}" for kind, n in counts.items() if n]
    word = "Real-time" if counts["real"] == len(seen) else "Pseudo-real-time"
    return f"**{word}**, cutoffs of single series: {'; '.join(parts)}." if parts else ""


def unusual_settings(facts: RunData) -> str:
    """In which words of the config groups depart from the usual backtest."""
    out = []
    for asked in facts.config.get("backtest") or ():
        if not isinstance(asked, dict):
            continue
        told = [f"a rolling window of {asked.get('window_months')} months"] if asked.get("window") == "rolling" else []
        told += [f"one cutoff in {asked['step']}"] if int(asked.get("step") or 1) > 1 else []
        told += [f"{asked['gap']} months left out before the first asked one"] if asked.get("gap") else []
        refit = asked.get("refit", "always")
        named = {"event": "parameters fitted anew after events", "never": "parameters fitted once"}
        told += [named.get(str(refit), f"parameters fitted anew on every {refit} cutoffs")] if refit != "always" else []
        truth = asked.get("truth", "latest")
        told += [f"marked against {'the first release' if truth == 'first' else f'release {truth}'} of a figure"] * (
            truth != "latest"
        )
        out += [f" **{asked['name']}**: {', '.join(told)}."] if told else []
    return "".join(out)
