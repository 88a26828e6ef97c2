"""Anything changed in what was filed is recognised and named: bytes, files, names, folders, follow-ups."""

import json
import shutil

import pytest
from filed_table import CONFIG
from typer.testing import CliRunner

import forecast as fc
from forecast.cli import app
from forecast.core import filed_seal, follow_chain, manifest, output_files
from forecast.core.errors import ConfigError, DataError
from forecast.core.filed_run import FiledRun

FILES = ["config.toml", "draws.parquet", "filed.json", "forecasts.csv", "manifest.json"]


FIRST, SECOND = ("2024-12", 120.0, "2025-01-20"), ("2025-01", 90.0, "2025-03-20")


def follow_by_command(filed, *options):
    table = filed.folder.parents[1] / "small" / "own.csv"
    return CliRunner().invoke(app, ["follow", str(filed.folder), "--data", str(table), *options])


@pytest.fixture
def followed(filed, follow):
    """A filed run with two follow-ups, and their files after that of the page drawn on filing."""
    follow("2025-02-01", FIRST)
    follow("2025-03-25", FIRST, SECOND)
    return filed, [path for path in sorted((filed.folder / "follow").glob("*.json")) if "2025-01-10" not in path.name]


def rewrite(path, change):
    """A follow-up with other content, under the name that its hash demands."""
    record = json.loads(path.read_text("utf-8"))
    change(record)
    path.unlink()
    digest = output_files.sha256(follow_chain.text_of(record).encode())
    new = path.with_name(f"{record['as_of']}-{digest[:12]}.json")
    new.write_text(follow_chain.text_of(record), "utf-8")
    return new


def test_the_files_are_all_that_is_filed(filed):
    assert sorted(path.name for path in filed.folder.iterdir() if path.is_file()) == FILES
    assert filed.changes() == {}
    assert filed.folder.name.endswith(filed.root[: filed_seal.SHOWN])


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("at", [0, 0.3, 0.7, -1])
def test_a_mutated_byte_is_recognised(filed, name, at):
    path = filed.folder / name
    data = bytearray(path.read_bytes())
    position = at if isinstance(at, int) else int(at * len(data))
    data[position] ^= 1
    path.write_bytes(data)
    assert list(filed.changes()) == [name]
    with pytest.raises(DataError, match=rf"{name} is not what was filed"):
        fc.follow(filed.folder, "bundled")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone_is_named(filed, name):
    (filed.folder / name).unlink()
    assert filed.changes() == {name: "it is not there"}
    done = follow_by_command(filed)
    assert (done.exit_code, f"{name} is not what was" in done.output) == (1, True), done.output


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "sub/forecasts.csv", "x.part", "filed.json.changed"])
def test_a_file_that_was_added_is_named(filed, name):
    (filed.folder / name).parent.mkdir(exist_ok=True)
    (filed.folder / name).write_text("x", "utf-8")
    assert filed.changes() == {name: "it was not filed"}


@pytest.mark.parametrize("name", FILES[:-1])
def test_a_file_that_was_renamed_is_told(filed, name):
    (filed.folder / name).rename(filed.folder / "other.txt")
    assert filed.changes() == {name: "it is not there", "other.txt": f"it was not filed; it is {name} under another name"}


def test_a_link_in_the_place_of_a_file_is_recognised(filed, tmp_path):
    path = filed.folder / "forecasts.csv"
    path.rename(tmp_path / "elsewhere.csv")
    path.symlink_to(tmp_path / "elsewhere.csv")
    assert filed.changes() == {"forecasts.csv": "a link stands in its place"}


def test_two_files_that_change_places_are_both_named(filed):
    one, other = filed.folder / "forecasts.csv", filed.folder / "config.toml"
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    assert list(filed.changes()) == ["config.toml", "forecasts.csv"]


def test_two_runs_that_change_places_are_recognised(filed, write, tmp_path):
    other = fc.file(write(CONFIG.replace("seed = 3", "seed = 4"), name="other.toml"), out=tmp_path / "runs")
    one_place, other_place = filed.folder, other.folder
    one_place.rename(tmp_path / "passing")
    other_place.rename(one_place)
    (tmp_path / "passing").rename(other_place)
    for place in (one_place, other_place):
        assert "the folder is called" in FiledRun(place).changes()["manifest.json"]


def test_a_folder_under_another_name_is_told_to_be_renamed(filed, tmp_path):
    """No file of it is said to be another, by the command and by `fc.follow`."""
    root, digits = filed.root, filed.root[:12]
    other = filed.folder.rename(tmp_path / "runs" / "my filing")
    assert list(FiledRun(other).changes()) == [filed_seal.FOLDER]
    for options in ([], ["--root", root]):
        done = CliRunner().invoke(app, ["verify", str(other), *options])
        assert done.exit_code == 1
        assert done.output.startswith(
            f"the folder was renamed: its name ended with -{digits}, and is now my filing; every file"
        )
        assert "is not what was" not in done.output
    with pytest.raises(DataError, match=f"the folder was renamed: its name ended with -{digits}"):
        fc.follow(other, "bundled")
    (other / "forecasts.csv").write_text("", "utf-8")
    assert list(FiledRun(other).changes()) == [filed_seal.FOLDER, "forecasts.csv"]
    output = CliRunner().invoke(app, ["verify", str(other)]).output
    assert "every file" not in output
    assert "forecasts.csv is not what was written" in output


def test_only_the_root_hash_tells_a_name_of_another_hash_from_a_manifest_made_anew(filed):
    root, other = filed.root, filed.folder.with_name("small-filed-2025-01-10-0123456789ab")
    filed.folder.rename(other)
    assert "or it is the folder that was renamed" in FiledRun(other).changes()["manifest.json"]
    assert list(FiledRun(other).changes(root)) == [filed_seal.FOLDER]
    assert list(FiledRun(other).changes("9" * 64)) == ["manifest.json"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_run_is_recognised(filed, write, tmp_path, name):
    other = fc.file(write(CONFIG.replace("seed = 3", "seed = 4"), name="other.toml"), out=tmp_path / "runs")
    assert (other.folder / name).read_bytes() != (filed.folder / name).read_bytes()
    shutil.copy(other.folder / name, filed.folder / name)
    assert list(filed.changes()) == [name]


def test_a_whole_forgery_is_told_by_the_published_root(filed, tmp_path):
    published = filed.root
    text = (filed.folder / "filed.json").read_text("utf-8").replace('"above": 200.0', '"above": 100.0')
    (filed.folder / "filed.json").write_text(text, "utf-8")
    manifest.seal(filed.folder, [name for name in FILES if name != manifest.NAME])
    forged = filed.folder.with_name(f"small-filed-2025-01-10-{output_files.sha256(filed.folder / manifest.NAME)[:12]}")
    filed.folder.rename(forged)
    shutil.rmtree(forged / "follow")  # what was drawn on filing names the root
    assert FiledRun(forged).changes() == {}  # every hash agrees with every other
    assert "was filed" in FiledRun(forged).changes(published)["manifest.json"]
    assert FiledRun(forged).changes(filed_seal.root_of(forged)[:7])  # so few digits show nothing, though they agree
    grouped = f"{filed_seal.root_of(forged)[:16]} {filed_seal.root_of(forged)[16:32].upper()}"
    assert FiledRun(forged).changes(grouped) == {}  # as a page prints it
    with pytest.raises(DataError, match=r"manifest\.json is not what was filed"):
        fc.follow(forged, "bundled", root=published[:16])


def test_the_command_names_what_changed_and_exits_with_1(filed):
    done = follow_by_command(filed, "--root", filed.root[:10])
    assert done.exit_code == 0, done.output
    assert filed.root in done.output
    assert done.output.splitlines()[-1].endswith("report.html")
    before = sorted((filed.folder / "follow").iterdir())
    (filed.folder / "forecasts.csv").write_text("model\n", "utf-8")
    done = follow_by_command(filed)
    assert done.exit_code == 1
    assert "forecasts.csv is not what was filed" in done.output.replace("written", "filed")
    assert sorted((filed.folder / "follow").iterdir()) == before
    assert CliRunner().invoke(app, ["verify", str(filed.folder)]).exit_code == 1


def test_verify_knows_filed_runs(filed):
    done = CliRunner().invoke(app, ["verify", str(filed.folder)])
    assert (done.exit_code, done.output.splitlines()[0]) == (0, "verified: every file of the run is as it was written")
    assert f"root hash {filed.root}, no follow-up" in done.output


def test_a_follow_up_that_was_changed_or_removed_is_recognised(followed):
    filed, (first, second) = followed
    text = first.read_text("utf-8")
    first.write_text(text.replace('"figure": 120.0', '"figure": 121.0'), "utf-8")
    assert filed.changes() == {f"follow/{first.name}": "its bytes are not those of its name"}
    first.unlink()
    assert filed.changes() == {f"follow/{first.name}": "it is not there"}
    first.write_text(text, "utf-8")
    assert filed.changes() == {}
    record = json.loads(text) | {"root": "0" * 64}
    second.unlink()
    first.unlink()
    filed.append(record)
    assert "of another filed run" in next(iter(filed.changes().values()))


def test_a_follow_up_under_another_day_is_recognised(followed):
    filed, (first, _) = followed
    first.rename(first.with_name(first.name.replace("2025-02-01", "2025-02-02")))
    assert "its bytes are not those of its name" in filed.changes().values()


def test_a_follow_up_that_was_rewritten_and_renamed_by_its_own_hash_is_recognised(followed):
    filed, (first, second) = followed
    kept = filed.folder.with_name("kept")
    shutil.copytree(filed.folder, kept)
    rewrite(first, lambda record: record["scored"][0].update(figure=1.0))
    assert filed.changes() == {f"follow/{first.name}": "it is not there"}
    shutil.rmtree(filed.folder)
    kept.rename(filed.folder)
    new = rewrite(second, lambda record: record["claims"][0].update(state="failed"))
    assert filed.changes() == {f"follow/{new.name}": "it does not say what follow/report.md was drawn from"}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_follow_ups_that_were_removed_are_told_by_their_page(followed, number):
    filed, _ = followed
    for path in sorted((filed.folder / "follow").glob("*.json"))[-number:]:
        path.unlink()
    assert {"follow/report.html", "follow/report.md"} <= set(filed.changes())
    with pytest.raises(DataError, match="is not what was filed"):
        fc.follow(filed.folder)


@pytest.mark.parametrize("when", ["on filing", "later"])
@pytest.mark.parametrize("name", ["report.html", "report.md", "figures/filed.svg"])
def test_a_page_that_was_altered_is_named_and_drawn_anew_once_it_is_deleted(filed, follow, when, name):
    if when == "later":
        follow("2025-02-01", FIRST)
    path = filed.folder / "follow" / name
    path.write_text(path.read_text("utf-8") + " ", "utf-8")
    (change,) = filed.changes().items()
    assert change == (f"follow/{name}", f"it is not what the last follow-up drew ({follow_chain.AGAIN})")
    path.unlink()
    assert filed.changes() == {}
    follow("2025-02-01", FIRST)
    assert path.is_file()
    assert filed.changes() == {}


@pytest.mark.parametrize("name", ["x.txt", "sub/y.json", ".hidden", "figures/other.png", "report.pdf"])
def test_a_file_that_no_follow_up_added_is_named(followed, name):
    filed, _ = followed
    (filed.folder / "follow" / name).parent.mkdir(exist_ok=True)
    (filed.folder / "follow" / name).write_text("{}", "utf-8")
    assert filed.changes() == {f"follow/{name}": "no follow-up added it"}


def test_links_among_the_follow_ups_are_named(followed, tmp_path):
    filed, (first, _) = followed
    first.rename(tmp_path / "elsewhere.json")
    first.symlink_to(tmp_path / "elsewhere.json")
    assert filed.changes() == {f"follow/{first.name}": "a link stands in its place"}
    (filed.folder / "follow").rename(tmp_path / "follow")
    (filed.folder / "follow").symlink_to(tmp_path / "follow")
    assert filed.changes() == {"follow": "a link stands in its place"}


def test_the_last_follow_up_removed_with_its_page_is_told_by_the_hash_that_was_printed(followed):
    filed, (_, second) = followed
    kept = filed.last_follow_up
    assert kept == output_files.sha256(second)
    done = CliRunner().invoke(app, ["verify", str(filed.folder), "--root", filed.root, "--last", kept[:16]])
    assert done.exit_code == 0, done.output
    assert f"last follow-up {kept}: keep it" in done.output
    second.unlink()
    shutil.rmtree(filed.folder / "follow" / "figures")
    for path in (filed.folder / "follow").glob("report.*"):
        path.unlink()
    assert filed.changes() == {}  # nothing in the folder shows it
    assert filed.changes(last=kept) == {"follow": f"no follow-up has the hash {kept}"}
    done = CliRunner().invoke(app, ["verify", str(filed.folder), "--last", kept])
    assert (done.exit_code, "no follow-up has the hash" in done.output) == (1, True), done.output


def test_a_hash_kept_earlier_is_still_in_the_chain(filed, follow):
    first = follow("2025-02-01", FIRST)
    assert f"last follow-up {filed.last_follow_up}: keep it" in str(first)
    kept = filed.last_follow_up
    follow("2025-03-25", FIRST, SECOND)
    assert kept != filed.last_follow_up
    assert filed.changes(last=kept) == {}
    assert json.loads(max((filed.folder / "follow").glob("2025-03*.json")).read_text("utf-8"))["before_hash"] == kept


@pytest.mark.parametrize("blank", ["", "   ", "\t"])
def test_a_blank_hash_is_an_error_and_no_pass(filed, blank):
    done = follow_by_command(filed, "--root", blank)
    assert (done.exit_code, "the hash given as root is blank" in done.output) == (2, True), done.output
    for option in ("--root", "--last"):
        done = CliRunner().invoke(app, ["verify", str(filed.folder), option, blank])
        assert (done.exit_code, "is blank" in done.output) == (2, True), done.output
    with pytest.raises(ConfigError, match="is blank"):
        fc.follow(filed.folder, "bundled", root=blank)


def test_filing_again_on_the_day_leaves_the_page_of_a_follow_up(write, filed, follow, tmp_path):
    follow("2025-01-10")
    page = (filed.folder / "follow" / "report.md").read_bytes()
    assert fc.file(write(), out=tmp_path / "runs").folder == filed.folder
    assert (filed.folder / "follow" / "report.md").read_bytes() == page
    assert filed.changes() == {}


def test_a_short_part_of_the_root_hash_is_told_to_be_one(filed):
    whole, part = (
        CliRunner().invoke(app, ["verify", str(filed.folder), "--root", root]).stdout for root in (filed.root, filed.root[:8])
    )
    assert "compared: 8 of the 64 digits of the root hash" in part
    assert "compared" not in whole
