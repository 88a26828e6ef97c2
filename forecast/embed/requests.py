"""What a key asks of a run: a number with its unit and marks, a sentence, a table, a figure, or how to cite it."""

from __future__ import annotations

import functools
import shlex
from dataclasses import dataclass, field

from forecast.core.errors import ConfigError, nearest
from forecast.embed.slots import Value, one_line, plain_table, read_figure
from forecast.report.quotes import Quotes

OPTIONS = ("digits", "locale")
BARE = "bare"  # the word for a number without its unit
SENTENCE = "sentence"


@dataclass(frozen=True)
class Request:
    """A key taken apart: `effect:A1 estimate t digits=1 locale=de bare` has a name, a column, a unit and options."""

    name: str
    column: str = ""
    unit: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    bare: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it asks for one field of a row."""
        return bool(self.column) and self.column != SENTENCE


def parse(text: str, known: frozenset[str]) -> Request:
    """A key as a request. A name with spaces stands in quotes, or is the longest one that the run knows."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise ConfigError(f"the key '{text}' has a quote that is not closed", where=text, hint='"..."') from None
    if not words:
        raise ConfigError("the key is empty", hint="effect:ID estimate, or a key of `forecast quote RUN keys`")
    length = next((n for n in range(len(words), 1, -1) if " ".join(words[:n]) in known), 1)
    name, rest = " ".join(words[:length]), words[length:]
    options = dict(word.split("=", 1) for word in rest if "=" in word)
    plain = [word for word in rest if "=" not in word and word != BARE]
    for option in options:
        if option not in OPTIONS:
            raise ConfigError(f"'{option}' is no option of a key", where=text, hint=nearest(option, OPTIONS))
    if len(plain) > 2:
        hint = "KEY FIELD UNIT digits=... locale=...; a name with spaces in quotes"
        raise ConfigError(f"the key '{text}' has too many words, or a name that the run does not know", where=text, hint=hint)
    column, unit = (*plain, "", "")[:2]
    return Request(name, column, unit or None, options, BARE in rest)


@dataclass(frozen=True)
class Answers:
    """The values of a run for keys; `locale` is the language of the marks where a key names none."""

    quotes: Quotes
    locale: str = "en"

    def request(self, text: str) -> Request:
        """A key taken apart by what this run knows."""
        return parse(text, self.names)

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """The names of all rows that the run can be quoted on."""
        return frozenset(self.quotes.keys())

    def value(self, request: Request) -> Value:
        """What the run says; what it does not have is a ConfigError with the nearest name."""
        kind, _, name = request.name.partition(":")
        if kind == "table":
            return plain_table(self.quotes.table(name))
        if kind == "figure":
            return read_figure(self.quotes.figure(name))
        if kind == "cite":
            return one_line(self.quotes.run.cite())
        if not request.is_number:
            return one_line(self.quotes.sentence(request.name))
        locale = request.options.get("locale", self.locale)
        text = self.quotes.number(request.name, request.column, request.unit, request.options.get("digits"), locale)
        return one_line(text.rsplit("\u00a0" if locale != "C" else " ", 1)[0] if request.bare else text)

    def unit_fits(self, request: Request) -> bool:
        """Whether the field exists and only its unit is another than the one asked for."""
        if request.unit is None:
            return True
        try:
            self.quotes.number(request.name, request.column, None, request.options.get("digits"))
        except ConfigError:
            return True
        return False

    def verdict(self, request: Request) -> str:
        """The verdict of the effect asked about; empty for what has none."""
        return self.quotes.verdict(request.name) if request.name in self.names else ""
