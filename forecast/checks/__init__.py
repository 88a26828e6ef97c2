"""What may be claimed: one gate per file."""
