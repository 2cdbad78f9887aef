"""The generated pages of docs/ are what the code says now. Fix: make dictionary."""

from types import ModuleType

import pytest

from iolaus import cli
from iolaus.export import command_reference, judgement_reference, lake_reference, landing_reference, sentence_reference
from iolaus.pipeline import STAGES
from iolaus.schemas.landing import FIELDS
from iolaus.settings import DEFAULT

FIX = "make dictionary writes it again"


@pytest.mark.parametrize("made", [lake_reference, landing_reference, sentence_reference], ids=lambda m: m.__name__)
def test_a_page_is_true(made: ModuleType) -> None:
    assert made.PAGE.read_text(encoding="utf-8") == made.page(), FIX


def test_the_page_of_commands_is_true() -> None:
    page = command_reference.page(cli.parser())
    assert command_reference.PAGE.read_text(encoding="utf-8") == page, FIX
    for command in cli.COMMANDS:
        name = command.__name__.rpartition(".")[2].replace("_", "-")
        assert f"## iolaus {name}" in page
    assert "iolaus export stix" in page, "commands of a command have sections too"


def test_the_picture_shows_every_table() -> None:
    drawn = lake_reference.picture()
    assert lake_reference.PICTURE.read_text(encoding="utf-8") == drawn, FIX
    assert all(f'class="name">{made.table.split(".")[1]}<' in drawn for made in STAGES)


def test_the_picture_of_the_example_is_true() -> None:
    assert judgement_reference.PICTURE.read_text(encoding="utf-8") == judgement_reference.picture(), FIX
    won, rival, rows = judgement_reference.weighed()
    assert (won.is_innocent, rival.is_innocent) == (False, True)
    assert sum(bits for *_, bits in rows) > DEFAULT.scoring.high_margin, "docs/explanation/judging.md says so"


def test_the_contract_has_every_field() -> None:
    page = landing_reference.page()
    assert all(f"| `{column.name}` |" in page for columns in FIELDS.values() for column in columns)
