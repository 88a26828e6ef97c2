"""One file per section of the report, found by its name and drawn by its `order`; sections do not import each other."""
