"""Questions on events, filed before their months are over: asked as filed, once, when the last month is known."""

import pytest
from filed_table import CONFIG, SERIES, history

import forecast as fc
from forecast.jobs.load import load

OWN_EVENTS = """
[[event]]
id = "stop"
title = "A stop"
announced = 2025-01-02
effective = 2025-01-02
imposed_by = ["CHN"]
products = ["re_magnets"]
instrument = "ban"
role = "default"
"""
ASKED = f"""
[[effects]]
id = "E"
question = "What did the stop take away from January to March?"
event = "stop"
treated = "{SERIES}"
from = "2025-01"
to = "2025-03"
baselines = ["last_12_clean"]

[[effects]]
id = "past"
question = "A question whose months are all out"
event = "stop"
treated = "{SERIES}"
from = "2024-11"
to = "2024-11"
"""
CAME = [
    ("2024-10", 101.0, "2024-11-20"), ("2024-11", 99.0, "2024-12-20"), ("2024-12", 100.0, "2025-01-20"),
    ("2025-01", 5.0, "2025-03-20"), ("2025-02", 5.0, "2025-03-20"), ("2025-03", 5.0, "2025-04-20"),
]  # fmt: skip


@pytest.fixture
def filed(write, tmp_path):
    path = write('events = "own_events.toml"\n' + CONFIG + ASKED)
    (path.parent / "own_events.toml").write_text(OWN_EVENTS, "utf-8")
    filed = fc.file(path, out=tmp_path / "runs")
    (path.parent / "own_events.toml").unlink()  # what was filed stands alone
    return filed


def test_only_questions_whose_months_are_not_out_are_filed(filed):
    (asked,) = filed.info["events_asked"]
    assert (asked["id"], asked["due"], asked["estimators"]) == ("E", "2025-04-20", ["baseline"])
    assert "significance" in asked["gates"]
    assert (filed.folder / "events.toml").read_text("utf-8") == OWN_EVENTS
    assert filed.changes() == {}


def test_a_question_whose_last_month_is_in_the_table_read_is_not_filed(write, tmp_path):
    table = history()
    for month, value, _ in CAME:
        table.loc[len(table)] = [month, value, "2025-06-20"]
    plain = CONFIG.partition("[[filed.claims]]")[0].replace("until", "# until")
    path = write('events = "own_events.toml"\n' + plain + ASKED, table, "held.toml")
    (path.parent / "own_events.toml").write_text(OWN_EVENTS, "utf-8")
    assert fc.file(path, out=tmp_path / "held").info["events_asked"] == []


def test_an_answer_of_a_later_follow_up_is_not_known_on_an_earlier_day(filed, follow):
    assert list(follow("2025-04-25", *CAME).events.state) == ["answered"]
    assert list(follow("2025-04-19", *CAME).events.state) == ["open"]
    assert follow("2025-04-26", *CAME).events.on[0] == "2025-04-25"


def test_the_answer_is_that_of_the_filed_config_and_comes_once(filed, follow, write, tmp_path):
    early = follow("2025-04-19", *CAME)
    assert list(early.events.state) == ["open"]
    answered = follow("2025-04-25", *CAME)
    row = answered.events.iloc[0]
    assert row.state == "answered"
    table = history()
    for month, value, day in CAME:
        table.loc[len(table)] = [month, value, day]
    path = write('events = "own_events.toml"\nas_of = "2025-04-25"\n' + CONFIG + ASKED, table, "again.toml")
    (path.parent / "own_events.toml").write_text(OWN_EVENTS, "utf-8")
    assert load(path).effects[0].id == "E"
    own = fc.run(path, out=tmp_path / "own", progress=False).effects.set_index("id").loc["E"]
    assert (row.verdict, row.because) == (own.verdict, own.because)
    for name in ("estimate", "lo95", "hi95", "desc_estimate"):
        told = getattr(row, name)
        assert told is None or told == pytest.approx(own[name], rel=1e-12)
    assert row.desc_estimate == pytest.approx(15 - 3 * 100, rel=0.1)
    revised = follow("2025-06-01", *CAME, ("2025-03", 90.0, "2025-05-20"))
    assert revised.events.iloc[0].to_dict() == row.to_dict()


def test_the_page_and_the_lines_tell_it(filed, follow):
    assert "open: What did the stop take away" in str(follow("2025-04-19", *CAME))
    since = follow("2025-04-25", *CAME)
    verdict = since.events.verdict[0]
    assert f"{verdict}: What did the stop take away" in str(since)
    page = since.pages[1].read_text("utf-8")
    assert "Questions on events, filed before their months were over" in page
    assert verdict in page
