"""Evaluation of forecasts: backtests, scores, comparisons, and the sample sizes they require."""
