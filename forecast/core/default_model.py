"""The model whose answers a run tells first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

COMBINATIONS = ("mean", "combine", "combine_mean")  # told first where the config names none


def default_model(named: Sequence[str], models: Iterable[str]) -> str:
    """The first of the named models that is there, else a combination, else the first by name; "" without models."""
    known = sorted(set(models))
    return next((name for name in (*named, *COMBINATIONS) if name in known), known[0] if known else "")
