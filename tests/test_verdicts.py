"""What analysts decided: which verdict is in force on a date, what it is of, and what a run makes of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from rows import DAY, rows

from iolaus.model.cleared import cleared_members
from iolaus.model.verdicts import cleared_pairs, in_force, of_accounts, successors, verdicts_of
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


SEEN = {"channels": ["card", "pool_card", "head8"], "shared_values": ["card:1", "head8:1"]}


def held_out(spark: SparkSession, groups: dict[str, str], values: dict[str, str], *of: Cell) -> dict[str, str]:
    """The accounts that must leave each group, as letters in order.

    groups: accounts by group. values: of each shared value, as channel:value_hash, the accounts that have it.
    """
    members = spark.createDataFrame(
        [(g, x) for g, them in groups.items() for x in them], "community string, account_id string"
    )
    rare = {"is_qualifying": True, "n_qualifying_owners": 5}
    used = [
        rare | {"account_id": x, "channel": value.split(":")[0], "value_hash": int(value.split(":")[1])}
        for value, them in values.items()
        for x in them
    ]
    found = cleared_members(members, rows(spark, "features.account_values", used), force(spark, *of), 4_000, RUN)
    return {g: "".join(sorted(r.account_id for r in found.collect() if r.community == g)) for g in groups}


def test_a_cleared_account_is_held_out_of_every_group(spark: SparkSession) -> None:
    named = given(1, "innocent", "abcd", "a") | SEEN
    groups = {"same": "abcde", "other": "avwxyz"}
    assert held_out(spark, groups, {"card:1": "ab", "head8:1": "abv"}, named) == {"same": "a", "other": "a"}, (
        "whatever id the group has"
    )
    assert held_out(spark, groups, {}, named, given(2, "unsure", "abcd", "a")) == {"same": "", "other": ""}
    assert held_out(spark, groups, {}, given(1, "confirmed", "abcd", "a")) == {"same": "", "other": ""}


def test_accounts_of_a_cleared_cluster_stay_together_and_join_no_other(spark: SparkSession) -> None:
    whole = given(1, "innocent", "abcd") | SEEN
    assert held_out(spark, {"same": "abcx", "other": "dvwxyz"}, {}, whole) == {"same": "", "other": "d"}
    by_name = given(2, "innocent", "abcd", "a")
    assert held_out(spark, {"same": "abcwxy"}, {}, whole, by_name) == {"same": "abc"}, (
        "without the account that left by name, the cluster is no longer what was judged"
    )


@pytest.mark.parametrize(
    ("case", "values", "leaves"),
    [
        ("a new card and a new template with strangers", {"card:2": "av", "head8:2": "aw"}, ""),
        ("what the analyst saw", {"card:1": "av", "head8:1": "aw"}, "a"),
        ("new values of one family", {"head8:2": "av", "template:3": "aw"}, "a"),
        (
            "new values, but of kinds that were judged, with accounts that were judged",
            {"card:2": "ab", "head8:2": "ab"},
            "a",
        ),
        ("new kinds, with accounts that were judged", {"address:2": "ab", "mail:5": "ab", "tools:2": "ab"}, ""),
        ("kinds that are views of what was judged", {"address:2": "ab", "tail8:2": "ab"}, "a"),
        ("a value that only the account has", {"card:2": "a", "head8:2": "a"}, "a"),
    ],
)
def test_only_evidence_that_the_analyst_had_not_seen_brings_a_cleared_account_back(
    spark: SparkSession, case: str, values: dict[str, str], leaves: str
) -> None:
    """`head8`, `template` and `tools` are views of one fact, and the card is another."""
    shown = SEEN | ({"channels": ["card"]} if "tools:2" in values else {})
    named = given(1, "innocent", "abcd", "a") | shown
    assert held_out(spark, {"g": "abvwxyz"}, values, named)["g"] == leaves, case


def test_a_verdict_that_recorded_no_values_takes_every_value_of_its_kinds_for_seen(spark: SparkSession) -> None:
    old = given(1, "innocent", "abcd", "a") | SEEN | {"shared_values": None}
    assert held_out(spark, {"g": "avwxyz"}, {"card:2": "av", "head8:2": "aw"}, old)["g"] == "a"
    assert held_out(spark, {"g": "avwxyz"}, {"card:2": "av", "head8:2": "aw"}, old | {"channels": []})["g"] == ""


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
