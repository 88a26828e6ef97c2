"""Faults of an interface, each with what to do about it."""

from __future__ import annotations

from forecast.core.errors import ForecastError


class InterfaceError(ForecastError):
    """An interface did not answer as it should."""


class KeyMissingError(InterfaceError):
    """The interface wants a key and none was found."""


class KeyRefusedError(InterfaceError):
    """The interface does not accept the key."""


class QuotaError(InterfaceError):
    """The interface asks for more patience than there is."""


class UnreachableError(InterfaceError):
    """No connection, or one that breaks off each time."""


class NoConnectionError(UnreachableError):
    """Nobody could be reached at all."""


class DamagedAnswerError(InterfaceError):
    """An answer that is cut, of the wrong kind, or cannot be read; it is asked again a few times before it is raised."""


class QuestionRefusedError(InterfaceError):
    """The interface does not understand the question."""


class NotSavedError(InterfaceError):
    """A question to which the folder holds no saved answer."""
