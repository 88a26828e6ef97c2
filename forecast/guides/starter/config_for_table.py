"""`forecast init DIR --from FILE`: a config with the mapping that a table suggests, to be read and corrected."""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path

from forecast.core.errors import ConfigError
from forecast.core.output_files import write
from forecast.tables.proposal import Proposal, propose_mapping, words_as_toml

FEW = 12  # series that are forecast; the others are read


def write_config(folder: str | Path, table: str | Path, sheet: str = "") -> Path:
    """Write a config for a table into a folder, and return its path; an existing file is never overwritten."""
    folder, table = Path(folder), Path(table)
    name = re.sub(r"[^a-z0-9]+", "_", table.stem.lower()).strip("_")[:40].strip("_") or "own_table"
    if (folder / f"{name}.toml").exists() or (folder.exists() and not folder.is_dir()):
        where = str(folder / f"{name}.toml") if folder.is_dir() else str(folder)
        raise ConfigError("there is such a file already", where=where, hint="another folder; nothing is ever overwritten")
    proposal = propose_mapping(table, sheet)
    try:
        path = Path(os.path.relpath(table, folder)).as_posix()
    except ValueError:  # another drive of Windows
        path = str(table)
    return write(folder, f"{name}.toml", _text(name, table.name, path, proposal))


def _text(name: str, file: str, path: str, proposal: Proposal) -> str:
    """The config as text."""
    words = {**proposal.words, "path": path, "publisher": "own data"}
    tables = {word: value for word, value in words.items() if isinstance(value, dict)}
    words = {word: value for word, value in words.items() if word not in tables} | tables
    lines = [
        f"# Proposed from {file}: read it, correct it, then `forecast check {name}.toml` prints how the table is read.",
        "#",
    ]
    for remark in proposal.remarks:
        lines += _comment(f"- {remark}")
    if proposal.refusal is not None:
        lines += ["#", *_comment(f"The table is not read yet: {proposal.refusal.problem} (at {proposal.refusal.where}).")]
        lines += _comment(f"Write under [data] what is right: {proposal.refusal.hint}")
    asked = ", ".join(f'"{key}"' for key in proposal.series[:FEW])
    return "\n".join(
        [
            *lines, f'name = "{name}"', "seed = 1", "", words_as_toml(words), "", "[[models]]", 'use = "seasonal_naive"', "",
            "[[models]]", 'use = "ets"', "", "[forecast]", f"series = [{asked}]", "months = 6", "",
        ]
    )  # fmt: skip


def _comment(text: str) -> list[str]:
    printable = "".join(c if c.isprintable() else " " for c in text)
    return textwrap.wrap(printable, 118, initial_indent="# ", subsequent_indent="#   ", break_long_words=False)
