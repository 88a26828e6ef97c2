"""Filed runs opened later: what has come, how the filed forecasts did, and which claims are decided."""
