"""The data as known on a day: real-time views, audits, and tests that no method looks ahead."""
