"""The chapter of destinations: partners without any month's figure are told by the sums that are published of them."""

import pandas as pd
from contracts.report_run import small_run

import forecast as fc
from forecast.core.run import Run
from forecast.report.blocks import Bullets, Details
from forecast.report.destination_sentences import shares_sentence
from forecast.report.figures.canvas import style
from forecast.report.numbers import period
from forecast.report.run_data import RunData
from forecast.report.sections.destinations import DestinationsSection


def test_partners_known_by_sums_alone_are_in_its_sentences(tmp_path):
    archive = fc.load_archive()
    goods = ("re_magnets", "germanium", "antimony_products_reuters")
    rows = [fc.destinations(archive, exporter="CHN", product=good).frame() for good in goods]
    run = small_run(tmp_path)
    pd.concat(rows).to_parquet(run.folder / "destinations.parquet")
    with style():
        blocks = DestinationsSection().blocks(RunData(Run(run.folder)))
    (told,) = [block.items for block in blocks if isinstance(block, Bullets)]
    texts = [text.replace("\xa0", " ") for text in told]
    assert (
        len([t for t in texts if "Belgium 9,000 kg in Jan–Nov 2024 and 1,950 kg (38.5 % of the total) in Jan–Jun 2025" in t])
        == 1
    )
    assert len([t for t in texts if "the Netherlands 3,012 t (5.9 % of the total) in 2023" in t]) == 1
    (magnets,) = [t for t in texts if "magnets" in t]
    assert "alone" not in magnets


def test_the_window_and_the_months_of_a_share_are_said(tmp_path):
    """Germany's figures are those of seven months that the press printed: no share of a year."""
    run = small_run(tmp_path)
    made = fc.destinations(fc.load_archive(), exporter="CHN", product="re_magnets")
    made.frame().to_parquet(run.folder / "destinations.parquet")
    with style():
        blocks = DestinationsSection().blocks(RunData(Run(run.folder)))
    (table,) = [part for block in blocks if isinstance(block, Details) for part in block.blocks]
    first, last = made.of("figures")[0].month.split("/")
    assert table.caption.replace("\xa0", " ") == f"Partners of each flow, {period(first + '/' + last)}.".replace("\xa0", " ")
    (germany,) = [row for row in table.rows if row[0].text == "Germany"]
    assert germany[3].sub == "7 of 12 months"
    assert "a selected sample" in table.note


def test_a_partner_named_alone_has_its_own_share_and_no_complement():
    archive = fc.load_archive()
    made = fc.destinations(archive, importer="USA", product="gallium")
    told = shares_sentence(made).replace("\xa0", " ")
    (only,) = {row.partner for row in made.of("share") if row.partner != "REST"}
    assert only == "CHN"
    assert told.endswith("China, the only one named.")
    assert "other partners" not in told
