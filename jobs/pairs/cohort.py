"""pairs.cohort: candidate pairs of accounts that were made at the same time, against how many others were."""

from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.algorithms.channels import CHANNEL
from jobs.algorithms.cooccurrence import MILLI, millibits
from jobs.algorithms.few import FEW
from jobs.settings import Run

CAP = CHANNEL["cohort"].cap  # bits: two friends sign up together
FLOOR = CHANNEL["cohort"].floor


def transform(accounts: DataFrame, infrastructure: DataFrame, templates: DataFrame, content: DataFrame, run: Run) -> DataFrame:
    """One row a candidate pair of another channel that was created close together.

    If r accounts of N were created between the two, the surprise that a random account is so near is
    -log2(2 (r + 1) / N): a busy sign-up day proves less than a quiet one.
    """
    total = accounts.count()
    hours = accounts.groupBy((F.unix_timestamp("created_at") / 3600).cast("long").alias("hour")).count()
    # One row an hour of a platform's life, so the window without a partition is small.
    before = hours.select("hour", "count", (F.sum("count").over(Window.orderBy("hour")) - F.col("count")).alias("before"))
    made = accounts.select(
        "account_id",
        (F.unix_timestamp("created_at") / 3600).cast("long").alias("hour"),
        (F.pmod(F.unix_timestamp("created_at"), F.lit(3600)) / 3600).alias("part"),
    )
    place = (F.col("before") + F.col("part") * F.col("count")).alias("place")
    places = made.join(F.broadcast(before), "hour").select("account_id", place)
    places = F.broadcast(places) if total <= FEW else places
    # A pair may be a candidate of several channels: it is told apart last, after those that prove nothing are gone.
    pairs = reduce(DataFrame.unionByName, (p.select("account_a", "account_b") for p in (infrastructure, templates, content)))
    a, b = (places.select(F.col("account_id").alias(f"account_{side}"), F.col("place").alias(f"place_{side}")) for side in "ab")
    between = F.abs(F.col("place_a") - F.col("place_b"))
    share = 2 * (between + 1) / F.lit(float(max(total, 1)))
    bits = F.least(millibits(share), F.lit(int(CAP * MILLI)))
    return (
        pairs.join(a, "account_a")
        .join(b, "account_b")
        .select(
            F.lit(run.day).alias("run_date"),
            "account_a",
            "account_b",
            F.lit("cohort").alias("channel"),
            F.lit(None).cast("long").alias("token"),
            F.floor(between + 1).cast("int").alias("sharers"),
            F.lit(1).alias("support"),
            bits.alias("bits"),
            F.round(1 - F.least(share, F.lit(1.0)), 4).alias("similarity"),
        )
        .where(F.col("bits") >= int(FLOOR * MILLI))
        .dropDuplicates(["account_a", "account_b"])
    )
