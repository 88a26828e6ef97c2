"""The audit on a small archive whose faults are planted."""

import pandas as pd
import pytest

from forecast.core.archive import COLUMNS, Archive, bundled_archive
from forecast.core.archive_table import ArchiveRow
from forecast.core.events import bundled_events
from forecast.core.figure_store import HeldFigures
from forecast.study.data.audit import SeriesCoverage, audit, coverage

NAME = "CHN.export.WLD.re_magnets"


def archive(*rows):
    made = []
    for period, value, more in rows:
        row = dict.fromkeys(COLUMNS, "") | {
            "series": NAME, "period": period, "value": float(value), "unit": "kg", "status": "value", "kind": "reported",
            "released": "2024-12-20", "basis": "rule", "publisher": "one",
        }  # fmt: skip
        made.append(row | more)
    return Archive(pd.DataFrame(made), bundled_events())


def topics(findings):
    return {f.topic: f for f in findings}


def test_contradictions_name_both_figures_and_the_chosen_one():
    found = topics(audit(archive(("2024-01", 100, {}), ("2024-01", 120, {"publisher": "two"}), ("2024-02", 5, {}))))
    assert "100 (one); 120 (two)" in found["contradiction"].text
    assert found["contradiction"].where == f"{NAME}, 2024-01"


def test_rounding_is_no_contradiction():
    assert "contradiction" not in topics(audit(archive(("2024-01", 1000, {}), ("2024-01", 1004, {"publisher": "two"}))))


@pytest.mark.parametrize(("total", "open_"), [(200.5, False), (204, True)])
def test_sums_must_close_within_half_a_per_cent(total, open_):
    rows = ("2024-01", 100, {}), ("2024-02", 100, {}), ("2024-01/2024-02", total, {"kind": "cumulative"})
    assert ("sum" in topics(audit(archive(*rows)))) is open_


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            [("2024-01", 100, {}), ("2024-02", 90, {}), ("2024-01/2024-03", 150, {})],
            "the published sum 150 and the other figures, which leave at least 190 for it, cannot both hold: 2024-01 100, "
            "2024-02 90",
        ),
        (
            [("2024-01/2024-05", 260, {}), ("2024-01/2024-06", 200, {})],
            "the published sum 200 and the other figures, which leave at least 260 for it, cannot both hold: "
            "2024-01/2024-05 260",
        ),
        (
            [("2024-01", 0, {}), ("2024-02", 9, {}), ("2024-01/2024-02", 0, {"status": "zero"})],
            "the published sum 0 and its months",
        ),
    ],
)
def test_a_sum_below_a_part_of_its_months_is_told_with_both_figures(rows, text):
    assert topics(audit(archive(*rows)))["sum"].text.startswith(text)
    assert topics(audit(archive(*rows)))["sum"].level == "warning"


def test_coverage_counts_months_spans_and_gaps():
    rows = ("2024-01", 1, {}), ("2024-04", 0, {"status": "zero"}), ("2024-02/2024-03", 2, {"kind": "cumulative"})
    (one,) = coverage(archive(*rows).latest)
    assert one == SeriesCoverage(NAME, "2024-01", "2024-04", months=2, spans=1, gaps=2, zeros=1)


def test_sums_to_date_leave_no_gaps():
    rows = [ArchiveRow(NAME, "2024-01", 5.0, released="2024-12-01")]
    rows += [ArchiveRow(NAME, f"2024-01/2024-{m:02d}", 5.0 * m, released="2024-12-01") for m in range(2, 11)]
    (one,) = coverage(Archive.of(rows).latest)
    assert (one.months, one.spans, one.gaps) == (1, 9, 0)


def test_left_out_figures_are_counted_by_reason():
    rows = ("2024-01", 1, {}), ("2024-02", 9, {"excluded": "circular", "derived_from": "pct:x@2024-02/2024-01=-0.88"})
    found = topics(audit(archive(*rows)))
    assert found["left out"].text == "1 figures enter no series: circular"
    assert found["percentages"].text.startswith("1 figures rest on a published percentage; 0 enter")


def test_the_bundle_states_how_far_events_are_verified():
    found = topics(audit(bundled_archive()))
    assert found["events"].text == "events verified to 2026-10-05; nothing later is known to this table"
    assert found["events"].level == "note"  # the figures end before


def test_months_corrected_without_notice_are_a_finding():
    archive = bundled_archive()
    told = {f.where: f.text for f in audit(archive) if f.topic == "revision"}
    assert "+240,000 kg by 2023-08-08" in told["CHN.export.WLD.rare_earths_total, 2023-04/2023-07"]
    early = [f for f in audit(archive, archive.as_of("2023-08-01")) if f.topic == "revision"]
    assert not any("2023-04/2023-07" in f.where for f in early)


class Guarded(HeldFigures):
    """Figures of which only some series may be read."""

    open_to: frozenset[str] = frozenset()

    def rows(self, series):
        assert series in self.open_to, f"{series} was read"
        return super().rows(series)

    @property
    def table(self):
        raise AssertionError("every row was read")


def test_an_audit_of_some_series_reads_no_other_and_says_so():
    whole = bundled_archive()
    asked = next(f.where for f in audit(whole) if f.topic == "contradiction").partition(", ")[0]
    other = next(s for s in whole.series if s != asked and ":" not in s)
    figures = Guarded(whole.figures.columns)
    figures.open_to = frozenset({asked, f"{asked}:usd"})
    guarded = Archive(figures, whole.events, whole.pseudo)
    found = audit(guarded, whole.latest, [asked])
    (told,) = [f.text for f in found if f.topic == "audited"]
    count = len(figures.open_to & set(whole.series))
    assert told.startswith(f"{count} of {len(whole.series)} series were looked at, those that the questions name: {asked}")
    own = [f for f in audit(whole) if f.where.partition(", ")[0] in figures.open_to]
    assert own
    assert [f for f in found if f.where.partition(", ")[0] in figures.open_to] == own
    with pytest.raises(AssertionError, match="was read"):
        audit(guarded, whole.latest, [other])
    assert not [f for f in audit(whole) if f.topic == "audited"]
