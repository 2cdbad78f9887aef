"""Small sides of large joins: what Spark cannot know to be small, for its guess of a join is the product of its sides."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

FEW = 300_000  # rows of ids and numbers: 30 MB in each executor


def few(frame: DataFrame) -> DataFrame:
    """The frame, computed once, and sent to where the other side of a join is if it has at most `FEW` rows."""
    made = frame.localCheckpoint()
    return F.broadcast(made) if made.count() <= FEW else made
