# ruff: noqa: E501
"""Published claims and facts that are no observation of a series: what the claims experiment tests, and what had to stay out."""
import csv
import re
from pathlib import Path

COLUMNS = ["id", "series", "period", "base_period", "kind", "value", "unit", "text", "publisher", "url", "article_date", "status"]
REUTERS9 = ("Reuters", "https://anewz.tv/world/world-news/10358/us-importers-skirt-chinas-mineral-ban-by-rerouting-antimo/news", "2025-07-09")
REUTERS20 = ("Reuters", "https://profit.pakistantoday.com.pk/2025/07/21/chinas-exports-of-two-critical-minerals-drop-sharply-in-june", "2025-07-20")
PRESS = ("press", "", "2025-07")
MAGNETS = ("Reuters", "https://profit.pakistantoday.com.pk/2025/07/21/chinas-rare-earth-magnet-exports-to-u-s-jump-660-in-june", "2025-07-21")
TE = ("Trading Economics", "https://tradingeconomics.com/china/exports/news/471367", "2025-07-21")
CUSTOMS = ("customs data in the press", "", "2025-07")
SB, GE, GA = "CHN.export.WLD.antimony_products_rawmaterials", "CHN.export.WLD.germanium", "CHN.export.WLD.gallium"

# id, series, period, base_period, kind, value, unit, text, (publisher, url, article_date)
CLAIMS = [
    ("claim_sb_oxide_th_mx", "USA.import.THA_MEX.antimony_oxide", "2024-12/2025-04", "", "quantity", 3834000, "kg", "US imports of antimony oxides from Thailand and Mexico", REUTERS9),
    ("claim_sb_oxide_three_years", "USA.import.THA_MEX.antimony_oxide", "2024-12/2025-04", "2021-12/2024-11", "text", "", "", "more than almost the three previous years together", REUTERS9),
    ("claim_sb_oxide_swap", "USA.import.THA_MEX.antimony_oxide", "2024-12/2025-04", "", "quantity", 3384000, "kg", "one copy prints 3,384 t: digits swapped", ("EBM News", "https://ebmnews.com/automotive/167192", "2025-07")),
    ("claim_sb_top_three_2025", "", "2025", "", "text", "", "", "Thailand and Mexico among the top three destinations of Chinese antimony in 2025", REUTERS9),
    ("claim_sb_not_top_ten_2023", "", "2023-01/2023-12", "", "text", "", "", "neither Thailand nor Mexico in the top ten destinations of Chinese antimony in 2023", REUTERS9),
    ("claim_sb_june_on_january", SB, "2025-06", "2025-01", "change", -88, "percent", "Chinese antimony exports down 88 % from January to June 2025", REUTERS20),
    ("claim_ge_june_on_january", GE, "2025-06", "2025-01", "change", -95, "percent", "Chinese germanium exports down 95 % from January to June 2025", REUTERS20),
    ("claim_sb_june_on_january_swapped", SB, "2025-06", "2025-01", "change", -95, "percent", "one widely copied report gives antimony -95 %: minerals swapped", ("Epoch Times", "", "2025-07")),
    ("claim_ge_june_on_january_swapped", GE, "2025-06", "2025-01", "change", -88, "percent", "one widely copied report gives germanium -88 %: minerals swapped", ("Epoch Times", "", "2025-07")),
    ("claim_sb_ge_order_reex", "", "2025-06", "2025-01", "text", "", "", "antimony -88 %, germanium -95 %", ("Rare Earth Exchanges", "", "2025-07")),
    ("claim_ge_lowest_on_record", GE, "2025-06", "", "text", "", "", "exports of June 2025 the lowest on record", ("Epoch Times", "", "2025-07")),
    ("claim_ge_some_of_the_lowest", GE, "2025-06", "", "text", "", "", "exports of June 2025 some of the lowest on record", REUTERS20),
    ("claim_magnets_us_june", "CHN.export.USA.re_magnets", "2025-06", "", "quantity", 353000, "kg", "magnets to the US in June 2025", MAGNETS),
    ("claim_magnets_us_june_on_may", "CHN.export.USA.re_magnets", "2025-06", "2025-05", "change", 660, "percent", "magnets to the US in June 2025 up 660 % on May", MAGNETS),
    ("claim_magnets_world_june_on_year", "CHN.export.WLD.re_magnets", "2025-06", "2024-06", "change", -38.1, "percent", "all magnets 38.1 % below June 2024", TE),
    ("claim_magnets_june_on_year_no_scope", "", "2025-06", "2024-06", "change", -38, "percent", "one copy attaches -38 % without saying world or US", CUSTOMS),
    ("claim_magnets_world_june_on_may", "CHN.export.WLD.re_magnets", "2025-06", "2025-05", "change", 157.5, "percent", "all magnets up 157.5 % on May", TE),
    ("claim_magnets_world_half_year", "CHN.export.WLD.re_magnets", "2025-01/2025-06", "2024-01/2024-06", "change", -18.9, "percent", "half-year total 22,319 t, 18.9 % below a year earlier", TE),
    ("claim_magnets_us_july_on_june", "CHN.export.USA.re_magnets", "2025-07", "2025-06", "change", 75.5, "percent", "magnets to the US in July 2025 up 75.5 % on June, up 4.8 % on the year", ("press", "http://www.yliwu.com/article/53483.html", "2025-08")),
    ("claim_re_fell_and_rebounded", "CHN.export.WLD.rare_earths_total", "2025-06", "2025-04", "text", "", "", "rare-earth exports fell sharply after April and rebounded in June 2025 after the deal", CUSTOMS),
    ("claim_deal_scope", "", "2025-06", "", "text", "", "", "the June 2025 deal does not cover antimony, gallium, germanium", CUSTOMS),
    ("claim_us_share_antimony", "USA.import.CHN.antimony_unwrought", "2023-01/2023-12", "", "share", 72, "percent", "before the ban China supplied 72 % of US antimony imports (period and scope not stated)", PRESS),
    ("claim_us_share_gallium", "USA.import.CHN.gallium", "2023-01/2023-12", "", "share", 19, "percent", "before the ban China supplied 19 % of US gallium imports (period and scope not stated)", PRESS),
    ("claim_us_share_germanium", "USA.import.CHN.germanium_unwrought", "2023-01/2023-12", "", "share", 12, "percent", "before the ban China supplied 12 % of US germanium imports (period and scope not stated)", PRESS),
    ("claim_rerouted_nearly_match", "", "2025", "2024", "text", "", "", "rerouted imports nearly match the volumes before the ban", CUSTOMS),
    ("claim_smelter_reopened", "USA.import.MEX.antimony_oxide:usd", "2025-04", "", "text", "", "", "Mexico's smelter reopened only in April 2025; Thai and Mexican smelting capacity is small", CUSTOMS),
    ("claim_price_antimony", "USA.import.WLD.antimony_unwrought", "2025-06", "2024-05", "change", 300, "percent", "antimony price about four times that of May 2024", CUSTOMS),
    ("claim_price_germanium", "USA.import.WLD.germanium_unwrought", "2025-06", "2023-07", "change", 100, "percent", "germanium price more than twice that of July 2023", CUSTOMS),
    ("claim_gallant_gallium", "USA.import.WLD.gallium", "2025", "", "quantity", 200, "kg", "Gallant Metals brings in 200 kg of gallium a month", CUSTOMS),
    ("claim_other_channels", "", "2025", "", "text", "", "", "recycling, stockpiles, Vietnam, Malaysia and South Korea serve as further channels", PRESS),
    ("fact_sb_unipet", "USA.import.THA.antimony_products_reuters", "2024-12/2025-05", "", "quantity", 3366000, "kg", "one Thai firm's shipping record, about 27 times a year earlier; not customs", REUTERS9),
    ("fact_sb_us_stalled", "", "2024-10", "", "text", "", "", "Chinese antimony to the US stalled since October 2024", ("Reuters", "https://energynews.oedigital.com/mineral-resources/2025/01/20/chinas-dec-antimony-exports-recover-delivery-to-us-stalls", "2025-01-20")),
]
# ids of trade_facts.csv that the observations or the calendar hold already
HELD = {"SBUS1", "SBUS2", "SBCN1", "SBCN2", "SBCN3", "GAGE1", "GAGE2", "GE1", "GA1", "MG1", "MG2", "MG3", "MG4", "MG5", "MG6", "EV1"}


# press figures of 2026, in the order of press_figures_2026.csv: id, series, period, base period, kind, value, unit, text
ZERO = "second hand, reported as a true zero: check with customs before use"
PRESS_2026 = [
    ("press_re_july_2026", "CHN.export.WLD.rare_earths_total", "2026-07", "2025-07", "change", -30, "percent", "about 30 % below a year earlier; no tonnes"),
    ("press_magnets_us_august_2026", "CHN.export.USA.re_magnets", "2026-08", "", "text", "", "", "magnets to the United States down; no number seen"),
    ("press_ga_japan_2026", "CHN.export.JPN.gallium", "2026-01/2026-02", "", "quantity", 0, "kg", ZERO),
    ("press_ge_japan_2026", "CHN.export.JPN.germanium", "2026-01/2026-02", "", "quantity", 0, "kg", ZERO),
    ("press_tungsten_carbide_2026", "CHN.export.WLD.tungsten_carbide", "2026-01/2026-05", "", "quantity", 1006990, "kg", "second hand"),
    ("press_re_june_2026", "CHN.export.WLD.rare_earths_total", "2026-06", "2025-06", "change", -34, "percent", "34 % below a year earlier; weight or value is not said"),
    ("press_re_value_may_2026", "CHN.export.WLD.rare_earths_total:usd", "2026-01/2026-05", "2025-01/2025-05", "change", 44.9, "percent", "value in US dollars, January to May, from the preliminary table (5)"),
]
# price points and changes, in the order of facts_antimony.csv: id, kind
ANTIMONY = [("fact_sb_price_eu_2024_07", "price"), ("fact_sb_price_china_2024_07", "price"), ("fact_sb_price_2024_11", "price"),
            ("fact_sb_price_ingot_2024_11", "price"), ("fact_sb_price_rotterdam_2024_12", "price"), ("fact_sb_thailand_2025_q2", "change"),
            ("fact_sb_world_2025_q1", "change"), ("fact_ge_world_2025_q1", "change"), ("fact_sb_madero_target", "text")]


def of_2026(later):
    """Press figures of 2026 and price points of antimony: read by no series, most of them second hand."""
    def table(name):
        with open(Path(later) / name, encoding="utf-8") as f:
            return list(csv.DictReader(f))

    for row, one in zip(table("press_figures_2026.csv"), PRESS_2026, strict=True):
        given = "" if row["value"] == "" else round(float(row["value"]) * (1000 if row["unit"] == "t" else 1), 6)
        assert (given, row["period"].replace("..", "/")) == (one[5], one[2]), row
        url = f"https://{row['address']}" if row["address"].endswith(".com") else ""
        yield dict(zip(COLUMNS, (*one, row["publisher"].replace("secondary (file 54741377447)", "a public repository, second hand"), url, row["published"], "secondary"), strict=True))
    for row, (name, kind) in zip(table("facts_antimony.csv"), ANTIMONY, strict=True):
        url = url if row["address"] == "same" else row["address"]
        base, _, period = row["period"].rpartition(".." if ".." in row["period"] else "/" if kind == "change" else "..")
        words = f"{row['series']}: {row['value']} {row['unit']}; {row['note'].removesuffix('; not in the bundle')}"
        yield dict(id=name, series="", period=period, base_period=base, kind=kind, value=row["value"] if re.fullmatch(r"-?[\d.]+", row["value"]) else "", unit=row["unit"],
                   text=words, publisher=row["publisher"], url=url, article_date=row["published"], status="secondary")


def write(folder, later, left_out, path):
    rows = [dict(zip(COLUMNS, (*c[:8], *c[8], ""), strict=True)) for c in CLAIMS]
    rows += of_2026(later)
    with open(Path(folder) / "trade_facts.csv", encoding="utf-8") as f:
        facts = list(csv.DictReader(f))
    url = ""
    for r in facts:
        url = r["source_url"] if not r["source_url"].startswith("same") else url
        if r["id"] not in HELD:
            rows.append(dict(id="fact_" + r["id"].lower(), series="", period="2018/2021", base_period="", kind="share" if r["id"] == "RR1" else "text",
                             value="", unit="", text=f"{r['flow']}: {r['quantity_t']} ({r['note']})", publisher="Harvard Business School", url=url, article_date=""))
    for i, r in enumerate(sorted(left_out, key=lambda r: (r["reporter"], r["product"], r["period"], r["value"])), 1):
        rows.append(dict(id=f"out_{i:02d}", series=f"{r['reporter']}.{r['flow']}.{r['partner']}.{r['product']}", period=r["period"],
                         base_period="", kind="quantity", value=r["value"], unit=r["unit"],
                         text="; ".join(x for x in ("not held as an observation: no release clock or no fitting unit", r["note"]) if x),
                         publisher=r["publisher"], url=r["url"], article_date=r["published_date"]))
    assert len({r["id"] for r in rows}) == len(rows)
    with open(path, "w", encoding="utf-8", newline="") as f:
        w = csv.DictWriter(f, COLUMNS, restval="", lineterminator="\n")
        w.writeheader()
        w.writerows(sorted(rows, key=lambda r: r["id"]))
