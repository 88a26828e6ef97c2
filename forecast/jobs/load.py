"""Read a TOML file as a Config, or raise one readable error that names the place of the fault."""

from __future__ import annotations

import os
import typing
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from forecast.core import registry
from forecast.core.archive import Archive
from forecast.core.calendar_notes import note_from
from forecast.core.errors import ConfigError, nearest, with_place
from forecast.core.events import Event, EventCalendar, event_from
from forecast.core.input_files import InputFile
from forecast.core.months import parse_day
from forecast.core.release_schedule import HeldBack, by_no_rule
from forecast.jobs.config import Config
from forecast.jobs.event_calendar import known_events
from forecast.jobs.nowcasts import check as check_nowcasts
from forecast.jobs.scenarios import check as check_scenarios
from forecast.jobs.shared_draws import scenario_model
from forecast.study.effects.shipped_gates import gates_asked

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]
EXPECTED = {
    "tuple_type": "a list: [...], or one [[table]] for each",
    "too_short": "a list of one or more",
    "model_type": "a table with its keys, or a name in quotes",
    "dict_type": "a table with its keys",
    "string_type": "text in quotes",
}


def shipped_configs() -> dict[str, Path]:
    """The configs that come with the package, by name: next to the package in a clone, inside it in a wheel."""
    for folder in (PACKAGE_FOLDER / "configs", PACKAGE_FOLDER.parent / "configs"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.toml"))}
    return {}


def locate(config: str | Path) -> Path:
    """The file of a config given as a path or as the name of a shipped one."""
    path = Path(config)
    is_folder = os.path.isdir(path)
    if os.path.exists(path) and not is_folder:  # `load` reports a file that cannot be read
        return path
    known = shipped_configs()
    if str(config) in known:
        return known[str(config)]
    if is_folder:
        raise ConfigError("this is a folder, a config is a TOML file", where=str(config), hint="the path of a TOML file")
    if path.suffix or len(path.parts) > 1:
        raise ConfigError("there is no such config file", where=str(config), hint=f"a shipped config: {', '.join(known)}")
    raise ConfigError(f"no config is called '{config}'", hint=f"{nearest(str(config), known)}, or the path of a TOML file")


def load(config: str | Path, as_of: str | None = None, cluster: str | int | None = None, trust_cluster: bool = False) -> Config:
    """Read and check a config; `as_of` overrides its day, `cluster` and `trust_cluster` its [scale] table."""
    path = locate(config)
    place = display_path(path)
    raw = InputFile(path, "config file", place, "the path of a TOML file", ConfigError).toml()
    raw.setdefault("name", path.stem)
    if as_of is not None:
        raw["as_of"] = as_of
    _override_scale(raw, cluster, trust_cluster)
    try:
        checked = Config(**raw, origin=Path(os.path.realpath(path)))
    except ValidationError as error:
        raise _config_error(error, place, raw) from None
    except TypeError as error:
        raise ConfigError(f"a key cannot be read: {error}", where=place, hint="remove it") from None
    _check_names(checked, place)
    _check_plugins(checked, place)
    if checked.scale.tls is None:
        return checked
    files = checked.scale.tls.relative_to_folder(path.resolve().parent)
    return checked.model_copy(update={"scale": checked.scale.model_copy(update={"tls": files})})


def _override_scale(raw: dict[str, Any], cluster: str | int | None, trusted: bool) -> None:
    """Apply the command line to [scale]; trust in the config's own cluster does not extend to another one."""
    table = raw.get("scale", {})
    if cluster is not None:
        is_number = isinstance(cluster, str) and cluster.isdecimal()
        has_proof = isinstance(table, dict) and "tls" in table and str(cluster).startswith("tls://")
        raw["scale"] = {"cluster": int(cluster) if is_number else cluster, **({"tls": table["tls"]} if has_proof else {})}
    if trusted and isinstance(raw.setdefault("scale", {}), dict):
        raw["scale"]["trusted"] = True


def source_of(config: Config) -> Any:
    """The source of a config's figures, with its path resolved."""
    spec = {key: resolve_path(config, value) if key == "path" else value for key, value in config.data.spec.items()}
    return registry.build("source", spec, where=f"{display_path(config.origin)}, [data]")


def held_back_by(source: Any) -> HeldBack:
    """The rule by which a source holds a month's figure back from those who ask on a day; none where it has no such rule."""
    rule: HeldBack = getattr(source, "held_back_until", by_no_rule)
    return rule


def describe_reading(config: Config) -> tuple[str, ...]:
    """How the figures of a config were read, in sentences, where its source infers anything."""
    describe = getattr(source_of(config), "describe_reading", None)
    return tuple(describe()) if describe is not None else ()


def read_archive(config: Config) -> Archive:
    """The figures that a config asks for, and the events it knows (`jobs/event_calendar.py`)."""
    place = display_path(config.origin)
    archive: Archive = source_of(config).read()
    events = known_events(config, archive.events, own_events(config, place), place)
    return archive if events == archive.events else replace(archive, events=events)


def own_events(config: Config, place: str = "") -> EventCalendar:
    """Events written in the config, or in a TOML file it names."""
    rows, where = config.events, place or display_path(config.origin)
    if isinstance(rows, str):
        return read_events(Path(resolve_path(config, rows)))
    return EventCalendar(tuple(_events_from_tables(rows, f"{where}, [[events]]")))


def read_events(path: Path) -> EventCalendar:
    """Events and notes of a TOML file, an `[[event]]` or `[[note]]` table each, and the day to which it was verified."""
    hint = "the path of a TOML file with [[event]] tables"
    raw = InputFile(path, "file of events", hint=hint, error=ConfigError).toml()
    for key in raw:
        if key not in ("event", "note", "verified_to"):
            raise ConfigError(f"unknown key '{key}'", where=str(path), hint="each event is a table [[event]]")
    rows = raw.get("event")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError("the file holds no table of an event", where=str(path), hint="each event is a table [[event]]")
    verified = None
    if "verified_to" in raw:
        with with_place(f"{path}, verified_to", ConfigError):
            verified = parse_day(raw["verified_to"])
    said = raw.get("note", [])
    if not isinstance(said, list) or not all(isinstance(row, dict) for row in said):
        raise ConfigError("a note is no table", where=str(path), hint="each note is a table [[note]]")
    notes = tuple(note_from(row, f"{path}, [[note]] {i + 1}") for i, row in enumerate(said))
    return EventCalendar(tuple(_events_from_tables(rows, f"{path}, [[event]]")), verified, notes)


def _events_from_tables(rows: Iterable[dict[str, Any]], where: str) -> list[Event]:
    """Events from their tables, each under its own id, with a shape that can be built."""
    made: list[Event] = []
    for i, row in enumerate(rows):
        place = f"{where} {i + 1}"
        event = event_from(row, where=place)
        registry.build("shape", event.shape, where=f"{place}, shape")
        if event.id in [e.id for e in made]:
            raise ConfigError(f"two events are called '{event.id}'", where=place, hint="give each its own id")
        made.append(event)
    return made


def resolve_path(config: Config, text: Any) -> Any:
    """A path of the config: an address, or relative to its file, or to the package's guides if only the starter has it."""
    if not isinstance(text, str) or not text or "://" in text or Path(text).is_absolute():
        return text
    own = config.origin.parent / text
    packaged = PACKAGE_FOLDER / "guides" / text
    return str(packaged if not os.path.exists(own) and os.path.exists(packaged) else own)


def display_path(path: Path) -> str:
    """A file as messages name it: relative to the working directory, if that exists and the file lies below it."""
    try:
        return str(Path(os.path.realpath(path)).relative_to(os.getcwd()))
    except (ValueError, OSError):
        return str(path)


def _config_error(error: ValidationError, place: str, raw: dict[str, Any]) -> ConfigError:
    """The first fault of a config as one sentence, with its place and the nearest allowed word."""
    first = error.errors()[0]
    loc = [part for part in first["loc"] if part != "__root__"]
    where = f"{place}, {_location(loc)}" if loc else place
    if first["type"] == "extra_forbidden":
        return ConfigError(f"unknown key '{loc[-1]}'", where=where, hint=nearest(str(loc[-1]), _allowed_keys(loc[:-1])))
    if first["type"] == "missing":
        return ConfigError(f"the key '{loc[-1]}' is missing", where=where, hint=f"add {loc[-1]} = ...")
    if first["type"] == "literal_error":
        return ConfigError(
            f"'{first['input']}' is not allowed here",
            where=where,
            hint=f"one of {first['ctx']['expected']}".replace(" or ", ", "),
        )
    if first["type"] == "string_pattern_mismatch":
        month = r"\d{4}" in first["ctx"]["pattern"]
        hint = "YYYY-MM, for example 2025-06" if month else "lower-case letters, digits, - and _"
        return ConfigError(f"'{first['input']}' is not {'a month' if month else 'a name'}", where=where, hint=hint)
    message = str(first["msg"])
    if first["type"] == "value_error":
        problem, *hints = first["ctx"]["error"].args
        return ConfigError(problem, where=where, hint=hints[0] if hints else "")
    value = repr(first["input"]) if len(repr(first["input"])) < 60 else "the value"
    return ConfigError(f"{value} cannot stand here", where=where, hint=EXPECTED.get(first["type"], message))


def _location(loc: Sequence[str | int]) -> str:
    """`("models", 1, "use")` as `[[models]] 2, use`."""
    parts: list[str] = []
    for i, part in enumerate(loc):
        if isinstance(part, int):
            continue
        after = loc[i + 1] if i + 1 < len(loc) else None
        if isinstance(after, int):
            is_item = i + 2 == len(loc) and (i > 0 or not _is_table(str(part)))  # of a list whose items are no tables
            parts.append(f"{part} {after + 1}" if is_item else f"[[{part}]] {after + 1}")
        else:
            parts.append(f"[{part}]" if i == 0 and i + 1 < len(loc) else str(part))
    return ", ".join(parts)


def _is_table(key: str) -> bool:
    return key not in Config.model_fields or _inner_table(Config.model_fields[key].annotation) is not None


def _allowed_keys(loc: Sequence[str | int]) -> list[str]:
    table: Any = Config
    for part in loc:
        if isinstance(part, str) and isinstance(table, type) and issubclass(table, BaseModel):
            fields = {field.alias or name: field for name, field in table.model_fields.items()}
            table = _inner_table(fields[part].annotation) if part in fields else table
    return sorted(f.alias or n for n, f in table.model_fields.items() if n != "origin")


def _inner_table(annotation: object) -> type[BaseModel] | None:
    """The table inside `tuple[Table, ...]`, `Table | None` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in typing.get_args(annotation):
        inner = _inner_table(argument)
        if inner is not None:
            return inner
    return None


def _check_names(config: Config, place: str) -> None:
    """Refuse names that are declared twice, or used without being declared."""
    labels = _check_unique([m.label for m in config.models], "models", place)
    _check_unique([m.label for m in config.metrics], "metrics", place)
    _check_unique([e.id for e in config.effects], "effects", place)
    _check_unique([g.name for g in config.backtest], "backtest", place)
    _check_unique([a.id for a in config.ledger], "ledger", place)
    _check_unique([c.id for c in config.filed.claims], "filed.claims", place)
    effects = [e.id for e in config.effects]
    for name in config.report.summary:
        if name not in effects:
            hint = nearest(name, effects) or "add it under [[effects]]"
            raise ConfigError(f"no effect of this config has the id '{name}'", where=f"{place}, [report], summary", hint=hint)
    _check_members(config, labels, place)
    _check_controls(config, place)
    check_scenarios(config.scenarios, config.scenario_forecast, place)
    check_nowcasts(config.nowcast, [g.name for g in config.backtest], place)
    asked = {f"[[backtest]] {i + 1}, models": group.models for i, group in enumerate(config.backtest)}
    asked |= {f"[[nowcast]] {i + 1}, models": row.models for i, row in enumerate(config.nowcast)}
    asked |= {"default_model": tuple(filter(None, [config.default_model])), "naive": config.naive}
    asked["[destinations], model"] = tuple(filter(None, [config.destinations.model]))
    for where, names in (asked | {"[forecast], models": config.forecast.models}).items():
        for name in names:
            if name not in labels:
                hint = nearest(name, labels) or "add it under [[models]]"
                raise ConfigError(f"no model of this config is called '{name}'", where=f"{place}, {where}", hint=hint)


def _check_members(config: Config, labels: list[str], place: str) -> None:
    """Members must be names of earlier models, so that each is asked once, before the combination."""
    for i, model in enumerate(config.models):
        where, earlier = f"{place}, [[models]] {i + 1}, members", labels[:i]
        members = (model.model_extra or {}).get("members", [])
        if not isinstance(members, list) or not all(isinstance(name, str) for name in members):
            raise ConfigError(f"{members!r} is no list of names", where=where, hint='names of earlier models: ["ets", "theta"]')
        for name in members:
            if name not in earlier:
                hint = nearest(name, earlier) if earlier else "name members before they are combined"
                raise ConfigError(f"no earlier model of this config is called '{name}'", where=where, hint=hint)


def _check_controls(config: Config, place: str) -> None:
    """Controls of models must be declared under [[regressors]], so that it is known when their values were published."""
    names = _check_unique([r.name for r in config.regressors], "regressors", place)
    for i, model in enumerate(config.models):
        for control in _controls_named(config.full_spec(model)):
            if control not in names:
                raise ConfigError(
                    f"the control '{control}' is not declared", where=f"{place}, [[models]] {i + 1}, controls",
                    hint=nearest(control, names) if names else "a table [[regressors]] with its name and what is known of it",
                )  # fmt: skip


def _controls_named(spec: object) -> list[str]:
    """Controls named anywhere in the spec of a model, including those of inner models."""
    if isinstance(spec, dict):
        controls = spec.get("controls")
        own = [str(c) for c in controls] if isinstance(controls, list) else []  # other types are refused with the options
        return own + [c for key, value in spec.items() if key != "controls" for c in _controls_named(value)]
    return [c for value in spec for c in _controls_named(value)] if isinstance(spec, list | tuple) else []


def _check_unique(names: list[str], table: str, place: str) -> list[str]:
    for i, name in enumerate(names):
        if name in names[:i]:
            raise ConfigError(
                f"'{name}' is named twice",
                where=f"{place}, [[{table}]] {i + 1}",
                hint='give one of them another name (name = "...")',
            )
    return names


def _check_plugins(config: Config, place: str) -> None:
    """Build every plug-in of the config with its options."""
    for i, model in enumerate(config.models):
        registry.build("model", config.full_spec(model), where=f"{place}, [[models]] {i + 1}")
    part = config.scenario_forecast
    label = scenario_model(config)
    if part.series and label not in [m.label for m in config.models]:
        registry.build("model", label, where=f"{place}, [scenario_forecast], model")
    for i, metric in enumerate(config.metrics):
        registry.build("metric", metric.spec, where=f"{place}, [[metrics]] {i + 1}")
    for i, row in enumerate(config.effects):
        for j, spec in enumerate(row.estimators):
            registry.build("estimator", spec.spec, where=f"{place}, [[effects]] {i + 1}, [[estimators]] {j + 1}")
    for i, account in enumerate(config.ledger):
        registry.build("estimator", account.estimator.spec, where=f"{place}, [[ledger]] {i + 1}, estimator")
    gates_asked(config.check_specs, f"{place}, [[checks]]")
    for i, check in enumerate(config.checks):
        if check.name:
            where = f"{place}, [[checks]] {i + 1}, name"
            raise ConfigError("a gate keeps the name of its file", where=where, hint="leave the name out")
    registry.build("source", config.data.spec, where=f"{place}, [data]")
    with with_place(kind=ConfigError):
        own_events(config, place)
