"""Pieces of evidence: what all kinds have in common."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.model.bits import MILLI
from iolaus.model.signals import CHANNEL, POOL
from iolaus.settings import Scoring


def bits_of_share(settings: Scoring) -> Column:
    """Thousandths of a bit: `size` accounts of which `value` show what `background` of all do; capped."""
    bits = F.col("size") * (_divergence(F.col("value"), F.col("background")) + _divergence(1 - F.col("value"), 1 - F.col("background")))
    return F.round(F.least(bits, F.lit(settings.behaviour_cap)) * MILLI).cast("int")


def _divergence(p: Column, q: Column) -> Column:
    return F.when(p <= 0, F.lit(0.0)).otherwise(p * F.log2(p / q))


def percent(share: Column) -> Column:
    """A share in words; what is below 1% is said to be so."""
    return F.when(share < 0.01, F.lit("under 1 %")).otherwise(F.format_string("%.0f %%", share * 100))


def piece(rows: DataFrame, channel: Column, kind: Column, text: Column) -> DataFrame:
    """Pieces of evidence. Of the pieces of one `part` of a kind, which are views of one fact, a score counts the best."""
    groups = F.create_map(*(F.lit(x) for c in CHANNEL.values() for x in (c.name, c.group)))[channel]
    pool = F.when(channel == POOL + "prompt", CHANNEL["prompt"].group).otherwise("pool")
    part = F.when(kind != "coordination", channel).otherwise(F.coalesce(groups, pool))
    return rows.select(
        "cluster_id",
        channel.alias("channel"),
        kind.alias("kind"),
        part.alias("part"),
        "bits",
        F.col("support").cast("int").alias("support"),
        F.round("value", 6).alias("value"),
        F.round("background", 6).alias("background"),
        text.alias("description"),
    )
