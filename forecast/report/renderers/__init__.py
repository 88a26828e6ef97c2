"""Renderers: one file per format, each turning a page into files."""
