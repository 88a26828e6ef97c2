"""What fills the holes: one forecaster per file."""
