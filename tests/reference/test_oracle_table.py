"""The table of published interventions: complete, within tolerance, and what a fresh run gives where the data are at hand."""

import csv
import importlib.util
import re
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2] / "experiments" / "004_oracles"
IDS = {
    *(f"OZ{i}" for i in range(1, 7)), *(f"SB{i}" for i in range(1, 10)), *(f"NI{i}" for i in range(1, 4)),
    *(f"AM{i}" for i in range(1, 5)), *(f"AP{i}" for i in range(1, 4)), *(f"P99{c}" for c in "abcdefghijk"),
    *(f"DE{i}" for i in range(1, 5)), "RI1", "RI2", "CI1", "CI2", "CI3", "CI5", "MB1", "GS1", "KS1", "SP1",
    "FS1", "BC1",
}  # fmt: skip
OURS = IDS - {"P99f", "DE3", "MB1", "GS1", "KS1", "SP1", "BC1"}


@pytest.fixture(scope="module")
def committed():
    return list(csv.DictReader((HOME / "results.csv").read_text("utf-8").splitlines()))


def test_every_oracle_has_its_rows(committed):
    assert {row["id"] for row in committed} == IDS
    assert {row["id"] for row in committed if row["within"] == "yes"} == OURS


def test_the_same_estimator_is_within_its_tolerance_and_another_says_why(committed):
    for row in committed:
        if row["id"] in OURS:
            assert abs(float(row["ours"]) - float(row["published"])) <= float(row["tolerance"]) * (1 + 1e-4), row
        else:
            assert row["within"] in ("another estimator", "not computed")
            assert len(row["note"]) > 20, row
        assert row["source"]


def test_the_page_counts_its_rows(committed):
    page = (HOME / "README.md").read_text("utf-8")
    same, others, none = (
        sum(row["within"] == word for row in committed) for word in ("yes", "another estimator", "not computed")
    )
    assert f"{same} of {same} rows of the same estimator" in page
    assert f"{others} rows stand beside another estimator, {none} are not computed" in re.sub(r"\s+", " ", page)


def test_a_fresh_run_of_what_comes_with_packages_gives_the_same(committed):
    spec = importlib.util.spec_from_file_location("oracles_run", HOME / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made, skipped = module.rows(None, ("nile", "passengers", "elsewhere", "miles"))
    assert skipped == ["miles: no TSA/airmiles.rda (no folder given)"]
    assert {row.id for row in made} == {"NI1", "NI2", "NI3", "AP1", "AP2", "AP3", "GS1", "KS1", "BC1"}
    wanted = {(row["id"], row["model"], row["quantity"]): row for row in committed}
    for row in made:
        there = wanted[row.id, row.model, row.quantity]
        assert row.within == there["within"]
        if there["ours"]:
            assert row.ours == pytest.approx(float(there["ours"]), rel=1e-4, abs=1e-6)
