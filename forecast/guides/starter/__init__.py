"""The starter project that `forecast init` copies: a config, own figures and own events that run."""
