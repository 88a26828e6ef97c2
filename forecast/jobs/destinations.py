"""The rows of the table `destinations`: the flows of a run divided by partner."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.core.results import Finding
from forecast.core.schema import DestinationRow
from forecast.jobs.plan import Plan, series_matching
from forecast.study.destinations.ahead import ahead
from forecast.study.destinations.destinations import rows_of
from forecast.study.destinations.shares import PartnerFlow, partner_flow


def destination_rows(plan: Plan) -> list[DestinationRow]:
    """Rows of all flows that are divided, computed with one BLAS thread as the answers are."""
    from threadpoolctl import threadpool_limits

    asked, out = plan.config.destinations, []
    with threadpool_limits(1):
        for flow in _flows(plan):
            rows, found = rows_of(flow, asked.first, asked.last)
            out += found if rows.flow.partners else []
            if asked.model and rows.flow.partners:
                vintage = plan.real_time.as_of(plan.vintage.day)
                spec, months = plan.config.spec(asked.model), plan.config.forecast.months
                out += rows.months_ahead(ahead(flow, vintage, spec, months, plan.config.draws, plan.config.seed))
    return out


def destination_findings(plan: Plan) -> list[Finding]:
    """Series that the config names though no single partner of their flow has a figure."""
    text = "no single partner of this flow has a figure: not divided"
    return [Finding("destinations", text, name) for name in _named_series(plan) if partner_flow(plan.vintage, name) is None]


def _flows(plan: Plan) -> list[PartnerFlow]:
    """The flows that the config names, or those of every series that it asks about; each once, in their order."""
    found = (partner_flow(plan.vintage, series) for series in _named_series(plan) or dict.fromkeys(_asked_series(plan)))
    return list({flow.key: flow for flow in found if flow is not None}.values())


def _named_series(plan: Plan) -> list[str]:
    place = f"{plan.config.origin.name}, [destinations], series"
    return series_matching(plan.config.destinations.series, plan.archive.series, place)


def _asked_series(plan: Plan) -> Iterator[str]:
    for batch in plan.batches:
        yield from (past.series for past in batch.pasts)
        if batch.design is not None:
            yield from batch.design.treated
