"""Large joins made cheap: small sides, which Spark cannot know to be small, and pairs of numbers in place of pairs of names.

Accounts of all pairs are told apart by their marks: 64 bits of an id. To add up, sort or meet by a mark costs a fraction of what
the id does, and ids come back where few pairs are left. Of 10^8 accounts some two have one mark once in 3,700 times.
"""

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


def mark(name: str) -> Column:
    """64 bits of an account's id."""
    return F.xxhash64(name)


def by_marks(pairs: DataFrame, *columns: str) -> DataFrame:
    """(a long, b long, and the columns named), a row a row of `pairs`: the marks of its accounts in place of their ids."""
    return pairs.select(mark("account_a").alias("a"), mark("account_b").alias("b"), *columns)


def by_names(pairs: DataFrame, accounts: DataFrame) -> DataFrame:
    """The same rows, with (account_a, account_b) in place of the marks `a` and `b`. Each is of `accounts`, of unlike account_id."""
    names = few(accounts.select("account_id", mark("account_id").alias("mark")))
    for side in "ab":
        side_names = names.select(F.col("mark").alias(side), F.col("account_id").alias(f"account_{side}"))
        pairs = pairs.join(side_names, side).drop(side)
    return pairs
