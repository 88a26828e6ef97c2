"""How wrong: one rule per file."""
