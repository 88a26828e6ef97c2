"""JSON Schema of a config file, so that editors complete and check TOML (draft 7, which the TOML editors read).

It is made from the pydantic models of the config and from the registry, and describes the file as it is written: aliases
(`from`, `to`), short forms (one name for a list of one, a plug-in's name for its table), days as TOML dates or text.
Descriptions are those of the docstrings (`jobs.docstrings`). What needs the data or two tables at once
(names of models, ids of events, months in order) is left to `forecast check`.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterable
from typing import Any, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from forecast.core import registry
from forecast.core.events import INSTRUMENTS, ROLES, Event
from forecast.core.questions import BASELINES
from forecast.jobs.config import Config
from forecast.jobs.docstrings import descriptions_of
from forecast.study.effects.shipped_gates import SHIPPED
from forecast.study.evaluate import refit, truth

Schema = dict[str, Any]
REF = "#/definitions/{model}"
KIND_OF = {"data": "source", "estimator": "estimator"}  # words for one; those for several are the plural of their kind
COMMON = {  # options that mean the same wherever a plug-in's docstring says no more of them
    "transform": "scale on which the model works; auto: log, or asinh where there are zeros",
    "lunar": "whether the lunar new year is a regressor",
    "events": "whether events of the calendar are regressors",
    "controls": "regressors declared under [[regressors]]",
    "engine": "the package's own code, or the reference library, slower",
}
NAMED = {"refit": refit.POLICIES, "truth": truth.NAMED_RELEASES}  # words in whose place a number may stand


class _FileSchema(GenerateJsonSchema):
    """Pydantic's generator, which also describes the short forms that a validator turns into the full ones."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Schema:
        """The full form, or a short form: what the validator makes of a sample says which short forms it knows."""
        full = self.generate_inner(schema["schema"])
        read = schema["function"]["function"]
        if "items" in full and _result(read, "x") == ["x"]:  # one item for a list of one
            return {"anyOf": [full["items"], full]}
        made = _result(read, ["x"])
        if "items" in full and isinstance(made, list) and isinstance(made[0], dict):  # names among tables
            return {**full, "items": {"anyOf": [{"type": "string"}, full["items"]]}}
        if isinstance(_result(read, "x"), dict):  # a name for a table
            return {"anyOf": [{"type": "string"}, full]}
        return full

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        """The inner schema with its default, where that is text, a number, a truth value or a list of them."""
        inner: Schema = self.generate_inner(schema["schema"])
        default = schema.get("default")
        listed = list(default) if isinstance(default, tuple) else default
        plain = all(isinstance(x, str | int | float) for x in (listed if isinstance(listed, list) else [listed]))
        return {**inner, "default": listed} if plain and listed not in ("", []) and "$ref" not in inner else inner


def _result(read: Callable[..., Any], sample: Any) -> Any:
    """What a validator makes of a sample; None where it refuses it."""
    try:
        return read(sample)
    except (TypeError, ValueError):
        return None


def schema() -> Schema:
    """The JSON Schema of a config file."""
    made: Schema = Config.model_json_schema(by_alias=True, ref_template=REF, schema_generator=_FileSchema)
    parts: Schema = made.pop("$defs")
    del made["properties"]["origin"], parts["PluginConfig"]
    for model in _models(Config):
        table = made if model is Config else parts[model.__name__]
        _describe(table, model)
        _put_plug_ins(table)
    made["properties"]["events"] = {**made["properties"]["events"], **_paths_or(_ref("Event"))}
    parts["ScenarioConfig"]["properties"]["add"]["items"] = _ref("Event")
    parts["EffectConfig"]["properties"]["baselines"]["items"] = {"anyOf": [{"enum": list(BASELINES)}, _ref("BaselineConfig")]}
    parts["Event"] = _event()
    for kind in sorted({"shape", *_kinds(made, *parts.values())}):
        parts[kind] = _plug_in(kind)
    # nothing is required: the name is that of the file where none is given
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Config of forecast"}
    whole = {**{key: value for key, value in made.items() if key not in ("title", "required")}, **head, "definitions": parts}
    tidied: Schema = _tidy(whole)
    return tidied


def text() -> str:
    """The schema as it is printed and shipped."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _models(model: Any) -> list[Any]:
    """A pydantic model and the models of its fields, whatever holds them."""
    found = [model]
    for field in model.model_fields.values():
        for inner in _inner(field.annotation):
            found += [m for m in _models(inner) if m not in found and m.__name__ != "PluginConfig"]
    return found


def _inner(annotation: Any) -> Iterable[Any]:
    if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _inner(argument)


def _describe(table: Schema, cls: Any) -> None:
    """Descriptions of a table and its words, from the docstring of its class."""
    first, words = descriptions_of(cls, table["properties"])
    table["description"] = first
    for word, said in words.items():
        here = table["properties"][word]
        table["properties"][word] = {"allOf": [here], "description": said} if "$ref" in here else {**here, "description": said}
    for word, named in NAMED.items():
        if word in table["properties"]:
            table["properties"][word]["anyOf"] = [{"enum": list(named)}, {"type": "integer", "minimum": 1}]


def _put_plug_ins(table: Schema) -> None:
    """In place of the general table of a plug-in the one of its kind, with the names and options there are."""
    general = REF.format(model="PluginConfig")
    for word, here in table["properties"].items():
        if general in json.dumps(here):
            kind = _ref(KIND_OF.get(word, word[:-1]))
            kept = {k: v for k, v in here.items() if k in ("description", "minItems")}
            table["properties"][word] = {**kept, **({"allOf": [kind]} if word in KIND_OF else {"type": "array", "items": kind})}


def _kinds(*tables: Schema) -> set[str]:
    """The kinds of plug-ins that tables refer to."""
    return set(re.findall(r'"#/definitions/([a-z]+)"', json.dumps(tables))) & set(registry.KINDS)


def _plug_in(kind: str) -> Schema:
    """A plug-in of a kind: its name, or a table with `use`, a name of its own, and its options."""
    # a source that asks an interface is fetched, and no data of a config
    names = tuple(name for name in registry.names(kind) if not getattr(registry.get(kind, name), "service", None))
    tables = [_table(kind, name) for name in names]
    if kind == "check":
        names, tables = (*names, SHIPPED), [*tables, _all_shipped_gates()]
    return {"anyOf": [{"enum": list(names)}, {"type": "object", "required": ["use"], "oneOf": tables}]}


def _all_shipped_gates() -> Schema:
    """The word that stands among gates for all shipped ones."""
    return {
        "description": "The shipped gates that are not named beside it, with their default options.", "type": "object",
        "properties": {"use": {"const": SHIPPED}}, "required": ["use"], "additionalProperties": False,
    }  # fmt: skip


def _table(kind: str, name: str) -> Schema:
    cls = registry.get(kind, name)
    own = {"description": "A name of its own, for one that is used twice.", "type": "string"}
    properties: Schema = {"use": {"const": name}} | ({} if kind in ("shape", "check") else {"name": own})
    types, said = get_type_hints(cls), descriptions_of(cls, [field.name for field in dataclasses.fields(cls)])[1]
    for field in dataclasses.fields(cls):
        if field.init:
            here = TypeAdapter(types[field.name]).json_schema(ref_template=REF, schema_generator=_FileSchema)
            default = {"default": field.default} if isinstance(field.default, str | int | float) and field.default != "" else {}
            told = said.get(field.name, COMMON.get(field.name))
            properties[field.name] = {**here, **default} | ({"description": told} if told else {})
    return {
        "description": registry.sentence(kind, name), "type": "object", "properties": properties,
        "required": ["use"], "additionalProperties": False,
    }  # fmt: skip


def _event() -> Schema:
    """An event: the fields of its class, of which the id and the day of announcement must be given."""
    made = TypeAdapter(Event).json_schema(ref_template=REF, schema_generator=_FileSchema)
    properties = made["properties"]
    for word, here in properties.items():
        here.pop("title", None)
        if here.get("type") == "array":
            properties[word] = {"anyOf": [{"type": "string"}, here]}
    properties["instrument"]["enum"], properties["role"]["enum"] = list(INSTRUMENTS), list(ROLES)
    properties["shape"] = _ref("shape")
    for word, said in descriptions_of(Event, properties)[1].items():
        properties[word] = {**properties[word], "description": said}
    return {
        "description": descriptions_of(Event, ())[0], "type": "object", "properties": properties,
        "required": ["id", "announced"], "additionalProperties": False,
    }  # fmt: skip


def _ref(name: str) -> Schema:
    return {"$ref": REF.format(model=name)}


def _paths_or(table: Schema) -> Schema:
    """The path of a file, or tables."""
    return {"anyOf": [{"type": "string"}, {"type": "array", "items": table}]}


def _place(key: str) -> tuple[int, str]:
    """The order of keys: what a part is, then its limits, then what it holds."""
    first, last = ("$schema", "title", "description", "type"), ("items", "anyOf", "oneOf", "properties", "definitions")
    return first.index(key) if key in first else 9 + last.index(key) if key in last else 8, key


def _tidy(part: Any, named: bool = False) -> Any:
    """A part without what says nothing, in one order: the same whichever version of pydantic made it.

    Left out are titles that repeat a word, and null, which TOML does not have. named : the keys are words of the file.
    """
    if isinstance(part, list):
        return [_tidy(item) for item in part if item != {"type": "null"}]
    if isinstance(part, float) and part.is_integer():
        return int(part)
    if not isinstance(part, dict):
        return part
    if named:
        return {key: _tidy(value) for key, value in part.items()}
    made = {
        key: _tidy(value, key in ("properties", "definitions", "patternProperties")) for key, value in _draft7(part).items()
    }
    only = made.get("anyOf", ())
    if len(only) != 1:
        return {key: made[key] for key in sorted(made, key=_place)}
    rest = {key: value for key, value in made.items() if key != "anyOf"}
    return _tidy({**rest, "allOf": only} if "$ref" in only[0] else {**rest, **only[0]})


def _draft7(part: Schema) -> Schema:
    """What a part says, in the words of draft 7."""
    idle = [("default", None), ("additionalProperties", True), *([] if "$schema" in part else [("title", part.get("title"))])]
    kept = {key: value for key, value in part.items() if (key, value) not in idle}
    if "const" in kept:  # some versions say it twice
        kept.pop("enum", None)
    if "prefixItems" in kept:
        kept["items"] = kept.pop("prefixItems")
    if "patternProperties" in kept:
        kept.setdefault("additionalProperties", False)
    if "minLength" in kept and "anyOf" in kept:  # a shortest length asked of one text or of a list of texts
        least = kept.pop("minLength")
        kept["anyOf"] = [{**x, "minItems": least} if x.get("type") == "array" else x for x in kept["anyOf"]]
    return kept
