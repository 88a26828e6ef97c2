"""How metrics are labelled, ordered and pooled in the tables of scores."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast.report import blocks as b
from forecast.report.score_table import score_table
from forecast.report.scored_metrics import metric_label, scored_metrics
from forecast.report.sections.backtest import _reading_notes

LISTED = [
    {"use": "bias", "name": ""},
    {"use": "coverage", "name": "wide", "level": 95},
    {"use": "coverage", "name": "coverage_80", "level": 80},
    {"use": "smape", "name": ""},
    {"use": "mae", "name": ""},
    {"use": "crps", "name": ""},
]


def named(names, metrics=()):
    return {m.name: m for m in scored_metrics(names, {"metrics": list(metrics)})}


def table(**scores):
    """Scores of models a and b on two series: metric -> (a, b), the second series in a unit ten times as small."""
    rows = [
        {"metric": name, "model": model, "series": series, "cutoff": "2025-01-01", "month": "2025-02", "value": value * size}
        for name, values in scores.items()
        for model, value in zip("ab", values, strict=True)
        for series, size in (("x", 1.0), ("y", 10.0 if name in ("crps", "mae", "gone") else 1.0))
    ]
    return pd.DataFrame(rows)


def drawn(common, metrics):
    made = score_table("g", common, metrics, {}, "")
    return [c.head for c in made.columns], [[c.text for c in row] for row in made.rows]


def test_those_with_a_unit_come_first_and_targets_last():
    found = named([m["name"] or m["use"] for m in LISTED], LISTED)
    assert list(found) == ["mae", "crps", "smape", "bias", "coverage_80", "wide"]
    assert [m.label for m in found.values()] == ["MAE", "CRPS", "sMAPE", "Bias", "in 80\u00a0%", "in 95\u00a0%"]


def test_two_of_one_label_are_told_apart_by_their_names():
    metrics = [{"use": "wis"}, {"use": "wis", "name": "fine", "alphas": [0.02, 0.1]}]
    assert [m.label for m in named(["wis", "fine"], metrics).values()] == ["WIS", "WIS (fine)"]


def test_a_metric_unknown_here_keeps_its_bare_name():
    found = named(["gone"])["gone"]
    assert (found.label, found.plugin, metric_label("gone")) == ("gone", "", "gone")
    heads, rows = drawn(table(gone=(2.0, 8.0)), [found])
    assert heads[1] == "gone rel."
    assert [row[1] for row in rows] == ["0.40", "1.60"]
    assert _reading_notes([found]) == " gone: not known to this installation."


@pytest.mark.parametrize("wrong", [{"use": "crps", "levle": 3}, {"use": ["crps"]}, {"use": ""}, {}])
def test_a_metric_that_cannot_be_built_is_still_printed(wrong):
    assert named(["odd"], [{**wrong, "name": "odd"}])["odd"].label == "odd"


def test_ratios_of_a_metric_with_a_unit_do_not_depend_on_the_series_size():
    heads, rows = drawn(table(crps=(3.0, 1.0)), list(named(["crps"]).values()))
    assert heads == ["Model", "CRPS rel.", "Questions", "Failures"]
    assert [row[:2] for row in rows] == [["b", "0.50"], ["a", "1.50"]]


@pytest.mark.parametrize(("better", "best"), [("lower", "a"), ("higher", "b"), (0.9, "b")])
def test_the_best_model_by_the_metrics_own_direction_comes_first(better, best):
    metric = replace(named(["mase"])["mase"], better=better)
    assert drawn(table(mase=(0.4, 0.8)), [metric])[1][0][0] == best


def test_the_main_metric_ranks_wherever_it_was_scored():
    _, rows = drawn(table(mae=(1.0, 2.0), crps=(2.0, 1.0)), list(named(["mae", "crps"]).values()))
    assert rows[0][0] == "b"


def test_scores_that_no_series_can_compare_leave_a_dash():
    _, rows = drawn(table(crps=(0.0, 1.0)), list(named(["crps"]).values()))
    assert [row[1] for row in rows] == [b.MISSING, b.MISSING]


def test_a_share_is_printed_in_per_cent_and_marked_where_far_below_its_target():
    share = named(["coverage"])["coverage"]
    assert (share.text(0.7), share.tone(0.7), share.tone(0.69)) == ("70\u00a0%", "", "fail")
    assert share.direction == "best near 80\u00a0%"
    assert share.text(math.nan) == b.MISSING
    wide = named(["w"], [{"use": "coverage", "name": "w", "level": 95}])["w"]
    assert (wide.tone(0.85), wide.tone(0.849)) == ("", "fail")
    assert named(["bias"])["bias"].tone(-0.9) == ""


def test_only_metrics_that_the_note_leaves_out_are_explained():
    found = named(["crps", "coverage", "msis"])
    note = _reading_notes(list(found.values()))
    assert note.startswith(" MSIS: Width of the central interval")
    assert note.endswith("; lower is better.")
    assert np.count_nonzero([label in note for label in ("CRPS", "in 80")]) == 0
