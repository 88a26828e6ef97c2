"""An archive that grows: what an append changes, what is kept, what becomes of files that were cut, altered or left over."""

import datetime as dt
import json
import os
import signal
from collections import Counter

import pytest

from forecast.archives import growing
from forecast.archives.growing import GrowingArchive
from forecast.archives.part_list import LIST
from forecast.archives.reading import open_archive
from forecast.core import output_files
from forecast.core.archive_table import ArchiveRow
from forecast.core.errors import DataError, ForecastError, WriteError

S = "USA.import.MEX.antimony_oxide"


def row(period, value, released, series=S, basis="actual", **more):
    return ArchiveRow(series, period, value, released=released, basis=basis, publisher="US Census Bureau", **more)


def stored(folder):
    return Counter(map(repr, open_archive(folder).figures.all_rows().rows()))  # missing values differ from themselves


@pytest.fixture
def archive(tmp_path):
    """An archive of three appends: two months, a revision with a new month, a month that is missing."""
    made = GrowingArchive(tmp_path / "archive")
    made.append([row("2026-01", 10.0, "2026-03-05"), row("2026-02", 0.0, "2026-04-05")])
    made.append([row("2026-02", 3.0, "2026-05-05"), row("2026-03", 12.0, "2026-05-05")])
    made.append([row("2026-04", float("nan"), "2026-06-05")])
    return made


# --- what an append changes -------------------------------------------------------------------------------------------


def test_new_revised_unchanged_and_missing_figures_are_told_apart(archive):
    changes = archive.append(
        [
            row("2026-01", 10.0, "2026-07-05"),
            row("2026-02", 4.0, "2026-07-05"),
            row("2026-04", 9.0, "2026-07-05"),
            row("2026-05", 8.0, "2026-07-05"),
            row("2026-06", float("nan"), "2026-08-05"),
        ]
    )
    assert changes.same == ((S, "2026-01"),)
    assert changes.revised == ((S, "2026-02"),)
    assert changes.new == ((S, "2026-04"), (S, "2026-05"))
    assert changes.missing == ((S, "2026-06"),)
    assert changes.stored == 4
    assert str(changes) == f"{S}: 2 new, 1 revised, 1 unchanged, 1 missing (revised: 2026-02)"


def test_what_is_held_already_is_not_stored_again(archive):
    before = stored(archive.folder)
    changes = archive.append([row("2026-03", 12.0, "2026-05-05"), row("2026-04", float("nan"), "2026-06-05")])
    assert (changes.same, changes.missing, changes.stored) == (((S, "2026-03"),), ((S, "2026-04"),), 0)
    assert stored(archive.folder) == before


def test_every_vintage_stays_as_it_was(archive):
    archive.append([row("2026-01", 99.0, "2026-07-05")])
    held = open_archive(archive.folder)
    assert held.as_of("2026-07-04").observed(S).values[0] == 10.0
    assert held.as_of("2026-07-05").observed(S).values[0] == 99.0
    assert held.as_of("2026-04-30").observed(S).status == ("value", "zero")
    assert held.latest.observed(S).status == ("value", "value", "value", "missing")


def test_an_older_vintage_may_come_later(archive):
    changes = archive.append([row("2026-03", 11.0, "2026-04-20")])
    assert (changes.same, changes.stored) == (((S, "2026-03"),), 1)
    held = open_archive(archive.folder)
    assert held.as_of("2026-05-04").observed(S).values[2] == 11.0
    assert held.latest.observed(S).values[2] == 12.0


def test_a_second_value_of_one_day_is_dated_by_the_day_it_was_seen(archive):
    changes = archive.append([row("2026-03", 13.0, "2026-05-05")], today=dt.date(2026, 5, 20))
    assert changes.revised == ((S, "2026-03"),)
    held = open_archive(archive.folder)
    assert held.as_of("2026-05-19").observed(S).values[2] == 12.0
    assert held.as_of("2026-05-20").observed(S).values[2] == 13.0
    assert archive.append([row("2026-03", 13.0, "2026-05-05")], today=dt.date(2026, 6, 1)).stored == 0


def test_publishers_are_kept_apart(archive):
    other = ArchiveRow(S, "2026-03", 12.0, released="2026-06-20", basis="actual", publisher="UN Comtrade")
    assert archive.append([other]).stored == 1
    assert archive.append([other]).stored == 0


def test_a_row_no_archive_accepts_is_refused_and_nothing_is_stored(archive):
    before = stored(archive.folder)
    with pytest.raises(DataError, match="cannot be negative"):
        archive.append([row("2026-05", 1.0, "2026-07-05"), row("2026-06", -1.0, "2026-08-05")])
    assert stored(archive.folder) == before


def test_many_small_parts_are_put_together(tmp_path, monkeypatch):
    monkeypatch.setattr(growing, "MOST_SMALL", 5)
    made = GrowingArchive(tmp_path)
    months = [f"{2020 + i // 12}-{i % 12 + 1:02d}" for i in range(32)]
    rows = [row(month, 1.0, f"{out}-05") for month, out in zip(months, months[2:], strict=False)]
    for one in rows:
        made.append([one])
    assert len(json.loads((tmp_path / LIST).read_text())["parts"]) <= 6
    assert stored(tmp_path) == Counter(map(repr, rows))
    assert len(list((tmp_path / "parts").iterdir())) > 6, "readers may still have the old ones open"
    monkeypatch.setattr(growing, "GRACE", -1.0)
    made.append([row("2025-01", 7.0, "2025-03-05")])
    assert len(list((tmp_path / "parts").iterdir())) <= 7


# --- real vintages and guesses ----------------------------------------------------------------------------------------


def test_a_real_vintage_takes_the_place_of_a_guess(tmp_path):
    made = GrowingArchive(tmp_path)
    made.append([row("2026-01", 10.0, "2026-03-05", basis="rule"), row("2025-06", 5.0, "2025-08-05", basis="rule")])
    made.append([row("2026-01", 10.0, "2026-03-20"), row("2025-06", 6.0, "2026-03-20")])
    held = open_archive(tmp_path)
    assert held.as_of("2026-03-19").observed(S).at(24312, 24312)[0] != 10.0, "the guess stood for the real publication"
    assert held.as_of("2026-03-20").observed(S).at(24312, 24312)[0] == 10.0
    assert [(c.value, c.basis, c.released.isoformat()) for c in held.states(S)] == [
        (5.0, "rule", "2025-08-05"),
        (6.0, "actual", "2026-03-20"),
        (10.0, "actual", "2026-03-20"),
    ]


def test_a_guess_is_not_made_anew_after_a_revision(tmp_path):
    made = GrowingArchive(tmp_path)
    made.append([row("2026-01", 10.0, "2026-03-05", basis="rule"), row("2026-01", 10.0, "2026-06-05")])
    made.append([row("2026-01", 12.0, "2026-07-05")])
    assert made.append([row("2026-01", 12.0, "2026-03-05", basis="rule")]).stored == 0
    assert [c.value for c in open_archive(tmp_path).states(S)] == [10.0, 10.0, 12.0]


def test_a_guess_of_a_later_day_changes_nothing_that_is_real(tmp_path):
    made = GrowingArchive(tmp_path)
    made.append([row("2026-01", 10.0, "2026-03-05")])
    made.append([ArchiveRow(S, "2026-01", 11.0, released="2026-06-20", basis="rule", publisher="a newspaper")])
    assert open_archive(tmp_path).latest.observed(S).values.tolist() == [10.0]


def test_a_first_figure_that_is_only_guessed_is_not_known_before_the_real_one(tmp_path):
    made = GrowingArchive(tmp_path)
    made.append([row("2026-01", 10.0, "2026-03-05", basis="rule"), row("2026-01", 10.0, "2026-03-20")])
    held = open_archive(tmp_path)
    assert held.as_of("2026-03-10").series == ()
    assert not held.as_of("2026-03-10").knows(S)
    assert held.as_of("2026-03-20").series == (S,)


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoil", [lambda data: data[:-7], lambda data: data[:99] + b"?" + data[100:], lambda data: None])
def test_a_spoilt_part_is_named_set_aside_and_restored_by_appending_again(archive, spoil):
    first = sorted((archive.folder / "parts").iterdir())[0]
    data = spoil(first.read_bytes())
    first.unlink() if data is None else first.write_bytes(data)
    held = open_archive(archive.folder)
    (note,) = held.figures.notes
    assert first.name in note
    assert "2 rows are not read" in note
    assert held.latest.observed(S).values.tolist()[:2] == [3.0, 12.0]
    changes = GrowingArchive(archive.folder).append([row("2026-01", 10.0, "2026-03-05"), row("2026-02", 0.0, "2026-04-05")])
    assert any(first.name in note for note in changes.notes)
    assert changes.new == ((S, "2026-01"),)
    assert (archive.folder / "aside" / first.name).exists() == (data is not None)
    held = open_archive(archive.folder)
    assert held.latest.observed(S).values.tolist()[:3] == [10.0, 3.0, 12.0]
    assert "was set aside" in held.figures.notes[0]


@pytest.mark.parametrize("data", [None, b"", b"{}", b"[1]", b"\xff", b"{" * 3000])
def test_a_list_that_is_lost_is_made_again_from_the_parts(archive, data):
    before = stored(archive.folder)
    (archive.folder / LIST).unlink() if data is None else (archive.folder / LIST).write_bytes(data)
    assert stored(archive.folder) == before
    (note,) = open_archive(archive.folder).figures.notes
    assert "made again from the files" in note
    assert GrowingArchive(archive.folder).append([row("2026-05", 1.0, "2026-07-05")]).notes
    assert open_archive(archive.folder).figures.notes == ()


def test_a_lost_list_does_not_double_rows_that_were_put_together(tmp_path, monkeypatch):
    monkeypatch.setattr(growing, "MOST_SMALL", 3)
    made = GrowingArchive(tmp_path)
    for i in range(1, 9):
        made.append([row(f"2026-0{i}", 1.0 * i, f"2026-{i + 2:02d}-05")])
    before = stored(tmp_path)
    (tmp_path / LIST).unlink()
    assert stored(tmp_path) == before


def test_an_archive_of_a_newer_version_is_refused_and_left_alone(archive):
    path = archive.folder / LIST
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 9}))
    text = path.read_text()
    for work in (lambda: open_archive(archive.folder), lambda: archive.append([row("2026-05", 1.0, "2026-07-05")])):
        with pytest.raises(DataError, match="has format 9") as error:
            work()
        assert error.value.hint == "a newer version of forecast"
    assert path.read_text() == text


def test_a_full_disk_is_a_message_and_the_same_append_goes_on(archive, monkeypatch):
    before = stored(archive.folder)
    real = output_files._write_flushed

    def full(part, data):
        part.write_bytes(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output_files, "_write_flushed", full)
    with pytest.raises(WriteError, match="No space left"):
        archive.append([row("2026-05", 1.0, "2026-07-05")])
    monkeypatch.setattr(output_files, "_write_flushed", real)
    assert stored(archive.folder) == before
    assert not output_files.unfinished_files(archive.folder)
    archive.append([row("2026-05", 1.0, "2026-07-05")])
    assert sum(stored(archive.folder).values()) == sum(before.values()) + 1


def test_a_second_writer_waits_and_is_then_refused(archive, monkeypatch):
    import filelock

    monkeypatch.setattr(growing, "PATIENCE", 0.05)
    with filelock.FileLock(archive.folder / growing.LOCK), pytest.raises(WriteError, match="another process is writing"):
        GrowingArchive(archive.folder).append([row("2026-05", 1.0, "2026-07-05")])
    assert archive.append([row("2026-05", 1.0, "2026-07-05")]).stored == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="it forks")
@pytest.mark.parametrize("at", range(1, 8))
def test_an_append_killed_at_any_step_has_happened_or_not(archive, at):
    before, count = stored(archive.folder), [0]
    new = row("2026-05", 1.0, "2026-07-05")
    child = os.fork()
    if not child:
        write, sync = output_files._write_flushed, os.fsync

        def die(number):
            count[0] += 1
            if count[0] == at:
                os.kill(os.getpid(), signal.SIGKILL)
            sync(number)

        def torn(part, data):
            count[0] += 1
            if count[0] == at:
                part.write_bytes(data[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            write(part, data)

        output_files._write_flushed, os.fsync = torn, die
        archive.append([new])
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    assert stored(archive.folder) in (before, before + Counter([repr(new)]))
    GrowingArchive(archive.folder).append([new])
    assert stored(archive.folder) == before + Counter([repr(new)])
    assert not output_files.unfinished_files(archive.folder)


def test_a_reader_keeps_what_it_opened_while_the_archive_grows(archive):
    import pickle

    held = open_archive(archive.folder)
    archive.append([row("2026-05", 1.0, "2026-07-05")])
    assert held.series == (S,)
    there = pickle.loads(pickle.dumps(held.as_of("2026-12-31")))
    assert len(there.cells[S]) == 4
    assert there.fingerprint() == held.as_of("2026-12-31").fingerprint()
    assert held.fingerprint != open_archive(archive.folder).fingerprint


def test_where_there_is_no_archive_the_way_to_one_is_said(tmp_path):
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(DataError, match="there is no archive") as error:
            open_archive(place)
        assert "forecast fetch" in error.value.hint


def test_an_archive_at_an_address_is_read_and_not_written(archive, monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    for path in archive.folder.rglob("*"):
        if path.is_file():
            system.pipe_file(f"/published/{path.relative_to(archive.folder).as_posix()}", path.read_bytes())
    held = open_archive("memory://published")
    assert held.latest.fingerprint() == open_archive(archive.folder).latest.fingerprint()
    with pytest.raises(WriteError, match="grows in a folder"):
        GrowingArchive("memory://published")
    part = sorted(system.ls("/published/parts", detail=False))[0]
    system.pipe_file(part, system.cat_file(part)[:-1])
    assert "is left out" in open_archive("memory://published").figures.notes[0]
    with pytest.raises(DataError, match="there is no archive"):
        open_archive("memory://nothing")
    with pytest.raises(ForecastError, match=r"cannot be read|needs fsspec"):
        open_archive("nosuchprotocol://x")
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(ForecastError, match="needs fsspec") as error:
        open_archive("memory://published")
    assert "forecast[remote]" in error.value.hint


def test_the_place_of_the_archive_is_named_by_the_environment(monkeypatch, tmp_path):
    from forecast.archives.place import default_folder

    monkeypatch.setenv("FORECAST_ARCHIVE", str(tmp_path / "mine"))
    assert default_folder() == tmp_path / "mine"
    GrowingArchive().append([row("2026-01", 1.0, "2026-03-05")])
    assert open_archive().series == (S,)
    monkeypatch.delenv("FORECAST_ARCHIVE")
    assert default_folder().name == "archive"
    assert default_folder().is_absolute()
