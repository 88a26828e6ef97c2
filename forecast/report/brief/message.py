"""The message: where trade stands, what comes next, what is decided when, and what the measures changed, on one page."""

from __future__ import annotations

import math

from forecast.core import months as mm
from forecast.core.products import display_unit
from forecast.core.schema import group_rows
from forecast.report.blocks import Block, Bullets, Heading, Prose
from forecast.report.brief.decisions import Horizon
from forecast.report.brief.months_ahead import most_important
from forecast.report.brief.plain_words import EIGHT_OF_TEN, effect_words, fan_range, flow_words, how_sure, range_text
from forecast.report.chosen_answers import firmness, grade_sentence, summary_rows
from forecast.report.effect_rows import EffectAnswer
from forecast.report.inline_markup import strip_markup
from forecast.report.nowcast_blocks import nowcast_sentences
from forecast.report.numbers import capitalize, day, join_with_and, month, number_in_words, percent, period, quantity, window
from forecast.report.run_data import RunData

MOST_WORDS = 316  # of the message, which fills the first page and is read aloud in two minutes
HEAD = "The message"
RECENT = 3  # months at the end of a series that tell where it stands
BACK = 0.05  # so near to the earlier pace, a flow is back at it
SEASONAL = "same months a year earlier"  # a pace that other months cannot be held against


def message_blocks(data: RunData, horizon: Horizon) -> list[Block]:
    """Title, day, and as many sentences as fit on a page: where trade stands first, then the months ahead, then the past."""
    name = str(data.config.get("title") or data.config.get("name") or data.run.folder.name)
    read = f", read on {day(horizon.today.isoformat())}" if horizon.today.isoformat() > data.as_of else ""
    stands = f"What was known on {day(data.as_of)}{read}; the full report is the annex."
    lead = pace_sentence(data)
    first = [s for s in (forecast_sentence(data, horizon), *decision_sentences(horizon)) if s] or list(nowcast_sentences(data))
    last = [grade_sentence(data)] if data.headline else []
    left = MOST_WORDS - sum(map(word_count, (name, stands, HEAD, lead, *first, *last)))
    items = (*first, *effect_sentences(data, left), *last)
    out: list[Block] = [Heading(name, 1), Prose(stands, "lead"), Heading(HEAD, 2, "message", HEAD)]
    out += [Prose(f"**{lead}**")] if lead else []
    if not items:
        return [*out, Prose("No question of this run could be answered; the full report says why.")]
    return [*out, Bullets(items, numbered=True)]


def word_count(text: str) -> int:
    """The words of a text as they are read aloud, a number with its unit counted as two."""
    return len(strip_markup(text).replace("\u00a0", " ").split())


def effect_sentences(data: RunData, words: int) -> list[str]:
    """One sentence per grade, the firmest first, on as many of the main answers as fit into so many words."""
    chosen = sorted(one_per_flow(data), key=firmness)
    out: list[str] = []
    for sure, own in group_rows(chosen, how_sure).items():
        head = f"{capitalize(sure)}: "
        fits: list[str] = []
        left = words - word_count(head)
        for answer in own:
            if (left := left - word_count(effect_words(answer))) < 0:
                break
            fits.append(effect_words(answer))
        if fits:
            out.append(f"{head}{'; '.join(fits)}.")
            words -= word_count(out[-1])
    return out


def one_per_flow(data: RunData) -> list[EffectAnswer]:
    """The answers that matter most, the first of each flow, measure and grade, without those that say nothing of a figure.

    A loss of some months and its absence over the year are two findings of one flow, of different grades.
    """
    out: dict[tuple[str, str, str], EffectAnswer] = {}
    for answer in summary_rows(data):
        kind = answer.measure if answer.measure in ("share", "relative") else ""
        if answer.verdict != "not identified":
            out.setdefault((answer.series, kind, answer.verdict), answer)
    return list(out.values())


def pace_sentence(data: RunData) -> str:
    """Which flows are back at the pace before the measures, and which are not: the last three months against the baseline."""
    ratios = {a.series: recent_ratio(data, a) for a in one_per_flow(data)}
    known = {s: r for s, r in ratios.items() if math.isfinite(r)}
    groups = {
        "back at it": [s for s, r in known.items() if abs(r - 1) <= BACK],
        "above it": [s for s, r in known.items() if r > 1 + BACK],
        "below it": [s for s, r in known.items() if r < 1 - BACK],
    }
    paces = {s: f"{flow_words(s)} at {percent(ratio, sign=False)} ({_last_months(data, s)})" for s, ratio in known.items()}
    said = [f"{place} {join_with_and([paces[s] for s in part])}" for place, part in groups.items() if part]
    head = f"The last {number_in_words(RECENT)} published months against the pace before the measures"
    return f"{head}: {'; '.join(said)}." if said else ""


def _last_months(data: RunData, series: str) -> str:
    last = max(data.histories[series].values)
    return window(mm.label(last - RECENT + 1), mm.label(last))


def recent_ratio(data: RunData, answer: EffectAnswer) -> float:
    """The mean of the last published months over a month of the baseline; NaN where they are no such flow."""
    history = data.histories.get(answer.series)
    if history is None or not history.values or answer.measure in ("share", "relative") or not answer.has_baseline:
        return math.nan
    last = max(history.values)
    months = range(last - RECENT + 1, last + 1)
    if not answer.expected > 0 or answer.baseline == SEASONAL or months[0] <= mm.ordinal(answer.months_from):
        return math.nan
    pace = answer.expected / answer.n_known
    return history.total(months[0], last) / len(months) / pace


def forecast_sentence(data: RunData, horizon: Horizon) -> str:
    """The coming month of the most important series, and where its figures end."""
    series = most_important(data, horizon)
    row = horizon.coming(series) if series else None
    if row is None:
        return ""
    unit, history = display_unit(series)[0], data.histories[series]
    return (
        f"For {month(row.month)} we expect about {quantity(row.q50, unit)} of {flow_words(series)}, {EIGHT_OF_TEN} between "
        f"{fan_range(row, unit).replace(' to ', ' and ')}. Its figures here end in {month(mm.label(history.last))}."
    )


def decision_sentences(horizon: Horizon) -> list[str]:
    """The next decision, and of the first flow that hangs on it the course with the most trade and the one with the least."""
    out = [horizon.decisions[0].sentence(horizon.today)] if horizon.decisions else []
    told = [a.series for a in one_per_flow(horizon.data)]
    for series in sorted(horizon.courses, key=lambda s: told.index(s) if s in told else len(told)):
        unit = display_unit(series)[0]
        by_size = sorted(horizon.courses[series].items(), key=lambda item: item[1].q50)
        said = [
            f"{quantity(r.q50, unit)} if “{name}” ({range_text(r.q10, r.q90, unit)})" for name, r in (by_size[-1], by_size[0])
        ]
        when, flow = period(by_size[0][1].month), flow_words(series)
        out.append(f"{capitalize(flow)} in {when}: {', '.join(said)}.")
        break
    return out
