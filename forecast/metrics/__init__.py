"""Metrics: one score of forecasts per file."""
