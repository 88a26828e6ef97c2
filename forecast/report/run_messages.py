"""What the command line says on stderr: sentences, nothing but errors (`--quiet`), or one JSON object a line (`--json`)."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from forecast.core.control_characters import printable_text
from forecast.core.errors import ConfigError, ForecastError
from forecast.core.stderr import dropped_if_lost, write_line

if TYPE_CHECKING:
    from forecast.core.run import Run

LINES_VERSION = 1  # of the JSON lines; keys may be added within a version, none is renamed or dropped
INTERRUPTED = "interrupted; the same command takes the run up where it stopped"
LOGGER = "forecast"


@dataclass
class RunMessages:
    """The messages of one command: of which kind, and with a summary in place of the usual last line or without."""

    kind: Literal["text", "quiet", "json"] = "text"
    summary: bool = False
    began: float = field(default_factory=time.monotonic)

    def choose(self, quiet: bool, lines: bool, summary: bool) -> None:
        """Set the kind of messages by the options of the command line."""
        if lines and (quiet or summary):
            other = "--quiet" if quiet else "--summary"
            raise ConfigError(f"--json and {other} exclude each other", where=other, hint="--json, whose last line has both")
        self.kind, self.summary = "json" if lines else "quiet" if quiet else "text", summary

    @property
    def progress(self) -> bool:
        """Whether a bar may be drawn."""
        return self.kind == "text"

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """A block in which what the package logs, and what Python warns of, is printed as these messages."""
        logger, warned, handler = logging.getLogger(LOGGER), logging.getLogger("py.warnings"), _Printer(self)
        level = logger.level
        logging.captureWarnings(True)
        logger.addHandler(handler)
        warned.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.setLevel(level)
            warned.removeHandler(handler)
            logger.removeHandler(handler)
            logging.captureWarnings(False)

    def finish(self, run: Run, code: int) -> None:
        """Say what came of a run, which ends with this exit code."""
        from forecast.core.schema import FailureRow, rows_of
        from forecast.core.unanswered import refusal_lines
        from forecast.report import run_summary

        if self.kind == "json":
            self._end(_outcome(run) | {"status": "finished", "exit_code": code}, "finished")
        elif self.summary:
            for line in run_summary.summary_lines(run):
                write_line(printable_text(line))
        elif self.kind == "text":
            self._show_nowcasts(run)
            failures = rows_of(FailureRow, run.table("failures"))
            for line in _explain(run_summary.refusals_of(run)["asked"], len(failures), refusal_lines(failures)):
                write_line(printable_text(line))
        last_line = not self.summary if self.kind == "text" else self.kind == "quiet" and code != 0
        if last_line:
            write_line(printable_text(f"{len(run.failures)} questions left unanswered; report: {run_summary.page_of(run)}"))

    def fail(self, error: ForecastError, code: int) -> None:
        """Say that a command ended with an error."""
        if self.kind != "json":
            write_line(printable_text(str(error)))
            return
        told = {"problem": error.problem, "where": error.where or None, "hint": error.hint or None}
        self._end(told | {"status": "failed", "exit_code": code}, error.problem, "ERROR")

    def interrupt(self, code: int) -> None:
        """Say that a signal ended a command."""
        if self.kind == "json":
            self._end({"status": "interrupted", "exit_code": code}, INTERRUPTED, "WARNING")
        else:
            write_line(INTERRUPTED)

    def _end(self, facts: dict[str, Any], text: str, level: str = "INFO") -> None:
        """The last object of `--json`, with all its keys."""
        seconds = round(time.monotonic() - self.began, 2)
        write_line(json_line(time.time(), level, "end", text, {**END, **facts, "seconds": seconds}))

    def _show_nowcasts(self, run: Run) -> None:
        """Print the nowcasts of a run that has some."""
        if not run.info["config"].get("nowcast"):
            return
        from forecast.report.nowcast_blocks import nowcast_blocks
        from forecast.report.run_data import RunData
        from forecast.report.terminal import show

        blocks = nowcast_blocks(RunData(run))
        with dropped_if_lost():
            show(blocks)


END: dict[str, Any] = {
    "lines": LINES_VERSION, "status": None, "exit_code": None, "seconds": None, "name": None, "as_of": None, "folder": None,
    "report": None, "summary": None, "verdicts": None, "unanswered": None, "problem": None, "where": None, "hint": None,
}  # fmt: skip


class _Printer(logging.Handler):
    """Prints log records as the messages of a command."""

    def __init__(self, messages: RunMessages) -> None:
        super().__init__(logging.INFO)
        self.messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        """In JSON every record; in text what is no step of a run and at least a warning; else nothing."""
        step, text = getattr(record, "step", ""), record.getMessage().rstrip()
        if self.messages.kind == "json":
            facts = getattr(record, "facts", {}) if step else {"logger": record.name}
            write_line(json_line(record.created, record.levelname, step or "message", text, facts))
        elif self.messages.kind == "text" and not step and record.levelno >= logging.WARNING:
            write_line(printable_text(text))


def json_line(seconds: float, level: str, step: str, text: str, facts: dict[str, Any]) -> str:
    """One line: time in UTC, level, step and text, then the facts; ASCII, so that no terminal or locale changes it."""
    when = dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": when, "level": level, "step": step, "text": text, **facts}, allow_nan=False)


def _outcome(run: Run) -> dict[str, Any]:
    """What a finished run is and says."""
    from forecast.report import run_summary
    from forecast.report.run_data import RunData

    return {
        "name": run.info.get("name"),
        "as_of": run.info["as_of"],
        "folder": str(run.folder),
        "report": str(run_summary.page_of(run)),
        "summary": run_summary.summary_lines(run),
        "verdicts": run_summary.verdict_counts(RunData(run)),
        "unanswered": run_summary.refusals_of(run),
    }


def _explain(asked: int, count: int, lines: list[str]) -> list[str]:
    """The causes of unanswered questions under a sentence that says how many were asked; nothing where all are answered."""
    if not count:
        return []
    whole = f"{count:,} of {asked:,}" if asked >= count else f"{count:,}"
    return [f"{whole} answers were not given:", *lines]
