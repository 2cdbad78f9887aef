"""Shared values: the same pairs, bits and similarities as loops over every pair of accounts."""

import math
from collections import defaultdict
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rows import rows

from iolaus.model.bits import MILLI, by_channel, millibits
from iolaus.model.shared_values import shared_value_pairs
from iolaus.model.signals import CHANNEL, VALUE_FAMILIES
from iolaus.settings import DEFAULT

Row = dict[str, Any]
CHANNELS = ("card", "address", "template", "mail")
POPULATION, MOST = 600, 8


def with_owners(uses: list[Row]) -> list[Row]:
    """Uses with owners, qualifying owners and contacts, by their definitions in `features.account_values`."""
    owners: dict[tuple[str, int], set[str]] = defaultdict(set)
    counting: dict[tuple[str, int], set[str]] = defaultdict(set)
    for use in uses:
        key = use["channel"], use["value_hash"]
        owners[key].add(use["owner_id"])
        if use["is_qualifying"]:
            counting[key].add(use["owner_id"])
    out = [
        u
        | {
            "n_owners": len(owners[u["channel"], u["value_hash"]]),
            "n_qualifying_owners": len(counting[u["channel"], u["value_hash"]]),
        }
        for u in uses
    ]
    for use in out:
        same = [o for o in out if (o["account_id"], o["channel"]) == (use["account_id"], use["channel"])]
        use["n_contacts"] = sum(
            max(o["n_qualifying_owners"] - 1, 0)
            for o in same
            if o["is_qualifying"] and o["n_qualifying_owners"] <= use["n_qualifying_owners"]
        )
    return out


def value_table(seed: int, accounts: int = 90) -> list[Row]:
    """Accounts with a few values a channel, of popularities from one to over the cap.

    Some owners have several accounts.
    """
    rng = np.random.default_rng(seed)
    uses: dict[tuple[str, str, int], Row] = {}
    for number in range(accounts):
        who = {
            "account_id": f"account {number:02} é",
            "owner_id": f"org:{number % 30}" if number % 3 == 0 else f"account {number:02} é",
        }
        for channel in CHANNELS:
            for _ in range(rng.integers(4)):
                value_hash = int(rng.choice([3, 12, 60]) * rng.random()) - 8 + int(rng.integers(2)) * 100
                is_qualifying = channel != "template" or bool(rng.random() < 0.8)
                uses[who["account_id"], channel, value_hash] = who | {
                    "channel": channel,
                    "value_hash": value_hash,
                    "is_qualifying": is_qualifying,
                    "n": 1,
                    "distinct_prompts": 1,
                }
    return with_owners(list(uses.values()))


def brute_force(uses: list[Row], owners: int, most: int) -> dict[tuple[str, str, str], Row]:
    """Every pair of accounts, channel by channel, by the module's definitions."""
    pairable: dict[tuple[str, str], dict[int, Row]] = defaultdict(dict)
    for u in uses:
        if (
            u["is_qualifying"]
            and 2 <= u["n_qualifying_owners"] <= most
            and u["n_contacts"] / owners <= 2.0 ** -DEFAULT.channels[u["channel"]].floor
        ):
            pairable[u["channel"], u["account_id"]][u["value_hash"]] = u
    weight = {
        (u["channel"], u["value_hash"]): round(MILLI * math.log2(owners / u["n_qualifying_owners"]))
        for u in uses
        if u["n_qualifying_owners"]
    }
    found = {}
    for channel in CHANNELS:
        of = {account: shared_values for (c, account), shared_values in pairable.items() if c == channel}
        for a, b in combinations(sorted(of), 2):
            common = of[a].keys() & of[b].keys()
            if not common or next(iter(of[a].values()))["owner_id"] == next(iter(of[b].values()))["owner_id"]:
                continue
            bits = {
                t: min(
                    round(-MILLI * math.log2(min(1.0, (of[a][t]["n_contacts"] + of[b][t]["n_contacts"]) / owners))),
                    int(DEFAULT.channels[channel].cap * MILLI),
                )
                for t in common
            }
            best = max(common, key=lambda t: (bits[t], -of[a][t]["n_qualifying_owners"], t))
            if bits[best] < DEFAULT.channels[channel].floor * MILLI:
                continue
            summed = [
                sum(weight[channel, t] for t in shared_values)
                for shared_values in (common, of[a].keys() | of[b].keys())
            ]
            found[a, b, channel] = {
                "value_hash": best,
                "sharers": of[a][best]["n_qualifying_owners"],
                "support": len(common),
                "bits": bits[best],
                "similarity": pytest.approx(summed[0] / summed[1], rel=1e-12),
            }
    return found


def run(spark: SparkSession, uses: list[Row], owners: int, most: int, **how: int) -> dict[tuple[str, str, str], Row]:
    names = sorted({use["account_id"] for use in uses})
    keyed = [use | {"account_key": 7 * names.index(use["account_id"])} for use in uses]
    made = [
        r.asDict()
        for r in shared_value_pairs(
            rows(spark, "features.account_values", keyed), CHANNELS, owners, most, **how
        ).collect()
    ]
    found = {(names[r.pop("key_a") // 7], names[r.pop("key_b") // 7], r.pop("channel")): r for r in made}
    assert len(found) == len(made), "one row a pair and channel"
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_pairs_are_those_of_brute_force(spark: SparkSession, seed: int) -> None:
    uses = value_table(seed)
    assert max(u["n_qualifying_owners"] for u in uses) > MOST
    found = run(spark, uses, POPULATION, MOST)
    assert found == brute_force(uses, POPULATION, MOST)
    assert len(found) > 100
    assert {channel for _, _, channel in found} == set(CHANNELS)
    owner = {u["account_id"]: u["owner_id"] for u in uses}
    assert all(a < b and owner[a] != owner[b] for a, b, _ in found)


@pytest.mark.parametrize(("meetings", "piece"), [(10**9, 7), (500, 10**6), (500, 7)])
def test_pairs_are_the_same_in_any_number_of_tasks_and_pieces(spark: SparkSession, meetings: int, piece: int) -> None:
    uses = value_table(3)
    assert run(spark, uses, POPULATION, MOST, meetings=meetings, piece=piece) == brute_force(uses, POPULATION, MOST)


@pytest.mark.parametrize("meetings", [10**9, 5_000])
def test_of_accounts_that_meet_very_many_every_channel_keeps_the_same_pairs(spark: SparkSession, meetings: int) -> None:
    """A network of 120 accounts on two addresses and two templates, of which two pairs share a card too."""
    names, most, partners = [f"a{i:03}" for i in range(120)], 200, 30
    wide = [
        use
        for channel in ("address", "template")
        for value_hash in (1, 2)
        for use in shared(channel, value_hash, names)
    ]
    uses = with_owners([*wide, *shared("card", 3, names[:2]), *shared("card", 4, names[2:4])])
    found = run(spark, uses, 10**4, most, partners=partners, meetings=meetings)
    of = {channel: {(a, b) for a, b, c in found if c == channel} for channel in CHANNELS}
    assert of["address"] == of["template"]
    assert of["card"] == {("a000", "a001"), ("a002", "a003")}
    share = partners / (2 * 119)  # each meets 119 others by each of two addresses
    expected = share * 120 * 119 / 2
    assert len(of["address"]) == pytest.approx(expected, abs=4 * math.sqrt(expected))
    whole = run(spark, uses, 10**4, most, partners=2 * 119)
    assert {pair: row for pair, row in whole.items() if pair in found} == found
    assert len([pair for pair in whole if pair[2] == "address"]) == 120 * 119 // 2


def test_no_values_make_no_pairs(spark: SparkSession) -> None:
    assert run(spark, with_owners(shared("card", 1, ["a"])), POPULATION, MOST) == {}


def test_a_value_whose_other_owners_meet_too_many_makes_no_pair(spark: SparkSession) -> None:
    uses = with_owners(shared("mail", 1, ["a", "b"]))
    uses[1]["n_contacts"] = POPULATION
    assert run(spark, uses, POPULATION, MOST) == {}


def shared(channel: str, value_hash: int, names: list[str], **changes: Any) -> list[Row]:
    return [
        {
            "account_id": n,
            "owner_id": n,
            "channel": channel,
            "value_hash": value_hash,
            "is_qualifying": True,
            "n": 1,
            "distinct_prompts": 2,
        }
        | changes
        for n in names
    ]


def test_what_makes_no_pair(spark: SparkSession) -> None:
    hot, at_cap = [f"hot {i:02}" for i in range(MOST + 1)], [f"cap {i:02}" for i in range(MOST)]
    uses = with_owners(
        [
            *shared("card", 1, hot),
            *shared("card", 2, at_cap),
            *shared("card", 3, ["a1", "a2"], owner_id="org:a"),
            *shared("card", 3, ["z"]),
            *shared("template", 4, ["b1", "b2"], is_qualifying=False),
            *shared("template", 4, ["b3"]),
            *shared("device", 5, ["c1", "c2"]),
        ]
    )
    found = run(spark, uses, 10**6, MOST)
    assert not any(name.startswith("hot") for pair in found for name in pair[:2]), "over the cap"
    assert sum(a.startswith("cap") for a, _, _ in found) == MOST * (MOST - 1) // 2
    assert {pair[:2] for pair in found if pair[0].startswith("a")} == {("a1", "z"), ("a2", "z")}, "of one owner"
    assert not any(name in ("b1", "b2", "b3") for pair in found for name in pair[:2]), "filled once"
    assert not any(channel == "device" for _, _, channel in found), "a channel that was not asked for"


def test_the_rarest_value_gives_the_bits_up_to_the_cap(spark: SparkSession) -> None:
    uses = with_owners(
        [*shared("card", 1, ["a", "b"]), *shared("card", 2, ["a", "b", "c", "d"]), *shared("mail", 3, ["a", "b"])]
    )
    found = run(spark, uses, 1024, MOST)
    card = found["a", "b", "card"]
    assert (card["value_hash"], card["sharers"], card["support"], card["bits"]) == (1, 2, 2, 9 * MILLI), (
        "log2 of 1024 over 1 + 1"
    )
    assert card["similarity"] == 1
    assert found["a", "c", "card"]["bits"] == round(MILLI * -math.log2((4 + 3) / 1024)), (
        "a meets one more by its rarer value"
    )
    assert found["a", "b", "mail"]["bits"] == DEFAULT.channels["mail"].cap * MILLI


def test_millibits_and_values_by_channel(spark: SparkSession) -> None:
    made = spark.createDataFrame(
        [(0.5, "card"), (1.0, "asn"), (7.0, "card"), (0.001, "mail")], "p double, channel string"
    )
    found = made.select(millibits(F.col("p")).alias("m"), by_channel({"card": 1.5, "asn": 2.5}).alias("v")).collect()
    assert [(r.m, r.v) for r in found] == [(1000, 1.5), (0, 2.5), (0, 1.5), (round(-1000 * math.log2(0.001)), None)]


def test_every_channel_of_values_is_of_a_family_that_is_paired() -> None:
    paired = [name for names in VALUE_FAMILIES.values() for name in names]
    assert sorted(paired) == sorted(set(CHANNEL) - {"content", "synchrony", "cohort"})
    assert all(0 < limits.floor <= limits.cap for limits in (DEFAULT.channels[name] for name in CHANNEL))
