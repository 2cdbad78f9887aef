"""Evidence that members are in one hand: one thing that most have, and pairs that share any."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.model.bits import MILLI, by_channel
from iolaus.model.evidence.piece import expected_number, of_signal, piece, sentence
from iolaus.model.signals import CHANNELS, OTHERS, POOL, VALUES
from iolaus.model.timing import poisson_bits
from iolaus.settings import DEFAULT, Channels, Scoring

_POOLED = tuple(c.name for c in CHANNELS if c.pooled)


def identity(
    members: DataFrame,
    sizes: DataFrame,
    shared_values: DataFrame,
    owners: int,
    settings: Scoring,
    limits: Channels = DEFAULT.channels,
) -> DataFrame:
    """The one thing of each channel that most members have, however they are paired."""
    used = shared_values.where(F.col("is_qualifying") & F.col("channel").isin(*(c.name for c in VALUES)))
    having = (
        used.join(members, "account_id")
        .groupBy("cluster_id", "channel", "value_hash")
        .agg(F.count(F.lit(1)).cast("int").alias("support"), F.max("n_owners").alias("n_owners"))
    )
    rows = having.join(sizes, "cluster_id").where(F.col("support") >= 3)
    share = F.col("support") / F.col("size")
    outside = (F.greatest(F.col("n_owners") - F.col("support"), F.lit(0)) + 1) / F.lit(float(owners))
    bits = F.log2(share / outside) + F.log2(share)  # a thing that few members have proves less than its rarity
    cap = F.least(by_channel({c.name: limits[c.name].cap for c in VALUES}), F.lit(settings.channel_cap))
    order = Window.partitionBy("cluster_id", "channel").orderBy(F.desc("bits"), F.desc("support"), "value_hash")
    best = rows.select(
        "*",
        share.alias("value"),
        outside.alias("background"),
        F.round(F.least(bits, cap) * MILLI).cast("int").alias("bits"),
    )
    best = best.withColumn("nth", F.row_number().over(order)).where((F.col("nth") == 1) & (F.col("bits") > 0))
    one = F.regexp_replace(of_signal("says", F.col("channel")), "^share a ", "share one ")  # one thing, not one each
    text = sentence(one, OTHERS)
    return piece(best, F.col("channel"), F.lit("coordination"), text)


def pool(members: DataFrame, sizes: DataFrame, shared_values: DataFrame, owners: int, settings: Scoring) -> DataFrame:
    """Pairs of members on one card, address or network, or with the same prompt, against the baseline rate."""
    used = shared_values.where(F.col("channel").isin(*_POOLED))
    baseline = (
        used.select("channel", "value_hash", "n_owners")
        .distinct()
        .groupBy("channel")
        .agg(F.sum(F.col("n_owners") * (F.col("n_owners").cast("long") - 1) / 2).alias("pairs"))
    )
    inside = (
        used.join(members, "account_id")
        .groupBy("cluster_id", "channel", "value_hash")
        .agg(F.countDistinct("owner_id").alias("k"))
    )
    pairs = inside.groupBy("cluster_id", "channel").agg(F.sum(F.col("k") * (F.col("k") - 1) / 2).alias("value"))
    # of a crowd with many values there are more
    pairs = pairs.withColumn("support", F.least("value", F.lit(2**31 - 1)).cast("int"))
    rows = pairs.where("support > 0").join(sizes, "cluster_id").join(F.broadcast(baseline), "channel")
    possible = F.col("size") * (F.col("size") - 1) / 2
    expected = possible * F.col("pairs") / F.lit(max(owners * (owners - 1) / 2, 1.0))
    rows = rows.select("cluster_id", "channel", "support", "size", "value", expected.alias("background"))
    cap = settings.behaviour_cap

    def weigh(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            bits = poisson_bits(batch.column("value").to_numpy(), batch.column("background").to_numpy())
            yield pa.RecordBatch.from_arrays(
                [*batch.columns, pa.array(np.round(np.minimum(bits, cap) * MILLI).astype(np.int32))],
                names=[*batch.schema.names, "bits"],
            )

    weighed = rows.mapInArrow(
        weigh, "cluster_id string, channel string, support int, size long, value double, background double, bits int"
    )
    text = F.format_string(
        "%,d pairs of accounts %s; %s expected by chance.",
        "support",
        of_signal("says", F.col("channel")),
        expected_number(F.col("background")),
    )
    return piece(weighed.where("bits >= 1000"), F.concat(F.lit(POOL), "channel"), F.lit("coordination"), text)
