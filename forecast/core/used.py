"""Used: the record of what a method did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Used:
    """What a method did.

    Parameters
    ----------
    model : str
        the model fitted
    regressors, dropped : tuple of str, optional
        names of regressors used, and of those left out
    scale : str, optional
        on which it worked
    split, filled : int, default 0
        months whose figure was split from a sum, or filled
    notes : tuple of str, optional
        sentences
    """

    model: str
    regressors: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    scale: str = ""
    split: int = 0
    filled: int = 0
    notes: tuple[str, ...] = ()

    @property
    def sentences(self) -> list[str]:
        """The record in words."""
        parts = [
            self.model,
            f"with {', '.join(self.regressors)}" if self.regressors else "",
            f"without {', '.join(self.dropped)}" if self.dropped else "",
            f"scale {self.scale}" if self.scale else "",
            f"{self.split} months split, {self.filled} filled" if self.split or self.filled else "",
        ]
        return [part for part in parts if part] + list(self.notes)
