"""A finished run folder, opened for reading."""

import copy
import json
import pickle

import pandas as pd
import pytest

from forecast.core import manifest
from forecast.core.errors import DataError
from forecast.core.run import RUN_KEYS, Run
from forecast.core.schema import SCHEMA_VERSION, TABLES


@pytest.fixture
def folder(tmp_path):
    kinds = {name: kind() for name, kind in RUN_KEYS.items()}
    (tmp_path / "run.json").write_text(json.dumps(kinds | {"schema_version": SCHEMA_VERSION, "config": {"name": "quick"}}))
    (tmp_path / "findings.json").write_text(json.dumps([{"topic": "gap", "text": "none"}]))
    pd.DataFrame({"job": ["a"], "estimator": ["b"], "event": ["c"]}).to_parquet(tmp_path / "effects.parquet")
    return tmp_path


def test_tables_are_attributes(folder):
    run = Run(folder)
    assert run.effects["job"].tolist() == ["a"]
    assert run.table("effects").equals(run.effects)
    assert run.info["config"]["name"] == "quick"
    assert run.findings[0]["topic"] == "gap"


def test_a_table_that_is_not_there(folder):
    with pytest.raises(DataError, match="the run has no table 'scores'") as error:
        Run(folder).scores  # noqa: B018
    assert "effects" in error.value.hint
    assert "scores" not in error.value.hint
    with pytest.raises(AttributeError):
        Run(folder).nonsense  # noqa: B018


def test_an_unfinished_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="not a finished run folder"):
        Run(tmp_path)


def test_a_newer_schema_is_refused(folder):
    (folder / "run.json").write_text(json.dumps({"schema_version": SCHEMA_VERSION + 1}), "utf-8")
    with pytest.raises(DataError, match="written with schema"):
        Run(folder)


def test_a_run_can_be_copied(folder):
    assert copy.copy(Run(folder)) == pickle.loads(pickle.dumps(Run(folder))) == Run(folder)


def test_the_tables_of_the_interface_are_named():
    assert {"forecasts", "scores", "effects", "paths", "placebos", "gates", "observations", "comparisons", "failures"} <= set(
        TABLES
    )


def test_a_sealed_run_reads_what_was_written_or_nothing(folder):
    assert not Run(folder).verified
    manifest.seal(folder)
    run = Run(folder)
    assert run.verified
    assert run.effects["job"].tolist() == ["a"]
    data = (folder / "effects.parquet").read_bytes()
    for place in range(0, len(data), max(1, len(data) // 60)):
        flipped = bytes([*data[:place], data[place] ^ 4, *data[place + 1 :]])
        (folder / "effects.parquet").write_bytes(flipped)
        with pytest.raises(DataError, match=r"effects\.parquet is not what was written: its bytes are others"):
            run.effects  # noqa: B018
    (folder / "effects.parquet").write_bytes(data[:-1])
    with pytest.raises(DataError, match="bytes where"):
        run.check()
    (folder / "effects.parquet").unlink()
    assert manifest.differences(folder) == {"effects.parquet": "it is not there"}


def test_pages_drawn_again_are_sealed_alone(folder):
    manifest.seal(folder)
    (folder / "report.md").write_text("page")
    (folder / "findings.json").write_text("[]")
    manifest.seal(folder, ["report.md"])
    assert list(manifest.differences(folder)) == ["findings.json"]
    (folder / "report.md").write_text("pages")
    assert list(manifest.differences(folder)) == ["findings.json", "report.md"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": []}', '{"files": {"a": 1}}', "[" * 100_000])
def test_an_odd_manifest_vouches_for_nothing(folder, text):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(DataError, match="manifest cannot be read"):
        Run(folder)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"schema_version": 1}', '{"schema_version": 1, "as_of": null}', "\ud800"])
def test_an_odd_run_json_is_reported(folder, text):
    (folder / "run.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(DataError):
        Run(folder)


@pytest.mark.parametrize("text", ["null", "{}", '["a"]', "[" * 100_000])
def test_odd_findings_are_reported(folder, text):
    (folder / "findings.json").write_text(text)
    with pytest.raises(DataError, match=r"findings\.json"):
        Run(folder).findings  # noqa: B018


def test_verify_says_which_file_is_not_what_was_written(folder):
    from typer.testing import CliRunner

    from forecast.cli import app

    def verify():
        made = CliRunner().invoke(app, ["verify", str(folder)])
        return made.exit_code, made.output

    assert verify()[0] == 1
    assert "unverified" in verify()[1]
    manifest.seal(folder)
    assert verify()[0] == 0
    assert "verified: every file" in verify()[1]
    (folder / "findings.json").write_text("[]")
    (folder / "effects.parquet").unlink()
    code, said = verify()
    assert code == 1
    assert "findings.json is not what was written" in said
    assert "effects.parquet is not what was written: it is not there" in said
