"""Words added to the config later enter the resolved config, and so the name of the run folder, only where they are used."""

from typing import Annotated, Literal

import pytest
from pydantic import Field, ValidationError

from forecast.jobs import run_folder
from forecast.jobs.config import Config
from forecast.jobs.config_base import ADDED_LATER, ConfigTable
from forecast.jobs.effect_config import EffectConfig
from forecast.jobs.load import load

RELEASED = {"minerals": "minerals-c456a483", "nowcast": "nowcast-82cf0a70", "quick": "quick-ff3de953"}
WORDS = {"name": "own", "effects": [{"id": "A", "question": "?", "event": "ban", "treated": "CHN.export.WLD.gallium"}]}


class LaterEffect(EffectConfig):
    """A table with a word added later, plain and under an alias."""

    weighting: Annotated[Literal["equal", "by_value"], ADDED_LATER] = "equal"
    upto: Annotated[str | None, ADDED_LATER, Field(alias="until")] = None


class LaterConfig(Config):
    """A config with a table of such words, a word of its own, and a list that is empty by default."""

    effects: tuple[LaterEffect, ...] = ()
    calendar: Annotated[Literal["own", "bundled", "both"] | None, ADDED_LATER] = None
    gates: Annotated[list[str], ADDED_LATER] = Field(default_factory=list)


@pytest.mark.parametrize("name", RELEASED)
def test_the_shipped_configs_keep_their_run_folders(name, tmp_path):
    assert run_folder.folder_of(load(name), tmp_path).name == RELEASED[name]


def test_a_later_word_at_its_default_changes_no_hash():
    before, after = Config(**WORDS), LaterConfig(**WORDS)
    assert after.resolved == before.resolved
    assert after.hash8 == before.hash8
    explicit = {**WORDS, "calendar": None, "gates": [], "effects": [WORDS["effects"][0] | {"weighting": "equal"}]}
    assert LaterConfig(**explicit).hash8 == before.hash8


@pytest.mark.parametrize(
    "more", [{"calendar": "own"}, {"gates": ["fit"]}, {"effects": [WORDS["effects"][0] | {"weighting": "by_value"}]}]
)
def test_a_later_word_in_use_is_part_of_the_hash(more):
    used = LaterConfig(**{**WORDS, **more})
    assert used.hash8 != Config(**WORDS).hash8
    assert [LaterConfig(**used.resolved).hash8] == [used.hash8]


def test_a_later_word_is_written_by_its_alias():
    table = LaterEffect(**WORDS["effects"][0], until="2025-01")
    assert table.model_dump(by_alias=True)["until"] == table.model_dump()["upto"] == "2025-01"
    plain = LaterEffect(**WORDS["effects"][0])
    assert not {"until", "upto", "weighting"} & (set(plain.model_dump(by_alias=True)) | set(plain.model_dump()))


def test_words_of_the_first_release_are_always_written_out():
    assert Config(name="own").resolved["draws"] == 1000
    assert "scale" not in Config(name="own").resolved


def test_a_table_is_frozen_and_knows_its_keys():
    class Months(ConfigTable):
        first: str
        last: str

    with pytest.raises(ValidationError, match="before they begin"):
        Months(first="2025-02", last="2025-01")
    with pytest.raises(ValidationError, match="Extra inputs"):
        Months(first="2025-01", last="2025-02", middle="2025-01")
    with pytest.raises(ValidationError, match="frozen"):
        Months(first="2025-01", last="2025-02").first = "2024-01"
