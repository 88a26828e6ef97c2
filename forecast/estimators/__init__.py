"""Estimators of what an event changed: one per file or folder."""
