"""Evidence in bits: whole thousandths, so that sums do not depend on their order."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

MILLI = 1000  # bits are summed as whole thousandths, so that sums do not depend on their order


def millibits(probability: Column) -> Column:
    """-1000 log2 of a probability, rounded; 0 for 1 and above."""
    # `round` makes a text of each number
    return F.floor(0.5 - MILLI * F.log2(F.least(F.lit(1.0), probability))).cast("int")


def by_channel(values: Mapping[str, float | str]) -> Column:
    """The value of the row's channel."""
    lookup = F.create_map(*(F.lit(x) for name, value in values.items() for x in (name, value)))
    return lookup[F.col("channel")]
