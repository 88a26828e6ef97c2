"""Forecasts through structural breaks: devices chosen by the calendar of measures and weighted by backtest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Literal

import numpy as np

from forecast.arrays import Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Failure, Forecast, Used
from forecast.core.vintage import Vintage
from forecast.kernels import regime_ratio, resample
from forecast.kernels.tails import bound_means
from forecast.models.menu import collapses
from forecast.models.menu.device_requests import DeviceRequest, merge_used
from forecast.models.menu.device_weights import mean_crps, weigh_devices
from forecast.models.menu.structural_breaks import (
    RegimePhase,
    SeriesBreaks,
    break_event,
    find_breaks,
    hide_months,
    log_ratios_under_like_measures,
    since_break,
    vintage_at_release,
)

Spec = str | dict[str, Any]
Device = Literal["mixture", "ratio", "mask", "dummy", "window", "plain"]
SCALED = ("mixture", "ratio", "mask")  # devices built on the masked base
FALLBACK = "known"  # replaces them where the base cannot answer
JUDGED_MONTHS = 3  # months after a past origin over which a device is scored
FEWEST_WINDOW = 10  # months since the break that a model of these alone needs
FEWEST_DUMMY = 3  # months since the break that a dummy needs
FEWEST_MASK = 24  # months outside the break below which the mask may fail, so that the fallback is asked too
FEWEST_LIKE = 3  # other series under like measures from which a prior is taken
BACK_SD = 0.4  # log standard deviation of the level to which trade returns


@model
@dataclass(frozen=True)
class Menu:
    """Devices against bans and collapses, chosen by what the calendar says and weighed by backtest on earlier days.

    A break is a ban (or a measure with a declared depth) in force, or a collapse seen in the figures. Where a series has
    none, now or in the asked months, the answer is the base model's.

    With fewer than `judged` months since the break the first device is used alone. The prior of its ratio comes from earlier
    months of the same regime, else from the declared depth, else from like measures in the vintage, else it is `unknown`.
    From then on the devices are weighted by their continuous ranked probability scores at the last `origins` origins
    (`weigh_devices`). Where too few months lie outside the break for a scaled device, the model `known` answers (months known
    under the same measures), and a note says so.

    Parameters
    ----------
    base : str or dict, default "structural"
        name or spec of the model of a series without a break
    dummy : str or dict, default "sarimax"
        name or spec of the model of the device "dummy"
    known : str or dict, default "regimes"
        name or spec of the model where too few months lie outside the break
    devices : tuple of {"mixture", "ratio", "mask", "dummy", "window", "plain"}, default ("mixture", "dummy", "window", "plain")
        in the order of preference. "mask": the months of the break are hidden, so the old regime continues; "ratio": paths of
        the mask, scaled by the ratio of the months of the break to them (`kernels.regime_ratio`); "mixture": the ratio, each
        path with a chance of reversal in every month; "dummy": the model `dummy` with the break as a regressor; "window": the
        base on the months since the break; "plain": the base on all months
    leak : float, default 0.05
        median and log standard deviation of what a full ban leaves (declared, not estimated)
    leak_sd : float, default 1.0
        median and log standard deviation of what a full ban leaves (declared, not estimated)
    part_sd : float, default 0.35
        log standard deviation around a declared part
    unknown : float, default 0.3
        median and log standard deviation of what passes, where nothing is declared or known
    unknown_sd : float, default 1.2
        median and log standard deviation of what passes, where nothing is declared or known
    reversal : float, default 0.005
        chance per month that a measure is lifted unannounced
    persist : float, default 0.75
        chance that a single odd month is no outlier
    judged : int, default 4
        months since the break from which on the devices are weighed
    origins : int, default 3
        days on which they are scored

    References
    ----------
    Castle, J. L., Clements, M. P. and Hendry, D. F. (2016). An overview of forecasting facing breaks. Journal of Business
    Cycle Research 12(1), 3-23.
    """

    base: Spec = "structural"
    dummy: Spec = "sarimax"
    known: Spec = "regimes"
    devices: tuple[Literal["mixture", "ratio", "mask", "dummy", "window", "plain"], ...] = (
        "mixture",
        "dummy",
        "window",
        "plain",
    )
    leak: float = 0.05
    leak_sd: float = 1.0
    part_sd: float = 0.35
    unknown: float = 0.3
    unknown_sd: float = 1.2
    reversal: float = 0.005
    persist: float = 0.75
    judged: int = 4
    origins: int = 3

    def __post_init__(self) -> None:
        if not self.devices:
            raise ConfigError("a menu without devices", where="option 'devices'", hint="mixture")
        for name, low in (("leak", 1e-6), ("unknown", 1e-6), ("reversal", 0.0), ("persist", 0.0)):
            if not low <= getattr(self, name) <= 1:
                raise ConfigError(f"{getattr(self, name)} is no share", where=f"option '{name}'", hint="0.05")

    def asks(self, vintage: Vintage, task: Task) -> list[tuple[Spec, Task, Vintage]]:
        """The base where nothing is broken; else the masked base, and the other devices now and on earlier days."""
        return [request.ask(task) for request in self._requests(vintage, task)[1]]

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws, series by series."""
        found, requests = self._requests(vintage, task)
        if len(answers) != len(requests):
            raise ConfigError(f"{len(answers)} answers for {len(requests)} questions", hint="ask through fc.predict")
        blocks, used = [], []
        for i, broken in enumerate(found):
            own = [(r, a) for r, a in zip(requests, answers, strict=True) if r.place == i]
            draws, how = self._combine(vintage, task, broken, own, rng) if broken.relevant else _base_answer(broken, own[0][1])
            blocks.append(draws)
            used.append(how)
        return Forecast(task, np.stack(blocks, axis=1), tuple(used), vintage.steps)

    # ------------------------------------------------------------------------------------------------- the inner questions

    def _requests(self, vintage: Vintage, task: Task) -> tuple[list[SeriesBreaks], list[DeviceRequest]]:
        asked = np.array(task.ordinals(vintage))
        found = [find_breaks(vintage, series, asked, collapses.detect_collapses) for series in task.series]
        out: list[DeviceRequest] = []
        for i, broken in enumerate(found):
            if not broken.relevant:
                out.append(DeviceRequest(i, "plain", self.base, _itself(vintage), asked, 0))
                continue
            if set(SCALED) & set(self.devices):
                months = [asked, *(m for phase in broken.phases for m in (phase.seen, phase.like))]
                masked = partial(hide_months, vintage, broken.series, broken.hidden)
                out.append(DeviceRequest(i, "mask", self.base, masked, np.unique(np.concatenate(months)), broken.months_seen))
            if set(SCALED) & set(self.devices) and broken.usable < FEWEST_MASK:
                out.append(DeviceRequest(i, FALLBACK, self.known, _itself(vintage), asked, broken.months_seen))
            for known in self._information_sets(broken):
                out += self._separate_models(i, vintage, broken, asked, known)
        return found, out

    def _information_sets(self, broken: SeriesBreaks) -> list[int]:
        """Numbers of months of the last spell that separate models are asked with: all, and fewer at origins to score them."""
        k = broken.months_seen
        if set(self.devices) <= set(SCALED):
            return []
        if k < self.judged and broken.usable >= FEWEST_MASK and set(self.devices) & set(SCALED):
            return []
        return [k, *self._origins(k)] if len(self.devices) > 1 else [k]

    def _origins(self, k: int) -> list[int]:
        """Past origins to score devices at, as numbers of months of the last spell known then."""
        return list(range(max(k - self.origins, 1), k)) if k >= self.judged else []

    def _separate_models(self, i: int, vintage: Vintage, broken: SeriesBreaks, asked: Ints, known: int) -> list[DeviceRequest]:
        """Requests of the devices that are separate models, as of the day that released month `known` of the last spell."""
        phase = broken.ongoing
        seen, wanted = _itself(vintage), asked
        if phase is not None and known < len(phase.seen):
            seen = cache(partial(vintage_at_release, vintage, broken.series, int(phase.seen[known - 1])))
            wanted = phase.seen[known : known + JUDGED_MONTHS]
        out = []
        if "plain" in self.devices:
            out.append(DeviceRequest(i, "plain", self.base, seen, wanted, known))
        if "dummy" in self.devices and phase is not None and known >= FEWEST_DUMMY:
            out.append(DeviceRequest(i, "dummy", self.dummy, partial(_with_break, seen, broken, phase), wanted, known))
        if "window" in self.devices and phase is not None and known >= FEWEST_WINDOW:
            out.append(DeviceRequest(i, "window", self.base, partial(since_break, seen, broken, phase), wanted, known))
        return out

    # ------------------------------------------------------------------------------------------------------- their answers

    def _combine(
        self,
        vintage: Vintage,
        task: Task,
        broken: SeriesBreaks,
        own: Sequence[tuple[DeviceRequest, Any]],
        rng: np.random.Generator,
    ) -> tuple[Floats, Used]:
        k = broken.months_seen
        made: dict[str, Floats] = {}
        scores: dict[str, list[float]] = {name: [] for name in self.devices}
        notes: list[str] = []
        standby: Floats | None = None
        for request, answer in own:
            if isinstance(answer, Failure):
                notes.append(f"{request.device}: {answer.reason}")
            elif request.device == "mask":
                self._add_scaled_devices(vintage, task, broken, request, answer.draws[:, 0], made, scores, notes, rng)
            elif request.device == FALLBACK:
                standby = answer.draws[:, 0]
            elif request.known == k:
                made[request.device] = answer.draws[:, 0]
            elif broken.ongoing is not None:
                scores[request.device].append(
                    mean_crps(answer.draws[:, 0], broken.ongoing.seen_figures[request.known :][:JUDGED_MONTHS])
                )
        made = {name: made[name] for name in self.devices if name in made}
        if standby is not None and not set(SCALED) & made.keys():
            notes.append("too few months outside the break: months as known under the same measures")
            made = {FALLBACK: standby}
        names = list(made)
        if not names:
            raise TooShortError("no device could answer", where=broken.series, hint="; ".join(notes))
        if names != [FALLBACK]:
            self._fill_other_regimes(np.array(task.ordinals(vintage)), broken, made)
        weights = weigh_devices(names, scores, len(self._origins(k)))
        index = rng.permutation(resample.systematic_resample(weights, task.draws))
        draws = bound_means(np.stack([made[name] for name in names])[index, np.arange(task.draws)])
        shares = ", ".join(f"{name} {weight:.0%}" for name, weight in zip(names, weights, strict=True) if weight > 0)
        return draws, merge_used(
            f"menu, {k} months of {broken.words}: {shares}", [a for _, a in own if isinstance(a, Forecast)], notes
        )

    def _fill_other_regimes(self, asked: Ints, broken: SeriesBreaks, made: dict[str, Floats]) -> None:
        """Separate models know the continuing regime only: months of another are filled from the first scaled device."""
        other = broken.in_another_regime(asked)
        scaled = next((name for name in made if name in SCALED), None)
        if not other.any() or not set(SCALED) & set(self.devices):
            return
        if scaled is None:
            raise TooShortError(
                "too few months outside the break for a regime to come", where=broken.series, hint="another base"
            )
        for name in made.keys() - set(SCALED):
            made[name] = np.where(other, made[scaled], made[name])

    def _add_scaled_devices(
        self, vintage: Vintage, task: Task, broken: SeriesBreaks, request: DeviceRequest, paths: Floats,
        made: dict[str, Floats], scores: dict[str, list[float]], notes: list[str], rng: np.random.Generator,
    ) -> None:  # fmt: skip
        """Adds the devices built on the masked base to `made`, and their past scores to `scores`."""
        asked = np.array(task.ordinals(vintage))

        def at(months: Ints) -> Floats:
            found: Floats = paths[:, np.searchsorted(request.months, months)]
            return found

        old = at(asked)
        ratio, mixture = old.copy(), old.copy()
        tiny = collapses.FLOOR * broken.typical
        for phase in broken.phases:
            if phase.kind == "open":
                if broken.ongoing is not None or broken.shut:  # back from a break, though not necessarily to the level before
                    columns = collapses.positions_of(asked, phase.asked)
                    ratio[:, columns] *= np.exp(BACK_SD * rng.standard_normal((len(paths), 1)))
                    mixture[:, columns] = ratio[:, columns]
                continue
            prior, basis = self._ratio_prior(vintage, broken, phase, collapses.trimmed_mean(at(phase.like)))
            notes.append(basis)
            columns = collapses.positions_of(asked, phase.asked)
            seen, ahead = at(phase.seen), old[:, columns]
            since = np.concatenate([phase.seen, phase.asked]) - phase.start
            drawn = regime_ratio.ratio_paths(np.column_stack([seen, ahead]), phase.seen_figures, since, prior, tiny, rng)
            ratio[:, columns] = drawn
            mixture[:, columns] = self._apply_reversals(broken, phase, drawn, ahead, tiny, rng)
            for known in self._origins(len(phase.seen)):
                stop = known + JUDGED_MONTHS
                past = regime_ratio.ratio_paths(
                    seen[:, :stop], phase.seen_figures[:known], since[: len(phase.seen)][:stop], prior, tiny, rng
                )
                for name, block in (("mixture", past), ("ratio", past), ("mask", seen[:, known:stop])):
                    if name in scores:
                        scores[name].append(mean_crps(block, phase.seen_figures[known:stop]))
        made |= {"mask": old, "ratio": ratio, "mixture": mixture}

    def _apply_reversals(
        self, broken: SeriesBreaks, phase: RegimePhase, drawn: Floats, old: Floats, tiny: float, rng: np.random.Generator
    ) -> Floats:
        """Paths of one phase that revert from a drawn month on: an unannounced lift, or a single odd month, an outlier."""
        draws, first = len(drawn), max(broken.last, phase.start - 1) + 1
        turn = np.full(draws, np.iinfo(np.int64).max)
        if phase.shut and self.reversal > 0:
            turn = first + rng.geometric(self.reversal, size=draws) - 1
        if phase.kind == "now" and broken.unexplained and len(phase.seen) == 1:
            turn = np.where(rng.random(draws) < self.persist, turn, first)
        middle, spread = (0.0, BACK_SD) if phase.shut else (np.log(self.leak), self.leak_sd)
        other = np.where(old > tiny, old * np.exp(middle + spread * rng.standard_normal((draws, 1))), 0.0)
        return np.where(phase.asked[None, :] >= turn[:, None], other, drawn)

    def _ratio_prior(
        self, vintage: Vintage, broken: SeriesBreaks, phase: RegimePhase, like: Floats
    ) -> tuple[regime_ratio.RatioPrior, str]:
        """Prior of the log ratio and its source for the notes: like months, declared depth, like series, or the default."""
        if not phase.shut:
            return regime_ratio.RatioPrior(0.0, BACK_SD), "back to the level before, with a declared spread"
        tiny = collapses.FLOOR * broken.typical
        if len(phase.like):
            there = phase.like_figures > tiny
            # a ratio of sums: single months of a thin flow have no ratio
            left = float(phase.like_figures.sum() / max(like.sum(), tiny)) if there.any() else self.leak
            middle = float(np.log(min(max(left / max(there.mean(), 1e-3), collapses.FLOOR), 1.0)))
            spread = float(np.log(phase.like_figures[there]).std()) if there.sum() > 1 else self.leak_sd
            zero = (regime_ratio.ZERO[0] + float((~there).sum()), regime_ratio.ZERO[1] + float(there.sum()))
            note = f"begins from {len(there)} earlier months of this regime, {left:.0%} of the old level"
            return regime_ratio.RatioPrior(middle, max(spread / np.sqrt(max(there.sum(), 1)), 0.5), zero), note
        if phase.depth is not None:
            full = phase.depth <= self.leak
            left = self.leak if full else phase.depth
            note = f"begins from the declared depth: {1 - phase.depth:.0%} stopped, median left {left:.0%}"
            return regime_ratio.RatioPrior(float(np.log(left)), self.leak_sd if full else self.part_sd), note
        pooled = log_ratios_under_like_measures(vintage, broken.series, phase.instruments, collapses.FLOOR)
        if len(pooled) >= FEWEST_LIKE:
            note = f"begins from {len(pooled)} series under like measures, median left {np.exp(np.median(pooled)):.0%}"
            return regime_ratio.RatioPrior(float(pooled.mean()), max(float(pooled.std(ddof=1)), 0.5)), note
        return regime_ratio.RatioPrior(
            float(np.log(self.unknown)), self.unknown_sd
        ), f"depth unknown, median left {self.unknown:.0%}"


def _itself(vintage: Vintage) -> Callable[[], Vintage]:
    return lambda: vintage


def _with_break(seen: Callable[[], Vintage], broken: SeriesBreaks, phase: RegimePhase) -> Vintage:
    """What is seen, with the break as an event where no measure explains it."""
    vintage, event = seen(), break_event(broken, phase)
    return vintage if event is None else replace(vintage, events=vintage.events.with_events([event]))


def _base_answer(broken: SeriesBreaks, answer: Any) -> tuple[Floats, Used]:
    """The base model's own answer."""
    if isinstance(answer, Failure):
        raise TooShortError(answer.reason, where=broken.series, hint=answer.detail)
    return answer.draws[:, 0], replace(answer.used[0], model=f"menu, no break: {answer.used[0].model}")
