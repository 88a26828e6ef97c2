"""Numbers, sentences, tables and figures of a run in somebody's own document, kept true by the next run."""
