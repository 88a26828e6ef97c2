"""Log records of a worker process, carried to the process that reads them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator
from logging.handlers import QueueHandler


class _Carrier(QueueHandler):
    """Keeps records in a list, made fit for pickling: the message formatted, a traceback as text."""

    def __init__(self) -> None:
        self.records: list[logging.LogRecord] = []
        super().__init__(self.records)  # type: ignore[arg-type]

    def enqueue(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.records.append(record)


@contextlib.contextmanager
def collected_records() -> Iterator[list[logging.LogRecord]]:
    """The records that the package logs in this process during the block, warnings and worse."""
    logger, carrier = logging.getLogger("forecast"), _Carrier()
    logger.addHandler(carrier)
    try:
        yield carrier.records
    finally:
        logger.removeHandler(carrier)


def log_again(records: Iterable[logging.LogRecord]) -> None:
    """Log the records of another process here, where they are wanted."""
    for record in records:
        logger = logging.getLogger(record.name)
        if logger.isEnabledFor(record.levelno):
            logger.handle(record)
