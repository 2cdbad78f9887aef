"""Large joins made cheap: small sides, which Spark cannot know to be small, and pairs of numbers in place of pairs of names."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

FEW = 300_000  # rows of ids and numbers: 30 MB in each executor


def few(frame: DataFrame) -> DataFrame:
    """The frame, computed once, and sent to where the other side of a join is if it has at most `FEW` rows."""
    made = frame.localCheckpoint()
    return F.broadcast(made) if made.count() <= FEW else made


def pair(a: str, b: str) -> Column:
    """One number for two, each from 0 to below 2**31; of those who share `a`, in the order of `b`."""
    return F.shiftleft(a, 32) + F.col(b)


def ends(pair: str) -> tuple[Column, Column]:
    """The two numbers of a `pair`."""
    return F.shiftright(pair, 32), F.col(pair).bitwiseAND(F.lit(2**32 - 1))
