"""What a contributor reads and runs: it agrees with the package, with the continuous checks, and with itself."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PAGES = [*sorted((ROOT / ".github").rglob("*.md")), *sorted((ROOT / "forecast" / "guides").glob("*.md"))]


def read(name):
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target


def test_every_contract_is_told():
    told = read(".github/CONTRIBUTING.md")
    for path in (ROOT / "tests" / "contracts").glob("test_*.py"):
        assert f"`{path.name}`" in told, path.name


def test_the_citation_is_that_of_the_package():
    cited = yaml.safe_load(read("CITATION.cff"))
    assert cited["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(cited)
    assert (cited["version"], cited["license"]) == (PROJECT["version"], PROJECT["license"])
    assert [one["name"] for one in cited["authors"]] == [one["name"] for one in PROJECT["authors"]]
    assert set(cited["keywords"]) >= set(PROJECT["keywords"])
    credited = " ".join(f"{a.get('family-names', '')}{a.get('name', '')}" for r in cited["references"] for a in r["authors"])
    assert "Zhang" in credited
    assert "US Census Bureau" in credited


def test_checks_before_a_commit_are_those_of_the_continuous_ones():
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", read(".ci/constraints.txt"), re.MULTILINE))
    hooks = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    asked = [pin for repo in hooks for hook in repo["hooks"] for pin in hook.get("additional_dependencies", ())]
    assert {pin.partition("==")[0] for pin in asked} >= {"ruff", "mypy"}
    assert [pin for pin in asked if pins[pin.partition("==")[0]] != pin.partition("==")[2]] == []
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+", repo["rev"]) for repo in hooks if repo["repo"] != "local")


def test_the_workflow_runs_the_continuous_checks_on_the_oldest_python():
    jobs = yaml.safe_load(read(".github/workflows/ci.yml"))["jobs"].values()
    oldest = PROJECT["requires-python"].removeprefix(">=")
    for script in (".ci/run", ".ci/lowest"):
        (job,) = [one for one in jobs if f"bash {script}" in [step.get("run") for step in one["steps"]]]
        assert [step["with"]["python-version"] for step in job["steps"] if "with" in step] == [oldest]


def test_moves_that_blame_skips_say_what_they_are():
    lines = read(".git-blame-ignore-revs").splitlines()
    hashes = [i for i, line in enumerate(lines) if not line.startswith("#")]
    assert len(hashes) >= 2
    for i in hashes:
        assert re.fullmatch(r"[0-9a-f]{40}", lines[i])
        assert lines[i - 1].startswith("# ")


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "forecast" / "py.typed").exists()
    assert "Typing :: Typed" in PROJECT["classifiers"]


def test_issue_forms_have_a_name_and_a_purpose():
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.md"))
    assert [form.stem for form in forms] == ["bug", "data", "method"]
    for form in forms:
        head = yaml.safe_load(form.read_text("utf-8").split("---")[1])
        assert head["name"]
        assert head["about"]
    assert "Science note" in read(".github/PULL_REQUEST_TEMPLATE.md")
