"""Pairs of accounts by their keys in place of their ids.

To add up, sort or join by a number costs a fraction of what the id does. Keys are those of `features.population`:
counted, so that no two accounts share one. Ids come back where few rows are left.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small


def by_keys(pairs: DataFrame, *columns: str) -> DataFrame:
    """(a long, b long, and the columns named), a row a row of a table of pairs: the keys of its accounts."""
    return pairs.select(F.col("key_a").alias("a"), F.col("key_b").alias("b"), *columns)


def with_names(pairs: DataFrame, population: DataFrame) -> DataFrame:
    """The same rows, with (account_a, account_b) beside `key_a` and `key_b`. population: (account_id, account_key)."""
    names = broadcast_if_small(population.select("account_id", "account_key"))
    for side in "ab":
        side_names = names.select(
            F.col("account_key").alias(f"key_{side}"), F.col("account_id").alias(f"account_{side}")
        )
        pairs = pairs.join(side_names, f"key_{side}")
    return pairs
