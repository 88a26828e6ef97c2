"""The verbs that join questions, methods and data."""
