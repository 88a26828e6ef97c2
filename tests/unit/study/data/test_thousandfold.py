"""A level that jumps a thousandfold is told: another unit, before it is a boom or a ban."""

import pytest

from forecast.core import registry
from forecast.study.data.weights_and_values import unit_value_findings

KEY = "CHL.export.WLD.salt"


@pytest.mark.parametrize(("factor", "told"), [(1000, True), (0.001, True), (1, False), (30, False), (0.05, False)])
def test_a_level_that_jumps_a_thousandfold(factor, told, tmp_path):
    path = tmp_path / "own.csv"
    rows = [f"{2020 + i // 12}-{i % 12 + 1:02d},{(100 + i % 7) * (factor if i >= 18 else 1)}" for i in range(36)]
    path.write_text("month,value\n" + "\n".join(rows) + "\n", "utf-8")
    vintage = registry.build("source", {"use": "table", "path": str(path), "key": KEY, "unit": "t"}).read().latest
    found = unit_value_findings(vintage)
    assert bool(found) == told
    if told:
        assert "from 2021-07 on" in found[0].text
