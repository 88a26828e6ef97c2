"""How an event unfolds: one shape per file."""
