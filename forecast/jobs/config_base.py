"""Base class of every table of a config, and the conversions its fields share."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from forecast.core.errors import ForecastError
from forecast.core.months import parse_day

ADDED_LATER = "added later"  # marks a field, `Annotated[type, ADDED_LATER]`, that released configs did not have


class ConfigTable(BaseModel):
    """A table of the config: immutable, no key beyond the declared ones, no range of months that ends before it begins.

    A field marked ADDED_LATER is left out of the serialised table while it holds its default, so that a word added to the
    config changes the hash, and with it the run folder, of those configs alone that use it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="after")
    def _months_in_order(self) -> Self:
        first, last = getattr(self, "first", None), getattr(self, "last", None)
        if first and last and last < first:
            raise ValueError(f"the months end in {last}, before they begin in {first}", "check the two months")
        return self

    @model_serializer(mode="wrap")
    def _omit_unused_later_fields(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        table: dict[str, Any] = serialise(self)
        for name, field in type(self).model_fields.items():
            if ADDED_LATER in field.metadata and getattr(self, name) == field.get_default(call_default_factory=True):
                table.pop(name, None)
                table.pop(field.alias or name, None)
        return table


@contextlib.contextmanager
def as_value_error() -> Iterator[None]:
    """Context in which an error of the package becomes one that pydantic reports with its place."""
    try:
        yield
    except ForecastError as error:
        raise ValueError(error.problem, error.hint) from None


def as_list(value: Any) -> Any:
    """A single text as a list of one; anything else as it is."""
    return [value] if isinstance(value, str) else value


def as_text(value: Any) -> Any:
    """A date, which TOML has as a type of its own, as text; anything else as it is."""
    return value.isoformat()[:10] if isinstance(value, dt.date) else value


def _day(value: str) -> str:
    with as_value_error():
        return parse_day(value).isoformat()


def _day_or_none(value: str) -> str:
    return value and _day(value)


Names = Annotated[tuple[str, ...], BeforeValidator(as_list)]
NonEmptyNames = Annotated[Names, Field(min_length=1)]
Day = Annotated[str, BeforeValidator(as_text), AfterValidator(_day)]
OptionalDay = Annotated[str, BeforeValidator(as_text), AfterValidator(_day_or_none)]


def as_spec(value: Any) -> Any:
    """A plug-in given by its name alone as a table."""
    return {"use": value} if isinstance(value, str) else value


def as_specs(value: Any) -> Any:
    """The same for a list of them."""
    return [as_spec(item) for item in value] if isinstance(value, list) else value


Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class PluginConfig(ConfigTable):
    """The spec of a plug-in in a config: its registered name (`use`), optionally a name of its own, and its options."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    use: str
    name: str = ""

    @property
    def label(self) -> str:
        """Its own name, or the registered one."""
        return self.name or self.use

    @property
    def spec(self) -> dict[str, Any]:
        """The spec that `registry.build` takes."""
        return {"use": self.use, **(self.model_extra or {})}


PlugIns = Annotated[tuple[PluginConfig, ...], BeforeValidator(as_specs)]
