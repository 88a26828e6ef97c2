"""Libraries that only one format needs."""

from __future__ import annotations

import importlib
from typing import Any

from forecast.core.errors import MissingExtraError


def load(module: str, format: str, extra: str, package: str) -> Any:
    """An optional library, or a message that says how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        problem = f"the format '{format}' needs {package}, which is not installed"
        raise MissingExtraError(problem, where=str(error), hint=f"pip install 'forecast[{extra}]'") from None
