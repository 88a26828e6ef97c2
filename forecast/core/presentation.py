"""How nouns are seen, said and drawn: by the strata above, found by name on first use, so that nouns import none of them.

What prints a noun stands in `report/cards`, what says it in sentences and numbers in `report`, what draws it in `plots`.
"""

from __future__ import annotations

import importlib
from typing import Any, TypeVar

T = TypeVar("T", bound=type)


def shown(cls: T) -> T:
    """Class decorator, above `@dataclass`: an object prints as its card, in a notebook too (`report/cards`)."""
    cls.__repr__ = _card_text  # type: ignore[method-assign, assignment]
    cls._repr_html_ = _card_html  # type: ignore[attr-defined]
    return cls


def upper(module: str, name: str) -> Any:
    """A function of a stratum above, such as ``upper("report.spoken", "effect_sentence")``."""
    return getattr(importlib.import_module(f"forecast.{module}"), name)


def _card_text(noun: Any) -> str:
    try:
        return str(upper("report.cards", "card_of")(noun).text)
    except Exception as error:  # a debugger prints objects that are half made
        return f"<{type(noun).__name__}: it cannot be shown ({type(error).__name__}: {error})>"


def _card_html(noun: Any) -> str:
    return str(upper("report.cards", "card_of")(noun).html)
