"""Arrivals from shipments: non-negative lag weights between an exporter's figures and an importer's."""

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
from forecast.prep.transform import CAP_FACTOR, measured_months

LEAST_ROWS = 15  # months of arrivals with all their shipments known
LATE = 12  # months at the end whose ratio is set against the earlier ones
BLOCK = 3  # months of errors drawn together


@dataclass(frozen=True)
class _ShipmentSample:
    """Arrivals `y` (n,) and shipments `x` (n, lags + 1) of the months in which all are known."""

    y: Floats
    x: Floats
    split: int


@model
@dataclass(frozen=True)
class Bridge:
    """Arrivals as lag-weighted shipments: m(t) = sum of b(k) x(t - k), b >= 0 and smooth, their sum near one for kilograms.

    The lags are drawn towards the shares that the days under way imply, by a smoothness whose weight is chosen in contiguous
    folds; their sum kappa is normal about one. The errors out of fold, which grow with the root of the month's size, are drawn
    in blocks. Shipments that are not known on the day are those of the inner model, draw by draw. `parameters` hold the lag
    shares, kappa, and the mirror gap: kappa of the last twelve rows less that before, with its standard error. A series
    without shipments to bridge from is answered by the inner model, and its `used` says so. Published sums of arrivals that
    hold an asked month are not used.

    shipments : name of the exporter's series; empty: the mirror, `CHN.export.USA.x` for `USA.import.CHN.x`
    transit : fewest and most days from leaving to being counted, clearance included; longest : the longest lag, months
    kappa_sd : standard deviation of kappa about one; wide where values with freight are set against values without
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
        """The shipments that are not known, series by series; the series itself where there is nothing to bridge from."""
        out: list[tuple[str | dict[str, Any], Task]] = []
        for series in task.series:
            source = self._source(vintage, series)
            if source is None:
                out.append((self.inner, task.for_series(series)))
            elif wanted := self._unknown(vintage, source, task):
                labels = [vintage.steps.label(m) for m in wanted]
                out.append((self.inner, task.for_series(source, labels)))
        return out

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws over the months; TooShortError below fifteen months of arrivals with all their shipments."""
        if len(answers) != len(self.asks(vintage, task)):
            raise ConfigError(f"{len(answers)} answers for another number of questions", hint="ask through fc.predict")
        then = vintage.earlier(task.fitted_on) if task.fitted_on and task.fitted_on < vintage.day else vintage
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
            wanted = self._unknown(vintage, source, task)
            ahead = _require_forecast(left.pop(0), source).draws[:, 0] if wanted else np.empty((task.draws, 0))
            made, how, found = self._bridged(vintage, then, series, source, task, (wanted, ahead), rng)
            draws.append(made)
            used.append(how)
            parameters |= found if len(task.series) == 1 else {f"{series} {name}": value for name, value in found.items()}
        return Forecast(task, np.stack(draws, axis=1), tuple(used), vintage.steps, parameters)

    def _bridged(
        self, vintage: Vintage, then: Vintage, series: str, source: str, task: Task, unknown: tuple[list[int], Floats],
        rng: np.random.Generator,
    ) -> tuple[Floats, Used, dict[str, float]]:  # fmt: skip
        pair = self._pair(then, series, source)
        prior = lag_weights.transit_shares(*self.transit, self.longest)
        found, errors = lag_weights.cross_validate(pair.y, pair.x, prior, 1.0, self.kappa_sd)
        asked = np.array(task.ordinals(vintage))
        months = np.arange(int(asked.min()), int(asked.max()) + 1)
        shipped = self._shipped(vintage, source, asked, unknown, task.draws)
        expected = np.einsum("dmk,k->dm", shipped, found.lags)
        noise = moving_blocks(errors, task.draws, len(months), BLOCK, rng, fair=True) * spread_inflation(
            len(errors) / 2, task.draws, rng
        )
        drawn = expected + noise[:, asked - months[0]] * np.sqrt(lag_weights.variance_scale(expected, pair.y))
        if vintage.nonnegative:
            drawn = np.clip(drawn, 0.0, CAP_FACTOR * max(float(pair.y.max()), float(pair.x.max())))
        observed = vintage.observed(series)
        known = observed.at(int(months[0]), int(months[-1]))[asked - months[0]]
        stands = np.isfinite(known)
        drawn[:, stands] = known[stands]
        gap = lag_weights.mirror_gap(pair.y, pair.x, found, LATE)
        parameters = {f"share lag {k}": float(w) for k, w in enumerate(found.weights)}
        parameters |= {"kappa": found.kappa, "kappa last 12": gap.last, "kappa before": gap.before}
        parameters |= {"mirror gap drift": gap.drift, "mirror gap drift se": gap.se}
        notes = [
            f"{len(pair.y)} months of arrivals; kappa {found.kappa:.2f}, of the last {LATE} months {gap.last:.2f}",
            *([f"{len(unknown[0])} months of shipments are the inner model's"] if unknown[0] else []),
            *([f"{int(stands.sum())} asked months are known and stand as published"] if stands.any() else []),
        ]
        name = f"lag weights of {source}, lags 0 to {self.longest}"
        return drawn, Used(name, (source,), (), "none", pair.split, 0, tuple(notes)), parameters

    def _source(self, vintage: Vintage, series: str) -> str | None:
        """The exporter's series, where it is known on the day."""
        name = self.shipments
        key = SeriesKey.maybe(series)
        if not name and key is not None and key.flow == "import" and key.partner != "WLD":
            name = str(SeriesKey(key.partner, "export", key.reporter, key.product, key.measure))
        return name if name and name != series and vintage.knows(name) else None

    def _unknown(self, vintage: Vintage, source: str, task: Task) -> list[int]:
        """Months of shipments that the asked months rest on and that no figure tells."""
        known = set(measured_months(vintage.observed(source))[0].tolist())
        needed = {m - k for m in task.ordinals(vintage) for k in range(self.longest + 1)}
        return sorted(needed - known)

    def _pair(self, vintage: Vintage, series: str, source: str) -> _ShipmentSample:
        """Rows in which the arrivals and all their shipments are known; nothing is filled, short sums are split."""
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

    def _shipped(self, vintage: Vintage, source: str, asked: Ints, unknown: tuple[list[int], Floats], draws: int) -> Floats:
        """Shipments behind each asked month, (draws, months, lags + 1): as known, else the inner model's draws."""
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
