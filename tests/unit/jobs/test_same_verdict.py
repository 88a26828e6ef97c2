"""One question has one verdict: through `fc.estimate`, a config and `forecast run`; the step over the run is a second one."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import forecast as fc
from forecast.commands.check import describe_config
from forecast.jobs.load import load, read_archive
from forecast.jobs.plan import make_plan
from forecast.jobs.plan_text import describe_best_verdicts
from forecast.study.effects.judge import VERDICTS_BY_STRENGTH

HEAD = """
name = "doors"
seed = 7

[data]
use = "csv"
path = "flows.csv"
series = "what"
period = "month"
value = "kg"
unit = "kg"
lag_days = 20

[data.keys]
alpha = "COD.export.WLD.alpha"
beta = "COD.export.WLD.beta"
gamma = "COD.export.WLD.gamma"

[[events]]
id = "stop"
announced = 2024-01-01
effective = 2024-01-01
imposed_by = ["COD"]
products = ["alpha", "beta", "gamma"]
instrument = "ban"
role = "default"
"""
ESTIMATORS = {
    "alpha": ["counterfactual"],
    "beta": ["counterfactual", "baseline"],
    "gamma": ["baseline", {"use": "regression"}],
}
FIGURES = ["estimate", "lo80", "hi80", "lo95", "hi95", "p_value", "p_floor", "mde80", "n_clean", "n_placebo", "n_apart"]


def question(good, estimators):
    spelt = ", ".join(f'"{one}"' if isinstance(one, str) else f'{{ use = "{one["use"]}" }}' for one in estimators)
    return (
        f'\n[[effects]]\nid = "{good}"\nquestion = "what was not exported?"\nevent = "stop"\n'
        f'treated = "COD.export.WLD.{good}"\nto = "2024-06"\nestimators = [{spelt}]\n'
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three quiet flows that lose more than half in the window, and a config of all questions on them."""
    path, rng = tmp_path_factory.mktemp("doors"), np.random.default_rng(3)
    rows = [
        (good, f"{2018 + i // 12}-{i % 12 + 1:02d}", 100 * np.exp(0.1 * rng.standard_normal()) * (0.4 if 72 <= i < 78 else 1))
        for good in ESTIMATORS
        for i in range(84)
    ]
    pd.DataFrame(rows, columns=["what", "month", "kg"]).round(3).to_csv(path / "flows.csv", index=False)
    (path / "doors.toml").write_text(HEAD + "".join(question(*row) for row in ESTIMATORS.items()))
    return path


@pytest.fixture(scope="module")
def run(folder):
    return fc.run(folder / "doors.toml", folder / "runs")


def asked(folder, good, estimators, **more):
    """The question put to `fc.estimate`: its first estimator, beside the others."""
    vintage = read_archive(load(folder / "doors.toml")).latest
    design = fc.Design(vintage.events["stop"], f"COD.export.WLD.{good}", stop="2024-06")
    return fc.estimate(estimators[0], vintage, design, 7, siblings=estimators[1:], **more)


def assert_same(row, effect):
    cells = effect.cells()
    assert (row.verdict, row.reading, row.because) == (effect.verdict.word, effect.verdict.reading, effect.verdict.because)
    assert {name: row[name] for name in FIGURES} == pytest.approx({name: cells[name] for name in FIGURES}, rel=1e-9)


@pytest.mark.parametrize("good", ESTIMATORS)
def test_among_other_questions_as_alone_as_in_python(folder, run, good, tmp_path):
    estimators = ESTIMATORS[good]
    first = estimators[0]
    effect = asked(folder, good, estimators)
    among = run.effects.set_index("job").loc[f"{good}|{first}"]
    assert_same(among, effect)
    (tmp_path / "flows.csv").write_bytes((folder / "flows.csv").read_bytes())
    (tmp_path / "one.toml").write_text(HEAD.replace('"doors"', '"one"') + question(good, estimators))
    alone = fc.run(tmp_path / "one.toml", tmp_path / "runs").effects.set_index("job").loc[f"{good}|{first}"]
    assert_same(alone, effect)
    gates = run.gates[(run.gates.job == among.name) & ~run.gates.family]
    assert [(g.gate, g.outcome, g.reason) for g in gates.itertuples()] == sorted(
        (g.gate, g.outcome, g.reason) for g in effect.gates if g.gate != "multiplicity"
    )


@pytest.mark.slow
def test_on_the_command_line_too(folder, run, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "forecast", "run", str(folder / "doors.toml"), "--out", str(tmp_path), "--workers", "2"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    there = fc.Run(done.stdout.splitlines()[-1])
    pd.testing.assert_frame_equal(there.effects, run.effects)
    assert_same(there.effects.set_index("job").loc["alpha|counterfactual"], asked(folder, "alpha", ["counterfactual"]))


def test_placebos_and_siblings_are_part_of_the_question(folder):
    few, many = (asked(folder, "alpha", ["counterfactual"], placebos=n) for n in (2, 40))
    assert (few.cells()["n_placebo"], few.judgement.calibration) == (2, 1.0), "too few to calibrate"
    assert many.judgement.calibration != 1.0
    assert few.verdict.word == many.verdict.word == "supported", "the test of no effect does not rest on the windows"
    alone, beside = asked(folder, "beta", ["counterfactual"]), asked(folder, "beta", ["counterfactual", "baseline"])
    assert [next(g.outcome for g in e.gates if g.gate == "agreement") for e in (alone, beside)] == ["not run", "pass"]
    twice = asked(folder, "beta", ["counterfactual", {"use": "counterfactual", "level_sd": 0.5}])
    assert (twice.cells()["estimate"], twice.p_value) == (alone.cells()["estimate"], alone.p_value)


@pytest.fixture(scope="module")
def strict(folder, tmp_path_factory):
    """The same questions, with a family-wide level that no p-value of theirs reaches."""
    path = tmp_path_factory.mktemp("strict")
    (path / "flows.csv").write_bytes((folder / "flows.csv").read_bytes())
    text = 'checks = ["shipped", { use = "multiplicity", level = 1e-300 }]\n' + (folder / "doors.toml").read_text()
    (path / "doors.toml").write_text(text)
    return fc.run(path / "doors.toml", path / "runs")


def test_the_step_over_the_run_is_a_second_verdict(run, strict):
    rows = strict.effects.set_index("job")
    row = rows.loc["alpha|counterfactual"]
    assert (row.verdict, row.verdict_family) == ("supported", "suggestive")
    assert "3 headline rows" in row.because_family
    assert row.because == "every required gate passed"
    assert run.effects.set_index("job").loc["alpha|counterfactual"].verdict_family == "supported"
    gates = strict.gates[strict.gates.family]
    assert set(gates.gate) == {"multiplicity"}
    strength = VERDICTS_BY_STRENGTH.index
    assert all(strength(r.verdict_family) >= strength(r.verdict) for r in rows.itertuples())


def test_one_question_needs_no_second_step(folder, tmp_path):
    (tmp_path / "flows.csv").write_bytes((folder / "flows.csv").read_bytes())
    (tmp_path / "one.toml").write_text(HEAD.replace('"doors"', '"one"') + question("alpha", ["counterfactual"]))
    row = fc.run(tmp_path / "one.toml", tmp_path / "runs").effects.iloc[0]
    assert row.verdict == row.verdict_family == "supported"
    assert row.because == row.because_family


def test_the_page_shows_both_where_they_differ(strict):
    page = (strict.folder / "report.md").read_text("utf-8")
    assert page.count("supported<br>reading: causal; over the whole run: suggestive") == 3
    alone = "is supported by every check of the question alone that was run."
    assert f"{alone} Over all questions of this run together it is suggestive" in page
    assert "over 3 headline rows" in page


def test_it_is_told_before_the_run(folder):
    asked_first = load(folder / "doors.toml")
    lines = describe_best_verdicts(make_plan(asked_first, read_archive(asked_first)))
    assert [line for line in lines if not line.startswith(" ")] == ["alpha: supported", "beta: supported", "gamma: supported"]
    assert len(lines) == 3, "no p-value has a lowest value that the step over the run could exceed"
    assert "WHAT EACH QUESTION CAN REACH AT BEST\nalpha: supported\n" in describe_config(folder / "doors.toml")


def test_gates_named_in_a_config_judge_everywhere_and_are_told(folder, run, tmp_path):
    (tmp_path / "flows.csv").write_bytes((folder / "flows.csv").read_bytes())
    named = [name for name in run.gates.gate.unique() if name not in ("fit", "multiplicity")]
    text = "checks = " + json.dumps(named).replace('"placebo_time"', '{ use = "placebo_time", level = 0.2 }') + "\n"
    (tmp_path / "doors.toml").write_text(text + HEAD + question("alpha", ["counterfactual"]) + "vary = { donut = 1 }\n")
    mine = fc.run(tmp_path / "doors.toml", tmp_path / "runs")
    assert mine.folder.name != run.folder.name
    row, gates = mine.effects.iloc[0], mine.gates.set_index("gate")
    checks = [{"use": "placebo_time", "level": 0.2} if name == "placebo_time" else name for name in named]
    assert_same(row, asked(folder, "alpha", ["counterfactual"], checks=checks))
    assert (row.verdict, row.because) == ("suggestive", "fit left out by the config; multiplicity left out by the config")
    assert gates.loc["placebo_time", "threshold"] == 0.2
    assert gates.loc["fit", ["outcome", "reason"]].tolist() == ["not run", "fit left out by the config"]
    assert not gates.family.any()
    assert mine.sensitivity.because.tolist() == [row.because]
    told = ("level = 0.2 instead of 0.1", "fit left out by the config, so suggestive at most")
    page, said = (mine.folder / "report.md").read_text("utf-8"), describe_config(tmp_path / "doors.toml")
    chapter = page[page.index("## Placebos and gates") :]
    assert "This run does not judge by the shipped gates" in chapter
    for text in told:
        assert text in said
        assert text[0].upper() + text[1:] in chapter or text in chapter
    assert "alpha: suggestive, fit left out by the config" in said
    plain = (run.folder / "report.md").read_text("utf-8")
    assert "does not judge by the shipped gates" not in plain


def test_a_config_without_gates_keeps_its_run_folder(folder, run, tmp_path):
    (tmp_path / "doors.toml").write_text("checks = []\n" + (folder / "doors.toml").read_text())
    assert load(tmp_path / "doors.toml").hash8 == run.folder.name[-8:]


@pytest.mark.parametrize(
    ("text", "problem", "where"),
    [
        ('checks = ["sgn"]', "no check is called 'sgn'", "[[checks]] 1"),
        ('checks = ["shipped", { use = "sign", lvl = 1 }]', "no option 'lvl'", "[[checks]] 2"),
        ('checks = ["sign", "sign"]', "named twice", "[[checks]] 2"),
        ('checks = [{ use = "sign", name = "mine" }]', "keeps the name of its file", "[[checks]] 1, name"),
        ('checks = [{ use = "fit", level = "high" }]', "option 'level' cannot be 'high'", "[[checks]] 1"),
    ],
)
def test_a_fault_is_told_with_its_place(folder, tmp_path, text, problem, where):
    (tmp_path / "bad.toml").write_text(text + "\n" + (folder / "doors.toml").read_text().replace('name = "doors"\n', ""))
    with pytest.raises(fc.ForecastError, match=problem) as caught:
        load(tmp_path / "bad.toml")
    assert where in str(caught.value)
