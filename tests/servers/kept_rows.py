"""An archive in memory, as far as a fetch needs one."""

import dataclasses
import math


@dataclasses.dataclass
class Changed:
    new: list = dataclasses.field(default_factory=list)
    revised: list = dataclasses.field(default_factory=list)
    missing: list = dataclasses.field(default_factory=list)
    same: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)


class KeptRows:
    """`append` takes rows; `rows` holds each once, newest version of a cell last."""

    def __init__(self):
        self.rows = []

    def append(self, rows):
        changed = Changed()
        for row in rows:
            cell = row.series, row.period
            former = [one for one in self.rows if (one.series, one.period) == cell]
            if any(str(one.value) == str(row.value) and one.released == row.released for one in former):
                changed.same.append(cell)
                continue
            if math.isnan(row.value):
                changed.missing.append(cell)
            elif not former:
                changed.new.append(cell)
            elif str(former[-1].value) != str(row.value):
                changed.revised.append(cell)
            self.rows.append(row)
        return changed

    def last(self, series, period):
        """The newest row of a figure."""
        found = [row for row in self.rows if (row.series, row.period) == (series, period)]
        return max(found, key=lambda row: row.released)
