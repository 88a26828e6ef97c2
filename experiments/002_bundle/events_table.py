# ruff: noqa: E501
"""The event calendar: one line of judgement per row of policy_events.csv, in its order, plus the missing events."""
import re

import calendar_2026

GGS = ["gallium", "germanium", "antimony"]
REM = ["rare_earths", "magnets"]
EXEMPT = ("Annex II of EO 14257 exempted many critical minerals, antimony, gallium, germanium and rare-earth compounds among them as far as "
          "known (the annex was not checked code by code), rare-earth magnets (8505.11) were not exempt: no confounder for the "
          "exempt minerals, one for magnets")
FENTANYL = "all goods of Chinese origin; the fentanyl orders carried no exemption for minerals"
CNTAR = "goods of US origin into China; no effect on Chinese exports as such"
TECH = "technology and services, not goods"
FOUR = "called off on 2025-11-07 (Announcement 70/2025) before it took effect; the suspension runs to 2026-11-10"
TRUCE = "US-China relations; CHN and USA act and are acted upon"

# names in legends and sentences, of the default calendar
SHORT = {
    "gage_licensing_2023": "Export licences for gallium and germanium",
    "gage_first_licences_2023": "First licences for gallium and germanium",
    "sb_licensing_2024": "Export licences for antimony",
    "us_ban_2024": "China's export ban on gallium, germanium and antimony for the US",
    "re_licensing_2025": "Export licences for rare earths and magnets",
    "enforcement_2025": "China's campaign against smuggling and re-export",
    "us_china_deal_2025": "US-China deal on rare earths and magnets",
    "us_ban_suspension_2025": "China's suspension of its export ban for the US",
    "general_licences_2025": "One-year licences for single customers",
}

# id, products, instrument, role, extra fields
ROWS = [
    ("graphite_duty_removed_2017", ["graphite"], "relief", "context", {}),
    ("us_list3_rare_earths_2018", ["rare_earths"], "tariff", "context", dict(drop_end=1, called_off="2018-09-17")),
    ("us_magnet_procurement_ban_2018", ["magnets"], "ban", "context", dict(scope_note="purchases of the US military only")),
    ("cn_tariff_us_rare_earth_ore_2019", ["rare_earth_ore"], "tariff", "context", dict(scope_note=CNTAR)),
    ("cn_rare_earth_threat_2019", ["rare_earths"], "other", "context", dict(scope_note="a threat, no measure")),
    ("cn_tariff_us_magnets_2019", ["magnets", "rare_earths"], "tariff", "context", dict(drop_end=1, called_off="2019-12-15", scope_note=CNTAR)),
    ("idn_nickel_ore_ban_2019", ["nickel_ore"], "ban", "context", {}),
    ("cn_export_control_law_2020", ["ALL"], "regulation", "context", dict(scope_note="legal basis only, no goods named")),
    ("zwe_lithium_ban_2022", ["lithium"], "ban", "context", {}),
    ("idn_bauxite_ban_2022", ["bauxite"], "ban", "context", {}),
    ("gage_licensing_2023", ["gallium", "germanium"], "licence", "default", dict(anticipation_from="2023-07-03", shape='{use="step"}', scope_note="all destinations; gradual release by licences from 21 September 2023 stands as an event of its own")),
    ("mmr_pangwa_inspection_2023", ["rare_earths"], "supply", "context", {}),
    ("mys_rare_earth_ban_2023", ["rare_earth_ore"], "ban", "context", {}),
    ("gage_first_licences_2023", ["gallium", "germanium"], "relief", "default", dict(shape='{use="gradual"}', scope_note="first approvals under gage_licensing_2023; the licence regime stays")),
    ("graphite_licensing_2023", ["graphite_flake", "graphite_spherical", "graphite_artificial"], "licence", "context", dict(anticipation_from="2023-10-20", scope_note="natural flake with spherical and expanded, and high-purity artificial graphite; other natural graphite is not named")),
    ("w_sb_state_trading_2023", ["tungsten", "antimony", "silver"], "regulation", "context", dict(end_announced="2023-10-30", scope_note="list of firms that may export, renewed every two years")),
    ("rare_earth_technology_ban_2023", ["rare_earth_technology"], "ban", "context", dict(scope_note=TECH)),
    ("rare_earth_regulation_2024", ["rare_earths"], "regulation", "context", dict(scope_note="mining, smelting and tracing; no export measure")),
    ("sb_licensing_2024", ["antimony"], "licence", "default", dict(anticipation_from="2024-08-15", shape='{use="step"}', scope_note="antimony ore, metal, high-purity oxide and others; 0.53 of September 2024 is under the measure")),
    ("us_301_critical_minerals_2024", ["chromium", "cobalt", "indium", "tantalum", "tungsten", "zinc"], "tariff", "control", dict(shape='{use="step"}', scope_note="other critical minerals of the list are not enumerated in the source; zinc stands for the metals among them")),
    ("us_301_magnets_graphite_2024", ["graphite", "magnets"], "tariff", "control", dict(shape='{use="step"}', scope_note="natural graphite and permanent magnets of Chinese origin, from 2026")),
    ("mmr_kachin_takeover_2024", ["rare_earths"], "supply", "context", {}),
    ("cn_dual_use_regulations_2024", ["ALL"], "regulation", "context", dict(confidence="high", scope_note="one list and one procedure for what was controlled already", extra_note="both dates are those of the published regulation; the low confidence of an earlier table is lifted")),
    ("us_ban_2024", [*GGS, "superhard"], "ban", "default", dict(end_announced="2025-11-09", cluster="us_ban_enforcement", shape='{use="step"}', scope_note="clause 2: gallium, germanium, antimony and superhard materials to the USA, stricter checks of graphite; clause 1 (military users) was never suspended; no notice, so no anticipation window, but the US chip rule of 2 December 2024 was the trigger")),
    ("us_301_tungsten_2024", ["tungsten"], "tariff", "control", dict(shape='{use="step"}', scope_note="tungsten products; polysilicon and wafers beside them")),
    ("us_anode_petition_2024", ["anode_material"], "investigation", "context", dict(end_announced="2026-03-12")),
    ("cn_technology_proposal_2025", ["gallium_technology", "lithium_technology"], "regulation", "context", dict(scope_note=TECH + "; a consultation, no measure")),
    ("us_fentanyl_tariff_2025", ["ALL"], "tariff", "control", dict(superseded_by="us_fentanyl_tariff_20_2025", superseded_on="2025-03-04", shape='{use="step"}', scope_note=FENTANYL)),
    ("bi_w_in_licensing_2025", ["bismuth", "tungsten", "indium", "molybdenum", "tellurium"], "licence", "context", dict(shape='{use="step"}', scope_note="no notice; bismuth trioxide and unwrought indium are not listed")),
    ("cod_cobalt_ban_2025", ["cobalt"], "ban", "context", dict(end_announced="2025-09-20", extra_note="announced for four months, extended on 2025-06-21; the end stood only with the quota decision")),
    ("us_fentanyl_tariff_20_2025", ["ALL"], "tariff", "control", dict(end_announced="2025-10-30", shape='{use="step"}', scope_note=FENTANYL, extra_note="10 % stayed after the end date, until the court ruling of 2026-02-20")),
    ("us_reciprocal_tariff_34_2025", ["ALL"], "tariff", "control", dict(end_announced="2025-05-12", superseded_by="us_reciprocal_tariff_84_2025", superseded_on="2025-04-09", shape='{use="step"}', scope_note=EXEMPT)),
    ("re_licensing_2025", REM, "licence", "default", dict(shape='{use="decay"}', scope_note="seven medium and heavy rare earths and magnets containing them, all destinations; total rare earths are diluted; step on 4 April (0.9 of the month), then decay as licences are granted")),
    ("cn_tariff_us_goods_34_2025", ["ALL"], "tariff", "control", dict(end_announced="2025-05-12", superseded_by="cn_tariff_us_goods_84_2025", superseded_on="2025-04-10", shape='{use="step"}', scope_note=CNTAR)),
    ("us_reciprocal_tariff_84_2025", ["ALL"], "tariff", "control", dict(end_announced="2025-05-12", superseded_by="us_reciprocal_tariff_125_2025", superseded_on="2025-04-10", shape='{use="step"}', scope_note=EXEMPT)),
    ("us_reciprocal_tariff_125_2025", ["ALL"], "tariff", "control", dict(end_announced="2025-05-12", shape='{use="step"}', scope_note=EXEMPT, extra_note="10 % stayed after the end date")),
    ("cn_tariff_us_goods_84_2025", ["ALL"], "tariff", "control", dict(end_announced="2025-05-12", superseded_by="cn_tariff_us_goods_125_2025", superseded_on="2025-04-12", shape='{use="step"}', scope_note=CNTAR, extra_note="84 % and 125 % are separate notices")),
    ("us_232_minerals_investigation_2025", ["critical_minerals"], "investigation", "context", dict(end_announced="2026-01-14")),
    ("enforcement_2025", [*GGS, "tungsten", "rare_earths", "magnets"], "enforcement", "default", dict(cluster="us_ban_enforcement", shape='{use="gradual"}', scope_note="campaign against smuggling and re-export through third countries, all destinations")),
    ("geneva_truce_2025", ["ALL"], "deal", "control", dict(end_announced="2025-05-12", superseded_by="us_china_truce_extension_2025", superseded_on="2025-08-12", shape='{use="step"}', scope_note=TRUCE + "; suspends tariffs, and China's countermeasures since 2 April in word; licences stayed")),
    ("us_anode_cvd_preliminary_2025", ["anode_material"], "tariff", "context", dict(end_announced="2026-03-12")),
    ("us_china_call_2025", REM, "other", "context", dict(scope_note=TRUCE)),
    ("us_china_deal_2025", REM, "deal", "default", dict(cluster="us_china_deal", reversal_of="re_licensing_2025", shape='{use="ramp", months=2}', scope_note="magnets and rare earths to the USA; antimony, gallium and germanium are not covered; the licence regime stays; a backlog pulse is possible in July and August")),
    ("cod_cobalt_ban_extension_2025", ["cobalt"], "ban", "context", dict(end_announced="2025-06-21")),
    ("us_china_deal_details_2025", REM, "deal", "context", dict(cluster="us_china_deal", reversal_of="re_licensing_2025", shape='{use="ramp", months=2}', scope_note="confirmation of us_china_deal_2025; antimony, gallium and germanium are not covered")),
    ("cn_battery_technology_licensing_2025", ["gallium_technology", "lithium_technology"], "licence", "context", dict(scope_note=TECH)),
    ("us_tungsten_shot_duty_2025", ["tungsten_shot"], "tariff", "context", dict(extra_note="mentioned in passing in one page: kept out of the default calendar")),
    ("us_anode_ad_preliminary_2025", ["anode_material"], "tariff", "context", dict(end_announced="2026-03-12")),
    ("enforcement_intensified_2025", [*GGS, "tungsten", "rare_earths", "magnets"], "enforcement", "context", dict(cluster="us_ban_enforcement", shape='{use="gradual"}', scope_note="second step of enforcement_2025")),
    ("us_china_truce_extension_2025", ["ALL"], "deal", "control", dict(end_announced="2025-08-11", superseded_by="busan_truce_2025", superseded_on="2025-11-10", scope_note=TRUCE)),
    ("rare_earth_quota_measures_2025", ["rare_earths"], "quota", "context", dict(scope_note="production, not exports")),
    ("us_tariff_exemption_minerals_2025", ["graphite", "tungsten", "gold", "uranium"], "relief", "control", dict(scope_note="frees critical minerals from the reciprocal tariffs, all origins")),
    ("cod_cobalt_quota_2025", ["cobalt"], "quota", "context", dict(end_announced="2025-09-20")),
    ("re_controls_oct_2025_technology", ["rare_earth_technology"], "licence", "context", dict(cluster="re_controls_oct_2025", end_announced="2025-11-07", scope_note=TECH + "; the only one of the six measures that applied, for four weeks")),
    ("re_controls_oct_2025_superhard", ["superhard"], "licence", "context", dict(cluster="re_controls_oct_2025", drop_end=1, called_off="2025-11-07", scope_note=FOUR)),
    ("re_controls_oct_2025_equipment", ["rare_earth_equipment"], "licence", "context", dict(cluster="re_controls_oct_2025", drop_end=1, called_off="2025-11-07", scope_note=FOUR)),
    ("re_controls_oct_2025", ["rare_earths"], "licence", "context", dict(cluster="re_controls_oct_2025", drop_end=1, called_off="2025-11-07", scope_note="holmium, erbium, thulium, europium, ytterbium; " + FOUR)),
    ("re_controls_oct_2025_batteries", ["lithium_batteries", "graphite_artificial"], "licence", "context", dict(cluster="re_controls_oct_2025", drop_end=1, called_off="2025-11-07", scope_note=FOUR)),
    ("re_controls_oct_2025_foreign_made", ["rare_earths", "magnets"], "licence", "context", dict(cluster="re_controls_oct_2025", drop_end=1, called_off="2025-11-07", scope_note="goods made abroad, not Chinese exports; " + FOUR)),
    ("us_australia_framework_2025", ["critical_minerals", "rare_earths"], "agreement", "context", {}),
    ("us_malaysia_thailand_mou_2025", ["critical_minerals", "rare_earths"], "agreement", "context", {}),
    ("w_sb_state_trading_2025", ["tungsten", "antimony", "silver"], "regulation", "context", dict(end_announced="2025-10-26", scope_note="list of firms that may export, renews the regime of 2024-2025")),
    ("us_japan_framework_2025", ["critical_minerals", "rare_earths"], "agreement", "context", {}),
    ("busan_truce_2025", REM + GGS + ["graphite"], "deal", "context", dict(end_announced="2025-10-30", scope_note=TRUCE + "; carried out by the notices of 7 and 9 November 2025 and by general licences, which stand as events of their own")),
    ("cn_tariff_suspension_2025", ["ALL"], "relief", "control", dict(end_announced="2025-11-05", scope_note=CNTAR)),
    ("re_controls_suspension_2025", [*REM, "superhard"], "suspension", "context", dict(end_announced="2025-11-07", reversal_of="re_controls_oct_2025", scope_note="suspends the measures of 9 October 2025; re_licensing_2025 is untouched")),
    ("us_ban_suspension_2025", [*GGS, "superhard", "graphite_flake"], "suspension", "default", dict(end_announced="2025-11-09", reversal_of="us_ban_2024", shape='{use="ramp", months=2}', scope_note="clause 2 of Announcement 46/2024 only; licences stay")),
    ("general_licences_2025", REM, "relief", "default", dict(cluster="general_licences", end="2026-12-31", end_announced="2025-12-02", shape='{use="ramp", months=2}', scope_note="customer-specific licences of one year under re_licensing_2025, all destinations", extra_note="the end is known only as 2026-12: last day of the month taken")),
    ("general_licences_confirmed_2025", REM, "relief", "context", dict(cluster="general_licences", scope_note="confirmation of general_licences_2025")),
    ("cn_japan_dual_use_ban_2026", ["rare_earths"], "ban", "context", dict(scope_note="military users in Japan; whether rare earths are covered was not said")),
    ("cn_japan_rare_earth_slowdown_2026", REM, "other", "context", dict(scope_note="reported by the press, no official measure")),
    ("us_232_minerals_finding_2026", ["critical_minerals"], "investigation", "context", dict(end_announced="2026-01-14")),
    ("us_project_vault_2026", ["critical_minerals"], "supply", "context", dict(scope_note="a stockpile")),
    ("us_forge_2026", ["critical_minerals"], "agreement", "context", dict(targets=["ALL"], scope_note="54 countries and the EU")),
    ("us_anode_final_2026", ["anode_material"], "tariff", "context", dict(drop_end=1, called_off="2026-03-12", scope_note="final rates, never ordered")),
    ("us_supreme_court_ieepa_2026", ["ALL"], "relief", "control", dict(shape='{use="step"}', scope_note="voids the reciprocal and fentanyl tariffs; Sections 232 and 301 stay; minerals that were exempt are not touched")),
    ("zwe_raw_minerals_ban_2026", ["lithium"], "ban", "context", dict(scope_note="all raw minerals and lithium concentrate")),
    ("us_anode_negative_vote_2026", ["anode_material"], "relief", "context", dict(drop_end=1)),
]

MISSING = [
    dict(id="us_chip_rule_2024", title="US chip and chip-tool export rule", imposed_by=["USA"], targets=["CHN"], products=["semiconductors"],
         instrument="regulation", announced="2024-12-02", effective="2024-12-02", role="context", confidence="low",
         scope_note="no mineral is covered; the trigger of us_ban_2024 a day later", document="BIS rules of 2 December 2024",
         note="date from general knowledge, no address at hand"),
    dict(id="cn_tariff_us_goods_125_2025", title="Chinese tariff on US goods raised from 84 % to 125 %", imposed_by=["CHN"], targets=["USA"],
         products=["ALL"], instrument="tariff", announced="2025-04-11", effective="2025-04-12", end="2025-05-14", end_announced="2025-05-12",
         role="control", shape='{use="step"}', confidence="medium", scope_note=CNTAR, document="State Council Tariff Commission, 11 April 2025",
         note="a notice of its own; dates from general knowledge, level reported by newsclickng.com; 10 % stayed after the end date"),
    dict(id="us_carmaker_licences_2025", title="Temporary licences for suppliers of US carmakers", imposed_by=["CHN"], targets=["USA"],
         products=REM, instrument="relief", announced="2025-06-06", effective="2025-06-06", role="context", confidence="low",
         scope_note="some suppliers of three US carmakers; no official notice", document="press report of June 2025",
         note="day approximate, from general knowledge; reported beside us_china_call_2025"),
    dict(id="rare_earth_licence_limit_2025", title="Six-month limit on rare-earth licences for the US", imposed_by=["CHN"], targets=["USA"],
         products=REM, instrument="licence", announced="2025-06-11", effective="2025-06-11", role="context", confidence="low",
         scope_note="licences under us_china_deal_2025 run for six months only", document="press report of 11 June 2025",
         note="reported, not an official notice; no address at hand"),
    dict(id="mss_statement_2025", title="Ministry of State Security warns of rare-earth smuggling", imposed_by=["CHN"], targets=["ALL"],
         products=["rare_earths"], instrument="enforcement", announced="2025-07-18", role="context", confidence="low",
         scope_note="a statement, no measure", document="statement of 18 July 2025",
         note="no address at hand"),
]

ORDER = ["id", "title", "short", "imposed_by", "targets", "products", "instrument", "announced", "effective", "end", "end_announced", "called_off",
         "superseded_by", "superseded_on", "reversal_of", "cluster", "anticipation_from", "shape", "role", "scope_note", "hs_codes",
         "document", "source_url", "status", "confidence", "note"]
DATES = {"announced", "effective", "end", "end_announced", "called_off", "superseded_on", "anticipation_from"}


def text(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def field(name, value):
    if name in DATES or name == "shape":
        return value
    if isinstance(value, list):
        return "[" + ", ".join(text(v) for v in value) + "]"
    return text(value)


def table(rows, later):
    assert len(rows) == len(ROWS), (len(rows), len(ROWS))
    events = []
    for r, (name, products, instrument, role, extra) in zip(rows, ROWS, strict=True):
        extra = dict(extra)
        e = dict(id=name, title=r["description"].rstrip("."), imposed_by=r["imposing_country"].split(";"),
                 targets=r["target_countries"].split(";"), products=products, instrument=instrument, announced=r["announcement_date"],
                 effective=r["effective_date"], role=role, hs_codes=r["hs_codes"], document=r["official_document"],
                 source_url=r["source_url"], confidence=r["confidence"],
                 note="; ".join(x for x in (r["note"], extra.pop("extra_note", "")) if x),
                 end="" if extra.pop("drop_end", 0) else r["end_date"])
        e["short"] = SHORT.get(name, "")
        if not extra.get("scope_note"):
            extra["scope_note"] = r["minerals_products"]
        e.update(extra)
        events.append(e)
    events += [dict(m) for m in MISSING]
    for e in events:  # those of the first table were read in the press and in law firms' notes, and some nowhere
        e["status"] = "secondary" if e.get("source_url") else "unverified"
    calendar_2026.confirm(events, later)
    return events + calendar_2026.measures(later)


def write(rows, later, path):
    events = sorted(table(rows, later), key=lambda e: (e["announced"], e["id"]))
    ids = {e["id"] for e in events}
    assert len(ids) == len(events)
    out = ["# One table per policy measure. Fields, words and doubts are described in README.md of this folder.",
           f"verified_to = {calendar_2026.VERIFIED}", ""]
    for e in events:
        assert bool(e.get("end")) == bool(e.get("end_announced")), e["id"]
        assert {e.get("reversal_of", e["id"]), e.get("superseded_by", e["id"])} <= ids, e["id"]
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", e[d]) for d in DATES if e.get(d)), e["id"]
        out.append("[[event]]")
        out += [f"{k} = {field(k, e[k])}" for k in ORDER if e.get(k)]
        out.append("")
    out.append("# What was said, ruled, promised or falls due: no measure, and read by no model.")
    for n in sorted(calendar_2026.notes(later), key=lambda n: (n["day"], n["text"])):
        assert set(n["about"]) <= ids, n
        out.append("[[note]]")
        out += [f"{k} = {n[k] if k in ('day', 'known') else field(k, n[k])}" for k in calendar_2026.NOTE_ORDER if n[k]]
        out.append("")
    path.write_text("\n".join(out), encoding="utf-8")
