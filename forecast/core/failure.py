"""What a method could not answer, and other remarks of a run: rows, not exceptions."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.core.presentation import shown


@shown
@dataclass(frozen=True)
class Failure:
    """A question that a method could not answer, and why; a row of the results rather than an exception.

    Parameters
    ----------
    method : str
        its name
    question : str
        in words
    series : str
        their keys, joined by `+`
    reason : str
        in words
    detail : str, optional
        the place, and what to try
    cause : str, optional
        the kind of reason, a key of `unanswered.CAUSES`

    Examples
    --------
    >>> import forecast as fc
    >>> archive = fc.load_archive()
    >>> past = fc.backtest(archive, ["2019-01-31"], ["sarimax"], "CHN.export.WLD.re_magnets", [1], min_months=1, draws=10)
    >>> type(past.answered[0].answer).__name__
    'Failure'
    """

    method: str
    question: str
    series: str
    reason: str
    detail: str = ""
    cause: str = ""


@shown
@dataclass(frozen=True)
class Skipped(Failure):
    """A method skipped because an optional library is missing: a Finding of the run, not a failure of the method."""


@dataclass(frozen=True)
class Finding:
    """A non-fatal problem that the report prints.

    Parameters
    ----------
    topic : str
        what it is about
    text : str
        in words
    where : str, optional
        the place
    level : str, default "note"
        "note" or "warning"
    """

    topic: str
    text: str
    where: str = ""
    level: str = "note"
