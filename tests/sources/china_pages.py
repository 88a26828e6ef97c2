"""Small pages of the shape of english.customs.gov.cn, written for these tests.

The shapes are those of pages kept in a public repository (hoyla/meridian, tests/fixtures, release_section5_major_exports_ of
may2019, janfeb2025, apr2025_usd and may2026) and of its notes on them: navigation around the table, blocks `atcl-ttl` and
`atcl-date`, a title row and a unit row across the table, two rows of titles with spans, no-break spaces, stars of aggregates,
`-` and `—`. The bulletin's (units such as 10000T, `1to12`, `Percentage Change`) are those that readers of tables 13 and 14
describe.
The figures are made up.
"""

GOODS = [  # name, unit, quantity and value of the month, since January, since January a year before
    ("Agricultural products*", "—", None, 8472.4, None, 32810.9, None, 31250.9),
    ("&nbsp;&nbsp;&nbsp;&nbsp;Aquatic products", "10,000 Tons", 35.0, 1640.4, 140.2, 6399.3, 122.6, 6001.2),
    ("Rare earth", "Ton", 4700.5, 20.5, 18900.0, 150.0, 18000.0, 175.0),
    ("Fertilizers", "10,000 Tons", 253.7, 560.1, 969.4, 1996.5, 705.3, 1500.0),
    ("Plastic articles", "-", None, 8800.0, None, 34000.0, None, 36000.0),
    ("Ships", "Ship", 807, 3100.0, 2200, 12000.0, 1800, 11000.0),
    ("Hi-tech products*", "—", None, 70000.0, None, 260000.0, None, 245000.0),
]


def growth(now, before):
    return "-" if now is None or before is None else f"{100 * (now / before - 1):.1f}"


def number(value):
    return "-" if value is None else f"{value:,.1f}&nbsp;"


def month_cells(good):
    _, _, q, v, sum_q, sum_v, old_q, old_v = good
    return [*map(number, (q, v, sum_q, sum_v, old_q, old_v)), growth(sum_q, old_q), growth(sum_v, old_v)]


def two_month_cells(good):
    _, _, _, _, sum_q, sum_v, old_q, old_v = good
    return [*map(number, (sum_q, sum_v, old_q, old_v)), growth(sum_q, old_q), growth(sum_v, old_v)]


def bulletin_cells(good):
    _, _, q, v, sum_q, sum_v, old_q, old_v = good
    return [*map(number, (q, v, sum_q, sum_v)), growth(sum_q, old_q), growth(sum_v, old_v)]


def row(*cells, width=0):
    span = f' colspan="{width}"' if width else ""
    return "<tr>" + "".join(f"<td{span} class='style6'><span><b>{cell}</b></span></td>" for cell in cells) + "</tr>\n"


def page(
    title="(5) China's Major Exports by Quantity and Value, April 2025 (in USD)",
    unit="Unit: USD1 Million",
    groups=("4", "1-4 Total", "1-4<span>&nbsp;Total,20</span>24", "1-4 Total, Year-On-Year(%)&nbsp;"),
    cells=month_cells,
    goods=GOODS,
    stamp="2025/05/12",
    unit_column=True,
    head=None,
    tail="</table></div></body></html>",
):
    """A page as text; without its unit column the rows end in an empty cell, at the same width."""
    width = 2 + 2 * len(groups)
    body = ""
    for good in goods:
        inside = cells(good)
        body += row(good[0], good[1], *inside) if unit_column else row(good[0], *inside, "")
    titles = "".join(f'<td colspan="2"><b>{group}</b></td>' for group in groups)
    return f"""<!DOCTYPE html>
<!-- saved from url=(0071)http://english.customs.gov.cn/Statics/00000000-0000-4000-8000-000000000000.html -->
<html><head><meta charset="UTF-8"><title>{head or title}</title>
<script>var a = "<table><tr><td>no</td></tr></table>";</script></head>
<body><div class="g-nav"><ul><li><a href="/index/home">Home</a></li></ul></div>
<div class="atcl"><div class="atcl-ttl">{title}</div><div class="atcl-date">{stamp}</div>
<div class="atcl-cnt">-EndFragment--&gt;
<table class="ke-zeroborder">
{row(title, width=width)}{row(unit, width=width)}
<tr><td rowspan="2"><b>Commodity</b></td><td rowspan="2"><b>Quantity Unit</b></td>{titles}</tr>
<tr>{"<td>Quantity</td><td>Value</td>" * len(groups)}</tr>
{body}{row('Note: "*" include relevant products listed in the table.', width=width)}
{tail}"""


JANUARY_FEBRUARY = {
    "title": "(5) China's Major Exports by Quantity and Value, January-February 2025 (in CNY)",
    "unit": "Unit: CNY 100 Million",
    "groups": ("1-2 Total", "1-2 Total, 2024", "1-2 Total, Year-On-Year(%)&nbsp;"),
    "cells": two_month_cells,
    "stamp": "2025/03/07",
}
OF_2019 = {
    "title": "(5) China's Major Exports by Quantity and Value, May 2019 (in CNY)",
    "unit": "Value Unit: CNY 100 Million",
    "groups": ("May", "Jan-May in Total", "Jan-May 2018 in Total", "Jan-May Total Year-on-Year <span>±</span>%"),
    "stamp": "06/10/2019",
}
BULLETIN = {
    "title": "（13）Major Export Commodities in Quantity and Value,1-4.2025",
    "unit": "Unit: US$1,000",
    "groups": ("4", "1to4", "Percentage Change"),
    "cells": bulletin_cells,
    "goods": [
        ("Meat(including  meat offal)", "10000T", 5.0, 174000.0, 20.0, 545000.0, 15.0, 445000.0),
        ("Rare-earth ore, metals, compounds", "T", 4703.0, 20512.0, 18903.0, 150012.0, 18000.0, 175000.0),
        ("Motor vehicles（including chassis fitted with engines)", "10000N", 62, 11164100.0, 215, 36897600.0, 190, 35900000.0),
    ],
    "stamp": "2025/05/18",
}
