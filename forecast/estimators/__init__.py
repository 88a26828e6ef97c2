"""What an event changed: one estimator per file."""
