"""From a config file to results on disk."""
