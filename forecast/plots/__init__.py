"""Pictures of single answers: matplotlib axes in, axes out, in the style of the report's figures (`fc.plot`)."""

from forecast.plots import plot as plot
