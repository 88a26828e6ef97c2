"""Effects of events: estimates, placebos, gates, verdicts, and their sensitivity to assumptions."""
