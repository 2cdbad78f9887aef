"""Pools of accounts that go on with each other's work, as behind one gateway."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.graphs.components import connected_components

ROUNDS = 3  # of leaving out who is no part of a pool; each leaves fewer


def pools(hand_overs: DataFrame, owners: DataFrame, *, driver_edges: int) -> DataFrame:
    """(account_id, pool): accounts that a gateway's hand-overs join, and a hash that names their pool.

    An account of a pool continues a conversation, or sends a request that failed, of another owner's account of the
    pool, and hands over to, or takes over from, at least two accounts. An account whose published answers others quote
    is in no pool: it must have taken something over itself. Two accounts of one person are no pool either.

    hand_overs: rows of `features.hand_overs`; owners: (account_id, owner_id).

    | account_from | account_to |    | account_id | pool |
    |--------------|------------|    |------------|------|
    | a            | b          |    | a          | 17   |
    | b            | c          |    | b          | 17   |
    | c            | a          |    | c          | 17   |
    | c            | d          |
    """
    of = {
        end: owners.select(F.col("account_id").alias(f"account_{end}"), F.col("owner_id").alias(end)) for end in _ENDS
    }
    met = hand_overs.select("account_from", "account_to").distinct()
    edges = met.join(of["from"], "account_from").join(of["to"], "account_to").where(F.col("from") != F.col("to"))
    edges = edges.select("account_from", "account_to").localCheckpoint()
    for _ in range(ROUNDS):
        edges = _between_members(edges).localCheckpoint()
    joined = edges.select(F.col("account_from").alias("a"), F.col("account_to").alias("b"))
    placed = connected_components(joined, driver_edges=driver_edges)
    return placed.select(F.col("id").alias("account_id"), F.xxhash64("component").alias("pool"))


_ENDS = ("from", "to")


def _between_members(edges: DataFrame) -> DataFrame:
    """The edges whose ends both took something over and have two partners."""
    ends = edges.select(
        F.col("account_from").alias("account_id"), F.col("account_to").alias("other"), F.lit(0).alias("to")
    )
    ends = ends.unionByName(
        edges.select(
            F.col("account_to").alias("account_id"), F.col("account_from").alias("other"), F.lit(1).alias("to")
        )
    )
    counted = ends.groupBy("account_id").agg(F.countDistinct("other").alias("partners"), F.sum("to").alias("taken"))
    member = counted.where("partners >= 2 and taken >= 1").select("account_id").localCheckpoint()
    begun, went_on = (member.withColumnRenamed("account_id", f"account_{end}") for end in _ENDS)
    return edges.join(begun, "account_from", "left_semi").join(went_on, "account_to", "left_semi")
