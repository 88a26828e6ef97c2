"""Stored answers are data and never code, and only an intact answer to its own key is read back."""

import datetime as dt
import io
import math
import os
import pickle
import stat

import numpy as np
import pytest

from forecast.core import registry
from forecast.core.archive import bundled_archive
from forecast.core.errors import WriteError
from forecast.core.parameters import Parameter, Parameters
from forecast.core.questions import Design, Task
from forecast.core.results import Failure, Forecast, Skipped, Used
from forecast.jobs.answer_store import AnswerStore
from forecast.jobs.batch_results import BatchResult
from forecast.jobs.serialization import KINDS, pack, unpack
from forecast.study.effects import judge
from forecast.study.effects.sensitivity import Variation


def spelled(value):
    """A value and all in it, arrays and kinds included, so that what is equal is equal in every bit."""
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    if type(value) in KINDS.values():
        return (type(value).__name__, [(name, spelled(getattr(value, name))) for name in value.__dataclass_fields__])
    if isinstance(value, dict):
        return ("dict", [(spelled(k), spelled(v)) for k, v in value.items()])
    if isinstance(value, list | tuple):
        return (type(value).__name__, [spelled(v) for v in value])
    return repr(value.item() if isinstance(value, np.generic) else value)


@pytest.fixture(scope="module")
def outcome():
    """Everything that a batch may leave behind, effects as they are judged."""
    vintage = bundled_archive().latest
    own = [("own", "2024-01", "2024-06")]
    design = Design(vintage.events["re_licensing_2025"], "CHN.export.WLD.re_magnets", stop="2025-06", baselines=own)
    made = judge.estimate(registry.build("estimator", "counterfactual"), vintage, design, 1, placebos=4)
    failure = Failure("ets", "2024-01", "x", "too short", "9 months")
    rows = [{"job": "a", "mean": 1.5, "horizon": np.int64(3), "truth": math.nan, "notes": None, "tied": np.bool_(True)}] * 2
    return BatchResult(
        "batch", rows, [], [{"one": 1}, {"other": 2}], "", {"counterfactual": made, "ets": failure},
        [("counterfactual", Variation("donut", "1", made)), ("ets", Variation("day", "2025-01-01", failure))], [], rows[:1],
    )  # fmt: skip


def drawn():
    task = Task.past(dt.date(2025, 3, 31), "a", ["2025-03", "2025-04"], dt.date(2025, 1, 1), 200)
    draws = np.random.default_rng(1).standard_normal((200, 1, 2))
    return [Forecast(task, draws, (Used("x", ("é\ud800",)),), parameters={"a b": -0.0}), Skipped("m", "q", "s", "r")]


def test_what_is_read_is_what_was_written_to_the_last_bit(tmp_path, outcome):
    store = AnswerStore(tmp_path / "answers")
    store.open()
    values = {"one": outcome, "two": drawn(), "three": Parameters([Parameter("a", 1.0)]), "four": ((), {}, [])}
    for key, value in values.items():
        store.write(key, value)
        assert spelled(store.read(key)) == spelled(value), key
    assert isinstance(store.read("three"), Parameters)
    assert store.read("five") is None


def test_the_folder_is_its_owner_s_alone(tmp_path):
    (tmp_path / "answers").mkdir(mode=0o777)
    AnswerStore(tmp_path / "answers").open()
    assert stat.S_IMODE((tmp_path / "answers").stat().st_mode) == 0o700
    (tmp_path / "link").symlink_to(tmp_path / "answers")
    with pytest.raises(WriteError, match="link"):
        AnswerStore(tmp_path / "link").open()


def test_every_flipped_bit_and_every_cut_is_recognised_reported_and_dropped(tmp_path, caplog):
    store = AnswerStore(tmp_path)
    store.write("key", drawn())
    path = tmp_path / "key.answer"
    data = path.read_bytes()
    places = [*range(90), *range(90, len(data), len(data) // 100)]
    spoilt = [bytes([*data[:i], data[i] ^ (1 << i % 8), *data[i + 1 :]]) for i in places]
    for bad in [*spoilt, *(data[:size] for size in (0, 1, 20, 90, 1000, len(data) - 1)), data + b"x"]:
        path.write_bytes(bad)
        assert store.read("key") is None
        assert str(path) in caplog.text
        caplog.clear()
        assert not path.exists()


def test_an_answer_under_another_key_is_foreign(tmp_path, caplog):
    store = AnswerStore(tmp_path)
    store.write("mine", drawn())
    os.replace(tmp_path / "mine.answer", tmp_path / "yours.answer")
    assert store.read("yours") is None
    assert "answers another question" in caplog.text


def planted(folder):
    """A payload that a pickle would run."""

    class Payload:
        def __reduce__(self):
            return os.mkdir, (str(folder / "ran"),)

    return Payload()


@pytest.mark.parametrize("how", ["pickle", "object array", "another class"])
def test_nothing_in_the_folder_is_executed(tmp_path, how, caplog):
    from forecast.core import output_files
    from forecast.jobs import answer_store as module

    store = AnswerStore(tmp_path)
    body = {"pickle": pickle.dumps(planted(tmp_path)), "another class": None, "object array": None}[how]
    if how == "object array":
        out = io.BytesIO()
        np.savez(out, document=np.array([planted(tmp_path)], dtype=object))
        body = out.getvalue()
    if how == "another class":
        out = io.BytesIO()
        text = b'{"os.mkdir": {"path": "ran"}}'
        np.savez(out, document=np.frombuffer(text, np.uint8))
        body = out.getvalue()
    whole = b"key\n" + body
    (tmp_path / "key.answer").write_bytes(b"\n".join([module.FILE_MARK, output_files.sha256(whole).encode(), whole]))
    assert store.read("key") is None
    assert not (tmp_path / "ran").exists()
    assert "of no use" in caplog.text


def test_what_has_no_place_in_an_answer_is_an_error_of_ours():
    for value in (object(), [object()], {"a": {1, 2}}, 1j):
        with pytest.raises(TypeError, match="no place"):
            pack(value)
    assert unpack(pack([{"a": 1}, {"b": 2}, {}])) == [{"a": 1}, {"b": 2}, {}]
