# ruff: noqa: E501
"""Computes the figures of the main report's tables from the bundle: python check.py writes results.csv."""
import csv
import itertools
import sys
from pathlib import Path

DATA = Path(__file__).parents[2] / "forecast" / "data"


def digits(value):
    return len(value.replace(".", "").strip("0")) or 1


def places(value):
    """Power of ten of the last digit written, zeros at the end not counted."""
    return -len(value.split(".")[1]) if "." in value else len(value) - len(value.rstrip("0"))


def choose(rows):
    """The choice rule among the entering rows of one series and period."""
    newest = max(r["released"] for r in rows)
    rows = [r for r in rows if r["released"] == newest]
    rows = [r for r in rows if r["kind"] != "derived"] or rows
    coarsest = max((places(r["value"]) for r in rows if r["value"] != "0"), default=0)
    groups = {}
    for r in rows:
        groups.setdefault(round(float(r["value"]) / 10.0**coarsest), []).append(r)
    most = max(map(len, groups.values()))
    rows = [r for g in groups.values() if len(g) == most for r in g]
    best = max((digits(r["value"]), r["article_date"]) for r in rows)
    return min((r for r in rows if (digits(r["value"]), r["article_date"]) == best), key=lambda r: (r["publisher"], r["url"]))


def load(folder=DATA):
    """{(series, period): value} of the chosen rows."""
    with open(folder / "observations.csv", encoding="utf-8") as f:
        rows = [r for r in csv.DictReader(f) if not r["excluded"] and r["status"] != "missing"]
    rows.sort(key=lambda r: (r["series"], r["period"]))
    return {k: float(choose(list(g))["value"]) for k, g in itertools.groupby(rows, key=lambda r: (r["series"], r["period"]))}


def span(a, b):
    out, (y, m) = [], map(int, a.split("-"))
    while f"{y}-{m:02d}" <= b:
        out.append(f"{y}-{m:02d}")
        y, m = (y, m + 1) if m < 12 else (y + 1, 1)
    return out


def figures(v):
    """(question, figure, the economist's value, the bundle's value)."""
    def total(series, a, b):
        return sum(v[series, m] for m in span(a, b))

    def count(series, a, b):
        return sum(s == series and "/" not in p and a <= p <= b for s, p in v)

    def us(product, partner="CHN", a="2024-12", b="2025-11", suffix=""):
        return total(f"USA.import.{partner}.{product}{suffix}", a, b)

    def change(product, a="2024-12", b="2025-11", a0="2023-12", b0="2024-11"):
        return 100 * (us(product, "WLD", a, b) / us(product, "WLD", a0, b0) - 1)

    world, usa = "CHN.export.WLD.re_magnets", "CHN.export.USA.re_magnets"
    rare, sb = "CHN.export.WLD.rare_earths_total", "CHN.export.WLD.antimony_products_reuters"
    ga, ge = "CHN.export.WLD.gallium", "CHN.export.WLD.germanium"
    y24, us24 = v[world, "2024-01/2024-12"], v[usa, "2024-01/2024-12"]
    uw, mx = "germanium_unwrought", "USA.import.MEX.antimony_oxide:usd"
    rows = [
        ("1", "magnets world, months 2018 to March 2025", 29, count(world, "2018-01", "2025-03")),
        ("1", "magnets world, April to June 2025, t", 7055, total(world, "2025-04", "2025-06") / 1e3),
        ("1", "magnets world, quarter of 2024, t", 14537, y24 / 4e3),
        ("2", "magnets world, April 2025 to March 2026, t", 58128, total(world, "2025-04", "2026-03") / 1e3),
        ("2", "magnets world, 2024, t", 58148, y24 / 1e3),
        ("2", "magnets world, July to December 2025 on 2024, %", 20.6, 100 * (total(world, "2025-07", "2025-12") / (y24 / 2) - 1)),
        ("2", "magnets world, first quarter 2026 on 2024, %", 10, 100 * (total(world, "2026-01", "2026-03") / (y24 / 4) - 1)),
        ("3", "magnets US, months 2018 to March 2025", 23, count(usa, "2018-01", "2025-03")),
        ("3", "magnets US, April to June 2025, t", 634, total(usa, "2025-04", "2025-06") / 1e3),
        ("3", "magnets US, April 2025 to March 2026, t", 5465, total(usa, "2025-04", "2026-03") / 1e3),
        ("3", "magnets US, 2024, t", 7444, us24 / 1e3),
        ("5", "US share of magnets 2024, %", 12.8, 100 * us24 / y24),
        ("5", "US share of magnets May 2025, %", 3.7, 100 * v[usa, "2025-05"] / v[world, "2025-05"]),
        ("5", "US share of magnets first quarter 2026, %", 8.7, 100 * total(usa, "2026-01", "2026-03") / total(world, "2026-01", "2026-03")),
        ("6", "rare earths, months 2018 to March 2025", 73, count(rare, "2018-01", "2025-03")),
        ("6", "rare earths, April and May 2025, t", 10649, total(rare, "2025-04", "2025-05") / 1e3),
        ("6", "rare earths, April and May 2024, t", 10783, total(rare, "2024-04", "2024-05") / 1e3),
        ("8", "germanium of Chinese origin, Dec 2023 to Nov 2024, kg", 3184, us(uw, a="2023-12", b="2024-11")),
        ("8", "germanium of Chinese origin, Dec 2024 to Nov 2025, kg", 1519, us(uw)),
        ("10", "antimony metal of Chinese origin, Dec 2023 to Nov 2024, t a month", 41.6, us("antimony_unwrought", a="2023-12", b="2024-11") / 12e3),
        ("10", "antimony metal of Chinese origin, Dec 2024 to Nov 2025, t a month", 12.2, us("antimony_unwrought") / 12e3),
        ("11", "gallium, all origins, %", 71, change("gallium")),
        ("11", "germanium unwrought, all origins, %", -22, change(uw)),
        ("11", "germanium powders, all origins, %", -79, change("germanium_powders")),
        ("11", "antimony metal, all origins, %", -17, change("antimony_unwrought")),
        ("11", "antimony metal, May to November, %", -27, change("antimony_unwrought", "2025-05", "2025-11", "2024-05", "2024-11")),
        ("12", "antimony metal, USD/kg before", 16.1, us("antimony_unwrought", "WLD", "2023-12", "2024-11", ":usd") / us("antimony_unwrought", "WLD", "2023-12", "2024-11")),
        ("12", "antimony metal, USD/kg ban months", 41.9, us("antimony_unwrought", "WLD", suffix=":usd") / us("antimony_unwrought", "WLD")),
        ("13", "germanium of Chinese origin, Dec 2024 to Apr 2025, kg", 1411, us(uw, b="2025-04")),
        ("13", "gallium of Chinese origin, Dec 2024 to Apr 2025, kg", 1095, us("gallium", b="2025-04")),
        ("13", "antimony metal of Chinese origin, Dec 2024 to Apr 2025, t", 143, us("antimony_unwrought", b="2025-04") / 1e3),
        ("14", "antimony oxide from Mexico, Jan to Apr 2025, USD m", 5.33, total(mx, "2025-01", "2025-04") / 1e6),
        ("15", "antimony months before August 2024", 5, count(sb, "2018-01", "2024-07")),
        ("15", "antimony August and September 2024, t", 10608, total(sb, "2024-08", "2024-09") / 1e3),
        ("15", "antimony October to December 2024, t", 2719, total(sb, "2024-10", "2024-12") / 1e3),
        ("16", "gallium months before the licences", 8, count(ga, "2018-01", "2023-06")),
        ("16", "germanium months before the licences", 6, count(ge, "2018-01", "2023-06")),
        ("16", "gallium August to November 2023, t", 1.8, total(ga, "2023-08", "2023-11") / 1e3),
        ("16", "gallium 2024, t", 60.9, v[ga, "2024-01/2024-12"] / 1e3),
        ("16", "germanium 2025, t", 11.4, v[ge, "2025-01/2025-12"] / 1e3),
        ("E", "gallium months in all", 36, count(ga, "2018-01", "2025-12")),
        ("E", "germanium months in all", 36, count(ge, "2018-01", "2025-12")),
        ("C", "germanium January and February 2025, kg", 2702, v[ge, "2025-01/2025-02"]),
        ("C", "magnets world June 2025 on June 2024, %", -38.4, 100 * (v[world, "2025-06"] / v[world, "2024-06"] - 1)),
        ("C", "magnets US June on May 2025, %", 667, 100 * (v[usa, "2025-06"] / v[usa, "2025-05"] - 1)),
        ("C", "China's share of US antimony metal 2023, %", 13.0, 100 * us("antimony_unwrought", a="2023-01", b="2023-12") / us("antimony_unwrought", "WLD", "2023-01", "2023-12")),
        ("C", "China's share of US gallium 2023, %", 17.8, 100 * us("gallium", a="2023-01", b="2023-12") / us("gallium", "WLD", "2023-01", "2023-12")),
        ("C", "China's share of US germanium unwrought 2024, %", 31.1, 100 * us(uw, a="2024-01", b="2024-12") / us(uw, "WLD", "2024-01", "2024-12")),
    ]
    return [dict(question=q, figure=f, by_hand=e, bundle=round(b, 3), agrees="yes" if abs(b - e) <= step(e) else "no") for q, f, e, b in rows]


def step(x):
    """Half a unit of the last digit by hand, a little over."""
    text = repr(x)
    return 0.5001 * 10.0 ** (-len(text.split(".")[1]) if isinstance(x, float) and not text.endswith(".0") else 0)


if __name__ == "__main__":
    rows = figures(load())
    with open(Path(__file__).parent / "results.csv", "w", encoding="utf-8", newline="") as f:
        w = csv.DictWriter(f, list(rows[0]), lineterminator="\n")
        w.writeheader()
        w.writerows(rows)
    for r in rows:
        if r["agrees"] == "no":
            print(r, file=sys.stderr)
