"""Concentration over partners: the Hirschman-Herfindahl index, as bounds where partners are not named."""

from __future__ import annotations

from collections.abc import Mapping

from forecast.prep.partners import REST


def concentration(shares: Mapping[str, float]) -> tuple[float, float]:
    """Least and largest index H = sum of squared shares (0 to 1), given the shares of named partners and of the rest.

    Parts that are not below zero and add up to r have squares that add up to r^2 at most, where the rest is one partner, and
    to anything above 0, which is approached as it is spread over ever more of them; the index lies between the two and is
    known where there is no rest (the bounds of Kvålseth 2018, Heliyon 4: e00846, without the order of sizes, which is not
    known of partners that are not named).
    """
    named = sum(share**2 for partner, share in shares.items() if partner != REST)
    return named, named + shares.get(REST, 0.0) ** 2
