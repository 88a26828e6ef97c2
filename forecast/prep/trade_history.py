"""Months with and without trade of a flow, and the Markov chain fitted to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.kernels import occurrence_chain


@dataclass(frozen=True)
class TradeHistory:
    """Known months (n,) of a flow in order, and whether they hold trade (n,), 1 or 0 (`working_scale.trade_floor`)."""

    months: Ints
    traded: Floats

    @classmethod
    def of(cls, months: Ints, values: Floats, floor: float = 0.0) -> TradeHistory:
        """The history of known figures (n,) of `months`; a month with no more than `floor` is one without trade."""
        return cls(months, (values > floor).astype(float))

    @property
    def count(self) -> int:
        """Number of known months."""
        return len(self.months)

    @property
    def empty(self) -> int:
        """Number of known months without trade."""
        return int((self.traded == 0).sum())

    def chain(self, first: int) -> occurrence_chain.OccurrenceChain:
        """The chain after the history, whose next month asked is `first`."""
        start = int(self.months[0])
        states = np.full(int(self.months[-1]) - start + 1, np.nan)
        states[self.months - start] = self.traded
        return occurrence_chain.fit_chain(states, max(first - int(self.months[-1]), 1))

    def draws(self, asked: Ints, count: int, rng: np.random.Generator) -> Floats:
        """Joint draws (count, months) of trade, 1 or 0: after the last known month the chain, before it the share of months."""
        last = int(self.months[-1])
        ahead = max(int(asked.max()) - last, 0)
        inside: Floats = np.asarray(rng.random((count, len(asked))) < self.traded.mean(), dtype=float)
        if not ahead:
            return inside
        paths = self.chain(last + 1).draws(ahead, count, rng)[:, np.maximum(asked - last - 1, 0)]
        drawn: Floats = np.where(asked > last, paths, inside)
        return drawn
