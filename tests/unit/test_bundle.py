"""The bundled data set: keys, days, derivations, exclusions, and the figures an economist computed by hand."""

import csv
import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

DATA = Path(__file__).parents[2] / "forecast" / "data"
WORLD, USA = "CHN.export.WLD.re_magnets", "CHN.export.USA.re_magnets"
RARE, SB = "CHN.export.WLD.rare_earths_total", "CHN.export.WLD.antimony_products_reuters"
COLUMNS = [
    "series", "period", "value", "unit", "status", "stage", "kind", "derived_from", "released", "basis",
    "publisher", "article_date", "url", "excluded", "note",
]  # fmt: skip


def read(name):
    return pd.read_csv(DATA / name, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def rows():
    return read("observations.csv")


@pytest.fixture(scope="module")
def events():
    return tomllib.loads((DATA / "events.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def chosen(rows):
    """Chosen value per series and period: reported first, then the most common value, the most digits, the latest article."""
    live = rows[(rows.excluded == "") & (rows.status != "missing")].copy()
    live["second_hand"] = live.kind.eq("derived")
    live["digits"] = live.value.str.replace(".", "").str.strip("0").str.len()
    live["number"] = live.value.astype(float)
    live["support"] = 0
    for _, group in live.groupby(["series", "period", "second_hand"]):
        if len(group) > 1:
            support = [((group.number - x).abs() <= 0.001 * abs(x)).sum() for x in group.number]
            live.loc[group.index, "support"] = support
    live = live.sort_values(
        ["series", "period", "second_hand", "support", "digits", "article_date", "publisher"],
        ascending=[True, True, True, False, False, False, True],
    )
    return live.groupby(["series", "period"]).number.first()


def months(first, last):
    return [str(p) for p in pd.period_range(first, last, freq="M")]


def total(chosen, series, first, last):
    return sum(chosen[series, m] for m in months(first, last))


def count(chosen, series, first, last):
    return sum(first <= p <= last for p in chosen[series].index if "/" not in p)


def test_columns_keys_and_order(rows):
    assert list(rows.columns) == COLUMNS
    assert not rows.duplicated(["series", "period", "value", "publisher", "url", "article_date"]).any()
    assert list(rows.series) == sorted(rows.series)
    assert rows.series.str.fullmatch(r"(CHN|USA)\.(export|import)\.[A-Z][A-Z0-9_]{2,}\.[a-z0-9_]+(:usd)?").all()
    assert rows.period.str.fullmatch(r"\d{4}-\d\d(/\d{4}-\d\d)?").all()


def test_words_and_units(rows):
    assert set(rows.status) <= {"value", "zero", "missing", "suppressed", "provisional"}
    assert set(rows.stage) == {"flash", "detail", "census"}
    assert set(rows.kind) == {"reported", "derived", "cumulative"}
    assert set(rows.basis) == {"actual", "calendar", "rule"}
    assert (rows.unit == rows.series.str.endswith(":usd").map({True: "USD", False: "kg"})).all()
    assert ((rows.status == "zero") == (rows.value == "0")).all()
    assert ((rows.status == "missing") == (rows.value == "")).all()
    assert not rows.series.str.contains("gallium_total|germanium_total|antimony_products_total").any()


def test_released_after_the_period_and_never_the_article(rows):
    last = rows.period.str[-7:]
    assert (rows.released.str[:7] > last).all()
    late = rows[rows.article_date > rows.released]
    assert len(late) > 500  # articles come later than the clock's day, which does not move with them


def test_kinds_fit_periods(rows):
    span = rows.period.str.contains("/")
    assert not (span & (rows.kind == "reported")).any()
    assert not (~span & (rows.kind == "cumulative")).any()


def test_derived_rows_say_from_what(rows):
    derived = rows[rows.kind == "derived"]
    assert (derived.derived_from != "").all()
    assert (rows[rows.kind != "derived"].derived_from == "").all()
    known = set(zip(rows.series, rows.period, strict=True))
    for text in derived.derived_from:
        for token in text.split(";"):
            kind, _, rest = token.partition(":")
            assert kind in {"fig", "pct", "text"}, text
            if kind == "fig":
                assert tuple(rest.split("@")) in known, text
            if kind == "pct":
                assert re.fullmatch(r"[^@]+@(\d{4}-\d\d)(/\d{4}-\d\d){1,3}=-?[\d.]+", rest), text


def test_percentages_reproduce_the_value(rows):
    numbers = rows[rows.value != ""].groupby(["series", "period"]).value.apply(lambda s: [float(v) for v in s])
    checked = 0
    for row in rows[(rows.kind == "derived") & (rows.excluded == "")].itertuples():
        tokens = row.derived_from.split(";")
        if len(tokens) != 2 or not tokens[1].startswith("pct:"):
            continue
        figure = numbers[tuple(tokens[0][4:].split("@"))]
        periods, fraction = tokens[1].split("@")[1].split("=")
        factor = 1 + float(fraction)
        candidates = [f / factor if periods.endswith(row.period) else f * factor for f in figure]
        assert min(abs(c / float(row.value) - 1) for c in candidates) < 0.002, row
        checked += 1
    assert checked > 80


def test_no_figure_made_from_a_claim_enters(rows):
    claims = read("facts.csv")
    claims = claims[(claims.kind == "change") & (claims.series != "")]
    tested = {f"pct:{c.series}@{c.period}/{c.base_period}={float(c.value) / 100:g}" for c in claims.itertuples()}
    live = rows[rows.excluded == ""]
    used = {t for text in live.derived_from for t in text.split(";") if t.startswith("pct:")}
    assert not tested & used
    circular = rows[rows.excluded == "circular"]
    assert {("CHN.export.WLD.antimony_products_reuters", "2025-01"), (WORLD, "2024-06")} <= set(
        zip(circular.series, circular.period, strict=True)
    )
    for series, period, value in (
        ("CHN.export.WLD.germanium", "2025-01", "1920"), ("CHN.export.WLD.germanium", "2025-02", "782"),
        (WORLD, "2024-06", "5150200"), (SB, "2025-01", "892000"),
        ("CHN.export.WLD.gallium", "2024-01/2024-12", "69440"), ("CHN.export.WLD.gallium", "2025-01/2025-12", "62615"),
    ):  # fmt: skip
        hit = rows[(rows.series == series) & (rows.period == period) & (rows.value == value)]
        assert len(hit), (series, period)
        assert (hit.excluded != "").all(), (series, period)


def test_suspect_rows_are_out(rows):
    assert (rows[rows.note.str.contains("SUSPECT|VERY WEAK|LOW TRUST")].excluded != "").all()


def test_later_sources_are_marked(rows):
    def later(row):
        figures = [t.split("@")[1][-7:] for t in row.derived_from.split(";") if t.startswith("fig:")]
        return any(f > row.period[-7:] for f in figures)

    derived = rows[rows.kind == "derived"]
    mask = derived.apply(later, axis=1)
    assert derived[mask].note.str.contains("pseudo-vintage").all()


def test_the_clock_gives_the_release_days(rows):
    calendar = read("release_calendar.csv").set_index(["source", "stage", "month"])
    rules = read("release_rules.csv")
    assert not calendar.index.duplicated().any()

    def day(source, stage, month):
        if (source, stage, month) in calendar.index:
            return tuple(calendar.loc[(source, stage, month), ["released", "basis"]])
        at = (rules.source == source) & (rules.stage == stage) & (rules.valid_from <= month) & (month <= rules.valid_to)
        assert at.sum() == 1, (source, stage, month)
        rule = rules[at].iloc[0]
        period = pd.Period(month, "M")
        if rule.offset_days:
            due = (period.end_time + pd.Timedelta(days=int(rule.offset_days))).normalize()
            rolled = due + pd.offsets.BDay(0) if rule.weekend == "monday" else due
            return str(rolled.date()), "rule"
        if rule.combined == "1" and period.month == 1:
            return day(source, stage, str(period + 1))
        number = rule.quarter_day if period.month % 3 == 0 else rule.day
        return f"{period + int(rule.months_after)}-{int(number):02d}", "rule"

    cells = rows.assign(source=rows.series.str[:3], month=rows.period.str[-7:])
    for cell in cells[["source", "stage", "month", "released", "basis"]].drop_duplicates().itertuples(index=False):
        assert day(cell.source, cell.stage, cell.month) == (cell.released, cell.basis), cell


@pytest.mark.parametrize(
    ("stage", "month", "released"),
    [
        ("flash", "2025-05", "2025-06-09"), ("detail", "2025-06", "2025-07-20"), ("flash", "2025-01", "2025-03-07"),
        ("detail", "2020-01", "2020-03-25"), ("flash", "2017-01", "2017-02-10"), ("flash", "2024-05", "2024-06-07"),
        ("flash", "2026-10", "2026-11-10"), ("bulletin", "2026-01", "2026-03-18"), ("detail", "2026-11", "2026-12-20"),
    ],
)  # fmt: skip
def test_calendar_days(stage, month, released):
    calendar = read("release_calendar.csv")
    hit = calendar[(calendar.source == "CHN") & (calendar.stage == stage) & (calendar.month == month)]
    assert list(hit.released) == [released]


@pytest.mark.parametrize(
    ("series", "first", "last", "expected"),
    [
        (WORLD, "2025-04", "2025-06", 7055e3), (WORLD, "2025-04", "2026-03", 58128e3),
        (USA, "2025-04", "2025-06", 634e3), (USA, "2025-04", "2026-03", 5465e3),
        (RARE, "2025-04", "2025-05", 10649e3), (RARE, "2024-04", "2024-05", 10783e3),
        ("USA.import.CHN.germanium_unwrought", "2023-12", "2024-11", 3184),
        ("USA.import.CHN.germanium_unwrought", "2024-12", "2025-11", 1519),
        ("USA.import.CHN.germanium_unwrought", "2024-12", "2025-04", 1411),
        ("USA.import.CHN.gallium", "2024-12", "2025-04", 1095), ("USA.import.CHN.gallium", "2026-04", "2026-07", 2211),
        ("USA.import.WLD.gallium", "2023-12", "2024-11", 12396), ("USA.import.WLD.gallium", "2024-12", "2025-11", 21196),
        ("USA.import.MEX.antimony_oxide:usd", "2025-01", "2025-04", 5331160), (SB, "2024-08", "2024-09", 10608e3),
        (SB, "2024-10", "2024-12", 2719e3), ("CHN.export.WLD.gallium", "2023-08", "2023-11", 1780),
    ],
)  # fmt: skip
def test_sums_computed_by_hand(chosen, series, first, last, expected):
    assert total(chosen, series, first, last) == pytest.approx(expected, abs=501 if expected > 5e5 else 0.5)


def test_single_figures(chosen):
    assert chosen[WORLD, "2024-06"] == 5174500
    assert chosen[WORLD, "2025-05"] == 1238470
    assert chosen[USA, "2025-06"] == pytest.approx(352800, rel=1e-3)
    assert chosen[WORLD, "2024-01/2024-12"] == 58148e3
    assert chosen[USA, "2024-01/2024-12"] == 7444e3
    assert chosen["CHN.export.WLD.germanium", "2025-01/2025-02"] == 2702
    assert chosen["CHN.export.WLD.gallium", "2024-01/2024-12"] == 60880
    assert chosen["USA.import.THA_MEX.antimony_oxide", "2024-12/2025-04"] == 3834e3
    for metal in ("gallium", "germanium"):
        assert chosen[f"CHN.export.USA.{metal}", "2024-01/2024-10"] == 0


def test_counts_of_months(chosen):
    assert count(chosen, WORLD, "2018-01", "2025-03") == 29
    assert count(chosen, USA, "2018-01", "2025-03") == 23
    assert count(chosen, RARE, "2018-01", "2025-03") == 73
    assert count(chosen, SB, "2018-01", "2024-07") == 5
    # 2022-06 is a lower bound, 2025-01 and -02 are circular, 2024-07 and -08 cannot be closed
    assert count(chosen, "CHN.export.WLD.gallium", "2018-01", "2025-12") == 35
    assert count(chosen, "CHN.export.WLD.germanium", "2018-01", "2025-12") == 32
    assert chosen["USA.import.CHN.germanium_unwrought"]["2023-01":"2024-11"].filter(regex="^.{7}$").gt(0).sum() == 22


def test_every_product_is_described(rows):
    products = read("products.csv")
    named = set(rows.series.str.split(":").str[0].str.split(".").str[3])
    assert named == set(products["product"])
    assert products["product"].is_unique
    assert set(products.display_unit) <= {"t", "kg"}
    assert "CN8:81129210" in products.set_index("product").loc["germanium", "hs_codes"]
    assert "CN8:81129210" not in products.set_index("product").loc["gallium", "hs_codes"]


def test_groups_are_declared(rows):
    partners = set(rows.series.str.split(".").str[2])
    assert {p for p in partners if len(p) != 3} | {"WLD"} <= set(read("groups.csv").group)


def test_events_hold_together(events):
    table = {e["id"]: e for e in events["event"]}
    assert len(table) == len(events["event"]) == 93
    assert str(events["verified_to"]) == "2026-10-05"
    stable = {
        "gage_licensing_2023", "graphite_licensing_2023", "sb_licensing_2024", "us_ban_2024", "bi_w_in_licensing_2025",
        "re_licensing_2025", "geneva_truce_2025", "us_china_deal_2025", "enforcement_2025", "re_controls_oct_2025",
        "us_ban_suspension_2025",
    }  # fmt: skip
    assert stable <= set(table)
    for e in table.values():
        assert ("end" in e) == ("end_announced" in e), e["id"]
        assert e["role"] in {"default", "control", "context"}
        for link in ("reversal_of", "superseded_by"):
            assert e.get(link, e["id"]) in table
    ban, lifted = table["us_ban_2024"], table["us_ban_suspension_2025"]
    assert str(ban["end"]) == str(ban["end_announced"]) == "2025-11-09"
    assert ban["cluster"] == table["enforcement_2025"]["cluster"]
    assert (lifted["reversal_of"], str(lifted["end"])) == ("us_ban_2024", "2026-11-27")
    assert str(table["us_china_deal_2025"]["announced"]) == "2025-06-10"
    assert str(table["re_controls_oct_2025"]["called_off"]) == "2025-11-07"
    assert {"chromium", "cobalt", "zinc", "indium", "tungsten"} <= set(table["us_301_critical_minerals_2024"]["products"])
    controls = {e["control_event"] for e in read("products.csv").to_dict("records")} - {""}
    assert controls <= set(table)


def test_every_event_says_where_it_was_read(events):
    counts = {word: sum(e["status"] == word for e in events["event"]) for word in ("official", "secondary", "unverified")}
    assert counts == {"official": 10, "secondary": 78, "unverified": 5}
    assert sum(counts.values()) == len(events["event"])
    for e in events["event"]:  # no page at hand, no claim to have read one
        assert e["status"] != "unverified" or not e.get("source_url"), e["id"]
    table = {e["id"]: e for e in events["event"]}
    for name, page in (("us_ban_suspension_2025", "art_bc4513421bb24faaa84e44c2e4f36dc5"),
                       ("re_controls_suspension_2025", "art_b1ec77dd3f0d4762952904df7cdaadec")):  # fmt: skip
        assert table[name]["status"] == "official"
        assert page in table[name]["source_url"]


def test_measures_of_2026_are_events_and_words_are_notes(events, shared):
    rows = list(csv.DictReader(shared("data/published_2026/events_after_2026-03.csv").read_text("utf-8").splitlines()))
    table = {e["id"]: e for e in events["event"]}
    later = [e for e in events["event"] if str(e["announced"]) > "2026-01-05"]
    for row in rows:
        word = row["note"].partition(":")[0]
        dated = [e for e in later if str(e["announced"]) == row["period"]]
        said = [n for n in events["note"] if str(n["day"]) == row["period"]]
        measure = word in ("start", "end") or row["publisher"] == "US Treasury"
        assert bool(dated) == measure, row
        assert bool(said) == (not measure), row
        assert row["kind"] in {one["status"] for one in [*dated, *said]}, row
    assert len(events["note"]) == 10
    for n in events["note"]:
        assert set(n.get("about", ())) <= set(table)
        assert n["known"] <= n["day"] or n["kind"] not in ("due", "future")


def test_the_readme_states_the_day_to_which_events_are_verified(events):
    day = events["verified_to"]
    said = " ".join((DATA.parents[1] / "README.md").read_text("utf-8").split())
    assert f"Events are verified to {day.day} {day:%B %Y}" in said
    assert f"{len(events['event'])} policy events" in said


def test_what_became_of_the_suspension_is_not_known(events):
    table = {e["id"]: e for e in events["event"]}
    due = {str(n["day"]): n for n in events["note"] if n["kind"] == "due"}
    assert set(due) == {"2026-11-10", "2026-11-27"}
    assert {n["status"] for n in due.values()} == {"unverified"}
    assert "not known here" in due["2026-11-27"]["text"]
    assert str(table["us_ban_suspension_2025"]["end"]) == "2026-11-27"
    # the truce's legal end and its announced extension both stand
    assert str(table["busan_truce_2025"]["end"]) == str(table["re_controls_suspension_2025"]["end"]) == "2026-11-10"
    longer = table["us_china_truce_extension_2026"]
    assert (str(longer["announced"]), str(longer["effective"]), str(longer["end"])) == (
        "2026-09-23",
        "2026-11-10",
        "2027-01-10",
    )
    assert "superseded_by" not in table["busan_truce_2025"]


def test_lunar_new_year():
    table = read("lunar_new_year.csv").set_index("year").day
    assert list(table.index) == [str(y) for y in range(2010, 2036)]
    assert (table["2025"], table["2026"]) == ("2025-01-29", "2026-02-17")


def test_facts_are_unique_and_well_formed():
    facts = read("facts.csv")
    assert facts.id.is_unique
    assert set(facts.kind) <= {"quantity", "change", "share", "text", "price"}
    assert set(facts[facts.kind == "change"].unit) == {"percent"}
    assert set(facts.status) == {"", "secondary"}


def test_zeros_of_second_hand_are_facts_to_check_and_in_no_series(rows):
    facts = read("facts.csv").set_index("id")
    for name in ("press_ga_japan_2026", "press_ge_japan_2026"):
        zero = facts.loc[name]
        assert (zero["value"], zero["unit"], zero["status"]) == ("0", "kg", "secondary")
        assert "check with customs" in zero["text"]
        assert not ((rows.series == zero["series"]) & (rows.period.str[:4] == "2026")).any()


def test_press_figures_of_2026_are_the_published_ones(shared):
    given = list(csv.DictReader(shared("data/published_2026/press_figures_2026.csv").read_text("utf-8").splitlines()))
    facts = read("facts.csv")
    press = facts[facts.id.str.startswith("press_")]
    assert len(press) == len(given) == 7
    stated = sorted(float(r["value"]) * (1000 if r["unit"] == "t" else 1) for r in given if r["value"])
    assert sorted(map(float, press.value[press.value != ""])) == pytest.approx(stated)


def test_annual_figures_are_the_published_ones_with_their_rounding(shared):
    given = list(csv.DictReader(shared("data/published_2026/usgs_mcs2026_annual.csv").read_text("utf-8").splitlines()))
    annual = read("annual_usgs.csv")
    assert len(annual) == len(given)
    assert sorted(annual.value) == sorted(r["value"] for r in given)
    assert (annual.status == "provisional").sum() == sum(r["note"].startswith("estimated") for r in given) > 0
    assert annual.period.str.fullmatch(r"\d{4}-01/\d{4}-12").all()
    trade = annual[annual.measure == "quantity"]
    assert (trade.step.astype(float) * 1000 > trade.value.astype(float)).all()  # never finer than three digits
    shares = annual[annual.measure == "share"].assign(good=lambda t: t.series.str.rpartition(".")[2])
    assert (shares.groupby("good").value.apply(lambda v: v.astype(int).sum()).between(99, 101)).all()


def test_production_by_country_adds_up_to_the_published_totals():
    table = read("production.csv")
    assert (
        table.publisher.str.match(r"USGS Mineral Commodity Summaries 202[56]$") & table.url.str.startswith("https://")
    ).all()
    assert table.groupby(["mineral", "year"]).unit.nunique().eq(1).all()
    assert table.groupby("mineral").stage.nunique().eq(1).all()
    assert not table.duplicated(["mineral", "country", "year"]).any()
    assert set(table.status) == {"value", "estimate", "zero", "rounded total", "not available"}
    assert ((table.amount == "") == (table.status == "not available")).all(), "missing is not zero"
    assert ((table.amount == "0") == (table.status == "zero")).all()
    known = table[table.amount != ""].assign(amount=lambda t: t.amount.astype(float))
    world = known[known.country == "WLD"].set_index(["mineral", "year"]).amount
    parts = known[known.country != "WLD"].groupby(["mineral", "year"]).amount.sum()
    assert (parts.index == world.sort_index().index).all()
    off = (parts / world - 1).abs()
    assert (off.xs("2023", level="year") < 0.004).all(), "totals of three digits"
    assert (off < 0.05).all(), "totals of one or two digits"


def test_nothing_private_is_named():
    for path in DATA.iterdir():
        if path.suffix in {".csv", ".toml", ".md"}:
            assert "/work" not in path.read_text("utf-8").replace("https://", ""), path.name
