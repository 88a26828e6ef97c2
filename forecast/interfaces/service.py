"""What the client has to know about one interface: its address, its pace, its key and its ways of refusing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecast.interfaces.faults import InterfaceError

if TYPE_CHECKING:
    from forecast.interfaces.answer import Answer


@dataclass(frozen=True)
class KeyPlace:
    """Where a key is read and where it is sent.

    variable : environment variable; header, parameter : where the key goes (one of them); obtained : how a person gets one;
    required : whether nothing is answered without one
    """

    variable: str
    obtained: str
    header: str = ""
    parameter: str = ""
    required: bool = True


def _no_refusal(answer: Answer) -> InterfaceError | None:
    return None


def _no_wait(answer: Answer) -> float | None:
    return None


@dataclass(frozen=True)
class Service:
    """One interface.

    name : of its raw answers' index, that of the source; title : as messages name it; address : scheme and host
    pause : seconds between the starts of two requests
    seconds : until one whole answer must have arrived
    refusal : the fault that an answer of any status states in the interface's own way, or None
    wait : seconds that an answer asks to wait in the interface's own words, or None if it does not
    """

    name: str
    title: str
    address: str
    key: KeyPlace | None = None
    pause: float = 1.0
    seconds: float = 180.0
    refusal: Callable[[Answer], InterfaceError | None] = _no_refusal
    wait: Callable[[Answer], float | None] = _no_wait
