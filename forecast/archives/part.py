"""One part of an archive: the rows of an append as a Parquet file whose name and entry in the list carry its hash.

Rows are ordered by product, series, period and day of release, and cut into small groups, so that the series of one product are
read without the others.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.arrays import Ints
from forecast.core import output_files
from forecast.core.archive_table import COLUMNS, TEXTS
from forecast.core.errors import DataError
from forecast.core.figure_columns import FigureColumns

FOLDER = "parts"
GROUP_ROWS = 1 << 15
NAME = re.compile(r"(\d{6,})-([0-9a-f]{16})\.parquet")
REPLACES = b"forecast.replaces"  # in the metadata of a part made of smaller ones: their names


@dataclass(frozen=True)
class Part:
    """The entry of a part in the list: its file below `parts/`, number of rows, size, SHA-256 and the day it was written."""

    name: str
    rows: int
    size: int
    sha256: str
    written: str

    @property
    def path(self) -> str:
        """The name of its file in the archive."""
        return f"{FOLDER}/{self.name}"

    @property
    def number(self) -> int:
        """Its number in the order of writing."""
        match = NAME.fullmatch(self.name)
        return int(match[1]) if match else 0

    def fault(self, data: bytes) -> str:
        """What is wrong with the bytes of its file, in words; "" if they are those that were written."""
        if len(data) != self.size:
            return f"it has {len(data):,} bytes where {self.size:,} were written"
        return "" if output_files.sha256(data) == self.sha256 else "its bytes are not those that were written"


def part_of(rows: FigureColumns, number: int, day: str, replaces: Sequence[str] = ()) -> tuple[Part, bytes]:
    """The part of some rows, and the bytes of its file."""
    data = _parquet(rows.take(_reading_order(rows)), replaces)
    digest = output_files.sha256(data)
    return Part(f"{number:06d}-{digest[:16]}.parquet", len(rows), len(data), digest, day), data


def part_of_file(name: str, data: bytes) -> tuple[Part, tuple[str, ...]]:
    """The entry of a file whose list is lost, and the parts it replaces; DataError if its name does not carry its hash."""
    match, digest = NAME.fullmatch(name), output_files.sha256(data)
    if match is None or digest[:16] != match[2]:
        raise DataError("the part was cut or altered: its hash is not that in its name", where=name, hint="another copy of it")
    file = open_parquet(data, name)
    replaces = (file.schema_arrow.metadata or {}).get(REPLACES, b"").decode("ascii", "replace")
    return Part(name, file.metadata.num_rows, len(data), digest, ""), tuple(filter(None, replaces.split(",")))


def open_parquet(data: bytes, where: str) -> Any:
    """A Parquet file in memory; DataError if it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(pa.BufferReader(data))
    except Exception as error:  # a damaged file can make the library raise anything
        reason = str(error).partition("\n")[0]
        raise DataError(f"this is no whole Parquet file: {reason}", where=where, hint="another copy of the part") from None


def product_first(series: str) -> tuple[str, str]:
    """The sort key by which the series of one product lie side by side."""
    return series.rpartition(".")[2].partition(":")[0], series


def _reading_order(rows: FigureColumns) -> Ints:
    keys = []
    for name, key in (("released", None), ("period", None), ("series", product_first)):
        words = sorted(rows.texts[name].used, key=key)
        keys.append(rows.texts[name].to_numbers({word: i for i, word in enumerate(words)}))
    order: Ints = np.lexsort(keys)
    return order


def _parquet(rows: FigureColumns, replaces: Sequence[str]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = []
    for name in COLUMNS:
        if name == "value":
            arrays.append(pa.array(rows.values, pa.float64()))
            continue
        words = sorted(rows.texts[name].used)
        codes = rows.texts[name].to_numbers({word: i for i, word in enumerate(words)}).astype(np.int32)
        arrays.append(pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(words, pa.string())))
    metadata = {REPLACES: ",".join(replaces)} if replaces else None
    table = pa.table(arrays, names=list(COLUMNS), metadata=metadata)
    out = io.BytesIO()
    texts = list(TEXTS)
    pq.write_table(table, out, row_group_size=GROUP_ROWS, compression="zstd", use_dictionary=texts, write_statistics=texts)
    return out.getvalue()
