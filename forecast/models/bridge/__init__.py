"""Bridge from an exporter's shipments to an importer's arrivals by non-negative lag weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Failure, Forecast, Used
from forecast.core.series import SeriesKey
from forecast.core.vintage import Vintage
from forecast.kernels.resample import moving_blocks, spread_inflation
from forecast.models.bridge import lag_weights
from forecast.prep.spans_and_gaps import measured_months
from forecast.prep.working_scale import CAP_FACTOR

LEAST_ROWS = 15  # months of arrivals with all their shipments known
LATE = 12  # last months, whose ratio is compared with that of earlier ones
BLOCK = 3  # months in a block of resampled errors


@dataclass(frozen=True)
class _ShipmentSample:
    """Arrivals `y` (n,) and lagged shipments `x` (n, lags + 1) in the months in which all are known."""

    y: Floats
    x: Floats
    split: int


@model
@dataclass(frozen=True)
class Bridge:
    """Arrivals as lag-weighted shipments: m(t) = sum of b(k) x(t - k), b >= 0 and smooth, their sum near one for kilograms.

    The lag weights are shrunk towards the shares implied by the days in transit, by a smoothness penalty whose weight is
    chosen in contiguous folds; their sum kappa has a normal prior about one. Out-of-fold errors, which grow with the root of
    the month's size, are resampled in blocks. Shipments unknown on the day are drawn from the inner model. `parameters` hold
    the lag shares, kappa, and the mirror gap: kappa of the last twelve rows less that before, with its standard error. A
    series without shipments to bridge from is answered by the inner model, and its `used` says so. Published sums of arrivals
    that hold an asked month are not used.

    Parameters
    ----------
    shipments : str, optional
        name of the exporter's series; empty: the mirror, `CHN.export.USA.x` for `USA.import.CHN.x`
    transit : (float, float), default (20.0, 50.0)
        fewest and most days from departure to being counted, clearance included
    longest : int, default 3
        the longest lag, in months
    kappa_sd : float, default 0.25
        prior standard deviation of kappa; wide where values with freight are compared with values without
    inner : str or mapping of str to Any, default "structural"
        name or spec of the model of shipments that are not known, and of series without shipments
    """

    shipments: str = ""
    transit: tuple[float, float] = (20.0, 50.0)
    longest: int = 3
    kappa_sd: float = 0.25
    inner: str | dict[str, Any] = "structural"

    def __post_init__(self) -> None:
        if not 0 <= self.transit[0] <= self.transit[1] or self.longest < 0 or self.kappa_sd <= 0:
            raise ConfigError(
                "transit is fewest and most days, longest a number of months, kappa_sd above zero", hint="transit = [20, 50]"
            )

    def asks(self, vintage: Vintage, task: Task) -> list[tuple[str | dict[str, Any], Task]]:
        """The unknown shipments of each series, or the series itself where there are no shipments to bridge from."""
        out: list[tuple[str | dict[str, Any], Task]] = []
        for series in task.series:
            source = self._source(vintage, series)
            if source is None:
                out.append((self.inner, task.for_series(series)))
            elif wanted := self._unknown_shipments(vintage, source, task):
                labels = [vintage.steps.label(m) for m in wanted]
                out.append((self.inner, task.for_series(source, labels)))
        return out

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws over the months; TooShortError below fifteen months of arrivals with all their shipments."""
        if len(answers) != len(self.asks(vintage, task)):
            raise ConfigError(f"{len(answers)} answers for another number of questions", hint="ask through fc.predict")
        then = task.fitting_vintage(vintage)
        left = list(answers)
        draws, used = [], []
        parameters: dict[str, float] = {}
        for series in task.series:
            source = self._source(vintage, series)
            if source is None:
                alone = _require_forecast(left.pop(0), series)
                own = alone.used[0]
                note = "no shipments to bridge from: the inner model's own answer"
                used.append(Used(own.model, own.regressors, own.dropped, own.scale, own.split, own.filled, (note, *own.notes)))
                draws.append(alone.draws[:, 0])
                continue
            wanted = self._unknown_shipments(vintage, source, task)
            ahead = _require_forecast(left.pop(0), source).draws[:, 0] if wanted else np.empty((task.draws, 0))
            made, how, found = self._bridge(vintage, then, series, source, task, (wanted, ahead), rng)
            draws.append(made)
            used.append(how)
            parameters |= found if len(task.series) == 1 else {f"{series} {name}": value for name, value in found.items()}
        return Forecast(task, np.stack(draws, axis=1), tuple(used), vintage.steps, parameters)

    def _bridge(
        self, vintage: Vintage, then: Vintage, series: str, source: str, task: Task, unknown: tuple[list[int], Floats],
        rng: np.random.Generator,
    ) -> tuple[Floats, Used, dict[str, float]]:  # fmt: skip
        sample = self._sample(then, series, source)
        prior = lag_weights.transit_shares(*self.transit, self.longest)
        found, errors = lag_weights.cross_validate(sample.y, sample.x, prior, 1.0, self.kappa_sd)
        asked = np.array(task.ordinals(vintage))
        months = np.arange(int(asked.min()), int(asked.max()) + 1)
        shipped = self._shipments(vintage, source, asked, unknown, task.draws)
        expected = np.einsum("dmk,k->dm", shipped, found.lags)
        noise = moving_blocks(errors, task.draws, len(months), BLOCK, rng, fair=True) * spread_inflation(
            len(errors) / 2, task.draws, rng
        )
        drawn = expected + noise[:, asked - months[0]] * np.sqrt(lag_weights.variance_scale(expected, sample.y))
        if vintage.nonnegative:
            drawn = np.clip(drawn, 0.0, CAP_FACTOR * max(float(sample.y.max()), float(sample.x.max())))
        observed = vintage.observed(series)
        known = observed.at(int(months[0]), int(months[-1]))[asked - months[0]]
        published = np.isfinite(known)
        drawn[:, published] = known[published]
        gap = lag_weights.mirror_gap(sample.y, sample.x, found, LATE)
        parameters = {f"share lag {k}": float(w) for k, w in enumerate(found.weights)}
        parameters |= {"kappa": found.kappa, "kappa last 12": gap.last, "kappa before": gap.before}
        parameters |= {"mirror gap drift": gap.drift, "mirror gap drift se": gap.se}
        notes = [
            f"{len(sample.y)} months of arrivals; kappa {found.kappa:.2f}, of the last {LATE} months {gap.last:.2f}",
            *([f"{len(unknown[0])} months of shipments are the inner model's"] if unknown[0] else []),
            *([f"{int(published.sum())} asked months are known and stand as published"] if published.any() else []),
        ]
        name = f"lag weights of {source}, lags 0 to {self.longest}"
        return drawn, Used(name, (source,), (), "none", sample.split, 0, tuple(notes)), parameters

    def _source(self, vintage: Vintage, series: str) -> str | None:
        """The exporter's series, where it is known on the day."""
        name = self.shipments
        key = SeriesKey.maybe(series)
        if not name and key is not None and key.flow == "import" and key.partner != "WLD":
            name = str(SeriesKey(key.partner, "export", key.reporter, key.product, key.measure))
        return name if name and name != series and vintage.knows(name) else None

    def _unknown_shipments(self, vintage: Vintage, source: str, task: Task) -> list[int]:
        """Months whose shipments the asked months depend on and are not known."""
        known = set(measured_months(vintage.observed(source))[0].tolist())
        needed = {m - k for m in task.ordinals(vintage) for k in range(self.longest + 1)}
        return sorted(needed - known)

    def _sample(self, vintage: Vintage, series: str, source: str) -> _ShipmentSample:
        """Months in which arrivals and all lagged shipments are known; nothing is imputed, short sums are split."""
        when, arrived, first = measured_months(vintage.observed(series))
        months, shipped, second = measured_months(vintage.observed(source))
        table = dict(zip(months.tolist(), shipped.tolist(), strict=True))
        x = np.array([[table.get(m - k, np.nan) for k in range(self.longest + 1)] for m in when.tolist()])
        whole = np.isfinite(x).all(axis=1) if len(x) else np.empty(0, dtype=bool)
        if int(whole.sum()) < LEAST_ROWS:
            problem = f"{int(whole.sum())} months of arrivals with all their shipments known where {LEAST_ROWS} are needed"
            raise TooShortError(problem, where=f"{series} from {source}", hint="adl, or fewer lags")
        if not float(x[whole].sum()) > 0:
            raise TooShortError("nothing was shipped in the months known", where=source, hint="another source")
        return _ShipmentSample(arrived[whole], x[whole], first + second)

    def _shipments(self, vintage: Vintage, source: str, asked: Ints, unknown: tuple[list[int], Floats], draws: int) -> Floats:
        """Lagged shipments of each asked month, (draws, months, lags + 1): as known, else draws of the inner model."""
        when, values, _ = measured_months(vintage.observed(source))
        known = dict(zip(when.tolist(), values.tolist(), strict=True))
        place = {m: j for j, m in enumerate(unknown[0])}
        out = np.empty((draws, len(asked), self.longest + 1))
        for i, month in enumerate(asked.tolist()):
            for k in range(self.longest + 1):
                m = month - k
                out[:, i, k] = known[m] if m in known else unknown[1][:, place[m]]
        return out


def _require_forecast(answer: Any, series: str) -> Forecast:
    if isinstance(answer, Forecast):
        return answer
    why = answer.reason if isinstance(answer, Failure) else "no answer"
    raise TooShortError(f"the inner model gave no answer: {why}", where=series, hint="another inner model")
