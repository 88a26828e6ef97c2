"""The nouns of the package; they import nothing else of it."""
