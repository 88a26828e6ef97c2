"""What is filed: months that no one can know yet, forecasts that `forecast run` makes too, claims with their rule."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from filed_table import CONFIG, DAY, SERIES, history, later, release
from typer.testing import CliRunner

import forecast as fc
from forecast.cli import app
from forecast.core import filed_seal
from forecast.core.errors import ConfigError, DataError
from forecast.core.filed_run import FiledRun
from forecast.jobs import filed_months, filing
from forecast.jobs.config import Config


def months_of(filed):
    return [one["month"] for question in filed.info["questions"] for one in question["months"]]


def test_only_months_that_come_out_after_the_day_are_filed(filed):
    # eight months after September 2024 begin in October; October and November are out, until = May 2025
    assert months_of(filed) == list(fc.months("2024-12", "2025-05"))
    assert all(one["due"] > str(DAY) for one in filed.info["questions"][0]["months"])


@pytest.mark.parametrize(("day", "first"), [("2024-12-19", "2024-11"), ("2024-12-20", "2024-12"), ("2025-01-20", "2025-01")])
def test_a_month_released_on_the_day_itself_is_left_out(write, clock, tmp_path, day, first):
    clock(dt.date.fromisoformat(day))
    plain = CONFIG.partition("[[filed.claims]]")[0]
    assert months_of(fc.file(write(plain), out=tmp_path / "runs"))[0] == first


def test_a_figure_that_the_data_hold_already_is_not_filed(write, tmp_path):
    early = later(*[(month, 100.0, "2025-01-08") for month in fc.months("2024-10", "2024-12")])
    plain = CONFIG.partition("[[filed.claims]]")[0]
    assert months_of(fc.file(write(plain, early), out=tmp_path / "runs"))[0] == "2025-01"


def test_a_figure_known_on_the_day_is_not_filed_by_a_config_that_stands_earlier(write, tmp_path):
    came = later(("2024-10", 100.0, "2024-11-20"), ("2024-11", 100.0, "2024-12-20"), ("2024-12", 100.0, "2025-01-08"))
    plain = 'as_of = "2024-12-31"\n' + CONFIG.partition("[[filed.claims]]")[0]
    filed = fc.file(write(plain, came), out=tmp_path / "runs")
    assert filed.info["questions"][0]["last_known"] == "2024-11"
    assert months_of(filed)[0] == "2025-01"


PLAIN = CONFIG.partition("[[filed.claims]]")[0]


def test_nothing_that_comes_out_later_changes_what_is_filed(write, tmp_path):
    grown = later(*[(month, 9000.0, "2025-04-20") for month in fc.months("2024-10", "2025-02")])
    one, other = (fc.file(write(PLAIN, table), out=tmp_path / f"runs{i}") for i, table in enumerate((history(), grown)))
    assert other.info["as_of"] == str(DAY)  # the table's last release lies after the day
    asked = list(fc.months("2025-03", "2025-05"))
    pd.testing.assert_frame_equal(one.draws("drift", SERIES)[asked], other.draws("drift", SERIES))


@pytest.mark.parametrize("options", ['released = "released"', "lag_days = 120"])
@pytest.mark.parametrize("held", ["2024-12", "2025-03", "2025-01/2025-02"])
def test_a_month_whose_figure_is_in_the_table_read_is_never_filed(write, tmp_path, options, held):
    """Whoever files can look at it, whatever day of release stands beside it."""
    rows = [(month, 100.0, release(month)) for month in fc.months("2024-10", "2024-11")] + [(held, 130.0, "2025-05-30")]
    config = PLAIN.replace('released = "released"', options)
    table = later(*rows) if "released =" in options else later(*rows).drop(columns="released")
    first = months_of(fc.file(write(config, table), out=tmp_path / "runs"))[0]
    assert first == str(pd.Period(held.rpartition("/")[2], "M") + 1)
    with pytest.raises(ConfigError, match="in the data, or not asked"):
        fc.file(
            write(CONFIG.replace('= "2025-03"', '= "2025-02"'), later(("2025-02", 130.0, "2025-05-30"))), out=tmp_path / "runs"
        )


def test_a_config_whose_months_are_all_in_the_table_is_refused(write, tmp_path):
    table = later(*[(month, 100.0, "2025-07-20") for month in fc.months("2024-10", "2025-05")])
    with pytest.raises(ConfigError, match="or has its figure in the data"):
        fc.file(write(PLAIN, table), out=tmp_path / "runs")


def test_a_missing_figure_in_the_table_is_no_figure(write, tmp_path):
    assert months_of(fc.file(write(PLAIN, later(("2024-12", np.nan, "2025-01-20"))), out=tmp_path / "runs"))[0] == "2024-12"


@pytest.mark.parametrize(("unit", "hint"), [("furlong", "try: one of"), ("tt", "try: 't'"), ("USD", "try: one of")])
def test_a_unit_of_a_claim_that_cannot_be_is_answered_by_units_that_can(write, tmp_path, unit, hint):
    with pytest.raises(ConfigError, match=rf"a bound on {SERIES}, in kg, cannot be given in '{unit}'") as caught:
        fc.file(write(CONFIG.replace('unit = "t"', f'unit = "{unit}"')), out=tmp_path / "runs")
    assert hint in str(caught.value)
    assert f"one of {unit}" not in str(caught.value)


def test_a_config_that_stands_on_a_later_day_is_refused(write, tmp_path):
    with pytest.raises(ConfigError, match="after this day"):
        fc.file(write('as_of = "2025-02-01"\n' + CONFIG), out=tmp_path / "runs")


def test_a_config_whose_months_are_all_out_is_refused(write, clock, tmp_path):
    clock(dt.date(2026, 6, 1))
    with pytest.raises(ConfigError, match=r"was released by 2026-06-01"):
        fc.file(write(), out=tmp_path / "runs")
    assert not list((tmp_path / "runs").glob("*"))


def test_a_claim_on_a_month_that_is_out_is_refused(write, tmp_path):
    with pytest.raises(ConfigError, match=r"2024-11 of .* is released already, in the data, or not asked"):
        fc.file(write(CONFIG.replace('from = "2024-12"', 'from = "2024-11"')), out=tmp_path / "runs")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("above = 0.2\n", "", "nothing decides the claim 'more'"),
        ("below = 150.0", "below = 20.0", "no sum lies between the bounds of the claim 'between'"),
        ('id = "between"', 'id = "more"', "'more' is named twice"),
        ('unit = "t"', 'unit = "USD"', "cannot be given in"),
        (f'series = "{SERIES}"\nfrom = "2025-03"', 'series = "CHN.export.WLD.gallium"\nfrom = "2025-03"', "could be filed"),
    ],
)
def test_a_claim_that_nothing_decides_is_refused(write, tmp_path, old, new, said):
    with pytest.raises(ConfigError, match=said):
        fc.file(write(CONFIG.replace(old, new)), out=tmp_path / "runs")


def test_numbers_are_those_of_the_filed_draws(filed):
    draws = filed.draws("mean12", SERIES)
    row = filed.forecasts.set_index(["model", "month"]).loc[("mean12", "2025-03")]
    assert row.q10 == pytest.approx(np.quantile(draws["2025-03"], 0.1), rel=1e-8)
    more, between = filed.info["claims"]
    assert more["above"] == 200.0  # 0.2 t in the archive's kg
    assert more["probabilities"]["mean12"] == ((draws["2025-03"] + draws["2025-04"]) > 200).mean()
    assert between["probabilities"]["mean12"] == ((draws["2024-12"] > 50) & (draws["2024-12"] < 150)).mean()
    assert 0 < more["probabilities"]["drift"] < 1


def test_the_forecasts_are_those_of_a_run_on_that_day(write, filed, tmp_path):
    run = fc.run(write('as_of = "2025-01-10"\n' + CONFIG), out=tmp_path / "run", progress=False)
    own = run.forecasts[run.forecasts.group == "next months"].set_index(["model", "month"])
    for row in filed.forecasts.itertuples():
        there = own.loc[(row.model, row.month)]
        assert [row.mean, row.q025, row.q50, row.q975] == pytest.approx(
            [there["mean"], there.q025, there.q50, there.q975], rel=1e-4
        )


def test_draws_keep_sixteen_bits():
    draws = np.array([0.0, 1.0, 5816680.123, 3.2617, 1e-7, -42.42])
    kept = filing.round_draws(draws)
    assert kept == pytest.approx(draws, rel=2**-16)
    assert (kept[:2] == draws[:2]).all()
    assert (filing.round_draws(kept) == kept).all()


def test_filing_twice_on_a_day_is_one_filing(write, filed, tmp_path):
    again = fc.file(write(), out=tmp_path / "runs")
    assert again.folder == filed.folder
    assert len(list((tmp_path / "runs").iterdir())) == 1
    assert (filed.folder / "config.toml").read_text("utf-8") == CONFIG


def test_a_series_without_a_release_clock_is_filed_for_months_that_are_not_over():
    assert filed_months.release_after("COD.export.WLD.cobalt", "2025-01", DAY) == filed_months.FiledMonth(
        "2025-01", "2025-01-31", filed_months.UNDER_WAY
    )
    assert filed_months.release_after("COD.export.WLD.cobalt", "2024-12", DAY) is None


def test_a_month_that_a_table_would_count_as_out_by_the_day_is_not_filed(write, tmp_path):
    """December is due on 20 January by the clock; a table that counts it as out on 31 December could never score it."""
    config = PLAIN.replace('released = "released"', "lag_days = 0")
    table = later(("2024-10", 100.0, ""), ("2024-11", 100.0, "")).drop(columns="released")
    assert months_of(fc.file(write(config, table), out=tmp_path / "runs"))[0] == "2025-01"


def test_the_months_filed_are_counted_by_series(write, tmp_path):
    values = f'values = {{ value = "{SERIES}", other = "CHN.export.WLD.gallium" }}'
    two = PLAIN.replace(f'key = "{SERIES}"', values)
    two = two.replace('use = "csv"', 'use = "table"').replace(f'series = ["{SERIES}"]', 'series = ["*"]')
    told = []
    for name, config, table in (("one", PLAIN, history()), ("two", two, history().assign(other=100.0))):
        out = ["--out", str(tmp_path / name)]
        done = CliRunner().invoke(app, ["file", str(write(config, table)), *out])
        assert done.exit_code == 0, done.output
        told.append(next(line for line in done.output.splitlines() if line.startswith("filed on")))
    assert "6 months of 1 series, none" in told[0]
    assert "6 months of each of 2 series, none" in told[1]


def test_words_of_filing_leave_other_configs_their_folders():
    plain = Config(name="x")
    assert "filed" not in plain.resolved
    assert Config(name="x", filed={"until": "2025-05"}).hash8 != plain.hash8


def test_a_folder_that_was_not_filed_is_refused(tmp_path, filed):
    with pytest.raises(DataError, match="no folder of a filed run"):
        FiledRun(tmp_path)
    text = (filed.folder / "filed.json").read_text("utf-8")
    (filed.folder / "filed.json").write_text(text.replace('"schema": 1', '"schema": 99'), "utf-8")
    newer = filed.folder.with_name(f"small-filed-2025-01-10-{filed_seal.seal(filed.folder)[:12]}")
    filed.folder.rename(newer)
    with pytest.raises(DataError, match="filed with schema 99"):
        FiledRun(newer)
