"""A sum of months as one observation against the same sum split up, where the truth is known.

    python experiments/009_cumulator/run.py [--worlds N] [--out DIR]

Writes results.csv: one row per setting, world, method and target.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forecast.kernels import covariance, gaussian, temporal_sums

Floats = NDArray[np.float64]
YEARS, SEASON = 6, 0.15  # whole years before the last one, and the standard deviation of the month effects
WALKS = ((0.15, 0.05), (0.10, 0.10), (0.03, 0.20))  # monthly standard deviations of the level's steps and of the noise
SETTINGS = {"last year": 2, "every year": 2, "half a year": 6}  # how many months the sum has
WIDTH = 1.2816  # standard deviations of a band of 80 %
COLUMNS = (
    "setting", "level", "noise", "method", "target", "n", "rmse", "se", "less_equal", "less_equal_se", "less_shares",
    "less_shares_se", "cover80", "settled",
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """True logarithms z (n,), the months of the year, the months of each sum; the last month is asked."""

    z: Floats
    phase: NDArray[np.int64]
    spans: tuple[NDArray[np.int64], ...]

    @property
    def totals(self) -> Floats:
        """What is printed."""
        return np.array([np.exp(self.z[span]).sum() for span in self.spans])

    @property
    def apart(self) -> NDArray[np.int64]:
        """Months printed singly."""
        return np.setdiff1d(np.arange(len(self.z) - 1), np.concatenate(self.spans))


@dataclass(frozen=True)
class Said:
    """What a method says of the asked month (mean and standard deviation) and of the months of the last sum (means)."""

    middle: float
    spread: float
    inside: Floats
    settled: bool = True


def world(seed: int, level: float, noise: float, setting: str) -> World:
    """A level that wanders, month effects and noise, all on the logarithm; the same in every setting but for its length."""
    rng = np.random.default_rng([7, seed])
    length = SETTINGS[setting]
    n = 12 * YEARS + length + 1
    effect = rng.normal(0, SEASON, 12)
    steps, errors = rng.normal(0, level, 12 * YEARS + 12), rng.normal(0, noise, 12 * YEARS + 12)
    phase = np.arange(n) % 12
    z = np.cumsum(steps)[:n] + (effect - effect.mean())[phase] + errors[:n]
    begins = range(0, n - 1, 12) if setting == "every year" else (12 * YEARS,)
    return World(z, phase, tuple(np.arange(i, i + length) for i in begins))


def answers(made: World) -> dict[str, Said]:
    """Every method on one world; all have the same model and differ in what they are told of the sums."""
    family, ones = covariance.local_level_shrunk_season(len(made.z), made.phase, 12)
    apart, last, asked = made.apart, made.spans[-1], len(made.z) - 1

    def said(fitted: gaussian.GaussianFit, inside: Floats | None = None, settled: bool = True) -> Said:
        mean, spread = gaussian.plug_in_forecast(fitted, np.array([asked, *last]))
        return Said(float(mean[0]), float(np.sqrt(spread[0, 0])), mean[1:] if inside is None else inside, settled)

    def with_months(z: Floats) -> Said:
        return said(gaussian.fit(z, np.arange(asked), ones, family, polish=False), z[last])

    summed = temporal_sums.fit_logs(made.z[apart], apart, made.totals, made.spans, ones, family, polish=False)
    out = {
        "one observation": said(summed.fit, None, summed.converged),
        "left out": said(gaussian.fit(made.z[apart], apart, ones, family, polish=False)),
        "true months": with_months(made.z[:asked]),
        "split in equal parts": with_months(split(made, equal=True)),
    }
    if len(made.spans) == 1:
        out["split by shares"] = with_months(split(made, equal=False))
    return out


def split(made: World, *, equal: bool) -> Floats:
    """Logarithms of all months before the asked one, sums split equally or by the shares of the years before."""
    z = made.z[:-1].copy()
    for span, total in zip(made.spans, made.totals, strict=True):
        seen = [np.exp(made.z[m % 12 : span[0] : 12]).mean() if not equal else 1.0 for m in span.tolist()]
        z[span] = np.log(total * np.array(seen) / np.sum(seen))
    return z


def rows(setting: str, level: float, noise: float, worlds: int) -> Iterable[list[object]]:
    """Errors of every method and target, and paired differences of squared errors from the two splits."""
    truths = [world(seed, level, noise, setting) for seed in range(worlds)]
    told = [answers(truth) for truth in truths]
    ahead = {name: np.array([one[name].middle - w.z[-1] for one, w in zip(told, truths, strict=True)]) for name in told[0]}
    inside = {
        name: np.array(
            [np.sqrt(np.mean((one[name].inside - w.z[w.spans[-1]]) ** 2)) for one, w in zip(told, truths, strict=True)]
        )
        for name in told[0]
    }
    for target, errors in (("next month", ahead), ("months of the sum", inside)):
        for name, error in errors.items():
            if name == "true months" and errors is inside:
                continue
            squares = error**2
            rmse = float(np.sqrt(squares.mean()))
            less = [_difference(squares, errors.get(f"split {how}")) for how in ("in equal parts", "by shares")]
            bands = np.array([WIDTH * one[name].spread for one in told])
            yield [
                setting, level, noise, name, target, worlds, rmse, _se(squares) / (2 * rmse),
                *less[0], *less[1], 100 * np.mean(np.abs(error) < bands) if errors is ahead else "",
                100 * np.mean([one[name].settled for one in told]),
            ]  # fmt: skip


def _difference(squares: Floats, other: Floats | None) -> tuple[object, object]:
    """Mean of squared errors less another method's, with its standard error; empty where that method was not asked."""
    return ("", "") if other is None else (float((squares - other**2).mean()), _se(squares - other**2))


def _se(x: Floats) -> float:
    return float(x.std(ddof=1) / np.sqrt(len(x)))


def main() -> None:
    """Every setting and world, then the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    with (options.out / "results.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(COLUMNS)
        for setting in SETTINGS:
            for level, noise in WALKS:
                for row in rows(setting, level, noise, options.worlds):
                    writer.writerow([f"{x:.4g}" if isinstance(x, float) else x for x in row])
                lines.flush()


if __name__ == "__main__":
    main()
