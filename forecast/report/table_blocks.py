"""Tables that sections share: headline rows, other methods, months ahead, last figures, regimes.

Plain semantic tables instead of a table library: they take the page's light and dark colours and turn into cards on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from forecast.core import months as mm
from forecast.core.cells import UNHELD
from forecast.core.products import display_unit
from forecast.core.schema import ForecastRow, RegimeRow, SumRow, divide_figures, group_rows, split_names
from forecast.report.blocks import MISSING, Column, TableBlock, TableCell
from forecast.report.credits import credit, sources
from forecast.report.effect_rows import EffectAnswer
from forecast.report.flow_history import FlowHistory
from forecast.report.number_cells import amount_cell, decimal_cell, percent_cell, quantity_cell
from forecast.report.numbers import (
    NBSP,
    decimal,
    digits,
    flow_name,
    good_name,
    percent,
    period,
    quantity,
    series_name,
    treated_name,
    window,
)
from forecast.report.prose import (
    amount,
    breakdown_text,
    detectable_text,
    interval_text,
    level_text,
    margin_text,
    note_sentence,
    reason_in_words,
    relative_change,
    test_text,
    verdict_sentence,
)
from forecast.report.run_data import RunData


def headline_table(data: RunData, answers: Sequence[EffectAnswer], caption: str, told_once: Collection[str] = ()) -> TableBlock:
    """One row per question: description, estimate if the gates allow one, verdict; with a sentence beneath."""
    columns = (Column("Question"), Column("Observed against baseline"), Column("Estimate"), Column("Verdict"))
    out: list[tuple[TableCell, ...]] = []
    for a in answers:
        told = "; ".join(filter(None, (f"reading: {a.reading}" if a.reading else "", a.family_text)))
        verdict = TableCell(a.verdict or MISSING, told, a.verdict)
        out.append((_question_cell(data, a), _description_cell(data, a), _estimate_cell(a), verdict))
        out.append((TableCell(verdict_sentence(data, a, told_once=told_once) + note_sentence(a.note), tone="sentence"),))
    return TableBlock(caption, columns, tuple(out), credit(data, [a.series for a in answers], "table"), stacked=True)


def _question_cell(data: RunData, a: EffectAnswer) -> TableCell:
    named = "; ".join(sources(data, [a.series], "asked"))
    months = f"{a.lag_months} month{'s' if a.lag_months != 1 else ''}"
    parts = (
        treated_name(a.treated),
        a.known_window,
        "panel" if a.basis == "panel" else f"source: {named}" if named else "",
        f"window starts {months} after the event (transport)" if a.lag_months else "",
        f"asked: {a.estimand}",
    )
    return TableCell(f"{a.id}. {a.question}" if a.question else a.id, " · ".join(p for p in parts if p))


def _description_cell(data: RunData, a: EffectAnswer) -> TableCell:
    if not a.has_baseline:
        last = a.baseline.partition("level, ")[2]
        none = "no figure bundled" if data.held == "bundle" else "no figure"
        words = f"{f'last published level, {period(last)}' if last else none}; no baseline"
        if level_text(a, a.observed_total):
            known = f"last published level {amount(a, a.desc_estimate, sign=False)} in {period(last)}; " if last else ""
            return TableCell(level_text(a, a.observed_total), f"observed; {known}no baseline")
        return TableCell(amount(a, a.desc_estimate, sign=False) if math.isfinite(a.desc_estimate) else MISSING, words)
    fraction = relative_change(a)
    share = f" ({percent(fraction)})" if math.isfinite(fraction) and a.measure != "relative" else ""
    against = (
        f"{level_text(a, a.observed_total)} against {level_text(a, a.expected)}; "
        if level_text(a, a.observed_total) and level_text(a, a.expected)
        else ""
    )
    several = math.isfinite(a.desc_lo) and a.desc_lo != a.desc_hi
    names = f" ({', '.join(split_names(a.baselines))})" if a.baselines else ""
    ends = interval_text(a, a.desc_lo, a.desc_hi).replace(" to ", " and ")
    spread = f"; between {ends} depending on the baseline{names}" if several else ""
    return TableCell(amount(a, a.desc_estimate) + share, f"{against}{a.baseline}{spread}")


def _estimate_cell(a: EffectAnswer) -> TableCell:
    if not a.has_estimate:
        none = "no estimate: the checks allow none" if a.reading in ("descriptive", "none") else "no estimate"
        unseen = "; so no smallest effect that would be seen either" if a.verdict == "cannot distinguish" else ""
        return TableCell(MISSING, none + unseen)
    clean = f"{a.n_clean} clean months" + (f" and {a.n_span} sum{'s' if a.n_span > 1 else ''}" if a.n_span else "")
    method = f"method: {a.estimator}" if a.estimator else ""
    lines = (intervals_text(a), test_text(a), power_text(a), conclusion_text(a), breakdown_text(a), clean, method)
    return amount_cell(a, a.estimate, "; ".join(line for line in lines if line))


def intervals_text(a: EffectAnswer) -> str:
    """Both intervals of an estimate."""
    return f"80{NBSP}% {interval_text(a, a.lo80, a.hi80)}; 95{NBSP}% {interval_text(a, a.lo95, a.hi95)}"


def power_text(a: EffectAnswer) -> str:
    """The smallest effect that would be seen, if it is known."""
    return f"smallest effect seen with 80{NBSP}% power {detectable_text(a)}" if detectable_text(a) else ""


def conclusion_text(a: EffectAnswer) -> str:
    """How far from nothing the effect may lie by two one-sided tests at 5 %, as a share of what was expected."""
    share = f"as a share of what was expected within {margin_text(a)} either way"
    return f"{share} (90{NBSP}% interval)" if margin_text(a) else ""


def other_methods_table(data: RunData, answers: Sequence[EffectAnswer]) -> TableBlock:
    """The same questions under other methods and windows."""
    columns = (
        Column("Question"), Column("Method and window"), Column("Observed less baseline", True), Column("Estimate", True),
        Column(f"95{NBSP}% interval", True), Column("Test"), Column("Verdict"),
    )  # fmt: skip
    rows = []
    for a in answers:
        rows.append(
            (
                TableCell(a.id, treated_name(a.treated)),
                TableCell(a.estimator or MISSING, f"{a.window}; {a.estimand}"),
                amount_cell(a, a.desc_estimate, a.baseline) if a.has_baseline else TableCell(MISSING, a.baseline),
                amount_cell(a, a.estimate) if a.has_estimate else TableCell(MISSING, reason_in_words(data, a, a.because)),
                TableCell(interval_text(a, a.lo95, a.hi95) if a.has_estimate else MISSING),
                TableCell(test_text(a) or "no test"),
                TableCell(a.verdict or MISSING, a.family_text, a.verdict),
            )
        )
    return TableBlock("Other methods and windows for the same questions, in the unit of each row.", columns, tuple(rows))


def months_ahead_table(
    history: FlowHistory, rows: Sequence[ForecastRow], sums: Sequence[SumRow], as_of: str, unheld: str = UNHELD
) -> TableBlock:
    """Months ahead of one series: median, bands, and change on a year and on a month earlier; of its sums Jan+Feb."""
    unit = history.unit
    months = {mm.ordinal(r.month): r for r in rows}
    levels = {m: r.q50 for m, r in months.items()} | history.values
    out: list[tuple[TableCell, ...]] = []
    for m, r in sorted(months.items()):
        past = r.month < as_of[:7]
        out.append(
            (
                TableCell(period(r.month), f"past, {unheld}" if past else "", "past" if past else ""),
                *_drawn_cells(r, unit),
                _yearly_cell(history, m, levels),
                _change_cell(r.q50, levels.get(m - 1), "no figure the month before"),
            )
        )
        if m % 12 == 1 and m - 1 in months and _has_moving_new_year(history.series):
            out.append(_new_year_cells(history, sums, m))
    columns = (
        Column("Month"), Column(f"Median, {unit}", True, unit), Column(f"80{NBSP}% band", True),
        Column(f"95{NBSP}% band", True), Column("on a year earlier", True), Column("on the month before", True),
    )  # fmt: skip
    return TableBlock(f"{series_name(history.series)}: the months ahead, {unit} a month.", columns, tuple(out))


def _drawn_cells(r: ForecastRow, unit: str) -> tuple[TableCell, ...]:
    """Median and bands of a forecast."""
    median = decimal_cell(r.q50, digits(r.q50, unit))
    return median, TableCell(_band_text(r.q10, r.q90, unit)), TableCell(_band_text(r.q025, r.q975, unit))


def _band_text(low: float, high: float, unit: str) -> str:
    return f"{decimal(low, digits(high, unit))} to {decimal(high, digits(high, unit))}"


def _change_cell(value: float, base: float | None, reason: str) -> TableCell:
    if base is None or not base > 0:
        return TableCell(MISSING, "base is zero" if base == 0 else reason)
    return percent_cell(value / base - 1.0) if value < 10 * base else TableCell(f"× {value / base:,.0f}")


def _yearly_cell(history: FlowHistory, m: int, levels: dict[int, float]) -> TableCell:
    if _is_new_year_month(history.series, m):
        return TableCell(MISSING, "on Jan+Feb only")
    return _change_cell(levels[m], levels.get(m - 12), "no figure a year earlier")


def _has_moving_new_year(series: str) -> bool:
    """Whether the reporter is China, whose New Year moves between January and February."""
    return series.startswith("CHN.")


def _is_new_year_month(series: str, m: int) -> bool:
    """Whether a month of a Chinese series is January or February, between which the New Year moves."""
    return _has_moving_new_year(series) and m % 12 in (0, 1)


def _new_year_cells(history: FlowHistory, rows: Sequence[SumRow], february: int) -> tuple[TableCell, ...]:
    """January and February of a Chinese series as one sum, since the New Year moves between them."""
    joint = next((r for r in rows if r.month == mm.period_label(february - 1, february)), None)
    if joint is None:
        return TableCell("Jan+Feb", "sum not drawn", "past"), *(TableCell(MISSING) for _ in range(5))
    before = history.total(february - 13, february - 12)
    yearly = percent_cell(joint.q50 / before - 1.0) if before > 0 else TableCell(MISSING, "no sum a year earlier")
    when = TableCell(f"Jan+Feb {february // 12}", "sum of both months")
    return when, *_drawn_cells(joint, history.unit), yearly, TableCell(MISSING, "a sum")


def latest_figures_table(histories: Sequence[FlowHistory], note: str = "") -> TableBlock:
    """The last published month of each series with its change on a year and on a month earlier."""
    rows = []
    for h in histories:
        if not h.values:
            continue
        name = TableCell(good_name(h.series), flow_name(h.series))
        rows.append((name, *_latest_cells(h)))
    columns = (
        Column("Series"), Column("Last figure"), Column("Level", True), Column("on a year earlier", True),
        Column("on the month before", True),
    )  # fmt: skip
    return TableBlock("The last published figure of each series; not seasonally adjusted.", columns, tuple(rows), note)


def latest_note(data: RunData, series: Sequence[str]) -> str:
    """Sources of the last figures of some series, and how months with moving holidays are compared."""
    note = credit(data, series, "figure")
    if any(map(_has_moving_new_year, series)):
        note += " January and February of China's are compared as a sum, as the New Year moves between them."
    return note.strip()


def latest_figure(h: FlowHistory) -> tuple[int, int, float]:
    """First and last month and value of the last published figure: a month, or a sum that ends later."""
    m = max(h.values, default=-1)
    later = [s for s in h.sums if s[0] > m]
    if later:
        return later[-1]
    first = m - (_has_moving_new_year(h.series) and m % 12 == 1)
    value = h.total(first, m)
    return (first, m, value) if math.isfinite(value) else (m, m, h.values[m])


def _latest_cells(h: FlowHistory) -> tuple[TableCell, ...]:
    """The last published figure, a month or a sum that ends later, with its changes."""
    m = max(h.values)
    first, last, value = latest_figure(h)
    before = h.total(first - 12, last - 12)
    yearly = _change_from_cell(h, value, before, first - 12, last - 12)
    if first == last and _is_new_year_month(h.series, m):
        yearly = TableCell(MISSING, "on Jan+Feb only")
    monthly = _change_from_cell(h, h.values[m], h.values.get(m - 1, math.nan), m - 1, m - 1)
    when, sub = period(mm.label(m)), ""
    if last > first:
        when = window(mm.label(first), mm.label(last))
        single = f"last single month {period(mm.label(m))}: {quantity(h.values[m], h.unit)}"
        year = _change_from_cell(h, h.values[m], h.values.get(m - 12, math.nan), m - 12, m - 12)
        on_year = "" if _is_new_year_month(h.series, m) or year.text == MISSING else f", {year.text} on a year earlier"
        on_month = f", {monthly.text} on the month before" if monthly.text != MISSING else ""
        sub, monthly = f"sum of {last - first + 1} months; {single}{on_year}{on_month}", TableCell(MISSING, "a sum")
    level = quantity_cell(value, h.unit, "provisional" if h.is_provisional(first, last) else "")
    return TableCell(when, sub), level, yearly, monthly


def _change_from_cell(h: FlowHistory, value: float, base: float, first: int, last: int) -> TableCell:
    """A change, with the figure it starts from beneath."""
    if not math.isfinite(base):
        return TableCell(MISSING, f"no figure for {window(mm.label(first), mm.label(last))}")
    cell = _change_cell(value, base, "")
    return replace(cell, sub=f"from {quantity(base, h.unit)}")


def regimes_table(
    data: RunData,
    rows: Sequence[RegimeRow],
    order: Sequence[str] = (),
    ahead: Mapping[tuple[str, str], SumRow] | None = None,
) -> TableBlock:
    """Observed mean and range under each regime, one row per series, beneath what is forecast of a month under it.

    ahead : the mean of a month by series and scenario; a regime with the name of a scenario stands for it
    """
    ahead = ahead or {}
    windows = {
        name: window(min(r.months_from for r in part), max(r.months_to for r in part))
        for name, part in group_rows(rows, lambda r: r.regime).items()
    }
    place = {name: i for i, name in enumerate(order)}
    groups = group_rows(rows, lambda r: r.series)
    told = {name for _, name in ahead} & set(windows)
    out = []
    for series in sorted(groups, key=lambda s: place.get(s, len(place))):
        unit, scale = display_unit(series)
        by = {r.regime: divide_figures(r, scale) for r in groups[series]}
        out.append(
            (
                TableCell(good_name(series), flow_name(series)),
                *(_regime_cell(by.get(name), ahead.get((series, name)), name in told, unit) for name in windows),
            )
        )
    columns = (Column("Series"), *(Column(f"If {n.removeprefix('if ')}{_seen_in(n, told, windows)}", True) for n in windows))
    when = period(next(iter(ahead.values())).month) if told else ""
    title = (
        f"If … then: the mean of a month over {when}, median of the fans' draws; beneath it 80{NBSP}% of them, what was seen."
        if told
        else "If … then: the mean of a month under each regime; beneath it the lowest and the highest month and their number n."
    )
    basis = (
        "Seen: the mean of the months named in the column, with their number n." if told else "Observed months, not forecasts."
    )
    return TableBlock(
        title, columns, tuple(out),
        f"{basis} No probability is attached to any column: which one holds is a decision, not a draw. "
        + credit(data, groups, "figure"),
    )  # fmt: skip


def _seen_in(name: str, told: set[str], windows: Mapping[str, str]) -> str:
    return f" (seen: {windows[name]})" if name in told else f", then as in {windows[name]}"


def _regime_cell(seen: RegimeRow | None, ahead: SumRow | None, told: bool, unit: str) -> TableCell:
    """One series under one regime: the forecast with the observed mean beneath, or the observed mean alone."""
    known = seen is not None and math.isfinite(seen.mean)
    if not told:
        if seen is None or not known:
            return TableCell(MISSING, "no monthly figure")
        spread = f"{quantity(seen.lo) if seen.lo else 0} to {quantity(seen.hi, unit)}; n{NBSP}={NBSP}{seen.n}"
        return quantity_cell(seen.mean, unit, spread)
    observed = f"seen {quantity(seen.mean, unit)}; n{NBSP}={NBSP}{seen.n}" if seen is not None and known else ""
    if ahead is None:
        return TableCell("not identified", observed, "muted")
    band = f"{quantity(ahead.q10) if ahead.q10 else 0} to {quantity(ahead.q90, unit)}"
    return quantity_cell(ahead.q50, unit, "; ".join(part for part in (band, observed) if part))
