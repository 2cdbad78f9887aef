"""Reasons of an account: its own values, pairs and behaviour, strongest first, and no other's."""

from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from rows import rows

from iolaus.model.evidence.behaviour import Shown
from iolaus.model.reasons import reasons
from iolaus.model.signals import CLAIMS, SIGNALS
from iolaus.model.wording import of_one
from iolaus.settings import DEFAULT

OWNERS = 5_000
SAYS = {name: claim.sentence(DEFAULT.claims) for name, claim in CLAIMS.items()}
Cell = dict[str, Any]


def members(spark: SparkSession, names: list[str], owners: dict[str, str] | None = None) -> DataFrame:
    keyed = [("hc_1", name, key, (owners or {}).get(name, name), len(names)) for key, name in enumerate(names)]
    schema = "cluster_id string, account_id string, account_key long, owner_id string, n_accounts long"
    return spark.createDataFrame(keyed, schema)


def having(channel: str, number: int, accounts: list[str], n_owners: int) -> list[Cell]:
    """Rows of `features.account_values`: the accounts have one value, of so many owners in all."""
    counts = {"n": 5, "distinct_prompts": 5, "is_qualifying": True, "n_owners": n_owners, "n_contacts": n_owners - 1}
    value = {"channel": channel, "value_hash": number, "n_qualifying_owners": n_owners} | counts
    return [value | {"account_id": a, "owner_id": a} for a in accounts]


def pairs(spark: SparkSession, channel: str, of: list[tuple[int, int]], bits: int = 7_000) -> DataFrame:
    made = [{"key_a": a, "key_b": b, "channel": channel, "support": 1, "bits": bits} for a, b in of]
    return rows(spark, f"pairs.{channel}", made)


def shows(spark: SparkSession, channel: str, who: dict[str, bool]) -> Shown:
    made = [(account, 3, channel, does) for account, does in who.items()]
    schema = "account_id string, volume_class int, channel string, shown boolean"
    return Shown(spark.createDataFrame(made, schema), SAYS, dict.fromkeys(SAYS, "automation"))


def said(
    spark: SparkSession,
    of: DataFrame,
    values: list[Cell],
    *measured: DataFrame,
    behaviour: Shown | None = None,
) -> dict[str, list[str]]:
    shared = rows(spark, "features.account_values", values)
    found = measured or (pairs(spark, "content", []),)
    behaviour = behaviour or shows(spark, "one_shot", {"nobody": False})
    made = reasons(of, shared, found, behaviour, OWNERS, DEFAULT)
    return {r.account_id: r.reasons for r in made.collect()}


def test_whoever_shares_a_card_is_told_so_and_nobody_else(spark: SparkSession) -> None:
    """The defect: 8 of 10 accounts had a card link, and none a reason that named a card."""
    names = [f"a{i}" for i in range(10)]
    cards = [row for i in range(0, 8, 2) for row in having("card", i, names[i : i + 2], 2)]
    texts = having("head8", 99, names, 10)
    found = said(spark, members(spark, names), cards + texts)
    card = "Shares a payment card with 1 of the 9 other accounts (under 1% of other accounts do)."
    text = "Begins different prompts with the same 8 words as all 9 other accounts (under 1% of other accounts do)."
    assert found == {name: [card, text] for name in names[:8]} | {name: [text] for name in names[8:]}


def test_a_network_operator_is_named_to_those_who_use_it(spark: SparkSession) -> None:
    """The defect: 29 of 29 accounts "send from the same network operator", where 12 do."""
    names = [f"a{i:02}" for i in range(29)]
    found = said(spark, members(spark, names), having("asn", 64512, names[:12], 14))
    assert sorted(found) == names[:12]
    expected = "Sends from the same network operator as 11 of the 28 other accounts (under 1% of other accounts do)."
    assert found["a00"] == [expected]


def test_who_goes_on_with_whose_conversations(spark: SparkSession) -> None:
    names = [f"a{i}" for i in range(10)]
    found = said(spark, members(spark, names), having("conversation", 3, names[:8], 8))
    pool = "a pool of accounts that take over each other's conversations or failed requests"
    expected = f"Belongs to {pool}, with 7 of the 9 other accounts (under 1% of other accounts do)."
    assert found == {name: [expected] for name in names[:8]}


def test_what_everybody_has_is_no_reason(spark: SparkSession) -> None:
    names = [f"a{i}" for i in range(10)]
    assert said(spark, members(spark, names), having("asn", 1, names[:4], 2_000)) == {}, "as common outside"
    seats = members(spark, names, dict.fromkeys(names[:3], "org:o"))
    own = [row | {"owner_id": "org:o"} for row in having("card", 1, names[:3], 2)]
    assert said(spark, seats, own) == {}, "an owner's own card"


def test_what_chance_makes_among_so_many_is_no_reason(spark: SparkSession) -> None:
    """In a cluster of 210, three accounts with a text that 2% of others have are as many as anywhere."""
    names = [f"a{i:03}" for i in range(210)]
    few = having("template", 1, names[:4], 104)
    assert said(spark, members(spark, names), few) == {}
    subject = pairs(spark, "content", [(0, 1)], 7_000)  # 0.8% of random pairs: 1.6 of 209
    assert said(spark, members(spark, names), [], subject) == {}
    card = having("card", 2, names[:2], 2)
    assert len(said(spark, members(spark, names), card)["a000"]) == 1, "a card of two is no chance"


def test_views_of_one_fact_are_said_once_and_the_strongest_first(spark: SparkSession) -> None:
    names = [f"a{i}" for i in range(6)]
    values = [
        *having("address", 1, names[:2], 2),
        *having("block", 2, names, 40),
        *having("template", 3, names, 6),
        *having("head4", 4, names, 6),
    ]
    found = said(spark, members(spark, names), values)
    address = "Sends from the same address as 1 of the 5 other accounts (under 1% of other accounts do)."
    block = "Sends from the same /24 or /48 network as all 5 other accounts (under 1% of other accounts do)."
    template = "Uses the same prompt template as all 5 other accounts (under 1% of other accounts do)."
    assert found["a0"] == [address, template], "the address is rarer than its network; both are one network"
    assert found["a5"] == [template, block], "10 bits at most before 9"


def test_a_pair_is_of_both_its_accounts_and_its_count_a_lower_bound(spark: SparkSession) -> None:
    names = ["a0", "a1", "a2", "a3"]
    subject = pairs(spark, "content", [(0, 1), (0, 2), (0, 9)], 5_000)
    minutes = pairs(spark, "synchrony", [(1, 2)], 4_000)
    found = said(spark, members(spark, names), [], subject, minutes)
    both = "Asks about the same subject as at least 2 of the 3 other accounts (3% of random pairs do)."
    assert found["a0"] == [both]
    assert found["a2"][1] == (
        "Is active in the same ten minutes as at least 1 of the 3 other accounts "
        "(expected by chance and usual hours: 6%)."
    )
    assert "a3" not in found


def test_a_behaviour_is_said_of_who_shows_it_beside_accounts_with_similar_volume(spark: SparkSession) -> None:
    names = ["a0", "a1", "a2"]
    others = {f"z{i}": i < 20 for i in range(100)}
    shown = shows(spark, "one_shot", {"a0": True, "a1": True, "a2": False} | others)
    found = said(spark, members(spark, names), [], behaviour=shown)
    one = "Is automated: almost no follow-up messages (20% of accounts with similar volume)."
    assert found == {"a0": [one], "a1": [one]}
    common = shows(spark, "one_shot", dict.fromkeys(names, True) | {f"z{i}": i < 70 for i in range(100)})
    assert said(spark, members(spark, names), [], behaviour=common) == {}, "what most do is no reason"


@pytest.mark.parametrize("says", [s.says for s in SIGNALS.values()])
def test_every_sentence_can_be_said_of_one_account(says: str) -> None:
    first, one = says.split(maxsplit=1)[0], of_one(says)
    assert one.split()[0] == {"are": "is", "were": "was", "sent": "sent", "have": "has"}.get(first, f"{first}s")
    assert " their " not in f" {one} "
