"""Raw answers on disk: each body under its SHA-256, and an index of which question it answered when."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forecast.core import output_files
from forecast.core.errors import WriteError
from forecast.interfaces.answer import Answer

FOLDER = "raw"


@dataclass(frozen=True)
class RawAnswers:
    """The raw answers of one interface below a folder: `bodies/ab/ab...` and `NAME.jsonl`, one line per answer, append only."""

    folder: Path
    name: str

    @classmethod
    def below(cls, folder: Path, name: str) -> RawAnswers:
        """The answers saved in a folder, or in the folder `raw` of an archive."""
        inner = folder / FOLDER
        return cls(inner if (inner / f"{name}.jsonl").exists() else folder, name)

    @property
    def index(self) -> Path:
        """The file of questions and hashes."""
        return self.folder / f"{self.name}.jsonl"

    def keep(self, answer: Answer, whole: bool = True) -> None:
        """Write an answer down; the body first, so that the index never names one that is not there."""
        path = self._body(answer.digest)
        if not path.exists() or output_files.sha256(path) != answer.digest:
            output_files.write(self.folder, str(path.relative_to(self.folder)), answer.body)
        line = {
            "question": answer.question,
            "status": answer.status,
            "headers": dict(answer.headers),
            "asked": answer.asked,
            "sha256": answer.digest,
            "whole": whole,
        }
        self._append(json.dumps(line, ensure_ascii=True, sort_keys=True) + "\n")

    def find(self, question: str, after: str = "") -> Answer | None:
        """The newest whole answer to a question, asked at `after` (UTC, ISO) or later; None without one, or if damaged."""
        for line in reversed([*self._lines()]):
            if line.get("question") == question and line.get("whole") is True and str(line.get("asked", "")) >= after:
                return self._answer(line)
        return None

    def last_day(self) -> str:
        """The time of the newest answer, UTC, ISO; "" if there is none."""
        return max((str(line.get("asked", "")) for line in self._lines()), default="")

    def questions(self) -> list[str]:
        """Every question that was answered whole, in the order of asking."""
        return list(dict.fromkeys(str(line["question"]) for line in self._lines() if line.get("whole") is True))

    def _lines(self) -> Iterator[dict[str, object]]:
        """The lines of the index; one that was cut or altered is passed over."""
        try:
            texts = self.index.read_bytes().splitlines()
        except FileNotFoundError:
            return
        for text in texts:
            try:
                line = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(line, dict) and isinstance(line.get("question"), str) and isinstance(line.get("sha256"), str):
                yield line

    def _answer(self, line: dict[str, object]) -> Answer | None:
        digest = str(line["sha256"])
        headers, status = line.get("headers"), line.get("status")
        if len(digest) != 64 or not digest.isalnum() or not isinstance(headers, dict) or not isinstance(status, int):
            return None
        try:
            body = self._body(digest).read_bytes()
        except FileNotFoundError:
            return None
        answer = Answer(
            str(line["question"]), status, {str(k): str(v) for k, v in headers.items()}, body, str(line.get("asked", ""))
        )
        return answer if answer.digest == digest else None

    def _body(self, digest: str) -> Path:
        return self.folder / "bodies" / digest[:2] / digest

    def _append(self, text: str) -> None:
        """Add a line, on a line of its own even if a former one was cut by a crash, and flush it to the disk."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.index.open("a+b") as file:
                if file.seek(0, os.SEEK_END):
                    file.seek(-1, os.SEEK_END)
                    if file.read(1) != b"\n":
                        text = "\n" + text
                file.write(text.encode("ascii"))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise WriteError(
                f"the answer cannot be kept: {error.strerror}", where=str(self.index),
                hint="room on the disk, or another archive; the same command goes on where this one stopped",
            ) from None  # fmt: skip
