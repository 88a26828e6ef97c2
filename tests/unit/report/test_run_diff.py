"""What changed between two runs: every planted change is found, named and counted, and nothing else."""

import json
import math
import os

import pyarrow.parquet as pq
import pytest
from contracts.report_run import AS_OF, SERIES, US, WORLD, small_run, write_table
from typer.testing import CliRunner

import forecast as fc
from forecast.cli import app
from forecast.core.errors import DataError
from forecast.core.run import Run
from forecast.report.diff.run_diff import find_previous
from forecast.report.diff.settings import config_changes, event_changes


def change(run, table, edit):
    """A run with one of its tables edited, a list of rows in place."""
    rows = pq.read_table(run.folder / f"{table}.parquet").to_pylist()
    edit(rows)
    write_table(run.folder, table, rows)
    return Run(run.folder)


def inform(run, **more):
    path = run.folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | more))
    return Run(run.folder)


@pytest.fixture
def pair(tmp_path):
    return small_run(tmp_path / "a-11111111"), small_run(tmp_path / "a-22222222")


def test_equal_runs_have_not_changed(pair):
    found = fc.diff(*pair)
    assert not found
    (told,) = found.sentences()
    words = told.replace("\N{NO-BREAK SPACE}", " ")
    assert words == "Nothing changed since the earlier run, which knew the data of the same day (10 Jul 2026)."
    assert "unchanged: data new" in str(found)
    assert repr(found) == "RunDiff(a-11111111 to a-22222222: nothing changed)"


def test_figures_new_revised_and_missing(pair):
    old, new = pair

    def edit(rows):
        mine = [row for row in rows if row["series"] == WORLD and "/" not in row["period"]]
        mine[-1]["value"] *= 1.5
        rows.remove(mine[-2])
        rows.append({**mine[-1], "period": "2031-01", "value": 7e6})
        zero = next(row for row in rows if row["status"] == "zero")
        zero["status"], zero["value"] = "missing", None

    before = pq.read_table(old.folder / "observations.parquet").to_pylist()
    mine = [row for row in before if row["series"] == WORLD and "/" not in row["period"]]
    found = fc.diff(old, change(new, "observations", edit)).figures
    by_kind = {kind: [c for c in found if c.kind == kind] for kind in ("new", "revised", "missing")}
    assert len(found) == 4
    (revised,) = by_kind["revised"]
    assert (revised.series, revised.period, revised.unit) == (WORLD, mine[-1]["period"], "t")
    assert revised.old == pytest.approx(mine[-1]["value"] / 1000)
    assert revised.new == pytest.approx(1.5 * mine[-1]["value"] / 1000)
    assert [(c.period, c.new, math.isnan(c.old)) for c in by_kind["new"]] == [("2031-01", 7000.0, True)]
    # a true zero that is withheld is missing, and not a revision to zero
    gone = {(c.period, c.new_status) for c in by_kind["missing"]}
    assert (mine[-2]["period"], "") in gone
    assert any(status == "missing" for _, status in gone)


def test_a_figure_that_differs_in_its_last_bit_is_no_revision(pair):
    old, new = pair

    def nudge(rows):
        rows[0]["value"] = math.nextafter(rows[0]["value"], math.inf)

    assert fc.diff(old, change(new, "observations", nudge)).figures == ()


def test_forecasts_are_ranked_by_their_earlier_range(pair):
    old, new = pair

    def edit(rows):
        mine = [row for row in rows if row["series"] == WORLD and row["model"] == "mean"]
        mine[0]["q50"] += 0.5 * (mine[0]["q90"] - mine[0]["q10"])
        mine[1]["q50"] -= 2.0 * (mine[1]["q90"] - mine[1]["q10"])
        other = next(row for row in rows if row["series"] == US and row["model"] == "ets")
        other["q10"] -= 1.0
        # the sum of the horizon is no month of its own
        rows.append({**mine[0], "month": "2026-08/2027-07", "q50": 1e12})

    found = fc.diff(old, change(new, "forecasts", edit))
    assert [round(one.moved, 9) for one in found.forecasts] == [-2.0, 0.5, 0.0]
    first = found.forecasts[0]
    assert (first.series, first.model, first.unit) == (WORLD, "mean", "t")
    assert first.new - first.old == pytest.approx(-2 * (first.old_hi80 - first.old_lo80))
    told = found.sentences()[0]
    assert told.startswith("Two monthly forecasts of one series moved;")
    assert "t to " in told
    assert "other models: 1 moved, in --json" in str(found)


def test_a_forecast_month_whose_figure_is_out(pair):
    old, new = pair
    ahead = [row for row in pq.read_table(old.folder / "forecasts.parquet").to_pylist() if row["series"] == WORLD]
    month = min(row["month"] for row in ahead)
    low = next(row["q10"] for row in ahead if row["month"] == month and row["model"] == "mean")

    def publish(rows):
        rows.append({**next(r for r in rows if r["series"] == WORLD), "period": month, "value": low * 0.5, "status": "value"})

    found = fc.diff(old, change(new, "observations", publish))
    mine = [one for one in found.outcomes if one.model == "mean"]
    assert [(one.series, one.month, one.inside) for one in mine] == [(WORLD, month, False)]
    assert "0 of 1 figure by mean within the 80 % range; outside:" in str(found)
    assert "and none fell within the range" in found.sentences()[0]


def test_verdicts_row_by_row_with_their_reason(pair):
    old, new = pair
    gate = {"job": "job1", "gate": "length", "outcome": "fail", "value": 29.0, "threshold": 36.0, "reason": "29 of 36"}
    old = change(old, "gates", lambda rows: rows.append(gate))
    new = change(new, "gates", lambda rows: rows.append(gate | {"outcome": "pass", "reason": "36 of 36"}))

    def edit(rows):
        rows[0] |= {"verdict": "supported", "because": "every gate passed", "estimate": rows[0]["estimate"] - 1.2e6}
        rows[:] = [row for row in rows if row["id"] != "9"]
        next(row for row in rows if row["id"] == "6")["hi95"] += 1e6

    found = fc.diff(old, change(new, "effects", edit))
    assert [(one.kind, one.id, one.estimator) for one in found.verdicts] == [
        ("verdict", "1", "counterfactual"), ("figures", "6", "counterfactual"), ("removed", "9", "baseline"),
    ]  # fmt: skip
    turned = found.verdicts[0]
    assert (turned.old.verdict, turned.new.verdict, turned.new.because) == ("suggestive", "supported", "every gate passed")
    assert turned.moved == pytest.approx(-0.5)
    assert turned.gates == ("length: fail -> pass (36 of 36)",)
    text = str(found)
    assert "1, counterfactual: suggestive -> supported; −7,200 t" in text
    assert "because: every gate passed" in text
    assert "went from “suggestive” to “supported”, because every gate passed." in found.sentences()[0]


def test_settings_by_their_path(pair):
    old, new = pair
    config = {"as_of": "latest", "seed": 1, "models": [{"use": "ets"}, {"use": "theta", "a": {"b": 1}}], "naive": ["ets"]}
    other = {"as_of": "latest", "seed": 1, "models": [{"use": "theta", "a": {"b": True}}, {"use": "ets"}, {"use": "drift"}],
             "draws": 5, "naive": ["theta"]}  # fmt: skip
    found = config_changes(inform(old, config=config), inform(new, config=other))
    assert {(c.path, c.kind, json.dumps(c.old), json.dumps(c.new)) for c in found} == {
        ("models[theta].a.b", "changed", "1", "true"), ("models[drift]", "added", "null", '{"use": "drift"}'),
        ("models", "order", '["ets", "theta"]', '["theta", "ets"]'), ("draws", "added", "null", "5"),
        ("naive", "changed", '["ets"]', '["theta"]'),
    }  # fmt: skip


def test_versions_are_told_and_are_no_change_of_the_answers(pair):
    old, new = pair
    found = fc.diff(old, inform(new, versions={"forecast": "0.2.0", "python": "3.11"}))
    assert [(c.path, c.old, c.new) for c in found.versions] == [("forecast", "0.1.0", "0.2.0")]
    assert not found
    assert "another version" in found.sentences()[0]


def test_events_added_removed_and_with_other_days():
    one = {"id": "a", "title": "A", "announced": "2025-01-01", "effective": "2025-02-01"}
    two = {"id": "b", "title": "B", "announced": "2025-03-01"}
    moved = {**one, "effective": "2025-04-01", "end": "2026-01-01"}
    changed, gone = event_changes([one, two], [moved])[::-1]
    assert (changed.kind, gone.kind) == ("changed", "removed")
    assert {(c.path, c.old, c.new) for c in changed.fields} == {
        ("effective", "2025-02-01", "2025-04-01"), ("end", None, "2026-01-01"),
    }  # fmt: skip
    assert [(c.kind, c.title) for c in event_changes([one], [one, two])] == [("added", "B")]


def test_never_more_than_five_sentences(pair):
    old, new = pair
    new = change(new, "observations", lambda rows: rows.append({**rows[0], "period": "2030-01"}))
    new = change(new, "forecasts", lambda rows: [row.update(q50=row["q50"] * 2) for row in rows])
    new = change(new, "effects", lambda rows: [row.update(verdict="descriptive") for row in rows])
    event = {"id": "x", "title": "A ban", "announced": "2026-07-01"}
    old = inform(old, events=[])
    new = inform(new, events=[event], config=new.info["config"] | {"seed": 2}, versions={"forecast": "9"})
    told = fc.diff(old, new).sentences()
    assert len(told) == 5
    assert all(one.endswith(".") for one in told)
    assert "One policy event is new: A ban (1\N{NO-BREAK SPACE}Jul\N{NO-BREAK SPACE}2026)." in told


def test_json_holds_every_change_and_no_infinity(pair):
    old, new = pair

    def flatten(rows):
        for row in rows:
            if row["series"] == US:
                row |= {"q10": 5.0, "q50": 5.0, "q90": 5.0}

    old, new = change(old, "forecasts", flatten), change(new, "forecasts", lambda rows: None)
    done = CliRunner().invoke(app, ["diff", str(old.folder), str(new.folder), "--json"])
    assert done.exit_code == 0, done.output
    held = json.loads(done.stdout)
    assert len(held["forecasts"]) == 36
    assert held["forecasts"][0]["moved"] is None
    assert {one["series"] for one in held["forecasts"]} == {US}
    assert held["old"]["as_of"] == AS_OF
    assert "from a range without width" in str(fc.diff(old, new))


def test_a_series_forecast_in_one_run_only(pair):
    old, new = pair
    new = change(new, "forecasts", lambda rows: rows.__setitem__(slice(None), [r for r in rows if r["series"] != WORLD]))
    found = fc.diff(old, new)
    assert found.forecast_no_more == (WORLD,)
    assert fc.diff(new, old).forecast_anew == (WORLD,)
    assert len(SERIES) > 1


def test_an_unfinished_run_is_refused(pair):
    old, new = pair
    inform(new, finished=False)
    with pytest.raises(DataError, match="not finished"):
        fc.diff(old, new.folder)


def test_the_run_before_is_the_latest_of_its_name(tmp_path):
    def made(folder, day, age, **more):
        run = small_run(tmp_path / folder)
        run = inform(run, **{"name": "a", "as_of": day, "finished": True} | more)
        os.utime(run.folder / "run.json", (age, age))
        return run

    made("a-00000001", "2026-01-10", 400)
    before = made("a-00000002", "2026-05-10", 100)
    made("a-00000003", "2026-06-10", 200, finished=False)
    made("a-b-0000001", "2026-06-10", 200, name="a-b")
    made("a-00000005", "2026-08-10", 100)
    (tmp_path / "a-broken").mkdir()
    same_day = made("a-00000006", "2026-07-10", 300)
    run = made("a-00000007", "2026-07-10", 500)
    assert find_previous(run).folder == same_day.folder
    assert find_previous(same_day).folder == before.folder
    assert find_previous(made("a-00000000", "2020-01-10", 1)) is None
