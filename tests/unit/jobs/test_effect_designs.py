"""What `forecast check` and the report say of a window with holes, and of one that reaches past the end of its measure."""

from pathlib import Path

import numpy as np
import pytest

import forecast as fc
from forecast.core import months
from forecast.jobs.load import load, read_archive
from forecast.jobs.plan import make_plan

KEY = "CHL.export.WLD.lithium_carbonate"
CONFIG = """
name = "window"
seed = 1
draws = 200
[data]
use = "csv"
path = "own.csv"
key = "{key}"
unit = "t"
publisher = "Aduanas"
[[models]]
use = "mean12"
[forecast]
series = ["{key}"]
months = 1
[[events]]
id = "ban"
announced = 2023-02-10
effective = 2023-03-01
imposed_by = ["{reporter}"]
products = ["lithium_carbonate"]
instrument = "ban"
role = "default"
{event}
[[effects]]
id = "1"
question = "loss"
event = "ban"
treated = "{key}"
estimators = ["baseline"]
{question}
"""
LIFTED = """
[[events]]
id = "lifted"
announced = 2023-08-20
effective = 2023-09-01
imposed_by = ["CHL"]
products = ["lithium_carbonate"]
instrument = "relief"
reversal_of = "ban"
"""
END = "end = 2023-08-01\nend_announced = 2023-07-15"


def written(folder, event="", question='to = "2023-12"', key=KEY, holes=(), spans=()):
    """The path of a config on a flow of about 100 t a month until the ban, and about 5 t from then on."""
    rng = np.random.default_rng(3)
    rows = [
        f"{label},{rng.normal(5, 0.2) if label >= '2023-03' else rng.normal(100, 4):.2f}"
        for label in months.months("2019-01", "2023-12")
        if label not in holes
    ]
    (folder / "own.csv").write_text("\n".join(["period,value", *rows, *spans]) + "\n", "utf-8")
    path = folder / "window.toml"
    path.write_text(CONFIG.format(key=key, event=event, question=question, reporter=key[:3]), "utf-8")
    return path


def findings(path):
    config = load(path)
    return [f.text for f in make_plan(config, read_archive(config)).findings if f.topic == "effect"]


def sentence(path, folder):
    """The first answer of the report, with plain spaces."""
    text = (fc.run(path, folder / "runs").folder / "report.md").read_text("utf-8")
    return next(line for line in text.splitlines() if line.startswith("1. **")).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("event", "question", "checked", "said"),
    [
        (END, 'to = "2023-12"', "5 of the 10 months asked, 2023-03 to 2023-12, lie after the end of ban on 2023-08-01",
         "The measure ended on 1 Aug 2023: 5 of these 10 months lie after the end."),
        (END.replace("2023-08-01", "2023-08-10"), 'to = "2023-12"', "4 of the 10 months asked", "4 of these 10 months lie"),
        (END, 'to = "2023-12"\nlag_months = 2', "3 of the 8 months asked, 2023-05 to 2023-12,", "3 of these 8 months lie"),
        (LIFTED, 'to = "2023-12"', "lie after the end of ban on 2023-09-01", "ended on 1 Sep 2023: 4 of these 10 months"),
        (END, 'from = "2023-10"\nto = "2023-12"', "3 of the 3 months asked", "ended on 1 Aug 2023, before the months asked"),
        (END, "", "the months asked end in 2023-07 with ban, the figures in 2023-12: `to` asks for more", "Mar–Jul 2023.**"),
        (LIFTED, "", "the months asked end in 2023-08 with ban", "Mar–Aug 2023.**"),
    ],
)  # fmt: skip
def test_months_past_the_end_are_said_or_left_out(tmp_path, event, question, checked, said):
    key = KEY if "lag" not in question else "USA.import.CHL.lithium_carbonate"
    path = written(tmp_path, event, question, key)
    if key != KEY:
        path.write_text(path.read_text("utf-8").replace('imposed_by = ["USA"]', 'imposed_by = ["CHL"]'), "utf-8")
    assert len(findings(path)) == 1
    assert checked in findings(path)[0]
    assert said in sentence(path, tmp_path)


def test_a_window_within_its_measure_is_not_remarked_on(tmp_path):
    path = written(tmp_path, END, 'to = "2023-07"')
    assert findings(path) == []
    assert "ended" not in sentence(path, tmp_path)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"holes": ["2023-06", "2023-08"]}, "Mar–Dec 2023, 8 of 10 months (Jun and Aug 2023 have no figure).**"),
        ({"holes": ["2023-11", "2023-12"]}, "Mar–Dec 2023, 8 of 10 months (Nov–Dec 2023 have no figure).**"),
        ({"holes": ["2023-03"]}, "Mar–Dec 2023, 9 of 10 months (Mar 2023 has no figure).**"),
        ({"holes": ["2023-12"], "spans": ["2023-12/2024-01,10"]}, "9 of 10 months (Dec 2023 has no figure).**"),
        ({"holes": ["2023-06", "2023-07"], "spans": ["2023-06/2023-07,10"]}, "Mar–Dec 2023.**"),
        ({"holes": ["2023-06"], "spans": ["2023-01/2023-12,260"]}, "Mar–Dec 2023.**"),
    ],
)
def test_months_without_a_figure_are_counted_and_named(tmp_path, given, said):
    text = sentence(written(tmp_path, **given), tmp_path)
    assert said in text
    assert ("over as many months" in text) is ("no figure" not in said)


def test_the_announced_end_of_a_measure_is_asked_about_from_the_day_it_was_announced_on(tmp_path):
    asked = 'estimand = "anticipation"\nanticipation = 2\nclean_from = "2023-03"'
    path = written(tmp_path, END.replace("2023-08-01", "2023-11-01"), asked)
    path.write_text(path.read_text("utf-8").replace('event = "ban"', 'event = "ban:end"'), "utf-8")
    config = load(path)
    made = make_plan(config, read_archive(config))
    window = next(b.design for b in made.batches if b.design).window(made.vintage)
    assert [months.label(m) for m in (window.hole, window.first, window.last, window.start)] == [
        "2023-09", "2023-09", "2023-10", "2023-11",
    ]  # fmt: skip
    page = (fc.run(path, tmp_path / "runs").folder / "report.md").read_text("utf-8").replace("\u00a0", " ")
    assert "the announced end of the ban of Mar 2023 (1 Nov 2023)" in page
    early = load(path, as_of="2023-07-14")
    said = [f.text for f in make_plan(early, read_archive(early)).findings if f.topic == "effect"]
    assert any(text.startswith("not asked: ban:end not announced by 2023-07-14") for text in said)


@pytest.mark.parametrize(("destination", "product"), [("JPN", "gallium"), ("USA", "zinc")])
def test_an_account_of_a_flow_that_its_measure_does_not_touch_is_remarked_on(tmp_path, destination, product):
    def remarks(destination, product):
        account = f'[[ledger]]\nid = "x"\nevent = "us_ban_2024"\ndestination = "{destination}"\nproduct = "{product}"'
        path = tmp_path / f"{destination}_{product}.toml"
        path.write_text(f'name = "x"\n{account}\nfrom = "2025-01"\nto = "2025-06"\n', "utf-8")
        config = load(path)
        found = make_plan(config, read_archive(config)).findings
        return [(f.text, f.where) for f in found if f.topic == "ledger"]

    outside = f"CHN.export.{destination}.{product} lies outside the scope of us_ban_2024: an indirect effect"
    assert remarks(destination, product) == [(outside, "x")]
    assert remarks("USA", "gallium") == []


def test_the_months_of_an_announced_end_are_those_that_the_guide_names(tmp_path):
    def asked_of(question):
        path = written(tmp_path, "end = 2024-06-01\nend_announced = 2023-07-15", question)
        path.write_text(path.read_text("utf-8").replace('event = "ban"', 'event = "ban:end"'), "utf-8")
        config = load(path)
        made = make_plan(config, read_archive(config))
        return next(b.design for b in made.batches if b.design), made

    design, made = asked_of('estimand = "anticipation"')
    assert months.label(design.window(made.vintage).first) == "2023-07"
    assert [f for f in made.findings if f.topic == "effect"] == []
    _, made = asked_of("")  # the months from the end on, none of which is known
    (finding,) = (f for f in made.findings if f.topic == "effect")
    assert 'estimand = "anticipation" asks for the months before an end' in finding.text
    guide = " ".join((Path(fc.__file__).parent / "guides/events.md").read_text("utf-8").split())
    assert 'With `estimand = "anticipation"` the months asked are those before the end' in guide
    assert "Every other estimand asks, as for any event, for the months from the end on" in guide
