"""One file per kind of figure; each returns a FigurePanel. matplotlib is imported only when a figure is drawn."""
