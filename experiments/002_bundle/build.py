# ruff: noqa: E501
"""Writes the bundled data set from the published tables: python build.py --from FOLDER --later FOLDER --to forecast/data."""
import argparse
import csv
import re
import sys
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlparse

sys.path.insert(0, str(Path(__file__).parent))
import annual_table
import clock_rules as clock
import events_table
import facts_table
import lookups
import products_table

COLUMNS = ["series", "period", "value", "unit", "status", "stage", "kind", "derived_from", "released", "basis",
           "publisher", "article_date", "url", "excluded", "note"]
PSEUDO = "pseudo-vintage: computed from a later period"


def read(folder, name):
    with open(Path(folder) / name, encoding="utf-8") as f:
        return list(csv.DictReader(f))


def write(path, columns, rows):
    with open(path, "w", encoding="utf-8", newline="") as f:
        w = csv.DictWriter(f, columns, lineterminator="\n")
        w.writeheader()
        w.writerows(rows)


def plain(x):
    """A Decimal as the shortest plain text."""
    s = format(x.normalize(), "f")
    return s.rstrip("0").rstrip(".") if "." in s else s


def scaled(value, unit):
    """(value, unit) in kg or USD; None for a unit that cannot be held."""
    x = Decimal(str(value))
    factor = {"t": ("1000", "kg"), "kg": ("1", "kg"), "USD": ("1", "USD"), "USD m": ("1000000", "USD")}.get(unit)
    return None if factor is None else (x * Decimal(factor[0]), factor[1])


def stage_of(reporter, product):
    if reporter == "USA":
        return "census"
    return "flash" if product == "rare_earths_total" else "detail"


def name_of(product, publisher, url):
    if product in ("antimony_products_total", "antimony_products"):
        if "rawmaterials.net" in publisher or "rawmaterials.net" in url:
            return "antimony_products_rawmaterials"
        return "antimony_products_sputnik" if "Sputnik" in publisher else "antimony_products_reuters"
    return lookups.PRODUCT.get(product, product)


def raw_row(reporter, flow, partner, product, measure, period, value, unit, kind, publisher, url, article, note):
    """One row of observations.csv in kg or USD, or None where reporter or unit cannot be held."""
    got = scaled(value, unit)
    if got is None or reporter not in ("CHN", "USA"):
        return None
    value, unit = got
    if kind.startswith("derived"):
        kind = "derived"
    if "/" in period and kind == "reported":
        kind = "cumulative"
    series = f"{reporter}.{flow}.{lookups.PARTNER.get(partner, partner)}.{product}" + (":usd" if measure == "value" else "")
    return dict(series=series, period=period, value=value, unit=unit, status="zero" if value == 0 else "value",
                stage=stage_of(reporter, product), kind=kind, derived_from="", released="", basis="",
                publisher=publisher, article_date=article, url=url, excluded="", note=note)


def from_news(folder, left_out):
    rows = []
    for name in ("china_re_magnets.csv", "china_sb_ge_ga.csv"):
        for r in read(folder, name):
            product = name_of(r["product"], r["publisher"], r["url"])
            note = r["note"]
            if r["product"] != product and "antimony_products" not in product and not product.startswith("g"):
                note = "; ".join(x for x in (note, f"published as {r['product']}") if x)
            row = raw_row(r["reporter"], r["flow"], r["partner"], product, r["measure"], r["period"], r["value"],
                          r["unit"], r["kind"], r["publisher"], r["url"], r["published_date"], note)
            if row is None:
                left_out.append(r)
            else:
                rows.append(row)
    return rows


def from_second_reading(folder, rows):
    """The independent second reading: publishers are taken from the first reading's page, else from the address."""
    page = {}
    for r in rows:
        page.setdefault(r["url"].replace("https://www.", "https://"), (r["publisher"], r["article_date"]))
    out = []
    held = {(r["series"], r["period"], r["value"], r["publisher"]) for r in rows}
    skipped = 0
    for r in read(folder, "china_points_second_reading.csv"):
        key = r["url"].replace("https://www.", "https://")
        in_url = re.search(r"/(20\d\d)/(\d\d)/(\d\d)/", r["url"])
        domain = urlparse(r["url"]).netloc.removeprefix("www.")
        publisher, article = page.get(key, (domain, "-".join(in_url.groups()) if in_url else ""))
        product = name_of(r["series"], publisher, r["url"])
        row = raw_row("CHN", "export", r["partner"], product, "quantity", r["month"], r["value"], r["unit"], r["kind"],
                      publisher, r["url"], article, "second reading: " + r["basis"])
        if (row["series"], row["period"], row["value"], row["publisher"]) in held:
            skipped += 1
            continue
        out.append(row)
    return out, skipped


def from_census(folder):
    rows = []
    url = "https://api.census.gov/data/timeseries/intltrade/imports/hs"
    publisher = "US Census Bureau, compiled by Zhang, C. (2026), The History Engine, CC BY 4.0"

    def add(partner, r, value, measure):
        row = raw_row("USA", "import", partner, lookups.HTS[r["hts10"]], measure, r["month"], value,
                      "USD" if measure == "value" else "kg", "reported", publisher, url, "",
                      f"HTS {r['hts10']}, general imports; pseudo-vintage: one vintage only")
        rows.append(row)
        return row

    for r in read(folder, "us_imports_hts10_monthly.csv"):
        pairs = [("WLD", r["quantity"], r["customs_value_usd"])]
        if r["china_pulled"] == "True":
            pairs.append(("CHN", r["china_quantity"], r["china_value_usd"]))
        for partner, quantity, value in pairs:
            add(partner, r, value, "value")
            row = add(partner, r, quantity, "quantity")
            if row["value"] == 0 and Decimal(value) > 0:
                row["status"], row["value"] = "missing", ""
                row["note"] += "; quantity 0 with a positive value: not a true zero"
    for r in read(folder, "us_imports_antimony_oxide_mexico_usd.csv"):
        rows.append(raw_row("USA", "import", r["partner"], "antimony_oxide", "value", r["month"], r["customs_value_usd"],
                            "USD", "reported", "USITC DataWeb", "https://dataweb.usitc.gov", "",
                            f"HTS {r['hts10']}, imports for consumption; pseudo-vintage: one vintage only"))
    return rows


def from_facts(folder):
    """GAGE1: no Chinese gallium or germanium to the US from January to October 2024."""
    fact = next(r for r in read(folder, "trade_facts.csv") if r["id"] == "GAGE1")
    return [raw_row("CHN", "export", "USA", product, "quantity", "2024-01/2024-10", "0", "kg", "cumulative",
                    "Material Handling & Logistics (China customs)", fact["source_url"], "",
                    "zero through October 2024, before the December 2024 ban")
            for product in ("gallium", "germanium")]


# ---- derivations ---------------------------------------------------------------------------------------
def months_of(period):
    a, b = (period.split("/") * 2)[:2]
    return a, b


def shifted(period, n):
    a, b = months_of(period)
    return clock.shift(a, n) if "/" not in period else f"{clock.shift(a, n)}/{clock.shift(b, n)}"


NUMBER = r"\d[\d,]*(?:\.\d+)?"


def near(x, y):
    return y != 0 and abs(x / y - 1) < Decimal("0.0012")


def ratio_tokens(row, by_series):
    """fig and pct tokens of 'A / (1-p)' and 'A / f', where A is a held figure one month or one year later."""
    text = row["note"].replace("second reading: ", "")
    m = re.search(rf"({NUMBER})(M)?(?: \([^)]*\))? ?/ ?\(1-(0?\.\d+)\)", text)
    if m:
        change = -Decimal(m[3])
    else:
        m = re.search(rf"({NUMBER})(M)?(?: \([^)]*\))? ?/ ?(\d(?:\.\d+)?|0\.\d+)\b(?! ?t)", text)
        if not m:
            return ""
        change = Decimal(m[3]) - 1
    top = Decimal(m[1].replace(",", "")) * (1000000 if m[2] else 1)
    scales = (1,) if row["unit"] == "USD" else (1, 1000)
    series = row["series"]
    for n in (1, 12, 0):
        if n == 1 and "/" in row["period"]:
            continue
        q = shifted(row["period"], n)
        for held in by_series.get((series, q), []):
            if held is not row and any(near(top * s, held["value"]) for s in scales):
                if n == 0:
                    continue
                return f"fig:{series}@{q};pct:{series}@{q}/{row['period']}={plain(change)}"
    return ""


def sum_tokens(row, pool):
    """fig tokens of sums and differences whose every number is a held figure of the same series."""
    numbers = [Decimal(x.replace(",", "")) for x in re.findall(rf"(?<![\w.-]){NUMBER}", row["note"].split(";")[0])]
    tokens = []
    for x in numbers:
        hits = [r for r in pool[row["series"]] if r is not row and r["period"] != row["period"]
                and r["period"][:4] == row["period"][:4] and any(r["value"] == x * s for s in (1000, 1))]
        if not hits:
            if x > 31 and not 2015 <= x <= 2030:
                return ""
            continue
        tokens.append(f"fig:{row['series']}@{hits[0]['period']}")
    return ";".join(dict.fromkeys(tokens)) if len(tokens) > 1 else ""


def derive(rows):
    pool, by_series = {}, {}
    for r in rows:
        if r["status"] != "missing":
            pool.setdefault(r["series"], []).append(r)
            by_series.setdefault((r["series"], r["period"]), []).append(r)
    for r in rows:
        if r["kind"] != "derived":
            continue
        _reporter, _flow, partner, product = r["series"].split(":")[0].split(".")
        hand = lookups.DERIVED.get((product, partner, r["period"], int(r["value"])))
        if hand and r["unit"] == "kg":
            r["derived_from"] = re.sub(r"(fig|pct):@", rf"\1:{r['series']}@", hand)
        elif r["unit"] == "USD" and " x " in r["note"]:
            r["derived_from"] = f"fig:{r['series'][:-4]}@{r['period']};text:times the published unit price"
        else:
            r["derived_from"] = ratio_tokens(r, by_series) or sum_tokens(r, pool) or ""
        if not r["derived_from"]:
            r["derived_from"] = "text:" + r["note"].replace(";", ",")
        last = months_of(r["period"])[1]
        later = [months_of(t.split("@")[1].split("=")[0])[1] for t in r["derived_from"].split(";") if t.startswith("fig:")]
        if any(x > last for x in later):
            r["note"] = "; ".join(x for x in (r["note"], PSEUDO) if x)


def exclude(rows):
    used = set()
    for r in rows:
        _, _, partner, product = r["series"].split(":")[0].split(".")
        for i, (p, c, period, value, publisher, reason) in enumerate(lookups.EXCLUDE):
            if (p, c, period) == (product, partner, r["period"]) and r["value"] == value and r["unit"] == "kg" \
                    and publisher in r["publisher"]:
                r["excluded"] = reason
                used.add(i)
        why = lookups.WHY.get((product, partner, r["period"], r["value"])) if r["unit"] == "kg" else None
        if why and r["excluded"]:
            r["note"] = "; ".join(x for x in (r["note"], why) if x)
        if not r["excluded"]:
            if "SUSPECT" in r["note"]:
                r["excluded"] = "suspect"
            elif "VERY WEAK" in r["note"] or "LOW TRUST" in r["note"]:
                r["excluded"] = "weak"
            elif "USGS" in r["publisher"] and product == "antimony_oxide":
                r["excluded"] = "other basket"
    unused = [lookups.EXCLUDE[i] for i in range(len(lookups.EXCLUDE)) if i not in used]
    assert not unused, unused


def dated_reports(rows):
    """(source, stage, month, day) of the articles with a full day, one per figure of that release."""
    return [(r["series"][:3], r["stage"], months_of(r["period"])[1], r["article_date"]) for r in rows
            if r["series"].startswith("CHN.export") and len(r["article_date"]) == 10
            and r["kind"] != "derived" and not r["excluded"]]


def stamp(rows, calendar):
    table = clock.rules()
    explicit = {(r["source"], r["stage"], r["month"]): (r["released"], r["basis"]) for r in calendar}
    for r in rows:
        month = months_of(r["period"])[1]
        r["released"], r["basis"] = clock.released(table, explicit, r["series"][:3], r["stage"], month)
        if len(r["article_date"]) == 10 and r["article_date"] < clock.month_end(month).isoformat():
            r["note"] = "; ".join(x for x in (r["note"], "the article's date is impossible (before the month ended), kept as given") if x)


def build(source, later, target):
    """Writes every file of the bundle and returns the counts; `later` is the folder of figures and events gathered since."""
    target = Path(target)
    left_out = []
    rows = from_news(source, left_out)
    second, skipped = from_second_reading(source, rows)
    rows += second + from_census(source) + from_facts(source)
    derive(rows)
    exclude(rows)
    calendar = clock.calendar_rows(source, later, dated_reports(rows))
    stamp(rows, calendar)
    for r in rows:
        r["value"] = plain(r["value"]) if r["value"] != "" else ""
    rows.sort(key=lambda r: tuple(r[c] for c in ("series", "period", "kind", "publisher", "article_date", "url", "value", "note")))
    seen, unique, twins = set(), [], 0
    for r in rows:
        key = tuple(r[c] for c in ("series", "period", "value", "publisher", "url", "article_date"))
        twins += key in seen
        if key not in seen:
            unique.append(r)
        seen.add(key)
    write(target / "observations.csv", COLUMNS, unique)
    write(target / "release_rules.csv", clock.RULE_COLUMNS, clock.rules())
    write(target / "release_calendar.csv", clock.CALENDAR_COLUMNS, calendar)
    products_table.write(target / "products.csv", {r["series"].split(":")[0].split(".")[3] for r in unique})
    events_table.write(read(source, "policy_events.csv"), read(later, "events_after_2026-03.csv"), target / "events.toml")
    facts_table.write(source, later, left_out, target / "facts.csv")
    annual_table.write(read(later, "usgs_mcs2026_annual.csv"), target / "annual_usgs.csv")
    lunar(source, target / "lunar_new_year.csv")
    write(target / "groups.csv", ["group", "members", "note"], GROUPS)
    readme(unique, left_out, skipped, target)
    return dict(rows=len(unique), twins=twins, skipped=skipped, left_out=left_out, calendar=len(calendar))


def lunar(source, path):
    from lunardate import LunarDate
    rows = [dict(year=y, day=LunarDate(y, 1, 1).to_solar_date().isoformat()) for y in range(2010, 2036)]
    given = {r["year"]: r["lunar_new_year_day"] for r in read(source, "lunar_new_year.csv")}
    assert all(given.get(str(r["year"]), r["day"]) == r["day"] for r in rows)
    write(path, ["year", "day"], rows)


GROUPS = [
    dict(group="EU27", members="AUT|BEL|BGR|HRV|CYP|CZE|DNK|EST|FIN|FRA|DEU|GRC|HUN|IRL|ITA|LVA|LTU|LUX|MLT|NLD|POL|PRT|ROU|SVK|SVN|ESP|SWE",
         note="European Union since 2020"),
    dict(group="EUR_REGION", members="", note="'Europe' as the publisher says it, members not stated"),
    dict(group="THA_MEX", members="MEX|THA", note="Thailand and Mexico, published as one sum"),
    dict(group="WLD", members="", note="all partners"),
]


def family(series):
    """The line of the coverage table a series belongs to."""
    reporter, flow, partner, product = series.split(":")[0].split(".")
    if reporter == "USA":
        who = partner if partner in ("WLD", "CHN") else "others"
        return f"USA.{flow}.{who}"
    known = ("rare_earths_total", "re_magnets", "gallium", "germanium")
    good = product if product in known else "antimony_*" if product.startswith("antimony") else "other goods"
    return f"{reporter}.{flow}.{'WLD' if partner == 'WLD' else 'others'}, {good}"


def readme(rows, left_out, skipped, target):
    """README.md of the data folder: the template with the coverage counted."""
    lines = ["| family | series | rows | entering | months | spans | excluded | from | to |", "|---|---|---|---|---|---|---|---|---|"]
    groups = {}
    for r in rows:
        groups.setdefault(family(r["series"]), []).append(r)
    for name, g in sorted(groups.items()):
        live = [r for r in g if not r["excluded"]]
        cells = {(r["series"], r["period"]) for r in live}
        months = sum("/" not in p for _, p in cells)
        ends = sorted(months_of(r["period"])[1] for r in live)
        begins = sorted(months_of(r["period"])[0] for r in live)
        lines.append(f"| {name} | {len({r['series'] for r in g})} | {len(g)} | {len(live)} | {months} | {len(cells) - months} "
                     f"| {len(g) - len(live)} | {begins[0]} | {ends[-1]} |")
    reasons = {}
    for r in rows:
        if r["excluded"]:
            reasons[r["excluded"]] = reasons.get(r["excluded"], 0) + 1
    words = {"COVERAGE": "\n".join(lines), "ROWS": len(rows), "SERIES": len({r["series"] for r in rows}), "OUT": len(left_out),
             "SKIPPED": skipped, "ZERO": sum(r["status"] == "zero" for r in rows),
             "CHNZERO": sum(r["status"] == "zero" and r["series"].startswith("CHN") for r in rows),
             "DERIVED": sum(r["kind"] == "derived" for r in rows),
             "PSEUDO": sum(PSEUDO in r["note"] for r in rows),
             "REASONS": ", ".join(f"`{k}` {v}" for k, v in sorted(reasons.items()))}
    text = (Path(__file__).parent / "dictionary.md").read_text(encoding="utf-8")
    for k, v in words.items():
        text = text.replace("{" + k + "}", str(v))
    (target / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--from", dest="source", required=True)
    p.add_argument("--later", required=True)
    p.add_argument("--to", dest="target", required=True)
    a = p.parse_args()
    print({k: len(v) if isinstance(v, list) else v for k, v in build(a.source, a.later, a.target).items()})
