# ruff: noqa: E501
"""The concordance: one line per good that stands in the observations."""
import csv

COLUMNS = ["product", "name", "mineral", "form", "grade", "element", "element_factor", "hs_codes", "classification", "valid_from",
           "valid_to", "control_event", "control_notice", "dilution", "display_unit", "evidence"]

GAGE = ("gage_licensing_2023", "MOFCOM & GACC 23/2023")
SB = ("sb_licensing_2024", "MOFCOM & GACC 33/2024")
RE = ("re_licensing_2025", "MOFCOM & GACC 18/2025")
GR = ("graphite_licensing_2023", "MOFCOM & GACC 39/2023")
BW = ("bi_w_in_licensing_2025", "MOFCOM & GACC 10/2025")
NO = ("", "")
CN, US, EU = "CN8", "HTS10", "EU8"
MIX = "basket of a publisher, its codes are not stated; never mixed with another publisher's basket"
SEVEN = "seven controlled elements are a small part of the tonnage"
NOTICE = "codes of the notice; export code as published"
TABLE = "10-digit code of the US import table"
GRADES = {"bismuth": "over 99.99 %", "zinc": "99.99 % and more"}  # of the codes listed

# product, name, mineral, form, element, factor, hs_codes, (event, notice), dilution, unit, evidence
ROWS = [
    ("antimony_ore", "antimony ore and concentrate", "antimony", "ore", "Sb", "", "CN8:26171010|CN8:26171090|EU8:26171000", SB, "", "t", "grade varies: no element factor; notice lists 2617101000 and 2617109001/9090"),
    ("antimony_oxide", "antimony oxides", "antimony", "oxide", "Sb", 0.83535, "CN8:28258000|HTS10:2825800000", SB, "the notice covers oxide of 99.99 % and more: most of the tonnage is lower grade", "t", "factor of Sb2O3 from atomic weights"),
    ("antimony_unwrought", "antimony metal, unwrought, and powders", "antimony", "metal", "Sb", 1, "CN8:81101010|CN8:81101020|HTS10:8110100000", SB, "", "t", NOTICE + "; " + TABLE),
    ("antimony_products_reuters", "antimony products (Reuters' basket)", "antimony", "basket", "Sb", "", "", SB, "metal, oxide and other antimony goods together", "t", MIX),
    ("antimony_products_rawmaterials", "antimony products (rawmaterials.net's basket)", "antimony", "basket", "Sb", "", "", SB, "basket not defined by its publisher", "t", MIX),
    ("antimony_products_sputnik", "antimony imports by value (Sputnik's reading of US Census)", "antimony", "basket", "Sb", "", "", SB, "basket not defined by its publisher", "t", MIX),
    ("gallium", "gallium, unwrought and wrought", "gallium", "metal", "Ga", 1, "CN8:81129290|CN8:81129990|HTS10:8112921000", GAGE, "in China's tariff gallium shares 81129290 with other metals: press totals are gallium only; the US code is unwrought and powders", "kg", NOTICE + "; " + TABLE),
    ("gallium_unwrought", "gallium, unwrought", "gallium", "metal", "Ga", 1, "CN8:81129290|EU8:81129289", GAGE, "", "kg", NOTICE),
    ("gallium_wrought", "gallium, wrought", "gallium", "metal", "Ga", 1, "CN8:81129990", GAGE, "part of the total", "kg", NOTICE),
    ("germanium", "germanium, unwrought and wrought", "germanium", "metal", "Ge", 1, "CN8:81129210|CN8:81129910", GAGE, "dioxide (2825.60) is not in it", "kg", "81129210 is germanium, not gallium"),
    ("germanium_wrought", "germanium, wrought", "germanium", "metal", "Ge", 1, "CN8:81129910", GAGE, "part of the total; Reuters called it wrought", "kg", "wording of the press report"),
    ("germanium_products_incl_oxide", "germanium goods with the mixed oxide code", "germanium", "basket", "Ge", "", "CN8:28256000", GAGE, "code 28256000 holds germanium oxide and zirconium dioxide", "kg", "note of the publisher"),
    ("germanium_unwrought", "germanium, unwrought (US code)", "germanium", "metal", "Ge", 1, "CN8:81129210|HTS10:8112926000|EU8:81129295", GAGE, "", "kg", TABLE),
    ("germanium_powders", "germanium powders (US code)", "germanium", "powder", "Ge", 1, "HTS10:8112926500", GAGE, "", "kg", TABLE),
    ("graphite_flake", "natural graphite, crystalline flake", "graphite", "ore", "C", 1, "CN8:25041010|HTS10:2504101000", GR, "the US code covers all crystalline flake, not dust", "t", NOTICE + "; " + TABLE),
    ("graphite_spherical", "natural graphite, spherical", "graphite", "processed", "C", 1, "CN8:25041091", GR, "", "t", NOTICE),
    ("graphite_other", "natural graphite, other powder or flake", "graphite", "ore", "C", 1, "HTS10:2504105000", GR, "the notice names flake, spherical and expanded graphite, not every good under this code", "t", TABLE),
    ("bismuth", "bismuth and articles", "bismuth", "metal", "Bi", 1, "CN8:81061010|HTS10:8106100000", BW, "", "t", TABLE),
    ("bismuth_refined_products", "bismuth, refined products", "bismuth", "metal", "Bi", 1, "CN8:81061010", BW, "", "t", "wording of SMM"),
    ("bismuth_trioxide", "bismuth trioxide", "bismuth", "oxide", "Bi", 0.897, "", NO, "not listed in the notice", "t", "factor of Bi2O3 from atomic weights; the notice leaves the oxide out"),
    ("bismuth_unrefined_scrap", "bismuth, unrefined and scrap", "bismuth", "scrap", "Bi", "", "", BW, "", "t", "wording of SMM"),
    ("indium", "indium, unwrought, and powders", "indium", "metal", "In", 1, "CN8:81129230|HTS10:8112923000|EU8:81129281", BW, "the notice lists indium phosphide, trimethyl- and triethylindium, not unwrought indium", "kg", TABLE),
    ("tungsten_unwrought", "tungsten, unwrought", "tungsten", "metal", "W", 1, "CN8:81019400|HTS10:8101940000", BW, "", "t", NOTICE + "; " + TABLE),
    ("tungsten_apt", "ammonium paratungstate", "tungsten", "salt", "W", 1, "CN8:28418010|HTS10:2841800010", BW, "", "t", "the US code is counted in tungsten content (factor 1); Chinese figures are gross weight, factor 0.7029"),
    ("tungsten_products", "tungsten products", "tungsten", "basket", "W", "", "", BW, "basket not defined by its publisher", "t", MIX),
    ("molybdenum_powder", "molybdenum powder", "molybdenum", "powder", "Mo", 1, "CN8:81021000", BW, "", "t", "goods of the notice"),
    ("rare_earths_total", "rare earths, customs' total", "rare_earths", "basket", "RE", "", "", RE, SEVEN, "t", "item 'rare earths' of China's monthly customs bulletin; magnets are not in it"),
    ("rare_earth_compounds", "rare-earth compounds", "rare_earths", "compound", "RE", "", "CN8:2846|EU8:2846", RE, SEVEN, "t", "chapter of the code as published"),
    ("rare_earth_metals", "rare-earth metals", "rare_earths", "metal", "RE", 1, "CN8:280530", RE, SEVEN, "t", "heading of the code as published"),
    ("rare_earth_metals_niche", "niche rare-earth metals, scandium and yttrium among them", "rare_earths", "metal", "RE", 1, "", RE, "", "t", "wording of the press report"),
    ("rare_earth_oxides_unlisted", "rare-earth oxides without a code of their own", "rare_earths", "oxide", "RE", "", "", RE, SEVEN, "t", "wording of SMM"),
    ("rare_earth_products_incl_magnets", "rare-earth products, magnets among them (Bloomberg's basket)", "rare_earths", "basket", "RE", "", "", RE, "mostly magnets", "t", "known on the 18th already (customs bulletin); the 20th is assumed; " + MIX),
    ("dysprosium", "dysprosium, form not split", "rare_earths", "basket", "Dy", "", "", RE, "", "kg", "wording of the press report"),
    ("dysprosium_oxide", "dysprosium oxide", "rare_earths", "oxide", "Dy", 0.8713, "CN8:28469016", RE, "", "kg", "factor of Dy2O3 from atomic weights"),
    ("terbium", "terbium, form not split", "rare_earths", "basket", "Tb", "", "", RE, "", "kg", "wording of the press report"),
    ("lanthanum_carbonate", "lanthanum carbonate", "rare_earths", "compound", "La", 0.6068, "CN8:28469048", NO, "not a controlled element", "t", "factor of La2(CO3)3 from atomic weights"),
    ("lanthanum_oxide", "lanthanum oxide", "rare_earths", "oxide", "La", 0.8527, "CN8:28469011", NO, "not a controlled element", "t", "factor of La2O3 from atomic weights"),
    ("re_magnets", "rare-earth permanent magnets", "magnets", "article", "NdFeB", "", "CN8:85051110|EU8:85051110", RE, "all magnets share HS 85051110: grades without controlled elements were held up too", "t", "SMM"),
    ("re_magnets_incl_powder_alloy", "rare-earth magnets with powder and alloy", "magnets", "basket", "NdFeB", "", "CN8:85051110", RE, "wider than magnets", "t", "Nikkei / FerroAlloyNet"),
    ("permanent_magnets", "permanent magnets of metal, all kinds", "magnets", "article", "", "", "HTS10:8505110000", RE, "not only rare-earth magnets", "t", "wording of the press report"),
    ("magnesium_alloy", "magnesium alloy", "magnesium", "metal", "Mg", 1, "CN8:81041900", NO, "", "t", "heading of the code as published"),
    ("magnesium_ingot", "magnesium ingot", "magnesium", "metal", "Mg", 1, "CN8:81041100", NO, "", "t", "heading of the code as published"),
    ("magnesium_powder", "magnesium powder", "magnesium", "powder", "Mg", 1, "CN8:81043000", NO, "", "t", "heading of the code as published"),
    ("magnesium_products_total", "magnesium products", "magnesium", "basket", "Mg", "", "CN8:8104", NO, "", "t", "heading of the code as published"),
    ("arsenic", "arsenic", "arsenic", "metal", "As", 1, "HTS10:2804800000", NO, "", "t", TABLE),
    ("boron", "boron", "boron", "metal", "B", 1, "HTS10:2804500010", NO, "", "t", TABLE),
    ("chromium", "chromium, unwrought, and powders", "chromium", "metal", "Cr", 1, "HTS10:8112210000", NO, "met a US tariff in September 2024", "t", TABLE),
    ("cobalt_alloys", "cobalt alloys, unwrought", "cobalt", "metal", "Co", "", "HTS10:8105203000", NO, "met the Congo's export ban of 2025 and a US tariff", "t", TABLE),
    ("ferrovanadium", "ferrovanadium", "vanadium", "alloy", "V", "", "HTS10:7202920000", NO, "", "t", TABLE),
    ("nickel", "nickel, unwrought, not alloyed", "nickel", "metal", "Ni", 1, "HTS10:7502100000", NO, "", "t", TABLE),
    ("selenium", "selenium", "selenium", "metal", "Se", 1, "HTS10:2804900000", NO, "", "t", TABLE),
    ("zinc", "zinc, unwrought", "zinc", "metal", "Zn", 1, "HTS10:7901110000", NO, "met a US tariff in September 2024", "t", TABLE),
]


def write(path, used):
    rows = []
    for product, name, mineral, form, element, factor, codes, (event, notice), dilution, unit, evidence in ROWS:
        kinds = [c for c in (CN, US, EU) if c + ":" in codes]
        rows.append(dict(zip(COLUMNS, (product, name, mineral, form, GRADES.get(product, ""), element, factor, codes, "|".join(kinds), "2010-01", "",
                                       event, notice, dilution, unit, evidence), strict=True)))
    known = {r["product"] for r in rows}
    assert used <= known, used - known
    with open(path, "w", encoding="utf-8", newline="") as f:
        w = csv.DictWriter(f, COLUMNS, lineterminator="\n")
        w.writeheader()
        w.writerows(sorted((r for r in rows if r["product"] in used), key=lambda r: r["product"]))
