"""Statements of the press on months that the record does not reach, beside the forecasts: no figure, and in no score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forecast.core import months as mm
from forecast.core.bundled_data import bundled_rows
from forecast.core.schema import ForecastRow
from forecast.report.blocks import Block, Column, Details, TableBlock, TableCell
from forecast.report.inline_markup import safe_address
from forecast.report.numbers import capitalize, inline_name, month, month_of, percent, quantity
from forecast.report.run_data import RunData

PRESS = "press_"  # begins the id of a statement in facts.csv


def press_blocks(data: RunData, fans: Mapping[str, Sequence[ForecastRow]]) -> list[Block]:
    """A table of the changes that the press stated and the ones that the fans imply; empty on other than bundled figures."""
    if (data.config.get("data") or {}).get("use", "published") != "published":
        return []
    facts = sorted(bundled_rows("facts.csv"), key=lambda fact: (fact["series"], fact["period"]))
    rows = [row for fact in facts if fact["id"].startswith(PRESS) and (row := _row(data, fact, fans))]
    if not rows:
        return []
    table = TableBlock(
        "A check from outside: the statements enter neither the record nor a score, and are no figures of it.",
        (Column("The press"), Column("From the forecast", True), Column("The statement lies")),
        tuple(rows),
    )
    return [Details(f"What the press said of months ahead: {len(rows)}", (table,))]


def _row(data: RunData, fact: Mapping[str, str], fans: Mapping[str, Sequence[ForecastRow]]) -> tuple[TableCell, ...] | None:
    """One statement; None where it is no change of a single month that a fan holds, or was not out on the day of the run."""
    series, when, history = fact["series"], fact["period"], data.histories.get(fact["series"])
    if fact["kind"] != "change" or history is None or fact["article_date"] > data.as_of or "/" in when:
        return None
    ahead = next((r for r in fans.get(series, ()) if r.month == when), None)
    base = history.values.get(mm.ordinal(fact["base_period"]))
    if ahead is None or not base:
        return None
    stated = float(fact["value"]) / 100
    low, middle, high = (q / base - 1 for q in (ahead.q10, ahead.q50, ahead.q90))
    status = f", {fact['status']}" if fact["status"] else ""
    url = fact["url"] if safe_address(fact["url"]) else ""
    said = TableCell(
        f"{capitalize(inline_name(series))}, {month(when)}: {percent(stated)} on a year earlier",
        f"{fact['publisher']}{status}: {fact['text']}",
        href=url,
    )
    end = month_of(history.last)
    ours = TableCell(
        percent(middle),
        f"80 %: {percent(low)} to {percent(high)}; from figures to {end}, on {quantity(base, history.unit)} a year earlier",
    )
    place = "inside the 80 % band" if low <= stated <= high else f"{'below' if stated < low else 'above'} the 80 % band"
    return said, ours, TableCell(place, "if it is of weight, which the forecast is of")
