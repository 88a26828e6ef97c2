"""Functions that remember their answers: the same figures are computed once, others anew, and no caller changes an answer."""

from dataclasses import dataclass

import numpy as np
import pytest

from forecast.kernels.remembered_answers import remember_answers, remember_fits


def a_function(size: int):
    calls = []

    @remember_answers(size)
    def double(values, by=2.0):
        calls.append(by)
        return values * by

    return double, calls


def test_equal_arrays_are_computed_once_and_others_anew():
    double, calls = a_function(8)
    values = np.array([1.0, np.nan])
    double(values), double(values.copy())
    assert len(calls) == 1
    values[0] = 3.0  # the same array with other figures is another question
    assert double(values)[0] == 6.0
    assert double(values.reshape(2, 1)).shape == (2, 1)
    assert double(np.array([1, 2])).tolist() == [2.0, 4.0]
    assert double(values, 3.0)[0] == double(values, by=3.0)[0] == 9.0
    counts = np.array([3, 4])
    assert double(counts).tolist() == [6.0, 8.0]
    assert double(counts.view(float)).tolist() == (2.0 * counts.view(float)).tolist()  # the same bytes of another type


def test_only_the_last_answers_are_kept():
    double, calls = a_function(2)
    for first in (1.0, 2.0, 3.0, 1.0):
        double(np.array([first]))
    assert len(calls) == 4


def test_an_answer_cannot_be_changed():
    double, _ = a_function(2)
    with pytest.raises(ValueError, match="read-only"):
        double(np.array([1.0]))[0] = 5.0


def test_an_error_is_not_remembered():
    @remember_answers(2)
    def refuse(values):
        raise ArithmeticError(str(len(values)))

    for _ in range(2):
        with pytest.raises(ArithmeticError, match="3"):
            refuse(np.zeros(3))


@dataclass
class Figures:
    """A sample with a name, which no fit reads."""

    content: tuple[float, ...]
    name: str = ""


def a_fit(size: int):
    calls = []

    @remember_fits(size)
    def double(samples, by=2.0):
        calls.append([sample.content for sample in samples])
        return [by * sum(sample.content) for sample in samples]

    return double, calls


def test_each_sample_is_fitted_once_and_new_ones_in_one_call():
    double, calls = a_fit(8)
    one, same, other, third = Figures((1.0,), "a"), Figures((1.0,), "b"), Figures((2.0,)), Figures((3.0,))
    assert double([one]) == [2.0]
    assert double([other, same, third, other]) == [4.0, 2.0, 6.0, 4.0]
    assert calls == [[(1.0,)], [(2.0,), (3.0,)]]
    one.content = (5.0,)  # the same object with other figures is another sample
    assert double([one]) == [10.0]
    assert double([same], 3.0) == double([same], by=3.0) == [3.0]
    assert double([]) == []


def test_the_fits_asked_for_last_are_kept():
    double, calls = a_fit(2)
    first, second, third = (Figures((value,)) for value in (1.0, 2.0, 3.0))
    double([first]), double([second]), double([first]), double([third])
    calls.clear()
    assert double([first, third]) == [2.0, 6.0]
    assert not calls
    assert double([first, second, third]) == [2.0, 4.0, 6.0]  # more at once than are kept
    assert calls == [[(2.0,)]]
