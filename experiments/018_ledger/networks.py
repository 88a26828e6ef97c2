"""Networks of trade flows in which every tonne is known: what was lost, what went through third countries, what did not.

An exporter C sells to a destination D and to third countries k, which sell to D. In month `BEFORE` a measure cuts C -> D. Some
of what is lost goes C -> k -> D (two lags, some of it from stock bought ahead), some goes to k to stay, and some of k's own
production goes to D.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.core import months
from forecast.core.event import Event
from forecast.core.events import EventCalendar
from forecast.core.vintage import Cell, Vintage

PRODUCT = "re_magnets"
BEFORE, AFTER = 60, 12
FIRST = months.ordinal("2019-01")
START = FIRST + BEFORE
THIRD = ("THA", "MEX", "VNM", "MYS", "KOR", "IND", "TUR", "BEL", "POL", "BRA")
BAN = Event("ban", "A ban", "2024-01-01", effective="2024-01-01", targets="USA", products=PRODUCT, instrument="ban")


@dataclass(frozen=True)
class Network:
    """A vintage with its truth.

    loss : lost exports C -> D in the window; rerouted (k,) : tonnes of them that arrived through each third country
    own : what each third country sent from its own sources; ahead : months of stocks bought ahead
    """

    vintage: Vintage
    third: tuple[str, ...]
    loss: float
    rerouted: np.ndarray[Any, Any]
    own: dict[str, float]
    ahead: int


def flow(rng: np.random.Generator, level: float, noise: float, empty: float) -> np.ndarray[Any, Any]:
    """A monthly flow without the measure: season, a drifting level, noise, and months without trade."""
    length = BEFORE + AFTER
    season = np.tile(np.exp(0.1 * rng.standard_normal(12)), length // 12 + 1)[:length]
    drift = np.exp(np.cumsum(0.02 * rng.standard_normal(length)))
    made = level * season * drift * np.exp(noise * rng.standard_normal(length))
    return np.where(rng.random(length) < empty, 0.0, made)


def network(kind: str, count: int, rng: np.random.Generator, missing: bool = True) -> Network:
    """One network.

    kind : "rerouted" (some goods go through some third countries), "none" (nothing goes through; each third country either gets
        more or sends more), "apart" (nothing goes through, and some get more and send more, for reasons of their own)
    missing : whether some flows are not recorded; the network is the same otherwise
    """
    third = THIRD[:count]
    lag_to, lag_from, ahead = 1, 1, int(rng.integers(0, 3))
    length = BEFORE + AFTER
    supply, demand = (np.exp(0.05 * rng.standard_normal(length)) for _ in range(2))  # shared by all flows out of C, and into D
    direct = flow(rng, 100.0, 0.15, 0.0) * supply
    lost = np.zeros(length)
    lost[BEFORE:] = rng.uniform(0.5, 1.0) * direct[BEFORE:]
    out, back, through, own = {}, {}, np.zeros(count), {}
    goes = rng.random(count) < 0.5 if kind == "rerouted" else np.zeros(count, dtype=bool)
    shares = np.where(goes, rng.uniform(0.02, 0.3, count), 0.0)
    shares /= max(1.0, shares.sum() / 0.8)
    for i, k in enumerate(third):
        noise, empty = rng.uniform(0.1, 0.3), rng.choice([0.0, 0.5, 1.0], p=[0.75, 0.15, 0.1])
        out[k] = flow(rng, rng.uniform(5.0, 30.0), noise, min(empty, 0.5)) * supply
        back[k] = flow(rng, rng.uniform(2.0, 20.0), noise, empty) * demand
        sent, on, stock = np.zeros(length), np.zeros(length), 0.0
        sent[BEFORE:] = shares[i] * lost[BEFORE:] * rng.uniform(0.7, 1.3, AFTER)
        sent[BEFORE - ahead : BEFORE] += shares[i] * 50.0  # bought ahead, sent on in the first months
        for t in range(BEFORE - ahead, length - lag_to - lag_from):
            stock += sent[t]
            if t >= BEFORE - 1:
                on[t + lag_to + lag_from], stock = stock, 0.0
        out[k], back[k], through[i] = out[k] + sent, back[k] + on, on[BEFORE + 1 :].sum()
        stays = rng.random() < 0.5
        sends = {"rerouted": rng.random() < 0.3, "none": not stays, "apart": stays}[kind]
        if stays:
            out[k][BEFORE:] += rng.uniform(0.02, 0.3) * lost[BEFORE:]
        more = rng.uniform(0.02, 0.3) * 100.0 * rng.uniform(0.7, 1.3, AFTER - 1) * sends
        back[k][BEFORE + 1 :] += more
        own[k] = float(more.sum())
    series = _series(rng, direct, lost, out, back)
    hidden, declared = rng.random((count, 2)) < 0.1, rng.random(count) < 0.5
    for i, k in enumerate(third):
        # one flow of each at most: with neither, no figure bounds what went through, and the ledger says so
        if missing and hidden[i, 0]:
            series.pop(f"CHN.export.{k}.{PRODUCT}")
        elif missing and hidden[i, 1]:
            series.pop(f"USA.import.{k}.{PRODUCT}")
    cells = {name: _cells(values) for name, values in series.items()}
    vintage = Vintage(months.parse_day("2030-01-01"), cells, EventCalendar().with_events([BAN]))
    loss = float(lost[BEFORE : BEFORE + AFTER - 1].sum())
    known = {k: own[k] for i, k in enumerate(third) if declared[i]}
    return Network(vintage, third, loss, through, known, ahead)


def _series(
    rng: np.random.Generator, direct: Any, lost: Any, out: dict[str, Any], back: dict[str, Any]
) -> dict[str, np.ndarray[Any, Any]]:
    """All records: goods to D arrive a month later; other partners are in the totals alone."""
    left = direct - lost
    arrived = np.concatenate([[100.0], left[:-1]]) * np.exp(0.02 * rng.standard_normal(len(left)))
    others_out, others_in = flow(rng, 150.0, 0.1, 0.0), flow(rng, 60.0, 0.1, 0.0)
    made = {f"CHN.export.USA.{PRODUCT}": left, f"USA.import.CHN.{PRODUCT}": arrived}
    made |= {f"CHN.export.{k}.{PRODUCT}": values for k, values in out.items()}
    made |= {f"USA.import.{k}.{PRODUCT}": values for k, values in back.items()}
    made[f"CHN.export.WLD.{PRODUCT}"] = left + others_out + sum(out.values())
    made[f"USA.import.WLD.{PRODUCT}"] = arrived + others_in + sum(back.values())
    return made


def _cells(values: Any) -> tuple[Cell, ...]:
    """Figures in kg, from tonnes."""
    return tuple(Cell(FIRST + t, FIRST + t, 1000.0 * float(v), "value" if v > 0 else "zero") for t, v in enumerate(values))
