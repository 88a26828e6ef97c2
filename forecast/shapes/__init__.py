"""Time profiles of an event's effect: one shape per file."""
