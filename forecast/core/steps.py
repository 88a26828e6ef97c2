"""Steps of a run as log records: a sentence for people, and the name of the step with its facts for programs."""

from __future__ import annotations

import logging


def log_step(logger: logging.Logger, step: str, text: str, *, level: int = logging.INFO, **facts: object) -> None:
    """Log a step of a run: the record's `step` is its name, its `facts` are JSON values by name, its message is the text."""
    logger.log(level, "%s", text, extra={"step": step, "facts": facts}, stacklevel=2)
