"""The arithmetic of each kind of claim in one of its readings, in figures and in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from forecast.core import months as mm
from forecast.core.annual_figures import annual_figure
from forecast.core.products import display_unit
from forecast.core.vintage import Vintage
from forecast.study.claims.provenance import PublishedPercentage, SourcedFigure, covering_sum, figure

HOLDS, ROUNDING, OTHER, CONTRADICTED, UNCHECKED = VERDICTS = (
    "holds", "holds within rounding", "holds for another scope", "contradicted", "cannot be checked",
)  # fmt: skip
ROLES = ("", "contains", "context")


@dataclass(frozen=True)
class Reading:
    """One scope in which a claim can be read, and the figures of that scope.

    series : series of the claimed figure; total : the denominator of a share, or the quantity of a unit value
    period, base : the periods compared (`YYYY-MM` or a span)
    annual : an annual figure of the US Geological Survey that states the share itself
    role : `contains`, the scope includes the claimed one, so that a claim that fails here fails; `context`, printed, not judged
    """

    scope: str = ""
    series: str = ""
    total: str = ""
    period: str = ""
    base: str = ""
    role: str = ""
    annual: str = ""


@dataclass(frozen=True)
class Claim:
    """A published sentence and how it is computed.

    published : the number as printed (a fraction for changes and shares, kg, or a ratio); step : one unit of its last digit
    at_least, at_most : bounds for claims without a number; words : how their wording is interpreted
    divisor : by what a figure is divided to bound a claim that has no figure
    """

    id: str
    text: str
    publisher: str
    url: str
    date: str
    kind: str
    readings: tuple[Reading, ...]
    settle: str
    published: float = math.nan
    step: float = 0.0
    at_least: float = -math.inf
    at_most: float = math.inf
    words: str = ""
    note: str = ""
    divisor: float = 1.0
    events: tuple[str, ...] = ()
    products: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Publisher and day of the article."""
        return f"{self.publisher}, {self.date}" if self.date else self.publisher


@dataclass(frozen=True)
class ReadingResult:
    """The result of one reading."""

    verdict: str
    sentence: str
    computed: float = math.nan
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    sources: tuple[str, ...] = ()


def _judge(claim: Claim, made: ReadingResult) -> ReadingResult:
    """The verdict on a computed number: whether it rounds to the published one, could do so, or lies within the bounds."""
    reach = claim.step / 2 + 1e-12
    if math.isfinite(claim.published):
        least, most = claim.published - reach, claim.published + reach
    else:
        least, most = claim.at_least, claim.at_most
    if least <= made.computed <= most:
        return replace(made, verdict=HOLDS)
    if not math.isfinite(made.low + made.high):
        return replace(made, verdict=UNCHECKED)  # the unknown rounding of a figure may explain the difference
    return replace(made, verdict=ROUNDING if made.low <= most and made.high >= least else CONTRADICTED)


def _change(claim: Claim, reading: Reading, vintage: Vintage) -> ReadingResult:
    if not reading.series:
        return ReadingResult(UNCHECKED, "no figure is held")
    tested = PublishedPercentage(reading.series, reading.period, reading.base)
    now, base = (figure(vintage, reading.series, p, tested) for p in (reading.period, reading.base))
    if now.known and not base.known:
        bound = covering_sum(vintage, reading.series, reading.base, tested)
        if bound is not None and bound.known and bound.value > 0:
            return _bounded_change(claim, now, base, bound)
    if not (now.known and base.known and base.value > 0):
        return ReadingResult(UNCHECKED, _missing_text(now, base), sources=now.sources)
    computed = now.value / base.value - 1
    low, high = (
        _ratio(now.value - now.half, base.value + base.half) - 1,
        _ratio(now.value + now.half, base.value - base.half) - 1,
    )
    sentence = (
        f"{_figure_text(now)} over {_figure_text(base, brief=True)} = {_percent(computed)}{_range_text(low, high, computed)}"
    )
    sentence += _published_text(claim) + _provenance_text(now, base)
    return _judge(claim, ReadingResult("", sentence, computed, low, high, "fraction", (*now.sources, *base.sources)))


def _bounded_change(claim: Claim, now: SourcedFigure, base: SourcedFigure, span: SourcedFigure) -> ReadingResult:
    """A base known only within a sum lies between zero and that sum, so that the change has a lower bound only."""
    floor = now.value / span.value - 1
    first, last = mm.parse_period(span.period)
    mean = now.value / (span.value / (last - first + 1)) - 1
    sentence = f"{_missing_text(now, base)}, known only inside {_figure_text(span, brief=True)}: {_percent(mean)}"
    sentence += f" on the mean of that sum, and no further down than {_percent(floor)} whatever {base.period} was"
    verdict = UNCHECKED
    if math.isfinite(claim.published):
        need = now.value / (1 + claim.published)
        sentence += f"; {_published_percent(claim)} needs {_amount(need, now.series)}, which that sum "
        verdict = CONTRADICTED if claim.published + claim.step / 2 < floor else UNCHECKED
        sentence += "rules out" if verdict == CONTRADICTED else "allows but does not show"
    return ReadingResult(
        verdict, sentence + _provenance_text(now, span), low=floor, unit="fraction", sources=(*now.sources, *span.sources)
    )


def _quantity(claim: Claim, reading: Reading, vintage: Vintage) -> ReadingResult:
    held = figure(vintage, reading.series, reading.period)
    if not held.known:
        return ReadingResult(UNCHECKED, _missing_text(held))
    sentence = f"{_figure_text(held)}; published {_amount(claim.published, held.series)}{_provenance_text(held)}"
    unit = "USD" if reading.series.endswith(":usd") else "kg"
    made = ReadingResult("", sentence, held.value, held.value - held.half, held.value + held.half, unit, held.sources)
    return _judge(claim, made)


def _share(claim: Claim, reading: Reading, vintage: Vintage) -> ReadingResult:
    if reading.annual:
        return _printed_share(claim, reading, vintage)
    if not reading.series:
        return ReadingResult(UNCHECKED, "no figure is held")
    part = figure(vintage, reading.series, reading.period, PublishedPercentage(reading.series, reading.period))
    whole = figure(vintage, reading.total, reading.period)
    if not (part.known and whole.known and whole.value > 0):
        return ReadingResult(UNCHECKED, _missing_text(part, whole))
    share = part.value / whole.value
    low, high = (
        _ratio(part.value - part.half, whole.value + whole.half),
        _ratio(part.value + part.half, whole.value - whole.half),
    )
    sentence = f"{_figure_text(part)} of {_figure_text(whole)} = {_percent(share, sign=False)}"
    sentence += _published_text(claim) + _provenance_text(part, whole)
    return _judge(claim, ReadingResult("", sentence, share, low, high, "fraction", (*part.sources, *whole.sources)))


def _printed_share(claim: Claim, reading: Reading, vintage: Vintage) -> ReadingResult:
    """A share as the survey prints it, with half of its last digit either way."""
    held = annual_figure(reading.annual, "share", reading.period, vintage.day)
    if held is None:
        return ReadingResult(UNCHECKED, f"no annual share of {reading.annual} in {reading.period}")
    (first, last), half = held.years, held.step / 200
    share = held.value / 100
    sentence = f"{held.value:g} % of imports for consumption, mean of {first} to {last}, rounded to {held.step:g} %"
    made = ReadingResult(
        "", sentence + _published_text(claim), share, share - half, share + half, "fraction", (held.publisher,)
    )
    return _judge(claim, made)


def _unit_value(claim: Claim, reading: Reading, vintage: Vintage) -> ReadingResult:
    """Ratio of two unit values; `series` is the value in USD, `total` the quantity in kg."""
    tested = [PublishedPercentage(s, reading.period, reading.base) for s in (reading.series, reading.total)]
    usd, kg = ([figure(vintage, t.series, p, t) for p in (reading.period, reading.base)] for t in tested)
    if not all(f.known and f.value > 0 for f in (*usd, *kg)):
        return ReadingResult(UNCHECKED, _missing_text(*usd, *kg))
    now, base = (v.value / q.value for v, q in zip(usd, kg, strict=True))
    ratio = now / base
    off = sum(f.half / f.value for f in (*usd, *kg))
    texts = [
        f"{v.value / q.value:,.1f} USD/kg ({_figure_text(v, True)}, {_amount(q.value, q.series)})"
        for v, q in zip(usd, kg, strict=True)
    ]
    sentence = f"{reading.total}, {texts[0]} over {texts[1]} = x{ratio:.2f}{_provenance_text(*usd, *kg)}"
    sources = tuple(source for f in (*usd, *kg) for source in f.sources)
    return _judge(claim, ReadingResult("", sentence, ratio, ratio * (1 - off), ratio * (1 + off), "ratio", sources))


def _rank(claim: Claim, reading: Reading, vintage: Vintage) -> ReadingResult:
    month = mm.parse_period(reading.period)[0]
    held = figure(vintage, reading.series, reading.period)
    if not held.known:
        return ReadingResult(UNCHECKED, _missing_text(held))
    seen = vintage.observed(reading.series)
    earlier = [(int(m), float(v)) for m, v in zip(seen.months, seen.values, strict=True) if m < month and math.isfinite(v)]
    lower = [(m, v) for m, v in earlier if v < held.value]
    named = ", ".join(f"{_amount(v, held.series)} in {mm.label(m)}" for m, v in lower[:5]) or "none"
    holes = month - seen.first - len(earlier)
    sentence = f"{_figure_text(held)}; lower among the {len(earlier)} earlier months held since {mm.label(seen.first)}"
    sentence += f" ({holes} not held): {named}"
    count = float(len(lower))
    made = ReadingResult("", sentence, count, count, count, "months", held.sources)
    cells = [c for c in vintage.cells[reading.series] if c.first == c.last and (c.first, c.value) in lower]
    return _judge(claim, replace(made, sources=(*made.sources, *(c.source for c in cells))))


def _calendar(claim: Claim, reading: Reading, vintage: Vintage) -> ReadingResult:
    unknown = [e for e in claim.events if e not in vintage.events]
    if unknown:
        return ReadingResult(UNCHECKED, f"the calendar does not know {', '.join(unknown)}")
    events = [vintage.events[e] for e in claim.events]
    inside = sorted({p for e in events for p in claim.products if e.covers(p)})
    scopes = "; ".join(f"{e.id} ({e.announced}) covers {', '.join(e.products)}" for e in events)
    sentence = f"by the calendar {scopes}; inside that scope of {', '.join(claim.products)}: {', '.join(inside) or 'none'}"
    count = float(len(inside))
    return _judge(
        claim, ReadingResult("", sentence, count, count, count, "goods", tuple(e.document or e.source_url for e in events))
    )


def _no_figure(claim: Claim, reading: Reading, vintage: Vintage) -> ReadingResult:
    """The claimed figure is not in the data; a related one is printed, divided by `divisor` for a bound."""
    if not reading.series:
        return ReadingResult(UNCHECKED, "")
    held = figure(vintage, reading.series, reading.period)
    if not held.known:
        return ReadingResult(UNCHECKED, _missing_text(held))
    bound = f", divided by {claim.divisor:g} = {held.value / claim.divisor:,.0f}" if claim.divisor != 1.0 else ""
    return ReadingResult(UNCHECKED, f"{_figure_text(held)}{bound}{_provenance_text(held)}", sources=held.sources)


KINDS: dict[str, Callable[[Claim, Reading, Vintage], ReadingResult]] = {
    "change": _change, "quantity": _quantity, "share": _share, "unit_value": _unit_value, "rank": _rank,
    "calendar": _calendar, "none": _no_figure,
}  # fmt: skip


def _ratio(a: float, b: float) -> float:
    return a / b if b > 0 else math.nan


def _percent(x: float, sign: bool = True) -> str:
    return f"{100 * x:+.1f} %" if sign else f"{100 * x:.1f} %"


def _amount(value: float, series: str) -> str:
    unit, scale = display_unit(series)
    number = f"{value / scale:,.1f}".removesuffix(".0")
    return f"{unit} {number}" if unit == "USD" else f"{number} {unit}"


def _figure_text(held: SourcedFigure, brief: bool = False) -> str:
    text = f"{_amount(held.value, held.series)} {'' if brief else f'of {held.series} '}in {held.period}"
    if 1 < len(held.parts) <= 6:
        parts = sorted(held.parts, key=lambda p: (p.weight < 0, p.cell.first))
        sums = " ".join(f"{'-' if p.weight < 0 else '+'} {_amount(p.cell.value, held.series)} in {p.period}" for p in parts)
        return f"{text} ({sums.removeprefix('+ ')})"
    return f"{text} (sum of {len(held.parts)} figures)" if held.parts[1:] else text


def _range_text(low: float, high: float, computed: float) -> str:
    if not math.isfinite(low + high):
        return " (rounding of the figures not known)"
    if max(high - computed, computed - low) < 5e-4:
        return ""
    return f" ({_percent(low)} to {_percent(high)} by the rounding of the figures)"


def _published_text(claim: Claim) -> str:
    return f"; published {_published_percent(claim)}" if math.isfinite(claim.published) else ""


def _published_percent(claim: Claim) -> str:
    return f"{100 * claim.published:{'+' if claim.kind == 'change' else ''}g} %"


def _missing_text(*figures: SourcedFigure) -> str:
    texts = [_figure_text(f) if f.known else f"no usable figure of {f.series} in {f.period}" for f in figures]
    why = list(dict.fromkeys(reason for f in figures if not f.known for reason in f.struck))
    return "; ".join(texts) + (f" (circular: {'; '.join(why)}, so it is not used)" if why else "")


def _provenance_text(*figures: SourcedFigure) -> str:
    tokens = dict.fromkeys(t for f in figures for t in f.percentages)
    texts = [_token_text(t) for t in tokens]
    why = list(dict.fromkeys(reason for f in figures for reason in f.struck))
    out = f"; rests on other percentages: {', '.join(texts)}" if texts else ""
    return out + (f"; not used: {'; '.join(why)}" if why else "")


def _token_text(token: str) -> str:
    series, _, rest = token.removeprefix("pct:").partition("@")
    periods, _, fraction = rest.partition("=")
    return f"{series} {periods.replace('/', ' on ') if periods.count('/') == 1 else periods} {_percent(float(fraction))}"
