"""Known series beside the figures of a vintage, which nobody can write to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType


class KnownControls(Mapping[tuple[str, str], Mapping[int, float]]):
    """Values of control series by (unit, name) and step, copied once; it travels to other processes, as a proxy does not."""

    __slots__ = ("_held",)

    def __init__(self, given: Mapping[tuple[str, str], Mapping[int, float]]) -> None:
        self._held = {key: MappingProxyType(dict(values)) for key, values in given.items()}

    def __getitem__(self, key: tuple[str, str]) -> Mapping[int, float]:
        return self._held[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)

    def __hash__(self) -> int:
        return hash(frozenset((key, frozenset(values.items())) for key, values in self._held.items()))

    def __repr__(self) -> str:
        return repr({key: dict(values) for key, values in self._held.items()})

    def __reduce__(self) -> tuple[type[KnownControls], tuple[dict[tuple[str, str], dict[int, float]]]]:
        return KnownControls, ({key: dict(values) for key, values in self._held.items()},)


NO_CONTROLS = KnownControls({})
