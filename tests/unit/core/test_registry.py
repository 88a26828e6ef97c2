"""Plug-ins found by file name, and options validated against their class."""

import dataclasses

import pytest

from forecast.core import registry
from forecast.core.errors import ConfigError

ALL = [(kind, name) for kind in registry.KINDS for name in registry.names(kind)]


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_every_plugin_keeps_the_rules(kind, name):
    cls = registry.get(kind, name)
    assert cls.name == name
    assert dataclasses.is_dataclass(cls)
    assert cls.__dataclass_params__.frozen
    assert registry.sentence(kind, name).endswith(".")
    assert cls.__module__ == f"forecast.{registry.KINDS[kind]}.{name}"


def test_the_first_plugins_are_there():
    assert {"step", "ramp", "pulse", "decay", "gradual", "anticipation"} <= set(registry.names("shape"))
    assert {"crps", "wis", "mae", "mase", "rmsse", "smape", "coverage", "bias"} <= set(registry.names("metric"))
    assert {"structural", "sarimax"} <= set(registry.names("model"))


def test_a_misspelt_name_names_the_nearest():
    with pytest.raises(ConfigError, match="no model is called 'structral'") as error:
        registry.build("model", "structral", where="x.toml, [[models]] 1")
    assert error.value.hint == "'structural'"
    assert error.value.where == "x.toml, [[models]] 1, use"


def test_a_misspelt_option_names_the_nearest():
    with pytest.raises(ConfigError, match="shape 'ramp' has no option 'month'") as error:
        registry.build("shape", {"use": "ramp", "month": 3})
    assert error.value.hint == "'months'"


@pytest.mark.parametrize(
    "spec",
    [
        {"use": "ramp", "months": "three"},
        {"use": "structural", "seasonal": "weekly"},
        {"use": "structural", "lunar": 7},
        {"use": "sarimax", "order": [1, 0]},
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(spec):
    kind = "shape" if spec["use"] == "ramp" else "model"
    with pytest.raises(ConfigError, match="cannot be"):
        registry.build(kind, spec)


def test_values_are_turned_into_their_type():
    made = registry.build("model", {"use": "sarimax", "order": [1, 1, 1]})
    assert made.order == (1, 1, 1)
    assert registry.build("shape", {"use": "ramp", "months": 2}).months == 2.0


def test_a_class_refusing_its_options_says_where():
    with pytest.raises(ConfigError, match="level_sd must be positive") as error:
        registry.build("model", {"use": "structural", "level_sd": -1.0}, where="x.toml")
    assert error.value.where == "x.toml"


def test_words_build_the_same_again():
    for spec in ("structural", {"use": "structural", "seasonal": "none"}, {"use": "sarimax", "order": (1, 1, 1)}):
        made = registry.build("model", spec)
        assert registry.build("model", registry.spec_of(made)) == made
    # a default spelled out is the default
    assert registry.spec_of(registry.build("model", {"use": "structural", "seasonal": "auto"})) == {"use": "structural"}


def test_a_plugin_must_be_a_dataclass():
    with pytest.raises(TypeError, match="must be a frozen dataclass"):

        @registry.model
        class Bare:
            pass
