"""The mirror gap in words: what a row holds, and never that a record is false."""

from __future__ import annotations

import math
from dataclasses import replace

from forecast.core.schema import MirrorGapRow
from forecast.report.blocks import Details
from forecast.report.mirror_gap_blocks import mirror_gap_blocks, mirror_gap_sentence
from forecast.report.run_data import RunData

MEASURES = ("enforcement_2025", "us_ban_2024")


def row(**changes: object) -> MirrorGapRow:
    given = {
        "event": "us_ban_2024",
        "exporter": "CHN",
        "destination": "USA",
        "product": "gallium",
        "wanted": "",
        "lag_months": 1,
    }
    return MirrorGapRow(**given | changes)


def told(data: RunData, **changes: object) -> str:
    return mirror_gap_sentence(data, [row(**changes)]).replace("\u00a0", " ")


def test_a_missing_record_is_told_with_what_would_fill_it(data: RunData) -> None:
    text = told(data, state="no data", wanted="USA.import.CHN.gallium")
    assert text == (
        "Gallium, unwrought and wrought, China to US: only one side is in the data around the export ban of Dec 2024; it "
        "would take figures of US imports of Chinese origin (forecast fetch census --hs 8112921000 --partner CHN)."
    )
    oxide = told(data, state="no data", product="antimony_oxide", wanted="CHN.export.USA.antimony_oxide")
    assert "(forecast fetch comtrade --hs 282580 --reporter CHN --partner USA --flow export)." in oxide
    magnets = told(data, state="no data", product="re_magnets", wanted="USA.import.CHN.re_magnets")
    assert "(the US Census Bureau has it under no code of its own that is known here)." in magnets
    few = told(data, state="too few months", n_before=0, n_after=2, wanted="3 of each")
    assert (
        "at most 0 months before and 2 months after the export ban of Dec 2024 have trade in both; 3 of each are needed." in few
    )


def test_measures_stand_in_the_order_of_time_and_no_month_is_no_number(data: RunData) -> None:
    rows = [row(event=one, state="too few months", n_before=0, n_after=0, wanted="3 of each") for one in MEASURES]
    text = mirror_gap_sentence(data, rows).replace("\u00a0", " ")
    assert text.endswith(
        "both records are in the data, but no month before or after the export ban of Dec 2024 and the enforcement campaign of "
        "May 2025 has trade in both; 3 of each are needed."
    )


def test_a_contrast_claims_what_its_interval_allows(data: RunData) -> None:
    clear = told(data, state="contrast", product="", change=-0.5, change_lo95=-0.8, change_hi95=-0.2, n_before=1, n_after=4)
    size = "change −0.50 (95 % interval −0.80 to −0.20), 1 under control against 4 others"
    assert f"fell against that of others, {size}: the exporter records less of them, beside the importer, than before." in clear
    up = told(data, state="contrast", product="", change=0.5, change_lo95=0.2, change_hi95=0.8, n_before=1, n_after=1)
    assert "rose against that of others, change +0.50" in up
    assert "1 under control against 1 other: the exporter records more" in up
    open_ = told(data, state="contrast", product="", change=-0.5, change_lo95=-1.2, change_hi95=0.2, n_before=1, n_after=4)
    assert "did not visibly part" in open_
    assert told(data, state="contrast", product="", change=math.nan) == ""


def test_a_gap_that_widens_to_the_other_side_is_not_said_to_narrow(data: RunData) -> None:
    """0.02 before and -0.34 after: the records part by more than before, and the change is told without a sign to resolve."""
    text = told(data, state="contrast", product="", change=-0.36, change_lo95=-0.5, change_hi95=-0.2, n_before=1, n_after=4)
    assert "narrowed" not in text
    assert "by −" not in text


def test_the_months_after_the_easing_are_told(data: RunData) -> None:
    bounds = {"change": -0.5, "change_lo95": -0.8, "change_hi95": -0.2, "n_before": 1, "n_after": 4}
    text = told(data, state="contrast", product="", n_turned=10, **bounds)
    assert text.endswith("Up to 10 months of those after it came into force lie after its end or easing.")
    known = replace(row(state="known", controlled=True), n_before=36, n_after=9, gap_before=-0.1, gap_after=-0.6, n_turned=3)
    known = replace(known, change=-0.5, change_lo95=-0.8, change_hi95=-0.2)
    (folded,) = mirror_gap_blocks(RunData(data.run, {}, {MirrorGapRow: [known]}))
    assert isinstance(folded, Details)
    assert "9 months, 3 of them after its end or easing" in str(folded.blocks[1])


def test_the_page_says_that_it_is_no_proof(data: RunData) -> None:
    known = row(state="known", controlled=True, n_before=36, n_after=9, gap_before=-0.1, gap_after=-0.6, change=-0.5)
    known = replace(known, change_lo95=-0.8, change_hi95=-0.2)
    lacking = row(state="no data", product="germanium", wanted="USA.import.CHN.germanium")
    (folded,) = mirror_gap_blocks(RunData(data.run, {}, {MirrorGapRow: [known, lacking, lacking]}))
    assert isinstance(folded, Details)
    assert "no proof" in folded.summary
    said, table, lines = folded.blocks
    assert "records part for lawful reasons too" in said.text  # type: ignore[union-attr]
    assert len(table.rows) == 1  # type: ignore[union-attr]
    assert len(lines.items) == 1  # type: ignore[union-attr]
    assert mirror_gap_blocks(RunData(data.run, {}, {MirrorGapRow: []})) == []
