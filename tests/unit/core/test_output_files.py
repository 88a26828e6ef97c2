"""Files are written atomically, inside their folder, and through no symbolic link."""

import errno
import os
import stat

import pytest

from forecast.core import output_files
from forecast.core.errors import WriteError


def test_a_file_is_written_with_its_folders_and_the_usual_mode(tmp_path):
    path = output_files.write(tmp_path, "a/b/c.txt", "é\n")
    umask = os.umask(0)
    os.umask(umask)
    assert path.read_bytes() == "é\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    assert output_files.unfinished_files(tmp_path) == []


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/../../x", "", "."])
def test_a_name_that_leads_out_is_refused(tmp_path, name):
    with pytest.raises(WriteError):
        output_files.write(tmp_path / "run", name, "x")
    assert not (tmp_path / "x").exists()


def test_a_linked_folder_is_refused_and_a_linked_file_replaced(tmp_path):
    run, outside = tmp_path / "run", tmp_path / "outside"
    run.mkdir()
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    (run / "figures").symlink_to(outside)
    (run / "report.md").symlink_to(outside / "kept.txt")
    for name in ("figures/x.svg", "figures/deeper/x.svg"):
        with pytest.raises(WriteError, match="symbolic link"):
            output_files.write(run, name, "new")
    output_files.write(run, "report.md", "new")
    assert sorted(p.name for p in outside.iterdir()) == ["kept.txt"]
    assert (outside / "kept.txt").read_text() == "kept"
    assert not (run / "report.md").is_symlink()


def test_a_full_disk_is_reported_and_leaves_the_old_file_alone(tmp_path, monkeypatch):
    output_files.write(tmp_path, "x.txt", "old")

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match="No space left"):
        output_files.write(tmp_path, "x.txt", "new")
    assert (tmp_path / "x.txt").read_text() == "old"
    assert output_files.unfinished_files(tmp_path) == []


@pytest.mark.parametrize("name", ["mean12", "theta-2", "a.b_c"])
def test_a_plain_name_stays(name):
    assert output_files.segment(name) == name


def test_other_names_become_one_safe_part_each(tmp_path):
    hostile = [
        "../../../x",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a/b",
        "a_b/",
        "CON",
        "nul.txt",
        "x" * 300,
        "<script>",
        "é",
        ".hidden",
        "a b",
        "a\x00b",
    ]
    safe = [output_files.segment(name) for name in hostile]
    assert len(set(safe)) == len(hostile)
    for name in safe:
        assert (tmp_path / name).resolve().parent == tmp_path.resolve()
        assert not name.startswith(".")
        assert len(name) < 100
        assert not output_files.RESERVED.match(name)
