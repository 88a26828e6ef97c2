"""`[[ledger]]` in a config: the account of US antimony oxide from what Census and Comtrade answered (made figures)."""

import html
import math

import pytest
from servers.census import KEY, CensusServer
from servers.comtrade import KEY as COMTRADE_KEY, ComtradeServer
from typer.testing import CliRunner

from forecast.cli import app
from forecast.core.ledger import ledger_rows
from forecast.core.ledger_of_rows import ledger_of_rows
from forecast.core.run import Run
from forecast.core.schema import LedgerRow, rows_of
from forecast.report.ledger_sentences import sentences_of

CONFIG = """
name = "oxide"
data = "archive"
draws = 400

[[ledger]]
id = "oxide"
event = ["us_ban_2024"]
destination = "USA"
product = "antimony_oxide"
through = ["THA", "MEX"]
from = "2025-03"
to = "2025-10"
clean_from = "2021-01"
note = "Made figures."
"""
EXPORTER = {392: 60e3, 764: 100e3, 484: 40e3, 251: 30e3, 842: 900e3}


class Exporter(ComtradeServer):
    """China's exports: none to the United States from December 2024 on, far more to Thailand and Mexico."""

    def __init__(self):
        super().__init__(key=COMTRADE_KEY)
        self.sizes = dict(EXPORTER)
        self.periods = [f"{year}{month:02d}" for year in range(2021, 2026) for month in range(1, 13)]
        self.untraded = {("282580", period, 842) for period in self.periods if period >= "202412"}

    @staticmethod
    def weight(partner, period, size):
        more = {764: 400e3, 484: 150e3}.get(partner, 0.0) if period >= "202412" else 0.0
        return round((size + more) * (1 + 0.05 * math.sin(1.7 * int(period[4:]) + partner + int(period[:4]))))


@pytest.fixture(scope="module")
def fetched(tmp_path_factory):
    """An archive with the destination's imports by origin and the exporter's exports by destination."""
    place = tmp_path_factory.mktemp("fetched")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORECAST_ARCHIVE", str(place / "archive"))
        patch.setenv("CENSUS_API_KEY", KEY)
        patch.setenv("COMTRADE_API_KEY", COMTRADE_KEY)
        with CensusServer() as census, Exporter() as comtrade:
            for words in (
                ["census", "--base-url", census.address, "--hs", "2825800000", "--since", "2021-01"],
                ["comtrade", "--base-url", comtrade.address, "--hs", "282580", "--reporter", "CHN", "--flow", "export",
                 "--since", "2021-01"],
            ):  # fmt: skip
                done = CliRunner().invoke(app, ["fetch", *words])
                assert done.exit_code == 0, done.output
        yield place


@pytest.fixture(scope="module")
def run(fetched):
    (fetched / "oxide.toml").write_text(CONFIG, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORECAST_ARCHIVE", str(fetched / "archive"))
        done = CliRunner().invoke(app, ["run", str(fetched / "oxide.toml"), "--out", str(fetched / "runs"), "--workers", "1"])
    assert done.exit_code == 0, done.output
    return Run(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def account(run):
    return ledger_of_rows(rows_of(LedgerRow, run.table("ledger")))


def test_the_whole_account_is_made_of_what_was_fetched(account):
    assert account.reading == "estimated"
    assert all(entry.known for entry in account.entries)
    assert all(leg.known for leg in account.legs)
    assert set(account.closure) == {"importer", "exporter", "both records"}
    assert max(account.closure.values()) < 1e-9


def test_the_exporters_loss_is_what_it_no_longer_sends(account):
    assert account.entry("L_X").at_lower == pytest.approx(8 * 900e3, rel=0.05)


def test_both_flows_of_both_countries_rose_and_bound_what_went_through(account):
    for country in ("THA", "MEX"):
        route = account.route(country)
        assert route.found
        assert route.lower == 0.0
        assert route.upper == pytest.approx(min(route.outward.value, route.onward.value), rel=0.05)
    more = account.route("THA").outward
    assert more.value == pytest.approx(8 * 400e3, rel=0.05)
    assert (more.months_from, more.months_to) == ("2025-01", "2025-08")


def test_the_sides_add_up_at_both_bounds(account):
    at = {end: {e.symbol: getattr(e, end) for e in account.entries} for end in ("at_lower", "at_upper")}
    for one in at.values():
        assert one["L_M"] == pytest.approx(one["R"] + one["N"] + one["S"])
        assert one["L_X"] == pytest.approx(one["R"] + one["O"] + one["N"] + one["S"] + one["M"])
        assert one["L_X"] == pytest.approx(one["R"] + one["O"] + one["G"] + one["Z"])


def test_the_page_holds_the_account_its_figure_and_its_sentences(run, account):
    page = html.unescape((run.folder / "report.md").read_text("utf-8"))
    assert "## Where did it go?" in page
    assert all(sentence in page for sentence in sentences_of(account))
    assert "Made figures." in page
    assert "## What the events changed" not in page
    assert "No question of this run could be answered" not in page
    assert (run.folder / "figures" / "ledger_oxide.svg").exists()
    assert "illegal" not in page


def test_the_same_account_in_python(fetched, account):
    import forecast as fc

    archive = fc.load_archive(fetched / "archive")
    ban = fc.load_archive().events["us_ban_2024"]
    made = fc.ledger(
        archive.latest, ban, destination="USA", product="antimony_oxide", through=["THA", "MEX"], start="2025-03",
        stop="2025-10", clean_from="2021-01", draws=400, seed=1,
    )  # fmt: skip
    for symbol in ("L_X", "L_M", "S", "Z"):
        assert made.entry(symbol).at_lower == pytest.approx(account.entry(symbol).at_lower)
    assert made.route("THA").upper_limit == pytest.approx(account.route("THA").upper_limit)


def test_an_account_comes_back_from_its_rows_without_draws(account):
    again = ledger_of_rows(ledger_rows(account))
    assert sentences_of(again) == sentences_of(account)
    assert again.entry("L_X").draws_lower is None


def test_an_unannounced_measure_is_not_asked(fetched, monkeypatch):
    monkeypatch.setenv("FORECAST_ARCHIVE", str(fetched / "archive"))
    config = fetched / "early.toml"
    config.write_text('as_of = "2024-11-15"\n' + CONFIG.replace('"oxide"', '"early"', 1), "utf-8")
    done = CliRunner().invoke(app, ["check", str(config)])
    assert "not asked: us_ban_2024 not announced by 2024-11-15" in done.output


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ('through = ["THA", "USA"]', "'USA' is named twice"),
        ("own_sources = { VNM = 5.0 }", "own sources of 'VNM'"),
        ('baseline_from = "2023-01"', "the baseline has only one end"),
        ("lag_to = -1", "lag_to"),
        ('event = ["us_301_critical_minerals_2024"]', "imposed by the destination, USA, and no exporter is named"),
        ("lag_to = 12", "by way of a third country after 13 months (lag_to + lag_from)"),
        ("lag_direct = 11", "reaches USA after 11 months (lag_direct), from 2025-11 on; the months end in 2025-10"),
        ('through = ["Thailand"]', "'Thailand' is no country"),
        ('product = "antimony_oxid"', "no good is called 'antimony_oxid'"),
        ('estimator = "counterfctual"', "counterfactual"),
    ],
)
def test_a_bad_account_is_refused_with_its_place(fetched, monkeypatch, changed, problem):
    monkeypatch.setenv("FORECAST_ARCHIVE", str(fetched / "archive"))
    lines = [line for line in CONFIG.splitlines() if not line.startswith(changed.split(" =")[0])]
    config = fetched / "bad.toml"
    config.write_text("\n".join([*lines, changed]), "utf-8")
    done = CliRunner().invoke(app, ["check", str(config)])
    assert done.exit_code == 2
    assert problem in " ".join(done.output.split())
    assert "[[ledger]]" in done.output or "product" in done.output


def test_a_plan_without_third_countries_says_what_is_wanted(fetched, monkeypatch):
    monkeypatch.setenv("FORECAST_ARCHIVE", str(fetched / "archive"))
    asked = CONFIG.replace('through = ["THA", "MEX"]\n', "").replace("antimony_oxide", "germanium_unwrought")
    config = fetched / "unnamed.toml"
    config.write_text(asked, "utf-8")
    done = CliRunner().invoke(app, ["check", str(config)])
    told = " ".join(done.output.split())
    assert "it would take third countries named in `through` (the bundled table, as known on" in told


def test_two_accounts_of_one_name_are_refused(fetched, monkeypatch):
    monkeypatch.setenv("FORECAST_ARCHIVE", str(fetched / "archive"))
    config = fetched / "twice.toml"
    config.write_text(CONFIG + CONFIG[CONFIG.index("[[ledger]]") :], "utf-8")
    done = CliRunner().invoke(app, ["check", str(config)])
    assert done.exit_code == 2
    assert "'oxide' is named twice" in done.output
