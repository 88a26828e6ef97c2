"""Errors: problem, place and hint."""

import pickle

import pytest

from forecast.core import errors

KINDS = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.ForecastError)]


@pytest.mark.parametrize("kind", KINDS)
def test_three_parts_and_safe_travel_between_workers(kind):
    error = kind("no model is called 'ettts'", where="x.toml, [[models]] 2, use", hint="'ets'")
    assert str(error) == "no model is called 'ettts'\n  at: x.toml, [[models]] 2, use\n  try: 'ets'"
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert (back.problem, back.where, back.hint) == (error.problem, error.where, error.hint)


def test_each_part_is_one_line_of_print_and_not_endless():
    error = errors.DataError("a\nb\x1b[2J", where="\u202e", hint="é" * 5000 + "\n")
    assert str(error).splitlines()[:2] == ["a\\nb\\x1b[2J", "  at: \\u202e"]
    assert len(error.hint) < 700
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_empty_parts_are_left_out():
    assert str(errors.DataError("wrong")) == "wrong"


def test_one_root():
    assert len(KINDS) >= 8
    assert all(issubclass(k, errors.ForecastError) for k in KINDS)


def test_nearest_name():
    assert errors.nearest("seasonal_naiv", ["ets", "seasonal_naive"]) == "'seasonal_naive'"
    assert errors.nearest("xyz", ["b", "a"]) == "one of a, b"
