"""The vintages of the days that were asked for last."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

from forecast.core.vintage import Vintage


class RecentVintages:
    """The last `most` vintages, so that questions of one day share what was assembled for them; for several threads at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[dt.date, Vintage] = {}  # the latest asked for at the end
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def of(self, day: dt.date, make: Callable[[dt.date], Vintage]) -> Vintage:
        """The vintage of a day, made where it is not held; of two threads that make one at once, both get the first."""
        with self._lock:
            held = self._held.pop(day, None)
            if held is not None:
                self._held[day] = held
                return held
        made = make(day)  # not under the lock: a vintage may ask for earlier ones
        with self._lock:
            made = self._held.setdefault(day, made)
            while len(self._held) > self._most:
                del self._held[next(iter(self._held))]
            return made
