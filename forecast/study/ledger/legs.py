"""Legs: the series and months that can serve each flow of a ledger, and what would fill those that none serves."""

from __future__ import annotations

import math
from dataclasses import replace

from forecast.core.cells import Cell
from forecast.core.changed_cells import ChangedCells
from forecast.core.errors import ConfigError, nearest
from forecast.core.fetch_commands import what_would_fill
from forecast.core.ledger import REST, LedgerQuestion, Role
from forecast.core.products import products
from forecast.core.questions import Design
from forecast.core.series import SeriesKey
from forecast.core.time_axis import Steps
from forecast.core.vintage import Vintage
from forecast.prep.spans_and_gaps import window_total
from forecast.study.ledger.leg_plan import LegPlan
from forecast.study.ledger.months_asked import months_accounted_for, months_too_early, onset_of, told_as_too_early

ROUNDING = 0.005  # of the total, by which rounded parts may exceed it


def legs_of(question: LedgerQuestion, vintage: Vintage) -> tuple[list[LegPlan], Vintage]:
    """All legs of a question with their series and months, and the vintage with the series of those that are not named."""
    q, way = question, question.months_on_the_way
    require_a_good(q, vintage)
    seen, notes = _with_rest(question, vintage)
    plans = [
        _plan(q, seen, "L_X", q.destination, [(_key(q, q.exporter, "export", q.destination), False, -q.lag_direct)]),
        _plan(q, seen, "L_M", q.exporter, [(_key(q, q.destination, "import", q.exporter), False, 0)]),
    ]
    for k in q.through:
        own, partner = _key(q, q.exporter, "export", k), _key(q, k, "import", q.exporter)
        plans.append(_plan(q, seen, "D", k, [(own, False, -q.lag_direct), (partner, True, q.lag_to - q.lag_direct)]))
        path = [(own, False, -way), (partner, True, -q.lag_from)]
        plans.append(_plan(q, seen, "path", k, path))
        if q.ahead:
            plans.append(_plan(q, seen, "ahead", k, path))
    for k in (*q.through, *q.origins):
        onward = [(_key(q, q.destination, "import", k), False, 0), (_key(q, k, "export", q.destination), True, -q.lag_from)]
        plans.append(_plan(q, seen, "I", k, onward))
    plans.append(_plan(q, seen, "rest_I", REST, [(_key(q, q.destination, "import", REST), False, 0)]))
    plans.append(_plan(q, seen, "rest_D", REST, [(_key(q, q.exporter, "export", REST), False, -q.lag_direct)]))
    plans = [replace(one, note=notes.get(one.series, one.note)) for one in plans]
    first, last = months_accounted_for(question, seen, plans)
    return [_with_months(question, one, first, last, seen.steps) for one in plans], seen


def design_of(question: LedgerQuestion, plan: LegPlan, vintage: Vintage) -> Design:
    """The ordinary Design of a leg; of the months ahead, that of the whole path, which holds them."""
    named = [(f"the mean of {' to '.join(question.baseline)}", *question.baseline)] if question.baseline else []
    label = vintage.steps.label
    return Design(
        question.events, plan.series, start=label(plan.first), stop=label(plan.last), clean_from=question.clean_from,
        draws=question.draws, baselines=(*named, *Design.baselines),
    )  # fmt: skip


def _key(question: LedgerQuestion, reporter: str, flow: str, partner: str) -> str:
    return f"{reporter}.{flow}.{partner}.{question.product}"


def _plan(
    question: LedgerQuestion, vintage: Vintage, role: Role, country: str, choices: list[tuple[str, bool, int]]
) -> LegPlan:
    """The leg with the first of its possible series that is known; else what would fill it."""
    for series, mirror, shift in choices:
        if vintage.knows(series):
            return LegPlan(role, country, series, mirror, shift)
    wanted = " or ".join(what_would_fill(series) for series, _, _ in choices)
    money = any(vintage.knows(f"{series}:usd") for series, _, _ in choices)
    note = "its value in USD is known, its weight is not" if money else ""
    return LegPlan(role, country, "", False, choices[0][2], wanted=wanted, note=note)


def _with_months(question: LedgerQuestion, plan: LegPlan, first: int, last: int, steps: Steps) -> LegPlan:
    start, stop = first + plan.shift, last + plan.shift
    if plan.role == "path":
        start -= question.ahead
    elif plan.role == "ahead":
        start, stop = start - question.ahead, start - 1
    plan = replace(plan, first=start, last=stop)
    early = told_as_too_early(question, plan, steps) if plan.series else ""
    if early and plan.role == "path" and not question.ahead and months_too_early(question, plan, steps) > last - first:
        onset = onset_of(question, steps)
        reach = f"an account to {steps.label(onset + question.months_on_the_way)} or later, when such goods can have arrived"
        wanted = f"{what_would_fill(plan.series)}, {steps.label(onset)} and later, and {reach}"
        return replace(plan, series="", mirror=False, wanted=wanted)  # none of these goods went around the measure
    return replace(plan, note="; ".join(filter(None, (plan.note, early))))


def _with_rest(question: LedgerQuestion, vintage: Vintage) -> tuple[Vintage, dict[str, str]]:
    """The vintage with the series of all partners that are not named: the world less the one hit and the named."""
    q = question
    made: dict[str, tuple[Cell, ...]] = {}
    notes: dict[str, str] = {}
    for role in ("rest_I", "rest_D"):
        rest, total, parts = _rest_of(q, role)
        known = [one for one in parts if vintage.knows(one)]
        if not vintage.knows(total) or parts[0] not in known:
            continue
        made[rest] = _differences(vintage, total, known)
        inside = [SeriesKey.parse(one).partner for one in parts if one not in known]
        notes[rest] = f"the total less {len(known)} named" + (f"; it holds {', '.join(inside)}" if inside else "")
    made = {series: cells for series, cells in made.items() if cells}
    return replace(vintage, cells=ChangedCells(vintage.cells, made)) if made else vintage, notes


def require_a_good(question: LedgerQuestion, vintage: Vintage) -> None:
    """Refuse a product that neither the concordance nor any series of the data knows; a code (hs...) may be fetched yet."""
    product = question.product
    if product in products() or product.startswith("hs"):
        return
    held = {key.product for series in vintage.series if (key := SeriesKey.maybe(series))}
    if product not in held:
        raise ConfigError(
            f"no good is called '{product}'", where="product", hint=nearest(product, sorted({*products(), *held}))
        )


def _rest_of(question: LedgerQuestion, role: str) -> tuple[str, str, list[str]]:
    """The series of all that are not named, of the total it is taken from, and of the one hit and the named."""
    q = question
    side = (
        (q.destination, "import", (q.exporter, *q.through, *q.origins))
        if role == "rest_I"
        else (q.exporter, "export", (q.destination, *q.through))
    )
    reporter, flow, partners = side
    parts = [_key(q, reporter, flow, partner) for partner in partners]
    return _key(q, reporter, flow, REST), _key(q, reporter, flow, "WLD"), parts


def what_would_fill_rest(question: LedgerQuestion, plan: LegPlan, vintage: Vintage) -> str:
    """What is missing for the rest: the total, the one hit, months of them or of the named; or that they contradict."""
    _, total, parts = _rest_of(question, plan.role)
    asked = [total, *(part for i, part in enumerate(parts) if i == 0 or vintage.knows(part))]
    period = vintage.steps.period(plan.first, plan.last)

    def is_known(series: str) -> bool:
        return vintage.knows(series) and math.isfinite(window_total(vintage.observed(series), plan.first, plan.last))

    lacking = [f"{what_would_fill(one)}, {period}" for one in asked if not is_known(one)]
    return "; ".join(lacking) or f"figures that agree: the named ones exceed {total} in {period}"


def _differences(vintage: Vintage, total: str, parts: list[str]) -> tuple[Cell, ...]:
    """Figures of a total less its parts, where all are known; one below zero by more than rounding is left out."""
    seen = [vintage.observed(part) for part in parts]
    cells = []
    for cell in vintage.cells[total]:
        if cell.status in ("missing", "suppressed"):
            continue
        taken = sum(window_total(one, cell.first, cell.last) for one in seen)
        rest = cell.value - taken
        if not math.isfinite(rest) or rest < -ROUNDING * abs(cell.value):
            continue
        value = max(rest, 0.0)
        cells.append(replace(cell, value=value, status="value" if value else "zero", kind="derived", derived_from=total))
    return tuple(cells)


def require_one_form(question: LedgerQuestion) -> tuple[float, str]:
    """Kilograms of the element in one of the product, and the element; (1, "") for gross weight.

    Raises
    ------
    ConfigError
        where the product is of several forms, or of a grade that varies, so that its weight says nothing of the content
    """
    if not question.element:
        return 1.0, ""
    known = products().get(question.product)
    if known is None or known.element_factor is None or not known.element:
        form = f"{known.form}: its weight says nothing of its content" if known else "not in the concordance"
        raise ConfigError(
            f"the element in {question.product} is not known, which is {form}", where="element = true",
            hint="a product of one form, such as antimony_oxide, or element = false",
        )  # fmt: skip
    return known.element_factor, known.element
