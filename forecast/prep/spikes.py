"""Old spikes: short runs of months far above the level around them, which say nothing about how far a flow can fall."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Bools, Floats, Ints
from forecast.core.questions import Design
from forecast.core.vintage import Vintage
from forecast.kernels.remembered_answers import remember_answers
from forecast.prep.pre_period import clean_pre_period

AROUND = 12  # months on either side that the level is taken from
LONGEST = 6  # months of a spike; a longer run is a level of its own
RETURNED = 6  # known months after a spike, so that a rise still going on is none
CRITICAL = 5.0  # robust standard deviations
FACTOR = 2.5  # times the level
FEWEST = 18  # figures
APART = 12  # figures to a spike; a flow with more of them is a lumpy one, whose large months are its own way


@remember_answers(256)
def spike_months(values: Floats) -> Bools:
    """Which of consecutive figures (n,) belong to a spike.

    A month stands out where its logarithm exceeds the median of the `AROUND` figures on either side by more than `CRITICAL`
    robust standard deviations (1.4826 times the median absolute deviation; Hampel 1974, J. Am. Stat. Assoc. 69:383) and by a
    factor of `FACTOR` or more; a spike is a run of at most `LONGEST` such months that ended at least `RETURNED` figures ago.
    Medians leave out the spikes found in a first pass. A flow with more than one such run in `APART` figures has none.
    """
    found = np.zeros(len(values), dtype=bool)
    if len(values) < FEWEST or not (values > 0).any():
        return found
    logs = np.where(values > 0, np.log(np.maximum(values, 1e-300)), np.nan)
    for _ in range(2):
        usual = np.where(found, np.nan, logs)
        above = logs - _medians_around(usual)
        if not (above > np.log(FACTOR)).any():
            return np.zeros(len(values), dtype=bool)
        clean = above[np.isfinite(above) & ~found]
        scale = 1.4826 * float(np.median(np.abs(clean - np.median(clean))))
        found = _short_runs(np.nan_to_num(above, nan=-np.inf) > max(CRITICAL * scale, float(np.log(FACTOR))))
        if not found.any():  # a second pass would leave out nothing more
            break
    runs = int((np.diff(np.concatenate([[False], found]).astype(int)) == 1).sum())
    return found if runs * APART <= len(values) else np.zeros(len(values), dtype=bool)


def _medians_around(values: Floats) -> Floats:
    """Median of the known figures within `AROUND` of each (n,); NaN where there is none."""
    around = np.lib.stride_tricks.sliding_window_view(np.pad(values, AROUND, constant_values=np.nan), 2 * AROUND + 1)
    ordered, known = np.sort(around, axis=1), np.isfinite(around).sum(axis=1)  # NaN comes last
    middle = np.maximum(known - 1, 0)
    at = np.arange(len(values))
    medians: Floats = (ordered[at, middle // 2] + ordered[at, (middle + 1) // 2]) / 2
    return medians


def _short_runs(high: Bools) -> Bools:
    """The runs of true values that are short and over."""
    out = np.zeros(len(high), dtype=bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], high, [False]]).astype(int)))
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        if end - first <= LONGEST and len(high) - end >= RETURNED:
            out[first:end] = True
    return out


def spikes_before(vintage: Vintage, design: Design, series: str) -> Ints:
    """Months of the spikes in a treated series' clean pre-period; none where the design keeps them."""
    if design.keep_spikes or not vintage.nonnegative or design.share_of:
        return np.empty(0, dtype=np.int64)
    before = clean_pre_period(vintage, design, series)
    found: Ints = before.months[spike_months(before.values)]
    return found


def hide_spikes(vintage: Vintage, design: Design, seen: Vintage | None = None) -> Vintage:
    """The vintage (or another one `seen` by a method) without the spikes before the event."""
    out = seen or vintage
    for series in design.treated:
        for month in spikes_before(vintage, design, series).tolist():
            out = out.hide(series, month, month)
    return out


def spike_notes(vintage: Vintage, design: Design) -> tuple[str, ...]:
    """A note on the spikes left out, if there are any."""
    months = sorted({month for series in design.treated for month in spikes_before(vintage, design, series).tolist()})
    return (f"left out as an old spike: {', '.join(map(vintage.steps.label, months))}",) if months else ()
