"""Refit policy: on which cutoffs parameters are re-estimated, the rule that fills `Task.fitted_on`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from forecast.core.errors import ConfigError, nearest
from forecast.core.events import Event
from forecast.core.vintage import Vintage

Rule = Callable[[Vintage, dt.date], bool]
Policy = str | int | Rule
POLICIES = ("always", "event", "never")


def fit_days(policy: Policy, seen: Sequence[Vintage], series: str) -> list[dt.date]:
    """The day on whose figures parameters are estimated, one per cutoff; `seen` are the vintages of the cutoffs in order.

    policy : "always", on every cutoff; a number k, on every k-th; "event", on the first cutoff after an event of the default
        calendar that affects the series was announced, took effect or ended; "never", on the first cutoff only; or a function
        of (vintage, day of the last estimation) that says whether to re-estimate
    """
    is_due = refit_rule(policy, series)
    out: list[dt.date] = []
    for i, vintage in enumerate(seen):
        refit = not out or (i % policy == 0 if isinstance(policy, int) else is_due(vintage, out[-1]))
        out.append(vintage.day if refit else out[-1])
    return out


def refit_rule(policy: Policy, series: str) -> Rule:
    """The policy as a function of (vintage, day of the last estimation)."""
    if callable(policy):
        return policy
    if isinstance(policy, int) and not isinstance(policy, bool):
        if policy < 1:
            raise ConfigError(f"models cannot be refitted every {policy} cutoffs", hint="1 or more")
        return lambda vintage, fitted: False
    if policy not in POLICIES:
        hint = f"{nearest(str(policy), POLICIES)}, or a number of cutoffs"
        raise ConfigError(f"no refit policy is called '{policy}'", hint=hint)
    if policy == "event":
        return lambda vintage, fitted: any(
            event_changed(e, fitted, vintage.day) for e in vintage.events.touching(series, ("default",))
        )
    return lambda vintage, fitted: policy == "always"


def event_changed(event: Event, since: dt.date, until: dt.date) -> bool:
    """Whether an event was announced, took effect, had its end announced, or ended after `since` and by `until`."""
    days = [event.announced, event.called_off, event.end_announced]
    days += [event.effective, event.until] if event.in_force else []
    return any(day is not None and since < day <= until for day in days)
