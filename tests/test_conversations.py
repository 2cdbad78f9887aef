"""Pools of accounts that go on with each other's conversations, and who is drawn into none."""

from typing import Any

import pytest
from pyspark.sql import SparkSession
from rows import DAY, population, rows

from iolaus.graph import communities
from iolaus.model.conversations import pools
from iolaus.settings import DEFAULT, Key, Run

Pairs = list[tuple[str, str]]
RING = [("a", "b"), ("b", "c"), ("c", "a")]


def found(spark: SparkSession, pairs: Pairs, owners: dict[str, str] | None = None) -> list[set[str]]:
    """The accounts of each pool, the largest first."""
    accounts = sorted({account for pair in pairs for account in pair})
    known = spark.createDataFrame(
        [(a, (owners or {}).get(a, a)) for a in accounts], "account_id string, owner_id string"
    )
    handed: list[dict[str, Any]] = [{"account_from": one, "account_to": other} for one, other in pairs]
    made: dict[int, set[str]] = {}
    for row in pools(rows(spark, "features.hand_overs", handed), known, driver_edges=1_000).collect():
        made.setdefault(row.pool, set()).add(row.account_id)
    return sorted(made.values(), key=lambda of: (-len(of), min(of)))


@pytest.mark.parametrize(
    ("pairs", "owners", "expected"),
    [
        pytest.param(RING, {}, [{"a", "b", "c"}], id="each goes on with another's"),
        pytest.param(RING + RING, {}, [{"a", "b", "c"}], id="on two days"),
        pytest.param(
            [*RING, ("x", "y"), ("y", "z"), ("z", "x")], {}, [{"a", "b", "c"}, {"x", "y", "z"}], id="two pools"
        ),
        pytest.param([("a", "b"), ("b", "a")], {}, [], id="two accounts may be one person's"),
        pytest.param(RING, {"a": "one", "b": "one", "c": "one"}, [], id="one owner's three accounts"),
        pytest.param([*RING, ("c", "reader")], {}, [{"a", "b", "c"}], id="who was shown one conversation"),
        pytest.param(
            [*RING, ("victim", "a"), ("victim", "b")],
            {},
            [{"a", "b", "c"}],
            id="who is quoted by members and quotes none",
        ),
        pytest.param([("hub", f"reader {i}") for i in range(9)], {}, [], id="one account that many quote"),
        pytest.param([("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")], {}, [], id="a transcript passed along"),
    ],
)
def test_who_is_of_a_pool(spark: SparkSession, pairs: Pairs, owners: dict[str, str], expected: list[set[str]]) -> None:
    assert found(spark, pairs, owners) == expected


def test_a_pool_is_a_group_without_links_texts_or_places(spark: SparkSession) -> None:
    everybody = [f"a{i:02}" for i in range(40)]
    value = {"channel": "conversation", "value_hash": 5, "n": 1, "distinct_prompts": 1, "is_qualifying": True}
    shared = [
        {"account_id": a, "owner_id": a, "n_owners": n, "n_qualifying_owners": n} | value | {"value_hash": pool}
        for pool, n, members in ((5, 12, everybody[:12]), (6, 2, everybody[12:15]))
        for a in members
    ]
    made = communities.transform(
        rows(spark, "graph.links", []),
        rows(spark, "graph.components", []),
        rows(spark, "pairs.content", []),
        rows(spark, "features.account_values", shared),
        rows(spark, "features.account_profiles", [{"account_id": a, "n_exchanges": 200} for a in everybody]),
        population(spark, everybody),
        rows(spark, "features.account_behaviour", [{"account_id": a, "talks": True} for a in everybody]),
        Run(DAY, DEFAULT, Key(b"k")),
    ).collect()
    assert {(r.account_id, r.origin) for r in made} == {(a, "conversation") for a in everybody[:12]}, "two are no pool"
    assert len({r.community for r in made}) == 1


def test_the_cap_of_conversations_lets_them_stand_alone() -> None:
    assert DEFAULT.channels.conversation.cap >= DEFAULT.profile.content_alone
