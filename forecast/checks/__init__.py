"""Checks on an effect: one gate per file or folder, which caps the verdict that may be given."""
