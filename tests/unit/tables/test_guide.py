"""What the guide to own tables says: its configs can be built, and its words do what they are said to do."""

import re
import tomllib
from pathlib import Path

import pytest

from forecast.core import registry
from forecast.core.errors import ConfigError
from forecast.sources.table import AnyTable

PAGE = (Path(__file__).parents[3] / "forecast/guides/own_tables.md").read_text("utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", BLOCKS)
def test_its_blocks_are_tables_of_a_source(text):
    words = tomllib.loads(text)["data"]
    registry.build("source", {"use": "table", "path": "own.csv", **words})


def test_every_word_of_its_table_is_one():
    told = [cell for line in PAGE.splitlines() if line.startswith("| ") for cell in re.findall(r"`(\w+) = ", line)]
    assert len(told) > 12
    assert set(told) <= set(AnyTable.__dataclass_fields__)
    for line in re.findall(r"`(\w+ = [^`]*)`", PAGE):
        words = tomllib.loads(line)
        registry.build(
            "source", {"use": "table", "path": "own.csv", "key": "CHL.export.WLD.salt"} | ({} if "header" in words else words)
        )


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"marks": {"-": "nil"}}, "'nil' is no status"),
        ({"statuses": {"p": "early"}}, "'early' is no status"),
        ({"dates": "american"}, "no way of reading dates"),
        ({"frequency": "week"}, "'week' is no frequency"),
        ({"sums": "to date"}, "does not say since when"),
        ({"revised": "new"}, "needs its day"),
        ({"values": {"a": "weight"}}, "'weight' is no measure"),
        ({"template": "CHN.{"}, "the template cannot be read"),
        ({"template": "CHN.{}"}, "names its columns"),
        ({"series": "good"}, "either a column of series or one series key"),
        ({"since": "Jan 2020"}, "not a month"),
    ],
)
def test_wrong_words_are_refused_at_once(words, problem):
    if "template" in words:
        words = {**words, "key": ""}
    with pytest.raises(ConfigError, match=problem):
        registry.build("source", {"use": "table", "path": "own.csv", "key": "CHL.export.WLD.salt", **words})
