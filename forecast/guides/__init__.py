"""Guides and the starter project."""
