"""The rows of the table `destinations`: the flows of a run divided by partner."""

from __future__ import annotations

from collections.abc import Iterator

from forecast.core.plurals import pluralize
from forecast.core.results import Finding
from forecast.core.schema import DestinationRow
from forecast.jobs.plan import Plan, series_matching
from forecast.study.destinations.ahead import ahead
from forecast.study.destinations.destinations import rows_of, window_of
from forecast.study.destinations.shares import PartnerFlow, partner_flows

MANY = 60  # flows that are divided though the config names none


def destination_rows(plan: Plan) -> list[DestinationRow]:
    """Rows of all flows that are divided, computed with one BLAS thread as the answers are."""
    from threadpoolctl import threadpool_limits

    asked, out = plan.config.destinations, []
    with threadpool_limits(1):
        for flow in divided_flows(plan)[0]:
            first, last = window_of(flow, asked.first, asked.last)
            if first > last:  # its figures end before the months that are told
                continue
            rows, found = rows_of(flow, first, last)
            if not rows.flow.partners and not any(row.measure == "sum beyond" for row in found):
                continue
            out += found
            if asked.model:
                vintage = plan.real_time.as_of(plan.vintage.day)
                spec, months = plan.config.spec(asked.model), plan.config.forecast.months
                out += rows.months_ahead(ahead(flow, vintage, spec, months, plan.config.draws, plan.config.seed))
    return out


def destination_findings(plan: Plan) -> list[Finding]:
    """Series that the config names though no partner of their flow has a figure, and flows that are too many to be divided."""
    text = "no single partner of this flow has a figure: not divided"
    found = [Finding("destinations", text, s) for s in _named_series(plan) if not partner_flows(plan.vintage, [s])]
    if left := divided_flows(plan)[1]:
        text = (
            f"{pluralize(left, 'more flow')} than {MANY} with known partners: not divided; name them in [destinations], series"
        )
        found.append(Finding("destinations", text))
    return found


def divided_flows(plan: Plan) -> tuple[list[PartnerFlow], int]:
    """The flows that the config names, or the first of those of all series that it asks about, and how many are left out."""
    if named := _named_series(plan):
        return partner_flows(plan.vintage, named), 0
    found = partner_flows(plan.vintage, dict.fromkeys(_asked_series(plan)))
    return found[:MANY], max(len(found) - MANY, 0)


def _named_series(plan: Plan) -> list[str]:
    place = f"{plan.config.origin.name}, [destinations], series"
    return series_matching(plan.config.destinations.series, plan.archive.series, place)


def _asked_series(plan: Plan) -> Iterator[str]:
    for batch in plan.batches:
        yield from (past.series for past in batch.pasts)
        if batch.design is not None:
            yield from batch.design.treated
