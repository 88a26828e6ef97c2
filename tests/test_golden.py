"""The golden run: the tables of two small configs are those that were kept, to nine digits.

`python -m pytest tests/test_golden.py --renew` keeps the new ones, where a number was meant to change; CHANGELOG.md says so.
"""

import re
from importlib import metadata
from pathlib import Path

import pytest
from golden.tables import as_text, differences

import forecast as fc
from forecast.core.schema import TABLES

HOME = Path(__file__).parent / "golden"
PINS = Path(__file__).parents[1] / ".ci" / "constraints.txt"
NUMERIC = ("numpy", "scipy", "pandas", "statsmodels", "scikit-learn")  # whose versions the last digits hang on


def pinned():
    """Versions that are not those of the continuous checks, where the tables were made."""
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", PINS.read_text("utf-8"), re.MULTILINE))
    return [f"{name} {metadata.version(name)} (not {pins[name]})" for name in NUMERIC if metadata.version(name) != pins[name]]


@pytest.mark.parametrize("config", ["own", "bundled"])
def test_the_tables_are_those_that_were_kept(config, tmp_path, request):
    renew = request.config.getoption("--renew")
    if not renew and (other := pinned()):
        pytest.skip(f"the golden tables are of other versions: {', '.join(other)}")
    run = fc.run(HOME / f"{config}.toml", tmp_path)
    assert "could not be drawn" not in (run.folder / "report.md").read_text("utf-8")
    kept = HOME / config
    found = []
    for name in TABLES:
        table, path = run.table(name), kept / f"{name}.csv"
        if renew:
            kept.mkdir(exist_ok=True)
            path.write_text(as_text(table, name), "utf-8")
        found += differences(path.read_text("utf-8"), table, name)
    assert found == [], "\n".join([f"tables of {config} have changed; if that is meant: --renew, and a line in CHANGELOG.md"])


def test_a_moved_digit_a_lost_row_and_a_new_word_are_seen(tmp_path):
    import pandas as pd

    from forecast.core.schema import COLUMNS

    rows = [dict.fromkeys(COLUMNS["parts"], 1.0 + i) | {"job": f"j{i}", "event": "e"} for i in range(3)]
    table = pd.DataFrame(rows)
    text = as_text(table, "parts")
    assert differences(text, table, "parts") == []
    assert differences(text, table.assign(lo80=[1.0, 2.0 * (1 + 1e-10), 3.0]), "parts") == []
    assert "parts.lo80: 1 of 3 differ, row 1" in differences(text, table.assign(lo80=[1.0, 2.00000001, 3.0]), "parts")[0]
    assert "parts.lo80: 1 of 3 differ" in differences(text, table.assign(lo80=[1.0, None, 3.0]), "parts")[0]
    assert "3 rows were kept, 2 are new" in differences(text, table[:2], "parts")[0]
    assert "parts.event" in differences(text, table.assign(event="f"), "parts")[0]
