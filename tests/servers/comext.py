"""Eurostat's Comext on this machine, from made figures.

Shapes: answers of DS-045409 that public tests and notes keep (header `DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,
indicators,TIME_PERIOD,OBS_VALUE`, some with `OBS_FLAG`; `ESTAT:DS-045409(1.0)`; updates as `15/09/26 11:00:00` or `15/09/26`;
lines ending in CR LF; weights in 100 kg with two decimals), media type application/vnd.sdmx.data+csv, 404 for no data, 413
EXTRACTION_TOO_BIG, EU27_2020 as a reporter, GR for Greece, and silence for codes that are out of use.

    PYTHONPATH=tests python -m servers.comext 8767
"""

import re
import sys
import threading

from servers.loopback import Loopback, Reply

MEMBERS = re.findall("..", "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISK")
HEADER = "DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,OBS_VALUE"
PREFIX = "eurostat/api/comext/dissemination/sdmx/2.1/data/DS-045409/"
FAULT = '<?xml version="1.0"?><S:Fault xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>{}</faultcode>' + (
    "<faultstring>{}</faultstring></S:Fault>"
)


def fault(status, code, text):
    return Reply(status, FAULT.format(code, text).encode(), "application/xml")


class ComextServer(Loopback):
    """The server; its attributes may be changed between questions. Figures: (reporter, partner, code, month) -> (kg, EUR)."""

    def __init__(self, port=0):
        super().__init__(port)
        self.months = [f"{year}-{month:02d}" for year in (2024, 2025) for month in range(1, 13)]
        self.updated = "16/02/26 11:00:00"
        self.figures = {}
        self.flags = {}  # (reporter, partner, code, month) -> flag of its weight
        self.weights = {}  # the same -> text in place of the weight
        self.late = set()  # (member, month) not delivered
        self.world = {}  # (reporter, code, month) -> EUR of all partners, in place of the sum; None leaves the row out
        self.most = 5_000_000
        self.media = "application/vnd.sdmx.data+csv;version=1.0.0"
        for i, month in enumerate(self.months):
            self.figures["DE", "CN", "28258000", month] = (10_000 + 100 * i, 90_000.0 + i)
            self.figures["DE", "VN", "28258000", month] = (2_500, 25_000.0)
            self.figures["BE", "CN", "28258000", month] = (40_000, 300_000.0)
            self.figures["DE", "BE", "28258000", month] = (500, 6_000.0)
        del self.figures["DE", "VN", "28258000", "2024-03"]

    def answer(self, question):
        if not question.path.startswith(PREFIX):
            return fault(404, 100, "ERR_NOT_FOUND_4: no such data set")
        parts = question.path.removeprefix(PREFIX).split(".")
        if len(parts) != 6 or question.one("format") != "SDMX-CSV":
            return fault(400, 140, "the key has not six parts")
        freq, reporters, partners, products, flow, indicators = (part.replace(" ", "+").split("+") for part in parts)
        months = [m for m in self.months if question.one("startPeriod") <= m <= question.one("endPeriod", "9999")]
        rows = []
        for reporter in reporters:
            for product in products:
                for month in months:
                    if (reporter, month) not in self.late:
                        rows += self._rows(reporter, product, month, flow[0])
        rows = [row for row in rows if (row[1] in partners or partners == [""]) and row[4] in indicators and freq == ["M"]]
        if len(rows) > self.most:
            return fault(413, 413, "EXTRACTION_TOO_BIG: The requested extraction is too big")
        if not rows:
            return fault(404, 100, "No results found")
        lines = [HEADER + (",OBS_FLAG" if self.flags else "")]
        for reporter, partner, product, number, indicator, month, value, flag in rows:
            cells = ["ESTAT:DS-045409(1.0)", self.updated, "M", reporter, partner, product, number, indicator, month, value]
            lines.append(",".join([*cells, *([flag] if self.flags else [])]))
        return Reply(200, ("\r\n".join(lines) + "\r\n").encode(), self.media)

    def _rows(self, reporter, product, month, flow):
        """Rows of one reporter, product and month: partners, then all of them."""
        if flow != "1":
            return []
        if product == "TOTAL":
            value = "54891271"
            return [(reporter, one, product, flow, "VALUE_IN_EUROS", month, value, "") for one in ("WORLD", "EXT_EU27_2020")]
        own = {}
        for (r, p, c, m), (kg, eur) in self.figures.items():
            if c != product or m != month:
                continue
            if reporter == r:
                own[p] = (kg, eur)
            elif reporter == "EU27_2020" and r != "EU27_2020" and p not in MEMBERS and (r, m) not in self.late:
                before = own.get(p, (0.0, 0.0))
                own[p] = (before[0] + kg, before[1] + eur)
        rows = []
        for partner, (kg, eur) in own.items():
            rows += self._pair(reporter, partner, product, month, kg, eur)
        for one, chosen in (("WORLD", own), ("EXT_EU27_2020", {p: v for p, v in own.items() if p not in MEMBERS})):
            if chosen:
                eur = self.world.get((reporter, product, month), sum(v for _, v in chosen.values()))
                if eur is not None:
                    rows += self._pair(reporter, one, product, month, sum(k for k, _ in chosen.values()), eur)
        return rows

    def _pair(self, reporter, partner, product, month, kg, eur):
        key = reporter, partner, product, month
        weight, flag = self.weights.get(key, f"{kg / 100:.2f}"), self.flags.get(key, "")
        return [
            (reporter, partner, product, "1", "VALUE_IN_EUROS", month, f"{eur:.0f}", ""),
            *([(reporter, partner, product, "1", "QUANTITY_IN_100KG", month, weight, flag)] if weight is not None else []),
        ]


if __name__ == "__main__":
    with ComextServer(int(sys.argv[1]) if len(sys.argv) > 1 else 8767) as server:
        print(f"Comext of made figures: --base-url {server.address}")
        threading.Event().wait()
