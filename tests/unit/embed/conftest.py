"""Two runs of one config with other answers, and the thirty keys that the documents of these tests hold."""

import json
import struct
import zlib

import pyarrow.parquet as pq
import pytest
from contracts.report_run import US, WORLD, small_run, write_table

from forecast.core.run import Run

MONTHS = ("2026-04", "2026-05", "2026-06", "2026-07", "2026-08")
KEYS = (
    "effect:1 estimate t", "effect:1 lo95 t", "effect:1 hi95 t", "effect:1 verdict", "effect:1 estimate kt digits=1",
    "effect:1 estimate t locale=de", "effect:6 estimate", "effect:11 estimate kg", "effect:5 desc_estimate",
    "effect:9 observed_total", "effect:3 desc_estimate", "effect:1 p_value", "effect:1/regression estimate",
    "effect:6 n_clean", "effect:2 verdict",
    *(f"forecast:{WORLD}:{month} q50 t" for month in MONTHS),
    *(f"forecast:{US}:{month} q10" for month in MONTHS[:3]), f"forecast:{WORLD}:2026-06/ets q90",
    f"observed:{WORLD}:2026-01/2026-02 value", "effect:1", f"forecast:{WORLD}:2026-07", "table:effects",
    "figure:magnets", "cite",
)  # fmt: skip
assert len(KEYS) == 30


def png(grey):
    """A picture of two by three pixels."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 3, 2, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes([0, *[grey] * 3] * 2)))
        + chunk(b"IEND", b"")
    )


def made(folder, grey, moved):
    run = small_run(folder)
    info = json.loads((folder / "run.json").read_text()) | {"name": "small", "finished": True}
    (folder / "run.json").write_text(json.dumps(info))
    (folder / "figures").mkdir()
    (folder / "figures" / "magnets.png").write_bytes(png(grey))
    (folder / "report.md").write_text("![Magnets | & <exports>](figures/magnets.png)\n")
    if moved:
        for name, edit in (("effects", moved_effect), ("forecasts", moved_forecast)):
            rows = pq.read_table(folder / f"{name}.parquet").to_pylist()
            for row in rows:
                edit(row)
            write_table(folder, name, [row for row in rows if row.get("id") != "9"])
    return Run(run.folder)


def moved_effect(row):
    if row["estimate"] is not None:
        row |= {name: row[name] * 1.25 for name in ("estimate", "lo80", "hi80", "lo95", "hi95")}


def moved_forecast(row):
    row |= {name: row[name] * 1.5 for name in row if name.startswith("q")}


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """The first run, and a later one: other estimates and forecasts, another picture, and no question 9."""
    out = tmp_path_factory.mktemp("runs")
    return made(out / "small-11111111", 10, False), made(out / "small-22222222", 200, True)
