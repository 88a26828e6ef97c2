"""One file per chapter of the report, in the order of `compose.CHAPTERS`; each returns its Blocks, or none."""
