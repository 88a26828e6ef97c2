"""Fuzz: every reader of a user's file is given spoilt copies of real ones; anything but an answer or an own error is a fault.

python experiments/012_reliability/fuzz.py --count 20000 --seed 1 --save found

One process, one file per input, the same inputs for the same seed. An input that takes more than `LIMIT` seconds is a hang; a
warning is a traceback, because the package promises none. The first faults of each reader are kept with their tracebacks.
"""

from __future__ import annotations

import argparse
import collections
import io
import random
import re
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import forecast
from forecast.core import registry
from forecast.core.archive import read_archive
from forecast.core.errors import ForecastError
from forecast.core.panel import panel
from forecast.jobs.load import load, read_archive as archive_of, read_events, shipped_configs
from forecast.jobs.plan import make_plan

LIMIT = 10  # seconds, above which an input hangs its reader
KEPT = 5  # faults of each reader that are saved
ROWS = 40  # figures of an archive to be spoilt
KINDS = ("ok", "own error", "traceback", "hang")
HOME = Path(forecast.__file__).parent
SALT = "CHL.export.WLD.salt"

ODD = (
    "", " ", "nan", "NaN", "inf", "-inf", "1e400", "-1e308", "1e308", "1e-400", "0", "-0", "-1", "1_000", "1,5", "0x10", "1e",
    "9" * 400, "9" * 5000, "9" * 100_000 + "x", "true", "None", "#REF!", "=1+1", "2025-02-30", "2025-13", "0000-01", "9999-12",
    "9999-12-31", "2025-01/2024-01", "0001-01/9999-12", "2025-W03-1", "20250320", "20:15:00", "2025-01-01T00:00:00Z", "45292",
    "٢٠٢٥-٠١",
    "２０２５-01", "\u202e", "\u200b", "é", "💥", "\x00", "\ufeff", "'", '"', '""', "\n", "\r", ";", "../../../etc/passwd",
    "/dev/null", "a" * 5000, "CHN.export.WLD.re_magnets", "CHN.export.WLD.re_magnets:usd", "kt", "value", "missing",
)  # fmt: skip
BYTES = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\r", b"\r\n", b"\n", b'"', b",",
    b"PAR1", b"\x1a", b"\x7f" * 64, b"\xe9",
)  # fmt: skip
WORDS = (
    "[" * 100_000, "{a=" * 5000, "[[" * 2000 + "]]" * 2000, "1" + "0" * 30, "-9223372036854775809", "9" * 5000, "nan", "-inf",
    "1e400", "07:32:00", "1979-05-27", "1979-05-27T07:32:00Z", "0001-01-01", "9999-12-31", "0000-01-01", "2025-02-30", "true",
    '""', '"\\u0000"', '"a\\u0000b"', '"\\ud800"', "'''", '"""', "[]", "{}", "[[]]", "[{}]", "{ use = {} }", "[1, 'a', []]",
    '["*"]', '"*"', '"[!"', "['CHN.*', 'USA.*']", "-1", "0", "1", "0.5", "1e18", "36", "20000", '"2024-13"', '"0000-01"',
    '"0001-01"', '"9999-12"', '"latest"', '"never"', '"../../x"', '"/dev/null"', '"x\\n"', '"２０２５-01"', "{ x = 1 }",
    '{ "" = 1 }', '{ "\\u0000" = 1 }', '"' + "a" * 5000 + '"', "[" + "1," * 2000 + "]", "# ", "0xdeadbeef", "0o7", "1__0",
)  # fmt: skip
LINES = (
    "[", "[[x]]", "[models]", "[[models]]", 'use = "ets"', "a.b.c = 1", ".".join("a" * 2000) + " = 1", '"\\u0000" = 1', "= 1",
    '"" = 1', "x = [", "[data.keys]", "[[event]]", "[[events]]", 'id = "x"', "\x00", "é = 1", "name = 3", 'name = "x"',
    "[[effects]]", "[[backtest]]", "[[nowcast]]", "[[scenarios]]", "[[regressors]]", "[lags]", '"*" = 3', "[scale]",
    'cluster = "x"', "[x]" * 3, "draws = 100", "]", "}",
)  # fmt: skip
RICH = """
name = "rich"
draws = 100
as_of = 2026-03-01
naive = ["mean12"]
export = ["boe"]
[lags]
"CHN.*" = 1
[scale]
cluster = 2
[[regressors]]
name = "wages"
known = "known_future"
values = { 2024-01 = 1.5, 2024-02 = 2.5 }
[[regressors]]
name = "world"
known = "observed_only"
lag_months = 1
series = ["CHN.export.USA.*"]
of = "CHN.export.WLD.re_magnets"
[[models]]
use = "mean12"
[[models]]
use = "ets"
forms = ["AAN", "ANN"]
[[models]]
use = "sarimax"
controls = ["world"]
[[models]]
use = "conformal"
inner = { use = "combine", members = ["ets", { use = "theta" }], how = "median" }
[[backtest]]
name = "b"
series = ["CHN.export.WLD.re_magnets", "CHN.export.USA.re_magnets"]
first = "2025-06"
last = "2025-12"
every = "quarter"
horizons = [1, 3]
window = "rolling"
window_months = 24
min_months = 12
step = 2
gap = 1
refit = 3
truth = "first"
models = ["mean12"]
[[nowcast]]
name = "n"
series = ["CHN.export.WLD.re_magnets"]
models = ["ets"]
day = 2026-02-20
since = 2026-01-20
earlier = 3
[[events]]
id = "own_ban_2025"
title = "own"
announced = 2025-05-01
effective = 2025-06-01
end = 2026-06-01
end_announced = 2025-07-01
imposed_by = ["CHN"]
targets = ["USA"]
products = ["re_magnets"]
instrument = "ban"
share_stopped = 0.5
anticipation_from = 2025-04-01
shape = { use = "ramp", months = 3 }
role = "default"
[[effects]]
id = "e"
question = "what?"
event = ["own_ban_2025", "re_licensing_2025"]
treated = "CHN.export.USA.re_magnets"
from = "2025-06"
to = "2025-12"
clean_from = "2018-01"
estimand = "share"
measure = "share"
share_of = "CHN.export.WLD.re_magnets"
donors = "untouched"
diversion = ["KOR"]
anticipation = 1
donut = 1
baselines = ["year_earlier", { name = "own", from = "2025-01", to = "2025-03", times = 1.1 }]
baseline = "own"
estimators = ["baseline", { use = "counterfactual", model = { use = "ets" }, level_sd = 0.01 }]
vary = { donut = [0, 1], level_sd = [0.01], day = [2025-09-30], placebos = 3 }
[[expiry]]
series = ["CHN.export.USA.re_magnets"]
day = 2026-11-27
regimes = [{ name = "a", from = "2025-06", to = "2025-12", text = "as now" }]
[scenario_forecast]
series = ["CHN.export.USA.re_magnets"]
months = 6
model = "mean12"
[[scenarios]]
name = "goes on"
probability = 0.4
ends = { own_ban_2025 = "never" }
[[scenarios]]
name = "ends"
probability = 0.6
ends = { own_ban_2025 = 2026-09-01 }
add = [{ id = "new_2026", announced = "2026-04-01", effective = "2026-05-01", products = ["re_magnets"], instrument = "ban" }]
[[metrics]]
use = "coverage"
level = 80
[report]
summary = ["e"]
"""


class Hang(BaseException):
    """No `except Exception` on the way may stop it."""


@dataclass(frozen=True)
class Reader:
    """One reader: the file's ending, real texts to be spoilt, how they are spoilt, and the call that reads them."""

    suffix: str
    samples: tuple[bytes, ...]
    spoil: Callable[[random.Random, bytes], bytes]
    read: Callable[[Path], object]


# --- how bytes, tables and configs are spoilt -------------------------------------------------------------------------


def spoil_bytes(rng: random.Random, data: bytes) -> bytes:
    """Flips, cuts, doubled and foreign bytes, one to four of them."""
    spoilt = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(spoilt) + 1)
        match rng.randrange(6):
            case 0 if spoilt:
                spoilt[at % len(spoilt)] ^= 1 << rng.randrange(8)
            case 1:
                del spoilt[at:]
            case 2:
                del spoilt[at : at + rng.randint(1, 40)]
            case 3:
                spoilt[at:at] = spoilt[at : at + rng.randint(1, 400)]
            case 4:
                spoilt[at : at + 1] = bytes([rng.randrange(256)])
            case _:
                spoilt[at:at] = rng.choice(BYTES)
    return bytes(spoilt)


def spoil_table(rng: random.Random, data: bytes) -> bytes:
    """Cells swapped, replaced, dropped and added, lines doubled; now and then the header, a column, the whole file."""
    if rng.random() < 0.2:
        return spoil_bytes(rng, data)
    rows = [line.split(",") for line in data.decode().split("\n")]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        one, other = rng.choice(rows[1:]), rng.choice(rows[1:])
        i = rng.randrange(len(one))
        match rng.randrange(12):
            case 0 | 1:
                j = rng.randrange(len(other))
                one[i], other[j] = other[j], one[i]
            case 2 if i < len(other):
                one[i] = other[i]
            case 3 | 4 | 5 | 6:
                one[i] = rng.choice(ODD)
            case 7:
                one.insert(i, rng.choice(ODD))
            case 8 if len(one) > 1:
                del one[i]
            case 9:
                rows.insert(rng.randrange(len(rows) + 1), list(one))
            case 10:
                rows[0][i % len(rows[0])] = rng.choice([*rows[0], *ODD])
            case _ if rng.random() < 0.3:
                for row in rows:
                    if len(row) > 1 and rng.random() < 0.95:
                        del row[i % len(row)]
    comma = rng.choice((",",) * 40 + (";", "\t", "|"))
    end = rng.choice(("\n",) * 20 + ("\r\n", "\r"))
    code = rng.choice(("utf-8",) * 40 + ("utf-16", "latin-1", "utf-8-sig"))
    return end.join(comma.join(row) for row in rows).encode(code, "replace")


def spoil_toml(rng: random.Random, data: bytes) -> bytes:
    """Values replaced by odd ones or by those of other keys, keys renamed, lines lost, doubled, moved and added."""
    if rng.random() < 0.15:
        return spoil_bytes(rng, data)
    lines = data.decode().split("\n")
    told = [i for i, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    keys = [lines[i].split(" = ")[0] for i in told]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        i, j = rng.choice(told), rng.choice(told)
        key, _, value = lines[i].partition(" = ")
        parts = re.findall(r'"[^"\n]*"|\d+', value)
        match rng.randrange(12):
            case 0 | 1 | 2:
                lines[i] = f"{key} = {rng.choice(WORDS)}"
            case 3 | 4:
                lines[i] = f"{key} = {lines[j].partition(' = ')[2]}"
            case 5 | 6 | 7 if parts:
                lines[i] = f"{key} = {value.replace(rng.choice(parts), rng.choice(WORDS), 1)}"
            case 8:
                lines[i] = f"{rng.choice([*keys, 'x'])} = {value}"
            case 9:
                lines[i], lines[j] = lines[j], lines[i]
            case 10:
                lines.insert(rng.randrange(len(lines) + 1), rng.choice([*LINES, *lines]))
            case _:
                lines[i] = ""
    return "\n".join(lines).encode()


TYPES = (
    pa.int64(), pa.float32(), pa.timestamp("us"), pa.date32(), pa.list_(pa.string()), pa.struct([("a", pa.string())]),
    pa.bool_(), pa.dictionary(pa.int8(), pa.string()), pa.decimal128(20, 3), pa.binary(), pa.large_string(), pa.null(),
    pa.time64("us"),
)  # fmt: skip


def spoil_parquet(rng: random.Random, data: bytes) -> bytes:
    """Bytes spoilt, or a whole file with columns of other types, doubled, renamed, lost, or with odd cells."""
    if rng.random() < 0.35:
        return spoil_bytes(rng, data)
    table = pq.read_table(io.BytesIO(data))
    names = list(table.column_names)
    columns = {i: table.column(i) for i in range(len(names))}
    order = list(columns)
    for _ in range(rng.choice((1, 1, 2))):
        i, j = rng.choice(order), rng.choice(order)
        cells = columns[i].to_pylist()
        match rng.randrange(9):
            case 0 | 1:
                columns[i] = other_type(rng, rng.choice(TYPES), len(table))
            case 2:
                names[i] = rng.choice([*names, *ODD])
            case 3 if len(order) > 1:
                order.remove(i)
            case 4:
                order.insert(rng.randrange(len(order)), i)
            case 5:
                columns[i] = columns[j]
            case 6 if names[i] == "value":
                cells[rng.randrange(len(cells))] = rng.choice((float("inf"), float("nan"), 1e308, -1e308, -1.0, 0.0, None))
                columns[i] = pa.array(cells)
            case _:
                cells = [None if cell is None else str(cell) for cell in cells]
                cells[rng.randrange(len(cells))] = rng.choice((None, *ODD))
                columns[i] = pa.array(cells)
    made = io.BytesIO()
    whole = pa.table([columns[i] for i in order], names=[names[i] for i in order])
    pq.write_table(whole.slice(0, rng.choice((*[len(table)] * 8, 0, 1))), made)
    return made.getvalue()


def other_type(rng: random.Random, kind: pa.DataType, rows: int) -> pa.Array:
    """A column of another type, with a hole now and then."""
    cell: object = 3
    if pa.types.is_list(kind):
        cell = ["a"]
    elif pa.types.is_struct(kind):
        cell = {"a": "b"}
    elif pa.types.is_boolean(kind):
        cell = True
    elif pa.types.is_binary(kind):
        cell = b"\xff\xfe"
    elif pa.types.is_dictionary(kind):
        return pa.array(["reported"] * rows).dictionary_encode()
    elif kind == pa.large_string():
        cell = "x"
    elif pa.types.is_null(kind):
        cell = None
    return pa.array([None if rng.random() < 0.05 else cell for _ in range(rows)], kind)


# --- the readers ------------------------------------------------------------------------------------------------------


def archive(path: Path) -> None:
    """An archive's file, and the vintages it makes."""
    made = read_archive(path)
    made.as_of("2025-03-31").fingerprint()
    made.latest.fingerprint()


def config(path: Path) -> None:
    """A config, its data and its plan."""
    asked = load(path)
    make_plan(asked, archive_of(asked))


def source(path: Path) -> None:
    """Own figures as a source, with sums over months and thousands."""
    words = {"use": "csv", "path": str(path), "period": "month", "value": "tonnes", "unit": "t", "thousands": ","}
    keys = {f"{name} to all partners": f"CHL.export.WLD.sample_{name}" for name in ("salt", "brine")}
    registry.build("source", {**words, "series": "good", "keys": keys}).read().latest.fingerprint()


def kilotons(path: Path) -> None:
    """Own figures of one series, in a large unit, with release days."""
    words = {"use": "csv", "path": str(path), "key": SALT, "unit": "kt", "released": "out"}
    registry.build("source", words).read().latest.fingerprint()


def calendar(path: Path) -> None:
    """Events, and what was known of them on a day."""
    for event in read_events(path):
        event.known_on(event.announced)
        event.touches("CHN.export.WLD.re_magnets")


def long_table(path: Path) -> None:
    """A plain panel with a control."""
    panel(path, unit="unit", time="time", value="value", controls=["price"]).fingerprint()


def regressor(path: Path) -> None:
    """The values of a regressor that a config names."""
    (path.parent / "names.toml").write_text(
        f'[[models]]\nuse = "mean12"\n[[regressors]]\nname = "x"\nknown = "known_future"\npath = "{path.name}"\n', "utf-8"
    )
    config(path.parent / "names.toml")


def readers() -> dict[str, Reader]:
    """Every reader with real inputs: a part of the bundled figures, the shipped configs, the starter project, a panel."""
    lines = (HOME / "data" / "observations.csv").read_text("utf-8").splitlines()
    step = len(lines) // ROWS
    figures = "\n".join([lines[0], *lines[1::step]]) + "\n"
    table = pd.read_csv(io.StringIO(figures), dtype=str, keep_default_na=False)
    parquet = io.BytesIO()
    table.assign(value=pd.to_numeric(table["value"]).astype(float)).to_parquet(parquet, index=False)
    starter = HOME / "guides" / "starter"
    known = {name: path.read_bytes() for name, path in shipped_configs().items()}
    configs = (*known.values(), *[known["own_data"]] * 2, *[RICH.encode()] * 4)
    events = (HOME / "data" / "events.toml").read_text("utf-8")
    start = [m.start() for m in re.finditer(r"^\[\[event\]\]", events, re.M)]
    months = [f"{2020 + i // 12}-{i % 12 + 1:02d}" for i in range(30)]
    rows = [f"{unit},{month},{i * 1.5},{i % 7}" for unit in ("a", "b") for i, month in enumerate(months)]
    days = [f"{month},{i},{month[:4]}-{month[5:]}-28" for i, month in enumerate(months)]
    values = [f"{month},{i / 10}" for i, month in enumerate(months)]
    return {
        "archive, CSV": Reader(".csv", (figures.encode(),), spoil_table, archive),
        "archive, Parquet": Reader(".parquet", (parquet.getvalue(),), spoil_parquet, archive),
        "config, load and plan": Reader(".toml", configs, spoil_toml, config),
        "source, labels": Reader(".csv", ((starter / "sample_exports.csv").read_bytes(),), spoil_table, source),
        "source, release days": Reader(".csv", ("\n".join(["period,value,out", *days]).encode(),), spoil_table, kilotons),
        "events": Reader(
            ".toml", (events[: start[8]].encode(), (starter / "sample_events.toml").read_bytes()), spoil_toml, calendar
        ),
        "panel": Reader(".csv", ("\n".join(["unit,time,value,price", *rows]).encode(),), spoil_table, long_table),
        "regressor": Reader(".csv", ("\n".join(["period,value", *values]).encode(),), spoil_table, regressor),
    }


# --- the run ----------------------------------------------------------------------------------------------------------


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Inside, a `Hang` after so many seconds (where the system has alarms)."""

    def ring(number: int, frame: object) -> None:
        raise Hang

    if not hasattr(signal, "setitimer"):
        yield
        return
    former = signal.signal(signal.SIGALRM, ring)
    left = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
        signal.setitimer(signal.ITIMER_REAL, *left)  # another's alarm goes on


def outcome(reader: Reader, path: Path, limit: float = LIMIT) -> tuple[str, str]:
    """How the reader ends on a file, one of `KINDS`, and what it said."""
    try:
        with alarm(limit), warnings.catch_warnings():
            warnings.simplefilter("error")
            reader.read(path)
        return "ok", ""
    except ForecastError as error:
        return "own error", str(error)
    except Hang:
        return "hang", traceback.format_exc()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return "traceback", traceback.format_exc()


def fuzz(count: int, seed: int, save: Path | None = None) -> dict[str, collections.Counter[str]]:
    """Outcomes by reader of `count` inputs, shared out evenly; the first faults of each are saved with their tracebacks."""
    rng = random.Random(seed)
    found = readers()
    counts: dict[str, collections.Counter[str]] = {name: collections.Counter() for name in found}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(count):
            name = list(found)[i % len(found)]
            reader = found[name]
            path = Path(folder) / f"input{reader.suffix}"
            path.write_bytes(reader.spoil(rng, rng.choice(reader.samples)))
            kind, told = outcome(reader, path)
            counts[name][kind] += 1
            if save and kind in ("traceback", "hang") and counts[name]["traceback"] + counts[name]["hang"] <= KEPT:
                save.mkdir(parents=True, exist_ok=True)
                stem = f"{re.sub('[^a-z]+', '_', name.lower())}-{i}"
                (save / f"{stem}{reader.suffix}").write_bytes(path.read_bytes())
                (save / f"{stem}.txt").write_text(told, "utf-8", errors="backslashreplace")
    return counts


def main() -> int:
    """Print the outcomes by reader; exit with 1 after any fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, help="folder for the first faults of each reader")
    asked = parser.parse_args()
    began = time.perf_counter()
    counts = fuzz(asked.count, asked.seed, asked.save)
    counts["all"] = sum(counts.values(), collections.Counter())
    print(f"{'reader':<24}" + "".join(f"{kind:>12}" for kind in KINDS))
    for name, kinds in counts.items():
        print(f"{name:<24}" + "".join(f"{kinds[kind]:>12,}" for kind in KINDS))
    print(f"seed {asked.seed}, {time.perf_counter() - began:.0f} s")
    return int(counts["all"]["traceback"] + counts["all"]["hang"] > 0)


if __name__ == "__main__":
    sys.exit(main())
