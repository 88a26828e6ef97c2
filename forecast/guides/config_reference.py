"""The reference of configs, made from their JSON Schema: ``python -m forecast.guides.config_reference`` writes it again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from forecast.core import registry
from forecast.jobs.config_json_schema import schema
from forecast.jobs.docstrings import remarks

PAGE = Path(__file__).with_suffix(".md")
Part = dict[str, Any]
KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
HEAD = """# Every word of a config

This page is generated from the JSON Schema of configs (`forecast schema`) by `python -m forecast.guides.config_reference`; an
editor that knows the schema says the same while you type.

A config is a TOML file, and no question must be in it. Tables stand in single brackets (`[forecast]`), lists of tables in
double ones, once for each (`[[effects]]`). Where a list is asked for, one item may stand alone; where a plug-in is asked for,
its name alone (`"ets"`) or a table with its options (`{ use = "ets", ... }`). A month is `YYYY-MM`, a day `YYYY-MM-DD`; series
are spelled `REPORTER.flow.PARTNER.product`, and `*` stands for anything. A source, model, estimator or metric also takes a
`name` of its own, for one that is used twice.
"""
PLUG_IN_WORDS = ("use", "name")
PLUG_IN_HEADS = {
    "source": "Sources, the word `data`", "model": "Models", "estimator": "Estimators", "check": "Gates, the word `checks`",
    "metric": "Metrics", "shape": "Shapes of events",
}  # fmt: skip


def page() -> str:
    """The whole page, as Markdown."""
    whole = schema()
    parts: dict[str, Part] = whole["definitions"]
    lines = [HEAD, "## At the top of the file", "", *_table(whole, parts)]
    for name, place in _places(whole, parts):
        lines += ["", f"## `{place}`", "", _sentence(parts[name]), "", *_table(parts[name], parts)]
    lines += ["", "## `[[events]]` and `[[scenarios.add]]`", "", _sentence(parts["Event"])]
    lines += ["The guide [events](events.md) tells the fields in a user's words.", "", *_table(parts["Event"], parts)]
    for kind, head in PLUG_IN_HEADS.items():
        lines += ["", f"## {head}"]
        for name, options in _plug_ins(parts[kind]):
            lines += ["", f"### {kind} `{name}`", "", _sentence(options), *_more(kind, name)]
            if any(word not in PLUG_IN_WORDS for word in options["properties"]):
                lines += ["", *_table(options, parts, PLUG_IN_WORDS)]
    return "\n".join(lines) + "\n"


def _places(table: Part, parts: dict[str, Part], above: str = "") -> Iterator[tuple[str, str]]:
    """The tables below a table, each by its definition with the brackets in which it is written, in the order of the file."""
    for word, here in table["properties"].items():
        name = _definition(here)
        if name is None or name in ("Event", *registry.KINDS):
            continue
        path = f"{above}{word}"
        yield name, f"[[{path}]]" if "items" in here else f"[{path}]"
        yield from _places(parts[name], parts, f"{path}.")


def _definition(here: Part) -> str | None:
    """The definition that a word's value, or an item of it, is one of; None for plain values."""
    found = re.search(r'"#/definitions/(\w+)"', json.dumps(here))
    return found[1] if found else None


def _plug_ins(part: Part) -> Iterator[tuple[str, Part]]:
    """The plug-ins of a kind by name."""
    for table in part["anyOf"][1]["oneOf"]:
        yield str(table["properties"]["use"]["const"]), table


def _sentence(part: Part) -> str:
    text = str(part.get("description", "")).strip()
    return text if text.endswith(".") else f"{text}."


def _more(kind: str, name: str) -> list[str]:
    """What a plug-in's docstring says besides its first line and its options."""
    if name not in registry.names(kind):  # the word "shipped", for all shipped gates
        return []
    told = [one.replace("::", ":") for one in remarks(registry.get(kind, name))]
    return [line for one in told for line in ("", *(x if x.startswith("    ") else _text(x) for x in one.splitlines()))]


def _table(part: Part, parts: dict[str, Part], left_out: Sequence[str] = ()) -> list[str]:
    """The words of a table: kind, default and meaning."""
    required = part.get("required", ())
    lines = ["| word | value | default | meaning |", "|---|---|---|---|"]
    for word, here in part["properties"].items():
        if word in left_out:
            continue
        default = "must be given" if word in required else _default(here)
        meaning = here.get("description") or _told_by(here, parts)
        lines.append(f"| `{word}` | {_cell(_value(here))} | {_cell(default)} | {_cell(meaning)} |")
    return lines


def _told_by(here: Part, parts: dict[str, Part]) -> str:
    """What the definition of a word's value says of itself."""
    name = _definition(here)
    return str(parts[name].get("description", "")) if name in parts else ""


def _default(here: Part) -> str:
    return f"`{json.dumps(here['default'], ensure_ascii=False)}`" if "default" in here else ""


def _value(here: Part) -> str:
    """What may stand as a value, in words."""
    if "$ref" in here:
        name = str(here["$ref"]).rpartition("/")[2]
        return name if name in registry.KINDS else "event" if name == "Event" else "table"
    if "allOf" in here:
        return _value(here["allOf"][0])
    if "anyOf" in here:
        return " or ".join(dict.fromkeys(_value(one) for one in here["anyOf"]))
    if "const" in here:
        return f"`{json.dumps(here['const'])}`"
    if "enum" in here:
        return ", ".join(f"`{json.dumps(one)}`" for one in here["enum"])
    if here.get("type") == "array":
        items = here.get("items", {})
        return f"list: {', '.join(map(_value, items))}" if isinstance(items, list) else f"list of {_plural(_value(items))}"
    if here.get("type") == "object":
        inner = here.get("additionalProperties") or next(iter(here.get("patternProperties", {}).values()), None)
        return f"table of {_plural(_value(inner))}" if isinstance(inner, dict) else "table"
    return _scalar(here)


def _plural(words: str) -> str:
    """Words for several values: the noun in the plural, what limits it as it is."""
    nouns = "|".join(("text", "number", "table", "event", "month", "day", *registry.KINDS))
    return re.sub(rf"\b({nouns})\b", r"\1s", words)


def _scalar(here: Part) -> str:
    """A text, number or truth value, with its limits."""
    if here.get("format") == "date":
        return "day"
    if here.get("type") == "string" and str(here.get("pattern", "")).startswith(r"^\d{4}-(0[1-9]"):
        return "month"
    kind = KINDS.get(str(here.get("type")), "anything")
    low, high = here.get("minimum", here.get("exclusiveMinimum")), here.get("maximum", here.get("exclusiveMaximum"))
    above = "above" if "exclusiveMinimum" in here else "from"
    below = "below" if "exclusiveMaximum" in here else "to"
    limits = [f"{above} {low}" if low is not None else "", f"{below} {high}" if high is not None else ""]
    return " ".join([kind, *filter(None, limits)])


def _cell(text: str) -> str:
    return _text(" ".join(text.split())).replace("|", r"\|")


def _text(line: str) -> str:
    """A line of plain text as Markdown, in which what stands between backticks is left alone."""
    pieces = line.split("`")
    pieces[::2] = [piece.replace("<", "&lt;").replace("*", r"\*") for piece in pieces[::2]]
    return "`".join(pieces)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
