"""Two runs of one config with other answers."""

import json
import struct
import zlib

import pyarrow.parquet as pq
import pytest
from contracts.report_run import small_run, write_table

from forecast.core.run import Run


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
