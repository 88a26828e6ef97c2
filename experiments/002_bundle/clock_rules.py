# ruff: noqa: E501
"""Release days: the two tables of the customs clock and the reference look-up against them."""
import calendar
import csv
import datetime as dt
from pathlib import Path

RULE_COLUMNS = ["source", "stage", "valid_from", "valid_to", "day", "quarter_day", "months_after",
                "offset_days", "combined", "weekend", "note"]
CALENDAR_COLUMNS = ["source", "stage", "month", "released", "basis", "known", "note"]

# source, stage, valid_from, valid_to, day, quarter_day, months_after, offset_days, combined, note ("weekend" below)
RULES = [
    ("CHN", "flash", "2010-01", "2017-11", 8, 13, 1, "", 0, "2015 and 2017 calendars: 8th, 13th after a quarter; January is released in February"),
    ("CHN", "flash", "2017-12", "2019-11", 15, 15, 1, "", 0, "8th to 15th by the calendar of 2017 and dated reports: the latest day is assumed; January is released in February"),
    ("CHN", "flash", "2019-12", "2099-12", 10, 14, 1, "", 1, "7th to 10th, 13th or 14th after a quarter in the calendars of 2020, 2025 and 2026: the latest day is assumed; January comes with February in March"),
    ("CHN", "bulletin", "2010-01", "2016-11", 21, 21, 1, "", 0, "monthly report; 2015 calendar"),
    ("CHN", "bulletin", "2016-12", "2019-11", 23, 23, 1, "", 0, "monthly report; 2017 calendar"),
    ("CHN", "bulletin", "2019-12", "2020-11", 23, 23, 1, "", 1, "monthly report; 2020 calendar"),
    ("CHN", "bulletin", "2020-12", "2099-12", 18, 18, 1, "", 1, "monthly report; 2025 calendar"),
    ("CHN", "detail", "2010-01", "2016-11", 21, 21, 1, "", 0, "2015 calendar; January is released in February"),
    ("CHN", "detail", "2016-12", "2017-11", 23, 23, 1, "", 0, "2017 calendar; January is released in February"),
    ("CHN", "detail", "2017-12", "2019-11", 25, 25, 1, "", 0, "online query, 25th as in the 2020 calendar; January is released in February"),
    ("CHN", "detail", "2019-12", "2020-11", 25, 31, 1, "", 1, "online query, 2020 calendar, in which December came on the 31st: the later day is assumed after a quarter; January comes with February in March"),
    ("CHN", "detail", "2020-12", "2099-12", 20, 20, 1, "", 1, "online query, 20th, weekends kept; nothing in February, January comes with February in March"),
    ("USA", "census", "2010-01", "2099-12", "", "", "", 38, 0, "35 to 38 days on the known days: the latest is assumed, and on a weekend the Monday after it"),
    ("KOR", "customs", "2010-01", "2099-12", 15, 15, 1, "", 0, "previous month updated around the 15th (data.go.kr 15100475); January is not held back"),
    ("JPN", "nine_digit", "2010-01", "2099-12", 31, 31, 1, "", 0, "exports in detail, imports provisional by nine digits: end of the following month (customs.go.jp glossary); the last day is assumed"),
    ("JPN", "detail", "2010-01", "2099-12", 31, 31, 2, "", 0, "imports in detail: end of the second month after (customs.go.jp glossary); the last day is assumed"),
    ("EU27", "comext", "2010-01", "2099-12", "", "", "", 55, 0, "member states deliver in six weeks, totals at 50-55 days by the ECB's description; the later day is assumed; goods by partner may come later"),
    ("GBR", "hmrc", "2010-01", "2099-12", "", "", "", 47, 0, "41 to 47 days on three known days (gov.uk); the latest is assumed"),
]

EARLIER_SHUTDOWNS = {
    "2013-08": ("2013-10-24", "rule", "shutdown, from general knowledge"),
    "2013-09": ("2013-11-14", "rule", "shutdown, from general knowledge"),
    "2018-11": ("2019-02-06", "rule", "shutdown, approximate; not out on 2019-02-05 (wita.org)"),
    "2018-12": ("2019-03-06", "actual", "shutdown; the day printed on the release (FT-900)"),
    "2019-01": ("2019-03-27", "calendar", "shutdown; announced in the release of 2019-03-06 (FT-900)"),
    "2019-02": ("2019-04-17", "rule", "shutdown, from general knowledge"),
}

# days printed on a release: source, stage, month, released, where
KNOWN_DAYS = [
    ("EU27", "comext", "2019-06", "2019-08-16", "Eurostat press release on trade in goods (totals)"),
    ("EU27", "comext", "2019-09", "2019-11-15", "Eurostat press release 178/2019 (totals)"),
    ("GBR", "hmrc", "2023-08", "2023-10-12", "gov.uk, UK overseas trade in goods statistics August 2023"),
    ("GBR", "hmrc", "2024-08", "2024-10-11", "gov.uk, UK overseas trade in goods statistics August 2024"),
    ("GBR", "hmrc", "2024-11", "2025-01-16", "gov.uk, UK overseas trade in goods statistics November 2024"),
]

# days of the joint US release (FT-900) outside shutdowns
FT900 = "release of goods and services (FT-900)"
KNOWN_DAYS += [
    ("USA", "census", "2015-08", "2015-10-06", f"{FT900} 15-08, bea.gov trad0815"),
    ("USA", "census", "2017-08", "2017-10-05", f"{FT900} 17-08, bea.gov trad0817"),
    ("USA", "census", "2019-07", "2019-09-04", f"{FT900} CB 19-127"),
    ("USA", "census", "2019-09", "2019-11-05", f"{FT900} CB 19-166"),
    ("USA", "census", "2020-09", "2020-11-04", f"{FT900} CB 20-166"),
    ("USA", "census", "2021-11", "2022-01-06", f"{FT900}, bea.gov as of 7 January 2022"),
    ("USA", "census", "2023-08", "2023-10-05", "dated report of the day, https://bankingjournal.aba.com/2023/10/u-s-international-trade-deficit-decreases-in-august/"),
    ("USA", "census", "2024-08", "2024-10-08", "dated report of the day, https://www.forexlive.com/news/us-international-trade-balance-for-august-704-billion-vs-706b-estimate-20241008/"),
    ("USA", "census", "2024-09", "2024-11-05", f"{FT900} BEA 24-50, CB 24-180"),
    ("USA", "census", "2025-06", "2025-08-05", f"{FT900} of June 2025"),
]
MONDAY = {"USA"}  # offices that release on no weekend: a rule's day on one is moved to the Monday after it

SHUTDOWN = {"2025-08": "2025-11-19", "2025-09": "2025-12-11", "2025-10": "2026-01-08",
            "2025-11": "2026-01-29", "2025-12": "2026-02-19"}

STAGES = {"flash": "flash", "detail": "detail", "online_query": "detail", "monthly_report": "bulletin"}


def shift(month, n):
    """The month n months after a month written YYYY-MM."""
    y, m = map(int, month.split("-"))
    k = y * 12 + m - 1 + n
    return f"{k // 12:04d}-{k % 12 + 1:02d}"


def month_end(month):
    y, m = map(int, month.split("-"))
    return dt.date(y, m, calendar.monthrange(y, m)[1])


def rule_day(rules, source, stage, month):
    """The day a rule gives for a month of data (the explicit calendar is looked up first, elsewhere)."""
    r = next(r for r in rules if r["source"] == source and r["stage"] == stage
             and r["valid_from"] <= month <= r["valid_to"])
    if str(r["offset_days"]) != "":
        day = month_end(month) + dt.timedelta(days=int(r["offset_days"]))
        return day + dt.timedelta(days=7 - day.weekday()) if r["weekend"] == "monday" and day.weekday() > 4 else day
    if int(r["combined"]) and month.endswith("-01"):
        month = shift(month, 1)
    day = r["quarter_day"] if month[-2:] in ("03", "06", "09", "12") else r["day"]
    y, m = map(int, shift(month, int(r["months_after"])).split("-"))
    return dt.date(y, m, min(int(day), calendar.monthrange(y, m)[1]))


def released(rules, explicit, source, stage, month):
    """(day, basis) on which the month's figure could be known: explicit row first, else the rule.

    January in a combined regime without a row of its own takes February's row, then February's rule.
    """
    if (source, stage, month) in explicit:
        return explicit[source, stage, month]
    r = next(r for r in rules if r["source"] == source and r["stage"] == stage
             and r["valid_from"] <= month <= r["valid_to"])
    if str(r["combined"]) == "1" and month.endswith("-01"):
        return released(rules, explicit, source, stage, shift(month, 1))
    return rule_day(rules, source, stage, month).isoformat(), "rule"


def rules():
    return [dict(zip(RULE_COLUMNS, (*row[:-1], "monday" if row[0] in MONDAY else "", row[-1]), strict=True)) for row in RULES]


def plan_of_2026(later):
    """China's plan of 2026 by (stage, month): the day planned, and the day on which the plan was out."""
    rows = {}
    with open(Path(later) / "gacc_release_calendar_2026.csv", encoding="utf-8") as f:
        for r in csv.DictReader(f):
            rows[r["series"].split(".")[-1], r["period"].split("/")[-1]] = (r["value"], r["published"])
    return rows


def calendar_rows(folder, later, reports):
    """Explicit days: the published calendars, the shutdown, and days proved by dated first reports.

    `reports` is a list of (source, stage, month, article day) with full article days. A report of the same
    release proves that the figure was out: when it is earlier than the assumed day, or up to four days later
    (flash only), its day replaces the rule. Published calendars are never replaced. `known` is the day on which a calendar was out,
    where that is known to be later than the beginning of its year.
    """
    rows = {}
    text = (Path(folder) / "gacc_release_calendar.csv").read_text(encoding="utf-8")
    for r in csv.DictReader(text.splitlines()):
        stage, month, day = STAGES[r["product"]], r["last_reference_month"], r["release_date"]
        note = f"published calendar {r['calendar_year']}"
        if r["calendar_year"] == "2020" and month == "2020-01":
            continue                                            # the plan for January 2020 was not kept
        rows["CHN", stage, month] = [day, "calendar", "", note]
    for (stage, month), (day, known) in plan_of_2026(later).items():
        rows["CHN", stage, month] = [day, "calendar", known, "published calendar 2026 (GACC notice 2025 No. 240)"]
    for month, day in SHUTDOWN.items():
        rows["USA", "census", month] = [day, "rule", "", "shutdown, approximate"]
    for month, found in EARLIER_SHUTDOWNS.items():
        rows["USA", "census", month] = [*found[:2], "", found[2]]
    for source, stage, month, day, where in KNOWN_DAYS:
        rows[source, stage, month] = [day, "actual", "", where]
    for stage, day in (("flash", "2022-10-24"), ("detail", "2022-10-25")):
        rows["CHN", stage, "2022-09"] = [day, "rule", "", "release postponed in October 2022, from general knowledge"]
    first = {}
    for source, stage, month, day in reports:
        key = (source, stage, month)
        first[key] = min(day, first.get(key, day))
    table = rules()
    for (source, stage, month), day in sorted(first.items()):
        if (source, stage, month) in rows or source != "CHN":
            continue
        due = rule_day(table, source, stage, month)
        delay = (dt.date.fromisoformat(day) - due).days
        begin = month_end(month) + dt.timedelta(days=5)
        if dt.date.fromisoformat(day) < begin or delay == 0:
            continue
        if delay == -1 and stage == "detail":
            continue                                            # the same release read across the date line
        if delay < 0 or (stage == "flash" and delay <= 6):
            rows[source, stage, month] = [day, "actual", "", "day of the first dated report of this release"]
    for (source, stage, month), (day, basis, known, _) in list(rows.items()):
        if source == "CHN" and month.endswith("-02") and month >= "2020-02":
            rows[source, stage, shift(month, -1)] = [day, basis, known, "with February, one release"]
    return [dict(source=k[0], stage=k[1], month=k[2], released=v[0], basis=v[1], known=v[2], note=v[3])
            for k, v in sorted(rows.items())]
