"""One file per kind of figure; each returns a Panel. matplotlib is imported when a figure is drawn, never before."""
