"""Schema: the tables of a run folder, with their columns in order and what each column holds."""

from __future__ import annotations

from forecast.core.results import PROBABILITIES, quantile_name

SCHEMA_VERSION = 1
Q = tuple(quantile_name(p) for p in PROBABILITIES)
SUMMARY = ("estimate", "lo80", "hi80", "lo95", "hi95")
BANDS = ("q025", "q10", "q50", "q90", "q975")
COLUMNS: dict[str, dict[str, str]] = {
    "forecasts": {
        **dict.fromkeys(("job", "model", "model_used", "series", "unit", "cutoff", "month"), "text"),
        "horizon": "whole", "h_info": "whole",
        **dict.fromkeys(("mean", *Q, "truth"), "real"),
        **dict.fromkeys(("regressors", "dropped", "scale"), "text"),
        "n_split": "whole", "n_filled": "whole", "notes": "text", "fitted_on": "text", "vintage": "text", "group": "text",
    },
    "scores": {
        **dict.fromkeys(("job", "model", "series", "cutoff", "month"), "text"),
        "horizon": "whole", "h_info": "whole", "metric": "text", "value": "real", "regime": "text",
        "jan_mar": "whole", "vintage": "text", "group": "text",
    },
    "effects": {
        **dict.fromkeys(("job", "estimator", "event", "series", "unit", "basis"), "text"),
        "lag_months": "whole",
        **dict.fromkeys(("months_from", "months_to", "estimand", "measure", "baseline"), "text"),
        **dict.fromkeys(("estimate", "lo80", "hi80", "lo95", "hi95", "p_value", "p_floor", "mde80"), "real"),
        **dict.fromkeys(("n_clean", "n_span", "n_placebo"), "whole"),
        "verdict": "text", "reading": "text",
        **dict.fromkeys(("desc_estimate", "desc_lo", "desc_hi"), "real"),
        **dict.fromkeys(("id", "question", "role", "because", "months_observed"), "text"),
        "observed_total": "real", "expected": "real", "note": "text", "used": "text", "level_unit": "text",
        "baselines": "text",
        **dict.fromkeys((f"{part}{end}" for part in ("anticipation", "net") for end in ("", "_lo80", "_hi80")), "real"),
        "breakdown": "real",
        **dict.fromkeys(("n_space", "n_apart"), "whole"),
    },
    "paths": {
        **dict.fromkeys(("job", "series", "month"), "text"), "observed": "real",
        **dict.fromkeys((f"{part}_{q}" for part in ("counterfactual", "effect") for q in BANDS), "real"),
        "effect_band_lo": "real", "effect_band_hi": "real",
    },
    "placebos": {**dict.fromkeys(("job", "kind", "series", "start"), "text"), "cumulative": "real"},
    "gates": {
        **dict.fromkeys(("job", "gate", "outcome"), "text"), "value": "real", "threshold": "real", "reason": "text",
    },
    "observations": {
        "series": "text", "period": "text", "value": "real",
        **dict.fromkeys(("unit", "status", "stage", "kind", "released", "basis", "source", "url", "derived_from"), "text"),
    },
    "comparisons": {
        **dict.fromkeys(("model", "benchmark", "metric", "group"), "text"),
        **dict.fromkeys(("ratio", "lo90", "hi90"), "real"),
        "n": "whole", "n_cutoffs": "whole", "note": "text", "n_series": "whole",
        "failures": "whole", "rank": "whole", "tied": "flag", "dm_p": "real", "gw_p": "real", "in_mcs": "flag",
        **dict.fromkeys(("mcs_p", "mz_p", "mz_intercept", "mz_slope"), "real"), "text": "text",
    },
    "failures": dict.fromkeys(("job", "method", "question", "series", "reason", "detail"), "text"),
    "regimes": {
        **dict.fromkeys(("series", "unit", "regime", "months_from", "months_to"), "text"),
        **dict.fromkeys(("mean", "lo", "hi"), "real"), "n": "whole", "reading": "text",
    },
    "claims": {
        **dict.fromkeys(("id", "claim", "source", "url", "verdict"), "text"),
        **dict.fromkeys(("computed", "low", "high"), "real"), **dict.fromkeys(("unit", "arithmetic", "settle"), "text"),
    },
    "parts": {"job": "text", "event": "text", **dict.fromkeys(SUMMARY, "real")},
    "scenarios": {
        **dict.fromkeys(("job", "scenario"), "text"), "probability": "real",
        **dict.fromkeys(("basis", "model", "model_used", "series", "unit", "cutoff", "month"), "text"),
        "horizon": "whole", "h_info": "whole", **dict.fromkeys(("mean", *Q), "real"), "notes": "text",
    },
    "news": {
        **dict.fromkeys(("target", "ref_month", "vintage_from", "vintage_to"), "text"),
        "nowcast_from": "real", "nowcast_to": "real",
        **dict.fromkeys(("source", "series", "release_month", "kind"), "text"),
        **dict.fromkeys(("expected", "actual", "weight", "impact"), "real"),
        **dict.fromkeys(("model", "released", "model_used"), "text"),
    },
    "calendar": {
        **dict.fromkeys(("group", "day", "series", "month", "source", "stage", "basis"), "text"),
        "ahead": "whole", "horizon": "whole", "together": "flag",
    },
    "sensitivity": {
        **dict.fromkeys(("job", "what", "value"), "text"), **dict.fromkeys(SUMMARY, "real"),
        **dict.fromkeys(("verdict", "reading", "because"), "text"), "desc_estimate": "real", "observed_total": "real",
        "months_from": "text", "months_to": "text",
        **dict.fromkeys(("id", "estimator", "baseline", "months_observed"), "text"),
        **dict.fromkeys(("expected", "p_value", "p_floor", "mde80"), "real"),
        **dict.fromkeys(("n_clean", "n_placebo", "n_apart"), "whole"),
    },
}  # fmt: skip
TABLES = (
    "forecasts", "scores", "effects", "paths", "placebos", "gates", "observations", "comparisons", "failures", "regimes",
    "claims", "parts", "sensitivity", "scenarios", "news", "calendar",
)  # fmt: skip
