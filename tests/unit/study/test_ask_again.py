"""What is kept of methods that are asked again: one method per spec, its spelling once, and the seed that both always gave."""

import hashlib
import json

import pandas as pd
import pytest

import forecast as fc
from forecast.core import registry
from forecast.core.errors import ConfigError, DataError
from forecast.core.questions import Task
from forecast.study import ask


def test_a_method_is_built_once_for_a_spec_and_anew_for_another():
    spec = {"use": "structural", "growth": 0.25, "step_prior": 3.0}
    one = ask._method_asked("model", spec)
    assert ask._method_asked("model", dict(reversed(spec.items()))) is one
    assert ask._method_asked("model", {**spec, "growth": 0.5}).growth == 0.5
    assert ask._method_asked("model", "ets") == registry.build("model", "ets")
    with registry.reimport_plugins():  # a class imported afresh has methods of its own
        assert type(ask._method_asked("model", spec)) is not type(one)


def test_a_spec_that_is_no_text_is_built_where_it_is_asked():
    with pytest.raises(ConfigError):
        ask._method_asked("model", {"growth": 0.25})
    odd = {"use": "combine", "models": (registry.build("model", "ets"),)}
    with pytest.raises(ConfigError):
        ask._method_asked("model", odd)


def test_the_seed_is_the_hash_of_seed_spec_series_and_stream():
    method = fc.model("structural", growth=0.25, step_prior=3.0)
    text = json.dumps([7, registry.spec_of(method), ["a", "b"], "2024-01-31"], sort_keys=True)
    expected = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    task = Task("2024-01-31", ["a", "b"], ["2024-02"], stream="2024-01-31")
    assert ask.seed_of(7, method, task) == ask.seed_of(7, method, task) == expected
    assert ask.seed_of(7, fc.model("structural"), task) != expected


def test_a_design_keeps_its_window_for_one_axis_only():
    months = pd.period_range("2015-01", periods=60, freq="M").astype(str)
    monthly = fc.panel(pd.DataFrame({"time": months, "value": range(60)}))
    yearly = fc.panel(pd.DataFrame({"time": range(2000, 2060), "value": range(60)}))
    design = fc.Design.at("2018-01", "value", stop="2018-06")
    assert design.window(monthly).length == 6
    assert design.window(monthly) == design.window(monthly)
    with pytest.raises(DataError):  # known to neither axis as another unit
        design.window(fc.panel(pd.DataFrame({"time": months, "other": range(60)}), value="other"))
    assert design.window(yearly).length == 1
