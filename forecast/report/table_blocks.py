"""Tables of the report as Blocks: headline rows, months ahead, regimes, scores, gates.

Plain semantic tables instead of a table library: they take the page's light and dark colours and turn into cards on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from forecast.core import months as mm
from forecast.report.blocks import MISSING, Cell, Column, Table
from forecast.report.effect_rows import Answer
from forecast.report.numbers import (
    BASES,
    NBSP,
    digits,
    flow_name,
    number,
    percent,
    period,
    plain,
    product_name,
    series_name,
    treated_name,
    window,
)
from forecast.report.prose import amount, between, change, level, placebos, remark, robust, said, spelled, visible
from forecast.report.run_data import Facts, History

if TYPE_CHECKING:
    import pandas as pd


SOURCES = {
    "export": "China's customs (GACC), through the publishers listed under Data",
    "import_origin": "US Census Bureau, general imports by declared country of origin",
    "import_total": "US Census Bureau, general imports",
}


def headline(facts: Facts, answers: Sequence[Answer], caption: str) -> Table:
    """One row a question: description, estimate where the gates allow one, verdict; the sentence stands beneath."""
    columns = (Column("Question"), Column("Observed against baseline"), Column("Estimate"), Column("Verdict"))
    rows = [(_asked(a), _described(a), _estimated(a), Cell(a.verdict or MISSING, _read(a), a.verdict)) for a in answers]
    out: list[tuple[Cell, ...]] = []
    for answer, row in zip(answers, rows, strict=True):
        out.append(row)
        out.append((Cell(said(facts, answer) + remark(answer.note), tone="sentence"),))
    named = dict.fromkeys(SOURCES[a.basis] for a in answers if a.basis in SOURCES)
    return Table(caption, columns, tuple(out), f"Sources: {'; '.join(named)}." if named else "", stacked=True)


def _asked(a: Answer) -> Cell:
    parts = [treated_name(a.series), window(a.first, a.last), BASES.get(a.basis, a.basis)]
    parts.append(f"window starts {a.lag} month{'s' if a.lag != 1 else ''} after the event (transport)" if a.lag else "")
    parts.append(f"asked: {a.estimand}")
    title = f"{a.id}. {a.question}" if a.question else a.id
    return Cell(title, " · ".join(p for p in parts if p))


def _described(a: Answer) -> Cell:
    if not a.compared:
        last = a.baseline.partition("level, ")[2]
        words = f"last published level, {period(last)}; no baseline" if last else "no figure bundled; no baseline"
        if level(a, a.observed):
            known = f"last published level {amount(a, a.desc, sign=False)} in {period(last)}; " if last else ""
            return Cell(level(a, a.observed), f"observed; {known}no baseline")
        return Cell(amount(a, a.desc, sign=False) if math.isfinite(a.desc) else MISSING, words)
    fraction = change(a)
    share = f" ({percent(fraction)})" if math.isfinite(fraction) and a.measure != "relative" else ""
    against = (
        f"{level(a, a.observed)} against {level(a, a.expected)}; " if level(a, a.observed) and level(a, a.expected) else ""
    )
    several = math.isfinite(a.desc_lo) and a.desc_lo != a.desc_hi
    names = f" ({', '.join(a.baselines)})" if a.baselines else ""
    ends = between(a, a.desc_lo, a.desc_hi).replace(" to ", " and ")
    spread = f"; between {ends} depending on the baseline{names}" if several else ""
    return Cell(amount(a, a.desc) + share, f"{against}{a.baseline}{spread}")


def _estimated(a: Answer) -> Cell:
    if not a.estimated:
        none = "no estimate: the checks allow none" if a.reading in ("descriptive", "none") else "no estimate"
        unseen = "; so no smallest effect that would be seen either" if a.verdict == "cannot distinguish" else ""
        return Cell(MISSING, none + unseen)
    lines = [f"80{NBSP}% {between(a, a.lo80, a.hi80)}; 95{NBSP}% {between(a, a.lo95, a.hi95)}", *_support(a)]
    return Cell(amount(a, a.estimate), "; ".join(lines))


def _support(a: Answer) -> list[str]:
    lines = []
    if math.isfinite(a.p_value):
        lines.append(placebos(a))
    if visible(a):
        lines.append(f"smallest effect seen with 80{NBSP}% power {visible(a)}")
    if robust(a):
        lines.append(robust(a))
    lines.append(f"{a.n_clean} clean months" + (f" and {a.n_span} sum{'s' if a.n_span > 1 else ''}" if a.n_span else ""))
    if a.estimator:
        lines.append(f"method: {a.estimator}")
    return lines


def _read(a: Answer) -> str:
    return f"reading: {a.reading}" if a.reading else ""


def sensitivity(facts: Facts, answers: Sequence[Answer]) -> Table:
    """The same questions under other methods and windows."""
    columns = (
        Column("Question"), Column("Method and window"), Column("Observed less baseline", True), Column("Estimate", True),
        Column(f"95{NBSP}% interval", True), Column("Placebos"), Column("Verdict"),
    )  # fmt: skip
    rows = []
    for a in answers:
        rows.append(
            (
                Cell(a.id, treated_name(a.series)),
                Cell(a.estimator or MISSING, f"{window(a.first, a.last)}; {a.estimand}"),
                Cell(amount(a, a.desc) if a.compared else MISSING, a.baseline),
                Cell(amount(a, a.estimate) if a.estimated else MISSING, "" if a.estimated else spelled(facts, a, a.because)),
                Cell(between(a, a.lo95, a.hi95) if a.estimated else MISSING),
                Cell(placebos(a) or "no placebo window"),
                Cell(a.verdict or MISSING, tone=a.verdict),
            )
        )
    return Table("Other methods and windows for the same questions, in the unit of each row.", columns, tuple(rows))


def ahead(history: History, rows: pd.DataFrame, as_of: str) -> Table:
    """Twelve months of one series: median, bands, and the change on the year and on the month before."""
    unit = history.unit
    months = {mm.ordinal(m): r for m, r in zip(rows["month"], rows.to_dict("records"), strict=True) if "/" not in m}
    median = {m: float(r["q50"]) for m, r in months.items()}
    levels = median | history.values
    out: list[tuple[Cell, ...]] = []
    for m in sorted(months):
        r = months[m]
        past = mm.label(m) < as_of[:7]
        out.append(
            (
                Cell(period(mm.label(m)), "past, not bundled" if past else "", "past" if past else ""),
                Cell(plain(median[m], digits(median[m], unit))),
                Cell(_band(r["q10"], r["q90"], unit)),
                Cell(_band(r["q025"], r["q975"], unit)),
                _yearly(history, m, levels),
                _ratio(median[m], levels.get(m - 1), "no figure the month before"),
            )
        )
        if m % 12 == 1 and m - 1 in months:
            out.extend(_holiday(history, rows, m, unit))
    columns = (
        Column("Month"), Column(f"Median, {unit}", True), Column(f"80{NBSP}% band", True), Column(f"95{NBSP}% band", True),
        Column("on a year earlier", True), Column("on the month before", True),
    )  # fmt: skip
    return Table(f"{series_name(history.series)}: the months ahead, {unit} a month.", columns, tuple(out))


def _band(low: float, high: float, unit: str) -> str:
    return f"{plain(low, digits(high, unit))} to {plain(high, digits(high, unit))}"


def _ratio(value: float, base: float | None, reason: str) -> Cell:
    if base is None or not base > 0:
        return Cell(MISSING, "base is zero" if base == 0 else reason)
    return Cell(percent(value / base - 1.0) if value < 10 * base else f"× {value / base:,.0f}")


def _yearly(history: History, m: int, levels: dict[int, float]) -> Cell:
    if _new_year(history.series, m):
        return Cell(MISSING, "on Jan+Feb only")
    return _ratio(levels[m], levels.get(m - 12), "no figure a year earlier")


def _new_year(series: str, m: int) -> bool:
    """Whether a month of China's falls to the New Year holidays, which move between January and February."""
    return series.startswith("CHN.") and m % 12 in (0, 1)


def _holiday(history: History, rows: pd.DataFrame, february: int, unit: str) -> list[tuple[Cell, ...]]:
    """January and February of China's together: the New Year moves between them, so only their sum is compared."""
    if not _new_year(history.series, february):
        return []
    label = mm.period_label(february - 1, february)
    joint = rows[rows["month"] == label]
    before = history.total(february - 13, february - 12)
    if not len(joint):
        return [(Cell("Jan+Feb", "sum not drawn", "past"), *(Cell(MISSING) for _ in range(5)))]
    r = joint.iloc[0]
    value = float(r["q50"])
    yearly = Cell(percent(value / before - 1.0)) if before > 0 else Cell(MISSING, "no sum a year earlier")
    return [
        (
            Cell(f"Jan+Feb {february // 12}", "sum of both months"), Cell(plain(value, digits(value, unit))),
            Cell(_band(r["q10"], r["q90"], unit)), Cell(_band(r["q025"], r["q975"], unit)), yearly, Cell(MISSING, "a sum"),
        )
    ]  # fmt: skip


def latest(histories: Sequence[History]) -> Table:
    """The last published month of every series with its change on the year and on the month before."""
    rows = []
    for h in histories:
        if not h.values:
            continue
        name = Cell(product_name(h.series.partition(":")[0].rsplit(".", 1)[-1]), flow_name(h.series))
        rows.append((name, *_last(h)))
    columns = (
        Column("Series"),
        Column("Last figure"),
        Column("Level", True),
        Column("on a year earlier", True),
        Column("on the month before", True),
    )
    note = (
        "Sources: China's customs through the publishers listed under Data; US Census Bureau, general imports. January and "
        "February of China's are compared as a sum, as the New Year moves between them."
    )
    return Table("The last published figure of each series; not seasonally adjusted.", columns, tuple(rows), note)


def _last(h: History) -> tuple[Cell, ...]:
    """The last figure known: a month, or a sum that ends later; with the figures it is compared with."""
    m = max(h.values)
    later = [s for s in h.sums if s[1] > m and s[0] > m]
    first, last = (later[-1][0], later[-1][1]) if later else (m - 1 if _new_year(h.series, m) and m % 12 == 1 else m, m)
    value = h.total(first, last)
    if not math.isfinite(value):
        first, value = m, h.values[m]
    before = h.total(first - 12, last - 12)
    yearly = _change(h, value, before, first - 12, last - 12)
    if first == last and _new_year(h.series, m):
        yearly = Cell(MISSING, "on Jan+Feb only")
    monthly = _change(h, h.values[m], h.values.get(m - 1, math.nan), m - 1, m - 1)
    when, sub = period(mm.label(m)), ""
    if last > first:
        when = window(mm.label(first), mm.label(last))
        single = f"last single month {period(mm.label(m))}: {number(h.values[m], h.unit)}"
        year = _change(h, h.values[m], h.values.get(m - 12, math.nan), m - 12, m - 12)
        on_year = "" if _new_year(h.series, m) or year.text == MISSING else f", {year.text} on a year earlier"
        on_month = f", {monthly.text} on the month before" if monthly.text != MISSING else ""
        sub, monthly = f"sum of {last - first + 1} months; {single}{on_year}{on_month}", Cell(MISSING, "a sum")
    return Cell(when, sub), Cell(number(value, h.unit)), yearly, monthly


def _change(h: History, value: float, base: float, first: int, last: int) -> Cell:
    """A change with the figure it starts from beneath."""
    if not math.isfinite(base):
        return Cell(MISSING, f"no figure for {window(mm.label(first), mm.label(last))}")
    cell = _ratio(value, base, "")
    return Cell(cell.text, f"from {number(base, h.unit)}")


def regimes(table: pd.DataFrame, order: Sequence[str] = ()) -> Table:
    """If the suspension is extended or lapses: the observed mean of each regime with its range, one row per series."""
    from forecast.core.products import display

    names = list(dict.fromkeys(table["regime"].astype(str)))
    windows = {}
    for name in names:
        part = table[table["regime"] == name]
        windows[name] = window(str(part["months_from"].min()), str(part["months_to"].max()))
    rows = []
    place = {name: i for i, name in enumerate(order)}
    groups = {str(series): part for series, part in table.groupby("series", sort=False)}
    for series in sorted(groups, key=lambda s: place.get(s, len(place))):
        part = groups[series]
        unit, scale = display(series)
        by = {str(r["regime"]): r for r in part.to_dict("records")}
        cells = []
        for name in names:
            r = by.get(name)
            if r is None or r["mean"] is None or not math.isfinite(r["mean"]):
                cells.append(Cell(MISSING, "no monthly figure"))
                continue
            mean, low, high = (float(r[k]) / scale for k in ("mean", "lo", "hi"))
            cells.append(
                Cell(
                    number(mean, unit), f"{number(low, '') if low else 0} to {number(high, unit)}; n{NBSP}={NBSP}{int(r['n'])}"
                )
            )
        rows.append((Cell(product_name(series.rsplit(".", 1)[-1]), flow_name(series)), *cells))
    columns = (Column("Series"), *(Column(f"If {n.removeprefix('if ')}, then as in {windows[n]}", True) for n in names))
    return Table(
        "If … then: the mean of a month under each regime; beneath it the lowest and the highest month and their number n.",
        columns, tuple(rows),
        "Observed months, not forecasts. No probability is attached to any column: which one holds is a decision, not a draw. "
        "Source: US Census Bureau, general imports.",
    )  # fmt: skip
