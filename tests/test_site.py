"""The documentation site: built strictly from the guides, executed, complete, and read without a network."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import forecast as fc

for needed in ("sphinx", "myst_nb", "numpydoc", "pydata_sphinx_theme"):
    pytest.importorskip(needed, reason='the site needs pip install "forecast[site]"')

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[1]
GUIDES = ROOT / "forecast" / "guides"
FETCHED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    places = ["-c", ".site", "-d", f"{out}-cells", "forecast/guides", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", *places],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out


class Tags(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def pages(site):
    return {path.relative_to(site).as_posix(): path.read_text("utf-8") for path in sorted(site.rglob("*.html"))}


def fetched(text):
    """What a page makes a browser fetch from elsewhere."""
    asked = [attrs.get(FETCHED[tag]) or "" for tag, attrs in Tags(text).found if tag in FETCHED]
    return [address for address in asked if re.match(r"(https?:)?//", address)]


def test_every_guide_is_a_page(site):
    guides = {path.relative_to(GUIDES).with_suffix(".html").as_posix() for path in GUIDES.rglob("*.md")}
    assert {guide for guide in guides if not guide.startswith("starter/")} <= set(pages(site))


def test_nothing_is_fetched_from_a_network(site):
    assert {name: fetched(text) for name, text in pages(site).items() if fetched(text)} == {}
    for style in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", style.read_text("utf-8")), style
    assert fetched('<script src="https://cdn.example/x.js"></script><img src="a.png">') == ["https://cdn.example/x.js"]


def test_every_public_name_is_documented(site):
    from sphinx.util.inventory import InventoryFile

    with (site / "objects.inv").open("rb") as file:
        known = InventoryFile.load(file, "", lambda _, path: path)
    objects = {name for kind, found in known.items() if kind.startswith("py:") for name in found}
    lacking = [name for name in fc.__all__ if f"forecast.{name}" not in objects and name not in ("__version__", "plot")]
    assert lacking == []
    assert {f"forecast.plots.plot.{name}" for name in ("forecast", "effect", "scenarios", "backtest", "news")} <= objects


def test_cells_were_executed_and_pictures_have_words(site):
    drawn = 0
    for name, text in pages(site).items():
        guide = GUIDES / name.replace(".html", ".md")
        if guide.exists() and re.search(r"^```python\n", guide.read_text("utf-8"), re.MULTILINE):
            assert "cell_output" in text, name
        images = [attrs for tag, attrs in Tags(text).found if tag == "img"]
        assert [one for one in images if len(one.get("alt", "")) < 30] == [], name
        drawn += len(images)
    assert drawn > 15


def test_every_verdict_is_shown(site):
    from forecast.core.judgement import VERDICTS

    shown = pages(site)["verdicts.html"]
    assert [word for word in VERDICTS if f">{word.capitalize()}<" not in shown] == []


def test_the_search_knows_the_pages(site):
    index = (site / "searchindex.js").read_text("utf-8")
    for term in ("antimoni", "backtest", "nowcast"):
        assert term in index
