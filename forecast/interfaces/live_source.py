"""What a live source is: options, an interface, and `fetch`, which yields one part per request.

A live source is a frozen dataclass registered with `@source` in `forecast/sources/`. Besides its options it has

- `service`: a class attribute, the `Service` it asks, or None if it reads files that were saved by hand;
- `key_variable`: a class attribute, the environment variable of its key, or "";
- `fetch(since, client)`: asks by `client.get(path, parameters, read)` and yields a `FetchedPart` for each request's worth, in a
  fixed order. It never looks at the clock, but at `client.today`, so that saved answers replay to the same rows;
- `read()`: refuses, by `fetch_first`: a run reads the archive (`data = "archive"`) and no network.

It needs no state to be taken up again: the client answers a question that this fetch has put before from the kept raw answer,
and appending a row twice changes nothing.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from forecast.core.archive_table import ArchiveRow
from forecast.core.errors import ConfigError
from forecast.interfaces.service import Service

if TYPE_CHECKING:
    from forecast.interfaces.client import Client

SAME_PUBLICATION = 31  # days within which a dated figure is the publication that a rule foresees


@dataclass(frozen=True)
class FetchedPart:
    """What one request gave.

    question : a short label for a person, such as "imports 2825800000 in 2024"
    rows : figures, with missing ones as rows of status missing; `released` is the day of the vintage
    notes : sentences about what was found and left out
    guesses : for a figure seen late, what was probably published first (`first_publication`); not kept where it was revised
    not_released : (series, month YYYY-MM) asked for and not out yet
    parts : how many parts there will be, as far as is known; 0 if it is not
    """

    question: str
    rows: Sequence[ArchiveRow]
    notes: Sequence[str] = ()
    guesses: Sequence[ArchiveRow] = ()
    not_released: Sequence[tuple[str, str]] = ()
    parts: int = 0


def first_publication(row: ArchiveRow, day: dt.date, basis: str = "rule") -> list[ArchiveRow]:
    """A figure as it was probably published on an earlier day, with the value known now: a pseudo-vintage; or none.

    None where the row is dated within a month of that day, since it then is that publication.
    """
    if dt.date.fromisoformat(row.released) <= day + dt.timedelta(days=SAME_PUBLICATION):
        return []
    note = "; ".join(filter(None, (row.note, f"pseudo-vintage: as known on {row.released}")))
    return [dataclasses.replace(row, released=day.isoformat(), basis=basis, note=note)]


class LiveSource(Protocol):
    """A source that `forecast fetch` can ask."""

    name: ClassVar[str]
    service: ClassVar[Service | None]
    key_variable: ClassVar[str]

    def fetch(self, since: str, client: Client) -> Iterator[FetchedPart]:
        """Figures from the month `since` (YYYY-MM) on, one part per request."""
        ...


def fetch_first(name: str) -> ConfigError:
    """The refusal of a config that names a live source as its data."""
    return ConfigError(
        f"'{name}' is fetched into the archive, and a run reads the archive: a run asks no network",
        where="[data], use",
        hint=f'`forecast fetch {name} ...` once, then data = "archive" in the config',
    )
