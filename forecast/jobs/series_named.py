"""The series that a plan's questions name: asked about, compared with, or read by a model; these are audited."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from typing import Any

from forecast.core.series import SeriesKey
from forecast.jobs.destinations import divided_flows
from forecast.jobs.plan import Plan


def series_named(plan: Plan) -> frozenset[str]:
    """All series of the archive that the config names or matches, donors chosen by rule, divided flows, and mirrors."""
    known = set(plan.archive.series)
    found = {past.series for batch in plan.batches for past in batch.pasts}
    for text in set(_texts(plan.config.resolved)):
        found |= set(fnmatch.filter(known, text)) if "*" in text else {text}
    for design in (batch.design for batch in plan.batches if batch.design is not None):
        found |= known if design.donors == "all" else {*design.treated, *design.donors}
    if plan.config.report.claims:
        from forecast.study.claims.published_claims import bundled_claims

        found |= {name for claim in bundled_claims() for reading in claim.readings for name in (reading.series, reading.total)}
    for flow in divided_flows(plan)[0]:
        found |= {flow.series(partner) for partner in ("WLD", *flow.partners, *flow.groups)}
    found &= known
    return frozenset(found | {mirror for name in found if (mirror := _mirror_of(name)) in known})


def _texts(value: Any) -> Iterator[str]:
    """All texts in the tables and lists of a config."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _mirror_of(series: str) -> str:
    """The same flow as the partner's customs would name it."""
    key = SeriesKey.maybe(series)
    if key is None:
        return ""
    flow = {"export": "import", "import": "export"}.get(key.flow, key.flow)
    return ".".join([key.partner, flow, key.reporter, key.product])
