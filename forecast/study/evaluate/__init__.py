"""Backtests and their scores: cutoffs, truth, common samples, comparisons, what a history supports."""
