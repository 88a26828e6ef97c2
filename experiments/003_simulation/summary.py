"""From single runs to the tables of the study: size, power, cover with standard errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

HOME = Path(__file__).resolve().parent
LEVEL = 0.05  # of the tests
TESTED = 50  # runs with a p-value from which a size is shown


def share(hits: pd.Series) -> tuple[float, float]:
    """A share and its standard error; of none or all the error is that of half a run (Jeffreys)."""
    n = len(hits)
    if not n:
        return np.nan, np.nan
    p = float(hits.mean())
    q = (float(hits.sum()) + 0.5) / (n + 1)
    return p, float(np.sqrt(q * (1 - q) / n))


def attainable(p: pd.Series, floor: pd.Series) -> tuple[float, float, float]:
    """Level of the test, its rejection rate and standard error: the largest attainable level up to 5 %, else the floor.

    A rank test takes only multiples of its floor; levels and rates are means over the runs, whose floors may differ.
    """
    level = np.maximum(np.floor(LEVEL / floor + 1e-9), 1.0) * floor
    rate, se = share(p <= level + 1e-9)
    return float(level.mean()), rate, se


def uniform(p: pd.Series, floor: pd.Series) -> float:
    """Chi-square p-value that p is uniform on its grid {floor, 2 floor, ..., 1}, in at most ten groups of grid points."""
    from scipy.stats import chi2

    common = floor.round(12).mode()
    if not len(common):
        return np.nan
    use = np.isclose(floor, common.iloc[0])
    grid = round(1.0 / float(common.iloc[0]))
    if grid < 2 or use.sum() < 50:
        return np.nan
    ranks = np.clip(np.round(p[use] * grid).astype(int), 1, grid)
    groups = min(10, grid)
    edges = np.round(np.linspace(0, grid, groups + 1)).astype(int)
    seen = np.histogram(ranks, bins=edges + 0.5)[0]
    expected = np.diff(edges) / grid * use.sum()
    return float(chi2.sf(((seen - expected) ** 2 / expected).sum(), groups - 1))


def row_of(part: Path) -> dict[str, object]:
    """One part as one row of `results.csv`."""
    name, world, cell, fall = part.stem.split("__")
    method, _, placebos = name.partition("+")
    estimator, _, option = method.partition("-")
    before, after = cell.split("x")
    table = pd.read_parquet(part)
    use = table[~table["refused"]]
    out: dict[str, object] = {
        "estimator": estimator,
        "options": " ".join(filter(None, [option, placebos])),
        "world": world,
        "months_before": int(before),
        "months_after": int(after),
        "effect": -int(fall) / 100 + 0.0,
        "runs": len(table),
        "refused": float(table["refused"].mean()),
        "seconds": float(table["seconds"].median()),
    }
    if not len(use):
        return out
    out["size_interval"], out["size_interval_se"] = share((use["lo95"] > 0) | (use["hi95"] < 0))
    if "p" in use and use["p"].notna().sum() >= TESTED:
        tested = use[use["p"].notna()]
        out["level_p"], out["size_p"], out["size_p_se"] = attainable(tested["p"], tested["floor"])
        out["uniform_p"] = uniform(tested["p"], tested["floor"]) if not int(fall) else np.nan
        out["placebos"] = float(use["placebos"].mean())
    for level in (80, 90, 95):
        held = (use[f"lo{level}"] <= use["truth"]) & (use["truth"] <= use[f"hi{level}"])
        out[f"cover{level}"], out[f"cover{level}_se"] = share(held)
    mean = float(use["expected"].mean())
    out["width90"] = float(((use["hi90"] - use["lo90"]) / use["expected"].clip(lower=1e-9)).median())
    out["bias"] = float((use["estimate"] - use["truth"]).mean()) / mean
    out["bias_se"] = float((use["estimate"] - use["truth"]).std(ddof=1)) / mean / np.sqrt(len(use))
    return out


def results(parts: Path) -> pd.DataFrame:
    """All parts as one table, one row per method, world, cell and effect; rows of `results.csv` without a part are kept."""
    table = pd.DataFrame([row_of(p) for p in sorted(parts.glob("*.parquet"))])
    if (HOME / "results.csv").exists():
        cell, before = (
            ["estimator", "options", "world", "months_before", "months_after", "effect"],
            pd.read_csv(HOME / "results.csv"),
        )
        new = set(map(tuple, table[cell].fillna("").to_numpy().tolist()))
        kept = [tuple(row) not in new for row in before[cell].fillna("").to_numpy().tolist()]
        table = pd.concat([table, before[kept]], ignore_index=True)
    first = [
        "estimator", "options", "world", "months_before", "months_after", "effect", "runs", "refused", "size_interval",
        "size_interval_se", "level_p", "size_p", "size_p_se", "uniform_p", "placebos", "cover80", "cover80_se", "cover90",
        "cover90_se", "cover95", "cover95_se", "width90", "bias", "bias_se", "seconds",
    ]  # fmt: skip
    return table.reindex(columns=first).sort_values(first[:6], ascending=[True] * 5 + [False]).reset_index(drop=True)


# the world in which an estimator's assumptions hold; `drift` is asked of all of them beside it
CORRECT = {"baseline": "steady", "counterfactual": "drift", "regression": "drift", "synthetic": "common", "ppml": "common"}
BUNDLED = HOME.parents[1] / "forecast" / "data" / "calibration.csv"
FEWEST = 200  # runs of a cell that may cap a claim


def calibrated(table: pd.DataFrame) -> pd.DataFrame:
    """The cells a verdict may rest on: default options, no placebos, no effect, correct world and drifting world."""
    plain = table[
        (table["options"].fillna("") == "") & (table["effect"] == 0) & (table["runs"] * (1 - table["refused"]) >= FEWEST)
    ]
    rows = []
    for estimator, correct in CORRECT.items():
        for world, role in ({"drift": "drift"} | {correct: "correct"}).items():
            some = plain[(plain["estimator"] == estimator) & (plain["world"] == world)]
            rows.append(some.assign(role=role, size=some["size_interval"], size_se=some["size_interval_se"]))
    columns = [
        "estimator", "role", "world", "months_before", "months_after", "runs", "size", "size_se", "cover90", "cover90_se",
    ]  # fmt: skip
    return pd.concat(rows)[columns].sort_values(columns[:5]).reset_index(drop=True).round(4)


def page(table: pd.DataFrame, world: str, effect: float, value: str, options: str = "") -> str:
    """One table of the page: methods in rows, cells in columns, `value` in per cent with its standard error."""
    some = table[(table["world"] == world) & (table["effect"] == effect) & (table["options"].fillna("").str.contains(options))]
    some = some[some[value].notna() & (some["options"].fillna("").str.contains("placebos") == bool(options))]
    cells = sorted({(int(b), int(a)) for b, a in zip(some["months_before"], some["months_after"], strict=True)})
    lines = ["| | " + " | ".join(f"{b} x {a}" for b, a in cells) + " |", "|---" * (len(cells) + 1) + "|"]
    for (estimator, option), rows in some.groupby(["estimator", "options"], dropna=False, sort=False):
        words = {
            (int(r["months_before"]), int(r["months_after"])): f"{100 * r[value]:.1f} ({100 * r[value + '_se']:.1f})"
            + (f" at {100 * r['level_p']:.1f}" if value == "size_p" else "")
            for _, r in rows.iterrows()
        }
        name = " ".join(filter(None, [estimator, option if isinstance(option, str) else ""]))
        lines.append(f"| {name} | " + " | ".join(words.get(c, "") for c in cells) + " |")
    return "\n".join(lines)


def pages(table: pd.DataFrame) -> str:
    """All tables of the page."""
    parts = []
    for world, said in WORLDS.items():
        if (table["world"] == world).any():
            parts += [
                f"### {said}",
                "Cover of the 90 % interval (bar 87-95 %; over 85 % under drift):",
                page(table, world, 0.0, "cover90"),
            ]
            parts += ["Size of the 5 % test by the 95 % interval (bar 3.5-6.5 %):", page(table, world, 0.0, "size_interval")]
            tested = table[(table["world"] == world) & table["size_p"].notna()]
            if len(tested):
                parts += [
                    "Size by the p-value, at its largest attainable level up to 5 % (else its floor), which stands behind it:",
                    page(table, world, 0.0, "size_p"),
                ]
    for world, said in (("drift", "in the drifting world"), ("common", "beside donors with the same factor")):
        for effect in (-0.25, -0.5):
            if ((table["world"] == world) & (table["effect"] == effect)).any():
                parts += [f"### Power: a fall of {-effect:.0%} {said}", page(table, world, effect, "size_interval")]
    if table["options"].fillna("").str.contains("placebos").any():
        parts += [
            "### With placebos in time (interval widened to them; at most 16 windows), drifting world",
            "Cover of the 90 % interval:",
        ]
        parts += [
            page(table, "drift", 0.0, "cover90", "placebos"),
            "Size by the rank among the windows that share no month, at the level behind it:",
        ]
        parts += [page(table, "drift", 0.0, "size_p", "placebos")]
    return "\n\n".join(parts)


WORLDS = {
    "steady": "Steady levels, independent noise",
    "common": "A wandering factor shared by treated and donors",
    "drift": "Every level wanders by itself, as a usual flow does",
    "wander": "Every level wanders by itself, as a restless flow does",
    "lumpy": "Trade in four months of ten",
}


def capped(cells: pd.DataFrame) -> str:
    """The cells in which the check `calibration` leaves a method a description."""
    from forecast.checks.calibration import Calibration
    from forecast.checks.calibration.simulation_results import SimulationCell

    rows: dict[str, list[str]] = {}
    for row in cells.to_dict("records"):
        if Calibration().failures(SimulationCell(**row)):
            where = f"{row['months_before']} x {row['months_after']}"
            rows.setdefault(f"`{row['estimator']}` ({row['world']})", []).append(where)
    lines = [f"- {name}: {', '.join(found)}" for name, found in rows.items()]
    return "\n\n".join(['### Capped at "descriptive"', "\n".join(lines) or "No cell."])


MARKS = ("<!-- tables: run.py --summarise -->", "<!-- end -->")


def write(parts: Path) -> None:
    """`results.csv`, the bundled `calibration.csv` and the page's tables."""
    table = results(parts).round(4)
    table.to_csv(HOME / "results.csv", index=False)
    cells = calibrated(table)
    cells.to_csv(BUNDLED, index=False)
    readme = HOME / "README.md"
    text = readme.read_text("utf-8")
    before, _, rest = text.partition(MARKS[0])
    readme.write_text(
        f"{before}{MARKS[0]}\n\n{capped(cells)}\n\n{pages(table)}\n\n{MARKS[1]}{rest.partition(MARKS[1])[2]}", "utf-8"
    )
