"""The generated pages of docs/ are what the code says now. Fix: make dictionary."""

from pathlib import Path
from types import ModuleType

import pytest

from iolaus import cli
from iolaus.export import (
    command_reference,
    finding_pictures,
    judgement_reference,
    lake_reference,
    landing_reference,
    sentence_reference,
)
from iolaus.pipeline import STAGES
from iolaus.schemas.landing import FIELDS
from iolaus.settings import DEFAULT

DOCS = Path(__file__).parents[1] / "docs"
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
    margin = sum(bits for *_, bits in rows)
    assert margin > DEFAULT.scoring.high_margin
    for name in ("finding", "judging"):
        assert f"{margin:.1f} bits" in (DOCS / "explanation" / f"{name}.md").read_text(encoding="utf-8")


def test_the_running_example_has_one_set_of_figures() -> None:
    for name, drawn in finding_pictures.pictures().items():
        assert (finding_pictures.FOLDER / name).read_text(encoding="utf-8") == drawn, FIX
    of = finding_pictures.EXAMPLE
    facts = judgement_reference.EXAMPLE
    assert (facts["instruction"], facts["owners"]) == (of.with_template / of.members, of.members)
    assert facts["people"] == (of.members - of.automated) / of.members
    assert (sum(of.cards) + 1, of.with_template) == (of.members, of.members), "acc_29 has a card of its own"
    page = " ".join((DOCS / "explanation" / "finding.md").read_text(encoding="utf-8").split())
    figures = (
        f"one request in {of.rare} carries",
        f"N = {of.active:,} active accounts",
        f"= {of.template_bits:.1f} bits",
        f"= {of.card_bits:.1f} bits",
        f"{of.template_bits + of.card_bits:.1f} bits, where {of.needed:.1f} are needed",
        f"{of.card_pairs} links in four groups",
        f"{of.card_pairs} pairs share a card, and {of.chance_pairs} are expected",
        f"{of.with_template} of {of.members} accounts use the same template",
        f"{of.asks_grading} of {of.members} ask for grading ({of.grading:.0%}",
        f"({of.automated_baseline:.0%} of accounts with similar volume)",
    )
    assert not [figure for figure in figures if figure not in page]


def test_the_contract_has_every_field() -> None:
    page = landing_reference.page()
    assert all(f"| `{column.name}` |" in page for columns in FIELDS.values() for column in columns)
