"""The golden run: two small configs whose tables are kept as text, so that a number which moves is seen."""
