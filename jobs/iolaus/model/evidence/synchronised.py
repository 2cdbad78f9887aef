"""Evidence that members act in the same minutes."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.bits import MILLI
from iolaus.model.evidence.piece import expected_number, piece
from iolaus.model.signals import HABIT
from iolaus.model.synchronised_activity import synchronised_activity
from iolaus.settings import Limits, Scoring


def synchronised(members: DataFrame, profiles: DataFrame, settings: Scoring, limits: Limits) -> DataFrame:
    """Days on which members met in the same minutes far more often than chance and their own hours make them."""
    rows = synchronised_activity(members, profiles, settings).select(
        "cluster_id",
        "days",
        "active_days",
        F.col("met").cast("double").alias("value"),
        F.col("expected").alias("background"),
        F.least(F.col("met"), F.lit(2**31 - 1)).alias("support"),
    )
    rows = rows if limits.enabled else rows.limit(0)
    bits = F.least(F.col("days") * settings.synchronised_each, F.lit(limits.cap)) * MILLI
    rows = rows.withColumn("bits", F.round(bits).cast("int"))
    text = F.format_string(
        f"Accounts were active in the same ten minutes %,d times, on %d of %d days; %s expected by {HABIT}.",
        "support",
        "days",
        "active_days",
        expected_number(F.col("background")),
    )
    return piece(rows, F.lit("synchrony"), F.lit("coordination"), text)
