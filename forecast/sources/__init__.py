"""Where values come from: one source per file."""
