"""Forecasting models: one per file, or per folder with what it alone needs."""
