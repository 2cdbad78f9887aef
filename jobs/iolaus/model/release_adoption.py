"""Release adoption: how much of a group's traffic moved to a released model, and how fast.

An operator who distils wants the newest model's answers: nearly half of one campaign's traffic moved within 24
hours of a release. Everybody moves in time, so a group is read against everybody of the same data.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F


class Release(NamedTuple):
    """A model, and the hour since 1970-01-01T00 UTC in which it was released."""

    model: str
    hour: int


def releases(models: DataFrame, day: date, within_days: int) -> list[Release]:
    """The releases of `bronze.models` in the days that end with `day`, oldest first: a handful."""
    first, end = day - timedelta(days=within_days - 1), day + timedelta(days=1)
    hour = F.floor(F.unix_timestamp("released_at") / 3600).cast("int")
    dated = models.where((F.col("released_at") >= F.lit(first)) & (F.col("released_at") < F.lit(end)))
    return sorted((Release(*row) for row in dated.select("model", hour).collect()), key=lambda r: (r.hour, r.model))


def moved(release: Release, hours: int, share: float) -> Column:
    """Whether an account moved `share` of its traffic of the next `hours` to a released model.

    Only for accounts that were active before the release. The default is a third, not half, because relays mix in their
    customers' traffic, which does not move. Computed over `activity` of `features.account_profiles`; null for an
    account that was not active on both sides.
    """

    def total(kept: Column) -> Column:
        return F.aggregate(kept, F.lit(0).cast("long"), lambda s, x: s + x["n"])

    after = F.filter("activity", lambda x: (x["hour"] >= release.hour) & (x["hour"] < release.hour + hours))
    new = F.filter(after, lambda x: x["model"] == F.lit(release.model))
    was = F.exists("activity", lambda x: x["hour"] < release.hour)
    return F.when(was & (F.size(after) > 0), total(new) >= share * total(after))


def release_adoption(activity: DataFrame, released: Sequence[Release], hours: int, smoothed: int = 6) -> DataFrame:
    """(key, model, released_at, share, hours_to_half) of each group and release that the group was active after.

    activity: (key, hour, model, n), keys being groups. share: of the group's exchanges in the `hours` after the
    release, those sent to the released model, 0 to 1. hours_to_half: hours from the release to the first hour from
    which the released model has half of the group's exchanges of `smoothed` hours; null if that is not reached.
    """
    spark = activity.sparkSession
    when = spark.createDataFrame(list(released), "released string, at int")
    rows = activity.join(F.broadcast(when), F.col("hour") >= F.col("at"))
    new = F.when(F.col("model") == F.col("released"), F.col("n")).otherwise(0)
    by_hour = rows.groupBy("key", "released", "at", (F.col("hour") - F.col("at")).alias("since")).agg(
        F.sum("n").alias("n"), F.sum(new).alias("new")
    )
    ahead = Window.partitionBy("key", "released").orderBy("since").rangeBetween(0, smoothed - 1)
    half = by_hour.withColumn("half", 2 * F.sum("new").over(ahead) >= F.sum("n").over(ahead))
    soon = F.col("since") < hours
    sums = half.groupBy("key", "released", "at").agg(
        (F.sum(F.when(soon, F.col("new"))) / F.sum(F.when(soon, F.col("n")))).alias("share"),
        F.min(F.when(F.col("half"), F.col("since"))).cast("int").alias("hours_to_half"),
    )
    return sums.where("share is not null").select(
        "key",
        F.col("released").alias("model"),
        F.timestamp_seconds(F.col("at").cast("long") * 3600).alias("released_at"),
        F.round("share", 4).alias("share"),
        "hours_to_half",
    )
