# ruff: noqa: E501
"""The calendar after 12 March 2026: one line of judgement per row of events_after_2026-03.csv, in its order.

A row is a measure (an event), confirms one that the calendar holds, or is a note: a statement, ruling, promise or prolongation, or a
day on which something falls due. `known` is the row's own day; of a day still to come it is the day to which the sources were read.
"""

VERIFIED = "2026-10-05"  # the earliest of the days to which the sources were read (notices of MOFCOM); others reached about 9 October
GGS = ["gallium", "germanium", "antimony"]
CONTROLLED = [*GGS, "tungsten", "rare_earths", "magnets"]
DUAL = ["dual_use_goods"]
EU27 = ["AUT", "BEL", "BGR", "HRV", "CYP", "CZE", "DNK", "EST", "FIN", "FRA", "DEU", "GRC", "HUN", "IRL", "ITA", "LVA", "LTU", "LUX", "MLT", "NLD", "POL", "PRT", "ROU", "SVK", "SVN", "ESP", "SWE"]
NOT_LISTED = "which goods is not said in our source"
NOTE_ORDER = ["day", "kind", "text", "about", "known", "status", "publisher", "source_url"]


def event(name, title, by, targets, products, instrument, role="context", **more):
    return "event", dict(id=name, title=title, imposed_by=by, targets=targets, products=products, instrument=instrument, role=role, **more)


def held(name, **more):
    return "held", dict(id=name, **more)


def note(kind, *about, **more):
    return "note", dict(kind=kind, about=list(about), **more)


STEP = '{use="step"}'
LINES = [
    held("cn_japan_dual_use_ban_2026"),
    held("us_supreme_court_ieepa_2026"),
    event("us_section_122_surcharge_2026", "US surcharge of 10 % under section 122", ["USA"], ["ALL"], ["ALL"], "tariff", "control", end="2026-07-24",
          end_announced="2026-02-24", shape=STEP, scope_note="certain critical minerals are exempt, which ones is not said in our source"),
    event("cn_japan_entities_2026", "20 Japanese entities on China's control list and 20 on its watch list", ["CHN"], ["JPN"], DUAL, "regulation",
          scope_note="dual-use goods to the entities named", document="MOFCOM Announcements Nos. 11 and 12 of 2026"),
    note("statement", "re_controls_suspension_2025", text="MOFCOM's spokesman: the measures of 9 October 2025 stay suspended to 10 November 2026"),
    event("cn_eu_entities_2026", "Seven entities of the European Union on China's control list", ["CHN"], EU27, DUAL, "regulation",
          scope_note="dual-use goods to the entities named", document="MOFCOM Announcement No. 20 of 2026"),
    note("ruling", "us_section_122_surcharge_2026"),
    note("promise", "re_licensing_2025"),
    event("cn_us_entities_june_2026", "China's measures on 56 US entities, 10 of them on the control list", ["CHN"], ["USA"], DUAL, "regulation",
          scope_note="dual-use goods to the entities named"),
    event("rerouting_reports_2026", "China's reporting channel for breaches of dual-use controls on strategic minerals, which names rerouting through third countries",
          ["CHN"], ["ALL"], CONTROLLED, "enforcement", short="China's channel for reports of rerouting",
          scope_note="strategic minerals under dual-use control; the goods are not listed in our source, those of the campaign of May 2025 are taken",
          document="MOFCOM Announcement No. 26 of 2026"),
    event("cn_japan_entities_june_2026", "20 more Japanese entities on China's watch list", ["CHN"], ["JPN"], DUAL, "regulation",
          scope_note="dual-use goods to the entities named", document="MOFCOM Announcement No. 28 of 2026"),
    event("us_defence_materials_order_2026", "US executive order on the acquisition of critical materials for defence", ["USA"], ["ALL"], ["critical_minerals"],
          "supply", scope_note="purchases for defence", document="executive order of 20 July 2026"),
    event("us_301_forced_labour_2026", "US duty of 12.5 % on China under section 301 (forced labour)", ["USA"], ["CHN"], ["ALL"], "tariff", "control", shape=STEP,
          scope_note=NOT_LISTED),
    event("cn_us_entities_august_2026", "China's countermeasures on 7 US entities", ["CHN"], ["USA"], DUAL, "regulation", scope_note="dual-use goods to the entities named"),
    event("us_china_truce_extension_2026", "US-China truce of November 2025 prolonged from 10 November 2026 to 10 January 2027", ["USA", "CHN"], ["USA", "CHN"],
          ["rare_earths", "magnets", *GGS, "graphite"], "deal", effective="2026-11-10", end="2027-01-10", end_announced="2026-09-23",
          short="Announced extension of the US-China truce",
          scope_note="announced by the US Treasury and read so by MOFCOM; whether each notice of November 2025 is prolonged with it is not seen: the legal end of 10 November 2026 stands beside it"),
    note("promise"),
    note("extension", "us_china_truce_extension_2026",
         text="MOFCOM's account of the New York round, item 8: the Kuala Lumpur arrangement is prolonged to 10 January 2027"),
    note("extension"),
    note("due", "re_controls_suspension_2025", "busan_truce_2025", address="re_controls_suspension_2025",
         text="End, by its text, of the suspension of MOFCOM Announcements Nos. 55 to 58, 61 and 62 of 2025 (No. 70/2025); the arrangement of September 2026 "
              "prolongs the truce to 10 January 2027, and no notice that amends No. 70 was seen by 5 October 2026"),
    note("due", "us_ban_suspension_2025", address="us_ban_suspension_2025",
         text="End, by its text, of the suspension of clause 2 of MOFCOM Announcement No. 46 of 2024 (gallium, germanium and antimony to the United States; "
              "No. 72/2025); whether it was prolonged is not known here: the sources end in early October 2026"),
    note("future"),
    note("future", "us_china_truce_extension_2026"),
]


def pairs(rows):
    assert len(rows) == len(LINES), (len(rows), len(LINES))
    return [(row, kind, dict(line)) for row, (kind, line) in zip(rows, LINES, strict=True)]


def after_word(row):
    """The row's text without its first word (start, end, promise, ...)."""
    text = row["note"].partition(": ")[2]
    return text[:1].upper() + text[1:]


def address(row):
    """The row's address where it is one that can be followed, else nothing: repositories and trackers are named as publishers."""
    return row["address"] if row["address"].startswith("http") else ""


def publisher(row):
    told = address(row) or row["address"] == "as above"
    return row["publisher"] if told else f"{row['publisher']}, read in {row['address']}"


def confirm(events, rows):
    """Statuses of measures that the calendar holds, and addresses of the notices themselves."""
    table = {e["id"]: e for e in events}
    for row, kind, line in pairs(rows):
        if kind == "held":
            e = table[line["id"]]
            assert row["period"] in (e["announced"], e["effective"]), row
            e["status"] = row["kind"]
            e["note"] = "; ".join(x for x in (e.get("note", ""), f"official text: {row['address']}") if x)
        if line.get("address"):  # the notice of the suspension itself is an official page; only its fate is not verified
            e = table[line["address"]]
            assert str(e["end"]) == row["period"], row
            e["note"] = "; ".join(x for x in (e.get("note", ""), f"first read in {e['source_url']}") if x)
            e["source_url"], e["status"] = address(row), "official"


def measures(rows):
    made = []
    for row, kind, line in pairs(rows):
        if kind == "event":
            e = dict(announced=row["period"], effective=row["period"], hs_codes="", document=row["publisher"] if not line.get("document") else line["document"],
                     source_url=address(row), status=row["kind"], confidence="high" if row["kind"] == "official" else "medium",
                     note="; ".join(x for x in ("" if address(row) else f"read in {row['address']}", f"as printed: {after_word(row)}") if x))
            made.append({**e, **line, "announced": row["period"]})
    return made


def notes(rows):
    made = []
    for row, kind, line in pairs(rows):
        if kind == "note":
            known = VERIFIED if line["kind"] in ("due", "future") else row["period"]
            made.append(dict(day=row["period"], kind=line["kind"], text=line.get("text") or after_word(row), about=line["about"],
                             known=known, status=row["kind"], publisher=publisher(row), source_url=address(row)))
    return made
