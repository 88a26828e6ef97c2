"""The bundled real data set."""
