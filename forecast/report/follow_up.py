"""A follow-up: what has become of a filed run by a day, as tables, as lines of text, and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecast.core.filed_run import FiledRun
from forecast.core.follow_chain import hash_of, what_to_keep
from forecast.core.plurals import pluralize
from forecast.core.products import display_unit
from forecast.report.numbers import day, percent, percentage_points, period, quantity, series_name

if TYPE_CHECKING:
    import pandas as pd


OPEN = "open"


def chance_text(share: float) -> str:
    """A share of draws as a probability; no number of draws makes a claim certain."""
    return "over 99 %" if share > 0.99 else "under 1 %" if share < 0.01 else percent(share, sign=False)


def are(number: int) -> str:
    """The verb of so many things."""
    return "is" if number == 1 else "are"


def revision_text(row: Mapping[str, Any]) -> str:
    """When a revision came: its day of release, or the follow-ups between which it did."""
    if row.get("revised"):
        return day(row["revised"])
    return f"between the follow-up of {day(row['revised_after'])} and that of {day(row['revised_by'])}"


def event_answer(question: Mapping[str, Any], state: Mapping[str, Any]) -> tuple[str, str]:
    """What became of a question on an event: its verdict or that it is open, and the estimate or the reason."""
    if state.get("state", OPEN) == OPEN:
        return OPEN, ""
    if state["estimate"] is None:
        return state["verdict"] or "not answered", state["because"] or ""
    if state["measure"] == "relative":
        numbers = [percent(state[name]) for name in ("estimate", "lo95", "hi95")]
    elif state["measure"] == "share":
        numbers = [percentage_points(state[name]) for name in ("estimate", "lo95", "hi95")]
    else:
        unit, scale = display_unit(question["series"][0])
        numbers = [quantity(state[name] / scale, unit, sign=True) for name in ("estimate", "lo95", "hi95")]
    return state[
        "verdict"
    ], f"{numbers[0]} (95 % interval {numbers[1]} to {numbers[2]}), from the figures of {day(state['on'])}"


@dataclass(frozen=True)
class FollowUp:
    """What has become of a filed run by a day; printed, it is a page of text.

    Parameters
    ----------
    filed : FiledRun
        what was filed, unchanged
    record : dict
        what was found, as it was added to the folder
    pages : list of Path
        the page of it, as HTML and Markdown
    """

    filed: FiledRun
    record: Mapping[str, Any]
    pages: list[Path] = field(default_factory=list, repr=False)

    @property
    def scores(self) -> pd.DataFrame:
        """One row per model and figure that came: first figure, filed median and bands, CRPS, WIS, 1 where a band holds it."""
        return self._table("scored")

    @property
    def claims(self) -> pd.DataFrame:
        """One row per claim: its state (held, failed, open, void), the sum that decided it, and the Brier score by model."""
        return self._table("claims")

    @property
    def events(self) -> pd.DataFrame:
        """One row per filed question on an event: open, or answered with its verdict, estimate and bounds."""
        return self._table("events")

    @property
    def open(self) -> pd.DataFrame:
        """One row per month without a figure: the day on which it is expected, and whether that has passed."""
        return self._table("open")

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(list(self.record[name]))

    def lines(self) -> list[str]:
        """What was found, in lines of text."""
        return [
            f"filed on {day(self.filed.day)}, unchanged",
            *what_to_keep(self.filed.root, hash_of(self.record)),
            *(self._claim_line(one) for one in self.record["claims"]),
            *self._event_lines(),
            *self._score_lines(),
            *(
                f"not scored, out on {one['released']}, before the filing: {one['series']} {one['month']}"
                for one in self.record["out_before"]
            ),
            *self._open_lines(),
        ]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _claim_line(self, one: Mapping[str, Any]) -> str:
        claim = next(c for c in self.filed.info["claims"] if c["id"] == one["id"])
        unit, scale = display_unit(claim["series"])
        told = self.filed.info["told"]
        chance = claim["probabilities"].get(told, next(iter(claim["probabilities"].values())))
        came = "" if one["figure"] is None else f" with {quantity(one['figure'] / scale, unit)}"
        return f"{one['state']}{came}: {claim['claim']} (filed with a probability of {chance_text(chance)})"

    def _event_lines(self) -> list[str]:
        states = {one["id"]: one for one in self.record["events"]}
        told = [(one, event_answer(one, states[one["id"]])) for one in self.filed.info["events_asked"]]
        return [f"{word}: {one['question']}{f' {text}' if text else ''}" for one, (word, text) in told]

    def _score_lines(self) -> list[str]:
        """A line for each figure that came, by the told model, and the share that its bands hold."""
        rows = [row for row in self.record["scored"] if row["model"] == self.filed.info["told"]]
        lines = []
        for row in sorted(rows, key=lambda r: (r["series"], r["month"])):
            unit, scale = display_unit(row["series"])
            where = "in the 80 % band" if row["in80"] else "in the 95 % band" if row["in95"] else "outside the bands"
            revised = ""
            if "latest" in row:
                revised = f", since revised to {quantity(row['latest'] / scale, unit)} ({revision_text(row)})"
            lines.append(
                f"came: {series_name(row['series'])}, {period(row['month'])}: {quantity(row['figure'] / scale, unit)} first, "
                f"{where}, filed median {quantity(row['q50'] / scale, unit)}, "
                f"CRPS {quantity(row['crps'] / scale, unit)}{revised}"
            )
        if rows:
            held = [
                f"{sum(bool(row[name]) for row in rows)} of {len(rows)} in the {name[2:]} % bands" for name in ("in80", "in95")
            ]
            lines.append(f"{self.filed.info['told']}: {', '.join(held)}")
        return lines

    def _open_lines(self) -> list[str]:
        """The number of open months, those due already, and the next day on which one is expected."""
        waiting = self.record["open"]
        if not waiting:
            return ["open: nothing; every month that was filed has come"]
        as_of = day(self.record["as_of"])
        late, held = ([one for one in waiting if one.get(word)] for word in ("late", "held"))
        told = [f"{len(late)} of them {are(len(late))} due by {as_of}, and not out in these figures"] if late else []
        told += [f"the table has figures of {len(held)} of them, which do not count as out by {as_of}"] if held else []
        ahead = sorted((one["due"], one["series"], one["month"], one["basis"]) for one in waiting if not one["late"])
        following = ""
        if ahead:
            due, series, month, basis = ahead[0]
            rule = f": {basis}" if held else ""
            following = f", next expected on {day(due)} ({series}, {period(month)}{rule})"
        return ["; ".join([f"open: {pluralize(len(waiting), 'month')}", *told]) + following]
