"""The default spec of every plug-in and the seed of every method are those that were kept.

A spec names a plug-in in run folders and enters its seed, so a file that moves, a class or an option that gets another name
could change random numbers without any other sign. `--renew` keeps the new ones; CHANGELOG.md says why.
"""

import csv
import dataclasses
import datetime as dt
import io
import json
from pathlib import Path

import pytest

from forecast.core import registry
from forecast.core.errors import ConfigError
from forecast.core.questions import Design, Task
from forecast.study.ask import rng_of, seed_of

KEPT = Path(__file__).with_name("specs_and_seeds.csv")
SERIES, DAY, MONTHS = "CHN.export.WLD.gallium", dt.date(2025, 3, 31), ("2025-03", "2025-04")
QUESTIONS = {
    "model": {"present": Task(DAY, SERIES, MONTHS), "past": Task.past(DAY, SERIES, MONTHS)},
    "estimator": {"effect": Design.at("2024-12", SERIES)},
}
SEED, DRAWS = 1, 3


def default_of(field):
    """An option's default in words; plug-ins inside by their specs."""
    if field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    elif field.default is dataclasses.MISSING:
        return "(needed)"
    else:
        value = field.default
    return json.dumps(value, sort_keys=True, default=lambda inner: registry.spec_of(inner))


def spec_rows(kind, name):
    """Rows of one plug-in: its default spec, each option with its default, and the seeds of a method's fixed questions."""
    cls = registry.get(kind, name)
    options = {field.name: default_of(field) for field in dataclasses.fields(cls) if field.init}
    yield from ((kind, name, f"option {option}", default) for option, default in options.items())
    try:
        plugin = registry.build(kind, name)
    except (ConfigError, TypeError):
        yield kind, name, "spec", "(needs options)"
        return
    yield kind, name, "spec", json.dumps(registry.spec_of(plugin), sort_keys=True)
    for question, asked in QUESTIONS.get(kind, {}).items():
        draws = rng_of(SEED, plugin, asked).random(DRAWS)
        yield kind, name, f"seed {question}", f"{seed_of(SEED, plugin, asked)}: {' '.join(repr(float(x)) for x in draws)}"


def as_text():
    """The table: one row each, in the order of kinds and names."""
    rows = [row for kind in registry.KINDS for name in registry.names(kind) for row in spec_rows(kind, name)]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("kind", "name", "what", "value"), *rows])
    return out.getvalue()


def test_specs_and_seeds_are_those_that_were_kept(request):
    new = as_text()
    if request.config.getoption("--renew"):
        KEPT.write_text(new, "utf-8")
    kept = KEPT.read_text("utf-8").splitlines()
    changed = sorted(set(kept) ^ set(new.splitlines()))
    assert changed == [], "specs or seeds have changed; if that is meant: --renew, and a line in CHANGELOG.md"


@pytest.mark.parametrize("kind", ["model", "estimator"])
def test_no_two_methods_share_a_seed(kind):
    seeds = [row[3] for name in registry.names(kind) for row in spec_rows(kind, name) if row[2].startswith("seed")]
    assert len(seeds) == len(set(seeds)) == len(registry.names(kind)) * len(QUESTIONS[kind])
