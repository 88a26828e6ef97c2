"""Tables of a run as text that a diff can show, and their comparison."""

import io

import numpy as np
import pandas as pd

from forecast.core.schema import COLUMNS

CLOSE = 1e-9  # relative: what another processor may change


def as_text(table, name):
    """One table as CSV: twelve digits, nothing where nothing is known, and `(empty)` for a text without a letter."""
    own = table[list(COLUMNS[name])].replace("", "(empty)")
    return own.to_csv(index=False, float_format="%.12g", lineterminator="\n")


def differences(text, table, name):
    """What differs between the kept text of a table and a table, in words; empty where nothing does."""
    kept = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    new = pd.read_csv(io.StringIO(as_text(table, name)), dtype=str, keep_default_na=False)
    if list(kept.columns) != list(new.columns):
        return [f"{name}: other columns, {sorted(set(kept.columns) ^ set(new.columns))}"]
    if len(kept) != len(new):
        return [f"{name}: {len(kept)} rows were kept, {len(new)} are new"]
    return [line for column in kept.columns for line in _column(name, column, kept[column], new[column])]


def _column(name, column, kept, new):
    if COLUMNS[name][column] == "real":
        old, now = (pd.to_numeric(values).to_numpy(float) for values in (kept, new))
        size = np.maximum(np.abs(old), np.abs(now))
        wrong = (np.isnan(old) != np.isnan(now)) | (np.abs(old - now) > CLOSE * size + 1e-12)
    else:
        wrong = (kept != new).to_numpy()
    rows = np.flatnonzero(wrong)
    if not len(rows):
        return []
    first = f"row {rows[0]}: {kept[rows[0]]!r} became {new[rows[0]]!r}"
    return [f"{name}.{column}: {len(rows)} of {len(wrong)} differ, {first}"]
