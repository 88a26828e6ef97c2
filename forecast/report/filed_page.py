"""The page of a filed run: which claims were made beforehand, which figures came later, and what is still open."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forecast.core import filed_seal
from forecast.core.filed_run import FiledRun, filings_of
from forecast.core.follow_chain import content_hash
from forecast.core.plurals import pluralize
from forecast.core.products import display_unit
from forecast.report.blocks import MISSING, Block, Bullets, Callout, Column, Details, Heading, Prose, TableBlock, TableCell
from forecast.report.filed_beforehand import what_was_filed
from forecast.report.filed_figure import filed_figure
from forecast.report.follow_up import are, chance_text, event_answer, revision_text
from forecast.report.number_cells import decimal_cell, quantity_cell
from forecast.report.numbers import day, listed_months, period, quantity, series_name

NAME = "report"
STATES = {
    "held": ("held", "pass"),
    "failed": ("failed", "fail"),
    "open": ("open", "muted"),
    "void": ("void: a figure was out before the filing", "muted"),
}
SHOWN_HASH = 16
NOTHING_YET: Mapping[str, Any] = {"scored": [], "claims": [], "events": [], "out_before": []}


def add_with_page(filed: FiledRun, record: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], list[Path]]:
    """Add a follow-up with its page, as HTML and Markdown, behind the others; without one the page of what was filed.

    The page is sealed with the follow-up. Once there is a follow-up, the page of the filing alone is not drawn again.
    """
    from forecast.report.figures.canvas import style
    from forecast.report.figures.files import figure_files
    from forecast.report.renderers import html, markdown

    def draw(new: Mapping[str, Any]) -> dict[str, bytes | str]:
        with style():
            blocks = [*filed_blocks(filed, new if record else None), Prose(_footer(filed, new), "footer")]
        pages = {f"{NAME}.html": html.render(blocks), f"{NAME}.md": markdown.render(blocks)}
        return pages | figure_files(blocks, {"svg", "png"})

    on_filing = {"as_of": filed.day, "root": filed.root}
    added = dict(filed.follow_ups[-1]) if record is None and filed.follow_ups else filed.append(record or on_filing, draw)
    return added, [filed.folder / filed_seal.LATER / f"{NAME}.{kind}" for kind in ("html", "md")]


def filed_blocks(filed: FiledRun, record: Mapping[str, Any] | None = None) -> list[Block]:
    """All Blocks of the page but its footer; without a follow-up those of what was filed."""
    found: Mapping[str, Any] = record or NOTHING_YET
    title = str(filed.info.get("title") or filed.info["name"])
    out: list[Block] = [Heading(title, 1), Prose(_lead(filed, record), "lead"), Callout(_what_a_hash_shows(filed))]
    out += _claim_blocks(filed, found)
    out += _event_blocks(filed, found)
    out += filed_figure(filed, found)
    out += _figure_blocks(filed, found)
    out += _open_blocks(found if record else {"open": _months_to_come(filed), "as_of": filed.day})
    return out + _rule_blocks(filed)


def _lead(filed: FiledRun, record: Mapping[str, Any] | None) -> str:
    """What was filed when, and what has come since."""
    text = (
        f"Filed beforehand, on {day(filed.day)}: {what_was_filed(filed)}, none of them released by then, from what was known "
        f"on {day(filed.info['as_of'])}."
    )
    if record is None:
        return text
    came = {(row["series"], row["month"]) for row in record["scored"]}
    waiting = len(record["open"])
    then = f"{pluralize(len(came), 'figure')} came later and {'is' if len(came) == 1 else 'are'} scored below" if came else ""
    then = then or "No figure of these months has come"
    return f"{text} By {day(record['as_of'])}: {then[0].lower() + then[1:]}, {waiting} of the months {are(waiting)} open."


def _what_a_hash_shows(filed: FiledRun) -> str:
    return (
        f"Root hash of what was filed: {_in_groups(filed.root)}. Every file has the hash that was noted on filing, so nothing "
        "was changed since the root hash was made. When that was it does not show: the day is that of the clock of the machine "
        "that filed. Whoever wants to show the day publishes the root hash on it, in a commit, a mail or a deposit, and then "
        f"follows with `--root`.{_other_filings(filed)}"
    )


def _other_filings(filed: FiledRun) -> str:
    """That the same config was filed more than once, where another filing lies beside this one."""
    others = [one for one in filings_of(filed.info["config_hash"], filed.folder.parent) if one["root"] != filed.root]
    told = ", ".join(f"on {day(one['day'])} (root {one['root'][:SHOWN_HASH]})" for one in others)
    return f" The same config was also filed {told}: what came out of all of them counts." if told else ""


def _in_groups(root: str) -> str:
    """A hash in groups of digits, so that it breaks on a narrow page; `--root` takes it with its spaces."""
    return " ".join(f"`{root[i : i + SHOWN_HASH]}`" for i in range(0, len(root), SHOWN_HASH))


def _claim_blocks(filed: FiledRun, found: Mapping[str, Any]) -> list[Block]:
    """The claims as they were made, and what became of each."""
    if not filed.info["claims"]:
        return []
    states = {one["id"]: one for one in found["claims"]}
    rows = []
    for claim in filed.info["claims"]:
        unit, scale = display_unit(claim["series"])
        state = states.get(claim["id"], {"state": "open", "figure": None})
        word, tone = STATES[state["state"]]
        came = MISSING if state["figure"] is None else quantity(state["figure"] / scale, unit)
        chances = claim["probabilities"]
        told = filed.info["told"] if filed.info["told"] in chances else next(iter(chances))
        others = "; ".join(f"{model} {chance_text(chance)}" for model, chance in chances.items() if model != told)
        rows.append(
            (
                TableCell(claim["claim"], f"{series_name(claim['series'])}, {period(claim['from'] + '/' + claim['to'])}"),
                TableCell(_bounds(claim, unit, scale), f"last figure due {day(claim['due'])}"),
                TableCell(chance_text(chances[told]), others, value=chances[told]),
                TableCell(word, came if state["figure"] is not None else "", tone),
            )
        )
    counts = {word: sum(one["state"] == word for one in states.values()) for word in STATES}
    told = [f"{n} {word}" for word, n in counts.items() if n]
    note = f"Probability by {filed.info['told']}, below it by the other models, as filed."
    caption = f"Claims made beforehand{': ' + ', '.join(told) if told else ''}."
    columns = (Column("Claim"), Column("Holds if the sum is"), Column("Probability", True), Column("Became"))
    return [
        Heading("Claims made beforehand", 2, "claims", "Claims"),
        TableBlock(caption, columns, tuple(rows), note, stacked=True),
    ]


def _bounds(claim: Mapping[str, Any], unit: str, scale: float) -> str:
    above, below = (None if one is None else quantity(one / scale, unit) for one in (claim["above"], claim["below"]))
    if above is not None and below is not None:
        return f"between {above} and {below}"
    return f"above {above}" if above is not None else f"below {below}"


def _event_blocks(filed: FiledRun, found: Mapping[str, Any]) -> list[Block]:
    """Questions on events that were filed, each with its methods, and its answer once its months were out."""
    asked = filed.info["events_asked"]
    if not asked:
        return []
    states = {one["id"]: one for one in found["events"]}
    rows = tuple(
        (
            TableCell(one["question"], series_name(one["series"][0])),
            TableCell(f"to {period(one['to'])}", f"due {day(one['due'])}"),
            TableCell(", ".join(one["estimators"])),
            TableCell(*event_answer(one, states.get(one["id"], {}))),
        )
        for one in asked
    )
    note = "Design, estimators and gates are those of the filed config; the answer is that of the first estimator."
    columns = (Column("Question"), Column("Months"), Column("Estimators"), Column("Became"))
    table = TableBlock("Questions on events, filed before their months were over.", columns, rows, note, stacked=True)
    return [Heading("Questions on events", 2, "events", "Events"), table]


def _figure_blocks(filed: FiledRun, found: Mapping[str, Any]) -> list[Block]:
    """Figures that arrived later, beside the forecast filed before, and the scores of every model."""
    scored, out = found["scored"], list[Block]()
    if scored:
        out += [Heading("Figures that came later", 2, "came", "What came"), _figure_table(filed, scored)]
        out.append(_score_table(filed, scored))
    if found["out_before"]:
        out.append(Prose("Not scored, because they were out on the day of filing:"))
        rows = [(series_name(one["series"]), period(one["month"]), day(one["released"])) for one in found["out_before"]]
        out.append(Bullets(tuple(f"{name}, {month}: released {on}" for name, month, on in rows)))
    return out


def _figure_table(filed: FiledRun, scored: Sequence[Mapping[str, Any]]) -> TableBlock:
    """One row per figure: the forecast of the told model, and the first figure."""
    told = filed.info["told"] if any(row["model"] == filed.info["told"] for row in scored) else scored[0]["model"]
    rows = []
    for row in sorted((r for r in scored if r["model"] == told), key=lambda r: (r["series"], r["month"])):
        unit, scale = display_unit(row["series"])
        revised = f"revised to {quantity(row['latest'] / scale, unit)} ({revision_text(row)})" if "latest" in row else ""
        band80, band95 = (
            f"{quantity(row[f'lo{level}'] / scale)} to {quantity(row[f'hi{level}'] / scale, unit)}" for level in (80, 95)
        )
        rows.append(
            (
                TableCell(series_name(row["series"]), period(row["month"])),
                quantity_cell(row["q50"] / scale, unit),
                TableCell(band80, f"95 %: {band95}"),
                quantity_cell(row["figure"] / scale, unit, revised),
                TableCell(day(row["released"]) if row["released"] else MISSING),
                TableCell(*_in_bands(row)),
            )
        )
    held = not all(row["basis"] == "actual" for row in scored)
    note = "First figure: the first that was published for the month after the filing; revisions are told and change no score."
    if held:
        note += (
            " Days of release that no source tells are those of the release clock, or of the rule by which a table is read; "
            "such a figure may have been revised before."
        )
    columns = (
        Column("Figure"), Column("Filed median", True), Column("Filed 80 % band", True), Column("First figure", True),
        Column("Released"), Column("In the band of"),
    )  # fmt: skip
    return TableBlock(f"Figures published since, beside what {told} had filed.", columns, tuple(rows), note, stacked=True)


def _in_bands(row: Mapping[str, Any]) -> tuple[str, str, str]:
    if row["in80"]:
        return "80 %", "", "pass"
    return ("95 %", "outside 80 %", "muted") if row["in95"] else ("outside", "", "fail")


def _score_table(filed: FiledRun, scored: Sequence[Mapping[str, Any]]) -> TableBlock:
    """Mean scores of every model by series; single months only, because a sum has another scale."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in scored:
        groups.setdefault((row["series"], row["model"]), []).append(row)
    rows = []
    for (series, model), own in sorted(groups.items(), key=lambda item: (item[0][0], filed.info["models"].index(item[0][1]))):
        unit, scale = display_unit(series)
        months = [row for row in own if "/" not in row["month"]] or own
        crps, wis = (math.fsum(row[name] for row in months) / len(months) / scale for name in ("crps", "wis"))
        inside = [f"{sum(bool(row[name]) for row in own)} of {len(own)}" for name in ("in80", "in95")]
        rows.append(
            (
                TableCell(series_name(series)), TableCell(model), decimal_cell(len(own), 0), quantity_cell(crps, unit),
                quantity_cell(wis, unit), TableCell(inside[0]), TableCell(inside[1]),
            )
        )  # fmt: skip
    columns = (
        Column("Series"), Column("Model"), Column("Figures", True), Column("CRPS", True), Column("WIS", True),
        Column("In 80 %", True), Column("In 95 %", True),
    )  # fmt: skip
    note = (
        "CRPS and WIS: means over single months (over sums where only sums came), in the unit of the series; lower is better. "
    )
    return TableBlock("Scores of what was filed.", columns, tuple(rows), note + "A few figures rank no models.")


def _months_to_come(filed: FiledRun) -> list[dict[str, Any]]:
    return [{"series": q["series"], "late": False, **one} for q in filed.info["questions"] for one in q["months"]]


def _open_blocks(found: Mapping[str, Any]) -> list[Block]:
    """Months without a figure, with the next day on which one is expected."""
    if not found["open"]:
        return []
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for one in found["open"]:
        groups.setdefault(one["series"], []).append(one)
    rows = []
    for series, own in groups.items():
        late, held = ([one["month"] for one in own if one.get(word)] for word in ("late", "held"))
        ahead = sorted((one["due"], one["month"], one["basis"]) for one in own if not one["late"])
        following = f"{day(ahead[0][0])} ({period(ahead[0][1])}, {_basis(ahead[0][2])})" if ahead else MISSING
        there = f"in the table, and not out yet: {listed_months(held)}" if held else ""
        rows.append(
            (
                TableCell(series_name(series)), TableCell(listed_months([one["month"] for one in own])),
                TableCell(following, there), TableCell(listed_months(late) if late else MISSING),
            )
        )  # fmt: skip
    columns = (Column("Series"), Column("Open months"), Column("Next expected"), Column("Due, and not out in these figures"))
    caption = f"Months that are open on {day(found['as_of'])}."
    return [Heading("Still open", 2, "open", "Still open"), TableBlock(caption, columns, tuple(rows), stacked=True)]


def _basis(basis: str) -> str:
    return {"calendar": "published calendar", "rule": "by rule", "late": "late"}.get(basis, basis)


def _rule_blocks(filed: FiledRun) -> list[Block]:
    """The rules as they were filed."""
    items = [str(text) for text in filed.info.get("rules", {}).values()]
    return [Details("Rules as they were filed", (Bullets(tuple(items)),))] if items else []


def _footer(filed: FiledRun, record: Mapping[str, Any]) -> str:
    """Hashes and versions; among them that of what the record says, by which the page and its record know each other."""
    versions = filed.info.get("versions", {})
    text = f"Filed {filed.day} · root {filed.root[:SHOWN_HASH]} · config hash {filed.info.get('config_hash', '')}"
    text += f" · forecast {versions.get('forecast', '')} · archive {filed.info.get('fingerprints', {}).get('archive', '')}"
    if "scored" not in record:
        return f"{text}. Drawn on filing ({content_hash(record)})."
    data, number = record["data"], len(filed.follow_ups) + 1
    return (
        f"{text}. Follow-up {number} of {record['as_of']} ({content_hash(record)}), from {data['from']} "
        f"({data['fingerprint']}), by `forecast follow`."
    )
