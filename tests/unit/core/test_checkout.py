"""The commit of a checkout, read from its files."""

import subprocess

from forecast.core.checkout import checked_out_commit

HASH = "0123456789abcdef0123456789abcdef01234567"


def git(folder, *words):
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.example", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_it_is_the_commit_that_git_tells(tmp_path):
    git(tmp_path, "init", "-q")
    assert checked_out_commit(tmp_path) == "", "there is no commit yet"
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "one")
    first = git(tmp_path, "rev-parse", "HEAD")
    assert checked_out_commit(tmp_path) == first
    git(tmp_path, "pack-refs", "--all")
    assert checked_out_commit(tmp_path) == first
    git(tmp_path, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    git(tmp_path / "tree", "commit", "-q", "--allow-empty", "-m", "two")
    assert checked_out_commit(tmp_path / "tree") == git(tmp_path / "tree", "rev-parse", "HEAD") != first
    git(tmp_path, "checkout", "-q", "--detach")
    assert checked_out_commit(tmp_path) == first


def test_a_folder_without_a_checkout_has_none(tmp_path):
    assert checked_out_commit(tmp_path) == ""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("nonsense")
    assert checked_out_commit(tmp_path) == ""
    (tmp_path / ".git" / "HEAD").write_text(HASH)
    assert checked_out_commit(tmp_path) == HASH
