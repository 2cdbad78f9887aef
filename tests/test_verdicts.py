"""What analysts decided: which verdict is in force on a date, what it is of, and what a run makes of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from rows import DAY, rows

from iolaus.model.verdicts import cleared_members, cleared_pairs, in_force, of_accounts, successors, verdicts_of
from iolaus.settings import DEFAULT, Key, Run

RUN = Run(DAY, DEFAULT, Key(b"k"))
Cell = dict[str, Any]


def given(
    number: int, verdict: str, members: str, named: str = "", *, cluster: str = "c", known_from: date = DAY
) -> Cell:
    """A verdict; accounts are letters. A later number is given later."""
    return {
        "verdict_id": f"v{number}",
        "given_at": datetime(2026, 2, 1, tzinfo=UTC) + timedelta(hours=number),
        "known_from": known_from,
        "given_by": "ana",
        "verdict": verdict,
        "why": "a class",
        "cluster_id": cluster,
        "run_date": DAY,
        "members": list(members),
        "named": list(named),
    }


def force(spark: SparkSession, *of: Cell) -> DataFrame:
    return in_force(rows(spark, "verdicts.given", of), RUN)


def judged(spark: SparkSession, *of: Cell) -> dict[str, str]:
    """The verdict on each account, as its first letter; accounts in order."""
    return {r.account_id: r.verdict for r in of_accounts(force(spark, *of)).orderBy("account_id").collect()}


def test_the_latest_verdict_counts_and_nobody_knows_the_future(spark: SparkSession) -> None:
    tomorrow = given(9, "confirmed", "ab", known_from=DAY + timedelta(days=1))
    assert judged(spark, tomorrow) == {}
    assert judged(spark, given(1, "innocent", "ab"), tomorrow) == dict.fromkeys("ab", "innocent")
    assert judged(spark, given(2, "confirmed", "ab"), given(1, "innocent", "abc")) == dict.fromkeys("ab", "confirmed")
    # The cluster came back under another id: accounts that the later verdict does not hold keep the earlier.
    later = given(2, "confirmed", "ab", cluster="d")
    assert judged(spark, given(1, "innocent", "abc"), later) == {"a": "confirmed", "b": "confirmed", "c": "innocent"}


def test_an_accounts_own_verdict_goes_before_its_clusters(spark: SparkSession) -> None:
    own = given(1, "innocent", "abc", "a")
    assert judged(spark, own, given(2, "confirmed", "abc")) == {"a": "innocent", "b": "confirmed", "c": "confirmed"}
    assert judged(spark, own, given(3, "unsure", "xa", "a", cluster="d"))["a"] == "unsure"


def test_a_cleared_pair_is_of_one_verdict(spark: SparkSession) -> None:
    every = [(a, b) for a in "abcz" for b in "abcz" if a < b]
    pairs = rows(spark, "graph.links", [{"account_a": a, "account_b": b} for a, b in every])

    def cleared(*of: Cell) -> set[str]:
        return {r.account_a + r.account_b for r in cleared_pairs(pairs, force(spark, *of)).collect()}

    assert cleared(given(1, "innocent", "abc")) == {"ab", "ac", "bc"}, "z was not seen with them"
    assert cleared(given(1, "innocent", "abc", "a")) == {"ab", "ac"}
    assert cleared(given(1, "innocent", "abc"), given(2, "confirmed", "abc", "a")) == {"ab", "ac", "bc"}, (
        "b and c still are"
    )
    assert cleared(given(1, "innocent", "ab"), given(2, "unsure", "ab")) == set()
    assert cleared(given(1, "confirmed", "abc")) == set()


def test_an_account_is_held_out_of_the_cluster_it_was_seen_in_alone(spark: SparkSession) -> None:
    members = spark.createDataFrame([("same", x) for x in "abcde"], "community string, account_id string")
    other = spark.createDataFrame([("other", x) for x in "avwxyz"], "community string, account_id string")
    found = cleared_members(members.union(other), force(spark, given(1, "innocent", "abcd", "a")), RUN).collect()
    assert [(r.community, r.account_id, r.verdict_id) for r in found] == [("same", "a", "v1")]


@pytest.mark.parametrize(("accounts", "covers"), [("abcd", True), ("abcwxy", True), ("abcvwxy", False)])
def test_a_verdict_covers_a_cluster_while_most_accounts_are_those_it_saw(
    spark: SparkSession, accounts: str, covers: bool
) -> None:
    clusters = rows(spark, "graph.clusters", [{"cluster_id": "c", "account_id": x} for x in accounts])
    found = verdicts_of(clusters, force(spark, given(1, "innocent", "abcd")), RUN).collect()
    assert [(r.cluster_id, r.covers) for r in found] == [("c", covers)]
    renamed = rows(spark, "graph.clusters", [{"cluster_id": "d", "account_id": x} for x in accounts])
    assert len(verdicts_of(renamed, force(spark, given(1, "innocent", "abcd")), RUN).collect()) == covers, (
        "by accounts, not by id"
    )


@pytest.mark.parametrize(
    ("case", "overrides"),
    [
        ("successor", {}),
        ("nobody was banned", {"banned_at": None}),
        ("used before the ban", {"first_at": datetime(2026, 2, 1, tzinfo=UTC)}),
        ("everybody has the card", {"n_owners": 300}),
        ("it lives on from before", {"event": "kept"}),
    ],
)
def test_a_successor_began_after_the_ban_and_shares_what_others_lack(
    spark: SparkSession, case: str, overrides: Cell
) -> None:
    is_ = {
        "banned_at": datetime(2026, 2, 5, tzinfo=UTC),
        "first_at": datetime(2026, 2, 6, tzinfo=UTC),
        "n_owners": 8,
        "event": "born",
    } | overrides
    old, new, rest = [f"o{i}" for i in range(4)], [f"n{i}" for i in range(4)], [f"p{i}" for i in range(400)]
    value_hash = {
        "channel": "card",
        "value_hash": 1,
        "n": 1,
        "distinct_prompts": 1,
        "is_qualifying": True,
        "n_owners": is_["n_owners"],
        "n_qualifying_owners": is_["n_owners"],
    }
    found = successors(
        spark.createDataFrame([("k", x) for x in new], "community string, account_id string"),
        spark.createDataFrame([("k", "hc_new", is_["event"])], "community string, cluster_id string, event string"),
        spark.createDataFrame([("hc_old", x) for x in old], "cluster_id string, account_id string"),
        rows(spark, "features.account_values", [value_hash | {"account_id": x, "owner_id": x} for x in old + new]),
        rows(spark, "features.account_profiles", [{"account_id": x, "first_at": is_["first_at"]} for x in new + rest]),
        rows(
            spark,
            "silver.accounts",
            [{"account_id": x, "banned_at": is_["banned_at"] if x in old else None} for x in old + new],
        ),
        len(new + rest),
        DEFAULT,
    ).collect()
    assert [(r.community, r.successor_of) for r in found] == ([("k", "hc_old")] if case == "successor" else []), case
