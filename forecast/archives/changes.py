"""What an append changed: which figures are new, which revised, which as they were, and which are known to be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FigureKey = tuple[str, str]  # series and period


@dataclass(frozen=True)
class ArchiveChanges:
    """The figures of an append by what became of them, each as (series, period), in the order of the rows.

    new : were not held; revised : were held with another value or status; same : were held as they are, or their earlier
    states came to be known; missing : are said to be missing or suppressed
    stored : number of rows written
    notes : what was found wrong with the archive and put right, in sentences
    """

    new: tuple[FigureKey, ...] = ()
    revised: tuple[FigureKey, ...] = ()
    same: tuple[FigureKey, ...] = ()
    missing: tuple[FigureKey, ...] = ()
    stored: int = 0
    notes: tuple[str, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """The series that the rows belong to."""
        return tuple(sorted({name for kind in (self.new, self.revised, self.same, self.missing) for name, _ in kind}))

    def __str__(self) -> str:
        """A line for each series: how many figures are new, revised, unchanged and missing, and which were revised."""
        lines = []
        for name in self.series:
            counts = [f"{_count(self.new, name)} new", f"{_count(self.revised, name)} revised"]
            counts += [f"{_count(self.same, name)} unchanged", f"{_count(self.missing, name)} missing"]
            revised = sorted(period for series, period in self.revised if series == name)
            named = ", ".join(revised[:3]) + (f" and {len(revised) - 3} more" if revised[3:] else "")
            lines.append(f"{name}: {', '.join(counts)}" + (f" (revised: {named})" if revised else ""))
        return "\n".join(lines)


def _count(keys: Sequence[FigureKey], series: str) -> int:
    return sum(name == series for name, _ in keys)
