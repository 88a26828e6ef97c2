"""A finished run folder, opened for reading."""

import copy
import json
import pickle

import pandas as pd
import pytest

from forecast.core.errors import DataError
from forecast.core.run import SCHEMA_VERSION, TABLES, Run


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "run.json").write_text(json.dumps({"schema_version": SCHEMA_VERSION, "config": {"name": "quick"}}))
    (tmp_path / "findings.json").write_text(json.dumps([{"topic": "gap", "text": "none"}]))
    pd.DataFrame({"job": ["a"]}).to_parquet(tmp_path / "effects.parquet")
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
    with pytest.raises(AttributeError):
        Run(folder).nonsense  # noqa: B018


def test_an_unfinished_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="not a finished run folder"):
        Run(tmp_path)


def test_a_newer_schema_is_refused(folder):
    (folder / "run.json").write_text(json.dumps({"schema_version": SCHEMA_VERSION + 1}))
    with pytest.raises(DataError, match="written with schema"):
        Run(folder)


def test_a_run_can_be_copied(folder):
    assert copy.copy(Run(folder)) == pickle.loads(pickle.dumps(Run(folder))) == Run(folder)


def test_the_tables_of_the_interface_are_named():
    assert {"forecasts", "scores", "effects", "paths", "placebos", "gates", "observations", "comparisons", "failures"} <= set(
        TABLES
    )
