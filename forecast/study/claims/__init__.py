"""Published claims recomputed from the bundled figures."""
