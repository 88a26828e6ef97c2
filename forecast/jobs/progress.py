"""Progress of a run: a bar on a terminal, and each answered batch and unanswered question in the log."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from forecast.core.schema import FailureRow
from forecast.core.steps import log_step, logger
from forecast.jobs.batch import Batch

LOG = logger(__name__)


@dataclass
class Progress:
    """Counts the answered batches of a run, advances its bar and logs them: INFO a batch, WARNING an unanswered question."""

    total: int
    advance: Callable[[], None]
    done: int = 0

    def note_answer(
        self, batch: Batch, failures: Sequence[FailureRow], seconds: float | None = None, stored: bool = False
    ) -> None:
        """A batch is answered, in so many seconds where they are known; `stored` by an earlier run of the config."""
        self.done += 1
        self.advance()
        for row in failures:
            log_step(
                LOG, "unanswered", f"{row.method} does not answer {row.series} ({row.question}): {row.reason}",
                level=logging.WARNING, method=row.method, series=row.series, question=row.question, cause=row.cause,
                reason=row.reason, detail=row.detail,
            )  # fmt: skip
        how = "answered before" if stored else "answered"
        log_step(
            LOG, "answer", f"{self.done} of {self.total} {how}: {batch.name}", batch=batch.name, method=batch.label,
            done=self.done, total=self.total, unanswered=len(failures), stored=stored,
            seconds=None if seconds is None else round(seconds, 3),
        )  # fmt: skip


@contextlib.contextmanager
def progress_of(total: int, shown: bool) -> Iterator[Progress]:
    """Progress through so many batches, with a bar on stderr if it is to be `shown` and that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bar, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield Progress(total, lambda: None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("answering", total=total)
        yield Progress(total, lambda: bar.advance(task))


@contextlib.contextmanager
def waiting(text: str, shown: bool) -> Iterator[None]:
    """A line on stderr with the time elapsed, for the length of the block, if it is to be `shown` and that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress as Bar, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield
        return
    with Bar(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True) as bar:
        bar.add_task(text, total=None)
        yield
