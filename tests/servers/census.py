"""A server that answers as `api.census.gov/data/timeseries/intltrade` does, from made figures.

Shapes: the Guide to the International Trade Datasets (US Census Bureau) for the array of arrays of text, the header first, the
predicates behind the columns asked for, totals ("-") and groups ("0003", "5XXX") among the countries, flags and the status 204;
the public clients censusapi (R) and ustrade (PyPI) for questions with `time=from ... to ...` and repeated predicates;
notes in public repositories for the redirect to missing_key.html and the header X-DataWebAPI-KeyError of 2026.

    PYTHONPATH=tests python -m servers.census [PORT]      # prints its address, for --base-url; takes any key
"""

import fnmatch
import json
import math
import re
import sys
import threading

from servers.loopback import Loopback, Reply

KEY = "0123456789abcdef0123456789abcdef01234567"
NAMES = {
    "5700": "CHINA", "5490": "THAILAND", "2010": "MEXICO", "4231": "BELGIUM", "4279": "FRANCE", "1220": "CANADA",
    "5330": "INDIA", "5830": "TAIWAN", "-": "TOTAL FOR ALL COUNTRIES", "5XXX": "ASIA", "0003": "EUROPEAN UNION",
}  # fmt: skip
FIRST, LAST = (2021, 1), (2026, 9)
IMPORTS = {
    "I_COMMODITY", "I_COMMODITY_LDESC", "CTY_CODE", "CTY_NAME", "GEN_VAL_MO", "GEN_QY1_MO", "GEN_QY1_MO_FLAG", "GEN_QY2_MO",
    "GEN_QY2_MO_FLAG", "CON_VAL_MO", "UNIT_QY1", "UNIT_QY2", "LAST_UPDATE", "SUMMARY_LVL", "COMM_LVL",
}  # fmt: skip
EXPORTS = {
    "E_COMMODITY", "CTY_CODE", "CTY_NAME", "ALL_VAL_MO", "QTY_1_MO", "QTY_1_MO_FLAG", "QTY_2_MO", "QTY_2_MO_FLAG", "UNIT_QY1",
    "UNIT_QY2", "LAST_UPDATE", "SUMMARY_LVL", "COMM_LVL", "DF",
}  # fmt: skip

# code -> first and last month in force, units, kg a month and country, USD per kg
GOODS = {
    "2825800000": (
        (2010, 1), (2099, 12), ("KG", "-"), {"5700": 900e3, "5490": 90e3, "2010": 60e3, "4231": 150e3, "4279": 50e3}, 9.0,
    ),
    "8110100000": ((2010, 1), (2099, 12), ("KG", "-"), {"5700": 400e3, "5330": 120e3, "5490": 40e3, "2010": 30e3}, 11.0),
    "8505110070": ((2010, 1), (2099, 12), ("NO", "KG"), {"5700": 600e3, "5830": 20e3}, 45.0),
    "8110200000": ((2010, 1), (2022, 12), ("KG", "-"), {"1220": 8e3, "2010": 4e3}, 6.0),
    "8110200010": ((2023, 1), (2099, 12), ("KG", "-"), {"1220": 8e3, "2010": 4e3}, 6.0),
    "8112921000": ((2010, 1), (2099, 12), ("KG", "-"), {"5700": 300.0}, 250.0),
    "9999950000": ((2010, 1), (2099, 12), ("X", "-"), {"1220": 5e3}, 1.0),
}  # fmt: skip


def month_number(year, month):
    return 12 * year + month - 1


class CensusServer(Loopback):
    """The server; `rows` may be changed between questions."""

    def __init__(self, port=0, key=KEY, updated="2026-11-05"):
        super().__init__(port)
        self.key, self.updated = key, updated
        self.last = month_number(*LAST)
        self.flagged = {("2825800000", "2010", "2023-05")}  # quantity 0 with the flag M
        self.weightless = {("2825800000", "4279", "2023-06")}  # quantity 0 without a flag
        self.revised = {}  # (code, country, month) -> value in USD
        self.totals_missing = set()  # (code, month) without the row of all countries
        self.odd = {}  # (code, country, month) -> cells in place of the right ones
        self._lock = threading.Lock()

    def answer(self, question):
        match = re.fullmatch(r"data/timeseries/intltrade/(imports|exports)/hs", question.path)
        if question.path.startswith("data/") and question.path.endswith("_key.html"):
            return Reply(200, b"<html><title>Invalid Key</title></html>", "text/html")
        if not match:
            return Reply(404, b"<html>not found</html>", "text/html")
        if not question.one("key"):
            return Reply(
                302, b"", "text/html", {"Location": f"{self.address}/data/missing_key.html", "X-DataWebAPI-KeyError": "1"}
            )
        if self.key and question.one("key") != self.key:
            return Reply(
                302, b"", "text/html",
                {"Location": f"{self.address}/data/invalid_key.html?key={question.one('key')}", "X-DataWebAPI-KeyError": "1"},
            )  # fmt: skip
        return self._trade(question, match[1])

    def _trade(self, question, flow):
        known, letter = (IMPORTS, "I") if flow == "imports" else (EXPORTS, "E")
        asked = question.one("get").split(",")
        predicates = [name for name, _ in question.parameters if name not in ("get", "key")]
        for name in [*asked, *predicates]:
            if name not in known | {"time"}:
                return Reply(400, f"error: error: unknown variable '{name}'".encode(), "text/plain")
        if not question.one("time"):
            return Reply(400, b"error: missing required variable 'time'", "text/plain")
        span = re.fullmatch(r"(?:from )?(\d{4})-(\d{2})(?: to (\d{4})-(\d{2}))?", question.one("time"))
        if not span:
            return Reply(400, b"error: invalid 'time' argument", "text/plain")
        start = month_number(int(span[1]), int(span[2]))
        end = month_number(int(span[3]), int(span[4])) if span[3] else self.last if "from" in question.one("time") else start
        level = int(question.one("COMM_LVL", "HS10")[2:])
        header = [*asked, *dict.fromkeys(predicates)]
        rows = []
        for row in self._rows(letter, level, start, end):
            code, country = row[f"{letter}_COMMODITY"], row["CTY_CODE"]
            wanted, places = question.all(f"{letter}_COMMODITY"), question.all("CTY_CODE")
            if wanted and not any(fnmatch.fnmatchcase(code, one) for one in wanted):
                continue
            if places and country not in places:
                continue
            if question.one("SUMMARY_LVL", row["SUMMARY_LVL"]) != row["SUMMARY_LVL"]:
                continue
            rows.append([row[name] for name in header])
        if not rows:
            return Reply(204)
        return Reply(200, json.dumps([header, *rows], separators=(",", ":")).replace("],[", "],\n[").encode())

    def _rows(self, letter, level, start, end):
        for month in range(max(start, month_number(*FIRST)), min(end, self.last) + 1):
            by_code = {}
            for code, (first, last, units, origins, price) in GOODS.items():
                if month_number(*first) <= month <= month_number(*last):
                    for country, size in origins.items():
                        weight = self.weight(code, country, month, size)
                        if weight:
                            by_code.setdefault(code[:level], []).append((code, country, weight, round(weight * price), units))
            for code, found in sorted(by_code.items()):
                for country in [*dict.fromkeys(one[1] for one in found), "5XXX", "-"]:
                    yield from self._row(letter, level, code, country, month, found)

    def _row(self, letter, level, code, country, month, found):
        time = f"{month // 12}-{month % 12 + 1:02d}"
        mine = [one for one in found if country == "-" or one[1] == country or (country == "5XXX" and one[1][0] == "5")]
        if not mine or (country == "-" and (code, time) in self.totals_missing):
            return
        full = level == 10
        units = mine[0][4] if full else ("-", "-")
        weights = [str(sum(one[2] for one in mine)) if full else "0", "0"]
        flags = ["" if full else "M", "M"]
        if full and units[1] == "KG":  # a number of pieces first, the weight second
            weights, flags = [str(20 * int(weights[0])), weights[0]], ["", ""]
        if (code, country, time) in self.flagged:
            weights[0], flags[0] = "0", "M"
        if (code, country, time) in self.weightless:
            weights[0] = "0"
        value = sum(self.revised.get((code, one[1], time), one[3]) for one in mine)
        names = {
            "I": ("GEN_VAL_MO", "GEN_QY1_MO", "GEN_QY1_MO_FLAG", "GEN_QY2_MO", "GEN_QY2_MO_FLAG"),
            "E": ("ALL_VAL_MO", "QTY_1_MO", "QTY_1_MO_FLAG", "QTY_2_MO", "QTY_2_MO_FLAG"),
        }[letter]
        cells = dict(zip(names, (str(value), weights[0], flags[0], weights[1], flags[1]), strict=True))
        cells |= {
            f"{letter}_COMMODITY": code, f"{letter}_COMMODITY_LDESC": "MADE GOODS", "CTY_CODE": country,
            "CTY_NAME": NAMES[country], "UNIT_QY1": units[0], "UNIT_QY2": units[1], "LAST_UPDATE": self.updated,
            "SUMMARY_LVL": "CGP" if country == "5XXX" else "DET", "COMM_LVL": f"HS{level}", "time": time,
            "CON_VAL_MO": str(value), "DF": "-",
        }  # fmt: skip
        yield cells | self.odd.get((code, country, time), {})

    @staticmethod
    def weight(code, country, month, size):
        """Made kilograms: a season, a wobble, and a ban on China's antimony and gallium from December 2024."""
        wobble = math.sin(7.3 * month + 3 * int(country) + int(code[:6])) + math.cos(2.1 * month + int(country))
        amount = size * (1 + 0.15 * math.sin(month * math.pi / 6) + 0.12 * wobble)
        banned = month >= month_number(2024, 12)
        if banned and code[:4] in ("2825", "8110", "8112"):
            amount *= 0.0 if country == "5700" else 3.0 if country in ("5490", "2010") else 1.3
        return round(amount)


if __name__ == "__main__":
    server = CensusServer(int(sys.argv[1]) if len(sys.argv) > 1 else 0, key="")
    with server:
        print(server.address, flush=True)
        threading.Event().wait()
