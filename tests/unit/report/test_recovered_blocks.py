"""Lost or delayed, in words: each sentence says what its row holds, and no more."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from forecast.core.schema import EffectRow, RecoveredRow
from forecast.report.recovered_blocks import recovered_blocks, recovered_sentence
from forecast.report.run_data import RunData

ROW = RecoveredRow(
    job="1|baseline", id="1", month="2026-03", state="known", reason="", turned_by="us_china_deal_2025", turned="2025-06-10",
    months_from="2025-04", months_to="2025-06", since_from="2025-07", since_to="2026-03", unit="kg",
    lost=8e6, lost_lo80=6e6, lost_hi80=10e6, lost_lo95=5e6, lost_hi95=11e6,
    back=4e6, back_lo80=2e6, back_hi80=6e6, back_lo95=1e6, back_hi95=7e6,
    share=0.5, share_lo80=0.25, share_hi80=0.8, share_lo95=0.1, share_hi95=1.2,
    left=-4e6, left_lo95=-7e6, left_hi95=-1e6, baseline="mean of 2024", desc_lost=-8e6, desc_back=-3e6,
    unknown="", others="", standing="", holding="",
)  # fmt: skip


def told(data: RunData, **changes: object) -> str:
    answer = next(a for a in data.headline if a.id == "1")
    return recovered_sentence(data, answer, replace(ROW, **changes)).replace("\u00a0", " ")


def test_what_came_back_is_told_with_its_share_and_its_turn(data: RunData) -> None:
    assert told(data) == (
        "Of the 8,000 t missing in Apr–Jun 2025 (verdict: suggestive), by the estimate 4,000 t had come back by Mar 2026 "
        "(50 % of them; 80 % interval 25 % to 80 %). The deal of Jun 2025 is taken as the turn; part of it was delayed, "
        "and part of it is still missing."
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"left_hi95": 1e6}, "part of it at least was delayed, not lost"),
        ({"back_lo95": -1e6}, "part of it at least is still missing"),
        ({"back_lo95": -1e6, "left_hi95": 1e6}, "lost cannot be told from delayed"),
        ({"left_lo95": 1e6, "left_hi95": 4e6}, "more came back than had been missing"),
    ],
)
def test_a_claim_needs_an_interval_on_one_side(data: RunData, changes: dict[str, float], words: str) -> None:
    assert words in told(data, **changes)


def test_a_further_loss_is_no_return(data: RunData) -> None:
    text = told(data, back=-2e6, back_lo95=-4e6, share=-0.25)
    assert (
        "by the estimate nothing had come back on balance by Mar 2026, and another 2,000 t were missing (80 % interval" in text
    )
    assert "delayed" not in text.partition("turn; ")[2]


def test_a_share_without_bounds_says_so(data: RunData) -> None:
    assert "interval without a bound" in told(data, share_hi80=math.nan)


def test_the_months_without_a_figure_and_other_measures_are_named(data: RunData) -> None:
    text = told(data, unknown="2025-11, 2025-12", others="general_licences_2025")
    assert "Nov–Dec 2025 have no figure and count in neither sum." in text
    assert "The eased licensing of Dec 2025 falls into the months since." in text


def test_measures_that_began_earlier_and_held_in_the_months_since_are_named_with_their_dates(data: RunData) -> None:
    text = told(data, standing="enforcement_2025+us_ban_2024")
    ban = data.calendar["us_ban_2024"].until
    assert "In force in the months since, and begun before them: the enforcement campaign of May 2025" in text
    assert ban is None or "(until " in text
    bare = {"month": "", "lost": math.nan, "back": math.nan, "share": math.nan}
    refused = told(data, state="not identified", reason="nothing was estimated", standing="enforcement_2025", **bare)
    assert refused.endswith("In force in the months since, and begun before them: the enforcement campaign of May 2025.")
    assert "In force in the months since" not in told(data)


def test_what_is_not_known_is_not_told(data: RunData) -> None:
    bare = {"month": "", "lost": math.nan, "back": math.nan, "share": math.nan}
    assert told(data, state="no loss shown", **bare).startswith("No loss is shown")
    early = told(data, state="not yet known", **bare)
    assert early == "Not yet known. The deal of Jun 2025 is taken as the turn, and no month since then is known."
    unknown = told(data, state="not yet known", turned_by="", **bare)
    assert unknown == "Not yet known. On the day of these figures no end or easing is known."
    refused = told(data, state="not identified", reason="nothing was estimated", **bare)
    assert refused == (
        "Not identified, because nothing was estimated. As a description: 8,000 t below the mean of 2024 in Apr–Jun 2025, "
        "3,000 t below it in Jul 2025–Mar 2026."
    )
    assert "As a description" not in told(data, state="not identified", reason="nothing was estimated", baseline="", **bare)


def test_months_under_a_measure_that_goes_on_are_described_and_no_return(data: RunData) -> None:
    bare = {"month": "", "lost": math.nan, "back": math.nan, "share": math.nan, "holding": "enforcement_2025"}
    description = (
        "As a description: 8,000 t below the mean of 2024 in Apr–Jun 2025, 3,000 t below it in Jul 2025–Mar 2026. "
        "The eased licensing of Dec 2025 falls into the months since."
    )
    rest = (
        "The deal of Jun 2025 came on 10 Jun 2025, but the enforcement campaign of May 2025 goes on, so that what came since "
        "says nothing of a time without it."
    )
    others = "general_licences_2025"
    assert told(data, state="not yet known", others=others, **bare) == f"Not yet known. {rest} {description}"
    refused = told(data, state="not identified", reason="nothing was estimated", others=others, **bare)
    assert refused == f"Not identified, because nothing was estimated. {description} {rest}"
    silent = told(data, state="not identified", reason="nothing was estimated", baseline="", **bare)
    assert silent == f"Not identified, because nothing was estimated. {rest}"
    early = told(data, state="not yet known", since_from="", since_to="", baseline="", **bare)
    assert early.endswith("but the enforcement campaign of May 2025 goes on, and no month since is known.")


def test_a_measure_that_ended_is_told_by_its_end(data: RunData) -> None:
    text = told(data, turned_by="re_licensing_2025", turned="2025-07-01")
    assert "The end of export licensing of Apr 2025 (1 Jul 2025) is taken as the turn" in text


def test_a_turn_before_the_months_asked_is_told_as_the_reason(data: RunData) -> None:
    text = told(data, state="not asked", months_from="2025-08", months_to="2025-09", month="", share=math.nan)
    assert text == (
        "Not asked, because the deal of Jun 2025 came before Aug–Sep 2025: what was missing then went missing after it."
    )


def test_months_in_which_the_measure_still_held_are_named(data: RunData) -> None:
    text = told(data, turned="2025-10-15")
    assert "In Jul–Oct 2025 the measure still held: they count among the months since." in text
    assert "still held" not in told(data)
    assert "still held" not in told(data, turned="2025-07-01")


def test_a_path_is_told_month_by_month(data: RunData) -> None:
    job = next(a.job for a in data.headline if a.id == "1")
    path = [replace(ROW, job=job, month="2025-06", back=math.nan, share=math.nan), replace(ROW, job=job)]
    blocks = recovered_blocks(RunData(data.run, {}, {RecoveredRow: path, EffectRow: data.rows(EffectRow)}))
    told_once = blocks[2]
    assert len(told_once.rows) == 1  # type: ignore[union-attr]
    assert len(blocks[3].panels) == 1  # type: ignore[union-attr]
    assert "−4,000" in blocks[3].panels[0].svg.replace("\u00a0", " ")  # type: ignore[union-attr]  # where the path ends
    table = blocks[4].blocks[0]  # type: ignore[union-attr]
    assert [len(one) for one in table.rows] == [1, 4, 4]
    assert recovered_blocks(RunData(data.run, {}, {RecoveredRow: []})) == []


def test_questions_of_one_flow_with_one_answer_share_a_line(data: RunData) -> None:
    jobs = {a.id: a.job for a in data.headline}
    path = [replace(ROW, job=jobs[key], id=key, state="no loss shown") for key in ("1", "2")]
    rows = {RecoveredRow: path, EffectRow: data.rows(EffectRow)}
    table = recovered_blocks(RunData(data.run, {}, rows))[2]
    assert [row[0].text[:5] for row in table.rows] == ["1, 2."]  # type: ignore[union-attr]
    rows[RecoveredRow] = [path[0], replace(path[1], state="not yet known", turned_by="")]
    assert len(recovered_blocks(RunData(data.run, {}, rows))[2].rows) == 2  # type: ignore[union-attr]


def test_a_loss_has_the_verdict_on_its_own_months_and_another_one_with_its_span(data: RunData) -> None:
    first = next(a for a in data.headline if a.id == "1")
    longer = replace(first, id="2", months_to="2026-03", verdict="cannot distinguish")
    fewer = replace(ROW, months_to="2025-05")
    said = [recovered_sentence(data, longer, row).replace("\u00a0", " ") for row in (ROW, fewer)]
    assert "missing in Apr–Jun 2025 (verdict: suggestive)" in said[0]
    assert "missing in Apr–May 2025 (verdict on Apr 2025–Mar 2026: cannot distinguish)" in said[1]
