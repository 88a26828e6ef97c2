"""Prophet, in a guarded process (extra `prophet`)."""

from __future__ import annotations

import importlib.util
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from forecast.arrays import Floats
from forecast.core.errors import ConfigError, ForecastError, MissingExtraError
from forecast.core.registry import model
from forecast.prep.batches import Paths, PathsOrErrors, batch_model
from forecast.prep.histories import SeriesHistory
from forecast.prep.regressors import event_regressors, lunar_regressor

FEWEST = 12  # months
START = 30.0  # seconds to load the library in a worker
WORKER = "import sys; from forecast.models.prophet import work; work(sys.argv[1])"


@model
@batch_model
@dataclass(frozen=True)
class Prophet:
    """Prophet on the working scale: piecewise linear trend, yearly harmonics, moving holidays and events.

    Taylor and Letham (2018). The library runs in a process of its own for each batch, with its own temporary folder, a seed
    and a limit in seconds; at the limit the process is killed and its unanswered questions fail. Lunar New Year and events
    enter as regressors, because monthly stamps never fall on the library's own holidays. Uncertainty: trend changes and
    noise, not coefficients.

    Parameters
    ----------
    order : int, default 4
        yearly harmonics (the library's default of 10 fits months exactly); used from 24 months on
    samples : int, default 200
        paths asked of the library; resampled to the task's draws
    lunar : bool, default True
        whether the lunar new year is a regressor
    events : bool, default True
        whether events of the calendar are regressors
    transform : {"auto", "log", "asinh", "none"}, default "auto"
        scale on which the model works; auto: log, or asinh where there are zeros
    limit : float, default 20.0
        seconds per question

    References
    ----------
    Taylor, S. J. and Letham, B. (2018). Forecasting at scale. American Statistician 72(1), 37-45.
    """

    order: int = 4
    samples: int = 200
    lunar: bool = True
    events: bool = True
    transform: Literal["auto", "log", "asinh", "none"] = "auto"
    limit: float = 20.0

    def __post_init__(self) -> None:
        if self.samples < 1 or self.limit <= 0:
            raise ConfigError("samples and limit must be positive", hint="samples = 200, limit = 20.0")

    def fewest_months(self, season: int | None) -> int:
        """Twelve months; MissingExtraError without the library, whatever the history."""
        if importlib.util.find_spec("prophet") is None:
            raise MissingExtraError("prophet is not installed", hint="pip install 'forecast[prophet]'")
        return FEWEST

    def simulate_batch(self, histories: Sequence[SeriesHistory], rngs: Sequence[np.random.Generator]) -> PathsOrErrors:
        """All histories in one process of the library."""
        jobs = [self._job(history, rng) for history, rng in zip(histories, rngs, strict=True)]
        made = _run_in_subprocess(jobs, START + self.limit * len(jobs)) if jobs else []
        out: PathsOrErrors = []
        for history, rng, job, answer in zip(histories, rngs, jobs, made, strict=True):
            if isinstance(answer, str):
                out.append(ForecastError(answer, where=history.series))
            else:
                paths = answer[rng.permutation(history.draws) % len(answer)]
                out.append(Paths(paths, "prophet", tuple(job["names"]), tuple(job["dropped"])))
        return out

    def _job(self, history: SeriesHistory, rng: np.random.Generator) -> dict[str, Any]:
        """Plain arrays for the worker: months, figures, regressors over history and future, options, seed."""
        past = history.training
        when = np.concatenate([np.arange(past.first, past.last + 1)[past.known], history.months[len(history.latest.z) :]])
        fitted = np.arange(past.count)
        names: list[str] = []
        dropped: list[str] = []
        blocks: list[Floats] = []
        for wanted, make in ((self.events, event_regressors), (self.lunar, lunar_regressor)):
            if wanted:
                taken, unused = make(history.vintage, history.series, when).usable(fitted)
                names, dropped, blocks = [*names, *taken.names], [*dropped, *unused], [*blocks, taken.matrix]
        return {
            "when": when,
            "z": past.z[past.known],
            "names": names,
            "dropped": dropped,
            "x": np.column_stack([np.empty((len(when), 0)), *blocks]),
            "order": self.order if history.season == 12 and past.count >= 24 else 0,
            "samples": self.samples,
            "seed": int(rng.integers(2**31 - 1)),
        }


def _run_in_subprocess(jobs: list[dict[str, Any]], limit: float) -> list[Floats | str]:
    """Paths (samples, horizon) of each job, or why there are none, from a process that is killed at the time limit."""
    with tempfile.TemporaryDirectory(prefix="forecast-prophet-") as name:
        folder = Path(name)
        (folder / "jobs").write_bytes(pickle.dumps(jobs))
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        env = {**os.environ, **threads, "TMPDIR": name, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        with (folder / "stderr").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "-c", WORKER, name], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=log, start_new_session=True,
            )  # fmt: skip
            reason = _wait_or_kill(worker, limit)
        tail = (folder / "stderr").read_text("utf-8", errors="replace").strip().splitlines()[-1:]
        missing = reason or "the prophet process ended: " + "".join(tail)
        done = [folder / f"{i}.pickle" for i in range(len(jobs))]
        return [pickle.loads(path.read_bytes()) if path.exists() else missing for path in done]


def _wait_or_kill(worker: subprocess.Popen[bytes], limit: float) -> str:
    """Empty if the process ended by itself; its process group is killed at the time limit, or with the caller."""
    try:
        worker.wait(timeout=limit)
        return ""
    except subprocess.TimeoutExpired:
        return f"prophet was ended after {limit:.0f} seconds"
    finally:
        if worker.poll() is None:
            if hasattr(os, "killpg"):
                os.killpg(worker.pid, signal.SIGKILL)  # the library's own processes too
            worker.kill()
            worker.wait()


def work(folder: str) -> None:
    """The worker process: answers the jobs of a folder one by one, writing each answer atomically."""
    import logging

    for name in ("prophet", "cmdstanpy", "prophet.plot"):
        logging.getLogger(name).disabled = True
    jobs = pickle.loads((Path(folder) / "jobs").read_bytes())
    for i, job in enumerate(jobs):
        try:
            answer: Floats | str = _fit_and_sample(job)
        except Exception as error:  # whatever the library raises is the failure of this question alone
            answer = f"{type(error).__name__}: {error}"
        part = Path(folder) / f"{i}.part"
        part.write_bytes(pickle.dumps(answer))
        part.replace(Path(folder) / f"{i}.pickle")


def _fit_and_sample(job: dict[str, Any]) -> Floats:
    """Predictive paths (samples, horizon) of one job."""
    import pandas as pd
    from prophet import Prophet as Library

    n = len(job["z"])
    # months count from 2000 where the axis is no calendar, so that any regular step will do
    start = job["when"][0] if job["order"] or job["when"][0] > 20000 else job["when"][0] % 1200 + 24000
    stamps = pd.to_datetime([f"{m // 12:04d}-{m % 12 + 1:02d}-01" for m in job["when"] - job["when"][0] + start])
    frame = pd.DataFrame({"ds": stamps, **{f"x{j}": job["x"][:, j] for j in range(job["x"].shape[1])}})
    library = Library(
        yearly_seasonality=job["order"] or False, weekly_seasonality=False, daily_seasonality=False,
        uncertainty_samples=job["samples"], n_changepoints=min(25, n // 4),
    )  # fmt: skip
    for j in range(job["x"].shape[1]):
        library.add_regressor(f"x{j}")
    library.fit(frame.iloc[:n].assign(y=job["z"]), seed=job["seed"])
    np.random.seed(job["seed"])  # noqa: NPY002 - the library draws from the global generator
    samples = library.predictive_samples(frame.iloc[n:])["yhat"]
    return np.asarray(samples, dtype=float).T
