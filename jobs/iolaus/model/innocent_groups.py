"""Groups of accounts that are innocent by construction, by which the detector is calibrated on a platform's own day.

Accounts that have one thing in common and no other reason to be together, and random accounts that are as many, as
busy, as old and of the same plans as a published cluster's. Members of published clusters are in none of them. Which
accounts are drawn depends on the `salt`, the run date: other dates draw others, so that calibrations add up.

Nothing here sorts more than a few rows of a class of accounts: where the first rows by a hash are taken, Spark leaves
out the others before it moves any (`row_number` under a limit).
"""

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

LEAST, MOST = 5, 60  # accounts of a group; of more, those of least hash are taken
POOL = 900  # random accounts of a class (one volume, plan and age) from which random groups are drawn
SHARED = {"client": "device", "address": "address", "mail": "mail"}  # kinds, and the channels of their values
RANDOM = "random"


def in_common(
    accounts: DataFrame, shared_values: DataFrame, suspects: DataFrame, of_a_kind: int, salt: str
) -> DataFrame:
    """(kind, group, account_id): groups with one thing in common, at most `of_a_kind` of each kind.

    accounts: `silver.accounts` of the background; suspects: (account_id) of published clusters. A group has one id
    whatever the salt: what its accounts have in common.
    """
    created = F.to_date("created_at").cast("string")
    seats = accounts.where("owner_id <> account_id").select(
        F.lit("organisation").alias("kind"), F.col("owner_id").alias("what"), "account_id"
    )
    days = accounts.select(F.lit("created").alias("kind"), created.alias("what"), "account_id")
    values = (
        shared_values.where(F.col("channel") == channel).select(
            F.lit(kind).alias("kind"), F.col("value_hash").cast("string").alias("what"), "account_id"
        )
        for kind, channel in SHARED.items()
    )
    rows = reduce(DataFrame.unionByName, (seats, days, *values)).join(suspects, "account_id", "left_anti")
    sizes = rows.groupBy("kind", "what").agg(F.count(F.lit(1)).alias("size")).where(F.col("size") >= LEAST)
    chosen = _first(sizes, ("kind",), (F.xxhash64("kind", "what", F.lit(salt)), "what"), of_a_kind)
    inside = rows.join(F.broadcast(chosen.select("kind", "what")), ["kind", "what"])
    some = _first(inside, ("kind", "what"), (F.xxhash64("account_id", F.lit(salt)), "account_id"), MOST)
    group = F.concat_ws(":", "kind", F.hex(F.xxhash64("kind", "what"))).alias("group")
    return some.select("kind", group, "account_id")


def matched(members: DataFrame, accounts: DataFrame, suspects: DataFrame, copies: int, salt: str) -> DataFrame:
    """(kind, group, account_id): of each cluster so many random groups of accounts like its members.

    members: (cluster_id, account_id); accounts: (account_id, volume_class, plan, created_at) of the background. An
    account is like another if it is of its volume class and plan and was created in the same quarter of a year; if
    there is none, of its volume class. A member that is like nobody has no counterpart, and of a large cluster MOST
    members have some. An account is in a group once.
    """
    fine = F.xxhash64("volume_class", "plan", F.date_trunc("quarter", "created_at")).alias("fine")
    known = accounts.select("account_id", fine, F.xxhash64("volume_class").alias("coarse"))
    of_least = (F.xxhash64("account_id", F.lit(salt)), "account_id")
    some = _first(members, ("cluster_id",), of_least, MOST).join(known, "account_id")
    wanted = some.select(F.explode(F.array("fine", "coarse")).alias("alike")).distinct()
    both = known.join(suspects, "account_id", "left_anti").select(
        "account_id", F.explode(F.array("fine", "coarse")).alias("alike")
    )
    pool = _first(both.join(F.broadcast(wanted), "alike"), ("alike",), of_least, POOL)
    strangers = pool.select("alike", F.col("account_id").alias("stranger"), "place").localCheckpoint()
    sizes = strangers.groupBy("alike").agg(F.count(F.lit(1)).alias("n"))
    has = some.join(sizes.select(F.col("alike").alias("fine"), F.lit(True).alias("has")), "fine", "left")
    alike = F.when(F.col("has"), F.col("fine")).otherwise(F.col("coarse")).alias("alike")
    own = has.select("cluster_id", "account_id", alike).join(sizes, "alike")
    copy = F.explode(F.sequence(F.lit(1), F.lit(copies))).alias("copy")
    drawn = own.select("cluster_id", "account_id", "alike", "n", copy)
    place = (F.pmod(F.xxhash64("account_id", "copy", F.lit(salt)), F.col("n")) + 1).cast("int").alias("place")
    chosen = drawn.select("cluster_id", "copy", "alike", place).join(strangers, ["alike", "place"])
    once = chosen.select("cluster_id", "copy", "stranger").distinct()
    group = F.concat_ws(":", F.lit(salt), "cluster_id", F.col("copy").cast("string")).alias("group")
    return once.select(F.lit(RANDOM).alias("kind"), group, F.col("stranger").alias("account_id"))


def _first(rows: DataFrame, of: tuple[str, ...], order: tuple[Column | str, ...], most: int) -> DataFrame:
    """At most so many rows of each class, those that are first by an order, with their place from 1."""
    place = F.row_number().over(Window.partitionBy(*of).orderBy(*order))
    return rows.withColumn("place", place).where(F.col("place") <= most)
