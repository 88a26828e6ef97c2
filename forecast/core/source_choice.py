"""The row that an archive uses where sources disagree on a figure."""

from __future__ import annotations

import numpy as np

from forecast.core.archive_table import ArchiveRow

AGREEMENT_TOLERANCE = 1e-3  # figures this close (relative) are one figure, rounded differently


def choose_row(rows: list[ArchiveRow]) -> ArchiveRow:
    """The row used where sources disagree on a figure.

    Criteria in order: newest release; reported and cumulative before derived; the value most sources agree on (within 0.1 %);
    most digits; latest article; publisher in alphabetical order.
    """
    if len(rows) == 1:
        return rows[0]
    newest = max(row.released for row in rows)
    rows = [row for row in rows if row.released == newest]
    if any(row.kind != "derived" for row in rows):
        rows = [row for row in rows if row.kind != "derived"]
    values = np.array([float(row.value) for row in rows])
    close = np.abs(values[:, None] - values[None, :]) <= AGREEMENT_TOLERANCE * np.maximum(np.abs(values)[:, None], 1e-12)
    support = close.sum(axis=1)
    rows = [row for row, s in zip(rows, support, strict=True) if s == support.max()]
    digits = max(_significant_digits(row.value) for row in rows)
    rows = [row for row in rows if _significant_digits(row.value) == digits]
    latest = max(row.article_date for row in rows)
    return min((row for row in rows if row.article_date == latest), key=lambda row: (row.publisher, row.url))


def _significant_digits(value: float) -> int:
    return len(f"{float(value):.10g}".replace(".", "").replace("-", "").strip("0") or "0")
