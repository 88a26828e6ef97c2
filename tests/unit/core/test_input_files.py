"""Files that a user names: regular files are read, anything else is a readable error without delay."""

import math
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from forecast.core import input_files, registry
from forecast.core.archive import read_archive
from forecast.core.errors import ConfigError, DataError, ForecastError
from forecast.core.input_files import InputFile, parse_number
from forecast.core.panel import panel
from forecast.jobs.declared_regressors import _read_values
from forecast.jobs.load import display_path, load, read_events

READERS = {
    "archive": read_archive,
    "archive in Parquet": lambda path: read_archive(path),
    "panel": panel,
    "config": load,
    "events": read_events,
    "regressor": _read_values,
    "source": lambda path: registry.build("source", {"use": "csv", "path": str(path), "key": "CHL.export.WLD.salt"}).read(),
}


def spoken(read, path):
    """The error of a reader: all three parts, within a second."""
    began = time.perf_counter()
    with pytest.raises(ForecastError) as error:
        read(path)
    assert time.perf_counter() - began < 5
    assert error.value.problem
    assert path.name in error.value.where
    assert error.value.hint
    return error.value


@pytest.fixture(autouse=True)
def _no_reader_hangs():
    def ring(number, frame):
        raise TimeoutError("the reader hangs")

    former, left = signal.signal(signal.SIGALRM, ring), signal.setitimer(signal.ITIMER_REAL, 20)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, former)
    signal.setitimer(signal.ITIMER_REAL, *left)


@pytest.mark.parametrize("reader", READERS)
def test_a_pipe_a_folder_and_a_device_are_refused_without_waiting(reader, tmp_path):
    path = tmp_path / f"x.{'parquet' if 'Parquet' in reader else 'csv'}"
    os.mkfifo(path)
    assert "a pipe" in spoken(READERS[reader], path).problem
    path.unlink()
    path.mkdir()
    assert "a folder" in spoken(READERS[reader], path).problem
    assert "a device" in spoken(READERS[reader], Path("/dev/null")).problem


@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_is_not_there_or_has_an_impossible_name_is_refused(reader, tmp_path):
    for name in ("none.csv", "a\0b.csv", "x/" * 3000 + "y.csv", "a" * 300 + ".csv"):
        with pytest.raises(ForecastError):
            READERS[reader](tmp_path / name)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no such file on this system")
@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_the_system_does_not_let_read_is_refused(reader):
    assert "cannot be read" in spoken(READERS[reader], Path("/proc/self/mem")).problem


def test_a_socket_and_a_circle_of_links_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("x.csv")
        assert "a socket" in spoken(panel, Path("x.csv")).problem
    (tmp_path / "a.csv").symlink_to("b.csv")
    (tmp_path / "b.csv").symlink_to("a.csv")
    for reader in READERS.values():
        with pytest.raises(ForecastError):
            reader(tmp_path / "a.csv")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_the_right_to_read_it_is_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("time,value\n1,2\n")
    path.chmod(0)
    assert "cannot be read" in spoken(panel, path).problem


def test_a_file_larger_than_any_sense_is_refused(tmp_path):
    path = tmp_path / "x.csv"
    with path.open("wb") as file:
        file.truncate(input_files.MAX_BYTES + 1)
    assert "more than" in spoken(panel, path).problem
    with path.open("wb") as file:
        file.truncate(input_files.MAX_TOML_BYTES + 1)
    assert "more than" in spoken(load, path).problem


@pytest.mark.parametrize("reader", [name for name in READERS if "Parquet" not in name])
@pytest.mark.parametrize(
    ("data", "problem"),
    [(b"a,b\n\xff\xfe\n", "not UTF-8"), ("é,b\n".encode("latin-1"), "not UTF-8"), (b"a,b\n1,\x002\n", "null byte")],
)
def test_what_is_no_text_is_refused(reader, data, problem, tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    if reader == "source" and "UTF-8" in problem:
        pytest.skip("the encoding of own tables is detected")
    assert problem in spoken(READERS[reader], path).problem


@pytest.mark.parametrize("reader", ["archive", "panel", "regressor", "source"])
@pytest.mark.parametrize(("data", "problem"), [(b"", "empty"), (b"\n \n,,\n", "empty"), (b"x\n1\n", "there is no column")])
def test_a_table_without_its_columns_is_refused(reader, data, problem, tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    if reader == "source" and "UTF-8" in problem:
        pytest.skip("the encoding of own tables is detected")
    assert problem in spoken(READERS[reader], path).problem


def test_rows_are_named_by_their_line_and_only_ragged_ones_are_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('\ufeffa,b,c\n\n1, "x\ny" ,3\n4\n'.replace(', "', ',"').replace('" ,', '",'), "utf-8")
    assert list(InputFile(path).records("ac")) == [
        (4, {"a": "1", "b": "x\ny", "c": "3"}),
        (5, {"a": "4", "b": "", "c": ""}),
    ]
    with pytest.raises(DataError, match="fewer cells") as error:
        list(InputFile(path).records("ac", whole=True))
    assert "row 5" in error.value.where
    path.write_text("a;b\n1;2;3\n", "utf-8")
    with pytest.raises(DataError, match="no column 'a'") as error:
        list(InputFile(path).records("a"))
    assert "';'" in error.value.hint
    with pytest.raises(DataError, match="more cells") as error:
        list(InputFile(path).records("a", ";"))
    assert "row 2" in error.value.where
    path.write_text("a,a\n1,2\n", "utf-8")
    with pytest.raises(DataError, match="two columns are called 'a'"):
        list(InputFile(path).records("a"))


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), ("-.5e3", -500.0), ("+2.", 2.0), ("1e150", 1e150)])
def test_plain_numbers(text, value):
    assert parse_number(text) == value


@pytest.mark.parametrize(
    "text", ["", "inf", "nan", "1e400", "1e151", "-1e308", "9" * 5000, "1_000", "0x10", "٣", "1e", "1,5", " 1"]
)
def test_what_is_no_plain_number_or_beyond_all_sense(text):
    assert math.isnan(parse_number(text))


TOML = {
    "lists in lists": ("x = " + "[" * 100_000, "nested too deep"),
    "closed lists in lists": ("x = " + "[" * 60 + "]" * 60, "nested too deep"),
    "tables in tables": ("x = " + "{a=" * 200 + "1" + "}" * 200, "nested too deep"),
    "a key of many parts": (".".join("a" * 100_000) + " = 1", "nested too deep"),
    "a table of many parts": ("[" + ".".join(["'a'"] * 100) + "]", "nested too deep"),
    "a number without end": ("x = " + "9" * 5000, "too many digits"),
    "a number of thirty digits": ("x = [" + "9" * 30 + "]", "too large"),
    "infinity": ("x = { y = -inf }", "-inf is no number"),
    "no number": ("x = nan", "nan is no number"),
    "a float beyond all": ("x = 1e400", "inf is no number"),
    "a null character in a key": ('"a\\u0000b" = 1', "null character"),
    "a null character in a text": ('x = ["a\\u0000b"]', "null character"),
    "the year 0": ("x = 0000-01-01", "not valid TOML"),
    "an impossible day": ("x = 2025-02-30", "not valid TOML"),
    "half a surrogate": ('x = "\\ud800"', "not valid TOML"),
    "a key twice": ("x = 1\nx = 2", "not valid TOML"),
}


@pytest.mark.parametrize("case", TOML)
@pytest.mark.parametrize("read", [load, read_events], ids=["config", "events"])
def test_odd_toml_is_refused(case, read, tmp_path):
    text, problem = TOML[case]
    path = tmp_path / "x.toml"
    path.write_text(text, "utf-8")
    error = spoken(read, path)
    assert isinstance(error, ConfigError)
    assert problem in error.problem


def test_the_place_in_odd_toml_is_reported(tmp_path):
    (tmp_path / "x.toml").write_text("[forecast]\nmonths = [1, inf]\n", "utf-8")
    assert spoken(load, tmp_path / "x.toml").where.endswith("x.toml, forecast, months")


def test_long_dotted_text_is_no_long_key(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(
        'x = "' + "e.g. this, i.e. that. " * 500 + '"\ny = [' + "1.5, " * 5000 + "]\n" + "# " + "a" * 10**6, "utf-8"
    )
    assert len(InputFile(path).toml()["y"]) == 5000


def test_a_removed_present_folder_is_no_fault(tmp_path, monkeypatch):
    path = tmp_path / "own.toml"
    path.write_text('[[models]]\nuse = "mean12"\n', "utf-8")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert display_path(path) == str(path)
    assert display_path(Path("own.toml")) == "own.toml"
    assert load(path).origin == path
    assert load("quick").name == "quick"
    path.write_text("x = 1\n", "utf-8")
    assert str(path) in spoken(load, path).where
    with pytest.raises(ConfigError, match="no such config"):
        load("own.toml")


def test_worker_processes_are_not_started_from_a_removed_folder(tmp_path, monkeypatch):
    from forecast.jobs.workers import run_in_processes

    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(ForecastError, match="present folder has been removed") as error:
        list(run_in_processes([1, 2], print, bool, 2, None))
    assert "--workers 1" in error.value.hint


def test_a_message_stays_on_its_lines_whatever_a_cell_holds(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text('time,value\n1,"a\n\x1b[31mb\u202e"\n', "utf-8")
    error = spoken(panel, path)
    assert len(str(error).splitlines()) == 3
    assert str(error).replace("\n", "").isprintable()
    assert "a\\n\\x1b[31mb\\u202e" in error.problem
    path.write_text(f"time,value\n1,{'9' * 50_000}x\n", "utf-8")
    assert len(str(spoken(panel, path))) < 2000
