"""Estimated coefficients, by position and by name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Parameter:
    """An estimated coefficient and its standard error (from the Hessian or the diffuse state, never the OPG)."""

    name: str
    estimate: float
    se: float = math.nan


class Parameters(tuple[Parameter, ...]):
    """Coefficients in the estimator's order, indexed by position or by name.

    >>> Parameters([Parameter("effect", -0.4, 0.1)])["effect"].estimate
    -0.4
    """

    def __getitem__(self, key: Any) -> Any:
        """The parameter with a name, or the tuple's items by position."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        for parameter in self:
            if parameter.name == key:
                return parameter
        raise KeyError(f"no parameter is called '{key}': {', '.join(p.name for p in self) or 'there is none'}")
