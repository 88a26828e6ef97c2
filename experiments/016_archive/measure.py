"""Open an archive, stand on a day, and take the slice of one product: seconds and memory, in a fresh process after imports.

python experiments/016_archive/measure.py FOLDER
"""

from __future__ import annotations

import importlib
import resource
import sys
import time

from forecast.archives.part_figures import open_parts
from forecast.core.archive import Archive


def main(folder: str) -> None:
    """The three steps, by the clock and by the processor; imports are not counted."""
    for name in ("pandas", "pyarrow.compute", "pyarrow.parquet", "forecast.study"):
        importlib.import_module(name)
    began, used = time.perf_counter(), time.process_time()
    archive = Archive(open_parts(folder), pseudo=False)
    opened = time.perf_counter()
    vintage = archive.as_of("2026-01-15")
    names = [name for name in vintage.series if name.endswith(".gallium")]
    stood = time.perf_counter()
    months = sum(vintage.observed(name).count for name in names)
    sliced = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(archive.figures):,} rows, {len(archive.series):,} series")
    print(f"opened {opened - began:.2f} s, stood on a day {stood - opened:.2f} s")
    print(f"{len(names)} series with {months:,} figures of one product {sliced - stood:.2f} s")
    print(f"together {sliced - began:.2f} s, {time.process_time() - used:.2f} s of processor, {memory:.0f} MB at most")


if __name__ == "__main__":
    main(sys.argv[1])
