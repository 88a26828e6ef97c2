"""Steps of a run as log records: a sentence for people, and the name of the step with its facts for programs."""

from __future__ import annotations

import logging

PACKAGE = __name__.partition(".")[0]


def logger(name: str) -> logging.Logger:
    """The logger of a module; what is done with the package's messages is the user's choice, and without one nothing."""
    whole = logging.getLogger(PACKAGE)
    if not whole.handlers:
        whole.addHandler(logging.NullHandler())
    return logging.getLogger(name)


def log_step(logger: logging.Logger, step: str, text: str, *, level: int = logging.INFO, **facts: object) -> None:
    """Log a step of a run: the record's `step` is its name, its `facts` are JSON values by name, its message is the text."""
    logger.log(level, "%s", text, extra={"step": step, "facts": facts}, stacklevel=2)
