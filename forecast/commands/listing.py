"""What `forecast list` tells: plug-ins of a kind, series, or events, each with a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecast.core import registry
from forecast.core.errors import ConfigError, nearest

if TYPE_CHECKING:
    from forecast.core.vintage import Vintage


def names_and_sentences(kind: str) -> list[tuple[str, str]]:
    """Names with a one-line description: plug-ins of a kind, series, or events.

    Parameters
    ----------
    kind : str
        "models", "estimators", ..., "series" or "events"

    Returns
    -------
    list of (str, str)
        name and sentence

    Raises
    ------
    ConfigError
        where there is no such list
    """
    plural = {f"{k}s": k for k in registry.KINDS}
    if kind in plural:
        said = {name: registry.sentence(plural[kind], name) for name in registry.names(plural[kind])}
        if kind == "checks":
            from forecast.study.effects.shipped_gates import SHIPPED_GATES

            said |= {n: f"judges only where it is named: {text}" for n, text in said.items() if n not in SHIPPED_GATES}
        return list(said.items())
    if kind in ("series", "events"):
        from forecast.core.archive import bundled_archive
    if kind == "series":
        archive = bundled_archive()
        seen = archive.latest
        return [(s, _series_extent(seen, s)) for s in archive.series]
    if kind == "events":
        return [(e.id, f"{e.announced}: {e.title} ({e.status})") for e in bundled_archive().events]
    raise ConfigError(f"there is no list of '{kind}'", where="forecast list", hint=nearest(kind, [*plural, "series", "events"]))


def _series_extent(vintage: Vintage, series: str) -> str:
    observed = vintage.observed(series)
    label = vintage.steps.label
    known = f"{observed.count} months" + (f" and {len(observed.spans)} sums" if observed.spans else "")
    return f"{known}, {label(observed.first)} to {label(observed.last)}"
