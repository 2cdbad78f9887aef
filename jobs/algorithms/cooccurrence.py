"""Pairs of accounts that share rare tokens, and how improbable that is.

For a token of degree d among N owners, an account's *reach* is the number of other owners that it meets
through tokens of the channel at least as rare: the more addresses an account has, the less each proves.
The evidence of a shared token, in bits, is

    -log2 min(1, (reach_a + reach_b) / N)

which bounds from below the surprise that a random owner shares any token so rare with either account. Of
several shared tokens the best counts. Cost: the sum over tokens of degree squared, which the channel's
floor bounds: a token of degree above N / 2^(floor + 1) can never give so many bits and is not paired.
"""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.algorithms.channels import CHANNEL

MILLI = 1000  # bits are summed as whole thousandths, so that sums do not depend on their order


def millibits(probability: Column) -> Column:
    """-1000 log2 of a probability, rounded; 0 for 1 and above."""
    return F.round(-MILLI * F.log2(F.least(F.lit(1.0), probability))).cast("int")


def by_channel(values: Mapping[str, float | str]) -> Column:
    """The value of the row's channel."""
    lookup = F.create_map(*(F.lit(x) for name, value in values.items() for x in (name, value)))
    return lookup[F.col("channel")]


def pairable(tokens: DataFrame, channels: tuple[str, ...], owners: int, most: int) -> DataFrame:
    """Rows of `features.account_tokens` that can make a pair worth the channel's floor, at most `most` owners a token."""
    floor = by_channel({name: 2.0 ** -CHANNEL[name].floor for name in channels})
    rows = tokens.where(F.col("channel").isin(*channels) & F.col("counts") & (F.col("degree") >= 2) & (F.col("degree") <= most))
    return rows.where(F.col("reach") / F.lit(float(owners)) <= floor)


def shared_tokens(tokens: DataFrame, channels: tuple[str, ...], owners: int, most: int) -> DataFrame:
    """One row a pair and channel: (account_a, account_b, channel, token, sharers, support, bits, similarity).

    account_a < account_b, of different owners. token: the rarest that they share, of `sharers` owners;
    support: how many they share; bits: thousandths, at most the channel's cap; similarity: Jaccard
    similarity of their pairable tokens, weighted by rarity.
    """
    rows = pairable(tokens, channels, owners, most)
    weight = F.round(MILLI * F.log2(F.lit(float(owners)) / F.col("degree"))).cast("long")
    rows = rows.select("account_id", "owner_id", "channel", "token", "degree", "reach", weight.alias("weight"))
    total = rows.groupBy("account_id", "channel").agg(F.sum("weight").alias("total"))
    rows = rows.join(total, ["account_id", "channel"])
    a, b = (rows.select("channel", "token", *(F.col(c).alias(f"{c}_{side}") for c in _SIDED)) for side in "ab")
    pairs = a.join(b, ["channel", "token"]).where("account_id_a < account_id_b and owner_id_a <> owner_id_b")
    capped = F.least(
        millibits((F.col("reach_a") + F.col("reach_b")) / F.lit(float(owners))),
        by_channel({c: CHANNEL[c].cap * MILLI for c in channels}).cast("int"),
    )
    best = F.max(F.struct(capped.alias("bits"), (-F.col("degree_a")).alias("rarity"), F.col("token").alias("token")))
    joined = pairs.groupBy("account_id_a", "account_id_b", "channel").agg(
        best.alias("best"),
        F.count(F.lit(1)).cast("int").alias("support"),
        F.sum("weight_a").alias("common"),
        F.first("total_a").alias("total_a"),
        F.first("total_b").alias("total_b"),
    )
    floor = by_channel({c: CHANNEL[c].floor * MILLI for c in channels})
    return joined.where(F.col("best.bits") >= floor).select(
        F.col("account_id_a").alias("account_a"),
        F.col("account_id_b").alias("account_b"),
        "channel",
        F.col("best.token").alias("token"),
        (-F.col("best.rarity")).alias("sharers"),
        "support",
        F.col("best.bits").alias("bits"),
        (F.col("common") / (F.col("total_a") + F.col("total_b") - F.col("common"))).alias("similarity"),
    )


_SIDED = ("account_id", "owner_id", "degree", "reach", "weight", "total")
