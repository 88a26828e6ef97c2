"""Devices against breaks: mask, dummy, post-break window, scaled old regime, mixture with reversal; weighed by backtest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.contracts import Answers
from forecast.core.errors import ConfigError, TooShortError
from forecast.core.questions import Task
from forecast.core.registry import model
from forecast.core.results import Failure, Forecast, Used
from forecast.core.vintage import Vintage
from forecast.kernels import resample
from forecast.models.menu import collapses
from forecast.models.menu.shut_months import (
    RegimePhase,
    SeriesBreaks,
    break_event,
    find_breaks,
    hide_months,
    log_ratios_under_like_measures,
    vintage_at_release,
)

Spec = str | dict[str, Any]
Device = Literal["mixture", "ratio", "mask", "dummy", "window", "plain"]
SCALED = ("mixture", "ratio", "mask")  # devices that rest on the masked base
FALLBACK = "known"  # what stands in for them
JUDGED_MONTHS = 3  # months after an earlier day on which a device is marked
FEWEST_WINDOW = 10  # months since the break from which they carry a model of their own
FEWEST_DUMMY = 3  # figures on which a dummy needs to rest
FEWEST_MASK = 24  # months outside the break below which the mask may fail, so that the other devices stand by
FEWEST_LIKE = 3  # like series that make an experience
BACK_SD = 0.4  # log spread of the level to which trade comes back


@dataclass(frozen=True)
class _DeviceRequest:
    """One question about one series: a device with the first `known` months of the last spell, and the months asked."""

    series: int
    device: str
    known: int
    months: Ints
    ask: tuple[Spec, Task, Vintage]


@model
@dataclass(frozen=True)
class Menu:
    """Devices against bans and collapses, chosen by what the calendar says and weighed by backtest on earlier days.

    A break is a ban (or a measure with a declared depth) in force, or a collapse seen in the figures. Where a series has none,
    now or in the asked months, the answer is the base model's. The devices (Castle, Clements and Hendry 2016, J. Bus. Cycle
    Res. 12:3):

    mask : the broken months are hidden, so the old regime goes on; ratio : its paths, scaled by what the broken months leave
    of them (`kernels.breaks.ratio_paths`); mixture : the ratio, each path with a chance of reversal in every month; dummy : the
    model `dummy` with the break as a regressor; window : the base on the months since the break; plain : it on all months.

    With fewer than `judged` months since the break the first device stands alone; it begins from earlier months of the same
    regime, else from the declared depth, else from like measures in the vintage, else from `unknown`. Later the devices are
    weighed by their continuous ranked probability scores on the last `origins` days (`kernels.breaks.weights_by_score`).
    Where another regime is asked for and too few months lie outside the break for a scaled device, the model `known` answers
    (months known under the same measures), and a note says so.

    leak, leak_sd : median and log spread of what a full ban leaves; part_sd : log spread around a declared part; unknown,
    unknown_sd : the same where nothing is declared or known; reversal : chance per month that a measure is lifted unannounced;
    persist : chance that a single odd month is no outlier. These are declared, not estimated.
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
        return [request.ask for request in self._requests(vintage, task)[1]]

    def predict(self, vintage: Vintage, task: Task, rng: np.random.Generator, answers: Answers = ()) -> Forecast:
        """Joint draws, series by series."""
        found, requests = self._requests(vintage, task)
        if len(answers) != len(requests):
            raise ConfigError(f"{len(answers)} answers for {len(requests)} questions", hint="ask through fc.predict")
        blocks, used = [], []
        for i, broken in enumerate(found):
            own = [(r, a) for r, a in zip(requests, answers, strict=True) if r.series == i]
            draws, how = self._one(vintage, task, broken, own, rng) if broken.handled else _base_answer(broken, own[0][1])
            blocks.append(draws)
            used.append(how)
        return Forecast(task, np.stack(blocks, axis=1), tuple(used), vintage.steps)

    # ------------------------------------------------------------------------------------------------------ what to ask

    def _requests(self, vintage: Vintage, task: Task) -> tuple[list[SeriesBreaks], list[_DeviceRequest]]:
        asked = np.array(task.ordinals(vintage))
        found = [find_breaks(vintage, series, asked, collapses.detect_collapses) for series in task.series]
        out: list[_DeviceRequest] = []
        for i, broken in enumerate(found):
            if not broken.handled:
                out.append(_device_request(i, "plain", self.base, vintage, task, broken, asked, 0))
                continue
            if set(SCALED) & set(self.devices):
                months = [asked, *(m for phase in broken.phases for m in (phase.seen, phase.like))]
                masked = hide_months(vintage, broken.series, broken.hidden)
                out.append(
                    _device_request(
                        i, "mask", self.base, masked, task, broken, np.unique(np.concatenate(months)), _months_seen(broken)
                    )
                )
            if set(SCALED) & set(self.devices) and broken.left < FEWEST_MASK and _in_another_regime(asked, broken).any():
                out.append(_device_request(i, FALLBACK, self.known, vintage, task, broken, asked, _months_seen(broken)))
            for known in self._days(broken):
                out += self._others(i, vintage, task, broken, asked, known)
        return found, out

    def _days(self, broken: SeriesBreaks) -> list[int]:
        """With how many months of the last spell the devices of their own are asked: all, and fewer where they are judged."""
        k = _months_seen(broken)
        if set(self.devices) <= set(SCALED):
            return []
        if k < self.judged and broken.left >= FEWEST_MASK and set(self.devices) & set(SCALED):
            return []
        return [k, *self._origins(k)] if len(self.devices) > 1 else [k]

    def _origins(self, k: int) -> list[int]:
        return list(range(max(k - self.origins, 1), k)) if k >= self.judged else []

    def _others(
        self, i: int, vintage: Vintage, task: Task, broken: SeriesBreaks, asked: Ints, known: int
    ) -> list[_DeviceRequest]:
        """The devices that are models of their own, as they would have stood with `known` months of the last spell."""
        phase = broken.now
        seen, wanted = vintage, asked
        if phase is not None and known < len(phase.seen):
            seen = vintage_at_release(vintage, broken.series, int(phase.seen[known - 1]))
            wanted = phase.seen[known : known + JUDGED_MONTHS]
        out = []
        if "plain" in self.devices:
            out.append(_device_request(i, "plain", self.base, seen, task, broken, wanted, known))
        if "dummy" in self.devices and phase is not None and known >= FEWEST_DUMMY:
            event = break_event(broken, phase)
            told = replace(seen, events=seen.events.with_events([event])) if event is not None else seen
            out.append(_device_request(i, "dummy", self.dummy, told, task, broken, wanted, known))
        if "window" in self.devices and phase is not None and known >= FEWEST_WINDOW:
            late = seen.hide(broken.series, vintage.observed(broken.series).first, phase.begun - 1)
            out.append(_device_request(i, "window", self.base, late, task, broken, wanted, known))
        return out

    # ------------------------------------------------------------------------------------------------ what to make of it

    def _one(
        self,
        vintage: Vintage,
        task: Task,
        broken: SeriesBreaks,
        own: Sequence[tuple[_DeviceRequest, Any]],
        rng: np.random.Generator,
    ) -> tuple[Floats, Used]:
        k = _months_seen(broken)
        made: dict[str, Floats] = {}
        marks: dict[str, list[float]] = {name: [] for name in self.devices}
        notes: list[str] = []
        standby: Floats | None = None
        for request, answer in own:
            if isinstance(answer, Failure):
                notes.append(f"{request.device}: {answer.reason}")
            elif request.device == "mask":
                self._scale(vintage, task, broken, request, answer.draws[:, 0], made, marks, notes, rng)
            elif request.device == FALLBACK:
                standby = answer.draws[:, 0]
            elif request.known == k:
                made[request.device] = answer.draws[:, 0]
            elif broken.now is not None:
                marks[request.device].append(
                    collapses.mean_crps(answer.draws[:, 0], broken.now.figures[request.known :][:JUDGED_MONTHS])
                )
        made = {name: made[name] for name in self.devices if name in made}
        if standby is not None and not set(SCALED) & made.keys():
            notes.append("too few months outside the break: months as known under the same measures")
            made = {FALLBACK: standby}
        names = list(made)
        if not names:
            raise TooShortError("no device could answer", where=broken.series, hint="; ".join(notes))
        if names != [FALLBACK]:
            self._confined(np.array(task.ordinals(vintage)), broken, made)
        weights = self._weights(names, marks, len(self._origins(k)))
        index = rng.permutation(resample.systematic_resample(weights, task.draws))
        draws = np.stack([made[name] for name in names])[index, np.arange(task.draws)]
        shares = ", ".join(f"{name} {weight:.0%}" for name, weight in zip(names, weights, strict=True) if weight > 0)
        return draws, _merge_used(
            f"menu, {k} months of {broken.words}: {shares}", [a for _, a in own if isinstance(a, Forecast)], notes
        )

    def _confined(self, asked: Ints, broken: SeriesBreaks, made: dict[str, Floats]) -> None:
        """Devices of their own know only the regime that goes on: months of another come from the first scaled device."""
        other = _in_another_regime(asked, broken)
        scaled = next((name for name in made if name in SCALED), None)
        if not other.any() or not set(SCALED) & set(self.devices):
            return
        if scaled is None:
            raise TooShortError(
                "too few months outside the break for a regime to come", where=broken.series, hint="another base"
            )
        for name in made.keys() - set(SCALED):
            made[name] = np.where(other, made[scaled], made[name])

    def _weights(self, names: Sequence[str], marks: dict[str, list[float]], days: int) -> Floats:
        """The first device alone while nothing can be judged; else by score, the first one's prior twice that of the others."""
        alone: Floats = np.eye(len(names))[0]
        if len(names) == 1 or not days:
            return alone
        prior = np.array([2.0 if name == names[0] else 1.0 for name in names])
        scores = np.array([np.mean(marks[name]) if len(marks[name]) == days else np.nan for name in names])
        return collapses.weights_by_score(prior, scores, days) if np.isfinite(scores).any() else alone

    def _scale(
        self, vintage: Vintage, task: Task, broken: SeriesBreaks, request: _DeviceRequest, paths: Floats, made: dict[str, Floats],
        marks: dict[str, list[float]], notes: list[str], rng: np.random.Generator,
    ) -> None:  # fmt: skip
        """Fills in the devices that rest on the mask's paths, and their marks on earlier days."""
        asked = np.array(task.ordinals(vintage))

        def at(months: Ints) -> Floats:
            found: Floats = paths[:, np.searchsorted(request.months, months)]
            return found

        old = at(asked)
        ratio, mixture = old.copy(), old.copy()
        tiny = collapses.FLOOR * broken.typical
        for phase in broken.phases:
            if phase.kind == "open":
                if broken.now is not None or broken.shut:  # back from a break: not surely to the level before
                    columns = collapses.positions_of(asked, phase.asked)
                    ratio[:, columns] *= np.exp(BACK_SD * rng.standard_normal((len(paths), 1)))
                    mixture[:, columns] = ratio[:, columns]
                continue
            prior, basis = self._prior(vintage, broken, phase, collapses.trimmed_mean(at(phase.like)))
            notes.append(basis)
            columns = collapses.positions_of(asked, phase.asked)
            seen, ahead = at(phase.seen), old[:, columns]
            since = np.concatenate([phase.seen, phase.asked]) - phase.begun
            drawn = collapses.ratio_paths(np.column_stack([seen, ahead]), phase.figures, since, prior, tiny, rng)
            ratio[:, columns] = drawn
            mixture[:, columns] = self._lifted(broken, phase, drawn, ahead, tiny, rng)
            for known in self._origins(len(phase.seen)):
                stop = known + JUDGED_MONTHS
                past = collapses.ratio_paths(
                    seen[:, :stop], phase.figures[:known], since[: len(phase.seen)][:stop], prior, tiny, rng
                )
                for name, block in (("mixture", past), ("ratio", past), ("mask", seen[:, known:stop])):
                    if name in marks:
                        marks[name].append(collapses.mean_crps(block, phase.figures[known:stop]))
        made |= {"mask": old, "ratio": ratio, "mixture": mixture}

    def _lifted(
        self, broken: SeriesBreaks, phase: RegimePhase, drawn: Floats, old: Floats, tiny: float, rng: np.random.Generator
    ) -> Floats:
        """Paths of one phase that turn from a drawn month on: a lift nobody announced, or a single odd month, an outlier."""
        draws, first = len(drawn), max(broken.last, phase.begun - 1) + 1
        turn = np.full(draws, np.iinfo(np.int64).max)
        if phase.shut and self.reversal > 0:
            turn = first + rng.geometric(self.reversal, size=draws) - 1
        if phase.kind == "now" and broken.untold and len(phase.seen) == 1:
            turn = np.where(rng.random(draws) < self.persist, turn, first)
        middle, spread = (0.0, BACK_SD) if phase.shut else (np.log(self.leak), self.leak_sd)
        other = np.where(old > tiny, old * np.exp(middle + spread * rng.standard_normal((draws, 1))), 0.0)
        return np.where(phase.asked[None, :] >= turn[:, None], other, drawn)

    def _prior(
        self, vintage: Vintage, broken: SeriesBreaks, phase: RegimePhase, like: Floats
    ) -> tuple[collapses.RatioPrior, str]:
        """What the log ratio is thought to be before its first month, and where that comes from."""
        if not phase.shut:
            return collapses.RatioPrior(0.0, BACK_SD), "back to the level before, with a declared spread"
        tiny = collapses.FLOOR * broken.typical
        if len(phase.like):
            there = phase.like_figures > tiny
            # a ratio of sums: single months of a thin flow have no ratio
            left = float(phase.like_figures.sum() / max(like.sum(), tiny)) if there.any() else self.leak
            middle = float(np.log(min(max(left / max(there.mean(), 1e-3), collapses.FLOOR), 1.0)))
            spread = float(np.log(phase.like_figures[there]).std()) if there.sum() > 1 else self.leak_sd
            zero = (collapses.ZERO[0] + float((~there).sum()), collapses.ZERO[1] + float(there.sum()))
            told = f"begins from {len(there)} earlier months of this regime, {left:.0%} of the old level"
            return collapses.RatioPrior(middle, max(spread / np.sqrt(max(there.sum(), 1)), 0.5), zero), told
        if phase.depth is not None:
            full = phase.depth <= self.leak
            left = self.leak if full else phase.depth
            told = f"begins from the declared depth: {1 - phase.depth:.0%} stopped, median left {left:.0%}"
            return collapses.RatioPrior(float(np.log(left)), self.leak_sd if full else self.part_sd), told
        pooled = log_ratios_under_like_measures(vintage, broken.series, phase.instruments, collapses.FLOOR)
        if len(pooled) >= FEWEST_LIKE:
            told = f"begins from {len(pooled)} series under like measures, median left {np.exp(np.median(pooled)):.0%}"
            return collapses.RatioPrior(float(pooled.mean()), max(float(pooled.std(ddof=1)), 0.5)), told
        return collapses.RatioPrior(
            float(np.log(self.unknown)), self.unknown_sd
        ), f"depth unknown, median left {self.unknown:.0%}"


def _in_another_regime(asked: Ints, broken: SeriesBreaks) -> Bools:
    """Which asked months lie in another regime than the one that goes on."""
    mine = {m for phase in broken.phases if phase.kind == "now" or (phase.kind == "open" and broken.now is None)
            for m in phase.asked.tolist()}  # fmt: skip
    return np.array([m not in mine for m in asked.tolist()])


def _months_seen(broken: SeriesBreaks) -> int:
    """Months of the last spell that are looked at; 0 where it is the old regime."""
    return len(broken.now.seen) if broken.now is not None else 0


def _device_request(
    i: int, device: str, spec: Spec, seen: Vintage, task: Task, broken: SeriesBreaks, months: Ints, known: int
) -> _DeviceRequest:
    labels = [seen.steps.label(int(m)) for m in months]
    fitted_on = task.fitted_on if seen.day == task.day else None
    inner = Task(seen.day, broken.series, labels, fitted_on, task.draws, task.stream)
    return _DeviceRequest(i, device, known, months, (spec, inner, seen))


def _base_answer(broken: SeriesBreaks, answer: Any) -> tuple[Floats, Used]:
    """The base model's own answer."""
    if isinstance(answer, Failure):
        raise TooShortError(answer.reason, where=broken.series, hint=answer.detail)
    return answer.draws[:, 0], replace(answer.used[0], model=f"menu, no break: {answer.used[0].model}")


def _merge_used(name: str, members: Sequence[Forecast], notes: Sequence[str]) -> Used:
    parts = [member.used[0] for member in members]
    taken = tuple(dict.fromkeys(r for part in parts for r in part.regressors))
    dropped = tuple(dict.fromkeys(r for part in parts for r in part.dropped if r not in taken))
    return Used(
        name,
        taken,
        dropped,
        parts[0].scale,
        max(p.split for p in parts),
        max(p.filled for p in parts),
        tuple(dict.fromkeys(notes)),
    )
