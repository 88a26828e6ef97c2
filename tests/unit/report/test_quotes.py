"""Quotes of a run and of answers in memory: the same numbers and words as the report's, and errors that help."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from contracts.report_run import WORLD
from typer.testing import CliRunner

import forecast as fc
from forecast.cli import app
from forecast.core.errors import ConfigError
from forecast.core.judgement import Judgement
from forecast.report.inline_markup import strip_markup
from forecast.report.numbers import NBSP
from forecast.report.prose import answer_sentences, interval_text
from forecast.report.spoken import effect_answer_of


@pytest.fixture(scope="module")
def effect():
    archive = fc.load_archive()
    design = fc.Design(archive.events["re_licensing_2025"], treated=WORLD, stop="2025-06")
    return fc.estimate("counterfactual", archive.as_of("2026-06-30"), design, placebos=5)


@pytest.fixture(scope="module")
def guess():
    vintage = fc.load_archive().as_of("2026-06-30")
    return fc.predict("seasonal_naive", vintage, fc.Task("2026-06-30", [WORLD], fc.months("2026-06", "2026-08")))


def test_every_key_has_a_sentence_and_fields(small, page):
    quotes, keys = small.quotes, small.quotes.keys()
    assert {key.partition(":")[0] for key in keys} >= {"effect", "forecast", "observed"}
    for key in keys:
        sentence = small.sentence(key)
        assert sentence.endswith(".")
        assert "**" not in sentence
        fields = quotes.fields(key)
        assert all(isinstance(one.text(), str) for one in fields.values())


def test_the_numbers_are_those_of_the_tables(small, data):
    for answer in data.headline:
        for field in ("estimate", "lo95", "hi95", "desc_estimate", "observed_total"):
            value, quoted = getattr(answer, field), small.quotes.fields(f"effect:{answer.id}")[field]
            assert quoted.value == value or (np.isnan(value) and np.isnan(quoted.value))
    row = next(r for r in data.outlook if r.model == data.default_model and "/" not in r.month)
    key = f"forecast:{row.series}:{row.month}"
    text = small.number(key, "q50", digits=3, locale="C")
    assert float(text.split()[0]) == pytest.approx(row.q50, abs=6e-4)
    kilograms = small.number(key, "q50", "kg", digits=0, locale="C")
    assert float(kilograms.split()[0]) == pytest.approx(1000 * row.q50, abs=0.6)
    assert small.number(key, "unit") == text.split()[1]
    assert small.quotes.fields(f"{key}/{row.model}") == small.quotes.fields(key)
    other = next(m for m in {r.model for r in data.outlook} if m != data.default_model)
    assert small.number(f"{key}/{other}", "model") == other


def test_sentences_are_the_reports_own(small, data, page):
    for answer in data.headline:
        assert small.sentence(f"effect:{answer.id}") == strip_markup(answer_sentences(data, answer))
        assert small.quotes.verdict(f"effect:{answer.id}") == answer.verdict
        assert small.quotes.reading(f"effect:{answer.id}") == answer.reading


def test_published_figures_can_be_quoted(small, data):
    history = data.histories[WORLD]
    month = max(history.values)
    key = next(k for k in reversed(small.quotes.keys()) if k.startswith(f"observed:{WORLD}:") and "/" not in k)
    assert small.quotes.fields(key)["value"].value == history.values[month]
    assert small.quotes.verdict(key) == ""


@pytest.mark.parametrize(
    ("key", "field", "problem", "hint"),
    [
        ("effect:99", "estimate", "nothing called 'effect:99'", "'effect:"),
        ("nonsense", "estimate", "nothing called 'nonsense'", "effect:..., forecast:..."),
        (f"forecast:{WORLD}s:2026-08", "q50", "nothing called", f"'forecast:{WORLD}:2026-"),
        ("effect:1", "estimat", "no field 'estimat'", "'estimate'"),
    ],
)
def test_an_unknown_key_or_field_is_refused_with_the_nearest(small, key, field, problem, hint):
    with pytest.raises(ConfigError, match=problem) as error:
        small.number(key, field)
    assert hint in error.value.hint


def test_the_id_of_a_question_alone_is_answered_by_the_keys_that_there_are(small):
    answer = small.quotes.data.headline[0].id
    with pytest.raises(ConfigError, match=f"nothing called '{answer}'") as error:
        small.sentence(answer)
    assert error.value.hint.startswith(f"effect:{answer}")
    assert f"{answer}0" not in error.value.hint
    asked = type(small)(small.folder)
    asked.info["config"]["ledger"] = [{"id": "where"}]
    with pytest.raises(ConfigError, match=r"'where' is a question of \[\[ledger\]\], and has no figure") as error:
        asked.sentence("where")
    assert "effect:..., forecast:..." in error.value.hint


def test_tables_and_figures_by_name(small, page):
    quotes, keys = small.quotes, small.quotes.keys()
    assert "effects" in quotes.tables()
    assert len(quotes.table("effects").rows) == 2 * len({k.partition("/")[0] for k in keys if k.startswith("effect:")})
    assert quotes.table(f"forecast:{WORLD}").caption.endswith("t a month.")
    figure = quotes.figure("outlook")
    assert figure.png.is_file()
    assert figure.svg.is_file()
    assert figure.alt.startswith("Fan charts of ")
    for call, name in ((quotes.table, "effcts"), (quotes.figure, "outlok")):
        with pytest.raises(ConfigError, match="the run has no") as error:
            call(name)
        assert error.value.hint in ("'effects'", "'outlook'")


def test_an_effect_in_memory_says_what_a_run_would(effect):
    answer, sentence = effect_answer_of(effect), effect.sentence()
    assert sentence.startswith(
        "Rare-earth permanent magnets, China to world, Apr–Jun\u00a02025. 7,055\u00a0t was 51\u00a0% (7,483\u00a0t) below"
    )
    assert effect.number("estimate") in sentence
    assert interval_text(answer, answer.lo95, answer.hi95).replace("+", "") in sentence.replace("+", "")
    assert effect.number("observed_total") == f"7,055{NBSP}t"
    assert effect.number("observed_total", "kt", 2, "de") == f"7,05{NBSP}kt"
    assert effect.number("observed_total", "kg", "3s", "fr") == f"7\u202f050\u202f000{NBSP}kg"
    assert effect.number("relative_change") == f"−51{NBSP}%"
    assert effect.number("verdict") == effect.verdict.word
    with pytest.raises(ConfigError, match="no field 'estimates'") as error:
        effect.number("estimates")
    assert error.value.hint == "'estimate'"
    with pytest.raises(ConfigError, match="cannot be given in 'USD'"):
        effect.number("estimate", "USD")


def test_an_effect_without_a_verdict_says_so_and_claims_nothing(effect):
    bare = replace(effect, judgement=Judgement())
    said = bare.sentence()
    assert said.endswith("No verdict was passed on it.")
    assert bare.number("estimate") not in said
    assert bare.number("desc_estimate").lstrip("−") in said


def test_every_column_of_an_effects_frame_can_be_quoted(effect):
    frame = effect.frame()
    for column in frame.columns:
        if column not in ("used",):
            assert effect.number(column) != ""
    for column in ("estimate", "lo80", "desc_estimate"):
        quoted = float(effect.number(column, "kg", 3, "C").split()[0])
        assert quoted == pytest.approx(frame[column].iloc[0], abs=1e-3)


def test_an_effect_on_own_figures_speaks_of_its_own_steps_and_of_nobody_elses_data():
    years = pd.DataFrame({"year": range(1960, 2001), "packs_sold": 100.0 + np.sin(np.arange(41)) - 30 * (np.arange(41) >= 30)})
    made = fc.estimate("counterfactual", fc.panel(years, time="year", value="packs_sold"), fc.Design.at("1990", "packs_sold"))
    said = made.sentence()
    assert said.startswith("packs_sold, 1990–2000. ")
    assert "what began in 1990" in said
    for word in ("month", "China", "customs", "bundle", "export", " t ", "kg"):
        assert word not in said
    assert made.number("estimate", digits=1) == made.number("estimate", digits=1, locale="C").replace("-", "−")
    with pytest.raises(ConfigError, match="a figure without a unit cannot be given in 't'"):
        made.number("estimate", "t")
    with pytest.raises(ConfigError, match="without a unit cannot be given in '%'"):
        made.number("observed_total", "%")
    assert made.number("relative_change").endswith("%")


def test_a_forecast_says_its_first_and_last_month_and_the_sum(guess):
    said = guess.sentence().replace(NBSP, " ")
    median = guess.number("q50", month="2026-06").replace(NBSP, " ")
    assert said.startswith(
        f"Rare-earth permanent magnets: China to world: about {median} expected in Jun 2026 (in eight cases of ten"
    )
    total = np.median(guess.draws.sum(axis=(1, 2))) / 1000
    assert f"over the 3 months together about {total:,.0f} t" in said
    assert said.endswith("data of 30 Jun 2026.")
    assert guess.number("mean", "kg", 0, month="2026-07", locale="C") == f"{guess.mean[0, 1]:.0f} kg"
    with pytest.raises(ConfigError, match="which month"):
        guess.number("q50")
    with pytest.raises(ConfigError, match="no month '2026-09'"):
        guess.number("q50", month="2026-09")
    with pytest.raises(ConfigError, match="no field 'median'"):
        guess.number("median", month="2026-06")


def test_months_of_own_figures_are_not_added_up():
    sales = pd.DataFrame({"month": fc.months("2020-01", "2024-12"), "price": np.arange(60.0)})
    vintage = fc.panel(sales, time="month", value="price")
    said = fc.predict("seasonal_naive", vintage, fc.Task(vintage.day, ["price"], fc.months("2025-01", "2025-03"))).sentence()
    assert "together" not in said
    assert "9999" not in said
    assert said.endswith(f"data to Dec{NBSP}2024.")


def test_a_run_is_cited_by_version_day_hash_and_commit(small, tmp_path):
    text = small.cite()
    versions = small.info["versions"]
    assert versions["forecast"] in text
    assert small.info.get("config_hash", small.folder.name.rpartition("-")[2]) in text
    assert f"10{NBSP}Jul{NBSP}2026" in text
    assert "commit" not in text
    bibtex = small.cite("bibtex")
    assert re.fullmatch(r"@misc\{forecast-\w+,\n(  \w+ = \{.*\},\n)+  year = \{2026\}\n\}", bibtex)
    for path in small.folder.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    info = json.loads((tmp_path / "run.json").read_text("utf-8"))
    info["versions"]["commit"] = "0123456789abcdef0123456789abcdef01234567"
    info["title"] = "What did it change?"
    (tmp_path / "run.json").write_text(json.dumps(info), "utf-8")
    (tmp_path / "manifest.json").unlink(missing_ok=True)
    assert fc.Run(tmp_path).cite().startswith("What did it change? Run ")
    info["title"] = "100 % of A & B_{x}"
    (tmp_path / "run.json").write_text(json.dumps(info), "utf-8")
    (tmp_path / "manifest.json").unlink(missing_ok=True)
    other = fc.Run(tmp_path)
    assert "commit 0123456789ab." in other.cite()
    assert r"{100 \% of A \& B\_\{x\}}" in other.cite("bibtex")
    with pytest.raises(ConfigError, match="no citation is made in 'apa'"):
        small.cite("apa")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["effect:3", "observed_total", "--unit", "kt", "--digits", "2", "--locale", "de"], None),
        (["effect:3"], None),
        (["keys"], "effect:3"),
        (["effect:3", "fields"], "estimate\t"),
    ],
)
def test_the_command_line_prints_the_same(small, arguments, expected):
    done = CliRunner().invoke(app, ["quote", str(small.folder), *arguments])
    assert done.exit_code == 0, done.output
    if expected is not None:
        assert any(line.startswith(expected) for line in done.stdout.splitlines())
        return
    same = small.number("effect:3", "observed_total", "kt", 2, "de") if len(arguments) > 1 else small.sentence("effect:3")
    assert done.stdout == f"{same}\n"


def test_the_command_line_refuses_with_a_hint(small):
    done = CliRunner().invoke(app, ["quote", str(small.folder), "effect:3", "estimat"])
    assert done.exit_code == 2
    assert "no field 'estimat'" in done.stderr
    assert "try: 'estimate'" in done.stderr
