"""Answers made a block at a time: the same answers, each made once where they are read in order, one block held."""

import numpy as np
import pandas as pd

import forecast as fc
from forecast.study import answers_in_blocks
from forecast.study.answers_in_blocks import AnswersInBlocks


def test_read_in_order_every_answer_is_made_once_and_one_block_is_held(monkeypatch):
    monkeypatch.setattr(answers_in_blocks, "PATHS", 400)
    made = []
    questions = [fc.Task("2024-01-01", "a", ["2024-02"], draws=draws) for draws in 8 * [100] + 2 * [300]]
    required = [("model", question, place) for place, question in enumerate(questions)]
    assert answers_in_blocks.block_starts(required) == [0, 4, 8, 9]

    def answer(required):
        made.extend(place for _, _, place in required)
        return [("answer", place) for _, _, place in required]

    answers = AnswersInBlocks(required, answer)
    assert len(answers) == 10
    assert [one for _, one in answers] == list(range(10))
    assert made == list(range(10))
    assert len(answers._made) == 1  # the last block alone
    assert answers[-1] == ("answer", 9)
    assert [one for _, one in answers[3:7]] == [3, 4, 5, 6]


def test_the_default_model_answers_the_same_in_blocks(monkeypatch):
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        np.exp(rng.normal(5, 0.2, (60, 7))), index=pd.period_range("2020-01", periods=60, freq="M"), columns=list("abcdefg")
    )
    whole = fc.forecast(table, h=4)
    monkeypatch.setattr(answers_in_blocks, "PATHS", 2000)
    parts = fc.forecast(table, h=4)
    assert np.array_equal(whole.draws, parts.draws)
    assert whole.used == parts.used
