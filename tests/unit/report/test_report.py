"""The report of a small made-up run: every chapter, both formats, and what it must never say."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast import report
from forecast.core import months as mm
from forecast.core.archive import bundled_archive
from forecast.core.errors import ConfigError, DataError
from forecast.core.run import Run
from forecast.report import blocks as b, prose
from forecast.report.compose import write_all
from forecast.report.run_data import RunData

AS_OF = "2026-07-10"
MODELS = ("seasonal_naive", "ets", "mean")
WORLD, US = "CHN.export.WLD.re_magnets", "CHN.export.USA.re_magnets"
SERIES = (WORLD, US, "CHN.export.WLD.rare_earths_total", "USA.import.WLD.gallium", "USA.import.CHN.gallium")
MORE = ("CHN.export.WLD.antimony_products_reuters", "CHN.export.USA.gallium", "USA.import.WLD.gallium:usd")
COLUMNS = {
    "forecasts": "job model model_used series unit cutoff month horizon h_info mean q025 q05 q10 q25 q50 q75 q90 q95 q975 "
    "truth",
    "scores": "job model series cutoff month horizon h_info metric value regime",
    "effects": "job estimator event series unit basis lag_months months_from months_to estimand measure baseline estimate "
    "lo80 hi80 lo95 hi95 p_value p_floor mde80 n_clean n_span n_placebo verdict reading desc_estimate desc_lo desc_hi "
    "id question role because observed_total expected note anticipation anticipation_lo80 anticipation_hi80 net net_lo80 "
    "net_hi80 breakdown n_space n_apart",
    "paths": "job series month observed counterfactual_q025 counterfactual_q10 counterfactual_q50 "
    "counterfactual_q90 counterfactual_q975 effect_q025 effect_q10 effect_q50 effect_q90 effect_q975 effect_band_lo "
    "effect_band_hi",
    "placebos": "job kind series start cumulative",
    "gates": "job gate outcome value threshold reason",
    "observations": "series period value unit status stage kind released basis source url",
    "comparisons": "model benchmark metric group ratio lo90 hi90 n n_cutoffs note",
    "failures": "job method question series reason detail",
    "regimes": "series unit regime months_from months_to mean lo hi n reading",
    "claims": "id claim source url verdict computed low high unit arithmetic settle",
    "parts": "job event estimate lo80 hi80 lo95 hi95",
    "sensitivity": "job what value estimate lo80 hi80 lo95 hi95 verdict reading because desc_estimate observed_total "
    "months_from months_to id estimator baseline months_observed expected p_value p_floor mde80 n_clean n_placebo n_apart",
}
REUTERS = "CHN.export.WLD.antimony_products_reuters"


def a_run(folder: Path, answered: bool = True, series: tuple[str, ...] = SERIES) -> Run:
    """A run folder with the bundled observations and made-up answers; with `answered` false every answer is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    vintage = bundled_archive().as_of(AS_OF)
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in COLUMNS}
    for name in dict.fromkeys((*series, *MORE)) if answered else ():
        for c in vintage.cells[name]:
            rows["observations"].append(
                {
                    "series": name,
                    "period": mm.period_label(c.first, c.last),
                    "value": c.value,
                    "unit": "kg",
                    "status": c.status,
                    "stage": c.stage,
                    "kind": c.kind,
                    "released": str(c.released),
                    "basis": c.basis,
                    "source": c.source,
                    "url": c.url,
                }
            )
    if answered:
        for name in series:
            _ahead(rows, name, vintage, rng)
            _scores(rows, name, rng)
        _effects(rows)
        for model in MODELS[1:]:
            rows["comparisons"].append(
                {
                    "model": model,
                    "benchmark": "seasonal_naive",
                    "metric": "crps",
                    "group": "China's exports",
                    "ratio": 0.8,
                    "lo90": 0.7,
                    "hi90": 0.9 if model == "mean" else 1.1,
                    "n": 120,
                    "n_cutoffs": 30,
                    "note": "",
                }
            )
        for regime, first, last in (("extended", "2025-12", "2026-04"), ("lapses, tight", "2025-05", "2025-11")):
            rows["regimes"].append(
                {
                    "series": "USA.import.CHN.gallium",
                    "unit": "kg",
                    "regime": regime,
                    "months_from": first,
                    "months_to": last,
                    "mean": 210.0,
                    "lo": 0.0,
                    "hi": 612.0,
                    "n": 5,
                    "reading": "",
                }
            )
    if answered:
        rows["claims"] += [
            _claim("magnets to the US up 660 % on May", "holds within rounding", 6.67, "fraction",
                   f"352.8 t of {US} in 2025-06 over 46 t in 2025-05 = +667.0 %; published +660 %. Figures: Reuters."),
            _claim("smelting capacity is small", "cannot be checked", math.nan, "", "Nothing of smelters is held."),
        ]  # fmt: skip
    rows["failures"].append(
        {"job": "x", "method": "ets", "question": "2024-01", "series": US, "reason": "too short: 9 months", "detail": ""}
    )
    for name, columns in COLUMNS.items():
        pd.DataFrame(rows[name], columns=columns.split()).to_parquet(folder / f"{name}.parquet")
    findings = [
        {"topic": "contradiction", "text": "two publishers differ: 589 t and 590 t", "where": f"{US} 2025-08", "level": "note"}
    ]
    (folder / "findings.json").write_text(json.dumps(findings), "utf-8")
    info = {
        "schema_version": 1,
        "as_of": AS_OF,
        "config": {"title": "Trade under export controls", "default_model": "mean"},
        "versions": {"forecast": "0.1.0", "python": "3.11"},
        "config_hash": "0123abcd",
    }
    (folder / "run.json").write_text(json.dumps(info), "utf-8")
    return Run(folder)


def _claim(claim: str, verdict: str, computed: float, unit: str, arithmetic: str) -> dict[str, object]:
    words = {
        "claim": claim,
        "source": "press, 2025-07",
        "url": "",
        "verdict": verdict,
        "arithmetic": arithmetic,
        "settle": "a list",
    }
    return {"id": claim[:8], "computed": computed, "low": computed, "high": computed, "unit": unit, **words}


def _ahead(rows, name, vintage, rng) -> None:
    observed = vintage.observed(name)
    known = observed.values[np.isfinite(observed.values)][-24:]
    level, sd = float(known.mean()), float(known.std() + 1)
    for model in MODELS:
        for h in range(1, 13):
            draws = np.maximum(rng.normal(level, sd * math.sqrt(h) / 2, 400), 0)
            q = {f"q{str(p)[2:]:0<2}": np.quantile(draws, p) for p in (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)}
            rows["forecasts"].append(
                {
                    "job": f"{model}|{name}",
                    "model": model,
                    "model_used": model,
                    "series": name,
                    "unit": "kg",
                    "cutoff": AS_OF,
                    "month": mm.label(observed.last + h),
                    "horizon": h - 3,
                    "h_info": h,
                    "mean": draws.mean(),
                    **q,
                    "truth": None,
                }
            )


def _scores(rows, name, rng) -> None:
    for model in MODELS:
        for cutoff in ("2025-03-20", "2025-04-20", "2025-05-20"):
            for h in (1, 3, 6):
                month = mm.label(mm.ordinal(cutoff[:7]) + h)
                for metric, value in (
                    ("crps", 1000 * rng.random()),
                    ("mase", 0.5 + rng.random()),
                    ("coverage", float(rng.random() < 0.8)),
                ):
                    rows["scores"].append(
                        {
                            "job": f"{model}|{name}|{cutoff}",
                            "model": model,
                            "series": name,
                            "cutoff": cutoff,
                            "month": month,
                            "horizon": h,
                            "h_info": h,
                            "metric": metric,
                            "value": value,
                            "regime": "under control",
                        }
                    )


def _row(ident: str, series: str, first: str, last: str, **more: object) -> dict[str, object]:
    base = {
        "job": f"job{ident}",
        "estimator": "baseline",
        "event": "re_licensing_2025",
        "series": series,
        "unit": "kg",
        "basis": "export",
        "lag_months": 0,
        "months_from": first,
        "months_to": last,
        "estimand": "shortfall",
        "measure": "cumulative",
        "baseline": "mean of 2024",
        "verdict": "descriptive",
        "reading": "descriptive",
        "n_clean": 29,
        "n_span": 1,
        "n_placebo": 0,
        "n_apart": 0,
        "id": ident,
        "question": "what was lost?",
        "role": "headline",
        "because": "",
        "note": "",
    }
    return base | more


def _effects(rows) -> None:
    rows["effects"] += [
        _row(
            "1",
            WORLD,
            "2025-04",
            "2025-06",
            question="Magnets to the world: shortfall under licensing",
            verdict="suggestive",
            reading="causal",
            estimator="counterfactual",
            estimate=-7.2e6,
            lo80=-8.4e6,
            hi80=-6.0e6,
            lo95=-9.3e6,
            hi95=-5.1e6,
            p_value=0.045,
            p_floor=0.045,
            mde80=2.4e6,
            n_placebo=40,
            n_apart=21,
            note="the first remark. The second one",
            desc_estimate=-7.48e6,
            desc_lo=-8.1e6,
            desc_hi=-6.9e6,
            observed_total=7.055e6,
            expected=14.537e6,
            because="29 clean months, fewer than 36",
            breakdown=2.1,
        ),
        _row(
            "2",
            WORLD,
            "2025-04",
            "2026-03",
            question="Magnets to the world: lost or delayed?",
            estimand="net",
            measure="net",
            verdict="cannot distinguish",
            desc_estimate=-2e4,
            desc_lo=-7.1e6,
            desc_hi=9e5,
            observed_total=58.128e6,
            expected=58.148e6,
            because="the sign depends on the baseline",
        ),
        _row(
            "3",
            US,
            "2025-04",
            "2026-03",
            question="Magnets to the US: shortfall",
            desc_estimate=-1.979e6,
            desc_lo=-2.2e6,
            desc_hi=-1.5e6,
            observed_total=5.465e6,
            expected=7.444e6,
            because="only 23 clean months",
            n_clean=23,
        ),
        _row(
            "5",
            US,
            "2025-06",
            "2026-03",
            question="US share of magnets",
            estimand="share",
            measure="share",
            unit="",
            desc_estimate=-0.033,
            desc_lo=-0.035,
            desc_hi=-0.027,
            observed_total=0.095,
            expected=0.128,
            because="a share is no level",
        ),
        _row(
            "7",
            "CHN.export.USA.gallium",
            "2024-12",
            "2025-11",
            question="The ban, exporter's view",
            event="us_ban_2024+enforcement_2025",
            verdict="not identified",
            reading="none",
            baseline="none; last published level, 2024-01/2024-10",
            desc_estimate=0.0,
            desc_lo=0.0,
            desc_hi=0.0,
            because="the flow was zero before the ban",
        ),
        _row(
            "9",
            "USA.import.CHN.gallium",
            "2024-12",
            "2025-11",
            question="Gallium of Chinese origin",
            event="us_ban_2024",
            basis="import_origin",
            verdict="descriptive",
            desc_estimate=-120.0,
            desc_lo=-300.0,
            desc_hi=50.0,
            observed_total=1300.0,
            expected=1420.0,
            because="most clean months are zero",
        ),
        _row(
            "1",
            WORLD,
            "2025-04",
            "2025-06",
            role="sensitivity",
            job="job1b",
            estimator="regression",
            verdict="suggestive",
            estimate=-6.9e6,
            lo80=-8e6,
            hi80=-6e6,
            lo95=-9e6,
            hi95=-5e6,
            p_value=0.09,
            p_floor=0.045,
            desc_estimate=-7.48e6,
        ),
        _row(
            "6",
            "CHN.export.WLD.rare_earths_total",
            "2025-04",
            "2025-05",
            question="All rare earths",
            estimator="counterfactual",
            verdict="cannot distinguish",
            reading="causal",
            estimate=8.9e5,
            lo80=-1.9e6,
            hi80=3.1e6,
            lo95=-3.9e6,
            hi95=4.0e6,
            p_value=0.61,
            p_floor=1 / 41,
            mde80=4.2e6,
            n_placebo=90,
            n_apart=40,
            breakdown=0.25,
            desc_estimate=-1.34e5,
            desc_lo=-1.34e5,
            desc_hi=1.4e6,
            observed_total=1.0649e7,
            expected=1.0783e7,
            because="the 80 % interval includes zero",
        ),
        _row(
            "11",
            "USA.import.WLD.gallium",
            "2024-12",
            "2025-11",
            question="All origins",
            event="us_ban_2024",
            basis="import_total",
            estimator="sdid",
            verdict="suggestive",
            reading="relative",
            estimate=8800.0,
            lo80=4000.0,
            hi80=12000.0,
            lo95=1000.0,
            hi95=15000.0,
            p_value=0.08,
            p_floor=0.04,
            mde80=9000.0,
            n_space=5,
            desc_estimate=8800.0,
            desc_lo=8800.0,
            desc_hi=8800.0,
            observed_total=21196.0,
            expected=12396.0,
            because="15 clean months, fewer than 36",
        ),
        *(
            _row(
                ident,
                REUTERS,
                first,
                last,
                question="Antimony",
                event="sb_licensing_2024",
                estimand=measure,
                measure=measure,
                baseline="mean of January to July 2024",
                desc_estimate=size,
                desc_lo=size,
                desc_hi=size,
                observed_total=expected + size,
                expected=expected,
                because="only 5 clean months",
                **more,
            )
            for ident, first, last, measure, size, expected, more in (
                ("15a", "2024-08", "2024-09", "anticipation", 3.378e6, 7.23e6, {}),
                ("15b", "2024-10", "2024-12", "cumulative", -8.126e6, 10.845e6, {}),
                ("15c", "2024-08", "2024-12", "net", -4.748e6, 18.075e6, {}),
            )
        ),
        _row(
            "16",
            REUTERS,
            "2024-10",
            "2024-11",
            question="A ledger of its own",
            event="sb_licensing_2024",
            verdict="suggestive",
            reading="causal",
            estimate=-5e6,
            lo80=-6e6,
            hi80=-4e6,
            lo95=-7e6,
            hi95=-3e6,
            anticipation=3e6,
            anticipation_lo80=2e6,
            anticipation_hi80=4e6,
            net=-2e6,
            net_lo80=-3.5e6,
            net_hi80=-5e5,
            desc_estimate=-5e6,
            desc_lo=-5e6,
            desc_hi=-5e6,
            observed_total=1e6,
            expected=6e6,
            because="few clean months",
        ),
    ]
    rows["parts"] += [
        {"job": "job1b", "event": event, "estimate": size, "lo80": size - 1e6, "hi80": size + 1e6, "lo95": size - 2e6,
         "hi95": size + 2e6}
        for event, size in (("re_licensing_2025", -5.9e6), ("enforcement_2025", -1.0e6))
    ]  # fmt: skip
    rows["sensitivity"] += [
        _varied("1", "counterfactual", "level_sd", "0.01", -6.0e6),
        _varied("1", "counterfactual", "day", "2025-05-31", -2.2e6, verdict="cannot distinguish", months_to="2025-04",
                months_observed="2025-04", observed_total=2.63e6, expected=4.85e6, mde80=2.4e6, p_value=0.3, p_floor=0.1,
                n_placebo=20, n_apart=9),
        _varied("1", "counterfactual", "day", "2025-03-31", math.nan, verdict="not identified", months_from=None,
                months_to=None, months_observed=None, because="re_licensing_2025 was not announced by 2025-03-31"),
    ]  # fmt: skip
    for m, observed, expected in (("2025-04", 2.63e6, 4.9e6), ("2025-05", 1.24e6, 4.8e6), ("2025-06", 3.19e6, 4.9e6)):
        q = {
            f"counterfactual_{k}": expected * f
            for k, f in (("q025", 0.8), ("q10", 0.9), ("q50", 1.0), ("q90", 1.1), ("q975", 1.2))
        }
        band = {"effect_band_lo": observed - 1.3 * expected, "effect_band_hi": observed - 0.7 * expected}
        rows["paths"].append({"job": "job1", "series": WORLD, "month": m, "observed": observed, **q, **band})
    rows["placebos"] += [
        {"job": "job1", "kind": "time", "series": WORLD, "start": f"2023-{m:02d}", "cumulative": 1e5 * (m - 6)}
        for m in range(1, 13)
    ]
    for gate, outcome, why in (("identified", "pass", ""), ("length", "fail", "29 clean months, fewer than 36")):
        rows["gates"].append({"job": "job1", "gate": gate, "outcome": outcome, "value": 29.0, "threshold": 36.0, "reason": why})


def _varied(ident: str, estimator: str, what: str, value: str, estimate: float, **more: object) -> dict[str, object]:
    spread = {
        f"{end}{level}": estimate + sign * width
        for end, sign in (("lo", -1), ("hi", 1))
        for level, width in ((80, 1e6), (95, 2e6))
    }
    base = {
        "job": f"job{ident}",
        "what": what,
        "value": value,
        "estimate": estimate,
        **spread,
        "verdict": "suggestive",
        "reading": "causal",
        "because": "",
        "desc_estimate": -7.48e6,
        "observed_total": 7.055e6,
        "months_from": "2025-04",
        "months_to": "2025-06",
        "id": ident,
        "estimator": estimator,
        "baseline": "mean of 2024",
        "months_observed": "2025-04/2025-06",
        "expected": 14.537e6,
        "n_clean": 29,
        "n_placebo": 0,
        "n_apart": 0,
    }
    return base | more


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return a_run(tmp_path_factory.mktemp("report") / "small-0123abcd")


@pytest.fixture(scope="module")
def page(run: Run) -> str:
    html, text = write_all(run)
    assert (html.name, text.name) == ("report.html", "report.md")
    return html.read_text("utf-8")


@pytest.fixture(scope="module")
def facts(run: Run) -> RunData:
    return RunData(run)


def test_the_package_is_called_and_imported() -> None:
    import forecast as fc
    import forecast.report.compose as compose

    assert callable(fc.report)
    assert fc.report.compose is compose


def test_chapters_stand_in_the_order_of_the_report(page: str) -> None:
    anchors = re.findall(r'<h2 id="(\w+)"', page)
    assert anchors == ["summary", "changed", "next", "magnets", "origins", "antimony", "claims", "backtest", "gates", "data"]


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    assert not re.search(r'(src|href)="(?!#|https?://)|<script|@import|url\((?!#)', page)
    assert not re.search(r"<(img|link|iframe)\b", page)
    assert "prefers-color-scheme: dark" in page


def test_figures_take_the_page_s_colours(page: str) -> None:
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert not re.search(r"#[0-9a-f]{6}", drawn), "a colour that does not change in the dark"
    assert "var(--blue)" in drawn


def test_no_text_of_the_machine_is_printed(page: str) -> None:
    text = re.sub(r"<[^>]+>", " ", page)
    assert not re.search(r"\bnan\b|\binf\b|None|NaT|<NA>", text)


def test_markdown_says_the_same_with_the_same_pictures(run: Run, page: str, tmp_path: Path) -> None:
    text = report(run, "md", tmp_path).read_text("utf-8")
    for said in ("7,055\u00a0t was 51\u00a0% (7,480\u00a0t) below the mean of 2024", "12.8\u00a0%", "−1,979\u00a0t"):
        assert said in text, said
        assert said in page, said
    first = sorted((run.folder / "figures").glob("*.png"))
    assert len(first) >= 6
    for path in first:
        assert path.read_bytes() == (tmp_path / "figures" / path.name).read_bytes(), path.name
        assert path.with_suffix(".svg").read_text() == (tmp_path / "figures" / path.with_suffix(".svg").name).read_text()
        assert f"figures/{path.name}" in text


def test_an_unknown_format_names_the_nearest(run: Run) -> None:
    with pytest.raises(ConfigError) as error:
        report(run, "htm")
    assert error.value.hint == "'html'"


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    a_run(tmp_path, answered=False)
    info = json.loads((tmp_path / "run.json").read_text("utf-8"))
    (tmp_path / "run.json").write_text(json.dumps(info | {"schema_version": 99}), "utf-8")
    with pytest.raises(DataError, match="schema 99"):
        Run(tmp_path)


def test_a_run_without_answers_says_so(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", answered=False)
    text = report(run, "md").read_text("utf-8")
    assert "No question of this run could be answered" in text
    assert "no forecast that stands on its own day" in text
    assert "too short: 9 months" in text


def _said(facts: RunData, ident: str) -> str:
    return prose.answer_sentences(facts, next(a for a in facts.headline if a.id == ident))


def test_descriptive_claims_no_cause(facts: RunData) -> None:
    text = _said(facts, "3")
    assert "27\u00a0% (1,979\u00a0t) below the mean of 2024" in text
    assert "these data cannot say how much of it export licensing of Apr\u00a02025 caused, because only 23 clean months" in text
    assert "(7,444\u00a0t over as many months)" in text
    assert "estimate" not in text


def test_not_identified_is_followed_by_the_description(facts: RunData) -> None:
    text = _said(facts, "7")
    assert text.index("is not identified, because") < text.index(
        "What was observed: the last published level is 0\u00a0kg (Jan–Oct\u00a02024)"
    )


def test_bounds_name_the_range_over_baselines(facts: RunData) -> None:
    assert "between 11\u00a0% below and 1.6\u00a0% above depending on the baseline" in _said(facts, "2")
    assert "between 22 and 29\u00a0% below depending on the baseline" in _said(facts, "3")
    assert "A share of 9.5\u00a0% was 3.3\u00a0pp below the mean of 2024 (12.8\u00a0%)" in _said(facts, "5")


def test_a_sentence_gives_two_reasons_at_most_and_the_first_remark(facts: RunData) -> None:
    from dataclasses import replace

    answer = replace(next(a for a in facts.headline if a.id == "1"), because="one; two; enforcement_2025 falls into it")
    text = prose.answer_sentences(facts, answer)
    assert "because one, and two." in text
    assert text.endswith("The first remark.")
    assert len(prose.verdict_reasons(facts, answer)) == 3


def test_a_p_value_of_few_windows_is_not_printed(facts: RunData) -> None:
    from dataclasses import replace

    answer = next(a for a in facts.headline if a.id == "1")
    assert prose.placebo_text(answer) == "placebo p 0.05 over 21 windows without overlap, the lowest possible"
    few = replace(answer, n_apart=7, p_value=0.125, p_floor=0.125)
    assert prose.placebo_text(few) == "too few placebo windows without overlap (7)"
    assert prose.placebo_text(replace(answer, p_value=math.nan)) == ""


def test_no_id_and_no_hyphen_for_a_minus_is_left_in_a_text(facts: RunData) -> None:
    text = prose.in_words(
        facts, f"2 t of {US} in 2025-06, -38.4 % by us_ban_2024 (2024-12-03) on 2024-01/2024-10 of rare_earths"
    )
    assert text == (
        "2 t of rare-earth permanent magnets (China to US) in Jun\u00a02025, −38.4\u00a0% by the export ban of Dec\u00a02024 "
        "(3\u00a0Dec\u00a02024) on Jan–Oct\u00a02024 of rare earths"
    )


def test_no_raw_id_stands_on_the_page(page: str) -> None:
    text = re.sub(r"<[^>]+>", " ", re.sub(r'(href|id|aria-label)="[^"]*"', "", page))
    assert not re.search(r"\b[A-Z]{3}\.(import|export)\.", text)
    assert not re.search(r"\b(us_ban|re_licensing|enforcement|us_china_deal)_20\d\d", text)
    assert "imports for consumption" not in text


def test_claims_are_counted_and_carry_their_verdict(page: str) -> None:
    assert "Of 2 published claims, <strong>1</strong> holds within rounding and <strong>1</strong> cannot be checked." in page
    assert '<span class="chip holds-within-rounding">holds within rounding</span>' in page
    assert "+667.0\u00a0%" in page
    assert "no figure that tests it" in page


@pytest.mark.parametrize("reading", ["descriptive", "none"])
def test_no_effect_is_stated_where_the_reading_forbids_it(facts: RunData, reading: str) -> None:
    from dataclasses import replace

    answer = replace(next(a for a in facts.headline if a.id == "1"), reading=reading)
    assert "The estimate for" not in prose.verdict_sentence(facts, answer)


def test_beats_only_where_the_interval_lies_below_one() -> None:
    assert prose.benchmark_verdict(0.8, 0.7, 0.95) == "beats it"
    assert prose.benchmark_verdict(0.8, 0.7, 1.05) == "not shown to beat it"
    assert prose.benchmark_verdict(1.1, 0.9, 1.4) == "does not beat it"
    assert prose.benchmark_verdict(1.2, 1.1, 1.4) == "is worse"
    assert prose.benchmark_verdict(0.5, math.nan, math.nan) == "ratio only, no test"


def test_the_backtest_says_plainly_whether_the_default_beats_the_best_naive(page: str) -> None:
    text = re.sub(r"<[^>]+>", "", page)
    assert "China's exports: the default beats the best naive forecast, the same month a year earlier" in text.replace(
        "&#x27;", "'"
    )
    assert "its CRPS is 0.80 times as large (90\u00a0% interval 0.70 to 0.90; 30 cutoffs, 120 questions)" in text


def test_a_naive_forecast_that_did_better_later_is_named(run: Run) -> None:
    from forecast.report.sections.backtest import _hindsight

    rows = pd.DataFrame(
        {"model": ["ets", "mean12", "seasonal_naive", "drift"], "ratio": [0.9, 0.8, 1.0, 0.85], "benchmark": "seasonal_naive"}
    )
    told = _hindsight(RunData(run), rows.iloc[0].to_dict(), rows)
    assert "the 12-month mean (mean12) did better than that one (0.80 times its CRPS)" in told
    assert "the default's is 1.13 times as large" in told
    assert _hindsight(RunData(run), rows.iloc[2].to_dict(), rows) == "", "the default is the benchmark itself"
    assert _hindsight(RunData(run), rows.iloc[0].to_dict(), rows[rows["ratio"] >= 0.9]) == ""


def test_a_later_sum_is_the_last_figure(run: Run) -> None:
    from forecast.report.table_blocks import latest_figures_table

    rows = latest_figures_table([RunData(run).histories["CHN.export.WLD.rare_earths_total"]]).rows
    assert [c.text for c in rows[0][1:]] == ["Jan–Feb\u00a02026", "10,460\u00a0t", "+23\u00a0%", b.MISSING]
    assert rows[0][3].sub == "from 8,511\u00a0t"
    assert "last single month Dec\u00a02025: 4,392\u00a0t" in rows[0][1].sub


def test_a_band_that_leaves_the_frame_is_marked() -> None:
    from forecast.report.figures.canvas import style
    from forecast.report.figures.fan_charts import fan_panel
    from forecast.report.run_data import ObservedSeries

    first = mm.ordinal("2025-01")
    history = ObservedSeries("CHN.export.WLD.re_magnets", "t", {first + i: 10.0 + i for i in range(12)}, (), {})
    rows = pd.DataFrame([{"month": f"2026-{m:02d}", "q025": 1, "q10": 5, "q50": 20, "q90": 30, "q975": 900} for m in (1, 2, 3)])
    with style():
        assert "▲ 95 % to 900" in fan_panel(history, rows, AS_OF, (), {}).svg
        assert "▲" not in fan_panel(history, rows.assign(q975=31), AS_OF, (), {}).svg


def test_china_s_january_is_compared_only_as_a_sum() -> None:
    from forecast.report.run_data import ObservedSeries
    from forecast.report.table_blocks import months_ahead_table

    before = mm.ordinal("2025-01")
    history = ObservedSeries("CHN.export.WLD.re_magnets", "t", {before + 11: 5.0}, ((before, before + 1, 10.0),), {})
    rows = [
        {"month": m, "q50": q, **dict.fromkeys(("q025", "q10", "q90", "q975"), q)}
        for m, q in (("2026-01", 6.0), ("2026-02", 5.0), ("2026-01/2026-02", 11.0))
    ]
    table = months_ahead_table(history, pd.DataFrame(rows), AS_OF)
    heads = [row[0].text for row in table.rows]
    yearly = [row[4] for row in table.rows]
    assert heads == ["Jan\u00a02026", "Feb\u00a02026", "Jan+Feb 2026"]
    assert [c.text for c in yearly] == [b.MISSING, b.MISSING, "+10\u00a0%"]
    assert yearly[0].sub == "on Jan+Feb only"


def test_sums_leave_what_the_known_months_do_not_take() -> None:
    from forecast.report.run_data import ObservedSeries

    history = ObservedSeries("x", "t", {0: 1.0, 2: 3.0}, ((0, 3, 10.0), (0, 1, 3.0)), {})
    assert history.steps == (((1,), 2.0), ((3,), 4.0))


def test_text_from_the_data_cannot_enter_the_markup(tmp_path: Path) -> None:
    from forecast.report import html

    text = html.render([b.Heading("A", 1), b.Bullets(("<script>x</script> [a](javascript:x)",))])
    assert "<script>" not in text
    assert "javascript" not in re.sub(r"\[a\]\(javascript:x\)", "", text)


def test_units_follow_the_product(facts: RunData) -> None:
    gallium = next(a for a in facts.headline if a.id == "9")
    assert gallium.unit == "kg"
    assert gallium.observed == pytest.approx(1300.0)
    assert next(a for a in facts.headline if a.id == "3").observed == pytest.approx(5465.0)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.43, "kg", "0.4"),
        (0.0, "kg", "0"),
        (0.004, "t", "0.0040"),
        (97.32, "t", "97.3"),
        (20.0, "t", "20"),
        (-7483.2, "t", "−7,483"),
        (-290.5, "t", "−291"),
        (-290.5 + 1e-11, "t", "−291"),
    ],
)
def test_a_small_figure_does_not_look_like_zero(value: float, unit: str, text: str) -> None:
    from forecast.report.numbers import quantity

    assert quantity(value, unit) == f"{text}\u00a0{unit}"


def test_all_but_all_is_not_all() -> None:
    from forecast.report.numbers import percent

    assert percent(-0.998) == "−99.8\u00a0%"
    assert percent(-1.0) == "−100\u00a0%"


# --- what the report says of an effect, against the table ------------------------------------------------------------


def _words(facts: RunData, answer: object) -> tuple[str, str]:
    """The sentence of an answer, and the cells of its row, as plain text."""
    from forecast.report.table_blocks import headline_table

    first, second = headline_table(facts, [answer], "x").rows
    cells = " | ".join(f"{cell.text} {cell.sub}" for row in (first, second) for cell in row)
    return prose.answer_sentences(facts, answer), cells


def test_the_report_never_contradicts_its_table(run: Run, facts: RunData) -> None:
    table = run.effects.set_index(["id", "role"])
    for answer in facts.headline:
        row = table.loc[(answer.id, "headline")]
        told, cells = _words(facts, answer)
        stands = bool(pd.notna(row["estimate"]))
        for text in (told, cells):
            assert ("cannot be told from none" in text) == (row["verdict"] == "cannot distinguish"), answer.id
            assert ("is not identified" in text) == (row["verdict"] == "not identified"), answer.id
            assert ("these data cannot say" in text.lower()) == (row["verdict"] == "descriptive"), answer.id
            assert not ("is supported" in text and row["verdict"] != "supported"), answer.id
            assert ("Ledger:" in text) == (stands and pd.notna(row["anticipation"])), answer.id
        assert cells.split(" | ")[3].startswith(str(row["verdict"]))
        assert ("The estimate" in told or "estimate for" in told) == stands, answer.id
        if stands:
            assert prose.amount(answer, answer.estimate) in told
            assert prose.amount(answer, answer.estimate) in cells
        else:
            assert "no estimate" in cells


def test_a_null_prints_what_it_could_have_seen(facts: RunData) -> None:
    nulls = [a for a in facts.headline if a.verdict == "cannot distinguish"]
    assert len(nulls) == 2
    for answer in nulls:
        told, cells = _words(facts, answer)
        if answer.estimated:
            assert (
                "Only an effect of 4,200\u00a0t (39\u00a0% of the baseline) or more would be seen with a chance of 80" in told
            )
            assert "smallest effect seen with 80\u00a0% power 4,200\u00a0t (39\u00a0% of the baseline)" in cells
        else:
            assert "cannot be said, because none was estimated" in told
            assert "no smallest effect that would be seen" in cells


def test_no_p_value_stands_without_the_lowest_it_could_be(page: str, facts: RunData) -> None:
    text = re.sub(r"<[^>]+>", " ", page).replace("&#x27;", "'")
    found = re.findall(r"(?:placebo p|\bp) 0\.\d+ [^;|]{0,60}", text)
    assert len(found) >= 3
    for said in found:
        assert "lowest possible" in said, said
    own = next(a for a in facts.headline if a.id == "11")
    assert prose.placebo_text(own) == "p 0.08 by the method's own test (lowest possible 0.04)"
    assert "placebo" not in prose.placebo_text(own)


def test_the_ledger_adds_up_in_words(facts: RunData) -> None:
    told = _said(facts, "16")
    assert "Ledger: before the start A = +3,000\u00a0t (80\u00a0% interval +2,000\u00a0t to +4,000\u00a0t)" in told
    assert "after it P = −5,000\u00a0t; net −2,000\u00a0t" in told


def test_a_ledger_of_descriptions_claims_no_cause(page: str) -> None:
    text = re.sub(r"<[^>]+>", "", page)
    assert "Ledger against the mean of January to July 2024: A = +3,378\u00a0t in Aug–Sep\u00a02024 (descriptive)" in text
    assert "net = −4,748\u00a0t in Aug–Dec\u00a02024 (descriptive). The surplus equals 42\u00a0%" in text
    assert "As descriptions, they claim no cause." in text


def test_the_same_question_asked_otherwise_is_told_as_its_table_has_it(facts: RunData, page: str) -> None:
    from forecast.report.sections.sensitivity import variation_sentence

    found = facts.variations["1"]
    own = next(a for a in facts.headline if a.id == "1")
    told = variation_sentence(facts, own, found)
    assert "(suggestive, −51\u00a0%): the same verdict in 1 of 2 answers." in told  # the third could not be given
    assert "0.01: −46\u00a0%" in told
    assert "31\u00a0May\u00a02025: cannot distinguish, −46\u00a0% (Apr\u00a02025)" in told
    assert "31\u00a0Mar\u00a02025: no answer" in told
    assert "export licensing of Apr\u00a02025 was not announced by 31\u00a0Mar\u00a02025" in page
    assert "How firm: the same question asked otherwise (3 answers)" in page


def test_parts_add_up_to_the_joint_effect_and_have_no_verdict_of_their_own(facts: RunData, page: str) -> None:
    answer = next(a for a in facts.answers if a.job == "job1b")
    parts = facts.parts(answer)
    assert sum(p.estimate for p in parts) == pytest.approx(answer.estimate)
    start = page.index("What each event contributed")
    section = page[start : page.index("</details>", start)]
    for shown in ("−5,900\u00a0t", "−1,000\u00a0t", "−6,900\u00a0t", "export licensing of Apr\u00a02025", "together"):
        assert shown in section, shown
    assert "chip" not in section


def test_the_ban_stands_in_each_record_with_its_own_verdict(page: str) -> None:
    start = page.index("The ban by record")
    section = re.sub(r"<[^>]+>", " ", page[start : page.index("</table>", start)])
    order = ["China&#x27;s record", "not identified", "declared Chinese origin", "descriptive", "all origins", "suggestive"]
    places = [section.index(word) for word in order]
    assert places == sorted(places)


def _panel(path: pd.DataFrame) -> int:
    """Dashed lines of a panel without history."""
    from forecast.report.figures.canvas import style
    from forecast.report.figures.flows import counterfactual_panel

    with style():
        return counterfactual_panel("x", "t", path, 1000.0, None).svg.count("stroke-dasharray")


def test_the_path_shows_the_band_of_the_whole_and_the_breakdown(facts: RunData, page: str) -> None:
    start = page.index('id="fig-effect_paths"')
    drawn = page[start : page.index("</figure>", start)]
    assert "breakdown 2.1, n = 40" in drawn
    assert "breakdown 0." not in drawn  # row 6 has no path in this run
    band = [c for c in facts.table("paths").columns if c.startswith("effect_band")]
    assert (
        drawn.count("stroke-dasharray") >= _panel(facts.table("paths")) == _panel(facts.table("paths").drop(columns=band)) + 2
    )
    assert "breakdown value 2.1: so many times the largest of 40 placebos" in page


def test_a_run_from_before_the_new_tables_still_has_its_report(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run")
    for name in ("parts", "sensitivity"):
        (run.folder / f"{name}.parquet").unlink()
    old = run.effects.drop(columns=["breakdown", "anticipation", "net", "n_space"])
    old.to_parquet(run.folder / "effects.parquet")
    text = report(Run(run.folder), "md").read_text("utf-8")
    assert "How firm" not in text
    assert "What the events changed" in text
