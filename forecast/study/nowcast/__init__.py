"""News decomposition of nowcast revisions, release by release."""
