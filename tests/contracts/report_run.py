"""A small made-up run: bundled observations, made-up answers, every table typed as the schema has it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from forecast.core import months as mm
from forecast.core.archive import bundled_archive
from forecast.core.run import Run
from forecast.core.schema import COLUMNS, SCHEMA_VERSION, TABLES

AS_OF = "2026-07-10"
MODELS = ("seasonal_naive", "ets", "mean")
WORLD, US = "CHN.export.WLD.re_magnets", "CHN.export.USA.re_magnets"
SERIES = (WORLD, US, "CHN.export.WLD.rare_earths_total", "USA.import.WLD.gallium", "USA.import.CHN.gallium")
MORE = ("CHN.export.WLD.antimony_products_reuters", "CHN.export.USA.gallium", "USA.import.WLD.gallium:usd")
REUTERS = "CHN.export.WLD.antimony_products_reuters"
KINDS = {"text": pa.string(), "whole": pa.int64(), "real": pa.float64(), "flag": pa.bool_()}


def write_table(folder: Path, name: str, rows: list[dict[str, object]]) -> None:
    """A table of a run folder with the columns of the schema; what a row leaves out is null, what it adds is an error."""
    columns = COLUMNS[name]
    assert not {key for row in rows for key in row} - set(columns), name
    schema = pa.schema([(column, KINDS[kind]) for column, kind in columns.items()])
    pq.write_table(pa.Table.from_pylist([{c: row.get(c) for c in columns} for row in rows], schema), folder / f"{name}.parquet")


def small_run(folder: Path, answered: bool = True, series: tuple[str, ...] = SERIES) -> Run:
    """A run folder with the bundled observations and made-up answers; with `answered` false every answer is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    vintage = bundled_archive().as_of(AS_OF)
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}
    for name in dict.fromkeys((*series, *MORE)) if answered else ():
        for c in vintage.cells[name]:
            rows["observations"].append(
                {
                    "series": name, "period": mm.period_label(c.first, c.last), "value": c.value, "unit": "kg",
                    "status": c.status, "stage": c.stage, "kind": c.kind, "released": str(c.released), "basis": c.basis,
                    "source": c.source, "url": c.url,
                }
            )  # fmt: skip
    if answered:
        for name in series:
            _ahead(rows, name, vintage, rng)
            _scores(rows, name, rng)
        _effects(rows)
        for model in MODELS[1:]:
            rows["comparisons"].append(
                {
                    "model": model, "benchmark": "seasonal_naive", "metric": "crps", "group": "China's exports",
                    "ratio": 0.8, "lo90": 0.7, "hi90": 0.9 if model == "mean" else 1.1, "n": 120, "n_cutoffs": 30,
                    "note": "",
                }
            )  # fmt: skip
        for regime, first, last in (("extended", "2025-12", "2026-04"), ("lapses, tight", "2025-05", "2025-11")):
            rows["regimes"].append(
                {
                    "series": "USA.import.CHN.gallium", "unit": "kg", "regime": regime, "months_from": first,
                    "months_to": last, "mean": 210.0, "lo": 0.0, "hi": 612.0, "n": 5, "reading": "",
                }
            )  # fmt: skip
    if answered:
        rows["claims"] += [
            _claim("magnets to the US up 660 % on May", "holds within rounding", 6.67, "fraction",
                   f"352.8 t of {US} in 2025-06 over 46 t in 2025-05 = +667.0 %; published +660 %. Figures: Reuters."),
            _claim("smelting capacity is small", "cannot be checked", math.nan, "", "Nothing of smelters is held."),
        ]  # fmt: skip
    rows["failures"].append(
        {"job": "x", "method": "ets", "question": "2024-01", "series": US, "reason": "too short: 9 months", "detail": ""}
    )
    for name in TABLES:
        write_table(folder, name, rows[name])
    findings = [
        {"topic": "contradiction", "text": "two publishers differ: 589 t and 590 t", "where": f"{US} 2025-08", "level": "note"}
    ]
    (folder / "findings.json").write_text(json.dumps(findings), "utf-8")
    info = {
        "schema_version": SCHEMA_VERSION,
        "as_of": AS_OF,
        "config": {"title": "Trade under export controls", "default_model": "mean"},
        "versions": {"forecast": "0.1.0", "python": "3.11"},
        "config_hash": "0123abcd",
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(info), "utf-8")
    return Run(folder)


def _claim(claim: str, verdict: str, computed: float, unit: str, arithmetic: str) -> dict[str, object]:
    words = {
        "claim": claim, "source": "press, 2025-07", "url": "", "verdict": verdict, "arithmetic": arithmetic,
        "settle": "a list",
    }  # fmt: skip
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
                    "job": f"{model}|{name}", "model": model, "model_used": model, "series": name, "unit": "kg",
                    "cutoff": AS_OF, "month": mm.label(observed.last + h), "horizon": h - 3, "h_info": h,
                    "mean": draws.mean(), **q, "truth": None,
                }
            )  # fmt: skip


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
                            "job": f"{model}|{name}|{cutoff}", "model": model, "series": name, "cutoff": cutoff,
                            "month": month, "horizon": h, "h_info": h, "metric": metric, "value": value,
                            "regime": "under control",
                        }
                    )  # fmt: skip


def _row(ident: str, series: str, first: str, last: str, **more: object) -> dict[str, object]:
    base = {
        "job": f"job{ident}", "estimator": "baseline", "event": "re_licensing_2025", "series": series, "unit": "kg",
        "basis": "export", "lag_months": 0, "months_from": first, "months_to": last, "estimand": "shortfall",
        "measure": "cumulative", "baseline": "mean of 2024", "verdict": "descriptive", "reading": "descriptive",
        "n_clean": 29, "n_span": 1, "n_placebo": 0, "n_apart": 0, "id": ident, "question": "what was lost?",
        "role": "headline", "because": "", "note": "",
    }  # fmt: skip
    return base | more


def _effects(rows) -> None:
    rows["effects"] += [
        _row(
            "1", WORLD, "2025-04", "2025-06", question="Magnets to the world: shortfall under licensing",
            verdict="suggestive", reading="causal", estimator="counterfactual", estimate=-7.2e6, lo80=-8.4e6, hi80=-6.0e6,
            lo95=-9.3e6, hi95=-5.1e6, p_value=0.045, p_floor=0.045, mde80=2.4e6, n_placebo=40, n_apart=21,
            note="the first remark. The second one", desc_estimate=-7.48e6, desc_lo=-8.1e6, desc_hi=-6.9e6,
            observed_total=7.055e6, expected=14.537e6, because="29 clean months, fewer than 36", breakdown=2.1,
        ),
        _row(
            "2", WORLD, "2025-04", "2026-03", question="Magnets to the world: lost or delayed?", estimand="net",
            measure="net", verdict="cannot distinguish", desc_estimate=-2e4, desc_lo=-7.1e6, desc_hi=9e5,
            observed_total=58.128e6, expected=58.148e6, because="the sign depends on the baseline",
        ),
        _row(
            "3", US, "2025-04", "2026-03", question="Magnets to the US: shortfall", desc_estimate=-1.979e6, desc_lo=-2.2e6,
            desc_hi=-1.5e6, observed_total=5.465e6, expected=7.444e6, because="only 23 clean months", n_clean=23,
        ),
        _row(
            "5", US, "2025-06", "2026-03", question="US share of magnets", estimand="share", measure="share", unit="",
            desc_estimate=-0.033, desc_lo=-0.035, desc_hi=-0.027, observed_total=0.095, expected=0.128,
            because="a share is no level",
        ),
        _row(
            "7", "CHN.export.USA.gallium", "2024-12", "2025-11", question="The ban, exporter's view",
            event="us_ban_2024+enforcement_2025", verdict="not identified", reading="none",
            baseline="none; last published level, 2024-01/2024-10", desc_estimate=0.0, desc_lo=0.0, desc_hi=0.0,
            because="the flow was zero before the ban",
        ),
        _row(
            "9", "USA.import.CHN.gallium", "2024-12", "2025-11", question="Gallium of Chinese origin", event="us_ban_2024",
            basis="import_origin", verdict="descriptive", desc_estimate=-120.0, desc_lo=-300.0, desc_hi=50.0,
            observed_total=1300.0, expected=1420.0, because="most clean months are zero",
        ),
        _row(
            "1", WORLD, "2025-04", "2025-06", role="sensitivity", job="job1b", estimator="regression", verdict="suggestive",
            estimate=-6.9e6, lo80=-8e6, hi80=-6e6, lo95=-9e6, hi95=-5e6, p_value=0.09, p_floor=0.045, desc_estimate=-7.48e6,
        ),
        _row(
            "6", "CHN.export.WLD.rare_earths_total", "2025-04", "2025-05", question="All rare earths",
            estimator="counterfactual", verdict="cannot distinguish", reading="causal", estimate=8.9e5, lo80=-1.9e6,
            hi80=3.1e6, lo95=-3.9e6, hi95=4.0e6, p_value=0.61, p_floor=1 / 41, mde80=4.2e6, n_placebo=90, n_apart=40,
            breakdown=0.25, desc_estimate=-1.34e5, desc_lo=-1.34e5, desc_hi=1.4e6, observed_total=1.0649e7,
            expected=1.0783e7, because="the 80 % interval includes zero",
        ),
        _row(
            "11", "USA.import.WLD.gallium", "2024-12", "2025-11", question="All origins", event="us_ban_2024",
            basis="import_total", estimator="sdid", verdict="suggestive", reading="relative", estimate=8800.0, lo80=4000.0,
            hi80=12000.0, lo95=1000.0, hi95=15000.0, p_value=0.08, p_floor=0.04, mde80=9000.0, n_space=5,
            desc_estimate=8800.0, desc_lo=8800.0, desc_hi=8800.0, observed_total=21196.0, expected=12396.0,
            because="15 clean months, fewer than 36",
        ),
        *(
            _row(
                ident, REUTERS, first, last, question="Antimony", event="sb_licensing_2024", estimand=measure,
                measure=measure, baseline="mean of January to July 2024", desc_estimate=size, desc_lo=size, desc_hi=size,
                observed_total=expected + size, expected=expected, because="only 5 clean months", **more,
            )
            for ident, first, last, measure, size, expected, more in (
                ("15a", "2024-08", "2024-09", "anticipation", 3.378e6, 7.23e6, {}),
                ("15b", "2024-10", "2024-12", "cumulative", -8.126e6, 10.845e6, {}),
                ("15c", "2024-08", "2024-12", "net", -4.748e6, 18.075e6, {}),
            )
        ),
        _row(
            "16", REUTERS, "2024-10", "2024-11", question="A ledger of its own", event="sb_licensing_2024",
            verdict="suggestive", reading="causal", estimate=-5e6, lo80=-6e6, hi80=-4e6, lo95=-7e6, hi95=-3e6,
            anticipation=3e6, anticipation_lo80=2e6, anticipation_hi80=4e6, net=-2e6, net_lo80=-3.5e6, net_hi80=-5e5,
            desc_estimate=-5e6, desc_lo=-5e6, desc_hi=-5e6, observed_total=1e6, expected=6e6, because="few clean months",
        ),
    ]  # fmt: skip
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
        }  # fmt: skip
        band = {"effect_band_lo": observed - 1.3 * expected, "effect_band_hi": observed - 0.7 * expected}
        rows["paths"].append({"job": "job1", "series": WORLD, "month": m, "observed": observed, **q, **band})
    rows["placebos"] += [
        {"job": "job1", "kind": "time", "series": WORLD, "start": f"2023-{m:02d}", "cumulative": 1e5 * (m - 6)}
        for m in range(1, 13)
    ]  # fmt: skip
    for gate, outcome, why in (("identified", "pass", ""), ("length", "fail", "29 clean months, fewer than 36")):
        rows["gates"].append({"job": "job1", "gate": gate, "outcome": outcome, "value": 29.0, "threshold": 36.0, "reason": why})


def _varied(ident: str, estimator: str, what: str, value: str, estimate: float, **more: object) -> dict[str, object]:
    spread = {
        f"{end}{level}": estimate + sign * width
        for end, sign in (("lo", -1), ("hi", 1))
        for level, width in ((80, 1e6), (95, 2e6))
    }  # fmt: skip
    base = {
        "job": f"job{ident}", "what": what, "value": value, "estimate": estimate, **spread, "verdict": "suggestive",
        "reading": "causal", "because": "", "desc_estimate": -7.48e6, "observed_total": 7.055e6, "months_from": "2025-04",
        "months_to": "2025-06", "id": ident, "estimator": estimator, "baseline": "mean of 2024",
        "months_observed": "2025-04/2025-06", "expected": 14.537e6, "n_clean": 29, "n_placebo": 0, "n_apart": 0,
    }  # fmt: skip
    return base | more
