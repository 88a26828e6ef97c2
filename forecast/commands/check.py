"""What `forecast check` tells of a config before it is run: its plan, its data, and whether a method looks ahead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecast.study.data.leakage import Leak


def describe_config(config: str | Path = "minerals", trial: bool = False) -> str:
    """The plan of a config, what its backtests support, and an audit of its data, as text. Writes nothing.

    Parameters
    ----------
    config : str or Path, default "minerals"
        path of a TOML file, or name of one shipped with the package
    trial : bool, default False
        run every model of the backtests on a few questions, to find its first cutoff (takes minutes)

    Returns
    -------
    str
        lines of text

    Raises
    ------
    ConfigError
        where a word of the config is not valid
    """
    from forecast.jobs.load import describe_reading, load, read_archive as archive_of
    from forecast.jobs.plan import make_plan
    from forecast.jobs.plan_text import describe_best_verdicts, describe_plan, describe_requirements, describe_trial
    from forecast.jobs.series_named import series_named
    from forecast.study.data.audit import audit, coverage, flows_of

    asked = load(config)
    planned = make_plan(asked, archive_of(asked))
    named = series_named(planned)
    found = audit(planned.archive, planned.vintage, named)
    counts = ", ".join(f"{n} {what}" for what, n in planned.counts.items())
    lines = [
        f"{asked.name}: {asked.title}",
        f"as of {planned.vintage.day}",
        "",
        "PLAN",
        *describe_plan(planned),
        counts,
        *(
            ["", "WHAT THE BACKTESTS SUPPORT: levels by own or pooled errors", *describe_requirements(planned)]
            if asked.backtest
            else []
        ),
        *(["", "WHAT EACH MODEL ANSWERS", *describe_trial(planned)] if trial else []),
        *(["", "WHAT EACH QUESTION CAN REACH AT BEST", *describe_best_verdicts(planned)] if asked.effects else []),
        *(["", "HOW THE TABLE WAS READ", *inferred] if (inferred := describe_reading(asked)) else []),
        "",
        "SERIES",
    ]
    lines.append(f"{'series':<52}{'first':>8}{'last':>9}{'months':>8}{'spans':>7}{'gaps':>6}{'zeros':>7}")
    lines += [
        f"{one.series:<52}{one.first:>8}{one.last:>9}{one.months:>8}{one.spans:>7}{one.gaps:>6}{one.zeros:>7}"
        for one in coverage(planned.vintage.only(flows_of(planned.archive, named)))
    ]
    lines += ["", "FINDINGS", *(f"{f.topic}: {f.text} ({f.where})" for f in [*found, *planned.findings])]
    return "\n".join(lines)


def find_look_ahead(config: str | Path = "minerals", tell: Callable[[str], None] = print) -> list[Leak]:
    """Look-ahead test of a config's methods: answers that change when everything later than their day is corrupted.

    A few questions of each kind are asked twice (`forecast/study/data/leakage.py`). Writes nothing.

    Parameters
    ----------
    config : str or Path, default "minerals"
        path of a TOML file, or name of one shipped with the package
    tell : callable, default `print`
        receives progress messages

    Returns
    -------
    list of Leak
        empty if no method looks ahead

    Raises
    ------
    ConfigError
        where a word of the config is not valid
    """
    from forecast.jobs.leakage_questions import describe_sample, sample_questions
    from forecast.jobs.load import load, read_archive as archive_of
    from forecast.jobs.plan import make_plan
    from forecast.study.data.leakage import find_leaks

    loaded = load(config)
    planned = make_plan(loaded, archive_of(loaded))
    questions = sample_questions(planned)
    tell(describe_sample(questions))
    return find_leaks(planned.real_time, questions, loaded.seed, tell)
