"""Ledger: the account of where the trade went that a measure took from a destination."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from forecast.core import schema
from forecast.core.gap_filled import GapFilled as GapFilled, OriginChange as OriginChange
from forecast.core.ledger_parts import (
    REST as REST,
    LedgerEntry as LedgerEntry,
    Leg as Leg,
    ReroutedShare as ReroutedShare,
    Role as Role,
    Route as Route,
    State as State,
)
from forecast.core.ledger_question import LedgerQuestion as LedgerQuestion, country_codes as country_codes
from forecast.core.ledger_rows import ledger_rows as ledger_rows
from forecast.core.presentation import shown, upper

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@shown
@dataclass(frozen=True)
class Ledger:
    """The account of a question: legs, routes, entries of both sides and who filled the gap.

    L_X and L_M are what was lost by the exporter's and by the destination's record. Importer's side: L_M = R + N + S, and
    L_X = R + O + N + S + M; exporter's side: L_X = R + O + G + Z. That a side closes is arithmetic and shows nothing.

    Parameters
    ----------
    question : LedgerQuestion
        what was asked
    unit : str
        of all amounts, that of the archive (kg)
    content : str
        the element that they are of, "" for gross weight
    reading : str
        "estimated", "descriptive" (differences of means, without intervals) or "no data"
    months_from, months_to : str
        labels of the first and last month of the destination's imports
    months : int
        their number
    legs : tuple of Leg
        all flows asked for
    routes : tuple of Route
        one per third country
    entries : tuple of LedgerEntry
        of both sides
    to_others : LedgerEntry
        what the exporter sent to all others more, of which R, O and G are parts
    share : ReroutedShare
        of R in the loss
    gap : GapFilled, optional
        who filled the gap, where the destination's imports are known
    closure : mapping of str to float
        by side ("importer", "exporter", "both records"), the largest error of its identity over draws and both ends; a side
        with a missing leg is left out
    notes : tuple of str
        what a reader must know

    Examples
    --------
    >>> import forecast as fc
    >>> archive = fc.load_archive()
    >>> ban = archive.events["us_ban_2024"]
    >>> account = fc.ledger(archive, ban, destination="USA", product="antimony_oxide", through=["THA", "MEX"])
    >>> account.reading, account.entry("R").known
    ('no data', False)
    """

    question: LedgerQuestion
    unit: str
    content: str
    reading: Literal["estimated", "descriptive", "no data"]
    months_from: str
    months_to: str
    months: int
    legs: tuple[Leg, ...]
    routes: tuple[Route, ...]
    entries: tuple[LedgerEntry, ...]
    to_others: LedgerEntry
    share: ReroutedShare
    gap: GapFilled | None = None
    closure: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def entry(self, symbol: str) -> LedgerEntry:
        """One entry by its symbol.

        Parameters
        ----------
        symbol : str
            "L_X", "L_M", "R", "O", "N", "S", "M", "G" or "Z"
        """
        return next(one for one in self.entries if one.symbol == symbol)

    def leg(self, role: str, country: str = "") -> Leg:
        """One leg by its role.

        Parameters
        ----------
        role : str
            as in `Leg`
        country : str, optional
            the third country, where the role has several
        """
        return next(one for one in self.legs if one.role == role and (not country or one.country == country))

    def route(self, country: str) -> Route:
        """What may have gone through one third country.

        Parameters
        ----------
        country : str
            its code
        """
        return next(one for one in self.routes if one.country == country)

    @property
    def crossed(self) -> tuple[Route, ...]:
        """Routes whose lower bound lies above the upper one, be it within noise: no range holds what was rerouted."""
        return tuple(route for route in self.routes if route.lower > route.upper)

    def frame(self) -> pd.DataFrame:
        """One row per entry, route, leg, origin, identity and remark.

        Returns
        -------
        DataFrame
            with the columns of the table `ledger` of a run folder; amounts in the unit of the archive, missing is null
        """
        return schema.frame(schema.LedgerRow, ledger_rows(self))

    def sentences(self) -> list[str]:
        """The account in words, each sentence made from the figure that it states."""
        return list(upper("report.ledger_sentences", "sentences_of")(self))

    def plot(self, ax: Axes | None = None) -> Axes:
        """The loss beside what it divides into, on each side.

        Parameters
        ----------
        ax : Axes, optional
            matplotlib axes to draw on (default: new ones)

        Returns
        -------
        Axes
            in the unit of the report
        """
        axes: Axes = upper("plots.ledger_picture", "plot_ledger")(self, ax)
        return axes
