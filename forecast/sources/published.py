"""The bundled data set."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.core.archive import Archive, bundled_archive
from forecast.core.registry import source


@source
@dataclass(frozen=True)
class Published:
    """Figures published by customs offices and the press, bundled with the package, with its event calendar."""

    def read(self) -> Archive:
        """The whole bundled archive; quantities in kg, values in USD."""
        return bundled_archive()
