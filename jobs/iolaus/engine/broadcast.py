"""Broadcast hints for small join sides, and one number in place of two for a pair of small numbers."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

BROADCAST_ROWS = 300_000  # rows of ids and numbers: 30 MB in each executor


def broadcast_if_small(frame: DataFrame) -> DataFrame:
    """The frame, computed once, with a broadcast hint if it has at most `BROADCAST_ROWS` rows.

    Spark cannot know in advance that a side is small.
    """
    made = frame.localCheckpoint()
    return broadcast_if_at_most(made, made.count())


def broadcast_if_at_most(frame: DataFrame, rows: int, most: int = BROADCAST_ROWS) -> DataFrame:
    """The frame, with a broadcast hint if it has at most `most` rows; the caller knows its number of `rows`."""
    return F.broadcast(frame) if rows <= most else frame


def pair_number(a: str, b: str) -> Column:
    """One long for the columns `a` and `b`, each from 0 to below 2**31; it sorts by `a`, then by `b`."""
    return F.shiftleft(a, 32) + F.col(b)


def pair_ends(pair: str) -> tuple[Column, Column]:
    """The two numbers of a `pair_number`."""
    return F.shiftright(pair, 32), F.col(pair).bitwiseAND(F.lit(2**32 - 1))
