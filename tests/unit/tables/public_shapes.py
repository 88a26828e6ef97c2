"""Small tables in the shapes of real public files, invented figures: what their readers meet."""

import datetime as dt


def months(first, count):
    year, month = map(int, first.split("-"))
    return [(year + (month - 1 + i) // 12, (month - 1 + i) % 12 + 1) for i in range(count)]


def pink_sheet(path):
    """Title rows, names, a row of units, months as 1960M01, `…` for what is not known."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "AFOSHEET"
    book.active.append(["about these data"])
    sheet = book.create_sheet("Monthly Prices")
    for row in (
        ["World Bank Commodity Price Data (The Pink Sheet)"],
        ["monthly prices in nominal US dollars"],
        [],
        ["Updated"],
    ):
        sheet.append(row)
    sheet.append([None, "Copper", "Tin", "Coal, Australian"])
    sheet.append([None, "($/mt)", "($/mt)", "($/mt)"])
    for i, (year, month) in enumerate(months("1960-01", 30)):
        sheet.append([f"{year}M{month:02d}", 700.5 + i, 2100 + 2 * i, 9 + i / 4])
    book.save(path)


def baltic(path):
    """A Spanish export: 01.11.2024, 1.537,00, newest first."""
    rows = [f'"01.{m:02d}.{y}","{1 + i % 3}.{i:03d},00","1.100,00"' for i, (y, m) in enumerate(months("2022-01", 30))]
    path.write_text('"Fecha","Último","Apertura"\n' + "\n".join(reversed(rows)) + "\n", "utf-8-sig")


def fertilisers(path):
    """Latin-1, a column for each good, semicolons."""
    rows = [f"{y}-{m:02d}-01;{300 + i},5;{200 + i},25" for i, (y, m) in enumerate(months("2020-01", 24))]
    path.write_bytes(("Año y mes;Urea (USD/t);Fósforo (USD/t)\n" + "\n".join(rows) + "\n").encode("latin-1"))


def inflation(path):
    """Regions in one column, rows of other indicators, times with a clock."""
    rows = [
        f"{y}/{m:02d}/01 00:00:00,{region},{what},{base + i / 10:.2f}"
        for region, base in (("Norte", 3), ("Sur", -2))
        for what in ("index", "change")
        for i, (y, m) in enumerate(months("2005-01", 24))
    ]
    path.write_text("date,region,indicator,value\n" + "\n".join(rows) + "\n", "utf-8")


def eia(path):
    """Four rows of titles, `Sep 2024`, newest first."""
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    rows = [f"{names[m - 1]} {y},{70 + i / 10:.2f}" for i, (y, m) in enumerate(months("2022-01", 33))]
    titles = "Cushing, OK WTI Spot Price FOB\nhttps://example.org/hist\n10:41:12 GMT-0400\nSource: Energy Office\n"
    path.write_text(
        titles + "Month,Cushing OK WTI Spot Price FOB Dollars per Barrel\n" + "\n".join(reversed(rows)) + "\n", "utf-8"
    )


def fred(path):
    """A row of transformations below the header, dates as month/day/year."""
    rows = [f"{m}/1/{y},{100 + i / 8:.4f},{50 + i}" for i, (y, m) in enumerate(months("1959-01", 30))]
    path.write_text("sasdate,RPI,INDPRO\nTransform:,5,5\n" + "\n".join(rows) + "\n", "utf-8")


def comtrade(path):
    """Codes over several columns, imports and exports in one file, a weight and a value."""
    head = "period,reporterISO,flowCode,partnerISO,cmdCode,cmdDesc,netWgt,primaryValue\n"
    rows = [
        f'{y}{m:02d},CHN,{flow},{partner},{code},"Goods, {code}",{1000 * k + i}.0,{5000 * k + 7 * i}.0'
        for i, (y, m) in enumerate(months("2023-01", 18))
        for k, (flow, partner, code) in enumerate(
            (f, p, c) for f in ("M", "X") for p in ("THA", "MEX") for c in ("282580", "811010")
        )
    ]
    path.write_text(head + "\n".join(rows) + "\n", "utf-8")


def japan(path):
    """Codes with zeros in front, years, countries by number, annual."""
    rows = [
        f"{year},{code},{country},{name},KG,{1000 * k + year}"
        for year in range(2010, 2022)
        for k, (code, country, name) in enumerate(
            (c, n, w) for c in ("025050000", "811010000") for n, w in (("105", "China"), ("111", "Thailand"))
        )
    ]
    path.write_text("Year,HS,Country,CountryName,Unit1,Quantity1\n" + "\n".join(rows) + "\n", "utf-8")


def across(path):
    """A row for each partner, months in the header, thousands apart by a blank."""
    header = ";".join(f"{y}M{m:02d}" for y, m in months("2022-11", 14))
    rows = [
        f"{who};tonnes;" + ";".join(f"{k} {100 + i:03d},5" for i in range(14)) for k, who in ((1, "Thailand"), (2, "Mexico"))
    ]
    path.write_text(f"Partner;Unit;{header}\n" + "\n".join(rows) + "\n\nSource: customs; provisional\n", "utf-8")


def year_by_month(path):
    """A row for each year, a column for each month's name."""
    names = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    rows = [f"{y}," + ",".join(str(1000 * (y - 2000) + m) for m in range(1, 13)) for y in range(2019, 2023)]
    path.write_text("Year," + ",".join(names) + "\n" + "\n".join(rows) + "\n", "utf-8")


def stamped(path):
    """A Parquet file with timestamps."""
    import pandas as pd

    when = [dt.datetime(y, m, 1) for y, m in months("2021-03", 20)]
    pd.DataFrame({"when": when, "tonnes": [float(i) for i in range(20)]}).to_parquet(path)


SHAPES = {
    "pink_sheet.xlsx": pink_sheet,
    "baltic.csv": baltic,
    "fertilisers.csv": fertilisers,
    "inflation.csv": inflation,
    "eia.csv": eia,
    "fred.csv": fred,
    "comtrade.csv": comtrade,
    "japan.csv": japan,
    "across.csv": across,
    "year_by_month.csv": year_by_month,
    "stamped.parquet": stamped,
}


def comext(path):
    """Weights in 100 kg and values in rows, a flag, columns that never change."""
    head = "DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,OBS_VALUE,OBS_FLAG\n"
    rows = [
        f"DS,2024-07-01T11:00:00,M,DE,CN,{code},1,{what},{y}-{m:02d},{k * (5 + i)},{'p' if i == 13 else ''}"
        for what, k in (("VALUE_IN_EUROS", 1000), ("QUANTITY_IN_100KG", 1))
        for code in ("28258000", "81101000")
        for i, (y, m) in enumerate(months("2022-01", 14))
    ]
    path.write_text(head + "\n".join(rows) + "\n", "utf-8")


SHAPES["comext.csv"] = comext
