"""The fuzz in small: spoilt inputs end in an answer or an own error, and the harness sees what ends otherwise."""

import importlib.util
import random
import sys
import time
import warnings
from pathlib import Path

import pytest

from forecast.core.errors import DataError

FUZZ = Path(__file__).parents[2] / "experiments" / "012_reliability" / "fuzz.py"


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("fuzz", FUZZ)
    made = sys.modules["fuzz"] = importlib.util.module_from_spec(spec)  # dataclasses look their module up
    spec.loader.exec_module(made)
    yield made
    del sys.modules["fuzz"]


@pytest.fixture(scope="module")
def readers(fuzz):
    return fuzz.readers()


def test_every_real_input_is_answered(fuzz, readers, tmp_path):
    for name, reader in readers.items():
        for i, sample in enumerate(reader.samples):
            path = tmp_path / f"input{reader.suffix}"
            path.write_bytes(sample)
            assert fuzz.outcome(reader, path) == ("ok", ""), (name, i)


def test_spoilt_inputs_end_in_an_answer_or_an_own_error(fuzz, tmp_path):
    counts = fuzz.fuzz(480, 3, tmp_path / "found")
    assert not (tmp_path / "found").exists(), [p.read_text("utf-8")[-500:] for p in (tmp_path / "found").glob("*.txt")]
    assert sum(sum(kinds.values()) for kinds in counts.values()) == 480
    for name, kinds in counts.items():
        assert set(kinds) == {"ok", "own error"}, name  # neither harmless nor hopeless


def test_the_same_seed_spoils_alike_and_spoils_at_all(readers):
    for name, reader in readers.items():
        one, two = ([reader.spoil(random.Random(seed), reader.samples[0]) for seed in range(20)] for _ in range(2))
        assert one == two, name
        assert len(set(one) - {reader.samples[0]}) > 10, name


def _raises(error):
    def read(path):
        raise error

    return read


@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (lambda path: None, "ok"),
        (_raises(DataError("wrong")), "own error"),
        (_raises(KeyError("series")), "traceback"),
        (_raises(RecursionError()), "traceback"),
        (_raises(SystemExit(2)), "traceback"),
        (lambda path: warnings.warn("careful", RuntimeWarning, stacklevel=1), "traceback"),
        (lambda path: time.sleep(5), "hang"),
    ],
)
def test_every_end_is_told_apart(fuzz, read, kind, tmp_path):
    reader = fuzz.Reader(".csv", (b"x",), fuzz.spoil_bytes, read)
    assert fuzz.outcome(reader, tmp_path / "x.csv", limit=0.1)[0] == kind


def test_the_first_faults_are_kept_with_their_tracebacks(fuzz, monkeypatch, tmp_path):
    planted = fuzz.Reader(".csv", (b"a,b\n1,2",), fuzz.spoil_table, _raises(KeyError("series")))
    monkeypatch.setattr(fuzz, "readers", lambda: {"planted": planted})
    counts = fuzz.fuzz(20, 1, tmp_path)
    assert counts["planted"] == {"traceback": 20}
    assert len(list(tmp_path.glob("*.csv"))) == len(list(tmp_path.glob("*.txt"))) == fuzz.KEPT
    assert "KeyError: 'series'" in (tmp_path / "planted-0.txt").read_text("utf-8")
    monkeypatch.setattr(sys, "argv", ["fuzz.py", "--count", "3"])
    assert fuzz.main() == 1
