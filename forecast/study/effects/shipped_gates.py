"""The gates that judge an effect: the shipped ones unless a config ([[checks]]) or a call (`checks=`) names others.

The list of shipped gates is written down here and not read from the folder, so that a file dropped into `forecast/checks`
changes no verdict until it is named. Named gates take the place of the list; `SHIPPED` among them stands for all of the list
that is not named beside it: ``["shipped", "volatility"]`` adds a gate, and
``["shipped", {"use": "significance", "firm": 0.005}]`` changes an option of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from forecast.core import registry
from forecast.core.errors import ConfigError

if TYPE_CHECKING:
    from forecast.core.contracts import Check
    from forecast.core.judgement import Gate

CheckSpec: TypeAlias = "str | Mapping[str, object] | Check"  # a gate's name, {"use": name, option: value, ...}, or itself
SHIPPED = "shipped"
LEFT_OUT = "left out by the config"

# In the order in which they judge, each with the strongest verdict that remains where it is left out. Nothing is claimed of
# data that were not looked at, nor told from nothing without a look at the direction; any other gate might have held a claim.
SHIPPED_GATES: Mapping[str, str] = MappingProxyType(
    {
        "identified": "descriptive",
        "length": "descriptive",
        "data_state": "descriptive",
        "agreement": "suggestive",
        "anticipation": "suggestive",
        "calibration": "suggestive",
        "donors": "suggestive",
        "fit": "suggestive",
        "materiality": "suggestive",
        "mirror": "suggestive",
        "multiplicity": "suggestive",
        "placebo_space": "suggestive",
        "placebo_time": "suggestive",
        "separable": "suggestive",
        "sign": "cannot distinguish",
        "significance": "cannot distinguish",
        "unit_value": "descriptive",
    }
)


def gates_asked(checks: Sequence[CheckSpec] | None = None, where: str = "") -> list[Check]:
    """The gates that judge, shipped ones first and in their order; without `checks` those are all.

    where : place of the list, for messages
    """
    if checks is None:
        return [registry.build("check", name) for name in SHIPPED_GATES]
    named: dict[str, Check] = {}
    for i, spec in enumerate(checks):
        place = f"{where} {i + 1}" if where else ""
        if spec in (SHIPPED, {"use": SHIPPED}):
            continue
        gate = registry.build("check", spec, where=place) if isinstance(spec, str | Mapping) else spec
        if gate_name(gate) in named:
            raise ConfigError(f"the gate '{gate_name(gate)}' is named twice", where=place, hint="each gate once")
        named[gate_name(gate)] = gate
    if any(spec in (SHIPPED, {"use": SHIPPED}) for spec in checks):
        named = {name: registry.build("check", name) for name in SHIPPED_GATES} | named
    own = [gate for name, gate in named.items() if name not in SHIPPED_GATES]
    return [named[name] for name in SHIPPED_GATES if name in named] + own


def gates_left_out(checks: Sequence[CheckSpec] | None = None) -> list[Gate]:
    """The outcome of every shipped gate that is not among those asked: not run, with the verdict that remains without it."""
    from forecast.core.judgement import Gate

    asked = [gate_name(gate) for gate in gates_asked(checks)]
    return [
        Gate(name, "not run", reason=f"{name} {LEFT_OUT}", cap=cap) for name, cap in SHIPPED_GATES.items() if name not in asked
    ]


def departures(checks: Sequence[CheckSpec] | None = None) -> list[str]:
    """What differs from the shipped gates with their default options, a sentence for each gate; empty where nothing does."""
    out = []
    for gate in gates_asked(checks):
        name, changed = gate_name(gate), {key: value for key, value in registry.spec_of(gate).items() if key != "use"}
        default = registry.defaults_of(gate)
        told = [f"{key} = {value!r} instead of {default[key]!r}" for key, value in changed.items()]
        if name not in SHIPPED_GATES:
            out.append(f"{name}: added by the config{', ' if told else ''}{', '.join(told)}")
        elif told:
            out.append(f"{name}: {', '.join(told)}")
    return out + [f"{gate.reason}, so {gate.cap} at most" for gate in gates_left_out(checks)]


def gate_name(gate: Check) -> str:
    """The name a gate is registered under; the registry sets it, so the Protocol does not declare it."""
    plugin: Any = gate
    return str(plugin.name)
