"""Groups of accounts that are innocent by construction, by which the detector is calibrated on a platform's own day.

Accounts that have one thing in common and no other reason to be together, and random accounts that are as many, as
busy, as old and of the same plans as a published cluster's. Members of published clusters are in none of them.
"""

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

LEAST, MOST = 5, 60  # accounts of a group; of more, those of least hash are taken
OF_A_KIND = 300  # groups of a kind at most, those of least hash
SHARED = {"client": "device", "address": "address", "mail": "mail"}  # kinds, and the channels of their values
RANDOM = "random"


def in_common(accounts: DataFrame, shared_values: DataFrame, suspects: DataFrame) -> DataFrame:
    """(kind, group, account_id): groups with one thing in common.

    accounts: `silver.accounts` of the background; suspects: (account_id) of published clusters.
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
    nth = Window.partitionBy("kind", "what").orderBy(F.xxhash64("account_id"), "account_id")
    size = F.count(F.lit(1)).over(Window.partitionBy("kind", "what"))
    cut = rows.withColumns({"nth": F.row_number().over(nth), "size": size}).where(F.col("size") >= LEAST)
    cut = cut.where(F.col("nth") <= MOST)
    order = F.dense_rank().over(Window.partitionBy("kind").orderBy(F.xxhash64("kind", "what"), "what"))
    return (
        cut.withColumn("place", order)
        .where(F.col("place") <= OF_A_KIND)
        .select("kind", _named("kind", "place"), "account_id")
    )


def matched(members: DataFrame, accounts: DataFrame, suspects: DataFrame, copies: int) -> DataFrame:
    """(kind, group, account_id): of each cluster so many random groups of accounts like its members.

    members: (cluster_id, account_id); accounts: (account_id, volume_class, plan, created_at) of the background. An
    account is like another if it is of its volume class and plan and was created in the same quarter of a year; if
    there is none, of its volume class. A member that is like nobody has no counterpart, and of a large cluster MOST
    members have some. An account is in a group once.
    """
    fine = F.xxhash64("volume_class", "plan", F.date_trunc("quarter", "created_at")).alias("fine")
    known = accounts.select("account_id", fine, F.xxhash64("volume_class").alias("coarse"))
    of_kind = Window.partitionBy("alike")
    both = known.join(suspects, "account_id", "left_anti").select(
        F.col("account_id").alias("stranger"), F.explode(F.array("fine", "coarse")).alias("alike")
    )
    strangers = both.select(
        "alike",
        "stranger",
        F.row_number().over(of_kind.orderBy("stranger")).alias("place"),
        F.count(F.lit(1)).over(of_kind).alias("n"),
    )
    nth = F.row_number().over(Window.partitionBy("cluster_id").orderBy(F.xxhash64("account_id"), "account_id"))
    some = members.withColumn("nth", nth).where(F.col("nth") <= MOST).join(known, "account_id")
    sizes = strangers.select("alike", "n").distinct()
    has = some.join(sizes.select(F.col("alike").alias("fine"), F.lit(True).alias("has")), "fine", "left")
    alike = F.when(F.col("has"), F.col("fine")).otherwise(F.col("coarse")).alias("alike")
    own = has.select("cluster_id", "account_id", alike).join(sizes, "alike")
    copy = F.explode(F.sequence(F.lit(1), F.lit(copies))).alias("copy")
    drawn = own.select("cluster_id", "account_id", "alike", "n", copy)
    place = (F.pmod(F.xxhash64("account_id", "copy"), F.col("n")) + 1).cast("int").alias("place")
    chosen = drawn.select("cluster_id", "copy", "alike", place).join(strangers.drop("n"), ["alike", "place"])
    once = chosen.select("cluster_id", "copy", "stranger").distinct()
    return once.select(F.lit(RANDOM).alias("kind"), _named("cluster_id", "copy"), F.col("stranger").alias("account_id"))


def _named(*columns: str) -> Column:
    return F.concat_ws(":", *(F.col(c).cast("string") for c in columns)).alias("group")
