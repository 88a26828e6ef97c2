"""What changed between two finished runs: data, events, settings, forecasts, verdicts; nothing is computed again."""
