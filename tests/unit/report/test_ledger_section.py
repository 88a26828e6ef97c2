"""The chapter on ledgers, of the bundled figures: what is known of US antimony oxide, and no more."""

import pytest

import forecast as fc
from forecast.report.ledger_sentences import RANGE

CONFIG = """
name = "oxide"
as_of = "2026-09-08"
[[ledger]]
id = "oxide"
event = "us_ban_2024"
destination = "USA"
product = "antimony_oxide"
through = ["THA", "MEX"]
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    place = tmp_path_factory.mktemp("oxide")
    (place / "oxide.toml").write_text(CONFIG, "utf-8")
    text = (fc.run(place / "oxide.toml", place / "runs").folder / "report.md").read_text("utf-8")
    return " ".join(text[text.index("## Where did it go?") :].replace("\u00a0", " ").split())


def test_all_imports_rose_so_no_shortage_is_shown(page):
    assert "were 24,000 t Sb content in 2024 and 39,000 t Sb content (an estimate, provisional) in 2025" in page
    assert "they rose by 15,000 t Sb content, and show no shortage" in page


def test_the_press_figure_is_told_as_content_beside_the_total_of_other_months(page):
    assert "Thailand and Mexico together sent 3,834 t in Dec 2024–Apr 2025" in page
    assert "That is 3,203 t Sb, 8.2 % of the total of 2025, which holds other months" in page
    assert "no rise of either can be computed" in page


def test_mexico_is_known_in_dollars_alone(page):
    assert "Mexico: its value in USD is known, its weight is not" in page


def test_nothing_is_called_zero_and_nothing_illegal(page):
    assert "| no data |" in page
    assert "illegal" not in page
    assert RANGE.lower() not in page.lower()


def test_two_accounts_of_one_flow_have_headings_of_their_own(tmp_path):
    again = CONFIG[CONFIG.index("[[ledger]]") :].replace('id = "oxide"', 'id = "by Thailand"').replace(', "MEX"', "")
    (tmp_path / "two.toml").write_text(CONFIG + again, "utf-8")
    text = (fc.run(tmp_path / "two.toml", tmp_path / "runs").folder / "report.md").read_text("utf-8")
    heads = [line for line in text.splitlines() if line.startswith("### Antimony oxides, China to US")]
    assert [head.rpartition(" (")[2] for head in heads] == ["oxide)", "by Thailand)"]


def test_an_own_run_says_nothing_of_the_bundled_totals(tmp_path):
    flows = ("USA.import.CHN.antimony_oxide", "USA.import.WLD.antimony_oxide")
    rows = [f"{flow},{year}-{month:02d},{1000 + month}" for flow in flows
            for year in range(2019, 2026) for month in range(1, 13)]  # fmt: skip
    (tmp_path / "own.csv").write_text("series,period,value\n" + "\n".join(rows) + "\n", "utf-8")
    own = CONFIG.replace(
        'as_of = "2026-09-08"', 'data = { use = "csv", path = "own.csv", series = "series", unit = "kg" }\ncalendar = "bundled"'
    )
    (tmp_path / "own.toml").write_text(own, "utf-8")
    text = (fc.run(tmp_path / "own.toml", tmp_path / "runs").folder / "report.md").read_text("utf-8")
    assert "## Where did it go?" in text
    assert "USGS" not in text
    assert "3,834" not in text
