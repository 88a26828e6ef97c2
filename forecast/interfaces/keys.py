"""Keys of interfaces: read from the environment, and blotted out of everything that is kept, shown or logged."""

from __future__ import annotations

import logging
import os
import re
from urllib.parse import quote, quote_plus

from forecast.interfaces.faults import KeyMissingError
from forecast.interfaces.service import Service

BLOT = "KEY"
SHORTEST = 8  # characters of a key; those of the offices have 32 and 40
LOGGERS = ("httpx", "asyncio", *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")))


class Key:
    """A key that shows itself to nobody; `reveal` is called where it is sent, and nowhere else."""

    __slots__ = ("_spellings", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        spellings = {text, quote(text), quote(text, safe=""), quote_plus(text)}
        self._spellings = sorted(filter(None, spellings), key=len, reverse=True)

    def __repr__(self) -> str:
        return f"Key({BLOT})"

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a key is not written to a file or sent to another process")

    def __bool__(self) -> bool:
        return bool(self._text)

    def reveal(self) -> str:
        """The key itself."""
        return self._text

    def blot(self, text: str) -> str:
        """A text without the key, however it is encoded."""
        for spelling in self._spellings:
            text = re.sub(re.escape(spelling), BLOT, text, flags=re.IGNORECASE)
        return text

    def blot_bytes(self, data: bytes) -> bytes:
        """Bytes without the key; a word too short for a key is let stand, since it may be part of a figure."""
        for spelling in self._spellings if len(self._text) >= SHORTEST else ():
            data = re.sub(re.escape(spelling.encode()), BLOT.encode(), data, flags=re.IGNORECASE)
        return data


NO_KEY = Key("")


def key_of(service: Service) -> Key:
    """The key of a service: from its environment variable, else from the keyring if that package is installed; or none."""
    place = service.key
    if place is None:
        return NO_KEY
    text = os.environ.get(place.variable, "").strip() or _from_keyring(place.variable)
    if text and (not text.isascii() or not text.isprintable() or " " in text):
        raise KeyMissingError(
            "the key has a character that no key has", where=f"environment variable {place.variable}",
            hint=f"the key alone, without quotes or spaces; {place.obtained}",
        )  # fmt: skip
    return Key(text)


def missing_key(service: Service) -> KeyMissingError:
    """The message where a service wants a key and there is none: which variable, and where a key comes from."""
    place = service.key
    assert place is not None
    return KeyMissingError(
        f"{service.title} answers only with a key, and the environment variable {place.variable} is not set",
        where=service.name,
        hint=f"{place.obtained}; then: export {place.variable}=...",
    )


def _from_keyring(variable: str) -> str:
    """A key kept by `keyring set forecast VARIABLE`."""
    try:
        import keyring  # type: ignore[import-not-found,unused-ignore]

        return str(keyring.get_password("forecast", variable) or "").strip()
    except Exception:  # not installed, or without a store on this machine: as if there were none
        return ""


class Redaction(logging.Filter):
    """A filter of log records that blots keys out of their text, before any handler sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[Key] = []

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, without a key."""
        text = record.getMessage()
        for key in self.keys:
            text = key.blot(text)
        record.msg, record.args = text, None
        return True


_REDACTION = Redaction()


def redact_logs(key: Key) -> None:
    """Blot a key out of everything that the libraries below log, from now on."""
    if key:
        _REDACTION.keys.append(key)
        for name in LOGGERS:
            logging.getLogger(name).addFilter(_REDACTION)
