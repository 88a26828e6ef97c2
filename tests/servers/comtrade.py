"""A server that answers as `comtradeapi.un.org` v1 does, from made figures.

Shapes: the fixtures of comtradr (`tests/testthat/goods/.../data/v1/get/C/A/HS-60a6ad.json`) for the envelope and the 47 fields
of a row in their order; comtradeapicall (`PreviewGet.py`, `DataAvailability.py`) for paths, parameters and the keyless preview;
its issues for the texts of 429 and 403; the cut at 500 rows and the months without a row of the world as users report them.

    PYTHONPATH=tests python -m servers.comtrade [PORT]      # prints its address, for --base-url
"""

import json
import math
import sys
import threading

from servers.loopback import Loopback, Reply

KEY = "fedcba9876543210fedcba9876543210"
ISO = {156: "CHN", 842: "USA", 392: "JPN", 764: "THA", 484: "MEX", 251: "FRA", 490: "S19", 899: "_X", 0: "W00", 32: "ARG"}
SIZES = {156: 900e3, 392: 60e3, 764: 90e3, 484: 50e3, 251: 30e3, 490: 20e3, 899: 1e3}
QUOTA = Reply(403, b'{"statusCode":403,"message":"Out of call volume quota. Quota will be replenished in 03:14:17."}')
RATE = Reply(
    429, b'{"statusCode":429,"message":"Rate limit is exceeded. Try again in 1 seconds."}', headers={"Retry-After": "1"}
)  # fmt: skip
BAD_KEY = Reply(401, b'{"statusCode":401,"message":"Access denied due to invalid subscription key. Provide a valid key."}')


class ComtradeServer(Loopback):
    """The server; its attributes may be changed between questions."""

    def __init__(self, port=0, key=KEY):
        super().__init__(port)
        self.key = key
        self.codes = {"282580": 9.0, "811010": 11.0}  # HS code -> USD per kg
        self.periods = [f"{year}{month:02d}" for year in (2024, 2025) for month in range(1, 13)]
        self.last_released = "2026-03-10T09:15:00.1234567"
        self.cut = 500
        self.sizes = dict(SIZES)
        self.no_world = set()  # (code, period)
        self.altogether_absent = set()  # (code, period)
        self.absent = set()  # (code, period, partner): suppressed, and in the world's row all the same
        self.untraded = set()  # (code, period, partner)
        self.changed = {}  # (code, period, partner) -> fields in place of the right ones
        self.sub_totals = False  # rows by mode of transport too

    def answer(self, question):
        path = question.path.lower()
        given = question.headers.get("ocp-apim-subscription-key", "")
        if path.startswith("data/") and given != self.key:
            return BAD_KEY
        if path.endswith("/getda/c/m/hs"):
            return self._envelope([self._release(period) for period in self.periods])
        if path not in ("public/v1/preview/c/m/hs", "data/v1/get/c/m/hs"):
            return Reply(404, b'{"statusCode":404,"message":"Resource not found"}')
        values = {name.lower(): value for name, value in question.parameters}
        periods, codes = values.get("period", "").split(","), values.get("cmdcode", "").split(",")
        limit = 12 if path.startswith("data/") else 1
        if len(periods) > limit:
            message = {"errorObject": {"errorMessage": f"no more than {limit} periods"}}
            return Reply(400, json.dumps(message).encode())
        rows = [
            row
            for period in periods
            for code in codes
            for row in self._rows(values.get("reportercode"), period, code, values.get("flowcode"))
        ]
        if values.get("motcode") != "0" or values.get("customscode") != "C00" or values.get("partner2code") != "0":
            rows = [one | {"motCode": mode} for one in rows for mode in (0, 1000, 2100)]
        return self._envelope(rows[: self.cut if path.startswith("public/") else 100_000])

    @staticmethod
    def _envelope(rows):
        return Reply(200, json.dumps({"elapsedTime": "0.21 secs", "count": len(rows), "data": rows, "error": ""}).encode())

    def _release(self, period):
        return {
            "datasetCode": 20156 * 10**6 + int(period), "typeCode": "C", "freqCode": "M", "period": int(period),
            "reporterCode": 842, "reporterISO": "USA", "reporterDesc": "USA", "classificationCode": "H6",
            "classificationSearchCode": "HS", "isOriginalClassification": True, "totalRecords": 4096,
            "datasetChecksum": 1, "firstReleased": f"{period[:4]}-{period[4:]}-28T10:53:32.8266667",
            "lastReleased": self.last_released,
        }  # fmt: skip

    def _rows(self, reporter, period, code, flow):
        if code not in self.codes or period not in self.periods or (code, period) in self.altogether_absent:
            return
        weights = {
            partner: self.weight(partner, period, size)
            for partner, size in self.sizes.items()
            if (code, period, partner) not in self.untraded
        }
        weights[0] = sum(weights.values())
        for partner, weight in weights.items():
            if (partner == 0 and (code, period) in self.no_world) or (code, period, partner) in self.absent:
                continue
            row = self.row(int(reporter), period, code, flow, partner, weight, round(weight * self.codes[code], 2))
            yield row | self.changed.get((code, period, partner), {})
            if self.sub_totals:
                yield row | {"motCode": 2100, "primaryValue": row["primaryValue"] / 2, "netWgt": weight / 2}

    @staticmethod
    def weight(partner, period, size):
        return round(size * (1 + 0.2 * math.sin(int(period) + partner)))

    @staticmethod
    def row(reporter, period, code, flow, partner, weight, value):
        """The 47 fields of a row, with descriptions left out as `includeDesc=false` has it."""
        imported = flow == "M"
        return {
            "typeCode": "C", "freqCode": "M", "refPeriodId": int(period + "01"), "refYear": int(period[:4]),
            "refMonth": int(period[4:]), "period": period, "reporterCode": reporter, "reporterISO": None,
            "reporterDesc": None, "flowCode": flow, "flowDesc": None, "partnerCode": partner, "partnerISO": None,
            "partnerDesc": None, "partner2Code": 0, "partner2ISO": None, "partner2Desc": None, "classificationCode": "H6",
            "classificationSearchCode": "HS", "isOriginalClassification": True, "cmdCode": code, "cmdDesc": None,
            "aggrLevel": 6, "isLeaf": True, "customsCode": "C00", "customsDesc": None, "mosCode": "0", "motCode": 0,
            "motDesc": None, "qtyUnitCode": 8, "qtyUnitAbbr": None, "qty": weight, "isQtyEstimated": False,
            "altQtyUnitCode": -1, "altQtyUnitAbbr": None, "altQty": None, "isAltQtyEstimated": False, "netWgt": weight,
            "isNetWgtEstimated": False, "grossWgt": None, "isGrossWgtEstimated": False,
            "cifvalue": value if imported else None, "fobvalue": None if imported else value, "primaryValue": value,
            "legacyEstimationFlag": 0, "isReported": True, "isAggregate": False,
        }  # fmt: skip


if __name__ == "__main__":
    server = ComtradeServer(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    with server:
        print(server.address, flush=True)
        threading.Event().wait()
