"""The data as they stood on a day: real-time views, audits, and tests that no answer looks ahead."""
