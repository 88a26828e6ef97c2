"""Experiments: what is committed is what a fresh run gives, and every numbered folder says what was learned."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast.core.archive import bundled_archive
from forecast.study.claims import check_all

HOME = Path(__file__).parents[1] / "experiments"
NUMBERED = sorted(p for p in HOME.iterdir() if re.match(r"\d{3}_", p.name) and any(p.iterdir()))


def module(path):
    spec = importlib.util.spec_from_file_location("experiment", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_claims_table_is_a_fresh_run():
    run = module(HOME / "001_claims" / "run.py")
    assert run.as_csv(check_all(bundled_archive().latest)) == (HOME / "001_claims" / "results.csv").read_text("utf-8")


@pytest.mark.parametrize("folder", NUMBERED, ids=lambda p: p.name)
def test_a_numbered_folder_has_its_page_and_stands_in_the_index(folder):
    page = folder / "README.md"
    assert page.exists(), folder.name
    assert page.read_text("utf-8").startswith("# ")
    assert f"{folder.name}/" in (HOME / "README.md").read_text("utf-8")


def test_the_page_of_the_claims_names_every_claim_and_its_verdict():
    page = (HOME / "001_claims" / "README.md").read_text("utf-8")
    for one in check_all(bundled_archive().latest):
        assert re.search(rf"\| `{one.claim.id}` \|[^\n]*\| {re.escape(one.verdict)} \|", page), one.claim.id


@pytest.mark.slow
def test_the_studies_table_is_a_fresh_run(tmp_path):
    """Verdicts to the letter, figures to a hundredth: the draws of a median may differ in the last digits between systems."""
    run = module(HOME / "006_studies" / "run.py")
    configs = sorted((HOME / "006_studies").glob("*.toml"))
    (tmp_path / "fresh.csv").write_text(
        run.as_csv(pd.concat([run.answers(config, str(tmp_path), 2) for config in configs], ignore_index=True)), "utf-8"
    )
    fresh, kept = (pd.read_csv(path) for path in (tmp_path / "fresh.csv", HOME / "006_studies" / "results.csv"))
    words = ["study", "id", "estimator", "what", "value", "verdict", "reading"]
    assert fresh[words].fillna("").astype(str).equals(kept[words].fillna("").astype(str))
    for name in ("estimate", "lo80", "hi80", "desc_estimate", "observed_total"):
        np.testing.assert_allclose(fresh[name], kept[name], rtol=0.01, atol=0.01, err_msg=name)
