"""Pages of the guides that are made from the code are the ones it makes, and those written by hand name what there is."""

import dataclasses
import json
import re
import tomllib
from pathlib import Path

import pytest

from forecast.core import registry
from forecast.core.events import INSTRUMENTS, ROLES, Event, event_from
from forecast.guides import config_reference, glossary
from forecast.jobs.config_json_schema import schema
from forecast.report.glossary import terms

GUIDES = Path(config_reference.__file__).parent
EVENTS = (GUIDES / "events.md").read_text("utf-8")


@pytest.mark.parametrize("module", [config_reference, glossary])
def test_the_page_is_the_generated_one(module):
    assert module.PAGE.read_text("utf-8") == module.page(), f"python -m {module.__name__}"


def rows(text):
    """The cells of all rows of tables, a bar in a cell left alone."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_every_word_of_a_config_has_its_line():
    page, whole = config_reference.page(), schema()
    assert {len(row) for row in rows(page)} == {4}
    lines = [row[0].strip("`") for row in rows(page)]
    for table in [whole, *(part for part in whole["definitions"].values() if "properties" in part)]:
        assert set(table["properties"]) <= set(lines)
    for kind in registry.KINDS:
        if kind != "section":
            named = [name for name in registry.names(kind) if not getattr(registry.get(kind, name), "service", None)]
            assert re.findall(rf"^### {kind} `(\w+)`$", page, flags=re.MULTILINE)[: len(named)] == named


def test_tables_are_headed_as_they_are_written():
    heads = re.findall(r"^## `(\[.*\])`$", config_reference.page(), flags=re.MULTILINE)
    assert {"[forecast]", "[[effects]]", "[effects.vary]", "[[expiry.regimes]]", "[scale.tls]"} <= set(heads)
    for head in heads[:-1]:  # each is a table that the config knows at this place
        words, here = head.strip("[]").split("."), schema()
        for word in words:
            found = here["properties"][word]
            name = re.search(r'"#/definitions/(\w+)"', json.dumps(found))[1]
            assert ('"array"' in json.dumps(found)) == head.startswith("[[") or word != words[-1]
            here = schema()["definitions"][name]


def test_values_are_in_words():
    value = config_reference._value
    assert value({"type": "integer", "minimum": 1, "maximum": 36}) == "whole number from 1 to 36"
    assert value({"type": "number", "exclusiveMinimum": 0}) == "number above 0"
    assert value({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}) == "text or list of texts"
    assert value({"type": "string", "format": "date"}) == "day"
    assert config_reference._cell("a | b <c> *d* `*e*`") == r"a \| b &lt;c> \*d\* `*e*`"


def test_the_glossary_page_holds_every_term():
    assert [tuple(row) for row in rows(glossary.page()) if row[0] != "word"] == [(t.word, t.meaning) for t in terms()]


def test_the_events_page_tells_every_field_with_an_example_that_is_read():
    told = rows(EVENTS)[1:]
    assert [row[0].strip("`") for row in told] == [field.name for field in dataclasses.fields(Event)]
    given = tomllib.loads("\n".join(f"{row[0].strip('`')} = {row[2].strip('`')}" for row in told))
    assert set(given) == {field.name for field in dataclasses.fields(Event)}
    for word, value in given.items():  # one by one: no event has all of them
        made = event_from(
            {"id": "x", "announced": "2025-02-24", word: value, **({"end_announced": "2026-01-15"} if word == "end" else {})}
        )
        assert getattr(made, word) not in ("", None)
    said = {row[0].strip("`"): row[1] for row in told}
    assert all(instrument in said["instrument"] for instrument in INSTRUMENTS)
    assert all(f'"{role}"' in said["role"] for role in ROLES)


def test_the_event_of_the_events_page_is_one():
    (block,) = re.findall(r"^```toml\n(.*?)^```", EVENTS, flags=re.MULTILINE | re.DOTALL)
    (row,) = tomllib.loads(block)["events"]
    made = event_from(row)
    assert made.in_force
    assert made.anticipation == 1
