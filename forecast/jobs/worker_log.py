"""Log records of a worker process, carried to the process that reads them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator
from logging.handlers import QueueHandler

LOGGERS = ("forecast", "py.warnings")  # the package's, and that of `logging.captureWarnings`


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
    """Warnings and worse that the package logs in this process during the block, and Python's warnings, as records."""
    loggers, carrier = [logging.getLogger(name) for name in LOGGERS], _Carrier()
    logging.captureWarnings(True)
    for logger in loggers:
        logger.addHandler(carrier)
    try:
        yield carrier.records
    finally:
        for logger in loggers:
            logger.removeHandler(carrier)
        logging.captureWarnings(False)


def log_again(records: Iterable[logging.LogRecord]) -> None:
    """Log the records of another process here, where they are wanted."""
    for record in records:
        logger = logging.getLogger(record.name)
        if logger.isEnabledFor(record.levelno):
            logger.handle(record)
