"""pairs.cohort: candidate pairs of accounts that were made at the same time, against how many others were."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.engine.broadcast import BROADCAST_ROWS, broadcast_if_at_most
from iolaus.model.bits import MILLI, millibits
from iolaus.model.pair_evidence import evidence
from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(
    accounts: DataFrame,
    population: DataFrame,
    infrastructure: DataFrame,
    templates: DataFrame,
    content: DataFrame,
    run: Run,
) -> DataFrame:
    """One row per candidate pair of another channel that was created close together.

    If r accounts of N were created between the two, the surprise that a random account is so near is
    -log2(2 (r + 1) / N): a busy sign-up day proves less than a quiet one.

    accounts: a and b are 20 minutes apart, in an hour with two accounts, so r is 2/3
    | rows | account_id | created_at |
    |------|------------|------------|
    | 198  | x          | 01:00      |
    | 1    | a          | 09:00      |
    | 1    | b          | 09:20      |

    population:
    | account_id | account_key |
    |------------|-------------|
    | a          | 1           |
    | b          | 2           |

    infrastructure: the pair is a candidate of another channel
    | key_a | key_b | channel |
    |-------|-------|---------|
    | 1     | 2     | card    |

    result: -log2(2 (2/3 + 1) / 200) bits, in thousandths
    | key_a | key_b | sharers | bits | similarity |
    |-------|-------|---------|------|------------|
    | 1     | 2     | 1       | 5907 | 0.9833     |
    """
    limits = run.settings.channels.cohort
    if not limits.enabled:
        return accounts.sparkSession.createDataFrame([], table("pairs.cohort").schema)
    total = accounts.count()
    hours = accounts.groupBy((F.unix_timestamp("created_at") / 3600).cast("long").alias("hour")).count()
    # One row per hour of a platform's life, so the window without a partition is small.
    before = hours.select(
        "hour", "count", (F.sum("count").over(Window.orderBy("hour")) - F.col("count")).alias("before")
    )
    made = accounts.select(
        "account_id",
        (F.unix_timestamp("created_at") / 3600).cast("long").alias("hour"),
        (F.pmod(F.unix_timestamp("created_at"), F.lit(3600)) / 3600).alias("part"),
    )
    place = (F.col("before") + F.col("part") * F.col("count")).alias("place")
    keyed = population.select("account_id", "account_key")
    places = made.join(F.broadcast(before), "hour").join(keyed, "account_id").select("account_key", place)
    places = broadcast_if_at_most(places, total, BROADCAST_ROWS)
    # A pair may be a candidate of several channels: duplicates go last, when pairs that prove nothing are gone.
    pairs = evidence((infrastructure, templates, content))
    a, b = (places.select(F.col("account_key").alias(side), F.col("place").alias(f"place_{side}")) for side in "ab")
    between = F.abs(F.col("place_a") - F.col("place_b"))
    near = pairs.join(a, "a").join(b, "b").select("a", "b", between.alias("between"))
    share = 2 * (F.col("between") + 1) / F.lit(float(max(total, 1)))
    near = near.where(share <= 2.0**-limits.floor).dropDuplicates(["a", "b"])
    return near.select(
        F.lit(run.day).alias("run_date"),
        F.col("a").alias("key_a"),
        F.col("b").alias("key_b"),
        F.lit("cohort").alias("channel"),
        F.lit(None).cast("long").alias("value_hash"),
        F.floor(F.col("between") + 1).cast("int").alias("sharers"),
        F.lit(1).alias("support"),
        F.least(millibits(share), F.lit(int(limits.cap * MILLI))).alias("bits"),
        (F.floor((1 - share) * 10_000 + 0.5) / 10_000).alias("similarity"),
    )
